//! Accepting clients and serving their connections, until told to stop.

use crate::base::Chain;
use crate::model::Rule;
use crate::tap::Tap;
use crate::tap::client::{Opened, Stream};
use crate::tap::door::{Door, turn_away};
use crate::tap::headers::Peer;
use crate::tap::listener::seal;
use crate::tap::settings::Settings;
use crate::tap::tls::{self, Secured};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time;

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
pub async fn serve(
    listener: TcpListener,
    tap: Arc<Tap>,
    door: Arc<Door>,
    mut stop: watch::Receiver<Stop>,
) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the listener cannot be used");
            return;
        }
    };
    let server = Server { tap, door, stop: stop.clone() };
    // Each connection holds a sender; when the last is gone, so is the last connection.
    let (alive, mut gone) = mpsc::channel::<Infallible>(1);
    let begin = |(stream, address): (TcpStream, SocketAddr)| {
        let (server, alive) = (server.clone(), alive.clone());
        tokio::spawn(async move {
            server.connection(stream, address).await;
            drop(alive);
        });
    };
    let mut stopped = pin!(told_to_stop(stop.clone()));
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => break,
            accepted = accept(&listener, &server.tap) => begin(accepted),
        }
    }
    empty(listener, begin).await;
    drop(alive);
    let patience = server.tap.settings().timeouts.drain;
    tokio::select! {
        _ = gone.recv() => {}
        () = time::sleep(patience) => {
            tracing::warn!("some connections did not end within {patience:?}, and are closed");
        }
        _ = stop.wait_for(|stop| *stop == Stop::Now) => {}
    }
}

/// Connections that have begun in the kernel get so long to become complete.
const HANDSHAKE: Duration = Duration::from_millis(250);

/// Closes a listener, but not on those who have connected to it already: closing it resets all
/// that waits to be accepted.
async fn empty(listener: tokio::net::TcpListener, begin: impl Fn((TcpStream, SocketAddr))) {
    if let Err(error) = seal(&listener) {
        tracing::debug!(%error, "connections that begin at this moment may be lost");
    }
    let mut settled = pin!(time::sleep(HANDSHAKE));
    loop {
        tokio::select! {
            biased;
            accepted = listener.accept() => match accepted {
                Ok(accepted) => begin(accepted),
                Err(error) if of_one_connection(&error) => {}
                Err(_) => return,
            },
            () = &mut settled => return,
        }
    }
}

pub(super) async fn told_to_stop(mut stop: watch::Receiver<Stop>) {
    // An error means that the sender is gone, and with it the process.
    stop.wait_for(|stop| *stop != Stop::No).await.ok();
}

/// Accepts one client. When the process or the machine is out of something, waits a little
/// instead of asking again at once, and longer each time.
async fn accept(listener: &tokio::net::TcpListener, tap: &Tap) -> (TcpStream, SocketAddr) {
    let mut pause = Duration::from_millis(10);
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if of_one_connection(&error) => {}
            Err(error) => {
                tap.meters.unaccepted();
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

#[derive(Clone)]
struct Server {
    tap: Arc<Tap>,
    door: Arc<Door>,
    stop: watch::Receiver<Stop>,
}

impl Server {
    async fn connection(self, stream: TcpStream, address: SocketAddr) {
        // Without it answers wait for acknowledgements; a socket that refuses it is gone.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let (settings, address) = (self.tap.settings(), address.ip().to_canonical());
        let admitted = match settings.admits(address) {
            true => self.door.enter(address, &settings.limits),
            false => Err(Rule::Denied),
        };
        match admitted {
            Ok(ticket) => {
                self.open(stream, Peer::new(address, settings.trust(address)), &settings).await;
                drop(ticket);
            }
            Err(rule) => {
                self.tap.complain(address, rule, "");
                turn_away(stream, rule).await;
            }
        }
    }

    /// Finds out what a client speaks, and serves it.
    async fn open(self, stream: TcpStream, peer: Peer, settings: &Settings) {
        if let Some(config) = &settings.tls {
            return Box::pin(self.secure(config.clone(), stream, peer, settings)).await;
        }
        let silence = patience_with_silence(self.stop.clone());
        let start = tokio::select! {
            biased;
            start = time::timeout(settings.timeouts.head, speaks_http2(&stream)) => start,
            () = silence => return,
        };
        match start {
            Ok(Ok(http2)) => self.serve(stream, http2, peer, settings).await,
            Ok(Err(_)) => {}
            Err(_) => self.silent(stream, peer.address).await,
        }
    }

    async fn secure(
        self,
        config: Arc<ServerConfig>,
        stream: TcpStream,
        peer: Peer,
        settings: &Settings,
    ) {
        match time::timeout(settings.timeouts.head, tls::accept(config, stream)).await {
            Ok(Ok(Secured { stream, http2 })) => {
                self.serve(stream, http2, peer.secured(), settings).await;
            }
            // It went away again, as one does that only looks whether the port is open.
            Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            Ok(Err(error)) => {
                self.tap.complain(peer.address, Rule::Handshake, &Chain(&error).to_string());
            }
            Err(_) => self.tap.complain(peer.address, Rule::HeadTimeout, ""),
        }
    }

    /// A client has not even sent enough to tell its protocol. One that has sent nothing may have
    /// connected in advance.
    async fn silent(&self, stream: TcpStream, address: IpAddr) {
        let mut start = [0; 1];
        let sent = time::timeout(Duration::ZERO, stream.peek(&mut start)).await;
        if matches!(sent, Ok(Ok(1))) {
            self.tap.complain(address, Rule::HeadTimeout, "");
            turn_away(stream, Rule::HeadTimeout).await;
        }
    }

    async fn serve<S: Stream>(self, stream: S, http2: bool, peer: Peer, settings: &Settings) {
        self.tap.serve(Opened { stream, http2, peer }, settings, self.stop).await;
    }
}

/// When the process is to end, a client that has connected and asked for nothing yet has so long
/// to do so.
pub(super) const FIRST_WORD: Duration = Duration::from_secs(1);

/// Waits until a client that says nothing is no longer waited for.
async fn patience_with_silence(stop: watch::Receiver<Stop>) {
    told_to_stop(stop).await;
    time::sleep(FIRST_WORD).await;
}

/// Whether a connection begins with the HTTP/2 preface (RFC 9113 section 3.4). `PRI` is no method
/// of HTTP/1, so three bytes tell.
async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let preface = b"PRI";
    let mut start = [0; 3];
    let mut pause = Duration::from_millis(1);
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
        time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;
    use crate::model::{Answered, Disposition, Exchange};
    use crate::policy::{Marker, Plan};
    use crate::tap::{Admission, Captured, Sink};
    use crate::upstream::Address;
    use arc_swap::ArcSwap;
    use http::Method;
    use http::request::Parts;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net;

    /// An onlooker with a bug.
    #[derive(Default)]
    struct Faulty {
        answers: AtomicUsize,
    }

    impl Sink for Faulty {
        fn admit(&self, head: &Parts, _: IpAddr) -> Admission {
            assert_ne!(head.uri.path(), "/bug");
            Admission::Pass
        }

        fn refused(&self, _: &Method, _: &str) {}
        fn settle(&self, _: &Exchange, _: &Plan, _: Disposition) {}
        fn offer(&self, _: Captured) {}

        fn answered(&self, _: Answered) {
            self.answers.fetch_add(1, Relaxed);
        }
    }

    async fn origin(listener: net::TcpListener) {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                    stream.write_all(answer).await.expect("the tap reads");
                }
            });
        }
    }

    /// One request; what comes back, up to its body or the end.
    async fn ask(client: &mut TcpStream, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
        client.write_all(request.as_bytes()).await.expect("written");
        let (mut answer, mut buffer) = (String::new(), [0; 4096]);
        while !answer.ends_with("ok") {
            match client.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(length) => answer.push_str(&String::from_utf8_lossy(&buffer[..length])),
            }
        }
        answer
    }

    #[tokio::test]
    async fn a_panic_ends_one_connection_and_no_other() {
        let free = || async { net::TcpListener::bind("127.0.0.1:0").await.expect("a port") };
        let (upstream, listener) = (free().await, free().await);
        let primary = upstream.local_addr().expect("an address");
        let listen = listener.local_addr().expect("an address");
        let config = parse("primary: { url: http://a:1 }", "shadow.yaml", &|_| None);
        let settings = Settings::new(&config.expect("a config"), 7);
        let (sink, door) = (Arc::new(Faulty::default()), Arc::new(Door::default()));
        let address = Address::new(&primary.ip().to_string(), primary.port());
        let marker = Marker::new("session", &[0; 32]);
        let settings = Arc::new(ArcSwap::from_pointee(settings));
        let tap = Tap::new(address, sink.clone(), settings, marker);
        let (stop, stopped) = watch::channel(Stop::No);
        let clients = async {
            let mut one = TcpStream::connect(listen).await.expect("a connection");
            let mut other = TcpStream::connect(listen).await.expect("a connection");
            assert!(ask(&mut one, "/").await.ends_with("ok"));
            assert_eq!(ask(&mut other, "/bug").await, "");
            assert!(ask(&mut one, "/").await.ends_with("ok"));
            // It has left the door, so that there is room for another.
            assert_eq!(door.open(), 1);
            drop(one);
            stop.send_replace(Stop::Drain);
        };
        tokio::spawn(origin(upstream));
        let listener = listener.into_std().expect("a listener");
        tokio::join!(serve(listener, tap, door.clone(), stopped), clients);
        assert_eq!((sink.answers.load(Relaxed), door.open()), (2, 0));
    }
}
