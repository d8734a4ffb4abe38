//! Tests of durable execution, with scripted partners on a paused clock.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use counterproof_contracts::{
    model::{OrderStatus, System},
    policy::{DegradationPolicy, Policy},
    protocol::{Health, PartnerMode, ProblemKind},
};
use futures::future::{BoxFuture, FutureExt as _};
use serde_json::{Value, json};

use super::Keys;
use crate::{
    door::store::{Batch, MemoryStore, Store, StoreError},
    process::{Chain, Deadline, Due, tests::plain},
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

fn expired_credentials() -> Value {
    json!({ "type": "https://counterproof.dev/problems/unauthorized", "title": "unauthorized", "status": 401,
        "detail": "token expired", "retryable": true })
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
            Script::Answer(401, expired_credentials()),
            Script::Answer(202, json!({ "accepted": true })),
            Script::Answer(204, Value::Null),
            Script::Answer(201, json!([])),
        ],
    );
    rig.submit("key-1", &plain()).await;
    rig.pass(MINUTE).await;
    let calls = rig.partners.calls("authorizePayment");
    assert_eq!(calls.len(), 13);
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

/// A file with one count, as a store sends it.
fn file_of_counts() -> Value {
    let content = "header,inventory,store-27,counts-7.csv\n\
                   columns,count_id,node_id,sku,quantity,counted_at,correlation_id\n\
                   data,C-1,store-27,linen-shirt,4,2026-11-27T08:00:00Z,chain-1\ntrailer,1,4\n";
    json!({ "file_name": "counts-7.csv", "partner": "store-27", "kind": "inventory", "format": "csv", "content": content })
}

#[tokio::test(start_paused = true)]
async fn who_asks_again_and_again_does_not_hasten_the_calls() {
    let rig = Rig::new();
    rig.partners.script("postStockCount", std::iter::repeat_n(Script::Status(500, None), 4));
    let file = file_of_counts();
    for number in 0..200 {
        let (status, headers, body) = rig.post("/v1/batches", &format!("key-{number}"), &file).await;
        if status == 201 {
            break;
        }
        assert_eq!((status, headers["retry-after"].to_str().unwrap()), (503, "1"), "{body}");
        rig.pass(Duration::from_millis(5)).await;
    }
    let calls = rig.partners.calls("postStockCount");
    let pauses: Vec<i128> =
        calls.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).as_millis()).collect();
    let expected = [(25, 55), (50, 105), (100, 205), (200, 405)];
    assert_eq!(pauses.len(), expected.len(), "{pauses:?}");
    for (pause, (least, most)) in pauses.iter().zip(expected) {
        assert!((least..=most).contains(pause), "{pauses:?}");
    }
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

/// Calls to book an order whose first attempt ends like this, and that is canceled while the middleware is down.
async fn bookings_after_a_crash(first: Script) -> usize {
    let store = Arc::new(MemoryStore::default());
    let mut rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
    rig.partners.script("createSalesOrder", [first]);
    rig.partners.script("cancelSalesOrderLines", [Script::Silence]);
    rig.submit("key-1", &plain()).await;
    rig.pass(Duration::from_millis(100)).await;
    assert_eq!(rig.partners.calls("createSalesOrder").len(), 1);
    rig.app.kill();
    rig.app = Rig::open(store, &rig.partners);
    let wish = json!({ "order_number": "W-1", "cancellation_id": "C1", "reason": "r" });
    assert_eq!(rig.post("/v1/orders/W-1/cancellations", "key-2", &wish).await.0, 201);
    rig.app.start();
    rig.pass(Duration::from_millis(500)).await;
    rig.partners.calls("createSalesOrder").len()
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_what_certainly_had_no_effect_need_not_be_made_again() {
    assert_eq!(bookings_after_a_crash(Script::Status(429, Some(60))).await, 1, "nobody wants it any more");
    assert_eq!(bookings_after_a_crash(Script::Silence).await, 2, "it may have been booked");
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_and_may_have_had_its_effect_is_made_again_though_nobody_wants_it() {
    let rig = Rig::new();
    rig.partners.script("createSalesOrder", vec![Script::Status(503, Some(60)); 100]);
    rig.partners.script("cancelSalesOrderLines", [Script::Silence]);
    rig.submit("key-1", &plain()).await;
    rig.pass(60 * MINUTE).await;
    let letters = rig.letters().await;
    assert_eq!(letters[0].operation, "createSalesOrder");
    let made = rig.partners.calls("createSalesOrder").len();
    let wish = json!({ "order_number": "W-1", "cancellation_id": "C1", "reason": "r" });
    assert_eq!(rig.post("/v1/orders/W-1/cancellations", "key-2", &wish).await.0, 201);
    rig.replay(&letters[0].dead_letter_id).await;
    rig.pass(Duration::from_millis(10)).await;
    assert_eq!(rig.partners.calls("createSalesOrder").len(), made + 1);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_no_work_and_is_waited_for_again_after_a_restart() {
    let store = Arc::new(MemoryStore::default());
    let mut rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
    rig.submit("key-1", &plain()).await;
    rig.pass(MINUTE).await;
    rig.app.shutdown().await;
    let deadline = Deadline {
        order_number: "W-1".into(),
        due: Due::Return("rma-W-1-1".into()),
        at: rig.clock.now().checked_add(120 * MINUTE).unwrap(),
        chain: Chain { correlation: "corr-1".into(), causation: "key-1".to_owned() },
    };
    let key = Keys::deadline(&deadline);
    let mut batch = Batch::default();
    batch.put(&key, serde_json::to_vec(&deadline).unwrap());
    store.commit(batch).await.unwrap();
    let policy = || Policy {
        degradation: DegradationPolicy { open_work_max: 1, ..DegradationPolicy::default() },
        ..Policy::default()
    };
    let open =
        |rig: &Rig| Rig::open_with(Arc::clone(&store) as Arc<dyn Store>, &rig.partners, (64, policy()));
    rig.app = open(&rig);
    rig.app.start();
    rig.pass(60 * MINUTE).await;
    assert_eq!(rig.submit("key-2", &order_with("W-2")).await.0, 201, "what waits is no work");
    rig.pass(MINUTE).await;
    rig.app.shutdown().await;
    rig.pass(300 * MINUTE).await;
    assert!(store.get(&key).unwrap().is_some(), "nobody was told while it was down");
    rig.app = open(&rig);
    rig.app.start();
    rig.pass(MINUTE).await;
    assert!(store.get(&key).unwrap().is_none(), "the order was told, and the deadline forgotten with it");
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

/// Fails commits on demand: before or after they took effect; all of them, or the one with a number.
#[derive(Default)]
struct Failing {
    inner: MemoryStore,
    before: AtomicBool,
    after: AtomicBool,
    commits: AtomicUsize,
    once: Option<(usize, bool)>,
}

impl Failing {
    fn once(commit: usize, took_effect: bool) -> Self {
        Self { once: Some((commit, took_effect)), ..Self::default() }
    }
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
            let commit = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
            if self.before.load(Ordering::SeqCst) || self.once == Some((commit, false)) {
                return Err(StoreError::Medium("disk full".to_owned()));
            }
            self.inner.commit(batch).await?;
            if self.after.load(Ordering::SeqCst) || self.once == Some((commit, true)) {
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
    rig.pass(MINUTE).await;
    assert_eq!(rig.order().await.status, OrderStatus::Accepted, "what it asked for is not forgotten");
}

/// A call whose outcome could not be kept is made again under its key; a commit that took effect although it
/// failed is found out. Neither loses a task nor has an effect twice.
#[tokio::test(start_paused = true)]
async fn whichever_commit_fails_once_everything_has_its_effect_once() {
    let undisturbed = Rig::new();
    undisturbed.submit("key-1", &plain()).await;
    undisturbed.pass(MINUTE).await;
    let expected = effects(&undisturbed);
    let mut asked_again = 0;
    for (commit, took_effect) in (1..=9).flat_map(|commit| [(commit, false), (commit, true)]) {
        let store = Arc::new(Failing::once(commit, took_effect));
        let rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
        let status = rig.submit("key-1", &plain()).await.0;
        assert_eq!(status, if commit == 1 { 503 } else { 201 });
        assert_eq!(rig.submit("key-1", &plain()).await.0, 201);
        rig.pass(MINUTE).await;
        let context = format!("commit {commit} fails, took effect: {took_effect}");
        assert!(store.commits.load(Ordering::SeqCst) >= 9, "{context}");
        assert_eq!(rig.order().await.status, OrderStatus::Accepted, "{context}");
        assert_eq!(effects(&rig), expected, "{context}");
        assert!(rig.letters().await.is_empty(), "{context}");
        let calls = rig.partners.all();
        asked_again += calls.len() - expected.len();
        for call in &calls {
            let same = |other: &&Seen| other.header("idempotency-key") == call.header("idempotency-key");
            assert!(calls.iter().filter(same).all(|other| other.body == call.body), "{context}");
        }
    }
    assert!(asked_again >= 7, "{asked_again}: each outcome that is not kept is asked for again");
}

fn order_with(number: &str) -> counterproof_contracts::model::Order {
    let mut order = plain();
    order.order_number = number.into();
    order.channel_order_id = number.into();
    order
}

/// While one call takes the only place, bookkeeping of one order and the acceptance of a later one wait.
#[tokio::test(start_paused = true)]
async fn what_waits_for_a_partner_goes_by_class_then_by_age() {
    let rig = Rig::with(Arc::new(MemoryStore::default()), 1);
    rig.submit("key-1", &plain()).await;
    rig.pass(MINUTE).await;
    let late = |ms| Script::Late(Duration::from_millis(ms));
    rig.partners.script("createReservation", [late(900), late(50)]);
    for operation in ["createSalesOrder", "postInventoryMovement", "postInvoice"] {
        rig.partners.script(operation, [late(50), late(50)]);
    }
    rig.submit("key-2", &order_with("W-2")).await;
    rig.pass(Duration::from_millis(200)).await;
    let before = rig.partners.of("erp").len();
    assert_eq!(rig.deliver(&crate::http::tests::shipped("e1")).await.0, 202);
    rig.pass(Duration::from_millis(200)).await;
    rig.submit("key-3", &order_with("W-3")).await;
    rig.pass(Duration::from_millis(200)).await;
    assert_eq!(rig.partners.of("erp").len(), before, "one at a time");
    rig.pass(MINUTE).await;
    let order: Vec<String> = rig
        .partners
        .of("erp")
        .iter()
        .skip(before)
        .map(|call| format!("{} {}", call.operation.id, call.body["order_number"].as_str().unwrap()))
        .collect();
    assert_eq!(
        order,
        [
            "createReservation W-3",
            "createSalesOrder W-2",
            "createSalesOrder W-3",
            "postInventoryMovement W-1",
            "postInvoice W-1"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_partner_that_asks_for_patience_is_left_alone_by_every_order() {
    let rig = Rig::new();
    rig.partners.script("quoteTax", [Script::Status(429, Some(60))]);
    rig.submit("key-1", &plain()).await;
    rig.pass(Duration::from_secs(1)).await;
    let other = {
        let mut order = plain();
        order.order_number = "W-2".into();
        order.channel_order_id = "web-2".into();
        order
    };
    assert_eq!(rig.submit("key-2", &other).await.0, 201, "orders are taken all the same");
    rig.pass(Duration::from_secs(58)).await;
    assert_eq!(rig.partners.calls("quoteTax").len(), 1);
    rig.pass(MINUTE).await;
    let quotes = rig.partners.calls("quoteTax");
    let waited = |seen: &Seen| seen.at.duration_since(quotes[0].at).as_secs();
    assert_eq!((quotes.len(), waited(&quotes[1]), waited(&quotes[2])), (3, 60, 60));
    assert_eq!(rig.order().await.status, OrderStatus::Accepted);
}

fn numbered(number: u32) -> serde_json::Value {
    let mut order = plain();
    order.order_number = format!("W-{number}").into();
    order.channel_order_id = format!("web-{number}").into();
    serde_json::to_value(order).unwrap()
}

/// Submits the orders from 1 to 6 with time in between; says what each was answered.
async fn submit_six(rig: &Rig) -> Vec<u16> {
    let mut statuses = Vec::new();
    for number in 1..=6 {
        let (status, headers, _) = rig.post("/v1/orders", &format!("key-{number}"), &numbered(number)).await;
        assert_eq!(headers.contains_key("retry-after"), status != 201);
        statuses.push(status);
        rig.pass(Duration::from_millis(10)).await;
    }
    statuses
}

/// What is too much reaches channels as a request for patience, and costs no order.
async fn taken_in_the_end(limits: DegradationPolicy, expected: [u16; 6]) {
    let mut rig = Rig::new();
    let policy = Policy { degradation: limits, ..Policy::default() };
    let store: Arc<MemoryStore> = Arc::default();
    rig.app = Rig::open_with(store, &rig.partners, (crate::CALLS_PER_PARTNER_MAX, policy));
    rig.app.start();
    rig.partners.script("quoteTax", std::iter::repeat_n(Script::Status(503, None), 200));
    let statuses = submit_six(&rig).await;
    assert_eq!(statuses, expected);
    let (status, headers, _) = rig.post("/v1/orders", "key-1", &numbered(1)).await;
    assert_eq!(
        (status, headers.contains_key("idempotency-replayed")),
        (201, true),
        "what is known is answered"
    );
    rig.pass(10 * MINUTE).await;
    for number in (1..=6).filter(|number| statuses[number - 1] != 201) {
        let order = numbered(u32::try_from(number).unwrap());
        let (status, headers, _) = rig.post("/v1/orders", &format!("key-{number}"), &order).await;
        assert_eq!((status, headers.contains_key("idempotency-replayed")), (201, false));
        rig.pass(MINUTE).await;
    }
    let bookings: BTreeSet<String> = rig.partners.keys("createSalesOrder").into_iter().collect();
    assert_eq!((bookings.len(), rig.partners.calls("createSalesOrder").len()), (6, 6));
    assert!(rig.letters().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn new_orders_come_later_while_too_much_work_is_open() {
    let limits = DegradationPolicy { open_work_max: 2, ..DegradationPolicy::default() };
    taken_in_the_end(limits, [201, 201, 429, 429, 429, 429]).await;
}

#[tokio::test(start_paused = true)]
async fn new_orders_of_a_product_come_later_while_too_many_wait_for_an_impaired_partner() {
    let limits = DegradationPolicy { unbooked_orders_per_sku_max: 4, ..DegradationPolicy::default() };
    taken_in_the_end(limits, [201, 201, 201, 201, 503, 503]).await;
}

#[tokio::test(start_paused = true)]
async fn a_middleware_that_is_being_stopped_takes_no_new_order_and_says_so() {
    let rig = Rig::new();
    assert_eq!(rig.get("/healthz").await.1["status"], "ready");
    assert_eq!(rig.submit("key-1", &plain()).await.0, 201);
    rig.app.close();
    let (status, headers, problem) = rig.post("/v1/orders", "key-2", &numbered(2)).await;
    assert_eq!((status, headers["retry-after"].to_str().unwrap()), (503, "1"), "{problem}");
    assert_eq!(rig.submit("key-1", &plain()).await.0, 201, "what is known is answered");
    assert_eq!(rig.get("/healthz").await.1["status"], "stopping");
}

#[tokio::test(start_paused = true)]
async fn health_names_the_partner_whose_calls_fail() {
    let rig = Rig::new();
    rig.partners.script("createReservation", std::iter::repeat_n(Script::Status(503, None), 5));
    rig.submit("key-1", &plain()).await;
    rig.pass(Duration::from_millis(10)).await;
    let health: Health = serde_json::from_value(rig.get("/healthz").await.1).unwrap();
    let failing: Vec<_> = health.partners.iter().filter(|told| told.mode == PartnerMode::Impaired).collect();
    assert_eq!(
        failing.iter().map(|told| (told.partner, told.failing_calls)).collect::<Vec<_>>(),
        [(System::Erp, 1)]
    );
    rig.pass(MINUTE).await;
    let health: Health = serde_json::from_value(rig.get("/healthz").await.1).unwrap();
    assert!(health.partners.iter().all(|told| told.mode == PartnerMode::Normal && told.failing_calls == 0));
}
