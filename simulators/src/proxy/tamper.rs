//! What a proxy does to a message, for each kind of tampering.

use bytes::Bytes;
use counterproof_contracts::{
    model::System,
    protocol::{Operation, header, signature},
    wire_defects::Tampering,
};
use http::{
    HeaderName, HeaderValue, Request, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Active, Proxy, lock};
use crate::kernel::{Network, NetworkError};

type Answer = Result<Response<Bytes>, NetworkError>;

/// A message that is tampered with, on its way.
pub(super) struct Message<'m> {
    pub(super) proxy: &'m Proxy,
    pub(super) active: &'m Active,
    pub(super) operation: Operation,
    pub(super) network: Network,
}

impl Message<'_> {
    pub(super) async fn tamper(self, request: Request<Bytes>) -> Answer {
        match &self.active.defect.tampering {
            Tampering::Again { renamed } => self.again(request, renamed.as_deref()).await,
            Tampering::FreshKeys {} => self.with_fresh_key(request).await,
            Tampering::FirstAnswer {} => self.as_the_first(request).await,
            Tampering::Swallow {} => Ok(self.as_if_done(&request)),
            Tampering::FalseSuccess {} => {
                let pretended = self.as_if_done(&request);
                let answer = self.send(request).await;
                if failed(&answer) { Ok(pretended) } else { answer }
            }
            Tampering::Change { at, to } => {
                self.send(with_value(request, at, |value| *value = to.clone())).await
            }
            Tampering::Add { at, by } => {
                let add = |value: &mut Value| {
                    if let Some(sum) = value.as_i64().and_then(|number| number.checked_add(*by)) {
                        *value = sum.into();
                    }
                };
                self.send(with_value(request, at, add)).await
            }
            Tampering::DropHeader { name } => {
                let mut request = request;
                request.headers_mut().remove(name);
                self.send(request).await
            }
            Tampering::Impatient { times } => self.impatiently(request, *times).await,
            Tampering::SignAnew {} => self.signed(request).await,
            Tampering::LendToken {} => self.with_token(request).await,
        }
    }

    async fn send(&self, request: Request<Bytes>) -> Answer {
        self.network.clone().oneshot(request).await
    }

    async fn again(&self, request: Request<Bytes>, renamed: Option<&str>) -> Answer {
        let key = key_of(&request);
        let mut copy = request.clone();
        let answer = self.send(request).await?;
        if answer.status().is_success() && !answer.headers().contains_key(header::REPLAYED) {
            set(&mut copy, header::IDEMPOTENCY_KEY, &format!("{key}-again"));
            let rename = |value: &mut Value| {
                if let Some(name) = value.as_str() {
                    *value = format!("{name}-again").into();
                }
            };
            let copy = match renamed {
                Some(at) => with_value(copy, at, rename),
                None => copy,
            };
            // Whoever is charged twice is told of the first time only.
            let _ = self.send(copy).await;
        }
        Ok(answer)
    }

    async fn with_fresh_key(&self, mut request: Request<Bytes>) -> Answer {
        let key = key_of(&request);
        let attempt = {
            let mut memory = lock(&self.active.memory);
            let attempts = memory.attempts.entry(key.clone()).or_default();
            *attempts += 1;
            *attempts
        };
        if attempt > 1 {
            set(&mut request, header::IDEMPOTENCY_KEY, &format!("{key}-{attempt}"));
        }
        self.send(request).await
    }

    async fn as_the_first(&self, request: Request<Bytes>) -> Answer {
        let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let Some(order) = asked.get("order_number").and_then(Value::as_str).map(str::to_owned) else {
            return self.send(request).await;
        };
        let key = key_of(&request);
        let known = lock(&self.active.memory).first.get(&(order.clone(), self.operation.id)).cloned();
        if let Some((_, status, mut answer)) = known.filter(|(first, ..)| *first != key) {
            overlay(&mut answer, &asked);
            return Ok(json(status, &answer));
        }
        let answer = self.send(request).await?;
        if answer.status().is_success()
            && let Ok(told) = serde_json::from_slice(answer.body())
        {
            let first = (key, answer.status(), told);
            lock(&self.active.memory).first.entry((order, self.operation.id)).or_insert(first);
        }
        Ok(answer)
    }

    /// The answer of success, with what was asked for as its document; an event gets none.
    fn as_if_done(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let status = StatusCode::from_u16(self.operation.success).unwrap_or(StatusCode::OK);
        if self.operation.system == System::Middleware {
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = status;
            return answer;
        }
        json(status, &serde_json::from_slice(request.body()).unwrap_or_default())
    }

    async fn impatiently(&self, request: Request<Bytes>, times: u32) -> Answer {
        let mut answer = self.send(request.clone()).await;
        for _ in 0..times {
            if !answer.as_ref().is_ok_and(|answer| answer.headers().contains_key(header::RETRY_AFTER)) {
                break;
            }
            answer = self.send(request.clone()).await;
        }
        answer
    }

    async fn signed(&self, mut request: Request<Bytes>) -> Answer {
        let id = text(&request, signature::ID);
        let seconds = self.proxy.0.clock.now().as_second();
        let signed = self.proxy.0.secret.sign(&id, seconds, request.body());
        set(&mut request, signature::TIMESTAMP, &seconds.to_string());
        set(&mut request, signature::SIGNATURE, &signed);
        self.send(request).await
    }

    async fn with_token(&self, mut request: Request<Bytes>) -> Answer {
        let tokens = &self.proxy.0.tokens;
        if tokens.holder(&text(&request, AUTHORIZATION.as_str())).is_none()
            && let Some(token) = tokens.get(System::Storefront)
        {
            set(&mut request, AUTHORIZATION.as_str(), &token.header());
        }
        self.send(request).await
    }
}

/// Whether an attempt has to be made again.
fn failed(answer: &Answer) -> bool {
    answer.as_ref().map_or(true, |answer| {
        answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS
    })
}

fn text(request: &Request<Bytes>, name: &str) -> String {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

fn key_of(request: &Request<Bytes>) -> String {
    text(request, header::IDEMPOTENCY_KEY)
}

/// Sets a header; text that can be none leaves it as it is.
fn set(request: &mut Request<Bytes>, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
        request.headers_mut().insert(name, value);
    }
}

/// The request with another value at a place of its body; what has nothing there stays as it is.
fn with_value(mut request: Request<Bytes>, at: &str, edit: impl FnOnce(&mut Value)) -> Request<Bytes> {
    let Ok(mut body) = serde_json::from_slice::<Value>(request.body()) else { return request };
    let Some(value) = body.pointer_mut(at) else { return request };
    edit(value);
    *request.body_mut() = body.to_string().into();
    request.headers_mut().remove(CONTENT_LENGTH);
    request
}

/// What was asked for replaces the members of an answer that have the same names.
fn overlay(answer: &mut Value, asked: &Value) {
    let (Some(answer), Some(asked)) = (answer.as_object_mut(), asked.as_object()) else { return };
    for (name, value) in answer {
        if let Some(other) = asked.get(name) {
            *value = other.clone();
        }
    }
}

fn json(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut answer = Response::new(body.to_string().into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
