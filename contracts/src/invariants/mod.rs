//! The laws, and the judge that folds a journal through them.

use serde::{Deserialize, Serialize};

use crate::{
    journal::Record,
    model::{OrderNumber, System},
    policy::Policy,
};

/// A law that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Identifier of the law, for example `M5`.
    pub invariant: String,
    /// The scenario.
    pub scenario: Option<String>,
    /// The order.
    pub order: Option<OrderNumber>,
    /// Which order, what is wrong, by how much: a sentence for a business person.
    pub sentence: String,
    /// Line of the journal at which the law was broken; for laws at rest the `settled` line.
    pub seq: u64,
    /// Lines of the journal that show how it came about, in order.
    pub evidence: Vec<u64>,
    /// What each system says, where systems disagree.
    pub systems: Vec<Position>,
}

/// What a system says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Who.
    pub system: System,
    /// What.
    pub says: String,
    /// Whether it is at odds with the others.
    pub odd: bool,
}

/// What a law says and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Law {
    /// Identifier.
    pub id: &'static str,
    /// Short name.
    pub name: &'static str,
    /// The law in plain words.
    pub text: &'static str,
    /// Standard, document or bug reports that it comes from.
    pub source: &'static str,
}

/// Folds a journal, record by record.
#[derive(Debug)]
pub struct Judge {
    policy: Policy,
}

impl Judge {
    /// A judge who reads this policy.
    pub fn new(policy: Policy) -> Self {
        Self { policy }
    }

    /// Every law, by identifier.
    pub fn laws() -> Vec<Law> {
        Vec::new()
    }

    /// Takes the next record and says which laws it broke. A `settled` record is judged at rest.
    pub fn observe(&mut self, _record: &Record) -> Vec<Violation> {
        let _ = &self.policy;
        Vec::new()
    }

    /// How many times each law was checked on something, for a scenario.
    pub fn checks(&self, _scenario: &str) -> u64 {
        0
    }
}
