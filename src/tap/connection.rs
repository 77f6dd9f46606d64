//! Accepting clients and serving their connections, until told to stop.

use crate::tap::Tap;
use crate::tap::body::LiveBody;
use crate::tap::headers::Peer;
use crate::tap::tls::{self, Secured};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time;

/// A client that has sent nothing of a head for this long is let go.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// What connections are told when the process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Serve on.
    No,
    /// Accept nobody, finish what has begun, close.
    Drain,
    /// Close now.
    Now,
}

/// Serves one listener on this thread's runtime. Returns when it was told to stop and the last
/// connection has ended.
pub async fn serve(listener: TcpListener, tap: Arc<Tap>, stop: watch::Receiver<Stop>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the listener cannot be used");
            return;
        }
    };
    let server = Server { tap, stop: stop.clone(), h1: h1(), h2: h2() };
    // Each connection holds a sender; when the last is gone, so is the last connection.
    let (alive, mut gone) = mpsc::channel::<Infallible>(1);
    let mut stopped = pin!(told_to_stop(stop));
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => break,
            accepted = accept(&listener) => {
                let (stream, address) = accepted;
                let (server, alive) = (server.clone(), alive.clone());
                tokio::spawn(async move {
                    server.connection(stream, address).await;
                    drop(alive);
                });
            }
        }
    }
    drop((listener, alive));
    gone.recv().await;
}

async fn told_to_stop(mut stop: watch::Receiver<Stop>) {
    // An error means that the sender is gone, and with it the process.
    stop.wait_for(|stop| *stop != Stop::No).await.ok();
}

/// Accepts one client. When the process or the machine is out of something, waits a little
/// instead of asking again at once, and longer each time.
async fn accept(listener: &tokio::net::TcpListener) -> (TcpStream, SocketAddr) {
    let mut pause = Duration::from_millis(10);
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted; trying again in {pause:?}");
                time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(1));
            }
        }
    }
}

fn of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

fn h1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.half_close(true).timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder
}

fn h2() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).max_concurrent_streams(256);
    builder
}

#[derive(Clone)]
struct Server {
    tap: Arc<Tap>,
    stop: watch::Receiver<Stop>,
    h1: http1::Builder,
    h2: http2::Builder<TokioExecutor>,
}

impl Server {
    async fn connection(self, stream: TcpStream, address: SocketAddr) {
        // Without it answers wait for acknowledgements; a socket that refuses it is gone.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let peer = Peer::new(address.ip());
        if let Some(config) = self.tap.tls() {
            return Box::pin(self.secured(config, stream, peer)).await;
        }
        let opening = time::timeout(HEAD_TIMEOUT, speaks_http2(&stream)).await;
        let Ok(Ok(http2)) = opening else { return };
        self.http(TokioIo::new(stream), http2, peer).await;
    }

    async fn secured(self, config: Arc<ServerConfig>, stream: TcpStream, peer: Peer) {
        match time::timeout(HEAD_TIMEOUT, tls::accept(config, stream)).await {
            Ok(Ok(Secured { stream, http2 })) => {
                self.http(TokioIo::new(stream), http2, peer.secured()).await;
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, client = %peer.address, "a TLS handshake failed");
            }
            Err(_) => tracing::debug!(client = %peer.address, "a TLS handshake took too long"),
        }
    }

    async fn http<I>(mut self, io: I, http2: bool, peer: Peer)
    where
        I: Read + Write + Send + Unpin + 'static,
    {
        let client = Client { tap: self.tap.clone(), peer };
        let service = service(Arc::new(client));
        if http2 {
            let connection = self.h2.serve_connection(io, service);
            drive(connection, |connection| connection.graceful_shutdown(), &mut self.stop).await;
        } else {
            let connection = self.h1.serve_connection(io, service);
            drive(connection, |connection| connection.graceful_shutdown(), &mut self.stop).await;
        }
    }
}

/// Whether a connection begins with the HTTP/2 preface (RFC 9113 section 3.4). `PRI` is no method
/// of HTTP/1, so three bytes tell.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let preface = b"PRI";
    let mut start = [0; 3];
    loop {
        let length = stream.peek(&mut start).await?;
        let seen = start.get(..length).unwrap_or_default();
        if length == 0 || !preface.starts_with(seen) {
            return Ok(false);
        }
        if length == preface.len() {
            return Ok(true);
        }
        // The bytes seen so far keep the socket readable: there is nothing to wait on but time.
        time::sleep(Duration::from_millis(1)).await;
    }
}

/// Runs a connection to its end; when told to drain, lets it finish what has begun.
async fn drive<C>(connection: C, finish: impl FnOnce(Pin<&mut C>), stop: &mut watch::Receiver<Stop>)
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    tokio::select! {
        // What goes wrong on a client's connection is the client's to see.
        _ = &mut connection => return,
        _ = stop.wait_for(|stop| *stop != Stop::No) => finish(connection.as_mut()),
    }
    tokio::select! {
        _ = connection => {}
        _ = stop.wait_for(|stop| *stop == Stop::Now) => {}
    }
}

/// What the requests of one client's connection share.
struct Client {
    tap: Arc<Tap>,
    peer: Peer,
}

/// The service of one client's connection.
fn service(
    client: Arc<Client>,
) -> impl HttpService<Incoming, ResBody = LiveBody, Error = Infallible, Future: Send> {
    service_fn(move |request| {
        let client = client.clone();
        async move { Ok::<_, Infallible>(client.tap.forward(&client.peer, request).await) }
    })
}
