//! Generated histories: what nobody wrote down, played and judged like every scenario.
//!
//! A history is drawn from the vocabulary of the scenarios with the help of a small model of where the goods are; the laws judge it.
//! What breaks a law is shrunk to the smallest history that still breaks it, and written as a feature file that breaks it
//! again. Everything follows from the seed.

pub mod act;
mod coverage;
mod generate;
mod history;
mod model;
mod shrink;

use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

pub use coverage::Coverage;
pub use history::History;

use counterproof_contracts::invariants::Violation;

use self::act::Act;
use crate::{
    clock::Clock,
    exit::Fatal,
    features::Script,
    runner,
    stage::Stage,
    virtual_time::{Factory, Rehearsal},
};

/// How often a history that failed on a live stage is played again.
const LIVE_REPETITIONS: u32 = 5;
/// Most plays that shrinking one history may take.
const SHRINKING_MAX: u32 = 400;

/// How long is explored.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Most histories.
    pub cases: Option<u64>,
    /// Longest time.
    pub time: Option<Duration>,
}

/// Where histories are played.
pub enum Ground {
    /// In virtual time, each on a stage of its own: the same history gives the same play.
    Virtual {
        /// With what.
        rehearsal: Box<Rehearsal>,
        /// The implementation.
        factory: Factory,
    },
    /// On a live stage, each with business identities that were never used before.
    Live {
        /// The stage.
        stage: Arc<Stage>,
        /// The runtime that it lives on.
        runtime: tokio::runtime::Handle,
        /// How many plays there were.
        plays: AtomicU64,
    },
}

impl Ground {
    /// The laws that a history breaks, in the order in which they were broken, with what was told.
    fn broken(&self, history: &History) -> Result<Vec<(String, String)>, Fatal> {
        let seed = match self {
            Self::Virtual { rehearsal, .. } => rehearsal.seed,
            Self::Live { stage, .. } => stage.seed,
        };
        let violations = self.broken_by(&history.script("history")?, seed)?;
        Ok(violations.into_iter().map(|violation| (violation.invariant, violation.sentence)).collect())
    }

    /// The laws that a scenario breaks which was written before, with its seed where time is virtual.
    ///
    /// # Errors
    /// [`Fatal`] if no stage could be built.
    pub fn broken_by(&self, script: &Script, seed: u64) -> Result<Vec<Violation>, Fatal> {
        match self {
            Self::Virtual { rehearsal, factory } => {
                let mut rehearsal = (**rehearsal).clone();
                rehearsal.seed = seed;
                let played = rehearsal.play(script, 0, factory())?;
                Ok(played.recording.violations(&played.finished.id))
            }
            Self::Live { stage, runtime, plays } => {
                let number = plays.fetch_add(1, Ordering::Relaxed);
                let mut script = script.clone();
                script.planned.name = format!("{} {number}", script.planned.name);
                let index = usize::try_from(number).unwrap_or(usize::MAX);
                let finished = runtime.block_on(runner::perform(stage, &script, index));
                Ok(stage.violations(&finished.id))
            }
        }
    }

    /// Takes out what must not happen here: nobody kills an implementation that others use at the same time.
    fn keep_possible(&self, history: &mut History) {
        if matches!(self, Self::Live { .. }) {
            history.acts.retain(|act| *act != Act::Kill);
        }
    }

    /// How often the same history is played to learn how surely it fails.
    const fn repetitions(&self) -> u32 {
        match self {
            Self::Virtual { .. } => 1,
            Self::Live { .. } => LIVE_REPETITIONS,
        }
    }
}

/// What is explored.
pub struct Exploration {
    /// Where histories are played.
    pub ground: Ground,
    /// From which all histories are drawn.
    pub seed: u64,
    /// How long.
    pub budget: Budget,
    /// How many plays run at once.
    pub jobs: NonZeroUsize,
    /// Whether the first finding ends it.
    pub first_only: bool,
    /// Another implementation, in virtual time: what breaks the same law there is not told.
    pub unlike: Option<Factory>,
}

/// A history that breaks a law.
#[derive(Debug, Clone)]
pub struct Found {
    /// The law that was broken first.
    pub law: String,
    /// What was told.
    pub sentence: String,
    /// Number of the case.
    pub case: u64,
    /// As it was drawn.
    pub drawn: History,
    /// The smallest that still breaks the law.
    pub smallest: History,
    /// In how many of how many plays the smallest one broke the law.
    pub again: (u32, u32),
}

/// What came of exploring.
#[derive(Debug, Default)]
pub struct Explored {
    /// What was generated.
    pub coverage: Coverage,
    /// One finding for each law.
    pub found: Vec<Found>,
    /// Histories that were played, shrinking not counted.
    pub cases: u64,
    /// Whether it was ended from outside.
    pub interrupted: bool,
}

impl Exploration {
    /// Explores until the budget is used up, `stop` is set, or the first finding where one is enough. `told` hears of each case.
    ///
    /// # Errors
    /// [`Fatal`] if a history cannot be played at all: a bug.
    pub fn run(&self, stop: &AtomicBool, told: &(dyn Fn(u64) + Sync)) -> Result<Explored, Fatal> {
        let clock = Clock::system();
        let began = clock.now();
        let next = AtomicU64::new(0);
        let explored: Mutex<Explored> = Mutex::default();
        let failed: Mutex<Option<Fatal>> = Mutex::default();
        let known: Mutex<BTreeSet<String>> = Mutex::default();
        let used_up = |case: u64| {
            let passed = clock.now().duration_since(began).unsigned_abs();
            self.budget.cases.is_some_and(|cases| case >= cases)
                || self.budget.time.is_some_and(|time| passed >= time)
        };
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.get() {
                scope.spawn(|| {
                    loop {
                        let case = next.fetch_add(1, Ordering::Relaxed);
                        if used_up(case) || stop.load(Ordering::Relaxed) {
                            return;
                        }
                        if self.first_only && !lock(&explored).found.is_empty() {
                            return;
                        }
                        match self.case(case, &known) {
                            Ok((history, found)) => {
                                let mut explored = lock(&explored);
                                explored.coverage.count(&history);
                                explored.cases += 1;
                                explored.found.extend(found);
                            }
                            Err(fatal) => {
                                lock(&failed).get_or_insert(fatal);
                                return;
                            }
                        }
                        told(case + 1);
                    }
                });
            }
        });
        if let Some(fatal) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(fatal);
        }
        let mut explored = explored.into_inner().unwrap_or_else(PoisonError::into_inner);
        explored.interrupted = stop.load(Ordering::Relaxed);
        explored.found.sort_by_key(|found| found.case);
        Ok(explored)
    }

    /// Whether the implementation that this one is compared with breaks the law as well.
    fn is_alike(&self, history: &History, law: &str) -> Result<bool, Fatal> {
        let (Some(factory), Ground::Virtual { rehearsal, .. }) = (&self.unlike, &self.ground) else {
            return Ok(false);
        };
        let other =
            Ground::Virtual { rehearsal: Box::new((**rehearsal).clone()), factory: Arc::clone(factory) };
        Ok(other.broken(history)?.iter().any(|(broken, _)| broken == law))
    }

    /// Plays a case; shrinks it if it breaks a law of which nothing was found yet.
    fn case(&self, case: u64, known: &Mutex<BTreeSet<String>>) -> Result<(History, Option<Found>), Fatal> {
        let mut drawn = generate::history(self.seed, case);
        self.ground.keep_possible(&mut drawn);
        if !generate::is_worth_playing(&drawn) {
            return Ok((drawn, None));
        }
        let Some((law, sentence)) = self.ground.broken(&drawn)?.into_iter().next() else {
            return Ok((drawn, None));
        };
        if self.is_alike(&drawn, &law)? {
            return Ok((drawn, None));
        }
        if !lock(known).insert(law.clone()) {
            return Ok((drawn, None));
        }
        let told = |history: &History| -> Result<Option<String>, Fatal> {
            let broken = self.ground.broken(history)?;
            Ok(broken.into_iter().find(|(other, _)| *other == law).map(|(_, sentence)| sentence))
        };
        let smallest = shrink::shrink(&drawn, SHRINKING_MAX, |candidate| {
            told(candidate).is_ok_and(|sentence| sentence.is_some())
                && self.is_alike(candidate, &law).is_ok_and(|alike| !alike)
        });
        let (mut failed, mut sentence, times) = (0, sentence, self.ground.repetitions());
        for _ in 0..times {
            if let Some(again) = told(&smallest)? {
                failed += 1;
                sentence = again;
            }
        }
        let again = (failed, times);
        Ok((drawn.clone(), Some(Found { law, sentence, case, drawn, smallest, again })))
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
