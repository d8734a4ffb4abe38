//! Refunds that are given before goods come, to customers who ask for them and accept to be charged again: what goods
//! that come and are accepted are worth is earned; the rest is charged again once the goods are waited for no longer, or
//! written off where it cannot be.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        LineId, Money, ReceiptId, RechargeRequest, RefundId, RefundStatus, Resolution, ReturnMethod,
        ReturnRequest, RmaId, System, TenderKind, Timestamp, WriteOff, WriteOffKind,
    },
    policy::Policy,
    protocol::{ProblemKind, erp, psp},
};
use jiff::SignedDuration;

use super::{
    answer::Refusal,
    clawback,
    desk::{Deadline, Desk, Due},
    exchange, ids, refund,
    state::{
        AdvanceState, Chain, Claim, OrderProcess, RefundMeans, RefundState, ReturnState, Taking,
        TakingOutcome,
    },
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// What is given back before the units of a request come; nothing where nobody asked for it or the policy does not allow it.
pub(super) fn grant(
    process: &mut OrderProcess,
    request: &ReturnRequest,
    units: &BTreeMap<LineId, u32>,
    desk: &mut Desk<'_>,
) -> Option<AdvanceState> {
    if !request.instant_refund || !is_eligible(process, request) {
        return None;
    }
    let (now, policy) = (desk.context.now, desk.context.policy);
    let worth = exchange::worth(process, units, |line| process.expected_back(line, now));
    let amount = worth - retained(process, units, worth, policy);
    let before: i64 =
        process.returns.iter().filter_map(|state| state.advance.as_ref()).map(|known| known.amount).sum();
    let allowed = before + amount <= policy.advance_refund.up_to(process.order.currency);
    if amount <= 0 || !allowed || amount > refund::left(process) {
        let money = Money::new(amount, process.order.currency);
        desk.decide(process, format!("{money} is not given back before the goods come"));
        return None;
    }
    let days = SignedDuration::from_hours(24 * i64::from(policy.advance_refund.within_days));
    Some(AdvanceState {
        amount,
        return_by: now.checked_add(days).unwrap_or(Timestamp::MAX),
        earned: 0,
        due: false,
        takings: None,
        waiting: Vec::new(),
    })
}

/// Goods by mail of an order that cards paid, in the retailer's currency, and that nobody disputes.
fn is_eligible(process: &OrderProcess, request: &ReturnRequest) -> bool {
    request.method == ReturnMethod::Mail
        && request.resolution == Resolution::Refund
        && request.held_receipt_id.is_none()
        && request.gift_recipient_ref.is_none()
        && process.order.tenders.iter().all(|tender| tender.kind == TenderKind::Card)
        && process.order.settlement.is_none()
        && process.disputes.is_empty()
}

/// What would be kept of a refund if these units were back.
fn retained(process: &OrderProcess, units: &BTreeMap<LineId, u32>, worth: i64, policy: &Policy) -> i64 {
    if process.order.promotions.is_empty() {
        return 0;
    }
    let mut after = process.clone();
    for (line, quantity) in units {
        after.counts.entry(line.clone()).or_default().returned += quantity;
    }
    let value = counterproof_contracts::allocation::Value { gross: worth, tax: 0 };
    clawback::retained(&after, value, policy).max(0)
}

/// Pays what was granted, and has the order told when the time for the goods is over. Whether anything was.
pub(super) fn pay(process: &mut OrderProcess, rma_id: &RmaId, desk: &mut Desk<'_>) -> bool {
    let Some(state) = process.authorization(rma_id) else { return false };
    let Some(advance) = &state.advance else { return false };
    let (amount, at, chain) = (advance.amount, advance.return_by, state.chain.clone());
    let order_number = process.order.order_number.clone();
    desk.remind(Deadline { order_number, due: Due::Return(rma_id.clone()), at, chain: chain.clone() });
    refund::give_back(process, rma_id, &cause(rma_id), amount, &chain, desk);
    true
}

/// Refunds before goods come name the return where others name a receipt.
fn cause(rma_id: &RmaId) -> ReceiptId {
    ReceiptId::new(rma_id.as_str())
}

/// The time for a return's goods is over.
pub(super) fn due(process: &mut OrderProcess, rma_id: &RmaId, desk: &mut Desk<'_>) {
    let open = |advance: &&mut AdvanceState| advance.takings.is_none() && !advance.due;
    if let Some(advance) = advance_mut(process, rma_id).filter(open) {
        advance.due = true;
        desk.note(process, format!("the time for the goods of return {rma_id} is over"));
    }
}

/// Pays what graded goods of a receipt are worth, less what was paid for them before they came. Where nobody knows yet
/// whether that was taken back, it waits.
pub(super) fn settle(
    process: &mut OrderProcess,
    rma_id: &RmaId,
    receipt: &ReceiptId,
    worth: i64,
    desk: &mut Desk<'_>,
) {
    let is_open = |advance: &AdvanceState| advance.takings.iter().flatten().any(is_open);
    if let Some(advance) = advance_mut(process, rma_id).filter(|advance| is_open(advance)) {
        advance.waiting.push((receipt.clone(), worth));
        return desk.decide(process, format!("the refund of {receipt} waits for the charge of {rma_id}"));
    }
    let before = earn(process, rma_id, receipt, worth, desk);
    refund::decide(process, receipt, worth - before, desk);
}

/// What goods were paid before they came; from now on they have earned it.
fn earn(
    process: &mut OrderProcess,
    rma_id: &RmaId,
    receipt: &ReceiptId,
    worth: i64,
    desk: &mut Desk<'_>,
) -> i64 {
    let refunded =
        |state: &ReturnState| state.resolution == Resolution::Refund && state.gift_recipient_ref.is_none();
    if !process.authorization(rma_id).is_some_and(refunded) {
        return 0;
    }
    let mut rest = worth.max(0);
    let mut before = 0;
    if let Some(advance) = advance_mut(process, rma_id).filter(|advance| advance.takings.is_none()) {
        let earned = rest.min(advance.amount - advance.earned);
        if earned > 0 && !desk.meets(Defect::RechargedAlthoughReturned) {
            advance.earned += earned;
        }
        if earned > 0 && desk.meets(Defect::RefundedAgainOnReceipt) {
            return 0;
        }
        before += earned;
        rest -= earned;
    }
    let advances = process.returns.iter_mut().filter_map(|state| state.advance.as_mut());
    for taking in advances.flat_map(|advance| advance.takings.iter_mut().flatten()) {
        let recovered = rest.min(taking.lost());
        if recovered > 0 {
            taking.recovered.push((receipt.clone(), recovered));
            before += recovered;
            rest -= recovered;
        }
    }
    before
}

/// Takes back what was given for goods that are waited for no longer.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let advanced = process.returns.iter().filter(|state| state.advance.is_some());
    let advanced: Vec<RmaId> = advanced.map(|state| state.rma_id.clone()).collect();
    for rma_id in advanced {
        end(process, &rma_id, desk);
        take_back(process, &rma_id, desk);
        pay_what_waits(process, &rma_id, desk);
        write_off(process, &rma_id, desk);
    }
}

/// Decides, once, how much is taken back of which refund.
fn end(process: &mut OrderProcess, rma_id: &RmaId, desk: &mut Desk<'_>) {
    let Some(state) = process.authorization(rma_id) else { return };
    let Some(advance) = state.advance.as_ref().filter(|advance| advance.takings.is_none()) else { return };
    let is_ungraded = process.receipts.iter().any(|known| known.rma_id == *rma_id && known.graded.is_none());
    let over = advance.due || state.canceled.is_some();
    if !state.is_graded() && (!over || is_ungraded) {
        return;
    }
    let mut left = advance.amount - advance.earned;
    if left > 0 && desk.meets(Defect::AdvanceNotRecharged) {
        left = 0;
    }
    let mut takings = Vec::new();
    for known in refunds_of(process, rma_id) {
        let amount = left.min(known.part.amount.amount);
        if amount > 0 {
            left -= amount;
            let refund_id = known.part.refund_id.clone();
            takings.push(Taking { refund_id, amount, outcome: TakingOutcome::Open, recovered: Vec::new() });
        }
    }
    let taken: i64 = takings.iter().map(|taking| taking.amount).sum();
    if taken > 0 {
        let money = Money::new(taken, process.order.currency);
        desk.decide(
            process,
            format!("{money} was given back for goods of return {rma_id} that are not here"),
        );
    }
    if let Some(advance) = advance_mut(process, rma_id) {
        advance.takings = Some(takings);
    }
}

/// The refunds that were decided before the goods of a return came.
fn refunds_of<'p>(process: &'p OrderProcess, rma_id: &RmaId) -> impl Iterator<Item = &'p RefundState> {
    let cause = cause(rma_id);
    process.refunds.iter().filter(move |known| known.receipt_id == cause && known.replaces.is_none())
}

/// Charges the card again, as soon as the customer is known to have the refund.
fn take_back(process: &mut OrderProcess, rma_id: &RmaId, desk: &mut Desk<'_>) {
    for taking in takings(process, rma_id).into_iter().filter(is_open) {
        let known = process.refunds.iter().find(|known| known.part.refund_id == taking.refund_id).cloned();
        let Some(known) = known else { continue };
        let asked = Intent::Refund { refund: taking.refund_id.clone(), attempt: known.attempt };
        let replaced =
            || process.refunds.iter().any(|other| other.replaces.as_ref() == Some(&taking.refund_id));
        match known.status {
            RefundStatus::Succeeded => charge(process, rma_id, &known, taking.amount, desk),
            // What failed is owed: it is tried again, and then charged.
            RefundStatus::Requested if known.attempt == 1 && process.unasked(&asked) => {
                do_not_pay(process, &taking, desk);
                conclude(process, &taking.refund_id, TakingOutcome::NotPaid);
            }
            // The customer has store credit instead, which no card pays back; where a person decides, nothing was paid.
            RefundStatus::Failed if replaced() => {
                conclude(process, &taking.refund_id, TakingOutcome::WrittenOff);
                tell(process, &taking, "it had become store credit", desk);
            }
            RefundStatus::Failed | RefundStatus::Canceled => {
                conclude(process, &taking.refund_id, TakingOutcome::NotPaid);
            }
            RefundStatus::Requested | RefundStatus::Pending => {}
        }
    }
}

fn charge(process: &mut OrderProcess, rma_id: &RmaId, known: &RefundState, amount: i64, desk: &mut Desk<'_>) {
    let Some(tender_id) = known.part.tender_id.clone() else { return };
    let refund_id = known.part.refund_id.clone();
    let request = RechargeRequest {
        recharge_id: ids::recharge(&refund_id, known.attempt),
        order_number: process.order.order_number.clone(),
        tender_id,
        refund_id: refund_id.clone(),
        amount: Money { amount, ..known.part.amount },
        cause: rma_id.to_string(),
    };
    let call = PartnerCall::new(psp::RECHARGE_PAYMENT, &[], &request);
    desk.ask(process, Intent::Recharge { refund: refund_id, attempt: known.attempt }, &known.chain, call);
}

/// A refund that nobody asked the payment provider for yet is not paid, or only the rest of it.
fn do_not_pay(process: &mut OrderProcess, taking: &Taking, desk: &mut Desk<'_>) {
    let Some(known) = process.refunds.iter_mut().find(|known| known.part.refund_id == taking.refund_id)
    else {
        return;
    };
    if known.part.amount.amount > taking.amount {
        known.part.amount.amount -= taking.amount;
    } else {
        known.status = RefundStatus::Canceled;
    }
    let claims = claim_of(known, taking.amount);
    refund::unclaim(process, &claims);
    desk.decide(process, format!("refund {} is not paid for what is not here", taking.refund_id));
}

/// The part of a parcel's money that a refund gave back.
fn claim_of(known: &RefundState, amount: i64) -> Vec<Claim> {
    match (&known.means, &known.part.tender_id) {
        (RefundMeans::Card { shipment }, Some(tender_id)) => {
            vec![Claim { shipment: shipment.clone(), tender_id: tender_id.clone(), amount }]
        }
        _ => Vec::new(),
    }
}

/// The card was charged again: the retailer has the money, and may give it back once more.
pub(super) fn recharged(process: &mut OrderProcess, refund_id: &RefundId, desk: &mut Desk<'_>) {
    let Some(amount) = conclude(process, refund_id, TakingOutcome::Recharged) else { return };
    let known = process.refunds.iter().find(|known| known.part.refund_id == *refund_id);
    let claims = known.map(|known| claim_of(known, amount)).unwrap_or_default();
    refund::unclaim(process, &claims);
    let money = Money::new(amount, process.order.currency);
    desk.decide(process, format!("{money} of refund {refund_id} was charged again"));
}

/// The payment provider refused to charge a card again. Says whether the order can live with it.
pub(super) fn declined(
    process: &mut OrderProcess,
    refund_id: &RefundId,
    refusal: &Refusal,
    desk: &mut Desk<'_>,
) -> bool {
    match refusal.kind {
        Some(ProblemKind::PaymentDeclined) => {
            let all = process.returns.iter().filter_map(|state| state.advance.as_ref());
            let own = all.flat_map(|advance| advance.takings.iter().flatten());
            let own = own.filter(|taking| taking.refund_id == *refund_id && is_open(taking));
            for taking in own.cloned().collect::<Vec<_>>() {
                conclude(process, refund_id, TakingOutcome::WrittenOff);
                tell(process, &taking, "the card was declined", desk);
            }
            true
        }
        // The refund failed after it had arrived: word of that is on its way.
        Some(ProblemKind::IllegalState) => true,
        _ => false,
    }
}

/// Tells customer service what the retailer gives up.
fn tell(process: &mut OrderProcess, taking: &Taking, why: &str, desk: &mut Desk<'_>) {
    let money = Money::new(taking.amount, process.order.currency);
    let reason = format!("{money} cannot be charged again for goods that are not here: {why}");
    desk.alert(process, System::Psp, format!("refund {}", taking.refund_id), reason);
}

/// Says what became of what is taken back, once. Gives its amount.
fn conclude(process: &mut OrderProcess, refund_id: &RefundId, outcome: TakingOutcome) -> Option<i64> {
    let advances = process.returns.iter_mut().filter_map(|state| state.advance.as_mut());
    let mut takings = advances.flat_map(|advance| advance.takings.iter_mut().flatten());
    let taking = takings.find(|taking| taking.refund_id == *refund_id && is_open(taking))?;
    taking.outcome = outcome;
    Some(taking.amount)
}

/// Goods that were graded meanwhile are paid once it is known whether the money for them was taken back.
fn pay_what_waits(process: &mut OrderProcess, rma_id: &RmaId, desk: &mut Desk<'_>) {
    if takings(process, rma_id).iter().any(is_open) {
        return;
    }
    let waiting = advance_mut(process, rma_id).map(|advance| std::mem::take(&mut advance.waiting));
    for (receipt, worth) in waiting.unwrap_or_default() {
        let before = earn(process, rma_id, &receipt, worth, desk);
        refund::decide(process, &receipt, worth - before, desk);
    }
}

/// Posts what was given up, and then what goods paid of it that came after all.
fn write_off(process: &mut OrderProcess, rma_id: &RmaId, desk: &mut Desk<'_>) {
    let Some(chain) = process.authorization(rma_id).map(|state| state.chain.clone()) else { return };
    let given_up = |taking: &Taking| taking.outcome == TakingOutcome::WrittenOff;
    for taking in takings(process, rma_id).into_iter().filter(given_up) {
        if desk.meets(Defect::WriteOffNotPosted) {
            continue;
        }
        let id = ids::refund_write_off(&taking.refund_id);
        let about = (WriteOffKind::WrittenOff, rma_id.to_string(), taking.amount);
        if !post(process, &taking.refund_id, id, about, &chain, desk) {
            continue;
        }
        for (receipt, amount) in &taking.recovered {
            let id = ids::recovery(&taking.refund_id, receipt);
            let about = (WriteOffKind::Recovered, receipt.to_string(), *amount);
            post(process, &taking.refund_id, id, about, &chain, desk);
        }
    }
}

/// Asks the ERP to post, once. Whether it did.
fn post(
    process: &mut OrderProcess,
    refund_id: &RefundId,
    write_off_id: String,
    (kind, cause, amount): (WriteOffKind, String, i64),
    chain: &Chain,
    desk: &mut Desk<'_>,
) -> bool {
    let intent = Intent::WriteOffRefund { write_off: write_off_id.clone() };
    let document = WriteOff {
        write_off_id,
        order_number: process.order.order_number.clone(),
        refund_id: refund_id.clone(),
        kind,
        amount: Money::new(amount, process.order.currency),
        cause,
    };
    let call = PartnerCall::new(erp::POST_WRITE_OFF, &[], &document);
    desk.ask(process, intent.clone(), chain, call);
    process.done(&intent)
}

fn takings(process: &OrderProcess, rma_id: &RmaId) -> Vec<Taking> {
    let advance = process.authorization(rma_id).and_then(|state| state.advance.as_ref());
    advance.and_then(|advance| advance.takings.clone()).unwrap_or_default()
}

fn advance_mut<'p>(process: &'p mut OrderProcess, rma_id: &RmaId) -> Option<&'p mut AdvanceState> {
    let state = process.returns.iter_mut().find(|state| state.rma_id == *rma_id)?;
    state.advance.as_mut()
}

fn is_open(taking: &Taking) -> bool {
    taking.outcome == TakingOutcome::Open
}
