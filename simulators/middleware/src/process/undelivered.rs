//! Parcels that never reach the customer: they come back to a dock, or the carrier loses them. Nobody asks for their
//! return; the customer gets everything back that was paid for them, once, whatever turns up later.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        Acceptance, ConditionGrade, HoldReason, InspectedLine, LineId, ReceiptId, Resolution, ReturnLine,
        ReturnMethod, ReturnReason, ReturnReceipt, ReturnRequest, RmaId, ScanCode, ShipmentId,
    },
    protocol::Problem,
};

use super::{
    desk::Desk,
    eligibility, exceptions, receipt, serials,
    state::{OrderProcess, ReceiptState, ReturnState, Way},
};

/// An undelivered parcel came to a dock. What is told before it left waits.
pub(super) fn at_dock(
    process: &mut OrderProcess,
    shipment_id: &ShipmentId,
    told: ReturnReceipt,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    let left = process.shipments.get(shipment_id).is_some_and(|parcel| parcel.shipped.is_some());
    if !left {
        let chain = desk.context.chain.clone();
        let known = process.early_undelivered.iter().any(|(_, early)| early.receipt_id == told.receipt_id);
        if !known {
            process.early_undelivered.push((chain, told));
        }
        return Ok(());
    }
    let came = if told.lines.is_empty() {
        BTreeMap::new()
    } else {
        eligibility::lines_of(&process.order, &told.lines, true).map_err(|problem| problem.detail)?
    };
    serials::check_return(process, &told, &came)?;
    let way = if loss_of(process, shipment_id).is_some() { Way::Found } else { Way::Undelivered };
    let free = |line: &ReturnLine| free_units(process, shipment_id, &line.line_id, way);
    let sorted = exceptions::sort_by(&told, free, |_| HoldReason::OverReceipt);
    receipt::accept(process, told, sorted, (None, way), desk)
}

/// What the carrier's loss of a parcel led to.
fn loss_of<'p>(process: &'p OrderProcess, shipment_id: &ShipmentId) -> Option<&'p ReceiptState> {
    receipts_of(process, shipment_id).find(|known| known.way == Way::Lost)
}

fn receipts_of<'p>(
    process: &'p OrderProcess,
    shipment_id: &ShipmentId,
) -> impl Iterator<Item = &'p ReceiptState> {
    process.receipts.iter().filter(move |known| known.receipt.shipment_id.as_ref() == Some(shipment_id))
}

/// Whether a parcel came back without having been lost before.
pub(super) fn came_back(process: &OrderProcess, shipment_id: &ShipmentId) -> bool {
    receipts_of(process, shipment_id).any(|known| known.way == Way::Undelivered)
}

/// Units of a line in a parcel that may come back undelivered.
fn free_units(process: &OrderProcess, shipment_id: &ShipmentId, line: &LineId, way: Way) -> u32 {
    let units = |lines: &[ReturnLine]| -> u32 {
        lines.iter().filter(|item| item.line_id == *line).map(|item| item.quantity).sum()
    };
    let before: u32 = receipts_of(process, shipment_id)
        .filter(|known| known.way == way)
        .map(|known| units(&known.receipt.lines))
        .sum();
    if way == Way::Found {
        let lost = loss_of(process, shipment_id).map_or(0, |loss| units(&loss.receipt.lines));
        return lost.saturating_sub(before);
    }
    let parcel = process.shipments.get(shipment_id).into_iter().flat_map(|parcel| &parcel.lines);
    let packed: u32 = parcel.filter(|item| item.line_id == *line).map(|item| item.quantity).sum();
    packed.saturating_sub(before).min(eligibility::with_customer(process, line))
}

/// The parcel with which shipping was charged.
pub(super) fn charged_parcel(process: &OrderProcess) -> Option<&ShipmentId> {
    let first = process
        .shipments
        .iter()
        .find(|(_, parcel)| parcel.shipped.as_ref().is_some_and(|departure| departure.first));
    first.map(|(shipment_id, _)| shipment_id)
}

/// Whether the charge for shipping is given back with a receipt: once, with the parcel that bore it, as the retailer
/// declared.
pub(super) fn gives_shipping_back(process: &OrderProcess, receipt_id: &ReceiptId, desk: &Desk<'_>) -> bool {
    let receipt = process.receipts.iter().find(|known| known.receipt.receipt_id == *receipt_id);
    let undelivered = receipt.filter(|known| matches!(known.way, Way::Undelivered | Way::Lost));
    let parcel = undelivered.and_then(|known| known.receipt.shipment_id.as_ref());
    let given =
        process.receipts.iter().filter_map(|known| known.graded.as_ref()).any(|graded| graded.shipping);
    parcel.is_some()
        && parcel == charged_parcel(process)
        && !given
        && desk.context.policy.undelivered.refund_shipping
}

/// Takes what was told too early, and gives up what the carrier lost.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    for (chain, told) in std::mem::take(&mut process.early_undelivered) {
        let Some(shipment_id) = told.shipment_id.clone() else { continue };
        let left = process.shipments.get(&shipment_id).is_some_and(|parcel| parcel.shipped.is_some());
        if !left {
            process.early_undelivered.push((chain, told));
        } else if let Err(reason) = at_dock(process, &shipment_id, told, desk) {
            desk.park_event(process, reason);
        }
    }
    let lost: Vec<ShipmentId> = process
        .shipments
        .iter()
        .filter(|(_, parcel)| parcel.shipped.is_some())
        .filter(|(_, parcel)| {
            let scan = parcel.tracking_number.as_ref().and_then(|number| process.scans.get(number));
            scan == Some(&ScanCode::Lost)
        })
        .map(|(shipment_id, _)| shipment_id.clone())
        .filter(|shipment_id| receipts_of(process, shipment_id).next().is_none())
        .collect();
    for shipment_id in lost {
        give_up(process, &shipment_id, desk);
    }
}

/// The carrier lost a parcel: its goods are given up as if they had come back, only that none comes into stock. They
/// pay the replacement that somebody asked for meanwhile, else the customer gets the money.
fn give_up(process: &mut OrderProcess, shipment_id: &ShipmentId, desk: &mut Desk<'_>) {
    let Some(told) = loss(process, shipment_id, desk) else { return };
    let units: BTreeMap<LineId, u32> =
        told.lines.iter().map(|line| (line.line_id.clone(), line.quantity)).collect();
    let claim = process.returns.iter().find(|state| is_claim(state, &units, desk));
    let claim = claim.map(|state| state.rma_id.clone());
    let rma_id: RmaId =
        claim.unwrap_or_else(|| receipt::open_unannounced(process, &told, ReturnMethod::Lost, desk));
    for (line, quantity) in &units {
        receipt::use_up(process, &rma_id, line, *quantity, Way::Lost, desk);
    }
    desk.decide(process, format!("parcel {shipment_id} is given up"));
    let grades: Vec<InspectedLine> = told.lines.iter().map(given_up).collect();
    let receipt_id = told.receipt_id.clone();
    process.receipts.push(ReceiptState {
        receipt: ReturnReceipt { rma_id: Some(rma_id.clone()), ..told.clone() },
        told,
        rma_id,
        chain: desk.context.chain.clone(),
        way: Way::Lost,
        graded: None,
    });
    receipt::grade(process, &receipt_id, &grades, desk);
}

/// Whether somebody asked for a replacement of lost goods before they were given up.
fn is_claim(state: &ReturnState, units: &BTreeMap<LineId, u32>, desk: &Desk<'_>) -> bool {
    let covers = |(line, quantity): (&LineId, &u32)| state.open_units(line, desk.context.now) >= *quantity;
    state.method == ReturnMethod::Lost && units.iter().all(covers)
}

/// Whether a replacement of goods that did not arrive may be asked for: as long as they are on their way.
pub(super) fn check_claim(
    process: &OrderProcess,
    request: &ReturnRequest,
    units: &BTreeMap<LineId, u32>,
    desk: &Desk<'_>,
) -> Result<(), Problem> {
    if request.resolution != Resolution::Exchange || request.held_receipt_id.is_some() {
        let detail =
            "goods that are lost are paid back without being asked for; a replacement may be asked for";
        return Err(eligibility::not_returnable("/resolution", detail));
    }
    for (line, quantity) in units {
        let under_way =
            under_way(process, line).saturating_sub(process.expected_back(line, desk.context.now));
        if *quantity > under_way {
            let detail = format!("{quantity} units of line {line}, {under_way} are on their way");
            return Err(eligibility::not_returnable("/lines", detail));
        }
    }
    Ok(())
}

/// Units of a line that left, and of which nobody knows yet that they arrived, came back or are lost.
fn under_way(process: &OrderProcess, line: &LineId) -> u32 {
    let parcels = process.shipments.iter().filter(|(shipment_id, parcel)| {
        let scan = parcel.tracking_number.as_ref().and_then(|number| process.scans.get(number));
        parcel.shipped.is_some()
            && parcel.tracking_number.is_some()
            && !matches!(scan, Some(ScanCode::Delivered | ScanCode::ReturnToSender | ScanCode::Lost))
            && receipts_of(process, shipment_id).next().is_none()
    });
    let items = parcels.flat_map(|(_, parcel)| &parcel.lines).filter(|item| item.line_id == *line);
    items.map(|item| item.quantity).sum()
}

/// A loss in the form of a receipt, which bears the number of the parcel: what of it did not come back otherwise.
fn loss(process: &OrderProcess, shipment_id: &ShipmentId, desk: &Desk<'_>) -> Option<ReturnReceipt> {
    let parcel = process.shipments.get(shipment_id)?;
    let lines = parcel.lines.iter().map(|item| ReturnLine {
        line_id: item.line_id.clone(),
        sku: item.sku.clone(),
        quantity: free_units(process, shipment_id, &item.line_id, Way::Undelivered),
        reason: ReturnReason::NotReceived,
    });
    let lines: Vec<ReturnLine> = lines.filter(|line| line.quantity > 0).collect();
    (!lines.is_empty()).then(|| ReturnReceipt {
        receipt_id: ReceiptId::new(shipment_id.as_str()),
        order_number: process.order.order_number.clone(),
        rma_id: None,
        node_id: parcel.node_id.clone(),
        received_at: desk.context.now,
        resolution: None,
        gift_recipient_ref: None,
        lines,
        grades: Vec::new(),
        exchange: None,
        serials: Vec::new(),
        unexpected: Vec::new(),
        shipment_id: Some(shipment_id.clone()),
        till_reference: None,
    })
}

/// Lost goods have no grade: what is said of them here decides on nothing.
fn given_up(line: &ReturnLine) -> InspectedLine {
    InspectedLine {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        grade: ConditionGrade::D,
        acceptance: Acceptance::Accepted,
    }
}
