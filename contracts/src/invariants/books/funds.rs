//! What others than the customer owe for an order, and what its documents and payments were settled for.

use std::collections::BTreeMap;

use super::Tally;
use crate::{
    journal::Effect,
    model::{AuthorizationId, CaptureId, Contribution, Money, PromotionFunding},
};

/// Amounts of the order's currency, and what they were settled for.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Conversion {
    pub(in crate::invariants) amount: Tally,
    pub(in crate::invariants) settled: Tally,
}

impl Conversion {
    fn add(&mut self, seq: u64, amount: Money, settled: Option<Money>) {
        self.amount.add(amount.amount, seq);
        self.settled.add(settled.map_or(0, |settled| settled.amount), seq);
    }
}

/// The book.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct FundsBook {
    /// Invoices less credit memos, by who owes it.
    pub(in crate::invariants) owed: BTreeMap<PromotionFunding, Tally>,
    pub(in crate::invariants) invoiced: Conversion,
    pub(in crate::invariants) credited: Conversion,
    pub(in crate::invariants) captured: BTreeMap<AuthorizationId, Conversion>,
    pub(in crate::invariants) refunded: BTreeMap<AuthorizationId, Conversion>,
    /// Whether a refund failed: what follows on it is converted as if it had not been.
    pub(in crate::invariants) has_failures: bool,
    authorizations: BTreeMap<CaptureId, AuthorizationId>,
}

impl FundsBook {
    pub(super) fn apply(&mut self, seq: u64, effect: &Effect) {
        match effect {
            Effect::InvoicePosted { invoice } => {
                self.owe(seq, &invoice.contributions, 1);
                self.invoiced.add(seq, invoice.amount, invoice.settlement.map(|settled| settled.amount));
            }
            Effect::CreditMemoPosted { credit_memo } => {
                self.owe(seq, &credit_memo.contributions, -1);
                let settled = credit_memo.settlement.map(|settled| settled.amount);
                self.credited.add(seq, credit_memo.amount, settled);
            }
            Effect::PaymentCaptured { capture } => {
                let authorization = capture.authorization_id.clone();
                self.authorizations.insert(capture.capture_id.clone(), authorization.clone());
                let conversion = self.captured.entry(authorization).or_default();
                conversion.add(seq, capture.amount, capture.settlement_amount);
            }
            Effect::RefundAccepted { refund, .. } => {
                if let Some(authorization) = self.authorizations.get(&refund.capture_id) {
                    let conversion = self.refunded.entry(authorization.clone()).or_default();
                    conversion.add(seq, refund.amount, refund.settlement_amount);
                }
            }
            Effect::RefundFailed { .. } => self.has_failures = true,
            _ => {}
        }
    }

    fn owe(&mut self, seq: u64, contributions: &[Contribution], sign: i64) {
        for contribution in contributions {
            let owed = self.owed.entry(contribution.funding).or_default();
            owed.add(contribution.amount.amount.saturating_mul(sign), seq);
        }
    }
}
