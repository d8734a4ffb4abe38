//! Calls that somebody waits for, and repeats until they have an outcome. However often that is, a partner is called
//! no faster than the retry policy declares.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counterproof_contracts::model::Timestamp;

use super::{
    app::Inner,
    call::{self, Attempt},
    gate::Rank,
    keys::Keys,
    runner::bounded_attempt,
};
use crate::process::Task;

/// What became of a call that somebody waits for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// It had its effect.
    Done,
    /// It had none, and will have none.
    Refused(String),
    /// Nobody knows; the same call may be made again.
    Unknown(String),
}

/// Most calls that are kept before those are looked for that nobody asks for any more.
const KEPT_MAX: usize = 1_000;

/// How often a call was made, and when it may be made again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    pub(super) attempts: u32,
    pub(super) again_at: Timestamp,
}

/// Calls that may be made again under the same key by somebody else, by key.
#[derive(Debug, Default)]
pub(crate) struct AskedCalls(Mutex<BTreeMap<String, Made>>);

impl AskedCalls {
    /// What was made of a call; whoever makes it again counts on from there.
    pub(super) fn made(&self, key: &str) -> Option<Made> {
        self.lock().get(key).copied()
    }

    /// An attempt failed: the next one comes after a pause.
    pub(super) fn failed(&self, app: &Inner, task: &Task, attempts: u32) {
        self.keep(app, task, attempts, call::pause(app, task, attempts, None));
    }

    /// A call is over: nobody asks for it any more.
    pub(crate) fn forget(&self, key: &str) {
        self.lock().remove(key);
    }

    fn keep(&self, app: &Inner, task: &Task, attempts: u32, pause: Duration) {
        let now = app.parts.clock.now();
        let mut calls = self.lock();
        if calls.len() >= KEPT_MAX {
            // If it is made again after all, it has paused long enough.
            let given_up =
                |made: &Made| now.duration_since(made.again_at).unsigned_abs() > app.parts.give_up_after;
            calls.retain(|_, made| !given_up(made));
        }
        let again_at = now.saturating_add(pause).unwrap_or(now);
        calls.insert(task.key.clone(), Made { attempts, again_at });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Made>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a call for somebody who waits for its outcome and repeats it. Whoever comes too early is asked to come again,
/// and the partner hears nothing of it.
pub(crate) async fn ask_once(app: &Inner, task: &Task) -> Asked {
    let _held = app.hold_key(&Keys::task(&task.key)).await;
    let made = app.asked_calls.made(&task.key);
    if made.is_some_and(|made| app.parts.clock.now() < made.again_at) {
        return Asked::Unknown(format!("the {} failed, and is not asked again yet", task.partner.title()));
    }
    let gate = app.gates.get(&task.partner);
    if gate.is_some_and(|gate| gate.opens_at(app.parts.clock.now()).is_some()) {
        return Asked::Unknown(format!("the {} asks for patience", task.partner.title()));
    }
    let attempts = made.map_or(0, |made| made.attempts).saturating_add(1);
    match bounded_attempt(app, task, attempts, Rank::of(task)).await {
        Attempt::Answered(_) => {
            app.asked_calls.keep(app, task, attempts, Duration::ZERO);
            Asked::Done
        }
        Attempt::Refused(refusal) => {
            app.asked_calls.forget(&task.key);
            Asked::Refused(refusal.reason())
        }
        Attempt::Unknown { reason, .. } => {
            app.asked_calls.failed(app, task, attempts);
            Asked::Unknown(reason)
        }
    }
}
