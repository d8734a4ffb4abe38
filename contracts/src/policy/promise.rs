//! What a retailer declares of how long it takes until goods arrive, and of customers who must wait longer than they were told.

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Time, tz::Offset};
use serde::{Deserialize, Serialize};

use crate::model::{NodeId, Timestamp};

/// How goods are sent where an order names no way.
const ORDINARY: &str = "standard";

/// How long it takes until goods arrive, and what customers are told who must wait longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromisePolicy {
    /// Ways of sending, by name; `standard` is the ordinary one.
    pub methods: BTreeMap<String, ShippingTimes>,
    /// Hours that a node takes until goods leave, where it takes longer than others.
    pub slow_nodes: BTreeMap<NodeId, u32>,
    /// Days until goods are there that nobody has.
    pub back_order_days: u32,
    /// Minutes in which the channel is told after it can be seen that a promise is not kept.
    pub told_within_minutes: u32,
    /// By how many days a first delay may be for silence to be consent.
    pub silence_up_to_days: u32,
    /// Hours, at the least, in which a customer may say whether to wait.
    pub consent_hours: u32,
}

/// How long a way of sending takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingTimes {
    /// Hours from when a node is asked until goods leave.
    pub handling_hours: u32,
    /// Hours from then until they arrive.
    pub transit_hours: u32,
}

impl Default for PromisePolicy {
    /// A store picks beside its customers, so it takes longer. Silence is consent to a first delay of up to 30 days, as 16 CFR 435.2
    /// has it.
    fn default() -> Self {
        let times = |handling_hours, transit_hours| ShippingTimes { handling_hours, transit_hours };
        Self {
            methods: BTreeMap::from([
                (ORDINARY.to_owned(), times(24, 48)),
                ("express".to_owned(), times(12, 24)),
            ]),
            slow_nodes: BTreeMap::from([("store-12".into(), 48), ("store-27".into(), 48)]),
            back_order_days: 14,
            told_within_minutes: 60,
            silence_up_to_days: 30,
            consent_hours: 48,
        }
    }
}

impl PromisePolicy {
    /// Whether times are declared for a way of sending.
    pub fn knows(&self, method: &str) -> bool {
        self.methods.contains_key(method)
    }

    fn times(&self, method: Option<&str>) -> ShippingTimes {
        let named = method.and_then(|method| self.methods.get(method));
        let none = ShippingTimes { handling_hours: 0, transit_hours: 0 };
        named.or_else(|| self.methods.get(ORDINARY)).copied().unwrap_or(none)
    }

    /// How long goods are on their way.
    pub fn transit(&self, method: Option<&str>) -> SignedDuration {
        hours(self.times(method).transit_hours)
    }

    /// How long a node takes until goods leave that it is asked for; `None`: whichever ships them.
    pub fn handling(&self, method: Option<&str>, node: Option<&NodeId>) -> SignedDuration {
        let slow = node.and_then(|node| self.slow_nodes.get(node)).copied().unwrap_or(0);
        hours(self.times(method).handling_hours.max(slow))
    }

    /// How long it takes until goods are there that nobody has.
    pub fn supply(&self) -> SignedDuration {
        hours(self.back_order_days.saturating_mul(24))
    }

    /// When goods must have left that are to arrive by then.
    pub fn latest_departure(&self, method: Option<&str>, promised_by: Timestamp) -> Timestamp {
        promised_by.checked_sub(self.transit(method)).unwrap_or(Timestamp::MIN)
    }

    /// How long after it can be seen that a promise is not kept the channel may be told.
    pub fn told_within(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.told_within_minutes))
    }

    /// Up to which date silence is consent to the first delay of what was promised by then.
    pub fn silence_up_to(&self, promised_by: Timestamp) -> Timestamp {
        later(promised_by, hours(self.silence_up_to_days.saturating_mul(24)))
    }

    /// How long a customer has, at the least, to say whether to wait.
    pub fn consent(&self) -> SignedDuration {
        hours(self.consent_hours)
    }

    /// The date that a customer is told: days are promised, not hours.
    pub fn date(arrives: Timestamp) -> Timestamp {
        let moment = Offset::UTC.to_datetime(arrives);
        if moment.time() == Time::midnight() {
            return arrives;
        }
        let end = moment.date().tomorrow().map(|day| day.to_datetime(Time::midnight()));
        end.and_then(|end| Offset::UTC.to_timestamp(end)).unwrap_or(arrives)
    }
}

fn hours(count: u32) -> SignedDuration {
    SignedDuration::from_hours(i64::from(count))
}

/// So much later.
pub fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::PromisePolicy;
    use crate::model::Timestamp;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_promised_to_its_end() {
        assert_eq!(PromisePolicy::date(at("2026-12-04T08:00:01Z")), at("2026-12-05T00:00:00Z"));
        assert_eq!(PromisePolicy::date(at("2026-12-05T00:00:00Z")), at("2026-12-05T00:00:00Z"));
    }

    #[test]
    fn a_slow_node_and_an_unknown_way_take_what_is_declared() {
        let policy = PromisePolicy::default();
        let store = "store-12".into();
        assert_eq!(policy.handling(Some("express"), None).as_hours(), 12);
        assert_eq!(policy.handling(Some("express"), Some(&store)).as_hours(), 48);
        assert_eq!(policy.transit(Some("by balloon")), policy.transit(None));
        assert_eq!(policy.latest_departure(None, at("2026-12-05T00:00:00Z")), at("2026-12-03T00:00:00Z"));
    }
}
