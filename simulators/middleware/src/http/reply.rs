//! Answers: JSON documents and problem details.

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use counterproof_contracts::protocol::{API_VERSION, Problem, ProblemKind, header};
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, WWW_AUTHENTICATE},
};
use serde::Serialize;
use serde_json::Value;

use crate::door::store::StoreError;

/// Seconds after which a caller may try again what failed at the store, or was too much.
const RETRY_AFTER_SECONDS: &str = "1";

/// What the caller of a middleware that was killed gets: a body that never comes to its end, so that whoever
/// serves or carries it breaks the connection off.
pub(super) fn broken_off() -> Response {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let end = futures::stream::once(async { Err::<Bytes, _>(broken) });
    let mut response = Response::new(Body::from_stream(end));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// What a caller gets.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    status: u16,
    body: Option<Value>,
    replayed: bool,
}

impl Reply {
    /// A document.
    pub(super) fn document(status: u16, body: &impl Serialize) -> Self {
        Self { status, body: Some(serde_json::to_value(body).unwrap_or_default()), replayed: false }
    }

    /// No body.
    pub(super) const fn empty(status: u16) -> Self {
        Self { status, body: None, replayed: false }
    }

    /// An answer that was stored.
    pub(super) const fn stored(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), replayed: true }
    }

    /// An error.
    pub(super) fn problem(problem: &Problem) -> Self {
        Self::document(problem.status, problem)
    }

    /// The store failed: the caller may try again.
    pub(super) fn store_failed(error: &StoreError) -> Self {
        tracing::error!(%error, "store failed");
        Self::problem(&Problem::new(
            ProblemKind::Unavailable,
            "the middleware cannot keep anything at present",
        ))
    }

    /// What a command was answered.
    pub(super) fn answer(success: u16, answer: Result<Value, Problem>) -> Self {
        match answer {
            Ok(body) => Self { status: success, body: Some(body), replayed: false },
            Err(problem) => Self::problem(&problem),
        }
    }

    /// As HTTP.
    pub(super) fn render(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let failed = self.status >= 400;
        let kind = self.body.as_ref().and_then(|body| body.get("type")?.as_str());
        let unauthenticated = kind.and_then(ProblemKind::from_uri) == Some(ProblemKind::Unauthenticated);
        if let Some(body) = self.body {
            *response.body_mut() = Body::from(serde_json::to_vec(&body).unwrap_or_default());
            let media_type = if failed { Problem::MEDIA_TYPE } else { "application/json" };
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        let later = [ProblemKind::Unavailable, ProblemKind::TooManyRequests].map(ProblemKind::status);
        if later.contains(&self.status) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response.headers_mut().insert(header::API_VERSION, HeaderValue::from_static(API_VERSION));
        if unauthenticated {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.replayed {
            response.headers_mut().insert(header::REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
