//! E9: who is asked to wait, waits.

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, model::System};

/// How early a timer may fire.
const EARLY_MS: i128 = 2;

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E9",
        name: "retry-after is kept",
        text: "After an answer with `Retry-After`, the middleware does not repeat that call before the time is \
               over. Whoever was killed meanwhile cannot know.",
        source: "RFC 9110, section 10.2.3; limits of public APIs",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    let Some(before) = order.messages.previous.filter(|pace| pace.wait_s > 0) else { return };
    bench.looks();
    let waited = exchange.started_at.duration_since(before.started_at).as_millis();
    if waited + EARLY_MS >= i128::from(before.wait_s) * 1000 {
        return;
    }
    let sentence = format!(
        "Order {}: the middleware repeated {}.{} after {waited} ms, although the {} had asked it to wait {} s.",
        order.number,
        exchange.to,
        exchange.operation,
        exchange.to.title(),
        before.wait_s
    );
    let subject = format!("{} {}", exchange.to, exchange.key.as_deref().unwrap_or_default());
    let finding = Finding::new(subject, sentence).evidence([before.seq, moment.record.seq]);
    bench.found(finding.says(System::Middleware, format!("waited {waited} ms"), true));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        faults::{ErrorBody, Misfortune},
        invariants::testing::{History, findings},
        journal::Outcome,
    };

    fn repeated(wait_s: u32, after_ms: i64, kill: bool) -> Vec<String> {
        let mut history = History::shipped();
        let asked = Misfortune::ErrorAnswer {
            status: 429,
            retry_after_s: Some(wait_s),
            body: ErrorBody::default(),
            after_effect: false,
        };
        history.strike("k-1", asked);
        history.capture_at(0, Outcome::Fail);
        if kill {
            history.kill();
        }
        history.capture_at(after_ms, Outcome::Ok);
        findings("E9", &history.records())
    }

    #[test]
    fn a_repetition_before_its_time_is_found() {
        assert_eq!(
            repeated(3, 1_000, false),
            [
                "Order W-17: the middleware repeated psp.capturePayment after 1000 ms, although the payment provider had asked it to wait 3 s."
            ]
        );
        assert_eq!(repeated(3, 3_000, false), [""; 0]);
        assert_eq!(repeated(3, 1_000, true), [""; 0]);
    }

    proptest! {
        #[test]
        fn what_comes_too_early_is_found(wait_s in 1_u32..100, after_ms in 0_i64..120_000) {
            let early = after_ms + 2 < i64::from(wait_s) * 1_000;
            prop_assert_eq!(repeated(wait_s, after_ms, false).len(), usize::from(early));
        }
    }
}
