//! Playing scenarios in virtual time: each on a stage of its own, on one thread with a paused clock.
//!
//! Hours of outage and days of scans pass in milliseconds, and the same seed gives the same journal, byte for byte:
//! a scenario meets nothing of what other scenarios do, so it does not matter how many are played at once, or
//! in which order they end.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use counterproof_contracts::{model::Timestamp, policy::Policy, wire_defects::WireDefect};
use counterproof_simulators::world::World;

use crate::{
    exit::{Exit, Fatal},
    features::{self, Script},
    recording::Recording,
    runner::{self, Finished},
    stage::{DEVELOPMENT_SECRET, Overlay, Stage, VirtualPlan},
    target::{Implementation, InProcessReference},
};

/// The instant at which scenarios begin unless another is named: eight in the morning (UTC) of a Black Friday.
pub const STARTS_AT: &str = "2026-11-27T08:00:00Z";

/// How long a step waits for what it expects, beside the declared retries, unless another time is named.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes an implementation for each scenario.
pub type Factory = Arc<dyn Fn() -> Box<dyn Implementation> + Send + Sync>;

/// What all scenarios of a run in virtual time have in common.
#[derive(Clone)]
pub struct Rehearsal {
    /// Seed of the run.
    pub seed: u64,
    /// The instant at which each scenario begins.
    pub starts_at: Timestamp,
    /// What the retailer declares.
    pub policy: Policy,
    /// What events are signed with.
    pub secret: String,
    /// How long a step waits for what it expects, beside the declared retries.
    pub patience: Duration,
    /// What goes wrong in every scenario.
    pub overlay: Overlay,
    /// How often each scenario is played: first with the seed of the run, then each time with the next one.
    pub repeat: u32,
    /// Laws that the judge tells nothing of, to show that their absence is noticed.
    pub blind: Vec<String>,
    /// What a proxy between implementation and simulators does to messages.
    pub wire_defect: Option<WireDefect>,
    world: Arc<World>,
}

impl std::fmt::Debug for Rehearsal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rehearsal(seed {}, from {})", self.seed, self.starts_at)
    }
}

/// A scenario that was played, with everything that was recorded of it.
#[derive(Debug)]
pub struct Played {
    /// How it ended.
    pub finished: Finished,
    /// Its records, its violations, and what could not be checked.
    pub recording: Recording,
    /// How often it was played before, with other seeds.
    pub repetition: u64,
}

impl Rehearsal {
    /// The default policy, from [`STARTS_AT`], with this seed.
    ///
    /// # Errors
    /// [`Fatal`] with a bug's exit code if the world that is built in cannot be read.
    pub fn new(seed: u64) -> Result<Self, Fatal> {
        let bug = |reason: String| Fatal::new(Exit::Bug, reason);
        Ok(Self {
            seed,
            starts_at: STARTS_AT.parse().map_err(|error: jiff::Error| bug(error.to_string()))?,
            policy: Policy::default(),
            secret: DEVELOPMENT_SECRET.to_owned(),
            patience: PATIENCE,
            overlay: Overlay::default(),
            repeat: 1,
            blind: Vec::new(),
            wire_defect: None,
            world: World::embedded().map_err(|error| bug(error.to_string()))?,
        })
    }

    /// Plays one scenario around an implementation, on this thread. `index` is its place among all.
    ///
    /// # Errors
    /// [`Fatal`] if no stage could be built. What goes wrong on the stage is in the verdict.
    pub fn play(
        &self,
        script: &Script,
        index: usize,
        implementation: Box<dyn Implementation>,
    ) -> Result<Played, Fatal> {
        self.play_with(script, index, 0, implementation)
    }

    /// As [`play`](Self::play), the n-th repetition.
    fn play_with(
        &self,
        script: &Script,
        index: usize,
        repetition: u64,
        implementation: Box<dyn Implementation>,
    ) -> Result<Played, Fatal> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().map_err(
                |error| Fatal::new(Exit::Inconclusive, format!("failed to start a runtime: {error}")),
            )?;
        let mut overlay = self.overlay.clone();
        overlay.perturbed |= script.perturbation > 0;
        let shift = repetition.saturating_add(u64::from(script.perturbation));
        runtime.block_on(async {
            let plan = VirtualPlan {
                seed: self.seed.wrapping_add(shift),
                repetition: shift > 0,
                starts_at: self.starts_at,
                policy: self.policy.clone(),
                secret: &self.secret,
                patience: self.patience,
                overlay: script.extra.iter().cloned().fold(overlay, Overlay::and),
                world: &self.world,
                wire_defect: self.wire_defect.clone(),
            };
            let stage = Stage::in_virtual_time(plan, implementation)?;
            stage.recording.blind_to(&self.blind);
            let finished = runner::perform(&stage, script, index).await;
            stage.close().await;
            Ok(Played { finished, recording: stage.recording.clone(), repetition })
        })
    }

    /// Plays scenarios on several threads, each as often as it is to be [repeated](Self::repeat), and hands each
    /// to `take` in the order of planning, all repetitions of one after those of another. Ends early, between two
    /// scenarios, when `stop` is set; gives whether it did.
    ///
    /// # Errors
    /// The first [`Fatal`] in the order of planning.
    pub fn play_all(
        &self,
        scripts: &[Script],
        jobs: NonZeroUsize,
        factory: &Factory,
        stop: &AtomicBool,
        mut take: impl FnMut(Played) -> Result<(), Fatal>,
    ) -> Result<bool, Fatal> {
        let turn = AtomicUsize::new(0);
        let (tell, told) = mpsc::sync_channel(jobs.get());
        let ahead = Ahead::default();
        let nth = |turn: usize| {
            let times = usize::try_from(self.repeat.max(1)).unwrap_or(usize::MAX);
            let (index, repetition) = (turn / times, u64::try_from(turn % times).unwrap_or(u64::MAX));
            Some((scripts.get(index)?, index, repetition))
        };
        std::thread::scope(|scope| {
            for _ in 0..jobs.get() {
                let (tell, turn, ahead) = (tell.clone(), &turn, &ahead);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let turn = turn.fetch_add(1, Ordering::Relaxed);
                        let Some((script, index, repetition)) = nth(turn) else { break };
                        ahead.wait(turn);
                        let played = self.play_with(script, index, repetition, factory());
                        if tell.send((turn, played)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(tell);
            let ended = in_order(&told, &ahead, &mut take);
            // Whoever still plays finds nobody to tell, and ends.
            drop(told);
            ahead.free();
            ended
        })?;
        Ok(stop.load(Ordering::Relaxed))
    }
}

/// How far scenarios may be played ahead of the one that is awaited, so that memory stays bounded.
const AHEAD_MAX: usize = 256;

/// Holds back who is too far ahead.
#[derive(Default)]
struct Ahead {
    taken: Mutex<usize>,
    changed: std::sync::Condvar,
}

impl Ahead {
    fn wait(&self, turn: usize) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(taken, |taken| turn.saturating_sub(*taken) > AHEAD_MAX));
    }

    fn advance(&self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }

    fn free(&self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = usize::MAX;
        self.changed.notify_all();
    }
}

fn in_order(
    told: &mpsc::Receiver<(usize, Result<Played, Fatal>)>,
    ahead: &Ahead,
    take: &mut impl FnMut(Played) -> Result<(), Fatal>,
) -> Result<(), Fatal> {
    let mut early = BTreeMap::new();
    let mut awaited = 0;
    for (index, played) in told {
        early.insert(index, played);
        while let Some(played) = early.remove(&awaited) {
            take(played?)?;
            awaited += 1;
            ahead.advance();
        }
    }
    Ok(())
}

/// A reference for each scenario, with an empty store in memory.
pub fn reference() -> Factory {
    Arc::new(|| Box::new(InProcessReference::default()))
}

/// The built-in scenarios whose tags fit an expression.
///
/// # Errors
/// [`Fatal`] if the expression cannot be read.
pub fn pack(tags: &str) -> Result<Vec<Script>, Fatal> {
    let sources = features::load(&[])?;
    Ok(features::plan(&sources, Some(tags))?.scripts())
}
