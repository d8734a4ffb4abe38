//! The marketplace's own money: it charges the customer for what it sees shipped, and pays refunds from that.

use counterproof_contracts::{
    journal::Effect,
    model::{Money, Order, OrderStatusUpdate, RefundPart, TenderKind},
    protocol::{Problem, ProblemKind},
};

use super::Conversation;
use crate::kernel::Scene;

/// Charges the customer for units that are newly shown as shipped: units in ascending index, shipping with
/// the first. What was charged once stays charged.
pub(super) fn collect(
    known: &mut Conversation,
    order: &Order,
    update: &OrderStatusUpdate,
    scene: &mut Scene<'_>,
) {
    let due = shipped_value(order, update);
    if due <= known.collected {
        return;
    }
    known.collected = due;
    scene.commit_for(
        &order.order_number,
        Effect::MarketplaceCollected { amount: Money { amount: due, currency: order.currency } },
    );
}

/// Whether the marketplace has the money for a refund. Refunds to other tenders are only shown.
pub(super) fn covered(known: &Conversation, refund: &RefundPart) -> Result<(), Problem> {
    if refund.kind != TenderKind::MarketplaceCollected {
        return Ok(());
    }
    let paid = known
        .refunds
        .iter()
        .filter(|notice| notice.refund.kind == TenderKind::MarketplaceCollected)
        .fold(0_i64, |total, notice| total.saturating_add(notice.refund.amount.amount));
    let left = Money { amount: known.collected - paid, ..refund.amount };
    if refund.amount.amount <= left.amount {
        return Ok(());
    }
    let detail = format!("the marketplace has {left} left of what it collected, {} was asked", refund.amount);
    Err(Problem::new(ProblemKind::IllegalState, detail))
}

fn shipped_value(order: &Order, update: &OrderStatusUpdate) -> i64 {
    let mut units = 0;
    let mut value = 0;
    for line in &order.lines {
        let state = update.lines.iter().find(|state| state.line_id == line.line_id);
        let shipped = state.map_or(0, |state| state.shipped.min(line.quantity));
        units += shipped;
        value += line.value(0..shipped).gross;
    }
    if units == 0 { 0 } else { value + order.shipping_value().gross }
}
