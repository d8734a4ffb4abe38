//! The step that every scenario ends with.

use futures::FutureExt as _;

use super::{Args, Kind, Step};
use crate::{
    settle,
    world::{StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[Step {
    kind: Kind::Assertion,
    expression: "every system agrees",
    doc: "Everything comes to rest within the bound, and no law is broken.",
    action: |world, args| agree(world, args).boxed_local(),
}];

async fn agree(world: &mut World, _args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.assertions += 1;
    let settled = settle::settle(play).await;
    if !settled.at_rest {
        return Err(StepError::failed(format!(
            "expected everything at rest; after {} ms still open: {}",
            settled.waited_ms,
            settled.open.join(", ")
        )));
    }
    let broken = play.stage.violations(&play.tag);
    if broken.is_empty() {
        return Ok(());
    }
    let mut laws: Vec<&str> = broken.iter().map(|violation| violation.invariant.as_str()).collect();
    laws.sort_unstable();
    laws.dedup();
    Err(StepError::failed(format!("expected every law to hold; broken: {}", laws.join(", "))))
}
