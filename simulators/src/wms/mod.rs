//! The warehouse or 3PL: picks, packs and ships at every node; receives and inspects returned goods.
//!
//! It works on what it is told and nothing else. A parcel is packed when somebody in the warehouse does so
//! ([`Wms::pack`]), leaves once it has a label and is wished to leave, and then goes for good. A cancellation
//! stops units that are neither picked in a wave nor packed; the others are refused. It keeps fulfillment order and return notice
//! identifiers unique, and answers a cancellation with a known identifier as it did before. It deliberately
//! knows neither prices nor whether an order was accepted, and its dock takes whatever comes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use counterproof_contracts::{
    model::{
        CorrelationId, FulfillmentOrder, FulfillmentOrderId, HeldGoods, Inspection, LineId, NodeId,
        OrderNumber, ReceiptId, ReturnAuthorization, ReturnReceipt, ReturnRejection, RmaId, Shipment,
        ShipmentId, Sku, System, TransferId,
    },
    protocol::{EventData, Problem, ProblemKind, wms as operations},
};
use serde_json::Value;

use crate::{
    kernel::{Call, Core, RaisedEvent, Scene, answer},
    world::World,
};

mod dock;
#[cfg(test)]
mod dock_tests;
mod exceptions;
mod outbound;
#[cfg(test)]
mod tests;
mod transfers;
mod unfulfilled;
mod work;

pub use dock::{Arrival, Verdict};
use transfers::Sent;
use work::{Parcel, Work};

/// Which goods an action is about: by what they are, or by their line of the order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemRef {
    /// The first lines with this SKU.
    Sku(Sku),
    /// This line.
    Line(LineId),
}

impl ItemRef {
    fn fits(&self, line_id: &LineId, sku: &Sku) -> bool {
        match self {
            Self::Sku(wanted) => wanted == sku,
            Self::Line(wanted) => wanted == line_id,
        }
    }
}

impl std::fmt::Display for ItemRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sku(sku) => write!(f, "{sku}"),
            Self::Line(line_id) => write!(f, "{line_id}"),
        }
    }
}

/// Why somebody in the warehouse could not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// The middleware has not told the warehouse yet what this needs, or never will.
    #[error("{0}")]
    NotThereYet(String),
    /// It makes no sense, now or later.
    #[error("{0}")]
    Impossible(String),
}

impl ActionError {
    /// Whether the same action may succeed later, once the middleware did its part.
    pub const fn may_come_later(&self) -> bool {
        matches!(self, Self::NotThereYet(_))
    }
}

/// A return that the dock was told of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Notice {
    authorization: ReturnAuthorization,
    correlation: CorrelationId,
}

/// Returned goods in the dock's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Arrived {
    receipt: ReturnReceipt,
    inspection: Option<Inspection>,
    /// Units of each line that were decided on in quarantine.
    decided: BTreeMap<LineId, u32>,
    correlation: CorrelationId,
}

/// The warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wms {
    world: Arc<World>,
    work: BTreeMap<FulfillmentOrderId, Work>,
    /// Fulfillment orders of each order, oldest first.
    work_of: BTreeMap<OrderNumber, Vec<FulfillmentOrderId>>,
    parcels: BTreeMap<ShipmentId, Parcel>,
    /// Shipments of each order, oldest first.
    parcels_of: BTreeMap<OrderNumber, Vec<ShipmentId>>,
    notices: BTreeMap<RmaId, Notice>,
    arrivals: BTreeMap<ReceiptId, Arrived>,
    /// Receipts of each order, oldest first.
    arrivals_of: BTreeMap<OrderNumber, Vec<ReceiptId>>,
    /// Goods that wait for a clerk.
    held: BTreeMap<ReceiptId, HeldGoods>,
    /// Rejected goods that went to the customer again.
    sent_back: BTreeMap<ReceiptId, ReturnRejection>,
    canceled_notices: BTreeSet<RmaId>,
    transfers: BTreeMap<TransferId, Sent>,
}

impl Wms {
    /// A warehouse without work at the nodes of this world.
    pub const fn new(world: Arc<World>) -> Self {
        Self {
            world,
            work: BTreeMap::new(),
            work_of: BTreeMap::new(),
            parcels: BTreeMap::new(),
            parcels_of: BTreeMap::new(),
            notices: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            arrivals_of: BTreeMap::new(),
            held: BTreeMap::new(),
            sent_back: BTreeMap::new(),
            canceled_notices: BTreeSet::new(),
            transfers: BTreeMap::new(),
        }
    }

    /// Fulfillment orders of an order as they stand, oldest first. Their lines are as they were sent.
    pub fn fulfillment_orders(&self, order: &OrderNumber) -> impl Iterator<Item = &FulfillmentOrder> {
        self.works(order).map(|work| &work.document)
    }

    /// Shipments of an order as they stand, oldest first.
    pub fn shipments(&self, order: &OrderNumber) -> impl Iterator<Item = &Shipment> {
        let shipments = self.parcels_of.get(order).into_iter().flatten();
        shipments.filter_map(|id| self.parcels.get(id)).map(|parcel| &parcel.shipment)
    }

    /// A shipment as it stands.
    pub fn shipment(&self, shipment_id: &ShipmentId) -> Option<&Shipment> {
        self.parcels.get(shipment_id).map(|parcel| &parcel.shipment)
    }

    /// Units of an order that are neither packed nor canceled, over all its fulfillment orders.
    pub fn open_units(&self, order: &OrderNumber) -> u32 {
        self.works(order).map(Work::open_units).sum()
    }

    /// Units that nodes were asked for and did not give back.
    pub fn asked_units(&self, order: &OrderNumber) -> u32 {
        self.works(order).flat_map(|work| &work.lines).map(|line| line.item.quantity - line.unfulfilled).sum()
    }

    /// Units of a line that a cancellation stopped.
    pub fn canceled_units(&self, order: &OrderNumber, line_id: &LineId) -> u32 {
        self.works(order).filter_map(|work| work.progress(line_id)).map(|line| line.canceled).sum()
    }

    /// Returns that the dock was told of, by identifier.
    pub fn notices<'a>(&'a self, order: &'a OrderNumber) -> impl Iterator<Item = &'a ReturnAuthorization> {
        let notices = self.notices.values().map(|notice| &notice.authorization);
        notices.filter(move |authorization| authorization.order_number == *order)
    }

    /// Receipts of an order, oldest first.
    pub fn receipts(&self, order: &OrderNumber) -> impl Iterator<Item = &ReturnReceipt> {
        self.arrived(order).map(|arrived| &arrived.receipt)
    }

    /// Inspections of an order, in the order of their receipts.
    pub fn inspections(&self, order: &OrderNumber) -> impl Iterator<Item = &Inspection> {
        self.arrived(order).filter_map(|arrived| arrived.inspection.as_ref())
    }

    fn works(&self, order: &OrderNumber) -> impl Iterator<Item = &Work> {
        self.work_of.get(order).into_iter().flatten().filter_map(|id| self.work.get(id))
    }

    fn arrived(&self, order: &OrderNumber) -> impl Iterator<Item = &Arrived> {
        self.arrivals_of.get(order).into_iter().flatten().filter_map(|id| self.arrivals.get(id))
    }

    fn check_node(&self, node_id: &NodeId) -> Result<(), Problem> {
        if self.world.node(node_id).is_some() {
            return Ok(());
        }
        Err(business(format!("no node {node_id}")))
    }
}

impl Core for Wms {
    fn system(&self) -> System {
        System::Wms
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        match call.operation {
            operations::CREATE_FULFILLMENT_ORDER => answer(&self.accept(call.document()?, scene)?),
            operations::CANCEL_FULFILLMENT => {
                answer(&self.cancel(call.parameter("fulfillment_order_id"), &call.document()?, scene)?)
            }
            operations::CHANGE_FULFILLMENT => {
                answer(&self.change(call.parameter("fulfillment_order_id"), call.document()?, scene)?)
            }
            operations::ANSWER_SUBSTITUTION => {
                answer(&self.take_answer(call.parameter("fulfillment_order_id"), call.document()?, scene)?)
            }
            operations::ATTACH_LABEL => answer(&self.attach_label(call, call.document()?, scene)?),
            operations::CREATE_RETURN_NOTICE => answer(&self.notice(call.document()?, scene)?),
            operations::CANCEL_RETURN_NOTICE => {
                answer(&self.cancel_notice(call.parameter("rma_id"), call.document()?, scene)?)
            }
            operations::HOLD_RETURNED_GOODS => {
                answer(&self.hold(call.parameter("receipt_id"), call.document()?, scene)?)
            }
            operations::SEND_BACK_RETURNED_GOODS => {
                answer(&self.send_back(call.parameter("receipt_id"), call.document()?, scene)?)
            }
            other => Err(Problem::new(ProblemKind::UnknownOperation, other.to_string())),
        }
    }
}

/// Tells an event now, in the chain of messages that the work belongs to.
fn tell(scene: &mut Scene<'_>, correlation: &CorrelationId, causation: Option<String>, data: EventData) {
    let occurred_at = scene.now();
    scene.events.push(RaisedEvent { data, correlation: correlation.clone(), causation, occurred_at });
}

fn business(detail: String) -> Problem {
    Problem::new(ProblemKind::BusinessRule, detail)
}

fn illegal(detail: String) -> Problem {
    Problem::new(ProblemKind::IllegalState, detail)
}

fn not_found(what: &str, name: &str) -> Problem {
    Problem::new(ProblemKind::NotFound, format!("no {what} {name}"))
}

fn check_owner(what: &str, owner: &OrderNumber, named: &OrderNumber) -> Result<(), Problem> {
    if owner == named {
        return Ok(());
    }
    Err(business(format!("{what} belongs to order {owner}, not to {named}")))
}
