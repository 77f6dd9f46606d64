//! Sockets to accept clients on: one for each worker, all on one port.

use crate::base::keep_little_unsent;
use socket2::{Domain, Protocol, Socket, Type};
#[cfg(target_os = "linux")]
use socket2::{SockFilter, SockRef};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;

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

/// Who else may listen on the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody: a second process by mistake is told, instead of being given half of the connections.
    Alone,
    /// The process that is to be taken over from, until it ends.
    Beside,
}

/// So many listeners on one address, among which the kernel spreads the connections
/// (SO_REUSEPORT). Port 0 becomes one free port for all of them.
pub fn bind(
    address: SocketAddr,
    count: usize,
    claim: Claim,
) -> Result<Vec<TcpListener>, BindError> {
    let explain = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        _ => BindError::Other(address, error),
    };
    let address = match claim {
        Claim::Beside if address.port() != 0 => address,
        Claim::Alone | Claim::Beside => probe(address).map_err(explain)?,
    };
    (0..count.max(1)).map(|_| listener(address).map_err(explain)).collect()
}

/// The address, with a free port in place of 0; an error where somebody listens there, even with
/// SO_REUSEPORT.
fn probe(address: SocketAddr) -> io::Result<SocketAddr> {
    let bound = socket(address, false)?.local_addr()?;
    Ok(bound.as_socket().unwrap_or(address))
}

/// Has the kernel begin no further connection for this listener, while those that have begun are
/// still completed and can be accepted. A client's first packet is dropped; it sends it again
/// after a second, when it meets whoever listens there then. Where the system has no such filter,
/// connections that begin until the listener is closed are lost.
#[cfg(target_os = "linux")]
pub(super) fn seal(listener: &impl AsFd) -> io::Result<()> {
    // Classic BPF over the TCP header: byte 13 has the flags, of which SYN is 2 (RFC 9293
    // section 3.1).
    let no_syn = [
        SockFilter::new(0x30, 0, 0, 13),
        SockFilter::new(0x45, 0, 1, 2),
        SockFilter::new(0x06, 0, 0, 0),
        SockFilter::new(0x06, 0, 0, u32::MAX),
    ];
    SockRef::from(listener).attach_filter(&no_syn)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn seal(_: &impl AsFd) -> io::Result<()> {
    Ok(())
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address, true)?;
    keep_little_unsent(&socket)?;
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
        let listeners = bind(any, 3, Claim::Alone).expect("port 0 is always free");
        let addresses: Vec<_> = listeners.iter().filter_map(|one| one.local_addr().ok()).collect();
        assert_eq!(addresses.len(), 3);
        assert!(addresses.iter().all(|address| *address == addresses[0]));
        let error = bind(addresses[0], 1, Claim::Alone).expect_err("the port is taken");
        assert!(matches!(error, BindError::InUse(_)), "{error}");
        bind(addresses[0], 1, Claim::Beside).expect("it is to be taken over");
    }
}
