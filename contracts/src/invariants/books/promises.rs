//! By when goods arrive: what customers were told first and later, what they said to it, and where the units of each line were
//! meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::{
    journal::{Committed, Effect, Exchange, Record},
    model::{
        ItemQuantity, LineId, NodeId, Order, OrderStatusUpdate, RevisedPromise, ScanCode, ShipmentId, System,
        Timestamp, TrackingNumber,
    },
    protocol::wms,
};

/// A date that a channel showed after the first.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Told {
    pub(in crate::invariants) promise: RevisedPromise,
    pub(in crate::invariants) seq: u64,
}

/// Units that came to be somewhere, or, if negative, that are there no longer.
#[derive(Debug, Clone)]
struct Move {
    at: Timestamp,
    line: LineId,
    units: i64,
}

/// A place where units are: a node that was asked for them, a claim that waits for goods, a parcel that left.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Place {
    /// Since when.
    pub(in crate::invariants) since: Timestamp,
    pub(in crate::invariants) seq: u64,
    /// The node, where it is one.
    pub(in crate::invariants) node: Option<NodeId>,
    /// The parcel, where it is one.
    pub(in crate::invariants) tracking: Option<TrackingNumber>,
    moves: Vec<Move>,
}

impl Place {
    fn new(record: &Record) -> Self {
        Self { since: record.at, seq: record.seq, node: None, tracking: None, moves: Vec::new() }
    }

    fn add(&mut self, at: Timestamp, line: &LineId, units: i64) {
        self.moves.push(Move { at, line: line.clone(), units });
    }

    /// All units are there no longer.
    fn end(&mut self, at: Timestamp) {
        let lines: BTreeSet<LineId> = self.moves.iter().map(|step| step.line.clone()).collect();
        for line in lines {
            let rest = self.units(&line, Timestamp::MAX);
            self.add(at, &line, -rest);
        }
    }

    /// Units of a line that are there, if what went after an instant is not known to have gone.
    pub(in crate::invariants) fn units(&self, line: &LineId, gone_until: Timestamp) -> i64 {
        let known = |step: &&Move| step.line == *line && (step.units > 0 || step.at <= gone_until);
        self.moves.iter().filter(known).map(|step| step.units).sum::<i64>().max(0)
    }
}

/// The book.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct PromiseBook {
    pub(in crate::invariants) method: Option<String>,
    /// When the order was placed, as it was recorded.
    pub(in crate::invariants) placed_at: Option<Timestamp>,
    /// By when each line was promised to arrive when the order was placed, and where that stands.
    pub(in crate::invariants) first: BTreeMap<LineId, (Timestamp, u64)>,
    told: BTreeMap<LineId, Vec<Told>>,
    /// The number of the last update with dates.
    sequence: u64,
    /// Dates that the customer agreed to wait for.
    pub(in crate::invariants) consents: BTreeMap<(LineId, u32), Timestamp>,
    /// Claims that wait for goods.
    pub(in crate::invariants) waits: BTreeMap<String, Place>,
    /// Nodes at which units of a line were claimed: they are about to be asked.
    claimed: BTreeSet<(LineId, NodeId)>,
    /// Nodes that were asked.
    pub(in crate::invariants) nodes: BTreeMap<String, Place>,
    /// Parcels that left.
    pub(in crate::invariants) parcels: BTreeMap<ShipmentId, Place>,
    /// When the carrier expects to deliver a parcel: as of when, and when.
    pub(in crate::invariants) estimates: BTreeMap<TrackingNumber, (Timestamp, Timestamp)>,
    /// When a node was last asked to stop units.
    pub(in crate::invariants) stopped_at: Option<Timestamp>,
}

impl PromiseBook {
    /// Whether units of a line were in a parcel and on their way just before an instant.
    pub(in crate::invariants) fn was_expected(
        &self,
        parcel: &TrackingNumber,
        line: &LineId,
        at: Timestamp,
    ) -> bool {
        let before = at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MIN);
        let own = self.parcels.values().filter(|place| place.tracking.as_ref() == Some(parcel));
        own.map(|place| place.units(line, before)).sum::<i64>() > 0
    }

    /// The date that a customer was told last, if any after the first.
    pub(in crate::invariants) fn last(&self, line: &LineId) -> Option<&Told> {
        self.told.get(line)?.last()
    }

    /// Dates that a customer was told after the first, but for the last.
    pub(in crate::invariants) fn before_last(&self, line: &LineId) -> &[Told] {
        let told = self.told.get(line).map_or(&[][..], Vec::as_slice);
        told.split_last().map_or(&[][..], |(_, before)| before)
    }

    /// By when a line is promised to arrive, and where that was said.
    pub(in crate::invariants) fn in_force(&self, line: &LineId) -> Option<(Timestamp, u64)> {
        let last = self.last(line).map(|told| (told.promise.promised_by, told.seq));
        last.or_else(|| self.first.get(line).copied())
    }

    /// Nodes at which units of a line were claimed.
    pub(in crate::invariants) fn claimed_at(&self, line: &LineId) -> impl Iterator<Item = &NodeId> {
        self.claimed.iter().filter(move |(claimed, _)| claimed == line).map(|(_, node)| node)
    }

    /// Units of a line that left, if what left after an instant is not known to have.
    pub(in crate::invariants) fn left(&self, line: &LineId, until: Timestamp) -> i64 {
        let left = self.parcels.values().filter(|parcel| parcel.since <= until);
        let moves = left.flat_map(|parcel| &parcel.moves);
        moves.filter(|step| step.line == *line && step.units > 0).map(|step| step.units).sum()
    }

    pub(super) fn apply(&mut self, record: &Record, committed: &Committed) {
        let at = record.at;
        if let Effect::OrderPlaced { order } = &committed.effect {
            self.place(record, order);
        }
        if self.first.is_empty() {
            return;
        }
        match &committed.effect {
            Effect::StatusShown { update } => self.show(record.seq, update),
            Effect::DelayAccepted { consent } => {
                self.consents.entry((consent.line_id.clone(), consent.revision)).or_insert(at);
            }
            Effect::StockBackordered { reservation } => {
                let id = reservation.reservation_id.to_string();
                let place = self.waits.entry(id).or_insert_with(|| Place::new(record));
                add(place, at, &reservation.backordered, 1);
            }
            Effect::StockReserved { reservation } => {
                let claims =
                    reservation.lines.iter().map(|line| (line.line_id.clone(), line.node_id.clone()));
                self.claimed.extend(claims);
                if let Some(place) = self.waits.get_mut(reservation.reservation_id.as_str()) {
                    for line in &reservation.lines {
                        place.add(at, &line.line_id, -i64::from(line.quantity));
                    }
                }
            }
            // Of which claim promised units are given up the release does not say, nor the node of which order it stopped units.
            Effect::ReservationReleased { release } => take(&mut self.waits, at, &release.backordered),
            Effect::FulfillmentCanceled { result } => take(&mut self.nodes, at, &result.canceled),
            Effect::FulfillmentOrderReceived { fulfillment_order } => {
                let id = fulfillment_order.fulfillment_order_id.to_string();
                let place = self.nodes.entry(id).or_insert_with(|| Place::new(record));
                place.node = Some(fulfillment_order.node_id.clone());
                add(place, at, &fulfillment_order.lines, 1);
            }
            Effect::UnitsUnfulfilled { units } => {
                self.take_from(units.fulfillment_order_id.as_str(), at, &units.lines);
            }
            Effect::ShipmentShipped { shipment } if !self.parcels.contains_key(&shipment.shipment_id) => {
                self.take_from(shipment.fulfillment_order_id.as_str(), at, &shipment.lines);
                let mut place = Place::new(record);
                place.tracking.clone_from(&shipment.tracking_number);
                add(&mut place, at, &shipment.lines, 1);
                self.parcels.insert(shipment.shipment_id.clone(), place);
            }
            Effect::GoodsReturned { receipt } => {
                let parcel = receipt.shipment_id.as_ref().and_then(|id| self.parcels.get_mut(id));
                if let Some(parcel) = parcel {
                    parcel.end(at);
                }
            }
            Effect::ParcelScanned { scan } => {
                if let Some(estimate) = scan.estimated_delivery {
                    let known = self.estimates.entry(scan.tracking_number.clone());
                    let known = known.or_insert((scan.occurred_at, estimate));
                    if known.0 < scan.occurred_at {
                        *known = (scan.occurred_at, estimate);
                    }
                }
                if matches!(scan.code, ScanCode::Delivered | ScanCode::ReturnToSender | ScanCode::Lost) {
                    let of = |place: &&mut Place| place.tracking.as_ref() == Some(&scan.tracking_number);
                    self.parcels.values_mut().filter(of).for_each(|place| place.end(at));
                }
            }
            _ => {}
        }
    }

    pub(super) fn apply_exchange(&mut self, record: &Record, exchange: &Exchange) {
        if exchange.to == System::Wms && exchange.operation == wms::CANCEL_FULFILLMENT.id {
            self.stopped_at = self.stopped_at.max(Some(record.at));
        }
    }

    fn place(&mut self, record: &Record, order: &Order) {
        if self.placed_at.is_some() {
            return;
        }
        self.placed_at = Some(record.at);
        self.method.clone_from(&order.shipping_method);
        let dates = order.lines.iter().filter_map(|line| Some((line.line_id.clone(), order.promised(line)?)));
        self.first = dates.map(|(line, date)| (line, (date, record.seq))).collect();
    }

    fn show(&mut self, seq: u64, update: &OrderStatusUpdate) {
        if update.sequence <= self.sequence {
            return;
        }
        self.sequence = update.sequence;
        for promise in &update.promises {
            let told = self.told.entry(promise.line_id.clone()).or_default();
            if told.last().is_none_or(|last| last.promise != *promise) {
                told.push(Told { promise: promise.clone(), seq });
            }
        }
    }

    fn take_from(&mut self, fulfillment_order: &str, at: Timestamp, items: &[ItemQuantity]) {
        if let Some(place) = self.nodes.get_mut(fulfillment_order) {
            add(place, at, items, -1);
        }
    }
}

/// Takes units from the first places that have them.
fn take(places: &mut BTreeMap<String, Place>, at: Timestamp, items: &[ItemQuantity]) {
    for item in items {
        let mut rest = i64::from(item.quantity);
        for place in places.values_mut() {
            let units = place.units(&item.line_id, Timestamp::MAX).min(rest);
            if units > 0 {
                place.add(at, &item.line_id, -units);
                rest -= units;
            }
        }
    }
}

fn add(place: &mut Place, at: Timestamp, items: &[ItemQuantity], sign: i64) {
    for item in items {
        place.add(at, &item.line_id, sign * i64::from(item.quantity));
    }
}
