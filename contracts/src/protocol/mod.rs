//! How systems talk: operations over HTTP, events, headers, problems, signatures.
//!
//! The published OpenAPI and AsyncAPI files are the contract; a test holds the tables here against them.

mod event;
mod governance;
mod messages;
mod operation;
mod problem;
pub mod signature;
mod token;

pub use event::*;
pub use governance::{Criticality, Declaration, Governance, Latency, Owner, Volume};
pub use messages::*;
pub use operation::*;
pub use problem::*;
pub use token::{MalformedToken, Token, Tokens};

/// Header names, in lower case as HTTP libraries keep them.
pub mod header {
    /// One intent to act, whatever the number of its attempts. On every call that creates.
    pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
    /// The chain of messages that one business request set off. On every call.
    pub const CORRELATION_ID: &str = "correlation-id";
    /// The message that caused this call: an event's id, or the idempotency key of a request.
    pub const CAUSATION_ID: &str = "causation-id";
    /// W3C Trace Context. On every call.
    pub const TRACEPARENT: &str = "traceparent";
    /// Seconds to wait before the next attempt; on 429 and 503.
    pub const RETRY_AFTER: &str = "retry-after";
    /// Present with value `true` on an answer that was stored for the same idempotency key.
    pub const REPLAYED: &str = "idempotency-replayed";
    /// Version of the interface that answers; on every answer of the middleware.
    pub const API_VERSION: &str = "api-version";
}

/// Version of the middleware's interface: major and minor, as its OpenAPI file has it.
pub const API_VERSION: &str = "1.1";

/// Largest request or response body in bytes; above it a server answers 413.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting of a JSON document.
pub const JSON_DEPTH_MAX: usize = 64;
