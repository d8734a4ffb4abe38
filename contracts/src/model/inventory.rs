//! Stock: reservations as an append-only ledger, movements, levels.

use serde::{Deserialize, Serialize};

use super::{ItemQuantity, LineId, MovementId, NodeId, OrderNumber, ReservationId, Sku, System, Timestamp};

/// A wish to claim stock for an order, all lines or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationRequest {
    /// The order.
    pub order_number: OrderNumber,
    /// What.
    pub lines: Vec<ItemQuantity>,
    /// Only there; absent for any node that ships.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<NodeId>,
    /// Not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_nodes: Vec<NodeId>,
    /// Whether units that are not there yet may be promised, as far as the SKU permits it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_backorder: bool,
    /// What the units are claimed for again: an exception or a change; absent for the order itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// Units of a line that are claimed at a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservedLine {
    /// The line.
    pub line_id: LineId,
    /// What it is.
    pub sku: Sku,
    /// Where.
    pub node_id: NodeId,
    /// Units.
    pub quantity: u32,
}

/// A claim on stock. The ERP chose the nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Identifier.
    pub reservation_id: ReservationId,
    /// The order.
    pub order_number: OrderNumber,
    /// What is still claimed, and where.
    pub lines: Vec<ReservedLine>,
    /// Units that are promised and not there yet; they are claimed when they come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backordered: Vec<ItemQuantity>,
    /// When it lapses unless the order is booked; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// Gives claimed units back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationRelease {
    /// The order.
    pub order_number: OrderNumber,
    /// What is given back.
    pub lines: Vec<ReservedLine>,
    /// Promised units that are given up, whether they came meanwhile or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backordered: Vec<ItemQuantity>,
    /// The cancellation or rejection that caused it.
    pub cause: String,
}

/// Condition of goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockCondition {
    /// Can be sold as new.
    Sellable,
    /// Sold in the outlet.
    Outlet,
    /// Awaits a decision.
    Quarantine,
    /// Sold off in bulk.
    Liquidation,
    /// Cannot be sold.
    Damaged,
    /// Awaits repair.
    Refurbishment,
    /// Awaits the vendor.
    VendorReturn,
    /// On the way here from another place.
    InTransit,
}

/// Why stock moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementReason {
    /// Goods left to a customer; consumes the reservation.
    GoodsIssue,
    /// Goods came back from a customer.
    CustomerReturn,
    /// A count or correction.
    Adjustment,
    /// Goods came from a supplier.
    GoodsReceipt,
    /// Goods in quarantine were decided on.
    Disposition,
    /// Goods go from one place to another.
    Transfer,
}

/// Stock that came to or left a node. Quantity is signed: issues are negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryMovement {
    /// Identifier, chosen by the caller; a second one with the same identifier is the same movement.
    pub movement_id: MovementId,
    /// The order, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_number: Option<OrderNumber>,
    /// The order's line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_id: Option<LineId>,
    /// Where.
    pub node_id: NodeId,
    /// What.
    pub sku: Sku,
    /// In which condition.
    pub condition: StockCondition,
    /// Signed units, never 0.
    pub quantity: i64,
    /// Why.
    pub reason: MovementReason,
    /// The shipment, receipt or count that caused it.
    pub cause: String,
}

/// Stock of one SKU at one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLevel {
    /// Where.
    pub node_id: NodeId,
    /// What.
    pub sku: Sku,
    /// Sellable units that are there.
    pub on_hand: i64,
    /// Of these, units claimed by orders.
    pub reserved: i64,
    /// Units in other conditions.
    pub not_sellable: i64,
}

/// Answer to a look at the stock of one SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLevelList {
    /// One entry for each node that knows the SKU.
    pub items: Vec<StockLevel>,
}

/// That the stock of a SKU changed: how it stands now, at every node that ships orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryAdjusted {
    /// What.
    pub sku: Sku,
    /// One entry for each node that ships orders and knows the SKU.
    pub levels: Vec<StockLevel>,
}

impl InventoryAdjusted {
    /// Units that nobody claimed, at all nodes together.
    pub fn unclaimed(&self) -> i64 {
        self.levels
            .iter()
            .map(|level| level.on_hand.saturating_sub(level.reserved))
            .fold(0, i64::saturating_add)
    }
}

/// How many units of a SKU a channel may offer: an absolute level, which replaces the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockPublication {
    /// What.
    pub sku: Sku,
    /// Rises with each publication to the channel; one that is not above the one shown has no effect.
    pub sequence: u64,
    /// Units that the channel may offer: unclaimed ones less the channel's safety stock, never below 0.
    pub available: i64,
    /// When the stock was so.
    pub as_of: Timestamp,
}

/// What a channel was told last of a SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelAvailability {
    /// Which.
    pub channel: System,
    /// Units that are kept back from it.
    pub safety_stock: u32,
    /// Units that it may offer.
    pub available: i64,
    /// Number of the last publication.
    pub sequence: u64,
}

/// How many units of a SKU can be promised, in all and by channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// What.
    pub sku: Sku,
    /// Units that nobody claimed, at all nodes that ship orders; below 0 where claimed units are missing.
    pub available: i64,
    /// When the stock was so.
    pub as_of: Timestamp,
    /// One entry for each channel that is told.
    pub channels: Vec<ChannelAvailability>,
}

/// That goods are called back: none of them may reach a customer any more, and whoever has some may bring them back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// Identifier.
    pub recall_id: String,
    /// What.
    pub sku: Sku,
    /// Why.
    pub reason: String,
}
