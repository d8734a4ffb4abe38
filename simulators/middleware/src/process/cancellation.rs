//! Cancellation of units that have not left. Before release it is certain at once; afterwards each node says
//! what it could stop, and only that is canceled.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        FulfillmentCancellation, FulfillmentOrderId, ItemQuantity, Kit, LineId, LineQuantity,
        SalesOrderCancellation,
    },
    protocol::{
        Cancellation, CancellationRequest, CancellationStatus, FieldError, Problem, ProblemKind, erp, wms,
    },
};
use serde_json::Value;

use super::{
    answer::Refusal,
    desk::Desk,
    reservation,
    state::{CancellationState, Chain, OrderProcess, StopWish},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// Takes a wish to cancel. The same wish again is answered the same.
pub(super) fn request(
    process: &mut OrderProcess,
    request: CancellationRequest,
    desk: &mut Desk<'_>,
) -> Result<Value, Problem> {
    let known =
        process.cancellations.iter().find(|known| known.request.cancellation_id == request.cancellation_id);
    if let Some(known) = known {
        return if known.request == request {
            Ok(serde_json::to_value(&known.answer).unwrap_or_default())
        } else {
            Err(illegal(format!("cancellation {} was used for another wish", request.cancellation_id)))
        };
    }
    if let Some(reason) = &process.rejection {
        return Err(illegal(format!("the order was rejected: {reason}")));
    }
    let wanted = wanted_units(process, &request)?;
    if !request.lines.is_empty() {
        check_kits(process, &wanted)?;
    }
    let state = plan(process, request, &wanted, desk);
    let answer = serde_json::to_value(&state.answer).unwrap_or_default();
    desk.note(
        process,
        format!("cancellation {} requested: {}", state.request.cancellation_id, state.request.reason),
    );
    process.cancellations.push(state);
    Ok(answer)
}

/// The retailer cancels units that no node has: nobody has them, or nobody collected them.
pub(super) fn by_retailer(
    process: &mut OrderProcess,
    cause: &str,
    reason: &str,
    units: Vec<LineQuantity>,
    chain: &Chain,
    desk: &mut Desk<'_>,
) {
    let units: Vec<LineQuantity> = units.into_iter().filter(|line| line.quantity > 0).collect();
    if units.is_empty() {
        return;
    }
    for line in &units {
        cancel_units(process, &line.line_id, line.quantity);
    }
    let request = CancellationRequest {
        order_number: process.order.order_number.clone(),
        cancellation_id: format!("canceled-{cause}"),
        lines: units.clone(),
        reason: reason.to_owned(),
    };
    let sum: u32 = units.iter().map(|line| line.quantity).sum();
    desk.decide(process, format!("{sum} units are canceled by the retailer: {reason}"));
    process.cancellations.push(CancellationState {
        answer: Cancellation {
            order_number: request.order_number.clone(),
            cancellation_id: request.cancellation_id.clone(),
            status: CancellationStatus::Canceled,
            canceled: units.clone(),
        },
        request,
        chain: chain.clone(),
        status: CancellationStatus::Canceled,
        direct: units,
        wishes: Vec::new(),
        too_late: 0,
        released: None,
    });
}

fn illegal(detail: String) -> Problem {
    Problem::new(ProblemKind::IllegalState, detail)
}

/// What is to be canceled, by line; no lines: everything that has not left.
fn wanted_units(
    process: &OrderProcess,
    request: &CancellationRequest,
) -> Result<BTreeMap<LineId, u32>, Problem> {
    if request.lines.is_empty() {
        let lines = process.order.lines.iter();
        return Ok(lines.map(|line| (line.line_id.clone(), cancelable(process, &line.line_id))).collect());
    }
    let mut wanted: BTreeMap<LineId, u32> = BTreeMap::new();
    for (index, line) in request.lines.iter().enumerate() {
        let ordered = process.order.line(&line.line_id).map(|line| line.quantity);
        let sum = wanted.entry(line.line_id.clone()).or_default();
        *sum = sum.saturating_add(line.quantity);
        if ordered.is_none_or(|ordered| *sum > ordered) {
            let errors = vec![FieldError {
                pointer: format!("/lines/{index}"),
                detail: format!("{} of {} units of line {}", sum, ordered.unwrap_or(0), line.line_id),
            }];
            let detail = "more units than the order has".to_owned();
            return Err(Problem { errors, ..Problem::new(ProblemKind::BusinessRule, detail) });
        }
    }
    Ok(wanted)
}

/// A kit is canceled as a whole: what is left of it must be kits again.
fn check_kits(process: &OrderProcess, wanted: &BTreeMap<LineId, u32>) -> Result<(), Problem> {
    let left = |line: &LineId| {
        let ordered = process.order.line(line).map_or(0, |line| line.quantity);
        ordered.saturating_sub(process.counts(line).canceled + wanted.get(line).copied().unwrap_or(0))
    };
    let touched = |kit: &&Kit| kit.components.iter().any(|part| wanted.get(&part.line_id).copied() > Some(0));
    let broken = process.order.kits.iter().filter(touched).find(|kit| kit.whole(left).is_none());
    broken.map_or(Ok(()), |kit| {
        let detail = format!("kit {} is canceled as a whole or not at all", kit.kit_id);
        Err(Problem::new(ProblemKind::BusinessRule, detail))
    })
}

/// Units that no cancellation has claimed yet and that have not left.
fn cancelable(process: &OrderProcess, line: &LineId) -> u32 {
    let pending: u32 = process
        .cancellations
        .iter()
        .flat_map(|cancellation| &cancellation.wishes)
        .filter(|wish| wish.stopped.is_none())
        .flat_map(|wish| &wish.lines)
        .filter(|wished| wished.line_id == *line)
        .map(|wished| wished.quantity)
        .sum();
    process.open_units(line).saturating_sub(pending + process.units_activating(line))
}

fn plan(
    process: &mut OrderProcess,
    request: CancellationRequest,
    wanted: &BTreeMap<LineId, u32>,
    desk: &Desk<'_>,
) -> CancellationState {
    let mut direct = Vec::new();
    let mut wishes: BTreeMap<FulfillmentOrderId, Vec<ItemQuantity>> = BTreeMap::new();
    let mut too_late = 0;
    for (line_id, quantity) in wanted {
        let left = cancelable(process, line_id).min(*quantity);
        let gone = left < *quantity && desk.meets(Defect::ShippedUnitsCanceled);
        let possible = if gone { *quantity } else { left };
        too_late += quantity - possible;
        if possible == 0 {
            continue;
        }
        let unreleased = process.open_units(line_id).saturating_sub(process.units_at_nodes(line_id));
        let unasked = gone || (possible > unreleased && desk.meets(Defect::CanceledWithoutAskingNode));
        let at_once = if unasked { possible } else { possible.min(unreleased) };
        if at_once > 0 {
            cancel_units(process, line_id, at_once);
            direct.push(LineQuantity { line_id: line_id.clone(), quantity: at_once });
        }
        let rest = possible - at_once;
        too_late += rest - wish(process, line_id, rest, &mut wishes);
    }
    let wishes: Vec<StopWish> = wishes
        .into_iter()
        .map(|(fulfillment_order_id, lines)| StopWish { fulfillment_order_id, lines, stopped: None })
        .collect();
    let status = status(&wishes, !direct.is_empty(), too_late);
    CancellationState {
        answer: Cancellation {
            order_number: request.order_number.clone(),
            cancellation_id: request.cancellation_id.clone(),
            status,
            canceled: direct.clone(),
        },
        request,
        chain: desk.context.chain.clone(),
        status,
        direct,
        wishes,
        too_late,
        released: None,
    }
}

/// Asks nodes for units of a line, the last node first; says how many units could be asked for.
fn wish(
    process: &OrderProcess,
    line_id: &LineId,
    quantity: u32,
    wishes: &mut BTreeMap<FulfillmentOrderId, Vec<ItemQuantity>>,
) -> u32 {
    let mut rest = quantity;
    for (id, fulfillment) in process.fulfillments.iter().rev() {
        let Some(line) = fulfillment.lines.iter().find(|line| line.line_id == *line_id) else { continue };
        let there = process.units_at(id, line_id);
        let units = rest.min(there.saturating_sub(pending_at(process, id, line_id)));
        if units > 0 {
            rest -= units;
            let item = ItemQuantity { line_id: line_id.clone(), sku: line.sku.clone(), quantity: units };
            wishes.entry(id.clone()).or_default().push(item);
        }
    }
    quantity - rest
}

/// Units of a line that a node was asked to stop and has not answered.
pub(super) fn pending_at(
    process: &OrderProcess,
    fulfillment_order: &FulfillmentOrderId,
    line_id: &LineId,
) -> u32 {
    process
        .cancellations
        .iter()
        .flat_map(|cancellation| &cancellation.wishes)
        .filter(|wish| wish.stopped.is_none() && wish.fulfillment_order_id == *fulfillment_order)
        .flat_map(|wish| &wish.lines)
        .filter(|line| line.line_id == *line_id)
        .map(|line| line.quantity)
        .sum()
}

fn cancel_units(process: &mut OrderProcess, line_id: &LineId, quantity: u32) {
    process.counts.entry(line_id.clone()).or_default().canceled += quantity;
}

fn status(wishes: &[StopWish], any_direct: bool, too_late: u32) -> CancellationStatus {
    if wishes.iter().any(|wish| wish.stopped.is_none()) {
        return CancellationStatus::Pending;
    }
    let sum = |lines: &[ItemQuantity]| lines.iter().map(|line| line.quantity).sum::<u32>();
    let stopped: u32 = wishes.iter().filter_map(|wish| wish.stopped.as_ref()).map(|lines| sum(lines)).sum();
    let wished: u32 = wishes.iter().map(|wish| sum(&wish.lines)).sum();
    match (any_direct || stopped > 0, too_late > 0 || stopped < wished) {
        (true, false) => CancellationStatus::Canceled,
        (true, true) => CancellationStatus::PartiallyCanceled,
        (false, _) => CancellationStatus::Refused,
    }
}

/// A node said what it stopped. It cannot stop more than it was asked to, nor what it told us has left.
pub(super) fn stopped(
    process: &mut OrderProcess,
    cancellation: &str,
    fulfillment_order: &FulfillmentOrderId,
    told: &[ItemQuantity],
) {
    let Some(wished) = find_wish(process, cancellation, fulfillment_order).map(|wish| wish.lines.clone())
    else {
        return;
    };
    let (mut stopped, mut direct) = (Vec::new(), Vec::new());
    for line in wished {
        let told: u32 =
            told.iter().filter(|told| told.line_id == line.line_id).map(|told| told.quantity).sum();
        let quantity = told.min(line.quantity).min(process.open_units(&line.line_id));
        if quantity > 0 {
            cancel_units(process, &line.line_id, quantity);
            if let Some(fulfillment) = process.fulfillments.get_mut(fulfillment_order) {
                *fulfillment.stopped.entry(line.line_id.clone()).or_default() += quantity;
            }
            stopped.push(ItemQuantity { quantity, ..line.clone() });
        }
        // What the node had given back before it was asked is nowhere: it is canceled all the same.
        let given_back = (line.quantity - quantity).min(process.units_unsourced(&line.line_id));
        if given_back > 0 {
            cancel_units(process, &line.line_id, given_back);
            direct.push(LineQuantity { line_id: line.line_id.clone(), quantity: given_back });
        }
    }
    let known = process.cancellations.iter_mut().find(|state| state.request.cancellation_id == cancellation);
    if let Some(known) = known {
        known.direct.append(&mut direct);
    }
    if let Some(wish) = find_wish(process, cancellation, fulfillment_order) {
        wish.stopped = Some(stopped);
    }
}

/// A node refused altogether: where the state of its work is the reason, nothing was stopped.
pub(super) fn stop_refused(
    process: &mut OrderProcess,
    cancellation: &str,
    fulfillment_order: &FulfillmentOrderId,
    refusal: &Refusal,
) -> bool {
    let gone = refusal.kind == Some(ProblemKind::IllegalState);
    if gone {
        stopped(process, cancellation, fulfillment_order, &[]);
    }
    gone
}

fn find_wish<'p>(
    process: &'p mut OrderProcess,
    cancellation: &str,
    fulfillment_order: &FulfillmentOrderId,
) -> Option<&'p mut StopWish> {
    process
        .cancellations
        .iter_mut()
        .find(|state| state.request.cancellation_id == cancellation)?
        .wishes
        .iter_mut()
        .find(|wish| wish.fulfillment_order_id == *fulfillment_order)
}

/// Settles cancellations whose nodes have all answered.
pub(super) fn finish(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for index in 0..process.cancellations.len() {
        let Some(cancellation) = process.cancellations.get_mut(index) else { continue };
        let now = status(&cancellation.wishes, !cancellation.direct.is_empty(), cancellation.too_late);
        if now != cancellation.status {
            cancellation.status = now;
            let text = format!("cancellation {} is {}", cancellation.request.cancellation_id, words(now));
            desk.decide(process, text);
        }
    }
}

const fn words(status: CancellationStatus) -> &'static str {
    match status {
        CancellationStatus::Pending => "pending",
        CancellationStatus::Canceled => "done",
        CancellationStatus::PartiallyCanceled => "done in part: some units had gone",
        CancellationStatus::Refused => "refused: all units had gone",
    }
}

/// Tells nodes to stop units once they have their orders, and the ERP what is certainly canceled.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for cancellation in process.cancellations.clone() {
        for wish in cancellation.wishes.iter().filter(|wish| wish.stopped.is_none()) {
            stop(process, &cancellation, wish, desk);
        }
        if cancellation.status != CancellationStatus::Pending {
            unbook(process, &cancellation, desk);
        }
    }
}

fn stop(process: &mut OrderProcess, cancellation: &CancellationState, wish: &StopWish, desk: &mut Desk<'_>) {
    let fulfillment_order = wish.fulfillment_order_id.clone();
    if !process.done(&Intent::Fulfill { fulfillment_order: fulfillment_order.clone() }) {
        return;
    }
    let mut lines = wish.lines.clone();
    for line in &mut lines {
        let there = process.units_at(&fulfillment_order, &line.line_id);
        if there > line.quantity && desk.meets(Defect::WholeConsignmentStopped) {
            line.quantity = there;
        }
    }
    let body = FulfillmentCancellation {
        order_number: process.order.order_number.clone(),
        cancellation_id: cancellation.request.cancellation_id.clone(),
        lines,
    };
    let call = PartnerCall::new(wms::CANCEL_FULFILLMENT, &[fulfillment_order.as_str()], &body);
    let intent =
        Intent::Stop { cancellation: cancellation.request.cancellation_id.clone(), fulfillment_order };
    desk.ask(process, intent, &cancellation.chain, call);
}

fn unbook(process: &mut OrderProcess, cancellation: &CancellationState, desk: &mut Desk<'_>) {
    let lines = reservation::by_line(cancellation);
    let Some(document) = process.erp_document.clone() else { return };
    if lines.is_empty() || !process.done(&Intent::Book) || desk.meets(Defect::CancellationNotBooked) {
        return;
    }
    let body = SalesOrderCancellation {
        order_number: process.order.order_number.clone(),
        cancellation_id: cancellation.request.cancellation_id.clone(),
        lines,
        reason: cancellation.request.reason.clone(),
    };
    let call = PartnerCall::new(erp::CANCEL_SALES_ORDER_LINES, &[document.as_str()], &body);
    let intent = Intent::Unbook { cancellation: cancellation.request.cancellation_id.clone() };
    desk.ask(process, intent, &cancellation.chain, call);
}
