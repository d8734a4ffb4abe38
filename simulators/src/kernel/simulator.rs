//! A simulator: a core with its books, and the door through which people and machines act in it.
//!
//! Everything that a core does passes [`Simulator::perform`]: its effects are journaled while the core's
//! lock is held, so that the journal tells them in the order in which they became true.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counterproof_contracts::{
    faults::Link,
    journal::{Committed, Effect, Entry},
    model::{CorrelationId, OrderNumber, System, Timestamp},
    protocol::Problem,
};
use serde_json::Value;

use super::{
    Call, Core, Kernel, OutboundCall, Place, Scene, SceneEffect, Strike, Subject, idempotency::AnswerStore,
    message::Message, outbox,
};

/// A core, served. Clones are the same simulator.
pub struct Simulator<C>(Arc<Shared<C>>);

struct Shared<C> {
    system: System,
    kernel: Kernel,
    books: Mutex<Books<C>>,
    answers: AnswerStore,
}

struct Books<C> {
    core: C,
    counters: BTreeMap<String, u64>,
    /// States before changes of an order, oldest first, where a fault will ask for them.
    past: VecDeque<(Duration, OrderNumber, C)>,
}

/// How many earlier states are kept.
const PAST_MAX: usize = 32;

/// What sets a core to work.
pub(super) struct Origin {
    pub(super) scenario: Option<String>,
    pub(super) order: Option<OrderNumber>,
    pub(super) key: Option<String>,
    pub(super) correlation: Option<CorrelationId>,
    pub(super) spontaneous: bool,
}

impl<C> Clone for Simulator<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Core> Simulator<C> {
    /// Puts a core on a kernel.
    pub fn new(kernel: Kernel, core: C) -> Self {
        let system = core.system();
        let books = Mutex::new(Books { core, counters: BTreeMap::new(), past: VecDeque::new() });
        Self(Arc::new(Shared { system, kernel, books, answers: AnswerStore::new() }))
    }

    /// Who it is.
    pub fn system(&self) -> System {
        self.0.system
    }

    /// What it is served by.
    pub fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }

    /// Somebody acts by himself: a customer orders, a clerk packs, a driver scans. What the core does is
    /// journaled as spontaneous in the order's scenario; its events and calls are delivered.
    pub fn act<R>(
        &self,
        order: &OrderNumber,
        correlation: CorrelationId,
        action: impl FnOnce(&mut C, &mut Scene<'_>) -> R,
    ) -> R {
        let scenario = self.kernel().registry().scenario_of_order(order);
        let order = Some(order.clone());
        let origin = Origin { scenario, order, key: None, correlation: Some(correlation), spontaneous: true };
        self.perform(&origin, |core, scene| (action(core, scene), true))
    }

    /// Prepares what a scenario starts with and no order is the cause of: opening stock, gift cards.
    pub fn prepare<R>(
        &self,
        scenario: Option<&str>,
        correlation: CorrelationId,
        action: impl FnOnce(&mut C, &mut Scene<'_>) -> R,
    ) -> R {
        let scenario = scenario.map(str::to_owned);
        let origin =
            Origin { scenario, order: None, key: None, correlation: Some(correlation), spontaneous: true };
        self.perform(&origin, |core, scene| (action(core, scene), true))
    }

    /// Looks without touching anything.
    pub fn look<R>(&self, look: impl FnOnce(&C) -> R) -> R {
        look(&self.books().core)
    }

    pub(super) fn answers(&self) -> &AnswerStore {
        &self.0.answers
    }

    /// Lets the core work in a scene. If `work` says so with its second value, what the scene holds is
    /// journaled and dispatched; otherwise it is dropped.
    pub(super) fn perform<R>(
        &self,
        origin: &Origin,
        work: impl FnOnce(&mut C, &mut Scene<'_>) -> (R, bool),
    ) -> R {
        let mut books = self.books();
        let Books { core, counters, past } = &mut *books;
        let correlation = origin.correlation.clone().unwrap_or_else(|| self.uncorrelated(origin));
        let before =
            self.remembers(origin).map(|order| (self.kernel().clock().elapsed(), order, core.clone()));
        let (now, skew) = self.now(origin);
        let mut scene = Scene::new(now, correlation, origin.key.clone(), counters);
        let (result, committed) = work(core, &mut scene);
        let Scene { effects, events, calls, .. } = scene;
        if !committed {
            return result;
        }
        if let Some(before) = before.filter(|_| !effects.is_empty()) {
            while past.len() >= PAST_MAX {
                past.pop_front();
            }
            past.push_back(before);
        }
        if let Some((strike, place)) = skew.filter(|_| !effects.is_empty() || !events.is_empty()) {
            self.kernel().happens(&strike, &place);
        }
        let mut effects = effects;
        let mut messages = Vec::new();
        for event in events {
            let order = event.data.order_number().clone();
            let scenario = self.scenario_of(Some(&order), origin);
            let message = Message::event(self.kernel(), self.system(), event, scenario, counters);
            effects.push(SceneEffect { effect: message.raised(), order: Some(order) });
            messages.push(message);
        }
        messages.extend(calls.iter().map(|call| self.call_message(call, origin)));
        let lines: Vec<_> = effects.into_iter().map(|effect| self.line(effect, origin)).collect();
        if !lines.is_empty() {
            self.kernel().recorder().record_all(lines);
        }
        for message in messages {
            outbox::push(self.kernel(), message);
        }
        result
    }

    /// The order whose earlier states somebody will ask for.
    fn remembers(&self, origin: &Origin) -> Option<OrderNumber> {
        let order = origin.order.as_ref()?;
        let wanted = self.kernel().faults().wants_past(self.system(), order, origin.scenario.as_deref());
        wanted.then(|| order.clone())
    }

    /// The present instant as the system's clock shows it, and which fault makes it wrong.
    fn now(&self, origin: &Origin) -> (Timestamp, Option<(Strike, Place)>) {
        let now = self.kernel().now();
        let Some(order) = &origin.order else { return (now, None) };
        let elapsed = self.kernel().clock().elapsed();
        let scenario = origin.scenario.as_deref();
        match self.kernel().faults().skew(self.system(), order, scenario, elapsed) {
            None => (now, None),
            Some((strike, seconds)) => {
                let place = Place {
                    link: Link::from(self.system()),
                    operation: "clock".to_owned(),
                    order: order.clone(),
                    scenario: origin.scenario.clone(),
                    key: origin.key.clone().unwrap_or_default(),
                    attempt: 1,
                };
                (shifted(now, seconds), Some((strike, place)))
            }
        }
    }

    /// What a core would have answered before the last change of an order, or so long ago; `None` if nothing has
    /// changed since.
    pub(super) fn read_past(
        &self,
        call: &Call,
        order: &OrderNumber,
        behind_ms: Option<u64>,
    ) -> Option<Result<Value, Problem>> {
        let mut books = self.books();
        let Books { counters, past, .. } = &mut *books;
        let mut of_order = past.iter().filter(|(_, of, _)| of == order);
        let (_, _, state) = match behind_ms {
            None => of_order.next_back()?,
            Some(ms) => {
                let since = self.kernel().clock().elapsed().saturating_sub(Duration::from_millis(ms));
                of_order.find(|(at, ..)| *at >= since)?
            }
        };
        let mut state = state.clone();
        let mut scratch = counters.clone();
        let correlation = call.correlation.clone().unwrap_or_else(|| CorrelationId::new("past"));
        let mut scene = Scene::new(self.kernel().now(), correlation, None, &mut scratch);
        Some(state.handle(call, &mut scene))
    }

    fn line(&self, scene_effect: SceneEffect, origin: &Origin) -> super::Line {
        let SceneEffect { effect, order } = scene_effect;
        let order = order.or_else(|| origin.order.clone());
        let subject = Subject { order: order.clone(), account: effect.account().cloned(), sku: sku(&effect) };
        let scenario = self.kernel().registry().scenario_of(&subject).or_else(|| origin.scenario.clone());
        let committed = Committed {
            system: self.system(),
            order,
            key: origin.key.clone(),
            correlation: origin.correlation.clone(),
            spontaneous: origin.spontaneous,
            effect,
        };
        (scenario, Entry::Effect(Box::new(committed)))
    }

    fn call_message(&self, call: &OutboundCall, origin: &Origin) -> Message {
        let scenario = self.scenario_of(Some(&call.order), origin);
        let simulator = self.clone();
        let told = call.clone();
        let conclude = Box::new(move |answer| simulator.conclude(&told, &answer));
        Message::call(self.kernel(), self.system(), call, scenario, conclude)
    }

    /// Hands the core the answer to a call that it made.
    fn conclude(&self, call: &OutboundCall, answer: &Result<Value, Problem>) {
        let origin = Origin {
            scenario: self.kernel().registry().scenario_of_order(&call.order),
            order: Some(call.order.clone()),
            key: Some(call.key.clone()),
            correlation: Some(call.correlation.clone()),
            spontaneous: false,
        };
        self.perform(&origin, |core, scene| (core.answered(call, answer, scene), true));
    }

    fn scenario_of(&self, order: Option<&OrderNumber>, origin: &Origin) -> Option<String> {
        let registered = order.and_then(|order| self.kernel().registry().scenario_of_order(order));
        registered.or_else(|| origin.scenario.clone())
    }

    /// The chain of what was caused by a call without a correlation id.
    fn uncorrelated(&self, origin: &Origin) -> CorrelationId {
        let cause = origin.key.as_deref().or(origin.order.as_ref().map(OrderNumber::as_str));
        CorrelationId::new(format!("uncorrelated-{}-{}", self.system(), cause.unwrap_or("call")))
    }

    fn books(&self) -> MutexGuard<'_, Books<C>> {
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sku(effect: &Effect) -> Option<counterproof_contracts::model::Sku> {
    match effect {
        Effect::StockOpened { sku, .. } => Some(sku.clone()),
        Effect::StockMoved { movement } => Some(movement.sku.clone()),
        _ => None,
    }
}

fn shifted(instant: Timestamp, seconds: i32) -> Timestamp {
    let ms = instant.as_millisecond().saturating_add(i64::from(seconds).saturating_mul(1000));
    Timestamp::from_millisecond(ms).unwrap_or(instant)
}
