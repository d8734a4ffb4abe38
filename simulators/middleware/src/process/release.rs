//! Release of an accepted order to the nodes that hold its stock, one order to each.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        FulfillmentOrder, FulfillmentStatus, ItemQuantity, LineId, NodeId, ReservationId, ReservedLine,
        SubstitutionAnswer, SubstitutionProposal,
    },
    protocol::wms,
};

use super::{
    desk::Desk,
    ids, replacement,
    state::{Fulfillment, OrderProcess},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// Releases what is claimed of an accepted order, as soon as no change of it is open.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if !process.accepted || process.pending_change().is_some() {
        return;
    }
    if !replacement::may_leave(process) && !desk.meets(Defect::ReplacementLeavesUnpaid) {
        return;
    }
    if process.order.tenders.len() > 1 && desk.meets(Defect::OrderNeverReleased) {
        return;
    }
    for index in 0..process.reservations.len() {
        let Some(reservation) = process.reservations.get(index) else { continue };
        let reservation_id = reservation.reservation_id.clone();
        let (claims, kept) = wanted(process, &reservation.lines);
        if let Some(reservation) = process.reservations.get_mut(index) {
            reservation.lines = kept;
        }
        let nodes = by_node(&claims);
        let split = nodes.len() > 1;
        for (node, mut lines) in nodes {
            for line in lines.iter_mut().filter(|_| split) {
                let ordered = process.order.line(&line.line_id).map_or(line.quantity, |line| line.quantity);
                if ordered > line.quantity && desk.meets(Defect::SplitDoublesUnits) {
                    line.quantity = ordered;
                }
            }
            release(process, &reservation_id, node, lines, desk);
        }
    }
}

/// Claims of units that are still to ship, and the others: what a customer canceled while it was being claimed goes to no
/// node; it is given back once the cancellation is final.
fn wanted(process: &OrderProcess, claims: &[ReservedLine]) -> (Vec<ReservedLine>, Vec<ReservedLine>) {
    let mut left: BTreeMap<&LineId, u32> = BTreeMap::new();
    let (mut wanted, mut kept) = (Vec::new(), Vec::new());
    for claim in claims {
        let line = &claim.line_id;
        let to_ship = || process.open_units(line).saturating_sub(process.units_at_nodes(line));
        let left = left.entry(line).or_insert_with(to_ship);
        let quantity = claim.quantity.min(*left);
        *left -= quantity;
        let parts = [(&mut wanted, quantity), (&mut kept, claim.quantity - quantity)];
        for (part, quantity) in parts.into_iter().filter(|(_, quantity)| *quantity > 0) {
            part.push(ReservedLine { quantity, ..claim.clone() });
        }
    }
    (wanted, kept)
}

fn release(
    process: &mut OrderProcess,
    reservation_id: &ReservationId,
    node: NodeId,
    lines: Vec<ItemQuantity>,
    desk: &mut Desk<'_>,
) {
    let number = process.fulfillments.values().filter(|known| known.node_id == node).count() + 1;
    let order = FulfillmentOrder {
        fulfillment_order_id: ids::fulfillment_order(&process.order.order_number, &node, number),
        order_number: process.order.order_number.clone(),
        node_id: node.clone(),
        ship_to: process.order.ship_to.clone(),
        lines: lines.clone(),
        status: FulfillmentStatus::Requested,
        gift: process.order.gift.is_some(),
        pickup: process.order.pickup_node.is_some(),
    };
    let id = order.fulfillment_order_id.clone();
    let fulfillment = Fulfillment {
        node_id: node,
        asked_at: Some(desk.context.now),
        lines,
        reservation_id: reservation_id.clone(),
        stopped: BTreeMap::new(),
        given_back: BTreeMap::new(),
        accepted: false,
    };
    process.fulfillments.insert(id.clone(), fulfillment);
    let chain = process.chain.clone();
    let mut call = PartnerCall::new(wms::CREATE_FULFILLMENT_ORDER, &[], &order);
    if desk.meets(Defect::CustomerToldToWarehouse) {
        let customer = process.order.customer_ref.as_str();
        call.body.as_object_mut().map(|body| body.insert("customer_ref".to_owned(), customer.into()));
    }
    desk.ask(process, Intent::Fulfill { fulfillment_order: id }, &chain, call);
}

/// What each node is to ship: the units that are claimed there.
fn by_node(claims: &[ReservedLine]) -> BTreeMap<NodeId, Vec<ItemQuantity>> {
    let mut nodes: BTreeMap<NodeId, Vec<ItemQuantity>> = BTreeMap::new();
    for claim in claims {
        let lines = nodes.entry(claim.node_id.clone()).or_default();
        match lines.iter_mut().find(|line| line.line_id == claim.line_id) {
            Some(line) => line.quantity += claim.quantity,
            None => lines.push(ItemQuantity {
                line_id: claim.line_id.clone(),
                sku: claim.sku.clone(),
                quantity: claim.quantity,
            }),
        }
    }
    nodes
}

/// A node proposes something else than was ordered: the customer ordered nothing else, so it is not wanted.
pub(super) fn refuse_substitute(
    process: &mut OrderProcess,
    told: &SubstitutionProposal,
    desk: &mut Desk<'_>,
) {
    let intent = Intent::RefuseSubstitute { proposal: told.proposal_id.clone() };
    if !process.unasked(&intent) {
        return;
    }
    desk.note(process, format!("{} proposes {} instead of {}", told.node_id, told.substitute_sku, told.sku));
    let answer = SubstitutionAnswer {
        order_number: process.order.order_number.clone(),
        proposal_id: told.proposal_id.clone(),
        accepted: false,
    };
    let call = PartnerCall::new(wms::ANSWER_SUBSTITUTION, &[told.fulfillment_order_id.as_str()], &answer);
    let chain = desk.context.chain.clone();
    desk.ask(process, intent, &chain, call);
}

/// A node works on its order.
pub(super) fn accepted(
    process: &mut OrderProcess,
    told: &FulfillmentOrder,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    let Some(fulfillment) = process.fulfillments.get_mut(&told.fulfillment_order_id) else {
        return Err(format!("fulfillment order {} is not known", told.fulfillment_order_id));
    };
    if !fulfillment.accepted {
        fulfillment.accepted = true;
        let node = fulfillment.node_id.clone();
        desk.note(process, format!("{node} works on {}", told.fulfillment_order_id));
    }
    Ok(())
}
