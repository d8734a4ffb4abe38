//! A request on its way through a simulator: what the journal will say of it, and what its headers say.

use counterproof_contracts::{
    journal::{Checked, Exchange, Outcome},
    model::{CorrelationId, OrderNumber, System, Timestamp},
    protocol::{FieldError, Operation, Problem, header},
};
use http::{HeaderMap, request::Parts};
use serde_json::Value;

use super::{Subject, idempotency::Digest, reply::Answer, routing};

/// The longest idempotency key, correlation id or causation id that is taken, in bytes.
const HEADER_BYTES_MAX: usize = 255;

/// A request on its way through the simulator, as far as it is known what it is about.
pub(super) struct Visit {
    pub(super) exchange: Exchange,
    pub(super) subject: Subject,
    /// Digest of what is asked, once it is understood.
    pub(super) digest: Option<Digest>,
}

impl Visit {
    pub(super) fn new(system: System, parts: &Parts, started_at: Timestamp) -> Self {
        let path = parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
        let exchange = Exchange {
            from: System::Middleware,
            to: system,
            operation: "unknown".to_owned(),
            call: routing::shown(&format!("{} {path}", parts.method)),
            order: None,
            sku: None,
            key: None,
            attempt: 1,
            correlation: text(&parts.headers, header::CORRELATION_ID).map(CorrelationId::from),
            causation: text(&parts.headers, header::CAUSATION_ID).map(str::to_owned),
            started_at,
            request: Value::Null,
            status: None,
            response: Value::Null,
            outcome: Outcome::Unknown,
            replayed: false,
            note: None,
            retry_after_s: None,
            checked: Checked::default(),
        };
        Self { exchange, subject: Subject::default(), digest: None }
    }

    pub(super) fn note(&mut self, more: &str) {
        let known = self.exchange.note.take().map_or_else(String::new, |known| format!("{known}; "));
        self.exchange.note = Some(known + more);
    }

    /// Takes the order from the answer where the request did not name it; gives the order.
    pub(super) fn learn_from(&mut self, answer: &Answer) -> Option<OrderNumber> {
        if self.subject.order.is_none() {
            let named = answer.body.get("order_number").and_then(Value::as_str);
            self.subject.order = named.map(OrderNumber::from);
        }
        self.subject.order.clone()
    }
}

/// A header of at most [`HEADER_BYTES_MAX`] visible characters; anything else counts as absent.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value.len() <= HEADER_BYTES_MAX).then_some(value)
}

/// The idempotency key of a keyed operation.
pub(super) fn key(operation: Operation, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    if !operation.keyed {
        return Ok(None);
    }
    if let Some(key) = text(headers, header::IDEMPOTENCY_KEY) {
        return Ok(Some(key.to_owned()));
    }
    let detail = if headers.contains_key(header::IDEMPOTENCY_KEY) {
        format!("is not 1 to {HEADER_BYTES_MAX} visible ASCII characters")
    } else {
        format!("is missing; {operation} needs an idempotency key")
    };
    let pointer = format!("/header/{}", header::IDEMPOTENCY_KEY);
    Err(Problem::invalid(vec![FieldError { pointer, detail }]))
}
