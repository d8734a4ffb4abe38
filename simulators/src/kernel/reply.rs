//! An answer on its way out: status, JSON body and the few headers that the contract knows.

use bytes::Bytes;
use counterproof_contracts::{
    faults::ErrorBody,
    journal::Outcome,
    protocol::{Problem, header},
};
use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use serde_json::Value;

use super::wire::{self, Broken, OnEnd, Payload};

/// What a system answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) retry_after_s: Option<u32>,
    pub(super) replayed: bool,
    /// In which form the body is written.
    pub(super) form: ErrorBody,
    /// Whether the answer says nothing reliable of what was done.
    pub(super) doubtful: bool,
}

/// What some proxy shows instead of an answer.
const PAGE: &str = "<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>";

impl Answer {
    pub(super) const fn success(status: u16, body: Value) -> Self {
        Self { status, body, retry_after_s: None, replayed: false, form: ErrorBody::Problem, doubtful: false }
    }

    pub(super) fn problem(problem: &Problem) -> Self {
        let body = serde_json::to_value(problem).unwrap_or(Value::Null);
        Self::success(problem.status, body)
    }

    /// Whether a repetition of the same request would be answered the same.
    pub(super) fn is_certain(&self) -> bool {
        let retryable = self.body.get("retryable").and_then(Value::as_bool).unwrap_or(false);
        (200..300).contains(&self.status) || ((400..500).contains(&self.status) && !retryable)
    }

    /// What the caller knows once it has the answer.
    pub(super) fn outcome(&self) -> Outcome {
        if self.doubtful { Outcome::Unknown } else { outcome(self.status, &self.body) }
    }

    pub(super) fn bytes(&self) -> Bytes {
        match self.form {
            ErrorBody::Problem => serde_json::to_vec(&self.body).map(Bytes::from).unwrap_or_default(),
            ErrorBody::Html => Bytes::from_static(PAGE.as_bytes()),
            ErrorBody::Empty => Bytes::new(),
        }
    }

    pub(super) fn response(&self) -> Response<Payload> {
        self.respond(wire::whole(self.bytes()))
    }

    /// The answer with a body that breaks on its way; `end` is told whether all of it went.
    pub(super) fn broken_response(&self, broken: Broken, end: OnEnd) -> Response<Payload> {
        let bytes = self.bytes();
        let mut response = self.respond(broken.answer(&bytes, end));
        // An answer without a body can only break if it announces one.
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes.len().max(1)));
        response.extensions_mut().insert(broken.how);
        response
    }

    fn respond(&self, body: Payload) -> Response<Payload> {
        let media_type = match self.form {
            ErrorBody::Html => "text/html",
            _ if self.status < 400 => "application/json",
            _ => Problem::MEDIA_TYPE,
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(HeaderName::from_static(header::RETRY_AFTER), HeaderValue::from(seconds));
        }
        if self.replayed {
            headers.insert(HeaderName::from_static(header::REPLAYED), HeaderValue::from_static("true"));
        }
        response
    }
}

/// What a caller knows of a call that was answered like this: only a problem of the contract that proves it
/// makes a failure certain.
pub(super) fn outcome(status: u16, body: &Value) -> Outcome {
    if (200..300).contains(&status) {
        return Outcome::Ok;
    }
    let kind = body.get("type").and_then(Value::as_str);
    let kind = kind.and_then(counterproof_contracts::protocol::ProblemKind::from_uri);
    match kind {
        Some(kind) if kind.proves_no_effect() && kind.status() == status => Outcome::Fail,
        _ => Outcome::Unknown,
    }
}
