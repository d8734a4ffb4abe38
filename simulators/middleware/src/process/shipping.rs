//! Parcels: packed, labeled, gone. A parcel leaves once, however often and under however many events it is told.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{ItemQuantity, Label, LabelAttachment, LabelRequest, LineId, Shipment, ShipmentId, System},
    protocol::{carrier, wms},
};

use super::{
    change,
    desk::Desk,
    payment, serials,
    state::{Departure, DocumentState, OrderProcess, Parcel, Units},
    task::{Intent, PartnerCall},
};
use crate::defects::Defect;

/// A node packed a parcel, and it wants a label.
pub(super) fn packed(process: &mut OrderProcess, told: Shipment, desk: &mut Desk<'_>) -> Result<(), String> {
    if process.shipments.contains_key(&told.shipment_id) {
        return Ok(());
    }
    check(process, &told)?;
    desk.note(process, format!("parcel {} packed at {}", told.shipment_id, told.node_id));
    let id = told.shipment_id.clone();
    let parcel = parcel(told, desk);
    process.shipments.insert(id, parcel);
    Ok(())
}

/// A parcel left: fixes its units, its value and who pays it.
pub(super) fn shipped(process: &mut OrderProcess, told: Shipment, desk: &mut Desk<'_>) -> Result<(), String> {
    let left = already_left(process, &told.shipment_id);
    if left && !desk.meets(Defect::ParcelCountedTwice) {
        return Ok(());
    }
    if process.shipments.values().any(|other| other.shipped.is_some())
        && desk.meets(Defect::SecondParcelSwallowed)
    {
        return Ok(());
    }
    check(process, &told)?;
    check_units(process, &told)?;
    serials::check_parcel(process, &told)?;
    let id = told.shipment_id.clone();
    let tracking_number = told.tracking_number.clone();
    let at = told.shipped_at.unwrap_or(desk.context.occurred_at);
    let lines = by_line(&told.lines);
    let scanned = told.serials.clone();
    let mut parcel = process.shipments.remove(&id).unwrap_or_else(|| parcel(told, desk));
    parcel.tracking_number = tracking_number.or(parcel.tracking_number);
    parcel.lines.clone_from(&lines);
    serials::left(process, &scanned);
    parcel.serials = scanned;

    let first = !process.any_parcel_left();
    let units = take_units(process, &lines);
    let goods = process.value_of(&units);
    let value = if first { goods + process.order.shipping_value() } else { goods };
    let shares = payment::shares(process, value);
    let paid: i64 = shares.iter().map(|share| share.amount).sum();
    let (chain, invoice) = (desk.context.chain.clone(), DocumentState::default());
    parcel.shipped = Some(Departure { at, chain, units, first, shares, invoice });
    if let Some(fulfillment) = process.fulfillments.get_mut(&parcel.fulfillment_order_id) {
        fulfillment.accepted = true;
    }
    let node = parcel.node_id.clone();
    process.shipments.insert(id.clone(), parcel);
    desk.note(process, format!("parcel {id} left {node}"));
    if paid < value.gross {
        let reason = format!("it is worth {} minor units, the tenders cover {paid}", value.gross);
        desk.alert(process, System::Wms, format!("parcel {id}"), reason);
    }
    Ok(())
}

fn already_left(process: &OrderProcess, shipment: &ShipmentId) -> bool {
    process.shipments.get(shipment).is_some_and(|parcel| parcel.shipped.is_some())
}

fn parcel(told: Shipment, desk: &Desk<'_>) -> Parcel {
    Parcel {
        fulfillment_order_id: told.fulfillment_order_id,
        node_id: told.node_id,
        lines: by_line(&told.lines),
        chain: desk.context.chain.clone(),
        tracking_number: told.tracking_number,
        carrier: None,
        serials: told.serials,
        shipped: None,
        voided: false,
        card: None,
    }
}

fn check(process: &OrderProcess, told: &Shipment) -> Result<(), String> {
    if !process.fulfillments.contains_key(&told.fulfillment_order_id) {
        return Err(format!("fulfillment order {} is not known", told.fulfillment_order_id));
    }
    match told.lines.iter().find(|line| process.order.line(&line.line_id).is_none()) {
        Some(line) => {
            Err(format!("parcel {} has line {}, the order has not", told.shipment_id, line.line_id))
        }
        None => Ok(()),
    }
}

/// More units than are open cannot have left.
fn check_units(process: &OrderProcess, told: &Shipment) -> Result<(), String> {
    for line in by_line(&told.lines) {
        let open = process.open_units(&line.line_id);
        if line.quantity > open {
            return Err(format!(
                "parcel {} has {} units of line {}, {open} are open",
                told.shipment_id, line.quantity, line.line_id
            ));
        }
    }
    Ok(())
}

fn by_line(lines: &[ItemQuantity]) -> Vec<ItemQuantity> {
    let mut sums: BTreeMap<&LineId, ItemQuantity> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.quantity > 0) {
        match sums.get_mut(&line.line_id) {
            Some(sum) => sum.quantity = sum.quantity.saturating_add(line.quantity),
            None => {
                sums.insert(&line.line_id, line.clone());
            }
        }
    }
    sums.into_values().collect()
}

/// Units leave in ascending order of their index.
fn take_units(process: &mut OrderProcess, lines: &[ItemQuantity]) -> Vec<Units> {
    lines
        .iter()
        .map(|line| {
            let counts = process.counts.entry(line.line_id.clone()).or_default();
            let first = counts.shipped;
            counts.shipped += line.quantity;
            Units { line_id: line.line_id.clone(), first, quantity: line.quantity }
        })
        .collect()
}

/// The carrier issued the label.
pub(super) fn labeled(process: &mut OrderProcess, shipment: &ShipmentId, label: Label) {
    if let Some(parcel) = process.shipments.get_mut(shipment) {
        parcel.tracking_number.get_or_insert(label.tracking_number);
        parcel.carrier = Some(label.carrier);
    }
}

/// Buys labels for packed parcels and puts them on. What customers collect has none; while the address may change,
/// parcels wait.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if process.order.pickup_node.is_some() || change::may_move(process) {
        return;
    }
    let order_number = process.order.order_number.clone();
    for (id, parcel) in process.shipments.clone() {
        if parcel.shipped.is_some() {
            continue;
        }
        if parcel.carrier.is_none() {
            let first = process.changes.iter().find_map(|change| change.before.as_ref());
            let stale = first.filter(|_| desk.meets(Defect::LabelToFirstAddress));
            let request = LabelRequest {
                order_number: order_number.clone(),
                parcel_ref: id.to_string(),
                node_id: parcel.node_id.clone(),
                address: stale.unwrap_or(&process.order).ship_to.clone(),
            };
            let call = PartnerCall::new(carrier::CREATE_LABEL, &[], &request);
            desk.ask(process, Intent::Label { shipment: id.clone() }, &parcel.chain, call);
        }
        if let (Some(tracking_number), Some(carrier)) = (parcel.tracking_number, parcel.carrier)
            && !desk.meets(Defect::LabelNeverAttached)
        {
            let other = process.shipments.values().find_map(|other| other.tracking_number.clone());
            let tracking_number = other
                .filter(|other| *other != tracking_number && desk.meets(Defect::LabelOfOtherParcel))
                .unwrap_or(tracking_number);
            let attachment = LabelAttachment { order_number: order_number.clone(), tracking_number, carrier };
            let call = PartnerCall::new(wms::ATTACH_LABEL, &[id.as_str()], &attachment);
            desk.ask(process, Intent::Attach { shipment: id }, &parcel.chain, call);
        }
    }
}
