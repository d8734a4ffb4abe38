//! What the ERP says a customer owes for an order: invoices less credit memos, and the tax in them.

use std::collections::BTreeMap;

use super::Tally;
use crate::{
    journal::Effect,
    model::{Date, LineId, PostingKind, ReceiptId, day_of},
};

/// Invoices and credit memos of an order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Receivable {
    /// Invoices less credit memos.
    pub(in crate::invariants) amount: Tally,
    /// The tax in them.
    pub(in crate::invariants) tax: Tally,
    /// What gift cards were sold for, less what those were that are taken back: owed to their holders.
    pub(in crate::invariants) deferred: Tally,
    /// What credit memos give back of the charge for shipping.
    pub(in crate::invariants) shipping: Tally,
    /// Credit memos by receipt: over how much.
    pub(in crate::invariants) memos: BTreeMap<ReceiptId, Tally>,
    /// What credit memos give back of what earlier ones had retained, by receipt.
    pub(in crate::invariants) released: BTreeMap<ReceiptId, i64>,
    /// Units in credit memos, by receipt or lost parcel and by line.
    pub(in crate::invariants) credited: BTreeMap<(ReceiptId, LineId), Tally>,
    /// What was posted of credit memos, invoices and write-offs to the general ledger, by what it is for.
    postings: [BTreeMap<String, Tally>; 3],
    /// The day on which goods left or came back, by parcel or receipt.
    days: BTreeMap<String, Date>,
    /// The day that documents name as the one on which it happened, by parcel or receipt.
    dated: BTreeMap<String, (PostingKind, Date, u64)>,
}

impl Receivable {
    pub(super) fn apply(&mut self, seq: u64, effect: &Effect) {
        self.apply_days(seq, effect);
        let (amount, tax) = match effect {
            Effect::InvoicePosted { invoice } => {
                self.deferred.add(invoice.deferred.map_or(0, |deferred| deferred.amount), seq);
                (invoice.amount.amount, invoice.tax.amount)
            }
            Effect::CreditMemoPosted { credit_memo } => {
                let memo = self.memos.entry(credit_memo.receipt_id.clone()).or_default();
                memo.add(credit_memo.amount.amount, seq);
                let released =
                    credit_memo.retained.map_or(0, |retained| retained.amount.saturating_neg().max(0));
                *self.released.entry(credit_memo.receipt_id.clone()).or_default() += released;
                for line in &credit_memo.lines {
                    let key = (credit_memo.receipt_id.clone(), line.line_id.clone());
                    self.credited.entry(key).or_default().add(line.quantity, seq);
                }
                if let Some(deferred) = credit_memo.deferred {
                    self.deferred.add(deferred.amount.saturating_neg(), seq);
                }
                if let Some(shipping) = credit_memo.shipping {
                    self.shipping.add(shipping.amount, seq);
                }
                (credit_memo.amount.amount.saturating_neg(), credit_memo.tax.amount.saturating_neg())
            }
            Effect::Posted { posting } => {
                let [memos, invoices, write_offs] = &mut self.postings;
                let of_kind = match posting.kind {
                    PostingKind::Invoice => invoices,
                    PostingKind::WriteOff => write_offs,
                    PostingKind::CreditMemo | PostingKind::ExchangeSettlement => memos,
                };
                let debits: i64 = posting.lines.iter().map(|line| line.debit).sum();
                of_kind.entry(posting.cause.clone()).or_default().add(debits, seq);
                return;
            }
            _ => return,
        };
        self.amount.add(amount, seq);
        self.tax.add(tax, seq);
    }

    fn apply_days(&mut self, seq: u64, effect: &Effect) {
        let (kind, cause, day) = match effect {
            Effect::ShipmentShipped { shipment } => {
                let day = shipment.shipped_at.map(day_of);
                self.days.extend(day.map(|day| (shipment.shipment_id.to_string(), day)));
                return;
            }
            Effect::GoodsReturned { receipt } => {
                self.days
                    .entry(receipt.receipt_id.to_string())
                    .or_insert_with(|| day_of(receipt.received_at));
                return;
            }
            Effect::InvoicePosted { invoice } => {
                let day = invoice.business_date.or(invoice.posting_date);
                (PostingKind::Invoice, invoice.shipment_id.to_string(), day)
            }
            Effect::CreditMemoPosted { credit_memo } => {
                let day = credit_memo.business_date.or(credit_memo.posting_date);
                (PostingKind::CreditMemo, credit_memo.receipt_id.to_string(), day)
            }
            _ => return,
        };
        self.dated.extend(day.map(|day| (cause, (kind, day, seq))));
    }

    /// Documents with the day that they name and the day on which their goods left or came back: what, for what,
    /// and where it was posted.
    pub(in crate::invariants) fn dates(&self) -> impl Iterator<Item = (PostingKind, &str, Date, Date, u64)> {
        self.dated.iter().filter_map(|(cause, (kind, named, seq))| {
            Some((*kind, cause.as_str(), *named, *self.days.get(cause)?, *seq))
        })
    }

    /// What was posted to the general ledger for a parcel's invoice or a receipt's credit memo.
    pub(in crate::invariants) fn posted(&self, kind: PostingKind, cause: &str) -> Option<&Tally> {
        let [memos, invoices, write_offs] = &self.postings;
        let of_kind = match kind {
            PostingKind::Invoice => invoices,
            PostingKind::WriteOff => write_offs,
            PostingKind::CreditMemo | PostingKind::ExchangeSettlement => memos,
        };
        of_kind.get(cause)
    }
}
