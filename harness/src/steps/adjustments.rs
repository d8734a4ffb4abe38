//! Steps about prices that customer service lowers afterwards, without goods coming back.

use counterproof_contracts::model::{AdjustedLine, Concession, Money, PriceAdjustment};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, payment, stock};
use crate::world::{StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "customer service grants {money} on {product}",
        doc: "An agent lowers what the customer paid for the units that the customer has, all together, by this much.",
        action: |world, args| at_once(on_goods(world, args.text(1), amount(args.text(0)))),
    },
    Step {
        kind: Kind::Action,
        expression: "customer service grants {count} percent on {product}",
        doc: "As above, by a percentage of what was paid for them.",
        action: |world, args| at_once(on_goods(world, args.text(1), percent(&args))),
    },
    Step {
        kind: Kind::Action,
        expression: "customer service grants {money} on shipping",
        doc: "An agent gives so much of the charge for shipping back.",
        action: |world, args| at_once(on_shipping(world, amount(args.text(0)))),
    },
    Step {
        kind: Kind::Action,
        expression: "customer service grants {count} percent on shipping",
        doc: "As above, by a percentage of the charge.",
        action: |world, args| at_once(on_shipping(world, percent(&args))),
    },
    Step {
        kind: Kind::Action,
        expression: "customer service grants the same again",
        doc: "An agent asks for the order's last price adjustment once more, as a new message.",
        action: |world, _| at_once(again(world)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "customer service is promised {money} for the customer",
        doc: "What the last price adjustment gives back, as customer service was told.",
        action: |world, args| promised(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the price adjustment is refused",
        doc: "Customer service was told that the order's last price adjustment cannot be.",
        action: |world, _| refused(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP has credited {money} in {count} credit memo(s)",
        doc: "So much was credited for the order, in so many documents.",
        action: |world, args| credited(world, args).boxed_local(),
    },
];

fn amount(text: &str) -> Result<Concession, StepError> {
    Ok(Concession { amount: Some(payment::money(text)?), percent: None })
}

fn percent(args: &Args) -> Result<Concession, StepError> {
    Ok(Concession { amount: None, percent: Some(args.number(0)?) })
}

fn on_goods(
    world: &mut World,
    product: &str,
    concession: Result<Concession, StepError>,
) -> Result<(), StepError> {
    let (play, concession) = (world.play()?, concession?);
    let sku = stock::sku(play, product)?;
    let lines = play.order()?.lines.iter().filter(|line| line.sku == sku);
    let lines: Vec<AdjustedLine> =
        lines.map(|line| AdjustedLine { line_id: line.line_id.clone(), concession }).collect();
    if lines.is_empty() {
        return Err(StepError::rig(format!("the order has no {product:?}")));
    }
    adjust(world, lines, None)
}

fn on_shipping(world: &mut World, concession: Result<Concession, StepError>) -> Result<(), StepError> {
    adjust(world, Vec::new(), Some(concession?))
}

fn adjust(
    world: &mut World,
    lines: Vec<AdjustedLine>,
    shipping: Option<Concession>,
) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let count = play.next("adjustment");
    let adjustment = PriceAdjustment {
        adjustment_id: format!("PA-{number}-{count}"),
        order_number: number,
        reason: "the customer was not content and keeps the goods".to_owned(),
        lines,
        shipping,
    };
    let root = play.root("adjustment");
    let service = &play.stage.landscape.customer_service;
    service.act(&root.order, root.correlation, |service, scene| service.adjust_price(scene, adjustment));
    Ok(())
}

fn again(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let root = play.root("adjustment-again");
    let service = &play.stage.landscape.customer_service;
    let asked = service.act(&root.order, root.correlation, |service, scene| {
        service.adjust_again(scene, &root.order.clone())
    });
    if asked { Ok(()) } else { Err(StepError::rig("customer service has granted nothing yet")) }
}

async fn promised(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (payment::money(args.text(0))?, play.order_number()?);
    play.expect(&format!("{expected} promised to customer service"), |stage| {
        stage.landscape.customer_service.look(|service| match service.decision(&number) {
            Some(Ok(decision)) if decision.amount == expected => Ok(()),
            Some(Ok(decision)) => Err(format!("it was promised {}", decision.amount)),
            Some(Err(problem)) => Err(format!("it was refused: {}", problem.detail)),
            None => Err("it was told nothing yet".to_owned()),
        })
    })
    .await
}

async fn refused(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    play.expect("a refused price adjustment", |stage| {
        stage.landscape.customer_service.look(|service| match service.decision(&number) {
            Some(Err(_)) => Ok(()),
            Some(Ok(decision)) => Err(format!("{} is given back", decision.amount)),
            None => Err("it was told nothing yet".to_owned()),
        })
    })
    .await
}

async fn credited(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, count) = (payment::money(args.text(0))?, args.number(1)? as usize);
    let number = play.order_number()?;
    play.expect(&format!("{expected} credited in {count} credit memos"), |stage| {
        let (sum, memos) = stage.landscape.erp.look(|erp| {
            let memos = erp.credit_memos(&number);
            (memos.iter().map(|memo| memo.amount.amount).sum::<i64>(), memos.len())
        });
        if (sum, memos) == (expected.amount, count) {
            return Ok(());
        }
        Err(format!("the ERP has {} in {memos}", Money::new(sum, expected.currency)))
    })
    .await
}
