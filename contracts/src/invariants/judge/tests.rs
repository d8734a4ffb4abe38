//! The judge as a whole: what it tells, what it keeps, and what it outlives.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use super::{super::law::Bench, sheet::Agenda};
use crate::{
    faults::{ErrorBody, Misfortune},
    invariants::{
        d1_master_data_agrees::tests::told,
        i12_transfers_are_conserved::tests::conserved,
        testing::{self, History, Life, Swap, lives, renamed},
    },
    journal::{Effect, Outcome, ScenarioFinished, ScenarioStarted, Verdict},
    model::{RefundStatus, System, Timestamp},
};

/// A partner asks to wait.
const WAIT: Misfortune = Misfortune::ErrorAnswer {
    status: 429,
    retry_after_s: Some(1),
    body: ErrorBody::Problem,
    after_effect: false,
};

fn observe_all(judge: &mut Judge, records: &[Record]) -> Vec<Violation> {
    records.iter().flat_map(|record| judge.observe(record)).collect()
}

#[test]
fn the_table_lists_each_law_once_and_says_all_of_it() {
    let laws = Judge::laws();
    let ids: BTreeSet<&str> = laws.iter().map(|law| law.id).collect();
    assert_eq!(ids.len(), laws.len());
    for law in laws {
        assert!(law.text.ends_with('.') && !law.name.is_empty() && !law.source.is_empty(), "{}", law.id);
    }
}

/// A gift card was bought.
fn bought_card() -> History {
    let mut bought = Life::gift_card_order();
    bought.capture("C-1", "card-L-1", 5_000);
    bought.activate_card("G-7");
    bought.settle();
    bought
}

/// Goods came back by mail.
fn mailed() -> History {
    let mut mailed = Life::default().shipped();
    mailed.announce("RMA-1", 1);
    mailed.dock_receives("R-1", "RMA-1", 1, 0);
    mailed.book_receipt("R-1", "RMA-1", 1);
    mailed.dock_grades("R-1", 1);
    mailed.refund("F-1", "R-1", "C-1", 4_990);
    mailed
}

/// An order that is to arrive by a date, and left in time.
fn promised() -> History {
    let mut promised = History::promised(120);
    promised.ship_parcel("S-1", 2);
    promised.settle();
    promised
}

/// An event was signed with an old key.
fn forged_event() -> History {
    let mut forged = History::shipped();
    forged.strike("EV-9", Misfortune::OldSignature { with_new: false });
    forged.deliver("EV-9", None, Outcome::Unknown);
    forged
}

/// An order whose history is read, and about which a store asks.
fn asked_about() -> History {
    let mut asked = History::shipped();
    asked.read_audit(&super::super::books::testing::trail([(1, "placed")]));
    let lines = serde_json::json!({ "lines": [{ "line_id": "L-1", "sku": "shirt", "quantity": 1 }] });
    let bodies = (lines, serde_json::Value::Null);
    asked.ask_about_return((System::Pos, "receiveReturn"), Outcome::Ok, bodies);
    asked
}

#[test]
fn a_whole_life_exercises_every_law() {
    let mut judge = Judge::new(Policy::default());
    let mut history = Life { gift_card: 3_000, ..Life::default() }.shipped();
    history.unclaimed(2);
    let offered = [(System::Storefront, 1), (System::Marketplace, 0), (System::Pos, 2)];
    for (channel, available) in offered {
        history.offer(channel, 1, available);
    }
    history.return_units("R-1", 1, crate::model::ConditionGrade::A);
    history.strike("k-1", WAIT);
    history.capture_at(0, Outcome::Fail);
    history.capture_at(1_000, Outcome::Ok);
    history.answer_refund("F-R-1-1", RefundStatus::Pending);
    history.answer_refund("F-R-1-1", RefundStatus::Succeeded);
    let lost = history.lose(crate::model::System::Tax, |_| true);
    history.replay(crate::journal::Outcome::Ok);
    lost.iter().for_each(|committed| history.bring_back(committed));
    history.dispute("D-1", 1, crate::model::DisputeStatus::Open);
    history.told_of_dispute("D-1");
    history.call_credit("R-2");
    history.answer_refund("F-R-1-1", crate::model::RefundStatus::Succeeded);
    history.settle();
    let mut canceled = Life::default().accepted();
    canceled.cancel_units("X-1", 2);
    canceled.settle();
    let mut gift = Life { store_credit: true, ..Life::default() }.returned(1);
    gift.edit(|effect| {
        if let Effect::GoodsReturned { receipt } = effect {
            receipt.gift_recipient_ref = Some("aunt".into());
        }
    });
    let sold = Life { marketplace: true, ..Life::default() }.shipped();
    let mut changed = Life::default().accepted();
    changed.change("CH-1", 4_990, Some("A-2"));
    changed.change("CH-2", 4_000, None);
    changed.ship_parcel("S-1", 2);
    changed.void("A-1", 1_980);
    changed.edit(|effect| {
        if let Effect::LabelIssued { label, .. } = effect {
            label.address_id = Some("A-2".to_owned());
        }
    });
    changed.settle();
    let mut funded =
        Life { promotion: 1_000, funding: crate::model::PromotionFunding::Manufacturer, ..Life::default() }
            .returned(1);
    funded.settle();
    let mut adjusted = Life { shipping: 490, ..Life::default() }.shipped();
    adjusted.adjust("PA-1", 1_000, 490);
    adjusted.settle();
    let mut foreign = testing::settled(Life::default().returned(1));
    foreign.settle();
    let mut violations = observe_all(&mut judge, &history.records());
    for (name, life) in [
        ("N-1", canceled),
        ("N-2", gift),
        ("N-3", sold),
        ("N-4", funded),
        ("N-5", foreign),
        ("N-6", changed),
        ("N-7", mailed()),
        ("N-8", adjusted),
        ("N-9", promised()),
    ] {
        violations.extend(observe_all(&mut judge, &testing::renamed(&life.records(), name)));
    }
    assert_eq!(violations, []);
    assert_eq!(judge.broken_checks(), []);
    // Some laws look at what one plain order never does.
    let mut others = Judge::new(Policy::default());
    observe_all(&mut others, &renamed(&forged_event().records(), "S-4"));
    let mut quarantined = History::shipped();
    quarantined.return_as_not_described("R-1", 2, crate::model::ConditionGrade::A);
    quarantined.decide("R-1", 2, crate::model::DispositionCode::Donate);
    quarantined.settle();
    observe_all(&mut others, &quarantined.records());
    let mut serialized = Life { parcels: Vec::new(), ..Life::default() }.accepted();
    serialized.scan_serials(&["SN-1"]);
    serialized.ship_parcel("S-1", 2);
    observe_all(&mut others, &renamed(&serialized.records(), "S-3"));
    observe_all(&mut others, &renamed(&Swap::up(1_010).records(), "S-2"));
    observe_all(&mut others, &renamed(&asked_about().records(), "S-6"));
    observe_all(&mut others, &renamed(&bought_card().records(), "S-7"));
    let mut known = told(&[System::Storefront]);
    known.settle();
    observe_all(&mut others, &renamed(&known.records(), "S-5"));
    observe_all(&mut others, &renamed(&conserved().records(), "S-6"));
    let elsewhere = others.checks_by_law();
    let never: Vec<&str> = judge
        .checks_by_law()
        .iter()
        .filter(|(id, count)| **count == 0 && elsewhere.get(*id).is_none_or(|count| *count == 0))
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(never, [""; 0]);
    let scenarios = ["S-1", "N-1", "N-2", "N-3", "N-4", "N-5", "N-6", "N-7", "N-8", "N-9"];
    let checks: u64 = scenarios.iter().map(|name| judge.checks(name)).sum();
    assert_eq!(checks, judge.checks_by_law().values().sum::<u64>());
}

#[test]
fn a_violation_is_told_once_and_with_the_calls_behind_it() {
    let mut history = Life::default().returned(1);
    history.refund("F-2", "R-1", "C-1", 4_990);
    history.refund("F-3", "R-1", "C-1", 4_990);
    history.settle();
    history.settle();
    let mut judge = Judge::new(Policy::default());
    let violations = observe_all(&mut judge, &history.records());
    let twice: Vec<&Violation> = violations.iter().filter(|violation| violation.invariant == "M5").collect();
    assert_eq!(twice.len(), 1);
}

#[test]
fn asking_whether_rest_would_hold_tells_the_same_as_rest_and_keeps_nothing() {
    let sound = Life::default().returned(1);
    let mut broken = Life::default().returned(1);
    broken.remove(|effect| matches!(effect, crate::journal::Effect::RefundAccepted { .. }));
    for (mut history, holds) in [(sound, true), (broken, false)] {
        let mut judge = Judge::new(Policy::default());
        assert_eq!(observe_all(&mut judge, &history.records()), []);
        let before = judge.checks_by_law();
        history.settle();
        let records = history.records();
        let rest = records.last().into_iter();
        assert!(rest.clone().all(|record| judge.holds_at_rest(record) == holds));
        assert_eq!(judge.checks_by_law(), before);
        assert_eq!(rest.flat_map(|record| judge.observe(record)).count() == 0, holds);
    }
}

#[test]
fn rest_does_not_hold_while_a_partner_has_something_to_tell() {
    let mut history = Life::default().shipped();
    history.raise("EV-9", "retail.carrier.scan_recorded.v1");
    let mut judge = Judge::new(Policy::default());
    observe_all(&mut judge, &history.records());
    let mut told = history.clone();
    history.settle();
    assert!(history.records().last().is_some_and(|rest| !judge.holds_at_rest(rest)));
    told.deliver("EV-9", Some(202), Outcome::Ok);
    let mut judge = Judge::new(Policy::default());
    observe_all(&mut judge, &told.records());
    told.settle();
    assert!(told.records().last().is_some_and(|rest| judge.holds_at_rest(rest)));
}

#[test]
fn traffic_of_no_scenario_about_an_unknown_order_is_not_judged() {
    let mut history = Life::default().shipped();
    history.remove(|effect| matches!(effect, crate::journal::Effect::OrderPlaced { .. }));
    let mut records = history.records();
    for record in &mut records {
        record.scenario = None;
    }
    let mut judge = Judge::new(Policy::default());
    assert_eq!(observe_all(&mut judge, &records), []);
    assert!(judge.quarantined() > 0);
}

fn of(scenario: &str, entry: Entry) -> Record {
    Record { seq: 1, at: Timestamp::UNIX_EPOCH, scenario: Some(scenario.to_owned()), entry }
}

fn started(scenario: &str) -> Record {
    let start = ScenarioStarted {
        feature_path: "orders.feature".to_owned(),
        feature: "Orders".to_owned(),
        name: scenario.to_owned(),
        line: 3,
        tags: Vec::new(),
        steps_planned: 1,
        seed: None,
    };
    of(scenario, Entry::ScenarioStarted(start))
}

fn finished(scenario: &str) -> Record {
    let end = ScenarioFinished {
        verdict: Verdict::Pass,
        reasons: Vec::new(),
        steps_executed: 1,
        assertions: 1,
        duration_ms: 1,
        again: false,
    };
    of(scenario, Entry::ScenarioFinished(end))
}

/// A life in which everything happens that fills a map, and something that is told.
fn eventful() -> History {
    let mut history = Life { gift_card: 3_000, ..Life::default() }.returned(1);
    history.refund("F-2", "R-1", "C-1", 4_990);
    history.settle();
    history
}

#[test]
fn a_finished_scenario_leaves_nothing_but_results() {
    let mut judge = Judge::new(Policy::default());
    for number in 1..=20 {
        let scenario = format!("N-{number}");
        judge.observe(&started(&scenario));
        let records = testing::renamed(&eventful().records(), &scenario);
        assert!(!observe_all(&mut judge, &records).is_empty());
        assert!(judge.entries() > 12, "{}", judge.entries());
        assert!(judge.checks(&scenario) > 0);
        judge.observe(&finished(&scenario));
        assert_eq!((judge.entries(), judge.checks(&scenario)), (0, 0), "after {scenario}");
    }
    assert_eq!(judge.late(), 0);
}

#[test]
fn a_scenario_that_is_under_way_keeps_its_books_when_another_finishes() {
    let mut judge = Judge::new(Policy::default());
    let one = testing::renamed(&eventful().records(), "N-1");
    let other = testing::renamed(&eventful().records(), "N-2");
    let mut alone = Judge::new(Policy::default());
    let expected = observe_all(&mut alone, &other);
    let mut told = Vec::new();
    judge.observe(&started("N-1"));
    judge.observe(&started("N-2"));
    for (number, record) in other.iter().enumerate() {
        one.get(number).map(|record| judge.observe(record));
        if number + 1 == other.len() {
            judge.observe(&finished("N-1"));
        }
        told.extend(judge.observe(record));
    }
    assert_eq!(told, expected);
    assert_eq!(judge.entries(), alone.entries());
}

#[test]
fn what_comes_late_is_counted_and_not_judged() {
    let mut judge = Judge::new(Policy::default());
    let records = testing::renamed(&eventful().records(), "N-1");
    judge.observe(&started("N-1"));
    observe_all(&mut judge, &records);
    judge.observe(&finished("N-1"));
    assert_eq!(observe_all(&mut judge, &records), []);
    assert_eq!((judge.entries(), judge.late()), (0, records.len() as u64));
    let mut ownerless = records;
    ownerless.iter_mut().for_each(|record| record.scenario = None);
    ownerless.retain(
        |record| !matches!(&record.entry, Entry::Effect(committed) if begins_a_book(&committed.effect)),
    );
    assert_eq!(observe_all(&mut judge, &ownerless), []);
    assert_eq!(judge.entries(), 0);
    assert!(judge.quarantined() > 0);
}

/// Effects that begin a book without any scenario.
const fn begins_a_book(effect: &Effect) -> bool {
    matches!(effect, Effect::OrderPlaced { .. } | Effect::StockOpened { .. } | Effect::AccountOpened { .. })
}

#[test]
fn a_bare_history_is_judged_although_nobody_announced_it() {
    let mut judge = Judge::new(Policy::default());
    assert!(!observe_all(&mut judge, &eventful().records()).is_empty());
    assert_eq!(judge.late(), 0);
}

static CRASHING: [Check; 2] = [
    Check {
        law: Law { id: "X1", name: "crashes", text: "Crashes.", source: "a test" },
        on_effect: Some(|_, _| panic!("out of paper")),
        on_exchange: None,
        at_rest: None,
    },
    Check {
        law: Law { id: "X2", name: "finds", text: "Finds.", source: "a test" },
        on_effect: Some(|_, bench| {
            bench.looks();
            bench.found(Finding::new("paper", "There is no paper."));
        }),
        on_exchange: None,
        at_rest: None,
    },
];

#[test]
fn a_law_that_crashes_is_told_and_takes_nobody_down() {
    let mut judge = Judge::new(Policy::default());
    let mut violations = Vec::new();
    for record in &Life::default().placed().records() {
        judge.observe(record);
        let moment = Moment { policy: &judge.policy, books: &judge.books, record, order: None };
        let sheet = Sheet::by(&Agenda::of(&CRASHING), &moment, Occasion::Always);
        judge.take(sheet, record, None, &mut violations);
    }
    let sentences: Vec<&str> = violations.iter().map(|violation| violation.sentence.as_str()).collect();
    assert_eq!(sentences, ["There is no paper."]);
    let reasons: Vec<&str> = judge.broken_checks().iter().map(|broken| broken.reason.as_str()).collect();
    assert_eq!(reasons, ["the check crashed: out of paper"]);
}

proptest! {
    #[test]
    fn no_check_misses_a_kind_of_record_that_it_would_look_at(life in lives()) {
        let mut judge = Judge::new(Policy::default());
        for record in &life.history().records() {
            let order = judge.apply(record);
            let order = order.and_then(|number| judge.books.order(&number));
            let moment = Moment { policy: &judge.policy, books: &judge.books, record, order };
            for check in &CHECKS {
                let (run, idle) = match &record.entry {
                    Entry::Effect(_) => (check.on_effect, check.on_exchange),
                    _ => (check.on_exchange, check.on_effect),
                };
                if let (None, Some(idle)) = (run, idle) {
                    let mut bench = Bench::default();
                    idle(&moment, &mut bench);
                    prop_assert!(bench.looked == 0 && !bench.has_remarks(), "{} at {record:?}", check.law.id);
                }
            }
        }
    }

    #[test]
    fn a_correct_life_breaks_no_law(life in lives()) {
        let mut judge = Judge::new(Policy::default());
        let mut history = life.history();
        history.settle();
        prop_assert_eq!(observe_all(&mut judge, &history.records()), []);
        prop_assert_eq!(judge.broken_checks(), []);
    }

    #[test]
    fn any_order_of_the_records_is_judged_without_crash(life in lives(), seed in any::<u64>()) {
        let mut records = life.history().records();
        let mut state = seed | 1;
        for index in (1..records.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            records.swap(index, usize::try_from(state >> 33).unwrap_or(0) % (index + 1));
        }
        let mut judge = Judge::new(Policy::default());
        observe_all(&mut judge, &records);
        let crashed = judge.broken_checks().iter().any(|broken| broken.reason.contains("crashed"));
        prop_assert!(!crashed);
    }
}
