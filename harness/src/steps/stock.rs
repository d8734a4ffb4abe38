//! Steps about stock.

use counterproof_contracts::{
    model::{Availability, NodeId, Sku, StockCondition, System},
    protocol::middleware,
};
use counterproof_simulators::{kernel::BusinessKey, world::World as RetailWorld};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once};
use crate::world::{Play, StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the maker recalls {product}",
        doc: "The ERP tells that the goods are called back, and everybody hears of it.",
        action: |world, args| recall(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "{count} {product} is/are in stock at {place}",
        doc: "The ERP opens with units that can be sold.",
        action: |world, args| at_once(open(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "up to {count} {product} may be sold ahead of their arrival",
        doc: "The ERP promises so many units more than there are; they are claimed when they come.",
        action: |world, args| at_once(permit(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "{count} {product} arrive(s) from the supplier at {place}",
        doc: "The ERP books a goods receipt, and claims it for whoever waits longest.",
        action: |world, args| at_once(receive(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "claims on {product} lapse after {duration}",
        doc: "The ERP gives up a claim whose order is not booked by then.",
        action: |world, args| at_once(limit(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP gives up the claims that have lapsed",
        doc: "The ERP looks for lapsed claims of the order and gives them back.",
        action: |world, _| give_up(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer waits for {count} unit(s)",
        doc: "The channel shows so many units as promised and not there yet, and the ERP as many.",
        action: |world, args| waits(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the channels list {product}",
        doc: "From now on the ERP tells each change of the product's stock, and how it stands now.",
        action: |world, args| at_once(list(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "{count} {product} is/are counted at {place}",
        doc: "A count of sellable units; the ERP books what differs.",
        action: |world, args| at_once(count(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the {channel} offers {count} {product}",
        doc: "Customers of the channel see so many units as available, now or soon.",
        action: |world, args| offers(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{count} {product} can be promised",
        doc: "The implementation, asked for it, says that so many units are unclaimed, now or soon.",
        action: |world, args| promised(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{count} {product} is/are left in stock at {place}",
        doc: "The ERP has so many sellable units that nobody claimed.",
        action: |world, args| left(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{count} {product} lie(s) in the {destination} at {place}",
        doc: "The ERP has so many units in this kind of stock at the place.",
        action: |world, args| lie(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{count} {product} is/are added to the {destination} at {place}",
        doc: "Since the last return, so many units came into this kind of stock at the place.",
        action: |world, args| added(world, args).boxed_local(),
    },
];

/// The scenario's SKU of a product.
pub(super) fn sku(play: &Play, product: &str) -> Result<Sku, StepError> {
    let known = play.stage.world.product_by_name(product).ok_or_else(|| {
        let names: Vec<&str> =
            play.stage.world.products.iter().map(|product| product.name.as_str()).collect();
        StepError::rig(format!("no product is called {product:?}; there are: {}", names.join(", ")))
    })?;
    Ok(RetailWorld::sku_for(known, &play.tag))
}

/// The node that a place's name stands for.
pub(super) fn node(play: &Play, place: &str) -> Result<NodeId, StepError> {
    let nodes = &play.stage.world.nodes;
    play.stage.world.node_by_name(place).map(|node| node.location.node_id.clone()).ok_or_else(|| {
        let names: Vec<&str> = nodes.iter().map(|node| node.location.name.as_str()).collect();
        StepError::rig(format!("no place is called {place:?}; there are: {}", names.join(", ")))
    })
}

fn open(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (units, sku, node) = (args.number(0)?, sku(play, args.text(1))?, node(play, args.text(2))?);
    play.stage.claim(&play.id, BusinessKey::Sku(sku.clone()))?;
    let correlation = play.root("stock").correlation;
    play.stage
        .landscape
        .erp
        .prepare(Some(&play.id), correlation, |erp, scene| erp.open_stock(scene, &node, &sku, units));
    Ok(())
}

fn permit(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (units, sku) = (args.number(0)?, sku(play, args.text(1))?);
    play.stage.claim(&play.id, BusinessKey::Sku(sku.clone()))?;
    let correlation = play.root("stock").correlation;
    play.stage
        .landscape
        .erp
        .prepare(Some(&play.id), correlation, |erp, scene| erp.permit_backorders(scene, &sku, units));
    Ok(())
}

fn limit(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (sku, lasts) = (sku(play, args.text(0))?, args.duration(1)?);
    play.stage.claim(&play.id, BusinessKey::Sku(sku.clone()))?;
    let correlation = play.root("stock").correlation;
    play.stage.landscape.erp.prepare(Some(&play.id), correlation, |erp, _| erp.limit_claims(&sku, lasts));
    Ok(())
}

fn receive(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (units, sku, node) = (args.number(0)?, sku(play, args.text(1))?, node(play, args.text(2))?);
    let correlation = play.root("stock").correlation;
    play.stage
        .landscape
        .erp
        .prepare(Some(&play.id), correlation, |erp, scene| erp.receive_goods(scene, &node, &sku, units));
    Ok(())
}

async fn give_up(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, root) = (play.order_number()?, play.root("lapse"));
    play.eventually("a claim that has lapsed", |stage| {
        let lapsed = stage
            .landscape
            .erp
            .act(&root.order, root.correlation.clone(), |erp, scene| erp.expire_claims(scene, &number));
        if lapsed > 0 { Ok(()) } else { Err("no claim of the order has lapsed".to_owned()) }
    })
    .await
}

async fn waits(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number, system) = (args.number(0)?, play.order_number()?, play.channel()?);
    play.expect(&format!("{expected} units waited for"), |stage| {
        let shown = stage.channel_view(system, &number).backordered;
        let promised = stage.landscape.erp.look(|erp| erp.backordered_for(&number));
        if shown == expected && promised == expected {
            Ok(())
        } else {
            Err(format!("the channel shows {shown}, the ERP promised {promised}"))
        }
    })
    .await
}

fn condition(name: &str) -> StockCondition {
    match name {
        "shelf" => StockCondition::Sellable,
        "outlet stock" => StockCondition::Outlet,
        "quarantine" => StockCondition::Quarantine,
        "refurbishment" => StockCondition::Refurbishment,
        "vendor returns" => StockCondition::VendorReturn,
        _ => StockCondition::Liquidation,
    }
}

/// What lies there in any condition, claimed or not.
async fn lie(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (units, sku, node) =
        (i64::from(args.number(0)?), sku(play, args.text(1))?, node(play, args.text(3))?);
    let condition = condition(args.text(2));
    if units == 0 {
        play.come_to_rest().await?;
    }
    let what = format!("{units} {:?} in the {} at {:?}", args.text(1), args.text(2), args.text(3));
    play.expect(&what, |stage| {
        let there = stage.landscape.erp.look(|erp| erp.units(&sku, &node, condition));
        if there == units { Ok(()) } else { Err(format!("the ERP has {there}")) }
    })
    .await
}

async fn left(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (units, sku, node) =
        (i64::from(args.number(0)?), sku(play, args.text(1))?, node(play, args.text(2))?);
    let what = format!("{units} {:?} left in stock at {:?}", args.text(1), args.text(2));
    play.expect(&what, |stage| {
        let there = stage.landscape.erp.look(|erp| erp.available(&sku, &node));
        if there == units { Ok(()) } else { Err(format!("the ERP has {there}")) }
    })
    .await
}

async fn added(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (units, sku, node) =
        (i64::from(args.number(0)?), sku(play, args.text(1))?, node(play, args.text(3))?);
    let condition = condition(args.text(2));
    let before = play.stock_before.get(&(node.clone(), sku.clone(), condition)).copied().unwrap_or(0);
    if units == 0 {
        play.come_to_rest().await?;
    }
    let what = format!("{units} {:?} added to the {} at {:?}", args.text(1), args.text(2), args.text(3));
    play.expect(&what, |stage| {
        let there = stage.landscape.erp.look(|erp| erp.returned(&sku, &node, condition)) - before;
        if there == units { Ok(()) } else { Err(format!("the ERP has {there} more")) }
    })
    .await
}

fn list(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let sku = sku(play, args.text(0))?;
    play.stage.claim(&play.id, BusinessKey::Sku(sku.clone()))?;
    let correlation = play.root("stock").correlation;
    play.stage.landscape.erp.prepare(Some(&play.id), correlation, |erp, scene| erp.list(scene, &sku));
    Ok(())
}

async fn recall(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let sku = sku(play, args.text(0))?;
    play.stage.claim(&play.id, BusinessKey::Sku(sku.clone()))?;
    let correlation = play.root("recall").correlation;
    play.stage.landscape.erp.prepare(Some(&play.id), correlation, |erp, scene| {
        erp.recall(scene, &sku, "it may catch fire");
    });
    let id = play.id.clone();
    play.eventually("everybody told of the recall", |stage| {
        let open = stage.kernel.open_work(Some(&id));
        if open.is_empty() { Ok(()) } else { Err(format!("still open: {}", open.join(", "))) }
    })
    .await?;
    play.come_to_rest().await
}

fn count(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (units, sku, node) = (args.number(0)?, sku(play, args.text(1))?, node(play, args.text(2))?);
    let correlation = play.root("stock").correlation;
    play.stage
        .landscape
        .erp
        .prepare(Some(&play.id), correlation, |erp, scene| erp.recount(scene, &node, &sku, units))
        .map_err(|problem| StepError::rig(format!("the count cannot be booked: {problem}")))
}

async fn offers(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let system = super::orders::sales_channel(args.text(0)).system();
    let (units, sku) = (i64::from(args.number(1)?), sku(play, args.text(2))?);
    let what = format!("{units} {:?} offered by the {}", args.text(2), system.title());
    play.expect(&what, |stage| match stage.offered(system, &sku) {
        Some(shown) if shown == units => Ok(()),
        Some(shown) => Err(format!("it offers {shown}")),
        None => Err("it was told nothing yet".to_owned()),
    })
    .await
}

async fn promised(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (units, sku) = (i64::from(args.number(0)?), sku(play, args.text(1))?);
    play.come_to_rest().await?;
    let correlation = play.root("availability").correlation;
    let stage = std::sync::Arc::clone(&play.stage);
    let seen = stage
        .kernel
        .read_middleware(
            System::Storefront,
            middleware::READ_AVAILABILITY,
            &[sku.as_str()],
            None,
            &correlation,
        )
        .await;
    play.assertions += 1;
    let failed =
        |seen: String| StepError::failed(format!("expected {units} {:?} promised; {seen}", args.text(1)));
    match seen {
        Ok((200, body)) => match serde_json::from_value::<Availability>(body) {
            Ok(availability) if availability.available == units => Ok(()),
            Ok(availability) => Err(failed(format!("{} are", availability.available))),
            Err(error) => Err(failed(format!("the answer cannot be read: {error}"))),
        },
        Ok((status, _)) => Err(failed(format!("the implementation answered {status}"))),
        Err(error) => Err(StepError::rig(error.to_string())),
    }
}
