//! Answers that commands got, kept so that the same command is answered the same.

use counterproof_contracts::protocol::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredAnswer {
    /// Digest of the request.
    pub fingerprint: String,
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

/// Where the answer to a command is to be kept.
#[derive(Debug, Clone)]
pub(crate) struct AnswerSlot {
    /// Key in the store.
    pub key: String,
    /// Digest of the request.
    pub fingerprint: String,
    /// HTTP status of success.
    pub success: u16,
}

impl AnswerSlot {
    /// The answer to keep.
    pub(crate) fn fill(&self, answer: &Result<Value, Problem>) -> StoredAnswer {
        let (status, body) = match answer {
            Ok(body) => (self.success, body.clone()),
            Err(problem) => (problem.status, serde_json::to_value(problem).unwrap_or_default()),
        };
        StoredAnswer { fingerprint: self.fingerprint.clone(), status, body }
    }
}
