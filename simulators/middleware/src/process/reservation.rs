//! Claims on stock: one for the whole order, further ones where units must find stock again. Given back for units
//! that were canceled.
//!
//! Units that leave are not given back: the ERP consumes their claim with the goods issue. What a node has is
//! no longer counted as a claim here, but as the node's; its claim is known by the order to the node.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        ItemQuantity, LineId, LineQuantity, Reservation, ReservationId, ReservationRelease,
        ReservationRequest, ReservedLine,
    },
    policy::UnfulfilledPolicy,
    protocol::{CancellationStatus, erp},
};

use super::{
    acceptance,
    desk::Desk,
    shortage,
    state::{CancellationState, Chain, ClaimNews, OrderProcess, ReservationState, TaskStatus},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// Claims stock for all goods.
pub(super) fn claim(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if acceptance::stocked(&process.order).is_empty() {
        return;
    }
    let request = ReservationRequest {
        order_number: process.order.order_number.clone(),
        lines: acceptance::stocked(&process.order),
        node_id: process.order.pickup_node.clone(),
        exclude_nodes: Vec::new(),
        allow_backorder: desk.context.policy.unfulfilled == UnfulfilledPolicy::ReSourceOrBackOrder,
        cause: None,
    };
    let chain = process.chain.clone();
    desk.ask(process, Intent::Reserve, &chain, PartnerCall::new(erp::CREATE_RESERVATION, &[], &request));
}

/// Claims stock for all goods once more.
pub(super) fn claim_again(process: &mut OrderProcess, cause: &str, desk: &mut Desk<'_>) {
    let request = ReservationRequest {
        order_number: process.order.order_number.clone(),
        lines: acceptance::stocked(&process.order),
        node_id: process.order.pickup_node.clone(),
        exclude_nodes: Vec::new(),
        allow_backorder: false,
        cause: Some(cause.to_owned()),
    };
    let chain = desk.context.chain.clone();
    let call = PartnerCall::new(erp::CREATE_RESERVATION, &[], &request);
    desk.ask(process, Intent::ReserveAgain { cause: cause.to_owned() }, &chain, call);
}

/// The ERP claimed stock and chose the nodes.
pub(super) fn reserved(process: &mut OrderProcess, reservation: Reservation, desk: &mut Desk<'_>) {
    if process.reservations.iter().any(|known| known.reservation_id == reservation.reservation_id) {
        return;
    }
    process.reservations.push(ReservationState {
        reservation_id: reservation.reservation_id,
        since: Some(desk.context.now),
        lines: reservation.lines,
        backordered: reservation.backordered,
        came: Vec::new(),
        expires_at: reservation.expires_at,
        lapsed: false,
    });
    for news in std::mem::take(&mut process.early_claims) {
        take_news(process, news, desk);
    }
}

/// Goods came that the order waited for.
pub(super) fn came(process: &mut OrderProcess, reservation: Reservation, desk: &mut Desk<'_>) {
    take_news(process, ClaimNews::Came { reservation }, desk);
}

/// Claims lapsed.
pub(super) fn lapsed(process: &mut OrderProcess, reservation: Reservation, desk: &mut Desk<'_>) {
    let chain = desk.context.chain.clone();
    take_news(process, ClaimNews::Lapsed { reservation, chain }, desk);
}

/// What is told of a reservation whose answer has not come yet waits for it.
fn take_news(process: &mut OrderProcess, news: ClaimNews, desk: &mut Desk<'_>) {
    let (ClaimNews::Came { reservation } | ClaimNews::Lapsed { reservation, .. }) = &news;
    let id = reservation.reservation_id.clone();
    let Some(known) = process.reservations.iter_mut().find(|known| known.reservation_id == id) else {
        process.early_claims.push(news);
        return;
    };
    match news {
        ClaimNews::Came { reservation } => {
            let units = known.keep(&reservation.lines);
            if units > 0 {
                desk.note(process, format!("{units} units that were waited for came and are claimed"));
            }
        }
        ClaimNews::Lapsed { reservation, chain } if !known.lapsed && !desk.meets(Defect::LapsedClaimUsed) => {
            known.lapsed = true;
            let lines = std::mem::take(&mut known.lines);
            desk.note(process, format!("reservation {id} lapsed"));
            shortage::lapsed(process, &reservation, &lines, chain, desk);
        }
        ClaimNews::Lapsed { .. } => {}
    }
}

impl ReservationState {
    /// Claims what came for promises beyond what was known, as far as it is still waited for.
    fn keep(&mut self, told: &[ReservedLine]) -> u32 {
        let mut units = 0;
        let mut sums: Vec<ReservedLine> = Vec::new();
        for line in told {
            match sums.iter_mut().find(|sum| same_place(sum, line)) {
                Some(sum) => sum.quantity = sum.quantity.saturating_add(line.quantity),
                None => sums.push(line.clone()),
            }
        }
        for line in sums {
            let known =
                self.came.iter().find(|known| same_place(known, &line)).map_or(0, |known| known.quantity);
            let mut news = line.quantity.saturating_sub(known);
            if news == 0 {
                continue;
            }
            self.came.retain(|known| !same_place(known, &line));
            self.came.push(line.clone());
            for item in self.backordered.iter_mut().filter(|item| item.line_id == line.line_id) {
                let quantity = item.quantity.min(news);
                item.quantity -= quantity;
                news -= quantity;
                units += quantity;
                if quantity > 0 {
                    self.lines.push(ReservedLine { quantity, ..line.clone() });
                }
            }
        }
        self.backordered.retain(|item| item.quantity > 0);
        units
    }
}

fn same_place(line: &ReservedLine, other: &ReservedLine) -> bool {
    line.line_id == other.line_id && line.node_id == other.node_id
}

/// Whether a reservation lapsed, as far as known.
pub(super) fn is_lapsed(process: &OrderProcess, id: &ReservationId) -> bool {
    process.reservations.iter().any(|known| known.reservation_id == *id && known.lapsed)
}

/// Whether the answer to a request for claims is open.
pub(super) fn under_way(process: &OrderProcess) -> bool {
    let again =
        process.shortages.iter().map(|shortage| Intent::ReserveAgain { cause: shortage.cause.clone() });
    std::iter::once(Intent::Reserve)
        .chain(again)
        .any(|intent| process.task(&intent) == Some(TaskStatus::Open))
}

/// What a cancellation gives back of one reservation.
#[derive(Default)]
struct GivenUp {
    claimed: Vec<ReservedLine>,
    promised: Vec<ItemQuantity>,
}

/// Whether the ERP has, or is about to have, units of a cancellation as sold still: as long as it does, their stock is not
/// another order's to sell.
fn is_sold_still(process: &OrderProcess, cancellation: &CancellationState) -> bool {
    let unbook = Intent::Unbook { cancellation: cancellation.request.cancellation_id.clone() };
    match process.task(&Intent::Book) {
        Some(TaskStatus::Open) => true,
        Some(TaskStatus::Done) if !by_line(cancellation).is_empty() => {
            matches!(process.task(&unbook), None | Some(TaskStatus::Open))
        }
        _ => false,
    }
}

/// Gives claimed stock of canceled units back, once for each cancellation, when it is final, no answer is open
/// that would claim more, and the ERP does not count them as sold any more.
pub(super) fn give_back(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if process.reservations.is_empty() || under_way(process) {
        return;
    }
    for index in 0..process.cancellations.len() {
        let Some(cancellation) = process.cancellations.get(index) else { continue };
        if cancellation.released.is_some()
            || cancellation.status == CancellationStatus::Pending
            || is_sold_still(process, cancellation)
        {
            continue;
        }
        let cancellation = cancellation.clone();
        let mut given_up = take_claims(process, &cancellation.direct);
        for (reservation_id, line) in stopped_claims(process, &cancellation) {
            given_up.entry(reservation_id).or_default().claimed.push(line);
        }
        let cause = cancellation.request.cancellation_id.clone();
        if let Some(cancellation) = process.cancellations.get_mut(index) {
            let lines = given_up.values().flat_map(|given_up| given_up.claimed.clone());
            cancellation.released = Some(lines.collect());
        }
        for (reservation_id, given_up) in given_up {
            if desk.meets(Defect::ClaimLeaked) {
                continue;
            }
            let intent = Intent::Release { cause: cause.clone(), reservation: reservation_id.clone() };
            release(process, intent, &reservation_id, given_up, &cause, &cancellation.chain, desk);
        }
    }
}

fn release(
    process: &mut OrderProcess,
    intent: Intent,
    reservation_id: &ReservationId,
    given_up: GivenUp,
    cause: &str,
    chain: &Chain,
    desk: &mut Desk<'_>,
) {
    let release = ReservationRelease {
        order_number: process.order.order_number.clone(),
        lines: given_up.claimed,
        backordered: given_up.promised,
        cause: cause.to_owned(),
    };
    let call = PartnerCall::new(erp::RELEASE_RESERVATION, &[reservation_id.as_str()], &release);
    desk.ask(process, intent, chain, call);
}

/// Gives the claim of units back that a node gave back.
pub(super) fn release_given_back(
    process: &mut OrderProcess,
    reservation_id: &ReservationId,
    claimed: Vec<ReservedLine>,
    cause: &str,
    chain: &Chain,
    desk: &mut Desk<'_>,
) {
    let intent = Intent::Release { cause: cause.to_owned(), reservation: reservation_id.clone() };
    let given_up = GivenUp { claimed, promised: Vec::new() };
    release(process, intent, reservation_id, given_up, cause, chain, desk);
}

/// Takes units that no node has yet out of promises and claims, as far as more are claimed than are open; from the
/// last node backwards, so that the fewest nodes remain.
fn take_claims(process: &mut OrderProcess, units: &[LineQuantity]) -> BTreeMap<ReservationId, GivenUp> {
    let mut taken: BTreeMap<ReservationId, GivenUp> = BTreeMap::new();
    for wanted in units {
        let line = &wanted.line_id;
        let sourced =
            process.units_at_nodes(line) + process.units_claimed(line) + process.units_backordered(line);
        let mut rest = wanted.quantity.min(sourced.saturating_sub(process.open_units(line)));
        for reservation in process.reservations.iter_mut().rev() {
            let entry = taken.entry(reservation.reservation_id.clone()).or_default();
            for item in reservation.backordered.iter_mut().filter(|item| item.line_id == *line) {
                let quantity = rest.min(item.quantity);
                rest -= quantity;
                item.quantity -= quantity;
                if quantity > 0 {
                    entry.promised.push(ItemQuantity { quantity, ..item.clone() });
                }
            }
            reservation.backordered.retain(|item| item.quantity > 0);
            for claim in reservation.lines.iter_mut().rev().filter(|claim| claim.line_id == *line) {
                let quantity = rest.min(claim.quantity);
                rest -= quantity;
                claim.quantity -= quantity;
                if quantity > 0 {
                    entry.claimed.push(ReservedLine { quantity, ..claim.clone() });
                }
            }
            reservation.lines.retain(|claim| claim.quantity > 0);
        }
    }
    taken.retain(|_, given_up| !given_up.claimed.is_empty() || !given_up.promised.is_empty());
    taken
}

/// Claims of units that nodes stopped: they stand at the node that stopped them.
fn stopped_claims(
    process: &OrderProcess,
    cancellation: &CancellationState,
) -> Vec<(ReservationId, ReservedLine)> {
    let mut claims = Vec::new();
    for wish in &cancellation.wishes {
        let Some(fulfillment) = process.fulfillments.get(&wish.fulfillment_order_id) else { continue };
        for line in wish.stopped.iter().flatten().filter(|line| line.quantity > 0) {
            let claim = ReservedLine {
                line_id: line.line_id.clone(),
                sku: line.sku.clone(),
                node_id: fulfillment.node_id.clone(),
                quantity: line.quantity,
            };
            claims.push((fulfillment.reservation_id.clone(), claim));
        }
    }
    claims
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
