//! Steps about gift cards that are bought.

use counterproof_contracts::model::{AccountId, Money, OrderNumber, TenderKind};
use counterproof_simulators::world::pricing::StoredPart;
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, payment};
use crate::{
    stage::Stage,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer pays with the gift card that was bought and the rest by card",
        doc: "The next order is paid with what is on the gift card of an earlier order first.",
        action: |world, _| at_once(pay(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer comes back to the order of the gift card",
        doc: "What follows is about the order in which the gift card was bought.",
        action: |world, _| at_once(come_back(world)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the gift card that was bought is worth {money}",
        doc: "The balance of the gift card of the first order that has one; 0 where none is active.",
        action: |world, args| worth(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "{count} gift card(s) can be spent",
        doc: "So many gift cards that were bought are active once everything has come to rest.",
        action: |world, args| active(world, args).boxed_local(),
    },
];

fn order_of(play: &Play) -> Result<OrderNumber, StepError> {
    let order = play.orders.iter().find(|order| order.lines.iter().any(|line| line.gift_card));
    let order = order.ok_or_else(|| StepError::rig("no gift card was bought"))?;
    Ok(order.order_number.clone())
}

fn card(stage: &Stage, order: &OrderNumber) -> Option<(AccountId, Money)> {
    stage.landscape.stored_value.look(|stored_value| {
        let card = stored_value.active_cards(order).next()?;
        Some((card.account_id.clone(), stored_value.balance(&card.account_id)?))
    })
}

fn pay(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let card = card(&play.stage, &order_of(play)?);
    let (account_id, balance) =
        card.ok_or_else(|| StepError::rig("no gift card that was bought is active"))?;
    let part = StoredPart { kind: TenderKind::GiftCard, account_id, amount: balance.amount };
    play.cart.bought_card = Some(part);
    Ok(())
}

fn come_back(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = order_of(play)?;
    play.orders.sort_by_key(|order| order.order_number == number);
    Ok(())
}

async fn worth(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (payment::money(args.text(0))?, order_of(play)?);
    play.expect(&format!("a gift card worth {expected}"), |stage| {
        let balance = card(stage, &number).map_or(0, |(_, balance)| balance.amount);
        payment::compare(balance, expected, "the card")
    })
    .await
}

async fn active(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.come_to_rest().await?;
    let expected = args.number(0)?;
    let orders: Vec<OrderNumber> = play.orders.iter().map(|order| order.order_number.clone()).collect();
    play.expect(&format!("{expected} gift cards that can be spent"), |stage| {
        let active: usize = stage
            .landscape
            .stored_value
            .look(|ledger| orders.iter().map(|order| ledger.active_cards(order).count()).sum());
        if u32::try_from(active) == Ok(expected) { Ok(()) } else { Err(format!("there are {active}")) }
    })
    .await
}
