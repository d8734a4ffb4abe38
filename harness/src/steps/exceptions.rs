//! Steps about what does not go as it was asked: missing and damaged goods, nodes that turn work away, substitutes,
//! waves, and who ships instead.

use std::collections::BTreeSet;

use counterproof_contracts::model::{NodeId, UnfulfilledReason};
use counterproof_simulators::wms::ItemRef;
use futures::FutureExt as _;

use super::{Args, Kind, Step, fulfillment::at_node, orders, stock};
use crate::world::{Play, StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the warehouse does not find {items}",
        doc: "The node that was asked for these units finds that they are not there, and gives them back.",
        action: |world, args| give_back(world, args, UnfulfilledReason::NotFound).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the warehouse finds {items} damaged",
        doc: "The node that was asked for these units cannot sell them, and gives them back.",
        action: |world, args| give_back(world, args, UnfulfilledReason::Damaged).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "{place} turns the order away",
        doc: "The node has no hands for what it was asked, and gives all of it back; the goods are there.",
        action: |world, args| turn_away(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the warehouse proposes {product} instead of {items}",
        doc: "The node has not what was ordered and asks whether something else may be shipped.",
        action: |world, args| propose(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the wave with the order is picked",
        doc: "What nodes have of the order is picked in a wave: it cannot be stopped any more.",
        action: |world, _| pick_wave(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "{place} ships {items}",
        doc: "This node packs these units into one parcel and ships it once there is a label.",
        action: |world, args| ship_from(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer sees {count} unit(s) as canceled",
        doc: "The channel shows so many units of the order as canceled.",
        action: |world, args| canceled(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the parcels travel with {count} carriers",
        doc: "Labels of so many carriers are on the order's parcels.",
        action: |world, args| carriers(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "a parcel left {place}",
        doc: "This node shipped a parcel of the order.",
        action: |world, args| left(world, args).boxed_local(),
    },
];

fn wanted(play: &Play, text: &str) -> Result<Vec<(ItemRef, u32)>, StepError> {
    orders::items(text)?
        .into_iter()
        .map(|(product, units)| Ok((ItemRef::Sku(stock::sku(play, &product)?), units)))
        .collect()
}

async fn give_back(world: &mut World, args: Args, reason: UnfulfilledReason) -> Result<(), StepError> {
    let play = world.play()?;
    let items = wanted(play, args.text(0))?;
    unfulfilled(play, None, items, reason).await
}

async fn turn_away(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let node = stock::node(play, args.text(0))?;
    unfulfilled(play, Some(node), Vec::new(), UnfulfilledReason::Overloaded).await
}

async fn unfulfilled(
    play: &mut Play,
    node: Option<NodeId>,
    items: Vec<(ItemRef, u32)>,
    reason: UnfulfilledReason,
) -> Result<(), StepError> {
    let number = play.order_number()?;
    let root = play.root("exception");
    play.eventually("a node that was asked for these units", |stage| {
        at_node(stage, &root, |wms, scene| wms.give_back(scene, &number, node.as_ref(), &items, reason))
    })
    .await
}

async fn propose(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let substitute = stock::sku(play, args.text(0))?;
    let items = wanted(play, args.text(1))?;
    let Some(item) = items.into_iter().next() else { return Err(StepError::rig("nothing is named")) };
    let number = play.order_number()?;
    let root = play.root("exception");
    play.eventually("a node that was asked for these units", |stage| {
        at_node(stage, &root, |wms, scene| wms.propose(scene, &number, &item, &substitute))
    })
    .await
}

async fn pick_wave(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let root = play.root("wave");
    play.eventually("a node that was asked for the order", |stage| {
        at_node(stage, &root, |wms, scene| wms.pick_wave(scene, &number))
    })
    .await
}

async fn ship_from(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let node = stock::node(play, args.text(0))?;
    let items = wanted(play, args.text(1))?;
    let number = play.order_number()?;
    let root = play.root("packing");
    play.eventually(&format!("{node} able to pack {}", args.text(1)), |stage| {
        at_node(stage, &root, |wms, scene| wms.pack(scene, &number, Some(&node), &items, true).map(|_| ()))
    })
    .await
}

async fn canceled(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number, system) = (args.number(0)?, play.order_number()?, play.channel()?);
    if expected == 0 {
        play.come_to_rest().await?;
    }
    play.expect(&format!("{expected} units of order {number} shown as canceled"), |stage| {
        let shown = stage.channel_view(system, &number).canceled;
        if shown == expected { Ok(()) } else { Err(format!("it shows {shown}")) }
    })
    .await
}

async fn carriers(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (args.number(0)? as usize, play.order_number()?);
    play.expect(&format!("{expected} carriers for order {number}"), |stage| {
        let names: BTreeSet<String> = stage
            .landscape
            .carrier
            .look(|carrier| carrier.labels(&number, false).map(|label| label.carrier.clone()).collect());
        if names.len() == expected { Ok(()) } else { Err(format!("there are {names:?}")) }
    })
    .await
}

async fn left(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (node, number) = (stock::node(play, args.text(0))?, play.order_number()?);
    play.expect(&format!("a parcel of order {number} from {node}"), |stage| {
        let found = stage.landscape.wms.look(|wms| {
            wms.shipments(&number).any(|shipment| shipment.node_id == node && shipment.shipped_at.is_some())
        });
        if found { Ok(()) } else { Err("none has left there".to_owned()) }
    })
    .await
}
