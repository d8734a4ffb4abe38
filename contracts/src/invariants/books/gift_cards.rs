//! Gift cards that were bought.

use super::OrderBook;
use crate::model::{AccountId, GiftCard, LineId};

/// A gift card that was bought.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct GiftCardBook {
    pub(in crate::invariants) card: GiftCard,
    pub(in crate::invariants) seq: u64,
    /// Where it was disabled.
    pub(in crate::invariants) disabled: Option<u64>,
}

impl OrderBook {
    /// Whether a line is a gift card: nothing of it is in stock or in a parcel.
    pub(in crate::invariants) fn is_gift_card(&self, line: &LineId) -> bool {
        self.terms.as_ref().and_then(|terms| terms.lines.get(line)).is_some_and(|line| line.gift_card)
    }

    /// A gift card is with the customer once it is active, as goods are once they left.
    pub(super) fn activate(&mut self, seq: u64, card: &GiftCard) {
        if self.gift_cards.iter().all(|known| known.card.line_id != card.line_id) {
            self.add_units([(&card.line_id, 1)].into_iter(), seq, |line| &mut line.shipped);
        }
        self.gift_cards.push(GiftCardBook { card: card.clone(), seq, disabled: None });
    }

    pub(super) fn disable(&mut self, seq: u64, account: &AccountId) {
        let known = self.gift_cards.iter_mut().find(|known| known.card.account_id == *account);
        known.into_iter().for_each(|known| known.disabled = Some(seq));
    }
}
