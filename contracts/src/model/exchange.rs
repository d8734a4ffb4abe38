//! Exchanges: goods that come back against other goods. The replacement is an order of its own, priced by the
//! channel; what comes back pays it as a tender of the kind `exchange_credit`.

use serde::{Deserialize, Serialize};

use super::{ExchangeId, Money, Order, OrderNumber, RmaId};

/// Where an exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeStatus {
    /// Asked for.
    Requested,
    /// Awaits the goods.
    ReturnPending,
    /// The replacement may go.
    ReplacementReleased,
    /// Done.
    Completed,
    /// Became a refund.
    RevertedToRefund,
}

/// Goods returned against other goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Identifier.
    pub exchange_id: ExchangeId,
    /// The return side.
    pub rma_id: RmaId,
    /// The order that is exchanged from.
    pub order_number: OrderNumber,
    /// The order that replaces it.
    pub replacement_order_number: OrderNumber,
    /// Where it stands.
    pub status: ExchangeStatus,
    /// Positive: the customer pays; negative: the customer gets back; zero: even.
    pub price_difference: Money,
}

/// What an order replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeLink {
    /// The exchange.
    pub exchange_id: ExchangeId,
    /// The order whose goods come back.
    pub order_number: OrderNumber,
}

/// The goods that a customer wants instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeRequest {
    /// Identifier, chosen by the channel; one for each exchange.
    pub exchange_id: ExchangeId,
    /// The order that replaces what comes back, as the channel priced it.
    pub replacement: Box<Order>,
}

/// Which way the worth of exchanged goods goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeSettlementKind {
    /// From the returned goods to their replacement.
    Applied,
    /// Back, for what the customer does not keep of the replacement.
    Returned,
}

/// What returned goods pay of their replacement, or get back from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeSettlement {
    /// Identifier, chosen by the caller.
    pub settlement_id: String,
    /// The exchange.
    pub exchange_id: ExchangeId,
    /// The order whose goods came back.
    pub order_number: OrderNumber,
    /// The order that replaces them.
    pub replacement_order_number: OrderNumber,
    /// Which way it goes.
    pub kind: ExchangeSettlementKind,
    /// How much, in minor units of both orders' currency.
    pub amount: Money,
    /// The receipt of the returned goods; for what goes back, the cancellation or receipt of the replacement.
    pub cause: String,
}
