//! Units that are promised and not there yet, and claims that lapse.
//!
//! Promises are met in the order in which they were given, as soon as goods come. A claim lapses only when somebody
//! looks ([`Erp::expire_claims`]) and its order is not booked by then: the ERP has no clock of its own.

use std::{collections::BTreeMap, time::Duration};

use counterproof_contracts::{
    journal::Effect,
    model::{
        CorrelationId, InventoryMovement, ItemQuantity, MovementReason, NodeId, OrderNumber, Reservation,
        ReservationId, ReservationRelease, ReservedLine, Sku, StockCondition, Timestamp,
    },
    protocol::EventData,
};

use super::{Erp, reservation::Claim};
use crate::kernel::{RaisedEvent, Scene};

/// Units that an order waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Promise {
    reservation_id: ReservationId,
    order_number: OrderNumber,
    /// Only there; absent for any node that ships.
    node_id: Option<NodeId>,
    item: ItemQuantity,
    correlation: CorrelationId,
}

/// What is promised beyond stock, and how much may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Backorders {
    limits: BTreeMap<Sku, u32>,
    /// Oldest first.
    promises: Vec<Promise>,
    /// What came for promises of a reservation, all together.
    kept: BTreeMap<ReservationId, Vec<ReservedLine>>,
}

impl Backorders {
    /// What a reservation still waits for.
    pub(super) fn of(&self, reservation_id: &ReservationId) -> Vec<ItemQuantity> {
        let own = self.promises.iter().filter(|promise| promise.reservation_id == *reservation_id);
        own.map(|promise| promise.item.clone()).collect()
    }
}

impl Erp {
    /// A SKU is sold beyond its stock, up to so many units over all orders.
    pub fn permit_backorders(&mut self, scene: &mut Scene<'_>, sku: &Sku, units: u32) {
        self.backorders.limits.insert(sku.clone(), units);
        scene.commit(Effect::BackorderPermitted { sku: sku.clone(), limit: i64::from(units) });
    }

    /// Claims on a SKU lapse after so long, unless their order is booked by then.
    pub fn limit_claims(&mut self, sku: &Sku, lasts: Duration) {
        self.claims_last.insert(sku.clone(), lasts);
    }

    /// Units of an order that it waits for.
    pub fn backordered_for(&self, order: &OrderNumber) -> u32 {
        let own = self.backorders.promises.iter().filter(|promise| promise.order_number == *order);
        own.map(|promise| promise.item.quantity).sum()
    }

    /// Goods came from a supplier: they are claimed for whoever waits longest, and each is told.
    pub fn receive_goods(&mut self, scene: &mut Scene<'_>, node_id: &NodeId, sku: &Sku, units: u32) {
        let movement_id = scene.id("receipt", sku.as_str());
        let movement = InventoryMovement {
            movement_id: movement_id.clone().into(),
            order_number: None,
            line_id: None,
            node_id: node_id.clone(),
            sku: sku.clone(),
            condition: StockCondition::Sellable,
            quantity: i64::from(units),
            reason: MovementReason::GoodsReceipt,
            cause: movement_id,
        };
        // A receipt of units above zero is never refused.
        if self.move_stock(movement, scene).is_ok() {
            self.keep_promises(scene, node_id, sku);
            self.tell_stock(scene, [sku]);
        }
    }

    pub(super) fn keep_promises(&mut self, scene: &mut Scene<'_>, node_id: &NodeId, sku: &Sku) {
        let ships = self.sources.contains(node_id);
        let mut promises = std::mem::take(&mut self.backorders.promises);
        for promise in promises.iter_mut().filter(|promise| promise.item.sku == *sku) {
            let fits = promise.node_id.as_ref().map_or(ships, |only| only == node_id);
            let free = u32::try_from(self.stock.available(sku, node_id).max(0)).unwrap_or(u32::MAX);
            let quantity = if fits { free.min(promise.item.quantity) } else { 0 };
            if quantity > 0 {
                promise.item.quantity -= quantity;
                self.keep_promise(scene, promise, node_id, quantity);
            }
        }
        promises.retain(|promise| promise.item.quantity > 0);
        self.backorders.promises = promises;
    }

    fn keep_promise(&mut self, scene: &mut Scene<'_>, promise: &Promise, node_id: &NodeId, quantity: u32) {
        let line = ReservedLine {
            line_id: promise.item.line_id.clone(),
            sku: promise.item.sku.clone(),
            node_id: node_id.clone(),
            quantity,
        };
        self.stock.claim(&line.sku, &line.node_id, i64::from(quantity));
        if let Some(claim) = self.claims.get_mut(&promise.reservation_id) {
            claim.add(&line);
        }
        let reservation = Reservation {
            reservation_id: promise.reservation_id.clone(),
            order_number: promise.order_number.clone(),
            lines: vec![line],
            backordered: Vec::new(),
            expires_at: None,
        };
        scene.commit(Effect::StockReserved { reservation: reservation.clone() });
        let kept = self.backorders.kept.entry(promise.reservation_id.clone()).or_default();
        kept.extend_from_slice(&reservation.lines);
        let told = Reservation { lines: kept.clone(), ..reservation };
        tell(scene, EventData::InventoryReceived(told), promise.correlation.clone());
    }

    /// Whether so many units more of a SKU may be promised.
    pub(super) fn may_promise(&self, sku: &Sku, units: u32) -> bool {
        let promises = self.backorders.promises.iter().filter(|promise| promise.item.sku == *sku);
        let promised: u32 = promises.map(|promise| promise.item.quantity).sum();
        promised.saturating_add(units) <= self.backorders.limits.get(sku).copied().unwrap_or(0)
    }

    /// Remembers what a reservation waits for.
    pub(super) fn promise(
        &mut self,
        reservation: &Reservation,
        node_id: Option<&NodeId>,
        scene: &mut Scene<'_>,
    ) {
        if reservation.backordered.is_empty() {
            return;
        }
        scene.commit(Effect::StockBackordered { reservation: reservation.clone() });
        for item in &reservation.backordered {
            self.backorders.promises.push(Promise {
                reservation_id: reservation.reservation_id.clone(),
                order_number: reservation.order_number.clone(),
                node_id: node_id.cloned(),
                item: item.clone(),
                correlation: scene.correlation().clone(),
            });
        }
    }

    /// Gives up promised units of a reservation. What came meanwhile is claimed, and said to be.
    pub(super) fn withdraw(&mut self, reservation_id: &ReservationId, release: &mut ReservationRelease) {
        let open = self.claims.get(reservation_id).map(Claim::open_lines).unwrap_or_default();
        for item in &mut release.backordered {
            let own = self.backorders.promises.iter_mut().filter(|promise| {
                promise.reservation_id == *reservation_id && promise.item.line_id == item.line_id
            });
            let mut came = item.quantity;
            for promise in own {
                let quantity = promise.item.quantity.min(came);
                promise.item.quantity -= quantity;
                came -= quantity;
            }
            item.quantity -= came;
            for claim in open.iter().filter(|claim| claim.line_id == item.line_id) {
                let asked = release.lines.iter().filter(|line| same_place(line, claim));
                let asked: u32 = asked.map(|line| line.quantity).sum();
                let quantity = claim.quantity.saturating_sub(asked).min(came);
                if quantity > 0 {
                    came -= quantity;
                    release.lines.push(ReservedLine { quantity, ..claim.clone() });
                }
            }
        }
        release.backordered.retain(|item| item.quantity > 0);
        self.backorders.promises.retain(|promise| promise.item.quantity > 0);
    }

    /// When a new claim of an order lapses.
    pub(super) fn lapses_at(
        &self,
        order: &OrderNumber,
        lines: &[ReservedLine],
        now: Timestamp,
    ) -> Option<Timestamp> {
        if self.bookings_of(order).next().is_some() {
            return None;
        }
        let lasts = lines.iter().filter_map(|line| self.claims_last.get(&line.sku)).min()?;
        now.saturating_add(*lasts).ok()
    }

    /// A booked order keeps its claims.
    pub(super) fn keep_claims(&mut self, order: &OrderNumber) {
        for reservation_id in self.claims_of.get(order).into_iter().flatten() {
            if let Some(claim) = self.claims.get_mut(reservation_id) {
                claim.expires_at = None;
            }
        }
    }

    /// Gives back what lapsed of an order by now, and tells it. Says how many claims lapsed.
    pub fn expire_claims(&mut self, scene: &mut Scene<'_>, order: &OrderNumber) -> usize {
        let now = scene.now();
        let own = self.claims.iter_mut().filter(|(_, claim)| claim.order_number == *order);
        let lapsed = own.filter_map(|(reservation_id, claim)| {
            let lines = claim.open_lines();
            let over = claim.expires_at.is_some_and(|expires_at| expires_at <= now) && !lines.is_empty();
            over.then(|| {
                lines.iter().for_each(|line| claim.give_up(line));
                (reservation_id.clone(), claim.order_number.clone(), claim.expires_at, lines)
            })
        });
        let lapsed: Vec<_> = lapsed.collect();
        for (reservation_id, order_number, expires_at, lines) in &lapsed {
            for line in lines {
                self.stock.claim(&line.sku, &line.node_id, -i64::from(line.quantity));
            }
            let reservation = Reservation {
                reservation_id: reservation_id.clone(),
                order_number: order_number.clone(),
                lines: lines.clone(),
                backordered: Vec::new(),
                expires_at: *expires_at,
            };
            scene.commit(Effect::ReservationExpired { reservation: reservation.clone() });
            scene.raise(EventData::ReservationExpired(reservation));
        }
        self.tell_stock(scene, lapsed.iter().flat_map(|(_, _, _, lines)| lines).map(|line| &line.sku));
        lapsed.len()
    }
}

fn tell(scene: &mut Scene<'_>, data: EventData, correlation: CorrelationId) {
    let occurred_at = scene.now();
    scene.events.push(RaisedEvent { data, correlation, causation: None, occurred_at });
}

fn same_place(line: &ReservedLine, other: &ReservedLine) -> bool {
    line.line_id == other.line_id && line.node_id == other.node_id && line.sku == other.sku
}
