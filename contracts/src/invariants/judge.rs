//! The judge: takes a journal record by record, and tells each broken law once.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Deserialize, Serialize};

use super::{
    CHECKS, Law, Violation,
    books::Books,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    journal::{Entry, Record},
    model::OrderNumber,
    policy::Policy,
};

/// A check that could not tell: it crashed, or the rig itself broke the contract. What it would have found
/// is unknown, so the scenario is inconclusive at best.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenCheck {
    /// Identifier of the law; `books` where the record could not be taken at all.
    pub invariant: String,
    /// The scenario.
    pub scenario: Option<String>,
    /// The order.
    pub order: Option<OrderNumber>,
    /// Line of the journal at which it happened.
    pub seq: u64,
    /// What happened, in a sentence.
    pub reason: String,
}

/// Folds a journal, record by record.
///
/// Records must come in the order of the journal. A violation is told once for each law, order and subject
/// (a receipt, a parcel, a key), when it arises; laws at rest are judged at each `settled` record that is at
/// rest. Traffic of no scenario about an unknown order is not judged.
///
/// What is kept of a scenario is dropped with its `scenario_finished` record, so that memory grows with the
/// scenarios that are under way and not with those that were. What comes for a scenario afterwards is counted
/// and not judged, and so is what comes for one that a journal with scenarios never began.
///
/// ```
/// use counterproof_contracts::{invariants::Judge, policy::Policy};
///
/// let judge = Judge::new(Policy::default());
/// assert!(Judge::laws().iter().any(|law| law.id == "M5"));
/// assert_eq!(judge.checks("S-1"), 0, "who saw nothing has checked nothing");
/// ```
#[derive(Debug)]
pub struct Judge {
    policy: Policy,
    books: Books,
    roster: Roster,
    /// What was told of each scenario that is under way.
    dockets: HashMap<String, Docket>,
    /// What was told of none.
    loose: Docket,
    checks_by_law: BTreeMap<&'static str, u64>,
    broken: Vec<BrokenCheck>,
}

impl Judge {
    /// A judge who reads this policy.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            books: Books::default(),
            roster: Roster::default(),
            dockets: HashMap::new(),
            loose: Docket::default(),
            checks_by_law: CHECKS.iter().map(|check| (check.law.id, 0)).collect(),
            broken: Vec::new(),
        }
    }

    /// Every law, in the order in which violations of one record are told.
    pub fn laws() -> Vec<Law> {
        CHECKS.iter().map(|check| check.law).collect()
    }

    /// Takes the next record and says which laws it broke. A `settled` record is judged at rest.
    pub fn observe(&mut self, record: &Record) -> Vec<Violation> {
        if !self.roster.admits(record) {
            return Vec::new();
        }
        let mut violations = Vec::new();
        match &record.entry {
            Entry::Effect(_) | Entry::Exchange(_) => {
                let order = self.apply(record);
                self.judge(record, order.as_ref(), Occasion::Always, &mut violations);
            }
            Entry::FaultInjected(_) => drop(self.apply(record)),
            Entry::Settled(settled) if settled.at_rest => {
                for number in self.books.orders_of(record.scenario.as_deref()) {
                    self.judge(record, Some(&number), Occasion::AtRest, &mut violations);
                }
            }
            Entry::ScenarioFinished(_) => self.forget(record.scenario.as_deref()),
            _ => {}
        }
        violations
    }

    /// Enters a record into the books, and outlives it.
    fn apply(&mut self, record: &Record) -> Option<OrderNumber> {
        let books = &mut self.books;
        catch_unwind(AssertUnwindSafe(|| books.apply(record))).unwrap_or_else(|panic| {
            self.broke("books", record, None, crash(&*panic));
            None
        })
    }

    fn forget(&mut self, scenario: Option<&str>) {
        let Some(name) = scenario else { return };
        self.books.forget(name);
        self.dockets.remove(name);
    }

    /// Whether no law at rest would be broken if a scenario came to rest with this `settled` record.
    /// Nothing is kept: what is told and counted stays as it is. A check that crashes does not hold.
    pub fn holds_at_rest(&self, record: &Record) -> bool {
        let orders = self.books.orders_of(record.scenario.as_deref());
        orders.iter().all(|number| {
            let results = self.run(record, Some(number), Occasion::AtRest);
            results.iter().all(|(_, result)| result.as_ref().is_ok_and(|bench| bench.findings.is_empty()))
        })
    }

    /// How many times laws were checked on something, for a scenario that has not finished.
    pub fn checks(&self, scenario: &str) -> u64 {
        self.dockets.get(scenario).map_or(0, |docket| docket.checks)
    }

    /// How many times each law was checked on something, over all scenarios; 0: never exercised.
    pub const fn checks_by_law(&self) -> &BTreeMap<&'static str, u64> {
        &self.checks_by_law
    }

    /// Checks that could not tell, in order.
    pub fn broken_checks(&self) -> &[BrokenCheck] {
        &self.broken
    }

    /// Records that belong to no scenario and to no known order; they are not judged.
    pub const fn quarantined(&self) -> u64 {
        self.books.quarantined
    }

    /// Records of scenarios that had finished, or that never began; they are not judged.
    pub const fn late(&self) -> u64 {
        self.roster.late
    }

    /// What was told of the scenario that a record speaks for.
    fn docket(&mut self, record: &Record, order: Option<&OrderNumber>) -> &mut Docket {
        match scenario_of(&self.books, record, order) {
            None => &mut self.loose,
            Some(name) if self.dockets.contains_key(name) => {
                self.dockets.get_mut(name).unwrap_or(&mut self.loose)
            }
            Some(name) => self.dockets.entry(name.to_owned()).or_default(),
        }
    }

    /// How many entries all maps hold together, apart from results.
    #[cfg(test)]
    fn entries(&self) -> usize {
        let Self { policy: _, books, roster, dockets, loose, checks_by_law: _, broken: _ } = self;
        let told: usize = dockets.values().map(|docket| 1 + docket.told.len()).sum();
        books.entries() + roster.open.len() + told + loose.told.len()
    }

    /// Runs every check on what the books hold of an order, and keeps what they say.
    fn judge(
        &mut self,
        record: &Record,
        order: Option<&OrderNumber>,
        occasion: Occasion,
        violations: &mut Vec<Violation>,
    ) {
        for (check, result) in self.run(record, order, occasion) {
            self.take(check, record, order, result, violations);
        }
    }

    /// What the checks say that had something to look at.
    fn run(
        &self,
        record: &Record,
        order: Option<&OrderNumber>,
        occasion: Occasion,
    ) -> Vec<(&'static Check, Judged)> {
        let order = order.and_then(|number| self.books.order(number));
        let moment = Moment { policy: &self.policy, books: &self.books, record, order };
        CHECKS
            .iter()
            .map(|check| (check, run_one(check, &moment, occasion)))
            .filter(|(_, result)| !result.as_ref().is_ok_and(Bench::is_blank))
            .collect()
    }

    /// Keeps what a check laid down on its bench.
    fn take(
        &mut self,
        check: &Check,
        record: &Record,
        order: Option<&OrderNumber>,
        result: Judged,
        violations: &mut Vec<Violation>,
    ) {
        let bench = match result {
            Ok(bench) => bench,
            Err(crash) => return self.broke(check.law.id, record, order, crash),
        };
        self.count(check, record, order, bench.looked);
        for reason in bench.rig {
            self.broke(check.law.id, record, order, reason);
        }
        for finding in bench.findings {
            violations.extend(self.tell(check, record, order, finding));
        }
    }

    fn count(&mut self, check: &Check, record: &Record, order: Option<&OrderNumber>, looked: u64) {
        if looked == 0 {
            return;
        }
        *self.checks_by_law.entry(check.law.id).or_default() += looked;
        self.docket(record, order).checks += looked;
    }

    /// The violation, unless it was told before.
    fn tell(
        &mut self,
        check: &Check,
        record: &Record,
        order: Option<&OrderNumber>,
        finding: Finding,
    ) -> Option<Violation> {
        if !self.docket(record, order).told.insert((check.law.id, order.cloned(), finding.subject)) {
            return None;
        }
        let mut evidence = finding.evidence;
        if let Some(book) = order.and_then(|number| self.books.order(number)) {
            let calls: Vec<u64> =
                evidence.iter().flat_map(|seq| book.messages.calls_of(*seq)).copied().collect();
            evidence.extend(calls);
        }
        evidence.sort_unstable();
        evidence.dedup();
        Some(Violation {
            invariant: check.law.id.to_owned(),
            scenario: scenario_of(&self.books, record, order).map(str::to_owned),
            order: order.cloned(),
            sentence: finding.sentence,
            seq: record.seq,
            evidence,
            systems: finding.systems,
        })
    }

    /// Keeps, once, that a check could not tell.
    fn broke(
        &mut self,
        invariant: &'static str,
        record: &Record,
        order: Option<&OrderNumber>,
        reason: String,
    ) {
        let subject = format!("could not tell: {reason}");
        if !self.docket(record, order).told.insert((invariant, order.cloned(), subject)) {
            return;
        }
        self.broken.push(BrokenCheck {
            invariant: invariant.to_owned(),
            scenario: scenario_of(&self.books, record, order).map(str::to_owned),
            order: order.cloned(),
            seq: record.seq,
            reason,
        });
    }
}

/// What was told of a scenario, and how much was looked at.
#[derive(Debug, Default)]
struct Docket {
    told: HashSet<(&'static str, Option<OrderNumber>, String)>,
    checks: u64,
}

/// Which scenarios are under way.
#[derive(Debug, Default)]
struct Roster {
    open: BTreeSet<String>,
    /// Whether the journal says when scenarios begin and end; a bare history of effects does not.
    announced: bool,
    late: u64,
}

impl Roster {
    /// Whether a record may be judged; counts it if not.
    fn admits(&mut self, record: &Record) -> bool {
        let Some(name) = record.scenario.as_deref() else { return true };
        match &record.entry {
            Entry::ScenarioStarted(_) => {
                self.announced = true;
                self.open.insert(name.to_owned());
                true
            }
            Entry::ScenarioFinished(_) => {
                self.announced = true;
                self.open.remove(name)
            }
            _ if self.open.contains(name) => true,
            Entry::Exchange(_) | Entry::Effect(_) | Entry::FaultInjected(_) | Entry::Settled(_) => {
                self.late += u64::from(self.announced);
                !self.announced && self.open.insert(name.to_owned())
            }
            _ => false,
        }
    }
}

/// When checks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// After a record.
    Always,
    /// When a scenario is at rest.
    AtRest,
}

/// What a check says, or why it crashed.
type Judged = Result<Bench, String>;

/// Runs a check, and outlives it.
fn run_one(check: &Check, moment: &Moment<'_>, occasion: Occasion) -> Judged {
    let mut bench = Bench::default();
    let judged =
        catch_unwind(AssertUnwindSafe(|| match (occasion, check.always, check.at_rest, moment.order) {
            (Occasion::Always, Some(always), ..) => always(moment, &mut bench),
            (Occasion::AtRest, _, Some(at_rest), Some(order)) => at_rest(moment, order, &mut bench),
            _ => {}
        }));
    match judged {
        Ok(()) => Ok(bench),
        Err(panic) => Err(crash(&*panic)),
    }
}

/// The scenario that a record speaks for: its own, or that of its order.
fn scenario_of<'a>(books: &'a Books, record: &'a Record, order: Option<&OrderNumber>) -> Option<&'a str> {
    let own = record.scenario.as_deref();
    own.or_else(|| order.and_then(|number| books.order(number)).and_then(|book| book.scenario.as_deref()))
}

/// What a crashed check said.
fn crash(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    format!("the check crashed: {text}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        invariants::testing::{self, History, Life, lives},
        journal::{Effect, ScenarioFinished, ScenarioStarted, Verdict},
        model::Timestamp,
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

    #[test]
    fn a_whole_life_exercises_every_law() {
        let mut judge = Judge::new(Policy::default());
        let mut history = Life { gift_card: 3_000, ..Life::default() }.shipped();
        history.return_units("R-1", 1, crate::model::ConditionGrade::A);
        history.call_capture("k-1", Some(201), crate::journal::Outcome::Ok);
        history.replay(crate::journal::Outcome::Ok);
        history.settle();
        let violations = observe_all(&mut judge, &history.records());
        assert_eq!(violations, []);
        assert_eq!(judge.broken_checks(), []);
        let never: Vec<&str> =
            judge.checks_by_law().iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        assert_eq!(never, [""; 0]);
        assert_eq!(judge.checks("S-1"), judge.checks_by_law().values().sum::<u64>());
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
        let twice: Vec<&Violation> =
            violations.iter().filter(|violation| violation.invariant == "M5").collect();
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
            let before = judge.checks_by_law().clone();
            history.settle();
            let records = history.records();
            let rest = records.last().into_iter();
            assert!(rest.clone().all(|record| judge.holds_at_rest(record) == holds));
            assert_eq!(*judge.checks_by_law(), before);
            assert_eq!(rest.flat_map(|record| judge.observe(record)).count() == 0, holds);
        }
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
        matches!(
            effect,
            Effect::OrderPlaced { .. } | Effect::StockOpened { .. } | Effect::AccountOpened { .. }
        )
    }

    #[test]
    fn a_bare_history_is_judged_although_nobody_announced_it() {
        let mut judge = Judge::new(Policy::default());
        assert!(!observe_all(&mut judge, &eventful().records()).is_empty());
        assert_eq!(judge.late(), 0);
    }

    #[test]
    fn a_law_that_crashes_is_told_and_takes_nobody_down() {
        let check = Check {
            law: Law { id: "X1", name: "crashes", text: "Crashes.", source: "a test" },
            always: Some(|_, _| panic!("out of paper")),
            at_rest: None,
        };
        let mut judge = Judge::new(Policy::default());
        let mut violations = Vec::new();
        for record in &Life::default().placed().records() {
            judge.observe(record);
            let moment = Moment { policy: &judge.policy, books: &judge.books, record, order: None };
            let result = run_one(&check, &moment, Occasion::Always);
            judge.take(&check, record, None, result, &mut violations);
        }
        assert_eq!(violations, []);
        let reasons: Vec<&str> = judge.broken_checks().iter().map(|broken| broken.reason.as_str()).collect();
        assert_eq!(reasons, ["the check crashed: out of paper"]);
    }

    proptest! {
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
}
