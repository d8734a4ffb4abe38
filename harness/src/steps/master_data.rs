//! Steps about products and places: the ERP changes them, channels follow, and orders and returns are held to them.

use counterproof_contracts::{
    model::{Currency, Location, NodeId, Product, ProductStatus, Sku, System},
    protocol::ProblemKind,
};
use counterproof_simulators::{channel::Channel, kernel::BusinessKey};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, stock};
use crate::{
    stage::Stage,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the ERP does not know {product} yet",
        doc: "The product is sold before it is created in the ERP.",
        action: |world, args| at_once(forget(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "{place} is in use and the ERP does not know it yet",
        doc: "Customers and goods come to the place before it is created in the ERP.",
        action: |world, args| at_once(forget_place(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP creates {product}",
        doc: "The product is known in the ERP from now on, which tells it.",
        action: |world, args| at_once(change(world, &args, ProductStatus::Active)),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP changes {product}",
        doc: "The next version of the product is told.",
        action: |world, args| at_once(change(world, &args, ProductStatus::Active)),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP discontinues {product}",
        doc: "The product is not sold any more; the ERP tells it.",
        action: |world, args| at_once(change(world, &args, ProductStatus::Discontinued)),
    },
    Step {
        kind: Kind::Action,
        expression: "{place} takes no returns any more",
        doc: "The ERP tells that the place takes no returned goods from now on.",
        action: |world, args| at_once(change_place(world, &args, true, false)),
    },
    Step {
        kind: Kind::Action,
        expression: "{place} is closed for good",
        doc: "The ERP tells that nobody can come to the place from now on.",
        action: |world, args| at_once(change_place(world, &args, false, false)),
    },
    Step {
        kind: Kind::Action,
        expression: "{place} is open and takes returns",
        doc: "The ERP tells that customers and returned goods may come to the place from now on.",
        action: |world, args| at_once(change_place(world, &args, true, true)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "every channel shows {product} as the ERP has it",
        doc: "Storefront, marketplace and stores show the version that the ERP told last.",
        action: |world, args| product_shown(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "storefront and stores know {place} as the ERP has it",
        doc: "They know the version that the ERP told last.",
        action: |world, args| place_shown(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the order is turned down because of {product}",
        doc: "The channel was told that the order is not taken, and which line is why.",
        action: |world, args| turned_down(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the order is turned down because of the place of pickup",
        doc: "The channel was told that the order is not taken, and that the place is why.",
        action: |world, _| turned_down_at(world, "/pickup_node".to_owned()).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP has refused what it does not know",
        doc: "At least one document named a product or place that the ERP did not know yet.",
        action: |world, _| refused_unknown(world).boxed_local(),
    },
];

fn forget(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let sku = stock::sku(play, args.text(0))?;
    play.stage.claim(&play.id, BusinessKey::Sku(sku.clone()))?;
    let correlation = play.root("product").correlation;
    play.stage.landscape.erp.prepare(Some(&play.id), correlation, |erp, _| erp.forget_product(&sku));
    Ok(())
}

fn forget_place(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let node_id = stock::node(play, args.text(0))?;
    play.stage.claim(&play.id, BusinessKey::Node(node_id.clone()))?;
    let correlation = play.root("place").correlation;
    play.stage.landscape.erp.prepare(Some(&play.id), correlation, |erp, _| erp.forget_location(&node_id));
    Ok(())
}

fn product(play: &Play, name: &str) -> Result<Product, StepError> {
    let sku = stock::sku(play, name)?;
    let known = play.stage.world.product_by_name(name).and_then(|known| known.document(sku, Currency::EUR));
    known.ok_or_else(|| StepError::rig(format!("{name:?} is not sold in euro")))
}

fn change(world: &mut World, args: &Args, status: ProductStatus) -> Result<(), StepError> {
    let play = world.play()?;
    let product = product(play, args.text(0))?;
    play.stage.claim(&play.id, BusinessKey::Sku(product.sku.clone()))?;
    let correlation = play.root("product").correlation;
    play.stage
        .landscape
        .erp
        .prepare(Some(&play.id), correlation, |erp, scene| erp.change_product(scene, product, status));
    Ok(())
}

fn change_place(world: &mut World, args: &Args, open: bool, accepts_returns: bool) -> Result<(), StepError> {
    let play = world.play()?;
    let node_id = stock::node(play, args.text(0))?;
    // What changes in one scenario must not be met by another.
    play.stage.claim(&play.id, BusinessKey::Node(node_id.clone()))?;
    let known = play.stage.world.node(&node_id).map(|node| node.location.clone());
    let known = known.ok_or_else(|| StepError::rig(format!("there is no place {node_id}")))?;
    let location = Location { accepts_returns, ..known };
    let correlation = play.root("place").correlation;
    play.stage
        .landscape
        .erp
        .prepare(Some(&play.id), correlation, |erp, scene| erp.change_location(scene, location, open));
    Ok(())
}

/// What a channel knows.
fn in_channel<R>(stage: &Stage, system: System, look: impl FnOnce(&Channel) -> R) -> Option<R> {
    Some(match system {
        System::Storefront => stage.landscape.storefront.look(look),
        System::Marketplace => stage.landscape.marketplace.look(look),
        System::Pos => stage.landscape.pos.look(|pos| look(pos.as_ref())),
        System::CustomerService => stage.landscape.customer_service.look(|desk| look(desk.as_ref())),
        _ => return None,
    })
}

/// Whether systems know a version.
pub(super) fn know(
    stage: &Stage,
    systems: &[System],
    version: u64,
    known: impl Fn(&Channel) -> Option<u64>,
) -> Result<(), String> {
    for system in systems {
        let shown = in_channel(stage, *system, &known).flatten();
        if shown != Some(version) {
            let shown = shown.map_or_else(|| "no version".to_owned(), |shown| format!("version {shown}"));
            return Err(format!("the {} shows {shown}, the ERP has {version}", system.title()));
        }
    }
    Ok(())
}

async fn product_shown(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let sku: Sku = stock::sku(play, args.text(0))?;
    play.expect(&format!("{:?} shown as the ERP has it", args.text(0)), |stage| {
        let version = stage.landscape.erp.look(|erp| erp.product_version(&sku));
        let systems = [System::Storefront, System::Marketplace, System::Pos];
        know(stage, &systems, version, |channel| channel.product_version(&sku))
    })
    .await
}

async fn place_shown(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let node_id: NodeId = stock::node(play, args.text(0))?;
    play.expect(&format!("{:?} known as the ERP has it", args.text(0)), |stage| {
        let version = stage.landscape.erp.look(|erp| erp.location_version(&node_id));
        let systems = [System::Storefront, System::Pos];
        know(stage, &systems, version, |channel| channel.location_version(&node_id))
    })
    .await
}

async fn turned_down(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let sku = stock::sku(play, args.text(0))?;
    let index = play.order()?.lines.iter().position(|line| line.sku == sku);
    let index = index.ok_or_else(|| StepError::rig(format!("the order has no {:?}", args.text(0))))?;
    turned_down_at(world, format!("/lines/{index}/sku")).await
}

async fn turned_down_at(world: &mut World, pointer: String) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    play.expect(&format!("the order turned down at {pointer}"), |stage| {
        match stage.channel_view(system, &number).problem {
            Some(problem) if problem.errors.iter().any(|error| error.pointer == pointer) => Ok(()),
            Some(problem) => Err(format!("the channel was told: {problem}")),
            None => Err("the channel was told no problem".to_owned()),
        }
    })
    .await
}

async fn refused_unknown(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let scenario = play.id.clone();
    play.expect("a document that the ERP refused because it does not know a product or place", |stage| {
        let count = stage.recording.refusals(&scenario, System::Erp, ProblemKind::UnknownReference);
        if count > 0 { Ok(()) } else { Err("the ERP refused none".to_owned()) }
    })
    .await
}
