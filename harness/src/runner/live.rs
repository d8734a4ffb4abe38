//! Many scenarios at once on one live stage, with cucumber as the embedded runner.

use std::{
    collections::BTreeMap,
    panic::panic_any,
    sync::{Arc, Mutex, PoisonError},
};

use counterproof_contracts::journal::{Entry, ScenarioFinished, Verdict};
use cucumber::{
    Parser, Runner as _, ScenarioType, cli, parser, runner,
    step::{Collection, Context},
};
use futures::{FutureExt as _, future::LocalBoxFuture, stream};

use super::{Finished, OnFinished, begin, conclude, id_of, plays_alone, step};
use crate::{
    features::{Planned, Selection},
    stage::Stage,
    steps::{COMPILED, Kind, disturbs},
    world::World,
};

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

    fn company(&self, feature: &gherkin::Feature, scenario: &gherkin::Scenario) -> ScenarioType {
        if self.find(feature, scenario).is_some_and(|(_, planned)| plays_alone(planned)) {
            ScenarioType::Serial
        } else {
            ScenarioType::Concurrent
        }
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
    let (before, after, alone) = (Arc::clone(&run), Arc::clone(&run), Arc::clone(&run));
    let basic = runner::Basic::default()
        .steps(collection())
        .max_concurrent_scenarios(usize::from(jobs))
        .which_scenario(move |feature, _, scenario| alone.company(feature, scenario))
        .before(move |feature, _, scenario, world| enter(Arc::clone(&before), feature, scenario, world))
        .after(move |feature, _, scenario, _, world| leave(Arc::clone(&after), feature, scenario, world));
    let events =
        basic.run(InMemory(disturbing_first(&features)).parse((), cli::Empty), runner::basic::Cli::default());
    futures::StreamExt::for_each(events, |_| futures::future::ready(())).await;
    account_for_all(&run)
}

/// Each feature in two, those with scenarios in which something goes wrong first: they wait longest, and a partner that asks for
/// patience in one makes others wait too, so they had better wait together than one after the other.
fn disturbing_first(features: &[gherkin::Feature]) -> Vec<gherkin::Feature> {
    let any = |steps: &[gherkin::Step]| steps.iter().any(|step| disturbs(&step.value));
    let keep = |feature: &gherkin::Feature, wanted: bool| {
        let all = feature.background.as_ref().is_some_and(|background| any(&background.steps));
        let disturbing = |scenario: &gherkin::Scenario| all || any(&scenario.steps);
        let mut kept = feature.clone();
        kept.scenarios.retain(|scenario| disturbing(scenario) == wanted);
        for rule in &mut kept.rules {
            rule.scenarios.retain(|scenario| disturbing(scenario) == wanted);
        }
        kept
    };
    let (first, then) = features.iter().map(|feature| (keep(feature, true), keep(feature, false))).unzip();
    let (mut all, mut then): (Vec<_>, Vec<_>) = (first, then);
    all.append(&mut then);
    all
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
                again: false,
            };
            let id = id_of(&run.stage, planned);
            run.stage.record(Some(&id), Entry::ScenarioFinished(result.clone()));
            run.finish(Finished {
                planned: planned.name.clone(),
                tags: planned.tags.clone(),
                index,
                id,
                result,
            });
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

fn enter<'a>(
    run: Arc<Run>,
    feature: &'a gherkin::Feature,
    scenario: &'a gherkin::Scenario,
    world: &'a mut World,
) -> LocalBoxFuture<'a, ()> {
    async move {
        if let Some((_, planned)) = run.find(feature, scenario) {
            begin(&run.stage, planned, world);
        }
    }
    .boxed_local()
}

fn dispatch(world: &mut World, context: Context) -> LocalBoxFuture<'_, ()> {
    async move {
        if let Err(error) = step(world, &context.step).await {
            // Cucumber takes a panic as the failure of a step; the typed error stays in the world.
            panic_any(error.message);
        }
    }
    .boxed_local()
}

fn leave<'a>(
    run: Arc<Run>,
    feature: &'a gherkin::Feature,
    scenario: &'a gherkin::Scenario,
    world: Option<&'a mut World>,
) -> LocalBoxFuture<'a, ()> {
    async move {
        let Some((index, planned)) = run.find(feature, scenario) else { return };
        let Some(Ok(play)) = world.map(World::play) else { return };
        let result = conclude(play).await;
        let (tags, id) = (planned.tags.clone(), play.id.clone());
        run.finish(Finished { planned: planned.name.clone(), tags, index, id, result });
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
