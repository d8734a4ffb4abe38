//! Where parcels are. Scans come late, twice and out of order; a parcel only moves forward.

use counterproof_contracts::model::{CarrierScan, ScanCode, ShipmentStatus};

use super::{
    desk::Desk,
    state::{OrderProcess, Parcel},
};
use crate::defects::Defect;

/// How far a scan says that a parcel is. After delivery only a return to the sender counts.
pub(super) const fn rank(code: ScanCode) -> u8 {
    match code {
        ScanCode::PickedUp | ScanCode::InTransit => 1,
        ScanCode::OutForDelivery => 2,
        ScanCode::Delivered => 3,
        ScanCode::ReturnToSender => 4,
    }
}

/// The carrier scanned a parcel, outbound or coming back.
pub(super) fn scanned(process: &mut OrderProcess, told: &CarrierScan, desk: &mut Desk<'_>) {
    let known = process.scans.get(&told.tracking_number).copied();
    let stale = known.is_some_and(|known| rank(known) >= rank(told.code));
    if stale && (known == Some(told.code) || !desk.meets(Defect::ScanMovesBackwards)) {
        return;
    }
    process.scans.insert(told.tracking_number.clone(), told.code);
    desk.note(process, format!("{} scanned: {}", told.tracking_number, words(told.code)));
}

const fn words(code: ScanCode) -> &'static str {
    match code {
        ScanCode::PickedUp => "picked up",
        ScanCode::InTransit => "in transit",
        ScanCode::OutForDelivery => "out for delivery",
        ScanCode::Delivered => "delivered",
        ScanCode::ReturnToSender => "return to sender",
    }
}

/// Where a parcel stands. Scans count once the node told that it left.
pub(super) fn status(process: &OrderProcess, parcel: &Parcel) -> ShipmentStatus {
    if parcel.voided {
        return ShipmentStatus::Voided;
    }
    if process.order.pickup_node.is_some() {
        let collected = parcel.shipped.is_some();
        return if collected { ShipmentStatus::Delivered } else { ShipmentStatus::ReadyForPickup };
    }
    let Some(tracking_number) = &parcel.tracking_number else {
        return if parcel.shipped.is_some() { ShipmentStatus::Shipped } else { ShipmentStatus::Created };
    };
    if parcel.shipped.is_none() {
        return ShipmentStatus::LabelPurchased;
    }
    match process.scans.get(tracking_number) {
        None => ShipmentStatus::Shipped,
        Some(ScanCode::PickedUp | ScanCode::InTransit) => ShipmentStatus::InTransit,
        Some(ScanCode::OutForDelivery) => ShipmentStatus::OutForDelivery,
        Some(ScanCode::Delivered) => ShipmentStatus::Delivered,
        Some(ScanCode::ReturnToSender) => ShipmentStatus::ReturnToSender,
    }
}
