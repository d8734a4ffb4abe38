//! E6: an idempotency key stands for one intent.

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, model::System, protocol::Operation};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E6",
        name: "a key of one intent",
        text: "The middleware never sends a key to a partner again with another call or another body: the \
               partner would answer what it was first asked for, or refuse.",
        source: "IETF draft idempotency-key-header (a key is not reused with another payload)",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    let keyed = || Operation::find(exchange.to, &exchange.operation).is_some_and(|operation| operation.keyed);
    let (System::Middleware, Some(key), true) = (exchange.from, &exchange.key, keyed()) else { return };
    bench.looks();
    let Some(first) = order.messages.reused else { return };
    let sentence = format!(
        "Order {}: the middleware sent key {key} to the {} again, but asked for something else.",
        order.number,
        exchange.to.title()
    );
    let finding = Finding::new(format!("key {key} at {}", exchange.to), sentence);
    bench.found(finding.evidence([first, moment.record.seq]).says(
        System::Middleware,
        "reused the key",
        true,
    ));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::{Entry, Outcome, Record},
    };

    fn calling(life: &Life, keys: [&str; 2], other_body: bool) -> Vec<Record> {
        let mut history: History = life.history();
        history.call_capture(keys[0], None, Outcome::Unknown);
        history.call_capture(keys[1], Some(201), Outcome::Ok);
        let mut records = history.records();
        if let Some(Record { entry: Entry::Exchange(exchange), .. }) = records.last_mut()
            && other_body
        {
            exchange.request["amount"]["amount"] = 1.into();
        }
        records
    }

    #[test]
    fn a_key_that_is_sent_again_with_another_amount_is_found() {
        assert_eq!(
            findings("E6", &calling(&Life::default(), ["k-1", "k-1"], true)),
            [
                "Order W-17: the middleware sent key k-1 to the payment provider again, but asked for something else."
            ]
        );
    }

    proptest! {
        #[test]
        fn only_the_same_key_with_another_body_is_found(life in lives(), same: bool, other_body: bool) {
            let keys = if same { ["k-1", "k-1"] } else { ["k-1", "k-2"] };
            let found = findings("E6", &calling(&life, keys, other_body));
            prop_assert_eq!(found.len(), usize::from(same && other_body));
        }
    }
}
