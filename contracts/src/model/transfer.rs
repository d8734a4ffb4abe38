//! Transfers: goods that go from one place to another, and come in whole, in part or not at all.

use serde::{Deserialize, Serialize};

use super::{NodeId, Sku, Timestamp, TransferId};

/// Units of a SKU in a transfer; a transfer has one line for each SKU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferLine {
    /// What.
    pub sku: Sku,
    /// Units.
    pub quantity: u32,
}

/// Goods that left one place for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Identifier, chosen by the place that sends.
    pub transfer_id: TransferId,
    /// Where they left.
    pub from_node: NodeId,
    /// Where they go.
    pub to_node: NodeId,
    /// What left.
    pub lines: Vec<TransferLine>,
    /// When they left.
    pub dispatched_at: Timestamp,
}

/// Goods of a transfer that came, all of them or some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferReceipt {
    /// Identifier; a second one with the same identifier is the same receipt.
    pub receipt_id: String,
    /// The transfer.
    pub transfer_id: TransferId,
    /// Where they came.
    pub node_id: NodeId,
    /// What came.
    pub lines: Vec<TransferLine>,
    /// When they came.
    pub received_at: Timestamp,
}

/// Goods of a transfer that will not come any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferLoss {
    /// Identifier; a second one with the same identifier is the same loss.
    pub loss_id: String,
    /// The transfer.
    pub transfer_id: TransferId,
    /// What is lost.
    pub lines: Vec<TransferLine>,
    /// When they were given up.
    pub lost_at: Timestamp,
}

/// What a transfer posting documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferPostingKind {
    /// Goods left one place; they are on the way.
    Dispatched,
    /// They came.
    Received,
    /// They are lost.
    WrittenOff,
}

/// What the ERP books of a transfer: goods that left, came or are lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferPosting {
    /// Identifier, chosen by the caller; a second one with the same identifier is the same posting.
    pub posting_id: String,
    /// The transfer.
    pub transfer_id: TransferId,
    /// What happened.
    pub kind: TransferPostingKind,
    /// Where the goods left.
    pub from_node: NodeId,
    /// Where they go.
    pub to_node: NodeId,
    /// Which.
    pub lines: Vec<TransferLine>,
}
