//! Crashes of the implementation, at each point, once.

use std::sync::atomic::{AtomicU32, Ordering};

use counterproof_contracts::{faults::CrashPoint, journal::Outcome};

use super::*;

const SUCCEEDED: &str = "retail.refund.succeeded.v1";

/// A rig whose implementation takes a second to start again, and how often it did.
fn crashing(script: Script) -> (Rig, Arc<AtomicU32>) {
    let rig = Rig::new(script);
    let crashes = Arc::new(AtomicU32::new(0));
    let (count, clock) = (Arc::clone(&crashes), *rig.kernel.clock());
    rig.kernel.set_crash(Arc::new(move || {
        let count = Arc::clone(&count);
        Box::pin(async move {
            clock.sleep(Duration::from_secs(1)).await;
            count.fetch_add(1, Ordering::Relaxed);
        })
    }));
    (rig, crashes)
}

#[tokio::test(start_paused = true)]
async fn a_call_finds_its_caller_dead_before_or_after_the_effect() {
    for (point, effects) in [(CrashPoint::BeforeEffect, 0), (CrashPoint::AfterEffect, 1)] {
        let (rig, crashes) = crashing(Script::default());
        rig.fault("refundPayment", 1..=9, Misfortune::Crash { point });
        rig.refund("key-1", 1).await.unwrap_err();
        assert_eq!((crashes.load(Ordering::Relaxed), rig.effects().len()), (1, effects));
        assert_eq!((rig.exchanges()[0].status, rig.exchanges()[0].outcome), (None, Outcome::Unknown));
        assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201, "it happens once");
        assert_eq!((crashes.load(Ordering::Relaxed), rig.injected().len()), (1, 1));
        assert_eq!(rig.kernel.never_happened(SCENARIO), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_implementation_is_started_again_even_if_its_call_is_cut_off_with_it() {
    let (rig, crashes) = crashing(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::Crash { point: CrashPoint::AfterEffect });
    assert!(rig.patient(Duration::from_millis(10)).await.is_none());
    assert_eq!(rig.kernel.open_work(Some(SCENARIO)).len(), 1);
    rig.settle().await;
    assert_eq!((crashes.load(Ordering::Relaxed), rig.effects().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn two_calls_that_are_to_meet_one_crash_meet_one() {
    let (rig, crashes) = crashing(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::Delay { ms: 1_000 });
    rig.fault("refundPayment", 1..=1, Misfortune::Crash { point: CrashPoint::AfterEffect });
    let (one, other) = tokio::join!(rig.refund("key-1", 1), rig.refund("key-2", 2));
    assert!(one.is_err() && other.is_err());
    assert_eq!((crashes.load(Ordering::Relaxed), rig.effects().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_was_answered_is_not_acknowledged_and_comes_again() {
    let refused = NetworkError::Refused("nobody".to_owned());
    let (rig, crashes) = crashing(Script::default().then(Err(refused)));
    rig.fault(SUCCEEDED, 1..=9, Misfortune::Crash { point: CrashPoint::BeforeAcknowledgment });
    rig.succeed([1]);
    rig.settle().await;
    let outcomes: Vec<_> = rig.exchanges().iter().map(|exchange| exchange.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Fail, Outcome::Unknown, Outcome::Ok],
        "without an answer there is none to lose"
    );
    assert_eq!(crashes.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn without_somebody_to_restart_it_no_crash_happens() {
    let rig = Rig::new(Script::default());
    rig.fault("refundPayment", 1..=1, Misfortune::Crash { point: CrashPoint::BeforeEffect });
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
    assert_eq!(rig.kernel.never_happened(SCENARIO), ["crash"]);
}
