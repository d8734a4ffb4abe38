//! The door to the network: a `tower` service that carries one request to a partner and brings the answer.
//!
//! It does not repeat, redirect or interpret anything; that is the task runner's. Anything that implements
//! the service can stand behind it: sockets live, other routers in virtual time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use counterproof_contracts::protocol::BODY_BYTES_MAX;
use http::{Request, Response};
use tower::util::BoxCloneSyncService;

/// Carries requests with whole bodies.
pub type Network = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, CallError>;

/// Why no answer came. In each case the request may have had its effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The partner did not answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection could not be made, or broke.
    #[error("connection failed: {0}")]
    Connection(String),
    /// The answer is larger than [`BODY_BYTES_MAX`].
    #[error("answer is larger than {BODY_BYTES_MAX} bytes")]
    AnswerTooLarge,
}

/// The network of the machine. `timeout` bounds connecting, sending and reading the whole answer.
pub fn sockets(timeout: Duration) -> Result<Network, CallError> {
    let client = reqwest::Client::builder()
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|error| CallError::Connection(causes(&error)))?;
    Ok(BoxCloneSyncService::new(tower::service_fn(move |request| carry(client.clone(), request))))
}

async fn carry(client: reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
    let request = reqwest::Request::try_from(request).map_err(|error| call_error(&error))?;
    let mut answer = client.execute(request).await.map_err(|error| call_error(&error))?;
    let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| call_error(&error))? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(CallError::AnswerTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(body.freeze());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn call_error(error: &reqwest::Error) -> CallError {
    if error.is_timeout() { CallError::Timeout } else { CallError::Connection(causes(error)) }
}

/// The messages of an error and of what is behind it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use tower::ServiceExt as _;
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

    use super::*;

    async fn answer_to(template: ResponseTemplate, timeout: Duration) -> Result<Response<Bytes>, CallError> {
        let partner = MockServer::start().await;
        Mock::given(any()).respond_with(template).mount(&partner).await;
        let request = Request::post(format!("{}/v1/orders", partner.uri())).body(Bytes::from("{}")).unwrap();
        sockets(timeout).unwrap().oneshot(request).await
    }

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn brings_status_headers_and_whatever_body_came() {
        let garbage = ResponseTemplate::new(503).insert_header("retry-after", "7").set_body_string("<html>");
        let answer = answer_to(garbage, LONG).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "7");
        assert_eq!(answer.body(), "<html>");
    }

    #[tokio::test]
    async fn follows_no_redirect() {
        let elsewhere = ResponseTemplate::new(307).insert_header("location", "http://198.51.100.1/");
        assert_eq!(answer_to(elsewhere, LONG).await.unwrap().status(), 307);
    }

    #[tokio::test]
    async fn gives_up_on_a_slow_partner() {
        let slow = ResponseTemplate::new(200).set_delay(Duration::from_mins(1));
        assert_eq!(answer_to(slow, Duration::from_millis(20)).await.unwrap_err(), CallError::Timeout);
    }

    #[tokio::test]
    async fn reads_no_more_than_the_largest_body() {
        let fits = ResponseTemplate::new(200).set_body_bytes(vec![b' '; BODY_BYTES_MAX]);
        assert_eq!(answer_to(fits, LONG).await.unwrap().body().len(), BODY_BYTES_MAX);
        let large = ResponseTemplate::new(200).set_body_bytes(vec![b' '; BODY_BYTES_MAX + 1]);
        assert_eq!(answer_to(large, LONG).await.unwrap_err(), CallError::AnswerTooLarge);
    }

    #[tokio::test]
    async fn tells_that_nobody_listens() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let request = Request::get(format!("http://{address}/")).body(Bytes::new()).unwrap();
        let error = sockets(LONG).unwrap().oneshot(request).await.unwrap_err();
        assert!(matches!(error, CallError::Connection(_)), "{error}");
    }
}
