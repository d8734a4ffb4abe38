//! Laws judge redacted records: a redactor must leave whatever they compare.

#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Judge,
    testing::{Life, lives},
};
use crate::{
    journal::{Effect, Entry, Record, Redactor},
    policy::Policy,
};

fn redacted(mut record: Record) -> Record {
    Redactor::new(["whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ="]).apply(&mut record);
    record
}

/// What each law says of records, without its sentences, and how much was looked at.
fn verdicts(records: &[Record]) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut judge = Judge::new(Policy::default());
    let told = records.iter().flat_map(|record| judge.observe(record));
    let told: Vec<_> = told.map(|found| (found.invariant, found.order, found.seq, found.evidence)).collect();
    (told, judge.checks_by_law(), judge.broken_checks().len())
}

/// A document, redacted as an exchange carries it.
fn as_document(effect: &Value) -> Value {
    let record = json!({
        "seq": 1, "at": "2026-11-27T09:00:00Z", "kind": "exchange", "from": "middleware", "to": "erp",
        "operation": "unknown", "call": "POST /", "attempt": 1, "started_at": "2026-11-27T09:00:00Z",
        "request": effect, "response": null, "outcome": "ok",
    });
    match redacted(serde_json::from_value(record).unwrap()).entry {
        Entry::Exchange(exchange) => exchange.request,
        _ => Value::Null,
    }
}

proptest! {
    #[test]
    fn laws_say_the_same_of_what_was_redacted(life in lives(), twice in any::<bool>()) {
        let mut history = life.history();
        if twice {
            history.repeat(|effect| {
                matches!(effect, Effect::AccountCredited { .. } | Effect::PaymentCaptured { .. })
            });
        }
        history.settle();
        let after: Vec<Record> = history.records().into_iter().map(redacted).collect();
        for record in &after {
            let line = serde_json::to_string(record).unwrap();
            prop_assert!(!line.contains("Main Street") && !line.contains("tok_ok"), "{line}");
            prop_assert_eq!(&redacted(record.clone()), record);
        }
        prop_assert_eq!(verdicts(&after), verdicts(&history.records()));
    }

    #[test]
    fn an_effect_is_redacted_as_a_document_with_the_same_members_is(life in lives(), gift_card in any::<bool>()) {
        let life = Life { gift_card: if gift_card { 1 } else { 0 }, ..life };
        for record in life.history().records() {
            let Entry::Effect(committed) = &record.entry else { continue };
            let expected = as_document(&serde_json::to_value(&committed.effect).unwrap());
            let Entry::Effect(committed) = redacted(record).entry else { unreachable!("it was one") };
            prop_assert_eq!(serde_json::to_value(&committed.effect).unwrap(), expected);
        }
    }
}
