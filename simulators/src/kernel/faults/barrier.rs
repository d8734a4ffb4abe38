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

impl Barriers {
    /// One message of a rule waits. What is given tells when all of `expected` rules have one. `None`: the barrier
    /// is open already, or a message of the rule waits.
    pub(in crate::kernel) fn wait(
        &self,
        name: &Name,
        rule: RuleId,
        expected: usize,
        seed: u64,
    ) -> Option<oneshot::Receiver<()>> {
        let mut barriers = self.barriers();
        let barrier = barriers.entry(name.clone()).or_default();
        if barrier.open || barrier.waiting.contains_key(&rule) {
            return None;
        }
        let (tell, told) = oneshot::channel();
        barrier.waiting.insert(rule, tell);
        if barrier.waiting.len() >= expected {
            barrier.open = true;
            let mut all: Vec<_> = std::mem::take(&mut barrier.waiting).into_iter().collect();
            all.sort_by_key(|(rule, _)| chance::number(seed, &[&name.0, &name.1, &rule.0.to_string()]));
            for (_, tell) in all {
                drop(tell.send(()));
            }
        }
        Some(told)
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
