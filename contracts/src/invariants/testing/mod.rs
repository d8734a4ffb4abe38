//! Histories for the laws' tests: correct lives of an order, written as a run would record them, and the means
//! to plant one defect.

mod history;
mod life;

pub(super) use history::History;
pub(super) use life::{Life, lives};

use super::{Judge, Violation};
use crate::{journal::Record, policy::Policy};

/// The violations of one law.
pub(super) fn violations(law: &str, records: &[Record]) -> Vec<Violation> {
    let mut judge = Judge::new(Policy::default());
    let all = records.iter().flat_map(|record| judge.observe(record));
    all.filter(|violation| violation.invariant == law).collect()
}

/// What a law says of a history.
pub(super) fn findings(law: &str, records: &[Record]) -> Vec<String> {
    violations(law, records).into_iter().map(|violation| violation.sentence).collect()
}
