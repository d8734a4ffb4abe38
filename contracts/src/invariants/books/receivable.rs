//! What the ERP says a customer owes for an order: invoices less credit memos, and the tax in them.

use std::collections::BTreeMap;

use super::Tally;
use crate::{
    journal::Effect,
    model::{PostingKind, ReceiptId},
};

/// Invoices and credit memos of an order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Receivable {
    /// Invoices less credit memos.
    pub(in crate::invariants) amount: Tally,
    /// The tax in them.
    pub(in crate::invariants) tax: Tally,
    /// What credit memos give back of the charge for shipping.
    pub(in crate::invariants) shipping: Tally,
    /// Credit memos by receipt: over how much.
    pub(in crate::invariants) memos: BTreeMap<ReceiptId, Tally>,
    /// What was posted of credit memos and of invoices to the general ledger, by what it is for.
    postings: [BTreeMap<String, Tally>; 2],
}

impl Receivable {
    pub(super) fn apply(&mut self, seq: u64, effect: &Effect) {
        let (amount, tax) = match effect {
            Effect::InvoicePosted { invoice } => (invoice.amount.amount, invoice.tax.amount),
            Effect::CreditMemoPosted { credit_memo } => {
                let memo = self.memos.entry(credit_memo.receipt_id.clone()).or_default();
                memo.add(credit_memo.amount.amount, seq);
                if let Some(shipping) = credit_memo.shipping {
                    self.shipping.add(shipping.amount, seq);
                }
                (credit_memo.amount.amount.saturating_neg(), credit_memo.tax.amount.saturating_neg())
            }
            Effect::Posted { posting } => {
                let [memos, invoices] = &mut self.postings;
                let of_kind = if posting.kind == PostingKind::Invoice { invoices } else { memos };
                let debits: i64 = posting.lines.iter().map(|line| line.debit).sum();
                of_kind.entry(posting.cause.clone()).or_default().add(debits, seq);
                return;
            }
            _ => return,
        };
        self.amount.add(amount, seq);
        self.tax.add(tax, seq);
    }

    /// What was posted to the general ledger for a parcel's invoice or a receipt's credit memo.
    pub(in crate::invariants) fn posted(&self, kind: PostingKind, cause: &str) -> Option<&Tally> {
        let [memos, invoices] = &self.postings;
        if kind == PostingKind::Invoice { invoices.get(cause) } else { memos.get(cause) }
    }
}
