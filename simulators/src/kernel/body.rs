//! Reading a request's body: bounded in size and time, whoever sends it.

use std::{error::Error, pin::Pin, time::Duration};

use bytes::{Bytes, BytesMut};
use counterproof_contracts::protocol::{BODY_BYTES_MAX, Problem, ProblemKind};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::sync::Semaphore;

use super::Clock;

/// How long a body may take to arrive.
pub(super) const BODY_READ_TIME_MAX: Duration = Duration::from_secs(10);
/// How much of a body that is too large is read and thrown away, so that its sender reads the answer
/// instead of running into a closed connection.
const DISCARDED_BYTES_MAX: usize = 8 * BODY_BYTES_MAX;
/// Bodies up to this size need no permit.
const SMALL_BODY_BYTES: usize = 64 * 1024;
/// How many larger bodies are in memory at once, over all systems of a kernel.
pub(super) const LARGE_BODIES_MAX: usize = 32;

/// Why there is no body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    /// It is larger than the limit.
    #[error("the body is larger than {BODY_BYTES_MAX} bytes")]
    TooLarge,
    /// It did not arrive in time.
    #[error("the body took longer than {} s to arrive", BODY_READ_TIME_MAX.as_secs())]
    TooSlow,
    /// It broke off.
    #[error("the body broke off: {0}")]
    Interrupted(String),
}

impl BodyError {
    /// The problem to answer, where an answer makes sense.
    pub(super) fn problem(&self) -> Option<Problem> {
        (*self == Self::TooLarge).then(|| Problem::new(ProblemKind::BodyTooLarge, self.to_string()))
    }
}

/// Reads a body.
pub(super) async fn read<B>(clock: &Clock, large_bodies: &Semaphore, body: B) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let body = std::pin::pin!(body);
    let read = collect(large_bodies, body);
    clock.timeout(BODY_READ_TIME_MAX, read).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn collect<B>(large_bodies: &Semaphore, mut body: Pin<&mut B>) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let mut kept = BytesMut::new();
    let mut permit = None;
    let mut total: usize = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyError::Interrupted(error.into().to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total > DISCARDED_BYTES_MAX {
            return Err(BodyError::TooLarge);
        }
        if total > BODY_BYTES_MAX {
            kept = BytesMut::new();
            continue;
        }
        if total > SMALL_BODY_BYTES && permit.is_none() {
            permit = large_bodies.acquire().await.ok();
        }
        kept.extend_from_slice(&data);
    }
    if total > BODY_BYTES_MAX { Err(BodyError::TooLarge) } else { Ok(kept.freeze()) }
}
