//! Claims on stock: one for the whole order, given back for units that were canceled.
//!
//! Units that leave are not given back: the ERP consumes their claim with the goods issue.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        FulfillmentOrderId, LineId, LineQuantity, Reservation, ReservationRelease, ReservationRequest,
        ReservedLine,
    },
    protocol::{CancellationStatus, erp},
};

use super::{
    acceptance,
    desk::Desk,
    state::{CancellationState, Fulfillment, OrderProcess, ReservationState},
    task::{Intent, PartnerCall},
};

/// Claims stock for all lines.
pub(super) fn claim(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let request = ReservationRequest {
        order_number: process.order.order_number.clone(),
        lines: acceptance::items(&process.order),
    };
    let chain = process.chain.clone();
    desk.ask(process, Intent::Reserve, &chain, PartnerCall::new(erp::CREATE_RESERVATION, &[], &request));
}

/// The ERP claimed stock and chose the nodes.
pub(super) fn reserved(process: &mut OrderProcess, reservation: Reservation) {
    process.reservation =
        Some(ReservationState { reservation_id: reservation.reservation_id, lines: reservation.lines });
}

/// Gives claimed stock of canceled units back, once for each cancellation, when it is final.
pub(super) fn give_back(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let Some(mut reservation) = process.reservation.clone() else { return };
    for index in 0..process.cancellations.len() {
        let Some(cancellation) = process.cancellations.get_mut(index) else { continue };
        if cancellation.released.is_some() || cancellation.status == CancellationStatus::Pending {
            continue;
        }
        let mut lines = take_claims(&mut reservation.lines, &cancellation.direct);
        lines.extend(stopped_claims(cancellation, &process.fulfillments));
        cancellation.released = Some(lines.clone());
        let (chain, cause) = (cancellation.chain.clone(), cancellation.request.cancellation_id.clone());
        if !lines.is_empty() {
            let release = ReservationRelease {
                order_number: process.order.order_number.clone(),
                lines,
                cause: cause.clone(),
            };
            let call =
                PartnerCall::new(erp::RELEASE_RESERVATION, &[reservation.reservation_id.as_str()], &release);
            desk.ask(process, Intent::Release { cancellation: cause }, &chain, call);
        }
    }
    process.reservation = Some(reservation);
}

/// Takes units that no node has yet out of the claims, from the last node backwards, so that the fewest nodes
/// remain.
fn take_claims(claims: &mut Vec<ReservedLine>, units: &[LineQuantity]) -> Vec<ReservedLine> {
    let mut taken = Vec::new();
    for wanted in units {
        let mut rest = wanted.quantity;
        for claim in claims.iter_mut().rev().filter(|claim| claim.line_id == wanted.line_id) {
            let quantity = rest.min(claim.quantity);
            if quantity > 0 {
                rest -= quantity;
                claim.quantity -= quantity;
                taken.push(ReservedLine { quantity, ..claim.clone() });
            }
        }
    }
    claims.retain(|claim| claim.quantity > 0);
    taken
}

/// Claims of units that nodes stopped: they stand at the node that stopped them.
fn stopped_claims(
    cancellation: &CancellationState,
    fulfillments: &BTreeMap<FulfillmentOrderId, Fulfillment>,
) -> Vec<ReservedLine> {
    let stopped = cancellation.wishes.iter().flat_map(|wish| {
        let node = fulfillments.get(&wish.fulfillment_order_id).map(|fulfillment| &fulfillment.node_id);
        let lines = wish.stopped.iter().flatten();
        node.into_iter().flat_map(move |node| lines.clone().map(move |line| (node, line)))
    });
    stopped
        .filter(|(_, line)| line.quantity > 0)
        .map(|(node, line)| ReservedLine {
            line_id: line.line_id.clone(),
            sku: line.sku.clone(),
            node_id: node.clone(),
            quantity: line.quantity,
        })
        .collect()
}

/// Units of canceled lines, summed by line.
pub(super) fn by_line(cancellation: &CancellationState) -> Vec<LineQuantity> {
    let mut sums: BTreeMap<LineId, u32> = BTreeMap::new();
    for line in &cancellation.direct {
        *sums.entry(line.line_id.clone()).or_default() += line.quantity;
    }
    for line in cancellation.wishes.iter().filter_map(|wish| wish.stopped.as_ref()).flatten() {
        *sums.entry(line.line_id.clone()).or_default() += line.quantity;
    }
    sums.into_iter()
        .filter(|(_, quantity)| *quantity > 0)
        .map(|(line_id, quantity)| LineQuantity { line_id, quantity })
        .collect()
}
