//! Runs checks on a moment, outlives those that crash, and keeps what they say.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::super::{
    CHECKS,
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
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// How often each check looked at something, in the order of the table.
    pub(super) looked: [u64; CHECKS.len()],
    /// Checks with more to say than that, in the order of the table.
    pub(super) remarks: Vec<(&'static Check, Judged)>,
}

/// What a check says, or why it crashed.
pub(super) type Judged = Result<Bench, String>;

impl Sheet {
    /// Runs every check that concerns the moment.
    pub(super) fn of(moment: &Moment<'_>, occasion: Occasion) -> Self {
        Self::by(&CHECKS, moment, occasion)
    }

    /// Checks are pure: after a crash, they are run again one by one to find who it was.
    pub(super) fn by(checks: &'static [Check], moment: &Moment<'_>, occasion: Occasion) -> Self {
        let run = || {
            let mut sheet = Self::default();
            for (check, looked) in checks.iter().zip(&mut sheet.looked) {
                let mut bench = Bench::default();
                run_one(check, moment, occasion, &mut bench);
                *looked = bench.looked;
                if bench.has_remarks() {
                    sheet.remarks.push((check, Ok(bench)));
                }
            }
            sheet
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Self::one_by_one(checks, moment, occasion))
    }

    fn one_by_one(checks: &'static [Check], moment: &Moment<'_>, occasion: Occasion) -> Self {
        let mut sheet = Self::default();
        for (check, looked) in checks.iter().zip(&mut sheet.looked) {
            let mut bench = Bench::default();
            let judged = catch_unwind(AssertUnwindSafe(|| run_one(check, moment, occasion, &mut bench)));
            match judged {
                Err(panic) => sheet.remarks.push((check, Err(crash(&*panic)))),
                Ok(()) => {
                    *looked = bench.looked;
                    if bench.has_remarks() {
                        sheet.remarks.push((check, Ok(bench)));
                    }
                }
            }
        }
        sheet
    }
}

fn run_one(check: &Check, moment: &Moment<'_>, occasion: Occasion, bench: &mut Bench) {
    let always = match (occasion, &moment.record.entry) {
        (Occasion::AtRest, _) => {
            if let (Some(at_rest), Some(order)) = (check.at_rest, moment.order) {
                at_rest(moment, order, bench);
            }
            return;
        }
        (Occasion::Always, Entry::Effect(_)) => check.on_effect,
        (Occasion::Always, Entry::Exchange(_)) => check.on_exchange,
        (Occasion::Always, _) => None,
    };
    if let Some(always) = always {
        always(moment, bench);
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
