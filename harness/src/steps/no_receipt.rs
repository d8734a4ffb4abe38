//! Steps about goods that a customer brings back without a receipt: the store looks for the order.

use counterproof_contracts::{
    model::{OrderSearch, OrderSearchResult, OrderView, Sku, System},
    protocol::middleware,
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, orders, recovery::BETWEEN_LOOKS, returns, stock};
use crate::{
    settle::QUIET_FOR_CERTAIN,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer brings {items} without a receipt back to {place} {grade}",
        doc: "The store looks for the newest order that this card paid and that has such goods out; from here on, the order means that one.",
        action: |world, args| bring(world, args, By::Card).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "a known customer brings {items} without receipt and card back to {place} {grade}",
        doc: "As above, by who bought.",
        action: |world, args| bring(world, args, By::Customer).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "a customer of the first account brings {items} without receipt and card back to {place} {grade}",
        doc: "As above, by the reference that the customer had first.",
        action: |world, args| bring(world, args, By::FirstAccount).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "a stranger brings {items} without a receipt back to {place} {grade}",
        doc: "The store looks for orders that another card paid.",
        action: |world, args| bring(world, args, By::Stranger).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the store finds no order",
        doc: "The store found none that has such goods out, and sends the customer away.",
        action: |world, _| none_found(world).boxed_local(),
    },
];

/// What the store knows of who brings goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Card,
    Customer,
    FirstAccount,
    Stranger,
}

fn question(play: &Play, by: By) -> Result<OrderSearch, StepError> {
    if by == By::Customer {
        let customer_ref = Some(play.order()?.customer_ref.clone());
        return Ok(OrderSearch { customer_ref, payment_token: None });
    }
    if by == By::FirstAccount {
        return Ok(OrderSearch { customer_ref: Some(play.customer()), payment_token: None });
    }
    let token = play.order()?.tenders.iter().find_map(|tender| tender.payment_token.clone());
    let token = token.ok_or_else(|| StepError::rig("no card paid the order"))?;
    let token = if by == By::Stranger { format!("{token}-of-somebody-else") } else { token };
    Ok(OrderSearch { payment_token: Some(token), customer_ref: None })
}

/// Whether so many units of each product are with the customer.
fn has_out(view: &OrderView, wanted: &[(Sku, u32)]) -> bool {
    wanted.iter().all(|(sku, units)| {
        let own = view.items.iter().filter(|item| item.sku == *sku);
        let states = own.filter_map(|item| view.lines.iter().find(|line| line.line_id == item.line_id));
        let out: u32 = states.map(|line| line.shipped.saturating_sub(line.returned + line.lost)).sum();
        out >= *units
    })
}

async fn bring(world: &mut World, args: Args, by: By) -> Result<(), StepError> {
    let play = world.play()?;
    let wanted = orders::items(args.text(0))?
        .into_iter()
        .map(|(product, units)| Ok((stock::sku(play, &product)?, units)))
        .collect::<Result<Vec<_>, StepError>>()?;
    play.receipt = None;
    play.found = false;
    let found = search(play, &question(play, by)?, &wanted, by != By::Stranger).await?;
    let Some(view) = found else { return Ok(()) };
    let place = play.orders.iter().position(|order| order.order_number == view.order_number);
    let place = place
        .ok_or_else(|| StepError::failed(format!("order {} is not the customer's", view.order_number)))?;
    let order = play.orders.remove(place);
    play.orders.push(order);
    play.found = true;
    let (receipt, root) = returns::receipt(play, &args, 1, args.text(2), false).await?;
    returns::bring(play, &receipt, root);
    returns::told(play, receipt.receipt_id).await
}

/// Asks until the implementation answers; with `patient`, until it finds something, or found nothing for as long after everything
/// came to rest as rest is waited for at most.
async fn search(
    play: &mut Play,
    question: &OrderSearch,
    wanted: &[(Sku, u32)],
    patient: bool,
) -> Result<Option<OrderView>, StepError> {
    play.come_to_rest().await?;
    let number = play.order_number()?;
    let root = play.root("look-up");
    let began = play.stage.clock.elapsed();
    let body = serde_json::to_value(question).map_err(|error| StepError::rig(error.to_string()))?;
    loop {
        let asked = (&[][..], Some(&body));
        let kernel = &play.stage.kernel;
        let operation = middleware::SEARCH_ORDERS;
        let answer =
            kernel.ask_middleware(System::Pos, operation, asked, Some(&number), &root.correlation).await;
        let answered = answer.ok().filter(|(status, _)| *status == 200);
        let result = answered.and_then(|(_, body)| serde_json::from_value::<OrderSearchResult>(body).ok());
        let waited = play.stage.clock.elapsed().saturating_sub(began);
        let late = waited >= if result.is_some() { QUIET_FOR_CERTAIN } else { play.stage.patience };
        let found = result.as_ref().and_then(|result| result.items.iter().find(|view| has_out(view, wanted)));
        if found.is_some() || (result.is_some() && !patient) {
            return Ok(found.cloned());
        }
        if late {
            return match result {
                Some(_) => Ok(None),
                None => Err(StepError::failed("the store asked for orders and got no answer")),
            };
        }
        play.stage.clock.sleep(BETWEEN_LOOKS).await;
    }
}

async fn none_found(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let found = play.found;
    play.expect("no order found", |_| if found { Err("the store found one".to_owned()) } else { Ok(()) })
        .await
}
