//! Steps about stores that take part in no calls and exchange files.

use counterproof_contracts::{
    faults::{CrashPoint, Ending, Fault, Link, Misfortune},
    model::{BatchAcknowledgment, BatchKind, NodeId, Order, ReturnReceipt, StockCount, System},
    protocol::middleware,
};
use counterproof_simulators::{
    channel::{ActionError, Damage, Pos},
    kernel::Scene,
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, faults, stock};
use crate::{
    stage::Root,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "{place} works with files only",
        doc: "What the store sells, takes back and counts from now on waits for its next file; it is told by files, too.",
        action: |world, args| at_once(files_only(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the store counts {count} {product}",
        doc: "Somebody counted the shelf; the ERP hears of it by the next file of counts.",
        action: |world, args| at_once(count(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the store sends its file of {records}",
        doc: "Everything that was gathered, with control totals.",
        action: |world, args| at_once(send(world, &args, Damage::None)),
    },
    Step {
        kind: Kind::Action,
        expression: "the store sends its file again",
        doc: "The last file, as the same message.",
        action: |world, _| at_once(send_again(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the store's file of {records} is cut off on its way",
        doc: "The end of the file is missing.",
        action: |world, args| at_once(send(world, &args, Damage::CutOff)),
    },
    Step {
        kind: Kind::Action,
        expression: "the store's file of {records} loses a record on its way",
        doc: "The trailer counts a record that is not there.",
        action: |world, args| at_once(send(world, &args, Damage::RecordMissing)),
    },
    Step {
        kind: Kind::Action,
        expression: "record {count} of the store's file of {records} is unreadable",
        doc: "The other records are sound, and so is the trailer.",
        action: |world, args| at_once(broken_record(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the receipt for the store's file is lost",
        doc: "The next file is taken, and the store does not hear of it.",
        action: |world, _| {
            at_once(on_file(world, "the receipt is lost", Misfortune::LoseAnswer { ending: Ending::Reset }))
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the middleware dies before it acknowledges the store's file",
        doc: "When the next file was taken, the implementation is killed before the store hears of it, and started again.",
        action: |world, _| {
            let dies = Misfortune::Crash { point: CrashPoint::BeforeAcknowledgment };
            let allowed = world.play().and_then(|play| faults::demand_restart(play));
            let name = "the middleware dies before it acknowledges the file";
            at_once(allowed.and_then(|()| on_file(world, name, dies)))
        },
    },
    Step {
        kind: Kind::Assertion,
        expression: "{count} record(s) of the file is/are taken",
        doc: "So many records of the last file were new; the others were known before or refused.",
        action: |world, args| taken(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{count} record(s) of the file is/are refused",
        doc: "So many records of the last file were refused by themselves; the store was told which.",
        action: |world, args| refused_records(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the file is refused as a whole",
        doc: "Nothing of the last file was used, because it was damaged.",
        action: |world, _| refused(world).boxed_local(),
    },
];

fn files_only(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.files_of = Some(stock::node(play, args.text(0))?);
    Ok(())
}

fn on_file(world: &mut World, name: &str, misfortune: Misfortune) -> Result<(), StepError> {
    let fault = Fault::new(name, Link::from(System::Pos), misfortune);
    faults::plan(world, &fault.on(middleware::RECEIVE_BATCH.id))
}

fn store(play: &Play) -> Result<NodeId, StepError> {
    play.files_of.clone().ok_or_else(|| {
        StepError::rig("no store exchanges files; begin with `Given \"Store 12\" works with files only`")
    })
}

fn kind(name: &str) -> BatchKind {
    match name {
        "returns" => BatchKind::Returns,
        "counts" => BatchKind::Inventory,
        _ => BatchKind::Orders,
    }
}

/// The store takes an order.
pub(super) fn take_order(play: &Play, order: &Order, root: &Root) -> Result<(), StepError> {
    play.stage
        .landscape
        .pos
        .act(&root.order, root.correlation.clone(), |pos, scene| {
            pos.take_order_for_file(scene, &play.tag, order.clone())
        })
        .map_err(|error| StepError::rig(format!("the store cannot take the order: {error}")))
}

/// The store takes goods back.
pub(super) fn take_return(play: &mut Play, receipt: ReturnReceipt, root: &Root) {
    play.receipt = Some(receipt.receipt_id.clone());
    play.stage.landscape.pos.act(&root.order, root.correlation.clone(), |pos, scene| {
        pos.take_return_for_file(scene, &play.tag, receipt);
    });
}

fn count(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (quantity, sku, node_id) = (args.number(0)?, stock::sku(play, args.text(1))?, store(play)?);
    let root = play.root("count");
    let count = StockCount {
        count_id: format!("CT-{}", root.correlation),
        node_id: node_id.clone(),
        sku,
        quantity,
        counted_at: play.stage.clock.now(),
    };
    play.stage.landscape.pos.act(&root.order, root.correlation, |pos, scene| {
        pos.count_for_file(scene, &play.tag, count);
    });
    Ok(())
}

fn send(world: &mut World, args: &Args, damage: Damage) -> Result<(), StepError> {
    send_file(world.play()?, kind(args.text(0)), damage)
}

fn broken_record(world: &mut World, args: &Args) -> Result<(), StepError> {
    let record = args.number(0)? as usize;
    send_file(world.play()?, kind(args.text(1)), Damage::RecordBroken(record))
}

fn send_file(play: &mut Play, kind: BatchKind, damage: Damage) -> Result<(), StepError> {
    let store = store(play)?;
    let root = play.root("file");
    at_the_store(play, &root, |pos, scene| {
        pos.send_file(scene, (&store, &play.tag), kind, damage, &root.order)
    })
}

/// Acts at the store; where nothing was ordered yet, what happens belongs to the scenario all the same.
fn at_the_store(
    play: &Play,
    root: &Root,
    action: impl FnOnce(&mut Pos, &mut Scene<'_>) -> Result<(), ActionError>,
) -> Result<(), StepError> {
    let (pos, correlation) = (&play.stage.landscape.pos, root.correlation.clone());
    let done = if play.orders.is_empty() {
        pos.prepare(Some(&play.id), correlation, action)
    } else {
        pos.act(&root.order, correlation, action)
    };
    done.map_err(|error| StepError::rig(format!("the store cannot send its file: {error}")))
}

fn send_again(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let root = play.same_root("file");
    at_the_store(play, &root, |pos, scene| pos.send_file_again(scene, &play.tag, &root.order))
}

/// Expects something of the receipt for the last file; `what` says of it what is counted.
async fn receipt_for_file(
    play: &mut Play,
    what: &str,
    holds: impl Fn(&BatchAcknowledgment) -> bool,
) -> Result<(), StepError> {
    let tag = play.tag.clone();
    play.expect(&format!("a file of which {what}"), |stage| {
        stage.landscape.pos.look(|pos| match pos.file_answer(&tag) {
            Some(Ok(answer)) if holds(answer) => Ok(()),
            Some(Ok(BatchAcknowledgment { taken, known, refused, .. })) => {
                Err(format!("{taken} were taken, {known} known before, {} refused", refused.len()))
            }
            Some(Err(problem)) => Err(format!("it was refused as a whole: {problem}")),
            None => Err("it was not answered".to_owned()),
        })
    })
    .await
}

async fn taken(world: &mut World, args: Args) -> Result<(), StepError> {
    let expected = args.number(0)?;
    let what = format!("{expected} records are taken");
    receipt_for_file(world.play()?, &what, |answer| answer.taken == expected).await
}

async fn refused_records(world: &mut World, args: Args) -> Result<(), StepError> {
    let expected = args.number(0)? as usize;
    let what = format!("{expected} records are refused");
    receipt_for_file(world.play()?, &what, |answer| answer.refused.len() == expected).await
}

async fn refused(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let tag = play.tag.clone();
    play.expect("a file that is refused as a whole", |stage| {
        stage.landscape.pos.look(|pos| match pos.file_answer(&tag) {
            Some(Err(_)) => Ok(()),
            Some(Ok(answer)) => Err(format!("{} of {} records were taken", answer.taken, answer.records)),
            None => Err("it was not answered".to_owned()),
        })
    })
    .await
}
