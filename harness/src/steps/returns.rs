//! Steps about goods that come back.

use counterproof_contracts::model::{
    Acceptance, ConditionGrade, CustomerRef, InspectedLine, Money, ReceiptId, Resolution, ReturnLine,
    ReturnMethod, ReturnReason, ReturnReceipt, ReturnRequest, ReturnStatus, RmaId, SerializedUnit, System,
};
use counterproof_simulators::wms::{Arrival, ItemRef};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, files, fulfillment, payment, stock, tills};
use crate::{
    stage::Root,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer brings {items} back to {place} {grade}",
        doc: "The store looks the order up, grades the goods, and asks what to do; the goods change hands if it may take them.",
        action: |world, args| store_return(world, args, false).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer brings {items} with a strange serial number back to {place} {grade}",
        doc: "As above, with units of the same kind that did not leave on the order.",
        action: |world, args| strange_return(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer brings {items} with the same serial number back to {place} {grade}",
        doc: "As above, with the serial numbers of units that came back before.",
        action: |world, args| same_return(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the recipient brings {items} back to {place} {grade}",
        doc: "As above, by who received the order as a gift.",
        action: |world, args| store_return(world, args, true).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "{items} is/are brought to {place} and to {place} at the same moment",
        doc: "Two stores ask at the same instant what to do with the same goods; each is told.",
        action: |world, args| two_stores(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer asks to return {items} because {reason}",
        doc: "The channel asks for a return by mail.",
        action: |world, args| at_once(request(world, &args, false)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer asks to return {items} for an instant refund because {reason}",
        doc: "As above; the customer takes the offer of a refund before the goods come, and accepts to be charged again.",
        action: |world, args| at_once(instant(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer asks to keep {items} and be refunded because {reason}",
        doc: "The channel asks for the money of goods that are not worth sending back.",
        action: |world, args| at_once(keep(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "nobody expects the goods back",
        doc: "The carrier issued no return label for the order, and no dock was told of a return.",
        action: |world, _| unexpected(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the recipient asks to return {items} because {reason}",
        doc: "As above, by who received the order as a gift; for store credit.",
        action: |world, args| at_once(request(world, &args, true)),
    },
    Step {
        kind: Kind::Action,
        expression: "the returned {items} arrive(s) at {place}",
        doc: "The dock receives goods of the order's last approved return.",
        action: |world, args| arrive(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the dock grades the returned goods {grade}",
        doc: "The dock grades everything of its last receipt.",
        action: |world, args| at_once(inspect(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the return is approved",
        doc: "The channel got a return authorization for the last request.",
        action: |world, _| approved(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the return is refused",
        doc: "The store was told that it may not take the goods.",
        action: |world, _| refused(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "one of the two stores takes the goods",
        doc: "Of the last two receipts one was accepted and the other refused.",
        action: |world, _| one_takes(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the store promises the customer {money}",
        doc: "What the store was told to give back, all parts together.",
        action: |world, args| promised(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "customer service sees {count} {product} as returned",
        doc: "The newest timeline entry counts so many returned units.",
        action: |world, args| seen_by_customer_service(world, args).boxed_local(),
    },
];

pub(super) fn grade(name: &str) -> ConditionGrade {
    match name {
        "as new" => ConditionGrade::A,
        "opened" => ConditionGrade::B,
        "worn" => ConditionGrade::C,
        _ => ConditionGrade::D,
    }
}

pub(super) fn reason(name: &str) -> ReturnReason {
    match name {
        "it is too small" => ReturnReason::SizeSmall,
        "it is too large" => ReturnReason::SizeLarge,
        "it is defective" => ReturnReason::Defective,
        "it came too late" => ReturnReason::LateDelivery,
        "it is not as described" => ReturnReason::NotAsDescribed,
        _ => ReturnReason::ChangedMind,
    }
}

pub(super) fn return_lines(
    play: &Play,
    text: &str,
    reason: ReturnReason,
) -> Result<Vec<ReturnLine>, StepError> {
    Ok(fulfillment::item_quantities(play, text)?
        .into_iter()
        .map(|item| ReturnLine { line_id: item.line_id, sku: item.sku, quantity: item.quantity, reason })
        .collect())
}

pub(super) fn gift_recipient(play: &Play, by_recipient: bool) -> Result<Option<CustomerRef>, StepError> {
    if !by_recipient {
        return Ok(None);
    }
    let gift = play
        .order()?
        .gift
        .as_ref()
        .ok_or_else(|| StepError::rig("the order is no gift, so it has no recipient"))?;
    Ok(Some(gift.recipient_ref.clone()))
}

async fn store_return(world: &mut World, args: Args, by_recipient: bool) -> Result<(), StepError> {
    let play = world.play()?;
    let (mut receipt, root) = receipt(play, &args, 1, args.text(2), by_recipient).await?;
    if play.offline {
        receipt.till_reference = Some(format!("till-{}", receipt.receipt_id));
        tills::take_back(play, receipt, &root);
        return Ok(());
    }
    if play.files_of.as_ref() == Some(&receipt.node_id) {
        files::take_return(play, receipt, &root);
        return Ok(());
    }
    bring(play, &receipt, root);
    told(play, receipt.receipt_id).await
}

/// The receipt that a store writes when it has looked the order up. `place`: which argument names the store.
pub(super) async fn receipt(
    play: &mut Play,
    args: &Args,
    place: usize,
    state: &str,
    by_recipient: bool,
) -> Result<(ReturnReceipt, Root), StepError> {
    let number = play.order_number()?;
    let reason = if by_recipient { ReturnReason::GiftUnwanted } else { ReturnReason::ChangedMind };
    let lines = return_lines(play, args.text(0), reason)?;
    let node_id = stock::node(play, args.text(place))?;
    remember_stock(play, &node_id, &lines);
    let serials = scan(play, &number, &lines);
    let root = play.root("store-return");
    if !play.offline {
        play.stage.look_up(System::Pos, &number, &root).await;
    }
    let count = play.next("receipt");
    let grades = lines
        .iter()
        .map(|line| InspectedLine {
            line_id: line.line_id.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
            grade: grade(state),
            acceptance: Acceptance::Accepted,
        })
        .collect();
    let receipt = ReturnReceipt {
        receipt_id: ReceiptId::from(format!("RC-{number}-{count}")),
        order_number: number,
        rma_id: None,
        node_id,
        received_at: play.stage.clock.now(),
        resolution: Some(if by_recipient { Resolution::StoreCredit } else { Resolution::Refund }),
        gift_recipient_ref: gift_recipient(play, by_recipient)?,
        lines,
        grades,
        exchange: None,
        serials,
        unexpected: Vec::new(),
        shipment_id: None,
        till_reference: None,
    };
    Ok((receipt, root))
}

/// Serial numbers of goods that a customer brings: those that left and did not come back, in order.
fn scan(
    play: &mut Play,
    number: &counterproof_contracts::model::OrderNumber,
    lines: &[ReturnLine],
) -> Vec<SerializedUnit> {
    let left: Vec<SerializedUnit> = play.stage.landscape.wms.look(|wms| {
        let back: Vec<&SerializedUnit> = wms.receipts(number).flat_map(|receipt| &receipt.serials).collect();
        let parcels = wms.shipments(number).filter(|shipment| shipment.shipped_at.is_some());
        parcels.flat_map(|shipment| &shipment.serials).filter(|unit| !back.contains(unit)).cloned().collect()
    });
    let mut scanned = Vec::new();
    for line in lines {
        let out =
            left.iter().filter(|unit| unit.line_id == line.line_id && !play.serials.contains(&unit.serial));
        scanned.extend(out.take(line.quantity as usize).cloned());
    }
    play.serials.extend(scanned.iter().map(|unit| unit.serial.clone()));
    scanned
}

/// A customer brings units that did not leave on the order.
async fn strange_return(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (mut receipt, root) = receipt(play, &args, 1, args.text(2), false).await?;
    for unit in &receipt.serials {
        play.serials.remove(&unit.serial);
    }
    receipt.serials = receipt.lines.iter().flat_map(of_somebody_else).collect();
    bring(play, &receipt, root);
    told(play, receipt.receipt_id).await
}

/// Serial numbers, one for each unit, that no parcel ever had.
fn of_somebody_else(line: &ReturnLine) -> impl Iterator<Item = SerializedUnit> {
    (1..=line.quantity).map(|unit| SerializedUnit {
        line_id: line.line_id.clone(),
        serial: format!("SN-of-somebody-else-{}-{}-{unit}", line.sku, line.line_id),
    })
}

/// A customer brings units again that are back already.
async fn same_return(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let before = play.serials.clone();
    let (mut receipt, root) = receipt(play, &args, 1, args.text(2), false).await?;
    if before.is_empty() || receipt.serials.is_empty() {
        return Err(StepError::rig("it takes a unit that is back and one that is out"));
    }
    for (unit, serial) in receipt.serials.iter_mut().zip(&before) {
        play.serials.remove(&unit.serial);
        unit.serial.clone_from(serial);
    }
    bring(play, &receipt, root);
    told(play, receipt.receipt_id).await
}

pub(super) fn bring(play: &mut Play, receipt: &ReturnReceipt, root: Root) {
    let pos = &play.stage.landscape.pos;
    pos.act(&root.order, root.correlation, |pos, scene| pos.store_return(scene, receipt));
    play.receipt = Some(receipt.receipt_id.clone());
}

/// Waits until a store knows what to do with what was brought.
pub(super) async fn told(play: &mut Play, receipt_id: ReceiptId) -> Result<(), StepError> {
    play.eventually(&format!("an answer to the store about {receipt_id}"), |stage| {
        let answered = stage
            .landscape
            .pos
            .look(|pos| pos.decision(&receipt_id).is_some() || pos.refusal(&receipt_id).is_some());
        if answered { Ok(()) } else { Err("the store was told nothing".to_owned()) }
    })
    .await
}

async fn two_stores(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (first, first_root) = receipt(play, &args, 1, "as new", false).await?;
    let (second, second_root) = receipt(play, &args, 2, "as new", false).await?;
    bring(play, &first, first_root);
    bring(play, &second, second_root);
    told(play, first.receipt_id).await?;
    told(play, second.receipt_id).await
}

async fn one_takes(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let last = play.counters.get("receipt").copied().unwrap_or(0);
    let receipts =
        [last.saturating_sub(1), last].map(|count| ReceiptId::from(format!("RC-{number}-{count}")));
    play.expect("one store that takes the goods and one that does not", |stage| {
        let taken = stage
            .landscape
            .pos
            .look(|pos| receipts.iter().filter(|receipt| pos.decision(receipt).is_some()).count());
        let refused = stage
            .landscape
            .pos
            .look(|pos| receipts.iter().filter(|receipt| pos.refusal(receipt).is_some()).count());
        let found = format!("{taken} took them and {refused} did not");
        if (taken, refused) == (1, 1) { Ok(()) } else { Err(found) }
    })
    .await
}

/// What came back before, so that a later step can tell what was added.
fn remember_stock(play: &mut Play, node: &counterproof_contracts::model::NodeId, lines: &[ReturnLine]) {
    remember_skus(play, node, lines.iter().map(|line| &line.sku));
}

/// As above, for goods that may belong to no line.
pub(super) fn remember_skus<'s>(
    play: &mut Play,
    node: &counterproof_contracts::model::NodeId,
    skus: impl Iterator<Item = &'s counterproof_contracts::model::Sku>,
) {
    use counterproof_contracts::model::StockCondition as Condition;
    for sku in skus {
        for condition in [
            Condition::Sellable,
            Condition::Outlet,
            Condition::Liquidation,
            Condition::Quarantine,
            Condition::Refurbishment,
            Condition::VendorReturn,
        ] {
            let units = play.stage.landscape.erp.look(|erp| erp.returned(sku, node, condition));
            play.stock_before.insert((node.clone(), sku.clone(), condition), units);
        }
    }
}

fn request(world: &mut World, args: &Args, by_recipient: bool) -> Result<(), StepError> {
    ask(world, args, by_recipient, (ReturnMethod::Mail, false))
}

fn instant(world: &mut World, args: &Args) -> Result<(), StepError> {
    ask(world, args, false, (ReturnMethod::Mail, true))
}

fn keep(world: &mut World, args: &Args) -> Result<(), StepError> {
    ask(world, args, false, (ReturnMethod::KeepItem, false))
}

async fn unexpected(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.come_to_rest().await?;
    let number = play.order_number()?;
    play.expect("no return label and no announced return", |stage| {
        let labels = stage.landscape.carrier.look(|carrier| carrier.labels(&number, true).count());
        let notices = stage.landscape.wms.look(|wms| wms.notices(&number).count());
        if labels + notices == 0 {
            return Ok(());
        }
        Err(format!("the carrier issued {labels} return labels, docks were told of {notices} returns"))
    })
    .await
}

fn ask(
    world: &mut World,
    args: &Args,
    by_recipient: bool,
    (method, instant_refund): (ReturnMethod, bool),
) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    let count = play.next("return");
    let request = ReturnRequest {
        return_reference: format!("RR-{number}-{count}"),
        order_number: number,
        method,
        resolution: if by_recipient { Resolution::StoreCredit } else { Resolution::Refund },
        gift_recipient_ref: gift_recipient(play, by_recipient)?,
        lines: return_lines(play, args.text(0), reason(args.text(1)))?,
        exchange: None,
        held_receipt_id: None,
        instant_refund,
    };
    let root = play.root("return");
    play.stage
        .with_channel(system, &root, |channel, scene| channel.request_return(scene, request.clone()))
        .ok_or_else(|| StepError::rig("no such channel"))
}

fn last_approved(
    stage: &crate::stage::Stage,
    system: System,
    number: &counterproof_contracts::model::OrderNumber,
) -> Option<RmaId> {
    stage
        .channel_view(system, number)
        .returns
        .iter()
        .rfind(|authorization| authorization.status == ReturnStatus::Approved)
        .map(|authorization| authorization.rma_id.clone())
}

async fn arrive(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    let node = stock::node(play, args.text(1))?;
    let lines = return_lines(play, args.text(0), ReturnReason::ChangedMind)?;
    let items: Vec<(ItemRef, u32)> =
        lines.iter().map(|line| (ItemRef::Line(line.line_id.clone()), line.quantity)).collect();
    remember_stock(play, &node, &lines);
    let root = play.root("dock");
    let receipt = play
        .eventually("the dock told what will come back", |stage| {
            let rma = last_approved(stage, system, &number).ok_or("no return is approved")?;
            stage
                .landscape
                .wms
                .act(&root.order, root.correlation.clone(), |wms, scene| {
                    wms.receive_return(scene, &Arrival::Authorized(rma), Some(&node), &items)
                })
                .map_err(|error| error.to_string())
        })
        .await?;
    play.receipt = Some(receipt);
    Ok(())
}

fn inspect(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let receipt = play.receipt.clone().ok_or_else(|| StepError::rig("nothing was received"))?;
    let grade = grade(args.text(0));
    let root = play.same_root("dock");
    play.stage
        .landscape
        .wms
        .act(&root.order, root.correlation.clone(), |wms, scene| {
            let lines = wms.to_grade(&receipt).into_iter();
            let grades: Vec<(ItemRef, u32, ConditionGrade)> =
                lines.map(|line| (ItemRef::Line(line.line_id), line.quantity, grade)).collect();
            wms.inspect(scene, &receipt, &grades)
        })
        .map_err(|error| StepError::rig(format!("the dock cannot grade: {error}")))
}

async fn approved(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    play.expect(&format!("a return of order {number} approved"), |stage| {
        if last_approved(stage, system, &number).is_some() {
            return Ok(());
        }
        let problem = stage.channel_view(system, &number).problem;
        Err(problem.map_or_else(
            || "the channel was told nothing".to_owned(),
            |problem| format!("it was refused: {problem}"),
        ))
    })
    .await
}

async fn refused(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let receipt = play.receipt.clone().ok_or_else(|| StepError::rig("nothing was brought back"))?;
    play.expect(&format!("the return {receipt} refused"), |stage| {
        let refused = stage.landscape.pos.look(|pos| pos.refusal(&receipt).is_some());
        if refused { Ok(()) } else { Err("the store was told to take the goods".to_owned()) }
    })
    .await
}

async fn promised(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let expected = payment::money(args.text(0))?;
    let receipt = play.receipt.clone().ok_or_else(|| StepError::rig("nothing was brought back"))?;
    play.expect(&format!("{expected} promised for {receipt}"), |stage| {
        let decision = stage.landscape.pos.look(|pos| pos.decision(&receipt).cloned());
        let decision = decision.ok_or("the store was told nothing, or to refuse")?;
        let sum: i64 = decision.refunds.iter().map(|part| part.amount.amount).sum();
        if sum == expected.amount {
            Ok(())
        } else {
            Err(format!("the store was told {}", Money::new(sum, expected.currency)))
        }
    })
    .await
}

async fn seen_by_customer_service(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (args.number(0)?, play.order_number()?);
    let sku = stock::sku(play, args.text(1))?;
    let lines: Vec<_> =
        play.order()?.lines.iter().filter(|line| line.sku == sku).map(|line| line.line_id.clone()).collect();
    play.expect(&format!("{expected} {:?} shown as returned to customer service", args.text(1)), |stage| {
        let returned: u32 = stage.landscape.customer_service.look(|service| {
            let newest = service.timeline(&number).iter().max_by_key(|entry| entry.sequence);
            newest.map_or(0, |entry| {
                entry
                    .lines
                    .iter()
                    .filter(|line| lines.contains(&line.line_id))
                    .map(|line| line.returned)
                    .sum()
            })
        });
        if returned == expected { Ok(()) } else { Err(format!("it sees {returned}")) }
    })
    .await
}
