//! Steps about a marketplace that submits no orders: it lists them in a feed, for whoever fetches them.

use counterproof_contracts::model::{FeedId, Order, SalesChannel, System};
use counterproof_simulators::{
    channel::{FEED_LAG_MAX, Listing},
    kernel::BusinessKey,
};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once};
use crate::{
    stage::Root,
    world::{Play, StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the marketplace lists its orders in a feed",
        doc: "From now on the marketplace submits no order of the scenario: it says that its feed has something to fetch.",
        action: |world, _| at_once(open(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the feed shows the next order {duration} late",
        doc: "So long after it was placed, the next order in the marketplace becomes visible in the feed.",
        action: |world, args| at_once(late(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the feed shows the next order in a form that nobody can read",
        doc: "What the feed has of the next order in the marketplace lacks its lines.",
        action: |world, _| at_once(unreadable(world)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "an order was on two pages of the feed",
        doc: "At least one order of the scenario was handed out twice.",
        action: |world, _| on_two_pages(world).boxed_local(),
    },
];

/// A marketplace's feed, and how the next order gets into it.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    id: Option<FeedId>,
    next: Listing,
}

fn open(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let feed = FeedId::from(format!("feed-{}", play.tag));
    play.stage.claim(&play.id, BusinessKey::Feed(feed.clone()))?;
    play.feed.id = Some(feed);
    Ok(())
}

fn late(world: &mut World, args: &Args) -> Result<(), StepError> {
    let lag = args.duration(0)?;
    if lag > FEED_LAG_MAX {
        return Err(StepError::rig(format!("a feed shows orders within {} s", FEED_LAG_MAX.as_secs())));
    }
    world.play()?.feed.next.lag = lag;
    Ok(())
}

fn unreadable(world: &mut World) -> Result<(), StepError> {
    world.play()?.feed.next.unreadable = true;
    Ok(())
}

/// Lists an order, if it is placed in a marketplace that keeps a feed. Whether it did.
pub(super) fn list(play: &mut Play, order: &Order, root: &Root) -> Result<bool, StepError> {
    let Some(feed) = play.feed.id.clone().filter(|_| order.sales_channel == SalesChannel::Marketplace) else {
        return Ok(false);
    };
    let listing = std::mem::take(&mut play.feed.next);
    play.stage
        .with_channel(System::Marketplace, root, |channel, scene| {
            channel.list_order(scene, &feed, order, listing)
        })
        .ok_or_else(|| StepError::rig("no such channel"))?
        .map_err(|error| StepError::rig(format!("the marketplace cannot list the order: {error}")))?;
    Ok(true)
}

async fn on_two_pages(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let feed = play.feed.id.clone();
    let feed = feed.ok_or_else(|| {
        StepError::rig("there is no feed; begin with `Given the marketplace lists its orders in a feed`")
    })?;
    let orders: Vec<_> = play.orders.iter().map(|order| order.order_number.clone()).collect();
    play.expect("an order on two pages", |stage| {
        let most = stage.landscape.marketplace.look(|marketplace| {
            orders.iter().map(|order| marketplace.pages_with(&feed, order)).max().unwrap_or(0)
        });
        if most >= 2 { Ok(()) } else { Err(format!("none was on more than {most}")) }
    })
    .await
}
