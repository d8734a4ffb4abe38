//! Money for goods that stay: customer service lowers what a customer paid for them, or for shipping (price adjustments,
//! appeasements), or a customer keeps what is paid back in full.
//!
//! What is granted on a line is spread over the units that the customer has by what was paid for them, so that a unit
//! that comes back later is worth so much less; where that is more than what is left of one of them, by what is left.

use std::collections::BTreeMap;

use counterproof_contracts::{
    allocation::{Value, allocate},
    model::{
        AdjustmentDecision, Concession, CreditMemo, LineId, Money, OrderLine, PriceAdjustment, ReceiptId,
        Resolution, ShipmentId, TaxCollector, TaxDocument, TaxDocumentKind, TaxDocumentStatus, day_of,
    },
    protocol::{FieldError, Problem, ProblemKind, erp, tax},
};
use serde_json::Value as Json;

use super::{
    booking, credit,
    desk::Desk,
    document::DocumentState,
    eligibility,
    grant_state::{Part, Parts},
    ids, refund,
    state::{GrantState, GrantedUnits, OrderProcess, ReturnState, Units},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

fn refuse(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
    let detail = detail.into();
    let errors = vec![FieldError { pointer: pointer.into(), detail: detail.clone() }];
    Problem { errors, ..Problem::new(ProblemKind::BusinessRule, detail) }
}

/// Takes a price adjustment. The same one again is answered the same.
pub(super) fn request(
    process: &mut OrderProcess,
    adjustment: PriceAdjustment,
    desk: &mut Desk<'_>,
) -> Result<Json, Problem> {
    let cause = ReceiptId::new(&adjustment.adjustment_id);
    if let Some(known) = process.grants.iter().find(|known| known.cause == cause) {
        if known.adjustment.as_ref() != Some(&adjustment) {
            let detail = format!("adjustment {cause} was used for other prices");
            return Err(Problem::new(ProblemKind::IllegalState, detail));
        }
        return Ok(answer(process, known));
    }
    if process.receipts.iter().any(|known| known.receipt.receipt_id == cause) {
        return Err(Problem::new(ProblemKind::IllegalState, format!("{cause} is a receipt of goods")));
    }
    if process.shipments.keys().any(|shipment_id| shipment_id.as_str() == cause.as_str()) {
        return Err(Problem::new(ProblemKind::IllegalState, format!("{cause} is a parcel")));
    }
    let grant = GrantState {
        units: granted_on_lines(process, &adjustment, desk)?,
        shipping: granted_on_shipping(process, &adjustment, desk)?,
        chain: desk.context.chain.clone(),
        cause: cause.clone(),
        granted_on: day_of(desk.context.now),
        memo: DocumentState::default(),
        adjustment: Some(adjustment),
    };
    let (amount, left) = (grant.amount(), refund::left(process));
    if amount == 0 {
        return Err(refuse("/lines", "nothing is granted"));
    }
    if amount > left {
        let money = |amount| Money::new(amount, process.order.currency);
        let detail = format!("{} is more than is left to be refunded: {}", money(amount), money(left));
        return Err(refuse("/lines", detail));
    }
    let reason = grant.adjustment.as_ref().map_or("", |adjustment| adjustment.reason.as_str());
    desk.note(process, format!("price adjustment {cause}: {reason}"));
    let chain = grant.chain.clone();
    process.grants.push(grant.clone());
    refund::pay(process, &cause, amount, None, &chain, desk);
    Ok(answer(process, &grant))
}

fn answer(process: &OrderProcess, grant: &GrantState) -> Json {
    let own = process.refunds.iter().filter(|refund| refund.receipt_id == grant.cause);
    let money = |amount| Money::new(amount, process.order.currency);
    let decision = AdjustmentDecision {
        order_number: process.order.order_number.clone(),
        adjustment_id: grant.cause.to_string(),
        amount: money(grant.amount()),
        shipping: (grant.shipping > 0).then(|| money(grant.shipping)),
        refunds: own.filter(|refund| refund.replaces.is_none()).map(|refund| refund.part.clone()).collect(),
    };
    serde_json::to_value(decision).unwrap_or_default()
}

fn granted_on_lines(
    process: &OrderProcess,
    adjustment: &PriceAdjustment,
    desk: &Desk<'_>,
) -> Result<Vec<GrantedUnits>, Problem> {
    let mut all: Vec<GrantedUnits> = Vec::new();
    for (index, wish) in adjustment.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let Some(line) = process.order.line(&wish.line_id) else {
            return Err(refuse(format!("{pointer}/line_id"), "is no line of the order"));
        };
        if all.iter().any(|known| known.line_id == line.line_id) {
            return Err(refuse(format!("{pointer}/line_id"), "stands twice"));
        }
        check_concession(process, &wish.concession, &format!("{pointer}/concession"))?;
        all.extend(granted_on_line(process, line, &wish.concession, &pointer, desk)?);
    }
    Ok(all)
}

fn granted_on_line(
    process: &OrderProcess,
    line: &OrderLine,
    concession: &Concession,
    pointer: &str,
    desk: &Desk<'_>,
) -> Result<Vec<GrantedUnits>, Problem> {
    let line_id = &line.line_id;
    if line.gift_card {
        return Err(refuse(format!("{pointer}/line_id"), "is a gift card, which is worth what it cost"));
    }
    if is_exchanged(process, line_id, desk) {
        return Err(refuse(format!("{pointer}/line_id"), "is to be exchanged: its goods pay a replacement"));
    }
    let ahead = process.counts(line_id).gone().saturating_add(process.ungraded(line_id));
    let units = process.units_after(line_id, ahead, eligibility::with_customer(process, line_id));
    if units.is_empty() {
        return Err(refuse(format!("{pointer}/line_id"), "has no unit that the customer has"));
    }
    let each = || units.iter().flat_map(Units::range);
    let paid: Vec<i64> = each().map(|unit| line.unit_value(unit).gross).collect();
    let left: Vec<i64> = each().map(|unit| left_of(process, line, unit)).collect();
    let amount = concession.of(paid.iter().sum());
    check_left(process, amount, left.iter().sum(), &format!("{pointer}/concession"))?;
    let by_price = allocate(amount, &paid);
    let fits = by_price.iter().zip(&left).all(|(part, left)| part <= left);
    let mut parts = if fits { by_price } else { allocate(amount, &left) }.into_iter();
    Ok(units.iter().map(|units| granted(units, &mut parts)).collect())
}

fn granted(units: &Units, amounts: &mut impl Iterator<Item = i64>) -> GrantedUnits {
    let unit_amounts = amounts.take(units.quantity as usize).collect();
    GrantedUnits { line_id: units.line_id.clone(), first: units.first, unit_amounts }
}

/// What is left of a unit's price.
fn left_of(process: &OrderProcess, line: &OrderLine, unit: u32) -> i64 {
    line.unit_value(unit).gross.saturating_sub(process.granted(&line.line_id, unit))
}

/// Pays goods back that the customer keeps, under the name of their return: the last units that the customer has, in full.
/// Refuses what is worth more than the retailer declared.
pub(super) fn keep(
    process: &mut OrderProcess,
    state: &ReturnState,
    units: &BTreeMap<LineId, u32>,
    desk: &mut Desk<'_>,
) -> Result<(), Problem> {
    let mut granted_units = Vec::new();
    for (line_id, quantity) in units {
        let Some(line) = process.order.line(line_id) else { continue };
        let there = process.counts(line_id).shipped.saturating_sub(process.kept(line_id));
        for units in process.units_after(line_id, there.saturating_sub(*quantity), *quantity) {
            let mut amounts = units.range().map(|unit| left_of(process, line, unit));
            granted_units.push(granted(&units, &mut amounts));
        }
    }
    let grant = GrantState {
        cause: ReceiptId::new(state.rma_id.as_str()),
        adjustment: None,
        chain: state.chain.clone(),
        units: granted_units,
        shipping: 0,
        granted_on: day_of(desk.context.now),
        memo: DocumentState::default(),
    };
    // A gift card is not kept: it is worth nothing any more, whatever it cost.
    let is_card = |known: &GrantState| known.units.iter().all(|units| process.is_gift_card(&units.line_id));
    let kept = process.grants.iter().filter(|known| known.adjustment.is_none() && !is_card(known));
    let before: i64 = kept.map(GrantState::amount).sum();
    let declared = desk.context.policy.keep_items_up_to(process.order.currency);
    let declared = if is_card(&grant) { i64::MAX } else { declared };
    let most = declared.min(refund::left(process) + before);
    let amount = grant.amount();
    if before + amount > most {
        let money = |amount| Money::new(amount, process.order.currency);
        let detail =
            format!("{} is more than is paid back for goods that are kept: {}", money(amount), money(most));
        return Err(eligibility::not_returnable("/method", detail));
    }
    let credited = refund::credited(process, state);
    let (cause, chain) = (grant.cause.clone(), grant.chain.clone());
    process.grants.push(grant);
    refund::pay(process, &cause, amount, credited, &chain, desk);
    Ok(())
}

/// Whether goods of a line are expected back that are to pay a replacement: what they are worth is agreed.
fn is_exchanged(process: &OrderProcess, line: &LineId, desk: &Desk<'_>) -> bool {
    let exchanges = process.returns.iter().filter(|known| known.resolution == Resolution::Exchange);
    exchanges.map(|known| known.open_units(line, desk.context.now)).sum::<u32>() > 0
}

/// The charge for shipping is given back as far as it was invoiced.
fn granted_on_shipping(
    process: &OrderProcess,
    adjustment: &PriceAdjustment,
    desk: &Desk<'_>,
) -> Result<i64, Problem> {
    let Some(concession) = &adjustment.shipping else { return Ok(0) };
    check_concession(process, concession, "/shipping")?;
    let paid = first_parcel(process).map_or(0, |_| process.order.shipping_value().gross);
    let with_parcel = process.receipts.iter().filter_map(|known| known.graded.as_ref());
    let is_given_back = with_parcel.into_iter().any(|graded| graded.shipping);
    let left = if is_given_back { 0 } else { paid - process.granted_on_shipping() };
    let amount = concession.of(paid);
    let beyond = amount > left && desk.meets(Defect::ShippingGrantedTwice);
    check_left(process, amount, if beyond { amount } else { left }, "/shipping")?;
    Ok(amount)
}

fn first_parcel(process: &OrderProcess) -> Option<ShipmentId> {
    let mut left = process.shipments.iter().filter_map(|(id, parcel)| Some((id, parcel.shipped.as_ref()?)));
    left.find(|(_, departure)| departure.first).map(|(id, _)| id.clone())
}

/// It is an amount of the order's currency, or a percentage.
fn check_concession(process: &OrderProcess, concession: &Concession, pointer: &str) -> Result<(), Problem> {
    if concession.amount.is_some() == concession.percent.is_some() {
        return Err(refuse(pointer, "needs an amount or a percentage, and not both"));
    }
    let currency = process.order.currency;
    match concession.amount.filter(|amount| amount.currency != currency) {
        Some(amount) => {
            let detail = format!("is in {}, the order in {currency}", amount.currency);
            Err(refuse(format!("{pointer}/amount"), detail))
        }
        None => Ok(()),
    }
}

fn check_left(process: &OrderProcess, amount: i64, left: i64, pointer: &str) -> Result<(), Problem> {
    if amount <= left {
        return Ok(());
    }
    let money = |amount| Money::new(amount, process.order.currency);
    Err(refuse(pointer, format!("{} is more than what is left of it: {}", money(amount), money(left))))
}

/// Reports the tax that is given back, and posts the credit memo, of everything that was granted.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for index in 0..process.grants.len() {
        let Some(grant) = process.grants.get(index).cloned() else { continue };
        let parcels = by_parcel(process, &grant, index);
        report_tax(process, &grant, &parcels, desk);
        post_credit_memo(process, &grant, &parcels, desk);
    }
}

/// What is granted, by the parcel that carried it. Shipping belongs to the first one.
fn by_parcel(
    process: &OrderProcess,
    grant: &GrantState,
    index: usize,
) -> Vec<(ShipmentId, Parts, Option<Part>)> {
    let mut parcels: Vec<(ShipmentId, Parts, Option<Part>)> = Vec::new();
    for (id, parcel) in &process.shipments {
        let Some(departure) = &parcel.shipped else { continue };
        let mut parts = Parts::new();
        for units in grant.units.iter().map(GrantedUnits::units) {
            let carried = departure.units.iter().filter(|carried| carried.line_id == units.line_id);
            let here: Vec<u32> =
                carried.flat_map(Units::range).filter(|unit| units.range().contains(unit)).collect();
            for unit in here {
                let part = part_of_unit(process, (&units.line_id, unit), index);
                parts.entry(units.line_id.clone()).or_default().extend(part.map(|part| (unit, part)));
            }
        }
        let shipping = (departure.first && grant.shipping > 0).then(|| part_of_shipping(process, index));
        if !parts.is_empty() || shipping.is_some() {
            parcels.push((id.clone(), parts, shipping));
        }
    }
    parcels
}

/// Which part of a unit's price the grant with this index gives back: it follows on those before.
fn part_of_unit(process: &OrderProcess, (line, unit): (&LineId, u32), index: usize) -> Option<Part> {
    let own = process.order.line(line)?;
    let from: i64 = process.grants.iter().take(index).map(|grant| grant.on(line, unit)).sum();
    let granted = process.grants.get(index)?.on(line, unit);
    (granted > 0).then(|| Part { from, to: from + granted, paid: process.paid(own, unit) })
}

fn part_of_shipping(process: &OrderProcess, index: usize) -> Part {
    let from: i64 = process.grants.iter().take(index).map(|grant| grant.shipping).sum();
    let granted = process.grants.get(index).map_or(0, |grant| grant.shipping);
    Part { from, to: from + granted, paid: process.paid_for_shipping() }
}

/// One return document for each sales document that carried something of it.
fn report_tax(
    process: &mut OrderProcess,
    grant: &GrantState,
    parcels: &[(ShipmentId, Parts, Option<Part>)],
    desk: &mut Desk<'_>,
) {
    if process.order.tax_collector() == TaxCollector::Marketplace {
        return;
    }
    for (shipment, parts, shipping) in parcels {
        let intent = Intent::ReportReturn { receipt: grant.cause.clone(), shipment: shipment.clone() };
        if !process.unasked(&intent) || !process.done(&Intent::ReportSale { shipment: shipment.clone() }) {
            continue;
        }
        let mut lines = booking::tax_lines(process, parts);
        lines.extend(shipping.iter().flat_map(|part| booking::shipping_tax_lines(process, *part)));
        let document = TaxDocument {
            document_code: ids::return_document(&grant.cause, shipment),
            kind: TaxDocumentKind::ReturnInvoice,
            order_number: process.order.order_number.clone(),
            shipment_id: None,
            original_document_code: Some(ids::sales_document(&process.order.order_number, shipment)),
            tax_date: process.order.placed_at,
            status: TaxDocumentStatus::Committed,
            total_tax: booking::total_tax(process, &lines),
            lines,
            scheme: booking::scheme(process),
        };
        let call = PartnerCall::new(tax::COMMIT_TAX, &[], &document);
        desk.ask(process, intent, &grant.chain, call);
    }
}

/// What the ERP credits for a grant: what is given back, and the tax in it.
pub(super) fn credited(process: &OrderProcess, grant: &GrantState) -> Value {
    let index = process.grants.iter().position(|known| known.cause == grant.cause).unwrap_or(0);
    let parcels = by_parcel(process, grant, index);
    let tax: i64 = parcels
        .iter()
        .map(|(_, parts, shipping)| {
            let goods: i64 = parts.iter().map(|(line, units)| tax_of(process, line, units)).sum();
            let shipping = shipping.map_or(0, |part| booking::shipping_tax(process, part));
            goods + shipping
        })
        .sum();
    Value { gross: grant.amount(), tax }
}

fn tax_of(process: &OrderProcess, line: &LineId, units: &[(u32, Part)]) -> i64 {
    let taxes = process.order.line(line).into_iter().flat_map(|line| &line.taxes);
    taxes.map(|tax| booking::tax_of_parts(tax, units)).sum()
}

fn post_credit_memo(
    process: &mut OrderProcess,
    grant: &GrantState,
    parcels: &[(ShipmentId, Parts, Option<Part>)],
    desk: &mut Desk<'_>,
) {
    let attempt = grant.memo.attempt();
    let intent = Intent::CreditMemo { receipt: grant.cause.clone(), attempt };
    let invoiced = parcels.iter().all(|(shipment, ..)| process.invoiced(shipment));
    if !grant.memo.is_due() || !process.unasked(&intent) || !invoiced {
        return;
    }
    let value = credited(process, grant);
    let money = |amount| Money::new(amount, process.order.currency);
    // An adjustment credits no units: their number stays.
    let units = grant.units.iter().filter(|_| grant.adjustment.is_none());
    let units: Vec<_> = units.map(GrantedUnits::units).collect();
    let mut settlement = grant.memo.settlement;
    if attempt == 1 {
        settlement = booking::settled(process, credit::before(process), value);
        let known = process.grants.iter_mut().find(|known| known.cause == grant.cause);
        known.into_iter().for_each(|known| known.memo.settlement = settlement);
    }
    let memo = CreditMemo {
        erp_document: None,
        order_number: process.order.order_number.clone(),
        receipt_id: grant.cause.clone(),
        lines: booking::quantities(&units),
        amount: money(value.gross),
        tax: money(value.tax),
        contributions: Vec::new(),
        settlement,
        deferred: booking::deferred(process, &units, value, desk),
        retained: None,
        business_date: Some(grant.granted_on),
        posting_date: Some(grant.memo.posting_date.unwrap_or(grant.granted_on)),
        posting: None,
        shipping: (grant.shipping > 0).then(|| money(grant.shipping)),
    };
    let call = PartnerCall::new(erp::POST_CREDIT_MEMO, &[], &memo);
    desk.ask(process, intent, &grant.chain, call);
}
