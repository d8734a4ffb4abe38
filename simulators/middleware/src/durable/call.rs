//! One attempt of a task: a request out, and what its answer proves.

use std::time::Duration;

use bytes::Bytes;
use counterproof_contracts::{
    model::System,
    protocol::{Method, Operation, Problem, ProblemKind, erp, header, percent_encode},
    shape,
};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use super::app::{Inner, json};
use crate::{
    defects::Defect,
    door::network::CallError,
    process::{Intent, PartnerAnswer, Refusal, Task, hex, idempotency_key},
};

/// How long a call is tried before a person must look at it, unless configured otherwise.
pub const GIVE_UP_AFTER: Duration = Duration::from_mins(15);

/// What an attempt proves.
#[derive(Debug)]
pub(super) enum Attempt {
    /// It had its effect.
    Answered(PartnerAnswer),
    /// It had none, and will have none.
    Refused(Refusal),
    /// Nothing: it may have had its effect, unless it is known to be untouched.
    Unknown {
        /// What went wrong.
        reason: String,
        /// It certainly had no effect so far: the partner did not look at it, or was not called.
        untouched: bool,
        /// How long the partner asks to wait.
        wait: Option<Duration>,
    },
}

/// Calls a partner once.
pub(super) async fn attempt(app: &Inner, task: &Task, number: u32) -> Attempt {
    let Some(operation) = Operation::find(task.partner, &task.operation) else {
        return Attempt::Refused(Refusal::without_problem(0, "no such operation".to_owned()));
    };
    let request = match request(app, operation, task, number) {
        Ok(request) => request,
        Err(error) => {
            let detail = format!("request cannot be built: {error}");
            return Attempt::Refused(Refusal::without_problem(0, detail));
        }
    };
    app.alive().await;
    let timeout = Duration::from_millis(app.parts.policy.retry.timeout_ms);
    let answer = tokio::time::timeout(timeout, app.parts.network.clone().oneshot(request)).await;
    match answer.unwrap_or(Err(CallError::Timeout)) {
        Ok(answer) => judge(app, operation, task, &answer),
        Err(_) if task.partner == System::Psp && app.meets(Defect::UnknownTakenAsFailed) => {
            let detail = "no answer".to_owned();
            let kind = Some(ProblemKind::PaymentDeclined);
            Attempt::Refused(Refusal { kind, ..Refusal::without_problem(402, detail) })
        }
        Err(error) => Attempt::Unknown { reason: error.to_string(), untouched: false, wait: None },
    }
}

fn request(
    app: &Inner,
    operation: Operation,
    task: &Task,
    number: u32,
) -> Result<Request<Bytes>, http::Error> {
    let base = app.parts.partners.get(&task.partner).map_or("", String::as_str).trim_end_matches('/');
    let parameters: Vec<&str> = task.parameters.iter().map(String::as_str).collect();
    let lost = app.meets(Defect::ChainLost);
    let correlation = if lost { &task.key } else { task.chain.correlation.as_str() };
    let mut request = Request::builder()
        .method(operation.method.as_str())
        .uri(format!("{base}{}{}", operation.path_with(&parameters), query(operation, task)))
        .header(http::header::CONTENT_TYPE, "application/json")
        .header(header::CORRELATION_ID, correlation)
        .header(header::CAUSATION_ID, &task.chain.causation)
        .header(header::TRACEPARENT, traceparent(task, number));
    if operation.keyed {
        request = request.header(header::IDEMPOTENCY_KEY, sent_key(app, task, number));
    }
    if operation.method == Method::Get {
        return request.body(Bytes::new());
    }
    let mut body = task.body.clone();
    if operation == erp::POST_INVOICE
        && app.meets(Defect::FieldLeftOut)
        && let Some(invoice) = body.as_object_mut()
    {
        invoice.remove("tax");
    }
    request.body(Bytes::from(json(&body)))
}

/// What a reading asks for, as a query.
fn query(operation: Operation, task: &Task) -> String {
    let fields = task.body.as_object().filter(|_| operation.method == Method::Get);
    let texts = fields.into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?)));
    let parts: Vec<String> = texts.map(|(name, text)| format!("{name}={}", percent_encode(text))).collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

/// The key that an attempt carries: the task's, whatever the number of the attempt.
fn sent_key(app: &Inner, task: &Task, number: u32) -> String {
    let another = match (task.partner, &task.intent) {
        (System::Erp, Intent::Book) => Defect::NewKeyOnOrderRetry,
        (System::Erp, _) => Defect::NewKeyOnPostingRetry,
        (System::Psp, _) => Defect::NewKeyOnPaymentRetry,
        (System::StoredValue, Intent::ActivateCard { .. }) => Defect::GiftCardActivatedTwice,
        (System::StoredValue, _) => Defect::NewKeyOnCreditRetry,
        (System::Wms, _) => Defect::NewKeyOnReleaseRetry,
        _ => Defect::NewKeyOnOtherRetry,
    };
    if number > 1 && app.meets(another) {
        return format!("{}-{number}", task.key);
    }
    let first = match &task.intent {
        Intent::Capture { shipment, tender, attempt } if *attempt > 1 => {
            Intent::Capture { shipment: shipment.clone(), tender: tender.clone(), attempt: 1 }
        }
        Intent::Refund { refund, attempt } if *attempt > 1 => {
            Intent::Refund { refund: refund.clone(), attempt: 1 }
        }
        _ => return task.key.clone(),
    };
    if app.meets(Defect::KeyPinnedToFailure) {
        return idempotency_key(&task.order_number, &first);
    }
    task.key.clone()
}

/// W3C Trace Context: one trace for each chain of messages, one span for each attempt.
fn traceparent(task: &Task, number: u32) -> String {
    let trace = Sha256::digest(task.chain.correlation.as_str().as_bytes());
    let span = Sha256::digest(format!("{}#{number}", task.key).as_bytes());
    let head = |digest: &[u8], bytes: usize| hex(digest.get(..bytes).unwrap_or_default());
    format!("00-{}-{}-01", head(&trace, 16), head(&span, 8))
}

/// What an answer proves. Only a readable answer in the contract's shape proves an effect, only a definite
/// refusal proves that there was none; everything else leaves it open.
fn judge(app: &Inner, operation: Operation, task: &Task, answer: &Response<Bytes>) -> Attempt {
    let status = answer.status();
    let wait = retry_after(answer.headers()).filter(|_| !app.meets(Defect::RetryAfterIgnored));
    // RFC 6585, section 4: too many requests came, so this one was not looked at.
    let untouched = status == StatusCode::TOO_MANY_REQUESTS;
    let unknown = |reason: String| Attempt::Unknown { reason, untouched, wait };
    if status.is_success() {
        return match effect(operation, task, answer) {
            Ok(read) => Attempt::Answered(read),
            Err(_) if app.meets(Defect::AnySuccessBelieved) => Attempt::Answered(PartnerAnswer::Done),
            Err(reason) => unknown(reason),
        };
    }
    let problem: Option<Problem> = serde_json::from_slice(answer.body()).ok();
    // Asking again does not help before the partner knows what is meant.
    let unknown_reference =
        problem.as_ref().and_then(Problem::problem_kind) == Some(ProblemKind::UnknownReference);
    let may_pass = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::TOO_EARLY
        )
        || problem.as_ref().is_some_and(|problem| problem.retryable && !unknown_reference);
    match problem {
        Some(problem) if may_pass => unknown(format!("{status}: {}", problem.detail)),
        None if may_pass => unknown(status.to_string()),
        Some(problem) => Attempt::Refused(Refusal::of(&problem)),
        None => Attempt::Refused(Refusal::without_problem(status.as_u16(), status.to_string())),
    }
}

fn effect(operation: Operation, task: &Task, answer: &Response<Bytes>) -> Result<PartnerAnswer, String> {
    let body: Value =
        serde_json::from_slice(answer.body()).map_err(|error| format!("answer cannot be read: {error}"))?;
    if let Some(error) = shape::response_errors(operation, answer.status().as_u16(), &body).first() {
        return Err(format!("answer breaks its schema at {:?}: {}", error.pointer, error.detail));
    }
    PartnerAnswer::read(&task.intent, task.partner == System::Psp, body)
        .map_err(|error| format!("answer cannot be read: {error}"))
}

/// The whole seconds of a `Retry-After` header. Its other form, a date, is not in the contract.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u32 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(u64::from(seconds)))
}

/// The pause before the next attempt: doubled each time up to the longest, of which a random half is
/// taken off so that callers do not come back together; never shorter than the partner asks. What it asks with
/// `Retry-After` holds for all other calls of it, too: the gate is closed.
pub(super) fn pause(app: &Inner, task: &Task, number: u32, wait: Option<Duration>) -> Duration {
    let retry = app.parts.policy.retry;
    let mut doublings = number.saturating_sub(1).min(32);
    if doublings > 0 && app.meets(Defect::PausesDoNotGrow) {
        doublings = 0;
    }
    let full_ms = retry.initial_ms.saturating_mul(1 << doublings).min(retry.max_ms);
    let off_ms = app.parts.chance.up_to(full_ms / 2, &task.key, number);
    Duration::from_millis(full_ms - off_ms).max(wait.unwrap_or_default())
}
