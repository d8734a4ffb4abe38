//! Events on their way to the middleware, in virtual time.

use std::time::Duration;

use counterproof_contracts::{journal::Outcome, protocol::CloudEvent, shape};

use super::*;

const SUCCEEDED: &str = "retail.refund.succeeded.v1";

#[tokio::test(start_paused = true)]
async fn an_event_is_signed_traced_and_shaped_as_the_contract_says() {
    let rig = Rig::new(Script::default());
    rig.succeed([1]);
    rig.settle().await;
    let (headers, body, uri) = rig.script.seen.lock().unwrap()[0].clone();
    assert_eq!(uri, "http://middleware.internal/v1/events");
    assert_eq!(shape::event_errors(&body), []);
    let event: CloudEvent = serde_json::from_value(body.clone()).unwrap();
    assert_eq!((event.id.as_str(), event.sequence), ("evt-psp-W-1001-1", 1));
    assert_eq!((event.source_system(), event.subject.as_str()), (Some(System::Psp), "refund-1"));
    assert_eq!(event.correlationid, "bank".into());
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let now = rig.kernel.clock().now().as_second();
    let bytes = serde_json::to_vec(&body).unwrap();
    let secret = Secret::parse(SECRET).unwrap();
    let (timestamp, signature) = (header("webhook-timestamp"), header("webhook-signature"));
    assert_eq!(secret.verify(&header("webhook-id"), &timestamp, &signature, &bytes, now), Ok(()));
    assert_eq!(
        (header("correlation-id").as_str(), header("webhook-id").as_str()),
        ("bank", event.id.as_str())
    );
    assert_eq!((header("traceparent").len(), &header("traceparent")[..3]), (55, "00-"));
    let raised = rig.effects();
    assert!(raised.iter().all(|effect| effect.spontaneous && effect.order == Some(ORDER.into())));
    assert!(matches!(&raised[1].effect, Effect::EventRaised { event_id, .. } if *event_id == event.id));
}

#[tokio::test(start_paused = true)]
async fn is_repeated_with_growing_waits_until_it_is_accepted() {
    let reset = NetworkError::Reset("gone".to_owned());
    let refused = NetworkError::Refused("nobody".to_owned());
    let script = Script::default()
        .then(Err(refused))
        .then(Err(reset))
        .then(Ok((503, &[("retry-after", "60")], Value::Null)))
        .status(429)
        .then(Ok((500, &[], json!("<html>"))));
    let rig = Rig::new(script);
    rig.succeed([1]);
    rig.settle().await;
    let exchanges = rig.exchanges();
    assert_eq!(exchanges.iter().map(|exchange| exchange.attempt).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let outcomes: Vec<_> = exchanges.iter().map(|exchange| exchange.outcome).collect();
    let unknown = Outcome::Unknown;
    assert_eq!(outcomes, [Outcome::Fail, unknown, unknown, unknown, unknown, Outcome::Ok]);
    let waits: Vec<i64> = exchanges
        .windows(2)
        .map(|pair| pair[1].started_at.as_millisecond() - pair[0].started_at.as_millisecond())
        .collect();
    assert_eq!(waits, [200, 400, 60_000, 1_600, 3_200]);
    assert!(exchanges.iter().all(|exchange| exchange.key.as_deref() == Some("evt-psp-W-1001-1")));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_times_out_and_is_unknown() {
    let script = Script::default();
    let inner = script.network();
    let calls = Arc::new(Mutex::new(0));
    let network = Network::new(tower::service_fn(move |request| {
        let inner = inner.clone();
        *calls.lock().unwrap() += 1;
        let silent = *calls.lock().unwrap() == 1;
        async move { if silent { std::future::pending().await } else { inner.oneshot(request).await } }
    }));
    let rig = Rig::over(network, script);
    rig.succeed([1]);
    rig.settle().await;
    let exchanges = rig.exchanges();
    assert_eq!((exchanges[0].outcome, exchanges[0].status), (Outcome::Unknown, None));
    assert_eq!(exchanges[0].note.as_deref(), Some("no answer within 10000 ms"));
    assert_eq!(exchanges[1].outcome, Outcome::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_certain_refusal_is_final_and_a_message_is_given_up_in_the_end() {
    let problem = serde_json::to_value(Problem::new(ProblemKind::InvalidSignature, "wrong")).unwrap();
    let rig = Rig::new(Script::default().then(Ok((401, &[], problem))).status(404));
    rig.succeed([1, 2]);
    rig.settle().await;
    let exchanges = rig.exchanges();
    assert_eq!(exchanges.len(), 2);
    assert_eq!((exchanges[0].outcome, exchanges[1].outcome), (Outcome::Fail, Outcome::Unknown));
    let mut script = Script::default();
    for _ in 0..5_000 {
        script = script.status(503);
    }
    let rig = Rig::new(script);
    rig.succeed([1]);
    rig.settle().await;
    let last = rig.exchanges().pop().unwrap();
    assert!(last.note.unwrap().contains("given up"));
    assert!(rig.kernel.clock().elapsed() > Duration::from_hours(23));
    assert!(rig.kernel.clock().elapsed() < Duration::from_hours(25));
}

#[tokio::test(start_paused = true)]
async fn events_of_an_order_keep_their_order_while_other_orders_pass() {
    let rig = Rig::new(Script::default().status(503).status(202));
    rig.succeed([1, 2]);
    rig.desk.act(&"W-2".into(), "bank".into(), |_, scene| Desk::succeed(9, "W-2", scene));
    rig.settle().await;
    assert_eq!(rig.script.told("subject"), ["refund-1", "refund-9", "refund-1", "refund-2"]);
}

#[tokio::test(start_paused = true)]
async fn duplicates_come_after_acceptance_with_the_same_or_another_id() {
    let rig = Rig::new(Script::default());
    rig.fault(SUCCEEDED, 1..=1, Misfortune::Duplicate { times: 2, new_id: false, after_ms: 0 });
    rig.succeed([1]);
    rig.settle().await;
    assert_eq!(rig.script.told("id"), ["evt-psp-W-1001-1"; 3]);
    let attempts: Vec<u32> = rig.exchanges().iter().map(|exchange| exchange.attempt).collect();
    assert_eq!((attempts, rig.injected().len()), (vec![1, 2, 2], 1));
    let raised =
        rig.effects().into_iter().filter(|effect| matches!(effect.effect, Effect::EventRaised { .. }));
    assert_eq!(raised.count(), 1);

    let rig = Rig::new(Script::default());
    rig.fault(SUCCEEDED, 1..=1, Misfortune::Duplicate { times: 2, new_id: true, after_ms: 0 });
    rig.succeed([1, 2]);
    rig.settle().await;
    assert_eq!(
        rig.script.told("id"),
        [
            "evt-psp-W-1001-1",
            "evt-psp-W-1001-1-again-1",
            "evt-psp-W-1001-1-again-2",
            "evt-psp-W-1001-2",
            "evt-psp-W-1001-2-again-1",
            "evt-psp-W-1001-2-again-2"
        ]
    );
    assert_eq!(rig.script.told("subject")[2], "refund-1");
}

#[tokio::test(start_paused = true)]
async fn held_events_go_out_on_release_in_order_or_newest_first() {
    for (reverse, expected) in [(false, [1, 2, 3, 4]), (true, [3, 2, 1, 4])] {
        let rig = Rig::new(Script::default());
        rig.fault(SUCCEEDED, 1..=1, Misfortune::Hold { reverse });
        rig.succeed([1, 2, 3]);
        let mut changes = rig.kernel.work_changes();
        while rig
            .kernel
            .open_work(Some(SCENARIO))
            .iter()
            .filter(|text| text.contains("held by fault"))
            .count()
            < 3
        {
            changes.changed().await.unwrap();
        }
        assert_eq!(rig.script.told("id"), [""; 0]);
        rig.kernel.release(SCENARIO);
        rig.succeed([4]);
        rig.settle().await;
        assert_eq!(rig.script.told("subject"), expected.map(|number| format!("refund-{number}")));
        assert_eq!(rig.injected().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_an_event_makes_a_second_delivery() {
    let rig = Rig::new(Script::default());
    rig.fault(SUCCEEDED, 1..=1, Misfortune::LoseAnswer { ending: Ending::Reset });
    rig.fault(SUCCEEDED, 2..=2, Misfortune::LoseRequest { ending: Ending::Reset });
    rig.succeed([1]);
    rig.settle().await;
    assert_eq!(rig.script.told("id"), ["evt-psp-W-1001-1"; 2]);
    let outcomes: Vec<_> = rig.exchanges().iter().map(|exchange| exchange.outcome).collect();
    assert_eq!(outcomes, [Outcome::Unknown, Outcome::Unknown, Outcome::Ok]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_delivered_after_the_shutdown() {
    let rig = Rig::new(Script::default().status(503));
    rig.succeed([1]);
    tokio::task::yield_now().await;
    rig.kernel.shutdown().await;
    rig.succeed([2]);
    rig.kernel.clock().sleep(Duration::from_hours(1)).await;
    assert!(rig.script.told("subject").len() <= 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_run_gives_the_same_journal() {
    let mut journals = Vec::new();
    for _ in 0..2 {
        let rig = Rig::new(Script::default().status(503).status(429));
        rig.fault(SUCCEEDED, 1..=1, Misfortune::Duplicate { times: 1, new_id: true, after_ms: 0 });
        rig.succeed([1, 2]);
        rig.desk.act(&"W-2".into(), "bank".into(), |_, scene| Desk::succeed(9, "W-2", scene));
        rig.refund("key-1", 7).await.unwrap();
        rig.settle().await;
        journals.push(serde_json::to_string(&rig.records()).unwrap());
    }
    assert_eq!(journals[0], journals[1]);
}
