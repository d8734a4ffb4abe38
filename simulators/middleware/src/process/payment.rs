//! Money that customers pay: holding it, and giving up what is not needed.

use counterproof_contracts::{
    allocation::Value,
    model::{AccountEntryRequest, Money, Tender, TenderId, TenderKind},
    protocol::{ProblemKind, stored_value},
};

use super::{
    acceptance,
    answer::Refusal,
    authorization, change,
    desk::Desk,
    state::{Chain, Holding, OrderProcess, PaymentShare},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// Asks for every tender's amount: cards are authorized, stored value is debited at once, a marketplace has
/// collected its money already, and goods that come back pay when they are graded.
pub(super) fn hold(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let chain = process.chain.clone();
    for tender in process.order.tenders.clone() {
        let order_number = process.order.order_number.clone();
        let tender_id = tender.tender_id.clone();
        match tender.kind {
            TenderKind::Card => authorization::ask(process, &tender, tender.amount.amount, &chain, desk),
            TenderKind::GiftCard | TenderKind::StoreCredit => {
                let request =
                    AccountEntryRequest { order_number, cause: tender_id.to_string(), amount: tender.amount };
                let call = account_call(stored_value::DEBIT_ACCOUNT, &tender, &request);
                desk.ask(process, Intent::Debit { tender: tender_id }, &chain, call);
            }
            TenderKind::MarketplaceCollected | TenderKind::ExchangeCredit => held(process, &tender_id),
        }
    }
}

fn account_call(
    operation: counterproof_contracts::protocol::Operation,
    tender: &Tender,
    request: &AccountEntryRequest,
) -> PartnerCall {
    let account = tender.account_id.as_ref().map_or("", |account| account.as_str());
    PartnerCall::new(operation, &[account], request)
}

/// Whether the whole order is paid for.
pub(super) fn all_held(process: &OrderProcess) -> bool {
    process.tenders.values().all(|holding| matches!(holding, Holding::Held { .. }))
}

/// A tender's amount is held, by a card or elsewhere.
pub(super) fn held(process: &mut OrderProcess, tender: &TenderId) {
    process.tenders.insert(tender.clone(), Holding::Held { authorization_id: None });
}

/// Whether a refusal says that the payer cannot pay.
pub(super) const fn is_payers_fault(refusal: &Refusal) -> bool {
    matches!(
        refusal.kind,
        Some(
            ProblemKind::PaymentDeclined
                | ProblemKind::InsufficientFunds
                | ProblemKind::NotFound
                | ProblemKind::BusinessRule
        )
    )
}

/// A tender was refused. What the payer cannot pay rejects the order; anything else is a mistake of ours.
pub(super) fn declined(
    process: &mut OrderProcess,
    tender: &TenderId,
    refusal: &Refusal,
    desk: &mut Desk<'_>,
) -> bool {
    let payers_fault = is_payers_fault(refusal);
    if payers_fault {
        process.tenders.insert(tender.clone(), Holding::Refused);
        acceptance::reject(process, format!("payment was declined: {}", refusal.detail), desk);
    }
    payers_fault
}

/// Undoes the payment of a rejected order, tender by tender, as soon as each is known to be held.
pub(super) fn undo(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if process.rejection.is_none() || desk.meets(Defect::RejectedOrderKeepsMoney) {
        return;
    }
    for tender in process.order.tenders.clone() {
        let cause = format!("undo-{}", tender.tender_id);
        give_up(process, &tender, tender.amount.amount, cause, "order rejected", desk);
    }
}

/// Once nothing is left to ship, gives up what was held for canceled units, or for higher prices.
pub(super) fn settle_rest(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let cheaper = process.changes.iter().find(|change| change.before.is_some());
    let canceled = process.cancellations.last().map(|last| last.request.cancellation_id.clone());
    let changed = cheaper.map(|change| change.change.change_id.clone());
    let Some(cause) = canceled.or(changed) else { return };
    if process.anything_open() || process.rejection.is_some() || captures_under_way(process) {
        return;
    }
    for tender in process.order.tenders.clone() {
        let first = change::first_amount(process, &tender);
        let mut unused = first - used(process, &tender.tender_id);
        if 0 < unused && unused < first && desk.meets(Defect::WholeTenderGivenBack) {
            unused = first;
        }
        give_up(process, &tender, unused, cause.clone(), "units canceled", desk);
    }
}

/// Gives an amount of a tender up: voids the rest of an authorization, credits an account back.
fn give_up(
    process: &mut OrderProcess,
    tender: &Tender,
    amount: i64,
    cause: String,
    reason: &str,
    desk: &mut Desk<'_>,
) {
    let Some(Holding::Held { authorization_id }) = process.tenders.get(&tender.tender_id).cloned() else {
        return;
    };
    if amount <= 0 {
        return;
    }
    let chain = ending_chain(process);
    let order_number = process.order.order_number.clone();
    let tender_id = tender.tender_id.clone();
    match (tender.kind, authorization_id) {
        (TenderKind::Card, Some(_)) if desk.meets(Defect::HoldLeftOnCard) => {}
        (TenderKind::GiftCard | TenderKind::StoreCredit, _)
            if desk.meets(Defect::StoredValueNotGivenBack) => {}
        (TenderKind::Card, Some(authorization)) => {
            authorization::void(process, &tender_id, &authorization, reason, &chain, desk);
        }
        (TenderKind::GiftCard | TenderKind::StoreCredit, _) => {
            let amount = Money::new(amount, process.order.currency);
            let request = AccountEntryRequest { order_number, cause, amount };
            let call = account_call(stored_value::CREDIT_ACCOUNT, tender, &request);
            desk.ask(process, Intent::CreditBack { tender: tender_id }, &chain, call);
        }
        _ => {}
    }
}

/// The chain that ended the order's sale: the last cancellation's, else the order's own.
fn ending_chain(process: &OrderProcess) -> Chain {
    process.cancellations.last().map_or(&process.chain, |cancellation| &cancellation.chain).clone()
}

fn captures_under_way(process: &OrderProcess) -> bool {
    process.shares().any(|(.., share)| share.is_open())
}

/// What parcels took of a tender, minor units.
pub(super) fn used(process: &OrderProcess, tender: &TenderId) -> i64 {
    process.shares().filter(|(.., share)| share.tender_id == *tender).map(|(.., share)| share.amount).sum()
}

/// Which tender pays how much of a parcel: goods that come back first, then stored value, which is debited already, then cards up to
/// each authorization, then the marketplace; within a kind in the order of the tenders.
pub(super) fn shares(process: &OrderProcess, value: Value) -> Vec<PaymentShare> {
    let mut rest = value.gross;
    let mut shares = Vec::new();
    for kinds in [
        &[TenderKind::ExchangeCredit][..],
        &[TenderKind::GiftCard, TenderKind::StoreCredit],
        &[TenderKind::Card],
        &[TenderKind::MarketplaceCollected],
    ] {
        for tender in process.order.tenders.iter().filter(|tender| kinds.contains(&tender.kind)) {
            let left = tender.amount.amount - used(process, &tender.tender_id);
            let amount = rest.min(left);
            if amount > 0 {
                rest -= amount;
                shares.push(PaymentShare {
                    tender_id: tender.tender_id.clone(),
                    kind: tender.kind,
                    amount,
                    refunded: 0,
                    capture_id: None,
                    attempt: 1,
                    from: None,
                    pending: false,
                    lost: false,
                });
            }
        }
    }
    shares
}
