//! Steps about goods that come back against other goods. The replacement is an order of its own, so everything
//! that can be said of an order can be said of it once attention has turned to it.

use std::time::Duration;

use counterproof_contracts::{
    model::{
        ChannelOrderId, CustomerRef, ExchangeId, ExchangeLink, ExchangeRequest, ExchangeSettlementKind,
        ExchangeStatus, Money, Order, OrderView, Resolution, ReturnLine, ReturnMethod, ReturnReason,
        ReturnRequest, SalesChannel, System,
    },
    protocol::middleware,
};
use counterproof_simulators::{
    kernel::BusinessKey,
    psp,
    world::pricing::{OrderDraft, TenderPlan, build_order},
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, orders, payment, returns, stock};
use crate::{
    stage::Root,
    world::{Play, StepError, World},
};

/// How long a clerk waits before looking again, where nothing happens meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer asks to exchange {items} for {items} because {reason}",
        doc: "The channel asks for a return by mail, against an order that it prices; the goods pay of it what they can, the card the rest.",
        action: |world, args| at_once(by_mail(world, &args, false)),
    },
    Step {
        kind: Kind::Action,
        expression: "the recipient asks to exchange {items} for {items} because {reason}",
        doc: "As above, by who received the order as a gift.",
        action: |world, args| at_once(by_mail(world, &args, true)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer exchanges {items} for {items} at {place} {grade}",
        doc: "The store takes the goods back against an order that it prices, and grades them.",
        action: |world, args| in_store(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "attention turns to the replacement order",
        doc: "From here on, steps that say the order mean the replacement of the last exchange.",
        action: |world, _| at_once(turn(world, true)),
    },
    Step {
        kind: Kind::Action,
        expression: "attention turns back to the original order",
        doc: "From here on, steps that say the order mean the one whose goods are exchanged.",
        action: |world, _| at_once(turn(world, false)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the returned goods pay {money} of the replacement",
        doc: "The ERP let so much of what is owed for the goods go to the replacement, less what came back.",
        action: |world, args| pays(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "no warehouse was asked for the replacement",
        doc: "Once nothing moves, no node has a fulfillment order of the replacement.",
        action: |world, _| not_released(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the exchange is {exchange}",
        doc: "A clerk who looks the original order up, once nothing moves, sees the exchange there.",
        action: |world, args| status(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the exchange is refused",
        doc: "The channel or store was told that goods or replacement cannot be taken.",
        action: |world, _| refused(world).boxed_local(),
    },
];

/// What so many units of each line were bought for: those that come back next.
fn worth(play: &Play, lines: &[ReturnLine]) -> Result<i64, StepError> {
    let order = play.order()?;
    let shown = play.stage.channel_view(play.channel()?, &order.order_number).lines;
    let value = |line: &ReturnLine| {
        let bought = order.line(&line.line_id)?;
        let state = shown.iter().find(|state| state.line_id == line.line_id);
        let first = state.map_or(0, |state| state.returned + state.lost);
        Some(bought.value(first..first + line.quantity).gross)
    };
    Ok(lines.iter().filter_map(value).sum())
}

/// Prices the replacement of an exchange in a channel.
pub(super) fn replacement(
    play: &mut Play,
    wanted: &str,
    lines: &[ReturnLine],
    sales_channel: SalesChannel,
    customer_ref: CustomerRef,
) -> Result<ExchangeRequest, StepError> {
    let items = orders::items(wanted)?;
    for (product, _) in &play.stage.world.taken_apart(&items) {
        let sku = stock::sku(play, product)?;
        play.stage.claim(&play.id, BusinessKey::Sku(sku))?;
    }
    let amount = worth(play, lines)?;
    let original = play.order()?.clone();
    let count = play.next("order");
    let order_number = play.number_of(count);
    let exchange_id = ExchangeId::from(format!("EX-{}-{count}", original.order_number));
    let token = if std::mem::take(&mut play.cart).declined { psp::TOKEN_DECLINED } else { psp::TOKEN_OK };
    let draft = OrderDraft {
        order_number: order_number.clone(),
        sales_channel,
        channel_order_id: ChannelOrderId::from(format!("{}-{count:03}", play.tag)),
        tag: play.tag.clone(),
        placed_at: play.stage.clock.now(),
        customer_ref,
        country: original.ship_to.country.clone(),
        items,
        promotion_codes: Vec::new(),
        gift_recipient: None,
        tenders: TenderPlan::ExchangeThenCard { amount, payment_token: format!("{token}_{}", play.tag) },
        shipping: false,
        exchange: Some(ExchangeLink {
            exchange_id: exchange_id.clone(),
            order_number: original.order_number,
        }),
        exemption_certificate: None,
        settled_at_home: false,
        rate_changes: play.rate_changes.clone(),
    };
    let order = build_order(&play.stage.world, &draft)
        .map_err(|error| StepError::rig(format!("the channel cannot price the replacement: {error}")))?;
    play.stage.claim(&play.id, BusinessKey::Order(order_number))?;
    let place = play.orders.len().saturating_sub(1);
    play.orders.insert(place, order.clone());
    Ok(ExchangeRequest { exchange_id, replacement: Box::new(order) })
}

fn by_mail(world: &mut World, args: &Args, by_recipient: bool) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    let lines = returns::return_lines(play, args.text(0), returns::reason(args.text(2)))?;
    let gift_recipient_ref = returns::gift_recipient(play, by_recipient)?;
    let customer = gift_recipient_ref.clone().unwrap_or_else(|| play.customer());
    let channel = play.order()?.sales_channel;
    let exchange = replacement(play, args.text(1), &lines, channel, customer)?;
    let count = play.next("return");
    let request = ReturnRequest {
        return_reference: format!("RR-{number}-{count}"),
        order_number: number,
        method: ReturnMethod::Mail,
        resolution: Resolution::Exchange,
        gift_recipient_ref,
        lines,
        exchange: Some(exchange),
        held_receipt_id: None,
        instant_refund: false,
    };
    let root = play.same_root("return");
    play.stage
        .with_channel(system, &root, |channel, scene| channel.request_return(scene, request.clone()))
        .ok_or_else(|| StepError::rig("no such channel"))
}

async fn in_store(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (mut receipt, root) = returns::receipt(play, &args, 2, args.text(3), false).await?;
    for line in &mut receipt.lines {
        line.reason = ReturnReason::SizeSmall;
    }
    let customer = play.customer();
    let lines = receipt.lines.clone();
    receipt.exchange = Some(replacement(play, args.text(1), &lines, SalesChannel::Store, customer)?);
    receipt.resolution = Some(Resolution::Exchange);
    returns::bring(play, &receipt, root);
    returns::told(play, receipt.receipt_id).await
}

/// The replacement of the last exchange, and where it stands among the orders.
fn last_replacement(play: &Play) -> Result<(usize, &Order), StepError> {
    let replacements = play.orders.iter().enumerate().filter(|(_, order)| order.exchange.is_some());
    let found = replacements.max_by_key(|(_, order)| {
        let number = order.order_number.as_str();
        (number.len(), number)
    });
    found.ok_or_else(|| StepError::rig("nothing was exchanged"))
}

/// The exchange that the last replacement belongs to.
fn link(play: &Play) -> Result<ExchangeLink, StepError> {
    let (_, order) = last_replacement(play)?;
    order.exchange.clone().ok_or_else(|| StepError::rig("nothing was exchanged"))
}

fn turn(world: &mut World, to_replacement: bool) -> Result<(), StepError> {
    let play = world.play()?;
    let place = if to_replacement {
        last_replacement(play)?.0
    } else {
        let original = link(play)?.order_number;
        let found = play.orders.iter().position(|order| order.order_number == original);
        found.ok_or_else(|| StepError::rig("the original order is not known"))?
    };
    let order = play.orders.remove(place);
    play.orders.push(order);
    Ok(())
}

async fn pays(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, link) = (payment::money(args.text(0))?, link(play)?);
    if expected.amount == 0 {
        play.come_to_rest().await?;
    }
    play.expect(&format!("{expected} paid of the replacement by the goods that came back"), |stage| {
        let paid: i64 = stage.landscape.erp.look(|erp| {
            let settlements = erp.settlements(&link.order_number).iter();
            let own = settlements.filter(|settlement| settlement.exchange_id == link.exchange_id);
            own.map(|settlement| match settlement.kind {
                ExchangeSettlementKind::Applied => settlement.amount.amount,
                ExchangeSettlementKind::Returned => -settlement.amount.amount,
            })
            .sum()
        });
        let found = Money::new(paid, expected.currency);
        if paid == expected.amount { Ok(()) } else { Err(format!("the ERP has {found}")) }
    })
    .await
}

async fn not_released(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = last_replacement(play)?.1.order_number.clone();
    play.come_to_rest().await?;
    play.expect("no fulfillment order for the replacement", |stage| {
        let asked = stage.landscape.wms.look(|wms| wms.fulfillment_orders(&number).count());
        if asked == 0 { Ok(()) } else { Err(format!("the warehouse has {asked}")) }
    })
    .await
}

fn exchange_status(name: &str) -> ExchangeStatus {
    match name {
        "asked for" => ExchangeStatus::Requested,
        "waiting for the goods" => ExchangeStatus::ReturnPending,
        "released" => ExchangeStatus::ReplacementReleased,
        "completed" => ExchangeStatus::Completed,
        _ => ExchangeStatus::RevertedToRefund,
    }
}

async fn status(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, link) = (exchange_status(args.text(0)), link(play)?);
    play.come_to_rest().await?;
    play.assertions += 1;
    let root = play.root("look-up");
    let began = play.stage.clock.elapsed();
    let mut changes = play.stage.changes();
    loop {
        let seen = looked_up(play, &link, &root).await;
        // The look itself is recorded; it is no news.
        changes.mark_unchanged();
        if seen == Some(expected) {
            return Ok(());
        }
        // The implementation may be about to start again.
        if play.stage.clock.elapsed().saturating_sub(began) >= play.stage.patience {
            let name = args.text(0);
            return Err(StepError::failed(format!(
                "expected an exchange that is {name}; the clerk sees {seen:?}"
            )));
        }
        changes.within(LOOK_AGAIN).await;
    }
}

/// What a clerk sees of an exchange; nothing if nobody answers.
async fn looked_up(play: &Play, link: &ExchangeLink, root: &Root) -> Option<ExchangeStatus> {
    let number = &link.order_number;
    let parameters = [number.as_str()];
    let kernel = &play.stage.kernel;
    let read = kernel.read_middleware(
        System::Pos,
        middleware::READ_ORDER,
        &parameters,
        Some(number),
        &root.correlation,
    );
    let (_, body) = read.await.ok()?;
    let view: OrderView = serde_json::from_value(body).ok()?;
    view.exchanges.iter().find(|known| known.exchange_id == link.exchange_id).map(|known| known.status)
}

async fn refused(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system, receipt) = (play.order_number()?, play.channel()?, play.receipt.clone());
    play.expect("a refused exchange", |stage| {
        let of_store = |receipt| stage.landscape.pos.look(|pos| pos.refusal(receipt).is_some());
        let problem = stage.channel_view(system, &number).problem;
        if problem.is_some() || receipt.as_ref().is_some_and(of_store) {
            Ok(())
        } else {
            Err("nobody was told that it is".to_owned())
        }
    })
    .await
}
