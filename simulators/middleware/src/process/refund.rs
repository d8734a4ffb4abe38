//! What a customer gets back for graded goods: what was paid for exactly these units, to the tenders in the
//! retailer's order, or as store credit. Shipping is refunded with parcels that never reached the customer, and where
//! customer service grants it (see `adjustment`).

use counterproof_contracts::{
    model::{
        AccountEntryRequest, CustomerRef, Money, ReceiptId, Refund, RefundId, RefundNotice, RefundPart,
        RefundRequest, RefundStatus, Resolution, RmaId, ShipmentId, StoreCreditRequest, System, TenderId,
        TenderKind,
    },
    policy::FailedRefund,
    protocol::{ProblemKind, psp, stored_value},
};

use super::{
    answer::{PartnerAnswer, Refusal},
    desk::Desk,
    dispute, ids, replacement,
    state::{Chain, Claim, OrderProcess, RefundMeans, RefundState, ReturnState},
    status,
    task::{Intent, PartnerCall},
    telling,
};
use crate::defects::Defect;

/// Decides the refunds of a receipt. Goods that were exchanged pay their replacement first (see `exchange`).
pub(super) fn decide(process: &mut OrderProcess, receipt_id: &ReceiptId, amount: i64, desk: &mut Desk<'_>) {
    let Some(receipt) = process.receipts.iter().find(|known| known.receipt.receipt_id == *receipt_id) else {
        return;
    };
    let Some(authorization) = process.authorization(&receipt.rma_id) else { return };
    if authorization.resolution != Resolution::Exchange {
        let (rma_id, chain) = (receipt.rma_id.clone(), desk.context.chain.clone());
        give_back(process, &rma_id, receipt_id, amount, &chain, desk);
    }
}

/// Gives an amount back to who returns goods, for a cause that is named once. A recipient who exchanges a gift
/// gets store credit, as for a return.
pub(super) fn give_back(
    process: &mut OrderProcess,
    rma_id: &RmaId,
    cause: &ReceiptId,
    amount: i64,
    chain: &Chain,
    desk: &mut Desk<'_>,
) {
    let Some(authorization) = process.authorization(rma_id).cloned() else { return };
    if amount == 0 {
        return;
    }
    let to_purchaser =
        authorization.gift_recipient_ref.is_some() && desk.meets(Defect::GiftRefundedToPurchaser);
    let credited = credited(process, &authorization).filter(|_| !to_purchaser);
    pay(process, cause, amount, credited, chain, desk);
}

/// Whose store credit a return's refund is; none where it goes to the tenders.
pub(super) fn credited(process: &OrderProcess, authorization: &ReturnState) -> Option<CustomerRef> {
    let is_credit =
        authorization.resolution == Resolution::StoreCredit || authorization.gift_recipient_ref.is_some();
    is_credit.then(|| credited_customer(process, authorization.gift_recipient_ref.clone()))
}

/// What parcels took and was not given back, or about to be, minor units.
pub(super) fn left(process: &OrderProcess) -> i64 {
    let shares = process.shares().map(|(.., share)| share).filter(|share| !share.lost);
    shares.map(|share| share.amount - share.refunded).sum()
}

/// Gives an amount back for a cause that is named once: as store credit of somebody, else to the tenders.
pub(super) fn pay(
    process: &mut OrderProcess,
    cause: &ReceiptId,
    amount: i64,
    credited: Option<CustomerRef>,
    chain: &Chain,
    desk: &mut Desk<'_>,
) {
    let parts = if let Some(customer_ref) = credited {
        vec![store_credit(process, cause, amount, customer_ref)]
    } else {
        let claims = claim(process, amount, desk);
        let rest = amount - claims.iter().map(|claim| claim.amount).sum::<i64>();
        if rest > 0 {
            let reason = format!("{rest} minor units were never paid and are not given back");
            desk.alert(process, System::Middleware, format!("refund of {cause}"), reason);
        }
        parts(process, cause, &claims, desk)
    };
    for (mut part, means) in parts {
        let same_payer = |known: &RefundState| known.part.tender_id == part.tender_id && known.means == means;
        if process.refunds.iter().any(same_payer) && desk.meets(Defect::SecondRefundSwallowed) {
            continue;
        }
        if let Some(settlement) = process.order.settlement
            && desk.meets(Defect::RefundInOtherCurrency)
        {
            part.amount.currency = settlement.currency;
        }
        desk.decide(process, format!("refund {} of {}", part.refund_id, part.amount));
        if means == RefundMeans::Exchange {
            replacement::give_back(process, part.amount.amount, cause.to_string(), desk);
        }
        process.refunds.push(RefundState {
            part,
            means,
            status: RefundStatus::Requested,
            receipt_id: cause.clone(),
            chain: chain.clone(),
            attempt: 1,
            replaces: None,
        });
    }
}

/// Whose store credit it is: the recipient's of a gift, else the buyer's.
fn credited_customer(process: &OrderProcess, recipient: Option<CustomerRef>) -> CustomerRef {
    recipient.unwrap_or_else(|| process.order.customer_ref.clone())
}

fn store_credit(
    process: &OrderProcess,
    receipt_id: &ReceiptId,
    amount: i64,
    customer_ref: CustomerRef,
) -> (RefundPart, RefundMeans) {
    let part = RefundPart {
        refund_id: ids::store_credit(receipt_id),
        tender_id: None,
        kind: TenderKind::StoreCredit,
        amount: Money::new(amount, process.order.currency),
    };
    (part, RefundMeans::StoreCredit { customer_ref })
}

/// Spreads an amount over the tenders in the retailer's order, each up to what parcels took of it and was not
/// given back yet; from then on it counts as given back. What nobody paid is not in the claims.
pub(super) fn claim(process: &mut OrderProcess, amount: i64, desk: &Desk<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut rest = amount;
    for kind in &desk.context.policy.refund_order {
        for tender in process.order.tenders.iter().filter(|tender| tender.kind == *kind) {
            for (shipment, parcel) in &mut process.shipments {
                let shares = parcel.shipped.iter_mut().flat_map(|departure| &mut departure.shares);
                for share in shares.filter(|share| share.tender_id == tender.tender_id && !share.lost) {
                    let before = if share.refunded > 0 && desk.meets(Defect::RefundCappedByCall) {
                        0
                    } else {
                        share.refunded
                    };
                    let given = rest.min(share.amount - before);
                    if given > 0 {
                        rest -= given;
                        share.refunded += given;
                        let tender_id = tender.tender_id.clone();
                        claims.push(Claim { shipment: shipment.clone(), tender_id, amount: given });
                    }
                }
            }
        }
    }
    claims
}

/// Takes claims back: their amounts may be given back otherwise.
pub(super) fn unclaim(process: &mut OrderProcess, claims: &[Claim]) {
    for claim in claims {
        let departure = process.shipments.get_mut(&claim.shipment).and_then(|parcel| parcel.shipped.as_mut());
        let shares = departure.map(|departure| &mut departure.shares);
        if let Some(share) = shares.into_iter().flatten().find(|share| share.tender_id == claim.tender_id) {
            share.refunded -= claim.amount;
        }
    }
}

/// Whether the money that is claimed is known to be taken, or never to be.
pub(super) fn is_taken(process: &OrderProcess, claims: &[Claim]) -> bool {
    let of = |claim: &Claim, shipment: &ShipmentId, tender: &TenderId| {
        claim.shipment == *shipment && claim.tender_id == *tender
    };
    let mut open = process.shares().filter(|(.., share)| share.is_open());
    !open.any(|(shipment, _, share)| claims.iter().any(|claim| of(claim, shipment, &share.tender_id)))
}

/// One refund for each capture or account that is claimed.
fn parts(
    process: &OrderProcess,
    receipt_id: &ReceiptId,
    claims: &[Claim],
    desk: &Desk<'_>,
) -> Vec<(RefundPart, RefundMeans)> {
    let mut parts: Vec<(RefundPart, RefundMeans)> = Vec::new();
    for claim in claims {
        let tender = process.order.tenders.iter().find(|tender| tender.tender_id == claim.tender_id);
        let Some(tender) = tender else { continue };
        let (refund_id, means) = match (tender.kind, &tender.account_id) {
            (TenderKind::Card, _) => (
                ids::card_refund(receipt_id, &claim.shipment, &tender.tender_id),
                RefundMeans::Card { shipment: claim.shipment.clone() },
            ),
            (TenderKind::GiftCard | TenderKind::StoreCredit, Some(account_id)) => (
                ids::tender_refund(receipt_id, &tender.tender_id),
                RefundMeans::Account { account_id: account_id.clone() },
            ),
            (TenderKind::ExchangeCredit, _) => {
                (ids::tender_refund(receipt_id, &tender.tender_id), RefundMeans::Exchange)
            }
            _ if desk.meets(Defect::MarketplaceRefundedByRetailer) => (
                ids::tender_refund(receipt_id, &tender.tender_id),
                RefundMeans::StoreCredit { customer_ref: process.order.customer_ref.clone() },
            ),
            _ => (ids::tender_refund(receipt_id, &tender.tender_id), RefundMeans::Marketplace),
        };
        add_part(&mut parts, refund_id, tender, claim.amount, means);
    }
    parts
}

/// Adds an amount to the refund with this identifier: one refund for each capture or account.
fn add_part(
    parts: &mut Vec<(RefundPart, RefundMeans)>,
    refund_id: RefundId,
    tender: &counterproof_contracts::model::Tender,
    amount: i64,
    means: RefundMeans,
) {
    match parts.iter_mut().find(|(part, _)| part.refund_id == refund_id) {
        Some((part, _)) => part.amount.amount += amount,
        None => parts.push((
            RefundPart {
                refund_id,
                tender_id: Some(tender.tender_id.clone()),
                kind: tender.kind,
                amount: Money::new(amount, tender.amount.currency),
            },
            means,
        )),
    }
}

/// Pays refunds as soon as they can be paid, then tells the channel.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for index in 0..process.refunds.len() {
        drop_what_is_paid(process, index, desk);
        let Some(refund) = process.refunds.get(index).cloned() else { continue };
        if refund.status == RefundStatus::Canceled {
            continue;
        }
        let refund_id = refund.part.refund_id.clone();
        let intent = Intent::Refund { refund: refund_id.clone(), attempt: refund.attempt };
        if process.unasked(&intent)
            && refund.status != RefundStatus::Failed
            && let Some(call) = payment(process, &refund, desk)
        {
            desk.ask(process, intent.clone(), &refund.chain, call);
        }
        let first = Intent::Refund { refund: refund_id, attempt: 1 };
        let told = match refund.means {
            RefundMeans::Marketplace => status::is_told_of_parcels(process),
            RefundMeans::Exchange => refund.status == RefundStatus::Succeeded,
            _ => process.done(&first) || desk.meets(Defect::ToldBeforeRefunded),
        };
        if told {
            notify(process, &refund, desk);
        }
    }
}

/// The order whose goods paid this one has back what they had paid for a cause.
pub(super) fn taken_back(process: &mut OrderProcess, cause: &str) {
    let own = |refund: &&mut RefundState| {
        refund.means == RefundMeans::Exchange && refund.receipt_id.as_str() == cause
    };
    for refund in process.refunds.iter_mut().filter(own) {
        refund.status = RefundStatus::Succeeded;
    }
}

/// Takes out of a refund that was not asked for what the customer has already: from the issuer of the card, or because
/// the money was never taken. Where an attempt was asked for before, it stays as failed.
fn drop_what_is_paid(process: &mut OrderProcess, index: usize, desk: &mut Desk<'_>) {
    let Some(refund) = process.refunds.get(index).filter(|refund| refund.status == RefundStatus::Requested)
    else {
        return;
    };
    let intent = Intent::Refund { refund: refund.part.refund_id.clone(), attempt: refund.attempt };
    let (left, amount) = (refundable(process, refund), refund.part.amount.amount);
    if left >= amount || !process.unasked(&intent) {
        return;
    }
    let refund_id = refund.part.refund_id.clone();
    let Some(refund) = process.refunds.get_mut(index) else { return };
    if left > 0 {
        refund.part.amount.amount = left;
    } else {
        let untried = refund.attempt == 1;
        refund.status = if untried { RefundStatus::Canceled } else { RefundStatus::Failed };
    }
    desk.decide(
        process,
        format!("refund {refund_id}: the customer has {} minor units of it already", amount - left),
    );
}

/// How much of a refund may be paid, as far as disputes and missing money limit it; minor units.
fn refundable(process: &OrderProcess, refund: &RefundState) -> i64 {
    match &refund.means {
        RefundMeans::Card { shipment } => {
            let own = process.shares().find(|(id, _, share)| {
                *id == shipment && refund.part.tender_id.as_ref() == Some(&share.tender_id)
            });
            let Some((_, _, share)) = own else { return i64::MAX };
            if share.lost {
                return 0;
            }
            let lost = share.capture_id.as_ref().map_or(0, |capture| dispute::lost(process, Some(capture)));
            let other = share.refunded - refund.part.amount.amount;
            if lost == 0 { i64::MAX } else { share.amount - lost - other }
        }
        RefundMeans::StoreCredit { .. } => {
            let lost = dispute::lost(process, None);
            let paid: i64 =
                process.shares().filter(|(.., share)| !share.lost).map(|(.., share)| share.amount).sum();
            let other: i64 = process
                .refunds
                .iter()
                .filter(|other| other.part.refund_id != refund.part.refund_id)
                .filter(|other| !matches!(other.status, RefundStatus::Failed | RefundStatus::Canceled))
                .map(|other| other.part.amount.amount)
                .sum();
            if lost == 0 { i64::MAX } else { paid - lost - other }
        }
        RefundMeans::Account { .. } | RefundMeans::Marketplace | RefundMeans::Exchange => i64::MAX,
    }
}

/// The call that pays a refund; none as long as its capture is not known or disputed, for a marketplace, which pays
/// when it is notified, and for an order that is paid by its own process.
fn payment(process: &OrderProcess, refund: &RefundState, desk: &Desk<'_>) -> Option<PartnerCall> {
    let order_number = process.order.order_number.clone();
    let amount = refund.part.amount;
    let cause = refund.replaces.as_ref().map_or_else(|| refund.receipt_id.to_string(), ToString::to_string);
    if is_disputed(process, refund, |defect| desk.meets(defect)) {
        return None;
    }
    match &refund.means {
        RefundMeans::Card { shipment } => {
            let tender_id = refund.part.tender_id.clone()?;
            let departure = process.shipments.get(shipment)?.shipped.as_ref()?;
            let share = departure.shares.iter().find(|share| share.tender_id == tender_id)?;
            let request = RefundRequest {
                refund_id: refund.part.refund_id.clone(),
                order_number,
                tender_id,
                capture_id: share.capture_id.clone()?,
                amount,
                cause,
                attempt: refund.attempt,
            };
            Some(PartnerCall::new(psp::REFUND_PAYMENT, &[], &request))
        }
        RefundMeans::Account { account_id } => {
            let request = AccountEntryRequest { order_number, cause, amount };
            Some(PartnerCall::new(stored_value::CREDIT_ACCOUNT, &[account_id.as_str()], &request))
        }
        RefundMeans::StoreCredit { .. } if !taken(process) => None,
        RefundMeans::StoreCredit { customer_ref } => {
            let request =
                StoreCreditRequest { customer_ref: customer_ref.clone(), order_number, cause, amount };
            Some(PartnerCall::new(stored_value::ISSUE_STORE_CREDIT, &[], &request))
        }
        RefundMeans::Marketplace | RefundMeans::Exchange => None,
    }
}

/// Whether the customer may get the money of a refund from the issuer of the card.
fn is_disputed(process: &OrderProcess, refund: &RefundState, meets: impl Fn(Defect) -> bool) -> bool {
    let disputed = match &refund.means {
        RefundMeans::Card { shipment } => process.shares().any(|(id, _, share)| {
            let own = id == shipment && refund.part.tender_id.as_ref() == Some(&share.tender_id);
            own && dispute::is_open(process, share.capture_id.as_ref())
        }),
        RefundMeans::StoreCredit { .. } => dispute::is_open(process, None),
        RefundMeans::Account { .. } | RefundMeans::Marketplace | RefundMeans::Exchange => false,
    };
    disputed && !meets(Defect::RefundDuringDispute)
}

impl OrderProcess {
    /// Whether a refund that was asked for is to wait, or to be less: the customer has begun to dispute the payment, or got it
    /// from the issuer.
    pub fn holds_refund_back(&self, refund: &RefundId, meets: impl Fn(Defect) -> bool) -> bool {
        let own = self.refunds.iter().find(|own| own.part.refund_id == *refund);
        own.is_some_and(|own| is_disputed(self, own, meets) || refundable(self, own) < own.part.amount.amount)
    }
}

/// Whether the money for every parcel that left is known to be taken: before that a credit would give away
/// what nobody has paid yet.
fn taken(process: &OrderProcess) -> bool {
    !process.shares().any(|(.., share)| share.is_open())
}

fn notify(process: &mut OrderProcess, refund: &RefundState, desk: &mut Desk<'_>) {
    let notice = RefundNotice {
        order_number: process.order.order_number.clone(),
        refund: refund.part.clone(),
        cause: refund.receipt_id.to_string(),
        replaces: refund.replaces.clone(),
    };
    let call = telling::refund(process, &notice, &refund.chain);
    let intent = Intent::NotifyRefund { refund: refund.part.refund_id.clone() };
    desk.ask(process, intent, &refund.chain, call);
}

/// A partner took a refund on, or paid it.
pub(super) fn answered(
    process: &mut OrderProcess,
    intent: &Intent,
    refund_id: &RefundId,
    answer: &PartnerAnswer,
    desk: &mut Desk<'_>,
) {
    let Some(refund) = find(process, refund_id) else { return };
    let notified = matches!(intent, Intent::NotifyRefund { .. });
    let status = match (&refund.means, answer) {
        (RefundMeans::Card { .. }, PartnerAnswer::Refunding(told)) => {
            if told.attempt < refund.attempt {
                return;
            }
            if told.status == RefundStatus::Failed {
                return failed(process, refund_id, desk);
            }
            told.status
        }
        (RefundMeans::Account { .. } | RefundMeans::StoreCredit { .. }, _) if !notified => {
            RefundStatus::Succeeded
        }
        (RefundMeans::Marketplace, _) if notified => RefundStatus::Succeeded,
        _ => return,
    };
    if status < refund.status && desk.meets(Defect::OldAnswerWins) {
        refund.status = status;
    }
    move_to(refund, status);
}

/// The payment provider refused a refund. Says whether the order can live with it: what was not taken on can be
/// asked for again, or given otherwise.
pub(super) fn refused(
    process: &mut OrderProcess,
    refund_id: &RefundId,
    refusal: &Refusal,
    desk: &mut Desk<'_>,
) -> bool {
    let declined = refusal.kind == Some(ProblemKind::PaymentDeclined);
    if declined {
        failed(process, refund_id, desk);
    }
    declined
}

/// The payment provider told the outcome of an attempt. Late word about an earlier attempt changes nothing; of one
/// attempt, that it failed is the last word: a bank may send money back that had arrived.
pub(super) fn told(
    process: &mut OrderProcess,
    told: &Refund,
    outcome: RefundStatus,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    let Some(refund) = find(process, &told.refund_id) else {
        return Err(format!("refund {} is not known", told.refund_id));
    };
    if told.attempt > refund.attempt {
        return Err(format!("attempt {} at refund {} was never made", told.attempt, told.refund_id));
    }
    let subject = format!("refund {}", told.refund_id);
    let stale = told.attempt < refund.attempt
        || matches!(refund.status, RefundStatus::Failed | RefundStatus::Canceled);
    if stale && (outcome != RefundStatus::Failed || !desk.meets(Defect::LateFailureWins)) {
        desk.note(process, format!("late word of attempt {} at {subject}", told.attempt));
    } else if outcome == RefundStatus::Failed && !desk.meets(Defect::FailedRefundTakenAsPaid) {
        desk.note(process, format!("{subject}: the payment provider could not pay {}", told.amount));
        failed(process, &told.refund_id, desk);
    } else if move_to(refund, outcome) {
        desk.note(process, format!("{subject} arrived"));
    }
    Ok(())
}

/// An attempt at a refund failed for certain: the money is owed again. It is asked for once more, then given as store
/// credit, once.
fn failed(process: &mut OrderProcess, refund_id: &RefundId, desk: &mut Desk<'_>) {
    let policy = desk.context.policy.payments;
    let customer_ref = process.order.customer_ref.clone();
    let Some(refund) = find(process, refund_id) else { return };
    if refund.attempt < policy.refund_attempts {
        refund.attempt += 1;
        refund.status = RefundStatus::Requested;
        return desk.decide(process, format!("refund {refund_id} is tried again"));
    }
    refund.status = RefundStatus::Failed;
    let (failed, chain) = (refund.clone(), desk.context.chain.clone());
    if policy.failed_refunds == FailedRefund::Person {
        let reason = format!("the payment provider could not pay {}", failed.part.amount);
        return desk.alert(process, System::Psp, format!("refund {refund_id}"), reason);
    }
    let part = RefundPart {
        refund_id: ids::replacement(refund_id),
        tender_id: None,
        kind: TenderKind::StoreCredit,
        amount: failed.part.amount,
    };
    desk.decide(process, format!("refund {refund_id} becomes store credit of {}", part.amount));
    process.refunds.push(RefundState {
        part,
        means: RefundMeans::StoreCredit { customer_ref },
        status: RefundStatus::Requested,
        receipt_id: failed.receipt_id,
        chain,
        attempt: 1,
        replaces: Some(refund_id.clone()),
    });
}

fn find<'p>(process: &'p mut OrderProcess, refund_id: &RefundId) -> Option<&'p mut RefundState> {
    process.refunds.iter_mut().find(|refund| refund.part.refund_id == *refund_id)
}

/// Within an attempt a refund moves forward only. Says whether it moved.
fn move_to(refund: &mut RefundState, status: RefundStatus) -> bool {
    let moves = status > refund.status;
    if moves {
        refund.status = status;
    }
    moves
}
