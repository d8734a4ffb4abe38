//! Systems that are restored to how they were.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn restored(ms: u64) -> Misfortune {
    Misfortune::Restored { ms }
}

/// A desk that paid refund 1 ten seconds ago, refund 2 five seconds ago, and refund 3 now.
async fn desk(rule: Option<Misfortune>) -> Rig {
    let rig = Rig::new(Script::default());
    rig.kernel.allow_restorations();
    match rule {
        Some(rule) => drop(rig.fault("readRefund", 1..=9, rule)),
        None => rig.kernel.keep_states(System::Psp),
    }
    for (number, wait) in [(1, 5), (2, 5), (3, 0)] {
        let key = format!("key-{number}");
        assert_eq!(rig.refund(&key, number).await.unwrap().status, 201);
        rig.kernel.clock().sleep(wait * SECOND).await;
    }
    rig
}

/// The references of effects that are lost.
fn lost(rig: &Rig) -> Vec<String> {
    let of = |record: Record| match record.entry {
        Entry::EffectLost(committed) => Some(reference(&committed)),
        _ => None,
    };
    rig.records().into_iter().filter_map(of).collect()
}

fn reference(committed: &Committed) -> String {
    let Effect::RefundAccepted { refund, .. } = &committed.effect else { panic!("{committed:?}") };
    refund.provider_reference.clone()
}

#[tokio::test(start_paused = true)]
async fn a_call_meets_the_system_as_it_was_and_the_journal_tells_what_is_lost() {
    let rig = desk(Some(restored(5_000))).await;
    assert_eq!(rig.read().await.status, 200, "refund 1 is old enough");
    assert_eq!(rig.desk.look(|desk| desk.refunds.len()), 1);
    assert_eq!(lost(&rig), ["pay-W-1001-2", "pay-W-1001-3"]);
    let [happened] = &rig.injected()[..] else { panic!("once") };
    assert_eq!((happened.misfortune.clone(), happened.attempt), (Some(restored(5_000)), Some(1)));
    assert_eq!(rig.read().await.status, 200);
    assert_eq!(rig.injected().len(), 1, "a rule restores once");
}

#[tokio::test(start_paused = true)]
async fn the_same_call_is_carried_out_again_and_is_nothing_new() {
    let rig = desk(Some(restored(5_000))).await;
    rig.read().await;
    for (key, number, replayed) in [("key-1", 1, true), ("key-2", 2, false), ("key-3", 3, false)] {
        let answered = rig.refund(key, number).await.unwrap();
        assert_eq!(answered.headers.contains_key("idempotency-replayed"), replayed, "{key}");
    }
    let committed = rig.effects();
    let again: Vec<(String, bool)> = committed.iter().map(|one| (reference(one), one.again)).collect();
    let pay = |number, again| (format!("pay-W-1001-{number}"), again);
    assert_eq!(again, [pay(1, false), pay(2, false), pay(3, false), pay(2, true), pay(3, true)]);
    assert!(rig.refund("key-3", 3).await.unwrap().headers.contains_key("idempotency-replayed"));
}

#[tokio::test(start_paused = true)]
async fn another_call_is_something_new_even_under_a_key_that_was_lost() {
    let rig = desk(Some(restored(5_000))).await;
    rig.read().await;
    assert_eq!(rig.refund("key-2", 7).await.unwrap().status, 201);
    assert_eq!(rig.refund("key-9", 3).await.unwrap().status, 201);
    assert!(rig.effects().iter().all(|committed| !committed.again));
}

#[tokio::test(start_paused = true)]
async fn where_others_have_their_books_too_nothing_is_restored() {
    let rig = Rig::new(Script::default());
    let rule = rig.fault("readRefund", 1..=9, restored(5_000));
    rig.kernel.keep_states(System::Psp);
    rig.refund("key-1", 1).await.unwrap();
    assert_eq!(rig.read().await.status, 200);
    assert_eq!((rig.desk.restore(SCENARIO, "now", 5_000), lost(&rig).len()), (0, 0));
    assert!(rig.kernel.faults().is_unmet(rule));
    assert_eq!(rig.kernel.never_happened(SCENARIO), ["restored"]);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_did_by_himself_is_not_undone_nor_what_was_before_that() {
    let rig = desk(None).await;
    rig.succeed([1]);
    assert_eq!(rig.desk.restore(SCENARIO, "now", 60_000), 0);
    rig.refund("key-4", 4).await.unwrap();
    assert_eq!((rig.desk.restore(SCENARIO, "now", 60_000), lost(&rig)), (1, vec!["pay-W-1001-4".to_owned()]));
    assert_eq!(rig.desk.look(|desk| desk.refunds.len()), 3);
}

#[tokio::test(start_paused = true)]
async fn a_restoration_that_would_lose_nothing_has_not_happened() {
    let rig = desk(None).await;
    rig.kernel.clock().sleep(SECOND).await;
    assert_eq!((rig.desk.restore(SCENARIO, "now", 999), rig.injected().len()), (0, 0));
    assert_eq!(rig.desk.restore(SCENARIO, "now", 6_000), 2);
    assert_eq!(rig.desk.restore(SCENARIO, "now", 6_000), 0, "it is gone already");
    assert_eq!(rig.desk.restore(SCENARIO, "now", 11_000), 1);
    assert_eq!(rig.injected().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_back_can_be_lost_once_more() {
    let rig = desk(None).await;
    for _ in 0..2 {
        assert_eq!(rig.desk.restore(SCENARIO, "now", 1), 1);
        rig.refund("key-3", 3).await.unwrap();
    }
    assert_eq!(lost(&rig), ["pay-W-1001-3", "pay-W-1001-3"]);
    assert_eq!(rig.effects().iter().filter(|committed| committed.again).count(), 2);
}
