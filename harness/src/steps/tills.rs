//! Steps about tills that have no line: they go on selling and taking goods back, and tell it later, perhaps twice.

use counterproof_contracts::model::{Order, ReturnReceipt};
use counterproof_simulators::kernel::BusinessKey;
use futures::FutureExt as _;

use super::{Kind, Step, at_once};
use crate::{
    stage::Root,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the tills have no line",
        doc: "What stores sell and take back from now on is told when the line is back.",
        action: |world, _| at_once(cut(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the tills have a line again",
        doc: "What was sold and taken back meanwhile is told.",
        action: |world, _| at_once(synchronize(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the back office tells the sale under a reference of its own",
        doc: "The store's back office submits what the till sold as well, with another number and another identifier.",
        action: |world, _| at_once(tell_sale_again(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the back office tells the return under a reference of its own",
        doc: "The store's back office tells what the till took back as well, under another receipt.",
        action: |world, _| at_once(tell_return_again(world)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the sale is taken once",
        doc: "The back office is told the number that the sale has already, and the ERP holds one sales order.",
        action: |world, _| sold_once(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the return is taken once",
        doc: "The back office is answered, and the ERP has booked one receipt.",
        action: |world, _| taken_back_once(world).boxed_local(),
    },
];

fn cut(world: &mut World) -> Result<(), StepError> {
    world.play()?.offline = true;
    Ok(())
}

/// A till sells.
pub(super) fn sell(play: &Play, order: &Order, root: &Root) -> Result<(), StepError> {
    play.stage
        .landscape
        .pos
        .act(&root.order, root.correlation.clone(), |pos, scene| {
            pos.sell_offline(scene, &play.tag, order.clone())
        })
        .map_err(|error| StepError::rig(format!("the till cannot sell: {error}")))
}

/// A till takes goods back.
pub(super) fn take_back(play: &mut Play, receipt: ReturnReceipt, root: &Root) {
    play.receipt = Some(receipt.receipt_id.clone());
    play.stage.landscape.pos.act(&root.order, root.correlation.clone(), |pos, scene| {
        pos.take_back_offline(scene, &play.tag, receipt);
    });
}

fn synchronize(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.offline = false;
    let root = play.root("till");
    let told = play
        .stage
        .landscape
        .pos
        .act(&root.order, root.correlation, |pos, scene| pos.synchronize(scene, &play.tag));
    if told > 0 { Ok(()) } else { Err(StepError::rig("the tills have nothing to tell")) }
}

fn tell_sale_again(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let count = play.next("order");
    let number = play.number_of(count);
    play.stage.claim(&play.id, BusinessKey::Order(number.clone()))?;
    play.told_again = Some(number.clone());
    let root = play.root("back-office");
    play.stage
        .landscape
        .pos
        .act(&number, root.correlation, |pos, scene| pos.tell_sale_again(scene, &play.tag, &number))
        .ok_or_else(|| StepError::rig("no till sold anything without a line"))
}

fn tell_return_again(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let root = play.root("back-office");
    let told = play
        .stage
        .landscape
        .pos
        .act(&root.order, root.correlation, |pos, scene| pos.tell_return_again(scene, &play.tag));
    play.receipt = Some(told.ok_or_else(|| StepError::rig("no till took anything back without a line"))?);
    Ok(())
}

async fn sold_once(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let again = play.told_again.clone();
    let again = again.ok_or_else(|| StepError::rig("the back office told no sale"))?;
    play.expect("the sale taken once", |stage| {
        let pos = &stage.landscape.pos;
        let answer = pos.look(|pos| pos.as_ref().acknowledgment(&again).cloned());
        let answered = answer.map(|answer| answer.order_number);
        let held =
            stage.landscape.erp.look(|erp| (erp.sales_orders(&number).len(), erp.sales_orders(&again).len()));
        if answered.as_ref() == Some(&number) && held == (1, 0) {
            return Ok(());
        }
        let answered = answered.map_or_else(|| "nothing".to_owned(), |answered| answered.to_string());
        Err(format!(
            "the back office was answered {answered}, the ERP holds {} and {} sales orders",
            held.0, held.1
        ))
    })
    .await
}

async fn taken_back_once(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let receipt = play.receipt.clone().ok_or_else(|| StepError::rig("nothing was taken back"))?;
    play.expect("the return taken once", |stage| {
        let answered = stage.landscape.pos.look(|pos| pos.decision(&receipt).is_some());
        let booked = stage.landscape.erp.look(|erp| erp.return_receipts(&number).len());
        match (answered, booked) {
            (true, 1) => Ok(()),
            (true, booked) => Err(format!("the ERP booked {booked} receipts")),
            (false, _) => Err("the back office was not answered".to_owned()),
        }
    })
    .await
}
