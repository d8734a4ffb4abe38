//! Labels of parcels: which the carrier issued, and which packed parcels still wait for theirs.

use std::collections::BTreeMap;

use crate::{
    journal::Effect,
    model::{ShipmentId, TrackingNumber},
};

/// Labels of one order's parcels, without those of returns.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct LabelBook {
    /// What the carrier issued: for which parcel, and in which line of the journal.
    pub(in crate::invariants) issued: BTreeMap<TrackingNumber, (String, u64)>,
    /// Parcels that a node packed to be sent and that bear no label yet, with the line of the journal.
    pub(in crate::invariants) waiting: BTreeMap<ShipmentId, u64>,
}

impl LabelBook {
    pub(super) fn apply(&mut self, seq: u64, effect: &Effect) {
        match effect {
            Effect::LabelIssued { label, is_return: false } => {
                self.issued.insert(label.tracking_number.clone(), (label.parcel_ref.clone(), seq));
            }
            Effect::ShipmentPacked { shipment } if !shipment.pickup => {
                self.waiting.insert(shipment.shipment_id.clone(), seq);
            }
            Effect::LabelAttached { shipment } | Effect::ShipmentShipped { shipment } => {
                self.waiting.remove(&shipment.shipment_id);
            }
            _ => {}
        }
    }

    /// The line of the journal in which the carrier issued a label for a parcel.
    pub(in crate::invariants) fn issued_for(&self, shipment: &ShipmentId) -> Option<(&TrackingNumber, u64)> {
        let mut issued = self.issued.iter();
        issued.find_map(|(number, (parcel, seq))| (parcel == shipment.as_str()).then_some((number, *seq)))
    }
}
