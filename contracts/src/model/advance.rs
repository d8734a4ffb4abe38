//! Refunds that are given before goods come back, and what is taken back of them when the goods do not come.

use serde::{Deserialize, Serialize};

use super::{CaptureId, Money, OrderNumber, RefundId, TenderId, Timestamp};

/// A refund that is given before goods come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvanceRefund {
    /// How much.
    pub amount: Money,
    /// Until when the goods are waited for; for what has not come by then, the card is charged again.
    pub return_by: Timestamp,
}

/// A wish to charge a card again with money that was given back before goods came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RechargeRequest {
    /// The merchant's identifier; one for each intent.
    pub recharge_id: String,
    /// The order.
    pub order_number: OrderNumber,
    /// The order's tender.
    pub tender_id: TenderId,
    /// The refund that is charged again, in part or whole.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// The return whose goods did not come, or were not accepted.
    pub cause: String,
}

/// Money that was given back before goods came and is with the merchant again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recharge {
    /// The merchant's identifier.
    pub recharge_id: String,
    /// The provider's identifier.
    pub provider_reference: String,
    /// The order.
    pub order_number: OrderNumber,
    /// The order's tender.
    pub tender_id: TenderId,
    /// The capture that the refund gave back; it may be given back again.
    pub capture_id: CaptureId,
    /// The refund that is charged again, in part or whole.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// The return, as it was asked.
    pub cause: String,
}

/// Which way a write-off goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteOffKind {
    /// The retailer gives the money up.
    WrittenOff,
    /// The goods came after all, and pay it.
    Recovered,
}

/// Money that was given back before goods came and that the retailer gives up, or has the goods for after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteOff {
    /// Identifier, chosen by the caller.
    pub write_off_id: String,
    /// The order.
    pub order_number: OrderNumber,
    /// The refund that was given in advance.
    pub refund_id: RefundId,
    /// Which way it goes.
    pub kind: WriteOffKind,
    /// How much.
    pub amount: Money,
    /// The return whose goods did not come; for what is recovered, the receipt of the goods.
    pub cause: String,
}
