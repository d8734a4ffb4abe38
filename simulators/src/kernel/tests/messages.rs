//! What faults do to deliveries: late, changed, wrongly signed, repeated, or never.

use counterproof_contracts::{
    faults::{DriftChange, Window},
    journal::Outcome,
    shape,
};

use super::*;

const SUCCEEDED: &str = "retail.refund.succeeded.v1";
const SECOND: Duration = Duration::from_secs(1);

fn refusal() -> Value {
    serde_json::to_value(Problem::new(ProblemKind::InvalidSignature, "wrong")).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_delayed_event_is_passed_by_later_ones() {
    let rig = Rig::new(Script::default());
    let delay = Fault::new("late", Link::from(System::Psp), Misfortune::Delay { ms: 3_600_000 });
    rig.lay(&delay.within(Window { for_ms: Some(500), ..Window::default() }));
    rig.succeed([1]);
    rig.kernel.clock().sleep(SECOND).await;
    rig.succeed([2]);
    rig.settle().await;
    assert_eq!(rig.script.told("subject"), ["refund-2", "refund-1"]);
    assert_eq!(rig.kernel.clock().elapsed(), 3_600 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_delay_ends_when_it_is_lifted() {
    let rig = Rig::new(Script::default());
    rig.fault(SUCCEEDED, 1..=1, Misfortune::Delay { ms: 3_600_000 });
    rig.succeed([1]);
    rig.kernel.clock().sleep(SECOND).await;
    rig.kernel.lift(SCENARIO);
    rig.settle().await;
    assert_eq!((rig.script.told("subject").len(), rig.kernel.clock().elapsed()), (1, SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_hold_ends_with_its_window() {
    let rig = Rig::new(Script::default());
    let hold = Fault::new("clog", Link::from(System::Psp), Misfortune::Hold { reverse: true });
    rig.lay(&hold.within(Window { for_ms: Some(60_000), ..Window::default() }));
    rig.succeed([1, 2]);
    rig.settle().await;
    assert_eq!(rig.script.told("subject"), ["refund-2", "refund-1"]);
    assert_eq!(rig.kernel.clock().elapsed(), 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_for_one_fault_only() {
    let rig = Rig::new(Script::default());
    let hold = Fault::new("clog", Link::from(System::Psp), Misfortune::Hold { reverse: false });
    rig.lay(&hold.within(Window { for_ms: Some(60_000), ..Window::default() }));
    let late = rig.fault(SUCCEEDED, 1..=1, Misfortune::Delay { ms: 3_600_000 });
    rig.succeed([1]);
    rig.settle().await;
    assert_eq!((rig.kernel.clock().elapsed(), rig.kernel.faults().fired(late)), (60 * SECOND, 0));
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_comes_hours_later() {
    for new_id in [false, true] {
        let rig = Rig::new(Script::default());
        rig.fault(SUCCEEDED, 1..=1, Misfortune::Duplicate { times: 1, new_id, after_ms: 7_200_000 });
        rig.succeed([1, 2]);
        rig.kernel.clock().sleep(3_600 * SECOND).await;
        assert_eq!(rig.script.told("subject"), ["refund-1", "refund-2"]);
        rig.settle().await;
        assert_eq!(rig.script.told("subject"), ["refund-1", "refund-2", "refund-1", "refund-2"]);
        let ids = rig.script.told("id");
        assert_eq!(ids[0] != ids[2], new_id);
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_key_is_refused_and_then_the_event_is_signed_properly() {
    let rig = Rig::new(Script::default().then(Ok((401, &[], refusal()))));
    rig.fault(SUCCEEDED, 1..=1, Misfortune::OldSignature { with_new: false });
    rig.succeed([1]);
    rig.settle().await;
    assert_eq!(verified(&rig), [false, true]);
    let outcomes: Vec<_> = rig.exchanges().iter().map(|exchange| exchange.outcome).collect();
    assert_eq!(outcomes, [Outcome::Fail, Outcome::Ok]);
}

#[tokio::test(start_paused = true)]
async fn during_a_rotation_both_keys_sign() {
    let rig = Rig::new(Script::default());
    rig.fault(SUCCEEDED, 1..=1, Misfortune::OldSignature { with_new: true });
    rig.succeed([1]);
    rig.settle().await;
    assert_eq!(verified(&rig), [true]);
    let signatures = rig.script.seen.lock().unwrap()[0].0["webhook-signature"].clone();
    assert_eq!(signatures.to_str().unwrap().split(' ').count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stale_timestamp_is_refused_and_then_the_event_is_dated_properly() {
    let rig = Rig::new(Script::default().then(Ok((401, &[], refusal()))));
    rig.fault(SUCCEEDED, 1..=1, Misfortune::StaleTimestamp { by_s: 600 });
    rig.succeed([1]);
    rig.settle().await;
    assert_eq!(verified(&rig), [false, true]);
}

/// Whether each delivery carries a signature that holds.
fn verified(rig: &Rig) -> Vec<bool> {
    let secret = Secret::parse(SECRET).unwrap();
    let now = rig.kernel.clock().now().as_second();
    let seen = rig.script.seen.lock().unwrap();
    let verify = |(headers, body, _): &(HeaderMap, Value, String)| {
        let header = |name: &str| headers[name].to_str().unwrap();
        let bytes = serde_json::to_vec(body).unwrap();
        let (timestamp, signature) = (header("webhook-timestamp"), header("webhook-signature"));
        secret.verify(header("webhook-id"), timestamp, signature, &bytes, now).is_ok()
    };
    seen.iter().map(verify).collect()
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_dates_events_and_signatures() {
    let rig = Rig::new(Script::default());
    let skew = rig.fault(SUCCEEDED, 1..=1, Misfortune::ClockSkew { seconds: -120 });
    let slow = Fault::new("slow", Link::from(System::Psp), Misfortune::ClockSkew { seconds: -120 });
    rig.lay(&slow);
    rig.succeed([1]);
    rig.settle().await;
    let (headers, body, _) = rig.script.seen.lock().unwrap()[0].clone();
    assert_eq!(body["time"], "2026-11-27T07:58:00Z");
    let signed: i64 = headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
    assert_eq!(rig.kernel.clock().now().as_second() - signed, 120);
    assert_eq!(rig.kernel.faults().fired(skew), 1);
    let injected = rig.injected();
    assert_eq!((injected[0].operation.as_deref(), injected[0].key.as_deref()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_version_is_told_properly_once_it_was_refused() {
    let problem = serde_json::to_value(Problem::new(ProblemKind::InvalidDocument, "no")).unwrap();
    let rig = Rig::new(Script::default().then(Ok((422, &[], problem))));
    rig.fault(SUCCEEDED, 1..=1, Misfortune::Drift { change: DriftChange::NumberAsText, at: None });
    rig.succeed([1]);
    rig.settle().await;
    let exchanges = rig.exchanges();
    assert_eq!(exchanges[0].request["data"]["amount"]["amount"], "100");
    assert_eq!(exchanges[1].request["data"]["amount"]["amount"], 100);

    let rig = Rig::new(Script::default());
    rig.fault(SUCCEEDED, 1..=1, Misfortune::Drift { change: DriftChange::NewCode, at: None });
    rig.succeed([1]);
    rig.settle().await;
    let told = rig.exchanges()[0].request.clone();
    assert!(matches!(shape::event_shape(&told), shape::EventShape::UnknownCode(_)), "{told}");
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_off_never_arrives_and_is_no_open_work() {
    let rig = Rig::new(Script::default());
    let cut = Fault::new("cut off", Link::from(System::Psp), Misfortune::CutOff);
    rig.lay(&Fault { permanent: true, ..cut });
    rig.succeed([1]);
    rig.settle().await;
    rig.kernel.lift(SCENARIO);
    rig.succeed([2]);
    rig.settle().await;
    assert_eq!(rig.script.told("id"), [""; 0]);
    let keys: Vec<_> = rig.injected().into_iter().filter_map(|fault| fault.key).collect();
    assert_eq!(keys, ["evt-psp-W-1001-1", "evt-psp-W-1001-2"], "the journal says what was cut off");
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201, "requests pass");
}

#[tokio::test(start_paused = true)]
async fn chaos_does_the_same_again_and_lets_everything_arrive() {
    let run = || async {
        let rig = Rig::new(Script::default());
        for fault in counterproof_contracts::faults::Plan::chaos(3).faults {
            rig.lay(&fault);
        }
        rig.succeed(1..9);
        rig.settle().await;
        let subjects: std::collections::BTreeSet<_> = rig.script.told("subject").into_iter().collect();
        assert_eq!(subjects.len(), 8, "everything arrives");
        assert_eq!(rig.kernel.never_happened(SCENARIO), [""; 0], "chaos promises nothing in particular");
        assert!(!rig.injected().is_empty());
        serde_json::to_string(&rig.records()).unwrap()
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test(start_paused = true)]
async fn a_journal_tells_the_plan_and_the_plan_does_the_same_again() {
    use counterproof_contracts::faults::Plan;
    let run = |plan: Plan| async move {
        let rig = Rig::new(Script::default());
        for fault in &plan.faults {
            rig.lay(fault);
        }
        rig.succeed(1..20);
        rig.settle().await;
        (rig.script.told("id"), rig.injected())
    };
    let (told, injected) = run(Plan::chaos(2)).await;
    let plan = Plan::of_journal("again", &injected);
    assert!(plan.faults.len() > 3, "{plan:?}");
    assert_eq!(Plan::parse(&serde_json::to_string(&plan).unwrap()), Ok(plan.clone()));
    assert_eq!(run(plan).await.0, told);
}
