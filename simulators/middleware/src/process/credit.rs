//! What returned goods mean for the books: receipt, stock, tax given back, credit memo. Each waits for the
//! document of the sale that it reverses.

use std::collections::BTreeMap;

use counterproof_contracts::{
    allocation::Value,
    funding::contribution_list,
    model::{
        CreditMemo, InspectedLine, InventoryMovement, Money, MovementReason, ReceiptId, ShipmentId,
        StockCondition, TaxCollector, TaxDocument, TaxDocumentKind, TaxDocumentStatus,
    },
    protocol::{erp, tax},
};

use super::{
    adjustment, booking,
    desk::Desk,
    ids,
    state::{Graded, OrderProcess, ReceiptState, Units},
    task::{Intent, PartnerCall},
};

/// Books every receipt.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for receipt in process.receipts.clone() {
        book_receipt(process, &receipt, desk);
        if let Some(graded) = &receipt.graded {
            restock(process, &receipt, graded, desk);
            let parcels = by_parcel(process, &graded.units);
            report_return(process, &receipt, graded, &parcels, desk);
            post_credit_memo(process, &receipt, graded, &parcels, desk);
        }
    }
}

fn book_receipt(process: &mut OrderProcess, receipt: &ReceiptState, desk: &mut Desk<'_>) {
    let intent = Intent::BookReceipt { receipt: receipt.receipt.receipt_id.clone() };
    let authorized = Intent::AuthorizeReturn { rma: receipt.rma_id.clone() };
    if process.unasked(&intent) && process.done(&authorized) {
        let call = PartnerCall::new(erp::POST_RETURN_RECEIPT, &[], &receipt.receipt);
        desk.ask(process, intent, &receipt.chain, call);
    }
}

/// Which units each parcel carried.
fn by_parcel(process: &OrderProcess, units: &[Units]) -> BTreeMap<ShipmentId, Vec<Units>> {
    let mut parcels: BTreeMap<ShipmentId, Vec<Units>> = BTreeMap::new();
    for returned in units {
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
        let Some(condition) = code.stock_condition() else { continue };
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
            let movement = movement(process, receipt, graded, line, condition);
            let call = PartnerCall::new(erp::POST_INVENTORY_MOVEMENT, &[], &movement);
            desk.ask(process, intent, &graded.chain, call);
        }
    }
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
            booking::tax_lines(process, &process.rest(units))
        };
        if lines.is_empty() || !process.done(&Intent::ReportSale { shipment: shipment.clone() }) {
            continue;
        }
        let document = TaxDocument {
            document_code: ids::return_document(&receipt_id, shipment),
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
        desk.ask(process, intent, &graded.chain, call);
    }
}

/// What was credited before, for goods and without goods.
pub(super) fn before(process: &OrderProcess) -> Value {
    let asked = |cause: &ReceiptId| !process.unasked(&Intent::CreditMemo { receipt: cause.clone() });
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
    let intent = Intent::CreditMemo { receipt: receipt.receipt.receipt_id.clone() };
    if !process.unasked(&intent) {
        return;
    }
    if graded.units.is_empty() {
        return;
    }
    let invoiced =
        parcels.keys().all(|shipment| process.done(&Intent::Invoice { shipment: shipment.clone() }));
    if !invoiced {
        return;
    }
    let credited = graded.credited();
    let contributions = booking::contributions(process, &graded.units);
    let memo = CreditMemo {
        erp_document: None,
        order_number: process.order.order_number.clone(),
        receipt_id: receipt.receipt.receipt_id.clone(),
        lines: booking::quantities(&graded.units),
        amount: Money::new(credited.gross, process.order.currency),
        tax: Money::new(credited.tax, process.order.currency),
        contributions: contribution_list(&contributions, &process.order),
        settlement: booking::settled(process, before(process), credited),
        retained: (graded.retained != 0).then(|| Money::new(graded.retained, process.order.currency)),
        shipping: None,
    };
    let call = PartnerCall::new(erp::POST_CREDIT_MEMO, &[], &memo);
    desk.ask(process, intent, &graded.chain, call);
}
