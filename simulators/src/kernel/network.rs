//! The only door to the network in this crate: a request goes in, an answer or a classified error comes out.
//!
//! Live it is a `reqwest` client; in virtual time it is any tower service in the same process. It follows
//! no redirects, uses no proxy and repeats nothing. Time limits are the caller's.

use std::{convert::Infallible, error::Error, io, time::Duration};

use bytes::{Bytes, BytesMut};
use counterproof_contracts::protocol::BODY_BYTES_MAX;
use http::{Request, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

use super::{
    sender,
    wire::{self, Broken, Payload},
};

/// Sends a request and takes the whole answer, at most [`BODY_BYTES_MAX`] of it.
pub type Network = BoxCloneSyncService<Request<Bytes>, Response<Bytes>, NetworkError>;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No connection came about: the request was certainly not sent.
    #[error("no connection, nothing was sent: {0}")]
    Refused(String),
    /// No complete answer in time. The request may have had its effect.
    #[error("no answer within {limit_ms} ms")]
    TimedOut {
        /// How long it was waited, in milliseconds.
        limit_ms: u128,
    },
    /// The connection ended before the answer was complete. The request may have had its effect.
    #[error("connection ended before the answer was complete: {0}")]
    Reset(String),
    /// The answer is larger than [`BODY_BYTES_MAX`].
    #[error("answer is larger than {BODY_BYTES_MAX} bytes")]
    Oversize,
    /// Anything else, a broken answer for example. The request may have had its effect.
    #[error("{0}")]
    Other(String),
}

impl NetworkError {
    /// Whether the request certainly had no effect.
    pub const fn proves_no_effect(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl From<Infallible> for NetworkError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Real HTTP.
///
/// # Errors
/// [`NetworkError::Other`] if the client cannot be built.
pub fn live(connect_timeout: Duration) -> Result<Network, NetworkError> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(connect_timeout)
        .build()
        .map_err(|error| NetworkError::Other(chain(&error)))?;
    Ok(Network::new(tower::service_fn(move |request| send(client.clone(), request))))
}

async fn send(client: reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, NetworkError> {
    if let Some(broken) = request.extensions().get::<Broken>().copied() {
        return sender::send(request, broken).await;
    }
    let request =
        reqwest::Request::try_from(request).map_err(|error| NetworkError::Refused(chain(&error)))?;
    let mut response = client.execute(request).await.map_err(|error| classify(&error))?;
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(NetworkError::Oversize);
        }
        body.extend_from_slice(&chunk);
    }
    let mut answer = Response::new(body.freeze());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    Ok(answer)
}

fn classify(error: &reqwest::Error) -> NetworkError {
    let text = chain(error);
    if error.is_connect() || error.is_builder() {
        NetworkError::Refused(text)
    } else if ended_early(error) {
        NetworkError::Reset(text)
    } else {
        NetworkError::Other(text)
    }
}

fn ended_early(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let by_peer = error.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof
            )
        });
        if by_peer || error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message) {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error with its causes, each said once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = cause.source();
    }
    text
}

/// A tower service in the same process: a router, a simulator's endpoint, a script in a test. Bodies that faults
/// break on their way reach it as they are: ending in an error, or a few bytes at a time.
pub fn in_process<S, B>(service: S) -> Network
where
    S: Service<Request<Payload>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    S::Error: Into<NetworkError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    Network::new(tower::service_fn(move |request: Request<Bytes>| hand_over(service.clone(), request)))
}

async fn hand_over<S, B>(service: S, request: Request<Bytes>) -> Result<Response<Bytes>, NetworkError>
where
    S: Service<Request<Payload>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<NetworkError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let broken = request.extensions().get::<Broken>().copied();
    let request = request.map(|bytes| match broken {
        Some(broken) => broken.request(&bytes),
        None => wire::whole(bytes),
    });
    let answer = service.oneshot(request).await.map_err(Into::into);
    if broken.is_some_and(Broken::cuts_request) {
        return Err(NetworkError::Reset("the message broke off on purpose".to_owned()));
    }
    let (parts, body) = answer?.into_parts();
    match Limited::new(Box::pin(body), BODY_BYTES_MAX).collect().await {
        Ok(body) => Ok(Response::from_parts(parts, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(NetworkError::Oversize),
        Err(error) => Err(NetworkError::Reset(error.to_string())),
    }
}
