//! Runs checks on a moment, outlives those that crash, and keeps what they say.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::LazyLock,
};

use super::super::{
    CHECKS,
    books::OrderBook,
    law::{Bench, Check, Moment},
};
use crate::journal::Entry;

/// When checks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// After an effect or an exchange.
    Always,
    /// When a scenario is at rest.
    AtRest,
}

/// What all checks say of one moment.
#[derive(Debug)]
pub(super) struct Sheet {
    /// How often each check looked at something, in the order of the table.
    pub(super) looked: [u32; CHECKS.len()],
    /// Checks with more to say than that, in the order of the table.
    pub(super) remarks: Vec<(&'static Check, Judged)>,
}

impl Default for Sheet {
    fn default() -> Self {
        Self { looked: [0; CHECKS.len()], remarks: Vec::new() }
    }
}

/// What a check says, or why it crashed.
pub(super) type Judged = Result<Bench, String>;

type Always = fn(&Moment<'_>, &mut Bench);
type AtRest = fn(&Moment<'_>, &OrderBook, &mut Bench);

/// Which checks run when, each with its place in the table.
pub(super) struct Agenda {
    on_effect: Vec<(usize, &'static Check, Always)>,
    on_exchange: Vec<(usize, &'static Check, Always)>,
    at_rest: Vec<(usize, &'static Check, AtRest)>,
}

static AGENDA: LazyLock<Agenda> = LazyLock::new(|| Agenda::of(&CHECKS));

impl Agenda {
    pub(super) fn of(checks: &'static [Check]) -> Self {
        let table = || checks.iter().enumerate();
        Self {
            on_effect: table().filter_map(|(at, check)| Some((at, check, check.on_effect?))).collect(),
            on_exchange: table().filter_map(|(at, check)| Some((at, check, check.on_exchange?))).collect(),
            at_rest: table().filter_map(|(at, check)| Some((at, check, check.at_rest?))).collect(),
        }
    }
}

impl Sheet {
    /// Runs every check that concerns the moment.
    pub(super) fn of(moment: &Moment<'_>, occasion: Occasion) -> Self {
        Self::by(&AGENDA, moment, occasion)
    }

    pub(super) fn by(agenda: &Agenda, moment: &Moment<'_>, occasion: Occasion) -> Self {
        match (occasion, &moment.record.entry, moment.order) {
            (Occasion::AtRest, _, Some(order)) => {
                Self::run(&agenda.at_rest, |check, bench| check(moment, order, bench))
            }
            (Occasion::Always, Entry::Effect(_), _) => {
                Self::run(&agenda.on_effect, |check, bench| check(moment, bench))
            }
            (Occasion::Always, Entry::Exchange(_), _) => {
                Self::run(&agenda.on_exchange, |check, bench| check(moment, bench))
            }
            _ => Self::default(),
        }
    }

    /// One guard for all. Checks are pure: after a crash, they run again one by one to find who it was.
    fn run<F: Copy>(checks: &[(usize, &'static Check, F)], run: impl Fn(F, &mut Bench)) -> Self {
        let all = || {
            let (mut sheet, mut bench) = (Self::default(), Bench::default());
            for (at, check, function) in checks {
                run(*function, &mut bench);
                sheet.keep(*at, check, &mut bench);
            }
            sheet
        };
        catch_unwind(AssertUnwindSafe(all)).unwrap_or_else(|_| Self::run_one_by_one(checks, run))
    }

    fn run_one_by_one<F: Copy>(checks: &[(usize, &'static Check, F)], run: impl Fn(F, &mut Bench)) -> Self {
        let mut sheet = Self::default();
        for (at, check, function) in checks {
            let mut bench = Bench::default();
            match catch_unwind(AssertUnwindSafe(|| run(*function, &mut bench))) {
                Ok(()) => sheet.keep(*at, check, &mut bench),
                Err(panic) => sheet.remarks.push((check, Err(crash(&*panic)))),
            }
        }
        sheet
    }

    /// Takes what a check laid down, and clears the bench for the next one.
    fn keep(&mut self, at: usize, check: &'static Check, bench: &mut Bench) {
        if let Some(looked) = self.looked.get_mut(at) {
            *looked = std::mem::take(&mut bench.looked);
        }
        if bench.has_remarks() {
            self.remarks.push((check, Ok(std::mem::take(bench))));
        }
    }
}

/// What a crashed check said.
pub(super) fn crash(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    format!("the check crashed: {text}")
}
