//! From a target's name to a connected socket, or by whatever other way there is to a side.

use crate::base::keep_little_unsent;
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};

/// A connection to a side: bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// A connection that is being made.
pub type Connecting<'a> =
    Pin<Box<dyn Future<Output = Result<Box<dyn Stream>, ConnectError>> + Send + 'a>>;

/// A way to a side. It is asked for each new connection, never for a request on one that is open.
pub trait Connect: Debug + Send + Sync + 'static {
    /// Makes a connection, for which its callers wait no longer than for an answer.
    fn connect(&self) -> Connecting<'_>;
}

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
}

/// By TCP, to the first address that accepts.
impl Connect for Address {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(async move {
            let stream = match self {
                Self::Socket(address) => {
                    TcpStream::connect(address).await.map_err(ConnectError::Refused)?
                }
                Self::Name { host, port } => by_name(host, *port).await?,
            };
            let ready = stream.set_nodelay(true).and_then(|()| keep_little_unsent(&stream));
            ready.map_err(ConnectError::Refused)?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
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
