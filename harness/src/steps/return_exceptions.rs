//! Steps about returns that do not go as planned: taken back, not expected, of nobody, or not accepted.

use counterproof_contracts::{
    model::{
        Acceptance, ConditionGrade, HeldGoods, OrderNumber, Resolution, ReturnAuthorization, ReturnLine,
        ReturnMethod, ReturnReason, ReturnRequest, ReturnStatus, Sku, System,
    },
    protocol::middleware,
};
use counterproof_simulators::{
    kernel::BusinessKey,
    wms::{Arrival, ItemRef, Verdict, Wms},
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, orders, returns, stock};
use crate::{
    stage::Stage,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer takes the return back",
        doc: "The channel cancels the order's last return.",
        action: |world, _| take_back(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "a return parcel with {items} arrives at {place}",
        doc: "The dock finds these goods, whatever was announced, in the parcel of the order's last return.",
        action: |world, args| arrive(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "a parcel without papers with {items} arrives at {place}",
        doc: "The dock cannot tell to which order the goods belong.",
        action: |world, args| at_once(arrive_blind(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "a clerk assigns the held {items} to the order",
        doc: "Customer service found where goods belong that wait at a dock, and asks for their return.",
        action: |world, args| at_once(assign(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the dock grades what the clerk assigned {grade}",
        doc: "The dock grades goods that it held, once it was told to which order they belong.",
        action: |world, args| grade_assigned(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the dock rejects {items} and grades the rest {grade}",
        doc: "Of its last receipt the dock takes these units not back.",
        action: |world, args| at_once(judge(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{items} wait(s) for a clerk at {place}",
        doc: "The dock holds exactly these goods of the order, or of the last parcel without papers.",
        action: |world, args| held(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "nothing waits for a clerk",
        doc: "No dock holds goods of the order, nor of the last parcel without papers.",
        action: |world, _| nothing_held(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{items} is/are sent to the customer again",
        doc: "The dock sent exactly these rejected goods, with a label.",
        action: |world, args| sent_back(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the request is declined",
        doc: "The channel was told that what the customer wants is not possible.",
        action: |world, _| declined(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the last return stands at {standing}",
        doc: "What the implementation says of the order's last return when it is asked.",
        action: |world, args| stands_at(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "nobody waits for the return any more",
        doc: "ERP and dock were told that the order's last return was taken back.",
        action: |world, _| called_off(world).boxed_local(),
    },
];

/// The last return that the order's channel or customer service was given, wherever it stands.
fn last_return(stage: &Stage, play_channel: System, number: &OrderNumber) -> Option<ReturnAuthorization> {
    let all = [play_channel, System::CustomerService];
    let known = all.iter().flat_map(|system| stage.channel_view(*system, number).returns);
    known.max_by(|one, other| {
        let key = |state: &ReturnAuthorization| (state.rma_id.as_str().len(), state.rma_id.to_string());
        key(one).cmp(&key(other))
    })
}

async fn take_back(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    // ERP and dock hear of the return first, unless the dock cannot be told.
    play.come_to_rest().await?;
    let (number, system) = (play.order_number()?, play.channel()?);
    let known = play
        .eventually("a return that can be taken back", |stage| {
            last_return(stage, system, &number).ok_or_else(|| "the channel was given none".to_owned())
        })
        .await?;
    let told = |stage: &Stage| {
        let noticed = |wms: &Wms| wms.notices(&number).any(|notice| notice.rma_id == known.rma_id);
        stage.landscape.wms.look(noticed).then_some(()).ok_or_else(|| "it was not".to_owned())
    };
    let _cannot_be_told = play.eventually("the dock told of the return", told).await;
    let root = play.root("return");
    play.stage
        .with_channel(system, &root, |channel, scene| {
            channel.cancel_return(scene, &number, &known.rma_id, "the customer keeps it");
        })
        .ok_or_else(|| StepError::rig("no such channel"))
}

/// Products as SKUs of the scenario.
fn goods(play: &Play, text: &str) -> Result<Vec<(counterproof_contracts::model::Sku, u32)>, StepError> {
    orders::items(text)?
        .into_iter()
        .map(|(product, units)| Ok((stock::sku(play, &product)?, units)))
        .collect()
}

async fn arrive(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    let node = stock::node(play, args.text(1))?;
    let goods = goods(play, args.text(0))?;
    returns::remember_skus(play, &node, goods.iter().map(|(sku, _)| sku));
    let items: Vec<(ItemRef, u32)> =
        goods.into_iter().map(|(sku, units)| (ItemRef::Sku(sku), units)).collect();
    let root = play.root("dock");
    let receipt = play
        .eventually("the dock told what will come back", |stage| {
            let known = last_return(stage, system, &number).ok_or("there is no return")?;
            stage
                .landscape
                .wms
                .act(&root.order, root.correlation.clone(), |wms, scene| {
                    wms.receive_return(scene, &Arrival::Authorized(known.rma_id), Some(&node), &items)
                })
                .map_err(|error| error.to_string())
        })
        .await?;
    play.receipt = Some(receipt);
    Ok(())
}

fn arrive_blind(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let node = stock::node(play, args.text(1))?;
    let goods = goods(play, args.text(0))?;
    returns::remember_skus(play, &node, goods.iter().map(|(sku, _)| sku));
    let count = play.next("case");
    let case = OrderNumber::from(format!("CASE-{}-{count}", play.tag));
    play.stage.claim(&play.id, BusinessKey::Order(case.clone()))?;
    let root = play.root("dock");
    let receipt = play
        .stage
        .landscape
        .wms
        .act(&case, root.correlation, |wms, scene| wms.receive_blind(scene, &case, &node, &goods))
        .map_err(|error| StepError::rig(format!("the dock cannot take the parcel: {error}")))?;
    play.receipt = Some(receipt);
    play.cases.push(case);
    Ok(())
}

fn assign(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let receipt = play.receipt.clone().ok_or_else(|| StepError::rig("nothing was received"))?;
    let count = play.next("return");
    let lines: Vec<ReturnLine> = returns::return_lines(play, args.text(0), ReturnReason::ChangedMind)?;
    let request = ReturnRequest {
        return_reference: format!("RR-{number}-{count}"),
        order_number: number,
        method: ReturnMethod::Mail,
        resolution: Resolution::Refund,
        gift_recipient_ref: None,
        lines,
        held_receipt_id: Some(receipt),
        exchange: None,
        instant_refund: false,
    };
    let root = play.root("return");
    play.stage
        .with_channel(System::CustomerService, &root, |channel, scene| {
            channel.request_return(scene, request);
        })
        .ok_or_else(|| StepError::rig("no such channel"))
}

async fn grade_assigned(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let grade = returns::grade(args.text(0));
    let held = play.receipt.clone().ok_or_else(|| StepError::rig("nothing was received"))?;
    let root = play.root("dock");
    play.eventually("goods assigned to the order", |stage| {
        stage.landscape.wms.act(&root.order, root.correlation.clone(), |wms, scene| {
            let newest = wms.assigned_from(&held, &number).cloned();
            let newest = newest.ok_or_else(|| "the dock was told of none".to_owned())?;
            let verdicts: Vec<(ItemRef, u32, ConditionGrade)> = wms
                .to_grade(&newest)
                .into_iter()
                .map(|line| (ItemRef::Line(line.line_id), line.quantity, grade))
                .collect();
            wms.inspect(scene, &newest, &verdicts).map_err(|error| error.to_string())
        })
    })
    .await
}

/// Grades the last receipt; of each SKU the first units are rejected.
fn judge(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let receipt = play.receipt.clone().ok_or_else(|| StepError::rig("nothing was received"))?;
    let mut rejected = goods(play, args.text(0))?;
    let grade = returns::grade(args.text(1));
    let root = play.same_root("dock");
    play.stage
        .landscape
        .wms
        .act(&root.order, root.correlation.clone(), |wms, scene| {
            let verdicts = verdicts(wms.to_grade(&receipt), &mut rejected, grade);
            wms.judge(scene, &receipt, &verdicts)
        })
        .map_err(|error| StepError::rig(format!("the dock cannot grade: {error}")))
}

/// Of each SKU so many units are rejected as are left to reject, first come first; the others get the grade.
fn verdicts(lines: Vec<ReturnLine>, rejected: &mut [(Sku, u32)], grade: ConditionGrade) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for line in lines {
        let wanted = rejected.iter_mut().find(|(sku, _)| *sku == line.sku);
        let units = wanted.map_or(0, |(_, left)| {
            let units = line.quantity.min(*left);
            *left -= units;
            units
        });
        let item = ItemRef::Line(line.line_id);
        if units > 0 {
            verdicts.push((item.clone(), units, ConditionGrade::D, Acceptance::Rejected));
        }
        if units < line.quantity {
            verdicts.push((item, line.quantity - units, grade, Acceptance::Accepted));
        }
    }
    verdicts
}

/// Goods that wait for a clerk: of the order, and of parcels without papers.
fn waiting(stage: &Stage, number: &OrderNumber, cases: &[OrderNumber]) -> Vec<HeldGoods> {
    stage.landscape.wms.look(|wms| {
        let of_cases = cases.iter().flat_map(|case| wms.held_of(case));
        let all = wms.held_of(number).chain(of_cases);
        all.filter(|held| !held.lines.is_empty()).cloned().collect()
    })
}

async fn held(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, node) = (play.order_number()?, stock::node(play, args.text(1))?);
    let mut expected = goods(play, args.text(0))?;
    expected.sort();
    let cases = play.cases.clone();
    play.expect(&format!("{} held at {:?}", args.text(0), args.text(1)), |stage| {
        let held = waiting(stage, &number, &cases);
        let here = held.iter().filter(|held| held.node_id == node);
        let mut found: Vec<_> =
            here.flat_map(|held| &held.lines).map(|found| (found.sku.clone(), found.quantity)).collect();
        found.sort();
        if found == expected { Ok(()) } else { Err(format!("the dock holds {}", names(&found))) }
    })
    .await
}

fn names(found: &[(counterproof_contracts::model::Sku, u32)]) -> String {
    if found.is_empty() {
        return "nothing".to_owned();
    }
    found.iter().map(|(sku, units)| format!("{units} {sku}")).collect::<Vec<_>>().join(", ")
}

async fn nothing_held(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.come_to_rest().await?;
    let (number, cases) = (play.order_number()?, play.cases.clone());
    play.expect("nothing held for a clerk", |stage| {
        let held = waiting(stage, &number, &cases);
        if held.is_empty() { Ok(()) } else { Err(format!("{} receipts wait", held.len())) }
    })
    .await
}

async fn sent_back(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let mut expected = goods(play, args.text(0))?;
    expected.sort();
    play.expect(&format!("{} sent to the customer again", args.text(0)), |stage| {
        let mut found: Vec<_> = stage.landscape.wms.look(|wms| {
            let labeled = wms.sent_back(&number).filter(|rejection| rejection.tracking_number.is_some());
            labeled
                .flat_map(|rejection| &rejection.lines)
                .map(|line| (line.sku.clone(), line.quantity))
                .collect()
        });
        found.sort();
        if found == expected { Ok(()) } else { Err(format!("the dock sent {}", names(&found))) }
    })
    .await
}

async fn declined(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    play.expect("what the customer wants declined", |stage| {
        let views = [system, System::CustomerService].map(|system| stage.channel_view(system, &number));
        let told = views.iter().any(|view| view.problem.is_some());
        if told { Ok(()) } else { Err("no channel was refused anything".to_owned()) }
    })
    .await
}

fn standing(name: &str) -> ReturnStatus {
    match name {
        "partially received" => ReturnStatus::PartiallyReceived,
        "received" => ReturnStatus::Received,
        "closed" => ReturnStatus::Closed,
        "expired" => ReturnStatus::Expired,
        "canceled" => ReturnStatus::Canceled,
        _ => ReturnStatus::Approved,
    }
}

/// Asks the implementation until it says what is expected. Each look is recorded itself, so looks are paced.
async fn stands_at(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.assertions += 1;
    let (number, system) = (play.order_number()?, play.channel()?);
    let expected = standing(args.text(0));
    let rma = play
        .eventually("a return", |stage| {
            last_return(stage, system, &number).map(|known| known.rma_id).ok_or_else(|| "none".to_owned())
        })
        .await?;
    let began = play.stage.clock.elapsed();
    let root = play.same_root("order");
    loop {
        let answer = play
            .stage
            .kernel
            .read_middleware(
                system,
                middleware::READ_RETURN,
                &[rma.as_str()],
                Some(&number),
                &root.correlation,
            )
            .await;
        let told = answer
            .ok()
            .and_then(|(_, body)| serde_json::from_value::<ReturnAuthorization>(body).ok())
            .map(|known| known.status);
        if told == Some(expected) {
            return Ok(());
        }
        if play.stage.clock.elapsed().saturating_sub(began) >= play.stage.patience {
            return Err(StepError::failed(format!(
                "expected return {rma} {}; {told:?} was told",
                args.text(0)
            )));
        }
        play.stage.clock.sleep(super::recovery::BETWEEN_LOOKS).await;
    }
}

async fn called_off(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    // A dock that was not yet told of the return has nothing to forget.
    play.come_to_rest().await?;
    play.expect("ERP and dock told that the return will not come", |stage| {
        let known = last_return(stage, system, &number).ok_or("there is no return")?;
        let booked = stage.landscape.erp.look(|erp| {
            let known = erp.return_authorizations(&number).iter().find(|it| it.rma_id == known.rma_id);
            known.is_some_and(|it| it.status == ReturnStatus::Canceled)
        });
        let waits = stage.landscape.wms.look(|wms| {
            let noticed = wms.notices(&number).any(|notice| notice.rma_id == known.rma_id);
            noticed && !wms.is_notice_canceled(&known.rma_id)
        });
        if booked && !waits { Ok(()) } else { Err(format!("ERP told: {booked}, dock waits: {waits}")) }
    })
    .await
}
