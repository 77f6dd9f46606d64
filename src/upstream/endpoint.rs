//! Where a side is, and what is spoken there.

use crate::config::{Protocol, Target, Trust};
use crate::upstream::connect::{Address, Connect, ConnectError, Stream};
use http::uri::Authority;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A target as connections to it are made; all of it is decided once.
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub(super) way: Arc<dyn Connect>,
    /// What a request that names no host is for.
    pub(super) authority: Authority,
    pub(super) protocol: Protocol,
    pub(super) tls: Option<Secure>,
    /// Connections to it that are open, in all pools.
    open: Arc<AtomicUsize>,
}

/// One open connection, for as long as it lives.
pub(super) struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// How a connection is secured: the certificate is always verified, for the host of the URL.
#[derive(Clone, Debug)]
pub(super) struct Secure {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// What the other side chose to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Http1,
    Http2,
}

impl From<&Target> for Endpoint {
    fn from(target: &Target) -> Self {
        Self {
            way: Arc::new(Address::new(&target.url.host, target.url.port)),
            authority: target.url.authority(),
            protocol: target.protocol,
            tls: target.trust.as_ref().map(|trust| Secure::new(trust, target.protocol)),
            open: Arc::default(),
        }
    }
}

/// HTTP/1.1 without TLS.
impl From<Address> for Endpoint {
    fn from(address: Address) -> Self {
        let authority = Authority::from_static("localhost");
        Self {
            way: Arc::new(address),
            authority,
            protocol: Protocol::Http1,
            tls: None,
            open: Arc::default(),
        }
    }
}

impl Endpoint {
    /// The same side, reached in another way.
    pub fn by(self, way: Arc<dyn Connect>) -> Self {
        Self { way, ..self }
    }

    /// How many connections to it are open now, tunnels among them.
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Counts one connection more.
    pub(super) fn opened(&self) -> Open {
        self.open.fetch_add(1, Relaxed);
        Open(self.open.clone())
    }

    /// Whether a connection may turn out to speak HTTP/2. Without TLS there is nothing to
    /// negotiate with: only where the config says so (RFC 9113 section 3.3).
    pub(super) fn may_multiplex(&self) -> bool {
        match self.protocol {
            Protocol::Http1 => false,
            Protocol::Http2 => true,
            Protocol::Auto => self.tls.is_some(),
        }
    }
}

impl Secure {
    fn new(trust: &Trust, protocol: Protocol) -> Self {
        let mut config = trust.client();
        config.alpn_protocols = match protocol {
            Protocol::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Protocol::Http1 => vec![b"http/1.1".to_vec()],
            Protocol::Http2 => vec![b"h2".to_vec()],
        };
        Self { config: Arc::new(config), name: trust.name().clone() }
    }

    /// Secures a connection; says what is spoken on it (RFC 7301). A side that was asked for
    /// HTTP/2 alone and does not choose it is none to speak to.
    pub(super) async fn handshake(
        &self,
        stream: Box<dyn Stream>,
        protocol: Protocol,
    ) -> Result<(TlsStream<Box<dyn Stream>>, Spoken), ConnectError> {
        let connector = TlsConnector::from(self.config.clone());
        let stream =
            connector.connect(self.name.clone(), stream).await.map_err(ConnectError::Tls)?;
        let chosen = stream.get_ref().1.alpn_protocol();
        let spoken = if chosen == Some(b"h2") { Spoken::Http2 } else { Spoken::Http1 };
        match (protocol, spoken) {
            (Protocol::Http2, Spoken::Http1) => Err(ConnectError::Protocol),
            _ => Ok((stream, spoken)),
        }
    }
}
