//! A simulator: a core with its books, and the door through which people and machines act in it.
//!
//! Everything that a core does passes [`Simulator::perform`]: its effects are journaled while the core's
//! lock is held, so that the journal tells them in the order in which they became true.

use std::{
    collections::BTreeMap,
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
    Call, Core, Kernel, OutboundCall, Place, Scene, SceneEffect, Strike, Subject,
    alarms::Alarms,
    idempotency::AnswerStore,
    idempotency::Digest,
    message::Message,
    outbox,
    past::{Past, State},
};

/// A core, served. Clones are the same simulator.
pub struct Simulator<C>(Arc<Shared<C>>);

struct Shared<C> {
    system: System,
    kernel: Kernel,
    books: Mutex<Books<C>>,
    answers: AnswerStore,
    alarms: Alarms,
}

pub(super) struct Books<C> {
    pub(super) core: C,
    /// Numbers of documents.
    pub(super) counters: BTreeMap<String, u64>,
    /// Numbers of events: none is given twice, whatever the system forgets.
    told: BTreeMap<String, u64>,
    pub(super) past: Past<C>,
}

/// What sets a core to work.
pub(super) struct Origin {
    pub(super) scenario: Option<String>,
    pub(super) order: Option<OrderNumber>,
    pub(super) key: Option<String>,
    pub(super) correlation: Option<CorrelationId>,
    /// Digest of the request, where a call of the middleware does.
    pub(super) asked: Option<Digest>,
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
        let books = Mutex::new(Books {
            core,
            counters: BTreeMap::new(),
            told: BTreeMap::new(),
            past: Past::default(),
        });
        Self(Arc::new(Shared {
            system,
            kernel,
            books,
            answers: AnswerStore::new(),
            alarms: Alarms::default(),
        }))
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
        let correlation = Some(correlation);
        let origin = Origin { scenario, order, key: None, correlation, asked: None, spontaneous: true };
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
        let correlation = Some(correlation);
        let origin = Origin { scenario, order: None, key: None, correlation, asked: None, spontaneous: true };
        self.perform(&origin, |core, scene| (action(core, scene), true))
    }

    /// Looks without touching anything.
    pub fn look<R>(&self, look: impl FnOnce(&C) -> R) -> R {
        look(&self.books().core)
    }

    pub(super) fn answers(&self) -> &AnswerStore {
        &self.0.answers
    }

    pub(super) fn alarms(&self) -> &Alarms {
        &self.0.alarms
    }

    /// Lets the core work in a scene. If `work` says so with its second value, what the scene holds is
    /// journaled and dispatched; otherwise it is dropped.
    pub(super) fn perform<R>(
        &self,
        origin: &Origin,
        work: impl FnOnce(&mut C, &mut Scene<'_>) -> (R, bool),
    ) -> R {
        let mut books = self.books();
        let correlation = origin.correlation.clone().unwrap_or_else(|| self.uncorrelated(origin));
        let before = self.state_to_keep(origin, &books);
        let (now, skew) = self.now(origin);
        let Books { core, counters, told, past } = &mut *books;
        let mut scene = Scene::new(now, correlation, origin.key.clone(), counters);
        let (result, committed) = work(core, &mut scene);
        let Scene { mut effects, events, calls, alarms, .. } = scene;
        if !committed {
            return result;
        }
        if let Some((strike, place)) = skew.filter(|_| !effects.is_empty() || !events.is_empty()) {
            self.kernel().happens(&strike, &place);
        }
        let mut messages = Vec::new();
        for event in events {
            let order = event.data.order_number().or(origin.order.as_ref()).cloned();
            let scenario = self.scenario_of(order.as_ref(), origin);
            let message = Message::event(self.kernel(), self.system(), event, order.clone(), scenario, told);
            effects.push(SceneEffect { effect: message.raised(), order });
            messages.push(message);
        }
        messages.extend(calls.iter().map(|call| self.call_message(call, origin)));
        let lines: Vec<_> = effects.into_iter().map(|effect| self.line(effect, origin, past)).collect();
        past.changed(before, origin.asked, &lines);
        if !lines.is_empty() {
            self.kernel().recorder().record_all(lines);
        }
        for message in messages {
            outbox::push(self.kernel(), message);
        }
        self.wind(alarms);
        result
    }

    /// The present state, if a fault will ask how it was before.
    fn state_to_keep(&self, origin: &Origin, books: &Books<C>) -> Option<State<C>> {
        let faults = self.kernel().faults();
        let order = origin.order.as_ref();
        let read = |order| faults.wants_past(self.system(), order, origin.scenario.as_deref());
        (order.is_some_and(read) || faults.may_restore(self.system())).then(|| State {
            at: self.kernel().clock().elapsed(),
            order: order.cloned(),
            core: books.core.clone(),
            counters: books.counters.clone(),
            answers: self.answers().count(),
        })
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
        let books = self.books();
        let Books { counters, past, .. } = &*books;
        let state = match behind_ms {
            None => past.before_last(order)?,
            Some(ms) => {
                let now = self.kernel().clock().elapsed();
                past.at(order, now.saturating_sub(Duration::from_millis(ms)))?
            }
        };
        let mut state = state.clone();
        let mut scratch = counters.clone();
        let correlation = call.correlation.clone().unwrap_or_else(|| CorrelationId::new("past"));
        let mut scene = Scene::new(self.kernel().now(), correlation, None, &mut scratch);
        Some(state.handle(call, &mut scene))
    }

    fn line(&self, scene_effect: SceneEffect, origin: &Origin, past: &mut Past<C>) -> super::Line {
        let SceneEffect { effect, order } = scene_effect;
        let order = order.or_else(|| origin.order.clone());
        let (account, sku, node) = (effect.account().cloned(), sku(&effect), node(&effect));
        let subject = Subject { order: order.clone(), account, sku, node, customer: None, feed: None };
        let scenario = self.kernel().registry().scenario_of(&subject).or_else(|| origin.scenario.clone());
        let mut committed = Committed {
            system: self.system(),
            order,
            key: origin.key.clone(),
            correlation: origin.correlation.clone(),
            spontaneous: origin.spontaneous,
            again: false,
            effect,
        };
        committed.again = past.takes_back(origin.asked, &committed);
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
            asked: None,
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

    pub(super) fn books(&self) -> MutexGuard<'_, Books<C>> {
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sku(effect: &Effect) -> Option<counterproof_contracts::model::Sku> {
    match effect {
        Effect::StockOpened { sku, .. } | Effect::UnclaimedChanged { sku, .. } => Some(sku.clone()),
        Effect::ProductRecalled { recall } => Some(recall.sku.clone()),
        Effect::StockShown { publication } => Some(publication.sku.clone()),
        Effect::ProductChanged { change } | Effect::ProductShown { change } => {
            Some(change.product.sku.clone())
        }
        Effect::StockMoved { movement } => Some(movement.sku.clone()),
        _ => None,
    }
}

fn node(effect: &Effect) -> Option<counterproof_contracts::model::NodeId> {
    match effect {
        Effect::LocationChanged { change } | Effect::LocationShown { change } => {
            Some(change.location.node_id.clone())
        }
        _ => None,
    }
}

fn shifted(instant: Timestamp, seconds: i32) -> Timestamp {
    let ms = instant.as_millisecond().saturating_add(i64::from(seconds).saturating_mul(1000));
    Timestamp::from_millisecond(ms).unwrap_or(instant)
}
