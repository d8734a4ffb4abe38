//! Changes of an order that was placed: another address, or other prices.
//!
//! A wish says the whole next version. It is in force once everybody agreed who must: the tax engine where taxes may
//! differ, the node where goods are with one. While that is open nothing is released and no label is bought, so that
//! goods go to the newest address that was accepted. Lines, quantities, customer and currency never change here, a
//! total never rises (nobody would hold the money), and nothing changes once a parcel is packed.

use counterproof_contracts::{
    model::{
        ChangeStatus, FulfillmentChange, FulfillmentOrderId, Order, OrderChange, OrderChangeResult,
        OrderLine, SalesOrderChange, TaxQuote, Tender, TenderKind,
    },
    protocol::{FieldError, Problem, ProblemKind, erp, tax, wms},
};
use serde_json::Value;

use super::{
    acceptance,
    answer::Refusal,
    desk::Desk,
    reservation,
    state::{ChangeState, Consent, OrderProcess, TaskStatus},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// Takes a wish to change the order. The same wish again is answered with what became of it.
pub(super) fn request(
    process: &mut OrderProcess,
    request: OrderChange,
    desk: &mut Desk<'_>,
) -> Result<Value, Problem> {
    if let Some(known) = process.changes.iter().find(|known| known.change.change_id == request.change_id) {
        return if known.change == request {
            Ok(serde_json::to_value(&known.result).unwrap_or_default())
        } else {
            Err(illegal(format!("change {} was used for another wish", request.change_id)))
        };
    }
    check_state(process, &request)?;
    check_content(&process.order, &request.changed)?;
    let moves = process.order.ship_to != request.changed.ship_to;
    let released = process.order.lines.iter().any(|line| process.units_at_nodes(&line.line_id) > 0);
    if moves && released {
        check_node(process, &request)?;
    }
    let open = |needed: bool| if needed { Consent::Open } else { Consent::NotNeeded };
    let result = OrderChangeResult {
        order_number: request.order_number.clone(),
        change_id: request.change_id.clone(),
        status: ChangeStatus::Pending,
        version: None,
        reason: None,
    };
    desk.note(process, format!("change {} requested: {}", request.change_id, request.reason));
    process.changes.push(ChangeState {
        taxes: open(may_change_taxes(&process.order, &request.changed)),
        node: open(moves && released),
        chain: desk.context.chain.clone(),
        change: request,
        result,
        before: None,
    });
    advance(process, desk);
    let result = process.changes.last().map(|change| &change.result);
    Ok(serde_json::to_value(result).unwrap_or_default())
}

fn illegal(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::IllegalState, detail)
}

fn business(pointer: &str, detail: &str) -> Problem {
    let errors = vec![FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() }];
    Problem { errors, ..Problem::new(ProblemKind::BusinessRule, detail) }
}

/// Whether the order can be changed at all, from the version that the wish knows.
fn check_state(process: &OrderProcess, request: &OrderChange) -> Result<(), Problem> {
    if let Some(reason) = &process.rejection {
        return Err(illegal(format!("the order was rejected: {reason}")));
    }
    if let Some(pending) = process.pending_change() {
        return Err(illegal(format!("change {} is not decided yet", pending.change.change_id)));
    }
    if request.changed.version != process.order.version.saturating_add(1) {
        let detail = format!(
            "version {} is in force, not the one before {}",
            process.order.version, request.changed.version
        );
        return Err(illegal(detail));
    }
    why_too_late(process).map_or(Ok(()), |reason| Err(illegal(reason)))
}

fn why_too_late(process: &OrderProcess) -> Option<&'static str> {
    if process.shipments.values().any(|parcel| !parcel.voided) {
        Some("a parcel is packed")
    } else if !process.anything_open() {
        Some("nothing is left to ship")
    } else {
        None
    }
}

/// Only address and prices differ, and nothing costs more.
fn check_content(order: &Order, changed: &Order) -> Result<(), Problem> {
    let same = |left: &OrderLine, right: &OrderLine| {
        let priced_alike = OrderLine {
            unit_price: left.unit_price,
            promotions: left.promotions.clone(),
            taxes: left.taxes.clone(),
            ..right.clone()
        };
        *left == priced_alike
    };
    let lines = order.lines.len() == changed.lines.len()
        && order.lines.iter().zip(&changed.lines).all(|(left, right)| same(left, right));
    if !lines {
        return Err(business("/changed/lines", "lines and quantities stay as they are"));
    }
    if !order.tenders.iter().map(without_amount).eq(changed.tenders.iter().map(without_amount)) {
        return Err(business("/changed/tenders", "means of payment stay as they are"));
    }
    let may = |(left, right): (&Tender, &Tender)| {
        let falls = matches!(left.kind, TenderKind::Card | TenderKind::MarketplaceCollected);
        left.amount == right.amount || (falls && right.amount.amount < left.amount.amount)
    };
    if !order.tenders.iter().zip(&changed.tenders).all(may) {
        return Err(business(
            "/changed/tenders",
            "only what is not taken yet may fall, and nothing may rise",
        ));
    }
    let expected = Order {
        version: changed.version,
        ship_to: changed.ship_to.clone(),
        lines: changed.lines.clone(),
        shipping: changed.shipping.clone(),
        promotions: changed.promotions.clone(),
        tenders: changed.tenders.clone(),
        total: changed.total,
        ..order.clone()
    };
    if expected != *changed {
        return Err(business("/changed", "only address and prices can be changed"));
    }
    if (Order { version: order.version, ..changed.clone() }) == *order {
        return Err(business("/changed", "nothing is changed"));
    }
    Ok(())
}

fn without_amount(tender: &Tender) -> Tender {
    Tender { amount: counterproof_contracts::model::Money::new(0, tender.amount.currency), ..tender.clone() }
}

/// Goods that are with nodes can go elsewhere if one node has them all, and prices stay.
fn check_node(process: &OrderProcess, request: &OrderChange) -> Result<(), Problem> {
    if nodes_at_work(process).len() != 1 {
        return Err(illegal("the goods are with several nodes"));
    }
    let same_prices = Order {
        version: request.changed.version,
        ship_to: request.changed.ship_to.clone(),
        ..process.order.clone()
    };
    if same_prices != request.changed {
        return Err(business("/changed", "goods are with a node: address or prices, not both"));
    }
    Ok(())
}

fn nodes_at_work(process: &OrderProcess) -> Vec<FulfillmentOrderId> {
    let at_work = |id: &&FulfillmentOrderId| {
        process.order.lines.iter().any(|line| process.units_at(id, &line.line_id) > 0)
    };
    process.fulfillments.keys().filter(at_work).cloned().collect()
}

fn may_change_taxes(order: &Order, changed: &Order) -> bool {
    let place = |order: &Order| (order.ship_to.country.clone(), order.ship_to.postal_code.clone());
    place(order) != place(changed)
        || order.lines != changed.lines
        || order.shipping != changed.shipping
        || order.promotions != changed.promotions
}

/// Whether an address may change yet: labels wait.
pub(super) fn may_move(process: &OrderProcess) -> bool {
    process.pending_change().is_some_and(|change| change.change.changed.ship_to != process.order.ship_to)
}

/// What was held of a tender when the order was placed, minor units.
pub(super) fn first_amount(process: &OrderProcess, tender: &Tender) -> i64 {
    let first = process.changes.iter().find_map(|change| change.before.as_ref());
    let first =
        first.unwrap_or(&process.order).tenders.iter().find(|known| known.tender_id == tender.tender_id);
    first.map_or(tender.amount.amount, |tender| tender.amount.amount)
}

/// The tax engine answered for a change.
pub(super) fn quoted(process: &mut OrderProcess, change_id: &str, quote: &TaxQuote, desk: &mut Desk<'_>) {
    let Some(change) = find(process, change_id) else { return };
    match acceptance::tax_difference(&change.change.changed, quote) {
        None => change.taxes = Consent::Given,
        Some(reason) => refuse(process, change_id, &reason, desk),
    }
}

/// The node takes the new address.
pub(super) fn agreed(process: &mut OrderProcess, change_id: &str) {
    if let Some(change) = find(process, change_id) {
        change.node = Consent::Given;
    }
}

/// The node keeps the old address, because of the state of its work; anything else is a mistake of ours.
pub(super) fn node_refused(
    process: &mut OrderProcess,
    change_id: &str,
    refusal: &Refusal,
    desk: &mut Desk<'_>,
) -> bool {
    let too_late = refusal.kind == Some(ProblemKind::IllegalState);
    if too_late {
        refuse(process, change_id, &format!("the node keeps the address: {}", refusal.detail), desk);
    }
    too_late
}

fn find<'p>(process: &'p mut OrderProcess, change_id: &str) -> Option<&'p mut ChangeState> {
    let pending = |change: &&mut ChangeState| change.result.status == ChangeStatus::Pending;
    process.changes.iter_mut().filter(pending).find(|change| change.change.change_id == change_id)
}

fn refuse(process: &mut OrderProcess, change_id: &str, reason: &str, desk: &mut Desk<'_>) {
    let Some(change) = find(process, change_id) else { return };
    change.result.status = ChangeStatus::Refused;
    change.result.reason = Some(reason.to_owned());
    desk.decide(process, format!("change {change_id} is refused: {reason}"));
}

/// Asks whoever must agree to the pending change, and puts it in force; then tells the ERP what is in force.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if let Some(change) = process.pending_change().cloned() {
        decide(process, &change, desk);
    }
    rebook(process, desk);
}

fn decide(process: &mut OrderProcess, change: &ChangeState, desk: &mut Desk<'_>) {
    let id = &change.change.change_id;
    let node = nodes_at_work(process).into_iter().next();
    let asked = process.fulfillments.keys().any(|fulfillment_order| {
        !process
            .unasked(&Intent::Readdress { change: id.clone(), fulfillment_order: fulfillment_order.clone() })
    });
    if let Some(reason) = process.rejection.clone() {
        refuse(process, id, &format!("the order was rejected: {reason}"), desk);
    } else if let Some(reason) = why_too_late(process).filter(|_| !asked) {
        refuse(process, id, reason, desk);
    } else if !process.taxes_confirmed {
        // The order as it was placed is not confirmed yet.
    } else if change.taxes == Consent::Open {
        let quote = acceptance::quote_request(&change.change.changed);
        let call = PartnerCall::new(tax::QUOTE_TAX, &[], &quote);
        desk.ask(process, Intent::QuoteChange { change: id.clone() }, &change.chain, call);
    } else if change.node == Consent::Open && (asked || node.is_some()) {
        if let Some(node) = node.filter(|_| !asked) {
            ask_node(process, change, node, desk);
        }
    } else {
        // Where the node gave the goods back meanwhile, nobody is left to ask.
        accept(process, id, desk);
    }
}

fn ask_node(process: &mut OrderProcess, change: &ChangeState, node: FulfillmentOrderId, desk: &mut Desk<'_>) {
    if !process.done(&Intent::Fulfill { fulfillment_order: node.clone() }) {
        return;
    }
    let body = FulfillmentChange {
        order_number: process.order.order_number.clone(),
        change_id: change.change.change_id.clone(),
        ship_to: change.change.changed.ship_to.clone(),
    };
    let call = PartnerCall::new(wms::CHANGE_FULFILLMENT, &[node.as_str()], &body);
    let intent = Intent::Readdress { change: change.change.change_id.clone(), fulfillment_order: node };
    desk.ask(process, intent, &change.chain, call);
}

fn accept(process: &mut OrderProcess, change_id: &str, desk: &mut Desk<'_>) {
    let before = process.order.clone();
    let Some(change) = find(process, change_id) else { return };
    let changed = change.change.changed.clone();
    change.result.status = ChangeStatus::Accepted;
    change.result.version = Some(changed.version);
    change.before = Some(before);
    desk.decide(process, format!("change {change_id} is accepted: version {}", changed.version));
    let repriced = changed.total != process.order.total;
    process.order = changed;
    if repriced && desk.meets(Defect::PriceChangeClaimsAgain) {
        reservation::claim_again(process, change_id, desk);
    }
}

/// Tells the ERP each version that came into force, one after the other.
fn rebook(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let Some(document) = process.erp_document.clone().filter(|_| process.done(&Intent::Book)) else { return };
    for change in process.changes.clone() {
        let Some(version) = change.result.version else { continue };
        if desk.meets(Defect::ChangeNotBooked) {
            continue;
        }
        let intent = Intent::Rebook { version };
        let before = change.before.as_ref().filter(|before| before.total != change.change.changed.total);
        let before = before.filter(|_| desk.meets(Defect::ChangeBookedAtOldPrice));
        let order = before.unwrap_or(&change.change.changed);
        let body = SalesOrderChange {
            order_number: order.order_number.clone(),
            change_id: change.change.change_id.clone(),
            version,
            total: order.total,
            total_tax: counterproof_contracts::model::Money::new(order.value().tax, order.currency),
            reason: change.change.reason.clone(),
        };
        let call = PartnerCall::new(erp::CHANGE_SALES_ORDER, &[document.as_str()], &body);
        desk.ask(process, intent.clone(), &change.chain, call);
        if process.task(&intent) == Some(TaskStatus::Open) {
            return;
        }
    }
}
