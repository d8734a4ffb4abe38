//! Sending a request over a connection of its own that fails: what a common client would never do.
//!
//! The request is written by hand, so that it can break at any byte; the answer is read by hyper.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{BufMut as _, Bytes, BytesMut};
use counterproof_contracts::{faults::Break, protocol::BODY_BYTES_MAX};
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::TcpStream,
};

use super::{NetworkError, wire, wire::Broken};

/// Sends a request that breaks, and takes the answer where one can come.
pub(super) async fn send(request: Request<Bytes>, broken: Broken) -> Result<Response<Bytes>, NetworkError> {
    let refused = |error: io::Error| NetworkError::Refused(error.to_string());
    let lost = |error: io::Error| NetworkError::Reset(error.to_string());
    let uri = request.uri();
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let mut stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await.map_err(refused)?;
    stream.set_nodelay(true).map_err(refused)?;
    stream.write_all(&head(&request)).await.map_err(lost)?;
    if broken.cuts_request() {
        stream.write_all(&Broken::half(request.body())).await.map_err(lost)?;
        wire::end(stream, broken.how, &broken.clock).await;
        return Err(NetworkError::Reset("the message broke off on purpose".to_owned()));
    }
    if broken.how == Break::Drip {
        let (pieces, pause) = broken.pieces(request.body());
        for piece in pieces {
            broken.clock.sleep(pause).await;
            stream.write_all(&piece).await.map_err(lost)?;
        }
    } else {
        stream.write_all(request.body()).await.map_err(lost)?;
        stream.shutdown().await.map_err(lost)?;
    }
    answer(stream, request.map(|_| Empty::new())).await
}

/// The head of a request that announces all of its body.
fn head(request: &Request<Bytes>) -> Bytes {
    let uri = request.uri();
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let mut head = BytesMut::new();
    head.put_slice(format!("{} {path} HTTP/1.1\r\nhost: {authority}\r\n", request.method()).as_bytes());
    for (name, value) in request.headers() {
        head.put_slice(name.as_str().as_bytes());
        head.put_slice(b": ");
        head.put_slice(value.as_bytes());
        head.put_slice(b"\r\n");
    }
    head.put_slice(format!("{}: {}\r\n", header::CONTENT_LENGTH, request.body().len()).as_bytes());
    head.put_slice(b"connection: close\r\n\r\n");
    head.freeze()
}

/// Reads the answer to a request that was written already.
async fn answer(stream: TcpStream, request: Request<Empty<Bytes>>) -> Result<Response<Bytes>, NetworkError> {
    let lost = |error: hyper::Error| NetworkError::Reset(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(Written(stream))).await.map_err(lost)?;
    let taken = async move {
        let (parts, body) = sender.send_request(request).await.map_err(lost)?.into_parts();
        match Limited::new(body, BODY_BYTES_MAX).collect().await {
            Ok(body) => Ok(Response::from_parts(parts, body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => Err(NetworkError::Oversize),
            Err(error) => Err(NetworkError::Reset(error.to_string())),
        }
    };
    let mut taken = std::pin::pin!(taken);
    tokio::select! {
        biased;
        answer = taken.as_mut() => answer,
        // Whatever it has read is there to be taken.
        _ = connection => taken.await,
    }
}

/// A connection to which everything was written: what is written again goes nowhere.
struct Written(TcpStream);

impl AsyncRead for Written {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Written {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
