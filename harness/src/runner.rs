//! Runs scenarios with cucumber as the embedded runner, and keeps count, so that nothing is skipped unseen.

use std::{
    collections::BTreeMap,
    panic::panic_any,
    sync::{Arc, Mutex, PoisonError},
};

use counterproof_contracts::journal::{
    Entry, ScenarioFinished, ScenarioStarted, StepFinished, StepOutcome, Verdict,
};
use cucumber::{
    Parser, Runner as _, cli, parser, runner,
    step::{Collection, Context},
};
use futures::{FutureExt as _, future::LocalBoxFuture, stream};

use crate::{
    features::{Planned, Selection},
    identity, settle,
    stage::Stage,
    steps::{self, COMPILED, Kind, Match},
    world::{Play, StepError, World},
};

/// A scenario that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// What was planned.
    pub planned: String,
    /// Where it stands in the order of planning.
    pub index: usize,
    /// Its part of all identifiers.
    pub id: String,
    /// How it ended.
    pub result: ScenarioFinished,
}

/// Called with each scenario that ends.
pub type OnFinished = Arc<dyn Fn(&Finished) + Send + Sync>;

/// What all scenarios of a run share.
struct Run {
    stage: Arc<Stage>,
    planned: Vec<Planned>,
    finished: Mutex<BTreeMap<usize, Finished>>,
    on_finished: OnFinished,
}

impl Run {
    fn find(&self, feature: &gherkin::Feature, scenario: &gherkin::Scenario) -> Option<(usize, &Planned)> {
        let path = feature.path.as_ref()?.to_string_lossy();
        self.planned
            .iter()
            .enumerate()
            .find(|(_, planned)| planned.path == path && planned.name == scenario.name)
    }

    fn tag(&self, planned: &Planned) -> String {
        identity::tag(self.stage.seed, self.stage.epoch, &planned.path, &planned.name)
    }

    fn finish(&self, finished: Finished) {
        (self.on_finished)(&finished);
        self.finished.lock().unwrap_or_else(PoisonError::into_inner).insert(finished.index, finished);
    }
}

/// Runs the selection, `jobs` scenarios at once, and gives how each ended, in the order of planning.
/// A scenario that was planned and never ended is there as INCONCLUSIVE.
pub async fn run(
    selection: Selection,
    stage: Arc<Stage>,
    jobs: u16,
    on_finished: OnFinished,
) -> Vec<Finished> {
    let Selection { features, planned } = selection;
    let run = Arc::new(Run { stage, planned, finished: Mutex::default(), on_finished });
    let (before, after) = (Arc::clone(&run), Arc::clone(&run));
    let basic = runner::Basic::default()
        .steps(collection())
        .max_concurrent_scenarios(usize::from(jobs))
        .before(move |feature, _, scenario, world| begin(Arc::clone(&before), feature, scenario, world))
        .after(move |feature, _, scenario, _, world| end(Arc::clone(&after), feature, scenario, world));
    let events = basic.run(InMemory(features).parse((), cli::Empty), runner::basic::Cli::default());
    futures::StreamExt::for_each(events, |_| futures::future::ready(())).await;
    account_for_all(&run)
}

fn account_for_all(run: &Run) -> Vec<Finished> {
    for (index, planned) in run.planned.iter().enumerate() {
        let known = run.finished.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&index);
        if !known {
            let reason = "the scenario was planned and did not come to its end".to_owned();
            let result = ScenarioFinished {
                verdict: Verdict::Inconclusive,
                reasons: vec![reason],
                steps_executed: 0,
                assertions: 0,
                duration_ms: 0,
            };
            let id = run.tag(planned);
            run.stage.record(Some(&id), Entry::ScenarioFinished(result.clone()));
            run.finish(Finished { planned: planned.name.clone(), index, id, result });
        }
    }
    run.finished.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
}

/// Every step, registered with the one function that finds and runs it.
fn collection() -> Collection<World> {
    COMPILED.iter().fold(Collection::new(), |steps, compiled| match compiled.step.kind {
        Kind::Action => {
            steps.given(None, compiled.regex.clone(), dispatch).when(None, compiled.regex.clone(), dispatch)
        }
        Kind::Assertion => steps.then(None, compiled.regex.clone(), dispatch),
    })
}

fn begin<'a>(
    run: Arc<Run>,
    feature: &'a gherkin::Feature,
    scenario: &'a gherkin::Scenario,
    world: &'a mut World,
) -> LocalBoxFuture<'a, ()> {
    async move {
        let Some((_, planned)) = run.find(feature, scenario) else { return };
        let tag = run.tag(planned);
        run.stage.record(
            Some(&tag),
            Entry::ScenarioStarted(ScenarioStarted {
                feature_path: planned.path.clone(),
                feature: planned.feature.clone(),
                name: planned.name.clone(),
                line: u32::try_from(planned.line).unwrap_or(u32::MAX),
                tags: planned.tags.clone(),
                steps_planned: u32::try_from(planned.steps).unwrap_or(u32::MAX),
            }),
        );
        world.begin(Play::new(Arc::clone(&run.stage), planned.clone(), tag));
    }
    .boxed_local()
}

/// Finds the step for a sentence, runs it, and records how it ended.
fn dispatch(world: &mut World, context: Context) -> LocalBoxFuture<'_, ()> {
    async move {
        let step = context.step;
        let outcome = match steps::find(Kind::of(step.ty), &step.value) {
            Match::One(found, args) => (found.action)(world, args).await,
            Match::None | Match::Several(..) => {
                Err(StepError::rig(format!("no single step fits {:?}", step.value)))
            }
        };
        let Ok(play) = world.play() else { return };
        play.executed += 1;
        let entry = StepFinished {
            keyword: step.keyword.trim().to_owned(),
            text: step.value,
            line: u32::try_from(step.position.line).unwrap_or(u32::MAX),
            outcome: outcome.as_ref().map_or_else(|error| error.outcome, |()| StepOutcome::Passed),
            message: outcome.as_ref().err().map(|error| error.message.clone()),
            assertions: play.assertions,
        };
        play.stage.record(Some(&play.tag), Entry::StepFinished(entry));
        if let Err(error) = outcome {
            play.failure = Some(error.clone());
            // Cucumber takes a panic as the failure of a step; the typed error stays in the world.
            panic_any(error.message);
        }
    }
    .boxed_local()
}

fn end<'a>(
    run: Arc<Run>,
    feature: &'a gherkin::Feature,
    scenario: &'a gherkin::Scenario,
    world: Option<&'a mut World>,
) -> LocalBoxFuture<'a, ()> {
    async move {
        let Some((index, planned)) = run.find(feature, scenario) else { return };
        let Some(Ok(play)) = world.map(World::play) else { return };
        let at_rest = settle::settle(play).await;
        let mut reasons = Vec::new();
        let mut verdict = Verdict::Pass;
        let mut worsen = |to: Verdict, reason: String| {
            verdict = verdict.max(to);
            reasons.push(reason);
        };
        if let Some(failure) = &play.failure {
            let to =
                if failure.outcome == StepOutcome::Failed { Verdict::Fail } else { Verdict::Inconclusive };
            worsen(to, failure.message.clone());
        }
        for violation in run.stage.violations(&play.tag) {
            worsen(Verdict::Fail, format!("{}: {}", violation.invariant, violation.sentence));
        }
        let mut doubts = run.stage.never_happened(&play.faults);
        doubts.extend(run.stage.recording.doubts(Some(&play.tag)));
        for reason in doubts {
            worsen(Verdict::Inconclusive, reason);
        }
        if !at_rest.at_rest {
            worsen(
                Verdict::Fail,
                format!("no rest within {} ms; still open: {}", at_rest.waited_ms, at_rest.open.join(", ")),
            );
        }
        if play.failure.is_none() && (play.executed as usize) < planned.steps {
            worsen(
                Verdict::Inconclusive,
                format!("{} of {} steps were executed", play.executed, planned.steps),
            );
        }
        if play.failure.is_none() && play.assertions == 0 {
            worsen(Verdict::Inconclusive, "the scenario asserted nothing".to_owned());
        }
        let duration = run.stage.clock.elapsed().saturating_sub(play.began);
        let result = ScenarioFinished {
            verdict,
            reasons,
            steps_executed: play.executed,
            assertions: play.assertions,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        };
        run.stage.record(Some(&play.tag), Entry::ScenarioFinished(result.clone()));
        run.finish(Finished { planned: planned.name.clone(), index, id: play.tag.clone(), result });
    }
    .boxed_local()
}

/// Hands features that were read and checked before to cucumber.
struct InMemory(Vec<gherkin::Feature>);

impl Parser<()> for InMemory {
    type Cli = cli::Empty;
    type Output = stream::Iter<std::vec::IntoIter<parser::Result<gherkin::Feature>>>;

    fn parse(self, _input: (), _cli: Self::Cli) -> Self::Output {
        stream::iter(self.0.into_iter().map(Ok).collect::<Vec<_>>())
    }
}
