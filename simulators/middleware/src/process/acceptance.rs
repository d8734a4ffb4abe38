//! From submission to acceptance: taxes, payment, stock, booking, in this order. Each step needs the one
//! before; the first definite refusal rejects the order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use counterproof_contracts::{
    model::{
        ItemQuantity, LineId, Money, Order, OrderNumber, OrderStatus, SalesOrder, System, TaxCollector,
        TaxQuote, TaxQuoteLine, TaxQuoteRequest,
    },
    protocol::{OrderAcknowledgment, Problem, ProblemKind, SalesOrderAcknowledged, erp, tax},
};
use serde_json::Value;

use super::{
    answer::Refusal,
    booking,
    desk::Desk,
    ids, intake, payment, promise, reservation,
    state::{Chain, Counts, Holding, OrderProcess, Promises},
    status,
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// Takes an order. The same order again is answered the same and changes nothing.
pub(super) fn submit(
    process: &mut Option<OrderProcess>,
    order: Order,
    desk: &mut Desk<'_>,
) -> Result<Value, Problem> {
    let acknowledgment = acknowledgment(&order.order_number);
    if let Some(known) = process {
        refuse_other_order(&known.order, &order)?;
    } else {
        promise::check_method(order.shipping_method.as_deref(), &desk.context.policy.promises)?;
        let known = process.insert(opened(order, desk.context.chain.clone()));
        let text = format!("order {} of {} received", known.order.order_number, known.order.total);
        desk.note(known, text);
    }
    Ok(acknowledgment)
}

fn acknowledgment(order_number: &OrderNumber) -> Value {
    let acknowledgment = OrderAcknowledgment {
        order_number: order_number.clone(),
        order_id: ids::order_id(order_number),
        status: OrderStatus::Placed,
    };
    serde_json::to_value(acknowledgment).unwrap_or_default()
}

/// What is answered to a sale that is known under other references; `None` if it is another sale.
pub fn known_sale(process: &OrderProcess, told: &Order) -> Option<Value> {
    let known = &process.order;
    let same = Order {
        order_number: known.order_number.clone(),
        channel_order_id: known.channel_order_id.clone(),
        ..told.clone()
    };
    (same == *known).then(|| acknowledgment(&known.order_number))
}

/// Whether a submission repeats the known order; anything else under its number is refused.
fn refuse_other_order(known: &Order, submitted: &Order) -> Result<(), Problem> {
    if intake::same_order(known, submitted) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::IllegalState,
        format!("order number {} belongs to another order or another content", submitted.order_number),
    ))
}

fn opened(order: Order, chain: Chain) -> OrderProcess {
    let counts = order.lines.iter().map(|line| (line.line_id.clone(), Counts::default())).collect();
    let tenders = order.tenders.iter().map(|tender| (tender.tender_id.clone(), Holding::Open)).collect();
    let told = status::untold(&order);
    OrderProcess {
        order,
        chain,
        files_for: None,
        status: OrderStatus::Placed,
        rejection: None,
        taxes_confirmed: false,
        taxes_assumed: false,
        accepted: false,
        counts,
        tenders,
        reservations: Vec::new(),
        early_claims: Vec::new(),
        shortages: Vec::new(),
        changes: Vec::new(),
        cards: BTreeMap::new(),
        lapsed: BTreeSet::new(),
        disputes: BTreeMap::new(),
        erp_document: None,
        fulfillments: BTreeMap::new(),
        shipments: BTreeMap::new(),
        scans: BTreeMap::new(),
        cancellations: Vec::new(),
        returns: Vec::new(),
        receipts: Vec::new(),
        holds: Vec::new(),
        rejections: Vec::new(),
        early_undelivered: Vec::new(),
        odd_scans: BTreeSet::new(),
        grants: Vec::new(),
        promises: Promises::default(),
        recalled: BTreeSet::new(),
        early_inspections: BTreeMap::new(),
        decisions: Vec::new(),
        refunds: Vec::new(),
        exchanges: Vec::new(),
        replacing: None,
        notices: 0,
        serials: BTreeMap::new(),
        tasks: BTreeMap::new(),
        waiting: Vec::new(),
        told,
        sequence: 0,
        channel_updates: VecDeque::new(),
        timeline_updates: VecDeque::new(),
        audit_sequence: 0,
    }
}

/// Asks for the next step that the facts allow.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if process.accepted || process.rejection.is_some() || !process.anything_open() {
        return;
    }
    let chain = process.chain.clone();
    if process.order.tax_collector() == TaxCollector::Marketplace
        || process.order.lines.iter().all(|line| line.gift_card)
    {
        // Taxes that the marketplace collects are its own affair; the sale of a gift card bears none.
        process.taxes_confirmed = true;
    } else {
        let quote = quote_request(&process.order);
        desk.ask(process, Intent::QuoteTax, &chain, PartnerCall::new(tax::QUOTE_TAX, &[], &quote));
    }
    if !process.taxes_confirmed {
        return;
    }
    if desk.meets(Defect::BookedBeforePaid) {
        book(process, desk);
    }
    payment::hold(process, desk);
    if !payment::all_held(process) {
        return;
    }
    reservation::claim(process, desk);
    let unclaimed = process.reservations.is_empty()
        && !stocked(&process.order).is_empty()
        && !desk.meets(Defect::BookedBeforeClaimed);
    if unclaimed || process.lacks_claims() {
        return;
    }
    book(process, desk);
    if process.done(&Intent::Book) && process.erp_document.is_some() {
        process.accepted = true;
        desk.decide(process, "accepted: paid for, reserved and booked");
    }
}

/// Books the order in the ERP, and reports no tax before anything left.
fn book(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let chain = process.chain.clone();
    let mut sales_order = sales_order(&process.order);
    if desk.meets(Defect::BookedWithoutTax) {
        sales_order.total_tax.amount = 0;
    }
    desk.ask(process, Intent::Book, &chain, PartnerCall::new(erp::CREATE_SALES_ORDER, &[], &sales_order));
    if desk.meets(Defect::TaxReportedAtAcceptance) {
        booking::report_order(process, desk);
    }
}

/// What the tax engine is asked of an order.
pub(super) fn quote_request(order: &Order) -> TaxQuoteRequest {
    TaxQuoteRequest {
        order_number: order.order_number.clone(),
        country: order.ship_to.country.clone(),
        postal_code: order.ship_to.postal_code.clone(),
        tax_date: order.placed_at,
        lines: order
            .lines
            .iter()
            .filter(|line| !line.gift_card)
            .map(|line| TaxQuoteLine {
                line_id: line.line_id.clone(),
                sku: line.sku.clone(),
                quantity: line.quantity,
                tax_included: line.tax_included,
                unit_amounts: (0..line.quantity).map(|unit| order.taxed_price(line, unit)).collect(),
            })
            .collect(),
        currency: Some(order.currency),
        tax_terms: order.tax_terms.clone(),
    }
}

/// Compares the tax engine's taxes with the order's, line by line.
pub(super) fn quoted(process: &mut OrderProcess, quote: &TaxQuote, desk: &mut Desk<'_>) {
    match tax_difference(&process.order, quote) {
        None => process.taxes_confirmed = true,
        Some(reason) if process.accepted => {
            let subject = format!("the taxes of order {}", process.order.order_number);
            desk.alert(process, System::Tax, subject, reason);
        }
        Some(reason) => reject(process, reason, desk),
    }
}

/// The tax engine has not answered in time: an order within the declared limit goes on with the taxes that its channel
/// calculated. What the engine says later is compared all the same.
pub(super) fn quote_overdue(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let within = desk.context.policy.degradation.goes_on_without_tax_quote(process.order.total);
    if process.taxes_confirmed || process.rejection.is_some() {
        return;
    }
    if within {
        process.taxes_confirmed = true;
        process.taxes_assumed = true;
        desk.decide(process, "goes on with the taxes of its channel: the tax engine does not answer");
    }
}

/// Which tax of an order the tax engine sees differently, in words.
pub(super) fn tax_difference(order: &Order, quote: &TaxQuote) -> Option<String> {
    let (line, own, engine) = differing_line(order, quote)?;
    Some(format!("the tax of line {line} is {own}, the tax engine says {engine}"))
}

fn differing_line(order: &Order, quote: &TaxQuote) -> Option<(LineId, Money, Money)> {
    order.lines.iter().find_map(|line| {
        let own: i64 = line.taxes.iter().flat_map(|tax| &tax.unit_amounts).sum();
        let engine: i64 = quote
            .lines
            .iter()
            .filter(|quoted| quoted.line_id == line.line_id)
            .flat_map(|quoted| &quoted.taxes)
            .flat_map(|tax| &tax.unit_amounts)
            .fold(0, |sum, amount| sum.saturating_add(*amount));
        let money = |amount| Money::new(amount, order.currency);
        (own != engine).then(|| (line.line_id.clone(), money(own), money(engine)))
    })
}

/// The order as the ERP books it: always whole. What was canceled meanwhile is taken out afterwards.
fn sales_order(order: &Order) -> SalesOrder {
    SalesOrder {
        erp_document: None,
        order_number: order.order_number.clone(),
        sales_channel: order.sales_channel,
        channel_order_id: order.channel_order_id.clone(),
        customer_ref: order.customer_ref.clone(),
        currency: order.currency,
        lines: items(order),
        total: order.total,
        total_tax: Money::new(order.value().tax, order.currency),
        settlement: order.settlement,
        tax_terms: order.tax_terms.clone(),
    }
}

/// Every line with all its units.
pub(super) fn items(order: &Order) -> Vec<ItemQuantity> {
    order
        .lines
        .iter()
        .map(|line| ItemQuantity {
            line_id: line.line_id.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
        })
        .collect()
}

/// Every line of goods with all its units: what is claimed.
pub(super) fn stocked(order: &Order) -> Vec<ItemQuantity> {
    let is_card = |item: &ItemQuantity| order.line(&item.line_id).is_some_and(|line| line.gift_card);
    items(order).into_iter().filter(|item| !is_card(item)).collect()
}

/// The tax engine cannot rate the order as it is.
pub(super) fn not_rated(process: &mut OrderProcess, refusal: &Refusal, desk: &mut Desk<'_>) -> bool {
    if refusal.kind != Some(ProblemKind::BusinessRule) || process.accepted {
        return false;
    }
    reject(process, format!("the order cannot be taxed: {}", refusal.detail), desk);
    true
}

/// The ERP could not claim stock.
pub(super) fn no_stock(process: &mut OrderProcess, refusal: &Refusal, desk: &mut Desk<'_>) -> bool {
    if refusal.kind != Some(ProblemKind::InsufficientStock) {
        return false;
    }
    reject(process, format!("not enough stock: {}", refusal.detail), desk);
    true
}

/// Refuses the order. The first reason stays.
pub(super) fn reject(process: &mut OrderProcess, reason: String, desk: &mut Desk<'_>) {
    if process.rejection.is_none() && !process.accepted {
        desk.decide(process, format!("rejected: {reason}"));
        process.rejection = Some(reason);
    }
}

/// The ERP told by itself that it booked the order.
pub(super) fn acknowledged(
    process: &mut OrderProcess,
    told: &SalesOrderAcknowledged,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    match &process.erp_document {
        Some(known) if *known != told.erp_document => {
            return Err(format!("booked as {known}, acknowledged as {}", told.erp_document));
        }
        Some(_) => {}
        None => process.erp_document = Some(told.erp_document.clone()),
    }
    desk.note(process, format!("booked as sales order {}", told.erp_document));
    Ok(())
}
