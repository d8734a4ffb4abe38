//! Steps about parcels that never reach the customer.

use counterproof_contracts::model::{
    CustomerRef, Resolution, ReturnMethod, ReturnReason, ReturnRequest, SalesChannel, Sku, System,
};
use counterproof_simulators::wms::Arrival;
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, exchanges, fulfillment, returns, stock};
use crate::world::{StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "parcel {count} comes back undelivered to {place}",
        doc: "The dock receives a parcel that had left, counted from 1, with all that was in it.",
        action: |world, args| come_back(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "customer service asks to send {items} again, which did not arrive",
        doc: "The call center asks for a replacement of the same goods, which waits until the carrier gives the parcel up.",
        action: |world, args| at_once(send_again(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer sees {count} unit(s) as lost",
        doc: "The channel shows so many units of the order as lost on their way.",
        action: |world, args| lost(world, args).boxed_local(),
    },
];

async fn come_back(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (count, number) = (args.number(0)?, play.order_number()?);
    let node = stock::node(play, args.text(1))?;
    let skus: Vec<Sku> = play.order()?.lines.iter().map(|line| line.sku.clone()).collect();
    returns::remember_skus(play, &node, skus.iter());
    let root = play.root("dock");
    let receipt = play
        .eventually("a parcel that has left", |stage| {
            let left = fulfillment::departed(stage, &number);
            let parcel = left.into_iter().nth(count.saturating_sub(1) as usize);
            let (shipment_id, _) = parcel.ok_or_else(|| "no such parcel of the order has left".to_owned())?;
            let arrival = Arrival::Undelivered(shipment_id);
            fulfillment::at_node(stage, &root, |wms, scene| {
                wms.receive_return(scene, &arrival, Some(&node), &[])
            })
        })
        .await?;
    play.receipt = Some(receipt);
    Ok(())
}

fn send_again(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let lines = returns::return_lines(play, args.text(0), ReturnReason::NotReceived)?;
    let customer: CustomerRef = play.customer();
    let exchange = exchanges::replacement(play, args.text(0), &lines, SalesChannel::CallCenter, customer)?;
    let count = play.next("return");
    let request = ReturnRequest {
        return_reference: format!("RR-{number}-{count}"),
        order_number: number,
        method: ReturnMethod::Lost,
        resolution: Resolution::Exchange,
        gift_recipient_ref: None,
        lines,
        exchange: Some(exchange),
        held_receipt_id: None,
        instant_refund: false,
    };
    let root = play.same_root("return");
    play.stage
        .with_channel(System::CustomerService, &root, |channel, scene| channel.request_return(scene, request))
        .ok_or_else(|| StepError::rig("no such channel"))
}

async fn lost(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number, system) = (args.number(0)?, play.order_number()?, play.channel()?);
    if expected == 0 {
        play.come_to_rest().await?;
    }
    play.expect(&format!("{expected} units of order {number} shown as lost"), |stage| {
        let shown: u32 = stage.channel_view(system, &number).lines.iter().map(|line| line.lost).sum();
        if shown == expected { Ok(()) } else { Err(format!("it shows {shown}")) }
    })
    .await
}
