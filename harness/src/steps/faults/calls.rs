//! Steps about what systems answer to calls: slowly, wrongly, or not at all.

use std::time::Duration;

use counterproof_contracts::faults::{Attempts, Ending, ErrorBody, Fault, Link, Misfortune, Window};

use super::{millis, operation, plan, system};
use crate::{
    steps::{Args, Kind, Step, at_once},
    world::{StepError, World},
};

/// The steps.
pub(in crate::steps) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the {system} is slow",
        doc: "Every call of the system takes most of the time that its caller has.",
        action: |world, args| at_once(slow(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} answers the {request} too late",
        doc: "The next such request is carried out at once, and its answer comes when nobody waits any more.",
        action: |world, args| at_once(late(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} loses the {request}",
        doc: "The next such request never reaches the system.",
        action: |world, args| at_once(on_request(world, &args, Attempts::first(1), |_| LOSS)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} never answers the {request}",
        doc: "The next such request is carried out, and its caller waits in vain.",
        action: |world, args| at_once(on_request(world, &args, Attempts::first(1), |_| SILENCE)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} turns the {request} away {count} times",
        doc: "So many attempts at such a request find the system out of work.",
        action: |world, args| at_once(turn_away(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} asks for {duration} of patience with the {request}",
        doc: "The next such request comes too soon after others, and is to be repeated after that time.",
        action: |world, args| at_once(patience(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} shows an error page for the {request}",
        doc: "The next such request gets a page for people, and has no effect.",
        action: |world, args| at_once(on_request(world, &args, Attempts::first(1), |_| PAGE)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} reports failure and carries the {request} out",
        doc: "The next such request has its effect, and its caller is told of a failure.",
        action: |world, args| at_once(on_request(world, &args, Attempts::first(1), |_| FALSE_FAILURE)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} reports success and does not carry the {request} out",
        doc: "The next such request is answered like a success with an error inside, and has no effect.",
        action: |world, args| {
            at_once(on_request(world, &args, Attempts::first(1), |_| Misfortune::FalseSuccess))
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} accepts the {request} and never does it",
        doc: "The next attempt at such a request is accepted for later, and that is forgotten.",
        action: |world, args| {
            at_once(on_request(world, &args, Attempts::first(1), |_| Misfortune::AcceptAndNever))
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} says of the repeated {request} that it is being worked on",
        doc: "The first repetition of such a request does not get the answer that is known.",
        action: |world, args| at_once(on_request(world, &args, SECOND, |_| Misfortune::ConflictOnReplay)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} does not show its last change to the {request}",
        doc: "The next such request sees the order as it was before.",
        action: |world, args| {
            at_once(on_request(world, &args, Attempts::first(1), |_| Misfortune::StaleRead {
                behind_ms: None,
            }))
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} answers the {request} with {drift}",
        doc: "The next such request is answered in another version of the contract.",
        action: |world, args| at_once(drifted(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system}'s credentials have expired",
        doc: "The system refuses the first two attempts at every call until its caller has new credentials.",
        action: |world, args| at_once(expired(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} is up and down by turns",
        doc: "The system answers nobody's call for one second in every three, from the first call on.",
        action: |world, args| at_once(by_turns(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} fails in {count} of 100 calls",
        doc: "So large a share of the calls, drawn from the seed, finds the system out of work.",
        action: |world, args| at_once(brown_out(world, &args)),
    },
];

const LOSS: Misfortune = Misfortune::LoseRequest { ending: Ending::Reset };
const SILENCE: Misfortune = Misfortune::LoseAnswer { ending: Ending::Silence };
const PAGE: Misfortune =
    Misfortune::ErrorAnswer { status: 502, retry_after_s: None, body: ErrorBody::Html, after_effect: false };
const FALSE_FAILURE: Misfortune = Misfortune::ErrorAnswer {
    status: 500,
    retry_after_s: None,
    body: ErrorBody::Problem,
    after_effect: true,
};
const SECOND: Attempts = Attempts { from: 2, to: Some(2) };
/// Up and down by turns, and down when it is first called.
const TURNS: Window = Window { after_ms: 0, on_contact: true, for_ms: Some(1_000), every_ms: Some(3_000) };

/// A fault of every call of a system, which is the first parameter.
fn on_system(name: &str, args: &Args, misfortune: Misfortune) -> Result<Fault, StepError> {
    let fault =
        Fault::new(format!("the {} {name}", args.text(0)), Link::to(system(args.text(0))?), misfortune);
    Ok(fault.attempts(Attempts::ALL))
}

/// Plans a fault of one request; system and request are the first parameters.
fn on_request(
    world: &mut World,
    args: &Args,
    attempts: Attempts,
    misfortune: impl FnOnce(Duration) -> Misfortune,
) -> Result<(), StepError> {
    on(world, (args.text(0), args.text(1)), attempts, misfortune)
}

/// Plans a fault of one request of a system, which is made with the time that a caller has.
fn on(
    world: &mut World,
    (name, request): (&str, &str),
    attempts: Attempts,
    misfortune: impl FnOnce(Duration) -> Misfortune,
) -> Result<(), StepError> {
    let system = system(name)?;
    let misfortune = misfortune(world.play()?.stage.kernel.answer_within());
    let title = format!("{} of the {request} at the {name}", misfortune.name().replace('_', " "));
    let operation = operation(system, request)?.id;
    plan(world, &Fault::new(title, Link::to(system), misfortune).on(operation).attempts(attempts))
}

fn slow(world: &mut World, args: &Args) -> Result<(), StepError> {
    let time = world.play()?.stage.kernel.answer_within();
    plan(world, &on_system("is slow", args, Misfortune::Delay { ms: millis(time / 2) })?)
}

fn late(world: &mut World, args: &Args) -> Result<(), StepError> {
    let late = |time| Misfortune::LateAnswer { ms: millis(time + time / 2) };
    on_request(world, args, Attempts::first(1), late)
}

fn turn_away(world: &mut World, args: &Args) -> Result<(), StepError> {
    on_request(world, args, Attempts::first(args.number(2)?), |_| Misfortune::unavailable())
}

fn patience(world: &mut World, args: &Args) -> Result<(), StepError> {
    let seconds = u32::try_from(args.duration(1)?.as_secs()).unwrap_or(u32::MAX);
    let busy = Misfortune::ErrorAnswer {
        status: 429,
        retry_after_s: Some(seconds),
        body: ErrorBody::Problem,
        after_effect: false,
    };
    on(world, (args.text(0), args.text(2)), Attempts::first(1), |_| busy)
}

fn drifted(world: &mut World, args: &Args) -> Result<(), StepError> {
    let drift = super::drift(args.text(2))?;
    on_request(world, args, Attempts::first(1), |_| drift)
}

fn expired(world: &mut World, args: &Args) -> Result<(), StepError> {
    let fault = on_system("wants new credentials", args, Misfortune::CredentialsExpired)?;
    plan(world, &fault.attempts(Attempts::first(2)))
}

fn by_turns(world: &mut World, args: &Args) -> Result<(), StepError> {
    let fault = on_system("is up and down by turns", args, Misfortune::unavailable())?;
    plan(world, &fault.within(TURNS))
}

fn brown_out(world: &mut World, args: &Args) -> Result<(), StepError> {
    let percent = u8::try_from(args.number(1)?).ok().filter(|percent| (1..100).contains(percent));
    let percent = percent.ok_or_else(|| StepError::rig("a share of calls is 1 to 99 of 100"))?;
    let fault = on_system("fails now and then", args, Misfortune::unavailable())?;
    plan(world, &Fault { percent: Some(percent), ..fault })
}
