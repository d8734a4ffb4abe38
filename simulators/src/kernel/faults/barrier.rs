//! Barriers: messages that wait for each other, so that what excludes each other happens at the same instant.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{RuleId, chance};

/// A scenario's barrier, by name.
type Name = (String, String);

/// The barriers of a run, with the messages that wait there.
#[derive(Default)]
pub(in crate::kernel) struct Barriers(Mutex<BTreeMap<Name, Messages>>);

type Messages = BTreeMap<RuleId, oneshot::Sender<()>>;

/// A message's place at a barrier.
pub(in crate::kernel) struct Waiting {
    /// Tells when the barrier is open.
    pub(in crate::kernel) told: oneshot::Receiver<()>,
    /// If this was the last to come: all who wait, in the order in which they are to go on.
    pub(in crate::kernel) all: Vec<oneshot::Sender<()>>,
}

impl Barriers {
    /// The message of a rule waits, until all of `expected` rules have theirs.
    pub(in crate::kernel) fn wait(&self, name: &Name, rule: RuleId, expected: usize, seed: u64) -> Waiting {
        let mut barriers = self.barriers();
        let messages = barriers.entry(name.clone()).or_default();
        let (tell, told) = oneshot::channel();
        messages.insert(rule, tell);
        if messages.len() < expected {
            return Waiting { told, all: Vec::new() };
        }
        let mut all: Vec<_> = std::mem::take(messages).into_values().enumerate().collect();
        all.sort_by_key(|(index, _)| chance::number(seed, &[&name.0, &name.1, &index.to_string()]));
        Waiting { told, all: all.into_iter().map(|(_, tell)| tell).collect() }
    }

    /// A message no longer waits.
    pub(in crate::kernel) fn leave(&self, name: &Name, rule: RuleId) {
        if let Some(messages) = self.barriers().get_mut(name) {
            messages.remove(&rule);
        }
    }

    fn barriers(&self) -> MutexGuard<'_, BTreeMap<Name, Messages>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
