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

/// Effects by tag and member, with the example of the document that they hold.
const EFFECTS: [(&str, &str, &str); 18] = [
    ("order_placed", "placed", include_str!("../../examples/v1/order.json")),
    ("sales_order_booked", "sales_order", include_str!("../../examples/v1/sales-order.json")),
    (
        "fulfillment_order_received",
        "fulfillment_order",
        include_str!("../../examples/v1/fulfillment-order.json"),
    ),
    ("return_requested", "request", include_str!("../../examples/v1/return-request.json")),
    ("return_authorized", "authorization", include_str!("../../examples/v1/return-authorization.json")),
    ("return_noticed", "authorization", include_str!("../../examples/v1/return-authorization.json")),
    ("return_receipt_booked", "receipt", include_str!("../../examples/v1/return-receipt.json")),
    ("goods_returned", "receipt", include_str!("../../examples/v1/return-receipt.json")),
    ("account_opened", "account", include_str!("../../examples/v1/stored-value-account.gift-card.json")),
    ("account_debited", "entry", include_str!("../../examples/v1/store-credit.json")),
    ("gift_card_activated", "card", include_str!("../../examples/v1/gift-card.json")),
    ("gift_card_disabled", "entry", include_str!("../../examples/v1/store-credit.json")),
    ("payment_authorized", "authorization", include_str!("../../examples/v1/authorization.json")),
    ("label_issued", "label", include_str!("../../examples/v1/label.json")),
    ("shipment_shipped", "shipment", include_str!("../../examples/v1/shipment.json")),
    ("tax_committed", "document", include_str!("../../examples/v1/tax-document.json")),
    ("refund_shown", "notice", include_str!("../../examples/v1/refund-notice.json")),
    ("timeline_written", "entry", include_str!("../../examples/v1/timeline-entry.json")),
];

#[test]
fn no_effect_keeps_a_person_or_a_code() {
    let planted = [
        "customer_ref",
        "gift_recipient_ref",
        "account_id",
        "payment_token",
        "email",
        "street",
        "card_number",
    ];
    for (tag, member, example) in EFFECTS {
        let mut document: Value = serde_json::from_str(example).unwrap();
        for name in planted {
            document.as_object_mut().unwrap().insert(name.to_owned(), json!("somebody-4711"));
        }
        let record = json!({
            "seq": 1, "at": "2026-11-27T09:00:00Z", "kind": "effect", "system": "erp", "spontaneous": true,
            "is_return": true, "effect": tag, member: document,
        });
        let record: Record = serde_json::from_value(record).unwrap();
        let line = serde_json::to_string(&redacted(record)).unwrap();
        for value in ["somebody-4711", "Erika", "Lindenallee", "tok-", "gift-card-4711"] {
            assert!(!line.contains(value), "{line}");
        }
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
        let life = Life { gift_card: i64::from(gift_card), ..life };
        for record in life.history().records() {
            let Entry::Effect(committed) = &record.entry else { continue };
            let expected = as_document(&serde_json::to_value(&committed.effect).unwrap());
            let Entry::Effect(committed) = redacted(record).entry else { unreachable!("it was one") };
            prop_assert_eq!(serde_json::to_value(&committed.effect).unwrap(), expected);
        }
    }
}
