//! Steps about orders: placing, submitting again, canceling, and what channels show.

use counterproof_contracts::model::{
    AccountKind, ChannelOrderId, LineQuantity, Order, OrderNumber, OrderStatus, SalesChannel,
    StoredValueAccount, System, TenderKind,
};
use counterproof_simulators::{
    kernel::BusinessKey,
    psp,
    world::pricing::{OrderDraft, StoredPart, TenderPlan, build_order},
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, feeds, files, promises, tills};
use crate::{
    stage::{ChannelView, Root},
    world::{Cart, Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer uses the promotion {code}",
        doc: "The next order is placed with this promotion.",
        action: |world, args| at_once(promotion(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the order is a gift",
        doc: "The next order is a present: somebody else receives it and sees no price.",
        action: |world, _| at_once(gift(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the order goes to {country}",
        doc: "The next order is delivered to this country, which decides currency and tax.",
        action: |world, args| at_once(country(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "a customer orders {items} in the {channel}",
        doc: "The channel prices the order, shows the total to the customer and submits it.",
        action: |world, args| at_once(place(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {channel} submits the order again",
        doc: "The channel repeats its submission, as after a time-out: the same message.",
        action: |world, _| at_once(submit_again(world, true)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {channel} submits the order again as a new message",
        doc: "The channel submits the same order under a new idempotency key, as a second process would.",
        action: |world, _| at_once(submit_again(world, false)),
    },
    Step {
        kind: Kind::Action,
        expression: "the {channel} submits the order again under another number",
        doc: "A second process of the channel numbers the same order anew, once the first was answered.",
        action: |world, _| submit_under_another_number(world).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the channel adds the order up {money} too high",
        doc: "The next order bears a total that its lines and payments do not sum to.",
        action: |world, args| at_once(add_up_wrongly(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer cancels the order",
        doc: "The channel asks to cancel everything that has not left.",
        action: |world, _| at_once(cancel(world, None)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer cancels {items}",
        doc: "The channel asks to cancel these units.",
        action: |world, args| at_once(cancel(world, Some(&args))),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the order is {status}",
        doc: "The channel shows this status of the order, now or soon.",
        action: |world, args| status(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the cancellation is refused",
        doc: "The channel was told that nothing could be canceled.",
        action: |world, _| cancellation_refused(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP holds {count} sales order(s)",
        doc: "So many sales orders of the order are booked in the ERP.",
        action: |world, args| sales_orders(world, args).boxed_local(),
    },
];

fn promotion(world: &mut World, args: &Args) -> Result<(), StepError> {
    world.play()?.cart.promotions.push(args.text(0).to_owned());
    Ok(())
}

fn gift(world: &mut World) -> Result<(), StepError> {
    world.play()?.cart.gift = true;
    Ok(())
}

fn country(world: &mut World, args: &Args) -> Result<(), StepError> {
    world.play()?.cart.country = Some(match args.text(0) {
        "Austria" => "AT",
        "France" => "FR",
        "Switzerland" => "CH",
        "the United Kingdom" => "GB",
        "Norway" => "NO",
        "Japan" => "JP",
        "Kuwait" => "KW",
        "the United States" => "US",
        "California" => "US-CA",
        "Oregon" => "US-OR",
        _ => "DE",
    });
    Ok(())
}

/// Reads `2 "linen shirt" and 1 "denim jacket"`.
pub(super) fn items(text: &str) -> Result<Vec<(String, u32)>, StepError> {
    let wrong =
        || StepError::rig(format!("{text:?} is no list of items; write for example 2 \"linen shirt\""));
    let mut found = Vec::new();
    let mut parts = text.split('"');
    loop {
        let count = parts.next().ok_or_else(wrong)?;
        let Some(name) = parts.next() else { break };
        let count = count.trim_start_matches([',', ' ']).trim_start_matches("and ").trim();
        found.push((name.to_owned(), count.parse().map_err(|_| wrong())?));
    }
    if found.is_empty() { Err(wrong()) } else { Ok(found) }
}

pub(super) fn sales_channel(name: &str) -> SalesChannel {
    match name {
        "mobile app" => SalesChannel::Mobile,
        "social shop" => SalesChannel::Social,
        "marketplace" => SalesChannel::Marketplace,
        "store" => SalesChannel::Store,
        "call center" => SalesChannel::CallCenter,
        _ => SalesChannel::Web,
    }
}

fn tenders(play: &Play, cart: &Cart, channel: SalesChannel, number: &OrderNumber) -> TenderPlan {
    let token = if cart.declined { psp::TOKEN_DECLINED } else { psp::TOKEN_OK };
    let payment_token = format!("{token}_{}", play.tag);
    if channel == SalesChannel::Marketplace {
        return TenderPlan::Marketplace;
    }
    let accounts =
        [(TenderKind::GiftCard, "GC", cart.gift_card), (TenderKind::StoreCredit, "SC", cart.store_credit)];
    let opened = accounts.into_iter().filter_map(|(kind, prefix, amount)| {
        Some(StoredPart { kind, account_id: format!("{prefix}-{number}").into(), amount: amount? })
    });
    let stored: Vec<StoredPart> = cart.bought_card.iter().cloned().chain(opened).collect();
    if stored.is_empty() {
        TenderPlan::Card { payment_token }
    } else {
        TenderPlan::StoredValueThenCard { stored, payment_token }
    }
}

fn place(world: &mut World, args: &Args) -> Result<(), StepError> {
    order(world, args.text(0), args.text(1))
}

/// A customer orders items in a channel.
pub(super) fn order(world: &mut World, items_text: &str, channel: &str) -> Result<(), StepError> {
    let play = world.play()?;
    let (items, channel) = (items(items_text)?, sales_channel(channel));
    for (product, _) in &play.stage.world.taken_apart(&items) {
        let sku = super::stock::sku(play, product)?;
        play.stage.claim(&play.id, BusinessKey::Sku(sku))?;
    }
    let count = play.next("order");
    let number = play.number_of(count);
    let cart = std::mem::take(&mut play.cart);
    let draft = OrderDraft {
        sales_channel: channel,
        channel_order_id: ChannelOrderId::from(format!("{}-{count:03}", play.tag)),
        tag: play.tag.clone(),
        placed_at: play.stage.clock.now(),
        customer_ref: cart.account.clone().unwrap_or_else(|| play.customer()),
        country: cart.country.unwrap_or("DE").to_owned(),
        items,
        promotion_codes: cart.promotions.clone(),
        gift_recipient: cart.gift.then(|| play.recipient()),
        tenders: tenders(play, &cart, channel, &number),
        shipping: cart.pickup.is_none(),
        exchange: None,
        exemption_certificate: cart.exemption_certificate.clone(),
        settled_at_home: cart.settled_at_home,
        rate_changes: play.rate_changes.clone(),
        order_number: number.clone(),
    };
    let mut order = build_order(&play.stage.world, &draft)
        .map_err(|error| StepError::rig(format!("the channel cannot price the order: {error}")))?;
    order.pickup_node.clone_from(&cart.pickup);
    order.total.amount += cart.excess;
    promises::of_cart(&mut order, &cart)?;
    if play.offline && channel == SalesChannel::Store {
        order.till_reference = Some(format!("till-{}-sale-{count}", play.tag));
    }
    play.stage.claim(&play.id, BusinessKey::Order(number.clone()))?;
    open_account(play, &order, TenderKind::GiftCard, cart.gift_card)?;
    open_account(play, &order, TenderKind::StoreCredit, cart.store_credit)?;
    play.orders.push(order.clone());
    let root = play.same_root("order");
    if feeds::list(play, &order, &root)? {
        return Ok(());
    }
    submit(play, &order, &root)
}

/// Opens the account that pays a tender of this kind.
fn open_account(
    play: &mut Play,
    order: &Order,
    kind: TenderKind,
    balance: Option<i64>,
) -> Result<(), StepError> {
    let own = order.tenders.iter().find(|tender| tender.kind == kind);
    let Some((account_id, balance)) = own.and_then(|tender| tender.account_id.clone()).zip(balance) else {
        return Ok(());
    };
    let (kind, customer_ref) = match kind {
        TenderKind::StoreCredit => (AccountKind::StoreCredit, Some(play.customer())),
        _ => (AccountKind::GiftCard, None),
    };
    play.stage.claim(&play.id, BusinessKey::Account(account_id.clone()))?;
    let correlation = play.root("gift-card").correlation;
    let account = StoredValueAccount {
        account_id,
        kind,
        customer_ref,
        balance: counterproof_contracts::model::Money::new(balance, order.currency),
    };
    play.stage
        .landscape
        .stored_value
        .prepare(Some(&play.id), correlation, |stored_value, scene| stored_value.open_account(scene, account))
        .map_err(|error| StepError::rig(format!("the account cannot be opened: {error}")))
}

fn submit(play: &Play, order: &Order, root: &Root) -> Result<(), StepError> {
    if play.offline && order.sales_channel == SalesChannel::Store {
        return tills::sell(play, order, root);
    }
    if play.files_of.is_some() && order.sales_channel == SalesChannel::Store {
        return files::take_order(play, order, root);
    }
    play.stage
        .with_channel(order.sales_channel.system(), root, |channel, scene| {
            channel.place_order(scene, order.clone())
        })
        .ok_or_else(|| StepError::rig("no such channel"))?
        .map_err(|error| StepError::rig(format!("the channel cannot place the order: {error}")))
}

fn submit_again(world: &mut World, same_key: bool) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    let root = play.same_root("order");
    play.stage
        .with_channel(system, &root, |channel, scene| channel.submit_again(scene, &number, same_key))
        .ok_or_else(|| StepError::rig("no such channel"))?
        .map_err(|error| StepError::rig(format!("the channel cannot submit again: {error}")))
}

/// Waits until the order's channel knows enough of what became of the submission.
pub(super) async fn submission_answered(
    play: &mut Play,
    enough: fn(&ChannelView) -> bool,
) -> Result<(), StepError> {
    let (number, system) = (play.order_number()?, play.channel()?);
    play.eventually(&format!("an answer to the submission of order {number}"), |stage| {
        let answered = enough(&stage.channel_view(system, &number));
        if answered { Ok(()) } else { Err("the channel was told nothing yet".to_owned()) }
    })
    .await
}

async fn submit_under_another_number(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    submission_answered(play, |view| view.answered).await?;
    let (number, system) = (play.order_number()?, play.channel()?);
    let count = play.next("order");
    let other = play.number_of(count);
    play.stage.claim(&play.id, BusinessKey::Order(other.clone()))?;
    let root = play.same_root("order");
    play.stage
        .with_channel(system, &root, |channel, scene| channel.submit_as(scene, &number, other))
        .ok_or_else(|| StepError::rig("no such channel"))?
        .map_err(|error| StepError::rig(format!("the channel cannot submit again: {error}")))
}

fn add_up_wrongly(world: &mut World, args: &Args) -> Result<(), StepError> {
    world.play()?.cart.excess = super::payment::money(args.text(0))?.amount;
    Ok(())
}

fn cancel(world: &mut World, args: Option<&Args>) -> Result<(), StepError> {
    let play = world.play()?;
    let lines = match args {
        None => Vec::new(),
        Some(args) => line_quantities(play, args.text(0))?,
    };
    let (number, system) = (play.order_number()?, play.channel()?);
    let root = play.root("cancellation");
    play.stage
        .with_channel(system, &root, |channel, scene| {
            channel.cancel(scene, &number, lines, "customer request")
        })
        .ok_or_else(|| StepError::rig("no such channel"))?;
    Ok(())
}

/// The order's lines that items stand for.
pub(super) fn line_quantities(play: &Play, text: &str) -> Result<Vec<LineQuantity>, StepError> {
    play.stage
        .world
        .taken_apart(&items(text)?)
        .into_iter()
        .map(|(product, quantity)| {
            let sku = super::stock::sku(play, &product)?;
            let line = play.order()?.lines.iter().find(|line| line.sku == sku);
            let line = line.ok_or_else(|| StepError::rig(format!("the order has no {product:?}")))?;
            Ok(LineQuantity { line_id: line.line_id.clone(), quantity })
        })
        .collect()
}

fn order_status(name: &str) -> OrderStatus {
    match name {
        "placed" => OrderStatus::Placed,
        "accepted" => OrderStatus::Accepted,
        "rejected" => OrderStatus::Rejected,
        "in fulfillment" => OrderStatus::InFulfillment,
        "ready for pickup" => OrderStatus::ReadyForPickup,
        "partially shipped" => OrderStatus::PartiallyShipped,
        "shipped" => OrderStatus::Shipped,
        "delivered" => OrderStatus::Delivered,
        "partially returned" => OrderStatus::PartiallyReturned,
        "returned" => OrderStatus::Returned,
        _ => OrderStatus::Canceled,
    }
}

/// Statuses that an order passes through by itself: to have passed them is to have been there.
fn passed(expected: OrderStatus, shown: OrderStatus) -> bool {
    let transient = matches!(expected, OrderStatus::Placed | OrderStatus::Accepted);
    shown == expected
        || (transient && expected < shown && !matches!(shown, OrderStatus::Rejected | OrderStatus::Canceled))
}

async fn status(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    shown_as(play, &number, system, args.text(0)).await
}

/// A channel shows an order in a status, now or soon.
pub(super) async fn shown_as(
    play: &mut Play,
    number: &OrderNumber,
    system: System,
    status: &str,
) -> Result<(), StepError> {
    let expected = order_status(status);
    let what = format!("order {number} shown as {status} by the {}", system.title());
    play.expect(&what, |stage| {
        let channel = stage.channel_view(system, number);
        let acknowledged = channel.acknowledged.then_some(OrderStatus::Placed);
        match channel.status.or(acknowledged) {
            Some(shown) if passed(expected, shown) => Ok(()),
            Some(shown) => Err(format!("it shows {shown:?}")),
            None => Err(channel.problem.map_or_else(
                || "it was told nothing yet".to_owned(),
                |problem| format!("its submission was refused: {problem}"),
            )),
        }
    })
    .await
}

async fn cancellation_refused(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, system) = (play.order_number()?, play.channel()?);
    play.expect(&format!("the cancellation of order {number} refused"), |stage| {
        let view = stage.channel_view(system, &number);
        if view.cancellation_refused {
            Ok(())
        } else {
            Err("the channel was told otherwise or nothing".to_owned())
        }
    })
    .await
}

async fn sales_orders(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (args.number(0)? as usize, play.order_number()?);
    play.expect(&format!("{expected} sales orders for {number} in the {}", System::Erp.title()), |stage| {
        let booked = stage.landscape.erp.look(|erp| erp.sales_orders(&number).len());
        if booked == expected { Ok(()) } else { Err(format!("it holds {booked}")) }
    })
    .await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    #[test]
    fn items_are_read_from_a_sentence() {
        let read = items("2 \"linen shirt\", 1 \"denim jacket\" and 10 \"gift box\"").unwrap();
        assert_eq!(read, [("linen shirt".into(), 2), ("denim jacket".into(), 1), ("gift box".into(), 10)]);
        assert!(items("nothing").is_err());
    }

    #[test]
    fn only_transient_statuses_count_when_they_were_passed() {
        assert!(passed(OrderStatus::Accepted, OrderStatus::InFulfillment));
        assert!(!passed(OrderStatus::Accepted, OrderStatus::Rejected));
        assert!(!passed(OrderStatus::Shipped, OrderStatus::Delivered));
    }
}
