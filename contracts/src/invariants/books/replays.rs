//! Full replays of one order, and what was committed after one of them although nobody acted.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::{
    journal::{Committed, Effect, Exchange, Outcome, Record},
    model::{System, Timestamp},
    protocol::{Operation, middleware},
};

/// Most effects after replays that are kept of an order.
const NEWS_MAX: usize = 100;
/// What comes so long after all that followed a replay comes because a time is up.
const OVER_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// A new effect after a replay.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct News {
    /// Line of the journal with the replay.
    pub(in crate::invariants) replay: u64,
    /// Line of the journal with the effect.
    pub(in crate::invariants) seq: u64,
    pub(in crate::invariants) system: System,
    at: Timestamp,
}

/// A replay, and what followed.
#[derive(Debug, Clone, Copy)]
struct Last {
    /// Its line of the journal.
    seq: u64,
    asked_at: Timestamp,
    answered_at: Timestamp,
    /// When something followed last.
    followed_at: Timestamp,
}

/// Replays of one order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct ReplayBook {
    /// Replays that met the order at rest: only of these it is known what is new.
    pub(in crate::invariants) met_at_rest: u32,
    pub(in crate::invariants) news: Vec<News>,
    /// Whether every law at rest held before what is entered now.
    pub(super) complete: bool,
    /// The last of them, until somebody acts or a time is up.
    last: Option<Last>,
    /// Calls of the middleware whose outcome it does not know, by system and key.
    unknown: BTreeSet<(System, String)>,
}

impl ReplayBook {
    /// Whether somebody has asked for a replay of an order.
    pub(in crate::invariants) fn is_replay(exchange: &Exchange) -> bool {
        exchange.to == System::Middleware && exchange.operation == middleware::REPLAY_ORDER.id
    }

    pub(super) fn apply_effect(&mut self, record: &Record, committed: &Committed) {
        self.follow(record.at);
        if committed.spontaneous {
            self.last = None;
        } else if let Some(last) = self.last.filter(|_| self.news.len() < NEWS_MAX)
            && !happened_before(&committed.effect, last.answered_at)
        {
            self.news.push(News {
                replay: last.seq,
                seq: record.seq,
                system: committed.system,
                at: record.at,
            });
        }
    }

    /// Something happens that follows the last replay, unless that is long over.
    fn follow(&mut self, at: Timestamp) {
        self.last = self.last.filter(|last| at.duration_since(last.followed_at) <= OVER_AFTER);
        if let Some(last) = &mut self.last {
            last.followed_at = last.followed_at.max(at);
        }
    }

    /// `all_told`: whether the middleware acknowledged every event about the order.
    pub(super) fn apply_exchange(&mut self, record: &Record, exchange: &Exchange, all_told: bool) {
        if exchange.to == System::Middleware {
            if !Self::is_replay(exchange) {
                self.acted(exchange);
            } else if exchange.outcome == Outcome::Ok && all_told && self.complete && self.unknown.is_empty()
            {
                self.met_at_rest += 1;
                let (seq, at, answered_at) = (record.seq, exchange.started_at, record.at);
                self.last = Some(Last { seq, asked_at: at, answered_at, followed_at: at });
            }
            return;
        }
        self.doubt(exchange);
        self.follow(exchange.started_at);
        let call = (exchange.to, exchange.key.clone().unwrap_or_else(|| exchange.call.clone()));
        if exchange.outcome == Outcome::Unknown {
            self.unknown.insert(call);
        } else {
            self.unknown.remove(&call);
        }
    }

    /// A call that had begun before the last replay was asked for, and ends only now: the order was not at rest.
    fn doubt(&mut self, exchange: &Exchange) {
        if let Some(Last { seq: replay, asked_at, .. }) = self.last
            && exchange.started_at < asked_at
        {
            self.last = None;
            self.met_at_rest = self.met_at_rest.saturating_sub(1);
            self.news.retain(|news| news.replay != replay);
        }
    }

    /// Somebody asked for something. It is recorded with its answer, when effects of it may have been already.
    /// Events are no acts: whoever raised one acted before.
    fn acted(&mut self, exchange: &Exchange) {
        let operation = Operation::find(exchange.to, &exchange.operation);
        if operation.is_some_and(|operation| operation.keyed || operation == middleware::REPLAY_DEAD_LETTER) {
            self.last = None;
            self.news.retain(|news| news.at < exchange.started_at);
        }
    }
}

/// Whether an effect tells of what had happened before: whoever shows orders may hear of it late.
fn happened_before(effect: &Effect, at: Timestamp) -> bool {
    match effect {
        Effect::StatusShown { update } => update.occurred_at < at,
        Effect::TimelineWritten { entry } => entry.occurred_at < at,
        _ => false,
    }
}
