//! A2: the audit trail has no gaps and only grows.

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "A2",
        name: "audit trail only grows",
        text: "Whenever the audit trail of an order is read, its records are numbered from 1 without a gap, and it begins \
               with everything that was read before, unchanged.",
        source: "practice: append-only audit logs (SOX section 404, COSO control activities)",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(_)) = (moment.order, moment.exchange()) else { return };
    let Some(reading) = &order.audit.reading else { return };
    bench.looks();
    let mut told = |what: String, before: Option<u64>| {
        let sentence = format!("Order {}: {what}.", order.number);
        let finding = Finding::new("audit trail", sentence).evidence(before).evidence([moment.record.seq]);
        bench.found(finding.says(System::Middleware, what, true));
    };
    if let Some((expected, numbered)) = reading.gap {
        told(format!("record {expected} of the audit trail bears the number {numbered}"), None);
    }
    if let Some(changed) = reading.changed {
        let what =
            format!("record {changed} of the audit trail is another one, or gone, since it was read before");
        told(what, order.audit.read_before);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::invariants::{
        books::testing::trail,
        testing::{History, findings},
    };

    fn read(first: &[u64], second: &[(u64, &str)]) -> Vec<String> {
        let mut history = History::shipped();
        history.read_audit(&trail(first.iter().map(|number| (*number, "step"))));
        history.read_audit(&trail(second.iter().copied()));
        findings("A2", &history.records())
    }

    #[test]
    fn a_gap_a_change_and_a_loss_are_found() {
        assert_eq!(read(&[1, 2], &[(1, "step"), (2, "step"), (3, "more")]), [""; 0]);
        assert_eq!(read(&[1, 3], &[(1, "step"), (3, "step")]).len(), 1);
        assert_eq!(
            read(&[1, 2], &[(1, "step"), (2, "other")]),
            ["Order W-17: record 2 of the audit trail is another one, or gone, since it was read before."]
        );
        assert_eq!(read(&[1, 2], &[(1, "step")]).len(), 1);
    }

    proptest! {
        #[test]
        fn only_what_begins_with_what_was_known_is_lawful(known in 0_u64..6, kept in 0_u64..6, new in 0_u64..3) {
            let first: Vec<u64> = (1..=known).collect();
            let second: Vec<(u64, &str)> = (1..=kept + new).map(|number| (number, "step")).collect();
            prop_assert_eq!(read(&first, &second).is_empty(), kept + new >= known);
        }
    }
}
