//! Faults: which message meets which misfortune. The single seam through which anything goes wrong on purpose.
//!
//! A rule names the system, the operation or event type, the order and the attempts that it hits, never the
//! order of calls, so that a plan means the same live, in virtual time and after shrinking. Each rule counts
//! how often it happened: a fault that never happened proves nothing. Where rules come from is not said here.

use std::{
    collections::BTreeMap,
    ops::RangeInclusive,
    sync::{Mutex, MutexGuard, PoisonError},
};

use counterproof_contracts::model::{OrderNumber, System};
use tokio::sync::watch;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A call to the system is answered 503 and has no effect.
    Unavailable {
        /// Seconds in `Retry-After`.
        retry_after_s: u32,
    },
    /// The message is lost on its way: it has no effect, and its sender gets no answer.
    LoseRequest,
    /// The message has its effect, and the answer is lost: the connection ends without one.
    CommitThenLoseAnswer,
    /// The message waits until the fault is released. A call that is held has its effect then, even if its
    /// sender has gone. What is sent later passes by.
    Hold {
        /// Whether held deliveries go out newest first. Of no meaning for calls to a system.
        reverse: bool,
    },
    /// A delivery of the system is repeated after it was accepted.
    Duplicate {
        /// How many more times.
        times: u32,
        /// Whether each repetition is another event with the same content.
        new_id: bool,
    },
}

impl Action {
    /// The name of the kind of fault.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "unavailable",
            Self::LoseRequest => "lose_request",
            Self::CommitThenLoseAnswer => "commit_then_lose_answer",
            Self::Hold { .. } => "hold",
            Self::Duplicate { .. } => "duplicate",
        }
    }
}

/// A misfortune and whom it hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The name in the journal.
    pub name: String,
    /// The system that is called, or that sends.
    pub system: System,
    /// `operationId` of the call, or type of the event; `None`: all.
    pub operation: Option<String>,
    /// The order.
    pub order: OrderNumber,
    /// Attempts with the same intent (idempotency key, event id), from 1.
    pub attempts: RangeInclusive<u32>,
    /// What goes wrong.
    pub action: Action,
}

/// A rule with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    /// The rule.
    pub rule: Rule,
    /// How often it happened.
    pub fired: u64,
    /// Whether it has ended: released or lifted.
    pub over: bool,
}

/// Number of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(usize);

/// Where a message is, when it is asked whether something happens to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) system: System,
    pub(super) operation: &'a str,
    pub(super) order: &'a OrderNumber,
    pub(super) attempt: u32,
}

/// A rule that hits a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strike {
    pub(super) rule: RuleId,
    pub(super) name: String,
    pub(super) action: Action,
}

/// The rules of a run.
pub struct Faults {
    plan: Mutex<Plan>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Plan {
    rules: Vec<RuleReport>,
    by_order: BTreeMap<OrderNumber, Vec<usize>>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { plan: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl Faults {
    /// Adds a rule; it holds for messages from now on. Of several rules that fit, the first added decides.
    pub fn add(&self, rule: Rule) -> RuleId {
        let mut plan = self.plan();
        let number = plan.rules.len();
        plan.by_order.entry(rule.order.clone()).or_default().push(number);
        plan.rules.push(RuleReport { rule, fired: 0, over: false });
        RuleId(number)
    }

    /// All rules with how often they happened, in the order in which they were added.
    pub fn report(&self) -> Vec<RuleReport> {
        self.plan().rules.clone()
    }

    /// How often a rule happened.
    pub fn fired(&self, rule: RuleId) -> u64 {
        self.plan().rules.get(rule.0).map_or(0, |report| report.fired)
    }

    /// Ends all rules of an order. Held deliveries need the kernel's `lift` to go out.
    pub(super) fn lift(&self, order: &OrderNumber) {
        self.end(order, |_| true);
    }

    /// Ends all rules of an order that concern one system.
    pub(super) fn lift_system(&self, order: &OrderNumber, system: System) {
        self.end(order, |rule| rule.system == system);
    }

    /// Ends the holds of an order.
    pub(super) fn release(&self, order: &OrderNumber) {
        self.end(order, |rule| matches!(rule.action, Action::Hold { .. }));
    }

    /// The first rule that fits a message and does something of the wanted kind; it counts as happened.
    pub(super) fn strike(&self, site: Site<'_>, wanted: fn(Action) -> bool) -> Option<Strike> {
        let plan = &mut *self.plan();
        let numbers = plan.by_order.get(site.order)?;
        let fits = |report: &RuleReport| {
            let rule = &report.rule;
            !report.over
                && rule.system == site.system
                && rule.operation.as_deref().is_none_or(|operation| operation == site.operation)
                && rule.attempts.contains(&site.attempt)
                && wanted(rule.action)
        };
        let number = numbers.iter().copied().find(|number| plan.rules.get(*number).is_some_and(fits))?;
        let report = plan.rules.get_mut(number)?;
        report.fired += 1;
        Some(Strike { rule: RuleId(number), name: report.rule.name.clone(), action: report.rule.action })
    }

    /// Whether a rule was released or lifted.
    pub(super) fn is_over(&self, rule: RuleId) -> bool {
        self.plan().rules.get(rule.0).is_none_or(|report| report.over)
    }

    /// Waits until a rule is released or lifted.
    pub(super) async fn until_over(&self, rule: RuleId) {
        let mut changes = self.changes.subscribe();
        while !self.is_over(rule) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    fn end(&self, order: &OrderNumber, which: impl Fn(&Rule) -> bool) {
        let plan = &mut *self.plan();
        for number in plan.by_order.get(order).into_iter().flatten() {
            if let Some(report) = plan.rules.get_mut(*number).filter(|report| which(&report.rule)) {
                report.over = true;
            }
        }
        self.changes.send_modify(|count| *count += 1);
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(operation: Option<&str>, attempts: RangeInclusive<u32>) -> Rule {
        Rule {
            name: "down".into(),
            system: System::Erp,
            operation: operation.map(Into::into),
            order: "W-1".into(),
            attempts,
            action: Action::LoseRequest,
        }
    }

    #[test]
    fn a_rule_hits_its_system_operation_order_and_attempts_only() {
        let faults = Faults::default();
        let id = faults.add(rule(Some("postInvoice"), 2..=3));
        let struck = |system, operation, order: &str, attempt| {
            let order = order.into();
            faults.strike(Site { system, operation, order: &order, attempt }, |_| true).is_some()
        };
        assert!(!struck(System::Erp, "postInvoice", "W-1", 1));
        assert!(struck(System::Erp, "postInvoice", "W-1", 2));
        assert!(struck(System::Erp, "postInvoice", "W-1", 3));
        assert!(!struck(System::Erp, "postInvoice", "W-1", 4));
        assert!(!struck(System::Wms, "postInvoice", "W-1", 2));
        assert!(!struck(System::Erp, "postCreditMemo", "W-1", 2));
        assert!(!struck(System::Erp, "postInvoice", "W-2", 2));
        assert_eq!(faults.fired(id), 2);
        faults.lift(&"W-1".into());
        assert!(!struck(System::Erp, "postInvoice", "W-1", 2));
        assert_eq!(faults.report().first().map(|report| (report.fired, report.over)), Some((2, true)));
    }
}
