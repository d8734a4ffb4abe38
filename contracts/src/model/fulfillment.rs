//! From release to the customer's door.

use serde::{Deserialize, Serialize};

use super::{
    Address, FulfillmentOrderId, ItemQuantity, LineId, NodeId, OrderNumber, ScanId, ShipmentId, Sku,
    Timestamp, TrackingNumber,
};

/// Where a fulfillment order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FulfillmentStatus {
    /// Sent by the caller.
    Requested,
    /// The node works on it.
    Accepted,
    /// Some units left.
    PartiallyShipped,
    /// All units that were not canceled left.
    Shipped,
    /// All units were canceled.
    Canceled,
    /// The node gave all units back that it had.
    Rejected,
}

/// A node's order to pick, pack and ship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentOrder {
    /// Identifier, chosen by the caller.
    pub fulfillment_order_id: FulfillmentOrderId,
    /// The order.
    pub order_number: OrderNumber,
    /// Who ships.
    pub node_id: NodeId,
    /// Where to.
    pub ship_to: Address,
    /// What.
    pub lines: Vec<ItemQuantity>,
    /// Where it stands; the caller says `requested`.
    pub status: FulfillmentStatus,
    /// No prices on any paper in the parcel.
    #[serde(default)]
    pub gift: bool,
    /// The customer collects the goods there; nothing is shipped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pickup: bool,
}

/// Where a shipment stands. The rank of a status never falls (see `lifecycle`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// Packed.
    Created,
    /// Has a label.
    LabelPurchased,
    /// Waits for the customer in the store.
    ReadyForPickup,
    /// Handed to the carrier.
    Shipped,
    /// Scanned by the carrier.
    InTransit,
    /// On the last mile.
    OutForDelivery,
    /// With the customer.
    Delivered,
    /// Coming back undelivered.
    ReturnToSender,
    /// Lost by the carrier.
    Lost,
    /// Label given back unused.
    Voided,
}

/// One unit of a line that has a serial number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SerializedUnit {
    /// The line.
    pub line_id: LineId,
    /// Its serial number (GS1 SGTIN where there is one).
    pub serial: String,
}

/// A parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// Identifier, chosen by the node.
    pub shipment_id: ShipmentId,
    /// The fulfillment order it belongs to.
    pub fulfillment_order_id: FulfillmentOrderId,
    /// The order.
    pub order_number: OrderNumber,
    /// Who ships.
    pub node_id: NodeId,
    /// What is in it.
    pub lines: Vec<ItemQuantity>,
    /// Where it stands.
    pub status: ShipmentStatus,
    /// The carrier's number, once there is a label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<TrackingNumber>,
    /// When it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// The customer collects it; no carrier has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pickup: bool,
    /// Units with serial numbers, as they were scanned when they were packed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<SerializedUnit>,
}

/// A wish for a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRequest {
    /// The order.
    pub order_number: OrderNumber,
    /// The parcel: a shipment's identifier, or the return authorization's for a return label.
    pub parcel_ref: String,
    /// Who sends (outbound) or receives (return).
    pub node_id: NodeId,
    /// Where to (outbound) or where from (return).
    pub address: Address,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The carrier's number.
    pub tracking_number: TrackingNumber,
    /// The order.
    pub order_number: OrderNumber,
    /// The parcel.
    pub parcel_ref: String,
    /// Which carrier.
    pub carrier: String,
    /// The address that is printed on it, where it has an identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_id: Option<String>,
}

/// Puts a label on a parcel that waits at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelAttachment {
    /// The order.
    pub order_number: OrderNumber,
    /// The carrier's number.
    pub tracking_number: TrackingNumber,
    /// Which carrier.
    pub carrier: String,
}

/// What a carrier saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanCode {
    /// Taken over from the node.
    PickedUp,
    /// Moving.
    InTransit,
    /// On the last mile.
    OutForDelivery,
    /// Nobody was there to take it; it will be tried again.
    DeliveryAttempted,
    /// With the customer.
    Delivered,
    /// Coming back undelivered.
    ReturnToSender,
    /// Given up by the carrier.
    Lost,
}

/// A scan of a parcel. What happened when, and when it was told, are two instants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierScan {
    /// Identifier.
    pub scan_id: ScanId,
    /// The parcel.
    pub tracking_number: TrackingNumber,
    /// The order.
    pub order_number: OrderNumber,
    /// What was seen.
    pub code: ScanCode,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When the carrier recorded it.
    pub recorded_at: Timestamp,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// When the carrier expects to deliver the parcel, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_delivery: Option<Timestamp>,
}

/// A wish to stop units before they leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentCancellation {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier of the cancellation.
    pub cancellation_id: String,
    /// What to stop.
    pub lines: Vec<ItemQuantity>,
}

/// What a node says to a cancellation: units that it stopped, and units that had already gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentCancellationResult {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier of the cancellation.
    pub cancellation_id: String,
    /// Stopped.
    pub canceled: Vec<ItemQuantity>,
    /// Too late.
    pub refused: Vec<ItemQuantity>,
}

/// A wish to send what is not packed to another address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentChange {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier of the change.
    pub change_id: String,
    /// Where to.
    pub ship_to: Address,
}

/// Why a node does not ship units after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnfulfilledReason {
    /// Fewer are there than the books say.
    NotFound,
    /// They cannot be sold.
    Damaged,
    /// They are not there, and a substitute was not wanted.
    SubstitutionRefused,
    /// The node has no hands for them; the goods are there.
    Overloaded,
    /// Nobody collected them in time; they are back on the shelf.
    PickupExpired,
}

impl UnfulfilledReason {
    /// Whether the books say more than there is, and must be corrected.
    pub const fn are_missing(self) -> bool {
        matches!(self, Self::NotFound | Self::Damaged | Self::SubstitutionRefused)
    }
}

/// Units that a node will not ship after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfulfilledUnits {
    /// Identifier, chosen by the node.
    pub exception_id: String,
    /// The fulfillment order.
    pub fulfillment_order_id: FulfillmentOrderId,
    /// The order.
    pub order_number: OrderNumber,
    /// Who does not ship them.
    pub node_id: NodeId,
    /// What.
    pub lines: Vec<ItemQuantity>,
    /// Why.
    pub reason: UnfulfilledReason,
}

/// A node has not what was ordered and proposes something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubstitutionProposal {
    /// Identifier, chosen by the node.
    pub proposal_id: String,
    /// The fulfillment order.
    pub fulfillment_order_id: FulfillmentOrderId,
    /// The order.
    pub order_number: OrderNumber,
    /// Who proposes.
    pub node_id: NodeId,
    /// The line.
    pub line_id: LineId,
    /// What was ordered.
    pub sku: Sku,
    /// What is proposed.
    pub substitute_sku: Sku,
    /// Units.
    pub quantity: u32,
}

/// Whether a substitute is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubstitutionAnswer {
    /// The order.
    pub order_number: OrderNumber,
    /// The proposal.
    pub proposal_id: String,
    /// Whether the node may ship the substitute.
    pub accepted: bool,
}
