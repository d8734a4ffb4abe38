//! Tests of the HTTP interface, in process.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeSet, future::IntoFuture as _, sync::Arc, time::Duration};

use axum::body::Body;
use counterproof_contracts::{
    batch::{self, Filed, Record},
    model::{BatchFormat, BatchKind, CorrelationId, NodeId, Order, OrderStatus, SalesChannel, System},
    protocol::{BODY_BYTES_MAX, Problem, ProblemKind},
    shape,
};
use futures::future::{BoxFuture, FutureExt as _};
use http::Request;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tower::ServiceExt as _;

use crate::{
    door::store::{Batch, MemoryStore, Store, StoreError},
    process::tests::plain,
    test_partners::{Rig, Script, bearer},
};

const MINUTE: Duration = Duration::from_mins(1);

fn kind(body: &Value) -> ProblemKind {
    assert!(shape::document_errors("problem", body).is_empty(), "{body}");
    serde_json::from_value::<Problem>(body.clone()).unwrap().problem_kind().unwrap()
}

fn order() -> Value {
    serde_json::to_value(plain()).unwrap()
}

fn event(id: &str, event_type: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/wms", "type": event_type, "subject": "S1",
        "time": "2026-11-27T08:00:00Z", "datacontenttype": "application/json", "sequence": 1,
        "partitionkey": "W-1", "correlationid": "corr-1", "data": data,
    })
}

pub(crate) fn shipped(id: &str) -> Value {
    let data = json!({
        "shipment_id": "S1", "fulfillment_order_id": "fo-W-1-dc-north", "order_number": "W-1",
        "node_id": "dc-north", "lines": [{ "line_id": "B", "sku": "SKU-B", "quantity": 1 }],
        "status": "shipped", "tracking_number": "TRK-1", "shipped_at": "2026-11-27T08:00:00Z",
    });
    event(id, "retail.shipment.shipped.v1", &data)
}

#[tokio::test(start_paused = true)]
async fn unknown_paths_and_methods_are_unknown_operations() {
    let rig = Rig::new();
    let (status, body) = rig.get("/v2/orders").await;
    assert_eq!((status, kind(&body)), (404, ProblemKind::UnknownOperation));
    assert_eq!(body["detail"], "version 2 of the interface is not served; it is version 1.1");
    let (status, headers, body) = rig.send(Request::delete("/v1/orders").body(Body::empty()).unwrap()).await;
    assert_eq!((status, kind(&body)), (404, ProblemKind::UnknownOperation));
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["api-version"], "1.1");
    let (status, body) = rig.get("/healthz").await;
    assert_eq!(
        (status, &body["status"], &body["version"]),
        (200, &json!("ready"), &json!(env!("CARGO_PKG_VERSION")))
    );
}

#[tokio::test(start_paused = true)]
async fn bodies_are_bounded_and_must_be_json() {
    let rig = Rig::new();
    let text = |text: String| {
        Request::post("/v1/orders").header("idempotency-key", "k").body(Body::from(text)).unwrap()
    };
    let (status, _, body) = rig.send(text(" ".repeat(BODY_BYTES_MAX + 1))).await;
    assert_eq!((status, kind(&body)), (413, ProblemKind::BodyTooLarge));
    let (status, _, body) = rig.send(text("{".to_owned())).await;
    assert_eq!((status, kind(&body)), (400, ProblemKind::MalformedBody));
    let (status, _, body) = rig.send(text("[".repeat(100_000))).await;
    assert_eq!((status, kind(&body)), (400, ProblemKind::MalformedBody));
}

#[tokio::test(start_paused = true)]
async fn wrong_documents_are_refused_with_the_place() {
    let rig = Rig::new();
    let mut document = order();
    document["lines"][0]["quantity"] = json!("two");
    let (status, _, body) = rig.post("/v1/orders", "k1", &document).await;
    assert_eq!((status, kind(&body)), (422, ProblemKind::InvalidDocument));
    assert_eq!(body["errors"][0]["pointer"], "/lines/0/quantity");
    let mut document = order();
    document["total"]["amount"] = json!(1);
    let (status, _, body) = rig.post("/v1/orders", "k2", &document).await;
    assert_eq!((status, kind(&body)), (422, ProblemKind::BusinessRule));
    assert_eq!(body["errors"][0]["pointer"], "/total");
    let request = Request::post("/v1/orders").body(Body::from(order().to_string())).unwrap();
    let (status, _, body) = rig.send(request).await;
    assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!("/header/idempotency-key")));
    assert_eq!(rig.get("/v1/orders/W-1").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_found_by_the_card_that_paid_or_by_who_bought_and_by_nothing_else() {
    let rig = Rig::new();
    rig.post("/v1/orders", "k1", &order()).await;
    let found = async |question: Value| {
        let (status, _, body) = rig.post("/v1/order-searches", "none", &question).await;
        (status, body)
    };
    for question in [json!({ "payment_token": "tok" }), json!({ "customer_ref": "C-1" })] {
        let (status, body) = found(question).await;
        assert_eq!((status, &body["items"][0]["order_number"]), (200, &json!("W-1")));
    }
    for question in [json!({ "payment_token": "to" }), json!({ "customer_ref": "C-11" })] {
        assert_eq!(found(question).await, (200, json!({ "items": [] })));
    }
    for question in [json!({}), json!({ "payment_token": "tok", "customer_ref": "C-1" }), json!([])] {
        let (status, body) = found(question).await;
        assert_eq!((status, kind(&body)), (422, ProblemKind::InvalidDocument));
    }
}

#[tokio::test(start_paused = true)]
async fn goods_that_are_called_back_are_told_to_each_order_that_has_them() {
    let rig = Rig::new();
    rig.post("/v1/orders", "k1", &order()).await;
    rig.pass(MINUTE).await;
    let recall = |id: &str, sku: &str| {
        json!({
            "specversion": "1.0", "id": id, "source": "/erp", "type": "retail.product.recalled.v1", "subject": sku,
            "time": "2026-11-27T08:00:00Z", "datacontenttype": "application/json", "sequence": 1,
            "partitionkey": sku, "correlationid": "corr-2",
            "data": { "recall_id": id, "sku": sku, "reason": "it burns" },
        })
    };
    rig.deliver(&recall("r1", "SKU-Z")).await;
    assert_eq!(rig.order().await.lines.iter().map(|line| line.canceled).sum::<u32>(), 0);
    rig.deliver(&recall("r2", "SKU-B")).await;
    rig.deliver(&recall("r3", "SKU-B")).await;
    rig.pass(MINUTE).await;
    let stops =
        rig.partners.all().into_iter().filter(|call| call.operation.id == "cancelFulfillment").count();
    assert_eq!(stops, 1);
}

#[tokio::test(start_paused = true)]
async fn a_command_is_answered_once_and_repeated_from_memory() {
    let rig = Rig::new();
    let (status, headers, first) = rig.post("/v1/orders", "k1", &order()).await;
    assert_eq!((status, headers.contains_key("idempotency-replayed")), (201, false));
    let (status, headers, again) = rig.post("/v1/orders", "k1", &order()).await;
    assert_eq!((status, &again, headers["idempotency-replayed"].to_str().unwrap()), (201, &first, "true"));
    let mut other = order();
    other["customer_ref"] = json!("C-2");
    let (status, _, body) = rig.post("/v1/orders", "k1", &other).await;
    assert_eq!((status, kind(&body)), (422, ProblemKind::IdempotencyKeyReused));
    rig.pass(MINUTE).await;
    assert_eq!(rig.partners.calls("quoteTax").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_is_the_same_under_another_key_and_no_other_under_its_numbers() {
    let rig = Rig::new();
    let (_, _, first) = rig.post("/v1/orders", "k1", &order()).await;
    let (status, headers, again) = rig.post("/v1/orders", "k2", &order()).await;
    assert_eq!((status, &again, headers.contains_key("idempotency-replayed")), (201, &first, false));
    for (number, channel, channel_order) in
        [("W-2", "web", "web-1"), ("W-1", "marketplace", "m-1"), ("W-1", "web", "web-2")]
    {
        let mut other = order();
        other["order_number"] = json!(number);
        other["sales_channel"] = json!(channel);
        other["channel_order_id"] = json!(channel_order);
        let (status, _, body) = rig.post("/v1/orders", &format!("k-{number}-{channel_order}"), &other).await;
        assert_eq!((status, kind(&body)), (409, ProblemKind::IllegalState), "{other}");
    }
    assert_eq!(rig.get("/v1/orders/W-2").await.0, 404);
    rig.pass(MINUTE).await;
    assert_eq!(rig.partners.calls("createSalesOrder").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_comes_again_has_the_same_receipt_and_another_file_with_its_records_does_not() {
    let rig = Rig::new();
    let file = |name: &str| {
        let order = Order { sales_channel: SalesChannel::Store, ..plain() };
        let filed =
            Filed { record: Record::Order(Box::new(order)), correlation: CorrelationId::from("corr-1") };
        let (store, format) = (NodeId::from("store-12"), BatchFormat::Jsonl);
        let file = batch::write(name, &store, format, BatchKind::Orders, &[filed]).unwrap();
        serde_json::to_value(file).unwrap()
    };
    // The second one is the same file without the answer that was kept under its key, as after a crash.
    for (key, name, counts) in [
        ("k1", "orders-1", json!([1, 0])),
        ("k2", "orders-1", json!([1, 0])),
        ("k3", "orders-2", json!([0, 1])),
    ] {
        let (status, _, receipt) = rig.post("/v1/batches", key, &file(name)).await;
        assert_eq!((status, json!([receipt["taken"], receipt["known"]])), (201, counts), "{key}: {receipt}");
    }
}

/// Holds commits until it is told to go on.
#[derive(Default)]
struct Slow {
    inner: MemoryStore,
    asked: Notify,
    gate: Notify,
    committed: Notify,
}

impl Store for Slow {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        assert!(!key.contains("panic"), "as told");
        self.inner.get(key)
    }

    fn scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.inner.scan(prefix)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            self.asked.notify_one();
            self.gate.notified().await;
            self.inner.commit(batch).await?;
            self.committed.notify_one();
            Ok(())
        }
        .boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_key_at_the_same_time_is_refused_for_now() {
    let store = Arc::new(Slow::default());
    let rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
    let order = order();
    let ((first, ..), (status, _, body)) = tokio::join!(rig.post("/v1/orders", "k1", &order), async {
        rig.pass(Duration::from_millis(1)).await;
        let second = rig.post("/v1/orders", "k1", &order).await;
        store.gate.notify_one();
        second
    });
    assert_eq!((status, kind(&body)), (409, ProblemKind::ConcurrentRequest));
    assert_eq!(first, 201);
    let (status, headers, _) = rig.post("/v1/orders", "k1", &order).await;
    assert_eq!((status, headers.contains_key("idempotency-replayed")), (201, true));
}

#[tokio::test(start_paused = true)]
async fn a_killed_middleware_breaks_off_and_answers_nothing() {
    let rig = Rig::over(Arc::new(Slow::default()));
    let call = |key| {
        let request = Request::post("/v1/orders").header("idempotency-key", key);
        let request = request.header("authorization", bearer(System::Storefront));
        rig.app.router().oneshot(request.body(Body::from(order().to_string())).unwrap())
    };
    let (under_way, ()) = tokio::join!(call("k1"), async {
        rig.pass(Duration::from_secs(1)).await;
        rig.app.kill();
    });
    for response in [under_way.unwrap(), call("k2").await.unwrap()] {
        assert!(axum::body::to_bytes(response.into_body(), usize::MAX).await.is_err());
    }
}

/// A submission with this many blanks after it, as bytes on a connection.
fn submission(blanks: usize) -> Vec<u8> {
    let body = format!("{}{}", order(), " ".repeat(blanks));
    let length = body.len();
    let head =
        format!("POST /v1/orders HTTP/1.1\r\nhost: m\r\nidempotency-key: k1\r\ncontent-length: {length}");
    let head = format!("{head}\r\nauthorization: {}", bearer(System::Storefront));
    format!("{head}\r\n\r\n{body}").into_bytes()
}

/// Serves over a socket until a caller has done with its connection.
async fn serve(rig: &Rig, caller: impl AsyncFnOnce(TcpStream)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::select! {
        biased;
        _ = axum::serve(listener, rig.app.router()).into_future() => panic!("no longer served"),
        done = tokio::time::timeout(MINUTE, async { caller(TcpStream::connect(address).await.unwrap()).await }) =>
            done.unwrap(),
    }
}

/// The guarantee to a caller that goes away: what it sent whole is decided and kept, whether it waited for
/// anything or not; what it sent in part never happened. Either way it may repeat the command.
#[tokio::test]
async fn what_a_caller_sent_whole_is_kept_though_it_has_gone() {
    for (blanks, waits) in [(0, false), (0, true), (BODY_BYTES_MAX - 20_000, false)] {
        let store = Arc::new(Slow::default());
        let rig = Rig::over(Arc::clone(&store) as Arc<dyn Store>);
        rig.partners.script("quoteTax", [Script::Silence]);
        serve(&rig, async |mut connection| {
            connection.write_all(&submission(blanks)).await.unwrap();
            if waits {
                store.asked.notified().await;
            }
            drop(connection);
            if !waits {
                store.asked.notified().await;
            }
            store.gate.notify_one();
            store.committed.notified().await;
        })
        .await;
        assert_eq!(rig.order().await.status, OrderStatus::Placed);
        let (status, headers, _) = rig.post("/v1/orders", "k1", &order()).await;
        assert_eq!((status, headers.contains_key("idempotency-replayed")), (201, true));
    }
}

#[tokio::test]
async fn what_a_caller_sent_in_part_never_happened() {
    let rig = Rig::new();
    serve(&rig, async |mut connection| {
        let bytes = submission(0);
        connection.write_all(&bytes[..bytes.len() - 1]).await.unwrap();
        connection.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // Nothing, or a refusal: the end of the connection is what is waited for.
        let _ = connection.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
    })
    .await;
    assert_eq!(rig.get("/v1/orders/W-1").await.0, 404);
    assert_eq!(rig.post("/v1/orders", "k1", &order()).await.0, 201);
}

/// A caller that goes away in the middle must not leave the order half decided.
#[tokio::test(start_paused = true)]
async fn a_panic_and_a_standstill_are_answered_as_problems() {
    let rig = Rig::over(Arc::new(Slow::default()));
    let (status, body) = rig.get("/v1/orders/panic").await;
    assert_eq!((status, kind(&body)), (500, ProblemKind::InternalError));
    let (status, headers, body) = rig.post("/v1/orders", "k1", &order()).await;
    assert_eq!((status, kind(&body)), (503, ProblemKind::Unavailable));
    assert!(headers.contains_key("retry-after"));
}

#[tokio::test(start_paused = true)]
async fn events_need_a_fitting_signature() {
    let rig = Rig::new();
    let body = shipped("e1").to_string();
    let forged = Request::post("/v1/events")
        .header("webhook-id", "m")
        .header("webhook-timestamp", rig.clock.now().as_second())
        .header("webhook-signature", "v1,AAAA")
        .body(Body::from(body.clone()))
        .unwrap();
    let (status, _, answer) = rig.send(forged).await;
    assert_eq!((status, kind(&answer)), (401, ProblemKind::InvalidSignature));
    let unsigned = Request::post("/v1/events").body(Body::from(body)).unwrap();
    assert_eq!(rig.send(unsigned).await.0, 401);
}

#[tokio::test(start_paused = true)]
async fn an_event_has_its_effect_once_however_often_and_under_whatever_id() {
    let rig = Rig::new();
    rig.post("/v1/orders", "k1", &order()).await;
    rig.pass(MINUTE).await;
    for id in ["e1", "e1", "e2"] {
        assert_eq!(rig.deliver(&shipped(id)).await, (202, Value::Null));
    }
    rig.pass(MINUTE).await;
    assert_eq!(rig.partners.calls("capturePayment").len(), 1);
    assert_eq!(rig.order().await.status, OrderStatus::PartiallyShipped);
    assert!(rig.letters().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_carried_out_is_kept_for_a_person() {
    let rig = Rig::new();
    assert_eq!(rig.deliver(&shipped("early")).await.0, 202);
    let mut unknown_type = shipped("type");
    unknown_type["type"] = json!("retail.shipment.teleported.v1");
    assert_eq!(rig.deliver(&unknown_type).await.0, 202);
    let mut later_major = shipped("major");
    later_major["type"] = json!("retail.shipment.shipped.v2");
    assert_eq!(rig.deliver(&later_major).await.0, 202);
    let mut unknown_code = shipped("code");
    unknown_code["data"]["status"] = json!("teleported");
    assert_eq!(rig.deliver(&unknown_code).await.0, 202);
    assert_eq!(rig.deliver(&unknown_code).await.0, 202);
    let mut broken = shipped("broken");
    broken["data"]["lines"][0]["quantity"] = json!(0);
    let (status, body) = rig.deliver(&broken).await;
    assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!("/data/lines/0/quantity")));
    let letters = rig.letters().await;
    let ids: Vec<&str> = letters.iter().map(|letter| letter.dead_letter_id.as_str()).collect();
    assert_eq!(ids.len(), 4, "{ids:?}");

    rig.post("/v1/orders", "k1", &order()).await;
    rig.pass(MINUTE).await;
    assert_eq!(rig.replay("dl-wms-early").await, 202);
    rig.pass(MINUTE).await;
    assert_eq!(rig.order().await.status, OrderStatus::PartiallyShipped);
    assert_eq!(rig.letters().await.len(), 3);
    assert_eq!(rig.replay("dl-wms-type").await, 202);
    assert_eq!(rig.letters().await.len(), 3, "it is as unknown as before");
}

#[tokio::test(start_paused = true)]
async fn a_store_return_is_answered_at_once_and_can_be_read() {
    let rig = Rig::new();
    rig.post("/v1/orders", "k1", &order()).await;
    rig.pass(MINUTE).await;
    rig.deliver(&shipped("e1")).await;
    rig.pass(MINUTE).await;
    let receipt = json!({
        "receipt_id": "R1", "order_number": "W-1", "node_id": "store-12", "received_at": "2026-11-27T09:00:00Z",
        "lines": [{ "line_id": "B", "sku": "SKU-B", "quantity": 1, "reason": "changed_mind" }],
        "grades": [{ "line_id": "B", "sku": "SKU-B", "quantity": 1, "grade": "A" }],
    });
    let (status, _, decision) = rig.post("/v1/return-receipts", "k2", &receipt).await;
    assert_eq!((status, &decision["refunds"][0]["amount"]["amount"]), (201, &json!(2000)));
    rig.pass(MINUTE).await;
    let rma = decision["rma_id"].as_str().unwrap();
    let (status, authorization) = rig.get(&format!("/v1/returns/{rma}")).await;
    assert_eq!((status, &authorization["status"]), (200, &json!("closed")));
    assert_eq!(rig.get("/v1/returns/rma-other").await.0, 404);
    assert_eq!(rig.order().await.refunds.len(), 1);
    let (_, trail) = rig.get("/v1/orders/W-1/audit-trail").await;
    assert!(shape::document_errors("audit-trail", &trail).is_empty());
    let numbers: Vec<u64> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    for operation in ["refundPayment", "postCreditMemo", "postReturnReceipt", "notifyRefund"] {
        assert_eq!(rig.partners.calls(operation).len(), 1, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn commands_for_orders_that_are_not_known_are_refused() {
    let rig = Rig::new();
    let wish = json!({ "order_number": "W-9", "cancellation_id": "C1", "reason": "r" });
    let (status, _, body) = rig.post("/v1/orders/W-9/cancellations", "k1", &wish).await;
    assert_eq!((status, kind(&body)), (404, ProblemKind::NotFound));
    let (status, _, body) = rig.post("/v1/orders/W-8/cancellations", "k2", &wish).await;
    assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!("/order_number")));
    assert_eq!(rig.get("/v1/orders/W-9/audit-trail").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_meets_the_node_and_ends() {
    let rig = Rig::new();
    rig.partners.script("cancelFulfillment", [Script::Refuse(ProblemKind::IllegalState)]);
    rig.post("/v1/orders", "k1", &order()).await;
    rig.pass(MINUTE).await;
    let wish = json!({ "order_number": "W-1", "cancellation_id": "C1", "reason": "r" });
    let (status, _, answer) = rig.post("/v1/orders/W-1/cancellations", "k2", &wish).await;
    assert_eq!((status, &answer["status"]), (201, &json!("pending")));
    rig.pass(MINUTE).await;
    assert!(rig.letters().await.is_empty());
    assert_eq!(rig.order().await.status, OrderStatus::Accepted, "the node was faster");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_prove_who_it_is_or_may_not_call_is_refused_without_effect() {
    let rig = Rig::new();
    for header in ["", "Bearer of-somebody-else", "Basic c3RvcmVmcm9udA=="] {
        let request = Request::post("/v1/orders").header("idempotency-key", "k1");
        let request = request.header("authorization", header).body(Body::from(order().to_string())).unwrap();
        let (status, headers, body) = rig.send(request).await;
        assert_eq!((status, kind(&body)), (401, ProblemKind::Unauthenticated), "{header}");
        assert_eq!(headers["www-authenticate"], "Bearer");
    }
    for caller in [System::Marketplace, System::Pos, System::CustomerService] {
        let (status, _, body) = rig.post_as(caller, "/v1/orders", "k1", &order()).await;
        assert_eq!((status, kind(&body)), (403, ProblemKind::Forbidden), "{caller}");
    }
    assert_eq!(rig.get("/v1/orders/W-1").await.0, 404);
    assert_eq!(rig.post("/v1/orders", "k1", &order()).await.0, 201, "the key is as it was");
}

#[tokio::test(start_paused = true)]
async fn a_channel_reaches_its_own_orders_only() {
    let rig = Rig::new();
    let read = |caller: System, path: &'static str| {
        rig.send(Request::get(path).header("authorization", bearer(caller)).body(Body::empty()).unwrap())
    };
    let wish = json!({ "order_number": "W-1", "cancellation_id": "C1", "reason": "r" });
    let cancel = |caller: System| rig.post_as(caller, "/v1/orders/W-1/cancellations", "k2", &wish);
    assert_eq!(read(System::Storefront, "/v1/orders/W-1").await.0, 404);
    assert_eq!(cancel(System::Storefront).await.0, 404, "is not kept: the order comes later");
    rig.post("/v1/orders", "k1", &order()).await;
    assert_eq!(read(System::Marketplace, "/v1/orders/W-1").await.0, 403);
    assert_eq!(read(System::Marketplace, "/v1/orders/W-2").await.0, 404);
    assert_eq!(read(System::Storefront, "/v1/dead-letters").await.0, 403);
    assert_eq!(cancel(System::Marketplace).await.0, 403);
    assert_eq!(cancel(System::Pos).await.0, 403);
    for caller in [System::Storefront, System::Pos, System::CustomerService] {
        assert_eq!(read(caller, "/v1/orders/W-1").await.0, 200, "{caller}");
    }
    let (status, _, first) = cancel(System::Storefront).await;
    assert_eq!(status, 201);
    assert_eq!(cancel(System::Marketplace).await.0, 403, "an answer that is kept is nobody else's");
    assert_eq!(cancel(System::Storefront).await.2, first);
}

/// A call that was let through because nobody knew the order must not find it as another's a moment later, wherever
/// the order comes between: each number of turns that one of them waits is another place.
#[tokio::test(start_paused = true)]
async fn who_asks_while_the_order_of_another_channel_comes_does_not_reach_it() {
    let wish = json!({ "order_number": "W-1", "cancellation_id": "C1", "reason": "r" });
    let path = "/v1/orders/W-1/cancellations";
    let order = order();
    let after = async |turns: usize, call: BoxFuture<'_, u16>| {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        call.await
    };
    let mut answers = BTreeSet::new();
    for (before, between) in (0..8).flat_map(|turns| [(turns, 0), (0, turns)]) {
        let rig = Rig::new();
        let submit = rig.post("/v1/orders", "k1", &order).map(|answer| answer.0).boxed();
        let ask = rig.post_as(System::Pos, path, "k2", &wish).map(|answer| answer.0).boxed();
        let (submitted, asked) = tokio::join!(after(before, submit), after(between, ask));
        assert_eq!(submitted, 201);
        answers.insert(asked);
    }
    assert_eq!(answers, [403, 404].into(), "before the order and after it, and never carried out");
}
