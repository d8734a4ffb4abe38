//! What a retailer declares of refunds that are given before goods come back.

use serde::{Deserialize, Serialize};

use crate::model::{Currency, Money};

/// Refunds that are given before goods come back, to customers who ask for them and accept to be charged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdvanceRefundPolicy {
    /// Up to how much, over an order: one amount for each currency; where there is none, refunds follow the goods.
    pub up_to: Vec<Money>,
    /// Days, 24 hours each, after the request: what has not come by then is charged again.
    pub within_days: u32,
}

impl AdvanceRefundPolicy {
    /// Up to how much is given back over an order before its goods come, minor units.
    pub fn up_to(&self, currency: Currency) -> i64 {
        self.up_to.iter().find(|most| most.currency == currency).map_or(0, |most| most.amount)
    }
}

impl Default for AdvanceRefundPolicy {
    fn default() -> Self {
        Self { up_to: vec![Money::new(15_000, Currency::EUR)], within_days: 14 }
    }
}
