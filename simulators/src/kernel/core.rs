//! The trait of a simulator's core, and the scene it acts in.

use std::{collections::BTreeMap, time::Duration};

use counterproof_contracts::{
    journal::Effect,
    model::{CorrelationId, OrderNumber, System, Timestamp},
    protocol::{EventData, Operation, Problem},
};
use serde_json::Value;

/// A call that reached a simulator, parsed and checked against its schema.
#[derive(Debug, Clone)]
pub struct Call {
    /// Which operation.
    pub operation: Operation,
    /// Path and query parameters by name, decoded.
    pub parameters: BTreeMap<String, String>,
    /// The body; null where there is none.
    pub body: Value,
    /// Idempotency key, on keyed operations. The kernel has already answered repetitions from its store.
    pub key: Option<String>,
    /// Correlation id that the caller sent.
    pub correlation: Option<CorrelationId>,
}

impl Call {
    /// A path or query parameter; empty where it is missing.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// The body as a document of the contract. The shape was checked before; what still does not fit
    /// (a currency in lower case, for example) is an invalid document, too.
    pub fn document<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        T::deserialize(&self.body).map_err(|error| {
            Problem::new(counterproof_contracts::protocol::ProblemKind::InvalidDocument, error.to_string())
        })
    }
}

/// A call that a simulator wants to make to the middleware.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboundCall {
    /// Which operation of the middleware.
    pub operation: Operation,
    /// Values of the path's parameters, in the order of the template.
    pub parameters: Vec<String>,
    /// The body; null for none.
    pub body: Value,
    /// Idempotency key; the same on each repetition of the same intent.
    pub key: String,
    /// The order that it is about.
    pub order: OrderNumber,
    /// Correlation id of the chain that it starts or continues.
    pub correlation: CorrelationId,
}

/// An event that a simulator raises. The kernel wraps it, signs it and delivers it at least once.
#[derive(Debug, Clone, PartialEq)]
pub struct RaisedEvent {
    /// What happened.
    pub data: EventData,
    /// The chain that it belongs to: that of the call that caused it, or a new one.
    pub correlation: CorrelationId,
    /// The idempotency key or event that caused it.
    pub causation: Option<String>,
    /// When it happened; earlier than now for facts that are told late.
    pub occurred_at: Timestamp,
}

/// What a simulator wants to be reminded of, or not any more. Alarms have names; a later one takes the place of an
/// earlier one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// Rings once, after a while.
    Set {
        /// Its name.
        name: String,
        /// After how long.
        after: Duration,
        /// The order that it is about.
        order: OrderNumber,
        /// The chain in which it rings.
        correlation: CorrelationId,
    },
    /// Does not ring any more.
    Stopped {
        /// Its name.
        name: String,
    },
}

/// An effect with the order that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct SceneEffect {
    /// What was committed.
    pub effect: Effect,
    /// The order; filled in from the effect where it names one.
    pub order: Option<OrderNumber>,
}

/// Where a core acts: the present instant, and what it does. Time, identifiers and everything that leaves
/// the core pass through here, so the same core runs over sockets and in virtual time.
#[derive(Debug)]
pub struct Scene<'k> {
    now: Timestamp,
    correlation: CorrelationId,
    causation: Option<String>,
    counters: &'k mut BTreeMap<String, u64>,
    /// What was committed, in order.
    pub effects: Vec<SceneEffect>,
    /// Events to deliver, in order.
    pub events: Vec<RaisedEvent>,
    /// Calls to make, in order.
    pub calls: Vec<OutboundCall>,
    /// Alarms to set and to stop, in order.
    pub alarms: Vec<Alarm>,
    /// Seconds that whoever is refused is asked to wait.
    pub(super) retry_after_s: Option<u32>,
}

impl<'k> Scene<'k> {
    /// A scene at an instant, in a chain of messages. `counters` outlives the scene: it numbers identifiers.
    pub fn new(
        now: Timestamp,
        correlation: CorrelationId,
        causation: Option<String>,
        counters: &'k mut BTreeMap<String, u64>,
    ) -> Self {
        Self {
            now,
            correlation,
            causation,
            counters,
            effects: Vec::new(),
            events: Vec::new(),
            calls: Vec::new(),
            alarms: Vec::new(),
            retry_after_s: None,
        }
    }

    /// The present instant.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The chain of messages that the core acts in.
    pub const fn correlation(&self) -> &CorrelationId {
        &self.correlation
    }

    /// The idempotency key or event that the core acts upon.
    pub fn causation(&self) -> Option<&str> {
        self.causation.as_deref()
    }

    /// Asks the caller, who is refused, to wait for so many seconds.
    pub const fn ask_to_wait(&mut self, seconds: u32) {
        self.retry_after_s = Some(seconds);
    }

    /// A new identifier: `{prefix}-{owner}-{n}`, numbered per prefix and owner, so that identifiers do not
    /// depend on what other orders do meanwhile.
    pub fn id(&mut self, prefix: &str, owner: &str) -> String {
        let stem = format!("{prefix}-{owner}");
        let number = self.counters.entry(stem.clone()).or_insert(0);
        *number += 1;
        format!("{stem}-{number}")
    }

    /// Commits an effect; its order is the one that the effect names.
    pub fn commit(&mut self, effect: Effect) {
        let order = effect.order_number().cloned();
        self.effects.push(SceneEffect { effect, order });
    }

    /// Commits an effect that does not name its order by itself.
    pub fn commit_for(&mut self, order: &OrderNumber, effect: Effect) {
        self.effects.push(SceneEffect { effect, order: Some(order.clone()) });
    }

    /// Raises an event that happened now.
    pub fn raise(&mut self, data: EventData) {
        self.raise_at(data, self.now);
    }

    /// Raises an event that happened at another instant.
    pub fn raise_at(&mut self, data: EventData, occurred_at: Timestamp) {
        self.events.push(RaisedEvent {
            data,
            correlation: self.correlation.clone(),
            causation: self.causation.clone(),
            occurred_at,
        });
    }

    /// Sets an alarm about an order; it rings in the chain that the core acts in.
    pub fn set_alarm(&mut self, name: impl Into<String>, after: Duration, order: &OrderNumber) {
        let (name, correlation) = (name.into(), self.correlation.clone());
        self.alarms.push(Alarm::Set { name, after, order: order.clone(), correlation });
    }

    /// Stops an alarm, if it is set.
    pub fn stop_alarm(&mut self, name: impl Into<String>) {
        self.alarms.push(Alarm::Stopped { name: name.into() });
    }

    /// Makes a call to the middleware once the core's work is committed.
    pub fn call(
        &mut self,
        operation: Operation,
        parameters: &[&str],
        body: Value,
        key: impl Into<String>,
        order: &OrderNumber,
    ) {
        self.calls.push(OutboundCall {
            operation,
            parameters: parameters.iter().map(ToString::to_string).collect(),
            body,
            key: key.into(),
            order: order.clone(),
            correlation: self.correlation.clone(),
        });
    }
}

/// The pure part of a simulator: a state machine without I/O, clock or randomness. It can be copied, so that an
/// earlier state can be asked.
///
/// ```
/// use counterproof_contracts::{model::System, protocol::{Problem, ProblemKind}};
/// use counterproof_simulators::kernel::{Call, Core, Scene};
/// use serde_json::{Value, json};
///
/// /// Counts what it is asked.
/// #[derive(Clone)]
/// struct Counter(u64);
///
/// impl Core for Counter {
///     fn system(&self) -> System {
///         System::Tax
///     }
///
///     fn handle(&mut self, call: &Call, _scene: &mut Scene<'_>) -> Result<Value, Problem> {
///         if call.operation.id != "quoteTax" {
///             return Err(Problem::new(ProblemKind::UnknownOperation, call.operation.id));
///         }
///         self.0 += 1;
///         Ok(json!({ "asked": self.0 }))
///     }
/// }
/// ```
pub trait Core: Clone + Send + 'static {
    /// Who it is. One core type may stand for several systems (channels).
    fn system(&self) -> System;

    /// Answers a call and commits its effects. An error answer commits nothing: the kernel drops the scene.
    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem>;

    /// Takes the answer to a call that it made, once it is known. Repetitions were the kernel's.
    fn answered(&mut self, call: &OutboundCall, answer: &Result<Value, Problem>, scene: &mut Scene<'_>) {
        let _ = (call, answer, scene);
    }

    /// An alarm that it set rings. One that means nothing any more is ignored.
    fn rings(&mut self, alarm: &str, scene: &mut Scene<'_>) {
        let _ = (alarm, scene);
    }
}

/// A document as the answer to a call.
pub fn answer<T: serde::Serialize>(document: &T) -> Result<Value, Problem> {
    serde_json::to_value(document).map_err(|error| {
        Problem::new(counterproof_contracts::protocol::ProblemKind::InternalError, error.to_string())
    })
}
