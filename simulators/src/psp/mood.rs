//! How the payment provider takes what is asked of it for one order: at once or later, or not at all.

use counterproof_contracts::model::OrderNumber;

use super::Psp;

/// What the issuer of a card declines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Declined {
    /// Nothing.
    #[default]
    Nothing,
    /// To charge the card again with what was refunded.
    Recharges,
    /// Everything.
    Everything,
}

/// What is particular about an order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mood {
    /// Refunds stay pending until they are settled.
    pub(super) refunds_wait: bool,
    /// Attempts at a refund, from the first, that fail after they were taken on.
    pub(super) refunds_failing: u32,
    /// Captures stay pending until they are settled.
    pub(super) captures_wait: bool,
    /// Attempts at a capture, from the first, that are declined.
    pub(super) captures_declined: u32,
    /// What the issuer declines.
    pub(super) declined: Declined,
}

impl Psp {
    /// From now on, refunds of an order stay pending until [`settle_refund`](Self::settle_refund).
    pub fn hold_refunds(&mut self, order: &OrderNumber) {
        self.mood_mut(order).refunds_wait = true;
    }

    /// The first attempts at each refund of an order will fail after they were taken on.
    pub fn fail_refunds(&mut self, order: &OrderNumber, attempts: u32) {
        self.mood_mut(order).refunds_failing = attempts;
    }

    /// From now on, captures of an order stay pending until [`settle_capture`](Self::settle_capture).
    pub fn hold_captures(&mut self, order: &OrderNumber) {
        self.mood_mut(order).captures_wait = true;
    }

    /// The first attempts at each capture of an order will be declined.
    pub fn decline_captures(&mut self, order: &OrderNumber, attempts: u32) {
        self.mood_mut(order).captures_declined = attempts;
    }

    /// From now on, charges again of an order are declined.
    pub fn decline_recharges(&mut self, order: &OrderNumber) {
        let mood = self.mood_mut(order);
        mood.declined = mood.declined.max(Declined::Recharges);
    }

    /// From now on, the issuer declines authorizations, captures and charges again of an order.
    pub fn block(&mut self, order: &OrderNumber) {
        self.mood_mut(order).declined = Declined::Everything;
    }

    pub(super) fn mood(&self, order: &OrderNumber) -> Mood {
        self.moods.get(order).copied().unwrap_or_default()
    }

    fn mood_mut(&mut self, order: &OrderNumber) -> &mut Mood {
        self.moods.entry(order.clone()).or_default()
    }
}
