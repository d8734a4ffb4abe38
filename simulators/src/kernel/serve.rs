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
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use counterproof_contracts::{
    faults::{Link, Misfortune, Moment},
    journal::{Entry, Exchange},
    protocol::{Method, Operation, Problem, ProblemKind},
    shape,
};
use http::{Request, Response, request::Parts};
use hyper::body::Body;
use serde_json::Value;
use tokio::sync::oneshot;
use tower::Service;

use super::{
    Call, Core, Network, NetworkError, Place, Simulator, Strike, body,
    idempotency::{self, Admission, Digest, Slot},
    in_process,
    mishap::Spoilt,
    reply::Answer,
    routing,
    seats::Seat,
    simulator::Origin,
    visit::{self, Visit},
    wire::Payload,
};

/// How many calls of no scenario are recorded; of those that follow, only what is carried out.
const STRANGERS_RECORDED_MAX: u64 = 1_000;

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
    type Response = Response<Payload>;
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

    async fn serve<B>(&self, request: Request<B>) -> Served
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let (parts, body) = request.into_parts();
        let started_at = self.kernel().now();
        let read = body::read(self.kernel().clock(), &self.kernel().0.large_bodies, body).await;
        if let Some(seat) = parts.extensions.get::<Arc<Seat>>() {
            seat.work();
        }
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
        Ok(self.refuse(visit, &problem).response())
    }

    /// Finds operation, parameters, body and key; a request that misses one of them is refused.
    fn understand(&self, visit: &mut Visit, parts: &Parts, bytes: &[u8]) -> Result<(Call, Digest), Problem> {
        let uri = &parts.uri;
        let path = uri.path_and_query().map_or("", http::uri::PathAndQuery::as_str);
        let unreadable = match shape::parse_body(bytes) {
            Ok(body) => {
                visit.exchange.request = body;
                None
            }
            Err(problem) => Some(problem),
        };
        let (operation, parameters) =
            routing::route(self.system(), parts.method.as_str(), uri.path(), uri.query())?;
        operation.id.clone_into(&mut visit.exchange.operation);
        let reads = operation.method == Method::Get;
        if let Some(problem) = unreadable.filter(|_| !reads) {
            return Err(problem);
        }
        let body = if reads { &Value::Null } else { &visit.exchange.request };
        let registry = self.kernel().registry();
        visit.subject = registry.subject_of(self.system(), &parameters, body);
        if let Some(order) = &visit.subject.order {
            registry.learn(self.system(), order, body);
        }
        let key = visit::key(operation, &parts.headers)?;
        let digest = idempotency::digest(operation, path, body);
        let errors = if reads { Vec::new() } else { shape::request_errors(operation, body) };
        visit.digest = Some(digest);
        self.count(visit, operation, key.as_deref(), digest);
        visit.exchange.checked.request = Some(errors.clone());
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let correlation = visit.exchange.correlation.clone();
        // The body stays with the visit until the core is at work.
        Ok((Call { operation, parameters, body: Value::Null, key, correlation }, digest))
    }

    /// Numbers the attempt: of the key, or without one of the same request.
    fn count(&self, visit: &mut Visit, operation: Operation, key: Option<&str>, digest: Digest) {
        let system = self.system();
        let intent = key
            .map_or(digest, |key| idempotency::digest(operation, &format!("{system} {key}"), &Value::Null));
        visit.exchange.attempt = self.kernel().count_attempt(intent);
        visit.exchange.key = key.map(str::to_owned);
    }

    /// Lets a request in: past what turns it away, and past the answers that are kept.
    async fn admit(&self, call: Call, digest: Digest, visit: Visit) -> Served {
        let place = self.place(&visit);
        self.fall_back(place.as_ref());
        if let Some(place) = &place
            && let Some(strike) = self.kernel().look(Some(place), Moment::Arrival)
        {
            return self.turn_away(visit, &strike, place).await;
        }
        let task = match call.key.as_deref().map(|key| self.answers().admit(key, digest)) {
            Some(Admission::Refused(problem)) => return Ok(self.refuse(visit, &problem).response()),
            Some(Admission::Replay(answer)) => Task::Kept(answer),
            Some(Admission::Fresh(slot)) => Task::Fresh(call, Some(slot)),
            None => Task::Fresh(call, None),
        };
        let kept = matches!(task, Task::Kept(_));
        if kept && let Some(strike) = self.kernel().strike(place.as_ref(), Moment::Replay) {
            return Ok(self.contest(visit, &strike).response());
        }
        let wait = if kept { None } else { self.kernel().look(place.as_ref(), Moment::Wait) };
        let ending = self.kernel().look(place.as_ref(), Moment::Answer);
        let job = Job { task, visit, place, wait, ending };
        if job.takes_time() { self.detach(job).await } else { self.carry_out(job, || true).await }
    }

    /// Carries out a request in a task of its own, so that the work is done even if the caller has gone.
    async fn detach(&self, mut job: Job) -> Served {
        let strike = job.wait.as_ref().or(job.ending.as_ref());
        let name = strike.map_or_else(String::new, |strike| strike.name.clone());
        let scenario = self.kernel().registry().scenario_of(&job.visit.subject);
        let title = self.system().title();
        let work = self
            .kernel()
            .0
            .work
            .open(scenario, format!("{title}: {} held by fault {name:?}", job.visit.exchange.call));
        job.visit.note(&format!("held by fault {name:?}"));
        let (tell, told) = oneshot::channel();
        let simulator = self.clone();
        self.kernel().0.tasks.spawn(async move {
            let response = simulator.carry_out(job, || !tell.is_closed()).await;
            drop(work);
            drop(tell.send(response));
        });
        told.await.unwrap_or_else(|_| Err(ConnectionLost("the simulator was shut down".to_owned())))
    }

    /// Waits as faults say, lets the core work, and answers. `heard` says whether the caller is still there.
    async fn carry_out(&self, job: Job, heard: impl Fn() -> bool) -> Served {
        let Job { task, mut visit, place, wait, ending } = job;
        if let Some((strike, place)) = wait.as_ref().zip(place.as_ref()) {
            self.kernel().wait_out(strike, place).await;
        }
        let answer = match task {
            Task::Kept(answer) => answer,
            Task::Fresh(call, slot) => self.execute(call, slot, &mut visit, place.as_ref()),
        };
        if let Some(order) = visit.learn_from(&answer) {
            self.kernel().registry().learn(self.system(), &order, &answer.body);
        }
        visit.exchange.replayed = answer.replayed;
        let answer = self.drift(answer, &mut visit, place.as_ref());
        let answer = match ending.zip(place) {
            Some((strike, place)) => match self.spoil(answer, &mut visit, &strike, &place).await {
                Spoilt::Answer(answer) => answer,
                Spoilt::Broken(answer, broken) => return Ok(self.break_answer(&answer, visit, broken)),
                Spoilt::Lost => return self.lose(visit, &strike, &place).await,
            },
            None => answer,
        };
        if !heard() {
            return Err(self.break_off(visit, "the caller had gone".to_owned()));
        }
        let response = answer.response();
        self.record(visit, Some(answer));
        Ok(response)
    }

    /// Lets the core work, and keeps the answer.
    fn execute(
        &self,
        mut call: Call,
        slot: Option<Slot>,
        visit: &mut Visit,
        place: Option<&Place>,
    ) -> Answer {
        let writes = call.operation.method != Method::Get;
        if writes {
            call.body = std::mem::take(&mut visit.exchange.request);
        }
        let stale = self.stale(&call, visit, place).map(|answer| (answer, None));
        let (handled, retry_after_s) = stale.unwrap_or_else(|| self.handle(&call, visit));
        if writes {
            visit.exchange.request = std::mem::take(&mut call.body);
        }
        let answer = match handled {
            Ok(body) => Answer::success(call.operation.success, body),
            Err(problem) => Answer { retry_after_s, ..Answer::problem(&problem) },
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
        answer
    }

    /// Lets the core work. If it refuses, it may say for how many seconds to wait.
    fn handle(&self, call: &Call, visit: &Visit) -> (Result<Value, Problem>, Option<u32>) {
        let origin = Origin {
            scenario: self.kernel().registry().scenario_of(&visit.subject),
            order: visit.subject.order.clone(),
            key: call.key.clone(),
            correlation: call.correlation.clone(),
            asked: visit.digest,
            spontaneous: false,
        };
        self.perform(&origin, |core, scene| {
            let handled = catch_unwind(AssertUnwindSafe(|| core.handle(call, scene)));
            let result = handled.unwrap_or_else(|_| {
                Err(Problem::new(ProblemKind::InternalError, "rig bug: the simulator panicked"))
            });
            let committed = result.is_ok();
            ((result, scene.retry_after_s), committed)
        })
    }

    fn refuse(&self, visit: Visit, problem: &Problem) -> Answer {
        let answer = Answer::problem(problem);
        self.record(visit, Some(answer.clone()));
        answer
    }

    pub(super) fn break_off(&self, mut visit: Visit, reason: String) -> ConnectionLost {
        visit.note(&reason);
        self.record(visit, None);
        ConnectionLost(reason)
    }

    fn place(&self, visit: &Visit) -> Option<Place> {
        let Exchange { operation, key, call, attempt, .. } = &visit.exchange;
        Some(Place {
            link: Link::to(self.system()),
            operation: operation.clone(),
            order: visit
                .subject
                .order
                .clone()
                .or_else(|| Some(visit.subject.sku.as_ref()?.as_str().into()))
                .or_else(|| Some(visit.subject.node.as_ref()?.as_str().into()))
                .or_else(|| Some(visit.subject.customer.as_ref()?.as_str().into()))
                .or_else(|| Some(visit.subject.feed.as_ref()?.as_str().into()))?,
            scenario: self.kernel().registry().scenario_of(&visit.subject),
            key: key.as_ref().unwrap_or(call).clone(),
            attempt: *attempt,
        })
    }

    pub(super) fn record(&self, visit: Visit, answer: Option<Answer>) {
        let Visit { mut exchange, subject, digest: _ } = visit;
        exchange.sku = subject.sku.clone().filter(|_| subject.order.is_none());
        exchange.order.clone_from(&subject.order);
        let refused = answer.as_ref().is_none_or(|answer| answer.status >= 400);
        if let Some(answer) = answer {
            exchange.status = Some(answer.status);
            exchange.outcome = answer.outcome();
            exchange.retry_after_s = answer.retry_after_s;
            exchange.response = answer.body;
        }
        let registry = self.kernel().registry();
        let scenario = registry.scenario_of(&subject);
        if scenario.is_none() {
            let Exchange { to, call, key, .. } = &exchange;
            let count =
                registry.quarantine_call(|| format!("{to}: {call} (key {key:?}, order {:?})", subject.order));
            if refused && count > STRANGERS_RECORDED_MAX {
                return;
            }
            if count == STRANGERS_RECORDED_MAX {
                exchange.note =
                    Some("further calls of no scenario that are refused are only counted".to_owned());
            }
        }
        self.kernel().recorder().record(scenario, Entry::Exchange(Box::new(exchange)));
    }
}

/// The end of a request: an answer, or none.
pub(super) type Served = Result<Response<Payload>, ConnectionLost>;

/// What is to be done for a request.
enum Task {
    /// Let the core work.
    Fresh(Call, Option<Slot>),
    /// Give the answer that is kept.
    Kept(Answer),
}

/// A request that was let in, with the faults that it will meet.
struct Job {
    task: Task,
    visit: Visit,
    place: Option<Place>,
    wait: Option<Strike>,
    ending: Option<Strike>,
}

impl Job {
    /// Whether the caller may be gone before it is done.
    fn takes_time(&self) -> bool {
        let late = |strike: &Strike| matches!(strike.misfortune, Misfortune::LateAnswer { .. });
        self.wait.is_some() || self.ending.as_ref().is_some_and(late)
    }
}
