//! A3: each step of an order says when it happened and in which chain of messages.

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "A3",
        name: "documented steps",
        text: "Each record of an audit trail happened before it was recorded, was recorded no earlier than the one before, and \
               belongs to a chain of messages in which somebody acted for the order.",
        source: "practice: audit records name who, when and why (ISO/IEC 27002:2022, 8.15 logging)",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(_)) = (moment.order, moment.exchange()) else { return };
    let Some(reading) = &order.audit.reading else { return };
    bench.looks();
    let mut told = |what: String| {
        let sentence = format!("Order {}: {what}.", order.number);
        let finding = Finding::new("audit trail", sentence).evidence([moment.record.seq]);
        bench.found(finding.says(System::Middleware, what, true));
    };
    if let Some(number) = reading.misdated {
        told(format!(
            "record {number} of the audit trail happened after it was recorded, or is out of order"
        ));
    }
    // What a partner did for many orders, a recall for example, reaches each of them.
    let scenario = moment.record.scenario.as_deref().and_then(|name| moment.books.scenario(name));
    let begun = |chain| scenario.is_some_and(|scenario| scenario.begun.contains(chain));
    if let Some((number, chain)) = reading.strange.iter().find(|(_, chain)| !begun(chain)) {
        told(format!(
            "record {number} of the audit trail names the chain {chain}, in which nobody acted for it"
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::invariants::{
        books::testing::trail,
        testing::{History, findings},
    };

    fn read(edit: impl FnOnce(&mut serde_json::Value)) -> Vec<String> {
        let mut history = History::shipped();
        let mut read = trail([(1, "placed"), (2, "shipped")]);
        edit(&mut read);
        history.read_audit(&read);
        findings("A3", &history.records())
    }

    #[test]
    fn what_happened_after_its_record_and_what_nobody_asked_for_are_found() {
        assert_eq!(read(|_| ()), [""; 0]);
        let late = read(|read| read["items"][1]["occurred_at"] = "2026-11-27T09:59:59Z".into());
        assert_eq!(
            late,
            ["Order W-17: record 2 of the audit trail happened after it was recorded, or is out of order."]
        );
        let earlier = read(|read| read["items"][1]["recorded_at"] = "2026-11-27T07:00:00Z".into());
        assert_eq!(earlier.len(), 1, "{earlier:?}");
        let strange = read(|read| read["items"][0]["correlation_id"] = "nobody".into());
        assert_eq!(
            strange,
            ["Order W-17: record 1 of the audit trail names the chain nobody, in which nobody acted for it."]
        );
    }
}
