//! What was read of an order's audit trail.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use serde_json::Value;

use crate::{
    journal::{Exchange, Outcome},
    model::{CorrelationId, Timestamp},
    protocol::middleware,
};

/// What the last exchange showed of the trail, where it read it.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Reading {
    /// The first record whose number is another: the expected one, and its own.
    pub(in crate::invariants) gap: Option<(u64, u64)>,
    /// The first record that is not what was read before.
    pub(in crate::invariants) changed: Option<usize>,
    /// The first record that happened after it was recorded, or was recorded before its predecessor.
    pub(in crate::invariants) misdated: Option<u64>,
    /// Records of chains in which nobody acted for the order.
    pub(in crate::invariants) strange: Vec<(u64, CorrelationId)>,
}

/// The audit trail of an order, as far as it was read.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct AuditBook {
    /// Fingerprints of the records, as they were read last.
    known: Vec<u64>,
    /// Where it was read before the last time.
    pub(in crate::invariants) read_before: Option<u64>,
    read: Option<u64>,
    /// What the last exchange of the order showed, if it read the trail.
    pub(in crate::invariants) reading: Option<Reading>,
}

impl AuditBook {
    /// Takes an exchange. `acted` tells whether somebody acted for the order in a chain.
    pub(super) fn apply(&mut self, seq: u64, exchange: &Exchange, acted: impl Fn(&CorrelationId) -> bool) {
        self.reading = None;
        let is_reading =
            exchange.operation == middleware::READ_AUDIT_TRAIL.id && exchange.outcome == Outcome::Ok;
        let Some(items) = exchange.response.get("items").and_then(Value::as_array).filter(|_| is_reading)
        else {
            return;
        };
        self.read_before = self.read.replace(seq);
        let mut reading = Reading::default();
        let mut before: Option<Timestamp> = None;
        let (mut expected, mut now) = (1, Vec::with_capacity(items.len()));
        for item in items {
            let number = item.get("sequence").and_then(Value::as_u64).unwrap_or(0);
            if number != expected {
                reading.gap.get_or_insert((expected, number));
            }
            expected += 1;
            let recorded = instant(item, "recorded_at");
            if instant(item, "occurred_at") > recorded || recorded < before {
                reading.misdated.get_or_insert(number);
            }
            before = recorded;
            let chain = item.get("correlation_id").and_then(Value::as_str).unwrap_or_default();
            let chain = CorrelationId::new(chain);
            if !acted(&chain) {
                reading.strange.push((number, chain));
            }
            now.push(fingerprint(item));
        }
        let same = self.known.iter().zip(&now).take_while(|(known, now)| known == now).count();
        reading.changed = (same < self.known.len()).then_some(same + 1);
        self.known = now;
        self.reading = Some(reading);
    }
}

fn instant(item: &Value, name: &str) -> Option<Timestamp> {
    item.get(name)?.as_str()?.parse().ok()
}

fn fingerprint(item: &Value) -> u64 {
    FixedState::default().hash_one(item.to_string())
}

#[cfg(test)]
pub(in crate::invariants) mod testing {
    use serde_json::{Value, json};

    /// A trail with these numbers and texts.
    pub(in crate::invariants) fn trail<'t>(records: impl IntoIterator<Item = (u64, &'t str)>) -> Value {
        let items: Vec<Value> = records
            .into_iter()
            .map(|(number, text)| {
                json!({
                    "sequence": number, "order_number": "W-17", "text": text, "source_system": "storefront",
                    "correlation_id": "c-order", "causation_id": "k-1", "occurred_at": "2026-11-27T08:00:00Z",
                    "recorded_at": "2026-11-27T08:00:01Z",
                })
            })
            .collect();
        json!({ "order_number": "W-17", "items": items })
    }
}
