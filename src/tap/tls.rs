//! Securing a client's connection.

use rustls::ServerConfig;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A connection after its handshake.
pub(super) struct Secured {
    pub stream: TlsStream<TcpStream>,
    /// The client chose it (ALPN, RFC 7301); one that chose nothing speaks HTTP/1.1.
    pub http2: bool,
}

/// Shakes hands with a client; a certificate of its own is verified here, where one is demanded.
pub(super) async fn accept(config: Arc<ServerConfig>, tcp: TcpStream) -> io::Result<Secured> {
    let stream = TlsAcceptor::from(config).accept(tcp).await?;
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok(Secured { stream, http2 })
}
