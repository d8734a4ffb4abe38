//! E12: a full replay changes nothing.

use super::{
    books::{News, OrderBook},
    law::{Bench, Check, Finding, Moment},
};
use crate::invariants::Law;

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E12",
        name: "a replay is silent",
        text: "After an order that was at rest is replayed, no system commits anything new for it until somebody \
               acts again or a time is up: each call comes under the key that it had, and the systems that still have the effect \
               only repeat their answers. Who shows orders may hear late of what had happened before.",
        source: "IETF draft idempotency-key-header; CloudEvents and webhook practice (replay is safe because \
                 effects are known by their keys)",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for _ in 0..order.replays.met_at_rest {
        bench.looks();
    }
    for news in &order.replays.news {
        bench.found(finding(order, news));
    }
}

fn finding(order: &OrderBook, news: &News) -> Finding {
    let system = news.system.title();
    let sentence = format!(
        "Order {} was replayed although nothing was missing, and the {system} committed something new for it.",
        order.number
    );
    Finding::new(format!("replay at {}", news.system), sentence)
        .evidence([news.replay, news.seq])
        .evidence(order.messages.calls_of(news.seq).iter().copied())
        .says(news.system, "has another effect", true)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives, violations},
        journal::{Effect, Entry, Outcome},
        model::{ConditionGrade, OrderStatus, Timestamp},
    };

    const FOUND: &str = "Order W-17 was replayed although nothing was missing, and the payment provider committed something new for it.";

    #[test]
    fn an_effect_after_a_replay_is_found() {
        let mut history = History::shipped();
        history.replay(Outcome::Ok);
        history.capture("C-2", "S-1", 9_980);
        history.deliver("e-1", Some(202), Outcome::Ok);
        history.settle();
        let found = violations("E12", &history.records());
        let first = found.first().unwrap();
        assert_eq!((found.len(), first.sentence.as_str(), first.evidence.len()), (1, FOUND, 2));
    }

    #[test]
    fn a_replay_that_was_refused_or_met_an_order_under_way_proves_nothing() {
        let mut refused = History::shipped();
        refused.replay(Outcome::Fail);
        refused.capture("C-2", "S-1", 9_980);
        refused.settle();
        assert_eq!(findings("E12", &refused.records()), [""; 0]);
        let mut under_way = History::accepted();
        under_way.call_capture("k-1", None, Outcome::Unknown);
        under_way.replay(Outcome::Ok);
        under_way.capture("C-1", "S-1", 9_980);
        under_way.call_capture("k-1", Some(201), Outcome::Ok);
        under_way.settle();
        assert_eq!(findings("E12", &under_way.records()), [""; 0]);
        let mut slow = History::accepted();
        let began_at = Timestamp::UNIX_EPOCH;
        slow.replay(Outcome::Ok);
        slow.capture("C-1", "S-1", 9_980);
        slow.call_capture("k-1", Some(201), Outcome::Ok);
        slow.last_began_at(began_at);
        slow.settle();
        assert_eq!(findings("E12", &slow.records()), [""; 0]);
    }

    #[test]
    fn what_was_still_to_come_when_an_order_was_replayed_is_nothing_new() {
        let is_invoice = |effect: &Effect| matches!(effect, Effect::InvoicePosted { .. });
        let mut history = History::shipped();
        history.replay(Outcome::Ok);
        assert_eq!(history.repeat(is_invoice), 1);
        history.settle();
        let mut records = history.records();
        assert_eq!(findings("E12", &records).len(), 1);
        let first = records.iter().position(
            |record| matches!(&record.entry, Entry::Effect(committed) if is_invoice(&committed.effect)),
        );
        records.remove(first.unwrap());
        assert_eq!(findings("E12", &records), [""; 0]);
    }

    #[test]
    fn what_is_told_late_of_what_happened_before_a_replay_is_nothing_new() {
        let mut history = History::shipped();
        history.replay(Outcome::Ok);
        history.show(OrderStatus::Shipped);
        history.settle();
        assert_eq!(findings("E12", &history.records()).len(), 2);
        history.edit(|effect| match effect {
            Effect::StatusShown { update } => update.occurred_at = Timestamp::UNIX_EPOCH,
            Effect::TimelineWritten { entry } => entry.occurred_at = Timestamp::UNIX_EPOCH,
            _ => {}
        });
        assert_eq!(findings("E12", &history.records()), [""; 0]);
    }

    #[test]
    fn what_comes_when_a_time_is_up_is_lawful() {
        let mut history = History::shipped();
        history.replay(Outcome::Ok);
        history.pass(1);
        history.capture("C-2", "S-1", 9_980);
        history.settle();
        assert_eq!(findings("E12", &history.records()), [""; 0]);
    }

    #[test]
    fn what_follows_when_somebody_acts_is_lawful() {
        let mut history = Life::default().shipped();
        history.replay(Outcome::Ok);
        let asked_at = history.now();
        history.return_units("R-1", 1, ConditionGrade::A);
        history.ask_return("R-1", asked_at);
        history.settle();
        assert_eq!(findings("E12", &history.records()), [""; 0]);
        history.replay(Outcome::Ok);
        history.repeat(|effect| matches!(effect, Effect::RefundAccepted { .. }));
        history.settle();
        assert_eq!(findings("E12", &history.records()), [FOUND]);
    }

    proptest! {
        #[test]
        fn a_correct_life_with_replays_at_any_rest_holds(life in lives()) {
            let mut history = life.history();
            history.replay(Outcome::Ok);
            history.settle();
            history.replay(Outcome::Ok);
            history.settle();
            prop_assert!(findings("E12", &history.records()).is_empty());
            let again = history.repeat(|effect| matches!(effect, Effect::PaymentCaptured { .. }));
            history.settle();
            prop_assert_eq!(findings("E12", &history.records()).len(), usize::from(again > 0));
        }
    }
}
