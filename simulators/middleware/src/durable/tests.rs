//! Tests of durable execution, with scripted partners on a paused clock.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use counterproof_contracts::{model::OrderStatus, protocol::ProblemKind};
use futures::future::{BoxFuture, FutureExt as _};

use crate::{
    door::store::{Batch, MemoryStore, Store, StoreError},
    process::tests::plain,
    test_partners::{Rig, Script, Seen},
};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn an_order_goes_through_and_every_call_says_where_it_belongs() {
    let rig = Rig::new();
    assert_eq!(rig.submit("key-1", &plain()).await.0, 201);
    rig.pass(MINUTE).await;
    assert_eq!(rig.order().await.status, OrderStatus::Accepted);
    assert!(rig.letters().await.is_empty());
    let quote = &rig.partners.calls("quoteTax")[0];
    assert_eq!((quote.header("correlation-id"), quote.header("causation-id")), ("corr-1", "key-1"));
    let hold = &rig.partners.calls("authorizePayment")[0];
    assert_eq!(hold.header("causation-id"), quote.header("idempotency-key"));
    assert_eq!(hold.header("traceparent").len(), 55);
    assert_eq!(hold.header("traceparent")[..35], quote.header("traceparent")[..35], "one trace");
    assert_ne!(hold.header("traceparent")[36..], quote.header("traceparent")[36..], "two spans");
    let update = &rig.partners.calls("updateOrderStatus")[0];
    assert_eq!(update.header("idempotency-key"), "", "a replacement carries no key");
}

#[tokio::test(start_paused = true)]
async fn whatever_leaves_the_outcome_open_is_repeated_with_the_same_key_and_body() {
    let rig = Rig::new();
    rig.partners.script(
        "authorizePayment",
        [
            Script::Silence,
            Script::Break,
            Script::Status(500, None),
            Script::Status(408, None),
            Script::Status(429, None),
            Script::Garbage("<html>"),
            Script::Garbage(r#"{"error":"try again"}"#),
            Script::Refuse(ProblemKind::ConcurrentRequest),
        ],
    );
    rig.submit("key-1", &plain()).await;
    rig.pass(MINUTE).await;
    let calls = rig.partners.calls("authorizePayment");
    assert_eq!(calls.len(), 9);
    let keys: BTreeSet<String> = rig.partners.keys("authorizePayment").into_iter().collect();
    assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["W-1.authorize.T1"]);
    assert!(calls.windows(2).all(|pair| pair[0].body == pair[1].body));
    assert_eq!(rig.order().await.status, OrderStatus::Accepted);
    assert_eq!(rig.partners.calls("createReservation").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_up_to_the_longest_and_never_undercut_retry_after() {
    let rig = Rig::new();
    let busy = std::iter::repeat_n(Script::Status(503, None), 8);
    rig.partners.script("quoteTax", busy.chain([Script::Status(503, Some(7))]));
    rig.submit("key-1", &plain()).await;
    rig.pass(MINUTE).await;
    let calls = rig.partners.calls("quoteTax");
    let pauses: Vec<i128> =
        calls.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).as_millis()).collect();
    let expected =
        [(25, 50), (50, 100), (100, 200), (200, 400), (200, 400), (200, 400), (200, 400), (200, 400)];
    for (pause, (least, most)) in pauses.iter().zip(expected) {
        assert!((least..=most + 1).contains(pause), "{pauses:?}");
    }
    assert!((7000..=7001).contains(pauses.last().unwrap()), "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_definite_refusal_is_a_dead_letter_that_a_person_tries_again() {
    let rig = Rig::new();
    rig.partners.script("createSalesOrder", [Script::Refuse(ProblemKind::BusinessRule)]);
    rig.submit("key-1", &plain()).await;
    rig.pass(MINUTE).await;
    let letters = rig.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].operation.as_str(), letters[0].attempts), ("createSalesOrder", 1));
    assert_eq!(rig.order().await.status, OrderStatus::Placed);
    assert_eq!(rig.replay(&letters[0].dead_letter_id).await, 202);
    assert_eq!(rig.replay(&letters[0].dead_letter_id).await, 202, "told twice");
    assert_eq!(rig.replay("dl-other").await, 404);
    rig.pass(MINUTE).await;
    assert_eq!(rig.partners.keys("createSalesOrder"), ["W-1.book", "W-1.book"]);
    assert_eq!(rig.order().await.status, OrderStatus::Accepted);
    assert!(rig.letters().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_partner_that_stays_away_makes_a_dead_letter_in_time() {
    let rig = Rig::new();
    rig.partners.script("createReservation", std::iter::repeat_n(Script::Status(503, Some(60)), 100));
    rig.submit("key-1", &plain()).await;
    rig.pass(14 * MINUTE).await;
    assert!(rig.letters().await.is_empty());
    rig.pass(2 * MINUTE).await;
    let letters = rig.letters().await;
    assert_eq!(letters[0].operation, "createReservation");
    assert_eq!(usize::try_from(letters[0].attempts).unwrap(), rig.partners.calls("createReservation").len());
    rig.pass(60 * MINUTE).await;
    assert_eq!(usize::try_from(letters[0].attempts).unwrap(), rig.partners.calls("createReservation").len());
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_what_was_under_way_goes_on_with_the_same_key() {
    let store = Arc::new(MemoryStore::default());
    let mut rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
    rig.partners.script("createSalesOrder", [Script::Silence]);
    rig.submit("key-1", &plain()).await;
    rig.pass(Duration::from_millis(100)).await;
    assert_eq!(rig.partners.calls("createSalesOrder").len(), 1);
    rig.app.shutdown().await;
    rig.pass(MINUTE).await;
    assert_eq!(rig.partners.calls("createSalesOrder").len(), 1, "nobody calls while it is down");
    rig.app = Rig::open(store, &rig.partners);
    rig.app.start();
    rig.pass(MINUTE).await;
    assert_eq!(rig.partners.keys("createSalesOrder"), ["W-1.book", "W-1.book"]);
    assert_eq!(rig.order().await.status, OrderStatus::Accepted);
    assert_eq!(rig.partners.calls("quoteTax").len(), 1, "what was done is not done again");
    let (_, again) = rig.submit("key-1", &plain()).await;
    assert_eq!(again["order_id"], "order-W-1");
}

/// Opens, submits, and kills in the middle of a call; then opens over the same store and lets it carry on.
async fn killed_at(call: usize) -> Rig {
    let store = Arc::new(MemoryStore::default());
    let mut rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
    rig.partners.kill_at(call, &rig.app);
    rig.submit("key-1", &plain()).await;
    rig.pass(MINUTE).await;
    assert_eq!(rig.partners.all().len(), call, "nobody is called once it is killed");
    rig.app = Rig::open(store, &rig.partners);
    rig.app.start();
    rig.pass(MINUTE).await;
    rig
}

#[tokio::test(start_paused = true)]
async fn killed_in_the_middle_of_any_call_it_carries_on_and_nothing_has_its_effect_twice() {
    let undisturbed = Rig::new();
    undisturbed.submit("key-1", &plain()).await;
    undisturbed.pass(MINUTE).await;
    let expected = effects(&undisturbed);
    assert!(expected.len() >= 6, "{expected:?}");
    for call in 1..=undisturbed.partners.all().len() {
        let rig = killed_at(call).await;
        assert_eq!(rig.order().await.status, OrderStatus::Accepted, "killed at {call}");
        assert_eq!(effects(&rig), expected, "killed at {call}");
        assert!(rig.partners.all().len() > expected.len(), "what was under way at {call} is asked again");
        assert_eq!(rig.submit("key-1", &plain()).await.0, 201);
        assert!(rig.letters().await.is_empty());
    }
}

/// What takes effect at partners that keep keys: each key once, whatever the number of its calls.
fn effects(rig: &Rig) -> BTreeSet<(String, String)> {
    let key = |call: &Seen| match call.header("idempotency-key") {
        "" => call.body["sequence"].to_string(),
        key => key.to_owned(),
    };
    rig.partners.all().iter().map(|call| (call.operation.to_string(), key(call))).collect()
}

/// Fails commits on demand: before or after they took effect.
#[derive(Default)]
struct Failing {
    inner: MemoryStore,
    before: AtomicBool,
    after: AtomicBool,
}

impl Store for Failing {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(key)
    }

    fn scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.inner.scan(prefix)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            if self.before.load(Ordering::SeqCst) {
                return Err(StoreError::Medium("disk full".to_owned()));
            }
            self.inner.commit(batch).await?;
            if self.after.load(Ordering::SeqCst) {
                return Err(StoreError::Medium("disk lost".to_owned()));
            }
            Ok(())
        }
        .boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_durable_is_not_told_and_not_started() {
    let store = Arc::new(Failing::default());
    let rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
    store.before.store(true, Ordering::SeqCst);
    let (status, body) = rig.submit("key-1", &plain()).await;
    assert_eq!((status, body["retryable"].as_bool()), (503, Some(true)));
    rig.pass(MINUTE).await;
    assert!(rig.partners.calls("quoteTax").is_empty());
    assert_eq!(rig.get("/v1/orders/W-1").await.0, 404);
    store.before.store(false, Ordering::SeqCst);
    assert_eq!(rig.submit("key-1", &plain()).await.0, 201);
    rig.pass(MINUTE).await;
    assert_eq!(rig.order().await.status, OrderStatus::Accepted);
}

/// The commit took effect but its success was not told: the cached process must not be trusted, and the
/// repeated command finds its stored answer.
#[tokio::test(start_paused = true)]
async fn a_commit_of_unknown_outcome_has_its_effect_once() {
    let store = Arc::new(Failing::default());
    let rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
    store.after.store(true, Ordering::SeqCst);
    assert_eq!(rig.submit("key-1", &plain()).await.0, 503);
    store.after.store(false, Ordering::SeqCst);
    assert_eq!(rig.submit("key-1", &plain()).await.0, 201);
    assert_eq!(rig.order().await.status, OrderStatus::Placed);
}
