//! What the ERP says a customer owes for an order: invoices less credit memos, and the tax in them.

use super::Tally;
use crate::journal::Effect;

/// Invoices and credit memos of an order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Receivable {
    /// Invoices less credit memos.
    pub(in crate::invariants) amount: Tally,
    /// The tax in them.
    pub(in crate::invariants) tax: Tally,
}

impl Receivable {
    pub(super) fn apply(&mut self, seq: u64, effect: &Effect) {
        let (amount, tax) = match effect {
            Effect::InvoicePosted { invoice } => (invoice.amount.amount, invoice.tax.amount),
            Effect::CreditMemoPosted { credit_memo } => {
                (credit_memo.amount.amount.saturating_neg(), credit_memo.tax.amount.saturating_neg())
            }
            _ => return,
        };
        self.amount.add(amount, seq);
        self.tax.add(tax, seq);
    }
}
