//! Captures: a parcel's money is taken from the cards when it left. An attempt that failed is followed by another one,
//! then by one from another authorization, then by a person.

use counterproof_contracts::{
    model::{Capture, CaptureRequest, CaptureStatus, Money, ShipmentId, System, TenderId},
    protocol::{ProblemKind, psp},
};

use super::{
    answer::Refusal,
    authorization,
    desk::Desk,
    state::{Chain, Holding, OrderProcess, PaymentShare},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// Takes the money of every parcel that left.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let open: Vec<(ShipmentId, Chain, PaymentShare)> = process
        .shares()
        .filter(|(.., share)| share.is_open() && !share.pending)
        .map(|(shipment, departure, share)| (shipment.clone(), departure.chain.clone(), share.clone()))
        .collect();
    for (shipment, chain, share) in open {
        if process.tenders.get(&share.tender_id) == Some(&Holding::Refused) {
            give_up_unpaid(process, &share.tender_id, desk);
        } else {
            ask(process, &shipment, &share, &chain, desk);
        }
    }
}

fn ask(
    process: &mut OrderProcess,
    shipment: &ShipmentId,
    share: &PaymentShare,
    chain: &Chain,
    desk: &mut Desk<'_>,
) {
    let (tender, attempt) = (share.tender_id.clone(), share.attempt);
    let intent = Intent::Capture { shipment: shipment.clone(), tender, attempt };
    if !process.unasked(&intent) {
        return;
    }
    let Some(present) = authorization::present(process, &share.tender_id).cloned() else { return };
    if !authorization::covers(process, &share.tender_id, share.amount) {
        return authorization::replace(process, &share.tender_id, chain, desk);
    }
    let first = process.cards.get(&share.tender_id).and_then(|card| card.authorizations.first());
    let first = first.filter(|first| **first != present && desk.meets(Defect::FirstAuthorizationUsed));
    let authorization = first.unwrap_or(&present);
    let mut amount = share.amount;
    if process.anything_open() && desk.meets(Defect::FirstParcelTakesAll) {
        amount = process.order.total.amount;
    }
    let request = CaptureRequest {
        order_number: process.order.order_number.clone(),
        shipment_id: shipment.clone(),
        amount: Money::new(amount, process.order.currency),
        attempt,
    };
    let call = PartnerCall::new(psp::CAPTURE_PAYMENT, &[authorization.as_str()], &request);
    desk.ask(process, intent, chain, call);
    if let Some(share) = process.share_mut(shipment, &share.tender_id) {
        share.from = Some(present);
    }
}

/// The payment provider took an attempt on, or has decided it already. Its event may have come before.
pub(super) fn answered(
    process: &mut OrderProcess,
    shipment: &ShipmentId,
    tender: &TenderId,
    attempt: u32,
    told: &Capture,
    desk: &mut Desk<'_>,
) {
    let Some(share) =
        process.share_mut(shipment, tender).filter(|share| share.is_open() && share.attempt == attempt)
    else {
        return;
    };
    match told.status {
        CaptureStatus::Pending => share.pending = true,
        CaptureStatus::Succeeded => share.capture_id = Some(told.capture_id.clone()),
        CaptureStatus::Failed => failed(process, shipment, tender, desk),
    }
}

/// The payment provider told the outcome of an attempt. Late word about an earlier attempt changes nothing.
pub(super) fn told(
    process: &mut OrderProcess,
    told: &Capture,
    took: bool,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    let known = process.cards.iter().find(|(_, card)| card.authorizations.contains(&told.authorization_id));
    let Some(tender) = known.map(|(tender, _)| tender.clone()) else {
        return Err(format!("authorization {} is not known", told.authorization_id));
    };
    let Some(share) = process.share_mut(&told.shipment_id, &tender) else {
        return Err(format!("no parcel {} left that {tender} pays", told.shipment_id));
    };
    if told.attempt > share.attempt {
        return Err(format!("attempt {} at {} was never made", told.attempt, told.shipment_id));
    }
    if told.attempt < share.attempt || !share.is_open() {
        let text =
            format!("late word of attempt {} to take the money for {}", told.attempt, told.shipment_id);
        desk.note(process, text);
    } else if took {
        share.pending = false;
        share.capture_id = Some(told.capture_id.clone());
        desk.note(process, format!("the money for {} was taken", told.shipment_id));
    } else {
        failed(process, &told.shipment_id, &tender, desk);
    }
    Ok(())
}

/// An attempt was refused. Says whether the order can live with that.
pub(super) fn refused(
    process: &mut OrderProcess,
    shipment: &ShipmentId,
    tender: &TenderId,
    refusal: &Refusal,
    desk: &mut Desk<'_>,
) -> bool {
    match refusal.kind {
        Some(ProblemKind::PaymentDeclined) => failed(process, shipment, tender, desk),
        // The authorization is not live any more; the next attempt is made on another one.
        Some(ProblemKind::IllegalState) => {
            next_attempt(process, shipment, tender);
            if authorization::present(process, tender).is_some() {
                authorization::lapse(process, tender, desk);
            }
        }
        _ => return false,
    }
    true
}

/// An attempt took nothing for certain.
fn failed(process: &mut OrderProcess, shipment: &ShipmentId, tender: &TenderId, desk: &mut Desk<'_>) {
    desk.note(process, format!("the money for {shipment} could not be taken"));
    let from = process.share_mut(shipment, tender).and_then(|share| share.from.clone());
    next_attempt(process, shipment, tender);
    // What was asked of an authorization before says nothing of the present one.
    if authorization::present(process, tender).is_none_or(|present| from.is_some_and(|from| from != *present))
    {
        return;
    }
    let card = process.cards.entry(tender.clone()).or_default();
    card.failures = card.failures.saturating_add(1);
    if card.failures < desk.context.policy.payments.capture_attempts {
        return;
    }
    // Another parcel's money is asked of the same authorization: nobody gives it up before that is decided.
    if authorization::is_being_taken(process, tender) {
        return;
    }
    if !authorization::renew(process, tender, desk) {
        give_up(process, shipment, tender, desk);
    }
}

fn next_attempt(process: &mut OrderProcess, shipment: &ShipmentId, tender: &TenderId) {
    if let Some(share) = process.share_mut(shipment, tender) {
        share.attempt = share.attempt.saturating_add(1);
        share.from = None;
        share.pending = false;
    }
}

/// Nothing more can be taken from a card: parcels that left unpaid go to a person.
pub(super) fn give_up_unpaid(process: &mut OrderProcess, tender: &TenderId, desk: &mut Desk<'_>) {
    let unpaid: Vec<ShipmentId> = process
        .shares()
        .filter(|(.., share)| share.tender_id == *tender && share.is_open() && !share.pending)
        .map(|(shipment, ..)| shipment.clone())
        .collect();
    for shipment in unpaid {
        give_up(process, &shipment, tender, desk);
    }
}

fn give_up(process: &mut OrderProcess, shipment: &ShipmentId, tender: &TenderId, desk: &mut Desk<'_>) {
    let currency = process.order.currency;
    let Some(share) = process.share_mut(shipment, tender) else { return };
    share.lost = true;
    let amount = Money::new(share.amount, currency);
    let reason = format!("it left, and {amount} cannot be taken from {tender}");
    desk.alert(process, System::Psp, format!("parcel {shipment}"), reason);
}
