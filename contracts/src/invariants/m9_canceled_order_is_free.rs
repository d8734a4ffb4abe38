//! M9: an order that is canceled or refused costs the customer nothing.

use super::{
    books::{Hold, OrderBook, Terms},
    law::{Bench, Check, Finding, Moment},
};
use crate::{invariants::Law, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M9",
        name: "a canceled order is free",
        text: "At rest, an order whose units are all canceled, or that was refused, holds no authorization, and \
               all that was taken for it has been given back. Neither does an order hold one whose units have all left or \
               are canceled, once it is decided what is taken for them. An authorization whose time is over holds nothing; \
               a refund that failed is owed still.",
        source: "bug reports woocommerce/woocommerce-gateway-stripe#5362, solidusio/solidus#1066",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

/// Whether all units left or are canceled, and what was to be taken for those that left is decided.
fn is_done(order: &OrderBook, terms: &Terms) -> bool {
    let money = &order.money;
    let decided = !money.is_undecided() && money.uncollected() == 0 && money.failed() == 0;
    decided && !order.shipments.is_empty() && terms.lines.keys().all(|line| order.open_units(line) == 0)
}

/// `refused`, `canceled`; nothing while units may ship or did.
fn end(order: &OrderBook, terms: &Terms) -> Option<&'static str> {
    let canceled = || terms.lines.iter().all(|(id, line)| order.canceled(id) >= i64::from(line.quantity));
    if !order.shipments.is_empty() || !order.gift_cards.is_empty() {
        None
    } else if order.is_rejected() {
        Some("refused")
    } else {
        canceled().then_some("canceled")
    }
}

fn check(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let end = end(order, terms);
    let Some(state) = end.or_else(|| is_done(order, terms).then_some("shipped as far as it ever will"))
    else {
        return;
    };
    bench.looks();
    let held = |hold: &Hold| hold.live() > 0 && moment.record.at < hold.expires_at;
    for (id, hold) in order.money.holds.iter().filter(|(_, hold)| held(hold)) {
        let held = terms.money(hold.live());
        let sentence =
            format!("Order {} is {state}, but authorization {id} holds {held} still.", order.number);
        bench.found(
            Finding::new(format!("authorization {id}"), sentence)
                .evidence([hold.seq])
                .evidence(hold.given_up.seqs().iter().copied())
                .says(System::Psp, format!("holds {held}"), true),
        );
    }
    let net = order.money.net();
    let Some(end) = end else { return };
    if net > order.money.failed() {
        let sentence =
            format!("Order {} is {end}, but {} was not given back.", order.number, terms.money(net));
        bench.found(Finding::new("balance", sentence).evidence(order.money.seqs()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::{Effect, Entry},
        model::{OrderStatus, Timestamp},
    };

    fn is_void(effect: &Effect) -> bool {
        matches!(effect, Effect::AuthorizationVoided { .. })
    }

    #[test]
    fn money_that_is_held_for_a_canceled_order_is_found() {
        let mut history = History::accepted();
        history.cancel_units("X-1", 2);
        history.remove(is_void);
        history.settle();
        assert_eq!(
            findings("M9", &history.records()),
            ["Order W-17 is canceled, but authorization A-1 holds 99.80 EUR still."]
        );
    }

    #[test]
    fn money_that_is_held_for_canceled_units_after_the_others_left_is_found() {
        let found = |more: &dyn Fn(&mut History)| {
            let mut history = History::accepted();
            history.cancel_units("X-1", 1);
            history.ship_parcel("S-1", 1);
            more(&mut history);
            history.settle();
            findings("M9", &history.records())
        };
        assert_eq!(
            found(&|_| ()),
            ["Order W-17 is shipped as far as it ever will, but authorization A-1 holds 49.90 EUR still."]
        );
        assert_eq!(found(&|history| history.void("A-1", 4_990)), [""; 0]);
        assert_eq!(found(&|history| history.take_on("C-2", "S-1", 1)), [""; 0], "it is not decided yet");
    }

    #[test]
    fn an_authorization_whose_time_is_over_holds_nothing() {
        let mut history = History::accepted();
        history.cancel_units("X-1", 2);
        history.remove(is_void);
        history.settle();
        let found = |expires_at: Timestamp| {
            let mut records = history.records();
            for record in &mut records {
                if let Entry::Effect(committed) = &mut record.entry
                    && let Effect::PaymentAuthorized { authorization } = &mut committed.effect
                {
                    authorization.expires_at = expires_at;
                }
            }
            findings("M9", &records).len()
        };
        assert_eq!((found(history.now()), found(Timestamp::UNIX_EPOCH)), (1, 0));
    }

    #[test]
    fn money_of_a_refused_order_is_found_whoever_has_it() {
        let mut history = Life { gift_card: 3_000, ..Life::default() }.accepted();
        history.show(OrderStatus::Rejected);
        history.settle();
        assert_eq!(
            findings("M9", &history.records()),
            [
                "Order W-17 is refused, but authorization A-1 holds 69.80 EUR still.",
                "Order W-17 is refused, but 30.00 EUR was not given back.",
            ]
        );
    }

    #[test]
    fn an_order_that_is_canceled_in_part_may_hold_money() {
        let mut history = History::accepted();
        history.cancel_units("X-1", 1);
        history.settle();
        assert_eq!(findings("M9", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn money_that_is_not_freed_is_found_in_every_canceled_life(life in lives()) {
            let life = Life { parcels: Vec::new(), returns: Vec::new(), cancel_rest: true, ..life };
            let mut history = life.history();
            let kept = history.remove(|effect| is_void(effect) || matches!(effect, Effect::AccountCredited { .. }));
            history.settle();
            prop_assert_eq!(findings("M9", &history.records()).len(), kept);
        }
    }
}
