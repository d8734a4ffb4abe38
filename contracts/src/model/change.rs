//! Changes of an order that was placed: a wish, and what became of it.
//!
//! A wish says the whole order as it is to be, so that nobody has to merge anything. What may differ from the
//! version before is decided by who takes the wish.

use serde::{Deserialize, Serialize};

use super::{Order, OrderNumber};

/// A wish to change an order: the order as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderChange {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier, chosen by the channel; one for each wish.
    pub change_id: String,
    /// Why.
    pub reason: String,
    /// The whole order; its version is one above the present one.
    pub changed: Order,
}

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStatus {
    /// The tax engine or a node must answer first.
    Pending,
    /// The order has a new version.
    Accepted,
    /// The order stays as it was.
    Refused,
}

/// What became of a wish to change an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderChangeResult {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier of the wish.
    pub change_id: String,
    /// Where it stands.
    pub status: ChangeStatus,
    /// The version that the order has by it, once it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
