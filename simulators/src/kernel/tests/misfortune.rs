//! Faults on calls to a system.

use counterproof_contracts::{faults::ErrorBody, journal::Outcome};

use super::*;

#[tokio::test]
async fn an_outage_answers_503_has_no_effect_and_ends() {
    let rig = Rig::new(Script::default());
    let rule = rig.fault(
        "refundPayment",
        1..=2,
        Misfortune::ErrorAnswer {
            status: 503,
            retry_after_s: Some(7),
            body: ErrorBody::Problem,
            after_effect: false,
        },
    );
    for _ in 0..2 {
        let answered = rig.refund("key-1", 1).await.unwrap();
        assert_eq!((answered.status, answered.problem()), (503, "unavailable"));
        assert_eq!(answered.headers["retry-after"], "7");
    }
    assert_eq!(rig.effects(), []);
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
    assert_eq!((rig.effects().len(), rig.kernel.faults().fired(rule)), (1, 2));
    let injected = rig.injected();
    assert_eq!(injected.len(), 2);
    assert_eq!((injected[0].fault.as_str(), injected[0].system), ("error_answer", System::Psp));
    assert_eq!(rig.exchanges()[0].outcome, Outcome::Unknown);
    assert!(rig.exchanges()[0].note.as_deref().unwrap().contains("error_answer"));
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_and_the_repetition_gets_the_answer() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::LoseAnswer { ending: Ending::Reset });
    let lost = rig.refund("key-1", 1).await.unwrap_err();
    assert!(lost.to_string().contains("lose_answer"), "{lost}");
    assert_eq!(rig.effects().len(), 1);
    let exchange = &rig.exchanges()[0];
    assert_eq!((exchange.status, exchange.outcome), (None, Outcome::Unknown));
    let answered = rig.refund("key-1", 1).await.unwrap();
    assert_eq!((answered.status, &answered.headers["idempotency-replayed"] == "true"), (201, true));
    assert_eq!(rig.effects().len(), 1, "no second effect");
}

#[tokio::test]
async fn a_lost_request_has_no_effect() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::LoseRequest { ending: Ending::Reset });
    rig.refund("key-1", 1).await.unwrap_err();
    assert_eq!(rig.effects(), []);
    let answered = rig.refund("key-1", 1).await.unwrap();
    assert!(!answered.headers.contains_key("idempotency-replayed"));
    assert_eq!(rig.effects().len(), 1);
}

#[tokio::test]
async fn another_order_is_not_hit_and_a_fault_that_never_happened_shows() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=9, Misfortune::LoseRequest { ending: Ending::Reset });
    let mut body = refund_body(1);
    body["order_number"] = json!("W-2");
    assert_eq!(rig.send(refund_request(Some("k"), &body)).await.unwrap().status, 201);
    assert_eq!(rig.kernel.faults().report()[0].fired, 0);
    assert_eq!(rig.kernel.never_happened(SCENARIO), ["lose_request"]);
    rig.refund("key-1", 1).await.unwrap_err();
    rig.kernel.lift(SCENARIO);
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
    let report = rig.kernel.faults().report();
    assert_eq!((report[0].fired, report[0].over), (1, true));
    assert_eq!(rig.kernel.never_happened(SCENARIO), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_held_call_has_its_effect_after_its_caller_has_gone() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::Hold { reverse: false });
    let given_up =
        rig.kernel.clock().timeout(std::time::Duration::from_secs(5), rig.refund("key-1", 1)).await;
    assert!(given_up.is_none());
    assert_eq!(rig.effects(), []);
    assert_eq!(rig.kernel.open_work(Some(SCENARIO)).len(), 1);
    rig.kernel.release(SCENARIO);
    rig.settle().await;
    assert_eq!(rig.effects().len(), 1);
    let note = rig.exchanges()[0].note.clone().unwrap();
    assert!(note.contains("the caller had gone"), "{note}");
    assert!(rig.refund("key-1", 1).await.unwrap().headers.contains_key("idempotency-replayed"));
}
