//! A system fails over to how it was a while ago: books, document numbers and kept answers fall back together.
//!
//! Only what calls of the middleware did is lost, for the middleware alone can do it again. What somebody did in
//! the system by himself (packed, paid, scanned) happened in the world; a restoration stops there. What the
//! system had said is said: events on their way arrive, and the numbers of events are never used again. A
//! system that has nothing to lose is not restored.

use std::time::Duration;

use counterproof_contracts::{
    faults::{Misfortune, Moment},
    journal::{Entry, FaultInjected},
};

use super::{Core, Line, Place, Simulator};

impl<C: Core> Simulator<C> {
    /// Falls back before a call, if a fault says so.
    pub(super) fn fall_back(&self, place: Option<&Place>) {
        let Some(strike) = self.kernel().look(place, Moment::Restore) else { return };
        let Misfortune::Restored { ms } = strike.misfortune else { return };
        let Some(place) = place else { return };
        self.restore_if(ms, || self.kernel().happens(&strike, place));
    }

    /// Falls back to what it was `ms` milliseconds ago, at once. How many effects are lost; without any, nothing
    /// has happened. The fault has this name in the journal.
    ///
    /// The system must [keep its states](super::Kernel::keep_states), and all of them must belong to the scenario.
    pub fn restore(&self, scenario: &str, fault: &str, ms: u64) -> usize {
        if !self.kernel().faults().can_restore() {
            return 0;
        }
        self.restore_if(ms, || {
            let misfortune = Some(Misfortune::Restored { ms });
            let happened = FaultInjected { misfortune, ..FaultInjected::new(fault, self.system()) };
            self.kernel().recorder().record(Some(scenario.to_owned()), Entry::FaultInjected(happened));
            true
        })
    }

    fn restore_if(&self, ms: u64, happens: impl FnOnce() -> bool) -> usize {
        let since = self.kernel().clock().elapsed().saturating_sub(Duration::from_millis(ms));
        let mut books = self.books();
        if !books.past.would_lose(since) || !happens() {
            return 0;
        }
        let Some((state, lost)) = books.past.fall_back(since) else { return 0 };
        books.core = state.core;
        books.counters = state.counters;
        self.answers().forget_after(state.answers);
        let count = lost.len();
        self.kernel().recorder().record_all(lost.into_iter().map(as_lost));
        count
    }
}

fn as_lost((scenario, entry): Line) -> Line {
    match entry {
        Entry::Effect(mut committed) => {
            committed.again = false;
            (scenario, Entry::EffectLost(committed))
        }
        other => (scenario, other),
    }
}
