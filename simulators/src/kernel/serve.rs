//! Serving a core: from a request to a call, through idempotency and faults, to an answer, all journaled.
//!
//! The bytes come from the implementation and are trusted in nothing. A request is refused with a reason that
//! names the place before the core sees it. A lost answer is an error of the service: over a socket the
//! connection ends, in process the caller gets the error.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    error::Error,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use counterproof_contracts::{
    journal::{Entry, Exchange, Outcome},
    model::{CorrelationId, OrderNumber, System, Timestamp},
    protocol::{FieldError, Method, Operation, Problem, ProblemKind, header},
    shape,
};
use http::{HeaderMap, Request, Response, request::Parts};
use http_body_util::Full;
use hyper::body::Body;
use serde_json::Value;
use tokio::sync::oneshot;
use tower::Service;

use super::{
    Action, Call, Core, Network, NetworkError, Simulator, Subject, body,
    faults::{Site, Strike},
    idempotency::{self, Admission, Slot},
    in_process,
    reply::Answer,
    routing,
    simulator::Origin,
};

/// The longest idempotency key, correlation id or causation id that is taken, in bytes.
const HEADER_BYTES_MAX: usize = 255;

/// The connection ended without an answer: on purpose, or because the request never became complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("connection ended without an answer: {0}")]
pub struct ConnectionLost(pub String);

impl From<ConnectionLost> for NetworkError {
    fn from(lost: ConnectionLost) -> Self {
        Self::Reset(lost.to_string())
    }
}

impl From<Infallible> for ConnectionLost {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// A simulator as a tower service, for sockets and for calls in the same process.
pub struct Endpoint<C>(Simulator<C>);

impl<C> Clone for Endpoint<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C, B> Service<Request<B>> for Endpoint<C>
where
    C: Core,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
{
    type Response = Response<Full<Bytes>>;
    type Error = ConnectionLost;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectionLost>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), ConnectionLost>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let simulator = self.0.clone();
        Box::pin(async move { simulator.serve(request).await })
    }
}

impl<C: Core> Simulator<C> {
    /// The simulator as a service. Its error is a lost answer.
    pub fn service(&self) -> Endpoint<C> {
        Endpoint(self.clone())
    }

    /// The simulator as a network of one host, for callers in the same process.
    pub fn network(&self) -> Network {
        in_process(self.service())
    }

    async fn serve<B>(&self, request: Request<B>) -> Result<Response<Full<Bytes>>, ConnectionLost>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let (parts, body) = request.into_parts();
        let started_at = self.kernel().now();
        let read = body::read(self.kernel().clock(), &self.kernel().0.large_bodies, body).await;
        let visit = Visit::new(self.system(), &parts, started_at);
        let answer = match read {
            Ok(bytes) => match self.understand(visit, &parts, &bytes) {
                Ok(request) => return self.admit(request).await,
                Err((visit, problem)) => self.refuse(visit, &problem),
            },
            Err(error) => match error.problem() {
                Some(problem) => self.refuse(visit, &problem),
                None => return Err(self.break_off(visit, error.to_string())),
            },
        };
        Ok(answer.into_response())
    }

    /// Finds operation, parameters, body and key; a request that misses one of them is refused.
    fn understand(
        &self,
        mut visit: Visit,
        parts: &Parts,
        bytes: &[u8],
    ) -> Result<Understood, (Visit, Problem)> {
        let uri = &parts.uri;
        let body = shape::parse_body(bytes);
        if let Ok(body) = &body {
            visit.exchange.request = body.clone();
        }
        let routed = routing::route(self.system(), parts.method.as_str(), uri.path(), uri.query());
        let (operation, parameters) = match routed {
            Ok(routed) => routed,
            Err(problem) => return Err((visit, problem)),
        };
        operation.id.clone_into(&mut visit.exchange.operation);
        let body = match body {
            Ok(_) if operation.method == Method::Get => Value::Null,
            Ok(body) => body,
            Err(_) if operation.method == Method::Get => Value::Null,
            Err(problem) => return Err((visit, problem)),
        };
        self.kernel_subject(&mut visit, &parameters, &body);
        let key = match key(operation, &parts.headers) {
            Ok(key) => key,
            Err(problem) => return Err((visit, problem)),
        };
        let digest = idempotency::digest(operation, &visit.exchange.call, &body);
        self.count(&mut visit, operation, key.as_deref(), digest);
        let errors = if operation.method == Method::Get {
            Vec::new()
        } else {
            shape::request_errors(operation, &body)
        };
        if !errors.is_empty() {
            return Err((visit, Problem::invalid(errors)));
        }
        let correlation = visit.exchange.correlation.clone();
        Ok(Understood { call: Call { operation, parameters, body, key, correlation }, digest, visit })
    }

    fn kernel_subject(&self, visit: &mut Visit, parameters: &BTreeMap<String, String>, body: &Value) {
        let subject = self.kernel().registry().subject_of(self.system(), parameters, body);
        if let Some(order) = &subject.order {
            self.kernel().registry().learn(self.system(), order, body);
        }
        visit.subject = subject;
    }

    /// Numbers the attempt: of the key, or without one of the same request.
    fn count(&self, visit: &mut Visit, operation: Operation, key: Option<&str>, digest: idempotency::Digest) {
        let system = self.system();
        let intent = key
            .map_or(digest, |key| idempotency::digest(operation, &format!("{system} {key}"), &Value::Null));
        visit.exchange.attempt = self.kernel().count_attempt(intent);
        visit.exchange.key = key.map(str::to_owned);
    }

    /// Lets a request in: past outages, past the answers that are kept, and past what holds it.
    async fn admit(&self, request: Understood) -> Result<Response<Full<Bytes>>, ConnectionLost> {
        let Understood { call, digest, visit } = request;
        let strike = self.strike_on(&visit);
        match strike.as_ref().map(|strike| (strike, strike.action)) {
            Some((strike, Action::Unavailable { retry_after_s })) => {
                return Ok(self.unavailable(visit, strike, retry_after_s).into_response());
            }
            Some((strike, Action::LoseRequest)) => {
                return Err(self.break_off(visit, format!("fault {:?}", strike.name)));
            }
            _ => {}
        }
        let slot = match call.key.as_deref().map(|key| self.answers().admit(key, digest)) {
            Some(Admission::Refused(problem)) => return Ok(self.refuse(visit, &problem).into_response()),
            Some(Admission::Replay(answer)) => return self.finish(visit, answer, strike.as_ref(), true),
            Some(Admission::Fresh(slot)) => Some(slot),
            None => None,
        };
        let pending = Pending { call, visit, slot, strike };
        match &pending.strike {
            Some(strike) if matches!(strike.action, Action::Hold { .. }) => self.hold(pending).await,
            _ => self.execute(pending, true),
        }
    }

    /// Waits for the release in a task of its own, so that the work is done even if the caller has gone.
    async fn hold(&self, mut pending: Pending) -> Result<Response<Full<Bytes>>, ConnectionLost> {
        let Some(strike) = pending.strike.take() else { return self.execute(pending, true) };
        let scenario = self.kernel().registry().scenario_of(&pending.visit.subject);
        let title = self.system().title();
        let text = format!("{title}: {} held by fault {:?}", pending.visit.exchange.call, strike.name);
        let work = self.kernel().0.work.open(scenario, text);
        pending.visit.exchange.note = Some(format!("held by fault {:?}", strike.name));
        let (tell, told) = oneshot::channel();
        let simulator = self.clone();
        self.kernel().0.tasks.spawn(async move {
            simulator.kernel().faults().until_over(strike.rule).await;
            let response = simulator.execute(pending, !tell.is_closed());
            drop(work);
            drop(tell.send(response));
        });
        told.await.unwrap_or_else(|_| Err(ConnectionLost("the simulator was shut down".to_owned())))
    }

    /// Lets the core work, and keeps the answer. `heard` says whether the caller is still there.
    fn execute(&self, pending: Pending, heard: bool) -> Result<Response<Full<Bytes>>, ConnectionLost> {
        let Pending { call, mut visit, slot, strike } = pending;
        let answer = match self.handle(&call, &visit) {
            Ok(body) => Answer::success(call.operation.success, body),
            Err(problem) => Answer::problem(&problem),
        };
        let errors = shape::response_errors(call.operation, answer.status, &answer.body);
        if let Some(error) = errors.first() {
            visit.note(&format!(
                "rig bug: own answer breaks its schema at {:?}: {}",
                error.pointer, error.detail
            ));
        }
        if let Some(slot) = slot {
            slot.finish(&answer);
        }
        self.finish(visit, answer, strike.as_ref(), heard)
    }

    fn handle(&self, call: &Call, visit: &Visit) -> Result<Value, Problem> {
        let origin = Origin {
            scenario: self.kernel().registry().scenario_of(&visit.subject),
            order: visit.subject.order.clone(),
            key: call.key.clone(),
            correlation: call.correlation.clone(),
            spontaneous: false,
        };
        self.perform(&origin, |core, scene| {
            let handled = catch_unwind(AssertUnwindSafe(|| core.handle(call, scene)));
            let result = handled.unwrap_or_else(|_| {
                Err(Problem::new(ProblemKind::InternalError, "rig bug: the simulator panicked"))
            });
            let committed = result.is_ok();
            (result, committed)
        })
    }

    /// Journals and gives the answer, unless a fault or the caller's absence loses it.
    fn finish(
        &self,
        mut visit: Visit,
        answer: Answer,
        strike: Option<&Strike>,
        heard: bool,
    ) -> Result<Response<Full<Bytes>>, ConnectionLost> {
        if let Some(order) = visit.learn_from(&answer) {
            self.kernel().registry().learn(self.system(), &order, &answer.body);
        }
        visit.exchange.replayed = answer.replayed;
        let fault = strike.filter(|strike| strike.action == Action::CommitThenLoseAnswer);
        if let Some(fault) = fault {
            return Err(self.break_off(visit, format!("fault {:?}", fault.name)));
        }
        if !heard {
            return Err(self.break_off(visit, "the caller had gone".to_owned()));
        }
        self.record(visit, Some(&answer));
        Ok(answer.into_response())
    }

    fn refuse(&self, visit: Visit, problem: &Problem) -> Answer {
        let answer = Answer::problem(problem);
        self.record(visit, Some(&answer));
        answer
    }

    fn unavailable(&self, mut visit: Visit, strike: &Strike, retry_after_s: u32) -> Answer {
        let detail = format!("the {} does not work at present", self.system().title());
        let problem = Problem::new(ProblemKind::Unavailable, detail);
        let answer = Answer { retry_after_s: Some(retry_after_s), ..Answer::problem(&problem) };
        visit.note(&format!("fault {:?}", strike.name));
        self.record(visit, Some(&answer));
        answer
    }

    fn break_off(&self, mut visit: Visit, reason: String) -> ConnectionLost {
        visit.note(&reason);
        self.record(visit, None);
        ConnectionLost(reason)
    }

    fn strike_on(&self, visit: &Visit) -> Option<Strike> {
        let site = Site {
            system: self.system(),
            operation: &visit.exchange.operation,
            order: visit.subject.order.as_ref()?,
            attempt: visit.exchange.attempt,
        };
        let concerns_calls = |action| !matches!(action, Action::Duplicate { .. });
        let scenario = self.kernel().registry().scenario_of(&visit.subject);
        self.kernel().strike(site, concerns_calls, scenario.as_deref())
    }

    fn record(&self, visit: Visit, answer: Option<&Answer>) {
        let Visit { mut exchange, subject } = visit;
        exchange.sku = subject.sku.clone().filter(|_| subject.order.is_none());
        exchange.order.clone_from(&subject.order);
        if let Some(answer) = answer {
            exchange.status = Some(answer.status);
            exchange.response = answer.body.clone();
            exchange.outcome = answer.outcome();
        }
        let registry = self.kernel().registry();
        let scenario = registry.scenario_of(&subject);
        if scenario.is_none() {
            let Exchange { to, call, key, .. } = &exchange;
            registry.quarantine_call(|| format!("{to}: {call} (key {key:?}, order {:?})", subject.order));
        }
        self.kernel().recorder().record(scenario, Entry::Exchange(Box::new(exchange)));
    }
}

/// A request on its way through the simulator, as far as it is known what it is about.
struct Visit {
    exchange: Exchange,
    subject: Subject,
}

/// A request that makes sense.
struct Understood {
    call: Call,
    digest: idempotency::Digest,
    visit: Visit,
}

/// A request that waits for the core.
struct Pending {
    call: Call,
    visit: Visit,
    slot: Option<Slot>,
    strike: Option<Strike>,
}

impl Visit {
    fn new(system: System, parts: &Parts, started_at: Timestamp) -> Self {
        let path = parts.uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
        let exchange = Exchange {
            from: System::Middleware,
            to: system,
            operation: "unknown".to_owned(),
            call: routing::shown(&format!("{} {path}", parts.method)),
            order: None,
            sku: None,
            key: None,
            attempt: 1,
            correlation: text(&parts.headers, header::CORRELATION_ID).map(CorrelationId::from),
            causation: text(&parts.headers, header::CAUSATION_ID).map(str::to_owned),
            started_at,
            request: Value::Null,
            status: None,
            response: Value::Null,
            outcome: Outcome::Unknown,
            replayed: false,
            note: None,
        };
        Self { exchange, subject: Subject::default() }
    }

    fn note(&mut self, more: &str) {
        let known = self.exchange.note.take().map_or_else(String::new, |known| format!("{known}; "));
        self.exchange.note = Some(known + more);
    }

    /// Takes the order from the answer where the request did not name it; gives the order.
    fn learn_from(&mut self, answer: &Answer) -> Option<OrderNumber> {
        if self.subject.order.is_none() {
            let named = answer.body.get("order_number").and_then(Value::as_str);
            self.subject.order = named.map(OrderNumber::from);
        }
        self.subject.order.clone()
    }
}

/// A header of at most [`HEADER_BYTES_MAX`] visible characters; anything else counts as absent.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    (!value.is_empty() && value.len() <= HEADER_BYTES_MAX).then_some(value)
}

/// The idempotency key of a keyed operation.
fn key(operation: Operation, headers: &HeaderMap) -> Result<Option<String>, Problem> {
    if !operation.keyed {
        return Ok(None);
    }
    if let Some(key) = text(headers, header::IDEMPOTENCY_KEY) {
        return Ok(Some(key.to_owned()));
    }
    let detail = if headers.contains_key(header::IDEMPOTENCY_KEY) {
        format!("is not 1 to {HEADER_BYTES_MAX} visible ASCII characters")
    } else {
        format!("is missing; {operation} needs an idempotency key")
    };
    let pointer = format!("/header/{}", header::IDEMPOTENCY_KEY);
    Err(Problem::invalid(vec![FieldError { pointer, detail }]))
}
