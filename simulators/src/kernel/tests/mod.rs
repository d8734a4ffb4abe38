//! Tests of the kernel with a small core and a scripted middleware.
#![expect(clippy::unwrap_used, reason = "a test")]

mod alarms;
mod answers;
mod calling;
mod crashing;
mod delivering;
mod meeting;
mod messages;
mod misfortune;
mod restoring;
mod serving;
mod sockets;
mod wire;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use counterproof_contracts::{
    faults::{Attempts, Ending, Link},
    journal::{Committed, Effect, Entry, Exchange, FaultInjected, Record},
    model::{Refund, RefundRequest, RefundStatus, System, Timestamp},
    protocol::{EventData, EventType, Problem, ProblemKind, middleware, psp, signature::Secret},
};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;

const ORDER: &str = "W-1001";
const SCENARIO: &str = "scenario";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A payment provider that pays every refund, tells of it, and panics on captures.
#[derive(Clone, Default)]
struct Desk {
    refunds: Vec<Refund>,
    answers: Vec<Result<Value, Problem>>,
    rang: Vec<String>,
}

impl Desk {
    fn pay(&mut self, request: &RefundRequest, scene: &mut Scene<'_>) -> Refund {
        let refund = Refund {
            refund_id: request.refund_id.clone(),
            provider_reference: scene.id("pay", request.order_number.as_str()),
            order_number: request.order_number.clone(),
            tender_id: request.tender_id.clone(),
            capture_id: request.capture_id.clone(),
            amount: request.amount,
            attempt: 1,
            status: RefundStatus::Pending,
            settlement_amount: None,
        };
        self.refunds.push(refund.clone());
        scene.commit(Effect::RefundAccepted { refund: refund.clone(), cause: request.cause.clone() });
        refund
    }

    /// The bank tells how a refund ended.
    fn succeed(number: u32, order: &str, scene: &mut Scene<'_>) {
        let mut refund: Refund = serde_json::from_value(json!({
            "refund_id": format!("refund-{number}"), "provider_reference": "p", "order_number": order,
            "tender_id": "t1", "capture_id": "c-1", "status": "succeeded",
            "amount": { "amount": 100, "currency": "EUR" }
        }))
        .unwrap();
        refund.status = RefundStatus::Succeeded;
        scene.commit(Effect::RefundSucceeded { refund: refund.clone() });
        scene.raise(EventData::RefundSucceeded(refund));
    }
}

impl Core for Desk {
    fn system(&self) -> System {
        System::Psp
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        match call.operation.id {
            "refundPayment" => answer(&self.pay(&call.document()?, scene)),
            "readRefund" => {
                let found = self
                    .refunds
                    .iter()
                    .find(|refund| refund.refund_id.as_str() == call.parameter("refund_id"));
                found.map_or_else(|| Err(Problem::new(ProblemKind::NotFound, "no such refund")), answer)
            }
            "capturePayment" => panic!("the desk breaks down"),
            _ => Err(Problem::new(ProblemKind::PaymentDeclined, "no money")),
        }
    }

    fn answered(&mut self, _call: &OutboundCall, answer: &Result<Value, Problem>, _scene: &mut Scene<'_>) {
        self.answers.push(answer.clone());
    }

    fn rings(&mut self, alarm: &str, scene: &mut Scene<'_>) {
        self.rang.push(format!("{alarm} in {}", scene.correlation()));
    }
}

/// What the scripted middleware answers: status, headers, body; or nothing.
type Scripted = Result<(u16, &'static [(&'static str, &'static str)], Value), NetworkError>;

/// A middleware that answers what is scripted, and 202 after that.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Scripted>>>,
    seen: Arc<Mutex<Vec<(HeaderMap, Value, String)>>>,
}

impl Script {
    fn then(self, answer: Scripted) -> Self {
        self.answers.lock().unwrap().push_back(answer);
        self
    }

    fn status(self, status: u16) -> Self {
        self.then(Ok((status, &[], Value::Null)))
    }

    fn network(&self) -> Network {
        let script = self.clone();
        Network::new(tower::service_fn(move |request: Request<Bytes>| {
            let answer = script.take(request);
            async move {
                let (status, headers, body) = answer?;
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(*name, *value);
                }
                let bytes = if body.is_null() { Vec::new() } else { serde_json::to_vec(&body).unwrap() };
                Ok(response.body(Bytes::from(bytes)).unwrap())
            }
        }))
    }

    fn take(&self, request: Request<Bytes>) -> Scripted {
        let (parts, body) = request.into_parts();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        self.seen.lock().unwrap().push((parts.headers, body, parts.uri.to_string()));
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok((202, &[], Value::Null)))
    }

    /// A field of each delivered event, in the order of deliveries.
    fn told(&self, field: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(_, event, _)| event[field].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// A kernel with a desk, a journal in memory and a scripted middleware.
struct Rig {
    kernel: Kernel,
    desk: Simulator<Desk>,
    script: Script,
    journal: Arc<Mutex<Vec<Record>>>,
}

impl Rig {
    fn new(script: Script) -> Self {
        Self::over(script.network(), script)
    }

    fn over(network: Network, script: Script) -> Self {
        let clock = Clock::starting_at("2026-11-27T08:00:00Z".parse::<Timestamp>().unwrap());
        let journal = Arc::new(Mutex::new(Vec::new()));
        let tape = Arc::clone(&journal);
        let sink = move |record: &Record| tape.lock().unwrap().push(record.clone());
        let kernel = Kernel::new(KernelParts {
            clock,
            network,
            recorder: Recorder::new(clock, Box::new(sink)),
            secret: Secret::parse(SECRET).unwrap(),
            tokens: Tokens::of(&Secret::parse(SECRET).unwrap()),
            policy: DeliveryPolicy::default(),
        });
        kernel.set_middleware("http://middleware.internal/");
        kernel.registry().register(BusinessKey::Order(ORDER.into()), SCENARIO).unwrap();
        let desk = Simulator::new(kernel.clone(), Desk::default());
        Self { kernel, desk, script, journal }
    }

    /// Waits until nothing is under way.
    async fn settle(&self) {
        self.settle_until(0).await;
    }

    async fn settle_until(&self, open: usize) {
        let mut changes = self.kernel.work_changes();
        while self.kernel.open_work(None).len() > open {
            changes.changed().await.unwrap();
        }
    }

    /// Lays a fault over the order: on deliveries of an event type, on calls of anything else.
    fn fault(
        &self,
        operation: &str,
        attempts: std::ops::RangeInclusive<u32>,
        misfortune: Misfortune,
    ) -> RuleId {
        let event = EventType::from_name(operation).is_some();
        let link = if event { Link::from(System::Psp) } else { Link::to(System::Psp) };
        let attempts = Attempts { from: *attempts.start(), to: Some(*attempts.end()) };
        let name = misfortune.name();
        self.lay(&Fault::new(name, link, misfortune).on(operation).attempts(attempts))
    }

    /// Lays a fault over the scenario.
    fn lay(&self, fault: &Fault) -> RuleId {
        let number_of = |_| ORDER.into();
        let setting = Setting {
            scenario: SCENARIO,
            tag: SCENARIO,
            began: Duration::ZERO,
            seed: 1,
            number_of: &number_of,
        };
        self.kernel.inject(fault, &setting)
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answered, ConnectionLost> {
        let (parts, body) = self.desk.service().oneshot(request).await?.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = || Value::from(String::from_utf8(bytes.to_vec()).unwrap());
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
        Ok(Answered { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Asks for refund number `number` with a key.
    async fn refund(&self, key: &str, number: u32) -> Result<Answered, ConnectionLost> {
        self.send(refund_request(Some(key), &refund_body(number))).await
    }

    /// Asks for refund 1 with key `key-1`, as a caller who gives up after `limit`.
    async fn patient(&self, limit: Duration) -> Option<Result<Answered, ConnectionLost>> {
        self.kernel.clock().timeout(limit, self.refund("key-1", 1)).await
    }

    /// Reads refund 1.
    async fn read(&self) -> Answered {
        self.send(request("GET", "/v1/refunds/refund-1", None, b"")).await.unwrap()
    }

    fn records(&self) -> Vec<Record> {
        self.journal.lock().unwrap().clone()
    }

    fn exchanges(&self) -> Vec<Exchange> {
        let of = |record: Record| match record.entry {
            Entry::Exchange(exchange) => Some(*exchange),
            _ => None,
        };
        self.records().into_iter().filter_map(of).collect()
    }

    fn effects(&self) -> Vec<Committed> {
        let of = |record: Record| match record.entry {
            Entry::Effect(committed) => Some(*committed),
            _ => None,
        };
        self.records().into_iter().filter_map(of).collect()
    }

    fn injected(&self) -> Vec<FaultInjected> {
        let of = |record: Record| match record.entry {
            Entry::FaultInjected(fault) => Some(fault),
            _ => None,
        };
        self.records().into_iter().filter_map(of).collect()
    }

    /// The bank tells that refunds ended, one event each.
    fn succeed(&self, numbers: impl IntoIterator<Item = u32>) {
        for number in numbers {
            self.desk.act(&ORDER.into(), "bank".into(), |_, scene| Desk::succeed(number, ORDER, scene));
        }
    }
}

/// An answer, read.
#[derive(Debug)]
struct Answered {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answered {
    /// Last part of the problem's type.
    fn problem(&self) -> &str {
        self.body["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap_or_default()
    }

    fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map_or(&[][..], Vec::as_slice);
        errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
    }
}

fn refund_body(number: u32) -> Value {
    json!({
        "refund_id": format!("refund-{number}"), "order_number": ORDER, "tender_id": "t1", "capture_id": "c-1",
        "amount": { "amount": 100, "currency": "EUR" }, "cause": "receipt-1"
    })
}

fn refund_request(key: Option<&str>, body: &Value) -> Request<Full<Bytes>> {
    request("POST", psp::REFUND_PAYMENT.path, key, &serde_json::to_vec(body).unwrap())
}

fn request(method: &str, path: &str, key: Option<&str>, body: &[u8]) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("correlation-id", "chain");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    request.body(Full::new(Bytes::copy_from_slice(body))).unwrap()
}
