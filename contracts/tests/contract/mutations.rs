//! Examples that were changed at random. Nothing panics, and what a schema lets pass its Rust type can read:
//! together with `types` this says that schema and type take the same documents.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::sync::LazyLock;

use counterproof_contracts::{protocol::OPERATIONS, shape};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use crate::{files, types};

static EXAMPLES: LazyLock<Vec<(String, String, Value)>> = LazyLock::new(files::examples);

/// Values that break something somewhere.
fn intruder() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-2_i64..=2).prop_map(Value::from),
        select(vec![0.5, -0.0, 2.0, 1e15, 1e16, 1e300]).prop_map(Value::from),
        select(vec![
            json!(u64::from(u32::MAX)),
            json!(1_i64 << 32),
            json!(1_i64 << 53),
            json!((1_i64 << 53) - 1),
            json!(""),
            json!(" "),
            json!("x"),
            json!("EUR"),
            json!("eur"),
            json!("€€€"),
            json!("DE"),
            json!("2026-03-02T09:15:00Z"),
            json!("2026-03-02T09:15:00.5+02:00"),
            json!("2026-02-30T09:15:00Z"),
            json!("a\u{0}b"),
            json!("pending"),
            json!("card"),
            json!("A"),
            json!([]),
            json!({}),
            json!([null]),
            json!({ "amount": 1, "currency": "EUR" }),
            json!({ "amount": -1, "currency": "EUR" }),
        ]),
        "\\PC{0,600}".prop_map(Value::from),
    ]
}

/// Every place of a document.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, &format!("{here}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{here}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// An example with one to three places overwritten, or one field removed.
fn mutant() -> impl Strategy<Value = (String, String, Value)> {
    let change = (any::<prop::sample::Index>(), proptest::option::weighted(0.9, intruder()));
    (any::<prop::sample::Index>(), proptest::collection::vec(change, 1..4)).prop_map(|(which, changes)| {
        let (stem, name, mut document) = which.get(&EXAMPLES).clone();
        for (place, intruder) in changes {
            let mut all = Vec::new();
            places(&document, "", &mut all);
            let pointer = place.get(&all);
            match (intruder, pointer.rsplit_once('/')) {
                (Some(intruder), _) => *document.pointer_mut(pointer).unwrap() = intruder,
                (None, Some((parent, field))) => {
                    if let Some(fields) = document.pointer_mut(parent).unwrap().as_object_mut() {
                        fields.remove(field);
                    }
                }
                (None, None) => {}
            }
        }
        (stem, name, document)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_a_schema_lets_pass_its_type_reads((stem, name, mutant) in mutant()) {
        let document = shape::parse_body(mutant.to_string().as_bytes()).unwrap();
        let errors = shape::document_errors(&stem, &document);
        prop_assert!(errors.len() <= shape::ERRORS_MAX);
        let read = (types::find(&stem).rewrite)(&document);
        if errors.is_empty() {
            prop_assert!(read.is_ok(), "{}: {:?}\n{:#}", name, read, document);
        }
        for error in &errors {
            let parent = error.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            prop_assert!(document.pointer(parent).is_some(), "{} points nowhere", error.pointer);
        }
    }

    #[test]
    fn nothing_panics_on_anything((_, _, mutant) in mutant(), operation in select(OPERATIONS), status in 0_u16..700) {
        shape::request_errors(operation, &mutant);
        shape::response_errors(operation, status, &mutant);
        shape::event_errors(&mutant);
        shape::event_shape(&mutant);
    }
}

/// Takes every field out of every example in turn.
#[test]
fn a_schema_requires_a_field_where_its_type_does_and_nowhere_else() {
    let mut optional = 0;
    for (stem, name, document) in EXAMPLES.iter() {
        let mut all = Vec::new();
        places(document, "", &mut all);
        for pointer in all {
            let in_data = stem == "cloud-event" && pointer.starts_with("/data/");
            let Some((parent, field)) = pointer.rsplit_once('/') else { continue };
            let mut without = document.clone();
            let Some(fields) = without.pointer_mut(parent).and_then(Value::as_object_mut) else { continue };
            fields.remove(field).unwrap();
            let errors = shape::document_errors(stem, &without);
            let read = (types::find(stem).rewrite)(&without);
            if !in_data {
                assert_eq!(errors.is_empty(), read.is_ok(), "{name} without {pointer}: {errors:?} {read:?}");
                optional += usize::from(errors.is_empty());
            }
        }
    }
    assert!(optional > 0, "no field is optional");
}
