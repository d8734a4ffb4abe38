//! The judge: takes a journal record by record, and tells each broken law once.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::{Deserialize, Serialize};

use roster::{Docket, Roster};
use sheet::{Occasion, Sheet, crash};

use super::{
    CHECKS, Law, Violation,
    books::{Books, ReplayBook},
    e13_nothing_stays_lost,
    law::{Check, Finding, Moment},
};
use crate::{
    journal::{Entry, Record},
    model::OrderNumber,
    policy::Policy,
};

mod roster;
mod sheet;
#[cfg(test)]
mod tests;

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
    /// How often each check looked at something, in the order of the table.
    looked: [u64; CHECKS.len()],
    broken: Vec<BrokenCheck>,
    /// Laws that are not told of, to show that their absence is noticed.
    blind: BTreeSet<String>,
}

impl Judge {
    /// A judge who reads this policy.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            books: Books::default(),
            roster: Roster::default(),
            looked: [0; CHECKS.len()],
            broken: Vec::new(),
            blind: BTreeSet::new(),
        }
    }

    /// From now on tells of no breach of these laws: a defect of the judge, to show that a proof notices it.
    pub fn blind_to(&mut self, laws: impl IntoIterator<Item = String>) {
        self.blind.extend(laws);
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
            // What is there again is nothing new: the laws have seen it.
            Entry::Effect(committed) if self.books.has_lost(committed) => drop(self.apply(record)),
            Entry::Effect(_) | Entry::Exchange(_) => {
                self.look_before_a_replay(record);
                let order = self.apply(record);
                self.judge(record, order.as_ref(), Occasion::Always, &mut violations);
            }
            Entry::FaultInjected(_) | Entry::EffectLost(_) => drop(self.apply(record)),
            Entry::Settled(settled) if settled.at_rest && settled.cut_off.is_empty() => {
                for number in self.books.orders_of(record.scenario.as_deref()) {
                    self.judge(record, Some(&number), Occasion::AtRest, &mut violations);
                }
            }
            Entry::ScenarioFinished(_) => self.forget(record.scenario.as_deref()),
            _ => {}
        }
        violations.retain(|violation| !self.blind.contains(&violation.invariant));
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

    /// Of an order that is replayed it matters whether anything was missing before: what was, may still come. But for what a
    /// restored system has lost: a replay is there to bring that back.
    fn look_before_a_replay(&mut self, record: &Record) {
        let Entry::Exchange(exchange) = &record.entry else { return };
        let Some(number) = exchange.order.as_ref().filter(|_| ReplayBook::is_replay(exchange)) else {
            return;
        };
        let sheet = self.sheet(record, Some(number), Occasion::AtRest);
        let complete =
            sheet.remarks.iter().all(|(check, _)| check.law.id == e13_nothing_stays_lost::CHECK.law.id);
        self.books.note_before_replay(number, complete);
    }

    /// Whether no law at rest would be broken of an order, or could not be checked.
    fn nothing_is_open(&self, record: &Record, number: &OrderNumber) -> bool {
        let sheet = self.sheet(record, Some(number), Occasion::AtRest);
        sheet.remarks.iter().all(|(_, result)| result.as_ref().is_ok_and(|bench| !bench.has_remarks()))
    }

    fn forget(&mut self, scenario: Option<&str>) {
        let Some(name) = scenario else { return };
        self.books.forget(name);
        self.roster.end(name);
    }

    /// Whether no law at rest would be broken, or could not be checked, if a scenario came to rest with this `settled` record.
    /// Nothing is kept: what is told and counted stays as it is. A check that crashes does not hold.
    pub fn holds_at_rest(&self, record: &Record) -> bool {
        let orders = self.books.orders_of(record.scenario.as_deref());
        orders.iter().all(|number| self.nothing_is_open(record, number))
    }

    /// How many times laws were checked on something, for a scenario that has not finished.
    pub fn checks(&self, scenario: &str) -> u64 {
        self.roster.checks(scenario)
    }

    /// How many times each law was checked on something, over all scenarios; 0: never exercised.
    pub fn checks_by_law(&self) -> BTreeMap<&'static str, u64> {
        CHECKS.iter().map(|check| check.law.id).zip(self.looked).collect()
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
        self.roster.docket(scenario_of(&self.books, record, order))
    }

    /// How many entries all maps hold together, apart from results.
    #[cfg(test)]
    fn entries(&self) -> usize {
        let Self { policy: _, books, roster, looked: _, broken: _, blind: _ } = self;
        books.entries() + roster.entries()
    }

    /// Runs every check on what the books hold of an order, and keeps what they say.
    fn judge(
        &mut self,
        record: &Record,
        order: Option<&OrderNumber>,
        occasion: Occasion,
        violations: &mut Vec<Violation>,
    ) {
        let sheet = self.sheet(record, order, occasion);
        self.take(sheet, record, order, violations);
    }

    fn sheet(&self, record: &Record, order: Option<&OrderNumber>, occasion: Occasion) -> Sheet {
        let order = order.and_then(|number| self.books.order(number));
        Sheet::of(&Moment { policy: &self.policy, books: &self.books, record, order }, occasion)
    }

    /// Keeps what the checks laid down.
    fn take(
        &mut self,
        sheet: Sheet,
        record: &Record,
        order: Option<&OrderNumber>,
        violations: &mut Vec<Violation>,
    ) {
        let looked = sheet.looked.iter().map(|looked| u64::from(*looked)).sum::<u64>();
        if looked > 0 {
            self.docket(record, order).checks += looked;
        }
        for (sum, looked) in self.looked.iter_mut().zip(sheet.looked) {
            *sum += u64::from(looked);
        }
        for (check, judged) in sheet.remarks {
            let bench = match judged {
                Ok(bench) => bench,
                Err(crash) => {
                    self.broke(check.law.id, record, order, crash);
                    continue;
                }
            };
            for reason in bench.rig {
                self.broke(check.law.id, record, order, reason);
            }
            for finding in bench.findings {
                violations.extend(self.tell(check, record, order, finding));
            }
        }
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

/// The scenario that a record speaks for: its own, or that of its order.
fn scenario_of<'a>(books: &'a Books, record: &'a Record, order: Option<&OrderNumber>) -> Option<&'a str> {
    let own = record.scenario.as_deref();
    own.or_else(|| order.and_then(|number| books.order(number)).and_then(|book| book.scenario.as_deref()))
}
