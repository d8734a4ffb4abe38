//! Documents at the tax engine, per order.

use std::collections::BTreeMap;

use super::LevyName;
use crate::model::{
    LineId, ShipmentId, TaxDocument, TaxDocumentCode, TaxDocumentKind, TaxScheme, TaxType, Timestamp,
};

/// A committed tax document.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct TaxRecord {
    pub(in crate::invariants) code: TaxDocumentCode,
    pub(in crate::invariants) kind: TaxDocumentKind,
    pub(in crate::invariants) shipment: Option<ShipmentId>,
    pub(in crate::invariants) total_tax: i64,
    pub(in crate::invariants) tax_date: Timestamp,
    pub(in crate::invariants) scheme: TaxScheme,
    /// Its tax, by who levies it.
    pub(in crate::invariants) levied: BTreeMap<LevyName, i64>,
    /// Bases and taxes of order lines.
    pub(in crate::invariants) of_lines: BTreeMap<LineId, (i64, i64)>,
    pub(in crate::invariants) voided: bool,
    pub(in crate::invariants) seq: u64,
}

/// Every tax document of an order, in order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct TaxBook(Vec<TaxRecord>);

impl TaxBook {
    /// Documents of a kind that were not withdrawn.
    pub(in crate::invariants) fn live(&self, kind: TaxDocumentKind) -> impl Iterator<Item = &TaxRecord> {
        self.0.iter().filter(move |document| document.kind == kind && !document.voided)
    }

    pub(super) fn commit(&mut self, seq: u64, document: &TaxDocument) {
        let mut levied: BTreeMap<LevyName, i64> = BTreeMap::new();
        let mut of_lines: BTreeMap<LineId, (i64, i64)> = BTreeMap::new();
        for line in &document.lines {
            // A document that does not say its kinds of tax is one of the first kind.
            let name = (line.jurisdiction.clone(), line.tax_type.unwrap_or(TaxType::Vat));
            let sum = levied.entry(name).or_default();
            *sum = sum.saturating_add(line.tax.amount);
            if let Some(line_id) = &line.line_id {
                let (base, tax) = of_lines.entry(line_id.clone()).or_default();
                *base = base.saturating_add(line.taxable_base.amount);
                *tax = tax.saturating_add(line.tax.amount);
            }
        }
        self.0.push(TaxRecord {
            code: document.document_code.clone(),
            kind: document.kind,
            shipment: document.shipment_id.clone(),
            total_tax: document.total_tax.amount,
            tax_date: document.tax_date,
            scheme: document.scheme.unwrap_or_default(),
            levied,
            of_lines,
            voided: false,
            seq,
        });
    }

    pub(super) fn void(&mut self, document: &TaxDocument) {
        for known in &mut self.0 {
            if known.code == document.document_code {
                known.voided = true;
            }
        }
    }
}
