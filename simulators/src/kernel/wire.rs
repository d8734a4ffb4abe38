//! Bytes on a wire that fails: bodies that break off or drip, and connections that end badly.
//!
//! How bytes go is done here; whose, and whether at all, is decided by faults. Over sockets and in process it
//! is the same body that fails, so that one plan means the same on both.

use std::{collections::VecDeque, io, time::Duration};

use bytes::Bytes;
use counterproof_contracts::faults::Break;
use futures::stream;
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::Clock;

/// A body as it travels: whole, or breaking off with an error, or a few bytes at a time.
pub type Payload = UnsyncBoxBody<Bytes, io::Error>;

/// In how many pieces a body drips.
const DRIPS: usize = 32;
/// How long to wait between the last bytes and a break, so that they are on their way.
const BEFORE_BREAK: Duration = Duration::from_millis(2);
/// How long a half-closed connection is kept for a peer that does not close it.
const HALF_CLOSED_MAX: Duration = Duration::from_mins(2);

/// A body that arrives as it is.
pub(super) fn whole(bytes: Bytes) -> Payload {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// How a message breaks on its way; in the extensions of a request it tells the network to break it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Broken {
    pub(super) how: Break,
    /// How long a drip takes.
    pub(super) lasts: Duration,
    pub(super) clock: Clock,
}

/// Told whether all bytes were given out, once; that they were not if it is dropped before.
pub(super) struct OnEnd(Option<Box<dyn FnOnce(bool) + Send>>);

impl OnEnd {
    pub(super) fn new(tell: impl FnOnce(bool) + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }

    fn tell(&mut self, complete: bool) {
        if let Some(tell) = self.0.take() {
            tell(complete);
        }
    }
}

impl Drop for OnEnd {
    fn drop(&mut self) {
        self.tell(false);
    }
}

impl Broken {
    /// Whether the message never becomes complete.
    pub(super) const fn cuts_request(self) -> bool {
        matches!(self.how, Break::Truncated | Break::Reset)
    }

    /// The body of an answer that breaks.
    pub(super) fn answer(self, bytes: &Bytes, end: OnEnd) -> Payload {
        if self.how == Break::Drip { self.drip(bytes, end) } else { self.cut(bytes, end) }
    }

    /// The body of a request that breaks, for a receiver in the same process. To it a sender who shuts his side
    /// after all of the message is like any other.
    pub(super) fn request(self, bytes: &Bytes) -> Payload {
        let end = OnEnd(None);
        match self.how {
            Break::Truncated | Break::Reset => self.cut(bytes, end),
            Break::Drip => self.drip(bytes, end),
            Break::HalfClosed => whole(bytes.clone()),
        }
    }

    /// What comes before the break.
    pub(super) fn half(bytes: &Bytes) -> Bytes {
        bytes.slice(..bytes.len() / 2)
    }

    /// The pieces of a drip, and the pause before each.
    pub(super) fn pieces(self, bytes: &Bytes) -> (VecDeque<Bytes>, Duration) {
        let size = bytes.len().div_ceil(DRIPS).max(1);
        let pieces: VecDeque<Bytes> = bytes.chunks(size).map(|piece| bytes.slice_ref(piece)).collect();
        let pause = self.lasts / u32::try_from(pieces.len()).unwrap_or(u32::MAX).max(1);
        (pieces, pause)
    }

    fn drip(self, bytes: &Bytes, end: OnEnd) -> Payload {
        let (pieces, pause) = self.pieces(bytes);
        let drops = stream::unfold((pieces, end), move |(mut pieces, mut end)| async move {
            let piece = pieces.pop_front()?;
            self.clock.sleep(pause).await;
            // A server does not ask again when it has all the bytes that it announced.
            if pieces.is_empty() {
                end.tell(true);
            }
            Some((Ok(Frame::data(piece)), (pieces, end)))
        });
        StreamBody::new(drops).boxed_unsync()
    }

    fn cut(self, bytes: &Bytes, end: OnEnd) -> Payload {
        let steps = VecDeque::from([Some(Self::half(bytes)), None]);
        let frames = stream::unfold((steps, end), move |(mut steps, end)| async move {
            let frame = if let Some(half) = steps.pop_front()? {
                Ok(Frame::data(half))
            } else {
                self.clock.sleep(BEFORE_BREAK).await;
                Err(io::Error::new(io::ErrorKind::ConnectionReset, "the message broke off"))
            };
            Some((frame, (steps, end)))
        });
        StreamBody::new(frames).boxed_unsync()
    }
}

/// Ends a connection in the middle of a message. One that is half-closed stays until the peer closes it.
pub(super) async fn end(mut stream: TcpStream, how: Break, clock: &Clock) {
    let ended = match how {
        Break::Reset => stream.set_zero_linger(),
        Break::HalfClosed => stream.shutdown().await,
        Break::Truncated | Break::Drip => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection could not be ended as a fault says");
    } else if how == Break::HalfClosed {
        let mut ignored = [0; 1024];
        let until_closed = async { while matches!(stream.read(&mut ignored).await, Ok(1..)) {} };
        clock.timeout(HALF_CLOSED_MAX, until_closed).await;
    }
}
