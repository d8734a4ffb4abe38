//! Promotions that are not earned any more because goods came back, where the retailer declares to claim them.
//!
//! It only says how much of a refund is kept. What is kept is a function of what came back so far, so that all
//! refunds of an order sum to what was paid for its goods exactly once everything is back.

use counterproof_contracts::{
    allocation::Value,
    model::{Promotion, PromotionFunding, PromotionScope},
    policy::{BrokenMinimum, Policy},
};

use super::state::OrderProcess;

/// What is kept of the value of goods that were just counted as returned: the retailer's share in units that
/// the customer keeps, as far as promotions are broken, less what was kept before; never more than the value.
pub(super) fn retained(process: &OrderProcess, value: Value, policy: &Policy) -> i64 {
    let broken = process.order.promotions.iter().filter(|promotion| is_broken(process, promotion, policy));
    let claimed: i64 = broken.map(|promotion| share_of_kept(process, promotion)).sum();
    let before: i64 = process
        .receipts
        .iter()
        .filter_map(|receipt| receipt.graded.as_ref())
        .map(|graded| graded.retained)
        .sum();
    claimed.saturating_sub(before).min(value.gross)
}

/// Whether goods that did not come back are worth less than the promotion demands, before promotions.
fn is_broken(process: &OrderProcess, promotion: &Promotion, policy: &Policy) -> bool {
    let Some(minimum) = promotion.minimum else { return false };
    if promotion.funding != PromotionFunding::Retailer
        || promotion.scope == PromotionScope::Shipping
        || policy.broken_minimum(&promotion.promotion_id) != BrokenMinimum::Clawback
    {
        return false;
    }
    let kept = process.order.lines.iter().map(|line| {
        let units = line.quantity.saturating_sub(process.counts(&line.line_id).returned);
        line.unit_price.amount.saturating_mul(i64::from(units))
    });
    kept.fold(0, i64::saturating_add) < minimum.amount
}

/// The promotion's share in units that left and did not come back.
fn share_of_kept(process: &OrderProcess, promotion: &Promotion) -> i64 {
    let mut sum = 0_i64;
    for line in &process.order.lines {
        let counts = process.counts(&line.line_id);
        for share in line.promotions.iter().filter(|share| share.promotion_id == promotion.promotion_id) {
            let kept = share.unit_amounts.iter().take(counts.shipped as usize).skip(counts.gone() as usize);
            sum = kept.fold(sum, |sum, amount| sum.saturating_add(*amount));
        }
    }
    sum
}
