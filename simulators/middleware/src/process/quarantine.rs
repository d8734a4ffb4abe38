//! Goods in quarantine: the dock decides on each unit once, and stock follows. Money does not: that was settled
//! when the goods were graded.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        Disposition, DispositionCode, DispositionDecision, InventoryMovement, LineId, MovementReason,
        ReceiptId, StockCondition,
    },
    protocol::erp,
};

use super::{
    desk::Desk,
    ids,
    state::{DecisionState, OrderProcess},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// A dock decided on goods in quarantine. What comes before receipt or grades waits; a decision counts once.
pub(super) fn decided(
    process: &mut OrderProcess,
    told: DispositionDecision,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    if process.decisions.iter().any(|known| known.told.decision_id == told.decision_id) {
        return Ok(());
    }
    if let Some(line) = told.lines.iter().find(|line| line.code == DispositionCode::Quarantine) {
        return Err(format!(
            "{} units of {} stay in quarantine: that is no decision",
            line.quantity, line.sku
        ));
    }
    for (line, quantity) in by_line(&told.lines) {
        check_units(process, &told.receipt_id, line, quantity)?;
    }
    desk.note(process, format!("{} decided on goods of {}", told.decision_id, told.receipt_id));
    let chain = desk.context.chain.clone();
    process.decisions.push(DecisionState { told, chain });
    Ok(())
}

/// No more units are decided on than came; once they were graded, than are in quarantine.
fn check_units(
    process: &OrderProcess,
    receipt: &ReceiptId,
    line: &LineId,
    quantity: u32,
) -> Result<(), String> {
    let known = process.receipts.iter().find(|known| known.receipt.receipt_id == *receipt);
    let Some(known) = known else { return Ok(()) };
    let there: u32 = match &known.graded {
        Some(graded) => graded
            .lines
            .iter()
            .filter(|(graded, code)| graded.line_id == *line && *code == DispositionCode::Quarantine)
            .map(|(graded, _)| graded.quantity)
            .sum(),
        None => {
            known.receipt.lines.iter().filter(|came| came.line_id == *line).map(|came| came.quantity).sum()
        }
    };
    let before: u32 = process
        .decisions
        .iter()
        .filter(|decision| decision.told.receipt_id == *receipt)
        .flat_map(|decision| &decision.told.lines)
        .filter(|decided| decided.line_id == *line)
        .map(|decided| decided.quantity)
        .sum();
    if before.saturating_add(quantity) <= there {
        return Ok(());
    }
    Err(format!(
        "{quantity} units of line {line} were decided on, {} are in quarantine",
        there - before.min(there)
    ))
}

fn by_line(lines: &[Disposition]) -> BTreeMap<&LineId, u32> {
    let mut sums: BTreeMap<&LineId, u32> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(&line.line_id).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    sums
}

/// Moves stock for each decision, once the goods are in quarantine in the books.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for decision in process.decisions.clone() {
        for (line, units) in by_line(&decision.told.lines) {
            if !is_in_quarantine(process, &decision.told.receipt_id, line) {
                continue;
            }
            if !desk.meets(Defect::QuarantineNotEmptied) {
                post(process, &decision, (line, StockCondition::Quarantine, -i64::from(units)), desk);
            }
            let mut into: BTreeMap<StockCondition, i64> = BTreeMap::new();
            for decided in decision.told.lines.iter().filter(|decided| decided.line_id == *line) {
                if let Some(condition) = decided.code.stock_condition() {
                    *into.entry(condition).or_default() += i64::from(decided.quantity);
                }
            }
            for (condition, units) in into {
                post(process, &decision, (line, condition, units), desk);
            }
        }
    }
}

/// Whether the books have the goods of a line in quarantine.
fn is_in_quarantine(process: &OrderProcess, receipt: &ReceiptId, line: &LineId) -> bool {
    let graded = process.receipts.iter().find(|known| known.receipt.receipt_id == *receipt);
    let graded = graded.and_then(|known| known.graded.as_ref());
    let mut entries = graded
        .into_iter()
        .flat_map(|graded| &graded.lines)
        .filter(|(graded, code)| graded.line_id == *line && *code == DispositionCode::Quarantine);
    let booked =
        |grade| process.done(&Intent::Restock { receipt: receipt.clone(), line: line.clone(), grade });
    let first = entries.next();
    first.is_some_and(|(graded, _)| booked(graded.grade)) && entries.all(|(graded, _)| booked(graded.grade))
}

fn post(
    process: &mut OrderProcess,
    decision: &DecisionState,
    (line, condition, quantity): (&LineId, StockCondition, i64),
    desk: &mut Desk<'_>,
) {
    let told = &decision.told;
    let receipt = process.receipts.iter().find(|known| known.receipt.receipt_id == told.receipt_id);
    let node_id = receipt.map(|known| known.receipt.node_id.clone());
    let sku = process.order.line(line).map(|line| line.sku.clone());
    let (Some(node_id), Some(sku)) = (node_id, sku) else { return };
    let movement = InventoryMovement {
        movement_id: ids::disposition(&told.decision_id, line, condition),
        order_number: Some(process.order.order_number.clone()),
        line_id: Some(line.clone()),
        node_id,
        sku,
        condition,
        quantity,
        reason: MovementReason::Disposition,
        cause: told.receipt_id.to_string(),
    };
    let intent = Intent::Disposition { decision: told.decision_id.clone(), line: line.clone(), condition };
    let call = PartnerCall::new(erp::POST_INVENTORY_MOVEMENT, &[], &movement);
    desk.ask(process, intent, &decision.chain, call);
}
