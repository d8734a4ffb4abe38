//! What channels and customer service are told, and what the middleware says of an order.

use serde::{Deserialize, Serialize};

use super::{
    ChannelOrderId, CustomerRef, LineId, Money, OrderChangeResult, OrderNumber, RefundId, RefundPart,
    ReturnStatus, RevisedPromise, RmaId, SalesChannel, Shipment, Timestamp,
};

/// Where an order stands; derived from its lines, never set by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Received from the channel.
    Placed,
    /// Paid for, reserved and booked.
    Accepted,
    /// Refused.
    Rejected,
    /// A node works on it.
    InFulfillment,
    /// All open units wait for the customer in the store.
    ReadyForPickup,
    /// Some units left.
    PartiallyShipped,
    /// All units that were not canceled left.
    Shipped,
    /// All units that left arrived.
    Delivered,
    /// Some units came back, or were lost on their way.
    PartiallyReturned,
    /// All units came back, or were lost on their way.
    Returned,
    /// All units were canceled.
    Canceled,
}

/// How many units of a line are in which state, cumulated over the order's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineState {
    /// The line.
    pub line_id: LineId,
    /// Ordered.
    pub ordered: u32,
    /// Canceled before they left.
    pub canceled: u32,
    /// Left, including those that came back.
    pub shipped: u32,
    /// Came back and were accepted.
    pub returned: u32,
    /// Left and were lost on their way; fewer again where a lost parcel turns up and comes back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u32,
    /// Of the open units, those that wait for stock.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub backordered: u32,
}

/// Whether a number says nothing.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What a channel shows of an order. A later `sequence` replaces an earlier one; an earlier one has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderStatusUpdate {
    /// The order.
    pub order_number: OrderNumber,
    /// Rises with each update of the order.
    pub sequence: u64,
    /// Where it stands.
    pub status: OrderStatus,
    /// Every line.
    pub lines: Vec<LineState>,
    /// Parcels.
    #[serde(default)]
    pub shipments: Vec<Shipment>,
    /// When the status arose.
    pub occurred_at: Timestamp,
    /// Why, where the order was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What became of wishes to change the order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<OrderChangeResult>,
    /// Lines that arrive later than the customer was told when the order was placed, each with the date that is in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<RevisedPromise>,
}

/// What a channel shows of a refund. To a marketplace, the call is the order to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundNotice {
    /// The order.
    pub order_number: OrderNumber,
    /// The refund.
    pub refund: RefundPart,
    /// The receipt or cancellation that caused it.
    pub cause: String,
    /// A refund that was told before, could not be paid, and is replaced by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<RefundId>,
}

/// What customer service sees of an order: the same snapshot as the channel, with a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Identifier of the entry.
    pub entry_id: String,
    /// The order.
    pub order_number: OrderNumber,
    /// Rises with each entry of the order.
    pub sequence: u64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What happened, in a sentence.
    pub text: String,
    /// Where the order stands.
    pub status: OrderStatus,
    /// Every line.
    pub lines: Vec<LineState>,
}

/// A refund as the middleware sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundView {
    /// The part.
    #[serde(flatten)]
    pub part: RefundPart,
    /// Where it stands.
    pub status: super::RefundStatus,
    /// The receipt or cancellation that caused it.
    pub cause: String,
}

/// A return as the middleware sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnView {
    /// Identifier.
    pub rma_id: RmaId,
    /// Where it stands.
    pub status: ReturnStatus,
}

/// What a store knows of a customer without a receipt: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSearch {
    /// What the payment provider calls the card that paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_token: Option<String>,
    /// Who bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_ref: Option<CustomerRef>,
}

/// Orders that were found, the newest first; at most 50.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSearchResult {
    /// The orders.
    pub items: Vec<OrderView>,
}

/// What the middleware says of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// The order.
    pub order_number: OrderNumber,
    /// Where it was taken.
    pub sales_channel: SalesChannel,
    /// The channel's identifier.
    pub channel_order_id: ChannelOrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What the customer pays in all.
    pub total: Money,
    /// The version of the order that is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Whether the order is a present.
    pub gift: bool,
    /// Every line.
    pub lines: Vec<LineState>,
    /// What was bought, for the store that looks the order up.
    pub items: Vec<super::ItemQuantity>,
    /// Parcels.
    pub shipments: Vec<Shipment>,
    /// Returns.
    pub returns: Vec<ReturnView>,
    /// Refunds and store credits.
    pub refunds: Vec<RefundView>,
    /// Exchanges of the order's goods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<super::Exchange>,
    /// Lines that arrive later than the customer was told when the order was placed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<RevisedPromise>,
}
