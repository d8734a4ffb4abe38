//! E10: a partner that is down is not hammered.

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, model::System, policy::RetryPolicy};

/// How much shorter than it was a pause may look: where more is to be done than cores can do, the attempt before it is
/// noticed late.
const EARLY_MS: i128 = 20;
/// Doublings beyond which every pause is the longest.
const DOUBLINGS_MAX: u32 = 32;

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E10",
        name: "pauses grow",
        text: "Between attempts of a call that failed, the middleware waits at least half the pause that its \
               declared retry policy names: the first pause doubled with each attempt, up to the longest. It \
               counts anew after it was killed, or when a person has calls made again; one more attempt may have \
               been on its way then.",
        source: "exponential back-off with jitter, as cloud providers recommend it",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    let Some(before) = order.messages.previous else { return };
    bench.looks();
    let waited = exchange.started_at.duration_since(before.started_at).as_millis();
    let due = shortest_ms(&moment.policy.retry, before.attempts);
    if waited + EARLY_MS >= i128::from(due) {
        return;
    }
    let sentence = format!(
        "Order {}: the middleware repeated {}.{} {waited} ms after attempt {}, although its retry policy names \
         {due} ms at least.",
        order.number, exchange.to, exchange.operation, before.attempts
    );
    let subject = format!("{} {}", exchange.to, exchange.key.as_deref().unwrap_or_default());
    let finding = Finding::new(subject, sentence).evidence([before.seq, moment.record.seq]);
    bench.found(finding.says(System::Middleware, format!("waited {waited} ms"), true));
}

/// The shortest pause after a number of attempts: the other half may be taken off by chance.
fn shortest_ms(retry: &RetryPolicy, attempts: u32) -> u64 {
    let doublings = attempts.saturating_sub(1).min(DOUBLINGS_MAX);
    retry.initial_ms.saturating_mul(1 << doublings).min(retry.max_ms) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        invariants::testing::{History, findings},
        journal::Outcome,
    };

    fn repeated(pauses_ms: &[i64]) -> Vec<String> {
        let (mut history, mut at_ms) = (History::shipped(), 0);
        for pause in pauses_ms {
            history.capture_at(at_ms, Outcome::Unknown);
            at_ms += pause;
        }
        history.capture_at(at_ms, Outcome::Ok);
        findings("E10", &history.records())
    }

    #[test]
    fn pauses_that_do_not_grow_are_found() {
        assert_eq!(
            repeated(&[25, 25]),
            [
                "Order W-17: the middleware repeated psp.capturePayment 25 ms after attempt 2, although its retry policy names 50 ms at least."
            ]
        );
        assert_eq!(repeated(&[25, 50, 100, 200, 200, 200]), [""; 0]);
    }

    #[test]
    fn after_a_kill_it_counts_anew() {
        let mut history = History::shipped();
        history.capture_at(0, Outcome::Unknown);
        history.kill();
        history.capture_at(1, Outcome::Ok);
        assert_eq!(findings("E10", &history.records()), [""; 0]);
    }

    #[test]
    fn an_attempt_that_was_on_its_way_when_it_was_killed_does_not_count() {
        let found = |pauses_ms: &[i64]| {
            let mut history = History::shipped();
            history.capture_at(0, Outcome::Unknown);
            history.kill();
            let mut at_ms = history.records().last().map_or(0, |killed| killed.at.as_millisecond());
            for pause in pauses_ms {
                at_ms += pause;
                history.capture_at(at_ms, Outcome::Unknown);
            }
            findings("E10", &history.records()).len()
        };
        assert_eq!(found(&[1, 5, 25, 50, 100]), 0);
        assert_eq!(found(&[1, 5, 25, 25]), 1);
    }

    proptest! {
        #[test]
        fn only_pauses_that_are_too_short_are_found(pauses in prop::collection::vec(1_i64..400, 1..6)) {
            let retry = RetryPolicy::default();
            let due = |attempts| i64::try_from(shortest_ms(&retry, attempts)).unwrap_or(i64::MAX);
            let short = pauses.iter().zip(1..).any(|(pause, attempts)| pause + 20 < due(attempts));
            prop_assert_eq!(!repeated(&pauses).is_empty(), short);
        }
    }
}
