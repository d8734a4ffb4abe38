//! E7: a repetition is told by its key.

use super::{
    books::{Attempt, OrderBook},
    law::{Bench, Check, Finding, Moment},
};
use crate::{invariants::Law, journal::Exchange, model::System, protocol::Operation};

/// How often a definite refusal may be asked for again with the same key.
const REFUSALS_MAX: u32 = 5;

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E7",
        name: "same key on retry",
        text: "After a call whose outcome is unknown, the same call is repeated with the same idempotency key. A \
               call that was definitely refused is not repeated with the same key for ever.",
        source: "IETF draft idempotency-key-header; bug reports medusajs/medusa#16293 and medusajs/medusa#16390, \
                 whose naive repairs create each other",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    if exchange.from != System::Middleware {
        return;
    }
    let Some(operation) =
        Operation::find(exchange.to, &exchange.operation).filter(|operation| operation.keyed)
    else {
        return;
    };
    bench.looks();
    if exchange.key.is_none() {
        return;
    }
    let attempts = order.messages.latest_attempts();
    check_keys(order, operation, attempts, bench);
    check_refusals(order, operation, exchange, attempts, bench);
}

/// As long as the outcome of an attempt is unknown, no other key may follow. Told once for each intent. What is wanted
/// once more after the outcome is known is another intent, whose effects are other laws' matter.
fn check_keys(order: &OrderBook, operation: Operation, attempts: &[Attempt], bench: &mut Bench) {
    let followed = attempts.iter().find_map(|earlier| {
        let open = |later: &&Attempt| {
            later.started_at > earlier.started_at
                && earlier.known_at.is_none_or(|known_at| later.started_at < known_at)
        };
        attempts.iter().find(open).filter(|_| earlier.unknown).map(|later| (earlier, later))
    });
    let (Some((earlier, later)), Some(first)) = (followed, attempts.first()) else { return };
    let sentence = format!(
        "Order {}: the middleware repeated {operation} with the new key {}, although it did not know the \
         outcome of the call with key {}.",
        order.number, later.key, earlier.key
    );
    let finding = Finding::new(format!("new key for {operation} {}", first.key), sentence);
    bench.found(finding.evidence(earlier.seqs.iter().chain(&later.seqs).copied()));
}

fn check_refusals(
    order: &OrderBook,
    operation: Operation,
    exchange: &Exchange,
    attempts: &[Attempt],
    bench: &mut Bench,
) {
    let own = attempts.iter().find(|attempt| Some(&attempt.key) == exchange.key.as_ref());
    let Some(own) = own.filter(|attempt| attempt.refused > REFUSALS_MAX) else { return };
    let sentence = format!(
        "Order {}: the middleware repeated {operation} with key {} although it was refused {} times; the stored \
         refusal will come again for ever.",
        order.number, own.key, own.refused
    );
    bench
        .found(Finding::new(format!("{operation} {}", own.key), sentence).evidence(own.seqs.iter().copied()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings},
        journal::{Entry, Outcome},
    };

    #[test]
    fn a_new_key_after_an_unknown_outcome_is_found() {
        let mut history = History::accepted();
        history.call_capture("k-1", None, Outcome::Unknown);
        history.call_capture("k-2", Some(201), Outcome::Ok);
        assert_eq!(
            findings("E7", &history.records()),
            [
                "Order W-17: the middleware repeated psp.capturePayment with the new key k-2, although it did not know the outcome of the call with key k-1."
            ]
        );
    }

    #[test]
    fn a_new_key_for_each_attempt_is_told_once() {
        let mut history = History::accepted();
        for number in 0..5 {
            history.call_capture(&format!("k-{number}"), None, Outcome::Unknown);
        }
        assert_eq!(findings("E7", &history.records()).len(), 1);
    }

    #[test]
    fn a_new_key_after_a_definite_refusal_is_lawful() {
        let mut history = History::accepted();
        history.call_capture("k-1", Some(409), Outcome::Fail);
        history.call_capture("k-2", None, Outcome::Unknown);
        history.call_capture("k-2", Some(201), Outcome::Ok);
        assert_eq!(findings("E7", &history.records()), [""; 0]);
    }

    #[test]
    fn another_call_with_another_key_is_no_repetition() {
        let mut history = History::accepted();
        history.call_capture("k-1", None, Outcome::Unknown);
        history.call_capture("k-2", Some(201), Outcome::Ok);
        let mut records = history.records();
        if let Some(Entry::Exchange(exchange)) = records.last_mut().map(|record| &mut record.entry)
            && let Some(shipment) = exchange.request.get_mut("shipment_id")
        {
            *shipment = "S-2".into();
        }
        assert_eq!(findings("E7", &records), [""; 0]);
    }

    #[test]
    fn a_refusal_that_is_asked_for_for_ever_is_found() {
        let mut history = History::accepted();
        for _ in 0..5 {
            history.call_capture("k-1", Some(409), Outcome::Fail);
        }
        assert_eq!(findings("E7", &history.records()), [""; 0]);
        history.call_capture("k-1", Some(409), Outcome::Fail);
        assert_eq!(
            findings("E7", &history.records()),
            [
                "Order W-17: the middleware repeated psp.capturePayment with key k-1 although it was refused 6 times; the stored refusal will come again for ever."
            ]
        );
    }

    proptest! {
        #[test]
        fn one_key_is_lawful_however_often_the_outcome_is_unknown(unknown in 0_usize..20) {
            let tried = || {
                let mut history = History::accepted();
                for _ in 0..unknown {
                    history.call_capture("k-1", None, Outcome::Unknown);
                }
                history
            };
            let (mut history, mut impatient) = (tried(), tried());
            impatient.call_capture("k-2", Some(201), Outcome::Ok);
            prop_assert_eq!(findings("E7", &impatient.records()).len(), usize::from(unknown > 0));
            history.call_capture("k-1", Some(201), Outcome::Ok);
            history.call_capture("k-2", Some(201), Outcome::Ok);
            prop_assert!(findings("E7", &history.records()).is_empty());
        }
    }
}
