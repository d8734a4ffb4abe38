//! Returns that do not go as planned: taken back by the customer, not expected, of nobody, or not accepted.

use serde::{Deserialize, Serialize};

use super::{ItemQuantity, LineId, NodeId, OrderNumber, ReceiptId, RmaId, Sku, Timestamp, TrackingNumber};

/// What an inspector decides on returned goods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acceptance {
    /// Taken back.
    #[default]
    Accepted,
    /// Not taken back; they go to the customer again and nothing is refunded.
    Rejected,
}

impl Acceptance {
    /// Whether the goods are taken back.
    pub const fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted)
    }
}

/// Why returned goods wait for a clerk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// Their authorization has lapsed, was canceled or is closed, or the goods may not come back.
    NotAuthorized,
    /// More came than may come back.
    OverReceipt,
    /// Goods that the order does not have.
    WrongItem,
    /// Nobody knows to which order they belong.
    NoOrder,
}

/// Units of goods in a parcel, by what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundItem {
    /// The order's line, where they belong to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_id: Option<LineId>,
    /// What it is.
    pub sku: Sku,
    /// Units.
    pub quantity: u32,
}

/// Returned goods that lie at a dock until a clerk decides: they are not lost, and nothing is refunded for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldGoods {
    /// The receipt that they came with.
    pub receipt_id: ReceiptId,
    /// The order; for goods of which nobody knows the order, the number of the case.
    pub order_number: OrderNumber,
    /// Where they lie.
    pub node_id: NodeId,
    /// What.
    pub lines: Vec<FoundItem>,
    /// Why.
    pub reason: HoldReason,
}

/// That goods came of which the dock does not know the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlindReceipt {
    /// Identifier, chosen by the dock.
    pub receipt_id: ReceiptId,
    /// Number under which the case is known until its order is found.
    pub case_number: OrderNumber,
    /// Where.
    pub node_id: NodeId,
    /// When.
    pub received_at: Timestamp,
    /// What came.
    pub items: Vec<FoundItem>,
}

/// A return that the customer takes back before anything came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnCancellation {
    /// The order.
    pub order_number: OrderNumber,
    /// The authorization.
    pub rma_id: RmaId,
    /// Why, in words.
    pub reason: String,
}

/// Returned goods that an inspector did not take back: they go to the customer again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRejection {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// The order.
    pub order_number: OrderNumber,
    /// Where they are.
    pub node_id: NodeId,
    /// What.
    pub lines: Vec<ItemQuantity>,
    /// The label's number, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<TrackingNumber>,
}
