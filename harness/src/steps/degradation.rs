//! Steps about channels that go on selling within limits: while a partner is impaired, and at a peak.

use counterproof_contracts::{
    model::System,
    protocol::{Health, PartnerMode, ProblemKind, middleware},
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, faults::system, orders, recovery::BETWEEN_LOOKS};
use crate::{
    stage::Stage,
    world::{StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "{count} customers order {items} in the {channel}",
        doc: "So many customers order the same at the same time.",
        action: |world, args| at_once(order(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "every order is {status}",
        doc: "Each channel shows this status of each of its orders, now or soon.",
        action: |world, args| every_status(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "as many orders are taken as may wait for the ERP",
        doc: "Of the scenario's orders, all of one product, as many are taken as the policy lets wait; the others are asked to come again later.",
        action: |world, _| taken_within_limit(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "a channel was asked to come again later",
        doc: "At least one order was turned away because too many wait.",
        action: |world, _| slowed_down(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "no channel was asked to come again later",
        doc: "Until now no order was turned away because too many wait.",
        action: |world, _| at_once(never_slowed_down(world)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the middleware says that the {system} is impaired",
        doc: "The implementation, asked how it is doing, names the system as one whose calls fail.",
        action: |world, args| impaired(world, args).boxed_local(),
    },
];

fn order(world: &mut World, args: &Args) -> Result<(), StepError> {
    for _ in 0..args.number(0)? {
        orders::order(world, args.text(1), args.text(2))?;
    }
    Ok(())
}

async fn every_status(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let placed: Vec<_> =
        play.orders.iter().map(|order| (order.order_number.clone(), order.sales_channel.system())).collect();
    for (number, channel) in placed {
        orders::shown_as(play, &number, channel, args.text(0)).await?;
    }
    Ok(())
}

/// How often an order was turned away to come again later.
fn turned_away(stage: &Stage, scenario: &str) -> u32 {
    let kinds = [ProblemKind::TooManyRequests, ProblemKind::Unavailable];
    kinds.into_iter().map(|kind| stage.recording.refusals(scenario, System::Middleware, kind)).sum()
}

async fn taken_within_limit(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (scenario, orders) = (play.id.clone(), play.orders.clone());
    let limit = usize::try_from(play.stage.degradation.unbooked_orders_per_sku_max).unwrap_or(usize::MAX);
    let expected = limit.min(orders.len());
    let turned = orders.len() - expected;
    let seen = move |stage: &Stage| {
        let is_taken = |order: &&counterproof_contracts::model::Order| {
            stage.channel_view(order.sales_channel.system(), &order.order_number).acknowledged
        };
        let taken = orders.iter().filter(is_taken).count();
        let others =
            turned == 0 || turned_away(stage, &scenario) >= u32::try_from(turned).unwrap_or(u32::MAX);
        if taken == expected && others { Ok(()) } else { Err(format!("{taken} of {} are", orders.len())) }
    };
    play.expect(&format!("{expected} orders taken and {turned} turned away"), seen).await
}

async fn slowed_down(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let scenario = play.id.clone();
    play.expect("an order that was asked to come again later", |stage| {
        if turned_away(stage, &scenario) > 0 {
            Ok(())
        } else {
            Err("every order was taken at once".to_owned())
        }
    })
    .await
}

fn never_slowed_down(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.assertions += 1;
    match turned_away(&play.stage, &play.id) {
        0 => Ok(()),
        times => Err(StepError::failed(format!("orders were turned away {times} times"))),
    }
}

async fn impaired(world: &mut World, args: Args) -> Result<(), StepError> {
    let partner: System = system(args.text(0))?;
    let play = world.play()?;
    play.assertions += 1;
    let (order, root) = (play.order_number()?, play.same_root("order"));
    let began = play.stage.clock.elapsed();
    loop {
        let reader = System::CustomerService;
        let answer = play
            .stage
            .kernel
            .read_middleware(reader, middleware::READ_HEALTH, &[], Some(&order), &root.correlation)
            .await;
        let seen = match answer.map(|(_, body)| serde_json::from_value::<Health>(body)) {
            Ok(Ok(health)) => {
                let told = health.partners.iter().find(|told| told.partner == partner);
                match told.map(|told| told.mode) {
                    Some(PartnerMode::Impaired) => return Ok(()),
                    Some(PartnerMode::Normal) => "it says that nothing is amiss".to_owned(),
                    None => "it says nothing of it".to_owned(),
                }
            }
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        if play.stage.clock.elapsed().saturating_sub(began) >= play.stage.patience {
            let expected = format!("expected the middleware to say that the {} is impaired", args.text(0));
            return Err(StepError::failed(format!("{expected}; {seen}")));
        }
        play.stage.clock.sleep(BETWEEN_LOOKS).await;
    }
}
