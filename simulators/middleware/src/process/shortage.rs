//! Units that must find stock again: a node gave them back, or their claim lapsed.
//!
//! In order: the old claim is given back, what is missing is written off, then another claim is asked for (elsewhere,
//! or promised, as the policy says), and what nobody has is canceled for the customer. Goods that a customer was to
//! collect are not looked for elsewhere.

use std::collections::BTreeSet;

use counterproof_contracts::{
    model::{
        InventoryMovement, ItemQuantity, LineId, LineQuantity, MovementReason, NodeId, Reservation,
        ReservationRequest, ReservedLine, StockCondition, System, UnfulfilledReason, UnfulfilledUnits,
    },
    policy::UnfulfilledPolicy,
    protocol::{ProblemKind, erp},
};

use super::{
    answer::Refusal,
    cancellation,
    desk::Desk,
    ids, reservation,
    state::{Chain, OrderProcess, Shortage},
    task::{Intent, PartnerCall},
};

/// A node will not ship units.
pub(super) fn given_back(
    process: &mut OrderProcess,
    told: &UnfulfilledUnits,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    if process.shortages.iter().any(|known| known.cause == told.exception_id) {
        return Ok(());
    }
    let id = &told.fulfillment_order_id;
    if !process.fulfillments.contains_key(id) {
        return Err(format!("fulfillment order {id} is not known"));
    }
    let mut lines: Vec<ItemQuantity> = Vec::new();
    for line in &told.lines {
        let quantity = line.quantity.min(process.units_at(id, &line.line_id));
        if quantity == 0 {
            continue;
        }
        if let Some(fulfillment) = process.fulfillments.get_mut(id) {
            *fulfillment.given_back.entry(line.line_id.clone()).or_default() += quantity;
        }
        lines.push(ItemQuantity { quantity, ..line.clone() });
    }
    if told.reason == UnfulfilledReason::PickupExpired {
        let waiting = process.shipments.values_mut().filter(|parcel| parcel.fulfillment_order_id == *id);
        waiting.filter(|parcel| parcel.shipped.is_none()).for_each(|parcel| parcel.voided = true);
    }
    let units: u32 = lines.iter().map(|line| line.quantity).sum();
    desk.note(process, format!("{} gives {units} units back: {}", told.node_id, words(told.reason)));
    process.shortages.push(Shortage {
        cause: told.exception_id.clone(),
        reason: words(told.reason).to_owned(),
        chain: desk.context.chain.clone(),
        given_back: Some((id.clone(), told.reason)),
        settled: lines.is_empty(),
        lines,
        asked: Vec::new(),
    });
    Ok(())
}

const fn words(reason: UnfulfilledReason) -> &'static str {
    match reason {
        UnfulfilledReason::NotFound => "they were not found",
        UnfulfilledReason::Damaged => "they are damaged",
        UnfulfilledReason::SubstitutionRefused => "a substitute was not wanted",
        UnfulfilledReason::Overloaded => "it has no hands for them",
        UnfulfilledReason::PickupExpired => "nobody collected them in time",
    }
}

/// A claim lapsed. What a node has already is beyond the rules: a person must look at it.
pub(super) fn lapsed(
    process: &mut OrderProcess,
    told: &Reservation,
    lines: &[ReservedLine],
    chain: Chain,
    desk: &mut Desk<'_>,
) {
    let id = &told.reservation_id;
    if process.fulfillments.values().any(|fulfillment| fulfillment.reservation_id == *id) {
        let reason = "it lapsed although a node works on its goods".to_owned();
        desk.alert(process, System::Erp, format!("reservation {id}"), reason);
    }
    let mut items: Vec<ItemQuantity> = Vec::new();
    for line in lines {
        match items.iter_mut().find(|item| item.line_id == line.line_id) {
            Some(item) => item.quantity += line.quantity,
            None => items.push(ItemQuantity {
                line_id: line.line_id.clone(),
                sku: line.sku.clone(),
                quantity: line.quantity,
            }),
        }
    }
    process.shortages.push(Shortage {
        cause: id.to_string(),
        reason: "the claim on the goods lapsed".to_owned(),
        chain,
        given_back: None,
        settled: items.is_empty(),
        lines: items,
        asked: Vec::new(),
    });
}

/// Takes every shortage as far as the facts allow.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for shortage in process.shortages.clone() {
        if shortage.settled
            || !books_are_right(process, &shortage, desk)
            || is_being_stopped(process, &shortage)
        {
            continue;
        }
        let lines = unsourced(process, &shortage);
        if lines.is_empty() {
            settle(process, &shortage.cause);
        } else if !process.unasked(&Intent::ReserveAgain { cause: shortage.cause.clone() }) {
            // The answer decides.
        } else if may_look_elsewhere(process, &shortage, desk) {
            look_elsewhere(process, &shortage, lines, desk);
        } else {
            give_up(process, &shortage, &lines, desk);
        }
    }
}

/// Gives the old claim back, then writes off what is missing. Whether both are done.
fn books_are_right(process: &mut OrderProcess, shortage: &Shortage, desk: &mut Desk<'_>) -> bool {
    let Some((id, reason)) = &shortage.given_back else { return true };
    let Some(fulfillment) = process.fulfillments.get(id).cloned() else { return true };
    let claimed = shortage.lines.iter().map(|line| ReservedLine {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        node_id: fulfillment.node_id.clone(),
        quantity: line.quantity,
    });
    let (cause, reservation) = (shortage.cause.clone(), fulfillment.reservation_id.clone());
    // Of a claim that lapsed nothing is left to give back.
    if !reservation::is_lapsed(process, &reservation) {
        let claimed: Vec<ReservedLine> = claimed.collect();
        reservation::release_given_back(process, &reservation, claimed, &cause, &shortage.chain, desk);
        if !process.done(&Intent::Release { cause: cause.clone(), reservation }) {
            return false;
        }
    }
    if !reason.are_missing() {
        return true;
    }
    for line in &shortage.lines {
        write_off(process, shortage, line, &fulfillment.node_id, desk);
    }
    let written_off =
        |line: &ItemQuantity| Intent::WriteOff { cause: cause.clone(), line: line.line_id.clone() };
    shortage.lines.iter().all(|line| process.done(&written_off(line)))
}

fn write_off(
    process: &mut OrderProcess,
    shortage: &Shortage,
    line: &ItemQuantity,
    node_id: &NodeId,
    desk: &mut Desk<'_>,
) {
    let movement = InventoryMovement {
        movement_id: ids::write_off(&shortage.cause, &line.line_id),
        order_number: Some(process.order.order_number.clone()),
        line_id: Some(line.line_id.clone()),
        node_id: node_id.clone(),
        sku: line.sku.clone(),
        condition: StockCondition::Sellable,
        quantity: -i64::from(line.quantity),
        reason: MovementReason::Adjustment,
        cause: shortage.cause.clone(),
    };
    let intent = Intent::WriteOff { cause: shortage.cause.clone(), line: line.line_id.clone() };
    let call = PartnerCall::new(erp::POST_INVENTORY_MOVEMENT, &[], &movement);
    desk.ask(process, intent, &shortage.chain, call);
}

/// Whether the node was asked to stop these units and has not answered: they may be canceled by that.
fn is_being_stopped(process: &OrderProcess, shortage: &Shortage) -> bool {
    let Some((id, _)) = &shortage.given_back else { return false };
    shortage.lines.iter().any(|line| cancellation::pending_at(process, id, &line.line_id) > 0)
}

/// Units of a shortage that are still open and have no stock, nor will have by what others ask for.
fn unsourced(process: &OrderProcess, shortage: &Shortage) -> Vec<ItemQuantity> {
    let lines = shortage.lines.iter().map(|line| {
        let free =
            process.units_unsourced(&line.line_id).saturating_sub(asked(process, shortage, &line.line_id));
        ItemQuantity { quantity: line.quantity.min(free), ..line.clone() }
    });
    lines.filter(|line| line.quantity > 0).collect()
}

/// Units of a line for which other shortages have asked, without an answer.
fn asked(process: &OrderProcess, shortage: &Shortage, line: &LineId) -> u32 {
    let others = process.shortages.iter().filter(|other| other.cause != shortage.cause && !other.settled);
    others
        .flat_map(|other| &other.asked)
        .filter(|asked| asked.line_id == *line)
        .map(|asked| asked.quantity)
        .sum()
}

fn may_look_elsewhere(process: &OrderProcess, shortage: &Shortage, desk: &Desk<'_>) -> bool {
    let is_lapsed = shortage.given_back.is_none();
    is_lapsed
        || (process.order.pickup_node.is_none()
            && desk.context.policy.unfulfilled != UnfulfilledPolicy::Cancel)
}

fn look_elsewhere(
    process: &mut OrderProcess,
    shortage: &Shortage,
    lines: Vec<ItemQuantity>,
    desk: &mut Desk<'_>,
) {
    let gave_up = process.shortages.iter().filter_map(|known| known.given_back.as_ref());
    let nodes: BTreeSet<NodeId> =
        gave_up.filter_map(|(id, _)| Some(process.fulfillments.get(id)?.node_id.clone())).collect();
    for known in process.shortages.iter_mut().filter(|known| known.cause == shortage.cause) {
        known.asked.clone_from(&lines);
    }
    let request = ReservationRequest {
        order_number: process.order.order_number.clone(),
        lines,
        node_id: process.order.pickup_node.clone(),
        exclude_nodes: nodes.into_iter().collect(),
        allow_backorder: desk.context.policy.unfulfilled == UnfulfilledPolicy::ReSourceOrBackOrder,
        cause: Some(shortage.cause.clone()),
    };
    let call = PartnerCall::new(erp::CREATE_RESERVATION, &[], &request);
    desk.ask(process, Intent::ReserveAgain { cause: shortage.cause.clone() }, &shortage.chain, call);
}

/// Another claim was given.
pub(super) fn found(process: &mut OrderProcess, cause: &str, told: Reservation, desk: &mut Desk<'_>) {
    let promised: u32 = told.backordered.iter().map(|item| item.quantity).sum();
    let claimed: u32 = told.lines.iter().map(|line| line.quantity).sum();
    desk.decide(process, format!("{claimed} units come from elsewhere, {promised} are waited for"));
    settle(process, cause);
    reservation::reserved(process, told, desk);
}

/// Nobody has the units: they are canceled.
pub(super) fn nobody_has(
    process: &mut OrderProcess,
    cause: &str,
    refusal: &Refusal,
    desk: &mut Desk<'_>,
) -> bool {
    if refusal.kind != Some(ProblemKind::InsufficientStock) {
        return false;
    }
    if let Some(shortage) = process.shortages.iter().find(|known| known.cause == cause).cloned() {
        let lines = unsourced(process, &shortage);
        give_up(process, &shortage, &lines, desk);
    }
    true
}

fn give_up(process: &mut OrderProcess, shortage: &Shortage, lines: &[ItemQuantity], desk: &mut Desk<'_>) {
    settle(process, &shortage.cause);
    let units = lines
        .iter()
        .map(|line| LineQuantity { line_id: line.line_id.clone(), quantity: line.quantity })
        .collect();
    cancellation::by_retailer(process, &shortage.cause, &shortage.reason, units, &shortage.chain, desk);
}

fn settle(process: &mut OrderProcess, cause: &str) {
    let known = process.shortages.iter_mut().filter(|known| known.cause == cause);
    known.for_each(|known| known.settled = true);
}
