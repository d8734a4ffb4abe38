//! Steps about returns across channels: who asks for whom, and what a marketplace hears of it.

use counterproof_contracts::model::{
    Money, Resolution, ReturnMethod, ReturnReason, ReturnRequest, System, TenderKind,
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, payment, returns};
use crate::world::{StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "customer service asks to return {items} because {reason}",
        doc: "A clerk asks for a return by mail on behalf of the customer, whatever channel sold the goods.",
        action: |world, args| at_once(on_behalf(world, &args)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the marketplace refunds the customer {money}",
        doc: "What the marketplace was told to pay back, over all refunds of the order.",
        action: |world, args| marketplace_refunds(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the marketplace is told of {count} refund(s)",
        doc: "So many refunds of the order were reported to the marketplace, once nothing moves any more.",
        action: |world, args| marketplace_told(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP and the dock know that it is returned because {reason}",
        doc: "ERP and dock hold the reason of the order's last announced return.",
        action: |world, args| reason_known(world, args).boxed_local(),
    },
];

fn on_behalf(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    let count = play.next("return");
    let request = ReturnRequest {
        return_reference: format!("RR-{number}-{count}"),
        order_number: number,
        method: ReturnMethod::Mail,
        resolution: Resolution::Refund,
        gift_recipient_ref: None,
        lines: returns::return_lines(play, args.text(0), returns::reason(args.text(1)))?,
        held_receipt_id: None,
        exchange: None,
        instant_refund: false,
    };
    let root = play.root("return");
    play.stage
        .with_channel(System::CustomerService, &root, |channel, scene| channel.request_return(scene, request))
        .ok_or_else(|| StepError::rig("no such channel"))
}

async fn marketplace_refunds(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (payment::money(args.text(0))?, play.order_number()?);
    play.expect(&format!("{expected} paid back by the marketplace"), |stage| {
        let paid: i64 = stage.landscape.marketplace.look(|marketplace| {
            let refunds = marketplace.refunds_shown(&number).iter();
            refunds
                .filter(|notice| notice.refund.kind == TenderKind::MarketplaceCollected)
                .map(|notice| notice.refund.amount.amount)
                .sum()
        });
        if paid == expected.amount {
            Ok(())
        } else {
            Err(format!("it paid {}", Money::new(paid, expected.currency)))
        }
    })
    .await
}

async fn marketplace_told(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.come_to_rest().await?;
    let (expected, number) = (args.number(0)? as usize, play.order_number()?);
    play.expect(&format!("{expected} refunds reported to the marketplace"), |stage| {
        let told = stage.landscape.marketplace.look(|marketplace| marketplace.refunds_shown(&number).len());
        if told == expected { Ok(()) } else { Err(format!("{told} were")) }
    })
    .await
}

async fn reason_known(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (returns::reason(args.text(0)), play.order_number()?);
    play.expect("ERP and dock told the reason of the return", |stage| {
        let booked = stage.landscape.erp.look(|erp| {
            let last = erp.return_authorizations(&number).last();
            last.map(|known| known.lines.iter().map(|line| line.reason).collect::<Vec<_>>())
        });
        let announced = stage.landscape.wms.look(|wms| {
            let last = wms.notices(&number).last();
            last.map(|known| known.lines.iter().map(|line| line.reason).collect::<Vec<_>>())
        });
        let all = |reasons: &Option<Vec<ReturnReason>>| {
            reasons.as_ref().is_some_and(|reasons| reasons.iter().all(|reason| *reason == expected))
        };
        if all(&booked) && all(&announced) {
            Ok(())
        } else {
            Err(format!("the ERP has {booked:?}, the dock {announced:?}"))
        }
    })
    .await
}
