//! HTTP/2 and TLS on both ends: an origin that speaks them, a client that does, and certificates.

use super::{H2, Shadow, get, rogue};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{client, server};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion, crypto::ring,
};
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::thread;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Any error; hyper finds in it the code that a stream is to be reset with.
#[derive(Debug)]
pub struct Failure(Box<dyn Error + Send + Sync>);

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl From<Failure> for Box<dyn Error + Send + Sync> {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

pub type Payload = UnsyncBoxBody<Bytes, Failure>;
pub type Piece = Result<Frame<Bytes>, Failure>;

pub fn empty() -> Payload {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

pub fn text(text: &'static str) -> Payload {
    Full::new(Bytes::from_static(text.as_bytes())).map_err(|never| match never {}).boxed_unsync()
}

pub fn data(bytes: impl Into<Bytes>) -> Piece {
    Ok(Frame::data(bytes.into()))
}

pub fn trailers(fields: &[(&'static str, &'static str)]) -> Piece {
    let fields = fields.iter().map(|(name, value)| {
        (http::HeaderName::from_static(name), HeaderValue::from_static(value))
    });
    Ok(Frame::trailers(fields.collect::<HeaderMap>()))
}

/// Resets the stream with this code.
pub fn reset(reason: h2::Reason) -> Piece {
    Err(h2::Error::from(reason).into())
}

/// A body of unknown length: these pieces, then the end.
pub fn pieces(all: impl IntoIterator<Item = Piece>) -> Payload {
    let (tx, body) = feed();
    all.into_iter().for_each(|piece| tx.try_send(piece).expect("room"));
    body
}

/// A body that is fed piece by piece.
pub fn feed() -> (mpsc::Sender<Piece>, Payload) {
    let (tx, rx) = mpsc::channel(64);
    (tx, Feed(rx).boxed_unsync())
}

struct Feed(mpsc::Receiver<Piece>);

impl Body for Feed {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        self.0.poll_recv(cx)
    }
}

/// An origin that speaks HTTP/2: in clear by prior knowledge, over TLS as the client chooses.
pub struct Peer {
    pub address: SocketAddr,
    pub connections: Arc<AtomicUsize>,
    /// The most requests that one connection had at one time.
    pub busiest: Arc<AtomicUsize>,
}

/// How a [`Peer`] serves.
#[derive(Clone, Default)]
pub struct Manner {
    pub tls: Option<Arc<ServerConfig>>,
    pub max_streams: Option<u32>,
    /// Says GOAWAY with the first answer of each connection.
    pub drains: bool,
}

impl Peer {
    pub fn start<F, R>(manner: Manner, answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Response<Payload>, Failure>> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let (connections, busiest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (count, most, answer) = (connections.clone(), busiest.clone(), Arc::new(answer));
        thread::spawn(move || {
            runtime().block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                loop {
                    let (tcp, _) = listener.accept().await.expect("a connection");
                    count.fetch_add(1, SeqCst);
                    let (manner, most, answer) = (manner.clone(), most.clone(), answer.clone());
                    tokio::spawn(async move {
                        let Some(config) = manner.tls.clone() else {
                            return serve(tcp, true, manner, most, answer).await;
                        };
                        if let Ok(tls) = TlsAcceptor::from(config).accept(tcp).await {
                            let http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
                            serve(tls, http2, manner, most, answer).await;
                        }
                    });
                }
            });
        });
        Self { address, connections, busiest }
    }
}

async fn serve<I, F, R>(io: I, http2: bool, manner: Manner, most: Arc<AtomicUsize>, answer: Arc<F>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Response<Payload>, Failure>> + Send + 'static,
{
    let (now, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let done = answered.clone();
    let service = service_fn(move |request| {
        let (now, most, done, answer) = (now.clone(), most.clone(), done.clone(), answer.clone());
        async move {
            most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
            let answer = answer(request).await;
            now.fetch_sub(1, SeqCst);
            done.notify_one();
            answer
        }
    });
    if !http2 {
        server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service).await.ok();
        return;
    }
    let mut builder = server::conn::http2::Builder::new(TokioExecutor::new());
    builder.max_concurrent_streams(manner.max_streams);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(io), service));
    tokio::select! {
        _ = &mut connection => return,
        () = answered.notified(), if manner.drains => connection.as_mut().graceful_shutdown(),
    }
    connection.await.ok();
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// One HTTP/1.1 connection of a client, in clear.
pub async fn http1(address: SocketAddr) -> client::conn::http1::SendRequest<Payload> {
    let tcp = TcpStream::connect(address).await.expect("a connection");
    let begun = client::conn::http1::handshake(TokioIo::new(tcp)).await;
    let (sender, connection) = begun.expect("a connection");
    tokio::spawn(connection);
    sender
}

/// One HTTP/2 connection of a client, in clear.
pub async fn http2(address: SocketAddr) -> client::conn::http2::SendRequest<Payload> {
    begin(TcpStream::connect(address).await.expect("a connection")).await
}

pub async fn begin<I>(io: I) -> client::conn::http2::SendRequest<Payload>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let begun = client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await;
    let (sender, connection) = begun.expect("a preface");
    tokio::spawn(connection);
    sender
}

/// One connection over TLS, by the name of `shop.test`.
pub fn tls_client(address: SocketAddr, config: ClientConfig) -> TlsSide<ClientConnection> {
    let tcp = std::net::TcpStream::connect(address).expect("a connection");
    tcp.set_read_timeout(Some(super::PATIENCE)).expect("a time-out");
    let name = ServerName::try_from("shop.test").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    StreamOwned::new(connection, tcp)
}

/// One end of a connection over TLS, byte by byte.
pub type TlsSide<C> = StreamOwned<C, std::net::TcpStream>;

/// A server over TLS that does with its connections whatever a test wants.
pub fn tls_rogue(
    config: Arc<ServerConfig>,
    act: impl Fn(TlsSide<ServerConnection>) + Send + Sync + 'static,
) -> SocketAddr {
    rogue(move |tcp| {
        let connection = ServerConnection::new(config.clone()).expect("a server");
        act(StreamOwned::new(connection, tcp));
    })
}

/// One HTTP/2 connection of a client, over TLS.
pub async fn http2_over_tls(
    address: SocketAddr,
    config: ClientConfig,
) -> client::conn::http2::SendRequest<Payload> {
    let tcp = TcpStream::connect(address).await.expect("a connection");
    let name = ServerName::try_from("shop.test").expect("a name");
    begin(TlsConnector::from(Arc::new(config)).connect(name, tcp).await.expect("a handshake")).await
}

/// One connection over TLS and one GET on it, by whichever version was chosen; the error says
/// only that there was one.
pub async fn get_over_tls(
    address: SocketAddr,
    config: ClientConfig,
) -> Result<(http::Version, u16), Failure> {
    let tcp = TcpStream::connect(address).await?;
    let name = ServerName::try_from("shop.test")?;
    let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
    if tls.get_ref().1.alpn_protocol() == Some(b"h2") {
        let request = Request::get("https://shop.test/a").body(empty())?;
        let answer = begin(tls).await.send_request(request).await?;
        return Ok((answer.version(), answer.status().as_u16()));
    }
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(tls)).await?;
    tokio::spawn(connection);
    let request = Request::get("/a").header("host", "shop.test").body(empty())?;
    let answer = sender.send_request(request).await?;
    Ok((answer.version(), answer.status().as_u16()))
}

/// Starts with these sides, each as the inside of a section.
pub fn start(folder: TempDir, listen: &str, primary: &str, candidate: &str, rest: &str) -> Shadow {
    let side = |side: &str| match side.contains("timeout:") {
        true => side.to_owned(),
        false => format!("timeout: 5s, {side}"),
    };
    let config = format!(
        "listen: {{ address: 127.0.0.1:0{listen} }}\nadmin: {{ address: 127.0.0.1:0 }}\n\
         primary: {{ {} }}\ncandidate: {{ {} }}\n{rest}\n",
        side(primary),
        side(candidate)
    );
    std::fs::write(folder.path().join("shadow.yaml"), config).expect("a config");
    Shadow::launch(Arc::new(folder))
}

pub fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

pub fn clear(address: impl std::fmt::Display) -> String {
    format!("url: \"http://{address}\", protocol: http2")
}

/// Offered in a handshake: both versions.
pub const BOTH: [&str; 2] = ["h2", "http/1.1"];

/// Writes are mirrored too.
pub const VOUCHED: &str = "mirror: { methods: all }\nisolation: { assert: \"nothing is stored\" }";

pub fn write(folder: &Path, name: &str, content: &str) {
    std::fs::write(folder.join(name), content).expect("a file");
}

/// Between two HTTP/2 origins in clear.
pub fn between(primary: &Peer, candidate: &Peer, rest: &str) -> Shadow {
    start(folder(), "", &clear(primary.address), &clear(candidate.address), rest)
}

pub async fn ok(_: Request<Incoming>) -> Result<Response<Payload>, Failure> {
    Ok(Response::new(text("{}")))
}

pub fn plain() -> Peer {
    Peer::start(Manner::default(), ok)
}

/// Whether the metrics have this line.
pub fn metric(shadow: &Shadow, line: &str) -> bool {
    get(shadow.admin, "/metrics").text().lines().any(|each| each == line)
}

/// So many GETs at one time, on one connection of a client.
pub async fn at_once(shadow: &Shadow, count: usize) -> Vec<StatusCode> {
    let sender = http2(shadow.listen).await;
    let mut all = JoinSet::new();
    for _ in 0..count {
        let mut sender = sender.clone();
        let request = Request::get("http://shop.test/").body(empty()).expect("a request");
        all.spawn(async move { sender.send_request(request).await.expect("an answer").status() });
    }
    all.join_all().await
}

/// One that signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// A certificate and its key, in PEM.
pub struct Identity {
    pub cert: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub fn sign(&self, name: &str) -> Identity {
        self.issue(CertificateParams::new(vec![name.to_owned()]).expect("a name"))
    }

    /// A certificate that was good for a day, long ago.
    pub fn sign_expired(&self, name: &str) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 2);
        self.issue(params)
    }

    fn issue(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let cert = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Identity { cert, key: key.serialize_pem() }
    }

    /// A client that believes this authority, and speaks these versions of TLS.
    pub fn client_of(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(self.roots())
            .with_no_client_auth()
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        let der = CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("PEM");
        roots.add(der).expect("a root");
        roots
    }

    /// A client that believes this authority.
    pub fn client(&self, own: Option<&Identity>, alpn: &[&str]) -> ClientConfig {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(self.roots());
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => builder.with_client_auth_cert(own.chain(), own.secret()).expect("a pair"),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}

impl Identity {
    /// Signed by nobody but itself.
    pub fn of_itself(name: &str) -> Self {
        let signed = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a pair");
        Self { cert: signed.cert.pem(), key: signed.signing_key.serialize_pem() }
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_slice(self.cert.as_bytes()).expect("PEM")]
    }

    fn secret(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("PEM")
    }

    pub fn server(&self, alpn: &[&str]) -> Arc<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(self.chain(), self.secret())
            .expect("a pair");
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    pub fn write(&self, folder: &Path) {
        std::fs::write(folder.join("cert.pem"), &self.cert).expect("a file");
        std::fs::write(folder.join("key.pem"), &self.key).expect("a file");
    }
}

/// Settings of RFC 9113 section 6.5.2.
pub const MAX_STREAMS: u16 = 3;
pub const INITIAL_WINDOW: u16 = 4;

/// The head of an answer whose body has no stated length.
pub const OK: &[u8] = &[0x88];

/// In front of a side in clear that is played by a test, mirroring off.
pub fn before(primary: SocketAddr) -> Shadow {
    start(folder(), "", &clear(primary), &clear(plain().address), "mirror: { enabled: false }")
}

/// A side that plays its first connection, and answers all that comes on the others. Gives the
/// first byte of each head that it saw: what stands there in the static table.
pub fn first(act: impl Fn(H2) + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let address = rogue(move |stream| {
        let first = count.fetch_add(1, SeqCst) == 0;
        let Some(mut h2) = H2::accept(stream, &[(MAX_STREAMS, 100)]) else { return };
        if first {
            return act(h2);
        }
        while let Some(stream) = h2.next_request() {
            h2.ok(stream);
        }
    });
    (address, connections)
}
