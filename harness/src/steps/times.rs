//! Steps about how long it took: declared times that a scenario holds an implementation to.

use std::time::Duration;

use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once};
use crate::world::{Play, StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Assertion,
        expression: "it took no longer than {duration}",
        doc: "What was asserted before was seen within this time of the last thing that somebody did (`When`) or that was arranged (`Given`).",
        action: |world, args| at_once(took(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "every system agreed within {duration} of the last thing that went wrong",
        doc: "Comes to rest; no system worked on for longer than this after its last fault, or after faults ended.",
        action: |world, args| agreed(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP has not invoiced the first order yet",
        doc: "At this moment, whatever comes later: what is more critical went first. Not judged where a run lays delays over every scenario.",
        action: |world, _| at_once(not_invoiced(world)),
    },
];

/// The declared time, and what a run lays over every scenario may add to it.
fn limit(play: &Play, args: &Args) -> Result<Duration, StepError> {
    Ok(args.duration(0)? + play.stage.laid_over_delays())
}

fn took(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let limit = limit(play, args)?;
    play.assertions += 1;
    let acted = play.acted.ok_or_else(|| StepError::rig("nobody did anything before"))?;
    let took = play.stage.clock.elapsed().saturating_sub(acted);
    if took <= limit {
        return Ok(());
    }
    let (limit, took) = (limit.as_secs_f64(), took.as_secs_f64());
    Err(StepError::failed(format!("expected no more than {limit:.1} s; it took {took:.1} s")))
}

async fn agreed(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let limit = limit(play, &args)?;
    let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
    play.assertions += 1;
    let settled = crate::settle::settle(play).await;
    if settled.converged_ms.is_empty() {
        return Err(StepError::rig("nothing went wrong that a system had to recover from"));
    }
    let late: Vec<String> = settled
        .converged_ms
        .iter()
        .filter(|(_, took)| **took > limit_ms)
        .map(|(system, took)| format!("the {} took {took} ms", system.title()))
        .collect();
    if late.is_empty() && settled.at_rest {
        return Ok(());
    }
    let open = if settled.at_rest { String::new() } else { "; there is no rest".to_owned() };
    Err(StepError::failed(format!("expected agreement within {limit_ms} ms; {}{open}", late.join(", "))))
}

fn not_invoiced(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.assertions += 1;
    if !play.stage.laid_over_delays().is_zero() {
        return Ok(());
    }
    let first = play.orders.first().ok_or_else(|| StepError::rig("nobody ordered anything before"))?;
    let invoices = play.stage.landscape.erp.look(|erp| erp.invoices(&first.order_number).len());
    if invoices == 0 {
        return Ok(());
    }
    Err(StepError::failed(format!("expected no invoice yet of the first order; the ERP posted {invoices}")))
}
