//! The outbox: what is to be told waits here in order, one queue for each sender and order.
//!
//! A queue is worked off by one task at a time, so a message is told only after its predecessor was accepted
//! or given up. Faults that hold messages back, and let them out in another order, act here; what waits for another
//! reason goes out past the queue.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use counterproof_contracts::{
    faults::{Misfortune, Moment},
    model::{OrderNumber, System},
};

use super::{
    Kernel, RuleId, Strike, delivery,
    message::{Kind, Message},
};

type LaneKey = (OrderNumber, System, Kind);

/// The queues.
#[derive(Default)]
pub(super) struct Outbox(Mutex<BTreeMap<LaneKey, Lane>>);

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Message>,
    held: Vec<Held>,
    running: bool,
}

struct Held {
    message: Message,
    rule: RuleId,
    reverse: bool,
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

/// Lets go what is held by rules that have ended: before what waits, for it is older.
pub(super) fn release(kernel: &Kernel) {
    let now = kernel.clock().elapsed();
    let mut lanes = kernel.0.outbox.lanes();
    for (key, lane) in lanes.iter_mut().filter(|(_, lane)| !lane.held.is_empty()) {
        let ended = |held: &mut Held| kernel.faults().is_over(held.rule, now);
        let mut free: Vec<Held> = lane.held.extract_if(.., ended).collect();
        if !free.iter().any(|held| held.reverse) {
            free.reverse();
        }
        for held in free {
            lane.waiting.push_front(held.message);
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
        if let Some(message) = unless_it_waits(&kernel, &key, message) {
            deliver(&kernel, &key, message).await;
        }
    }
}

async fn deliver(kernel: &Kernel, key: &LaneKey, message: Message) {
    if let Some(message) = delivery::deliver(kernel, message).await {
        repeat(kernel, key, &message);
    }
}

/// Takes a message out of its queue if a fault makes it wait.
fn unless_it_waits(kernel: &Kernel, key: &LaneKey, mut message: Message) -> Option<Message> {
    if message.has_waited {
        return Some(message);
    }
    let place = message.place();
    let Some(strike) = kernel.look(Some(&place), Moment::Wait) else { return Some(message) };
    message.has_waited = true;
    message.describe(&format!("held by fault {:?}", strike.name));
    if let Misfortune::Hold { reverse } = strike.misfortune {
        kernel.happens(&strike, &place);
        return hold(kernel, key, Held { message, rule: strike.rule, reverse });
    }
    let (kernel, key) = (kernel.clone(), key.clone());
    kernel.clone().0.tasks.spawn(async move {
        kernel.wait_out(&strike, &place).await;
        deliver(&kernel, &key, message).await;
    });
    None
}

fn hold(kernel: &Kernel, key: &LaneKey, held: Held) -> Option<Message> {
    let now = kernel.clock().elapsed();
    let mut lanes = kernel.0.outbox.lanes();
    // A release ends the rule first and empties the queue then: what comes later must not be kept.
    if kernel.faults().is_over(held.rule, now) {
        return Some(held.message);
    }
    let closes_in = kernel.faults().closes_in(held.rule, now);
    lanes.entry(key.clone()).or_default().held.push(held);
    drop(lanes);
    if let Some(rest) = closes_in {
        let kernel = kernel.clone();
        kernel.clone().0.tasks.spawn(async move {
            kernel.clock().sleep(rest).await;
            release(&kernel);
        });
    }
    None
}

/// Delivers an accepted message again if a fault says so: at once in its queue, or later past it.
fn repeat(kernel: &Kernel, key: &LaneKey, message: &Message) {
    if message.is_repetition {
        return;
    }
    let Some(strike) = kernel.strike(Some(&message.place()), Moment::Repetition) else { return };
    let Misfortune::Duplicate { times, new_id, after_ms } = strike.misfortune else { return };
    let repetitions = (1..=times).map(|number| message.repetition(kernel, number, new_id));
    if after_ms > 0 {
        repetitions.for_each(|repetition| repeat_later(kernel, key, repetition, &strike, after_ms));
        return;
    }
    let mut lanes = kernel.0.outbox.lanes();
    let lane = lanes.entry(key.clone()).or_default();
    for repetition in repetitions.rev() {
        lane.waiting.push_front(repetition);
    }
    start(kernel, key.clone(), lane);
}

fn repeat_later(kernel: &Kernel, key: &LaneKey, repetition: Message, strike: &Strike, after_ms: u64) {
    repetition.describe(&format!("repeated later by fault {:?}", strike.name));
    let (kernel, key, rule) = (kernel.clone(), key.clone(), strike.rule);
    kernel.clone().0.tasks.spawn(async move {
        kernel.pause(rule, std::time::Duration::from_millis(after_ms)).await;
        deliver(&kernel, &key, repetition).await;
    });
}
