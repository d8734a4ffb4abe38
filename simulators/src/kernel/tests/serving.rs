//! From a request to an answer: every way to be refused, and idempotency.

use super::*;
use counterproof_contracts::{
    journal::Outcome,
    protocol::{BODY_BYTES_MAX, JSON_DEPTH_MAX},
};

#[tokio::test]
async fn a_call_is_handled_committed_and_journaled_with_its_circumstances() {
    let rig = Rig::new(Script::default());
    let answered = rig.refund("key-1", 1).await.unwrap();
    assert_eq!((answered.status, answered.body["status"].as_str()), (201, Some("pending")));
    let records = rig.records();
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2]);
    assert!(records.iter().all(|record| record.scenario.as_deref() == Some(SCENARIO)));
    let effects = rig.effects();
    let [effect] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!((effect.key.as_deref(), effect.spontaneous), (Some("key-1"), false));
    assert_eq!(effect.correlation, Some("chain".into()));
    let exchanges = rig.exchanges();
    let [exchange] = exchanges.as_slice() else { panic!("{exchanges:?}") };
    assert_eq!((exchange.from, exchange.to), (System::Middleware, System::Psp));
    assert_eq!((exchange.operation.as_str(), exchange.attempt), ("refundPayment", 1));
    assert_eq!((exchange.order.clone(), exchange.status), (Some(ORDER.into()), Some(201)));
    assert_eq!((exchange.outcome, exchange.request.clone()), (Outcome::Ok, refund_body(1)));
    assert_eq!(exchange.note, None);
}

#[tokio::test]
async fn a_read_finds_its_order_by_what_was_handed_out() {
    let rig = Rig::new(Script::default());
    rig.refund("key-1", 1).await.unwrap();
    let missing = rig.send(request("GET", "/v1/refunds/refund-2", None, b"")).await.unwrap();
    assert_eq!((missing.status, missing.problem()), (404, "not-found"));
    let found = rig.send(request("GET", "/v1/refunds/refund-1", None, b"")).await.unwrap();
    assert_eq!((found.status, found.body["refund_id"].as_str()), (200, Some("refund-1")));
    let again = rig.send(request("GET", "/v1/refunds/refund-1", None, b"")).await.unwrap();
    assert_eq!(again.status, 200);
    let exchanges = rig.exchanges();
    assert_eq!(exchanges[1].order, None);
    assert_eq!((exchanges[2].order.clone(), exchanges[2].attempt), (Some(ORDER.into()), 1));
    assert_eq!(exchanges[3].attempt, 2, "without a key, the same request is the same intent");
    let quarantine = rig.kernel.registry().quarantine();
    assert_eq!(quarantine.count, 1);
    assert!(quarantine.samples[0].contains("/v1/refunds/refund-2"), "{quarantine:?}");
}

#[tokio::test]
async fn a_body_above_the_limit_is_413_and_at_the_limit_is_read() {
    let rig = Rig::new(Script::default());
    let path = psp::REFUND_PAYMENT.path;
    let above = rig.send(request("POST", path, Some("k"), &vec![b' '; BODY_BYTES_MAX + 1])).await.unwrap();
    assert_eq!((above.status, above.problem()), (413, "body-too-large"));
    let mut at_limit = serde_json::to_vec(&refund_body(1)).unwrap();
    at_limit.resize(BODY_BYTES_MAX, b' ');
    assert_eq!(rig.send(request("POST", path, Some("k"), &at_limit)).await.unwrap().status, 201);
}

#[tokio::test]
async fn what_is_no_readable_json_is_400_and_journaled() {
    let rig = Rig::new(Script::default());
    let deep = "[".repeat(JSON_DEPTH_MAX + 1) + &"]".repeat(JSON_DEPTH_MAX + 1);
    for body in [&b"{\"amount\": "[..], b"\xff\xfe", deep.as_bytes()] {
        let answered = rig.send(request("POST", psp::REFUND_PAYMENT.path, Some("k"), body)).await.unwrap();
        assert_eq!((answered.status, answered.problem()), (400, "malformed-body"));
        assert_eq!(answered.headers["content-type"], Problem::MEDIA_TYPE);
    }
    assert_eq!(rig.exchanges().len(), 3);
    assert!(rig.exchanges().iter().all(|exchange| exchange.outcome == Outcome::Fail));
    assert_eq!(rig.effects(), []);
}

#[tokio::test]
async fn an_unknown_operation_is_404_and_told_what_comes_near() {
    let rig = Rig::new(Script::default());
    let answered = rig.send(request("POST", "/v1/refund", Some("k"), b"{}")).await.unwrap();
    assert_eq!((answered.status, answered.problem()), (404, "unknown-operation"));
    let detail = answered.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("refundPayment is POST /v1/refunds, but \"refund\" stands for \"refunds\""),
        "{detail}"
    );
    assert_eq!(rig.exchanges()[0].operation, "unknown");
}

#[tokio::test]
async fn a_document_that_breaks_its_schema_is_422_at_the_place() {
    let rig = Rig::new(Script::default());
    let mut body = refund_body(1);
    body["amount"]["amount"] = json!("1.00");
    let answered = rig.send(refund_request(Some("k"), &body)).await.unwrap();
    assert_eq!((answered.status, answered.problem()), (422, "invalid-document"));
    assert_eq!(answered.pointers(), ["/amount/amount"]);
    assert_eq!(rig.effects(), []);
    let corrected = rig.refund("k", 1).await.unwrap();
    assert_eq!(corrected.status, 201, "a document that was never taken does not use up its key");
}

#[tokio::test]
async fn a_keyed_call_without_a_usable_key_is_422_at_the_header() {
    let rig = Rig::new(Script::default());
    for key in [None, Some(""), Some("x".repeat(256).as_str())] {
        let answered = rig.send(refund_request(key, &refund_body(1))).await.unwrap();
        assert_eq!((answered.status, answered.problem()), (422, "invalid-document"));
        assert_eq!(answered.pointers(), ["/header/idempotency-key"]);
    }
    assert_eq!(rig.effects(), []);
}

#[tokio::test]
async fn a_repetition_gets_the_kept_answer_and_has_no_second_effect() {
    let rig = Rig::new(Script::default());
    let first = rig.refund("key-1", 1).await.unwrap();
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let second = rig.refund("key-1", 1).await.unwrap();
    assert_eq!((second.status, &second.body), (201, &first.body));
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(rig.effects().len(), 1);
    let exchanges = rig.exchanges();
    assert_eq!((exchanges[1].attempt, exchanges[1].replayed), (2, true));
}

#[tokio::test]
async fn a_definite_refusal_is_kept_too() {
    let rig = Rig::new(Script::default());
    let body = json!({
        "order_number": ORDER, "tender_id": "t1", "payment_token": "tok_1",
        "amount": { "amount": 100, "currency": "EUR" }
    });
    for replayed in [false, true] {
        let request = request("POST", psp::AUTHORIZE_PAYMENT.path, Some("k"), body.to_string().as_bytes());
        let answered = rig.send(request).await.unwrap();
        assert_eq!((answered.status, answered.problem()), (402, "payment-declined"));
        assert_eq!(answered.headers.contains_key("idempotency-replayed"), replayed);
    }
    assert_eq!(rig.exchanges()[0].outcome, Outcome::Fail);
}

#[tokio::test]
async fn a_key_with_another_body_or_operation_is_422() {
    let rig = Rig::new(Script::default());
    rig.refund("key-1", 1).await.unwrap();
    let other_body = rig.refund("key-1", 2).await.unwrap();
    assert_eq!((other_body.status, other_body.problem()), (422, "idempotency-key-reused"));
    let void = json!({ "order_number": ORDER, "reason": "r" }).to_string();
    let other = request("POST", "/v1/authorizations/a/voids", Some("key-1"), void.as_bytes());
    assert_eq!(rig.send(other).await.unwrap().problem(), "idempotency-key-reused");
    assert_eq!(rig.effects().len(), 1);
}

#[tokio::test]
async fn the_same_key_while_its_first_request_is_under_way_is_409() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::Hold { reverse: false });
    let held = rig.refund("key-1", 1);
    let meanwhile = async {
        let mut changes = rig.kernel.work_changes();
        while rig.kernel.open_work(Some(SCENARIO)).is_empty() {
            changes.changed().await.unwrap();
        }
        let second = rig.refund("key-1", 1).await.unwrap();
        assert_eq!((second.status, second.problem()), (409, "concurrent-request"));
        rig.kernel.release(SCENARIO);
    };
    let (first, ()) = tokio::join!(held, meanwhile);
    assert_eq!(first.unwrap().status, 201);
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
    assert_eq!(rig.effects().len(), 1);
}

#[tokio::test]
async fn a_core_that_panics_is_a_bug_of_the_rig_and_serves_on() {
    let rig = Rig::new(Script::default());
    let body = json!({
        "order_number": ORDER, "shipment_id": "s1", "amount": { "amount": 100, "currency": "EUR" }
    });
    let capture = request("POST", "/v1/authorizations/a/captures", Some("k"), body.to_string().as_bytes());
    let answered = rig.send(capture).await.unwrap();
    assert_eq!((answered.status, answered.problem()), (500, "internal-error"));
    assert_eq!(rig.exchanges()[0].outcome, Outcome::Unknown);
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_cut_off_in_time() {
    let rig = Rig::new(Script::default());
    let endless = http_body_util::StreamBody::new(futures::stream::pending::<
        Result<hyper::body::Frame<Bytes>, std::io::Error>,
    >());
    let request = Request::builder().method("POST").uri("/v1/refunds").body(endless).unwrap();
    let lost = rig.desk.service().oneshot(request).await.unwrap_err();
    assert!(lost.to_string().contains("longer than 10 s"), "{lost}");
    assert_eq!(rig.exchanges()[0].status, None);
}
