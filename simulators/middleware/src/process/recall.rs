//! Goods that are called back: what has not left is stopped, and what comes back is taken, whenever and in whatever
//! state, and never sold again.

use counterproof_contracts::{
    model::{LineQuantity, Recall, ReturnReason, Sku, System},
    protocol::CancellationRequest,
};

use super::{cancellation, desk::Desk, state::OrderProcess};

/// The ERP told that goods of the order are called back. Told again, it changes nothing.
pub(super) fn told(process: &mut OrderProcess, told: &Recall, desk: &mut Desk<'_>) {
    if !process.recalled.insert(told.sku.clone()) {
        return;
    }
    desk.note(process, format!("{} is called back: {}", told.sku, told.reason));
    let own = process.order.lines.iter().filter(|line| line.sku == told.sku);
    let open = own.map(|line| LineQuantity {
        line_id: line.line_id.clone(),
        quantity: process.open_units(&line.line_id),
    });
    let lines: Vec<LineQuantity> = open.filter(|line| line.quantity > 0).collect();
    if lines.is_empty() || process.rejection.is_some() {
        return;
    }
    let request = CancellationRequest {
        order_number: process.order.order_number.clone(),
        cancellation_id: format!("canceled-{}", told.recall_id),
        lines,
        reason: told.reason.clone(),
    };
    if let Err(problem) = cancellation::request(process, request, desk) {
        let subject = format!("recall {}", told.recall_id);
        desk.alert(process, System::Erp, subject, problem.detail);
    }
}

/// Why goods came back, as far as it decides what becomes of them.
pub(super) fn reason(
    recalled: &std::collections::BTreeSet<Sku>,
    sku: &Sku,
    told: ReturnReason,
) -> ReturnReason {
    if recalled.contains(sku) { ReturnReason::Recall } else { told }
}
