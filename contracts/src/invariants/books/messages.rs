//! Messages about one order: events and their deliveries, calls and their keys, chains of causes.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, Hash, Hasher},
};

use foldhash::fast::{FixedState, FoldHasher};
use serde_json::Value;

use super::{Map, NewCount};
use crate::{
    faults::{DriftChange, Misfortune},
    journal::{Committed, Effect, Exchange, FaultInjected, Outcome},
    model::{CorrelationId, EventId, FeedId, System, Timestamp},
    protocol::{DeadLetter, DeadLetterList, Operation, middleware, signature::TOLERANCE_SECONDS},
};

/// An event that a partner raised.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct EventBook {
    pub(in crate::invariants) source: System,
    pub(in crate::invariants) event_type: String,
    pub(in crate::invariants) subject: String,
    pub(in crate::invariants) seq: u64,
}

/// Deliveries of one event. They may be recorded before the event itself is.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Deliveries {
    pub(in crate::invariants) acknowledged: bool,
    /// When it was acknowledged first.
    pub(in crate::invariants) acknowledged_at: Option<Timestamp>,
    pub(in crate::invariants) last_status: Option<u16>,
    pub(in crate::invariants) seqs: Vec<u64>,
}

/// All attempts at one intent with one key.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Attempt {
    pub(in crate::invariants) key: String,
    pub(in crate::invariants) started_at: Timestamp,
    /// Whether an outcome was unknown before one was known.
    pub(in crate::invariants) unknown: bool,
    /// Since when the outcome is known, whatever becomes of attempts that were on their way.
    pub(in crate::invariants) known_at: Option<Timestamp>,
    /// How often a definite refusal was answered.
    pub(in crate::invariants) refused: u32,
    pub(in crate::invariants) seqs: Vec<u64>,
}

/// How often and when a key was sent.
#[derive(Debug, Clone, Copy)]
pub(in crate::invariants) struct Pace {
    /// Attempts since the sender last began anew: at first, after it was killed, or because a person asked.
    pub(in crate::invariants) attempts: u32,
    pub(in crate::invariants) started_at: Timestamp,
    /// Seconds that the partner asked to wait; 0: it did not ask.
    pub(in crate::invariants) wait_s: u32,
    pub(in crate::invariants) seq: u64,
    failed: bool,
}

/// Messages of one order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct OrderMessages {
    pub(in crate::invariants) events: BTreeMap<EventId, EventBook>,
    pub(in crate::invariants) deliveries: BTreeMap<EventId, Deliveries>,
    pub(in crate::invariants) dead_letters: BTreeSet<(System, String)>,
    /// The feed in which the order was handed out first, and where.
    pub(in crate::invariants) listed: Option<(FeedId, u64)>,
    /// Chains that a channel or partner started for this order.
    pub(in crate::invariants) roots: BTreeSet<CorrelationId>,
    /// Chains in which systems acted for this order because they were called, and where first.
    pub(in crate::invariants) chains: BTreeMap<CorrelationId, (System, u64)>,
    intents: Map<u64, Vec<Attempt>>,
    latest_intent: u64,
    /// What was first wanted under a key, and where, by the key's fingerprint.
    wanted: Map<u64, (u64, u64)>,
    /// Where the key of the last keyed call of the middleware was used first, if for something else.
    pub(in crate::invariants) reused: Option<u64>,
    /// When a key was sent last, by its fingerprint.
    paces: Map<u64, Pace>,
    /// How long a partner asked to wait in the answer that comes next under a key, in seconds.
    waits: Map<u64, u32>,
    /// The attempt before the last keyed call of the middleware under the same key, if that failed.
    pub(in crate::invariants) previous: Option<Pace>,
    /// Deliveries whose signature is wrong or too old, and calls without their caller's token, by event or key and
    /// attempt, and why.
    pub(in crate::invariants) forged: BTreeMap<(EventId, u32), &'static str>,
    /// Fingerprint of the key that an effect was committed for, by line of the journal.
    keys: Map<u64, u64>,
    /// Events that came with a code which nobody knows yet.
    unreadable: BTreeSet<EventId>,
    /// Lines of the journal with calls of a key, by its fingerprint.
    calls: Map<u64, Vec<u64>>,
}

impl OrderMessages {
    /// The attempts at the intent of the last keyed call of the middleware, by key.
    pub(in crate::invariants) fn latest_attempts(&self) -> &[Attempt] {
        self.intents.get(&self.latest_intent).map_or(&[], Vec::as_slice)
    }

    /// When the middleware first acknowledged an event about something.
    pub(in crate::invariants) fn told_of(&self, subject: &str) -> Option<Timestamp> {
        let about = self.events.iter().filter(|(_, event)| event.subject == subject);
        about.filter_map(|(id, _)| self.deliveries.get(id)?.acknowledged_at).min()
    }

    /// Whether the middleware was told something about it with a code that nobody knows yet.
    pub(in crate::invariants) fn told_unreadably_of(&self, subject: &str) -> bool {
        let about = |id: &EventId| self.events.get(id).is_some_and(|event| event.subject == subject);
        self.unreadable.iter().any(about)
    }

    /// Whether somebody acted for the order in a chain of messages, or asked the middleware to.
    pub(super) fn acted_in(&self, chain: &CorrelationId) -> bool {
        self.roots.contains(chain) || self.chains.contains_key(chain)
    }

    /// Whether the middleware acknowledged every event.
    pub(super) fn all_told(&self) -> bool {
        let told = |event| self.deliveries.get(event).is_some_and(|deliveries| deliveries.acknowledged);
        self.events.keys().all(told)
    }

    /// Lines of the journal with the calls that an effect was committed for.
    pub(in crate::invariants) fn calls_of(&self, effect_seq: u64) -> &[u64] {
        let calls = self.keys.get(&effect_seq).and_then(|key| self.calls.get(key));
        calls.map_or(&[], Vec::as_slice)
    }

    /// Lines of the journal with the calls of a key at a system.
    pub(in crate::invariants) fn calls_of_key(&self, system: System, key: Option<&str>) -> &[u64] {
        let calls = key.and_then(|key| self.calls.get(&fingerprint(system, key)));
        calls.map_or(&[], Vec::as_slice)
    }

    pub(super) fn apply_effect(&mut self, seq: u64, committed: &Committed) {
        // A page of a feed is read for many orders, in the chain of one.
        let listed = matches!(committed.effect, Effect::OrderListed { .. });
        if let Some(correlation) = committed.correlation.as_ref().filter(|_| !listed) {
            if committed.spontaneous {
                self.roots.insert(correlation.clone());
            } else {
                self.chains.entry(correlation.clone()).or_insert((committed.system, seq));
            }
        }
        if let Some(key) = &committed.key {
            self.keys.insert(seq, fingerprint(committed.system, key));
        }
        if let Effect::OrderListed { feed, .. } = &committed.effect {
            self.listed.get_or_insert_with(|| (feed.clone(), seq));
        }
        if let Effect::EventRaised { event_id, event_type, subject } = &committed.effect {
            self.events.entry(event_id.clone()).or_insert_with(|| EventBook {
                source: committed.system,
                event_type: event_type.clone(),
                subject: subject.clone(),
                seq,
            });
        }
    }

    /// Takes what a fault did to a message of the order.
    pub(super) fn apply_fault(&mut self, fault: &FaultInjected) {
        let Some(key) = &fault.key else { return };
        let forged = match &fault.misfortune {
            Some(Misfortune::ErrorAnswer { retry_after_s: Some(seconds), .. }) => {
                self.waits.insert(fingerprint(fault.system, key), *seconds);
                return;
            }
            Some(Misfortune::Drift { change: DriftChange::NewCode, .. }) => {
                self.unreadable.insert(EventId::new(key));
                return;
            }
            Some(Misfortune::OldSignature { with_new: false }) => "with a key that is no longer in use",
            Some(Misfortune::WrongToken { unknown: true }) => "a token that nobody has",
            Some(Misfortune::WrongToken { unknown: false }) => "no token",
            Some(Misfortune::StaleTimestamp { by_s }) if i64::from(*by_s) > TOLERANCE_SECONDS => "long ago",
            _ => return,
        };
        self.forged.insert((EventId::new(key), fault.attempt.unwrap_or(1)), forged);
    }

    pub(super) fn apply_exchange(
        &mut self,
        seq: u64,
        at: Timestamp,
        exchange: &Exchange,
        began_anew: Option<&NewCount>,
    ) {
        self.reused = None;
        self.previous = None;
        if let Some(key) = &exchange.key {
            self.calls.entry(fingerprint(exchange.to, key)).or_default().push(seq);
        }
        if exchange.to == System::Middleware {
            if let Some(correlation) = &exchange.correlation
                && exchange.operation != middleware::RECEIVE_EVENT.id
            {
                self.roots.insert(correlation.clone());
            }
            self.deliver(seq, at, exchange);
        } else if is_keyed(exchange) {
            self.attempt(seq, at, exchange);
            self.keep_pace(seq, exchange, began_anew);
        }
    }

    /// Keeps when a key was sent. What is recorded late, after a later attempt, tells nothing of the pause.
    fn keep_pace(&mut self, seq: u64, exchange: &Exchange, began_anew: Option<&NewCount>) {
        let Some(key) = &exchange.key else { return };
        let key = fingerprint(exchange.to, key);
        let known = self.paces.get(&key).copied();
        if known.is_some_and(|pace| pace.started_at > exchange.started_at) {
            return;
        }
        let counts = |pace: &Pace| began_anew.is_none_or(|anew| !anew.is_after(pace.seq, pace.started_at));
        let before = known.filter(counts);
        self.previous = before.filter(|pace| pace.failed);
        // The first attempt that comes after the count began anew may have been on its way before.
        let counted = u32::from(known.is_none() || before.is_some());
        let pace = Pace {
            attempts: before.map_or(0, |pace| pace.attempts).saturating_add(counted),
            started_at: exchange.started_at,
            wait_s: self.waits.remove(&key).or(exchange.retry_after_s).unwrap_or(0),
            seq,
            failed: exchange.outcome != Outcome::Ok,
        };
        self.paces.insert(key, pace);
    }

    fn deliver(&mut self, seq: u64, at: Timestamp, exchange: &Exchange) {
        if exchange.operation != middleware::RECEIVE_EVENT.id {
            return;
        }
        let Some(key) = &exchange.key else { return };
        let deliveries = self.deliveries.entry(EventId::new(key)).or_default();
        if exchange.outcome == Outcome::Ok {
            deliveries.acknowledged = true;
            deliveries.acknowledged_at.get_or_insert(at);
        }
        deliveries.last_status = exchange.status;
        deliveries.seqs.push(seq);
    }

    fn attempt(&mut self, seq: u64, at: Timestamp, exchange: &Exchange) {
        let Some(key) = &exchange.key else { return };
        self.latest_intent = intent(exchange);
        let wanted = self.wanted.entry(fingerprint(exchange.to, key)).or_insert((self.latest_intent, seq));
        self.reused = (wanted.0 != self.latest_intent).then_some(wanted.1);
        let attempts = self.intents.entry(self.latest_intent).or_default();
        let index = attempts.iter().position(|attempt| attempt.key == *key).unwrap_or_else(|| {
            attempts.push(Attempt {
                key: key.clone(),
                started_at: exchange.started_at,
                unknown: false,
                known_at: None,
                refused: 0,
                seqs: Vec::new(),
            });
            attempts.len() - 1
        });
        if let Some(attempt) = attempts.get_mut(index) {
            attempt.started_at = attempt.started_at.min(exchange.started_at);
            if exchange.outcome == Outcome::Ok || is_refusal(exchange) {
                attempt.known_at.get_or_insert(at);
            } else if attempt.known_at.is_none() {
                attempt.unknown |= exchange.outcome == Outcome::Unknown;
            }
            attempt.refused += u32::from(is_refusal(exchange));
            attempt.seqs.push(seq);
        }
    }
}

/// Whether a call of the middleware carries an idempotency key by contract.
fn is_keyed(exchange: &Exchange) -> bool {
    exchange.from == System::Middleware
        && Operation::find(exchange.to, &exchange.operation).is_some_and(|operation| operation.keyed)
}

/// Whether an answer is a definite refusal, which the same request meets again for ever.
fn is_refusal(exchange: &Exchange) -> bool {
    let retryable = || exchange.response.get("retryable").and_then(Value::as_bool).unwrap_or(false);
    exchange.outcome == Outcome::Fail
        && exchange
            .status
            .is_some_and(|status| (400..500).contains(&status) && !matches!(status, 408 | 425 | 429))
        && !retryable()
}

/// Fingerprint of a key at the system that was called with it.
fn fingerprint(system: System, key: &str) -> u64 {
    FixedState::default().hash_one((system, key))
}

/// Fingerprint of what is wanted from whom, whatever the key: the call and its body.
fn intent(exchange: &Exchange) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    exchange.to.hash(&mut hasher);
    exchange.call.hash(&mut hasher);
    hash_value(&exchange.request, &mut hasher);
    hasher.finish()
}

/// Hashes a JSON value. The order of an object's members does not matter: `serde_json` keeps them sorted.
fn hash_value(value: &Value, hasher: &mut FoldHasher<'_>) {
    match value {
        Value::Null => 0_u8.hash(hasher),
        Value::Bool(flag) => (1_u8, flag).hash(hasher),
        Value::Number(number) => (2_u8, number).hash(hasher),
        Value::String(text) => (3_u8, text).hash(hasher),
        Value::Array(items) => {
            (4_u8, items.len()).hash(hasher);
            for item in items {
                hash_value(item, hasher);
            }
        }
        Value::Object(members) => {
            (5_u8, members.len()).hash(hasher);
            for (name, member) in members {
                name.hash(hasher);
                hash_value(member, hasher);
            }
        }
    }
}

/// The dead letters that an exchange shows.
pub(super) fn dead_letters(exchange: &Exchange) -> Vec<DeadLetter> {
    if exchange.to != System::Middleware || exchange.operation != middleware::LIST_DEAD_LETTERS.id {
        return Vec::new();
    }
    <DeadLetterList as serde::Deserialize>::deserialize(&exchange.response)
        .map_or_else(|_| Vec::new(), |list| list.items)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    #[test]
    fn the_order_of_members_is_no_other_intent() {
        let hash = |text: &str| {
            let mut hasher = FixedState::default().build_hasher();
            hash_value(&serde_json::from_str(text).unwrap(), &mut hasher);
            hasher.finish()
        };
        let value = r#"{ "a": [1, { "b": null, "c": "x" }], "d": true }"#;
        assert_eq!(hash(value), hash(r#"{ "d": true, "a": [1, { "c": "x", "b": null }] }"#));
        for other in [
            r#"{ "a": [1, { "b": null, "c": "y" }], "d": true }"#,
            r#"{ "a": [{ "b": null, "c": "x" }, 1], "d": true }"#,
            r#"{ "a": [1, { "b": null, "d": "x" }], "d": true }"#,
            r#"{ "a": [1, { "b": null, "c": "x" }] }"#,
        ] {
            assert_ne!(hash(value), hash(other), "{other}");
        }
    }
}
