//! Steps about what the payment provider, the issuer of a card and the customer's bank do by themselves.

use counterproof_contracts::model::{OrderNumber, RefundId, RefundStatus};
use counterproof_simulators::{kernel::Scene, psp::Psp};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, payment};
use crate::world::{StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the payment provider decides captures later",
        doc: "Captures of the order are taken on and stay pending until a step decides them.",
        action: |world, _| at_once(arrange(world, Psp::hold_captures)),
    },
    Step {
        kind: Kind::Action,
        expression: "the payment provider decides refunds later",
        doc: "Refunds of the order are taken on and stay pending until a step decides them.",
        action: |world, _| at_once(arrange(world, Psp::hold_refunds)),
    },
    Step {
        kind: Kind::Action,
        expression: "the first {count} attempt(s) at a capture is/are declined",
        doc: "The payment provider declines so many attempts at each capture of the order.",
        action: |world, args| {
            at_once(
                args.number(0)
                    .and_then(|count| arrange(world, |psp, order| psp.decline_captures(order, count))),
            )
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the first {count} attempt(s) at a refund fail(s)",
        doc: "So many attempts at each refund of the order are taken on and then fail.",
        action: |world, args| {
            at_once(
                args.number(0).and_then(|count| arrange(world, |psp, order| psp.fail_refunds(order, count))),
            )
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the customer's card is blocked",
        doc: "From now on the issuer declines everything that is asked for the order.",
        action: |world, _| at_once(arrange(world, Psp::block)),
    },
    Step {
        kind: Kind::Action,
        expression: "the payment provider confirms the capture",
        doc: "Pending captures of the order take their money.",
        action: |world, _| {
            happens(world, "a pending capture", |psp, scene, order| psp.settle_capture(scene, order, true))
                .boxed_local()
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the payment provider reports that the capture failed",
        doc: "Pending captures of the order take nothing.",
        action: |world, _| {
            happens(world, "a pending capture", |psp, scene, order| psp.settle_capture(scene, order, false))
                .boxed_local()
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the payment provider confirms the refund",
        doc: "Pending refunds of the order reach the customer.",
        action: |world, _| {
            happens(world, "a pending refund", |psp, scene, order| settle_refunds(psp, scene, order, true))
                .boxed_local()
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the payment provider reports that the refund failed",
        doc: "Pending refunds of the order cannot be paid.",
        action: |world, _| {
            happens(world, "a pending refund", |psp, scene, order| settle_refunds(psp, scene, order, false))
                .boxed_local()
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the bank sends the refund back",
        doc: "Refunds of the order that had arrived come back to the payment provider.",
        action: |world, _| {
            happens(world, "a refund that arrived", |psp, scene, order| {
                let arrived = refunds(psp, order, RefundStatus::Succeeded);
                arrived.iter().filter(|refund| psp.return_refund(scene, refund)).count()
            })
            .boxed_local()
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the authorization lapses",
        doc: "What is held on the card is held no more, and the payment provider tells.",
        action: |world, _| happens(world, "an open authorization", Psp::lapse).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer disputes the payment",
        doc: "The customer objects to everything that was taken from the card.",
        action: |world, _| {
            happens(world, "something taken", |psp, scene, order| {
                psp.dispute(scene, order, "product not received")
            })
            .boxed_local()
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the dispute is won",
        doc: "The issuer decides for the merchant.",
        action: |world, _| {
            happens(world, "an open dispute", |psp, scene, order| psp.close_dispute(scene, order, true))
                .boxed_local()
        },
    },
    Step {
        kind: Kind::Action,
        expression: "the dispute is lost",
        doc: "The issuer decides for the customer, and takes the money back.",
        action: |world, _| {
            happens(world, "an open dispute", |psp, scene, order| psp.close_dispute(scene, order, false))
                .boxed_local()
        },
    },
    Step {
        kind: Kind::Assertion,
        expression: "the issuer has taken back {money}",
        doc: "So much went back to the customer in disputes that were lost.",
        action: |world, args| charged_back(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "attempt {count} at the refund is undecided",
        doc: "The payment provider took this attempt at a refund of the order on, and has not told its outcome.",
        action: |world, args| undecided(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{money} is held on the card",
        doc: "So much is authorized and not captured.",
        action: |world, args| held(world, args).boxed_local(),
    },
];

/// Arranges how the payment provider takes what is asked for the present order, or the next one.
pub(super) fn arrange(
    world: &mut World,
    arrange: impl FnOnce(&mut Psp, &OrderNumber),
) -> Result<(), StepError> {
    let play = world.play()?;
    let root = play.root("payment");
    let order = root.order.clone();
    play.stage.landscape.psp.act(&root.order, root.correlation, |psp, _| arrange(psp, &order));
    Ok(())
}

/// Lets something happen at the payment provider as soon as it can.
async fn happens(
    world: &mut World,
    what: &str,
    act: impl Fn(&mut Psp, &mut Scene<'_>, &OrderNumber) -> usize,
) -> Result<(), StepError> {
    let play = world.play()?;
    let root = play.root("payment");
    play.eventually(&format!("{what} at the payment provider"), |stage| {
        let psp = &stage.landscape.psp;
        match psp.act(&root.order, root.correlation.clone(), |psp, scene| act(psp, scene, &root.order)) {
            0 => Err("there is none".to_owned()),
            _ => Ok(()),
        }
    })
    .await
}

fn refunds(psp: &Psp, order: &OrderNumber, status: RefundStatus) -> Vec<RefundId> {
    psp.refunds(order)
        .filter(|refund| refund.status == status)
        .map(|refund| refund.refund_id.clone())
        .collect()
}

fn settle_refunds(psp: &mut Psp, scene: &mut Scene<'_>, order: &OrderNumber, success: bool) -> usize {
    let pending = refunds(psp, order, RefundStatus::Pending);
    pending.iter().map(|refund| psp.settle_refund(scene, refund, success)).sum()
}

async fn charged_back(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (payment::money(args.text(0))?, play.order_number()?);
    play.expect(&format!("{expected} charged back for order {number}"), |stage| {
        let lost = stage.landscape.psp.look(|psp| psp.charged_back(&number));
        payment::compare(lost, expected, "the issuer")
    })
    .await
}

async fn undecided(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (attempt, number) = (args.number(0)?, play.order_number()?);
    play.expect(&format!("attempt {attempt} at a refund of order {number}, undecided"), |stage| {
        let attempts: Vec<u32> = stage.landscape.psp.look(|psp| {
            let pending = psp.refunds(&number).filter(|refund| refund.status == RefundStatus::Pending);
            pending.map(|refund| refund.attempt).collect()
        });
        let found = || format!("the payment provider has undecided attempts {attempts:?}");
        if attempts.contains(&attempt) { Ok(()) } else { Err(found()) }
    })
    .await
}

async fn held(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (payment::money(args.text(0))?, play.order_number()?);
    play.expect(&format!("{expected} held for order {number}"), |stage| {
        payment::compare(stage.landscape.psp.look(|psp| psp.held(&number)), expected, "the card")
    })
    .await
}
