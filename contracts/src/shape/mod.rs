//! Validation of documents against the published JSON Schemas, OpenAPI and AsyncAPI files.
//!
//! The files under `schemas/`, `openapi/` and `asyncapi/` are the contract; this module embeds them, reads
//! from them which schema an operation or event has, and compiles each schema once. It knows shapes
//! only: whether sums agree or a transition is legal is asked elsewhere.
//!
//! Documents are untrusted. No value makes a function here panic, at most [`ERRORS_MAX`] places are named, and
//! messages never repeat the document's values, which may be personal data.

mod body;
mod catalog;
mod documents;

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

pub use body::{depth_exceeds, parse_body};
pub use catalog::ContractError;

use crate::protocol::{Declaration, FieldError, Operation};
use catalog::{Catalog, Shape, catalog};

/// How many places of a document are named at most.
pub const ERRORS_MAX: usize = 20;

/// What the OpenAPI files say of an operation in words.
pub(crate) fn operation_declaration(operation: Operation) -> Option<&'static Declaration> {
    catalog().ok()?.operation(operation).map(|shapes| &shapes.declaration)
}

/// What the AsyncAPI file says of an event type in words.
pub(crate) fn event_declaration(event_type: &str) -> Option<&'static Declaration> {
    catalog().ok()?.event_declaration(event_type)
}

/// Places where a request body breaks the operation's schema; empty: none. An operation without
/// request body takes any.
pub fn request_errors(operation: Operation, body: &Value) -> Vec<FieldError> {
    within_catalog(|catalog| match catalog.operation(operation) {
        None => at_root(format!("{operation} is not in the contract")),
        Some(shapes) => shapes.request.as_deref().map_or_else(Vec::new, |shape| errors(catalog, shape, body)),
    })
}

/// Places where a response body breaks the schema that the operation has for this status.
/// A status that the operation does not declare is an error at the root.
pub fn response_errors(operation: Operation, status: u16, body: &Value) -> Vec<FieldError> {
    within_catalog(|catalog| match catalog.operation(operation).map(|shapes| shapes.responses.get(&status)) {
        None => at_root(format!("{operation} is not in the contract")),
        Some(None) => at_root(format!("{operation} does not declare status {status}")),
        Some(Some(shape)) => shape.as_deref().map_or_else(Vec::new, |shape| errors(catalog, shape, body)),
    })
}

/// Places where an event breaks the CloudEvents envelope or the schema of its type's data.
/// An unknown type breaks nothing but the envelope.
pub fn event_errors(event: &Value) -> Vec<FieldError> {
    within_catalog(|catalog| match event_validator(catalog, event) {
        Some(shape) => errors(catalog, shape, event),
        None => at_root("events are not in the contract".to_owned()),
    })
}

/// What a consumer does with an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventShape {
    /// Acts on it, or parks it if its type is unknown.
    Sound,
    /// Parks it: all that is wrong are codes that this version of the contract does not know.
    UnknownCode(Vec<FieldError>),
    /// Refuses it.
    Broken(Vec<FieldError>),
}

/// Judges an event's shape; see [`event_errors`].
pub fn event_shape(event: &Value) -> EventShape {
    let errors = event_errors(event);
    if errors.is_empty() {
        return EventShape::Sound;
    }
    let only_codes = within_catalog_or(false, |catalog| {
        event_validator(catalog, event)
            .and_then(|shape| shape.validator(catalog).ok())
            .is_some_and(|validator| validator.iter_errors(event).all(|error| is_unknown_code(&error)))
    });
    if only_codes { EventShape::UnknownCode(errors) } else { EventShape::Broken(errors) }
}

/// Places where a document breaks the schema with this file stem (`order`, `tax-line`).
/// An unknown stem is an error at the root.
pub fn document_errors(stem: &str, document: &Value) -> Vec<FieldError> {
    within_catalog(|catalog| match catalog.document(stem) {
        Some(shape) => errors(catalog, shape, document),
        None => at_root(format!("there is no schema {stem:?}")),
    })
}

/// File stems of all published schemas that describe a document, in alphabetical order.
pub fn schema_stems() -> impl Iterator<Item = &'static str> {
    documents::SCHEMAS.iter().map(|document| document.stem)
}

/// Reads and compiles every published file. Bodies are checked without it; who serves them calls it first, so
/// that the first exchange is as fast as the next, and tests do, so that no broken file is published.
pub fn compile_all() -> Result<(), ContractError> {
    let catalog = catalog().map_err(Clone::clone)?;
    catalog.shapes().try_for_each(|shape| shape.validator(catalog).map(drop))
}

fn within_catalog(check: impl FnOnce(&Catalog) -> Vec<FieldError>) -> Vec<FieldError> {
    catalog().map_or_else(|error| at_root(error.to_string()), check)
}

fn within_catalog_or<T>(otherwise: T, check: impl FnOnce(&Catalog) -> T) -> T {
    catalog().map_or(otherwise, check)
}

/// The schema of an event's type; for an unknown type that of the envelope.
fn event_validator<'c>(catalog: &'c Catalog, event: &Value) -> Option<&'c Shape> {
    let event_type = event.get("type").and_then(Value::as_str).unwrap_or_default();
    catalog.event(event_type).or_else(|| catalog.document("cloud-event"))
}

/// Each place is named once: what is wrong there first is enough to mend it.
fn errors(catalog: &Catalog, shape: &Shape, document: &Value) -> Vec<FieldError> {
    let validator = match shape.validator(catalog) {
        Ok(validator) => validator,
        Err(error) => return at_root(error.to_string()),
    };
    if validator.is_valid(document) {
        return Vec::new();
    }
    let mut errors: Vec<FieldError> = Vec::new();
    for error in validator.iter_errors(document) {
        let error = field_error(&error);
        if errors.iter().all(|named| named.pointer != error.pointer) {
            errors.push(error);
        }
        if errors.len() == ERRORS_MAX {
            break;
        }
    }
    errors
}

fn at_root(detail: String) -> Vec<FieldError> {
    vec![FieldError { pointer: String::new(), detail }]
}

/// A missing field is reported at the place where it should be.
fn field_error(error: &ValidationError<'_>) -> FieldError {
    let mut pointer = error.instance_path().as_str().to_owned();
    if let ValidationErrorKind::Required { property } = error.kind() {
        let name = property.as_str().unwrap_or_default();
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        return FieldError { pointer, detail: "is missing".to_owned() };
    }
    FieldError { pointer, detail: error.masked().to_string() }
}

/// A text that a code list does not have. A number in its place is no code.
fn is_unknown_code(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Enum { .. }) && error.instance().is_string()
}
