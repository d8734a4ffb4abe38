//! A message on its way to the middleware: an event to tell or a call to make, the same on each repetition.

use std::collections::BTreeMap;

use bytes::Bytes;
use counterproof_contracts::{
    faults::Link,
    journal::Effect,
    model::{CorrelationId, EventId, OrderNumber, Sku, System},
    protocol::{
        CloudEvent, Operation, Problem, header, middleware,
        signature::{self, Secret},
    },
};
use http::{
    Request,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Kernel, OutboundCall, Place, RaisedEvent, work::OpenWork};

/// Takes what became of a call.
pub(super) type Conclude = Box<dyn FnOnce(Result<Value, Problem>) + Send + Sync>;

/// Which queue a message waits in: messages of one kind, sender and order are told one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A signed CloudEvent.
    Event,
    /// A call of an operation.
    Call,
}

/// A key that is no longer in use.
const OLD_SECRET: &str = "whsec_YSBrZXkgdGhhdCBpcyBubyBsb25nZXIgaW4gdXNl";

/// A token that nobody has.
const UNKNOWN_TOKEN: &str = "Bearer a-token-that-nobody-has";

/// What faults change in one attempt of a message.
#[derive(Debug, Default)]
pub(super) struct Dress {
    /// Another body.
    pub(super) body: Option<Value>,
    /// What signs it.
    pub(super) signed: Signed,
    /// By how many seconds the signature's timestamp is off.
    pub(super) shift_s: i64,
    /// Which token a call bears.
    pub(super) token: Bears,
}

/// Which token a call bears.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Bears {
    /// Its caller's.
    #[default]
    Own,
    /// One that nobody has.
    Unknown,
    /// None.
    None,
}

/// What signs an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Signed {
    /// The key that is agreed on.
    #[default]
    Present,
    /// One that is no longer in use.
    Old,
    /// Both, while keys are exchanged.
    Both,
}

/// A message with all that is needed to send it again.
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) from: System,
    pub(super) operation: Operation,
    /// Path as called.
    pub(super) path: String,
    /// Type of the event or id of the operation: the name in rules of faults.
    pub(super) name: String,
    /// Event id or idempotency key.
    pub(super) key: String,
    /// What it is told in one queue with: the order, or the SKU where no order is meant.
    pub(super) order: OrderNumber,
    /// The order that it is about, or that caused it.
    pub(super) about: Option<OrderNumber>,
    /// The SKU, where it is about one and no order.
    pub(super) sku: Option<Sku>,
    pub(super) correlation: CorrelationId,
    pub(super) causation: Option<String>,
    pub(super) body: Value,
    pub(super) scenario: Option<String>,
    /// How often it was sent.
    pub(super) attempts: u32,
    /// Whether it is a repetition that a fault asked for.
    pub(super) is_repetition: bool,
    /// Whether a fault has made it wait already.
    pub(super) has_waited: bool,
    pub(super) conclude: Option<Conclude>,
    /// Open until the message is dropped.
    pub(super) work: OpenWork,
}

impl Message {
    /// Wraps an event. Its id and its sequence are numbered per order and subject. `about` is the order that it is
    /// about, or that caused it.
    pub(super) fn event(
        kernel: &Kernel,
        from: System,
        event: RaisedEvent,
        about: Option<OrderNumber>,
        scenario: Option<String>,
        counters: &mut BTreeMap<String, u64>,
    ) -> Self {
        let (order, sku) = (event.data.partition(), event.data.sku().cloned());
        let (name, subject) = (event.data.event_type().name(), event.data.subject());
        let stem = format!("evt-{from}-{order}");
        let id = format!("{stem}-{}", next(counters, &stem));
        let envelope = CloudEvent {
            specversion: "1.0".to_owned(),
            id: EventId::new(&id),
            source: format!("/{from}"),
            event_type: name.to_owned(),
            sequence: next(counters, &format!("sequence {subject}")),
            subject,
            time: event.occurred_at,
            datacontenttype: "application/json".to_owned(),
            partitionkey: order.clone(),
            correlationid: event.correlation.clone(),
            causationid: event.causation.clone(),
            data: event.data.to_value(),
        };
        if sku.is_none() {
            kernel.registry().learn(from, &order, &envelope.data);
        }
        Self {
            kind: Kind::Event,
            from,
            operation: middleware::RECEIVE_EVENT,
            path: middleware::RECEIVE_EVENT.path.to_owned(),
            name: name.to_owned(),
            work: open(kernel, scenario.as_deref(), from, name, &order),
            key: id,
            order,
            about,
            sku,
            correlation: event.correlation,
            causation: event.causation,
            body: serde_json::to_value(envelope).unwrap_or(Value::Null),
            scenario,
            attempts: 0,
            is_repetition: false,
            has_waited: false,
            conclude: None,
        }
    }

    /// A call, with what to do with its answer.
    pub(super) fn call(
        kernel: &Kernel,
        from: System,
        call: &OutboundCall,
        scenario: Option<String>,
        conclude: Conclude,
    ) -> Self {
        let parameters: Vec<&str> = call.parameters.iter().map(String::as_str).collect();
        let name = call.operation.id;
        Self {
            kind: Kind::Call,
            from,
            operation: call.operation,
            path: call.operation.path_with(&parameters),
            name: name.to_owned(),
            key: call.key.clone(),
            order: call.order.clone(),
            about: Some(call.order.clone()),
            sku: None,
            correlation: call.correlation.clone(),
            causation: None,
            body: call.body.clone(),
            work: open(kernel, scenario.as_deref(), from, name, &call.order),
            scenario,
            attempts: 0,
            is_repetition: false,
            has_waited: false,
            conclude: Some(conclude),
        }
    }

    /// The same message once more, as a fault asks for; with another id it is another event.
    pub(super) fn repetition(&self, kernel: &Kernel, number: u32, new_id: bool) -> Self {
        let (mut key, mut body, mut attempts) = (self.key.clone(), self.body.clone(), self.attempts);
        if new_id {
            key = format!("{key}-again-{number}");
            attempts = 0;
            if let (Kind::Event, Some(id)) = (self.kind, body.get_mut("id")) {
                *id = Value::from(key.as_str());
            }
        }
        Self {
            kind: self.kind,
            from: self.from,
            operation: self.operation,
            path: self.path.clone(),
            name: self.name.clone(),
            key,
            order: self.order.clone(),
            about: self.about.clone(),
            sku: self.sku.clone(),
            correlation: self.correlation.clone(),
            causation: self.causation.clone(),
            body,
            work: open(kernel, self.scenario.as_deref(), self.from, &self.name, &self.order),
            scenario: self.scenario.clone(),
            attempts,
            is_repetition: true,
            has_waited: true,
            conclude: None,
        }
    }

    /// That the event was raised, as an effect.
    pub(super) fn raised(&self) -> Effect {
        let subject = self.body.get("subject").and_then(Value::as_str).unwrap_or_default().to_owned();
        Effect::EventRaised { event_id: EventId::new(&self.key), event_type: self.name.clone(), subject }
    }

    /// Where the message is: before its next attempt, or after its last.
    pub(super) fn place(&self) -> Place {
        Place {
            link: Link::from(self.from),
            operation: self.name.clone(),
            order: self.about.as_ref().unwrap_or(&self.order).clone(),
            scenario: self.scenario.clone(),
            key: self.key.clone(),
            attempt: self.attempts.max(1),
        }
    }

    /// The request of an attempt; `None` if something in it does not fit into HTTP.
    pub(super) fn request(&self, kernel: &Kernel, base_url: &str, dress: &Dress) -> Option<Request<Bytes>> {
        let body = dress.body.as_ref().unwrap_or(&self.body);
        let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(body).ok()? };
        let mut request = Request::builder()
            .method(self.operation.method.as_str())
            .uri(format!("{base_url}{}", self.path))
            .header(header::CORRELATION_ID, self.correlation.as_str())
            .header(header::TRACEPARENT, traceparent(&self.correlation, &self.key, self.attempts));
        if let Some(causation) = &self.causation {
            request = request.header(header::CAUSATION_ID, causation);
        }
        if self.operation.keyed {
            request = request.header(header::IDEMPOTENCY_KEY, &self.key);
        }
        request = match self.kind {
            Kind::Event => {
                let seconds = kernel.now().as_second().saturating_add(dress.shift_s);
                request
                    .header(CONTENT_TYPE, CloudEvent::MEDIA_TYPE)
                    .header(signature::ID, &self.key)
                    .header(signature::TIMESTAMP, seconds)
                    .header(signature::SIGNATURE, self.signatures(kernel, seconds, &bytes, dress))
            }
            Kind::Call => request.header(CONTENT_TYPE, "application/json"),
        };
        let token = match (self.kind, dress.token) {
            (Kind::Event, _) | (Kind::Call, Bears::None) => None,
            (Kind::Call, Bears::Unknown) => Some(UNKNOWN_TOKEN.to_owned()),
            (Kind::Call, Bears::Own) => kernel.token_of(self.from),
        };
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token);
        }
        request.body(Bytes::from(bytes)).ok()
    }

    fn signatures(&self, kernel: &Kernel, seconds: i64, bytes: &[u8], dress: &Dress) -> String {
        let present = || kernel.0.parts.secret.sign(&self.key, seconds, bytes);
        let old = || Secret::parse(OLD_SECRET).map(|secret| secret.sign(&self.key, seconds, bytes)).ok();
        match dress.signed {
            Signed::Present => present(),
            Signed::Old => old().unwrap_or_default(),
            Signed::Both => [old(), Some(present())].into_iter().flatten().collect::<Vec<_>>().join(" "),
        }
    }

    /// Says what the message is waiting for.
    pub(super) fn describe(&self, state: &str) {
        let Self { from, name, order, key, .. } = self;
        self.work.describe(format!("{} {name} {key} of order {order}: {state}", from.title()));
    }
}

fn open(kernel: &Kernel, scenario: Option<&str>, from: System, name: &str, order: &OrderNumber) -> OpenWork {
    kernel
        .0
        .work
        .open(scenario.map(str::to_owned), format!("{} {name} of order {order}: waits", from.title()))
}

fn next(counters: &mut BTreeMap<String, u64>, stem: &str) -> u64 {
    let number = counters.entry(stem.to_owned()).or_insert(0);
    *number += 1;
    *number
}

/// W3C Trace Context: one trace for each chain of messages, one span for each attempt.
pub(super) fn traceparent(correlation: &CorrelationId, key: &str, attempt: u32) -> String {
    let hex = |text: &str, bytes: usize| {
        let digest = Sha256::digest(text.as_bytes());
        let digits = digest.iter().take(bytes).flat_map(|byte| [byte >> 4, byte & 0xf]);
        digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect::<String>()
    };
    format!("00-{}-{}-01", hex(correlation.as_str(), 16), hex(&format!("{key} {attempt}"), 8))
}
