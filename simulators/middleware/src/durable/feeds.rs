//! Feeds in which a marketplace lists orders: read when the marketplace says that there is something to fetch, up to
//! the end of the cursor.
//!
//! The orders of a page are kept together with the cursor behind it, in one commit; then they are taken one by one, as if
//! they had been submitted. A crash at any point loses none, and what is read twice is known by then.

use std::{sync::Arc, time::Duration};

use counterproof_contracts::{
    model::{FeedId, FeedItem, FeedPage, OrderNumber, System},
    protocol::{ProblemKind, marketplace::LIST_ORDERS},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use super::{
    app::{Inner, Seal, json},
    call::{self, Attempt},
    gate::Rank,
    keys::Keys,
    runner::{self, Job},
};
use crate::{
    defects::Defect,
    door::store::{Batch, StoreError},
    http::{self, Listed},
    process::{Chain, Intent, Letter, PartnerAnswer, Task, idempotency_key},
};

/// That a feed is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Due {
    feed: FeedId,
    /// The chain of the last word of it.
    chain: Chain,
    /// How often that was said since it was read to its end.
    words: u64,
}

/// How far a feed was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// Where the next page begins; nothing: at the beginning.
    cursor: Option<String>,
    /// How many orders were kept.
    kept: u64,
}

/// Takes the marketplace's word that a feed has something to fetch.
pub(crate) async fn told(
    app: &Arc<Inner>,
    feed: FeedId,
    chain: Chain,
    mut seal: Seal,
) -> Result<(), StoreError> {
    let key = Keys::feed_due(&feed);
    let _held = app.hold_key(&key).await;
    let before = app.load::<Due>(&key)?;
    let words = before.map_or(0, |due| due.words).saturating_add(1);
    seal.batch.put(&key, json(&Due { feed, chain, words }));
    app.commit(seal.batch).await?;
    app.enqueue(Job::Feed(key));
    Ok(())
}

/// Takes an order of a feed again that could not be taken before.
pub(crate) async fn again(
    app: &Arc<Inner>,
    (feed, item): (FeedId, FeedItem),
    causation: &str,
    mut seal: Seal,
) -> Result<(), StoreError> {
    let of_feed = Keys::feed(&feed);
    let held = app.hold_key(&of_feed).await;
    let mut progress: Progress = app.load(&of_feed)?.unwrap_or_default();
    seal.batch.put(Keys::read(&feed, progress.kept), json(&item));
    progress.kept = progress.kept.saturating_add(1);
    seal.batch.put(&of_feed, json(&progress));
    app.commit(seal.batch).await?;
    drop(held);
    let chain = Chain { correlation: item.correlation_id, causation: causation.to_owned() };
    told(app, feed, chain, Seal::default()).await
}

/// Reads a feed to its end, or leaves it where it is when told to stop.
pub(super) async fn perform(app: Arc<Inner>, key: String, stop: watch::Receiver<bool>) {
    runner::until_stopped(&app, &key, stop, || carry_through(&app, &key)).await;
}

async fn carry_through(app: &Arc<Inner>, key: &str) -> Result<(), StoreError> {
    while let Some(due) = app.load::<Due>(key)? {
        take_all(app, &due).await?;
        let of_feed = Keys::feed(&due.feed);
        let progress: Progress = app.load(&of_feed)?.unwrap_or_default();
        match read(app, &due, progress.cursor.as_deref()).await {
            Read::Page(page) if progress.cursor.as_ref() == Some(&page.next_cursor) => {
                settle(app, key, &due, Batch::default()).await?;
            }
            Read::Page(page) => keep(app, &due, page).await?,
            Read::CursorUnknown => {
                // What is read once more is known.
                let mut batch = Batch::default();
                batch.put(of_feed, json(&Progress { cursor: None, ..progress }));
                app.commit(batch).await?;
            }
            Read::GivenUp(reason) => {
                let mut batch = Batch::default();
                let (subject, partner) = (format!("feed {}", due.feed), System::Marketplace);
                app.park(&mut batch, None, Letter::Alert { subject, partner, reason }, None);
                settle(app, key, &due, batch).await?;
            }
        }
    }
    Ok(())
}

/// Nothing is left to read, unless the marketplace has said something since.
async fn settle(app: &Arc<Inner>, key: &str, due: &Due, mut batch: Batch) -> Result<(), StoreError> {
    let _held = app.hold_key(key).await;
    if app.load::<Due>(key)?.is_some_and(|present| present.words == due.words) {
        batch.delete(key);
    }
    app.commit(batch).await
}

/// What became of an attempt to read a page.
enum Read {
    Page(FeedPage),
    CursorUnknown,
    GivenUp(String),
}

async fn read(app: &Arc<Inner>, due: &Due, cursor: Option<&str>) -> Read {
    let began = app.parts.clock.now();
    let task = reading(app, due, cursor);
    let mut number = 0;
    loop {
        number += 1;
        let (reason, wait) = match runner::bounded_attempt(app, &task, number, Rank::of(&task)).await {
            Attempt::Answered(PartnerAnswer::Listed(page)) => return Read::Page(page),
            Attempt::Answered(_) => ("it was answered with something else".to_owned(), None),
            Attempt::Refused(refusal)
                if cursor.is_some() && refusal.kind == Some(ProblemKind::InvalidDocument) =>
            {
                return Read::CursorUnknown;
            }
            Attempt::Refused(refusal) => return Read::GivenUp(refusal.reason()),
            Attempt::Unknown { reason, wait, .. } => (reason, wait),
        };
        let pause = call::pause(app, &task, number, wait);
        if app.has_waited_too_long(began, pause) {
            return Read::GivenUp(format!("{reason}, {number} times"));
        }
        app.parts.clock.sleep(pause).await;
    }
}

fn reading(app: &Inner, due: &Due, cursor: Option<&str>) -> Task {
    let intent = Intent::ReadFeed { feed: due.feed.clone() };
    let of = OrderNumber::from(due.feed.as_str());
    let mut query = json!({ "feed": due.feed });
    if let Some(cursor) = cursor {
        query["cursor"] = cursor.into();
    }
    Task {
        key: idempotency_key(&of, &intent),
        order_number: of,
        intent,
        partner: System::Marketplace,
        operation: LIST_ORDERS.id.to_owned(),
        parameters: Vec::new(),
        body: query,
        chain: due.chain.clone(),
        asked_at: app.parts.clock.now(),
        number: 1,
    }
}

/// Keeps the orders of a page and where the next one begins.
async fn keep(app: &Arc<Inner>, due: &Due, page: FeedPage) -> Result<(), StoreError> {
    let of_feed = Keys::feed(&due.feed);
    let held = app.hold_key(&of_feed).await;
    let mut progress: Progress = app.load(&of_feed)?.unwrap_or_default();
    let mut batch = Batch::default();
    progress.cursor = Some(page.next_cursor);
    let cursor_first = app.meets(Defect::FeedCursorBeforeOrders);
    for item in page.items.iter().filter(|_| !cursor_first) {
        batch.put(Keys::read(&due.feed, progress.kept), json(item));
        progress.kept = progress.kept.saturating_add(1);
    }
    batch.put(&of_feed, json(&progress));
    app.commit(batch).await?;
    drop(held);
    for item in page.items.iter().filter(|_| cursor_first) {
        let Listed::Taken = http::take_listed(app, item, &due.chain.causation).await? else { break };
    }
    Ok(())
}

/// Takes all orders that were read. Those that must come later keep nobody from the others.
async fn take_all(app: &Arc<Inner>, due: &Due) -> Result<(), StoreError> {
    loop {
        let mut waits = false;
        for (key, _) in app.parts.store.scan(&Keys::read_of(&due.feed))? {
            let Some(item) = app.load::<FeedItem>(&key)? else { continue };
            let mut batch = Batch::default();
            match http::take_listed(app, &item, &due.chain.causation).await? {
                Listed::Taken => {}
                Listed::Later => {
                    waits = true;
                    continue;
                }
                Listed::Refused(reason) => {
                    let order = item.order_number.clone();
                    let letter = Letter::Listed { feed: due.feed.clone(), item: Box::new(item), reason };
                    app.park(&mut batch, Some(&order), letter, None);
                }
            }
            batch.delete(key);
            app.commit(batch).await?;
        }
        if !waits {
            return Ok(());
        }
        app.parts.clock.sleep(Duration::from_millis(app.parts.policy.retry.max_ms)).await;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::{collections::BTreeSet, sync::Arc, time::Duration};

    use counterproof_contracts::{
        model::Order,
        protocol::{FieldError, Problem},
    };
    use serde_json::{Value, json};

    use crate::{
        door::store::{MemoryStore, Store},
        process::tests::plain,
        test_partners::{Rig, Script},
    };

    const MINUTE: Duration = Duration::from_mins(1);

    fn order(number: u32) -> Order {
        let mut order = plain();
        order.order_number = format!("W-{number}").as_str().into();
        order.channel_order_id = format!("market-{number}").as_str().into();
        order.sales_channel = counterproof_contracts::model::SalesChannel::Marketplace;
        order
    }

    fn item(number: u32) -> Value {
        json!({ "order_number": format!("W-{number}"), "correlation_id": format!("c-{number}"), "order": order(number) })
    }

    fn word(id: &str) -> Value {
        json!({
            "specversion": "1.0", "id": id, "source": "/marketplace", "type": "retail.marketplace.feed_changed.v1",
            "subject": "F 1", "time": "2026-11-27T07:00:00Z", "datacontenttype": "application/json", "sequence": 1,
            "partitionkey": "F 1", "correlationid": "chain-1", "data": { "feed": "F 1" },
        })
    }

    /// The cursors that were asked with.
    fn cursors(rig: &Rig) -> Vec<String> {
        let calls = rig.partners.calls("listOrders");
        assert!(calls.iter().all(|call| call.body["feed"] == "F 1"));
        calls.iter().map(|call| call.body["cursor"].as_str().unwrap_or("-").to_owned()).collect()
    }

    /// Numbers of the orders that were booked, in that order.
    fn booked(rig: &Rig) -> Vec<String> {
        let calls = rig.partners.calls("createSalesOrder");
        calls.iter().map(|call| call.body["order_number"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_feed_is_read_to_its_end_and_each_order_is_taken_once() {
        let rig = Rig::new();
        rig.partners.page("-", &[item(1), item(2)], "a");
        rig.partners.page("a", &[item(2), item(3)], "b");
        assert_eq!(rig.deliver(&word("e1")).await.0, 202);
        rig.pass(MINUTE).await;
        assert_eq!(cursors(&rig), ["-", "a", "b"]);
        assert_eq!(booked(&rig), ["W-1", "W-2", "W-3"]);
        let chain = rig.partners.calls("createSalesOrder")[1].header("correlation-id").to_owned();
        assert_eq!(chain, "c-2", "an order goes on in its own chain");
        rig.deliver(&word("e1")).await;
        rig.pass(MINUTE).await;
        assert_eq!(cursors(&rig).len(), 3, "the same word is no news");
        rig.partners.page("b", &[item(3), item(4)], "c");
        rig.deliver(&word("e2")).await;
        rig.pass(MINUTE).await;
        assert_eq!(cursors(&rig)[3..], ["b", "c"]);
        assert_eq!(booked(&rig).len(), 4);
        assert!(rig.letters().await.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_word_that_comes_while_the_last_page_is_read_is_not_lost() {
        let rig = Rig::new();
        let end = json!({ "items": [], "next_cursor": "a", "lag_ms": 0 });
        rig.partners.page("-", &[], "a");
        rig.partners.script(
            "listOrders",
            [Script::Late(Duration::ZERO), Script::LateAnswer(Duration::from_secs(1), end)],
        );
        rig.deliver(&word("e1")).await;
        rig.pass(Duration::from_millis(500)).await;
        assert_eq!(cursors(&rig), ["-", "a"], "the last page is on its way");
        rig.partners.page("a", &[item(1)], "b");
        rig.deliver(&word("e2")).await;
        rig.pass(MINUTE).await;
        assert_eq!((cursors(&rig).len(), booked(&rig).len()), (4, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_taken_goes_to_a_person_and_keeps_nobody_back() {
        let rig = Rig::new();
        let (mut broken, mut foreign, mut renamed, mut wrong) = (item(1), item(2), item(3), item(4));
        broken["order"].as_object_mut().unwrap().remove("lines");
        foreign["order"]["sales_channel"] = json!("web");
        renamed["order_number"] = json!("W-33");
        wrong["order"]["total"]["amount"] = json!(1);
        rig.partners.page("-", &[broken, foreign, renamed, wrong, item(5)], "a");
        rig.deliver(&word("e1")).await;
        rig.pass(MINUTE).await;
        assert_eq!(booked(&rig), ["W-5"]);
        let letters = rig.letters().await;
        let told: Vec<_> =
            letters.iter().map(|letter| letter.order_number.clone().unwrap().to_string()).collect();
        assert_eq!(told, ["W-1", "W-2", "W-33", "W-4"]);
        assert!(letters[0].reason.contains("lines"), "{letters:?}");
        assert!(letters.iter().all(|letter| letter.operation == "listOrders"), "{letters:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_was_refused_is_taken_when_a_person_tries_it_again() {
        let rig = Rig::new();
        let product = |version: u64, status: &str| {
            json!({
                "specversion": "1.0", "id": format!("p{version}"), "source": "/erp", "type": "retail.product.changed.v1",
                "subject": "SKU-A", "time": "2026-11-27T07:00:00Z", "datacontenttype": "application/json",
                "sequence": version, "partitionkey": "SKU-A", "correlationid": "chain-1",
                "data": { "version": version, "status": status, "product": {
                    "sku": "SKU-A", "name": "linen shirt", "price": { "amount": 4990, "currency": "EUR" },
                    "tax_category": "standard", "final_sale": false,
                } },
            })
        };
        rig.deliver(&product(1, "discontinued")).await;
        rig.partners.page("-", &[item(1)], "a");
        rig.deliver(&word("e1")).await;
        rig.pass(MINUTE).await;
        let letters = rig.letters().await;
        assert_eq!((booked(&rig).len(), letters.len()), (0, 1));
        for booked_then in [0, 1] {
            assert_eq!(rig.replay(&letters[0].dead_letter_id).await, 202);
            rig.pass(MINUTE).await;
            assert_eq!(booked(&rig).len(), booked_then);
            assert_eq!(rig.letters().await.len(), 1 - booked_then);
            rig.deliver(&product(2, "active")).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_cursor_that_is_not_known_any_more_leads_to_the_beginning() {
        let rig = Rig::new();
        let place = FieldError { pointer: "/query/cursor".to_owned(), detail: "is not known".to_owned() };
        let unknown = Script::Answer(422, serde_json::to_value(Problem::invalid(vec![place])).unwrap());
        rig.partners.page("-", &[item(1)], "a");
        rig.partners.script("listOrders", [Script::Late(Duration::ZERO), unknown]);
        rig.deliver(&word("e1")).await;
        rig.pass(MINUTE).await;
        assert_eq!(cursors(&rig), ["-", "a", "-", "a"]);
        assert_eq!(booked(&rig), ["W-1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_feed_that_cannot_be_read_is_shown_to_a_person_until_there_is_word_again() {
        let rig = Rig::new();
        rig.partners.script("listOrders", [Script::Status(404, None)]);
        rig.deliver(&word("e1")).await;
        rig.pass(MINUTE).await;
        let letters = rig.letters().await;
        assert_eq!((letters.len(), cursors(&rig).len()), (1, 1));
        assert_eq!(letters[0].order_number, None);
        rig.partners.page("-", &[item(1)], "a");
        rig.deliver(&word("e2")).await;
        rig.pass(MINUTE).await;
        assert_eq!(booked(&rig), ["W-1"]);
    }

    #[tokio::test(start_paused = true)]
    async fn orders_that_must_come_later_wait_and_keep_nobody_back() {
        let rig = Rig::new();
        rig.partners.script("createReservation", (0..60).map(|_| Script::Status(503, None)));
        let mut other = item(20);
        for (line, sku) in [(0, "SKU-X"), (1, "SKU-Y")] {
            other["order"]["lines"][line]["sku"] = json!(sku);
        }
        let items: Vec<Value> = (1..=10).map(item).chain([other]).collect();
        rig.partners.page("-", &items, "a");
        rig.deliver(&word("e1")).await;
        rig.pass(Duration::from_millis(300)).await;
        let reserved = rig.partners.calls("createReservation");
        let asked = |number: &str| reserved.iter().any(|call| call.body["order_number"] == number);
        assert!(asked("W-8") && !asked("W-9") && asked("W-20"), "so many of a SKU may wait to be booked");
        rig.pass(MINUTE).await;
        assert_eq!(booked(&rig).len(), 11);
        assert!(rig.letters().await.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_read_survives_a_death_at_any_call() {
        for call in 1..=12 {
            let store: Arc<MemoryStore> = Arc::default();
            let mut rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
            rig.partners.page("-", &[item(1), item(2)], "a");
            rig.partners.page("a", &[item(2), item(3)], "b");
            rig.partners.kill_at(call, &rig.app);
            rig.deliver(&word("e1")).await;
            rig.pass(MINUTE).await;
            rig.app = Rig::open(store, &rig.partners);
            rig.app.start();
            rig.pass(MINUTE).await;
            let keys: BTreeSet<String> = rig.partners.keys("createSalesOrder").into_iter().collect();
            assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["W-1.book", "W-2.book", "W-3.book"], "{call}");
            assert_eq!(cursors(&rig).last().unwrap(), "b", "{call}: it was read to its end");
        }
    }
}
