//! Sockets: one listener for each system, on loopback unless the user named another address.
//!
//! Connections are bounded in number over the whole kernel, where those that say nothing make room for others, and
//! in the time that a head may take. A lost answer
//! ends the connection without a byte; a stop lets requests that are under way finish.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use counterproof_contracts::{faults::Break, model::System};
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

use tower::{Service, ServiceExt as _};

use super::{
    Clock, ConnectionLost, Core, Endpoint, Payload, Simulator,
    gate::{Gate, Turn},
    seats::{Seat, Seats, Sitting},
    wire,
};

/// How many connections are open at once, over all systems of a kernel.
pub const CONNECTIONS_MAX: usize = 512;
/// How long the head of a request may take, and how long a connection may idle: longer than the pools of
/// common clients keep one, so that not the server closes it under a request.
const HEAD_TIME_MAX: Duration = Duration::from_mins(2);
/// How large the head of a request may be.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long requests that are under way may take to finish after a stop.
const STOP_TIME_MAX: Duration = Duration::from_secs(2);
/// How long to wait after an error of accepting (no more file descriptors, for example).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a system cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another process has the port.
    #[error(
        "port {port} for the {title} is in use; stop the program that uses it, or choose another port \
         (0 takes any free one)",
        title = system.title()
    )]
    PortTaken {
        /// For whom.
        system: System,
        /// Which.
        port: u16,
    },
    /// The address can be reached from other machines, and nobody allowed that.
    #[error(
        "{address} for the {title} is not a loopback address; use 127.0.0.1, or allow other addresses explicitly",
        title = system.title()
    )]
    NotLoopback {
        /// For whom.
        system: System,
        /// Which.
        address: SocketAddr,
    },
    /// The address cannot be used.
    #[error("cannot listen on {address} for the {title}", title = system.title())]
    Io {
        /// For whom.
        system: System,
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A system that can be reached. Dropping it ends all its connections at once.
pub struct Listening {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    turns: mpsc::Sender<Turn>,
    accepting: JoinSet<()>,
}

impl Listening {
    /// Where it can be reached.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses every connection and ends those that are open, or takes connections again; on the same port.
    ///
    /// # Errors
    /// If another process took the port in between, or the system was stopped.
    pub async fn refuse(&self, refuses: bool) -> io::Result<()> {
        let (done, told) = oneshot::channel();
        let stopped = || io::Error::other("the system was stopped");
        self.turns.send(Turn { shut: refuses, done }).await.map_err(|_| stopped())?;
        told.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Takes no more connections, lets requests that are under way finish for a while, and ends.
    pub async fn stop(mut self, clock: &Clock) {
        self.stop.send_replace(true);
        let finished = async { while self.accepting.join_next().await.is_some() {} };
        let in_time = clock.timeout(STOP_TIME_MAX, finished).await;
        if in_time.is_none() {
            self.accepting.shutdown().await;
        }
    }
}

impl<C: Core> Simulator<C> {
    /// Serves HTTP/1.1 on a loopback address; port 0 takes any free one.
    ///
    /// # Errors
    /// [`ListenError`], with what to do about it.
    pub async fn listen(&self, address: SocketAddr) -> Result<Listening, ListenError> {
        let system = self.system();
        if !address.ip().is_loopback() {
            return Err(ListenError::NotLoopback { system, address });
        }
        self.listen_anywhere(address).await
    }

    /// Serves HTTP/1.1 on any address: for implementations in containers, when the user allowed it.
    ///
    /// # Errors
    /// [`ListenError`], with what to do about it.
    pub async fn listen_anywhere(&self, address: SocketAddr) -> Result<Listening, ListenError> {
        let system = self.system();
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::PortTaken { system, port: address.port() },
            _ => ListenError::Io { system, address, source },
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let mut accepting = JoinSet::new();
        let (turns, turned) = mpsc::channel(1);
        accepting.spawn(accept(self.clone(), (listener, address), turned, stopped));
        Ok(Listening { address, stop, turns, accepting })
    }
}

/// Accepts until the stop, then waits for the connections. Dropping this future ends them.
async fn accept<C: Core>(
    simulator: Simulator<C>,
    (listener, address): (TcpListener, SocketAddr),
    mut turns: mpsc::Receiver<Turn>,
    mut stopped: watch::Receiver<bool>,
) {
    let seats = simulator.kernel().0.seats.clone();
    let clock = *simulator.kernel().clock();
    let mut gate = Gate::Open(listener);
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            biased;
            () = until_stopped(&mut stopped) => break,
            Some(turn) = turns.recv() => {
                let turned = gate.turn(turn.shut, address);
                if turn.shut {
                    connections.shutdown().await;
                }
                let _ = turn.done.send(turned);
                continue;
            }
            accepted = accept_one(&gate, &seats) => accepted,
        };
        match accepted {
            Ok((stream, sitting)) => {
                connections.spawn(converse(simulator.service(), stream, sitting, clock, stopped.clone()));
            }
            Err(error) => {
                tracing::warn!(system = %simulator.system(), %error, "cannot accept a connection");
                clock.sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(gate);
    while connections.join_next().await.is_some() {}
}

async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    // An error says that nobody is left who could stop it: that is a stop, too.
    drop(stopped.wait_for(|stopped| *stopped).await);
}

/// Accepts the next connection, and has a seat for it.
async fn accept_one(gate: &Gate, seats: &Seats) -> io::Result<(TcpStream, Sitting)> {
    let stream = gate.accept().await?;
    stream.set_nodelay(true)?;
    let sitting = seats.sit().await.ok_or_else(|| io::Error::other("no seats"))?;
    Ok((stream, sitting))
}

/// Serves one connection until either side ends it, or an answer breaks off in the middle.
async fn converse<C: Core>(
    endpoint: Endpoint<C>,
    stream: TcpStream,
    sitting: Sitting,
    clock: Clock,
    mut stopped: watch::Receiver<bool>,
) {
    let seat = Arc::clone(&sitting.seat);
    let broken = Arc::new(OnceLock::new());
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .auto_date_header(false)
        .serve_connection(
            TokioIo::new(stream),
            TowerToHyperService::new(witnessed(endpoint, Arc::clone(&seat), Arc::clone(&broken))),
        );
    let ended = tokio::select! {
        biased;
        ended = &mut connection => ended,
        () = seat.until_needed() => return,
        () = until_stopped(&mut stopped) => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else { return };
    tracing::debug!(%error, "a connection ended early");
    if let Some(how) = broken.get() {
        let stream = connection.into_parts().io.into_inner();
        tokio::select! {
            biased;
            () = until_stopped(&mut stopped) => {}
            () = wire::end(stream, *how, &clock) => {}
        }
    }
}

/// The endpoint, which tells the seat of requests under way, and a note of how an answer of it breaks.
fn witnessed<C: Core>(
    endpoint: Endpoint<C>,
    seat: Arc<Seat>,
    broken: Arc<OnceLock<Break>>,
) -> impl Service<
    Request<Incoming>,
    Response = Response<Payload>,
    Error = ConnectionLost,
    Future = impl Future<Output = Result<Response<Payload>, ConnectionLost>> + Send,
> + Clone {
    tower::service_fn(move |mut request: Request<Incoming>| {
        let (endpoint, seat, broken) = (endpoint.clone(), Arc::clone(&seat), Arc::clone(&broken));
        async move {
            request.extensions_mut().insert(Arc::clone(&seat));
            let answer = endpoint.oneshot(request).await;
            seat.rest();
            let answer = answer?;
            if let Some(how) = answer.extensions().get::<Break>().filter(|how| **how != Break::Drip) {
                let _ = broken.set(*how);
            }
            Ok(answer)
        }
    })
}
