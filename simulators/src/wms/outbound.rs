//! From a fulfillment order to a parcel that left.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    journal::Effect,
    model::{
        FulfillmentCancellation, FulfillmentCancellationResult, FulfillmentOrder, FulfillmentOrderId,
        FulfillmentStatus, ItemQuantity, LabelAttachment, NodeId, OrderNumber, SerializedUnit, Shipment,
        ShipmentId, ShipmentStatus,
    },
    protocol::{EventData, Problem},
};

use super::{
    ActionError, ItemRef, Wms, business, check_owner, illegal, not_found, tell,
    work::{Parcel, Work},
};
use crate::{
    kernel::{Call, Scene},
    world::World,
};

impl Wms {
    /// Takes a fulfillment order on; the node accepts at once.
    pub(super) fn accept(
        &mut self,
        document: FulfillmentOrder,
        scene: &mut Scene<'_>,
    ) -> Result<FulfillmentOrder, Problem> {
        let id = document.fulfillment_order_id.clone();
        self.check_node(&document.node_id)?;
        check_fulfillment_order(&document)?;
        if self.work.contains_key(&id) {
            return Err(illegal(format!("fulfillment order {id} exists already")));
        }
        scene.commit(Effect::FulfillmentOrderReceived { fulfillment_order: document.clone() });
        let mut work = Work::new(document, scene.correlation().clone());
        work.settle(scene);
        let accepted = work.document.clone();
        scene.raise(EventData::FulfillmentOrderAccepted(accepted.clone()));
        self.work_of.entry(accepted.order_number.clone()).or_default().push(id.clone());
        self.work.insert(id, work);
        Ok(accepted)
    }

    /// Stops units that are not packed, and says which ones were.
    pub(super) fn cancel(
        &mut self,
        fulfillment_order_id: &str,
        request: &FulfillmentCancellation,
        scene: &mut Scene<'_>,
    ) -> Result<FulfillmentCancellationResult, Problem> {
        let work = self
            .work
            .get_mut(&FulfillmentOrderId::new(fulfillment_order_id))
            .ok_or_else(|| not_found("fulfillment order", fulfillment_order_id))?;
        check_owner("the fulfillment order", &work.document.order_number, &request.order_number)?;
        if let Some((known, result)) = work.cancellations.get(&request.cancellation_id) {
            let detail =
                || illegal(format!("cancellation {} asked for something else", request.cancellation_id));
            return if known == request { Ok(result.clone()) } else { Err(detail()) };
        }
        check_cancellation(work, request)?;
        let result = stop(work, request);
        work.cancellations.insert(request.cancellation_id.clone(), (request.clone(), result.clone()));
        scene.commit(Effect::FulfillmentCanceled { result: result.clone() });
        work.settle(scene);
        Ok(result)
    }

    /// Packs a parcel from the order's first fulfillment order, at `node_id` where one is named, that has all
    /// of these items open; no items: all that is open there. With `ship`, the parcel leaves once it has a
    /// label; otherwise it waits for [`ship`](Self::ship).
    pub fn pack(
        &mut self,
        scene: &mut Scene<'_>,
        order: &OrderNumber,
        node_id: Option<&NodeId>,
        items: &[(ItemRef, u32)],
        ship: bool,
    ) -> Result<ShipmentId, ActionError> {
        let (id, picked) = self.pick(order, node_id, items)?;
        let work = self.work.get_mut(&id);
        let work = work.ok_or_else(|| ActionError::Impossible(format!("no fulfillment order {id}")))?;
        let serials = serials(&self.world, &picked, scene);
        let parcel = pack(work, picked, serials, ship, scene);
        let shipment_id = parcel.shipment.shipment_id.clone();
        self.parcels_of.entry(order.clone()).or_default().push(shipment_id.clone());
        self.parcels.insert(shipment_id.clone(), parcel);
        Ok(shipment_id)
    }

    /// Packs all that is open of an order: one parcel for each fulfillment order.
    pub fn pack_all(
        &mut self,
        scene: &mut Scene<'_>,
        order: &OrderNumber,
        ship: bool,
    ) -> Result<Vec<ShipmentId>, ActionError> {
        let mut packed = vec![self.pack(scene, order, None, &[], ship)?];
        while self.open_units(order) > 0 {
            packed.push(self.pack(scene, order, None, &[], ship)?);
        }
        Ok(packed)
    }

    /// Lets a packed parcel leave: now if it has a label, else as soon as it has one.
    pub fn ship(&mut self, scene: &mut Scene<'_>, shipment_id: &ShipmentId) -> Result<(), ActionError> {
        let missing = || ActionError::Impossible(format!("no shipment {shipment_id} is packed"));
        let parcel = self.parcels.get_mut(shipment_id).ok_or_else(missing)?;
        match parcel.shipment.status {
            ShipmentStatus::Created => parcel.ship_wish = true,
            ShipmentStatus::LabelPurchased | ShipmentStatus::ReadyForPickup => {
                depart(parcel, &mut self.work, None, scene);
            }
            _ => return Err(ActionError::Impossible(format!("shipment {shipment_id} left already"))),
        }
        Ok(())
    }

    /// Tells once more, in a new event, that a parcel left. Nothing happens in the warehouse.
    pub fn tell_shipped_again(
        &self,
        scene: &mut Scene<'_>,
        shipment_id: &ShipmentId,
    ) -> Result<(), ActionError> {
        let left = self.parcels.get(shipment_id).filter(|parcel| parcel.shipment.shipped_at.is_some());
        let parcel =
            left.ok_or_else(|| ActionError::NotThereYet(format!("shipment {shipment_id} has not left yet")))?;
        tell(scene, &parcel.correlation, None, EventData::ShipmentShipped(parcel.shipment.clone()));
        Ok(())
    }

    /// The fulfillment order to pack from, and what is picked from it.
    pub(super) fn pick(
        &self,
        order: &OrderNumber,
        node_id: Option<&NodeId>,
        items: &[(ItemRef, u32)],
    ) -> Result<(FulfillmentOrderId, Vec<ItemQuantity>), ActionError> {
        let mut reasons = Vec::new();
        let here = |work: &&Work| node_id.is_none_or(|node_id| work.document.node_id == *node_id);
        for work in self.works(order).filter(here) {
            let picked = if items.is_empty() { Ok(work.open_items()) } else { work.pick(items) };
            match picked {
                Ok(picked) if picked.is_empty() => reasons.push("nothing is open".to_owned()),
                Ok(picked) => return Ok((work.document.fulfillment_order_id.clone(), picked)),
                Err(reason) => reasons.push(format!("{}: {reason}", work.document.node_id)),
            }
        }
        if reasons.is_empty() {
            let place = node_id.map_or_else(String::new, |node_id| format!(" at {node_id}"));
            reasons.push(format!("there is no fulfillment order{place} yet"));
        }
        Err(ActionError::NotThereYet(format!("order {order} cannot be packed: {}", reasons.join("; "))))
    }

    /// Puts a label on a parcel, which leaves if it only waited for that.
    pub(super) fn attach_label(
        &mut self,
        call: &Call,
        label: LabelAttachment,
        scene: &mut Scene<'_>,
    ) -> Result<Shipment, Problem> {
        let shipment_id = call.parameter("shipment_id");
        let parcel = self
            .parcels
            .get_mut(&ShipmentId::new(shipment_id))
            .ok_or_else(|| not_found("shipment", shipment_id))?;
        check_owner("the shipment", &parcel.shipment.order_number, &label.order_number)?;
        if parcel.shipment.pickup {
            return Err(illegal(format!("shipment {shipment_id} is collected in the store")));
        }
        if let Some(known) = &parcel.shipment.tracking_number {
            return Err(illegal(format!("shipment {shipment_id} has label {known} already")));
        }
        parcel.shipment.status = ShipmentStatus::LabelPurchased;
        parcel.shipment.tracking_number = Some(label.tracking_number);
        scene.commit(Effect::LabelAttached { shipment: parcel.shipment.clone() });
        if parcel.ship_wish {
            depart(parcel, &mut self.work, call.key.clone(), scene);
        }
        Ok(parcel.shipment.clone())
    }
}

fn check_fulfillment_order(document: &FulfillmentOrder) -> Result<(), Problem> {
    if document.status != FulfillmentStatus::Requested {
        return Err(business("a fulfillment order is sent with status requested".to_owned()));
    }
    if document.lines.is_empty() {
        return Err(business("a fulfillment order has lines".to_owned()));
    }
    let mut seen = BTreeSet::new();
    for line in &document.lines {
        if line.quantity == 0 || !seen.insert(&line.line_id) {
            return Err(business(format!("line {} stands twice, or for no units", line.line_id)));
        }
    }
    Ok(())
}

fn check_cancellation(work: &Work, request: &FulfillmentCancellation) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for line in &request.lines {
        if !seen.insert(&line.line_id) {
            return Err(business(format!("line {} stands twice", line.line_id)));
        }
        let known = work.progress(&line.line_id);
        if known.is_none_or(|known| known.item.sku != line.sku) {
            return Err(business(format!("no line {} with {} is to be fulfilled", line.line_id, line.sku)));
        }
    }
    Ok(())
}

/// Stops what is open of the lines; what was picked in a wave, packed or canceled before is refused.
fn stop(work: &mut Work, request: &FulfillmentCancellation) -> FulfillmentCancellationResult {
    let mut result = FulfillmentCancellationResult {
        order_number: request.order_number.clone(),
        cancellation_id: request.cancellation_id.clone(),
        canceled: Vec::new(),
        refused: Vec::new(),
    };
    let picked = work.wave.is_some();
    for asked in &request.lines {
        let Some(line) = work.progress_mut(&asked.line_id) else { continue };
        let stopped = if picked { 0 } else { line.open().min(asked.quantity) };
        line.canceled += stopped;
        if stopped > 0 {
            result.canceled.push(ItemQuantity { quantity: stopped, ..asked.clone() });
        }
        if stopped < asked.quantity {
            result.refused.push(ItemQuantity { quantity: asked.quantity - stopped, ..asked.clone() });
        }
    }
    result
}

/// Scans the serial number of each unit that has one. No two units ever have the same.
fn serials(world: &World, picked: &[ItemQuantity], scene: &mut Scene<'_>) -> Vec<SerializedUnit> {
    let mut scanned = Vec::new();
    for item in picked {
        if world.product_of(&item.sku).is_some_and(|product| product.serialized) {
            let scan = |_| SerializedUnit {
                line_id: item.line_id.clone(),
                serial: scene.id("SN", item.sku.as_str()),
            };
            scanned.extend((0..item.quantity).map(scan));
        }
    }
    scanned
}

fn pack(
    work: &mut Work,
    picked: Vec<ItemQuantity>,
    serials: Vec<SerializedUnit>,
    ship_wish: bool,
    scene: &mut Scene<'_>,
) -> Parcel {
    let order_number = work.document.order_number.clone();
    work.count_packed(&picked);
    let shipment = Shipment {
        shipment_id: scene.id("sh", order_number.as_str()).into(),
        fulfillment_order_id: work.document.fulfillment_order_id.clone(),
        order_number,
        node_id: work.document.node_id.clone(),
        lines: picked,
        status: if work.document.pickup { ShipmentStatus::ReadyForPickup } else { ShipmentStatus::Created },
        tracking_number: None,
        shipped_at: None,
        pickup: work.document.pickup,
        serials,
    };
    scene.commit(Effect::ShipmentPacked { shipment: shipment.clone() });
    tell(scene, &work.correlation, None, EventData::ShipmentPacked(shipment.clone()));
    Parcel { shipment, ship_wish, correlation: work.correlation.clone() }
}

/// A parcel with a label leaves, or a customer collects one that waits. `causation` is the call that put the label on it, if it waited for that.
fn depart(
    parcel: &mut Parcel,
    works: &mut BTreeMap<FulfillmentOrderId, Work>,
    causation: Option<String>,
    scene: &mut Scene<'_>,
) {
    let collected = parcel.shipment.pickup;
    parcel.shipment.status = if collected { ShipmentStatus::Delivered } else { ShipmentStatus::Shipped };
    parcel.shipment.shipped_at = Some(scene.now());
    scene.commit(Effect::ShipmentShipped { shipment: parcel.shipment.clone() });
    tell(scene, &parcel.correlation, causation, EventData::ShipmentShipped(parcel.shipment.clone()));
    if let Some(work) = works.get_mut(&parcel.shipment.fulfillment_order_id) {
        work.count_shipped(&parcel.shipment.lines);
        work.settle(scene);
    }
}
