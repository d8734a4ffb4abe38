//! M1: no more is captured than was authorized.

use super::law::{Bench, Check, Finding, Moment};
use crate::{
    invariants::Law,
    journal::{Effect, Outcome},
    model::System,
    protocol::ProblemKind,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M1",
        name: "capture within authorization",
        text: "All captures of an authorization together never exceed the amount that it holds, and nothing is \
               captured from what was given up. Nor is more asked for than it holds still.",
        source: "card scheme rules; bug reports Sylius/Sylius#8958, solidusio/solidus_stripe#221",
    },
    on_effect: Some(check),
    on_exchange: Some(check_asked),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::PaymentCaptured { capture }), Some(order)) = (moment.effect(), moment.order) else {
        return;
    };
    bench.looks();
    let id = &capture.authorization_id;
    let Some(hold) = order.money.holds.get(id) else {
        let sentence =
            format!("Order {}: {} was captured without any authorization.", order.number, capture.amount);
        bench.found(Finding::new(format!("authorization {id}"), sentence).evidence([moment.record.seq]));
        return;
    };
    let captured = hold.captured.total();
    let limit = hold.amount - hold.given_up.total();
    if captured <= limit {
        return;
    }
    let money = |amount| crate::model::Money { amount, ..capture.amount };
    let sentence = format!(
        "Order {}: {} was captured from authorization {id}, which holds {}: {} too much.",
        order.number,
        money(captured),
        money(limit),
        money(captured - limit)
    );
    bench.found(
        Finding::new(format!("authorization {id}"), sentence)
            .evidence([hold.seq])
            .evidence(hold.given_up.seqs().iter().copied())
            .evidence(hold.captured.seqs().iter().copied()),
    );
}

/// What was refused was asked for all the same.
fn check_asked(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    let Some((id, hold)) = super::m8_capture_of_live_authorization::asked(exchange, order) else { return };
    let amount = exchange.request.get("amount").and_then(|amount| amount.get("amount")?.as_i64());
    let (Some(amount), Outcome::Fail) = (amount, exchange.outcome) else { return };
    bench.looks();
    // A card may decline what it holds; what is not live any more is M8's.
    let kind = exchange.response.get("type").and_then(|kind| kind.as_str());
    if kind != Some(ProblemKind::InsufficientFunds.uri().as_str()) {
        return;
    }
    let left = hold.amount - hold.captured.total();
    if amount <= left {
        return;
    }
    let Some(terms) = &order.terms else { return };
    let sentence = format!(
        "Order {}: {} was asked for from authorization {id}, which holds {} still: {} too much.",
        order.number,
        terms.money(amount),
        terms.money(left),
        terms.money(amount - left)
    );
    bench.found(
        Finding::new(format!("request to {id}"), sentence).evidence([hold.seq, moment.record.seq]).says(
            System::Psp,
            "refused it",
            false,
        ),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings},
        journal::Outcome,
    };

    #[test]
    fn capturing_what_is_held_is_lawful() {
        assert_eq!(findings("M1", &History::shipped().records()), [""; 0]);
    }

    #[test]
    fn asking_for_more_than_is_held_still_is_found_though_it_is_refused() {
        let mut history = History::shipped();
        history.call_capture("k-9", Some(402), Outcome::Fail);
        assert_eq!(
            findings("M1", &history.records()),
            [
                "Order W-17: 99.80 EUR was asked for from authorization A-1, which holds 0.00 EUR still: 99.80 EUR too much."
            ]
        );
        let mut history = History::shipped();
        history.call_capture("k-1", Some(409), Outcome::Fail);
        assert_eq!(findings("M1", &history.records()), [""; 0], "not refused for its amount");
    }

    #[test]
    fn a_second_capture_beyond_the_authorization_is_found() {
        let mut history = History::shipped();
        history.capture("C-9", "S-9", 1);
        assert_eq!(
            findings("M1", &history.records()),
            [
                "Order W-17: 99.81 EUR was captured from authorization A-1, which holds 99.80 EUR: 0.01 EUR too much."
            ]
        );
    }

    #[test]
    fn a_capture_of_a_voided_authorization_is_found() {
        let mut history = History::accepted();
        history.void("A-1", 9_980);
        history.capture("C-1", "S-1", 9_980);
        assert_eq!(findings("M1", &history.records()).len(), 1);
    }

    proptest! {
        #[test]
        fn is_broken_exactly_when_the_sum_exceeds_the_hold(amounts in prop::collection::vec(1_i64..5_000, 1..6)) {
            let mut history = History::accepted();
            for (number, amount) in amounts.iter().enumerate() {
                history.capture(&format!("C-{number}"), &format!("S-{number}"), *amount);
            }
            let broken = !findings("M1", &history.records()).is_empty();
            prop_assert_eq!(broken, amounts.iter().sum::<i64>() > 9_980);
        }
    }
}
