//! Steps about what systems say by themselves: late, twice, wrongly signed, or never.

use counterproof_contracts::{
    faults::{Attempts, Ending, Fault, Link, Misfortune},
    model::System,
};

use super::{message, millis, plan, system};
use crate::{
    steps::{Args, Kind, Step, at_once},
    world::{StepError, World},
};

/// How long a message waits to be overtaken.
const OVERTAKEN_MS: u64 = 5_000;

/// The steps.
pub(in crate::steps) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the {message} is lost on its way",
        doc: "The next such message never reaches the middleware, until it is sent again.",
        action: |world, args| {
            at_once(on_message(world, &args, Misfortune::LoseRequest { ending: Ending::Reset }))
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the {message} is accepted and its sender does not hear of it",
        doc: "The next such message is accepted, and its sender does not hear of it.",
        action: |world, args| {
            at_once(on_message(world, &args, Misfortune::LoseAnswer { ending: Ending::Reset }))
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the {message} is overtaken by the next message",
        doc: "The next such message waits until another message about its order has come.",
        action: |world, args| {
            at_once(on_message(world, &args, Misfortune::Overtaken { within_ms: OVERTAKEN_MS }))
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the {message} comes {duration} late",
        doc: "Each such message waits so long before it is sent; what is sent later passes by.",
        action: |world, args| at_once(late(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {message} comes again {duration} later",
        doc: "Each such message is repeated after that time.",
        action: |world, args| at_once(again(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {message} comes with {drift}",
        doc: "Each such message is told in another version of the contract, and properly if that is refused.",
        action: |world, args| at_once(drifted(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "every attempt at the {message} comes with {drift}",
        doc: "Each such message is told in another version of the contract, however often it is told.",
        action: |world, args| at_once(always_drifted(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system}'s messages reach the middleware {duration} late",
        doc: "Every message of the system waits so long before it is sent.",
        action: |world, args| at_once(all_late(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} signs its messages with an old key",
        doc: "The first attempt at each message of the system is to be refused for its signature.",
        action: |world, args| at_once(on_sender(world, &args, Misfortune::OldSignature { with_new: false })),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} exchanges its key",
        doc: "The first attempt at each message of the system is signed with the old and the new key.",
        action: |world, args| at_once(on_sender(world, &args, Misfortune::OldSignature { with_new: true })),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system}'s messages bear an old date",
        doc: "The first attempt at each message of the system is to be refused, for it is signed too long ago.",
        action: |world, args| at_once(on_sender(world, &args, Misfortune::StaleTimestamp { by_s: 600 })),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system}'s clock is {duration} fast",
        doc: "The system dates what it does, says and signs too late.",
        action: |world, args| at_once(skewed(world, &args, 1)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system}'s clock is {duration} slow",
        doc: "The system dates what it does, says and signs too early.",
        action: |world, args| at_once(skewed(world, &args, -1)),
    },
    Step {
        kind: Kind::Action,
        expression: "nothing that the {system} says reaches the middleware any more",
        doc: "The system can be called, and its messages are lost for good.",
        action: |world, args| at_once(cut_off(world, &args)),
    },
];

/// Plans a fault of one kind of message, which is the first parameter.
fn on_message(world: &mut World, args: &Args, misfortune: Misfortune) -> Result<(), StepError> {
    let event = message(args.text(0))?;
    let name = format!("{} of the {}", misfortune.name().replace('_', " "), args.text(0));
    plan(world, &Fault::new(name, Link::from(event.source()), misfortune).on(event.name()))
}

/// Plans a fault of every message of a system, which is the first parameter.
fn on_sender(world: &mut World, args: &Args, misfortune: Misfortune) -> Result<(), StepError> {
    let sender: System = system(args.text(0))?;
    let name = format!("{} of the {}'s messages", misfortune.name().replace('_', " "), args.text(0));
    plan(world, &Fault::new(name, Link::from(sender), misfortune))
}

fn late(world: &mut World, args: &Args) -> Result<(), StepError> {
    let ms = millis(args.duration(1)?);
    on_message(world, args, Misfortune::Delay { ms })
}

fn all_late(world: &mut World, args: &Args) -> Result<(), StepError> {
    let ms = millis(args.duration(1)?);
    on_sender(world, args, Misfortune::Delay { ms })
}

fn again(world: &mut World, args: &Args) -> Result<(), StepError> {
    let after_ms = millis(args.duration(1)?);
    on_message(world, args, Misfortune::Duplicate { times: 1, new_id: false, after_ms })
}

fn drifted(world: &mut World, args: &Args) -> Result<(), StepError> {
    on_message(world, args, super::drift(args.text(1))?)
}

fn always_drifted(world: &mut World, args: &Args) -> Result<(), StepError> {
    let (event, drift) = (message(args.text(0))?, super::drift(args.text(1))?);
    let name = format!("{} of every {}", drift.name().replace('_', " "), args.text(0));
    plan(world, &Fault::new(name, Link::from(event.source()), drift).on(event.name()).attempts(Attempts::ALL))
}

fn skewed(world: &mut World, args: &Args, sign: i32) -> Result<(), StepError> {
    let seconds = i32::try_from(args.duration(1)?.as_secs()).unwrap_or(i32::MAX);
    on_sender(world, args, Misfortune::ClockSkew { seconds: seconds * sign })
}

fn cut_off(world: &mut World, args: &Args) -> Result<(), StepError> {
    let name = format!("nothing that the {} says arrives", args.text(0));
    let fault = Fault::new(name, Link::from(system(args.text(0))?), Misfortune::CutOff);
    plan(world, &Fault { permanent: true, ..fault.attempts(Attempts::ALL) })
}
