//! Returns that do not go as planned: goods that nobody may take back wait at the dock for a clerk, goods that an
//! inspector rejects go to the customer again, and a customer may keep what was announced.
//!
//! Nothing of this gives money back. A clerk who finds where held goods belong asks for a return that names them.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        FoundItem, HeldGoods, HoldReason, ItemQuantity, LabelRequest, LineId, ReceiptId, ReturnCancellation,
        ReturnLine, ReturnReceipt, ReturnRejection, System, TrackingNumber,
    },
    protocol::{Problem, ProblemKind, carrier, erp, wms},
};
use serde_json::Value;

use super::{
    desk::Desk,
    eligibility,
    state::{HoldState, OrderProcess, RejectionState, ReturnState},
    task::{Intent, PartnerCall},
    view,
};
use crate::defects::Defect;

/// What may be taken back of a receipt, and what may not.
pub(super) struct Sorted {
    /// Taken back.
    pub(super) accepted: Vec<ReturnLine>,
    /// Waits for a clerk.
    held: Vec<FoundItem>,
    reason: HoldReason,
}

/// Sorts what came to a dock. `belongs_to`: the authorization; without one, goods that nobody announced.
pub(super) fn sort_out(
    process: &OrderProcess,
    told: &ReturnReceipt,
    belongs_to: Option<&ReturnState>,
    desk: &Desk<'_>,
) -> Sorted {
    sort_by(
        told,
        |line| free_units(process, line, belongs_to, desk),
        |line| reason(process, line, belongs_to, desk),
    )
}

/// Sorts what came by how many units of a line may be taken back, and why no more.
pub(super) fn sort_by(
    told: &ReturnReceipt,
    free_units: impl Fn(&ReturnLine) -> u32,
    reason: impl Fn(&ReturnLine) -> HoldReason,
) -> Sorted {
    let mut sorted =
        Sorted { accepted: Vec::new(), held: told.unexpected.clone(), reason: HoldReason::WrongItem };
    let mut taken: BTreeMap<LineId, u32> = BTreeMap::new();
    for line in told.lines.iter().filter(|line| line.quantity > 0) {
        let used = taken.entry(line.line_id.clone()).or_default();
        let free = free_units(line).saturating_sub(*used);
        let units = line.quantity.min(free);
        *used += units;
        if units > 0 {
            sorted.accepted.push(ReturnLine { quantity: units, ..line.clone() });
        }
        if units < line.quantity {
            sorted.reason = reason(line);
            sorted.held.push(FoundItem {
                line_id: Some(line.line_id.clone()),
                sku: line.sku.clone(),
                quantity: line.quantity - units,
            });
        }
    }
    sorted
}

/// Units of a line that may be taken back now.
fn free_units(
    process: &OrderProcess,
    line: &ReturnLine,
    belongs_to: Option<&ReturnState>,
    desk: &Desk<'_>,
) -> u32 {
    let with_customer = eligibility::with_customer(process, &line.line_id);
    match belongs_to {
        Some(state) if !state.is_open(desk.context.now) && desk.meets(Defect::LapsedReturnAccepted) => {
            with_customer
        }
        Some(state) => {
            let announced = state.open_units(&line.line_id, desk.context.now);
            let excess = state.is_open(desk.context.now) && announced < line.quantity;
            if excess && desk.meets(Defect::OverReceiptAccepted) {
                line.quantity
            } else {
                with_customer.min(announced)
            }
        }
        None if eligibility::may_come_back(process, line) => with_customer,
        None => 0,
    }
}

fn reason(
    process: &OrderProcess,
    line: &ReturnLine,
    belongs_to: Option<&ReturnState>,
    desk: &Desk<'_>,
) -> HoldReason {
    let closed = belongs_to.is_some_and(|state| !state.is_open(desk.context.now));
    if closed || (belongs_to.is_none() && !eligibility::may_come_back(process, line)) {
        HoldReason::NotAuthorized
    } else {
        HoldReason::OverReceipt
    }
}

impl Sorted {
    /// Lets what may not be taken back wait for a clerk. Says whether there is any.
    pub(super) fn hold(self, process: &mut OrderProcess, told: &ReturnReceipt, desk: &mut Desk<'_>) {
        if self.held.is_empty() {
            return;
        }
        let units: u32 = self.held.iter().map(|found| found.quantity).sum();
        let goods = HeldGoods {
            receipt_id: told.receipt_id.clone(),
            order_number: process.order.order_number.clone(),
            node_id: told.node_id.clone(),
            lines: self.held,
            reason: self.reason,
        };
        let why = words(self.reason);
        desk.alert(
            process,
            System::Wms,
            format!("receipt {}", told.receipt_id),
            format!("{units} units wait at {}: {why}", told.node_id),
        );
        process.holds.push(HoldState { goods, chain: desk.context.chain.clone() });
    }
}

const fn words(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::NotAuthorized => "nobody may take them back",
        HoldReason::OverReceipt => "more came than may come back",
        HoldReason::WrongItem => "the order does not have them",
        HoldReason::NoOrder => "nobody knows to which order they belong",
    }
}

/// Whether a receipt was told before, whatever became of its goods.
pub(super) fn is_known(process: &OrderProcess, receipt: &ReceiptId) -> bool {
    process.holds.iter().any(|hold| hold.goods.receipt_id == *receipt)
}

/// An inspector rejected units: they go to the customer again.
pub(super) fn reject(
    process: &mut OrderProcess,
    receipt: &ReceiptId,
    lines: Vec<ItemQuantity>,
    desk: &mut Desk<'_>,
) {
    if lines.is_empty() {
        return;
    }
    let node_id = process.receipts.iter().find(|known| known.receipt.receipt_id == *receipt);
    let Some(node_id) = node_id.map(|known| known.receipt.node_id.clone()) else { return };
    desk.decide(process, format!("goods of {receipt} are not taken back"));
    let rejection = ReturnRejection {
        receipt_id: receipt.clone(),
        order_number: process.order.order_number.clone(),
        node_id,
        lines,
        tracking_number: None,
    };
    process.rejections.push(RejectionState { rejection, chain: desk.context.chain.clone() });
}

/// The carrier issued the label with which rejected goods travel.
pub(super) fn labeled(process: &mut OrderProcess, receipt: &ReceiptId, tracking_number: TrackingNumber) {
    let found = process.rejections.iter_mut().find(|known| known.rejection.receipt_id == *receipt);
    if let Some(state) = found {
        state.rejection.tracking_number = Some(tracking_number);
    }
}

/// A customer takes a return back. The same wish again is answered the same.
pub(super) fn cancel(
    process: &mut OrderProcess,
    wish: &ReturnCancellation,
    desk: &mut Desk<'_>,
) -> Result<Value, Problem> {
    let now = desk.context.now;
    let missing = || Problem::new(ProblemKind::NotFound, format!("no return {}", wish.rma_id));
    let known = process.returns.iter_mut().find(|state| state.rma_id == wish.rma_id).ok_or_else(missing)?;
    if known.canceled.is_none() {
        if !known.is_open(now) || known.received.values().any(|units| *units > 0) {
            let detail = format!("return {} cannot be taken back any more", wish.rma_id);
            return Err(Problem::new(ProblemKind::IllegalState, detail));
        }
        known.canceled = Some(wish.clone());
        desk.note(process, format!("return {} taken back by the customer", wish.rma_id));
    }
    let state = process.authorization(&wish.rma_id).ok_or_else(missing)?;
    let answer = view::authorization(process, state, now);
    Ok(serde_json::to_value(answer).unwrap_or_default())
}

/// Tells docks what to hold and what to send, and everybody what does not come.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for HoldState { goods, chain } in process.holds.clone() {
        let intent = Intent::HoldGoods { receipt: goods.receipt_id.clone() };
        let call = PartnerCall::new(wms::HOLD_RETURNED_GOODS, &[goods.receipt_id.as_str()], &goods);
        desk.ask(process, intent, &chain, call);
    }
    for state in process.rejections.clone() {
        send_back(process, &state, desk);
    }
    for state in process.returns.clone() {
        if let Some(wish) = &state.canceled {
            call_off(process, &state, wish, desk);
        }
    }
}

fn send_back(process: &mut OrderProcess, state: &RejectionState, desk: &mut Desk<'_>) {
    let RejectionState { rejection, chain } = state;
    let receipt = rejection.receipt_id.clone();
    if process.done(&Intent::BookReceipt { receipt: receipt.clone() }) {
        let intent = Intent::BookRejection { receipt: receipt.clone() };
        let booked = ReturnRejection { tracking_number: None, ..rejection.clone() };
        let call = PartnerCall::new(erp::POST_RETURN_REJECTION, &[receipt.as_str()], &booked);
        desk.ask(process, intent, chain, call);
    }
    let label = LabelRequest {
        order_number: rejection.order_number.clone(),
        parcel_ref: format!("back-{receipt}"),
        node_id: rejection.node_id.clone(),
        address: process.order.ship_to.clone(),
    };
    let call = PartnerCall::new(carrier::CREATE_LABEL, &[], &label);
    desk.ask(process, Intent::LabelRejected { receipt: receipt.clone() }, chain, call);
    if rejection.tracking_number.is_some() {
        let call = PartnerCall::new(wms::SEND_BACK_RETURNED_GOODS, &[receipt.as_str()], rejection);
        desk.ask(process, Intent::SendBack { receipt }, chain, call);
    }
}

/// Whoever was told that the goods will come is told that they will not.
fn call_off(process: &mut OrderProcess, state: &ReturnState, wish: &ReturnCancellation, desk: &mut Desk<'_>) {
    let rma = state.rma_id.clone();
    if process.done(&Intent::AuthorizeReturn { rma: rma.clone() }) {
        let call = PartnerCall::new(erp::CANCEL_RETURN_AUTHORIZATION, &[rma.as_str()], wish);
        desk.ask(process, Intent::CancelReturn { rma: rma.clone() }, &state.chain, call);
    }
    if process.done(&Intent::NoticeReturn { rma: rma.clone() }) {
        let call = PartnerCall::new(wms::CANCEL_RETURN_NOTICE, &[rma.as_str()], wish);
        desk.ask(process, Intent::CancelNotice { rma }, &state.chain, call);
    }
}
