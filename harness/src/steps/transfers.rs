//! Steps about goods that one place sends to another.

use counterproof_contracts::model::{Sku, StockCondition, TransferId};
use counterproof_simulators::{
    kernel::{BusinessKey, Scene},
    wms::{ActionError, Wms},
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, orders, stock};
use crate::world::{Play, StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "{place} sends {items} to {place}",
        doc: "Goods leave one place for another; the warehouse system tells it.",
        action: |world, args| at_once(send(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "{items} arrive(s) with the transfer",
        doc: "The place that they were sent to has them; others of the transfer may come later.",
        action: |world, args| at_once(arrive(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the rest of the transfer is lost",
        doc: "What did not come of the last transfer is given up.",
        action: |world, _| at_once(lose(world)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{count} {product} is/are on the way to {place}",
        doc: "The ERP has so many units in transit there, which nobody may claim.",
        action: |world, args| on_the_way(world, args).boxed_local(),
    },
];

fn skus(play: &Play, text: &str) -> Result<Vec<(Sku, u32)>, StepError> {
    orders::items(text)?.into_iter().map(|(name, units)| Ok((stock::sku(play, &name)?, units))).collect()
}

/// The last transfer of the scenario.
fn last(play: &Play) -> Result<TransferId, StepError> {
    let count = play.counters.get("transfer").copied();
    let count =
        count.ok_or_else(|| StepError::rig("nothing was sent yet; begin with `When \"…\" sends …`"))?;
    Ok(TransferId::from(format!("TR-{}-{count}", play.tag)))
}

/// Lets the warehouse system act.
fn act(
    play: &Play,
    action: impl FnOnce(&mut Wms, &mut Scene<'_>) -> Result<(), ActionError>,
) -> Result<(), StepError> {
    let correlation = play.same_root("transfer").correlation;
    let done = play.stage.landscape.wms.prepare(Some(&play.id), correlation, action);
    done.map_err(|error| StepError::rig(error.to_string()))
}

fn send(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (from, to) = (stock::node(play, args.text(0))?, stock::node(play, args.text(2))?);
    let items = skus(play, args.text(1))?;
    for (sku, _) in &items {
        play.stage.claim(&play.id, BusinessKey::Sku(sku.clone()))?;
    }
    play.next("transfer");
    let transfer_id = last(play)?;
    act(play, |wms, scene| wms.send_transfer(scene, &transfer_id, (&from, &to), &items))
}

fn arrive(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (transfer_id, items) = (last(play)?, skus(play, args.text(0))?);
    act(play, |wms, scene| wms.receive_transfer(scene, &transfer_id, &items))
}

fn lose(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let transfer_id = last(play)?;
    act(play, |wms, scene| wms.lose_transfer(scene, &transfer_id))
}

async fn on_the_way(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (units, sku, node) =
        (i64::from(args.number(0)?), stock::sku(play, args.text(1))?, stock::node(play, args.text(2))?);
    if units == 0 {
        play.come_to_rest().await?;
    }
    let what = format!("{units} {:?} on the way to {:?}", args.text(1), args.text(2));
    play.expect(&what, |stage| {
        let there = stage.landscape.erp.look(|erp| erp.units(&sku, &node, StockCondition::InTransit));
        if there == units { Ok(()) } else { Err(format!("the ERP has {there}")) }
    })
    .await
}
