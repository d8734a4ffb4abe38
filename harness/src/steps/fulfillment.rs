//! Steps about picking, shipping and carrying.

use counterproof_contracts::model::{
    ItemQuantity, OrderNumber, ScanCode, ScanId, ShipmentId, ShipmentStatus, TrackingNumber,
};
use counterproof_simulators::{
    carrier::{self, Carrier},
    kernel::Scene,
    wms::{ActionError, ItemRef, Wms},
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, orders, stock};
use crate::{
    stage::{Root, Stage},
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the warehouse ships the order",
        doc: "Each node packs and ships everything it was asked for, as soon as it was asked.",
        action: |world, _| ship_everything(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the warehouse ships {items}",
        doc: "A node packs these units into one parcel and ships it once there is a label.",
        action: |world, args| ship(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the carrier scans every parcel as {scan}",
        doc: "The carrier scans each parcel that has left, now.",
        action: |world, args| scan(world, args, 0).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the carrier scans every parcel as {scan} {count} day(s) ago",
        doc: "A scan that happened days ago and is told now.",
        action: |world, args| {
            async move {
                let days = args.number(1)?;
                scan(world, args, days).await
            }
            .boxed_local()
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the carrier scans parcel {count} as {scan}",
        doc: "The carrier scans one of the parcels that have left, counted from 1, now.",
        action: |world, args| scan_one(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the carrier delivers every parcel",
        doc: "Each parcel is picked up, moves, and is delivered.",
        action: |world, _| deliver(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer sees {count} serial number(s)",
        doc: "The channel shows so many different serial numbers in parcels that have left.",
        action: |world, args| serials(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer sees {count} parcel(s)",
        doc: "The channel shows so many parcels that have left.",
        action: |world, args| parcels(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer sees parcel {count} as {scan}",
        doc: "The channel shows this state of the parcel, counted from 1.",
        action: |world, args| parcel(world, args).boxed_local(),
    },
];

/// Somebody acts at a node, in a chain; what cannot be done yet is told as a text.
pub(super) fn at_node<R>(
    stage: &Stage,
    root: &Root,
    act: impl FnOnce(&mut Wms, &mut Scene<'_>) -> Result<R, ActionError>,
) -> Result<R, String> {
    let done = stage.landscape.wms.act(&root.order, root.correlation.clone(), act);
    done.map_err(|error| error.to_string())
}

async fn pack(play: &mut Play, what: String, wanted: Option<Vec<(ItemRef, u32)>>) -> Result<(), StepError> {
    let number = play.order_number()?;
    let root = play.root("packing");
    play.eventually(&what, |stage| {
        at_node(stage, &root, |wms, scene| match &wanted {
            Some(items) => wms.pack(scene, &number, None, items, true).map(|_| ()),
            None => wms.pack_all(scene, &number, true).map(|_| ()),
        })
    })
    .await
}

async fn ship(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let wanted = play
        .stage
        .world
        .taken_apart(&orders::items(args.text(0))?)
        .into_iter()
        .map(|(product, units)| Ok((ItemRef::Sku(stock::sku(play, &product)?), units)))
        .collect::<Result<Vec<_>, StepError>>()?;
    pack(play, format!("the warehouse able to pack {}", args.text(0)), Some(wanted)).await
}

/// Packs once everything that was ordered and not canceled has reached the nodes.
async fn ship_everything(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let order = play.order()?.clone();
    let number = order.order_number.clone();
    let system = play.channel()?;
    let goods = order.lines.iter().filter(|line| !line.gift_card);
    let ordered: u32 = goods.map(|line| line.quantity).sum();
    play.eventually("fulfillment orders for everything that is to ship", |stage| {
        let canceled = stage.channel_view(system, &number).canceled;
        let asked: u32 = stage.landscape.wms.look(|wms| wms.asked_units(&number));
        // Units that were canceled after the release are in both figures.
        if asked >= ordered || asked + canceled >= ordered {
            Ok(())
        } else {
            Err(format!("the warehouse was asked for {asked} of {} units", ordered.saturating_sub(canceled)))
        }
    })
    .await?;
    pack(play, "the warehouse able to pack the order".to_owned(), None).await
}

fn scan_code(name: &str) -> ScanCode {
    match name {
        "picked up" => ScanCode::PickedUp,
        "in transit" => ScanCode::InTransit,
        "out for delivery" => ScanCode::OutForDelivery,
        "delivery attempted" => ScanCode::DeliveryAttempted,
        "return to sender" => ScanCode::ReturnToSender,
        "lost" => ScanCode::Lost,
        _ => ScanCode::Delivered,
    }
}

/// Scans each parcel that has left, or one of them, counted from 1.
async fn scan_parcels(
    play: &mut Play,
    code: ScanCode,
    days_ago: u32,
    only: Option<u32>,
) -> Result<(), StepError> {
    let occurred_at = play
        .stage
        .clock
        .now()
        .saturating_sub(std::time::Duration::from_secs(u64::from(days_ago) * 86_400))
        .unwrap_or(play.stage.clock.base());
    tell_of_parcels(play, only, |carrier, scene, tracking| carrier.scan(scene, tracking, code, occurred_at))
        .await
}

/// The carrier tells something of each parcel that has left, or of one of them, counted from 1.
pub(super) async fn tell_of_parcels(
    play: &mut Play,
    only: Option<u32>,
    tell: impl Fn(&mut Carrier, &mut Scene<'_>, &TrackingNumber) -> Result<ScanId, carrier::ActionError>,
) -> Result<(), StepError> {
    let number = play.order_number()?;
    let parcels = play
        .eventually("a parcel that has left", |stage| {
            let left = departed(stage, &number);
            let numbers = left.into_iter().filter_map(|(_, tracking)| tracking);
            let wanted: Vec<TrackingNumber> = match only {
                None => numbers.collect(),
                Some(count) => numbers.skip(count.saturating_sub(1) as usize).take(1).collect(),
            };
            if wanted.is_empty() {
                Err("no such parcel of the order has left".to_owned())
            } else {
                Ok(wanted)
            }
        })
        .await?;
    let root = play.same_root("scan");
    for tracking in parcels {
        play.next("scan");
        play.stage
            .landscape
            .carrier
            .act(&root.order, root.correlation.clone(), |carrier, scene| tell(carrier, scene, &tracking))
            .map_err(|error| StepError::rig(format!("the carrier cannot scan {tracking}: {error}")))?;
    }
    Ok(())
}

/// Parcels of an order that have left, in the order in which they were packed.
pub(super) fn departed(stage: &Stage, number: &OrderNumber) -> Vec<(ShipmentId, Option<TrackingNumber>)> {
    stage.landscape.wms.look(|wms| {
        let left = wms.shipments(number).filter(|shipment| shipment.shipped_at.is_some());
        left.map(|shipment| (shipment.shipment_id.clone(), shipment.tracking_number.clone())).collect()
    })
}

async fn scan(world: &mut World, args: Args, days_ago: u32) -> Result<(), StepError> {
    scan_parcels(world.play()?, scan_code(args.text(0)), days_ago, None).await
}

async fn scan_one(world: &mut World, args: Args) -> Result<(), StepError> {
    let count = args.number(0)?;
    scan_parcels(world.play()?, scan_code(args.text(1)), 0, Some(count)).await
}

async fn deliver(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    for code in [ScanCode::PickedUp, ScanCode::InTransit, ScanCode::OutForDelivery, ScanCode::Delivered] {
        scan_parcels(play, code, 0, None).await?;
    }
    Ok(())
}

const fn has_left(status: ShipmentStatus) -> bool {
    !matches!(status, ShipmentStatus::Created | ShipmentStatus::LabelPurchased | ShipmentStatus::Voided)
}

async fn serials(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number, system) = (args.number(0)? as usize, play.order_number()?, play.channel()?);
    play.expect(&format!("{expected} serial numbers shown by the {}", system.title()), |stage| {
        let shown = stage.channel_view(system, &number).shipments;
        let left = shown.iter().filter(|shipment| has_left(shipment.status));
        let serials: std::collections::BTreeSet<&str> =
            left.flat_map(|shipment| &shipment.serials).map(|unit| unit.serial.as_str()).collect();
        if serials.len() == expected { Ok(()) } else { Err(format!("it shows {}", serials.len())) }
    })
    .await
}

async fn parcels(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number, system) = (args.number(0)? as usize, play.order_number()?, play.channel()?);
    play.expect(&format!("{expected} parcels shown by the {}", system.title()), |stage| {
        let shown = stage.channel_view(system, &number).shipments;
        let left = shown.iter().filter(|shipment| has_left(shipment.status)).count();
        if left == expected { Ok(()) } else { Err(format!("it shows {left}")) }
    })
    .await
}

async fn parcel(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (index, number, system) = (args.number(0)? as usize, play.order_number()?, play.channel()?);
    let expected = match scan_code(args.text(1)) {
        ScanCode::OutForDelivery | ScanCode::DeliveryAttempted => ShipmentStatus::OutForDelivery,
        ScanCode::Delivered => ShipmentStatus::Delivered,
        ScanCode::ReturnToSender => ShipmentStatus::ReturnToSender,
        ScanCode::Lost => ShipmentStatus::Lost,
        ScanCode::PickedUp | ScanCode::InTransit => ShipmentStatus::InTransit,
    };
    play.expect(&format!("parcel {index} shown as {}", args.text(1)), |stage| {
        let shown = stage.channel_view(system, &number).shipments;
        match shown.get(index.saturating_sub(1)).map(|shipment| shipment.status) {
            Some(status) if status == expected => Ok(()),
            Some(status) => Err(format!("it shows {status:?}")),
            None => Err(format!("it shows {} parcels", shown.len())),
        }
    })
    .await
}

/// Units of the order's lines that items stand for, with their SKU.
pub(super) fn item_quantities(play: &Play, text: &str) -> Result<Vec<ItemQuantity>, StepError> {
    orders::line_quantities(play, text)?
        .into_iter()
        .map(|wanted| {
            let sku = play.order()?.line(&wanted.line_id).map(|line| line.sku.clone());
            let sku = sku.ok_or_else(|| StepError::rig("the order lost a line"))?;
            Ok(ItemQuantity { line_id: wanted.line_id, sku, quantity: wanted.quantity })
        })
        .collect()
}
