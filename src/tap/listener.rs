//! Sockets to accept clients on: one for each worker, all on one port.

use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// Connections that may wait to be accepted; the kernel lowers it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(
        "{0} is in use by another process; stop that one, or choose another `listen.address` \
         (port 0 takes any free one)"
    )]
    InUse(SocketAddr),
    #[error("{0} cannot be listened on; check `listen.address`")]
    Other(SocketAddr, #[source] io::Error),
}

/// So many listeners on one address, among which the kernel spreads the connections
/// (SO_REUSEPORT). Port 0 becomes one free port for all of them.
pub fn bind(address: SocketAddr, count: usize) -> Result<Vec<TcpListener>, BindError> {
    let explain = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        _ => BindError::Other(address, error),
    };
    // Without SO_REUSEPORT, so that a second process by mistake is told instead of being given
    // half of the connections.
    let probe = socket(address, false).map_err(explain)?;
    let address = probe.local_addr().ok().and_then(|bound| bound.as_socket()).unwrap_or(address);
    drop(probe);
    (0..count.max(1)).map(|_| listener(address).map_err(explain)).collect()
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address, true)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn socket(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_workers_share_one_port_and_nobody_else_may() {
        let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
        let listeners = bind(any, 3).expect("port 0 is always free");
        let addresses: Vec<_> = listeners.iter().filter_map(|one| one.local_addr().ok()).collect();
        assert_eq!(addresses.len(), 3);
        assert!(addresses.iter().all(|address| *address == addresses[0]));
        let error = bind(addresses[0], 1).expect_err("the port is taken");
        assert!(matches!(error, BindError::InUse(_)), "{error}");
    }
}
