//! Scenarios step by step, without a scheduler between: one on a stage of its own, or several at once on one.

use std::sync::Arc;

use counterproof_contracts::journal::ScenarioFinished;
use futures::{StreamExt as _, stream};

use super::{Finished, OnFinished, begin, conclude, id_of, plays_alone, step};
use crate::{features::Script, stage::Stage, steps, world::World};

/// Plays a scenario: its steps until one does not pass, then rest and judgment. `index` is its place in the
/// order of planning.
pub async fn perform(stage: &Arc<Stage>, script: &Script, index: usize) -> Finished {
    let mut world = World::default();
    begin(stage, &script.planned, &mut world);
    for system in steps::restored(script.steps.iter().map(|sentence| sentence.value.as_str())) {
        stage.kernel.keep_states(system);
    }
    for sentence in &script.steps {
        if step(&mut world, sentence).await.is_err() {
            break;
        }
    }
    let result = match world.play() {
        Ok(play) => conclude(play).await,
        Err(error) => ScenarioFinished {
            verdict: counterproof_contracts::journal::Verdict::Inconclusive,
            reasons: vec![error.message],
            steps_executed: 0,
            assertions: 0,
            duration_ms: 0,
            again: false,
        },
    };
    let id = id_of(stage, &script.planned);
    Finished { planned: script.planned.title(), tags: script.planned.tags.clone(), index, id, result }
}

/// Plays scenarios on one stage, `jobs` at once; those that need it alone, and first. Gives how each ended, in the order of the
/// ends.
pub async fn perform_all(
    scripts: &[Script],
    stage: &Arc<Stage>,
    jobs: u16,
    on_finished: &OnFinished,
) -> Vec<Finished> {
    let mut all = Vec::with_capacity(scripts.len());
    let (alone, together): (Vec<_>, Vec<_>) =
        scripts.iter().enumerate().partition(|(_, script)| plays_alone(&script.planned));
    for (scripts, jobs) in [(alone, 1), (together, usize::from(jobs))] {
        let plays = scripts.into_iter().map(|(index, script)| perform(stage, script, index));
        let mut plays = stream::iter(plays).buffer_unordered(jobs.max(1));
        while let Some(finished) = plays.next().await {
            on_finished(&finished);
            all.push(finished);
        }
    }
    all
}
