//! Rules: the faults of a plan, laid over one scenario.

use std::time::Duration;

use counterproof_contracts::{
    faults::{Fault, Misfortune, OrderKey, SCENARIO},
    model::OrderNumber,
};

use super::{Place, chance, chaos};

/// A fault, and the scenario that it is laid over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What goes wrong, and where.
    pub fault: Fault,
    /// The scenario.
    pub scenario: String,
    /// The order; without one, every order of the scenario.
    pub order: Option<OrderNumber>,
    /// The intent; every one where none is named.
    pub key: Option<String>,
    /// From when on its window is reckoned, on the kernel's clock: the scenario's beginning, or the first message that it
    /// would concern, and `None` until there is one.
    pub began: Option<Duration>,
    /// The seed that shares are drawn from.
    pub seed: u64,
}

/// What a plan is laid over.
#[derive(Clone, Copy)]
pub struct Setting<'s> {
    /// The scenario, as the registry of business keys knows it.
    pub scenario: &'s str,
    /// Its part of all identifiers.
    pub tag: &'s str,
    /// When it began, on the kernel's clock.
    pub began: Duration,
    /// The run's seed.
    pub seed: u64,
    /// The number of the scenario's n-th order, from 1.
    pub number_of: &'s dyn Fn(u32) -> OrderNumber,
}

/// A rule with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    /// The rule.
    pub rule: Rule,
    /// How often it happened.
    pub fired: u64,
    /// Whether it has ended: released or lifted.
    pub over: bool,
}

impl RuleReport {
    /// Whether it was planned and never happened. Chaos promises nothing in particular, so it is never missed.
    pub fn is_unmet(&self) -> bool {
        self.fired == 0 && !self.rule.is_chaos()
    }
}

/// Number of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(pub(super) usize);

impl Rule {
    /// A fault of a plan, laid over a scenario.
    pub fn of(fault: &Fault, setting: &Setting<'_>) -> Self {
        let order = fault.order.as_ref().map(|order| match order {
            OrderKey::Ordinal(ordinal) => (setting.number_of)(*ordinal),
            OrderKey::Number(number) => number.clone(),
        });
        Self {
            fault: fault.clone(),
            scenario: setting.scenario.to_owned(),
            order,
            key: fault.key.as_ref().map(|key| key.replace(SCENARIO, setting.tag)),
            began: (!fault.window.is_some_and(|window| window.on_contact)).then_some(setting.began),
            seed: setting.seed,
        }
    }

    /// Whether it promises nothing in particular.
    pub(in crate::kernel) const fn is_chaos(&self) -> bool {
        matches!(self.fault.misfortune, Misfortune::Chaos { .. })
    }

    /// Milliseconds since its window is reckoned, at an instant of the kernel's clock.
    pub(super) fn at(&self, now: Duration) -> Option<u64> {
        u64::try_from(now.checked_sub(self.began?)?.as_millis()).ok()
    }

    /// A message comes: a window that waits for the first one is reckoned from now on.
    pub(super) fn meet(&mut self, place: &Place, now: Duration) {
        if self.began.is_none() && self.concerns(place) {
            self.began = Some(now);
        }
    }

    /// Whether it is about such a message, whenever it comes.
    fn concerns(&self, place: &Place) -> bool {
        let Fault { link, operation, attempts, .. } = &self.fault;
        *link == place.link
            && operation.as_ref().is_none_or(|operation| *operation == place.operation)
            && self.key.as_ref().is_none_or(|key| *key == place.key)
            && attempts.contains(place.attempt)
    }

    /// Whether its window is open.
    pub(super) fn is_open(&self, now: Duration) -> bool {
        self.fault.window.is_none_or(|window| self.at(now).is_some_and(|at| window.is_open(at)))
    }

    /// What the rule does to a message, if anything: all of it follows from rule, message and instant.
    pub(super) fn misfortune_of(&self, place: &Place, now: Duration) -> Option<Misfortune> {
        let Fault { percent, misfortune, name, .. } = &self.fault;
        let fits = self.concerns(place)
            && self.is_open(now)
            && percent.is_none_or(|percent| chance::percent(self.seed, name, place) < percent);
        match misfortune {
            _ if !fits => None,
            Misfortune::Chaos { level } => chaos::draw(*level, self.seed, place),
            misfortune => Some(misfortune.clone()),
        }
    }
}
