//! Histories whose order is settled in another currency.

use super::History;
use crate::{
    journal::Effect,
    model::{Currency, SettledAmounts, SettlementTerms},
};

/// Settled in another currency, as whoever converts running sums would.
pub(in crate::invariants) fn settled(mut history: History) -> History {
    let terms =
        SettlementTerms { currency: Currency::USD, presentment_units: 1_000, settlement_units: 1_087 };
    let mut sums = [0_i64; 4];
    let mut part = |index: usize, amount: i64| {
        let sum: &mut i64 = &mut sums[index];
        *sum += amount;
        terms.money(terms.convert_part(*sum - amount, amount))
    };
    history.edit(|effect| match effect {
        Effect::OrderPlaced { order } => order.settlement = Some(terms),
        Effect::InvoicePosted { invoice } => {
            let amount = part(0, invoice.amount.amount);
            invoice.settlement = Some(SettledAmounts { amount, tax: terms.money(0) });
        }
        Effect::CreditMemoPosted { credit_memo } => {
            let amount = part(1, credit_memo.amount.amount);
            credit_memo.settlement = Some(SettledAmounts { amount, tax: terms.money(0) });
        }
        Effect::PaymentCaptured { capture } => {
            capture.settlement_amount = Some(part(2, capture.amount.amount));
        }
        Effect::RefundAccepted { refund, .. } => {
            refund.settlement_amount = Some(part(3, refund.amount.amount));
        }
        _ => {}
    });
    history
}
