//! From a target's name to a connected socket.

use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::net::{TcpStream, lookup_host};

/// Where a side listens: an address, or a name that is looked up for each new connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Socket(SocketAddr),
    Name { host: String, port: u16 },
}

impl Address {
    /// Takes an IP address as it is, and anything else as a name.
    pub fn new(host: &str, port: u16) -> Self {
        match host.parse::<IpAddr>() {
            Ok(ip) => Self::Socket(SocketAddr::new(ip, port)),
            Err(_) => Self::Name { host: host.to_owned(), port },
        }
    }

    /// Connects to the first address that accepts.
    pub(super) async fn connect(&self) -> Result<TcpStream, ConnectError> {
        let stream = match self {
            Self::Socket(address) => {
                TcpStream::connect(address).await.map_err(ConnectError::Refused)?
            }
            Self::Name { host, port } => by_name(host, *port).await?,
        };
        stream.set_nodelay(true).map_err(ConnectError::Refused)?;
        Ok(stream)
    }
}

async fn by_name(host: &str, port: u16) -> Result<TcpStream, ConnectError> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in lookup_host((host, port)).await.map_err(ConnectError::Dns)? {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(ConnectError::Refused(last))
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the name cannot be resolved")]
    Dns(#[source] io::Error),
    #[error("the address cannot be connected to")]
    Refused(#[source] io::Error),
    #[error("the connection cannot be secured")]
    Tls(#[source] io::Error),
    #[error("the other side does not speak HTTP/2, which `protocol: http2` demands")]
    Protocol,
}
