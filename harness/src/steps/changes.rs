//! Steps about changes of an order that was placed: another address, other prices, and what is not taken.

use counterproof_contracts::{
    allocation::{allocate, tax_of},
    model::{ChangeStatus, Money, Order, OrderLine, Sku, TenderKind},
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, orders, stock};
use crate::world::{Play, StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer wants the order sent to {place}",
        doc: "The channel asks for a next version of the order, with this street in the address.",
        action: |world, args| readdress(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer is granted {product} for {money}",
        doc: "The channel asks for a next version of the order, in which each unit of the product costs this much.",
        action: |world, args| reprice(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer wants one {product} more",
        doc: "The channel asks for a next version of the order with one unit more. Nobody takes that.",
        action: |world, args| one_more(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "an agent changes an outdated version of the order",
        doc: "The channel asks for a version that is in force or was, as somebody who looked too early would.",
        action: |world, _| outdated(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the change is accepted",
        doc: "The channel was told that the last change it asked for is in force.",
        action: |world, _| accepted(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the change is refused",
        doc: "The channel was told that the order stays as it was.",
        action: |world, _| refused(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "version {count} of the order is in force",
        doc: "The channel holds this version of the order to be in force.",
        action: |world, args| version(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "every parcel goes to {place}",
        doc: "There are labels, and each bears the address with this street.",
        action: |world, args| addressed(world, args).boxed_local(),
    },
];

/// Asks for a change at the order's channel, in a chain of its own, once the channel knows that the order was received.
async fn change(play: &mut Play, reason: &str, edit: impl FnOnce(&mut Order)) -> Result<(), StepError> {
    orders::submission_answered(play, |view| view.acknowledged).await?;
    let (number, system) = (play.order_number()?, play.channel()?);
    let root = play.root("change");
    play.stage
        .with_channel(system, &root, |channel, scene| channel.change(scene, &number, reason, edit))
        .ok_or_else(|| StepError::rig("no such channel"))?
        .map_err(|error| StepError::rig(format!("the channel cannot change the order: {error}")))?;
    Ok(())
}

async fn readdress(world: &mut World, args: Args) -> Result<(), StepError> {
    let street = args.text(0).to_owned();
    change(world.play()?, "the customer moved", |order| {
        order.ship_to.street = street;
        order.ship_to.address_id = Some(format!("A-{}-{}", order.order_number, order.version));
    })
    .await
}

async fn reprice(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let sku = stock::sku(play, args.text(0))?;
    let price: Money = super::payment::money(args.text(1))?;
    change(play, "price match", |order| {
        for line in order.lines.iter_mut().filter(|line| line.sku == sku) {
            set_price(line, price);
        }
        close(order);
    })
    .await
}

/// A line at another price, without promotions; its taxes at their rates.
fn set_price(line: &mut OrderLine, price: Money) {
    line.unit_price = price;
    line.promotions.clear();
    let units = vec![price.amount; line.quantity as usize];
    let sum: i64 = units.iter().sum();
    for tax in &mut line.taxes {
        tax.unit_amounts = allocate(tax_of(sum, tax.rate_ppm, line.tax_included), &units);
    }
}

/// Sums up, and lets the last means of payment take the difference.
fn close(order: &mut Order) {
    let total = order.value().gross;
    let difference = total - order.total.amount;
    order.total.amount = total;
    let last = order.tenders.iter_mut().rev();
    let mut last =
        last.filter(|tender| matches!(tender.kind, TenderKind::Card | TenderKind::MarketplaceCollected));
    if let Some(tender) = last.next() {
        tender.amount.amount += difference;
    }
}

async fn one_more(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let sku = stock::sku(play, args.text(0))?;
    change(play, "one more", |order| add_unit(order, &sku)).await
}

fn add_unit(order: &mut Order, sku: &Sku) {
    for line in order.lines.iter_mut().filter(|line| line.sku == *sku) {
        line.quantity += 1;
        set_price(line, line.unit_price);
    }
    close(order);
}

async fn outdated(world: &mut World) -> Result<(), StepError> {
    change(world.play()?, "from an old view", |order| {
        order.version -= 1;
        "Old Town 1".clone_into(&mut order.ship_to.street);
    })
    .await
}

async fn accepted(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    play.expect(&format!("the change of order {number} accepted"), |stage| {
        let view = stage.channel_view(system, &number);
        match view.change {
            Some(change) if change.status == ChangeStatus::Accepted => Ok(()),
            Some(change) => Err(format!("it is {:?}", change.status)),
            None => Err(view.problem.map_or_else(
                || "the channel was told nothing yet".to_owned(),
                |problem| format!("it was turned down: {problem}"),
            )),
        }
    })
    .await
}

async fn refused(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    play.expect(&format!("the change of order {number} refused"), |stage| {
        let view = stage.channel_view(system, &number);
        match (view.change, view.problem) {
            (Some(change), _) if change.status == ChangeStatus::Refused => Ok(()),
            (None, Some(_)) => Ok(()),
            (Some(change), _) => Err(format!("it is {:?}", change.status)),
            (None, None) => Err("the channel was told nothing yet".to_owned()),
        }
    })
    .await
}

async fn version(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number, system) = (args.number(0)?, play.order_number()?, play.channel()?);
    play.expect(&format!("version {expected} of order {number} in force"), |stage| {
        let held = stage.channel_view(system, &number).order.map_or(0, |order| order.version);
        if held == expected { Ok(()) } else { Err(format!("version {held} is")) }
    })
    .await
}

async fn addressed(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    let street = args.text(0).to_owned();
    play.expect(&format!("every parcel of order {number} addressed to {street}"), |stage| {
        let held = stage.channel_view(system, &number).order;
        let Some(held) = held.filter(|order| order.ship_to.street == street) else {
            return Err("the order goes elsewhere".to_owned());
        };
        let labels: Vec<Option<String>> = stage
            .landscape
            .carrier
            .look(|carrier| carrier.labels(&number, false).map(|label| label.address_id.clone()).collect());
        match labels.iter().find(|address| **address != held.ship_to.address_id) {
            Some(other) => Err(format!("a label bears {other:?}")),
            None if labels.is_empty() => Err("there is no label".to_owned()),
            None => Ok(()),
        }
    })
    .await
}
