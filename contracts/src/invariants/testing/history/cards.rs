//! Gift cards that are bought.

use super::*;

impl History {
    /// The card of the order's line is active.
    pub(in crate::invariants) fn activate_card(&mut self, account: &str) {
        let card = GiftCard {
            account_id: account.into(),
            order_number: self.number(),
            line_id: "L-1".into(),
            delivery_id: "card-L-1".into(),
            amount: money(5_000),
        };
        self.effect(System::StoredValue, Effect::GiftCardActivated { card });
    }

    /// The card was taken back for a return.
    pub(in crate::invariants) fn disable_card(&mut self, account: &str, cause: &str) {
        let entry = self.entry(EntryKind::Debit, account, cause, 5_000);
        self.effect(System::StoredValue, Effect::GiftCardDisabled { entry });
    }
}
