//! Fault plans: what is to go wrong between the systems, as data.
//!
//! A fault names a link, an operation or event type, an order and the attempts that it hits, never the order of
//! calls, so that a plan means the same live, in virtual time and after faults were taken out of it. Plans are
//! read and checked here; nothing here makes anything go wrong.

mod check;
mod link;
mod misfortune;
mod read;
mod refusal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    journal::FaultInjected,
    model::{OrderNumber, System},
};

pub use link::{Direction, Link, LinkError};
pub use misfortune::{Break, CrashPoint, DriftChange, Ending, ErrorBody, KINDS, Kind, Misfortune, Moment};
pub use refusal::{Reason, Refusal};

/// The format of a plan.
pub const FORMAT: &str = "counterproof-faults/1";
/// What stands in a key for the scenario's part of all identifiers, so that a plan fits every seed.
pub const SCENARIO: &str = "{scenario}";
/// The highest level of chaos.
pub const CHAOS_LEVEL_MAX: u8 = 3;

/// A plan of faults for one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: String,
    /// What the plan is for.
    pub name: String,
    /// What goes wrong. Of several faults that fit a message at the same moment, the first decides.
    pub faults: Vec<Fault>,
}

/// A misfortune and whom it hits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The name in journal and report.
    pub name: String,
    /// Between whom, in which direction.
    pub link: Link,
    /// `operationId` or type of the event; all where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Which order; every order of the scenario where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderKey>,
    /// The intent: the idempotency key or event id, in which [`SCENARIO`] stands for the scenario's part of
    /// all identifiers; every intent where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Attempts with the same intent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attempts: Attempts,
    /// When, on the scenario's clock; always where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// The share of fitting attempts that are hit, drawn for each from the seed; all where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// Whether the fault stays when all others are healed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub permanent: bool,
    /// What goes wrong.
    pub misfortune: Misfortune,
}

impl Fault {
    /// A fault of every first attempt on a link.
    pub fn new(name: impl Into<String>, link: Link, misfortune: Misfortune) -> Self {
        Self {
            name: name.into(),
            link,
            operation: None,
            order: None,
            key: None,
            attempts: Attempts::default(),
            window: None,
            percent: None,
            permanent: false,
            misfortune,
        }
    }

    /// The same on one operation or type of event.
    #[must_use]
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// The same on these attempts.
    #[must_use]
    pub const fn attempts(mut self, attempts: Attempts) -> Self {
        self.attempts = attempts;
        self
    }

    /// The same within a window.
    #[must_use]
    pub const fn within(mut self, window: Window) -> Self {
        self.window = Some(window);
        self
    }
}

/// Which order a fault hits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OrderKey {
    /// The n-th order of the scenario, from 1.
    Ordinal(u32),
    /// The order with this number.
    Number(OrderNumber),
}

/// Attempts from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// The first, from 1.
    pub from: u32,
    /// The last; without it all that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
}

impl Attempts {
    /// Every attempt.
    pub const ALL: Self = Self { from: 1, to: None };

    /// The first attempts, so many.
    pub const fn first(count: u32) -> Self {
        Self { from: 1, to: Some(count) }
    }

    /// Whether an attempt is one of them.
    pub fn contains(self, attempt: u32) -> bool {
        attempt >= self.from && self.to.is_none_or(|to| attempt <= to)
    }

    fn overlap(self, other: Self) -> bool {
        let last = |attempts: Self| attempts.to.unwrap_or(u32::MAX);
        self.from <= last(other) && other.from <= last(self)
    }
}

impl Default for Attempts {
    /// The first attempt only.
    fn default() -> Self {
        Self::first(1)
    }
}

/// A span of time on the scenario's clock, once or again and again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// When it opens, in milliseconds from the scenario's beginning, or from the first message.
    #[serde(default, skip_serializing_if = "is_default")]
    pub after_ms: u64,
    /// Whether it is reckoned from the first message that the fault would concern, and not from the scenario's beginning:
    /// whoever comes later than planned meets it all the same.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_contact: bool,
    /// How long it is open, in milliseconds; without it for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
    /// From one opening to the next, in milliseconds: the fault comes and goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every_ms: Option<u64>,
}

impl Window {
    /// Whether it is open at an instant, in milliseconds from the scenario's beginning.
    pub fn is_open(self, at_ms: u64) -> bool {
        let Some(since) = at_ms.checked_sub(self.after_ms) else { return false };
        let since = self.every_ms.filter(|every| *every > 0).map_or(since, |every| since % every);
        self.for_ms.is_none_or(|length| since < length)
    }

    /// How long it stays open from an instant at which it is, in milliseconds; `None`: for ever.
    pub fn closes_in(self, at_ms: u64) -> Option<u64> {
        let since = at_ms.saturating_sub(self.after_ms);
        let since = self.every_ms.filter(|every| *every > 0).map_or(since, |every| since % every);
        self.for_ms.map(|length| length.saturating_sub(since))
    }

    /// Whether two windows may be open at once. One that comes and goes counts as open from its beginning, one that waits
    /// for a message as open at any time.
    fn overlap(one: Option<Self>, other: Option<Self>) -> bool {
        let begin = |window: Option<Self>| {
            window.filter(|window| !window.on_contact).map_or(0, |window| window.after_ms)
        };
        let end = |window: Option<Self>| {
            let window = window.filter(|window| window.every_ms.is_none() && !window.on_contact)?;
            Some(window.after_ms.saturating_add(window.for_ms?))
        };
        end(other).is_none_or(|end| begin(one) < end) && end(one).is_none_or(|end| begin(other) < end)
    }
}

impl Plan {
    /// A plan of faults.
    pub fn new(name: impl Into<String>, faults: Vec<Fault>) -> Self {
        Self { format: FORMAT.to_owned(), name: name.into(), faults }
    }

    /// Chaos of a level on every link.
    pub fn chaos(level: u8) -> Self {
        let fault = |link| {
            Fault::new(format!("chaos on {link}"), link, Misfortune::Chaos { level }).attempts(Attempts::ALL)
        };
        Self::new(format!("chaos of level {level}"), Link::all().map(fault).collect())
    }

    /// Disorder of the highest level in what partners deliver by themselves. What channels deliver is what people
    /// want, in the order in which they want it, and is left alone.
    pub fn perturbation() -> Self {
        let Self { faults, .. } = Self::chaos(CHAOS_LEVEL_MAX);
        let channels = [System::Storefront, System::Marketplace, System::Pos, System::CustomerService];
        let told = |fault: &Fault| {
            fault.link.direction == Direction::Delivery && !channels.contains(&fault.link.system)
        };
        Self::new("perturbed deliveries", faults.into_iter().filter(told).collect())
    }

    /// The plan that a journal tells: each fault that happened, on the message and attempt where it did.
    /// Faults that were recorded without their misfortune are left out; windows are not told.
    pub fn of_journal<'j>(
        name: impl Into<String>,
        happened: impl IntoIterator<Item = &'j FaultInjected>,
    ) -> Self {
        let mut faults: Vec<Fault> = Vec::new();
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        for fault in happened.into_iter().filter_map(of_journal) {
            if faults.iter().any(|known| fault == Fault { name: fault.name.clone(), ..known.clone() }) {
                continue;
            }
            let count = names.entry(fault.name.clone()).or_insert(0);
            *count += 1;
            let name = if *count == 1 { fault.name.clone() } else { format!("{} ({count})", fault.name) };
            faults.push(Fault { name, ..fault });
        }
        Self::new(name, faults)
    }
}

fn of_journal(happened: &FaultInjected) -> Option<Fault> {
    let (link, misfortune) = happened.link.zip(happened.misfortune.clone())?;
    let attempt = happened.attempt.unwrap_or(1);
    Some(Fault {
        operation: happened.operation.clone(),
        order: happened.order.clone().map(OrderKey::Number),
        key: happened.key.clone(),
        attempts: Attempts { from: attempt, to: Some(attempt) },
        permanent: misfortune == Misfortune::CutOff,
        ..Fault::new(&happened.fault, link, misfortune)
    })
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
