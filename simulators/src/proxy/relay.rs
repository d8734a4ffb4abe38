//! The proxy over sockets: a port for each partner where an implementation expects it, and one that stands for the implementation.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use counterproof_contracts::{model::System, protocol::BODY_BYTES_MAX};
use http::{
    Request, Response, Uri,
    header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tower::ServiceExt as _;

use super::Proxy;
use crate::kernel::{CONNECTIONS_MAX, Clock, Network};

/// How long to wait after an error of accepting.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a port of the proxy cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} in front of the {title}: {source}; stop the program that uses it, or choose other ports", title = system.title())]
pub struct RelayError {
    /// For whom.
    system: System,
    /// Which.
    address: SocketAddr,
    /// Why.
    source: io::Error,
}

/// A proxy that can be reached. Dropping it ends all its connections at once.
pub struct Relays {
    addresses: BTreeMap<System, SocketAddr>,
    accepting: JoinSet<()>,
    seats: Arc<Semaphore>,
}

impl Relays {
    /// Where each system can be reached through the proxy.
    pub const fn addresses(&self) -> &BTreeMap<System, SocketAddr> {
        &self.addresses
    }
}

impl Proxy {
    /// Listens on loopback in front of partners: on `first_port` and those after it in the order of [`System::PARTNERS`], or on
    /// any free ports.
    ///
    /// # Errors
    /// [`RelayError`] for a port that cannot be used.
    pub async fn listen(
        &self,
        partners: &BTreeMap<System, SocketAddr>,
        first_port: Option<u16>,
        network: &Network,
    ) -> Result<Relays, RelayError> {
        let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut relays = Relays { addresses: BTreeMap::new(), accepting: JoinSet::new(), seats };
        for (index, system) in System::PARTNERS.into_iter().enumerate() {
            let Some(partner) = partners.get(&system) else { continue };
            let after = u16::try_from(index).unwrap_or(u16::MAX);
            let port = first_port.map_or(0, |first| first.saturating_add(after));
            self.stand_before(&mut relays, system, port, &format!("http://{partner}"), network).await?;
        }
        Ok(relays)
    }

    /// Listens on any free port in front of the implementation. Its base URL through the proxy.
    ///
    /// # Errors
    /// [`RelayError`] for a port that cannot be used.
    pub async fn listen_before_implementation(
        &self,
        relays: &mut Relays,
        base_url: &str,
        network: &Network,
    ) -> Result<String, RelayError> {
        let address = self.stand_before(relays, System::Middleware, 0, base_url, network).await?;
        Ok(format!("http://{address}"))
    }

    async fn stand_before(
        &self,
        relays: &mut Relays,
        system: System,
        port: u16,
        base_url: &str,
        network: &Network,
    ) -> Result<SocketAddr, RelayError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let failed = |source| RelayError { system, address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        relays.addresses.insert(system, bound);
        let way = Way {
            network: self.before(system, network.clone()),
            base_url: base_url.into(),
            clock: self.0.clock,
        };
        relays.accepting.spawn(accept(listener, way, Arc::clone(&relays.seats)));
        Ok(bound)
    }
}

/// Where requests go on to.
#[derive(Clone)]
struct Way {
    network: Network,
    base_url: Arc<str>,
    clock: Clock,
}

/// Accepts until it is dropped, and ends its connections then.
async fn accept(listener: TcpListener, way: Way, seats: Arc<Semaphore>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // No more file descriptors, for example: others end meanwhile.
            way.clock.sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let way = way.clone();
        connections.spawn(async move {
            converse(stream, way).await;
            drop(seat);
        });
    }
}

async fn converse(stream: TcpStream, way: Way) {
    let _ = stream.set_nodelay(true);
    let service = tower::service_fn(move |request| relay(way.clone(), request));
    // An error ends the connection, which is what the other side shall see.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .await;
}

/// Takes a request whole, sends it on, and gives the answer; an error ends the connection without one.
async fn relay(way: Way, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, io::Error> {
    let (mut parts, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX * 2).collect().await.map_err(io::Error::other)?.to_bytes();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = format!("{}{path}", way.base_url).parse::<Uri>().map_err(io::Error::other)?;
    for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    let answer = way.network.oneshot(Request::from_parts(parts, body)).await.map_err(io::Error::other)?;
    let (mut parts, body) = answer.into_parts();
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    Ok(Response::from_parts(parts, Full::new(body)))
}
