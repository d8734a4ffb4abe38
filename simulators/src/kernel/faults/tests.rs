//! Which messages a rule hits, and that what is drawn depends on the message alone.
#![expect(clippy::unwrap_used, reason = "a test")]

use counterproof_contracts::faults::{Attempts, Direction, Ending, Fault, Window};
use proptest::prelude::*;

use super::*;

fn rule(fault: Fault) -> Rule {
    Rule {
        fault,
        scenario: "s".to_owned(),
        order: Some("W-1".into()),
        key: None,
        began: Some(Duration::ZERO),
        seed: 7,
    }
}

fn lose(link: Link) -> Fault {
    Fault::new("lost", link, Misfortune::LoseRequest { ending: Ending::Reset })
}

fn place(link: Link, operation: &str, order: &str, attempt: u32) -> Place {
    Place {
        link,
        operation: operation.to_owned(),
        order: order.into(),
        scenario: Some("s".to_owned()),
        key: "k".to_owned(),
        attempt,
    }
}

#[test]
fn a_rule_hits_its_link_operation_order_attempts_and_window_only() {
    let faults = Faults::default();
    let erp = Link::to(System::Erp);
    let fault = lose(erp).on("postInvoice").attempts(Attempts { from: 2, to: Some(3) });
    let window = Window { after_ms: 10, for_ms: Some(10), ..Window::default() };
    let id = faults.add(rule(fault.within(window)));
    let look = |place: &Place, at| {
        let strike = faults.look(place, Moment::Arrival, Duration::from_millis(at));
        strike.is_some_and(|strike| faults.count(&strike))
    };
    assert!(look(&place(erp, "postInvoice", "W-1", 2), 10));
    assert!(look(&place(erp, "postInvoice", "W-1", 3), 19));
    for (link, operation, order, attempt, at) in [
        (erp, "postInvoice", "W-1", 1, 10),
        (erp, "postInvoice", "W-1", 4, 10),
        (Link::from(System::Erp), "postInvoice", "W-1", 2, 10),
        (Link::to(System::Wms), "postInvoice", "W-1", 2, 10),
        (erp, "postCreditMemo", "W-1", 2, 10),
        (erp, "postInvoice", "W-2", 2, 10),
        (erp, "postInvoice", "W-1", 2, 9),
        (erp, "postInvoice", "W-1", 2, 20),
    ] {
        assert!(
            !look(&place(link, operation, order, attempt), at),
            "{link} {operation} {order} {attempt} {at}"
        );
    }
    assert_eq!(faults.fired(id), 2);
    faults.end("s", |_| true);
    assert!(!look(&place(erp, "postInvoice", "W-1", 2), 10));
}

#[test]
fn a_rule_without_order_hits_every_order_of_its_scenario() {
    let faults = Faults::default();
    let erp = Link::to(System::Erp);
    faults.add(Rule { order: None, ..rule(lose(erp)) });
    let look = |place: &Place| faults.look(place, Moment::Arrival, Duration::ZERO).is_some();
    assert!(look(&place(erp, "postInvoice", "W-1", 1)) && look(&place(erp, "postInvoice", "W-2", 1)));
    assert!(!look(&Place { scenario: Some("other".to_owned()), ..place(erp, "postInvoice", "W-1", 1) }));
    assert!(!look(&Place { scenario: None, ..place(erp, "postInvoice", "W-1", 1) }));
}

#[test]
fn what_is_permanent_is_not_lifted() {
    let faults = Faults::default();
    let link = Link::from(System::Psp);
    let cut = faults.add(rule(Fault { permanent: true, ..Fault::new("cut", link, Misfortune::CutOff) }));
    let lost = faults.add(rule(lose(link)));
    faults.end("s", |_| true);
    assert_eq!((faults.is_over(cut, Duration::ZERO), faults.is_over(lost, Duration::ZERO)), (false, true));
}

#[test]
fn chaos_leaves_late_attempts_alone_and_grows_with_its_level() {
    let mut hits = Vec::new();
    for level in 1..=3_u8 {
        let mut kinds = BTreeSet::new();
        let mut count = 0;
        for number in 0..600 {
            for link in [Link::to(System::Erp), Link::from(System::Wms)] {
                for attempt in 1..=4 {
                    let place = place(link, "postInvoice", &format!("W-{number}"), attempt);
                    let Some(drawn) = chaos::draw(level, 1, &place) else { continue };
                    assert!(attempt <= u32::from(level) && drawn.fits(link.direction), "{drawn:?}");
                    count += 1;
                    kinds.insert((link.direction, drawn.name()));
                }
            }
        }
        hits.push((count, kinds.len()));
    }
    assert!(hits.is_sorted() && hits[0] < hits[1] && hits[1] < hits[2], "{hits:?}");
    assert_eq!(hits[0].1, 3, "delays of calls; delays and duplicates of deliveries");
    let erp = place(Link::to(System::Erp), "x", "W-1", 1);
    assert_eq!(erp.link.direction, Direction::Call);
}

/// What happens to one message says nothing of another, nor of its own next attempt.
#[test]
fn each_part_of_its_key_changes_what_is_drawn() {
    let erp = Link::to(System::Erp);
    let message = place(erp, "postInvoice", "W-1", 1);
    let others: Vec<Vec<Place>> = vec![
        (1..40).map(|attempt| Place { attempt, ..message.clone() }).collect(),
        (1..40).map(|n| Place { key: format!("k-{n}"), ..message.clone() }).collect(),
        (1..40).map(|n| Place { order: format!("W-{n}").as_str().into(), ..message.clone() }).collect(),
        (1..40).map(|n| Place { operation: format!("op-{n}"), ..message.clone() }).collect(),
        Link::all().map(|link| Place { link, ..message.clone() }).collect(),
    ];
    for places in others {
        let drawn: BTreeSet<u64> = places.iter().map(|place| chance::draw(1, "share", place)).collect();
        assert_eq!(drawn.len(), places.len());
    }
    assert_ne!(chance::draw(1, "share", &message), chance::draw(2, "share", &message), "the seed");
    assert_ne!(chance::draw(1, "share", &message), chance::draw(1, "other", &message), "the purpose");
}

#[test]
fn clogged_links_are_all_clogged_at_once_and_freed_in_an_order_of_the_seed() {
    let links = [Link::to(System::Erp), Link::to(System::Psp), Link::from(System::Wms)];
    let second = Duration::from_secs(1);
    let freed = |seed| {
        let mut faults = swizzle_clog(seed, &links, second, second);
        assert!(faults.iter().all(|fault| fault.window.unwrap().is_open(3_999)));
        faults.sort_by_key(|fault| fault.window.map(|w| w.after_ms + w.for_ms.unwrap()));
        faults.into_iter().map(|fault| fault.link).collect::<Vec<_>>()
    };
    let orders: BTreeSet<_> = (0..50).map(freed).collect();
    assert_eq!(orders.len(), 6, "every order is drawn by some seed");
    assert_eq!(freed(3), freed(3));
}

proptest! {
    /// What is drawn for a message follows from seed, link, operation, order, key and attempt: other rules, what
    /// was drawn before, the instant and the scenario's name change nothing.
    #[test]
    fn what_is_drawn_depends_on_its_key_alone(
        seed in any::<u64>(), order in "[A-Z0-9]{1,8}", key in "[a-z0-9]{1,12}", attempt in 1_u32..4,
        before in proptest::collection::vec("[a-z]{1,6}", 0..5), later in 0_u64..1_000_000,
    ) {
        let erp = Link::to(System::Erp);
        let mut chaotic = rule(Fault::new("chaos", erp, Misfortune::Chaos { level: 3 }).attempts(Attempts::ALL));
        let mut brown = rule(Fault { percent: Some(50), ..lose(erp).attempts(Attempts::ALL) });
        (chaotic.seed, brown.seed) = (seed, seed);
        let message = Place { key, ..place(erp, "postInvoice", &order, attempt) };
        let first = [&chaotic, &brown].map(|rule| rule.misfortune_of(&message, Duration::ZERO));
        for other in before {
            let other = Place { key: other, ..message.clone() };
            drop(chaotic.misfortune_of(&other, Duration::ZERO));
        }
        let elsewhere = Place { scenario: None, ..message.clone() };
        let again = [&chaotic, &brown].map(|rule| rule.misfortune_of(&elsewhere, Duration::from_millis(later)));
        prop_assert_eq!(first, again);
    }

    /// A share is a share.
    #[test]
    fn a_share_is_hit_about_as_often_as_it_says(seed in any::<u64>(), percent in 10_u8..=90) {
        let erp = Link::to(System::Erp);
        let mut brown = rule(Fault { percent: Some(percent), ..lose(erp) });
        brown.seed = seed;
        let hit = |number: &u32| {
            let message = place(erp, "postInvoice", &format!("W-{number}"), 1);
            brown.misfortune_of(&message, Duration::ZERO).is_some()
        };
        let hits = (0..1000).filter(hit).count();
        prop_assert!(hits.abs_diff(usize::from(percent) * 10) < 100, "{hits} of 1000 at {percent} %");
    }
}
