//! The carrier: issues labels and tells where parcels were seen.
//!
//! Every label has its own number: a second label for the same parcel, asked for with another idempotency
//! key, is a second label, as with real carriers. Scans may be told in any order and late; sorting them out
//! is the middleware's work.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{
        CarrierScan, CorrelationId, Label, LabelRequest, OrderNumber, ScanCode, ScanId, System, Timestamp,
        TrackingNumber,
    },
    protocol::{EventData, Problem, ProblemKind, carrier as operations},
};
use serde_json::Value;

use crate::kernel::{Call, Core, RaisedEvent, Scene, answer};

#[cfg(test)]
mod tests;

/// The carrier's name on labels of parcels from and to warehouses.
pub const CARRIER: &str = "parcel-express";
/// The carrier's name on labels of parcels from and to stores.
pub const CITY_CARRIER: &str = "city-courier";

/// A parcel that the carrier knows: it has a label.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parcel {
    label: Label,
    is_return: bool,
    correlation: CorrelationId,
    scans: Vec<CarrierScan>,
}

/// Why a parcel could not be scanned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// The middleware has not asked for the label yet, or never will.
    #[error("no label with tracking number {0} was issued yet")]
    UnknownParcel(TrackingNumber),
}

impl ActionError {
    /// Whether the same action may succeed later, once the middleware did its part.
    pub const fn may_come_later(&self) -> bool {
        matches!(self, Self::UnknownParcel(_))
    }
}

/// The carrier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carrier {
    parcels: BTreeMap<TrackingNumber, Parcel>,
}

impl Carrier {
    /// A carrier without parcels.
    pub const fn new() -> Self {
        Self { parcels: BTreeMap::new() }
    }

    /// Scans a parcel: it happened at `occurred_at`, is recorded now and told at once.
    pub fn scan(
        &mut self,
        scene: &mut Scene<'_>,
        tracking_number: &TrackingNumber,
        code: ScanCode,
        occurred_at: Timestamp,
    ) -> Result<ScanId, ActionError> {
        self.record(scene, tracking_number, (code, occurred_at), None)
    }

    /// Tells that a parcel is on its way, and is expected to be delivered by then.
    pub fn estimate(
        &mut self,
        scene: &mut Scene<'_>,
        tracking_number: &TrackingNumber,
        estimated_delivery: Timestamp,
    ) -> Result<ScanId, ActionError> {
        let seen = (ScanCode::InTransit, scene.now());
        self.record(scene, tracking_number, seen, Some(estimated_delivery))
    }

    fn record(
        &mut self,
        scene: &mut Scene<'_>,
        tracking_number: &TrackingNumber,
        (code, occurred_at): (ScanCode, Timestamp),
        estimated_delivery: Option<Timestamp>,
    ) -> Result<ScanId, ActionError> {
        let parcel = self
            .parcels
            .get_mut(tracking_number)
            .ok_or_else(|| ActionError::UnknownParcel(tracking_number.clone()))?;
        let scan = CarrierScan {
            scan_id: scene.id("scan", tracking_number.as_str()).into(),
            tracking_number: tracking_number.clone(),
            order_number: parcel.label.order_number.clone(),
            code,
            occurred_at,
            recorded_at: scene.now(),
            location: None,
            estimated_delivery,
        };
        parcel.scans.push(scan.clone());
        scene.commit(Effect::ParcelScanned { scan: scan.clone() });
        let scan_id = scan.scan_id.clone();
        scene.events.push(RaisedEvent {
            data: EventData::CarrierScanRecorded(scan),
            correlation: parcel.correlation.clone(),
            causation: None,
            occurred_at,
        });
        Ok(scan_id)
    }

    /// The tracking number of the newest label for a parcel: a shipment's, or a return authorization's.
    pub fn tracking(&self, parcel_ref: &str) -> Option<&TrackingNumber> {
        let labels = self.parcels.values().map(|parcel| &parcel.label);
        labels
            .filter(|label| label.parcel_ref == parcel_ref)
            .map(|label| &label.tracking_number)
            .max_by_key(|number| (number.as_str().len(), number.as_str()))
    }

    /// Labels of an order, by tracking number: outbound, or for goods that come back.
    pub fn labels<'a>(&'a self, order: &'a OrderNumber, is_return: bool) -> impl Iterator<Item = &'a Label> {
        let parcels = self.parcels.values().filter(move |parcel| parcel.is_return == is_return);
        parcels.map(|parcel| &parcel.label).filter(move |label| label.order_number == *order)
    }

    /// Scans of a parcel, as they were recorded.
    pub fn scans(&self, tracking_number: &TrackingNumber) -> &[CarrierScan] {
        self.parcels.get(tracking_number).map_or(&[], |parcel| &parcel.scans)
    }

    fn issue(&mut self, request: LabelRequest, is_return: bool, scene: &mut Scene<'_>) -> Label {
        let label = Label {
            tracking_number: scene.id("trk", &request.parcel_ref).into(),
            order_number: request.order_number,
            parcel_ref: request.parcel_ref,
            carrier: carrier_of(request.node_id.as_str()).to_owned(),
            address_id: request.address.address_id,
        };
        let correlation = scene.correlation().clone();
        let parcel = Parcel { label: label.clone(), is_return, correlation, scans: Vec::new() };
        self.parcels.insert(label.tracking_number.clone(), parcel);
        scene.commit(Effect::LabelIssued { label: label.clone(), is_return });
        label
    }
}

/// Who carries: stores have a courier of their own.
fn carrier_of(node_id: &str) -> &'static str {
    if node_id.starts_with("store") { CITY_CARRIER } else { CARRIER }
}

impl Core for Carrier {
    fn system(&self) -> System {
        System::Carrier
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        match call.operation {
            operations::CREATE_LABEL => answer(&self.issue(call.document()?, false, scene)),
            operations::CREATE_RETURN_LABEL => answer(&self.issue(call.document()?, true, scene)),
            other => Err(Problem::new(ProblemKind::UnknownOperation, other.to_string())),
        }
    }
}
