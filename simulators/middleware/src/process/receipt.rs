//! Returned goods that came: at a dock by mail, or carried into a store. A receipt counts once.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    model::{
        Disposition, DispositionCode, InspectedLine, Inspection, ItemQuantity, LineId, OrderLine, ReceiptId,
        Resolution, ReturnDecision, ReturnLine, ReturnMethod, ReturnReason, ReturnReceipt, ReturnStatus,
        RmaId, Sku,
    },
    policy::Policy,
    protocol::{FieldError, Problem, ProblemKind},
};
use serde_json::Value;

use super::{
    advance_refund, clawback,
    desk::Desk,
    eligibility::{self, Right},
    exceptions::{self, Sorted},
    exchange, gift_card, ids, recall, refund, serials,
    state::{DocumentState, Graded, OrderProcess, ReceiptState, ReturnState, Units, Way},
    undelivered,
};
use crate::defects::Defect;

/// A store has goods in its hands. The same receipt again is answered the same.
pub(super) fn in_store(
    process: &mut OrderProcess,
    told: ReturnReceipt,
    desk: &mut Desk<'_>,
) -> Result<Value, Problem> {
    if let Some(known) = find(process, &told.receipt_id) {
        if known.told != told {
            let detail = format!("receipt {} was used for other goods", told.receipt_id);
            return Err(Problem::new(ProblemKind::IllegalState, detail));
        }
        return Ok(decision(process, &told.receipt_id, desk));
    }
    if is_granted(process, &told.receipt_id) {
        let detail = format!("receipt {} is a price adjustment", told.receipt_id);
        return Err(Problem::new(ProblemKind::IllegalState, detail));
    }
    if told.shipment_id.is_some() {
        let detail = "a parcel that comes back undelivered does so at a dock";
        return Err(eligibility::not_returnable("/shipment_id", detail));
    }
    if let Some(known) = known_return(process, &told) {
        return Ok(decision(process, &known, desk));
    }
    let right = eligibility::right_of(process, told.exchange.as_ref(), &told.lines);
    let lenient = desk.meets(Defect::StoresTakeFinalSale);
    let units = eligibility::lines_of(&process.order, &told.lines, lenient || right != Right::Window)?;
    gift_card::check_return(process, &units, ReturnMethod::Store)?;
    check_grades(&told, &units)?;
    // An authorization that lapsed or was taken back gives no right any more: the goods count as unannounced.
    let belongs_to =
        find_authorization(process, &told, &units, desk)?.filter(|state| state.is_open(desk.context.now));
    check_terms(process, &told, belongs_to.as_ref())?;
    check_units(process, belongs_to.as_ref(), &units, right, desk)?;
    check_exchange(process, &told, belongs_to.as_ref(), &units)?;
    if let Err(reason) = serials::check_return(process, &told, &units)
        && !desk.meets(Defect::SerialNotChecked)
    {
        return Err(eligibility::not_returnable("/serials", reason));
    }
    let receipt_id = told.receipt_id.clone();
    let grades = told.grades.clone();
    let (exchange, lines) = (told.exchange.clone(), told.lines.clone());
    let rma_id = take(process, told, belongs_to, &units, (ReturnMethod::Store, Way::Returned), desk);
    exchange::open(process, &rma_id, exchange.as_ref(), &lines, desk);
    if !grades.is_empty() {
        grade(process, &receipt_id, &grades, desk);
    }
    Ok(decision(process, &receipt_id, desk))
}

/// The receipt under which a return that a till took without a line is known already.
fn known_return(process: &OrderProcess, told: &ReturnReceipt) -> Option<ReceiptId> {
    let same = |known: &ReturnReceipt| {
        known.till_reference == told.till_reference
            && known.lines == told.lines
            && known.node_id == told.node_id
    };
    let mut receipts = process.receipts.iter().filter(|_| told.till_reference.is_some());
    receipts.find(|known| same(&known.told)).map(|known| known.told.receipt_id.clone())
}

/// A dock has goods in its hands. They are there, so nothing is refused; what does not fit goes to a person.
pub(super) fn at_dock(
    process: &mut OrderProcess,
    told: ReturnReceipt,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    if find(process, &told.receipt_id).is_some() || exceptions::is_known(process, &told.receipt_id) {
        return Ok(());
    }
    if is_granted(process, &told.receipt_id) {
        return Err(format!("receipt {} is a price adjustment", told.receipt_id));
    }
    if let Some(shipment_id) = told.shipment_id.clone() {
        return undelivered::at_dock(process, &shipment_id, told, desk);
    }
    let came = if told.lines.is_empty() {
        BTreeMap::new()
    } else {
        eligibility::lines_of(&process.order, &told.lines, true).map_err(|problem| problem.detail)?
    };
    serials::check_return(process, &told, &came)?;
    let belongs_to = find_authorization(process, &told, &came, desk).map_err(|problem| problem.detail)?;
    let sorted = exceptions::sort_out(process, &told, belongs_to.as_ref(), desk);
    accept(process, told, sorted, (belongs_to, Way::Returned), desk)
}

/// Takes what a dock may take of a receipt, and holds the rest.
pub(super) fn accept(
    process: &mut OrderProcess,
    told: ReturnReceipt,
    sorted: Sorted,
    (belongs_to, way): (Option<ReturnState>, Way),
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    let accepted = sorted.accepted.clone();
    sorted.hold(process, &told, desk);
    if accepted.is_empty() {
        return Ok(());
    }
    let units = eligibility::lines_of(&process.order, &accepted, true).map_err(|problem| problem.detail)?;
    let receipt_id = told.receipt_id.clone();
    let (grades, _) = up_to(&told.grades, &accepted);
    let serials = serials::of_units(&told.serials, &units);
    let told = ReturnReceipt { lines: accepted, unexpected: Vec::new(), serials, ..told };
    take(process, told, belongs_to, &units, (ReturnMethod::Mail, way), desk);
    if !grades.is_empty() {
        grade(process, &receipt_id, &grades, desk);
    } else if let Some((_, inspection)) = process.early_inspections.remove(&receipt_id) {
        return inspected(process, inspection, desk);
    }
    Ok(())
}

/// Goods were graded. Grades that come before their receipt wait for it.
pub(super) fn inspected(
    process: &mut OrderProcess,
    told: Inspection,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    let Some(known) = find(process, &told.receipt_id) else {
        if desk.meets(Defect::EarlyInspectionDropped) {
            return Ok(());
        }
        let chain = desk.context.chain.clone();
        process.early_inspections.entry(told.receipt_id.clone()).or_insert((chain, told));
        return Ok(());
    };
    if known.graded.is_some() && !desk.meets(Defect::InspectionCountedTwice) {
        return Ok(());
    }
    let (lines, beyond) = up_to(&told.lines, &known.receipt.lines);
    if beyond > 0 && !exceptions::is_known(process, &told.receipt_id) {
        return Err(format!("{beyond} more units were graded than came with {}", told.receipt_id));
    }
    if lines.is_empty() {
        return Err(format!("the inspection of {} grades nothing", told.receipt_id));
    }
    if known.way != Way::Returned && told.lines.iter().any(|line| !line.acceptance.is_accepted()) {
        return Err(format!("goods of {} cannot be rejected: the customer never had them", told.receipt_id));
    }
    grade(process, &told.receipt_id, &lines, desk);
    Ok(())
}

/// The grades of units that were taken back, and how many others were graded: a dock may grade what it is to hold, before it
/// hears that it is.
fn up_to(grades: &[InspectedLine], taken: &[ReturnLine]) -> (Vec<InspectedLine>, u32) {
    let mut left: BTreeMap<&LineId, u32> = BTreeMap::new();
    for line in taken {
        *left.entry(&line.line_id).or_default() += line.quantity;
    }
    let (mut lines, mut beyond) = (Vec::new(), 0);
    for line in grades.iter().filter(|line| line.quantity > 0) {
        let left = left.entry(&line.line_id).or_default();
        let quantity = line.quantity.min(*left);
        *left -= quantity;
        beyond += line.quantity - quantity;
        if quantity > 0 {
            lines.push(InspectedLine { quantity, ..line.clone() });
        }
    }
    (lines, beyond)
}

fn find<'p>(process: &'p OrderProcess, receipt: &ReceiptId) -> Option<&'p ReceiptState> {
    process.receipts.iter().find(|known| known.receipt.receipt_id == *receipt)
}

/// Whether money was granted without goods under a receipt's name: refunds and documents would be taken for one another.
fn is_granted(process: &OrderProcess, receipt: &ReceiptId) -> bool {
    process.grants.iter().any(|grant| grant.cause == *receipt)
}

fn units_by_line(lines: &[InspectedLine]) -> BTreeMap<LineId, u32> {
    let mut units: BTreeMap<LineId, u32> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.quantity > 0) {
        let sum = units.entry(line.line_id.clone()).or_default();
        *sum = sum.saturating_add(line.quantity);
    }
    units
}

fn check_grades(told: &ReturnReceipt, units: &BTreeMap<LineId, u32>) -> Result<(), Problem> {
    if told.grades.iter().any(|line| !line.acceptance.is_accepted()) {
        return Err(eligibility::not_returnable("/grades", "what a store rejects it does not take"));
    }
    if told.grades.is_empty() || units_by_line(&told.grades) == *units {
        return Ok(());
    }
    let detail = "do not cover the units of the receipt's lines".to_owned();
    let errors = vec![FieldError { pointer: "/grades".to_owned(), detail: detail.clone() }];
    Err(Problem { errors, ..Problem::new(ProblemKind::BusinessRule, format!("grades {detail}")) })
}

/// The authorization that goods belong to: the one that is named, else the first open one of the same
/// customer that expects all of them.
fn find_authorization(
    process: &OrderProcess,
    told: &ReturnReceipt,
    units: &BTreeMap<LineId, u32>,
    desk: &Desk<'_>,
) -> Result<Option<ReturnState>, Problem> {
    if let Some(rma_id) = &told.rma_id {
        let named = process.authorization(rma_id).cloned();
        return match named {
            Some(named) => Ok(Some(named)),
            None => Err(eligibility::not_returnable("/rma_id", format!("{rma_id} is not the order's"))),
        };
    }
    let now = desk.context.now;
    let expecting = process.returns.iter().find(|state| {
        state.gift_recipient_ref == told.gift_recipient_ref
            && units.iter().all(|(line, quantity)| state.open_units(line, now) >= *quantity)
    });
    Ok(expecting.cloned())
}

fn check_terms(
    process: &OrderProcess,
    told: &ReturnReceipt,
    belongs_to: Option<&ReturnState>,
) -> Result<(), Problem> {
    if let Some(state) = belongs_to
        && told.gift_recipient_ref.is_some()
        && state.gift_recipient_ref != told.gift_recipient_ref
    {
        return Err(eligibility::not_returnable("/gift_recipient_ref", "is not who announced the return"));
    }
    let recipient = told.gift_recipient_ref.as_ref();
    eligibility::check_recipient(&process.order, recipient, resolution(told, belongs_to))
}

/// What the customer gets: what was authorized, else what is asked for now.
fn resolution(told: &ReturnReceipt, belongs_to: Option<&ReturnState>) -> Resolution {
    belongs_to.map(|state| state.resolution).or(told.resolution).unwrap_or(Resolution::Refund)
}

fn check_units(
    process: &OrderProcess,
    belongs_to: Option<&ReturnState>,
    units: &BTreeMap<LineId, u32>,
    right: Right,
    desk: &Desk<'_>,
) -> Result<(), Problem> {
    for (line, quantity) in units {
        let with_customer = eligibility::with_customer(process, line);
        if *quantity > with_customer {
            let detail = format!("{quantity} units of line {line}, {with_customer} may be returned");
            return Err(eligibility::not_returnable("/lines", detail));
        }
        let expected = belongs_to.map_or(0, |state| state.open_units(line, desk.context.now));
        let unannounced = quantity.saturating_sub(expected);
        eligibility::in_window(process, line, expected, unannounced, right, desk.context)?;
    }
    Ok(())
}

/// Goods of an announced return keep what was announced; others may be exchanged on the spot.
fn check_exchange(
    process: &OrderProcess,
    told: &ReturnReceipt,
    belongs_to: Option<&ReturnState>,
    units: &BTreeMap<LineId, u32>,
) -> Result<(), Problem> {
    match belongs_to {
        Some(_) if told.exchange.is_some() => {
            Err(eligibility::not_returnable("/exchange", "the return was announced otherwise"))
        }
        Some(_) => Ok(()),
        None => exchange::check(process, resolution(told, None), told.exchange.as_ref(), units, |_| 0),
    }
}

/// Books goods in: under their authorization, or under a new one.
fn take(
    process: &mut OrderProcess,
    told: ReturnReceipt,
    belongs_to: Option<ReturnState>,
    units: &BTreeMap<LineId, u32>,
    (method, way): (ReturnMethod, Way),
    desk: &mut Desk<'_>,
) -> RmaId {
    let rma_id = match belongs_to {
        Some(state) => state.rma_id,
        None => open_unannounced(process, &told, method, desk),
    };
    for (line, quantity) in units {
        use_up(process, &rma_id, line, *quantity, way, desk);
    }
    serials::came_back(process, &told.serials, &told.receipt_id);
    desk.note(process, format!("goods of return {rma_id} came to {} as {}", told.node_id, told.receipt_id));
    let receipt = ReturnReceipt { rma_id: Some(rma_id.clone()), exchange: None, ..told.clone() };
    let chain = desk.context.chain.clone();
    process.receipts.push(ReceiptState { receipt, told, rma_id: rma_id.clone(), chain, way, graded: None });
    rma_id
}

pub(super) fn open_unannounced(
    process: &mut OrderProcess,
    told: &ReturnReceipt,
    method: ReturnMethod,
    desk: &Desk<'_>,
) -> RmaId {
    let rma_id = ids::rma(&process.order.order_number, process.returns.len() + 1);
    process.returns.push(ReturnState {
        rma_id: rma_id.clone(),
        request: None,
        chain: desk.context.chain.clone(),
        method,
        // Whoever brings goods without asking for others before cannot have them against others.
        resolution: Some(resolution(told, None))
            .filter(|wanted| *wanted != Resolution::Exchange || method == ReturnMethod::Store)
            .unwrap_or(Resolution::Refund),
        gift_recipient_ref: told.gift_recipient_ref.clone(),
        lines: told.lines.clone(),
        expires_at: eligibility::authorization_end(desk.context),
        tracking_number: None,
        received: BTreeMap::new(),
        graded: BTreeMap::new(),
        canceled: None,
        advance: None,
    });
    rma_id
}

/// Counts units as received. Where other authorizations expect the same units, theirs are used up, so that
/// no unit is expected twice. Goods of a lost parcel were used up when it was given up.
pub(super) fn use_up(
    process: &mut OrderProcess,
    rma_id: &RmaId,
    line: &LineId,
    quantity: u32,
    way: Way,
    desk: &Desk<'_>,
) {
    let now = desk.context.now;
    for state in process.returns.iter_mut().filter(|state| state.rma_id == *rma_id) {
        *state.received.entry(line.clone()).or_default() += quantity;
    }
    if way == Way::Found {
        return;
    }
    // The receipt itself is not booked yet: these units still count as the customer's.
    let left = eligibility::with_customer(process, line).saturating_sub(quantity);
    let mut excess = process.expected_back(line, now).saturating_sub(left);
    for state in process.returns.iter_mut().filter(|state| state.rma_id != *rma_id) {
        let used = excess.min(state.open_units(line, now));
        if used > 0 {
            excess -= used;
            *state.received.entry(line.clone()).or_default() += used;
            *state.graded.entry(line.clone()).or_default() += used;
        }
    }
}

/// Fixes which units came back, what becomes of them and what the customer gets.
pub(super) fn grade(
    process: &mut OrderProcess,
    receipt_id: &ReceiptId,
    grades: &[InspectedLine],
    desk: &mut Desk<'_>,
) {
    let Some(index) = process.receipts.iter().position(|known| known.receipt.receipt_id == *receipt_id)
    else {
        return;
    };
    let (accepted, rejected): (Vec<_>, Vec<_>) =
        grades.iter().cloned().partition(|line| line.acceptance.is_accepted());
    let Some(way) = process.receipts.get(index).map(|state| state.way) else { return };
    let units = take_units(process, index, &units_by_line(&accepted), way);
    let goods = process.value_left(&units);
    let mut retained =
        if units.is_empty() { 0 } else { clawback::retained(process, goods, desk.context.policy) };
    if retained > 0 && desk.meets(Defect::ClawbackForgotten) {
        retained = 0;
    }
    let shipping = undelivered::gives_shipping_back(process, receipt_id, desk);
    let value = if shipping { goods + process.shipping_left() } else { goods };
    let recalled = process.recalled.clone();
    let Some(state) = process.receipts.get_mut(index) else { return };
    let mut target_node = state.receipt.node_id.clone();
    if desk.meets(Defect::RestockedAtShippingNode)
        && let Some(parcel) =
            process.shipments.values().find(|parcel| parcel.shipped.is_some() && parcel.card.is_none())
    {
        target_node = parcel.node_id.clone();
    }
    state.graded = Some(Graded {
        chain: desk.context.chain.clone(),
        lines: if way == Way::Lost {
            Vec::new()
        } else {
            dispose(&accepted, &state.receipt.lines, &recalled, desk.context.policy)
        },
        target_node,
        units: units.clone(),
        gross: value.gross,
        tax: value.tax,
        retained,
        shipping,
        memo: DocumentState::default(),
    });
    let (rma_id, chain) = (state.rma_id.clone(), desk.context.chain.clone());
    for authorization in process.returns.iter_mut().filter(|known| known.rma_id == rma_id) {
        for (line, quantity) in units_by_line(grades) {
            *authorization.graded.entry(line).or_default() += quantity;
        }
    }
    desk.note(process, format!("goods of {receipt_id} graded"));
    exceptions::reject(process, receipt_id, items(&rejected), desk);
    let amount = misjudged(process, &rma_id, &units, value.gross, desk).unwrap_or(value.gross);
    advance_refund::settle(process, &rma_id, receipt_id, amount.saturating_sub(retained), desk);
    if desk.meets(Defect::RefundTwice) {
        refund::give_back(
            process,
            &rma_id,
            &ReceiptId::new(format!("{receipt_id}-again")),
            amount,
            &chain,
            desk,
        );
    }
}

/// The amount that a defect makes of what units are worth.
fn misjudged(
    process: &OrderProcess,
    rma_id: &RmaId,
    units: &[Units],
    worth: i64,
    desk: &Desk<'_>,
) -> Option<i64> {
    let of_units = |amount: &dyn Fn(&OrderLine, &Units) -> i64| -> i64 {
        let lines = units.iter().filter_map(|units| Some((process.order.line(&units.line_id)?, units)));
        lines.map(|(line, units)| amount(line, units)).sum()
    };
    let tax = process.value_of(units).tax;
    if tax > 0 && desk.meets(Defect::RefundWithoutTax) {
        return Some(worth - tax);
    }
    let promotions = of_units(&|line, units| {
        let shares = line
            .promotions
            .iter()
            .flat_map(|share| units.range().map(|unit| share.unit_amounts.get(unit as usize)));
        shares.flatten().sum()
    });
    if promotions > 0 && desk.meets(Defect::RefundIgnoresPromotions) {
        return Some(worth + promotions);
    }
    let rounded = of_units(&|line, units| {
        line.value(0..line.quantity).gross / i64::from(line.quantity.max(1)) * i64::from(units.quantity)
    });
    if rounded != worth && desk.meets(Defect::RefundRoundedByUnit) {
        return Some(rounded);
    }
    let shipping = process.order.shipping_value().gross;
    if shipping > 0 && desk.meets(Defect::ShippingRefundedEachTime) {
        return Some(worth + shipping);
    }
    let asked: Vec<Units> = process
        .authorization(rma_id)?
        .lines
        .iter()
        .map(|line| Units { line_id: line.line_id.clone(), first: 0, quantity: line.quantity })
        .collect();
    let asked = process.value_of(&asked).gross;
    (asked > worth && desk.meets(Defect::RefundOfRequestedUnits)).then_some(asked)
}

fn items(lines: &[InspectedLine]) -> Vec<ItemQuantity> {
    let mut items: BTreeMap<LineId, ItemQuantity> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.quantity > 0) {
        let (line_id, sku) = (line.line_id.clone(), line.sku.clone());
        let item = items.entry(line_id.clone()).or_insert(ItemQuantity { line_id, sku, quantity: 0 });
        item.quantity = item.quantity.saturating_add(line.quantity);
    }
    items.into_values().collect()
}

/// Units come back, or are given up, in the order of the receipts that they came with, without those that the customer was
/// paid for and keeps. Those of a lost parcel were given up before.
fn take_units(
    process: &mut OrderProcess,
    receipt: usize,
    lines: &BTreeMap<LineId, u32>,
    way: Way,
) -> Vec<Units> {
    let mut taken = Vec::new();
    for (line_id, quantity) in lines {
        if way != Way::Found {
            taken.extend(process.units_of_receipt(receipt, line_id, *quantity));
        }
        let counts = process.counts.entry(line_id.clone()).or_default();
        match way {
            Way::Returned | Way::Undelivered => counts.returned += quantity,
            Way::Lost => counts.lost += quantity,
            Way::Found => {
                counts.returned += quantity;
                counts.lost = counts.lost.saturating_sub(*quantity);
            }
        }
    }
    taken
}

/// What becomes of graded goods: one entry for each line and grade. The first reason of a line counts.
fn dispose(
    grades: &[InspectedLine],
    came: &[ReturnLine],
    recalled: &BTreeSet<Sku>,
    policy: &Policy,
) -> Vec<(InspectedLine, DispositionCode)> {
    let mut merged: BTreeMap<_, InspectedLine> = BTreeMap::new();
    for line in grades.iter().filter(|line| line.quantity > 0) {
        match merged.get_mut(&(line.line_id.clone(), line.grade)) {
            Some(known) => known.quantity += line.quantity,
            None => {
                merged.insert((line.line_id.clone(), line.grade), line.clone());
            }
        }
    }
    merged
        .into_values()
        .map(|line| {
            let why = came.iter().find(|came| came.line_id == line.line_id);
            let reason = why.map_or(ReturnReason::ChangedMind, |came| came.reason);
            let code = policy.disposition(line.grade, recall::reason(recalled, &line.sku, reason));
            (line, code)
        })
        .collect()
}

/// What the store can tell the customer.
fn decision(process: &OrderProcess, receipt_id: &ReceiptId, desk: &Desk<'_>) -> Value {
    let Some(state) = find(process, receipt_id) else { return Value::Null };
    let status = process
        .authorization(&state.rma_id)
        .map_or(ReturnStatus::Received, |authorization| authorization.status(desk.context.now));
    let refunds = process.refunds.iter().filter(|refund| refund.receipt_id == *receipt_id);
    let decision = ReturnDecision {
        receipt_id: receipt_id.clone(),
        rma_id: state.rma_id.clone(),
        order_number: process.order.order_number.clone(),
        status,
        refunds: refunds.map(|refund| refund.part.clone()).collect(),
        dispositions: state.graded.iter().flat_map(dispositions).collect(),
    };
    serde_json::to_value(decision).unwrap_or_default()
}

fn dispositions(graded: &Graded) -> impl Iterator<Item = Disposition> {
    graded.lines.iter().map(|(line, code)| Disposition {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        code: *code,
        target_node: graded.target_node.clone(),
    })
}
