//! Steps about several links at once, and about the death of the implementation between two messages.

use std::time::Duration;

use counterproof_contracts::{
    faults::{Attempts, CHAOS_LEVEL_MAX, CrashPoint, Fault, Link, Misfortune, Plan},
    protocol::middleware,
};
use counterproof_simulators::kernel::swizzle_clog;

use super::{demand_restart, message, operation, plan, system};
use crate::{
    stage::PlannedFault,
    steps::{Args, Kind, Step, at_once},
    world::{StepError, World},
};

/// The steps.
pub(in crate::steps) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the middleware dies before the {system} carries out the {request}",
        doc: "When the next such request arrives, the implementation is killed and started again; the request has no effect.",
        action: |world, args| at_once(dies(world, &args, CrashPoint::BeforeEffect)),
    },
    Step {
        kind: Kind::Action,
        expression: "the middleware dies after the {system} has carried out the {request}",
        doc: "When the next such request has had its effect, the implementation is killed before it hears of it, and started again.",
        action: |world, args| at_once(dies(world, &args, CrashPoint::AfterEffect)),
    },
    Step {
        kind: Kind::Action,
        expression: "the middleware dies before it acknowledges the {message}",
        doc: "When the next such message was taken, the implementation is killed before its sender hears of it, and started again.",
        action: |world, args| at_once(dies_unheard(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {request} at the {system} and the {message} meet",
        doc: "The next such request and the next such message wait for each other and go on at the same instant.",
        action: |world, args| at_once(meet(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the next {count} messages of the {system} meet",
        doc: "So many messages of the system wait for each other and reach the middleware at the same instant.",
        action: |world, args| at_once(meet_all(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "order {count} of the {system} and order {count} of the {system} meet",
        doc: "Both orders of the scenario, counted from 1, are submitted at the same instant.",
        action: |world, args| at_once(orders_meet(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the links to the {system}, the {system} and the {system} clog one after the other",
        doc: "Calls of each are held, the next a second later than the one before, and then freed one by one in an order drawn from the seed.",
        action: |world, args| at_once(clog(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "chaos of level {count} reigns",
        doc: "Small misfortunes, drawn from the seed, hit any message; levels are 1 to 3.",
        action: |world, args| at_once(chaos(world, &args)),
    },
];

/// How long messages wait for each other.
const MEET_WITHIN_MS: u64 = 30_000;

fn dies(world: &mut World, args: &Args, point: CrashPoint) -> Result<(), StepError> {
    demand_restart(world.play()?)?;
    let system = system(args.text(0))?;
    let operation = operation(system, args.text(1))?.id;
    let name = format!("the middleware dies at the {} of the {}", args.text(1), args.text(0));
    plan(
        world,
        &Fault::new(name, Link::to(system), Misfortune::Crash { point })
            .on(operation)
            .attempts(Attempts::ALL),
    )
}

fn dies_unheard(world: &mut World, args: &Args) -> Result<(), StepError> {
    demand_restart(world.play()?)?;
    let event = message(args.text(0))?;
    let crash = Misfortune::Crash { point: CrashPoint::BeforeAcknowledgment };
    let name = format!("the middleware dies at the {}", args.text(0));
    plan(world, &Fault::new(name, Link::from(event.source()), crash).on(event.name()).attempts(Attempts::ALL))
}

/// A fault that lets a message wait for the others of the same step.
fn meeting(world: &mut World, link: Link, who: &str) -> Result<Fault, StepError> {
    let barrier = world.play()?.counters.get("meeting").copied().unwrap_or_default().to_string();
    let misfortune = Misfortune::Barrier { barrier, within_ms: MEET_WITHIN_MS };
    Ok(Fault::new(format!("{who} meets the others"), link, misfortune))
}

fn meet(world: &mut World, args: &Args) -> Result<(), StepError> {
    world.play()?.next("meeting");
    let system = system(args.text(1))?;
    let operation = operation(system, args.text(0))?.id;
    let request = meeting(world, Link::to(system), &format!("the {}", args.text(0)))?.on(operation);
    let event = message(args.text(2))?;
    let told = meeting(world, Link::from(event.source()), &format!("the {}", args.text(2)))?.on(event.name());
    plan(world, &request)?;
    plan(world, &told)
}

fn meet_all(world: &mut World, args: &Args) -> Result<(), StepError> {
    world.play()?.next("meeting");
    let system = system(args.text(1))?;
    for count in 1..=args.number(0)? {
        let fault = meeting(world, Link::from(system), &format!("message {count} of the {}", args.text(1)))?;
        plan(world, &fault)?;
    }
    Ok(())
}

fn orders_meet(world: &mut World, args: &Args) -> Result<(), StepError> {
    world.play()?.next("meeting");
    for at in [0, 2] {
        let (ordinal, channel) = (args.number(at)?, args.text(at + 1));
        let link = Link::from(system(channel)?);
        let fault = meeting(world, link, &format!("order {ordinal} of the {channel}"))?;
        let order = Some(counterproof_contracts::faults::OrderKey::Ordinal(ordinal));
        plan(world, &Fault { order, ..fault.on(middleware::SUBMIT_ORDER.id) })?;
    }
    Ok(())
}

fn clog(world: &mut World, args: &Args) -> Result<(), StepError> {
    let links = [0, 1, 2].map(|index| system(args.text(index)).map(Link::to));
    let links = links.into_iter().collect::<Result<Vec<_>, _>>()?;
    let second = Duration::from_secs(1);
    let clogs = swizzle_clog(world.play()?.stage.seed, &links, Duration::ZERO, second);
    let play = world.play()?;
    let parts = clogs.iter().map(|fault| play.stage.inject(&play.id, fault)).collect();
    // A link that nobody needs while it is clogged is no reason for doubt, as long as another was needed.
    play.faults.extend(PlannedFault::together("links clog one after the other", parts));
    Ok(())
}

fn chaos(world: &mut World, args: &Args) -> Result<(), StepError> {
    let level = u8::try_from(args.number(0)?).ok().filter(|level| (1..=CHAOS_LEVEL_MAX).contains(level));
    let level = level.ok_or_else(|| StepError::rig("levels of chaos are 1 to 3"))?;
    Plan::chaos(level).faults.iter().try_for_each(|fault| plan(world, fault))
}
