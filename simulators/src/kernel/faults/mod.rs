//! Faults: which message meets which misfortune. The single seam through which anything goes wrong on purpose.
//!
//! A rule is a fault of a plan, laid over a scenario. It names link, operation or event type, order and attempts,
//! never the order of calls, so that a plan means the same live, in virtual time and after shrinking. Each rule
//! counts how often it happened: a fault that never happened proves nothing. What a misfortune does to a
//! message is not said here.

mod barrier;
mod chance;
mod chaos;
mod drift;
mod rule;
mod swizzle;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use counterproof_contracts::{
    faults::{Link, Misfortune, Moment},
    model::{OrderNumber, System},
};

use super::Signal;
pub(super) use barrier::{Barriers, Waiting};
pub(super) use drift::drifted;
pub use rule::{Rule, RuleId, RuleReport, Setting};
pub use swizzle::swizzle_clog;

/// Where a message is, when it is asked whether something happens to it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) link: Link,
    pub(super) operation: String,
    pub(super) order: OrderNumber,
    pub(super) scenario: Option<String>,
    /// Idempotency key or event id; without one, what is called.
    pub(super) key: String,
    pub(super) attempt: u32,
}

/// A rule that hits a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strike {
    pub(super) rule: RuleId,
    pub(super) name: String,
    pub(super) misfortune: Misfortune,
}

/// The rules of a run.
pub struct Faults {
    book: Mutex<Book>,
    changes: Signal,
    can_crash: AtomicBool,
    can_restore: AtomicBool,
    /// Systems that keep earlier states, whatever rules say.
    keepers: Mutex<BTreeSet<System>>,
    pub(super) barriers: Barriers,
}

/// What can be done to whom: whether somebody restarts the implementation, and whether systems can be restored.
#[derive(Debug, Clone, Copy)]
struct Means {
    crash: bool,
    restore: bool,
}

#[derive(Default)]
struct Book {
    rules: Vec<RuleReport>,
    by_order: BTreeMap<OrderNumber, BTreeSet<usize>>,
    by_scenario: BTreeMap<String, BTreeSet<usize>>,
    /// Rules of barriers that have their message.
    at_barriers: BTreeSet<usize>,
}

impl Book {
    /// The rules that a message of an order in a scenario may meet, in the order in which they were added.
    fn concerning(&self, order: &OrderNumber, scenario: Option<&str>) -> BTreeSet<usize> {
        let of_scenario = scenario.and_then(|scenario| self.by_scenario.get(scenario));
        self.by_order.get(order).into_iter().chain(of_scenario).flatten().copied().collect()
    }

    fn strike(&mut self, place: &Place, moment: Moment, now: Duration, can: Means) -> Option<Strike> {
        let numbers = self.concerning(&place.order, place.scenario.as_deref());
        for number in &numbers {
            self.rules.get_mut(*number).into_iter().for_each(|report| report.rule.meet(place, now));
        }
        let live = |number: &usize| self.rules.get(*number).filter(|report| !report.over);
        // Chaos keeps away from messages for which something is planned, so that the plan comes true.
        let planned =
            |report: &RuleReport| !report.rule.is_chaos() && report.rule.misfortune_of(place, now).is_some();
        let planned = numbers.iter().filter_map(live).any(planned);
        numbers.iter().find_map(|number| {
            let report = live(number).filter(|report| !(planned && report.rule.is_chaos()))?;
            let misfortune = report.rule.misfortune_of(place, now)?;
            let free = match misfortune {
                Misfortune::Crash { .. } => report.fired == 0 && can.crash,
                Misfortune::Restored { .. } => report.fired == 0 && can.restore,
                Misfortune::Barrier { .. } => !self.at_barriers.contains(number),
                _ => true,
            };
            let fits = free && misfortune.moment() == Some(moment) && misfortune.fits(place.link.direction);
            let name = report.rule.fault.name.clone();
            fits.then_some(Strike { rule: RuleId(*number), name, misfortune })
        })
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            book: Mutex::default(),
            changes: Signal::default(),
            can_crash: AtomicBool::new(false),
            can_restore: AtomicBool::new(false),
            keepers: Mutex::default(),
            barriers: Barriers::default(),
        }
    }
}

impl Faults {
    /// Adds a rule; it holds for messages from now on. Of several rules that fit a message at the same moment,
    /// the first added decides.
    pub fn add(&self, rule: Rule) -> RuleId {
        let mut book = self.book();
        let number = book.rules.len();
        match &rule.order {
            Some(order) => book.by_order.entry(order.clone()).or_default().insert(number),
            None => book.by_scenario.entry(rule.scenario.clone()).or_default().insert(number),
        };
        book.rules.push(RuleReport { rule, fired: 0, over: false });
        RuleId(number)
    }

    /// All rules with how often they happened, in the order in which they were added.
    pub fn report(&self) -> Vec<RuleReport> {
        self.book().rules.clone()
    }

    /// How often a rule happened.
    pub fn fired(&self, rule: RuleId) -> u64 {
        self.book().rules.get(rule.0).map_or(0, |report| report.fired)
    }

    /// Whether a rule was planned and never happened. Chaos promises nothing in particular, so it is never missed.
    pub fn is_unmet(&self, rule: RuleId) -> bool {
        self.book().rules.get(rule.0).is_some_and(RuleReport::is_unmet)
    }

    /// Systems whose messages a rule of a scenario has swallowed for good.
    pub(super) fn cut_off(&self, scenario: &str) -> BTreeSet<System> {
        let swallowed = |report: &&RuleReport| {
            report.rule.scenario == scenario
                && report.fired > 0
                && report.rule.fault.misfortune == Misfortune::CutOff
        };
        self.book().rules.iter().filter(swallowed).map(|report| report.rule.fault.link.system).collect()
    }

    /// Ends a scenario's rules of a kind, except those that are permanent.
    pub(super) fn end(&self, scenario: &str, which: impl Fn(&Rule) -> bool) {
        let ends = |rule: &Rule| rule.scenario == scenario && !rule.fault.permanent && which(rule);
        for report in self.book().rules.iter_mut().filter(|report| ends(&report.rule)) {
            report.over = true;
        }
        self.changes.tell();
    }

    /// Somebody can restart the implementation.
    pub(super) fn allow_crashes(&self) {
        self.can_crash.store(true, Ordering::Relaxed);
    }

    /// All that the simulators hold belongs to one scenario: a system can be restored as a whole.
    pub(super) fn allow_restorations(&self) {
        self.can_restore.store(true, Ordering::Relaxed);
    }

    /// Whether systems can be restored as a whole.
    pub(super) fn can_restore(&self) -> bool {
        self.can_restore.load(Ordering::Relaxed)
    }

    /// A system keeps earlier states from now on.
    pub(super) fn keep_states(&self, system: System) {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner).insert(system);
    }

    fn means(&self) -> Means {
        Means { crash: self.can_crash.load(Ordering::Relaxed), restore: self.can_restore() }
    }

    /// The first rule that fits a message at a moment. It has not happened yet; but a barrier takes one message
    /// for each rule, so this is that of the next rule.
    pub(super) fn look(&self, place: &Place, moment: Moment, now: Duration) -> Option<Strike> {
        let mut book = self.book();
        let strike = book.strike(place, moment, now, self.means())?;
        if matches!(strike.misfortune, Misfortune::Barrier { .. }) {
            book.at_barriers.insert(strike.rule.0);
        }
        Some(strike)
    }

    /// Counts that a rule happened. A crash and a restoration happen once: whether this is the first.
    pub(super) fn count(&self, strike: &Strike) -> bool {
        let mut book = self.book();
        let Some(report) = book.rules.get_mut(strike.rule.0) else { return false };
        let once = matches!(strike.misfortune, Misfortune::Crash { .. } | Misfortune::Restored { .. });
        if report.fired > 0 && once {
            return false;
        }
        report.fired += 1;
        true
    }

    /// By how many seconds a system's clock is wrong for an order, and which rule says so.
    pub(super) fn skew(
        &self,
        system: System,
        order: &OrderNumber,
        scenario: Option<&str>,
        now: Duration,
    ) -> Option<(Strike, i32)> {
        let book = self.book();
        book.concerning(order, scenario).into_iter().find_map(|number| {
            let rule = &book.rules.get(number).filter(|report| !report.over)?.rule;
            let Misfortune::ClockSkew { seconds } = rule.fault.misfortune else { return None };
            let fits = rule.fault.link == Link::from(system) && rule.is_open(now);
            let strike = Strike {
                rule: RuleId(number),
                name: rule.fault.name.clone(),
                misfortune: rule.fault.misfortune.clone(),
            };
            fits.then_some((strike, seconds))
        })
    }

    /// Whether somebody will ask for an earlier state of a system.
    pub(super) fn wants_past(&self, system: System, order: &OrderNumber, scenario: Option<&str>) -> bool {
        let book = self.book();
        book.concerning(order, scenario).into_iter().any(|number| {
            book.rules.get(number).is_some_and(|RuleReport { rule, over, .. }| {
                let reads = matches!(rule.fault.misfortune, Misfortune::StaleRead { .. });
                !over && reads && rule.fault.link == Link::to(system)
            })
        })
    }

    /// Whether a system may be restored as a whole, so that it must know how it was.
    pub(super) fn may_restore(&self, system: System) -> bool {
        if !self.can_restore() {
            return false;
        }
        let planned = |report: &RuleReport| {
            let restores = matches!(report.rule.fault.misfortune, Misfortune::Restored { .. });
            restores && !report.over && report.fired == 0 && report.rule.fault.link == Link::to(system)
        };
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner).contains(&system)
            || self.book().rules.iter().any(planned)
    }

    /// How many rules wait at a barrier of a scenario.
    pub(super) fn at_barrier(&self, scenario: &str, name: &str) -> usize {
        let waits = |report: &&RuleReport| {
            let barrier = matches!(&report.rule.fault.misfortune, Misfortune::Barrier { barrier, .. } if barrier == name);
            barrier && report.rule.scenario == scenario && !report.over
        };
        self.book().rules.iter().filter(waits).count()
    }

    /// A copy of a rule.
    pub(super) fn rule(&self, rule: RuleId) -> Option<Rule> {
        self.book().rules.get(rule.0).map(|report| report.rule.clone())
    }

    /// For how long a rule still holds: `None` until it is released or lifted.
    pub(super) fn closes_in(&self, rule: RuleId, now: Duration) -> Option<Duration> {
        let book = self.book();
        let rule = &book.rules.get(rule.0)?.rule;
        rule.fault.window?.closes_in(rule.at(now)?).map(Duration::from_millis)
    }

    /// Whether a rule was released or lifted, or its window is closed.
    pub(super) fn is_over(&self, rule: RuleId, now: Duration) -> bool {
        self.book().rules.get(rule.0).is_none_or(|report| report.over || !report.rule.is_open(now))
    }

    /// Waits until a rule is released or lifted.
    pub(super) async fn until_over(&self, rule: RuleId) {
        let over = || self.book().rules.get(rule.0).is_none_or(|report| report.over).then_some(());
        self.changes.until(over).await;
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
