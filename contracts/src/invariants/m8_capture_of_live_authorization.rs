//! M8: money is taken only while it is held.

use super::{
    books::{Hold, OrderBook},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::{Effect, Exchange, Outcome},
    model::{AuthorizationId, Capture, System},
    protocol::psp,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M8",
        name: "capture of a live authorization",
        text: "Each capture is from an authorization of the same order that was there before it and had not been \
               given up; nor is one asked for of what the middleware gave up. Whether one expired is for the payment \
               provider's clock to say.",
        source: "bug report woocommerce/woocommerce-gateway-stripe#5362",
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
    let hold = order.money.holds.get(&capture.authorization_id);
    // What was taken on before the authorization was given up may be taken still.
    let since = order.money.taken_on(capture).unwrap_or(moment.record.seq);
    let why = match hold {
        None => "is none of this order",
        Some(hold) if hold.given_up.seqs().iter().any(|seq| *seq < since) => "had been given up",
        Some(_) => return,
    };
    let given_up = hold.into_iter().flat_map(|hold| hold.given_up.seqs().iter().copied());
    bench.found(
        Finding::new(
            format!("capture {}", capture.capture_id),
            sentence(order.number.as_str(), capture, why),
        )
        .evidence([moment.record.seq])
        .evidence(hold.map(|hold| hold.seq))
        .evidence(given_up)
        .says(System::Psp, format!("took {}", capture.amount), true),
    );
}

/// The authorization of the order that a capture is asked from, once that was decided; a repetition that was answered as
/// before asks nothing.
pub(super) fn asked<'o>(exchange: &Exchange, order: &'o OrderBook) -> Option<(AuthorizationId, &'o Hold)> {
    let answered = matches!(exchange.outcome, Outcome::Ok | Outcome::Fail) && !exchange.replayed;
    if exchange.operation != psp::CAPTURE_PAYMENT.id || !answered {
        return None;
    }
    let (_, path) = exchange.call.split_once(' ')?;
    let operation = psp::CAPTURE_PAYMENT;
    let (_, id) = operation.match_path(path)?.into_iter().next()?;
    let id = AuthorizationId::new(id);
    let hold = order.money.holds.get(&id)?;
    Some((id, hold))
}

/// Nothing is asked from what the middleware itself gave up.
fn check_asked(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    let Some((id, hold)) = asked(exchange, order) else { return };
    bench.looks();
    let Some(voided) = hold.voided else { return };
    let sentence = format!(
        "Order {}: a capture was asked for from authorization {id}, which the middleware had given up.",
        order.number
    );
    let finding = Finding::new(format!("request to {id}"), sentence).evidence([voided, moment.record.seq]);
    bench.found(finding.says(System::Middleware, "asked for a capture", true));
}

fn sentence(order: &str, capture: &Capture, why: &str) -> String {
    format!(
        "Order {order}: {} was taken for shipment {} from authorization {}, which {why}.",
        capture.amount, capture.shipment_id, capture.authorization_id
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::{Effect, Outcome},
    };

    #[test]
    fn a_capture_after_the_authorization_was_given_up_is_found() {
        let mut history = History::accepted();
        history.void("A-1", 9_980);
        history.capture("C-1", "S-1", 9_980);
        assert_eq!(
            findings("M8", &history.records()),
            [
                "Order W-17: 99.80 EUR was taken for shipment S-1 from authorization A-1, which had been given up."
            ]
        );
    }

    #[test]
    fn what_was_taken_on_before_may_be_taken_after_it() {
        let mut history = History::accepted();
        history.take_on("C-1", "S-1", 4_990);
        history.void("A-1", 4_990);
        history.capture("C-1", "S-1", 4_990);
        assert_eq!(findings("M8", &history.records()), [""; 0]);
        history.take_on("C-2", "S-2", 4_990);
        history.capture("C-2", "S-2", 4_990);
        assert_eq!(findings("M8", &history.records()).len(), 1);
    }

    #[test]
    fn asking_for_a_capture_of_what_was_given_up_is_found_though_it_is_refused() {
        let mut history = History::accepted();
        history.void("A-1", 9_980);
        history.call_capture("k-1", None, Outcome::Unknown);
        assert_eq!(findings("M8", &history.records()), [""; 0], "nobody knows whether it was asked for");
        history.call_capture("k-1", Some(409), Outcome::Fail);
        assert_eq!(
            findings("M8", &history.records()),
            [
                "Order W-17: a capture was asked for from authorization A-1, which the middleware had given up."
            ]
        );
    }

    proptest! {
        #[test]
        fn captures_without_authorization_are_found_in_every_life(life in lives()) {
            let mut history = life.history();
            history.remove(|effect| matches!(effect, Effect::PaymentAuthorized { .. }));
            let captures = history.repeat(|effect| matches!(effect, Effect::PaymentCaptured { .. }));
            prop_assert_eq!(findings("M8", &history.records()).len(), captures);
        }
    }
}
