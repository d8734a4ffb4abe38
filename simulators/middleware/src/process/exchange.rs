//! Exchanges, seen from the order whose goods come back: what they are worth pays their replacement first, and
//! what is left is given back. Where there is no replacement after all, everything is.
//!
//! What becomes of the replacement itself is told by its own process (see `replacement`).

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        Exchange, ExchangeId, ExchangeRequest, ExchangeSettlement, ExchangeSettlementKind, ExchangeStatus,
        LineId, Money, OrderNumber, ReceiptId, Resolution, ReturnLine, RmaId, TenderKind,
    },
    protocol::{FieldError, Problem, ProblemKind, erp},
};

use super::{
    desk::Desk,
    ids, intake,
    notice::Tidings,
    refund,
    state::{Applied, Chain, ExchangeState, Fate, Graded, OrderProcess, Returned, Units},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

fn refuse(pointer: &str, detail: impl Into<String>) -> Problem {
    let detail = detail.into();
    let errors = vec![FieldError { pointer: pointer.to_owned(), detail: detail.clone() }];
    Problem { errors, ..Problem::new(ProblemKind::BusinessRule, detail) }
}

/// Whether a wish for other goods can be taken: the replacement must be a sound order that names this exchange,
/// and what comes back must pay exactly as much of it as it can. `expected`: units that will come back before.
pub(super) fn check(
    process: &OrderProcess,
    resolution: Resolution,
    exchange: Option<&ExchangeRequest>,
    units: &BTreeMap<LineId, u32>,
    expected: impl Fn(&LineId) -> u32,
) -> Result<(), Problem> {
    let exchange = match (resolution, exchange) {
        (Resolution::Exchange, Some(exchange)) => exchange,
        (Resolution::Exchange, None) => return Err(refuse("/exchange", "an exchange needs a replacement")),
        (_, Some(_)) => return Err(refuse("/resolution", "a replacement comes with an exchange only")),
        (_, None) => return Ok(()),
    };
    let replacement = &exchange.replacement;
    if let Some(first) = intake::order_errors(replacement).first() {
        let pointer = format!("/exchange/replacement{}", first.pointer);
        return Err(refuse(&pointer, first.detail.clone()));
    }
    let own = &process.order;
    let named = replacement.exchange.as_ref();
    if named
        .is_none_or(|link| link.exchange_id != exchange.exchange_id || link.order_number != own.order_number)
    {
        return Err(refuse("/exchange/replacement/exchange", "does not name this exchange of this order"));
    }
    if replacement.currency != own.currency {
        let detail = format!("is {}, the order is in {}", replacement.currency, own.currency);
        return Err(refuse("/exchange/replacement/currency", detail));
    }
    let used = process.exchanges.iter().any(|known| {
        known.exchange_id == exchange.exchange_id || known.replacement == replacement.order_number
    });
    if used || replacement.order_number == own.order_number {
        return Err(refuse("/exchange", "exchange or replacement belong to another wish"));
    }
    let due = worth(process, units, expected).min(replacement.total.amount);
    let credit = credit_of(exchange);
    if credit != due {
        let (credit, due) = (Money::new(credit, own.currency), Money::new(due, own.currency));
        let detail = format!("{credit} of exchange credit, the goods pay {due} of it");
        return Err(refuse("/exchange/replacement/tenders", detail));
    }
    Ok(())
}

/// What goods that are to come back are worth, minor units.
pub(super) fn worth(
    process: &OrderProcess,
    units: &BTreeMap<LineId, u32>,
    expected: impl Fn(&LineId) -> u32,
) -> i64 {
    let units: Vec<Units> = units
        .iter()
        .flat_map(|(line_id, quantity)| {
            let ahead = process.counts(line_id).gone() + process.ungraded(line_id) + expected(line_id);
            process.units_after(line_id, ahead, *quantity)
        })
        .collect();
    process.value_left(&units).gross
}

/// What the customer is owed for graded goods, minor units.
const fn worth_of(graded: &Graded) -> i64 {
    graded.credited().gross
}

fn credit_of(exchange: &ExchangeRequest) -> i64 {
    let tenders = exchange.replacement.tenders.iter();
    tenders
        .filter(|tender| tender.kind == TenderKind::ExchangeCredit)
        .map(|tender| tender.amount.amount)
        .sum()
}

/// Opens an exchange and its replacement.
pub(super) fn open(
    process: &mut OrderProcess,
    rma_id: &RmaId,
    exchange: Option<&ExchangeRequest>,
    lines: &[ReturnLine],
    desk: &mut Desk<'_>,
) {
    let Some(exchange) = exchange else { return };
    let ahead = desk.context.policy.advances_exchange(lines.iter().map(|line| line.reason));
    let chain = desk.context.chain.clone();
    let replacement = exchange.replacement.order_number.clone();
    desk.decide(process, format!("exchange {} against order {replacement}", exchange.exchange_id));
    process.exchanges.push(ExchangeState {
        exchange_id: exchange.exchange_id.clone(),
        rma_id: rma_id.clone(),
        replacement: replacement.clone(),
        total: exchange.replacement.total.amount,
        credit: credit_of(exchange),
        ahead,
        chain: chain.clone(),
        fate: Fate::Pending,
        reason: None,
        applied: BTreeMap::new(),
        returned: Vec::new(),
    });
    let tidings = Tidings::Wanted { order: exchange.replacement.clone(), ahead };
    desk.tell(process, &replacement, &chain, tidings);
}

/// The replacement told what became of it.
pub(super) fn told(process: &mut OrderProcess, from: &OrderNumber, tidings: Tidings, desk: &mut Desk<'_>) {
    let Some(exchange) = process.exchanges.iter_mut().find(|known| known.replacement == *from) else {
        return;
    };
    let id = exchange.exchange_id.clone();
    let text = match tidings {
        Tidings::Accepted if exchange.fate < Fate::Accepted => {
            exchange.fate = Fate::Accepted;
            format!("replacement {from} is accepted")
        }
        Tidings::Sent if exchange.fate < Fate::Sent => {
            exchange.fate = Fate::Sent;
            format!("replacement {from} was sent")
        }
        Tidings::Refused { reason } if exchange.fate < Fate::Sent => {
            exchange.fate = Fate::Refused;
            let text = format!("exchange {id} becomes a refund: {reason}");
            exchange.reason = Some(reason);
            text
        }
        Tidings::Unused { amount, cause } => {
            let settlement_id = ids::exchange_settlement(&id, &cause);
            exchange.returned.push(Returned { settlement_id, amount, cause, refunded: false });
            format!("replacement {from} gives {} back", Money::new(amount, process.order.currency))
        }
        _ => return,
    };
    desk.note(process, text);
}

/// Lets graded goods pay their replacement, and gives back what it does not need.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for index in 0..process.exchanges.len() {
        decide_receipts(process, index, desk);
        settle_applied(process, index, desk);
        settle_returned(process, index, desk);
    }
}

/// Decides what graded goods pay as soon as it is certain whether there will be a replacement.
fn decide_receipts(process: &mut OrderProcess, index: usize, desk: &mut Desk<'_>) {
    let Some(exchange) = process.exchanges.get(index).filter(|known| known.fate != Fate::Pending) else {
        return;
    };
    let rma_id = exchange.rma_id.clone();
    let mut open = if exchange.fate == Fate::Refused { 0 } else { exchange.credit - exchange.paid() };
    let graded: Vec<(ReceiptId, i64, Chain)> = process
        .receipts
        .iter()
        .filter(|receipt| receipt.rma_id == rma_id)
        .filter(|receipt| !exchange.applied.contains_key(&receipt.receipt.receipt_id))
        .filter_map(|receipt| {
            let graded = receipt.graded.as_ref()?;
            Some((receipt.receipt.receipt_id.clone(), worth_of(graded), graded.chain.clone()))
        })
        .collect();
    for (receipt_id, worth, chain) in graded {
        let amount = open.min(worth);
        open -= amount;
        let claims = refund::claim(process, amount, desk);
        let told = amount == 0;
        if let Some(exchange) = process.exchanges.get_mut(index) {
            exchange.applied.insert(receipt_id.clone(), Applied { amount, claims, told });
        }
        if amount > 0 {
            let money = Money::new(amount, process.order.currency);
            desk.decide(process, format!("goods of {receipt_id} pay {money} of their replacement"));
        }
        let both = amount > 0 && desk.meets(Defect::ExchangePaidAndRefunded);
        let rest = if both { worth } else { worth - amount };
        refund::give_back(process, &rma_id, &receipt_id, rest, &chain, desk);
    }
}

fn settle_applied(process: &mut OrderProcess, index: usize, desk: &mut Desk<'_>) {
    let Some(exchange) = process.exchanges.get(index).cloned() else { return };
    for (receipt_id, applied) in exchange.applied.iter().filter(|(_, applied)| !applied.told) {
        // Goods pay with the money that was taken for them, not with what may never be.
        if !refund::is_taken(process, &applied.claims) {
            continue;
        }
        let settlement_id = ids::exchange_settlement(&exchange.exchange_id, receipt_id.as_str());
        let wish = (settlement_id, ExchangeSettlementKind::Applied, applied.amount, receipt_id.to_string());
        if !settle(process, &exchange, wish, desk) {
            continue;
        }
        let known = process.exchanges.get_mut(index).and_then(|known| known.applied.get_mut(receipt_id));
        if let Some(known) = known {
            known.told = true;
        }
        desk.tell(
            process,
            &exchange.replacement,
            &exchange.chain,
            Tidings::Credited { amount: applied.amount },
        );
    }
}

fn settle_returned(process: &mut OrderProcess, index: usize, desk: &mut Desk<'_>) {
    let Some(exchange) = process.exchanges.get(index).cloned() else { return };
    for (place, returned) in exchange.returned.iter().enumerate().filter(|(_, returned)| !returned.refunded) {
        let wish = (
            returned.settlement_id.clone(),
            ExchangeSettlementKind::Returned,
            returned.amount,
            returned.cause.clone(),
        );
        if !settle(process, &exchange, wish, desk) {
            continue;
        }
        let Some(known) = process.exchanges.get_mut(index) else { continue };
        if let Some(returned) = known.returned.get_mut(place) {
            returned.refunded = true;
        }
        let claims = known.take_claims(returned.amount);
        refund::unclaim(process, &claims);
        let taken_back = Tidings::TakenBack { cause: returned.cause.clone() };
        desk.tell(process, &exchange.replacement, &exchange.chain, taken_back);
        let cause = ReceiptId::new(&returned.settlement_id);
        refund::give_back(process, &exchange.rma_id, &cause, returned.amount, &exchange.chain, desk);
    }
}

/// Asks the ERP to settle, once. Whether it did.
fn settle(
    process: &mut OrderProcess,
    exchange: &ExchangeState,
    (settlement_id, kind, amount, cause): (String, ExchangeSettlementKind, i64, String),
    desk: &mut Desk<'_>,
) -> bool {
    let intent = Intent::SettleExchange { settlement: settlement_id.clone() };
    let settlement = ExchangeSettlement {
        settlement_id,
        exchange_id: exchange.exchange_id.clone(),
        order_number: process.order.order_number.clone(),
        replacement_order_number: exchange.replacement.clone(),
        kind,
        amount: Money::new(amount, process.order.currency),
        cause,
    };
    let call = PartnerCall::new(erp::SETTLE_EXCHANGE, &[], &settlement);
    desk.ask(process, intent.clone(), &exchange.chain, call);
    process.done(&intent)
}

/// An exchange of these goods, as it is shown.
pub(super) fn view(process: &OrderProcess) -> Vec<Exchange> {
    process
        .exchanges
        .iter()
        .map(|known| Exchange {
            exchange_id: known.exchange_id.clone(),
            rma_id: known.rma_id.clone(),
            order_number: process.order.order_number.clone(),
            replacement_order_number: known.replacement.clone(),
            status: status(known),
            price_difference: Money::new(difference(process, known), process.order.currency),
        })
        .collect()
}

/// What the replacement costs more than the goods that it replaces, minor units.
fn difference(process: &OrderProcess, exchange: &ExchangeState) -> i64 {
    let paid_beside = exchange.total - exchange.credit;
    if paid_beside > 0 {
        return paid_beside;
    }
    let graded = process.receipts.iter().filter(|receipt| receipt.rma_id == exchange.rma_id);
    let worth: i64 = graded.filter_map(|receipt| receipt.graded.as_ref()).map(worth_of).sum();
    -(worth - exchange.credit).max(0)
}

fn status(exchange: &ExchangeState) -> ExchangeStatus {
    match exchange.fate {
        Fate::Refused => ExchangeStatus::RevertedToRefund,
        Fate::Pending => ExchangeStatus::Requested,
        Fate::Sent if exchange.paid() >= exchange.credit => ExchangeStatus::Completed,
        Fate::Accepted | Fate::Sent if exchange.ahead || exchange.paid() >= exchange.credit => {
            ExchangeStatus::ReplacementReleased
        }
        Fate::Accepted | Fate::Sent => ExchangeStatus::ReturnPending,
    }
}

/// The exchange that a return belongs to.
pub(super) fn of_return(process: &OrderProcess, rma_id: &RmaId) -> Option<ExchangeId> {
    let known = process.exchanges.iter().find(|known| known.rma_id == *rma_id)?;
    Some(known.exchange_id.clone())
}
