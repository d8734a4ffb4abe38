//! Barriers: messages that wait for each other, so that what excludes each other happens at the same instant.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{Place, Rule, RuleId, chance};

/// A scenario's barrier, by name.
type Name = (String, String);

/// The barriers of a run, with the messages that wait there.
#[derive(Default)]
pub(in crate::kernel) struct Barriers(Mutex<BTreeMap<Name, Messages>>);

/// Each with its turn: the lowest goes on first.
type Messages = BTreeMap<RuleId, (u64, oneshot::Sender<()>)>;

/// A message's place at a barrier.
pub(in crate::kernel) struct Waiting {
    /// Tells when the barrier is open.
    pub(in crate::kernel) told: oneshot::Receiver<()>,
    /// If this was the last to come: all who wait, in the order in which they are to go on.
    pub(in crate::kernel) all: Vec<oneshot::Sender<()>>,
}

impl Barriers {
    /// The message of a rule waits, until all of `expected` rules have theirs. Whose turn it is then was drawn for
    /// each message.
    pub(in crate::kernel) fn wait(
        &self,
        name: &Name,
        rule: &Rule,
        message: (RuleId, &Place),
        expected: usize,
    ) -> Waiting {
        let turn = chance::draw(rule.seed, &name.1, message.1);
        let mut barriers = self.barriers();
        let messages = barriers.entry(name.clone()).or_default();
        let (tell, told) = oneshot::channel();
        messages.insert(message.0, (turn, tell));
        if messages.len() < expected {
            return Waiting { told, all: Vec::new() };
        }
        let mut all: Vec<_> = std::mem::take(messages).into_values().collect();
        all.sort_by_key(|(turn, _)| *turn);
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
