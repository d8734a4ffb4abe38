//! Steps about connections: answers and messages that break on their way, and systems that cannot be reached at all.

use counterproof_contracts::faults::{Break, Fault, Link, Misfortune};
use futures::FutureExt as _;

use super::{demand_tag, message, operation, plan, system};
use crate::{
    runner::ALONE,
    settle,
    steps::{Args, Kind, Step, at_once},
    world::{StepError, World},
};

/// The steps.
pub(in crate::steps) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the {system}'s answer to the {request} breaks off",
        doc: "The next such request is carried out, and less of its answer comes than was announced.",
        action: |world, args| at_once(answer(world, &args, Break::Truncated)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system}'s answer to the {request} drips",
        doc: "The next such request is carried out, and its answer comes a few letters at a time, for a second.",
        action: |world, args| at_once(answer(world, &args, Break::Drip)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system}'s answer to the {request} ends in a reset",
        doc: "The next such request is carried out, and the connection is reset in the middle of its answer.",
        action: |world, args| at_once(answer(world, &args, Break::Reset)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system}'s answer to the {request} stops half-way",
        doc: "The next such request is carried out; after half of its answer nothing more is said, and nobody hangs up.",
        action: |world, args| at_once(answer(world, &args, Break::HalfClosed)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {message} breaks off",
        doc: "Of the first attempt at the next such message less comes than was announced.",
        action: |world, args| at_once(request(world, &args, Break::Truncated)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {message} drips",
        doc: "The first attempt at the next such message comes a few letters at a time, for a second.",
        action: |world, args| at_once(request(world, &args, Break::Drip)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {message} ends in a reset",
        doc: "The connection is reset in the middle of the first attempt at the next such message.",
        action: |world, args| at_once(request(world, &args, Break::Reset)),
    },
    Step {
        kind: Kind::Action,
        expression: "the sender of the {message} shuts its side",
        doc: "After the first attempt at the next such message its sender only listens.",
        action: |world, args| at_once(request(world, &args, Break::HalfClosed)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} refuses connections",
        doc: "Nobody can reach the system, for whatever order; for scenarios that are played alone (@serial).",
        action: |world, args| refuse(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} takes connections again",
        doc: "The system can be reached again.",
        action: |world, args| take(world, args).boxed_local(),
    },
];

fn in_words(how: Break) -> &'static str {
    match how {
        Break::Truncated => "breaks off",
        Break::Drip => "drips",
        Break::Reset => "ends in a reset",
        Break::HalfClosed => "is half-closed",
    }
}

fn answer(world: &mut World, args: &Args, how: Break) -> Result<(), StepError> {
    let system = system(args.text(0))?;
    let name = format!("the {}'s answer to the {} {}", args.text(0), args.text(1), in_words(how));
    let fault = Fault::new(name, Link::to(system), Misfortune::broken_answer(how));
    plan(world, &fault.on(operation(system, args.text(1))?.id))
}

fn request(world: &mut World, args: &Args, how: Break) -> Result<(), StepError> {
    let event = message(args.text(0))?;
    let name = format!("the {} {}", args.text(0), in_words(how));
    let fault = Fault::new(name, Link::from(event.source()), Misfortune::broken_request(how));
    plan(world, &fault.on(event.name()))
}

async fn refuse(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let system = system(args.text(0))?;
    demand_tag(play, ALONE, "a system that refuses connections refuses those of every scenario")?;
    play.stage.refuse_connections(&play.id, system).await
}

async fn take(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let system = system(args.text(0))?;
    // Whoever is refused leaves no trace here: what tries to come gets the time to be refused.
    settle::let_it_try(play).await;
    if play.stage.take_connections(&play.id, Some(system)).await? {
        return Ok(());
    }
    Err(StepError::rig(format!("the {} takes connections already", args.text(0))))
}
