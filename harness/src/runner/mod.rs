//! Runs scenarios and says how each ended, so that nothing is skipped unseen.
//!
//! Two ways to the same steps and the same verdicts: [`run`] hands features to cucumber, many scenarios at once on
//! one live stage; [`perform`] plays one scenario on a stage of its own, which is what virtual time needs.

mod direct;
mod live;

use std::sync::Arc;

use counterproof_contracts::journal::{
    Entry, ScenarioFinished, ScenarioStarted, StepFinished, StepOutcome, Verdict,
};

pub use direct::{perform, perform_all};
pub use live::run;

use crate::{
    features::Planned,
    identity, settle,
    stage::Stage,
    steps::{self, Kind, Match},
    world::{Play, StepError, World},
};

/// Scenarios with this tag are played while no other is.
pub(crate) const ALONE: &str = "serial";
/// Scenarios with this tag kill the implementation.
pub(crate) const NEEDS_RESTART: &str = "restart";

/// A scenario that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// What was planned.
    pub planned: String,
    /// Tags of feature, rule and scenario, without `@`.
    pub tags: Vec<String>,
    /// Where it stands in the order of planning.
    pub index: usize,
    /// Its part of all identifiers.
    pub id: String,
    /// How it ended.
    pub result: ScenarioFinished,
}

/// Called with each scenario that ends.
pub type OnFinished = Arc<dyn Fn(&Finished) + Send + Sync>;

/// What asks for it, or kills the implementation, runs while nothing else does: a message of another scenario that the kill breaks
/// off would not meet what was planned for it.
fn plays_alone(planned: &Planned) -> bool {
    planned.tags.iter().any(|tag| tag == NEEDS_RESTART || tag == ALONE)
}

/// A scenario's part of all identifiers.
fn tag_of(stage: &Stage, planned: &Planned) -> String {
    identity::tag(stage.seed, stage.epoch, &planned.path, &planned.identity())
}

/// What the journal calls a scenario: variations share their identifiers, and are told apart here.
fn id_of(stage: &Stage, planned: &Planned) -> String {
    let number = planned.variant.as_ref().map(|variant| variant.number);
    identity::scenario(&tag_of(stage, planned), number)
}

/// A scenario begins.
fn begin(stage: &Arc<Stage>, planned: &Planned, world: &mut World) {
    let (id, tag) = (id_of(stage, planned), tag_of(stage, planned));
    stage.record(
        Some(&id),
        Entry::ScenarioStarted(ScenarioStarted {
            feature_path: planned.path.clone(),
            feature: planned.feature.clone(),
            name: planned.title(),
            line: u32::try_from(planned.line).unwrap_or(u32::MAX),
            tags: planned.tags.clone(),
            steps_planned: u32::try_from(planned.steps).unwrap_or(u32::MAX),
            seed: stage.repetition.then_some(stage.seed),
        }),
    );
    let mut play = Play::new(Arc::clone(stage), planned.clone(), id, tag);
    play.overlay = stage.lay_overlay(&play.id, planned.is_perturbed());
    world.begin(play);
}

/// Finds the step for a sentence, runs it, and records how it ended. What went wrong stays in the play, too.
async fn step(world: &mut World, step: &gherkin::Step) -> Result<(), StepError> {
    let kind = Kind::of(step.ty);
    if kind == Kind::Action {
        let play = world.play()?;
        play.rest = None;
        play.acted = Some(play.stage.clock.elapsed());
    }
    let outcome = match steps::find(kind, &step.value) {
        Match::One(found, args) => (found.action)(world, args).await,
        Match::None | Match::Several(..) => {
            Err(StepError::rig(format!("no single step fits {:?}", step.value)))
        }
    };
    let play = world.play()?;
    play.executed += 1;
    let entry = StepFinished {
        keyword: step.keyword.trim().to_owned(),
        text: step.value.clone(),
        line: u32::try_from(step.position.line).unwrap_or(u32::MAX),
        outcome: outcome.as_ref().map_or_else(|error| error.outcome, |()| StepOutcome::Passed),
        message: outcome.as_ref().err().map(|error| error.message.clone()),
        assertions: play.assertions,
    };
    play.stage.record(Some(&play.id), Entry::StepFinished(entry));
    if let Err(error) = &outcome {
        play.failure = Some(error.clone());
    }
    outcome
}

/// Reasons why a scenario is no pass, and the verdict that follows from them.
struct Findings {
    verdict: Verdict,
    reasons: Vec<String>,
}

impl Findings {
    fn worsen(&mut self, to: Verdict, reason: String) {
        self.verdict = self.verdict.max(to);
        self.reasons.push(reason);
    }
}

/// A scenario ends: comes to rest, is judged, and its verdict is recorded.
async fn conclude(play: &mut Play) -> ScenarioFinished {
    let at_rest = settle::settle(play).await;
    let stage = Arc::clone(&play.stage);
    let mut found = Findings { verdict: Verdict::Pass, reasons: Vec::new() };
    if let Some(failure) = &play.failure {
        let to = if failure.outcome == StepOutcome::Failed { Verdict::Fail } else { Verdict::Inconclusive };
        found.worsen(to, failure.message.clone());
    }
    for violation in stage.violations(&play.id) {
        found.worsen(Verdict::Fail, format!("{}: {}", violation.invariant, violation.sentence));
    }
    let mut doubts = stage.never_happened(&play.overlay);
    // Disorder may come before what was planned. The plain play has felt it, and both must end alike.
    if play.planned.variant.as_ref().is_none_or(|variant| variant.plain.is_none()) {
        doubts.extend(stage.never_happened(&play.faults));
    }
    doubts.extend(stage.recording.doubts(Some(&play.id)));
    doubts.extend(stage.not_restarted());
    for reason in doubts {
        found.worsen(Verdict::Inconclusive, reason);
    }
    if !at_rest.at_rest {
        let open = at_rest.open.join(", ");
        let waited_s = at_rest.waited_ms / 1000;
        found.worsen(
            Verdict::Fail,
            format!("no rest within {waited_s} s of the end of all faults, longer than the declared retries take; still open: {open}"),
        );
    }
    count_steps(play, &mut found);
    if let Some(variant) = play.planned.variant.as_ref().filter(|_| found.verdict == Verdict::Pass)
        && let Some(plain) = &variant.plain
    {
        let end = stage.recording.end_of(&play.id);
        for difference in plain.differences(&end, &variant.title) {
            found.worsen(Verdict::Fail, difference);
        }
    }
    let again = found.verdict == Verdict::Inconclusive && play.planned.play < play.planned.plays_max;
    let duration = stage.clock.elapsed().saturating_sub(play.began);
    let result = ScenarioFinished {
        verdict: found.verdict,
        reasons: found.reasons,
        steps_executed: play.executed,
        assertions: play.assertions,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        again,
    };
    stage.record(Some(&play.id), Entry::ScenarioFinished(result.clone()));
    result
}

/// A scenario that did less than was planned, or asserted nothing, proves nothing.
fn count_steps(play: &Play, found: &mut Findings) {
    if play.failure.is_some() {
        return;
    }
    if (play.executed as usize) < play.planned.steps {
        let reason = format!("{} of {} steps were executed", play.executed, play.planned.steps);
        found.worsen(Verdict::Inconclusive, reason);
    }
    if play.assertions == 0 {
        found.worsen(Verdict::Inconclusive, "the scenario asserted nothing".to_owned());
    }
}
