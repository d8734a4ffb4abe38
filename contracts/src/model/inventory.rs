//! Stock: reservations as an append-only ledger, movements, levels.

use serde::{Deserialize, Serialize};

use super::{ItemQuantity, LineId, MovementId, NodeId, OrderNumber, ReservationId, Sku};

/// A wish to claim stock for an order, all lines or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationRequest {
    /// The order.
    pub order_number: OrderNumber,
    /// What.
    pub lines: Vec<ItemQuantity>,
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
}

/// Gives claimed units back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationRelease {
    /// The order.
    pub order_number: OrderNumber,
    /// What is given back.
    pub lines: Vec<ReservedLine>,
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
    /// Goods in quarantine were decided on.
    Disposition,
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
