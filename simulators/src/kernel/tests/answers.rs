//! What faults do to calls: each answer that is none, or the wrong one.

use counterproof_contracts::{
    faults::{DriftChange, ErrorBody, Window},
    journal::Outcome,
};

use super::*;

const LOSS: Misfortune = Misfortune::LoseRequest { ending: Ending::Reset };
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn every_error_is_answered_in_every_form_without_an_effect() {
    for status in [408, 429, 500, 502, 503, 504] {
        for body in [ErrorBody::Problem, ErrorBody::Html, ErrorBody::Empty] {
            let rig = Rig::new(Script::default());
            let error = Misfortune::ErrorAnswer { status, retry_after_s: Some(3), body, after_effect: false };
            rig.fault("refundPayment", 1..=1, error);
            let answered = rig.refund("key-1", 1).await.unwrap();
            assert_eq!((answered.status, &answered.headers["retry-after"]), (status, &"3".parse().unwrap()));
            let media = answered.headers["content-type"].to_str().unwrap();
            match body {
                ErrorBody::Problem => assert_eq!(answered.body["retryable"], true),
                ErrorBody::Html => assert_eq!((media, answered.body.is_string()), ("text/html", true)),
                ErrorBody::Empty => assert_eq!(answered.body, ""),
            }
            assert_eq!(rig.effects(), []);
            let certain = (status, body) == (429, ErrorBody::Problem);
            let expected = if certain { Outcome::Fail } else { Outcome::Unknown };
            assert_eq!(rig.exchanges()[0].outcome, expected, "{status} {body:?}");
            assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
        }
    }
}

#[tokio::test]
async fn an_error_after_the_effect_is_followed_by_the_kept_answer() {
    for (status, body) in [(504, ErrorBody::Html), (429, ErrorBody::Problem)] {
        let rig = Rig::new(Script::default());
        let error = Misfortune::ErrorAnswer { status, retry_after_s: None, body, after_effect: true };
        rig.fault("refundPayment", 1..=1, error);
        assert_eq!(rig.refund("key-1", 1).await.unwrap().status, status);
        assert_eq!((rig.effects().len(), rig.exchanges()[0].outcome), (1, Outcome::Unknown));
        assert!(rig.refund("key-1", 1).await.unwrap().headers.contains_key("idempotency-replayed"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_loss_lasts_until_the_caller_gives_up() {
    for (loss, effects) in [
        (Misfortune::LoseRequest { ending: Ending::Silence }, 0),
        (Misfortune::LoseAnswer { ending: Ending::Silence }, 1),
    ] {
        let rig = Rig::new(Script::default());
        rig.fault("refundPayment", 1..=1, loss);
        assert!(rig.patient(60 * SECOND).await.is_none());
        assert_eq!((rig.effects().len(), rig.exchanges()[0].status), (effects, None));
        assert_eq!(rig.exchanges()[0].outcome, Outcome::Unknown);
        let answered = rig.refund("key-1", 1).await.unwrap();
        assert_eq!(answered.headers.contains_key("idempotency-replayed"), effects == 1);
        assert_eq!(rig.effects().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_ends_when_the_fault_is_lifted() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::LoseRequest { ending: Ending::Silence });
    let heal = async {
        rig.kernel.clock().sleep(5 * SECOND).await;
        rig.kernel.lift(SCENARIO);
    };
    let (answered, ()) = tokio::join!(rig.refund("key-1", 1), heal);
    answered.unwrap_err();
    assert_eq!(rig.kernel.clock().elapsed(), 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_delay_comes_before_the_effect_and_a_late_answer_after_it() {
    for (slow, at_first) in
        [(Misfortune::Delay { ms: 30_000 }, 0), (Misfortune::LateAnswer { ms: 30_000 }, 1)]
    {
        let rig = Rig::new(Script::default());
        rig.fault("refundPayment", 1..=1, slow);
        assert!(rig.patient(10 * SECOND).await.is_none());
        assert_eq!(rig.effects().len(), at_first);
        assert_eq!(rig.kernel.open_work(Some(SCENARIO)).len(), 1);
        rig.settle().await;
        assert_eq!((rig.kernel.clock().elapsed(), rig.effects().len()), (30 * SECOND, 1));
        let exchange = &rig.exchanges()[0];
        assert_eq!((exchange.status, exchange.outcome), (None, Outcome::Unknown), "the caller had gone");
        assert!(rig.refund("key-1", 1).await.unwrap().headers.contains_key("idempotency-replayed"));
    }
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::LateAnswer { ms: 3_000 });
    assert_eq!(rig.patient(10 * SECOND).await.unwrap().unwrap().status, 201, "a patient caller is answered");
}

#[tokio::test]
async fn what_looks_like_success_and_is_none_has_no_effect() {
    for (lie, status) in [(Misfortune::FalseSuccess, 200), (Misfortune::AcceptAndNever, 202)] {
        let rig = Rig::new(Script::default());
        rig.fault("refundPayment", 1..=1, lie);
        let answered = rig.refund("key-1", 1).await.unwrap();
        assert_eq!((answered.status, rig.effects().len()), (status, 0));
        assert_eq!(rig.exchanges()[0].outcome, Outcome::Unknown, "the judge does not believe it");
        assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
    }
}

#[tokio::test]
async fn a_replay_is_contested_and_then_answered() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 2..=3, Misfortune::ConflictOnReplay);
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
    for _ in 0..2 {
        let answered = rig.refund("key-1", 1).await.unwrap();
        assert_eq!((answered.status, answered.problem()), (409, "concurrent-request"));
    }
    assert!(rig.refund("key-1", 1).await.unwrap().headers.contains_key("idempotency-replayed"));
    assert_eq!((rig.effects().len(), rig.injected().len()), (1, 2));

    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, LOSS);
    rig.fault("refundPayment", 2..=3, Misfortune::ConflictOnReplay);
    rig.refund("key-1", 1).await.unwrap_err();
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201, "what was never carried out is no replay");
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 409);
}

#[tokio::test]
async fn expired_credentials_are_refused_until_they_are_renewed() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=2, Misfortune::CredentialsExpired);
    for _ in 0..2 {
        let answered = rig.refund("key-1", 1).await.unwrap();
        assert_eq!((answered.status, answered.problem()), (401, "credentials-expired"));
        assert_eq!(answered.body["retryable"], true);
        let operation = psp::REFUND_PAYMENT;
        assert_eq!(counterproof_contracts::shape::response_errors(operation, 401, &answered.body), []);
    }
    assert_eq!(rig.exchanges()[0].outcome, Outcome::Fail);
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
}

#[tokio::test(start_paused = true)]
async fn a_stale_reading_shows_the_order_as_it_was() {
    let rig = Rig::new(Script::default());
    rig.fault("readRefund", 1..=1, Misfortune::StaleRead { behind_ms: None });
    rig.refund("key-1", 1).await.unwrap();
    assert_eq!(rig.read().await.status, 404, "as it was before the refund");
    assert_eq!(rig.read().await.status, 200);
    assert_eq!(rig.injected().len(), 1);

    let rig = Rig::new(Script::default());
    rig.fault("readRefund", 1..=1, Misfortune::StaleRead { behind_ms: None });
    rig.refund("key-1", 1).await.unwrap();
    rig.refund("key-2", 2).await.unwrap();
    assert_eq!(rig.read().await.status, 200, "only the last change is missing");
    assert_eq!(rig.injected().len(), 1);

    let rig = Rig::new(Script::default());
    let stale = rig.fault("readRefund", 1..=9, Misfortune::StaleRead { behind_ms: Some(5_000) });
    rig.refund("key-1", 1).await.unwrap();
    rig.kernel.clock().sleep(3 * SECOND).await;
    assert_eq!(rig.read().await.status, 404);
    rig.kernel.clock().sleep(3 * SECOND).await;
    assert_eq!(rig.read().await.status, 200, "nothing has changed for five seconds");
    assert_eq!(rig.kernel.faults().fired(stale), 1);
}

#[tokio::test]
async fn only_a_reading_is_stale() {
    let rig = Rig::new(Script::default());
    rig.lay(&Fault::new("stale", Link::to(System::Psp), Misfortune::StaleRead { behind_ms: None }));
    rig.refund("key-1", 1).await.unwrap();
    rig.refund("key-2", 2).await.unwrap();
    assert_eq!((rig.effects().len(), rig.injected().len()), (2, 0));
}

/// The double booking of a look-up that does not show yet what was booked.
#[tokio::test]
async fn an_erp_does_not_find_the_sales_order_that_it_has_just_booked() {
    let rig = Rig::new(Script::default());
    let erp = Simulator::new(rig.kernel.clone(), crate::erp::Erp::default());
    let stale = Misfortune::StaleRead { behind_ms: None };
    rig.lay(&Fault::new("stale", Link::to(System::Erp), stale).on("findSalesOrders"));
    let order = include_bytes!("../../../../contracts/examples/v1/sales-order.request.json");
    let fields: Value = serde_json::from_slice(order).unwrap();
    assert_eq!(fields["order_number"], ORDER);
    let channel_order = fields["channel_order_id"].as_str().unwrap();
    let find = format!("/v1/sales-orders?sales_channel=web&channel_order_id={channel_order}");
    let ask = async |method: &str, path: &str, body: &[u8]| {
        let key = (method == "POST").then_some("key-1");
        let answer = erp.service().oneshot(request(method, path, key, body)).await.unwrap();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    assert_eq!(ask("POST", "/v1/sales-orders", order).await["order_number"], ORDER);
    let found = async || ask("GET", &find, b"").await["items"].as_array().unwrap().len();
    assert_eq!((found().await, found().await), (0, 1));
    assert_eq!(rig.injected().len(), 1);
}

#[tokio::test]
async fn an_answer_of_another_version_differs_in_one_place() {
    let drift = |change, at: Option<&str>| Misfortune::Drift { change, at: at.map(str::to_owned) };
    for (misfortune, pointer, expected) in [
        (drift(DriftChange::NewCode, None), "/status", json!("of_a_later_version")),
        (drift(DriftChange::ExtraField, None), "/of_a_later_version/since", json!(2)),
        (drift(DriftChange::NumberAsText, None), "/amount/amount", json!("100")),
        (drift(DriftChange::NumberAsText, Some("/amount/amount")), "/amount/amount", json!("100")),
        (drift(DriftChange::MissingField, Some("/tender_id")), "/tender_id", Value::Null),
    ] {
        let rig = Rig::new(Script::default());
        let id = rig.fault("refundPayment", 1..=1, misfortune.clone());
        let drifted = rig.refund("key-1", 1).await.unwrap();
        let found = drifted.body.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{misfortune:?}");
        assert_eq!(rig.exchanges()[0].response, drifted.body, "the journal shows what was answered");
        let proper = rig.refund("key-1", 1).await.unwrap().body;
        assert_ne!(proper.pointer(pointer), Some(&expected));
        assert_eq!(rig.kernel.faults().fired(id), 1);
    }
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, drift(DriftChange::MissingField, None));
    rig.refund("key-1", 1).await.unwrap();
    assert_eq!(rig.kernel.never_happened(SCENARIO), ["drift"], "a refund has no optional field to leave out");
}

#[tokio::test(start_paused = true)]
async fn a_system_is_up_and_down_by_turns() {
    let rig = Rig::new(Script::default());
    let window = Window { after_ms: 1_000, for_ms: Some(1_000), every_ms: Some(2_000), ..Window::default() };
    let fault = Fault::new("flapping", Link::to(System::Psp), Misfortune::unavailable());
    rig.lay(&fault.attempts(Attempts::ALL).within(window));
    let mut seen = Vec::new();
    for _ in 0..5 {
        rig.kernel.clock().sleep(Duration::from_millis(10)).await;
        seen.push(rig.refund("key-1", 1).await.unwrap().status);
        rig.kernel.clock().sleep(Duration::from_millis(990)).await;
    }
    assert_eq!(seen, [201, 503, 201, 503, 201]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_waits_for_a_caller_begins_with_the_first_call_that_it_concerns() {
    let rig = Rig::new(Script::default());
    let window = Window { on_contact: true, for_ms: Some(1_000), ..Window::default() };
    let fault = Fault::new("outage", Link::to(System::Psp), Misfortune::unavailable());
    rig.lay(&fault.attempts(Attempts { from: 2, to: None }).within(window));
    let mut seen = Vec::new();
    for _ in 0..4 {
        rig.kernel.clock().sleep(Duration::from_millis(700)).await;
        seen.push(rig.refund("key-1", 1).await.unwrap().status);
    }
    assert_eq!(seen, [201, 503, 503, 201]);
}

#[tokio::test(start_paused = true)]
async fn a_brown_out_hits_the_same_share_of_attempts_in_whatever_order_they_come() {
    let statuses = |numbers: Vec<u32>| async move {
        let rig = Rig::new(Script::default());
        let fault = Fault::new("brown-out", Link::to(System::Psp), Misfortune::unavailable());
        rig.lay(&Fault { percent: Some(40), ..fault });
        let mut statuses = std::collections::BTreeMap::new();
        for number in numbers {
            let status = rig.refund(&format!("key-{number}"), number).await.unwrap().status;
            statuses.insert(number, status);
        }
        statuses
    };
    let forward = statuses((1..50).collect()).await;
    assert_eq!(forward, statuses((1..50).rev().collect()).await);
    let down = forward.values().filter(|status| **status == 503).count();
    assert!((10..30).contains(&down), "{down} of 49");
}
