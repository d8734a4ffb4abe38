//! O3: nobody books what no customer ordered and paid for.

use super::{
    books::{OrderBook, Terms},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{System, Tender, TenderKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O3",
        name: "no phantom order",
        text: "At rest, each sales order in the ERP is one that a channel placed; while units of it are live, \
               each of its tenders was authorized or debited. A marketplace answers for its own tender, and \
               goods that come back for theirs.",
        source: "bug reports PrestaShopCorp/ps_checkout#1546, saleor/saleor#6428 (orders of failed payments)",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    if order.bookings.count() == 0 {
        return;
    }
    bench.looks();
    let Some(terms) = &order.terms else {
        let sentence =
            format!("The ERP has a sales order for order {}, which no channel placed.", order.number);
        bench.found(
            Finding::new("sales order", sentence).evidence(order.bookings.seqs().iter().copied()).says(
                System::Erp,
                "a sales order",
                true,
            ),
        );
        return;
    };
    let live: i64 = order.lines.values().map(|line| line.booked.total() - line.erp_canceled.total()).sum();
    if live > 0 {
        check_paid(order, terms, bench);
    }
}

fn check_paid(order: &OrderBook, terms: &Terms, bench: &mut Bench) {
    let secured = |tender: &&Tender| match tender.kind {
        TenderKind::Card => order.money.holds.values().any(|hold| hold.tender == tender.tender_id),
        TenderKind::GiftCard | TenderKind::StoreCredit => {
            order.money.spent.iter().any(|spent| Some(&spent.account) == tender.account_id.as_ref())
        }
        TenderKind::MarketplaceCollected => true,
        TenderKind::ExchangeCredit => terms.exchange.is_some(),
    };
    for tender in terms.tenders.iter().filter(|tender| tender.amount.amount > 0) {
        bench.looks();
        if secured(&tender) {
            continue;
        }
        let sentence = format!(
            "Order {} is booked in the ERP, but tender {} over {} was never authorized or debited.",
            order.number, tender.tender_id, tender.amount
        );
        let finding = Finding::new(format!("tender {}", tender.tender_id), sentence);
        bench.found(finding.evidence([terms.seq]).evidence(order.bookings.seqs().iter().copied()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
    };

    #[test]
    fn a_booking_that_no_channel_placed_is_found() {
        let mut history = History::accepted();
        history.remove(|effect| matches!(effect, Effect::OrderPlaced { .. }));
        history.settle();
        assert_eq!(
            findings("O3", &history.records()),
            ["The ERP has a sales order for order W-17, which no channel placed."]
        );
    }

    #[test]
    fn an_order_that_is_canceled_needs_no_payment() {
        let mut history = History::accepted();
        history.remove(|effect| matches!(effect, Effect::PaymentAuthorized { .. }));
        history.cancel_units("X-1", 2);
        history.settle();
        assert_eq!(findings("O3", &history.records()), [""; 0]);
    }

    #[test]
    fn a_gift_card_that_was_never_debited_is_found() {
        let mut history = Life { gift_card: 3_000, ..Life::default() }.accepted();
        history.remove(|effect| matches!(effect, Effect::AccountDebited { .. }));
        history.settle();
        assert_eq!(
            findings("O3", &history.records()),
            [
                "Order W-17 is booked in the ERP, but tender T-2 over 30.00 EUR was never authorized or debited."
            ]
        );
    }

    proptest! {
        #[test]
        fn a_booking_without_authorization_is_found_in_every_life(life in lives()) {
            let mut history = life.accepted();
            let removed = history.remove(|effect| matches!(effect, Effect::PaymentAuthorized { .. }));
            history.settle();
            prop_assert_eq!(findings("O3", &history.records()).len(), removed);
        }
    }
}
