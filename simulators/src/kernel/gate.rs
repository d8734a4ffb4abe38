//! The gate of a listener: open, or refusing every connection while its port stays reserved.
//!
//! A refused caller is nobody yet, so no business key can say whom it concerns: a gate is for all or none.

use std::{io, net::SocketAddr};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
};

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// That a gate is to be shut or opened, and whom to tell when it is.
pub(super) struct Turn {
    pub(super) shut: bool,
    pub(super) done: oneshot::Sender<io::Result<()>>,
}

/// A bound address.
pub(super) enum Gate {
    /// Connections are taken.
    Open(TcpListener),
    /// Bound and not listening: the system answers every attempt with a reset, which is "connection refused".
    Shut(TcpSocket),
    /// Lost: somebody else took the port in between.
    Lost,
}

impl Gate {
    /// The next connection; none comes while the gate is not open.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        match self {
            Self::Open(listener) => Ok(listener.accept().await?.0),
            Self::Shut(_) | Self::Lost => std::future::pending().await,
        }
    }

    /// Shuts or opens the gate.
    pub(super) fn turn(&mut self, shut: bool, address: SocketAddr) -> io::Result<()> {
        *self = match (std::mem::replace(self, Self::Lost), shut) {
            (Self::Open(listener), true) => {
                drop(listener);
                Self::Shut(reserve(address)?)
            }
            (Self::Shut(socket), false) => Self::Open(socket.listen(BACKLOG)?),
            (Self::Lost, false) => Self::Open(reserve(address)?.listen(BACKLOG)?),
            (same, _) => same,
        };
        Ok(())
    }
}

fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections that have just ended must not keep the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
