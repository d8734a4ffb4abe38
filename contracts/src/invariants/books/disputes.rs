//! Disputed payments, as far as they hold up what goes back.

use super::{OrderBook, ReceiptBook};
use crate::model::LineId;

impl OrderBook {
    /// Whether the recipient of a gift returned these goods: a store says so, a dock knows the authorization.
    pub(in crate::invariants) fn is_gift_return(&self, receipt: &ReceiptBook) -> bool {
        receipt.gift || receipt.rma.as_ref().is_some_and(|rma| self.gift_rmas.contains(rma))
    }

    /// What need not be given back because customers dispute payments, or got it from the issuer. While a dispute is open that
    /// is also what would go to the recipient of a gift: stored value belongs to no payment, so it waits for all.
    pub(in crate::invariants) fn withheld(&self) -> i64 {
        let gifts = if self.money.is_disputed() { self.returned_by_recipients() } else { 0 };
        gifts.max(self.money.disputed())
    }

    /// What the goods are worth at most that recipients of gifts returned.
    fn returned_by_recipients(&self) -> i64 {
        let Some(terms) = &self.terms else { return 0 };
        let gifts = self.receipts.values().filter(|receipt| self.is_gift_return(receipt));
        let worth = |(line_id, units): (&LineId, &u32)| Some(terms.lines.get(line_id)?.gross(*units).high);
        gifts.flat_map(|receipt| &receipt.lines).filter_map(worth).sum()
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        invariants::testing::{Life, findings},
        journal::Effect,
        model::DisputeStatus,
    };

    /// Two units of 49.90 EUR that a card and 20.00 EUR of a gift card paid come back by mail and nothing is given back for
    /// them, while the card's payment is disputed.
    fn broken(gift: bool, status: DisputeStatus) -> Vec<&'static str> {
        let mut history = Life { gift_card: 2_000, ..Life::default() }.shipped();
        history.announce("RMA-1", 2);
        history.edit(|effect| {
            if let Effect::ReturnAuthorized { authorization } = effect {
                authorization.gift_recipient_ref = gift.then(|| "aunt".into());
            }
        });
        history.dispute("D-1", 7_980, DisputeStatus::Open);
        history.dock_receives("R-1", "RMA-1", 2, 0);
        history.dock_grades("R-1", 2);
        if status != DisputeStatus::Open {
            history.dispute("D-1", 7_980, status);
        }
        history.settle();
        let records = history.records();
        ["M4", "M6"].into_iter().filter(|law| !findings(law, &records).is_empty()).collect()
    }

    #[test]
    fn what_goes_to_the_recipient_of_a_gift_waits_for_every_dispute_of_the_order() {
        assert_eq!(broken(true, DisputeStatus::Open), [""; 0]);
        assert_eq!(
            broken(false, DisputeStatus::Open),
            ["M4", "M6"],
            "the gift card's part belongs to no dispute"
        );
        assert_eq!(broken(true, DisputeStatus::Won), ["M4", "M6"]);
    }
}
