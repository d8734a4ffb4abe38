//! Disputed payments, as far as they hold up what goes back.

use super::OrderBook;

impl OrderBook {
    /// What need not be given back because customers dispute payments, or got it from the issuer. While a dispute is open that
    /// is also whatever would go to the recipient of a gift: stored value belongs to no payment, so it waits for all.
    pub(in crate::invariants) fn withheld(&self) -> i64 {
        let gift = self.receipts.values().any(|receipt| receipt.gift);
        let all = if gift && self.money.is_disputed() { self.money.net() } else { 0 };
        all.max(self.money.disputed())
    }
}
