//! The outbox: what is to be told waits here in order, one queue for each sender and order.
//!
//! A queue is worked off by one task at a time, so a message is told only after its predecessor was accepted
//! or given up. Faults that hold messages back, and let them out in another order, act here.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use counterproof_contracts::model::{OrderNumber, System};

use super::{
    Action, Kernel, RuleId, delivery,
    faults::Site,
    message::{Kind, Message},
};

type LaneKey = (OrderNumber, System, Kind);

/// The queues.
#[derive(Default)]
pub(super) struct Outbox(Mutex<BTreeMap<LaneKey, Lane>>);

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Message>,
    held: Vec<Message>,
    reverse: bool,
    running: bool,
}

impl Outbox {
    /// Forgets everything.
    pub(super) fn clear(&self) {
        let lanes = std::mem::take(&mut *self.lanes());
        drop(lanes);
    }

    /// The next message of a queue. Without one the queue's task has ended.
    fn next(&self, key: &LaneKey) -> Option<Message> {
        let mut lanes = self.lanes();
        let lane = lanes.get_mut(key)?;
        let message = lane.waiting.pop_front();
        if message.is_none() {
            lane.running = false;
            if lane.held.is_empty() {
                lanes.remove(key);
            }
        }
        message
    }

    fn lanes(&self) -> MutexGuard<'_, BTreeMap<LaneKey, Lane>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a message behind the others of its queue.
pub(super) fn push(kernel: &Kernel, message: Message) {
    let key = lane_key(&message);
    let mut lanes = kernel.0.outbox.lanes();
    let lane = lanes.entry(key.clone()).or_default();
    lane.waiting.push_back(message);
    start(kernel, key, lane);
}

/// Lets go what is held of an order: before what waits, for it is older.
pub(super) fn release(kernel: &Kernel, order: &OrderNumber) {
    let mut lanes = kernel.0.outbox.lanes();
    for (key, lane) in lanes.iter_mut().filter(|(key, lane)| key.0 == *order && !lane.held.is_empty()) {
        let mut held = std::mem::take(&mut lane.held);
        if !std::mem::take(&mut lane.reverse) {
            held.reverse();
        }
        for message in held {
            lane.waiting.push_front(message);
        }
        start(kernel, key.clone(), lane);
    }
}

fn lane_key(message: &Message) -> LaneKey {
    (message.order.clone(), message.from, message.kind)
}

fn start(kernel: &Kernel, key: LaneKey, lane: &mut Lane) {
    if !lane.running {
        lane.running = true;
        kernel.0.tasks.spawn(work_off(kernel.clone(), key));
    }
}

async fn work_off(kernel: Kernel, key: LaneKey) {
    while let Some(message) = kernel.0.outbox.next(&key) {
        let Some(message) = unless_held(&kernel, &key, message) else { continue };
        let accepted = delivery::deliver(&kernel, message).await;
        if let Some(message) = accepted {
            repeat(&kernel, &key, &message);
        }
    }
}

/// Keeps a message back if a fault says so.
fn unless_held(kernel: &Kernel, key: &LaneKey, message: Message) -> Option<Message> {
    let holds = |action| matches!(action, Action::Hold { .. });
    let Some(strike) = kernel.strike(site(&message), holds, message.scenario.as_deref()) else {
        return Some(message);
    };
    let reverse = matches!(strike.action, Action::Hold { reverse: true });
    hold(kernel, key, message, (strike.rule, &strike.name), reverse)
}

fn hold(
    kernel: &Kernel,
    key: &LaneKey,
    message: Message,
    (rule, name): (RuleId, &str),
    reverse: bool,
) -> Option<Message> {
    message.describe(&format!("held by fault {name:?}"));
    let mut lanes = kernel.0.outbox.lanes();
    // A release ends the rule first and empties the queue then: what comes later must not be kept.
    if kernel.faults().is_over(rule) {
        return Some(message);
    }
    let lane = lanes.entry(key.clone()).or_default();
    lane.held.push(message);
    lane.reverse |= reverse;
    None
}

/// Queues an accepted message again, at once, if a fault says so.
fn repeat(kernel: &Kernel, key: &LaneKey, message: &Message) {
    if message.is_repetition {
        return;
    }
    let repeats = |action| matches!(action, Action::Duplicate { .. });
    let Some(strike) = kernel.strike(site(message), repeats, message.scenario.as_deref()) else { return };
    let Action::Duplicate { times, new_id } = strike.action else { return };
    let mut lanes = kernel.0.outbox.lanes();
    let lane = lanes.entry(key.clone()).or_default();
    for number in (1..=times).rev() {
        lane.waiting.push_front(message.repetition(kernel, number, new_id));
    }
}

/// Where a message is: before its next attempt, or after its last.
fn site(message: &Message) -> Site<'_> {
    let attempt = message.attempts.max(1);
    Site { system: message.from, operation: &message.name, order: &message.order, attempt }
}
