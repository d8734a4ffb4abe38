//! What a parcel that left means for the books: goods issued, tax reported, invoice posted. The three do not wait for
//! one another, nor for the money.

use counterproof_contracts::{
    allocation::Value,
    funding::{Contributions, add_contributions, contribution_list},
    model::{
        InventoryMovement, Invoice, LineQuantity, Money, MovementReason, OrderLine, SettledAmounts,
        ShipmentId, StockCondition, TaxCollector, TaxDocument, TaxDocumentKind, TaxDocumentLine,
        TaxDocumentStatus, TaxLine, TaxScheme, day_of,
    },
    protocol::{erp, tax},
};

use super::{
    desk::Desk,
    grant_state::{Part, Parts},
    ids,
    state::{Departure, OrderProcess, Units},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// Books every parcel that left.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let left: Vec<(ShipmentId, Departure)> = process
        .shipments
        .iter()
        .filter(|(_, parcel)| parcel.card.as_ref().is_none_or(|card| card.account_id.is_some()))
        .filter_map(|(id, parcel)| Some((id.clone(), parcel.shipped.clone()?)))
        .filter(|(id, departure)| {
            let attempt = departure.invoice.attempt();
            departure.invoice.is_due() && process.unasked(&Intent::Invoice { shipment: id.clone(), attempt })
        })
        .collect();
    for (shipment, departure) in left {
        issue_goods(process, &shipment, &departure, desk);
        report_sale(process, &shipment, &departure, desk);
        post_invoice(process, &shipment, &departure, desk);
    }
}

fn issue_goods(
    process: &mut OrderProcess,
    shipment: &ShipmentId,
    departure: &Departure,
    desk: &mut Desk<'_>,
) {
    let parcel = process.shipments.get(shipment).filter(|parcel| parcel.card.is_none());
    let Some(node_id) = parcel.map(|parcel| parcel.node_id.clone()) else { return };
    let mut cause = shipment.to_string();
    if desk.meets(Defect::IssuedForOrderNotParcel) {
        cause = process.order.order_number.to_string();
    }
    let node_id = process
        .fulfillments
        .values()
        .map(|first| first.node_id.clone())
        .find(|first| *first != node_id && desk.meets(Defect::IssuedAtFirstNode))
        .unwrap_or(node_id);
    for units in &departure.units {
        let ordered = process.order.line(&units.line_id).map_or(0, |line| line.quantity);
        let more = ordered > units.quantity && desk.meets(Defect::IssuedAsOrdered);
        let quantity = if more { ordered } else { units.quantity };
        let Some(sku) = process.order.line(&units.line_id).map(|line| line.sku.clone()) else { continue };
        let movement = InventoryMovement {
            movement_id: ids::goods_issue(shipment, &units.line_id),
            order_number: Some(process.order.order_number.clone()),
            line_id: Some(units.line_id.clone()),
            node_id: node_id.clone(),
            sku,
            condition: StockCondition::Sellable,
            quantity: -i64::from(quantity),
            reason: MovementReason::GoodsIssue,
            cause: cause.clone(),
        };
        let intent = Intent::IssueGoods { shipment: shipment.clone(), line: units.line_id.clone() };
        let call = PartnerCall::new(erp::POST_INVENTORY_MOVEMENT, &[], &movement);
        desk.ask(process, intent, &departure.chain, call);
    }
}

/// Reports the tax of the whole order, as if it had left.
pub(super) fn report_order(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let lines = tax_lines(process, &process.whole(&every_unit(process)));
    if lines.is_empty() {
        return;
    }
    let order = ShipmentId::new(process.order.order_number.as_str());
    let document = TaxDocument {
        document_code: ids::sales_document(&process.order.order_number, &order),
        kind: TaxDocumentKind::SalesInvoice,
        order_number: process.order.order_number.clone(),
        shipment_id: Some(order.clone()),
        original_document_code: None,
        tax_date: process.order.placed_at,
        status: TaxDocumentStatus::Committed,
        total_tax: total_tax(process, &lines),
        lines,
        scheme: scheme(process),
    };
    let chain = process.chain.clone();
    let call = PartnerCall::new(tax::COMMIT_TAX, &[], &document);
    desk.ask(process, Intent::ReportSale { shipment: order }, &chain, call);
}

fn report_sale(
    process: &mut OrderProcess,
    shipment: &ShipmentId,
    departure: &Departure,
    desk: &mut Desk<'_>,
) {
    let mut lines = tax_lines(process, &process.whole(&departure.units));
    if process.anything_open() && departure.first && desk.meets(Defect::WholeOrderTaxed) {
        lines = tax_lines(process, &process.whole(&every_unit(process)));
    }
    if departure.first {
        lines.extend(shipping_tax_lines(process, whole_shipping(process)));
    }
    let by_others: i64 = contributions(process, &departure.units).values().sum();
    if by_others > 0 && desk.meets(Defect::TaxedOnCustomersShare) {
        lines.iter_mut().take(1).for_each(|line| line.taxable_base.amount -= by_others);
    }
    if lines.is_empty() || process.order.tax_collector() == TaxCollector::Marketplace {
        return;
    }
    let document = TaxDocument {
        document_code: ids::sales_document(&process.order.order_number, shipment),
        kind: TaxDocumentKind::SalesInvoice,
        order_number: process.order.order_number.clone(),
        shipment_id: Some(shipment.clone()),
        original_document_code: None,
        tax_date: process.order.placed_at,
        status: TaxDocumentStatus::Committed,
        total_tax: total_tax(process, &lines),
        lines,
        scheme: scheme(process).filter(|_| !desk.meets(Defect::TaxSchemeLost)),
    };
    let call = PartnerCall::new(tax::COMMIT_TAX, &[], &document);
    desk.ask(process, Intent::ReportSale { shipment: shipment.clone() }, &departure.chain, call);
}

/// All units of the order, wherever they are.
fn every_unit(process: &OrderProcess) -> Vec<Units> {
    let lines = process.order.lines.iter();
    lines.map(|line| Units { line_id: line.line_id.clone(), first: 0, quantity: line.quantity }).collect()
}

/// The scheme that taxes are reported under, where it is a particular one.
pub(super) fn scheme(process: &OrderProcess) -> Option<TaxScheme> {
    Some(process.order.tax_scheme()).filter(|scheme| *scheme != TaxScheme::Domestic)
}

/// The sum of the lines' tax.
pub(super) fn total_tax(process: &OrderProcess, lines: &[TaxDocumentLine]) -> Money {
    Money::new(lines.iter().map(|line| line.tax.amount).sum(), process.order.currency)
}

/// One line for each order line and jurisdiction, with the units' own taxes: nothing is rated again.
pub(super) fn tax_lines(process: &OrderProcess, parts: &Parts) -> Vec<TaxDocumentLine> {
    parts
        .iter()
        .filter_map(|(line_id, units)| Some((process.order.line(line_id)?, units)))
        .flat_map(|(line, units)| line.taxes.iter().map(|tax| tax_line(process, line, tax, units)))
        .collect()
}

/// The tax in parts of units' prices.
pub(super) fn tax_of_parts(tax: &TaxLine, units: &[(u32, Part)]) -> i64 {
    units.iter().map(|(unit, part)| part.of(tax.unit_amounts.get(*unit as usize).copied().unwrap_or(0))).sum()
}

fn tax_line(
    process: &OrderProcess,
    line: &OrderLine,
    tax: &TaxLine,
    units: &[(u32, Part)],
) -> TaxDocumentLine {
    let currency = process.order.currency;
    let base = |unit: u32| process.order.taxable_base(line, tax, unit..unit.saturating_add(1));
    let base: i64 = units.iter().map(|(unit, part)| part.of(base(*unit))).sum();
    TaxDocumentLine {
        line_id: Some(line.line_id.clone()),
        quantity: u32::try_from(units.len()).unwrap_or(u32::MAX),
        jurisdiction: tax.jurisdiction.clone(),
        rate_ppm: tax.rate_ppm,
        taxable_base: Money::new(base, currency),
        tax: Money::new(tax_of_parts(tax, units), currency),
        tax_type: Some(tax.tax_type),
    }
}

/// All of the charge for shipping.
fn whole_shipping(process: &OrderProcess) -> Part {
    let paid = process.paid_for_shipping();
    Part { from: 0, to: paid, paid }
}

/// The tax in a part of the charge for shipping.
pub(super) fn shipping_tax(process: &OrderProcess, part: Part) -> i64 {
    shipping_tax_lines(process, part).iter().map(|line| line.tax.amount).sum()
}

/// The taxes on a part of the charge for shipping. Where the order does not say who levies them, they stand under the
/// jurisdiction and rate of its first tax.
pub(super) fn shipping_tax_lines(process: &OrderProcess, part: Part) -> Vec<TaxDocumentLine> {
    let order = &process.order;
    let Some(shipping) = &order.shipping else { return Vec::new() };
    let line = |tax: &TaxLine, amount: i64| TaxDocumentLine {
        line_id: None,
        quantity: 0,
        jurisdiction: tax.jurisdiction.clone(),
        rate_ppm: tax.rate_ppm,
        taxable_base: Money::new(part.of(order.shipping_base(tax.tax_type)), order.currency),
        tax: Money::new(part.of(amount), order.currency),
        tax_type: Some(tax.tax_type),
    };
    if !shipping.taxes.is_empty() {
        return shipping.taxes.iter().map(|tax| line(tax, tax.unit_amounts.iter().sum())).collect();
    }
    let first = order.lines.iter().flat_map(|line| &line.taxes).next();
    first.filter(|_| shipping.tax_amount > 0).map(|tax| line(tax, shipping.tax_amount)).into_iter().collect()
}

/// What a parcel is invoiced for: its units, and shipping with the first.
fn invoiced(process: &OrderProcess, departure: &Departure) -> Value {
    let goods = process.value_of(&departure.units);
    if departure.first { goods + process.order.shipping_value() } else { goods }
}

/// What others than the customer owe for a parcel.
fn owed_by_others(process: &OrderProcess, departure: &Departure) -> Contributions {
    let mut sums = contributions(process, &departure.units);
    if departure.first {
        add_contributions(&mut sums, &process.order.shipping_contributions());
    }
    sums
}

/// What others than the customer pay for units.
pub(super) fn contributions(process: &OrderProcess, units: &[Units]) -> Contributions {
    let mut sums = Contributions::new();
    for units in units {
        if let Some(line) = process.order.line(&units.line_id) {
            add_contributions(&mut sums, &process.order.contributions(line, units.range()));
        }
    }
    sums
}

/// Amounts in the settlement currency, as what follows on amounts that were booked before.
pub(super) fn settled(process: &OrderProcess, before: Value, value: Value) -> Option<SettledAmounts> {
    process.order.settlement.map(|terms| SettledAmounts {
        amount: terms.money(terms.convert_part(before.gross, value.gross)),
        tax: terms.money(terms.convert_part(before.tax, value.tax)),
    })
}

/// What was invoiced of the order so far.
fn invoiced_before(process: &OrderProcess) -> Value {
    let asked = |id: &ShipmentId| !process.unasked(&Intent::Invoice { shipment: id.clone(), attempt: 1 });
    let parcels = process.shipments.iter().filter(|(id, _)| asked(id));
    let departures = parcels.filter_map(|(_, parcel)| parcel.shipped.as_ref());
    departures.map(|departure| invoiced(process, departure)).sum()
}

fn post_invoice(
    process: &mut OrderProcess,
    shipment: &ShipmentId,
    departure: &Departure,
    desk: &mut Desk<'_>,
) {
    let mut value = invoiced(process, departure);
    if process.anything_open() && departure.first && desk.meets(Defect::WholeOrderInvoiced) {
        value = process.value_of(&every_unit(process)) + process.order.shipping_value();
    }
    if value.tax > 0 && desk.meets(Defect::InvoiceWithoutTax) {
        value.tax = 0;
    }
    let attempt = departure.invoice.attempt();
    if attempt == 1 {
        let settlement = settled(process, invoiced_before(process), value);
        let parcel = process.shipments.get_mut(shipment).and_then(|parcel| parcel.shipped.as_mut());
        parcel.into_iter().for_each(|departure| departure.invoice.settlement = settlement);
    }
    let state = process.shipments.get(shipment).and_then(|parcel| parcel.shipped.as_ref());
    let state = state.map(|departure| departure.invoice.clone()).unwrap_or_default();
    let mut business_date = day_of(departure.at);
    if let Some(posting_date) = state.posting_date.filter(|day| *day != business_date)
        && desk.meets(Defect::DatedAsPosted)
    {
        business_date = posting_date;
    }
    let invoice = Invoice {
        erp_document: None,
        order_number: process.order.order_number.clone(),
        shipment_id: shipment.clone(),
        lines: quantities(&departure.units),
        amount: Money::new(value.gross, process.order.currency),
        tax: Money::new(value.tax, process.order.currency),
        contributions: contribution_list(&owed_by_others(process, departure), &process.order),
        settlement: state.settlement,
        deferred: deferred(process, &departure.units, value, desk),
        business_date: Some(business_date),
        posting_date: Some(state.posting_date.unwrap_or(business_date)),
        posting: None,
    };
    let mut invoice = invoice;
    if !invoice.contributions.is_empty() && desk.meets(Defect::FunderNotBilled) {
        invoice.contributions.clear();
    }
    if let Some(settled) = &mut invoice.settlement
        && desk.meets(Defect::SettledAtPar)
    {
        settled.amount.amount = value.gross;
    }
    let call = PartnerCall::new(erp::POST_INVOICE, &[], &invoice);
    let intent = Intent::Invoice { shipment: shipment.clone(), attempt };
    desk.ask(process, intent, &departure.chain, call);
}

/// What is sold or taken back with gift cards alone is owed to their holders, and no revenue.
pub(super) fn deferred(
    process: &OrderProcess,
    units: &[Units],
    value: Value,
    desk: &mut Desk<'_>,
) -> Option<Money> {
    let cards = !units.is_empty() && units.iter().all(|units| process.is_gift_card(&units.line_id));
    let owed = cards && !desk.meets(Defect::GiftCardBookedAsRevenue);
    owed.then(|| Money::new(value.gross, process.order.currency))
}

/// Units without their indices.
pub(super) fn quantities(units: &[Units]) -> Vec<LineQuantity> {
    units
        .iter()
        .map(|units| LineQuantity { line_id: units.line_id.clone(), quantity: units.quantity })
        .collect()
}
