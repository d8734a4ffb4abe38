//! R9: an exchange has one replacement, and goods or money, never both and never neither.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{ExchangeSettlement, ExchangeSettlementKind, ItemQuantity, OrderNumber},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R9",
        name: "one replacement per exchange",
        text: "An exchange has one replacement order. The goods that come back pay of it what was agreed, no more. \
               It is released once they have, or before where the retailer's policy says so for the reason of the \
               return. If it was refused or canceled, they pay nothing of it at rest: the customer is refunded.",
        source: "bug reports solidusio/solidus#3527, spree/spree#4324; practice: exchanges",
    },
    on_effect: Some(check_moves),
    on_exchange: None,
    at_rest: Some(check_reverted),
};

fn check_moves(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(order) = moment.order else { return };
    match moment.effect() {
        Some(Effect::SalesOrderBooked { .. }) => check_booked(moment, order, bench),
        Some(Effect::ExchangeSettled { settlement }) => check_paid(moment, order, settlement, bench),
        Some(Effect::FulfillmentOrderReceived { fulfillment_order }) => {
            check_left(moment, order, &fulfillment_order.lines, "went to a node", bench);
        }
        Some(Effect::ShipmentShipped { shipment }) => {
            check_left(moment, order, &shipment.lines, "left", bench);
        }
        _ => {}
    }
}

/// No second order replaces the same goods.
fn check_booked(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(link) = order.terms.as_ref().and_then(|terms| terms.exchange.as_ref()) else { return };
    bench.looks();
    let is_other = |number: &OrderNumber| {
        let other = moment.books.order(number).filter(|other| other.number != order.number)?;
        let same = other.terms.as_ref()?.exchange.as_ref()? == link;
        (same && other.bookings.count() > 0).then_some(other)
    };
    let all = moment.books.orders_of(order.scenario.as_deref());
    let Some(other) = all.iter().find_map(is_other) else { return };
    let sentence = format!(
        "Exchange {} of order {} has two replacements: orders {} and {} are both booked.",
        link.exchange_id, link.order_number, other.number, order.number
    );
    let finding = Finding::new(format!("replacements of {}", link.exchange_id), sentence);
    bench.found(finding.evidence(other.bookings.seqs().iter().chain(order.bookings.seqs()).copied()));
}

/// Goods pay as much as was agreed.
fn check_paid(moment: &Moment<'_>, original: &OrderBook, told: &ExchangeSettlement, bench: &mut Bench) {
    let replacement = moment.books.order(&told.replacement_order_number);
    let Some(terms) = replacement.and_then(|replacement| replacement.terms.as_ref()) else { return };
    bench.looks();
    let own = original.settlements.values().filter(|(known, _)| known.exchange_id == told.exchange_id);
    let applied = own.clone().filter(|(known, _)| known.kind == ExchangeSettlementKind::Applied);
    let paid: i64 = applied.map(|(known, _)| known.amount.amount).sum();
    let agreed = terms.exchange_credit();
    if paid <= agreed {
        return;
    }
    let sentence = format!(
        "Exchange {}: goods of order {} paid {} of replacement {}, of which they were to pay {}.",
        told.exchange_id,
        original.number,
        terms.money(paid),
        told.replacement_order_number,
        terms.money(agreed)
    );
    let finding = Finding::new(format!("payment of {}", told.exchange_id), sentence);
    bench.found(finding.evidence(own.map(|(_, seq)| *seq)));
}

/// The replacement waits for the goods, unless the policy says otherwise.
fn check_left(moment: &Moment<'_>, order: &OrderBook, lines: &[ItemQuantity], what: &str, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let Some(link) = &terms.exchange else { return };
    bench.looks();
    let original = moment.books.order(&link.order_number);
    let reasons = original.and_then(|original| original.exchanges.get(&link.exchange_id));
    let ahead = reasons.is_some_and(|reasons| moment.policy.advances_exchange(reasons.iter().copied()));
    let (paid, agreed) = (order.money.exchanged.total(), terms.exchange_credit());
    if ahead || paid >= agreed {
        return;
    }
    let units: u32 = lines.iter().map(|line| line.quantity).sum();
    let sentence = format!(
        "Exchange {}: {} of replacement {} {what} when the goods of order {} had paid {} of {}.",
        link.exchange_id,
        super::law::units(i64::from(units)),
        order.number,
        link.order_number,
        terms.money(paid),
        terms.money(agreed)
    );
    let finding = Finding::new(format!("release of {}", link.exchange_id), sentence);
    bench.found(finding.evidence([moment.record.seq]));
}

/// Where there is no replacement, the goods pay for none.
fn check_reverted(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let Some(link) = &terms.exchange else { return };
    bench.looks();
    let canceled = terms.lines.iter().all(|(line, terms)| order.canceled(line) >= i64::from(terms.quantity));
    let given: i64 = order.money.live_payouts().map(|payout| payout.amount).sum();
    let kept = order.money.exchanged.total() - given;
    if kept <= 0 || !(canceled || order.is_rejected()) {
        return;
    }
    let what = if canceled { "canceled" } else { "refused" };
    let sentence = format!(
        "Exchange {}: replacement {} was {what}, but {} that goods of order {} paid of it did not come back.",
        link.exchange_id,
        order.number,
        terms.money(kept),
        link.order_number
    );
    let finding = Finding::new(format!("end of {}", link.exchange_id), sentence);
    bench.found(finding.evidence(order.money.seqs()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Swap, findings},
        model::{OrderStatus, ReturnReason},
    };

    #[test]
    fn an_exchange_as_agreed_is_lawful() {
        assert_eq!(findings("R9", &Swap::up(1_010).records()), [""; 0]);
        assert_eq!(findings("R9", &Swap::down(990).records()), [""; 0]);
    }

    #[test]
    fn goods_that_pay_twice_are_found() {
        let swap = Swap { times: 2, ..Swap::up(0) };
        assert_eq!(
            findings("R9", &swap.records()),
            [
                "Exchange EX-1: goods of order W-17 paid 99.80 EUR of replacement W-17-S-1, of which they were to pay \
                 49.90 EUR."
            ]
        );
    }

    #[test]
    fn a_replacement_that_leaves_too_early_is_found_unless_the_policy_allows_it() {
        let swap = Swap { leaves_first: true, ..Swap::up(0) };
        assert_eq!(
            findings("R9", &swap.records()),
            [
                "Exchange EX-1: 1 unit of replacement W-17-S-1 went to a node when the goods of order W-17 had paid 0.00 \
                 EUR of 49.90 EUR."
            ]
        );
        let swap = Swap { reason: ReturnReason::Defective, ..swap };
        assert_eq!(findings("R9", &swap.records()), [""; 0]);
    }

    #[test]
    fn goods_that_pay_for_what_was_refused_are_found() {
        let swap = Swap { ends: Some(OrderStatus::Rejected), ..Swap::up(0) };
        assert_eq!(
            findings("R9", &swap.records()),
            [
                "Exchange EX-1: replacement W-17-S-1 was refused, but 49.90 EUR that goods of order W-17 paid of it did \
                 not come back."
            ]
        );
    }

    #[test]
    fn a_second_replacement_is_found() {
        let swap = Swap { second: true, ..Swap::up(0) };
        assert_eq!(
            findings("R9", &swap.records()),
            [
                "Exchange EX-1 of order W-17 has two replacements: orders W-17-S-1 and W-17-S-1-2 are both booked."
            ]
        );
    }

    proptest! {
        #[test]
        fn goods_pay_as_often_as_they_like_but_not_more_than_agreed(times in 1_u32..4) {
            let swap = Swap { times, ..Swap::up(0) };
            prop_assert_eq!(findings("R9", &swap.records()).is_empty(), times == 1);
        }
    }
}
