//! Barriers: messages that wait for each other, so that what excludes each other happens at the same instant.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{RuleId, chance};

/// A scenario's barrier, by name.
type Name = (String, String);

/// The barriers of a run.
#[derive(Default)]
pub(in crate::kernel) struct Barriers(Mutex<BTreeMap<Name, Barrier>>);

#[derive(Default)]
struct Barrier {
    waiting: BTreeMap<RuleId, oneshot::Sender<()>>,
    open: bool,
}

/// A message's place at a barrier.
pub(in crate::kernel) struct Waiting {
    /// Tells when the barrier is open.
    pub(in crate::kernel) told: oneshot::Receiver<()>,
    /// If this was the last to come: all who wait, in the order in which they are to go on.
    pub(in crate::kernel) all: Vec<oneshot::Sender<()>>,
}

impl Barriers {
    /// One message of a rule waits, until all of `expected` rules have one. `None`: the barrier is open already.
    pub(in crate::kernel) fn wait(
        &self,
        name: &Name,
        rule: RuleId,
        expected: usize,
        seed: u64,
    ) -> Option<Waiting> {
        let mut barriers = self.barriers();
        let barrier = barriers.entry(name.clone()).or_default();
        if barrier.open {
            return None;
        }
        let (tell, told) = oneshot::channel();
        barrier.waiting.insert(rule, tell);
        if barrier.waiting.len() < expected {
            return Some(Waiting { told, all: Vec::new() });
        }
        barrier.open = true;
        let mut all: Vec<_> = std::mem::take(&mut barrier.waiting).into_iter().enumerate().collect();
        all.sort_by_key(|(index, _)| chance::number(seed, &[&name.0, &name.1, &index.to_string()]));
        Some(Waiting { told, all: all.into_iter().map(|(_, (_, tell))| tell).collect() })
    }

    /// A message no longer waits.
    pub(in crate::kernel) fn leave(&self, name: &Name, rule: RuleId) {
        if let Some(barrier) = self.barriers().get_mut(name) {
            barrier.waiting.remove(&rule);
        }
    }

    fn barriers(&self) -> MutexGuard<'_, BTreeMap<Name, Barrier>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
