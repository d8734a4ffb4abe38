//! By when goods arrive: what customers are told when that changes, and what they say to it.

use serde::{Deserialize, Serialize};

use super::{LineId, OrderNumber, Timestamp};

/// Why goods arrive later than the customer was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayReason {
    /// Units are not there yet.
    BackOrder,
    /// The node that ships them takes longer than was promised.
    SlowNode,
    /// They have not left in time.
    NotShipped,
    /// They are on their way, and late.
    Carrier,
}

/// A line arrives later than the customer was told. A later revision replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisedPromise {
    /// The line.
    pub line_id: LineId,
    /// Rises by one with each date that the customer is told after the first.
    pub revision: u32,
    /// By when it arrives.
    pub promised_by: Timestamp,
    /// Why.
    pub reason: DelayReason,
    /// Until when the customer must say whether to wait; what has not left by then is canceled. Absent where silence is
    /// consent. The customer may cancel in either case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_by: Option<Timestamp>,
}

/// The customer waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelayConsent {
    /// The order.
    pub order_number: OrderNumber,
    /// The line.
    pub line_id: LineId,
    /// The date that the customer agrees to, by its number.
    pub revision: u32,
}
