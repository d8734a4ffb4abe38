//! The steps that scenarios end with.

use counterproof_contracts::journal::Settled;
use futures::FutureExt as _;

use super::{Kind, Step};
use crate::{
    settle,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Assertion,
        expression: "every system agrees",
        doc: "Everything comes to rest within the bound, and no law is broken.",
        action: |world, _| agree(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "nothing wrong was done",
        doc: "Everything comes to rest, and what was done breaks no law; for systems that are cut off and cannot agree.",
        action: |world, _| right_so_far(world).boxed_local(),
    },
];

async fn agree(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let settled = rest(play).await?;
    if let Some(system) = settled.cut_off.first() {
        return Err(StepError::rig(format!(
            "the {} is cut off for good, so systems cannot agree; say `Then nothing wrong was done`",
            system.title()
        )));
    }
    unbroken(play)
}

async fn right_so_far(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    rest(play).await?;
    unbroken(play)
}

async fn rest(play: &mut Play) -> Result<Settled, StepError> {
    play.assertions += 1;
    let settled = settle::settle(play).await;
    if settled.at_rest {
        return Ok(settled);
    }
    Err(StepError::failed(format!(
        "expected everything at rest; after {} ms still open: {}",
        settled.waited_ms,
        settled.open.join(", ")
    )))
}

fn unbroken(play: &Play) -> Result<(), StepError> {
    let broken = play.stage.violations(&play.tag);
    if broken.is_empty() {
        return Ok(());
    }
    let mut laws: Vec<&str> = broken.iter().map(|violation| violation.invariant.as_str()).collect();
    laws.sort_unstable();
    laws.dedup();
    Err(StepError::failed(format!("expected every law to hold; broken: {}", laws.join(", "))))
}
