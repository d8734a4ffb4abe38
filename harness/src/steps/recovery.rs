//! Steps about recovery: dead letters, replays, and outages that outlast the middleware's patience.
//!
//! The operator acts through customer service, as a person would: it asks the implementation and is answered.

use std::{collections::BTreeSet, time::Duration};

use counterproof_contracts::{
    model::{OrderNumber, System},
    protocol::{DeadLetter, DeadLetterReplay, Problem, ReplayRequest, middleware},
};
use futures::FutureExt as _;

use super::{Args, Kind, Step};
use crate::{
    stage::Stage,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the operator replays the order",
        doc: "Once nothing moves, the implementation is asked to make every call of the order again.",
        action: |world, _| replay_order(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the operator replays the dead letters",
        doc: "The implementation is asked to try everything again that lies among its dead letters.",
        action: |world, _| replay_letters(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "{duration} pass(es)",
        doc: "Time passes; for scenarios in virtual time.",
        action: |world, args| pass(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{count} dead letter(s) wait(s)",
        doc: "So many calls and events of this scenario wait among the dead letters, now or soon.",
        action: |world, args| letters_wait(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "no dead letter waits",
        doc: "Nothing of this scenario waits among the dead letters, now or soon.",
        action: |world, _| expect_letters(world, 0).boxed_local(),
    },
];

/// Pause between two looks at the dead letters.
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// Why the operator does something.
pub(super) const REASON: &str = "to be sure";
/// Who operates the implementation.
pub(crate) const OPERATOR: System = System::CustomerService;

async fn replay_order(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.come_to_rest().await?;
    let order = play.order_number()?;
    let root = play.root("replay");
    let key = root.correlation.to_string();
    let request = ReplayRequest { order_number: order.clone(), reason: REASON.to_owned() };
    let body = serde_json::to_value(&request).map_err(|error| StepError::rig(error.to_string()))?;
    let before = play.stage.channel_view(OPERATOR, &order).problem;
    play.stage.with_channel(OPERATOR, &root, |_, scene| {
        scene.call(middleware::REPLAY_ORDER, &[order.as_str()], body, key, &order);
    });
    answered(play, &order, before).await
}

async fn replay_letters(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    for letter in look(play, "the dead letters", |_| true).await? {
        let Some(order) = letter.order_number else { continue };
        let root = play.root("replay");
        let key = root.correlation.to_string();
        let before = play.stage.channel_view(OPERATOR, &order).problem;
        play.stage.with_channel(OPERATOR, &root, |_, scene| {
            let parameters = [letter.dead_letter_id.as_str()];
            let body = serde_json::json!(DeadLetterReplay { reason: REASON.to_owned() });
            scene.call(middleware::REPLAY_DEAD_LETTER, &parameters, body, key, &order);
        });
        answered(play, &order, before).await?;
    }
    Ok(())
}

/// Waits until the operator has an answer, which must be no refusal. What follows from it may be under way.
async fn answered(play: &mut Play, order: &OrderNumber, before: Option<Problem>) -> Result<(), StepError> {
    let id = play.id.clone();
    let asked = |stage: &Stage| {
        let open = stage.kernel.open_work(Some(&id));
        let waits = |work: &&String| {
            work.contains(middleware::REPLAY_ORDER.id) || work.contains(middleware::REPLAY_DEAD_LETTER.id)
        };
        open.iter().find(waits).map_or(Ok(()), |work| Err(format!("{work} is under way")))
    };
    play.eventually("an answer to the operator", asked).await?;
    match play.stage.channel_view(OPERATOR, order).problem {
        Some(problem) if before.as_ref() != Some(&problem) => Err(StepError::failed(format!(
            "expected the replay taken on; it was refused: {} {}",
            problem.status, problem.detail
        ))),
        _ => Ok(()),
    }
}

async fn pass(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.stage.clock.sleep(args.duration(0)?).await;
    Ok(())
}

async fn letters_wait(world: &mut World, args: Args) -> Result<(), StepError> {
    let count = args.number(0)?;
    expect_letters(world, count).await
}

async fn expect_letters(world: &mut World, count: u32) -> Result<(), StepError> {
    let play = world.play()?;
    play.assertions += 1;
    let so_many = |found: &[DeadLetter]| u32::try_from(found.len()).is_ok_and(|found| found == count);
    look(play, &format!("{count} among the dead letters"), so_many).await.map(drop)
}

/// Looks at the dead letters of this scenario's orders until they are as wanted. Each look is recorded itself, so
/// looks are paced.
async fn look(
    play: &Play,
    what: &str,
    wanted: impl Fn(&[DeadLetter]) -> bool,
) -> Result<Vec<DeadLetter>, StepError> {
    let began = play.stage.clock.elapsed();
    loop {
        let waited = play.stage.clock.elapsed().saturating_sub(began);
        let seen = match letters(play).await {
            Ok(found) if wanted(&found) => return Ok(found),
            Ok(found) => {
                let names: Vec<&str> = found.iter().map(|letter| letter.dead_letter_id.as_str()).collect();
                format!("there are {}: {}", found.len(), names.join(", "))
            }
            Err(seen) => seen,
        };
        if waited >= play.stage.patience {
            return Err(StepError::failed(format!("expected {what}; {seen}")));
        }
        play.stage.clock.sleep(BETWEEN_LOOKS).await;
    }
}

/// The dead letters about this scenario's orders, or what was answered instead.
async fn letters(play: &Play) -> Result<Vec<DeadLetter>, String> {
    let orders: BTreeSet<&OrderNumber> =
        play.orders.iter().map(|order| &order.order_number).chain(&play.cases).collect();
    let all = play.stage.dead_letters(OPERATOR, &play.same_root("order")).await?;
    let ours = |letter: &DeadLetter| letter.order_number.as_ref().is_some_and(|order| orders.contains(order));
    Ok(all.into_iter().filter(ours).collect())
}
