//! Orders that a marketplace lists in a feed, for whoever fetches them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CorrelationId, FeedId, OrderNumber};

/// That a feed has orders that were not fetched yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedChange {
    /// Which.
    pub feed: FeedId,
}

/// A page of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPage {
    /// Orders, in the order in which they became visible. The last of the page before may be among them.
    pub items: Vec<FeedItem>,
    /// Where the next page begins. If it is the cursor that was asked with, the feed was read to its end.
    pub next_cursor: String,
    /// How long after it was placed an order may become visible, in milliseconds.
    pub lag_ms: u64,
}

/// An order of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedItem {
    /// Its number.
    pub order_number: OrderNumber,
    /// The chain of messages that it belongs to.
    pub correlation_id: CorrelationId,
    /// The order as the marketplace has it. It may be none: one that cannot be read keeps nobody from the others.
    pub order: Value,
}
