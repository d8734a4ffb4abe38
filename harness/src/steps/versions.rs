//! Steps about versions of the interface: callers of a later one beside others, and one that is not served.

use counterproof_contracts::{
    faults::{Attempts, DriftChange, Fault, Link, Misfortune},
    model::System,
    protocol::{Operation, Problem, ProblemKind, middleware},
};
use futures::FutureExt as _;

use super::{
    Args, Kind, Step, at_once,
    faults::{plan, system},
};
use crate::world::{StepError, World};

/// Where an order would be read in the next major version.
const NEXT_MAJOR: &str = "/v2/orders/{order_number}";

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the {system} places its orders in a later minor version",
        doc: "Each order of the system has a field that this version of the contract does not know.",
        action: |world, args| at_once(later(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the {system} is told that the next major version is not served",
        doc: "The system asks for the order in a major version that does not exist, and is told so.",
        action: |world, args| not_served(world, args).boxed_local(),
    },
];

fn later(world: &mut World, args: &Args) -> Result<(), StepError> {
    let name = format!("the {} places its orders in a later minor version", args.text(0));
    let drift = Misfortune::Drift { change: DriftChange::ExtraField, at: None };
    let fault = Fault::new(name, Link::from(system(args.text(0))?), drift).on(middleware::SUBMIT_ORDER.id);
    plan(world, &fault.attempts(Attempts::ALL))
}

async fn not_served(world: &mut World, args: Args) -> Result<(), StepError> {
    let caller: System = system(args.text(0))?;
    let play = world.play()?;
    play.assertions += 1;
    let (order, root) = (play.order_number()?, play.same_root("order"));
    let operation = Operation { path: NEXT_MAJOR, ..middleware::READ_ORDER };
    let kernel = &play.stage.kernel;
    let began = play.stage.clock.elapsed();
    loop {
        let answer = kernel
            .read_middleware(caller, operation, &[order.as_str()], Some(&order), &root.correlation)
            .await;
        let seen = match answer {
            Ok((status, body)) => {
                let problem: Option<Problem> = serde_json::from_value(body).ok();
                if problem.and_then(|problem| problem.problem_kind()) == Some(ProblemKind::UnknownOperation) {
                    return Ok(());
                }
                format!("it answered {status}")
            }
            Err(error) => error.to_string(),
        };
        if play.stage.clock.elapsed().saturating_sub(began) >= play.stage.patience {
            let expected = "expected the next major version to be an unknown operation";
            return Err(StepError::failed(format!("{expected}; {seen}")));
        }
        play.stage.clock.sleep(super::recovery::BETWEEN_LOOKS).await;
    }
}
