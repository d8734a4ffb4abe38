//! Orders that a marketplace lists in a feed, for whoever fetches them.
//!
//! A feed shows an order a while after it was placed. Pages overlap. That there is something to fetch is told again and
//! again until somebody asks with the cursor of the feed's end, which proves that all of it has arrived.

use std::{collections::BTreeMap, time::Duration};

use counterproof_contracts::{
    journal::Effect,
    model::{CorrelationId, FeedChange, FeedId, FeedItem, FeedPage, Order, OrderNumber},
    protocol::{EventData, FieldError, Problem, ProblemKind},
};
use sha2::{Digest as _, Sha256};

use super::{ActionError, Channel, actions::body};
use crate::kernel::{Call, Scene};

/// How many orders of a page were on none before.
const PAGE: usize = 2;
/// How many orders of a page were on the one before, too.
const OVERLAP: usize = 1;
/// After how long it is told again that there is something to fetch; doubled each time.
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// The longest such pause.
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(16);

/// Within which time after it was placed an order becomes visible.
pub const FEED_LAG_MAX: Duration = Duration::from_mins(2);

/// How an order gets into a feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Listing {
    /// How long after it was placed it becomes visible.
    pub lag: Duration,
    /// Whether what the feed shows of it cannot be read.
    pub unreadable: bool,
}

/// A feed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Feed {
    /// Orders that are not visible yet.
    hidden: BTreeMap<OrderNumber, FeedItem>,
    /// Visible orders, in the order in which they became so.
    items: Vec<FeedItem>,
    /// On how many pages an order was.
    pages: BTreeMap<OrderNumber, u32>,
    /// Up to where somebody proved to have it.
    arrived: usize,
    /// How often it was told since something became visible.
    told: u32,
}

impl Feed {
    /// Where a cursor is.
    fn place(&self, feed: &FeedId, given: &str) -> Option<usize> {
        (0..=self.items.len()).find(|place| cursor(feed, *place) == given)
    }

    /// The page that begins at a place, and where the next one does.
    fn page(&self, from: usize) -> (&[FeedItem], usize) {
        let next = self.items.len().min(from + PAGE);
        (self.items.get(from.saturating_sub(OVERLAP)..next).unwrap_or_default(), next)
    }

    /// After how long it is told again.
    fn again_after(&self) -> Duration {
        AGAIN_AFTER.saturating_mul(1 << self.told.min(10)).min(AGAIN_AFTER_MAX)
    }
}

/// A cursor tells nobody what it means.
fn cursor(feed: &FeedId, place: usize) -> String {
    let digest = Sha256::digest(format!("{feed} {place}").as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:016x}")
}

fn shows(feed: &FeedId, order: &OrderNumber) -> String {
    format!("feed {feed} shows order {order} later")
}

fn not_fetched(feed: &FeedId) -> String {
    format!("feed {feed} was not read to its end")
}

impl Channel {
    /// A customer places an order, which nobody is told: a feed lists it.
    ///
    /// # Errors
    /// The order was placed before, or belongs to another channel.
    pub fn list_order(
        &mut self,
        scene: &mut Scene<'_>,
        feed: &FeedId,
        order: &Order,
        listing: Listing,
    ) -> Result<(), ActionError> {
        self.take_order(scene, order.clone())?;
        let number = order.order_number.clone();
        let mut document = body(order);
        if let Some(fields) = document.as_object_mut().filter(|_| listing.unreadable) {
            fields.remove("lines");
        }
        let correlation_id: CorrelationId = scene.correlation().clone();
        let item = FeedItem { order_number: number.clone(), correlation_id, order: document };
        self.feeds.entry(feed.clone()).or_default().hidden.insert(number.clone(), item);
        if listing.lag.is_zero() {
            self.show_in_feed(scene, feed, &number);
        } else {
            scene.set_alarm(shows(feed, &number), listing.lag, &number);
        }
        Ok(())
    }

    /// On how many pages of a feed an order was.
    pub fn pages_with(&self, feed: &FeedId, order: &OrderNumber) -> u32 {
        self.feeds.get(feed).and_then(|feed| feed.pages.get(order)).copied().unwrap_or(0)
    }

    fn show_in_feed(&mut self, scene: &mut Scene<'_>, feed: &FeedId, order: &OrderNumber) {
        let Some(known) = self.feeds.get_mut(feed) else { return };
        let Some(item) = known.hidden.remove(order) else { return };
        known.items.push(item);
        known.told = 0;
        self.tell_of_feed(scene, feed);
    }

    /// Tells that there is something to fetch, and will tell it again.
    fn tell_of_feed(&mut self, scene: &mut Scene<'_>, feed: &FeedId) {
        let Some(known) = self.feeds.get_mut(feed) else { return };
        let Some(newest) = known.items.last() else { return };
        scene.raise(EventData::MarketplaceFeedChanged(FeedChange { feed: feed.clone() }));
        scene.set_alarm(not_fetched(feed), known.again_after(), &newest.order_number);
        known.told = known.told.saturating_add(1);
    }

    /// An alarm of a feed rings.
    pub(super) fn feed_rings(&mut self, alarm: &str, scene: &mut Scene<'_>) {
        let due = self.feeds.iter().find_map(|(feed, known)| {
            let shown = known.hidden.keys().find(|order| shows(feed, order) == alarm);
            (shown.is_some() || not_fetched(feed) == alarm).then(|| (feed.clone(), shown.cloned()))
        });
        match due {
            Some((feed, Some(order))) => self.show_in_feed(scene, &feed, &order),
            Some((feed, None)) => self.tell_of_feed(scene, &feed),
            None => {}
        }
    }

    /// Hands out a page.
    pub(super) fn list_orders(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<FeedPage, Problem> {
        let feed = call.parameter("feed");
        if feed.is_empty() {
            return Err(wrong("/query/feed", "is needed"));
        }
        let feed = FeedId::from(feed);
        let known = self.feeds.get_mut(&feed);
        let known = known.ok_or_else(|| Problem::new(ProblemKind::NotFound, format!("no feed {feed}")))?;
        let from = match call.parameters.get("cursor") {
            None => 0,
            Some(given) => {
                let place =
                    known.place(&feed, given).ok_or_else(|| wrong("/query/cursor", "is not known"))?;
                known.arrived = known.arrived.max(place);
                place
            }
        };
        if known.arrived == known.items.len() {
            scene.stop_alarm(not_fetched(&feed));
        }
        let (items, next) = known.page(from);
        let items = items.to_vec();
        for item in &items {
            let pages = known.pages.entry(item.order_number.clone()).or_default();
            *pages = pages.saturating_add(1);
            if *pages == 1 {
                let order_number = item.order_number.clone();
                scene.commit(Effect::OrderListed { order_number, feed: feed.clone() });
            }
        }
        let lag_ms = u64::try_from(FEED_LAG_MAX.as_millis()).unwrap_or(u64::MAX);
        Ok(FeedPage { items, next_cursor: cursor(&feed, next), lag_ms })
    }
}

fn wrong(pointer: &str, detail: &str) -> Problem {
    Problem::invalid(vec![FieldError { pointer: pointer.to_owned(), detail: detail.to_owned() }])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use counterproof_contracts::{model::System, protocol::marketplace::LIST_ORDERS};
    use serde_json::Value;

    use super::*;
    use crate::{
        channel::tests::order_of,
        kernel::Alarm,
        test_stage::{Played, Stage},
    };

    type Answered = Played<Result<Value, Problem>>;

    fn list(stage: &mut Stage<Channel>, number: &str, listing: Listing) -> Played<()> {
        let order = order_of(number, "marketplace");
        let feed = FeedId::from("F");
        let played = stage.act(|channel, scene| channel.list_order(scene, &feed, &order, listing).unwrap());
        assert!(played.calls.is_empty(), "nobody is told");
        played
    }

    fn read(stage: &mut Stage<Channel>, cursor: Option<&str>) -> Answered {
        let cursor = cursor.map(|cursor| ("cursor", cursor));
        let parameters: Vec<_> = [("feed", "F")].into_iter().chain(cursor).collect();
        stage.call(LIST_ORDERS, &parameters, Value::Null)
    }

    /// Numbers on a page, and where the next one begins.
    fn page(played: &Answered) -> (Vec<String>, String) {
        let page: FeedPage = serde_json::from_value(played.answer.clone().unwrap()).unwrap();
        let numbers = page.items.iter().map(|item| item.order_number.to_string());
        (numbers.collect(), page.next_cursor)
    }

    fn set(played: &Played<()>) -> Vec<(&str, u64)> {
        let set = played.alarms.iter().filter_map(|alarm| match alarm {
            Alarm::Set { name, after, .. } => Some((name.as_str(), after.as_secs())),
            Alarm::Stopped { .. } => None,
        });
        set.collect()
    }

    const AGAIN: &str = "feed F was not read to its end";

    #[test]
    fn pages_overlap_and_who_comes_back_with_the_last_cursor_has_everything() {
        let mut stage = Stage::new(Channel::new(System::Marketplace));
        for number in ["W-1", "W-2", "W-3"] {
            let played = list(&mut stage, number, Listing::default());
            assert_eq!((played.events.len(), set(&played)), (1, vec![(AGAIN, 2)]));
        }
        let first = read(&mut stage, None);
        let (numbers, second) = page(&first);
        assert_eq!(numbers, ["W-1", "W-2"]);
        assert_eq!(first.booked().len(), 2);
        let next = read(&mut stage, Some(&second));
        let (numbers, end) = page(&next);
        assert_eq!(numbers, ["W-2", "W-3"]);
        assert_eq!(next.booked().len(), 1, "an order is handed out for the first time once");
        assert!(next.alarms.is_empty(), "nobody has proven to have the last page");
        let last = read(&mut stage, Some(&end));
        assert_eq!(page(&last), (vec!["W-3".to_owned()], end.clone()));
        assert_eq!(last.alarms, [Alarm::Stopped { name: AGAIN.to_owned() }]);
        assert_eq!(stage.core.pages_with(&"F".into(), &"W-2".into()), 2);
        list(&mut stage, "W-4", Listing::default());
        assert_eq!(page(&read(&mut stage, Some(&end))).0, ["W-3", "W-4"]);
    }

    #[test]
    fn what_was_not_fetched_is_told_again_with_pauses_that_grow() {
        let mut stage = Stage::new(Channel::new(System::Marketplace));
        list(&mut stage, "W-1", Listing::default());
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let played = stage.act(|channel, scene| channel.feed_rings(AGAIN, scene));
            assert_eq!(played.events.len(), 1);
            pauses.push(set(&played)[0].1);
        }
        assert_eq!(pauses, [4, 8, 16, 16, 16, 16, 16, 16]);
    }

    #[test]
    fn an_order_becomes_visible_late_and_behind_no_cursor() {
        let mut stage = Stage::new(Channel::new(System::Marketplace));
        let late = Listing { lag: Duration::from_mins(1), ..Listing::default() };
        let played = list(&mut stage, "W-1", late);
        assert_eq!((played.events.len(), set(&played)), (0, vec![("feed F shows order W-1 later", 60)]));
        list(&mut stage, "W-2", Listing::default());
        let (numbers, cursor) = page(&read(&mut stage, None));
        assert_eq!(numbers, ["W-2"]);
        let ring = |stage: &mut Stage<Channel>| {
            stage.act(|channel, scene| channel.feed_rings("feed F shows order W-1 later", scene))
        };
        assert_eq!(ring(&mut stage).events.len(), 1);
        assert_eq!(ring(&mut stage).events.len(), 0, "it is visible already");
        assert_eq!(page(&read(&mut stage, Some(&cursor))).0, ["W-2", "W-1"]);
    }

    #[test]
    fn what_cannot_be_read_stands_beside_what_can() {
        let mut stage = Stage::new(Channel::new(System::Marketplace));
        list(&mut stage, "W-1", Listing { unreadable: true, ..Listing::default() });
        list(&mut stage, "W-2", Listing::default());
        let page = read(&mut stage, None).answer.unwrap();
        assert!(page.pointer("/items/0/order/lines").is_none());
        assert!(page.pointer("/items/1/order/lines").is_some());
    }

    #[test]
    fn unknown_feeds_and_cursors_are_refused() {
        let mut stage = Stage::new(Channel::new(System::Marketplace));
        assert_eq!(stage.call(LIST_ORDERS, &[], Value::Null).refusal(), "invalid-document");
        assert_eq!(read(&mut stage, None).refusal(), "not-found");
        list(&mut stage, "W-1", Listing::default());
        let refused = read(&mut stage, Some("0"));
        assert_eq!(refused.refusal(), "invalid-document");
        assert_eq!(refused.answer.unwrap_err().errors[0].pointer, "/query/cursor");
    }
}
