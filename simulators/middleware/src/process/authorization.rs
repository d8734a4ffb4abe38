//! Authorizations of cards: asked for, lapsed, and asked for again as far as money is needed still.
//!
//! A card has one authorization at a time. When it lapses, or when captures from it keep failing, the next one covers
//! what has left unpaid and what may leave still; where the card declines it, what has not left is canceled.

use counterproof_contracts::{
    model::{
        Authorization, AuthorizationId, AuthorizationRequest, Money, Tender, TenderId, TenderKind,
        VoidRequest,
    },
    protocol::{CancellationRequest, ProblemKind, psp},
};

use super::{
    answer::Refusal,
    cancellation, capture,
    desk::Desk,
    payment,
    state::{Chain, Holding, OrderProcess, TaskStatus},
    task::{Intent, PartnerCall},
};

/// Asks for a card's authorization in its present round, once.
pub(super) fn ask(
    process: &mut OrderProcess,
    tender: &Tender,
    amount: i64,
    chain: &Chain,
    desk: &mut Desk<'_>,
) {
    let round = round(process, &tender.tender_id);
    let request = AuthorizationRequest {
        order_number: process.order.order_number.clone(),
        tender_id: tender.tender_id.clone(),
        amount: Money::new(amount, process.order.currency),
        payment_token: tender.payment_token.clone().unwrap_or_default(),
        settlement: process.order.settlement,
    };
    let call = PartnerCall::new(psp::AUTHORIZE_PAYMENT, &[], &request);
    desk.ask(process, Intent::Authorize { tender: tender.tender_id.clone(), round }, chain, call);
}

fn round(process: &OrderProcess, tender: &TenderId) -> u32 {
    process.cards.get(tender).map_or(0, |card| card.round)
}

/// The payment provider holds a card's amount. Word that it lapsed may have come before.
pub(super) fn held(process: &mut OrderProcess, tender: &TenderId, told: Authorization, desk: &mut Desk<'_>) {
    let id = told.authorization_id;
    let card = process.cards.entry(tender.clone()).or_default();
    let new = card.authorizations.insert(id.clone());
    card.amounts.insert(id.clone(), told.amount.amount);
    let lapsed = new && process.lapsed.contains(&id);
    process.tenders.insert(tender.clone(), Holding::Held { authorization_id: Some(id) });
    if lapsed {
        lapse(process, tender, desk);
    }
}

/// The payment provider told that an authorization lapsed.
pub(super) fn expired(
    process: &mut OrderProcess,
    told: &Authorization,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    let is_card = |tender: &&Tender| tender.tender_id == told.tender_id && tender.kind == TenderKind::Card;
    let Some(tender) = process.order.tenders.iter().find(is_card).map(|tender| tender.tender_id.clone())
    else {
        return Err(format!("the order has no card tender {}", told.tender_id));
    };
    if process.lapsed.insert(told.authorization_id.clone())
        && present(process, &tender).is_some_and(|id| *id == told.authorization_id)
    {
        lapse(process, &tender, desk);
    }
    Ok(())
}

/// The authorization that a card holds money with now.
pub(super) fn present<'p>(process: &'p OrderProcess, tender: &TenderId) -> Option<&'p AuthorizationId> {
    match process.tenders.get(tender)? {
        Holding::Held { authorization_id } => authorization_id.as_ref(),
        _ => None,
    }
}

/// A card holds nothing any more.
pub(super) fn lapse(process: &mut OrderProcess, tender: &TenderId, desk: &mut Desk<'_>) {
    desk.note(process, format!("the authorization of {tender} lapsed"));
    next_round(process, tender, false);
}

fn next_round(process: &mut OrderProcess, tender: &TenderId, renewed: bool) {
    let card = process.cards.entry(tender.clone()).or_default();
    card.round = card.round.saturating_add(1);
    card.failures = 0;
    card.renewed = renewed;
    process.tenders.insert(tender.clone(), Holding::Lapsed);
}

/// Captures from a card's authorization keep failing: gives it up and asks for another one. Says whether it may.
pub(super) fn renew(process: &mut OrderProcess, tender: &TenderId, desk: &mut Desk<'_>) -> bool {
    if process.cards.get(tender).is_some_and(|card| card.renewed) {
        return false;
    }
    let chain = desk.context.chain.clone();
    give_up(process, tender, "captures failed", &chain, desk);
    next_round(process, tender, true);
    true
}

/// Gives the present authorization of a card up, for another one.
fn give_up(process: &mut OrderProcess, tender: &TenderId, reason: &str, chain: &Chain, desk: &mut Desk<'_>) {
    if let Some(id) = present(process, tender).cloned() {
        void(process, tender, &id, reason, chain, desk);
    }
    desk.decide(process, format!("asks for another authorization of {tender}"));
}

/// Whether the present authorization of a card holds so much beyond what was asked of it. One that was asked for while a
/// capture from the one before was undecided does not cover that parcel.
pub(super) fn covers(process: &OrderProcess, tender: &TenderId, amount: i64) -> bool {
    let Some(id) = present(process, tender) else { return false };
    let held = process.cards.get(tender).and_then(|card| card.amounts.get(id));
    let asked = process.shares().filter(|(.., share)| share.from.as_ref() == Some(id));
    let asked: i64 = asked.map(|(.., share)| share.amount).sum();
    held.is_none_or(|held| asked.saturating_add(amount) <= *held)
}

/// The present authorization of a card does not cover what is to be taken: gives it up and has another one asked for, once
/// nothing is being taken from it.
pub(super) fn replace(process: &mut OrderProcess, tender: &TenderId, chain: &Chain, desk: &mut Desk<'_>) {
    if is_being_taken(process, tender) {
        return;
    }
    give_up(process, tender, "it does not cover what left", chain, desk);
    let renewed = process.cards.get(tender).is_some_and(|card| card.renewed);
    next_round(process, tender, renewed);
}

/// Gives up what the present authorization of a card holds and did not take.
pub(super) fn void(
    process: &mut OrderProcess,
    tender: &TenderId,
    authorization: &AuthorizationId,
    reason: &str,
    chain: &Chain,
    desk: &mut Desk<'_>,
) {
    let order_number = process.order.order_number.clone();
    let request = VoidRequest { order_number, reason: reason.to_owned() };
    let call = PartnerCall::new(psp::VOID_AUTHORIZATION, &[authorization.as_str()], &request);
    let round = round(process, tender);
    desk.ask(process, Intent::Void { tender: tender.clone(), round }, chain, call);
}

/// Whether the authorization before the present round is not known to be given up yet: the card would be charged twice
/// against its limit.
fn is_given_up_still(process: &OrderProcess, tender: &TenderId) -> bool {
    let before = round(process, tender).checked_sub(1);
    let void = before.map(|round| Intent::Void { tender: tender.clone(), round });
    void.is_some_and(|void| process.task(&void) == Some(TaskStatus::Open))
}

/// Whether a capture from the authorization before is under way still: only its outcome tells what is needed.
pub(super) fn is_being_taken(process: &OrderProcess, tender: &TenderId) -> bool {
    process.shares().filter(|(.., share)| share.tender_id == *tender).any(|(shipment, _, share)| {
        let (shipment, attempt) = (shipment.clone(), share.attempt);
        let capture = Intent::Capture { shipment, tender: tender.clone(), attempt };
        process.task(&capture) == Some(TaskStatus::Open)
    })
}

/// Asks again for what lapsed and is needed still.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if process.rejection.is_some() || !process.tenders.values().any(|holding| *holding == Holding::Lapsed) {
        return;
    }
    for tender in process.order.tenders.clone() {
        if process.tenders.get(&tender.tender_id) != Some(&Holding::Lapsed)
            || is_given_up_still(process, &tender.tender_id)
            || is_being_taken(process, &tender.tender_id)
        {
            continue;
        }
        let amount = needed(process, &tender.tender_id);
        if amount > 0 {
            let chain = desk.context.chain.clone();
            ask(process, &tender, amount, &chain, desk);
        }
    }
}

/// What a card is to pay still: for parcels that left, and for units that may leave.
fn needed(process: &OrderProcess, tender: &TenderId) -> i64 {
    let own = |share: &&super::state::PaymentShare| share.tender_id == *tender;
    let unpaid: i64 = process
        .shares()
        .map(|(.., share)| share)
        .filter(|share| share.is_open() && !share.pending)
        .filter(own)
        .map(|share| share.amount)
        .sum();
    let nothing_left = !process.any_parcel_left();
    let goods = process.open_value();
    let open =
        if nothing_left && process.anything_open() { goods + process.order.shipping_value() } else { goods };
    let shares = payment::shares(process, open);
    unpaid + shares.iter().filter(own).map(|share| share.amount).sum::<i64>()
}

/// The card declined another authorization: what has not left is canceled, what left unpaid goes to a person.
/// Says whether the order can live with the refusal.
pub(super) fn declined(
    process: &mut OrderProcess,
    tender: &TenderId,
    round: u32,
    refusal: &Refusal,
    desk: &mut Desk<'_>,
) -> bool {
    if !process.accepted {
        return payment::declined(process, tender, refusal, desk);
    }
    if !payment::is_payers_fault(refusal) {
        return false;
    }
    process.tenders.insert(tender.clone(), Holding::Refused);
    capture::give_up_unpaid(process, tender, desk);
    if process.anything_open() {
        let request = CancellationRequest {
            order_number: process.order.order_number.clone(),
            cancellation_id: format!("payment-{}-{tender}-{round}", process.order.order_number),
            lines: Vec::new(),
            reason: "the card was declined".to_owned(),
        };
        // It asks for what may leave still, under an identifier of its own: it cannot be refused.
        drop(cancellation::request(process, request, desk));
    }
    true
}

/// What is not live cannot be given up, and need not be.
pub(super) fn void_refused(refusal: &Refusal) -> bool {
    refusal.kind == Some(ProblemKind::IllegalState)
}
