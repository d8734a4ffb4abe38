//! Whether the suite can fail: every defect of the catalogue is switched on in the reference, one at a time, and every
//! scenario that it can change is played with it, in virtual time.
//!
//! Which scenarios those are is known from a play without defects: each defect's place tells when it is reached. A
//! scenario that never reaches it is the same, byte for byte, with the defect, because the same seed gives the same
//! run. That leaves out nine plays of ten, and nothing else.

mod by_exploring;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use counterproof_contracts::{
    defects::{self, CataloguedDefect},
    invariants::{Judge, Violation},
    journal::Verdict,
    requirements::Area,
};
use counterproof_middleware::{Defect, Defects};
use counterproof_reports::{Kill, Matrix, ProvenScenario, Row};

pub use by_exploring::{Unscripted, by_exploring, shown};
pub use wire::{Live, WireProof, wire_defect};

use crate::{
    exit::{Exit, Fatal},
    features::Script,
    runner::Finished,
    target::InProcessReference,
    virtual_time::Rehearsal,
};

/// What is to be proven.
#[derive(Debug)]
pub struct Proof<'p> {
    /// With what scenarios are played.
    pub rehearsal: Rehearsal,
    /// The suite.
    pub scripts: &'p [Script],
    /// Identifiers of the defects; none: all of them.
    pub defects: &'p [String],
    /// Whether `scripts` are the whole suite.
    pub whole_suite: bool,
    /// How many plays run at once.
    pub jobs: NonZeroUsize,
}

/// A defect of the catalogue with its switch.
struct Switched {
    entry: &'static CataloguedDefect,
    defect: Defect,
}

/// The defects with these identifiers, or all.
fn chosen(ids: &[String]) -> Result<Vec<Switched>, Fatal> {
    let catalogue = defects::published()
        .map_err(|error| Fatal::new(Exit::Bug, format!("contracts/defects.toml: {error}")))?;
    if let Some(unknown) = ids.iter().find(|id| !catalogue.iter().any(|entry| entry.id == **id)) {
        let ids = catalogue.iter().map(|entry| entry.id.as_str());
        return Err(Fatal::new(Exit::Invalid, unknown_defect(unknown, ids, "contracts/defects.toml")));
    }
    let entries = catalogue.iter().filter(|entry| ids.is_empty() || ids.contains(&entry.id));
    entries
        .map(|entry| {
            let missing = || Fatal::new(Exit::Bug, format!("defect {} has no switch", entry.id));
            Ok(Switched { entry, defect: Defect::find(&entry.id).ok_or_else(missing)? })
        })
        .collect()
}

fn unknown_defect<'c>(id: &str, catalogue: impl Iterator<Item = &'c str>, file: &str) -> String {
    let near = catalogue
        .map(|entry| (strsim::jaro_winkler(id, entry), entry))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0));
    let hint = near.map_or_else(String::new, |(_, id)| format!(", did you mean {id:?}?"));
    format!("unknown defect {id:?}{hint}\n  = {file} lists all; name none to play all")
}

/// Does plays on several threads, until `stop` is set; `None` where it was not played. `told` hears after each how many are done.
fn in_parallel<P: Sync, T: Send>(
    plays: &[P],
    jobs: NonZeroUsize,
    stop: &AtomicBool,
    told: &(dyn Fn(usize, usize) + Sync),
    play: impl Fn(&P) -> Result<T, Fatal> + Sync,
) -> Result<Vec<Option<T>>, Fatal> {
    let (turn, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let outcomes: Mutex<Vec<Option<T>>> = Mutex::new(plays.iter().map(|_| None).collect());
    let failed: Mutex<Option<Fatal>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs.get() {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let place = turn.fetch_add(1, Ordering::Relaxed);
                    let Some(next) = plays.get(place) else { break };
                    match play(next) {
                        Ok(outcome) => {
                            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                            if let Some(slot) = outcomes.get_mut(place) {
                                *slot = Some(outcome);
                            }
                        }
                        Err(fatal) => {
                            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fatal);
                            turn.store(plays.len(), Ordering::Relaxed);
                        }
                    }
                    told(done.fetch_add(1, Ordering::Relaxed) + 1, plays.len());
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(fatal) => Err(fatal),
        None => Ok(outcomes.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

impl Proof<'_> {
    /// Plays the suite against every defect. `stop` ends it between two plays; what was played is in the matrix.
    /// `told` hears after each play how many are done, of how many.
    ///
    /// # Errors
    /// [`Fatal`] for an unknown defect, or if no stage could be built.
    pub fn run(&self, stop: &AtomicBool, told: &(dyn Fn(usize, usize) + Sync)) -> Result<Matrix, Fatal> {
        let switched = chosen(self.defects)?;
        let plain: Vec<(usize, Option<Defect>)> =
            (0..self.scripts.len()).map(|script| (script, None)).collect();
        let baseline =
            in_parallel(&plain, self.jobs, stop, told, |(script, defect)| self.play(*script, *defect))?;
        let mut plays = Vec::new();
        for (row, Switched { defect, .. }) in switched.iter().enumerate() {
            for (script, outcome) in baseline.iter().enumerate() {
                let sound = outcome.as_ref().filter(|outcome| outcome.failure.is_none());
                if sound.is_some_and(|outcome| outcome.reached.contains(defect)) {
                    plays.push((row, script, *defect));
                }
            }
        }
        let jobs: Vec<(usize, Option<Defect>)> =
            plays.iter().map(|(_, script, defect)| (*script, Some(*defect))).collect();
        let outcomes =
            in_parallel(&jobs, self.jobs, stop, told, |(script, defect)| self.play(*script, *defect))?;
        let interrupted = stop.load(Ordering::Relaxed);
        let mut rows: Vec<Row> = switched
            .iter()
            .map(|switched| Row {
                defect: switched.entry.clone(),
                reached: 0,
                kills: Vec::new(),
                complete: !interrupted || baseline.iter().all(Option::is_some),
            })
            .collect();
        for ((row, _, _), outcome) in plays.iter().zip(outcomes) {
            let Some(row) = rows.get_mut(*row) else { continue };
            row.reached += 1;
            match outcome {
                Some(outcome) => row.kills.extend(outcome.failure),
                None => row.complete = false,
            }
        }
        Ok(Matrix {
            seed: self.rehearsal.seed,
            whole: self.whole_suite && self.defects.is_empty(),
            wire: false,
            live: false,
            scenarios: proven(self.scripts),
            laws: Judge::laws().iter().map(|law| law.id.to_owned()).collect(),
            rows,
            broken: baseline.into_iter().flatten().filter_map(|outcome| outcome.failure).collect(),
            interrupted,
        })
    }

    fn play(&self, script: usize, defect: Option<Defect>) -> Result<Outcome, Fatal> {
        let defects = defect.map_or_else(Defects::watched, Defects::on);
        let reference = InProcessReference::with(defects.clone());
        let missing = || Fatal::new(Exit::Bug, "a scenario is missing");
        let played = self.rehearsal.play(
            self.scripts.get(script).ok_or_else(missing)?,
            script,
            Box::new(reference),
        )?;
        let violations = played.recording.violations(&played.finished.id);
        Ok(Outcome { failure: failure(script, &played.finished, &violations), reached: defects.reached() })
    }
}

/// What a play showed.
struct Outcome {
    failure: Option<Kill>,
    reached: Vec<Defect>,
}

/// How a scenario failed. What the rig could not tell is no failure.
fn failure(script: usize, finished: &Finished, violations: &[Violation]) -> Option<Kill> {
    if finished.result.verdict != Verdict::Fail {
        return None;
    }
    let broken: BTreeSet<&str> = violations.iter().map(|violation| violation.invariant.as_str()).collect();
    let laws = Judge::laws().into_iter().map(|law| law.id).filter(|law| broken.contains(law));
    let reason = finished.result.reasons.first().cloned().unwrap_or_default();
    Some(Kill { scenario: script, laws: laws.map(str::to_owned).collect(), reason })
}

/// The scenarios, with what each covers alone.
fn proven(scripts: &[Script]) -> Vec<ProvenScenario> {
    let mut covering: BTreeMap<&str, u32> = BTreeMap::new();
    let requirements = |script: &'_ Script| -> Vec<String> {
        script.planned.tags.iter().filter(|tag| Area::of(tag).is_some()).cloned().collect()
    };
    for tag in scripts.iter().flat_map(|script| &script.planned.tags) {
        *covering.entry(tag).or_default() += 1;
    }
    scripts
        .iter()
        .map(|script| ProvenScenario {
            path: script.planned.path.clone(),
            line: script.planned.line,
            name: script.planned.name.clone(),
            covers_alone: requirements(script)
                .into_iter()
                .filter(|tag| covering.get(tag.as_str()) == Some(&1))
                .collect(),
        })
        .collect()
}
