//! Schema drift: a document as another version of its schema would have it.
//!
//! The place is found with the published schemas: the first where the change does what it is named after.

use counterproof_contracts::{faults::DriftChange, protocol::FieldError};
use serde_json::{Value, json};

/// A code that no list has.
const NEW_CODE: &str = "of_a_later_version";

/// What a document breaks of its schema.
pub(in crate::kernel) type Errors<'e> = &'e dyn Fn(&Value) -> Vec<FieldError>;

/// The document with a change, at a place within `root` or at the first that fits; `None` if none does.
pub(in crate::kernel) fn drifted(
    document: &Value,
    change: DriftChange,
    at: Option<&str>,
    root: &str,
    errors: Errors<'_>,
) -> Option<Value> {
    if let Some(at) = at {
        return changed(document, change, at);
    }
    let mut places = Vec::new();
    list(document.pointer(root)?, root, &mut places);
    places.into_iter().find_map(|place| {
        changed(document, change, &place).filter(|changed| fits(change, document, changed, &place, errors))
    })
}

/// Whether a change does at a place what it is named after.
fn fits(change: DriftChange, before: &Value, after: &Value, place: &str, errors: Errors<'_>) -> bool {
    match change {
        DriftChange::NewCode => {
            let is_code = before.pointer(place).and_then(Value::as_str).is_some_and(|text| {
                !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            });
            let found = errors(after);
            is_code && !found.is_empty() && found.iter().all(|error| error.pointer == place)
        }
        DriftChange::ExtraField | DriftChange::MissingField => errors(after).is_empty(),
        DriftChange::NumberAsText => true,
    }
}

/// The document with a change at a place, if it can be made there.
fn changed(document: &Value, change: DriftChange, at: &str) -> Option<Value> {
    let mut changed = document.clone();
    match change {
        DriftChange::ExtraField => {
            let fields = changed.pointer_mut(at)?.as_object_mut()?;
            fields.insert("of_a_later_version".to_owned(), json!({ "since": 2 }));
        }
        DriftChange::MissingField => {
            let (parent, name) = at.rsplit_once('/')?;
            let name = name.replace("~1", "/").replace("~0", "~");
            changed.pointer_mut(parent)?.as_object_mut()?.remove(&name)?;
        }
        DriftChange::NewCode => {
            let place = changed.pointer_mut(at).filter(|place| place.is_string())?;
            *place = Value::from(NEW_CODE);
        }
        DriftChange::NumberAsText => {
            let place = changed.pointer_mut(at).filter(|place| place.is_number())?;
            *place = Value::from(place.to_string());
        }
    }
    Some(changed)
}

/// Every place of a document, outer ones first.
fn list(value: &Value, here: &str, places: &mut Vec<String>) {
    places.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                list(field, &format!("{here}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                list(item, &format!("{here}/{index}"), places);
            }
        }
        _ => {}
    }
}
