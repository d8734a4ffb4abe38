//! Within which limits channels go on selling while partners are impaired, or at a peak.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Currency, Money};

/// What channels may go on selling while a partner is impaired, or more comes than partners take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DegradationPolicy {
    /// Orders of one SKU that may wait until the ERP has claimed and booked them; further ones must come later.
    pub unbooked_orders_per_sku_max: u32,
    /// Calls and notices that may be under way or wait, of all orders together; beyond that new orders must come later.
    pub open_work_max: u32,
    /// How long an order waits for the tax engine before it may go on with the taxes that its channel calculated, in
    /// milliseconds.
    pub tax_quote_within_ms: u64,
    /// Up to which total an order may go on without the tax engine: one amount for each currency; where there is none,
    /// orders wait.
    pub without_tax_quote_up_to: Vec<Money>,
}

impl DegradationPolicy {
    /// How long an order waits for the tax engine.
    pub const fn tax_quote_within(&self) -> Duration {
        Duration::from_millis(self.tax_quote_within_ms)
    }

    /// Whether an order of this total may go on with the taxes that its channel calculated.
    pub fn goes_on_without_tax_quote(&self, total: Money) -> bool {
        self.without_tax_quote_up_to(total.currency).is_some_and(|most| total.amount <= most)
    }

    fn without_tax_quote_up_to(&self, currency: Currency) -> Option<i64> {
        self.without_tax_quote_up_to.iter().find(|most| most.currency == currency).map(|most| most.amount)
    }
}

impl Default for DegradationPolicy {
    fn default() -> Self {
        Self {
            unbooked_orders_per_sku_max: 8,
            open_work_max: 50_000,
            tax_quote_within_ms: 3_000,
            without_tax_quote_up_to: vec![Money::new(20_000, Currency::EUR)],
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    #[test]
    fn an_order_goes_on_without_the_tax_engine_up_to_the_amount_of_its_currency() {
        let policy = DegradationPolicy::default();
        assert!(policy.goes_on_without_tax_quote(Money::new(20_000, Currency::EUR)));
        assert!(!policy.goes_on_without_tax_quote(Money::new(20_001, Currency::EUR)));
        assert!(!policy.goes_on_without_tax_quote(Money::new(1, "CHF".parse().unwrap())));
    }
}
