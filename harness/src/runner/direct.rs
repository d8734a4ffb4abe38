//! One scenario on a stage of its own, step by step, without a scheduler between.

use std::sync::Arc;

use counterproof_contracts::journal::ScenarioFinished;

use super::{Finished, begin, conclude, id_of, step};
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
        },
    };
    let id = id_of(stage, &script.planned);
    Finished { planned: script.planned.title(), tags: script.planned.tags.clone(), index, id, result }
}
