//! Where parcels are. Scans come late, twice and out of order; a parcel only moves forward.

use counterproof_contracts::model::{CarrierScan, ScanCode, ShipmentId, ShipmentStatus, System};

use super::{
    desk::Desk,
    promise,
    state::{OrderProcess, Parcel},
    undelivered,
};
use crate::defects::Defect;

/// How far a scan says that a parcel is. After delivery only a return to the sender counts,
/// and after the loss nothing.
pub(super) const fn rank(code: ScanCode) -> u8 {
    match code {
        ScanCode::PickedUp | ScanCode::InTransit => 1,
        ScanCode::OutForDelivery => 2,
        ScanCode::DeliveryAttempted => 3,
        ScanCode::Delivered => 4,
        ScanCode::ReturnToSender => 5,
        ScanCode::Lost => 6,
    }
}

/// The carrier scanned a parcel, outbound or coming back.
pub(super) fn scanned(process: &mut OrderProcess, told: &CarrierScan, desk: &mut Desk<'_>) {
    promise::estimated(process, told, desk);
    let known = process.scans.get(&told.tracking_number).copied();
    if let (Some(ScanCode::Delivered), ScanCode::Lost) | (Some(ScanCode::Lost), ScanCode::Delivered) =
        (known, told.code)
    {
        return contradicted(process, told, desk);
    }
    let stale = known.is_some_and(|known| rank(known) >= rank(told.code));
    if stale && (known == Some(told.code) || !desk.meets(Defect::ScanMovesBackwards)) {
        return;
    }
    process.scans.insert(told.tracking_number.clone(), told.code);
    desk.note(process, format!("{} scanned: {}", told.tracking_number, words(told.code)));
}

/// The customer cannot have a parcel that is lost. What was told first stands; a person must ask the carrier, once.
fn contradicted(process: &mut OrderProcess, told: &CarrierScan, desk: &mut Desk<'_>) {
    if process.odd_scans.insert((told.tracking_number.clone(), told.code)) {
        let subject = format!("parcel {}", told.tracking_number);
        let reason = format!("the carrier tells that it is {}, and told otherwise before", words(told.code));
        desk.alert(process, System::Carrier, subject, reason);
    }
}

const fn words(code: ScanCode) -> &'static str {
    match code {
        ScanCode::PickedUp => "picked up",
        ScanCode::InTransit => "in transit",
        ScanCode::OutForDelivery => "out for delivery",
        ScanCode::DeliveryAttempted => "nobody there",
        ScanCode::Delivered => "delivered",
        ScanCode::ReturnToSender => "return to sender",
        ScanCode::Lost => "lost",
    }
}

/// Where a parcel stands. Scans count once the node told that it left.
pub(super) fn status(process: &OrderProcess, shipment_id: &ShipmentId, parcel: &Parcel) -> ShipmentStatus {
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
    if undelivered::came_back(process, shipment_id) {
        return ShipmentStatus::ReturnToSender;
    }
    match process.scans.get(tracking_number) {
        None => ShipmentStatus::Shipped,
        Some(ScanCode::PickedUp | ScanCode::InTransit) => ShipmentStatus::InTransit,
        Some(ScanCode::OutForDelivery | ScanCode::DeliveryAttempted) => ShipmentStatus::OutForDelivery,
        Some(ScanCode::Delivered) => ShipmentStatus::Delivered,
        Some(ScanCode::ReturnToSender) => ShipmentStatus::ReturnToSender,
        Some(ScanCode::Lost) => ShipmentStatus::Lost,
    }
}
