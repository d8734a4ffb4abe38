//! Delivering a message at least once: attempt, record, wait longer each time, until it is accepted, refused
//! for certain or given up. Also the one way to read from the middleware.

use std::time::Duration;

use bytes::Bytes;
use counterproof_contracts::{
    faults::{DriftChange, Ending, Misfortune, Moment},
    journal::{Checked, Entry, Exchange, Outcome},
    model::{CorrelationId, OrderNumber, System, Timestamp},
    protocol::{FieldError, Operation, Problem, ProblemKind, Token, header},
    shape,
};
use http::{Request, Response};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{
    Kernel, NetworkError, Place, Strike, faults,
    message::{Bears, Dress, Kind, Message, Signed, traceparent},
    reply::outcome,
    wire::Broken,
};

/// The longest `Retry-After` that is honored.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// An answer of the middleware, as far as it could be read.
struct Received {
    status: u16,
    body: Value,
    retry_after: Option<Duration>,
    note: Option<String>,
}

/// What follows from an attempt.
enum Next {
    Accepted(Value),
    Refused(Problem),
    Again(Option<Duration>),
}

/// An attempt with what faults made of it.
struct Attempt {
    result: Result<Received, NetworkError>,
    /// Names of the faults.
    faults: Vec<String>,
    /// What was sent in place of the message's body.
    body: Option<Value>,
    /// Whether a fault gave reason to refuse the message: a refusal is not the last word then.
    spoilt: bool,
}

/// Delivers a message; gives it back if it was accepted. What is cut off is not delivered and not tried again.
pub(super) async fn deliver(kernel: &Kernel, mut message: Message) -> Option<Message> {
    let policy = kernel.0.parts.policy;
    let begin = kernel.clock().elapsed();
    let mut wait = policy.first_wait;
    let sent = sent_errors(&message);
    let outcome = loop {
        message.attempts = message.attempts.saturating_add(1);
        message.describe(&format!("attempt {}", message.attempts));
        let started_at = kernel.now();
        let arrival = kernel.strike(Some(&message.place()), Moment::Arrival);
        if arrival.as_ref().is_some_and(|strike| strike.misfortune == Misfortune::CutOff) {
            return None;
        }
        let attempt = attempt(kernel, &message, arrival).await;
        let answered = attempt.result.as_ref().ok();
        let answered = answered.map(|received| answer_errors(message.operation, received));
        let next = match next(&message, &attempt.result, answered.as_deref().unwrap_or_default()) {
            Next::Refused(_) if attempt.spoilt => Next::Again(None),
            next => next,
        };
        // What a fault changed was not checked here.
        let request = attempt.body.is_none().then(|| sent.clone());
        let checked = Checked { request, response: answered };
        let pause = match &next {
            Next::Again(retry_after) => wait.max(retry_after.unwrap_or_default()),
            Next::Accepted(_) | Next::Refused(_) => Duration::ZERO,
        };
        let waited = kernel.clock().elapsed().saturating_sub(begin);
        let gives_up = matches!(next, Next::Again(_)) && waited + pause > policy.give_up_after;
        let mut notes: Vec<String> = attempt.faults.iter().map(|fault| format!("fault {fault:?}")).collect();
        notes.extend(
            breaks_contract(&next, &attempt.result).then(|| "the answer breaks its schema".to_owned()),
        );
        notes.extend(gives_up.then(|| "given up".to_owned()));
        record(kernel, &message, started_at, &attempt, checked, notes);
        match next {
            Next::Accepted(body) => break Ok(body),
            Next::Refused(problem) => break Err(problem),
            Next::Again(_) if gives_up => break Err(given_up(&message)),
            Next::Again(_) => message.describe(&format!("waits after attempt {}", message.attempts)),
        }
        kernel.clock().sleep(pause).await;
        wait = wait.saturating_mul(2).min(policy.longest_wait);
    };
    let accepted = outcome.is_ok();
    if let Some(conclude) = message.conclude.take() {
        conclude(outcome);
    }
    if accepted {
        kernel.0.overtaken.tell(&message.order);
    }
    accepted.then_some(message)
}

/// Whether an answer said success and was refused nevertheless.
fn breaks_contract(next: &Next, result: &Result<Received, NetworkError>) -> bool {
    let success = result.as_ref().is_ok_and(|received| (200..300).contains(&received.status));
    success && matches!(next, Next::Refused(_))
}

fn given_up(message: &Message) -> Problem {
    let detail = format!("given up after {} attempts", message.attempts);
    Problem::new(ProblemKind::Unavailable, detail)
}

/// One attempt, unless a fault loses it or its answer.
async fn attempt(kernel: &Kernel, message: &Message, arrival: Option<Strike>) -> Attempt {
    let broken = arrival.as_ref().and_then(|strike| match strike.misfortune {
        Misfortune::BrokenRequest { how, ms } => Some(kernel.broken(how, ms)),
        _ => None,
    });
    if let Some(strike) = arrival.as_ref().filter(|_| broken.is_none()) {
        let result = Err(lose(kernel, strike).await);
        return Attempt { result, faults: vec![strike.name.clone()], body: None, spoilt: false };
    }
    let place = message.place();
    let ending = kernel.look(Some(&place), Moment::Answer);
    let (dress, mut faults) = dress(kernel, message, &place);
    faults.extend(arrival.map(|strike| strike.name));
    let result = match kernel.base_url() {
        None => Err(NetworkError::Refused("the middleware's address is not set".to_owned())),
        Some(base_url) => match message.request(kernel, &base_url, &dress) {
            None => Err(NetworkError::Refused("the message does not fit into HTTP".to_owned())),
            Some(mut request) => {
                request.extensions_mut().extend(broken.map(extension).unwrap_or_default());
                kernel.send(request).await
            }
        },
    };
    let unsigned = dress.signed == Signed::Old || dress.token != Bears::Own;
    let spoilt = dress.body.is_some() || unsigned || dress.shift_s != 0;
    let mut attempt = Attempt { result, faults: Vec::new(), body: dress.body, spoilt };
    // Without an answer there is none to lose.
    if let Some(strike) = ending.filter(|_| attempt.result.is_ok())
        && let Some(lost) = lose_answer(kernel, &strike, &place).await
    {
        attempt.result = Err(lost);
        faults.push(strike.name);
    }
    Attempt { faults, ..attempt }
}

/// Tells the network how to break a request.
fn extension(broken: Broken) -> http::Extensions {
    let mut extensions = http::Extensions::new();
    extensions.insert(broken);
    extensions
}

async fn lose_answer(kernel: &Kernel, strike: &Strike, place: &Place) -> Option<NetworkError> {
    let happened = match strike.misfortune {
        Misfortune::Crash { .. } => kernel.crash(strike, place).await,
        _ => kernel.happens(strike, place),
    };
    if happened { Some(lose(kernel, strike).await) } else { None }
}

/// What the sender notices of a loss.
async fn lose(kernel: &Kernel, strike: &Strike) -> NetworkError {
    let (Misfortune::LoseRequest { ending } | Misfortune::LoseAnswer { ending }) = strike.misfortune else {
        return NetworkError::Reset("lost on purpose".to_owned());
    };
    match ending {
        Ending::Reset => NetworkError::Reset("lost on purpose".to_owned()),
        Ending::Silence => {
            let limit = kernel.0.parts.policy.answer_within;
            kernel.clock().sleep(limit).await;
            NetworkError::TimedOut { limit_ms: limit.as_millis() }
        }
    }
}

/// What faults change in an attempt, and their names.
fn dress(kernel: &Kernel, message: &Message, place: &Place) -> (Dress, Vec<String>) {
    let mut dress = Dress::default();
    let mut faults = Vec::new();
    if let Some(strike) = kernel.look(Some(place), Moment::Content)
        && let Misfortune::Drift { change, at } = &strike.misfortune
        && let Some(body) = drifted(message, *change, at.as_deref())
    {
        kernel.happens(&strike, place);
        dress.body = Some(body);
        faults.push(strike.name);
    }
    let signing = kernel.look(Some(place), Moment::Signing);
    let of_call = |strike: &Strike| matches!(strike.misfortune, Misfortune::WrongToken { .. });
    let event = message.kind == Kind::Event;
    if let Some(strike) = signing.filter(|strike| of_call(strike) != event && kernel.happens(strike, place)) {
        match strike.misfortune {
            Misfortune::WrongToken { unknown } => {
                dress.token = if unknown { Bears::Unknown } else { Bears::None };
            }
            Misfortune::OldSignature { with_new } => {
                dress.signed = if with_new { Signed::Both } else { Signed::Old };
            }
            Misfortune::StaleTimestamp { by_s } => dress.shift_s = -i64::from(by_s),
            _ => {}
        }
        faults.push(strike.name);
    }
    if !event {
        return (dress, faults);
    }
    let elapsed = kernel.clock().elapsed();
    let scenario = message.scenario.as_deref();
    if let Some((strike, seconds)) = kernel.faults().skew(message.from, &message.order, scenario, elapsed) {
        dress.shift_s += i64::from(seconds);
        faults.push(strike.name);
    }
    (dress, faults)
}

/// The body as another version of its schema would have it.
fn drifted(message: &Message, change: DriftChange, at: Option<&str>) -> Option<Value> {
    let errors = |body: &Value| match message.kind {
        Kind::Event => shape::event_errors(body),
        Kind::Call => shape::request_errors(message.operation, body),
    };
    let root = if message.kind == Kind::Event { "/data" } else { "" };
    faults::drifted(&message.body, change, at, root, &errors)
}

fn next(message: &Message, result: &Result<Received, NetworkError>, errors: &[FieldError]) -> Next {
    let Ok(received) = result else { return Next::Again(None) };
    match received.status {
        200..300 if message.kind == Kind::Event => Next::Accepted(Value::Null),
        200..300 if errors.is_empty() => Next::Accepted(received.body.clone()),
        200..300 => Next::Refused(Problem::invalid(errors.to_vec())),
        408 | 425 | 429 | 500.. => Next::Again(received.retry_after),
        status => {
            let problem = serde_json::from_value(received.body.clone());
            let problem: Problem = problem.unwrap_or_else(|_| unreadable(status));
            if problem.retryable { Next::Again(received.retry_after) } else { Next::Refused(problem) }
        }
    }
}

/// Places where our own message breaks its schema.
fn sent_errors(message: &Message) -> Vec<FieldError> {
    match message.kind {
        Kind::Event => shape::event_errors(&message.body),
        Kind::Call => shape::request_errors(message.operation, &message.body),
    }
}

/// Places where an answer breaks the schema that it has for its status.
fn answer_errors(operation: Operation, received: &Received) -> Vec<FieldError> {
    shape::response_errors(operation, received.status, &received.body)
}

fn unreadable(status: u16) -> Problem {
    let detail = format!("answered {status} without problem details");
    Problem { status, retryable: false, ..Problem::new(ProblemKind::InternalError, detail) }
}

fn record(
    kernel: &Kernel,
    message: &Message,
    started_at: Timestamp,
    attempt: &Attempt,
    checked: Checked,
    notes: Vec<String>,
) {
    let mut exchange = outgoing(message.from, message.operation, &message.path, started_at);
    exchange.order.clone_from(&message.about);
    exchange.sku = message.sku.clone().filter(|_| message.about.is_none());
    exchange.key = Some(message.key.clone());
    exchange.attempt = message.attempts;
    exchange.correlation = Some(message.correlation.clone());
    exchange.causation.clone_from(&message.causation);
    exchange.request.clone_from(attempt.body.as_ref().unwrap_or(&message.body));
    exchange.checked = checked;
    fill(&mut exchange, &attempt.result);
    let known = exchange.note.take();
    let notes: Vec<String> = known.into_iter().chain(notes).collect();
    exchange.note = (!notes.is_empty()).then(|| notes.join("; "));
    kernel.recorder().record(message.scenario.clone(), Entry::Exchange(Box::new(exchange)));
}

/// An exchange with the middleware of which nothing is known yet.
fn outgoing(from: System, operation: Operation, path: &str, started_at: Timestamp) -> Exchange {
    Exchange {
        from,
        to: System::Middleware,
        operation: operation.id.to_owned(),
        call: format!("{} {path}", operation.method.as_str()),
        order: None,
        sku: None,
        key: None,
        attempt: 1,
        correlation: None,
        causation: None,
        started_at,
        request: Value::Null,
        status: None,
        response: Value::Null,
        outcome: Outcome::Unknown,
        replayed: false,
        note: None,
        retry_after_s: None,
        checked: Checked::default(),
    }
}

fn fill(exchange: &mut Exchange, result: &Result<Received, NetworkError>) {
    match result {
        Ok(received) => {
            exchange.status = Some(received.status);
            exchange.response = received.body.clone();
            exchange.outcome = outcome(received.status, &received.body);
            exchange.note.clone_from(&received.note);
        }
        Err(error) => {
            exchange.outcome = if error.proves_no_effect() { Outcome::Fail } else { Outcome::Unknown };
            exchange.note = Some(error.to_string());
        }
    }
}

impl Kernel {
    /// Reads from the middleware on behalf of a system, once, and records it: status and body.
    ///
    /// # Errors
    /// [`NetworkError`] if no answer came.
    pub async fn read_middleware(
        &self,
        from: System,
        operation: Operation,
        parameters: &[&str],
        order: Option<&OrderNumber>,
        correlation: &CorrelationId,
    ) -> Result<(u16, Value), NetworkError> {
        self.ask_middleware(from, operation, (parameters, None), order, correlation).await
    }

    /// As [`Self::read_middleware`], with a question that stands in the body.
    pub async fn ask_middleware(
        &self,
        from: System,
        operation: Operation,
        (parameters, question): (&[&str], Option<&Value>),
        order: Option<&OrderNumber>,
        correlation: &CorrelationId,
    ) -> Result<(u16, Value), NetworkError> {
        let path = operation.path_with(parameters);
        let mut exchange = outgoing(from, operation, &path, self.now());
        exchange.request = question.cloned().unwrap_or(Value::Null);
        let named = operation.match_path(&path).into_iter().flatten();
        let named = named.map(|(name, value)| (name.to_owned(), value)).collect();
        let subject = self.registry().subject_of(System::Middleware, &named, &Value::Null);
        exchange.order = order.cloned();
        exchange.sku = subject.sku.clone().filter(|_| order.is_none());
        exchange.correlation = Some(correlation.clone());
        let result = self.read(from, operation, &path, question, correlation).await;
        fill(&mut exchange, &result);
        exchange.checked.response = result.as_ref().ok().map(|received| answer_errors(operation, received));
        let of_order = order.and_then(|order| self.registry().scenario_of_order(order));
        let scenario = of_order.or_else(|| self.registry().scenario_of(&subject));
        self.recorder().record(scenario, Entry::Exchange(Box::new(exchange)));
        result.map(|received| (received.status, received.body))
    }

    async fn read(
        &self,
        from: System,
        operation: Operation,
        path: &str,
        question: Option<&Value>,
        correlation: &CorrelationId,
    ) -> Result<Received, NetworkError> {
        let base_url = self.base_url();
        let base_url = base_url
            .ok_or_else(|| NetworkError::Refused("the middleware's address is not set".to_owned()))?;
        let request = Request::builder()
            .method(operation.method.as_str())
            .uri(format!("{base_url}{path}"))
            .header(header::CORRELATION_ID, correlation.as_str())
            .header(header::TRACEPARENT, traceparent(correlation, path, 1));
        let request = match self.token_of(from) {
            Some(token) => request.header(http::header::AUTHORIZATION, token),
            None => request,
        };
        let request = match question {
            Some(_) => request.header(http::header::CONTENT_TYPE, "application/json"),
            None => request,
        };
        let request = request
            .body(question.map_or_else(Bytes::new, |question| Bytes::from(question.to_string())))
            .map_err(|error| NetworkError::Refused(error.to_string()))?;
        self.send(request).await
    }

    /// The `authorization` header of a system that calls the middleware.
    pub(super) fn token_of(&self, from: System) -> Option<String> {
        self.0.parts.tokens.get(from).map(Token::header)
    }

    fn base_url(&self) -> Option<String> {
        self.0.middleware.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Sends a request within the policy's time.
    async fn send(&self, request: Request<Bytes>) -> Result<Received, NetworkError> {
        let _permit = self.0.sends.acquire().await;
        let limit = self.0.parts.policy.answer_within;
        let exchange = self.0.parts.network.clone().oneshot(request);
        let timed_out = NetworkError::TimedOut { limit_ms: limit.as_millis() };
        self.clock()
            .timeout(limit, exchange)
            .await
            .unwrap_or(Err(timed_out))
            .map(|response| receive(&response))
    }
}

fn receive(response: &Response<Bytes>) -> Received {
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let (body, note) = match shape::parse_body(response.body()) {
        Ok(body) => (body, None),
        Err(problem) => (Value::Null, Some(format!("the answer is not readable: {}", problem.detail))),
    };
    Received {
        status: response.status().as_u16(),
        body,
        retry_after: retry_after.map(|seconds| Duration::from_secs(seconds).min(RETRY_AFTER_MAX)),
        note,
    }
}
