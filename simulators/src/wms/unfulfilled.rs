//! What does not go as it was asked: short picks, nodes that give work back, substitutes, waves, goods that nobody
//! collects, and another address before anything is packed.
//!
//! Units that a node gives back leave its order for good; who ships them instead is not its business. A substitute
//! is never shipped here: whoever wants it cancels the line and orders anew.

use counterproof_contracts::{
    journal::Effect,
    model::{
        FulfillmentChange, FulfillmentOrder, FulfillmentOrderId, ItemQuantity, NodeId, OrderNumber,
        ShipmentStatus, Sku, SubstitutionAnswer, SubstitutionProposal, UnfulfilledReason, UnfulfilledUnits,
    },
    protocol::{EventData, Problem},
};

use super::{ActionError, ItemRef, Wms, business, check_owner, illegal, not_found, tell, work::Work};
use crate::kernel::Scene;

impl Wms {
    /// A node finds that units are missing or cannot be sold, or has no hands for them, and gives them back. No items:
    /// all that is open at the order's first node, or at `node_id`.
    ///
    /// # Errors
    /// So many units are not open, now or ever.
    pub fn give_back(
        &mut self,
        scene: &mut Scene<'_>,
        order: &OrderNumber,
        node_id: Option<&NodeId>,
        items: &[(ItemRef, u32)],
        reason: UnfulfilledReason,
    ) -> Result<(), ActionError> {
        let (id, units) = self.pick(order, node_id, items)?;
        let work = self.work.get_mut(&id).ok_or_else(|| missing(&id))?;
        give_back(work, units, reason, scene);
        Ok(())
    }

    /// A node has not what was ordered and proposes something else for it.
    ///
    /// # Errors
    /// So many units are not open, now or ever.
    pub fn propose(
        &mut self,
        scene: &mut Scene<'_>,
        order: &OrderNumber,
        item: &(ItemRef, u32),
        substitute: &Sku,
    ) -> Result<(), ActionError> {
        let (id, units) = self.pick(order, None, std::slice::from_ref(item))?;
        let work = self.work.get_mut(&id).ok_or_else(|| missing(&id))?;
        for unit in units {
            let proposal = SubstitutionProposal {
                proposal_id: scene.id("proposal", id.as_str()),
                fulfillment_order_id: id.clone(),
                order_number: order.clone(),
                node_id: work.document.node_id.clone(),
                line_id: unit.line_id,
                sku: unit.sku,
                substitute_sku: substitute.clone(),
                quantity: unit.quantity,
            };
            work.proposals.insert(proposal.proposal_id.clone(), proposal.clone());
            scene.commit(Effect::SubstitutionProposed { proposal: proposal.clone() });
            tell(scene, &work.correlation, None, EventData::SubstitutionProposed(proposal));
        }
        Ok(())
    }

    /// A substitute is not wanted: its units are picked short, as far as they are still open.
    pub(super) fn take_answer(
        &mut self,
        fulfillment_order_id: &str,
        answer: SubstitutionAnswer,
        scene: &mut Scene<'_>,
    ) -> Result<SubstitutionProposal, Problem> {
        let work = self.work_mut(fulfillment_order_id)?;
        check_owner("the fulfillment order", &work.document.order_number, &answer.order_number)?;
        if answer.accepted {
            return Err(business("a substitute is not shipped under the line of something else".to_owned()));
        }
        let Some(proposal) = work.proposals.remove(&answer.proposal_id) else {
            return Err(not_found("open proposal", &answer.proposal_id));
        };
        scene.commit(Effect::SubstitutionAnswered { answer });
        let open = work.progress(&proposal.line_id).map_or(0, super::work::Progress::open);
        let units = ItemQuantity {
            line_id: proposal.line_id.clone(),
            sku: proposal.sku.clone(),
            quantity: proposal.quantity.min(open),
        };
        if units.quantity > 0 {
            give_back(work, vec![units], UnfulfilledReason::SubstitutionRefused, scene);
        }
        Ok(proposal)
    }

    /// Every open fulfillment order of an order goes through a wave that is picked now.
    ///
    /// # Errors
    /// Nothing is open yet.
    pub fn pick_wave(&mut self, scene: &mut Scene<'_>, order: &OrderNumber) -> Result<(), ActionError> {
        let ids = self.work_of.get(order).cloned().unwrap_or_default();
        let mut any = false;
        for id in ids {
            let Some(work) = self.work.get_mut(&id).filter(|work| work.open_units() > 0) else { continue };
            let wave_id = scene.id("wave", work.document.node_id.as_str());
            work.wave = Some(wave_id.clone());
            scene.commit_for(order, Effect::WavePicked { wave_id, fulfillment_order_id: id });
            any = true;
        }
        if any { Ok(()) } else { Err(ActionError::NotThereYet(format!("order {order} is at no node yet"))) }
    }

    /// Nobody collected what waits in the store: it goes back to the shelf.
    ///
    /// # Errors
    /// Nothing of the order waits, or not yet.
    pub fn expire_pickup(&mut self, scene: &mut Scene<'_>, order: &OrderNumber) -> Result<(), ActionError> {
        let waiting: Vec<_> = self
            .parcels_of
            .get(order)
            .into_iter()
            .flatten()
            .filter(|id| {
                let parcel = self.parcels.get(*id);
                parcel.is_some_and(|parcel| parcel.shipment.status == ShipmentStatus::ReadyForPickup)
            })
            .cloned()
            .collect();
        if waiting.is_empty() {
            return Err(ActionError::NotThereYet(format!("nothing of order {order} waits in a store")));
        }
        for id in waiting {
            let Some(parcel) = self.parcels.get_mut(&id) else { continue };
            parcel.shipment.status = ShipmentStatus::Voided;
            let (lines, at) = (parcel.shipment.lines.clone(), parcel.shipment.fulfillment_order_id.clone());
            let work = self.work.get_mut(&at).ok_or_else(|| missing(&at))?;
            for item in &lines {
                if let Some(line) = work.progress_mut(&item.line_id) {
                    line.packed -= item.quantity;
                }
            }
            give_back(work, lines, UnfulfilledReason::PickupExpired, scene);
        }
        Ok(())
    }

    /// Sends what is not packed to another address.
    pub(super) fn change(
        &mut self,
        fulfillment_order_id: &str,
        change: FulfillmentChange,
        scene: &mut Scene<'_>,
    ) -> Result<FulfillmentOrder, Problem> {
        let work = self.work_mut(fulfillment_order_id)?;
        check_owner("the fulfillment order", &work.document.order_number, &change.order_number)?;
        if work.document.ship_to == change.ship_to {
            return Ok(work.document.clone());
        }
        if work.anything_packed() || work.open_units() == 0 {
            return Err(illegal("something is packed, or nothing is open".to_owned()));
        }
        work.document.ship_to = change.ship_to;
        scene.commit(Effect::FulfillmentChanged { fulfillment_order: work.document.clone() });
        Ok(work.document.clone())
    }

    fn work_mut(&mut self, fulfillment_order_id: &str) -> Result<&mut Work, Problem> {
        self.work
            .get_mut(&FulfillmentOrderId::new(fulfillment_order_id))
            .ok_or_else(|| not_found("fulfillment order", fulfillment_order_id))
    }
}

fn missing(id: &FulfillmentOrderId) -> ActionError {
    ActionError::Impossible(format!("no fulfillment order {id}"))
}

fn give_back(work: &mut Work, lines: Vec<ItemQuantity>, reason: UnfulfilledReason, scene: &mut Scene<'_>) {
    work.count_unfulfilled(&lines);
    let units = UnfulfilledUnits {
        exception_id: scene.id("exception", work.document.fulfillment_order_id.as_str()),
        fulfillment_order_id: work.document.fulfillment_order_id.clone(),
        order_number: work.document.order_number.clone(),
        node_id: work.document.node_id.clone(),
        lines,
        reason,
    };
    scene.commit(Effect::UnitsUnfulfilled { units: units.clone() });
    work.settle(scene);
    let data = match reason {
        UnfulfilledReason::Overloaded => EventData::FulfillmentOrderRejected(units),
        UnfulfilledReason::PickupExpired => EventData::PickupExpired(units),
        _ => EventData::FulfillmentOrderShortPicked(units),
    };
    tell(scene, &work.correlation, None, data);
}
