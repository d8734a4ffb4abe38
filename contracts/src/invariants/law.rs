//! What every law's file is made of: the law, its checks, and the bench that they report to.

use super::{
    Law, Position,
    books::{Books, OrderBook},
};
use crate::{
    journal::{Committed, Effect, Entry, Exchange, Record},
    model::System,
    policy::Policy,
};

/// What a check sees: the books after a record was taken, and that record.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) policy: &'a Policy,
    pub(super) books: &'a Books,
    pub(super) record: &'a Record,
    /// The order that the record concerns; at rest, the order that is judged.
    pub(super) order: Option<&'a OrderBook>,
}

impl<'a> Moment<'a> {
    /// The committed effect, where the record is one.
    pub(super) const fn committed(&self) -> Option<&'a Committed> {
        match &self.record.entry {
            Entry::Effect(committed) => Some(committed),
            _ => None,
        }
    }

    /// The effect, where the record is one.
    pub(super) fn effect(&self) -> Option<&'a Effect> {
        self.committed().map(|committed| &committed.effect)
    }

    /// The exchange, where the record is one.
    pub(super) const fn exchange(&self) -> Option<&'a Exchange> {
        match &self.record.entry {
            Entry::Exchange(exchange) => Some(exchange),
            _ => None,
        }
    }
}

/// One law with its checks.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) law: Law,
    /// Runs after every effect.
    pub(super) on_effect: Option<fn(&Moment<'_>, &mut Bench)>,
    /// Runs after every exchange.
    pub(super) on_exchange: Option<fn(&Moment<'_>, &mut Bench)>,
    /// Runs on every order of a scenario that is at rest.
    pub(super) at_rest: Option<fn(&Moment<'_>, &OrderBook, &mut Bench)>,
}

/// A broken law, before it is known which one and in which scenario.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    /// What of the order it is about; a law is reported once for each order and subject.
    pub(super) subject: String,
    pub(super) sentence: String,
    pub(super) evidence: Vec<u64>,
    pub(super) systems: Vec<Position>,
}

impl Finding {
    /// A finding. `subject` is a key, `sentence` is for a business person.
    pub(super) fn new(subject: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { subject: subject.into(), sentence: sentence.into(), evidence: Vec::new(), systems: Vec::new() }
    }

    /// Adds lines of the journal that show it.
    pub(super) fn evidence(mut self, seqs: impl IntoIterator<Item = u64>) -> Self {
        self.evidence.extend(seqs);
        self
    }

    /// Adds what a system says.
    pub(super) fn says(mut self, system: System, says: impl Into<String>, odd: bool) -> Self {
        self.systems.push(Position { system, says: says.into(), odd });
        self
    }
}

/// Where checks lay down what they found.
#[derive(Debug, Default)]
pub(super) struct Bench {
    /// How many times a check looked at something.
    pub(super) looked: u32,
    /// Broken laws.
    pub(super) findings: Vec<Finding>,
    /// Faults of the rig itself.
    pub(super) rig: Vec<String>,
}

impl Bench {
    /// Whether there is more to say than that something was looked at.
    pub(super) const fn has_remarks(&self) -> bool {
        !self.findings.is_empty() || !self.rig.is_empty()
    }

    /// A check compares something: it counts, whatever comes out.
    pub(super) const fn looks(&mut self) {
        self.looked += 1;
    }

    /// A law is broken.
    pub(super) fn found(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// A simulator, and not the implementation, broke the contract.
    pub(super) fn rig(&mut self, sentence: impl Into<String>) {
        self.rig.push(sentence.into());
    }
}

/// `1 unit`, `2 units`.
pub(super) fn units(count: i64) -> String {
    if count == 1 { "1 unit".to_owned() } else { format!("{count} units") }
}

/// `twice`, `3 times`.
pub(super) fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn join(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
