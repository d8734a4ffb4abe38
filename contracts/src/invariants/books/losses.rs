//! What restored systems lost of an order, until it is there again.
//!
//! The other books keep what was lost: the world has seen it, and it is owed. What is there again is not counted
//! once more.

use crate::{
    journal::{Committed, Effect},
    model::System,
};

/// An effect that its system lost.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Loss {
    pub(in crate::invariants) committed: Committed,
    /// Line of the journal with the loss.
    pub(in crate::invariants) seq: u64,
}

/// What is lost, and how much came back.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct LossBook {
    open: Vec<Loss>,
    pub(in crate::invariants) came_back: u32,
}

impl LossBook {
    /// What has not come back. Events are not owed: what was said was said.
    pub(in crate::invariants) fn owed(&self) -> impl Iterator<Item = &Loss> {
        self.open.iter().filter(|loss| !matches!(loss.committed.effect, Effect::EventRaised { .. }))
    }

    /// Whether an effect is one of those that were lost.
    pub(super) fn has(&self, committed: &Committed) -> bool {
        self.open.iter().any(|loss| committed.repeats(&loss.committed))
    }

    pub(super) fn lose(&mut self, seq: u64, committed: &Committed) {
        self.open.push(Loss { committed: committed.clone(), seq });
    }

    pub(super) fn take_back(&mut self, committed: &Committed) {
        let found = self.open.iter().position(|loss| committed.repeats(&loss.committed));
        if let Some(index) = found {
            self.open.remove(index);
            self.came_back += 1;
        }
    }

    /// Nobody needs an old snapshot or sum where the system has a newer one.
    pub(super) fn supersede(&mut self, committed: &Committed) {
        if !self.open.is_empty() {
            self.open.retain(|loss| !is_newer(committed.system, &committed.effect, &loss.committed));
        }
    }
}

fn is_newer(system: System, effect: &Effect, lost: &Committed) -> bool {
    let newer = match (effect, &lost.effect) {
        (Effect::StatusShown { update }, Effect::StatusShown { update: lost }) => {
            update.sequence > lost.sequence
        }
        (Effect::MarketplaceCollected { amount }, Effect::MarketplaceCollected { amount: lost }) => {
            amount.amount >= lost.amount
        }
        _ => false,
    };
    newer && system == lost.system
}
