//! Steps about refunds that are given before goods come.

use counterproof_contracts::model::OrderNumber;
use counterproof_simulators::psp::Psp;
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, payment, provider};
use crate::{
    stage::Stage,
    world::{StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the card cannot be charged again",
        doc: "The issuer declines to charge the card again with what was refunded before the goods came.",
        action: |world, _| at_once(provider::arrange(world, Psp::decline_recharges)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer is promised {money} before the goods come",
        doc: "So much the channel was told to be refunded at once for the last return that it asked for; 0.00 where it follows the goods.",
        action: |world, args| promised(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer is charged {money} again",
        doc: "So much of what was refunded before goods came was taken from the card again.",
        action: |world, args| recharged(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP has written off {money}",
        doc: "So much of refunds before goods came is given up in the general ledger, and was not recovered.",
        action: |world, args| written_off(world, args).boxed_local(),
    },
];

async fn promised(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number, system) = (payment::money(args.text(0))?, play.order_number()?, play.channel()?);
    play.expect(&format!("{expected} promised before the goods come"), |stage| {
        let view = stage.channel_view(system, &number);
        let last = view.returns.last().ok_or("no return is approved")?;
        let amount = last.advance_refund.as_ref().map_or(0, |advance| advance.amount.amount);
        payment::compare(amount, expected, "the channel")
    })
    .await
}

async fn recharged(world: &mut World, args: Args) -> Result<(), StepError> {
    amount(world, &args, ("charged again", "the payment provider"), |stage, number| {
        stage.landscape.psp.look(|psp| psp.recharged(number))
    })
    .await
}

async fn written_off(world: &mut World, args: Args) -> Result<(), StepError> {
    amount(world, &args, ("written off", "the ERP"), |stage, number| {
        stage.landscape.erp.look(|erp| erp.written_off(number))
    })
    .await
}

/// An amount that a system holds of the order. That it is nothing can be said when nothing happens any more.
async fn amount(
    world: &mut World,
    args: &Args,
    (what, who): (&str, &str),
    held: fn(&Stage, &OrderNumber) -> i64,
) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (payment::money(args.text(0))?, play.order_number()?);
    if expected.amount == 0 {
        play.come_to_rest().await?;
    }
    play.expect(&format!("{expected} {what} for order {number}"), |stage| {
        payment::compare(held(stage, &number), expected, who)
    })
    .await
}
