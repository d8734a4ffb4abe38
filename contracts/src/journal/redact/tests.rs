//! What a redactor takes out, and what it must leave.

#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::shape;

const PAYLOAD: &str = "c2VjcmV0+3NlY3JldC9zZWNyZXQ=";

fn record(entry: &Value) -> Record {
    let mut record = json!({ "seq": 1, "at": "2026-11-27T09:00:00Z", "scenario": "S-1" });
    record.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
    serde_json::from_value(record).unwrap()
}

fn exchange(request: &Value, response: &Value) -> Record {
    record(&json!({
        "kind": "exchange", "from": "middleware", "to": "stored_value", "operation": "debitAccount",
        "call": "POST /v1/debits", "key": "k-1", "attempt": 1, "started_at": "2026-11-27T09:00:00Z",
        "request": request, "response": response, "outcome": "ok", "status": 201,
    }))
}

fn redactor() -> Redactor {
    Redactor::new([format!("whsec_{PAYLOAD}")])
}

fn redacted(mut record: Record) -> Record {
    redactor().apply(&mut record);
    record
}

fn line(record: &Record) -> String {
    serde_json::to_string(record).unwrap()
}

fn with_exchange(mut record: Record, change: impl FnOnce(&mut Exchange)) -> Record {
    if let Entry::Exchange(exchange) = &mut record.entry {
        change(exchange);
    }
    record
}

/// An order as the contract's example has it, with other values in some places.
fn order(changes: &[(&str, &Value)]) -> Value {
    let text = include_str!("../../../examples/v1/order.json");
    let mut order: Value = serde_json::from_str(text).unwrap();
    for (pointer, value) in changes {
        *order.pointer_mut(pointer).unwrap() = (*value).clone();
    }
    order
}

/// The content of a file has a line for each order of a day, and an implementation may send a mebibyte of anything.
#[test]
fn a_placeholder_is_as_long_as_the_longest_text() {
    let long = "x y".repeat(40_000);
    let record = redacted(exchange(&json!({ "street": long, "customer_ref": long }), &Value::Null));
    let Entry::Exchange(exchange) = &record.entry else { panic!("{record:?}") };
    for name in ["street", "customer_ref"] {
        let shown = exchange.request[name].as_str().unwrap();
        assert!(shown.len() == long.len() && !shown.contains("x y"), "{name}");
    }
}

#[test]
fn an_address_keeps_its_country_only() {
    let places = ["/ship_to/name", "/ship_to/street", "/ship_to/city", "/ship_to/postal_code"];
    let before = order(&[]);
    let after = redacted(exchange(&before, &json!({ "detail": "no parcel to Lindenallee 12 in Hamburg" })));
    let Entry::Exchange(exchange) = &after.entry else { unreachable!("it was one") };
    for place in places {
        assert_ne!(exchange.request.pointer(place), before.pointer(place), "{place}");
    }
    assert_eq!(exchange.request.pointer("/ship_to/country"), before.pointer("/ship_to/country"));
    assert!(!line(&after).contains("Lindenallee") && !line(&after).contains("Hamburg"), "{}", line(&after));
    assert_eq!(exchange.request.pointer("/lines"), before.pointer("/lines"));
}

#[test]
fn a_code_is_taken_out_of_path_key_and_texts_and_stays_comparable() {
    let debit = |code: &str| {
        let record = exchange(&json!({ "cause": "T-1" }), &json!({ "entry_id": format!("entry-{code}-1") }));
        redacted(with_exchange(record, |exchange| {
            exchange.call = format!("POST /v1/accounts/{code}/debits");
            exchange.key = Some(format!("debit-{code}"));
            exchange.note = Some(format!("account {code} was locked"));
        }))
    };
    let (one, same, other) = (debit("GC-4711-1"), debit("GC-4711-1"), debit("GC-4712-1"));
    assert!(!line(&one).contains("4711"), "{}", line(&one));
    assert_eq!(one, same);
    assert_ne!(one, other);
    let effect = redacted(record(&json!({
        "kind": "effect", "system": "stored_value", "order": "W-1", "key": "debit-GC-4711-1", "spontaneous": false,
        "effect": "account_debited",
        "entry": {
            "entry_id": "entry-GC-4711-1-1", "account_id": "GC-4711-1", "kind": "debit", "order_number": "W-1",
            "cause": "T-1", "amount": { "amount": 1, "currency": "EUR" }, "balance": { "amount": 0, "currency": "EUR" },
        },
    })));
    assert!(!line(&effect).contains("4711"), "{}", line(&effect));
    let (Entry::Effect(committed), Entry::Exchange(call)) = (&effect.entry, &one.entry) else {
        unreachable!("they were")
    };
    assert_eq!(committed.key, call.key, "the call behind the effect is still found");
    let account = committed.effect.account().unwrap().as_str();
    assert!(call.call.contains(account), "{} {account}", call.call);
}

#[test]
fn a_configured_secret_is_found_in_each_of_its_forms_and_anywhere() {
    let forms = [
        format!("whsec_{PAYLOAD}"),
        PAYLOAD.to_owned(),
        percent_encode(PAYLOAD),
        percent_encode(PAYLOAD).replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"),
        PAYLOAD.trim_end_matches('=').to_owned(),
    ];
    let marks = ["c2VjcmV0", "secret/secret"];
    for form in forms {
        let call = with_exchange(exchange(&json!({ form.clone(): [form] }), &json!(null)), |exchange| {
            exchange.call = format!("GET /v1/x?q={form}");
            exchange.note = Some(format!("said {form}"));
            exchange.correlation = Some(form.as_str().into());
        });
        let step = record(&json!({
            "kind": "step_finished", "keyword": "Then", "text": format!("it is {form}"), "line": 1,
            "outcome": "failed", "message": format!("expected {form}"), "assertions": 1,
        }));
        let shown = record(&json!({
            "kind": "effect", "system": "erp", "spontaneous": true, "effect": "event_raised",
            "event_id": form, "event_type": "t", "subject": "s",
        }));
        for record in [call, step, shown] {
            let kind = std::mem::discriminant(&record.entry);
            let after = redacted(record);
            assert_eq!(kind, std::mem::discriminant(&after.entry));
            assert!(!marks.iter().any(|mark| line(&after).contains(mark)), "{}", line(&after));
        }
    }
}

#[test]
fn a_configured_secret_is_found_wherever_it_stands_alone() {
    let secret = json!(format!("whsec_{PAYLOAD}"));
    let errors = json!([{ "pointer": "/a", "detail": "is missing" }]);
    let full = json!({
        "seq": 1, "at": "2026-11-27T09:00:00Z", "scenario": "S-1", "kind": "exchange", "from": "middleware",
        "to": "erp", "operation": "readStock", "call": "GET /", "order": "W-1", "sku": "shirt", "key": "k-1",
        "attempt": 1, "correlation": "c", "causation": "k-0", "started_at": "2026-11-27T09:00:00Z",
        "request": { "a": [{ "b": "x" }] }, "response": { "c": "x" }, "outcome": "ok", "status": 200, "note": "n",
        "checked": { "request": errors, "response": errors },
    });
    let places = [
        "/scenario",
        "/operation",
        "/call",
        "/order",
        "/sku",
        "/key",
        "/correlation",
        "/causation",
        "/note",
        "/request/a/0/b",
        "/response/c",
        "/checked/request/0/pointer",
        "/checked/response/0/detail",
    ];
    for place in places {
        let mut document = full.clone();
        *document.pointer_mut(place).unwrap() = secret.clone();
        let after = redacted(serde_json::from_value(document).unwrap());
        assert!(!line(&after).contains("c2VjcmV0"), "{place}: {}", line(&after));
    }
}

#[test]
fn a_target_keeps_no_password() {
    let shown = |url: &str| {
        let mut url = url.to_owned();
        redact_target(&mut url);
        url
    };
    assert_eq!(shown("http://jo:pa@ss@host:1/x@y"), "http://redacted@host:1/x@y");
    for url in ["reference", "http://127.0.0.1:8080", "http://host/a@b", "http://redacted@host"] {
        assert_eq!(shown(url), url);
    }
}

#[test]
fn nothing_is_changed_where_nothing_fits() {
    let product = json!({ "name": "linen shirt", "sku": "shirt", "authorization": { "amount": 5 } });
    let record = exchange(&product, &json!(null));
    assert_eq!(redacted(record.clone()), record);
}

#[test]
fn what_is_nested_too_deep_is_dropped() {
    let mut deep = json!({ "email": "jo@example.org" });
    for _ in 0..200 {
        deep = json!([deep]);
    }
    let after = redacted(exchange(&deep, &json!({ "id": "kept" })));
    assert!(!line(&after).contains("example.org"));
    assert!(line(&after).contains("kept"));
}

/// The members of the table, each as it may be written.
fn member() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "street",
        "email",
        "E-Mail",
        "phone",
        "firstName",
        "payment_token",
        "account_id",
        "customer_ref",
        "cardNumber",
        "password",
        "api_key",
        "signature",
        "gift_recipient_ref",
    ])
}

proptest! {
    #[test]
    fn no_planted_value_survives(
        name in member(),
        value in "[A-Za-z0-9]{10,40}",
        container in prop::sample::select(vec!["ship_to", "data", "tenders", "customer"]),
        depth in 0_usize..6,
    ) {
        let mut document = json!({ container: [{ name: value, "name": "x", "detail": format!("not {value}!") }] });
        for _ in 0..depth {
            document = json!({ "data": [document] });
        }
        let record = with_exchange(exchange(&document, &document), |exchange| {
            exchange.note = Some(format!("refused: {value}"));
        });
        let after = redacted(record);
        prop_assert!(!line(&after).contains(&value), "{}", line(&after));
        prop_assert_eq!(redacted(after.clone()), after);
    }

    #[test]
    fn a_document_is_as_valid_as_it_was(
        street in ".{0,210}",
        postal_code in ".{0,20}",
        customer in "[ -~]{0,140}|.{0,5}",
        token in "[ -~]{0,20}|[a-z]{505,520}",
    ) {
        let changes = [
            ("/ship_to/street", &json!(street)),
            ("/ship_to/postal_code", &json!(postal_code)),
            ("/customer_ref", &json!(customer)),
            ("/tenders/0/account_id", &json!(token)),
            ("/tenders/1/payment_token", &json!(token)),
        ];
        let before = order(&changes);
        let after = redacted(exchange(&before, &json!(null)));
        let Entry::Exchange(exchange) = &after.entry else { unreachable!("it was one") };
        let places = |document| {
            let errors = shape::document_errors("order", document);
            errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>()
        };
        prop_assert_eq!(places(&exchange.request), places(&before));
        prop_assert_eq!(redacted(after.clone()), after);
    }
}
