//! Whether exploring alone finds the defects: no scenario that anybody wrote, each defect from an empty start.

use std::{
    fmt::Write as _,
    num::NonZeroUsize,
    sync::{Arc, atomic::AtomicBool},
};

use counterproof_middleware::Defects;

use super::chosen;
use crate::{
    exit::Fatal,
    explore::{Budget, Exploration, Ground, act::Part},
    target::InProcessReference,
    virtual_time::{self, Rehearsal},
};

/// What exploring made of a defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unscripted {
    /// Its identifier.
    pub defect: String,
    /// Laws that name the business fact.
    pub laws: Vec<String>,
    /// What was found.
    pub found: Option<Counterexample>,
}

/// The smallest history that shows a defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterexample {
    /// Number of the case.
    pub case: u64,
    /// The law that was broken.
    pub law: String,
    /// Steps that people and machines take.
    pub steps: usize,
    /// What goes wrong.
    pub faults: usize,
}

/// Explores with each of these defects, or with all, until it is found or so many histories were played.
///
/// # Errors
/// [`Fatal`] for an unknown defect.
pub fn by_exploring(
    rehearsal: &Rehearsal,
    ids: &[String],
    cases: u64,
    jobs: NonZeroUsize,
    stop: &AtomicBool,
) -> Result<Vec<Unscripted>, Fatal> {
    let mut all = Vec::new();
    for switched in chosen(ids)? {
        let defect = switched.defect;
        let exploration = Exploration {
            ground: Ground::Virtual {
                rehearsal: Box::new(rehearsal.clone()),
                factory: Arc::new(move || Box::new(InProcessReference::with(Defects::on(defect)))),
            },
            seed: rehearsal.seed,
            budget: Budget { cases: Some(cases), time: None },
            jobs,
            first_only: true,
            unlike: Some(virtual_time::reference()),
        };
        let explored = exploration.run(stop, &|_| {})?;
        let found = explored.found.into_iter().next().map(|found| Counterexample {
            case: found.case,
            law: found.law,
            steps: found.smallest.steps(),
            faults: found.smallest.count(Part::Fault),
        });
        all.push(Unscripted { defect: switched.entry.id.clone(), laws: switched.entry.laws.clone(), found });
    }
    Ok(all)
}

/// A line for each defect, and the sums.
pub fn shown(all: &[Unscripted]) -> String {
    let width = all.iter().map(|entry| entry.defect.len()).max().unwrap_or(0);
    let mut out = String::new();
    for entry in all {
        let _ = match &entry.found {
            Some(found) => writeln!(
                out,
                "  ✓ {:<width$}  {:<4} case {:<6} {} steps, {} faults",
                entry.defect, found.law, found.case, found.steps, found.faults
            ),
            None => writeln!(out, "  ✗ {:<width$}  not found", entry.defect),
        };
    }
    let found: Vec<&Counterexample> = all.iter().filter_map(|entry| entry.found.as_ref()).collect();
    let percent = found.len() * 100 / all.len().max(1);
    let median = |mut numbers: Vec<usize>| {
        numbers.sort_unstable();
        numbers.get(numbers.len() / 2).copied().unwrap_or(0)
    };
    let _ = writeln!(
        out,
        "\nexploring   found {} of {} defects ({percent} %); in the median {} steps and {} faults are enough",
        found.len(),
        all.len(),
        median(found.iter().map(|found| found.steps).collect()),
        median(found.iter().map(|found| found.faults).collect())
    );
    out
}
