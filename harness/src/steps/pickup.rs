//! Steps about goods that customers collect in a store.

use counterproof_contracts::model::{ShipmentId, ShipmentStatus};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, fulfillment::at_node, stock};
use crate::world::{StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer will collect the order at {place}",
        doc: "The next order is not shipped: the customer collects it in this store, and pays no shipping.",
        action: |world, args| at_once(collect_at(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the store has the order ready",
        doc: "The store picks everything it was asked for, and lets it wait for the customer.",
        action: |world, _| ready(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer collects the order",
        doc: "The customer takes everything that waits in the store.",
        action: |world, _| collect(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "nobody collects the order in time",
        doc: "The store takes apart what waits, and gives it back.",
        action: |world, _| expire(world).boxed_local(),
    },
];

fn collect_at(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.cart.pickup = Some(stock::node(play, args.text(0))?);
    Ok(())
}

async fn ready(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let root = play.root("packing");
    play.eventually("a store that was asked for the order", |stage| {
        at_node(stage, &root, |wms, scene| wms.pack_all(scene, &number, false)).map(|_| ())
    })
    .await
}

async fn collect(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let waiting: Vec<ShipmentId> = play
        .eventually("goods that wait for the customer", |stage| {
            let waiting: Vec<ShipmentId> = stage.landscape.wms.look(|wms| {
                let ready =
                    wms.shipments(&number).filter(|parcel| parcel.status == ShipmentStatus::ReadyForPickup);
                ready.map(|parcel| parcel.shipment_id.clone()).collect()
            });
            if waiting.is_empty() { Err("nothing waits".to_owned()) } else { Ok(waiting) }
        })
        .await?;
    let root = play.root("collection");
    for id in waiting {
        play.stage
            .landscape
            .wms
            .act(&root.order, root.correlation.clone(), |wms, scene| wms.ship(scene, &id))
            .map_err(|error| StepError::rig(format!("the customer cannot collect {id}: {error}")))?;
    }
    Ok(())
}

async fn expire(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let root = play.root("collection");
    play.eventually("goods that wait for the customer", |stage| {
        at_node(stage, &root, |wms, scene| wms.expire_pickup(scene, &number))
    })
    .await
}
