//! Serving a core: from a request to a call, through idempotency and faults, to an answer, all journaled.
//!
//! The bytes come from the implementation and are trusted in nothing. A request is refused with a reason that
//! names the place before the core sees it. A lost answer is an error of the service: over a socket the
//! connection ends, in process the caller gets the error.

use std::{
    convert::Infallible,
    error::Error,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use counterproof_contracts::{
    journal::{Entry, Exchange},
    protocol::{Method, Operation, Problem, ProblemKind},
    shape,
};
use http::{Request, Response, request::Parts};
use http_body_util::Full;
use hyper::body::Body;
use serde_json::Value;
use tokio::sync::oneshot;
use tower::Service;

use super::{
    Action, Call, Core, Network, NetworkError, Simulator, body,
    faults::{Site, Strike},
    idempotency::{self, Admission, Digest, Slot},
    in_process,
    reply::Answer,
    routing,
    simulator::Origin,
    visit::{self, Visit},
};

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
        let mut visit = Visit::new(self.system(), &parts, started_at);
        let problem = match read {
            Ok(bytes) => match self.understand(&mut visit, &parts, &bytes) {
                Ok((call, digest)) => return self.admit(call, digest, visit).await,
                Err(problem) => problem,
            },
            Err(error) => match error.problem() {
                Some(problem) => problem,
                None => return Err(self.break_off(visit, error.to_string())),
            },
        };
        Ok(self.refuse(visit, &problem).into_response())
    }

    /// Finds operation, parameters, body and key; a request that misses one of them is refused.
    fn understand(&self, visit: &mut Visit, parts: &Parts, bytes: &[u8]) -> Result<(Call, Digest), Problem> {
        let uri = &parts.uri;
        let path = uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
        let body = shape::parse_body(bytes);
        if let Ok(body) = &body {
            visit.exchange.request = body.clone();
        }
        let (operation, parameters) =
            routing::route(self.system(), parts.method.as_str(), uri.path(), uri.query())?;
        operation.id.clone_into(&mut visit.exchange.operation);
        let reads = operation.method == Method::Get;
        let body = if reads { Value::Null } else { body? };
        let registry = self.kernel().registry();
        visit.subject = registry.subject_of(self.system(), &parameters, &body);
        if let Some(order) = &visit.subject.order {
            registry.learn(self.system(), order, &body);
        }
        let key = visit::key(operation, &parts.headers)?;
        let digest = idempotency::digest(operation, path, &body);
        self.count(visit, operation, key.as_deref(), digest);
        let errors = if reads { Vec::new() } else { shape::request_errors(operation, &body) };
        visit.exchange.checked.request = Some(errors.clone());
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let correlation = visit.exchange.correlation.clone();
        Ok((Call { operation, parameters, body, key, correlation }, digest))
    }

    /// Numbers the attempt: of the key, or without one of the same request.
    fn count(&self, visit: &mut Visit, operation: Operation, key: Option<&str>, digest: Digest) {
        let system = self.system();
        let intent = key
            .map_or(digest, |key| idempotency::digest(operation, &format!("{system} {key}"), &Value::Null));
        visit.exchange.attempt = self.kernel().count_attempt(intent);
        visit.exchange.key = key.map(str::to_owned);
    }

    /// Lets a request in: past outages, past the answers that are kept, and past what holds it.
    async fn admit(
        &self,
        call: Call,
        digest: Digest,
        visit: Visit,
    ) -> Result<Response<Full<Bytes>>, ConnectionLost> {
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
        visit.exchange.checked.response = Some(errors);
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

/// A request that waits for the core.
struct Pending {
    call: Call,
    visit: Visit,
    slot: Option<Slot>,
    strike: Option<Strike>,
}
