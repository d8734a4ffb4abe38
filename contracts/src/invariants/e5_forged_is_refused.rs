//! E5: what is not signed as agreed is not believed.

use super::law::{Bench, Check, Finding, Moment};
use crate::{
    invariants::Law,
    journal::Outcome,
    model::{EventId, System},
    protocol::middleware,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E5",
        name: "forged events are refused",
        text: "The middleware never acknowledges a delivery whose signature was made with a key that is no longer \
               in use, or longer ago than the tolerance.",
        source: "Standard Webhooks 1.0 (signature and timestamp are verified before anything else)",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    if exchange.to != System::Middleware || exchange.operation != middleware::RECEIVE_EVENT.id {
        return;
    }
    let Some(key) = &exchange.key else { return };
    let Some(how) = order.messages.forged.get(&(EventId::new(key), exchange.attempt)) else { return };
    bench.looks();
    if exchange.outcome != Outcome::Ok {
        return;
    }
    let sentence = format!(
        "Order {}: the middleware acknowledged event {key} of the {}, which was signed {how}.",
        order.number,
        exchange.from.title()
    );
    let finding = Finding::new(format!("event {key}"), sentence).evidence([moment.record.seq]);
    bench.found(finding.says(System::Middleware, "acknowledged it", true));
}

#[cfg(test)]
mod tests {
    use crate::{
        faults::Misfortune,
        invariants::testing::{History, findings},
        journal::Outcome,
    };

    fn delivered(misfortune: Misfortune, outcome: Outcome) -> Vec<String> {
        let mut history = History::shipped();
        history.strike("EV-9", misfortune);
        history.deliver("EV-9", Some(if outcome == Outcome::Ok { 202 } else { 401 }), outcome);
        findings("E5", &history.records())
    }

    #[test]
    fn an_event_with_an_old_signature_that_is_acknowledged_is_found() {
        assert_eq!(
            delivered(Misfortune::OldSignature { with_new: false }, Outcome::Ok),
            [
                "Order W-17: the middleware acknowledged event EV-9 of the carrier, which was signed with a key that is no longer in use."
            ]
        );
        assert_eq!(
            delivered(Misfortune::StaleTimestamp { by_s: 301 }, Outcome::Ok),
            ["Order W-17: the middleware acknowledged event EV-9 of the carrier, which was signed long ago."]
        );
    }

    #[test]
    fn a_refusal_a_second_signature_and_a_small_delay_are_lawful() {
        assert_eq!(delivered(Misfortune::OldSignature { with_new: false }, Outcome::Fail), [""; 0]);
        assert_eq!(delivered(Misfortune::OldSignature { with_new: true }, Outcome::Ok), [""; 0]);
        assert_eq!(delivered(Misfortune::StaleTimestamp { by_s: 300 }, Outcome::Ok), [""; 0]);
    }
}
