//! M10: money that was taken belongs to an order.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{Currency, Money, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M10",
        name: "money has an order",
        text: "At rest, where money is taken or held for an order, the ERP has that order; otherwise the money \
               has been given up or given back. A refund that failed is owed still.",
        source: "bug reports medusajs/medusa#13301, medusajs/medusa#6745, PrestaShopCorp/ps_checkout#1546, \
                 woocommerce/woocommerce-gateway-stripe#5362",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    if order.money.seqs().is_empty() && order.money.holds.is_empty() {
        return;
    }
    bench.looks();
    let held: i64 = order.money.holds.values().map(|hold| hold.live().max(0)).sum();
    let taken = (order.money.net() - order.money.failed()).max(0);
    if order.bookings.count() > 0 || held + taken == 0 {
        return;
    }
    let currency = order.terms.as_ref().map_or(Currency::EUR, |terms| terms.currency);
    let money = |amount| Money::new(amount, currency);
    let sentence = format!(
        "For order {}, {} is taken and {} held, but the ERP has no such order.",
        order.number,
        money(taken),
        money(held)
    );
    bench.found(
        Finding::new("orphan", sentence)
            .evidence(order.terms.as_ref().map(|terms| terms.seq))
            .evidence(order.money.holds.values().map(|hold| hold.seq))
            .evidence(order.money.seqs())
            .says(System::Erp, "no sales order", true),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
    };

    #[test]
    fn a_charge_without_an_order_is_found() {
        let mut history = History::shipped();
        history.remove(|effect| matches!(effect, Effect::SalesOrderBooked { .. }));
        history.settle();
        assert_eq!(
            findings("M10", &history.records()),
            ["For order W-17, 99.80 EUR is taken and 0.00 EUR held, but the ERP has no such order."]
        );
    }

    #[test]
    fn a_hold_that_was_given_up_needs_no_order() {
        let mut history = History::accepted();
        history.remove(|effect| matches!(effect, Effect::SalesOrderBooked { .. }));
        history.void("A-1", 9_980);
        history.settle();
        assert_eq!(findings("M10", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn money_that_is_held_or_spent_without_an_order_is_found_in_every_life(life in lives()) {
            let mut history = life.accepted();
            history.remove(|effect| matches!(effect, Effect::SalesOrderBooked { .. }));
            history.settle();
            prop_assert_eq!(findings("M10", &history.records()).is_empty(), life.marketplace);
        }
    }
}
