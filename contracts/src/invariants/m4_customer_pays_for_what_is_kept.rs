//! M4: in the end, the customer has paid for what the customer kept.

use super::{
    advanced,
    books::{OrderBook, Span, Terms},
    granted,
    law::{Bench, Check, Finding, Moment},
    retained,
};
use crate::{
    invariants::Law,
    model::{System, TenderKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M4",
        name: "customer pays for what is kept",
        text: "At rest, money taken (captures, stored value, marketplace, exchanged goods) less money given back (refunds, credits) \
               is the value of the units that the customer keeps, and of their shipping. What is lost on its way is not \
               kept; with parcels that never arrived shipping is given back as declared. Stored value of units \
               that may ship still is taken already; a refund that failed is owed still; what the retailer \
               declared to keep of refunds that break promotions is kept, and what customer service granted without \
               goods coming back is given back. What no capture could take, and what an \
               issuer took back in a dispute, is the retailer's loss, and so is a refund before goods came that was written off; \
               what a provider has not decided may come still, and so may goods whose time is not over, and what would go \
               to the recipient of a gift while a payment is disputed.",
        source: "bug reports medusajs/medusa#13433, mollie/magento2#873, vendurehq/vendure#890",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    if order.money.seqs().is_empty() && order.shipments.is_empty() {
        return;
    }
    bench.looks();
    let paid = order.money.net();
    let mut due = due(moment, order, terms) + retained::span(moment, order, terms);
    due.low -= awaited(moment, order, terms) + advanced::open(moment, order, terms);
    if order.money.is_undecided() {
        // Nothing need be given back of what may not have been taken.
        due.high = due.high.max(paid);
    }
    if due.holds(paid) {
        return;
    }
    bench.found(finding(order, terms, paid, due));
}

/// What the customer must have paid in the end.
fn due(moment: &Moment<'_>, order: &OrderBook, terms: &Terms) -> Span {
    let kept: Span = terms
        .lines
        .iter()
        .map(|(line_id, line)| {
            let shipped = order.shipped(line_id);
            let returned = order.given_up(line_id);
            let gross = |units: i64| line.gross(u32::try_from(units.max(0)).unwrap_or(u32::MAX));
            let off = granted::off_kept(order, line_id, line);
            Span {
                low: gross(shipped - returned.high).low - off.high,
                high: gross(shipped - returned.low).high - off.low,
            }
        })
        .sum();
    let charged = terms.shipping.gross - granted::off_shipping(order, terms);
    let shipping = if order.shipments.is_empty() { 0 } else { charged };
    let mut due = kept + order.kept_of_shipping(shipping, moment.policy);
    due.high += order.money.failed() + order.withheld() + prepaid(order, terms, shipping);
    due.low -= order.money.uncollected() + order.money.charged_back() + order.advances.lost();
    due
}

/// What goods that are still to come back will pay of a replacement that may leave before.
fn awaited(moment: &Moment<'_>, order: &OrderBook, terms: &Terms) -> i64 {
    let Some(link) = &terms.exchange else { return 0 };
    let original = moment.books.order(&link.order_number);
    let reasons = original.and_then(|original| original.exchanges.get(&link.exchange_id));
    let ahead = reasons.is_some_and(|reasons| moment.policy.advances_exchange(reasons.iter().copied()));
    if ahead { (terms.exchange_credit() - order.money.exchanged.total()).max(0) } else { 0 }
}

/// Stored value is taken when the order is accepted: for units that may ship still, it may be there unused.
fn prepaid(order: &OrderBook, terms: &Terms, shipping: i64) -> i64 {
    if terms.lines.keys().all(|line_id| order.open_units(line_id) == 0) {
        return 0;
    }
    let shipped: i64 = terms
        .lines
        .iter()
        .map(|(line_id, line)| line.gross(u32::try_from(order.shipped(line_id)).unwrap_or(0)).low)
        .sum();
    (order.money.stored_value() + order.money.exchanged.total() - shipped - shipping).max(0)
}

/// Money taken less money given back, as far as it is for what was invoiced: at least and at most.
pub(super) fn settled(moment: &Moment<'_>, order: &OrderBook, terms: &Terms) -> Span {
    let shipping = if order.shipments.is_empty() { 0 } else { terms.shipping.gross };
    let net = order.money.net();
    let owed = order.money.failed() + order.withheld() + prepaid(order, terms, shipping);
    Span {
        low: net - owed,
        high: net
            + order.money.uncollected()
            + order.money.charged_back()
            + awaited(moment, order, terms)
            + advanced::open(moment, order, terms),
    }
}

fn finding(order: &OrderBook, terms: &Terms, paid: i64, due: Span) -> Finding {
    let (bound, word) = if paid > due.high { (due.high, "too much") } else { (due.low, "too little") };
    let sentence = format!(
        "Order {}: the customer paid {} in the end, but what the customer kept is worth {}: {} {word}.",
        order.number,
        terms.money(paid),
        terms.money(bound),
        terms.money((paid - bound).abs())
    );
    let captured: i64 = order.money.captures.iter().map(|taken| taken.amount).sum();
    let card = captured + order.money.recharged(|_| true);
    let mut finding = Finding::new("balance", sentence).evidence(evidence(order));
    let positions = [
        (System::Psp, card, terms.has_tender(TenderKind::Card)),
        (System::StoredValue, order.money.stored_value(), order.money.stored_value() > 0),
        (System::Erp, order.money.exchanged.total(), order.money.exchanged.count() > 0),
        (
            System::Marketplace,
            order.money.collected.map_or(0, |(amount, _)| amount),
            terms.has_tender(TenderKind::MarketplaceCollected),
        ),
    ];
    for (system, taken, takes_part) in positions {
        let payouts = order.money.live_payouts().filter(|payout| payout.via.system() == system);
        let given: i64 = payouts.map(|payout| payout.amount).sum();
        if takes_part || given > 0 {
            let says = format!("took {}, gave back {}", terms.money(taken), terms.money(given));
            finding = finding.says(system, says, false);
        }
    }
    finding
}

fn evidence(order: &OrderBook) -> Vec<u64> {
    let goods = order.shipments.values().map(|shipment| shipment.seq);
    let returns = order.receipts.values().flat_map(|receipt| receipt.seqs.iter().copied());
    let mut seqs: Vec<u64> = order.money.seqs().into_iter().chain(goods).chain(returns).collect();
    seqs.sort_unstable();
    seqs
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives, violations},
        journal::Effect,
        model::System,
    };

    #[test]
    fn a_refund_that_was_swallowed_is_found() {
        let mut history = Life::default().returned(1);
        history.remove(|effect| {
            matches!(effect, Effect::RefundAccepted { .. } | Effect::RefundSucceeded { .. })
        });
        history.settle();
        let found = violations("M4", &history.records());
        let first = found.first().unwrap();
        assert_eq!(
            first.sentence,
            "Order W-17: the customer paid 99.80 EUR in the end, but what the customer kept is worth 49.90 EUR: 49.90 EUR too much."
        );
        let says: Vec<(System, &str)> =
            first.systems.iter().map(|position| (position.system, position.says.as_str())).collect();
        assert_eq!(says, [(System::Psp, "took 99.80 EUR, gave back 0.00 EUR")]);
    }

    #[test]
    fn a_refund_that_failed_is_owed_still_and_no_violation_of_this_law() {
        let mut history = Life::default().shipped();
        history.return_units("R-1", 1, crate::model::ConditionGrade::A);
        history.fail_refund("F-R-1-1");
        history.settle();
        assert_eq!(findings("M4", &history.records()), [""; 0]);
    }

    #[test]
    fn a_lost_parcel_that_is_not_paid_back_with_its_shipping_is_found() {
        for (refund, found) in [(0, "104.70 EUR too much"), (9_980, "4.90 EUR too much"), (10_470, "")] {
            let mut history = Life { shipping: 490, ..Life::default() }.shipped();
            history.scan("S-1", crate::model::ScanCode::Lost);
            if refund > 0 {
                history.refund("F-1", "S-1", "C-1", refund);
            }
            history.settle();
            let sentences = findings("M4", &history.records());
            assert_eq!(sentences.is_empty(), found.is_empty(), "{sentences:?}");
            assert!(sentences.iter().all(|sentence| sentence.contains(found)), "{sentences:?}");
        }
    }

    #[test]
    fn a_gift_card_restored_with_one_euro_only_is_found() {
        let mut history = Life { gift_card: 9_980, ..Life::default() }.accepted();
        history.cancel_units("X-1", 2);
        history.edit(|effect| {
            if let Effect::AccountCredited { entry, .. } = effect {
                entry.amount.amount = 100;
            }
        });
        history.settle();
        assert_eq!(
            findings("M4", &history.records()),
            [
                "Order W-17: the customer paid 98.80 EUR in the end, but what the customer kept is worth 0.00 EUR: 98.80 EUR too much."
            ]
        );
    }

    proptest! {
        #[test]
        fn a_credit_beyond_what_may_be_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            history.credit("X", i64::from(life.quantity) + life.gift_card + 1);
            history.settle();
            prop_assert_eq!(findings("M4", &history.records()).len(), 1);
        }
    }
}
