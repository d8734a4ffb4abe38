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
/// As above, on a live stage, where each takes its time.
const LIVE_SHRINKING_MAX: u32 = 120;
/// How often a smaller history is played before it is said not to fail, where a failure does not come each time.
const FLAKY_TRIES: u32 = 3;

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
    /// What a history shows.
    fn play(&self, history: &History) -> Result<Seen, Fatal> {
        let seed = match self {
            Self::Virtual { rehearsal, .. } => rehearsal.seed,
            Self::Live { stage, .. } => stage.seed,
        };
        self.play_script(&history.script("history")?, seed)
    }

    /// The laws that a scenario breaks which was written before, with its seed where time is virtual.
    ///
    /// # Errors
    /// [`Fatal`] if no stage could be built.
    pub fn broken_by(&self, script: &Script, seed: u64) -> Result<Vec<Violation>, Fatal> {
        self.play_script(script, seed).map(|seen| seen.violations)
    }

    fn play_script(&self, script: &Script, seed: u64) -> Result<Seen, Fatal> {
        let (finished, violations) = match self {
            Self::Virtual { rehearsal, factory } => {
                let mut rehearsal = (**rehearsal).clone();
                rehearsal.seed = seed;
                let played = rehearsal.play(script, 0, factory())?;
                let violations = played.recording.violations(&played.finished.id);
                (played.finished, violations)
            }
            Self::Live { stage, runtime, plays } => {
                let number = plays.fetch_add(1, Ordering::Relaxed);
                let mut script = script.clone();
                script.planned.name = format!("{} {number}", script.planned.name);
                let index = usize::try_from(number).unwrap_or(usize::MAX);
                let finished = runtime.block_on(runner::perform(stage, &script, index));
                let violations = stage.violations(&finished.id);
                (finished, violations)
            }
        };
        Ok(Seen { violations, whole: finished.result.steps_executed as usize >= script.planned.steps })
    }

    /// Without what must not happen here: nobody kills an implementation that others use at the same time, or waits for minutes.
    fn possible(&self, mut history: History) -> History {
        if matches!(self, Self::Live { .. }) {
            history.acts.retain(|act| !act.is_virtual_only());
        }
        history.sound()
    }

    /// How often the same history is played to learn how surely it fails.
    const fn repetitions(&self) -> u32 {
        match self {
            Self::Virtual { .. } => 1,
            Self::Live { .. } => LIVE_REPETITIONS,
        }
    }

    /// Most plays that shrinking one history may take.
    const fn shrinking_max(&self) -> u32 {
        match self {
            Self::Virtual { .. } => SHRINKING_MAX,
            Self::Live { .. } => LIVE_SHRINKING_MAX,
        }
    }
}

/// What a play showed.
struct Seen {
    violations: Vec<Violation>,
    /// Whether every step could be taken.
    whole: bool,
}

impl Seen {
    /// What was told of a law that was broken.
    fn told_of(self, law: &str) -> Option<String> {
        self.violations.into_iter().find(|violation| violation.invariant == law).map(|it| it.sentence)
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
                            Ok((history, whole, found)) => {
                                let mut explored = lock(&explored);
                                explored.coverage.count(&history, whole);
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
        Ok(other.play(history)?.told_of(law).is_some())
    }

    /// Plays a case; shrinks it if it breaks a law of which nothing was found yet.
    fn case(
        &self,
        case: u64,
        known: &Mutex<BTreeSet<String>>,
    ) -> Result<(History, bool, Option<Found>), Fatal> {
        let drawn = self.ground.possible(generate::history(self.seed, case));
        if !generate::is_worth_playing(&drawn) {
            return Ok((drawn, false, None));
        }
        let Seen { violations, whole } = self.ground.play(&drawn)?;
        let Some(Violation { invariant: law, sentence, .. }) = violations.into_iter().next() else {
            return Ok((drawn, whole, None));
        };
        if self.is_alike(&drawn, &law)? || !lock(known).insert(law.clone()) {
            return Ok((drawn, whole, None));
        }
        let found = self.shrunk(case, &drawn, law, sentence)?;
        Ok((drawn, whole, Some(found)))
    }

    /// The smallest history that still breaks the law, with how often it does.
    fn shrunk(&self, case: u64, drawn: &History, law: String, sentence: String) -> Result<Found, Fatal> {
        let is_live = matches!(self.ground, Ground::Live { .. });
        let found =
            Found { law, sentence, case, smallest: drawn.clone(), drawn: drawn.clone(), again: (1, 1) };
        // What fails in virtual time fails again.
        let drawn_again = if is_live { self.again(drawn, &found.law)?.0 } else { found.again };
        if drawn_again.0 == 0 {
            return Ok(Found { again: drawn_again, ..found });
        }
        let tries = if drawn_again.0 == drawn_again.1 { 1 } else { FLAKY_TRIES };
        let fails = |candidate: &History| {
            (0..tries)
                .any(|_| self.ground.play(candidate).is_ok_and(|seen| seen.told_of(&found.law).is_some()))
        };
        let smallest = shrink::shrink(drawn, self.ground.shrinking_max(), |candidate| {
            fails(candidate) && self.is_alike(candidate, &found.law).is_ok_and(|alike| !alike)
        });
        let (again, told) = self.again(&smallest, &found.law)?;
        Ok(Found { smallest, again, sentence: told.unwrap_or(found.sentence), ..found })
    }

    /// In how many of how many plays a history breaks a law, with what was told last.
    fn again(&self, history: &History, law: &str) -> Result<((u32, u32), Option<String>), Fatal> {
        let times = self.ground.repetitions();
        let (mut failed, mut last) = (0, None);
        for _ in 0..times {
            if let Some(told) = self.ground.play(history)?.told_of(law) {
                failed += 1;
                last = Some(told);
            }
        }
        Ok(((failed, times), last))
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
