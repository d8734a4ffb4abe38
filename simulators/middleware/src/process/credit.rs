//! What returned goods mean for the books: receipt, stock, tax given back, credit memo. Each waits for the
//! document of the sale that it reverses.

use std::collections::BTreeMap;

use counterproof_contracts::{
    allocation::Value,
    funding::{add_contributions, contribution_list},
    model::{
        CreditMemo, InspectedLine, InventoryMovement, Money, MovementReason, ReceiptId, ReturnReason,
        ShipmentId, Sku, StockCondition, TaxCollector, TaxDocument, TaxDocumentKind, TaxDocumentStatus,
        day_of,
    },
    protocol::{erp, tax},
};

use super::{
    adjustment, booking,
    desk::Desk,
    ids,
    state::{Graded, OrderProcess, ReceiptState, Units, Way},
    task::{Intent, PartnerCall},
    undelivered,
};
use crate::defects::Defect;

/// Books every receipt.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for receipt in process.receipts.clone() {
        book_receipt(process, &receipt, desk);
        if let Some(graded) = &receipt.graded {
            restock(process, &receipt, graded, desk);
            let parcels = by_parcel(process, graded);
            report_return(process, &receipt, graded, &parcels, desk);
            post_credit_memo(process, &receipt, graded, &parcels, desk);
        }
    }
}

fn book_receipt(process: &mut OrderProcess, receipt: &ReceiptState, desk: &mut Desk<'_>) {
    let intent = Intent::BookReceipt { receipt: receipt.receipt.receipt_id.clone() };
    let authorized = Intent::AuthorizeReturn { rma: receipt.rma_id.clone() };
    if receipt.way != Way::Lost && process.unasked(&intent) && process.done(&authorized) {
        let mut booked = receipt.receipt.clone();
        if desk.meets(Defect::ReceiptBookedAsRequested)
            && let Some(authorization) = process.authorization(&receipt.rma_id)
        {
            booked.lines.clone_from(&authorization.lines);
        }
        for line in booked.lines.iter_mut().filter(|line| line.reason != ReturnReason::ChangedMind) {
            if desk.meets(Defect::ReasonLost) {
                line.reason = ReturnReason::ChangedMind;
            }
        }
        let call = PartnerCall::new(erp::POST_RETURN_RECEIPT, &[], &booked);
        desk.ask(process, intent, &receipt.chain, call);
    }
}

/// Which units each parcel carried; with the parcel that shipping was charged with, where that is given back.
fn by_parcel(process: &OrderProcess, graded: &Graded) -> BTreeMap<ShipmentId, Vec<Units>> {
    let mut parcels: BTreeMap<ShipmentId, Vec<Units>> = BTreeMap::new();
    if graded.shipping {
        parcels.extend(undelivered::charged_parcel(process).map(|shipment| (shipment.clone(), Vec::new())));
    }
    for returned in &graded.units {
        for unit in returned.range() {
            let Some((shipment, _)) = process.parcel_of_unit(&returned.line_id, unit) else { continue };
            let carried = parcels.entry(shipment.clone()).or_default();
            match carried.last_mut() {
                Some(last) if last.line_id == returned.line_id && last.range().end == unit => {
                    last.quantity += 1;
                }
                _ => carried.push(Units { line_id: returned.line_id.clone(), first: unit, quantity: 1 }),
            }
        }
    }
    parcels
}

fn restock(process: &mut OrderProcess, receipt: &ReceiptState, graded: &Graded, desk: &mut Desk<'_>) {
    for (line, code) in &graded.lines {
        let Some(mut condition) = code.stock_condition() else { continue };
        if condition != StockCondition::Sellable && desk.meets(Defect::RestockedWhateverTheGrade) {
            condition = StockCondition::Sellable;
        }
        let intent = Intent::Restock {
            receipt: receipt.receipt.receipt_id.clone(),
            line: line.line_id.clone(),
            grade: line.grade,
        };
        if !process.unasked(&intent) {
            continue;
        }
        let issued = process.shipments.iter().all(|(shipment, parcel)| {
            let units = parcel.shipped.iter().flat_map(|departure| &departure.units);
            let carried = units.clone().any(|units| units.line_id == line.line_id);
            let intent = Intent::IssueGoods { shipment: shipment.clone(), line: line.line_id.clone() };
            !carried || process.done(&intent)
        });
        if issued {
            let mut movement = movement(process, receipt, graded, line, condition);
            if let Some(sku) = replacement_sku(process, receipt)
                && desk.meets(Defect::ReplacementRestocked)
            {
                movement.sku = sku;
            }
            let call = PartnerCall::new(erp::POST_INVENTORY_MOVEMENT, &[], &movement);
            desk.ask(process, intent, &graded.chain, call);
        }
    }
}

/// What an exchange gives instead of the goods.
fn replacement_sku(process: &OrderProcess, receipt: &ReceiptState) -> Option<Sku> {
    let request = process.authorization(&receipt.rma_id)?.request.as_ref();
    let asked = request.and_then(|request| request.exchange.as_ref()).or(receipt.told.exchange.as_ref())?;
    asked.replacement.lines.first().map(|line| line.sku.clone())
}

fn movement(
    process: &OrderProcess,
    receipt: &ReceiptState,
    graded: &Graded,
    line: &InspectedLine,
    condition: StockCondition,
) -> InventoryMovement {
    let receipt_id = &receipt.receipt.receipt_id;
    InventoryMovement {
        movement_id: ids::customer_return(receipt_id, &line.line_id, line.grade),
        order_number: Some(process.order.order_number.clone()),
        line_id: Some(line.line_id.clone()),
        node_id: graded.target_node.clone(),
        sku: line.sku.clone(),
        condition,
        quantity: i64::from(line.quantity),
        reason: MovementReason::CustomerReturn,
        cause: receipt_id.to_string(),
    }
}

/// One return document for each sales document whose units came back.
fn report_return(
    process: &mut OrderProcess,
    receipt: &ReceiptState,
    graded: &Graded,
    parcels: &BTreeMap<ShipmentId, Vec<Units>>,
    desk: &mut Desk<'_>,
) {
    for (shipment, units) in parcels {
        let receipt_id = receipt.receipt.receipt_id.clone();
        let intent = Intent::ReportReturn { receipt: receipt_id.clone(), shipment: shipment.clone() };
        if !process.unasked(&intent) {
            continue;
        }
        let lines = if process.order.tax_collector() == TaxCollector::Marketplace {
            Vec::new()
        } else {
            let mut lines = booking::tax_lines(process, &process.rest(units));
            if graded.shipping && undelivered::charged_parcel(process) == Some(shipment) {
                let rest = process.rest_of_shipping();
                lines.extend(rest.iter().flat_map(|part| booking::shipping_tax_lines(process, *part)));
            }
            lines
        };
        if lines.is_empty()
            || !process.done(&Intent::ReportSale { shipment: shipment.clone() })
            || desk.meets(Defect::ReturnTaxForgotten)
        {
            continue;
        }
        let today = desk.context.now;
        let tax_date = if desk.meets(Defect::ReturnTaxedToday) { today } else { process.order.placed_at };
        let document = TaxDocument {
            document_code: ids::return_document(&receipt_id, shipment),
            kind: TaxDocumentKind::ReturnInvoice,
            order_number: process.order.order_number.clone(),
            shipment_id: None,
            original_document_code: Some(ids::sales_document(&process.order.order_number, shipment)),
            tax_date,
            status: TaxDocumentStatus::Committed,
            total_tax: booking::total_tax(process, &lines),
            lines,
            scheme: booking::scheme(process),
        };
        let call = PartnerCall::new(tax::COMMIT_TAX, &[], &document);
        desk.ask(process, intent, &graded.chain, call);
    }
}

/// What was credited before, for goods and without goods.
pub(super) fn before(process: &OrderProcess) -> Value {
    let asked =
        |cause: &ReceiptId| !process.unasked(&Intent::CreditMemo { receipt: cause.clone(), attempt: 1 });
    let receipts = process.receipts.iter().filter(|receipt| asked(&receipt.receipt.receipt_id));
    let goods: Value = receipts.filter_map(|receipt| Some(receipt.graded.as_ref()?.credited())).sum();
    let grants = process.grants.iter().filter(|grant| asked(&grant.cause));
    goods + grants.map(|grant| adjustment::credited(process, grant)).sum::<Value>()
}

fn post_credit_memo(
    process: &mut OrderProcess,
    receipt: &ReceiptState,
    graded: &Graded,
    parcels: &BTreeMap<ShipmentId, Vec<Units>>,
    desk: &mut Desk<'_>,
) {
    let (receipt_id, attempt) = (receipt.receipt.receipt_id.clone(), graded.memo.attempt());
    let intent = Intent::CreditMemo { receipt: receipt_id.clone(), attempt };
    if !graded.memo.is_due() || !process.unasked(&intent) {
        return;
    }
    if graded.units.is_empty() || desk.meets(Defect::CreditMemoForgotten) {
        return;
    }
    if !parcels.keys().all(|shipment| process.invoiced(shipment)) {
        return;
    }
    let mut credited = graded.credited();
    if credited.tax > 0 && desk.meets(Defect::CreditMemoWithoutTax) {
        credited.tax = 0;
    }
    let mut settlement = graded.memo.settlement;
    if attempt == 1 {
        settlement = booking::settled(process, before(process), credited);
        let known = process.receipts.iter_mut().find(|known| known.receipt.receipt_id == receipt_id);
        let known = known.and_then(|known| known.graded.as_mut());
        known.into_iter().for_each(|graded| graded.memo.settlement = settlement);
    }
    let business_date = day_of(receipt.receipt.received_at);
    let mut contributions = booking::contributions(process, &graded.units);
    let mut shipping = 0;
    if graded.shipping {
        shipping = process.shipping_left().gross;
        add_contributions(&mut contributions, &process.order.shipping_contributions());
    }
    let home = process.order.settlement.map(|settlement| settlement.currency);
    let currency =
        home.filter(|_| desk.meets(Defect::CreditMemoInOtherCurrency)).unwrap_or(process.order.currency);
    let memo = CreditMemo {
        erp_document: None,
        order_number: process.order.order_number.clone(),
        receipt_id,
        lines: booking::quantities(&graded.units),
        amount: Money::new(credited.gross, currency),
        tax: Money::new(credited.tax, currency),
        contributions: contribution_list(&contributions, &process.order),
        settlement,
        deferred: None,
        retained: (graded.retained != 0).then(|| Money::new(graded.retained, process.order.currency)),
        business_date: Some(business_date),
        posting_date: Some(graded.memo.posting_date.unwrap_or(business_date)),
        posting: None,
        shipping: (shipping > 0).then(|| Money::new(shipping, currency)),
    };
    let call = PartnerCall::new(erp::POST_CREDIT_MEMO, &[], &memo);
    desk.ask(process, intent, &graded.chain, call);
}
