//! Steps about who may call the middleware: calls without token, and strangers who ask about an order.

use counterproof_contracts::{
    faults::{Fault, Link, Misfortune},
    model::System,
    protocol::{CancellationRequest, ProblemKind, ReplayRequest, middleware},
};
use futures::FutureExt as _;

use super::{
    Args, Kind, Step, at_once,
    faults::{plan, system},
    recovery::BETWEEN_LOOKS,
};
use crate::world::{StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the {system} calls without its token",
        doc: "The first attempt at each call of the system does not prove who it is.",
        action: |world, args| at_once(spoil(world, &args, Misfortune::WrongToken { unknown: false })),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} calls with a token that nobody has",
        doc: "The first attempt at each call of the system bears a token that nobody has.",
        action: |world, args| at_once(spoil(world, &args, Misfortune::WrongToken { unknown: true })),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} asks to cancel the order as if it were its own",
        doc: "A system that did not take the order asks the implementation to cancel all of it.",
        action: |world, args| at_once(cancel(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} asks to replay the order",
        doc: "A system that does not operate the implementation asks it to make every call of the order again.",
        action: |world, args| at_once(replay(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the {system} is told that it may not do this",
        doc: "What the system asked about the order is refused, because it has no right to it.",
        action: |world, args| forbidden(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the {system} sees nothing of the order",
        doc: "The system asks the implementation for the order, and is not shown it.",
        action: |world, args| unseen(world, args).boxed_local(),
    },
];

/// Plans a fault of each call of a system, which is the first parameter.
fn spoil(world: &mut World, args: &Args, misfortune: Misfortune) -> Result<(), StepError> {
    let caller = args.text(0);
    let name = format!("{} of the {caller}'s calls", misfortune.name().replace('_', " "));
    plan(world, &Fault::new(name, Link::from(system(caller)?), misfortune))
}

fn cancel(world: &mut World, args: &Args) -> Result<(), StepError> {
    let stranger: System = system(args.text(0))?;
    let play = world.play()?;
    let order = play.order_number()?;
    let root = play.root("stranger");
    let key = root.correlation.to_string();
    let request = CancellationRequest {
        order_number: order.clone(),
        cancellation_id: key.clone(),
        lines: Vec::new(),
        reason: "as if it were ours".to_owned(),
    };
    let body = serde_json::to_value(&request).map_err(|error| StepError::rig(error.to_string()))?;
    play.stage.with_channel(stranger, &root, |_, scene| {
        scene.call(middleware::CANCEL_ORDER, &[order.as_str()], body, key, &order);
    });
    Ok(())
}

fn replay(world: &mut World, args: &Args) -> Result<(), StepError> {
    let stranger: System = system(args.text(0))?;
    let play = world.play()?;
    let order = play.order_number()?;
    let root = play.root("stranger");
    let key = root.correlation.to_string();
    let request = ReplayRequest { order_number: order.clone(), reason: "as if we operated it".to_owned() };
    let body = serde_json::to_value(&request).map_err(|error| StepError::rig(error.to_string()))?;
    play.stage.with_channel(stranger, &root, |_, scene| {
        scene.call(middleware::REPLAY_ORDER, &[order.as_str()], body, key, &order);
    });
    Ok(())
}

async fn forbidden(world: &mut World, args: Args) -> Result<(), StepError> {
    let stranger: System = system(args.text(0))?;
    let play = world.play()?;
    play.assertions += 1;
    let order = play.order_number()?;
    play.eventually(&format!("the {} told that it may not do this", stranger.title()), |stage| {
        match stage.channel_view(stranger, &order).problem {
            Some(problem) if problem.problem_kind() == Some(ProblemKind::Forbidden) => Ok(()),
            Some(problem) => Err(format!("it was told {} {}", problem.status, problem.detail)),
            None => Err("it was told of no refusal".to_owned()),
        }
    })
    .await
}

/// Asks until there is a definite answer: the implementation may be starting again.
async fn unseen(world: &mut World, args: Args) -> Result<(), StepError> {
    let stranger: System = system(args.text(0))?;
    let play = world.play()?;
    play.assertions += 1;
    let (order, root) = (play.order_number()?, play.same_root("order"));
    let began = play.stage.clock.elapsed();
    loop {
        let kernel = &play.stage.kernel;
        let parameters = [order.as_str()];
        let answer = kernel
            .read_middleware(stranger, middleware::READ_ORDER, &parameters, Some(&order), &root.correlation)
            .await;
        let told = match answer {
            Ok((403 | 404, _)) => return Ok(()),
            Ok((status, _)) => format!("status {status} came"),
            Err(error) => error.to_string(),
        };
        let definite = told.contains("status 2") || told.contains("status 4");
        if definite || play.stage.clock.elapsed().saturating_sub(began) >= play.stage.patience {
            let what = format!("expected nothing of order {order} shown to the {}", stranger.title());
            return Err(StepError::failed(format!("{what}; {told}")));
        }
        play.stage.clock.sleep(BETWEEN_LOOKS).await;
    }
}
