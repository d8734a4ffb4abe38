//! Messages that wait for each other, and links that clog.

use super::*;

const SUCCEEDED: &str = "retail.refund.succeeded.v1";
const SECOND: Duration = Duration::from_secs(1);

fn barrier(link: Link, operation: &str) -> Fault {
    let misfortune = Misfortune::Barrier { barrier: "at once".to_owned(), within_ms: 60_000 };
    Fault::new(format!("{link} waits"), link, misfortune).on(operation)
}

#[tokio::test(start_paused = true)]
async fn messages_meet_at_a_barrier_and_go_on_at_the_same_instant() {
    let rig = Rig::new(Script::default());
    rig.lay(&barrier(Link::to(System::Psp), "refundPayment"));
    rig.lay(&barrier(Link::from(System::Psp), SUCCEEDED));
    let later = async {
        rig.kernel.clock().sleep(7 * SECOND).await;
        assert_eq!(rig.effects(), [], "the call waits");
        rig.succeed([9]);
    };
    let (answered, ()) = tokio::join!(rig.refund("key-1", 1), later);
    assert_eq!(answered.unwrap().status, 201);
    rig.settle().await;
    assert_eq!((rig.kernel.clock().elapsed(), rig.injected().len()), (7 * SECOND, 2));
    assert_eq!(rig.script.told("subject"), ["refund-9"]);
    rig.succeed([10]);
    rig.settle().await;
    assert_eq!(rig.kernel.clock().elapsed(), 7 * SECOND, "an open barrier lets everybody pass");
}

#[tokio::test(start_paused = true)]
async fn the_order_at_a_barrier_follows_from_the_seed() {
    let first = |seed: u64| async move {
        let rig = Rig::new(Script::default());
        let number_of = |_| ORDER.into();
        let setting =
            Setting { scenario: SCENARIO, tag: SCENARIO, began: Duration::ZERO, seed, number_of: &number_of };
        let calls = ["refundPayment", "authorizePayment"];
        for operation in calls {
            rig.kernel.inject(&barrier(Link::to(System::Psp), operation), &setting);
        }
        let body = json!({
            "order_number": ORDER, "tender_id": "t1", "payment_token": "tok_1",
            "amount": { "amount": 100, "currency": "EUR" }
        });
        let authorize =
            rig.send(request("POST", psp::AUTHORIZE_PAYMENT.path, Some("k"), body.to_string().as_bytes()));
        let (refund, authorization) = tokio::join!(rig.refund("key-1", 1), authorize);
        assert_eq!((refund.unwrap().status, authorization.unwrap().status), (201, 402));
        rig.exchanges()[0].operation.clone()
    };
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..16 {
        let one = first(seed).await;
        assert_eq!(first(seed).await, one);
        seen.insert(one);
    }
    assert_eq!(seen.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_messages_of_a_kind_meet_at_a_barrier_with_two_faults() {
    let rig = Rig::new(Script::default());
    for _ in 0..2 {
        rig.lay(&barrier(Link::to(System::Psp), "refundPayment"));
    }
    let second = async {
        rig.kernel.clock().sleep(SECOND).await;
        rig.refund("key-2", 2).await
    };
    let (one, other) = tokio::join!(rig.refund("key-1", 1), second);
    assert_eq!((one.unwrap().status, other.unwrap().status), (201, 201));
    assert_eq!((rig.kernel.clock().elapsed(), rig.injected().len()), (SECOND, 2));
}

#[tokio::test(start_paused = true)]
async fn a_barrier_where_the_other_never_comes_gives_up_and_never_happened() {
    let rig = Rig::new(Script::default());
    rig.lay(&barrier(Link::to(System::Psp), "refundPayment"));
    rig.lay(&barrier(Link::from(System::Psp), SUCCEEDED));
    assert_eq!(rig.refund("key-1", 1).await.unwrap().status, 201);
    assert_eq!(rig.kernel.clock().elapsed(), 60 * SECOND);
    assert_eq!(rig.kernel.never_happened(SCENARIO).len(), 2);
    assert_eq!(rig.injected(), []);
}

#[tokio::test(start_paused = true)]
async fn an_event_lets_the_next_message_of_its_order_overtake_it() {
    let rig = Rig::new(Script::default());
    let overtaken = Fault::new("first", Link::from(System::Psp), Misfortune::Overtaken { within_ms: 60_000 });
    rig.lay(
        &overtaken
            .on(SUCCEEDED)
            .within(counterproof_contracts::faults::Window { for_ms: Some(1), ..Default::default() }),
    );
    rig.succeed([1]);
    rig.kernel.clock().sleep(SECOND).await;
    rig.desk.act(&"W-2".into(), "bank".into(), |_, scene| Desk::succeed(9, "W-2", scene));
    rig.kernel.clock().sleep(SECOND).await;
    rig.succeed([2]);
    rig.settle().await;
    assert_eq!(rig.script.told("subject"), ["refund-9", "refund-2", "refund-1"]);
    assert_eq!(rig.kernel.clock().elapsed(), 2 * SECOND);

    let alone = Rig::new(Script::default());
    alone.fault(SUCCEEDED, 1..=1, Misfortune::Overtaken { within_ms: 60_000 });
    alone.succeed([1]);
    alone.settle().await;
    assert_eq!(alone.kernel.clock().elapsed(), 60 * SECOND);
    assert_eq!(alone.kernel.never_happened(SCENARIO), ["overtaken"]);
}

#[tokio::test(start_paused = true)]
async fn clogged_links_let_everything_through_in_the_end() {
    let rig = Rig::new(Script::default());
    let links = [Link::to(System::Psp), Link::from(System::Psp)];
    let clogs = swizzle_clog(3, &links, Duration::ZERO, 10 * SECOND);
    let rules: Vec<RuleId> = clogs.iter().map(|fault| rig.lay(fault)).collect();
    let later = async {
        rig.kernel.clock().sleep(11 * SECOND).await;
        rig.succeed([9]);
    };
    let (answered, ()) = tokio::join!(rig.refund("key-1", 1), later);
    assert_eq!(answered.unwrap().status, 201);
    rig.settle().await;
    assert_eq!(rig.script.told("subject"), ["refund-9"]);
    assert!(rules.iter().all(|rule| rig.kernel.faults().fired(*rule) == 1));
    assert_eq!(rig.kernel.clock().elapsed(), 30 * SECOND);
}
