//! E2: no event is lost.

use super::{
    books::{EventBook, OrderBook},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{EventId, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E2",
        name: "no lost event",
        text: "At rest, every event that a partner raised was delivered to the middleware and acknowledged by it, \
               or stands in its dead letters.",
        source: "bug reports offspot/imager-service#525, saleor/saleor#5535, odoo/odoo#203431",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for (event_id, event) in &order.messages.events {
        bench.looks();
        let deliveries = order.messages.deliveries.get(event_id).cloned().unwrap_or_default();
        let letter = (event.source, event.event_type.clone());
        if deliveries.acknowledged || order.messages.dead_letters.contains(&letter) {
            continue;
        }
        if deliveries.seqs.is_empty() {
            bench.rig(format!("the {} never delivered its event {event_id}", event.source.title()));
            continue;
        }
        bench.found(finding(order, event_id, event, deliveries.last_status, deliveries.seqs));
    }
}

fn finding(
    order: &OrderBook,
    event_id: &EventId,
    event: &EventBook,
    last_status: Option<u16>,
    deliveries: Vec<u64>,
) -> Finding {
    let answer = last_status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
    let sentence = format!(
        "Order {}: event {event_id} of the {} ({} of {}) was delivered {} and never acknowledged; {answer} came last.",
        order.number,
        event.source.title(),
        event.event_type,
        event.subject,
        super::law::times(deliveries.len())
    );
    Finding::new(format!("event {event_id}"), sentence)
        .evidence([event.seq])
        .evidence(deliveries)
        .says(event.source, format!("raised {event_id}"), false)
        .says(System::Middleware, answer, true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::{
            Judge,
            testing::{History, findings},
        },
        journal::Outcome,
        policy::Policy,
    };

    #[test]
    fn an_event_that_is_never_acknowledged_is_found() {
        let mut history = History::shipped();
        history.raise("EV-9", "retail.carrier.scan_recorded.v1");
        history.deliver("EV-9", Some(503), Outcome::Unknown);
        history.deliver("EV-9", Some(500), Outcome::Unknown);
        history.settle();
        assert_eq!(
            findings("E2", &history.records()),
            [
                "Order W-17: event EV-9 of the carrier (retail.carrier.scan_recorded.v1 of S-1) was delivered twice and never acknowledged; status 500 came last."
            ]
        );
    }

    #[test]
    fn an_event_in_the_dead_letters_is_not_lost() {
        let mut history = History::shipped();
        history.raise("EV-9", "retail.carrier.scan_recorded.v1");
        history.deliver("EV-9", Some(422), Outcome::Fail);
        history.list_dead_letter("retail.carrier.scan_recorded.v1");
        history.settle();
        assert_eq!(findings("E2", &history.records()), [""; 0]);
    }

    #[test]
    fn an_event_that_the_rig_never_delivers_is_the_rig_s_fault() {
        let mut history = History::shipped();
        history.raise("EV-9", "retail.carrier.scan_recorded.v1");
        history.settle();
        let records = history.records();
        assert_eq!(findings("E2", &records), [""; 0]);
        let mut judge = Judge::new(Policy::default());
        for record in &records {
            judge.observe(record);
        }
        let broken: Vec<&str> = judge.broken_checks().iter().map(|check| check.reason.as_str()).collect();
        assert_eq!(broken, ["the carrier never delivered its event EV-9"]);
    }

    proptest! {
        #[test]
        fn is_broken_exactly_if_no_delivery_was_acknowledged(acknowledged in prop::collection::vec(any::<bool>(), 1..6)) {
            let mut history = History::shipped();
            history.raise("EV-9", "retail.carrier.scan_recorded.v1");
            for ok in &acknowledged {
                let (status, outcome) = if *ok { (202, Outcome::Ok) } else { (503, Outcome::Unknown) };
                history.deliver("EV-9", Some(status), outcome);
            }
            history.settle();
            prop_assert_eq!(findings("E2", &history.records()).is_empty(), acknowledged.contains(&true));
        }
    }
}
