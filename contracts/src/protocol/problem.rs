//! Errors on the wire: RFC 9457 problem details with a type from this list and a `retryable` flag.

use serde::{Deserialize, Serialize};

use crate::model::Date;

/// The kinds of problem that a contract knows. The wire form is `urn:counterproof:problem:<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// 400: the body is no JSON, or too deep.
    MalformedBody,
    /// 401: signature missing, wrong or too old.
    InvalidSignature,
    /// 401: the caller's credentials have expired; the same call is taken with new ones.
    CredentialsExpired,
    /// 401: the caller does not prove who it is.
    Unauthenticated,
    /// 402: the payment provider declined.
    PaymentDeclined,
    /// 403: the caller may not do this, or reaches another's order.
    Forbidden,
    /// 404: no such document.
    NotFound,
    /// 404: no such operation.
    UnknownOperation,
    /// 409: the same idempotency key is being worked on.
    ConcurrentRequest,
    /// 409: the document's state does not allow it.
    IllegalState,
    /// 409: not enough stock.
    InsufficientStock,
    /// 409: not enough money authorized, captured or on the account.
    InsufficientFunds,
    /// 413: the body is too large.
    BodyTooLarge,
    /// 422: the document breaks its schema; `errors` names the places.
    InvalidDocument,
    /// 422: the idempotency key was used with another body.
    IdempotencyKeyReused,
    /// 422: the document is well formed and cannot be accepted (unknown line, wrong currency, sums).
    BusinessRule,
    /// 422: the goods may not be returned.
    NotReturnable,
    /// 422: the document names a product or place that is not known yet; `errors` says where. The same call is taken
    /// once it is known.
    UnknownReference,
    /// 422: the accounting period of the document is closed; `open_from` says from when on documents are taken.
    PeriodClosed,
    /// 423: somebody works on the document; the same call is taken later.
    DocumentLocked,
    /// 429: too many calls; see `Retry-After`.
    TooManyRequests,
    /// 500: the system failed; the outcome is unknown.
    InternalError,
    /// 503: the system does not work at present; see `Retry-After`.
    Unavailable,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 23] = [
        Self::MalformedBody,
        Self::InvalidSignature,
        Self::CredentialsExpired,
        Self::Unauthenticated,
        Self::PaymentDeclined,
        Self::Forbidden,
        Self::NotFound,
        Self::UnknownOperation,
        Self::ConcurrentRequest,
        Self::IllegalState,
        Self::InsufficientStock,
        Self::InsufficientFunds,
        Self::BodyTooLarge,
        Self::InvalidDocument,
        Self::IdempotencyKeyReused,
        Self::BusinessRule,
        Self::NotReturnable,
        Self::UnknownReference,
        Self::PeriodClosed,
        Self::DocumentLocked,
        Self::TooManyRequests,
        Self::InternalError,
        Self::Unavailable,
    ];

    /// Last part of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MalformedBody => "malformed-body",
            Self::InvalidSignature => "invalid-signature",
            Self::CredentialsExpired => "credentials-expired",
            Self::Unauthenticated => "unauthenticated",
            Self::PaymentDeclined => "payment-declined",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::UnknownOperation => "unknown-operation",
            Self::ConcurrentRequest => "concurrent-request",
            Self::IllegalState => "illegal-state",
            Self::InsufficientStock => "insufficient-stock",
            Self::InsufficientFunds => "insufficient-funds",
            Self::BodyTooLarge => "body-too-large",
            Self::InvalidDocument => "invalid-document",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::BusinessRule => "business-rule",
            Self::NotReturnable => "not-returnable",
            Self::UnknownReference => "unknown-reference",
            Self::PeriodClosed => "period-closed",
            Self::DocumentLocked => "document-locked",
            Self::TooManyRequests => "too-many-requests",
            Self::InternalError => "internal-error",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedBody => 400,
            Self::InvalidSignature | Self::CredentialsExpired | Self::Unauthenticated => 401,
            Self::PaymentDeclined => 402,
            Self::Forbidden => 403,
            Self::NotFound | Self::UnknownOperation => 404,
            Self::ConcurrentRequest
            | Self::IllegalState
            | Self::InsufficientStock
            | Self::InsufficientFunds => 409,
            Self::BodyTooLarge => 413,
            Self::InvalidDocument
            | Self::IdempotencyKeyReused
            | Self::BusinessRule
            | Self::NotReturnable
            | Self::UnknownReference
            | Self::PeriodClosed => 422,
            Self::DocumentLocked => 423,
            Self::TooManyRequests => 429,
            Self::InternalError => 500,
            Self::Unavailable => 503,
        }
    }

    /// Whether the same request may succeed later.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::CredentialsExpired
                | Self::ConcurrentRequest
                | Self::UnknownReference
                | Self::DocumentLocked
                | Self::TooManyRequests
                | Self::InternalError
                | Self::Unavailable
        )
    }

    /// Whether the problem proves that the request had no effect.
    pub const fn proves_no_effect(self) -> bool {
        !matches!(self, Self::InternalError | Self::Unavailable | Self::ConcurrentRequest)
    }

    /// A short sentence for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MalformedBody => "The body is not readable JSON",
            Self::InvalidSignature => "The signature is missing, wrong or too old",
            Self::CredentialsExpired => "The caller's credentials have expired",
            Self::Unauthenticated => "The caller does not prove who it is",
            Self::PaymentDeclined => "The payment was declined",
            Self::Forbidden => "The caller may not do this",
            Self::NotFound => "No such document",
            Self::UnknownOperation => "No such operation",
            Self::ConcurrentRequest => "The same request is being worked on",
            Self::IllegalState => "The document's state does not allow it",
            Self::InsufficientStock => "Not enough stock",
            Self::InsufficientFunds => "Not enough money",
            Self::BodyTooLarge => "The body is too large",
            Self::InvalidDocument => "The document does not match its schema",
            Self::IdempotencyKeyReused => "The idempotency key was used with another body",
            Self::BusinessRule => "The document cannot be accepted",
            Self::NotReturnable => "The goods may not be returned",
            Self::UnknownReference => "The document names what is not known",
            Self::PeriodClosed => "The accounting period is closed",
            Self::DocumentLocked => "Somebody works on the document",
            Self::TooManyRequests => "Too many requests",
            Self::InternalError => "The system failed",
            Self::Unavailable => "The system is unavailable",
        }
    }

    /// The type URI.
    pub fn uri(self) -> String {
        format!("urn:counterproof:problem:{}", self.name())
    }

    /// The kind with this type URI.
    pub fn from_uri(uri: &str) -> Option<Self> {
        let name = uri.strip_prefix("urn:counterproof:problem:")?;
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A place in a document that breaks its schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the document.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

/// Problem details (RFC 9457). Media type `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{title}: {detail}")]
pub struct Problem {
    /// Type URI, see [`ProblemKind::uri`].
    #[serde(rename = "type")]
    pub kind: String,
    /// Short sentence, the same for each problem of the type.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Where a document breaks its schema.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// With [`ProblemKind::PeriodClosed`]: the first day that documents may be dated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_from: Option<Date>,
}

impl Problem {
    /// Media type of problem details.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem of a kind.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.uri(),
            title: kind.title().to_owned(),
            status: kind.status(),
            detail: detail.into(),
            retryable: kind.retryable(),
            errors: Vec::new(),
            open_from: None,
        }
    }

    /// The document breaks its schema at these places.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .first()
            .map_or_else(String::new, |error| format!("at {:?}: {}", error.pointer, error.detail));
        Self { errors, ..Self::new(ProblemKind::InvalidDocument, detail) }
    }

    /// The kind, where the contract knows it.
    pub fn problem_kind(&self) -> Option<ProblemKind> {
        ProblemKind::from_uri(&self.kind)
    }
}
