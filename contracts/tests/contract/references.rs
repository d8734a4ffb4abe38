//! Every reference leads somewhere, and every schema is bounded and explained.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::shape;
use serde_json::Value;

use crate::files;

/// Calls `visit` with each object below a value, and the JSON Pointer to it.
fn walk(value: &Value, pointer: &str, visit: &mut impl FnMut(&serde_json::Map<String, Value>, &str)) {
    match value {
        Value::Object(fields) => {
            visit(fields, pointer);
            for (name, field) in fields {
                walk(field, &format!("{pointer}/{}", name.replace('/', "~1")), visit);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{pointer}/{index}"), visit);
            }
        }
        _ => {}
    }
}

/// Where a relative reference leads: folder, stem, pointer.
fn follow(folder: &str, stem: &str, reference: &str) -> (String, String, String) {
    let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    let (folder, stem) = match file.strip_prefix("../../schemas/v1/") {
        _ if file.is_empty() => (folder, stem),
        Some(other) => ("schemas", other.strip_suffix(".json").unwrap()),
        None => (folder, file.strip_suffix(".json").unwrap()),
    };
    (folder.to_owned(), stem.to_owned(), pointer.to_owned())
}

#[test]
fn every_published_file_compiles() {
    assert_eq!(shape::compile_all(), Ok(()));
}

#[test]
fn every_reference_leads_somewhere_and_every_part_is_referred_to() {
    let folders: BTreeMap<&str, BTreeMap<String, Value>> =
        ["schemas", "openapi", "asyncapi"].map(|folder| (folder, files::read(folder))).into();
    let mut followed = BTreeSet::new();
    for (folder, documents) in &folders {
        for (stem, document) in documents {
            walk(document, "", &mut |object, at| {
                let Some(reference) = object.get("$ref").and_then(Value::as_str) else { return };
                let target = follow(folder, stem, reference);
                let found = folders.get(&*target.0).and_then(|all| all.get(&target.1)?.pointer(&target.2));
                assert!(found.is_some(), "{folder}/{stem}{at}: {reference} leads nowhere");
                followed.insert(target);
            });
        }
    }
    for stem in ["common", "codes"] {
        for name in folders["schemas"][stem]["$defs"].as_object().unwrap().keys() {
            let part = ("schemas".to_owned(), stem.to_owned(), format!("/$defs/{name}"));
            assert!(followed.contains(&part), "{stem}.json: nobody refers to {name}");
        }
    }
}

#[test]
fn every_schema_is_named_after_its_file() {
    for (stem, schema) in files::read("schemas") {
        assert_eq!(schema["$id"], format!("https://counterproof.dev/schemas/v1/{stem}.json"));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{stem}");
    }
}

/// Bytes are untrusted: what has no bound can be as large as a body.
#[test]
fn every_text_number_and_array_is_bounded() {
    for (stem, schema) in files::read("schemas") {
        walk(&schema, "", &mut |object, at| {
            let bounds: &[&str] = match object.get("type").and_then(Value::as_str) {
                Some("string") if object.contains_key("enum") => &[],
                Some("string") if object.get("pattern").is_some_and(is_fixed) => &[],
                Some("string") => &["maxLength"],
                Some("integer") => &["minimum", "maximum"],
                Some("array") => &["maxItems", "items"],
                Some("number") => panic!("{stem}{at}: amounts are integers"),
                _ => &[],
            };
            for bound in bounds {
                assert!(object.contains_key(*bound), "{stem}{at} has no {bound}");
            }
        });
    }
}

/// A pattern that fixes the length by itself.
fn is_fixed(pattern: &Value) -> bool {
    ["^[A-Z]{2}$", "^[A-Z]{3}$"].contains(&pattern.as_str().unwrap())
}

#[test]
fn every_field_is_explained_and_unknown_fields_are_tolerated() {
    for stem in shape::schema_stems() {
        let schema = &files::read("schemas")[stem];
        for (name, field) in schema["properties"].as_object().unwrap() {
            let text = field["description"].as_str().unwrap_or_default();
            assert!(text.ends_with('.'), "{stem}: {name} is not explained");
        }
        walk(schema, "", &mut |object, at| {
            for closing in ["additionalProperties", "unevaluatedProperties"] {
                assert!(!object.contains_key(closing), "{stem}{at} closes itself to later versions");
            }
        });
    }
}
