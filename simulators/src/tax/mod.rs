//! The tax engine: rates goods, keeps the documents that are reported to the authorities.
//!
//! Rates come from the world, by the same function as a channel's checkout. As real engines do, it keeps
//! document codes unique for good: a code that was used, even by a document that is withdrawn by now, is
//! refused (`illegal-state`; `AvaTax` answers `DuplicateEntry`). Repetitions with the same idempotency key are
//! the kernel's. It deliberately does not recompute committed taxes or compare a return with its sale beyond
//! what it needs to file it: that is the laws' work.

use std::{collections::BTreeMap, sync::Arc};

use counterproof_contracts::{
    journal::Effect,
    model::{
        Currency, Money, OrderNumber, QuotedTax, Sku, System, TaxCollector, TaxDocument, TaxDocumentCode,
        TaxDocumentKind, TaxDocumentStatus, TaxQuote, TaxQuoteLine, TaxQuoteRequest, TaxScheme, Timestamp,
        VoidRequest,
    },
    protocol::{FieldError, Problem, ProblemKind, tax as operations},
};
use jiff::SignedDuration;
use serde_json::Value;

use crate::{
    kernel::{Call, Core, Scene, answer},
    world::{
        HOME_CURRENCY, World,
        rating::{IOSS_VALUE_MAX, RateChange, RateChanges, Taxation},
    },
};

#[cfg(test)]
mod tests;

/// The tax engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxEngine {
    world: Arc<World>,
    documents: BTreeMap<TaxDocumentCode, TaxDocument>,
    changes: RateChanges,
    /// How long it takes to commit sales of an order.
    lags: BTreeMap<OrderNumber, SignedDuration>,
    /// When sales are committed that are not yet.
    due: BTreeMap<TaxDocumentCode, Timestamp>,
}

impl TaxEngine {
    /// An engine without documents that rates by this world.
    pub const fn new(world: Arc<World>) -> Self {
        Self {
            world,
            documents: BTreeMap::new(),
            changes: BTreeMap::new(),
            lags: BTreeMap::new(),
            due: BTreeMap::new(),
        }
    }

    /// From an instant on, a jurisdiction has another rate for what is sold under a SKU.
    pub fn change_rate(&mut self, sku: &Sku, change: RateChange) {
        self.changes.entry(sku.clone()).or_default().push(change);
    }

    /// From now on sales of an order are committed so much later than they are taken on. A return that comes before is
    /// asked to come again.
    pub fn commit_late(&mut self, order: &OrderNumber, lag: SignedDuration) {
        self.lags.insert(order.clone(), lag);
    }

    /// Every document of an order, by code.
    pub fn documents<'a>(&'a self, order: &'a OrderNumber) -> impl Iterator<Item = &'a TaxDocument> {
        self.documents.values().filter(move |document| document.order_number == *order)
    }

    /// Tax owed for an order in minor units: sales less returns, without withdrawn documents.
    pub fn net_tax(&self, order: &OrderNumber) -> i64 {
        self.documents(order)
            .filter(|document| document.status != TaxDocumentStatus::Voided)
            .map(|document| match document.kind {
                TaxDocumentKind::SalesInvoice => document.total_tax.amount,
                TaxDocumentKind::ReturnInvoice => -document.total_tax.amount,
            })
            .sum()
    }

    /// Files an order's committed documents: from now on they cannot be withdrawn. Returns how many.
    pub fn file(&mut self, order: &OrderNumber) -> usize {
        let open = self.documents.values_mut().filter(|document| {
            document.order_number == *order && document.status == TaxDocumentStatus::Committed
        });
        open.map(|document| document.status = TaxDocumentStatus::Locked).count()
    }

    fn quote(&self, request: &TaxQuoteRequest, scene: &mut Scene<'_>) -> Result<TaxQuote, Problem> {
        let (country, postal_code) = (&request.country, &request.postal_code);
        let unrated = || at("/postal_code", format!("no tax rates for {postal_code:?} in {country:?}"));
        let terms = request.tax_terms.clone().unwrap_or_default();
        if terms.collector() == TaxCollector::Marketplace {
            return Err(at("/tax_terms/collector", "the marketplace rates what it collects".to_owned()));
        }
        let place = (country.as_str(), postal_code.as_str());
        let taxation = Taxation::of(&self.world, place, &terms, request.tax_date, &self.changes);
        let taxation = taxation.ok_or_else(unrated)?;
        let currency = match request.currency {
            Some(currency) => currency,
            None => self.world.destination_of(country, postal_code).ok_or_else(unrated)?.currency,
        };
        if terms.scheme == TaxScheme::Ioss {
            self.check_import(request, &taxation, currency)?;
        }
        let mut lines: Vec<QuotedTax> = Vec::new();
        for line in &request.lines {
            if lines.iter().any(|known| known.line_id == line.line_id) {
                return Err(business(format!("line {} stands twice", line.line_id)));
            }
            lines.push(self.rate(&taxation, line)?);
        }
        let units = lines.iter().flat_map(|line| &line.taxes).flat_map(|tax| &tax.unit_amounts);
        let total_tax = Money::new(units.sum(), currency);
        let quote = TaxQuote { order_number: request.order_number.clone(), lines, total_tax };
        scene.commit(Effect::TaxQuoted { quote: quote.clone() });
        Ok(quote)
    }

    /// Under the import one stop shop no consignment is worth more than 150 EUR, without its tax.
    fn check_import(
        &self,
        request: &TaxQuoteRequest,
        taxation: &Taxation<'_>,
        currency: Currency,
    ) -> Result<(), Problem> {
        let mut value = 0_i64;
        for line in &request.lines {
            let category = self.world.product_of(&line.sku).map(|product| product.tax_category);
            for amount in &line.unit_amounts {
                let net = match category {
                    Some(category) if line.tax_included => taxation.net_of(*amount, category, &line.sku),
                    _ => *amount,
                };
                value = value.saturating_add(net);
            }
        }
        let limit = Money::new(IOSS_VALUE_MAX, HOME_CURRENCY);
        if currency == HOME_CURRENCY && value > limit.amount {
            let value = Money::new(value, currency);
            return Err(at("/tax_terms/scheme", format!("goods of {value} are worth more than {limit}")));
        }
        Ok(())
    }

    fn rate(&self, taxation: &Taxation<'_>, line: &TaxQuoteLine) -> Result<QuotedTax, Problem> {
        let TaxQuoteLine { line_id, sku, quantity, tax_included, unit_amounts } = line;
        let unknown = || business(format!("no tax category for {sku}"));
        let category = self.world.product_of(sku).ok_or_else(unknown)?.tax_category;
        if unit_amounts.len() != *quantity as usize {
            let detail = format!("line {line_id} has {} amounts for {quantity} units", unit_amounts.len());
            return Err(at("/lines", detail));
        }
        let taxes = taxation
            .line_taxes(category, sku, unit_amounts, *tax_included)
            .ok_or_else(|| business(format!("the amounts of line {line_id} cannot be rated")))?;
        Ok(QuotedTax { line_id: line_id.clone(), taxes })
    }

    fn commit(&mut self, document: TaxDocument, scene: &mut Scene<'_>) -> Result<TaxDocument, Problem> {
        check_document(&document)?;
        if let Some(known) = self.documents.get(&document.document_code) {
            let detail = format!("document {} exists already, {:?}", known.document_code, known.status);
            return Err(illegal(detail));
        }
        if document.kind == TaxDocumentKind::ReturnInvoice {
            self.check_original(&document, scene.now())?;
        } else if let Some(lag) = self.lags.get(&document.order_number) {
            let at = scene.now().checked_add(*lag).unwrap_or(Timestamp::MAX);
            self.due.insert(document.document_code.clone(), at);
        }
        self.documents.insert(document.document_code.clone(), document.clone());
        scene.commit(Effect::TaxCommitted { document: document.clone() });
        Ok(document)
    }

    /// A return gives back a sale that was reported and not withdrawn. A filed sale is reported as well.
    fn check_original(&self, document: &TaxDocument, now: Timestamp) -> Result<(), Problem> {
        let code = document
            .original_document_code
            .as_ref()
            .ok_or_else(|| business("a return document names its original".to_owned()))?;
        let reported = self.documents.get(code).filter(|original| {
            original.kind == TaxDocumentKind::SalesInvoice && original.status != TaxDocumentStatus::Voided
        });
        let original = reported.ok_or_else(|| illegal(format!("no sales document {code} is committed")))?;
        if original.order_number != document.order_number {
            return Err(business(format!("document {code} belongs to order {}", original.order_number)));
        }
        if original.total_tax.currency != document.total_tax.currency {
            return Err(business(format!("document {code} is in {}", original.total_tax.currency)));
        }
        if self.due.get(code).is_some_and(|due| now < *due) {
            let detail = format!("document {code} is not committed yet");
            return Err(Problem::new(ProblemKind::ConcurrentRequest, detail));
        }
        Ok(())
    }

    fn void(
        &mut self,
        code: &str,
        request: &VoidRequest,
        scene: &mut Scene<'_>,
    ) -> Result<TaxDocument, Problem> {
        let document = self
            .documents
            .get_mut(&TaxDocumentCode::new(code))
            .ok_or_else(|| Problem::new(ProblemKind::NotFound, format!("no document {code}")))?;
        if document.order_number != request.order_number {
            return Err(business(format!("document {code} belongs to order {}", document.order_number)));
        }
        match document.status {
            TaxDocumentStatus::Committed => document.status = TaxDocumentStatus::Voided,
            TaxDocumentStatus::Voided => {
                return Err(illegal(format!("document {code} is withdrawn already")));
            }
            TaxDocumentStatus::Locked => return Err(illegal(format!("document {code} is filed"))),
        }
        scene.commit(Effect::TaxVoided { document: document.clone() });
        Ok(document.clone())
    }
}

impl Core for TaxEngine {
    fn system(&self) -> System {
        System::Tax
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        match call.operation {
            operations::QUOTE_TAX => answer(&self.quote(&call.document()?, scene)?),
            operations::COMMIT_TAX => answer(&self.commit(call.document()?, scene)?),
            operations::VOID_TAX => {
                answer(&self.void(call.parameter("document_code"), &call.document()?, scene)?)
            }
            other => Err(Problem::new(ProblemKind::UnknownOperation, other.to_string())),
        }
    }
}

fn business(detail: String) -> Problem {
    Problem::new(ProblemKind::BusinessRule, detail)
}

/// What a place of a document says cannot be accepted.
fn at(pointer: &str, detail: String) -> Problem {
    let errors = vec![FieldError { pointer: pointer.to_owned(), detail: detail.clone() }];
    Problem { errors, ..business(detail) }
}

fn illegal(detail: String) -> Problem {
    Problem::new(ProblemKind::IllegalState, detail)
}

/// What a document must keep by itself: one currency, taxes that are not negative and sum to the total.
fn check_document(document: &TaxDocument) -> Result<(), Problem> {
    if document.status != TaxDocumentStatus::Committed {
        return Err(at("/status", "a document is committed, or not sent at all".to_owned()));
    }
    if document.kind == TaxDocumentKind::SalesInvoice && document.shipment_id.is_none() {
        return Err(at("/shipment_id", "a sales document names its shipment".to_owned()));
    }
    let currency = document.total_tax.currency;
    let mut sum = 0_i64;
    for (index, line) in document.lines.iter().enumerate() {
        let place = |name: &str| format!("/lines/{index}/{name}");
        for (name, money) in [("tax", line.tax), ("taxable_base", line.taxable_base)] {
            if money.currency != currency {
                return Err(at(&place(name), format!("all amounts must be in {currency}")));
            }
            if money.amount < 0 {
                return Err(at(&place(name), "taxes and bases are positive, on returns, too".to_owned()));
            }
        }
        sum = sum
            .checked_add(line.tax.amount)
            .ok_or_else(|| at(&place("tax"), "the taxes overflow".to_owned()))?;
    }
    if sum != document.total_tax.amount {
        let detail =
            format!("the lines' taxes sum to {}, not {}", Money::new(sum, currency), document.total_tax);
        return Err(at("/total_tax", detail));
    }
    Ok(())
}
