//! Calls of a system to the middleware, and reading from it.

use counterproof_contracts::{journal::Outcome, model::OrderNumber};

use super::*;

fn cancel(rig: &Rig, key: &str) {
    let body = json!({
        "order_number": ORDER, "cancellation_id": "c-1", "reason": "r",
        "lines": [{ "line_id": "1", "quantity": 1 }]
    });
    rig.desk.act(&ORDER.into(), "customer".into(), |_, scene| {
        scene.call(middleware::CANCEL_ORDER, &[ORDER], body, key, &OrderNumber::from(ORDER));
    });
}

fn cancellation() -> Value {
    json!({ "order_number": ORDER, "cancellation_id": "c-1", "status": "pending", "canceled": [] })
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_its_key_until_it_is_answered_and_the_core_is_told() {
    let rig =
        Rig::new(Script::default().then(Err(NetworkError::Reset("gone".to_owned()))).status(503).then(Ok((
            201,
            &[],
            cancellation(),
        ))));
    cancel(&rig, "wish-1");
    assert_eq!(rig.kernel.open_work(Some(SCENARIO)).len(), 1);
    rig.settle().await;
    let seen = rig.script.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 3);
    for (headers, _, uri) in &seen {
        assert_eq!(headers["idempotency-key"], "wish-1");
        assert_eq!(headers["correlation-id"], "customer");
        assert_eq!(uri, "http://middleware.internal/v1/orders/W-1001/cancellations");
    }
    assert_eq!(rig.desk.look(|desk| desk.answers.clone()), [Ok(cancellation())]);
    let exchanges = rig.exchanges();
    assert_eq!((exchanges[2].from, exchanges[2].to), (System::Psp, System::Middleware));
    assert_eq!((exchanges[2].attempt, exchanges[2].outcome), (3, Outcome::Ok));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_and_an_answer_of_another_shape_is_no_success() {
    let refusal = Problem::new(ProblemKind::IllegalState, "shipped");
    let concurrent = Problem::new(ProblemKind::ConcurrentRequest, "wait");
    let rig = Rig::new(
        Script::default()
            .then(Ok((409, &[], serde_json::to_value(&concurrent).unwrap())))
            .then(Ok((409, &[], serde_json::to_value(&refusal).unwrap())))
            .then(Ok((201, &[], json!({ "status": "done" })))),
    );
    cancel(&rig, "wish-1");
    cancel(&rig, "wish-2");
    rig.settle().await;
    let answers = rig.desk.look(|desk| desk.answers.clone());
    assert_eq!(answers[0], Err(refusal));
    let broken = answers[1].clone().unwrap_err();
    assert_eq!(broken.problem_kind(), Some(ProblemKind::InvalidDocument));
    let note = rig.exchanges().pop().unwrap().note;
    assert_eq!(note.as_deref(), Some("the answer breaks its schema"));
}

#[tokio::test]
async fn reading_is_one_exchange_whatever_comes_back() {
    let rig = Rig::new(
        Script::default()
            .then(Ok((404, &[], Value::Null)))
            .then(Err(NetworkError::Refused("nobody".to_owned()))),
    );
    let order = OrderNumber::from(ORDER);
    let (status, body) = rig
        .kernel
        .read_middleware(System::Pos, middleware::READ_ORDER, &["W 1"], Some(&order), &"look".into())
        .await
        .unwrap();
    assert_eq!((status, body), (404, Value::Null));
    let correlation = "look".into();
    let refused =
        rig.kernel.read_middleware(System::Pos, middleware::READ_ORDER, &["W 1"], Some(&order), &correlation);
    assert_eq!(refused.await, Err(NetworkError::Refused("nobody".to_owned())));
    let exchanges = rig.exchanges();
    assert_eq!(exchanges[0].call, "GET /v1/orders/W%201");
    assert_eq!((exchanges[0].from, exchanges[0].order.clone()), (System::Pos, Some(order.clone())));
    assert_eq!((exchanges[0].outcome, exchanges[1].outcome), (Outcome::Unknown, Outcome::Fail));
}
