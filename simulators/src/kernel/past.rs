//! How a simulator was: its last states, each from before a change, and what it has lost of them.
//!
//! A state is kept only where a fault will ask for it. Nothing is decided here: who reads the past, or falls back
//! to it, says from when.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use counterproof_contracts::{
    journal::{Committed, Entry},
    model::OrderNumber,
};

use super::{Line, idempotency::Digest};

/// How many earlier states are kept.
const PAST_MAX: usize = 64;

/// A state from before a change.
pub(super) struct State<C> {
    pub(super) at: Duration,
    /// Whose change it was.
    pub(super) order: Option<OrderNumber>,
    pub(super) core: C,
    pub(super) counters: BTreeMap<String, u64>,
    /// How many answers were kept.
    pub(super) answers: u64,
}

struct Change<C> {
    before: State<C>,
    asked: Option<Digest>,
    lines: Vec<Line>,
    /// Whether a call of the middleware made this change and all that followed: it can make them again.
    can_be_lost: bool,
}

/// An effect that was lost, with what was asked for when it was committed.
struct Lost {
    asked: Option<Digest>,
    committed: Committed,
}

/// The last states of a simulator.
pub(super) struct Past<C> {
    changes: VecDeque<Change<C>>,
    lost: Vec<Lost>,
}

impl<C> Default for Past<C> {
    fn default() -> Self {
        Self { changes: VecDeque::new(), lost: Vec::new() }
    }
}

impl<C> Past<C> {
    /// Takes a change, with the state before it where that is to be kept.
    ///
    /// Only a call of the middleware about an order can be lost. What somebody did in the system by himself, and so
    /// what was before that, cannot: nobody could make him do it again.
    pub(super) fn changed(&mut self, before: Option<State<C>>, asked: Option<Digest>, lines: &[Line]) {
        let of_order =
            |(_, entry): &Line| matches!(entry, Entry::Effect(committed) if committed.order.is_some());
        let can_be_lost = asked.is_some() && lines.iter().all(of_order);
        if !can_be_lost {
            self.changes.iter_mut().for_each(|change| change.can_be_lost = false);
        }
        let Some(before) = before.filter(|_| !lines.is_empty()) else { return };
        while self.changes.len() >= PAST_MAX {
            self.changes.pop_front();
        }
        self.changes.push_back(Change { before, asked, lines: lines.to_vec(), can_be_lost });
    }

    /// The state before the last change of an order.
    pub(super) fn before_last(&self, order: &OrderNumber) -> Option<&C> {
        self.states(order).next_back().map(|state| &state.core)
    }

    /// The state of an order at an instant, if it changed after that.
    pub(super) fn at(&self, order: &OrderNumber, since: Duration) -> Option<&C> {
        self.states(order).find(|state| state.at >= since).map(|state| &state.core)
    }

    fn states(&self, order: &OrderNumber) -> impl DoubleEndedIterator<Item = &State<C>> {
        let states = self.changes.iter().map(|change| &change.before);
        states.filter(move |state| state.order.as_ref() == Some(order))
    }

    /// Forgets what calls changed since an instant. Gives the state before, and what is lost, in order; nothing
    /// if nothing would be lost.
    pub(super) fn fall_back(&mut self, since: Duration) -> Option<(State<C>, Vec<Line>)> {
        let first = self.first_since(since)?;
        let mut changes = self.changes.split_off(first).into_iter();
        let Change { before, asked, mut lines, .. } = changes.next()?;
        self.lose(asked, &lines);
        for change in changes {
            self.lose(change.asked, &change.lines);
            lines.extend(change.lines);
        }
        Some((before, lines))
    }

    /// Whether a fall back to an instant would lose anything.
    pub(super) fn would_lose(&self, since: Duration) -> bool {
        self.first_since(since).is_some()
    }

    fn first_since(&self, since: Duration) -> Option<usize> {
        self.changes.iter().position(|change| change.can_be_lost && change.before.at >= since)
    }

    fn lose(&mut self, asked: Option<Digest>, lines: &[Line]) {
        for (_, entry) in lines {
            if let Entry::Effect(committed) = entry {
                self.lost.push(Lost { asked, committed: Committed::clone(committed) });
            }
        }
    }

    /// Whether an effect is one that was lost, because the same was asked for again under the same key; it is
    /// lost no longer.
    pub(super) fn takes_back(&mut self, asked: Option<Digest>, committed: &Committed) -> bool {
        let same = |lost: &Lost| lost.asked == asked && committed.repeats(&lost.committed);
        let found = self.lost.iter().position(same);
        found.map(|index| self.lost.remove(index)).is_some()
    }
}
