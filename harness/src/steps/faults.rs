//! Steps about what goes wrong: outages, lost answers, duplicates, delays, deaths.

use counterproof_contracts::{
    model::System,
    protocol::{Operation, carrier, erp, psp, stored_value, tax, wms},
};
use counterproof_simulators::kernel::Fault;
use futures::FutureExt as _;

use super::{Args, Kind, Step};
use crate::world::{StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the {system} is down",
        doc: "The system answers nobody's call about this scenario's orders (503) until it is back.",
        action: |world, args| down(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} is back",
        doc: "The system answers again.",
        action: |world, args| back(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} loses its answer to the {request}",
        doc: "The next such request is carried out, and its answer never arrives.",
        action: |world, args| lose_answer(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} sends every event {count} times",
        doc: "Each event is delivered so often, as the same message.",
        action: |world, args| duplicate(world, args, false).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the {system} sends every event {count} times under new numbers",
        doc: "Each event is delivered so often, each time as if it were another message.",
        action: |world, args| duplicate(world, args, true).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the carrier's scans are held back",
        doc: "The carrier records scans and tells nobody yet.",
        action: |world, _| hold(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the held scans arrive in order",
        doc: "The carrier tells what it held back, oldest first.",
        action: |world, _| release(world, false).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the held scans arrive in reverse order",
        doc: "The carrier tells what it held back, newest first.",
        action: |world, _| release(world, true).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the middleware is killed and started again",
        doc: "The implementation is ended without warning and started with the same store; for targets that are started here.",
        action: |world, _| kill(world).boxed_local(),
    },
];

fn system(name: &str) -> Result<System, StepError> {
    System::PARTNERS
        .into_iter()
        .find(|system| system.title() == name)
        .ok_or_else(|| StepError::rig(format!("no system is called {name:?}")))
}

fn operation(system: System, request: &str) -> Result<Operation, StepError> {
    let table: &[(&str, Operation)] = &[
        ("sales order", erp::CREATE_SALES_ORDER),
        ("reservation", erp::CREATE_RESERVATION),
        ("invoice", erp::POST_INVOICE),
        ("stock movement", erp::POST_INVENTORY_MOVEMENT),
        ("credit memo", erp::POST_CREDIT_MEMO),
        ("authorization", psp::AUTHORIZE_PAYMENT),
        ("capture", psp::CAPTURE_PAYMENT),
        ("refund", psp::REFUND_PAYMENT),
        ("fulfillment order", wms::CREATE_FULFILLMENT_ORDER),
        ("label", carrier::CREATE_LABEL),
        ("tax document", tax::COMMIT_TAX),
        ("store credit", stored_value::ISSUE_STORE_CREDIT),
    ];
    table
        .iter()
        .find(|(name, operation)| *name == request && operation.system == system)
        .map(|(_, operation)| *operation)
        .ok_or_else(|| StepError::rig(format!("nobody asks the {} for a {request}", system.title())))
}

async fn down(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.stage.inject(&play.tag, system(args.text(0))?, None, Fault::Unavailable { retry_after_s: None });
    Ok(())
}

async fn back(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.stage.lift(&play.tag, system(args.text(0))?);
    Ok(())
}

async fn lose_answer(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let system = system(args.text(0))?;
    let operation = operation(system, args.text(1))?;
    play.stage.inject(&play.tag, system, Some(operation), Fault::LoseAnswer);
    Ok(())
}

async fn duplicate(world: &mut World, args: Args, new_id: bool) -> Result<(), StepError> {
    let play = world.play()?;
    let fault = Fault::Duplicate { times: args.number(1)?, new_id };
    play.stage.inject(&play.tag, system(args.text(0))?, None, fault);
    Ok(())
}

async fn hold(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.stage.inject(&play.tag, System::Carrier, None, Fault::Hold);
    Ok(())
}

async fn release(world: &mut World, reverse: bool) -> Result<(), StepError> {
    let play = world.play()?;
    play.stage.release(&play.tag, System::Carrier, reverse);
    Ok(())
}

async fn kill(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.stage.kill_and_restart().await.map_err(|fatal| StepError::rig(fatal.message))
}
