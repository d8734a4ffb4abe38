//! Return authorizations: who may return what, and who has to know.

use std::{collections::BTreeMap, time::Duration};

use counterproof_contracts::{
    model::{
        LabelRequest, LineId, ReceiptId, Resolution, ReturnAuthorization, ReturnMethod, ReturnRequest, RmaId,
        TrackingNumber,
    },
    protocol::{Problem, ProblemKind, carrier, erp, wms},
};
use serde_json::Value;

use super::{
    adjustment, advance_refund,
    desk::{Deadline, Desk, Due},
    eligibility::{self, Right},
    exchange, gift_card, ids, refund,
    state::{OrderProcess, ReturnState},
    task::{Intent, PartnerCall},
    undelivered, view,
};
use crate::defects::Defect;

/// Takes a wish to return something. The same wish again is answered the same.
pub(super) fn request(
    process: &mut OrderProcess,
    request: ReturnRequest,
    desk: &mut Desk<'_>,
) -> Result<Value, Problem> {
    if let Some(known) = known_request(process, &request)? {
        return Ok(answer(process, known, desk));
    }
    let units = check(process, &request, desk)?;
    gift_card::check_return(process, &units, request.method)?;
    let advance = advance_refund::grant(process, &request, &units, desk);
    let state = ReturnState {
        rma_id: ids::rma(&process.order.order_number, process.returns.len() + 1),
        chain: desk.context.chain.clone(),
        method: request.method,
        resolution: request.resolution,
        gift_recipient_ref: request.gift_recipient_ref.clone(),
        lines: request.lines.clone(),
        expires_at: if request.method == ReturnMethod::KeepItem {
            desk.context.now
        } else {
            eligibility::authorization_end(desk.context)
        },
        tracking_number: None,
        received: BTreeMap::new(),
        graded: BTreeMap::new(),
        request: Some(request),
        canceled: None,
        advance,
    };
    if state.method == ReturnMethod::KeepItem {
        adjustment::keep(process, &state, &units, desk)?;
        gift_card::disable(process, &units, desk);
    }
    desk.note(process, format!("return {} approved", state.rma_id));
    let asked = state.request.as_ref().and_then(|request| request.exchange.clone());
    exchange::open(process, &state.rma_id, asked.as_ref(), &state.lines, desk);
    let answer = answer(process, &state, desk);
    let (rma_id, chain) = (state.rma_id.clone(), state.chain.clone());
    remind_of_end(process, &state, desk);
    process.returns.push(state);
    if advance_refund::pay(process, &rma_id, desk) {
        return Ok(answer);
    }
    if desk.meets(Defect::RefundOnRequest) {
        let worth = exchange::worth(process, &units, |_| 0);
        refund::give_back(process, &rma_id, &ReceiptId::new(rma_id.as_str()), worth, &chain, desk);
    }
    Ok(answer)
}

/// An authorization as it was when it was given.
fn answer(process: &OrderProcess, state: &ReturnState, desk: &Desk<'_>) -> Value {
    serde_json::to_value(approved(process, state, desk)).unwrap_or_default()
}

fn approved(process: &OrderProcess, state: &ReturnState, desk: &Desk<'_>) -> ReturnAuthorization {
    let untouched = ReturnState {
        tracking_number: None,
        canceled: None,
        received: BTreeMap::new(),
        graded: BTreeMap::new(),
        ..state.clone()
    };
    view::authorization(process, &untouched, desk.context.now.min(state.expires_at))
}

/// Has the order told when nothing may come any more.
fn remind_of_end(process: &OrderProcess, state: &ReturnState, desk: &mut Desk<'_>) {
    let Ok(at) = state.expires_at.checked_add(Duration::from_millis(1)) else { return };
    if state.method != ReturnMethod::KeepItem {
        let (order_number, chain) = (process.order.order_number.clone(), state.chain.clone());
        desk.remind(Deadline { order_number, due: Due::Authorization(state.rma_id.clone()), at, chain });
    }
}

/// The time of a return authorization is over.
pub(super) fn lapsed(process: &mut OrderProcess, rma_id: &RmaId, desk: &mut Desk<'_>) {
    let missing = process.authorization(rma_id).map_or(0, ReturnState::missing);
    if missing > 0 {
        desk.note(process, format!("return {rma_id} lapsed: {missing} units did not come"));
    }
}

fn known_request<'p>(
    process: &'p OrderProcess,
    request: &ReturnRequest,
) -> Result<Option<&'p ReturnState>, Problem> {
    let known = process.returns.iter().find(|known| {
        known.request.as_ref().is_some_and(|asked| asked.return_reference == request.return_reference)
    });
    match known {
        Some(known) if known.request.as_ref() != Some(request) => Err(Problem::new(
            ProblemKind::IllegalState,
            format!("return reference {} was used for another wish", request.return_reference),
        )),
        known => Ok(known),
    }
}

/// Whether a wish can be granted. Gives its units, by line.
fn check(
    process: &OrderProcess,
    request: &ReturnRequest,
    desk: &Desk<'_>,
) -> Result<BTreeMap<LineId, u32>, Problem> {
    if request.method == ReturnMethod::KeepItem
        && (request.resolution == Resolution::Exchange || request.held_receipt_id.is_some())
    {
        return Err(eligibility::not_returnable("/method", "what is exchanged or came already is not kept"));
    }
    eligibility::check_recipient(&process.order, request.gift_recipient_ref.as_ref(), request.resolution)?;
    // A clerk who assigns goods that are held decided that they may come back.
    let by_clerk = request.held_receipt_id.is_some();
    let is_claim = request.method == ReturnMethod::Lost;
    let right = eligibility::right_of(process, request.exchange.as_ref(), &request.lines);
    let by_right = by_clerk || is_claim || right != Right::Window;
    let units = eligibility::lines_of(&process.order, &request.lines, by_right)?;
    if is_claim {
        undelivered::check_claim(process, request, &units, desk)?;
    }
    for (line, quantity) in &units {
        let expected = process.expected_back(line, desk.context.now);
        let free = eligibility::with_customer(process, line).saturating_sub(expected);
        if *quantity > free {
            return Err(eligibility::not_returnable(
                "/lines",
                format!("{quantity} units of line {line}, {free} may be returned"),
            ));
        }
        if !by_clerk && !is_claim {
            eligibility::in_window(process, line, expected, *quantity, right, desk.context)?;
        }
    }
    let expected = |line: &LineId| process.expected_back(line, desk.context.now);
    exchange::check(process, request.resolution, request.exchange.as_ref(), &units, expected)?;
    Ok(units)
}

/// The carrier issued the return label.
pub(super) fn labeled(process: &mut OrderProcess, rma: &RmaId, tracking_number: TrackingNumber) {
    if let Some(state) = process.returns.iter_mut().find(|state| state.rma_id == *rma) {
        state.tracking_number = Some(tracking_number);
    }
}

/// Tells the ERP of each authorization, except of a loss that nobody had claimed; for goods that come by mail, buys a label and tells the dock.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for state in process.returns.clone() {
        if state.method == ReturnMethod::Lost && state.request.is_none() {
            continue;
        }
        let rma = state.rma_id.clone();
        let body = approved(process, &state, desk);
        let call = PartnerCall::new(erp::CREATE_RETURN_AUTHORIZATION, &[], &body);
        desk.ask(process, Intent::AuthorizeReturn { rma }, &state.chain, call);
        if state.method == ReturnMethod::Mail && state.request.is_some() {
            by_mail(process, &state, body, desk);
        }
    }
}

fn by_mail(process: &mut OrderProcess, state: &ReturnState, body: ReturnAuthorization, desk: &mut Desk<'_>) {
    let rma = state.rma_id.clone();
    if state.canceled.is_some() {
        return;
    }
    if body.held_receipt_id.is_some() {
        let call = PartnerCall::new(wms::CREATE_RETURN_NOTICE, &[], &body);
        desk.ask(process, Intent::NoticeReturn { rma }, &state.chain, call);
        return;
    }
    let Some(node_id) = process
        .shipments
        .values()
        .find(|parcel| parcel.shipped.is_some() && parcel.card.is_none())
        .map(|parcel| parcel.node_id.clone())
    else {
        return;
    };
    let label = LabelRequest {
        order_number: process.order.order_number.clone(),
        parcel_ref: rma.to_string(),
        node_id,
        address: process.order.ship_to.clone(),
    };
    let call = PartnerCall::new(carrier::CREATE_RETURN_LABEL, &[], &label);
    desk.ask(process, Intent::ReturnLabel { rma: rma.clone() }, &state.chain, call);
    if let Some(tracking_number) = state.tracking_number.clone() {
        let notice =
            ReturnAuthorization { tracking_number: Some(tracking_number), advance_refund: None, ..body };
        let call = PartnerCall::new(wms::CREATE_RETURN_NOTICE, &[], &notice);
        desk.ask(process, Intent::NoticeReturn { rma }, &state.chain, call);
    }
}
