//! One answer per idempotency key: the first is kept, repetitions get it again.
//!
//! A key is refused with another request, and while its first request is under way. Kept are answers that
//! are certain (2xx and 4xx that a repetition would not change); the oldest go when memory is short.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use counterproof_contracts::protocol::{Operation, Problem, ProblemKind};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{bounded::Bounded, reply::Answer};

/// How many bytes of answers a system keeps.
const KEPT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// What keeping an answer costs beside its body, in bytes.
const ENTRY_BYTES: usize = 256;

/// Digest of what was asked: operation, path and body, whatever the order of the body's fields.
pub(super) type Digest = [u8; 32];

/// What a key leads to.
#[derive(Debug)]
pub(super) enum Admission {
    /// Nobody used the key before; the slot keeps others out until an answer is kept or it is dropped.
    Fresh(Slot),
    /// The answer that was given before.
    Replay(Answer),
    /// The key may not be used.
    Refused(Problem),
}

/// The answers of a system.
#[derive(Clone)]
pub(super) struct AnswerStore(Arc<Mutex<Answers>>);

struct Answers {
    in_flight: BTreeMap<String, Digest>,
    kept: Bounded<String, Kept>,
    /// How many answers were ever kept.
    count: u64,
}

struct Kept {
    number: u64,
    digest: Digest,
    status: u16,
    body: Vec<u8>,
}

/// A key in use.
pub(super) struct Slot {
    store: AnswerStore,
    key: String,
    digest: Digest,
}

impl AnswerStore {
    pub(super) fn new() -> Self {
        let answers = Answers { in_flight: BTreeMap::new(), kept: Bounded::new(KEPT_BYTES_MAX), count: 0 };
        Self(Arc::new(Mutex::new(answers)))
    }

    /// Asks for the use of a key.
    pub(super) fn admit(&self, key: &str, digest: Digest) -> Admission {
        let mut answers = self.answers();
        if let Some(first) = answers.in_flight.get(key) {
            return Admission::Refused(if *first == digest {
                Problem::new(ProblemKind::ConcurrentRequest, format!("key {key:?} is being worked on"))
            } else {
                reused(key)
            });
        }
        if let Some(kept) = answers.kept.get(&key.to_owned()) {
            return if kept.digest == digest {
                Admission::Replay(kept.answer())
            } else {
                Admission::Refused(reused(key))
            };
        }
        answers.in_flight.insert(key.to_owned(), digest);
        Admission::Fresh(Slot { store: self.clone(), key: key.to_owned(), digest })
    }

    /// How many answers were kept until now.
    pub(super) fn count(&self) -> u64 {
        self.answers().count
    }

    /// Forgets the answers that were kept after so many.
    pub(super) fn forget_after(&self, count: u64) {
        self.answers().kept.retain(|kept| kept.number <= count);
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reused(key: &str) -> Problem {
    Problem::new(ProblemKind::IdempotencyKeyReused, format!("key {key:?} was used with another request"))
}

impl Kept {
    fn answer(&self) -> Answer {
        let body = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
        Answer { replayed: true, ..Answer::success(self.status, body) }
    }
}

impl Slot {
    /// Keeps the answer if it is certain. Either way the key is free of its first request.
    pub(super) fn finish(self, answer: &Answer) {
        if answer.is_certain() {
            let body = answer.bytes().to_vec();
            let weight = body.len() + self.key.len() * 2 + ENTRY_BYTES;
            let mut answers = self.store.answers();
            answers.count += 1;
            let kept = Kept { number: answers.count, digest: self.digest, status: answer.status, body };
            answers.kept.insert(self.key.clone(), kept, weight);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.store.answers().in_flight.remove(&self.key);
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Slot({})", self.key)
    }
}

/// The digest of a request.
pub(super) fn digest(operation: Operation, path: &str, body: &Value) -> Digest {
    let mut asked = format!("{}\n{path}\n", operation.id).into_bytes();
    // A value's fields are sorted, and it always has a JSON form.
    let _ = serde_json::to_writer(&mut asked, body);
    Sha256::digest(asked).into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use counterproof_contracts::protocol::erp;

    use super::*;

    #[test]
    fn a_digest_knows_bodies_apart_but_not_the_order_of_fields() {
        let of = |text: &str| digest(erp::POST_INVOICE, "/v1/invoices", &serde_json::from_str(text).unwrap());
        assert_eq!(of(r#"{"a":1,"b":[1,2]}"#), of(r#"{"b":[1,2],"a":1}"#));
        assert_ne!(of(r#"{"b":[1,2]}"#), of(r#"{"b":[2,1]}"#));
        assert_ne!(of(r#"{"b":[12]}"#), of(r#"{"b":[1,2]}"#));
        assert_ne!(of(r#"{"b":"1"}"#), of(r#"{"b":1}"#));
    }

    #[test]
    fn an_uncertain_answer_and_a_dropped_request_leave_the_key_free() {
        let store = AnswerStore::new();
        let problem = Problem::new(ProblemKind::Unavailable, "later");
        match store.admit("k", [1; 32]) {
            Admission::Fresh(slot) => slot.finish(&Answer::problem(&problem)),
            other => panic!("{other:?}"),
        }
        assert!(matches!(store.admit("k", [2; 32]), Admission::Fresh(_)));
        assert!(matches!(store.admit("k", [1; 32]), Admission::Fresh(_)));
    }
}
