//! Histories for the laws' tests: correct lives of an order, written as a run would record them, and the means
//! to plant one defect.

mod history;
mod life;
mod settled;
mod swap;

pub(super) use history::History;
pub(super) use life::{Life, lives};
pub(super) use settled::settled;
pub(super) use swap::Swap;

use super::{Judge, Violation};
use crate::{journal::Record, policy::Policy};

/// Identities that are unique in a run.
const IDENTITIES: [&str; 5] = ["W-17", "web-17", "shirt", "G-1", "A-1"];

/// The violations of one law.
pub(super) fn violations(law: &str, records: &[Record]) -> Vec<Violation> {
    let mut judge = Judge::new(Policy::default());
    let all = records.iter().flat_map(|record| judge.observe(record));
    all.filter(|violation| violation.invariant == law).collect()
}

/// A history of one order under identities of its own, in another scenario.
pub(super) fn renamed(records: &[Record], scenario: &str) -> Vec<Record> {
    let rename = |record: &Record| {
        let text =
            IDENTITIES.iter().fold(serde_json::to_string(record).unwrap_or_default(), |text, identity| {
                text.replace(&format!("\"{identity}\""), &format!("\"{identity}-{scenario}\""))
            });
        let renamed = serde_json::from_str(&text).unwrap_or_else(|_| record.clone());
        Record { scenario: Some(scenario.to_owned()), ..renamed }
    };
    records.iter().map(rename).collect()
}

/// What a law says of a history.
pub(super) fn findings(law: &str, records: &[Record]) -> Vec<String> {
    violations(law, records).into_iter().map(|violation| violation.sentence).collect()
}
