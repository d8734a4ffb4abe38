//! Steps about when goods arrive: what customers are promised, what they are told later, and what they say to it.

use std::time::Duration;

use counterproof_contracts::{
    model::{DelayReason, Order, RevisedPromise, System, Timestamp},
    policy::PromisePolicy,
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, fulfillment, stock};
use crate::{
    stage::Stage,
    world::{Cart, Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer is promised the goods within {duration}",
        doc: "The next order is placed with this date: everything arrives by then.",
        action: |world, args| at_once(promise(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer is promised {product} within {duration}",
        doc: "The next order is placed with a date of its own for this product.",
        action: |world, args| at_once(promise_product(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the order goes by express",
        doc: "The next order is sent in the faster of two ways.",
        action: |world, _| at_once(express(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the carrier expects to deliver every parcel in {duration}",
        doc: "The carrier tells when it expects to deliver, as after a breakdown. Waits until there is a parcel.",
        action: |world, args| estimate(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer agrees to wait",
        doc: "For every line that the channel shows as late.",
        action: |world, _| agree(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer is told to wait up to {duration} because {delay}",
        doc: "The channel shows that a line of the order arrives by the end of the day so long after the order was placed, and why.",
        action: |world, args| told(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer is told {count} new date(s)",
        doc: "So many dates were told after the first, over all lines, once everything is at rest.",
        action: |world, args| count(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer is asked whether to wait",
        doc: "The channel shows until when the customer must say so.",
        action: |world, _| asked(world, true).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer need not say whether to wait",
        doc: "The channel shows a new date, and no question.",
        action: |world, _| asked(world, false).boxed_local(),
    },
];

fn promise(world: &mut World, args: &Args) -> Result<(), StepError> {
    world.play()?.cart.promised_within = Some(args.duration(0)?);
    Ok(())
}

fn promise_product(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.cart.product_within = Some((stock::sku(play, args.text(0))?, args.duration(1)?));
    Ok(())
}

fn express(world: &mut World) -> Result<(), StepError> {
    world.play()?.cart.shipping_method = Some("express");
    Ok(())
}

/// Writes what the customer was promised into an order that is placed now.
pub(super) fn of_cart(order: &mut Order, cart: &Cart) -> Result<(), StepError> {
    let placed_at = order.placed_at;
    order.promised_by = cart.promised_within.map(|within| after(placed_at, within)).transpose()?;
    order.shipping_method = cart.shipping_method.map(str::to_owned);
    if let Some((sku, within)) = &cart.product_within {
        let promised_by = after(placed_at, *within)?;
        let lines = order.lines.iter_mut().filter(|line| line.sku == *sku);
        lines.for_each(|line| line.promised_by = Some(promised_by));
    }
    Ok(())
}

fn after(instant: Timestamp, by: Duration) -> Result<Timestamp, StepError> {
    instant.checked_add(by).map_err(|_| StepError::rig("no calendar reaches so far"))
}

/// Lines that the order's channel shows as late.
fn shown(stage: &Stage, system: System, order: &Order) -> Vec<RevisedPromise> {
    stage.channel_view(system, &order.order_number).promises
}

async fn estimate(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let at = after(play.stage.clock.now(), args.duration(0)?)?;
    fulfillment::tell_of_parcels(play, None, |carrier, scene, tracking| carrier.estimate(scene, tracking, at))
        .await
}

async fn agree(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (order, system) = (play.order()?.clone(), play.channel()?);
    let late = late_lines(play, &order, system).await?;
    let root = play.root("consent");
    for promise in late {
        let agreed = play.stage.with_channel(system, &root, |channel, scene| {
            channel.accept_delay(scene, &order.order_number, &promise.line_id)
        });
        if agreed != Some(true) {
            return Err(StepError::rig("the channel shows no date to agree to"));
        }
    }
    Ok(())
}

async fn late_lines(
    play: &mut Play,
    order: &Order,
    system: System,
) -> Result<Vec<RevisedPromise>, StepError> {
    play.eventually(&format!("a new date for order {}", order.order_number), |stage| {
        let late = shown(stage, system, order);
        if late.is_empty() { Err("the channel shows none".to_owned()) } else { Ok(late) }
    })
    .await
}

fn reason(text: &str) -> DelayReason {
    match text {
        "units are not there yet" => DelayReason::BackOrder,
        "the node takes longer" => DelayReason::SlowNode,
        "the carrier is late" => DelayReason::Carrier,
        _ => DelayReason::NotShipped,
    }
}

async fn told(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (order, system) = (play.order()?.clone(), play.channel()?);
    let expected = PromisePolicy::date(after(order.placed_at, args.duration(0)?)?);
    let reason = reason(args.text(1));
    play.expect(&format!("a line that arrives by {expected}: {reason:?}"), |stage| {
        let late = shown(stage, system, &order);
        let fits = |promise: &RevisedPromise| promise.promised_by == expected && promise.reason == reason;
        if late.iter().any(fits) { Ok(()) } else { Err(format!("the channel shows {}", words(&late))) }
    })
    .await
}

fn words(late: &[RevisedPromise]) -> String {
    let each = late
        .iter()
        .map(|promise| format!("line {} by {}: {:?}", promise.line_id, promise.promised_by, promise.reason));
    let each: Vec<String> = each.collect();
    if each.is_empty() { "no new date".to_owned() } else { each.join(", ") }
}

async fn count(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let expected = args.number(0)?;
    let (order, system) = (play.order()?.clone(), play.channel()?);
    play.come_to_rest().await?;
    play.expect(&format!("{expected} new dates for order {}", order.order_number), |stage| {
        let told: u32 = shown(stage, system, &order).iter().map(|promise| promise.revision).sum();
        if told == expected { Ok(()) } else { Err(format!("{told} were told")) }
    })
    .await
}

async fn asked(world: &mut World, expected: bool) -> Result<(), StepError> {
    let play = world.play()?;
    let (order, system) = (play.order()?.clone(), play.channel()?);
    late_lines(play, &order, system).await?;
    if !expected {
        play.come_to_rest().await?;
    }
    let what = if expected { "a question" } else { "no question" };
    play.expect(&format!("{what} whether to wait for order {}", order.order_number), |stage| {
        let late = shown(stage, system, &order);
        let asks = late.iter().any(|promise| promise.consent_by.is_some());
        if asks == expected { Ok(()) } else { Err(format!("the channel shows {}", words(&late))) }
    })
    .await
}
