//! Documents at the tax engine, per order.

use crate::model::{ShipmentId, TaxDocument, TaxDocumentCode, TaxDocumentKind, Timestamp};

/// A committed tax document.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct TaxRecord {
    pub(in crate::invariants) code: TaxDocumentCode,
    pub(in crate::invariants) kind: TaxDocumentKind,
    pub(in crate::invariants) shipment: Option<ShipmentId>,
    pub(in crate::invariants) total_tax: i64,
    pub(in crate::invariants) tax_date: Timestamp,
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
        self.0.push(TaxRecord {
            code: document.document_code.clone(),
            kind: document.kind,
            shipment: document.shipment_id.clone(),
            total_tax: document.total_tax.amount,
            tax_date: document.tax_date,
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
