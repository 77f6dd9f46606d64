//! One client's connection: served until it ends or becomes a tunnel.
//!
//! Over HTTP/1 hyper keeps its buffers for as long as it has a connection, however large a body has
//! made them. So it has one only until nothing has been under way for a while; then the connection
//! rests, a socket with nothing beside it, until more comes.
//!
//! This module never lets a connection rest with anything of an exchange left in hyper.

use crate::base::{Chain, Quiet, Unread, clock};
use crate::config::ListenLimits;
use crate::model::Rule;
use crate::tap::Tap;
use crate::tap::body::LiveBody;
use crate::tap::connection::{FIRST_WORD, Stop, told_to_stop};
use crate::tap::headers::Peer;
use crate::tap::http2;
use crate::tap::linger::linger;
use crate::tap::patient::{Begun, Patient};
use crate::tap::seldom::Seldom;
use crate::tap::settings::Settings;
use crate::tap::tunnel::Tunnel;
use crate::tap::waiting::{REST, Waiting};
use http::Version;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, watch};
use tokio::time;

/// Bytes both ways.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// A client's connection on which the first request may come.
pub(super) struct Opened<S> {
    pub stream: S,
    pub http2: bool,
    pub peer: Peer,
}

impl Tap {
    /// Serves a client of HTTP/1.1 over any stream, until one of the two or the process ends it.
    pub async fn serve_stream<S>(
        self: Arc<Self>,
        stream: S,
        client: IpAddr,
        stop: watch::Receiver<Stop>,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let settings = self.settings();
        let peer = Peer::new(client, settings.trust(client));
        self.serve(Opened { stream, http2: false, peer }, &settings, stop).await;
    }

    pub(super) async fn serve<S: Stream>(
        self: Arc<Self>,
        Opened { stream, http2, peer }: Opened<S>,
        settings: &Settings,
        mut stop: watch::Receiver<Stop>,
    ) {
        let address = peer.address;
        let client = Arc::new(Client::new(self.clone(), peer));
        let stream = Patient::new(stream, settings.timeouts.write, client.begun.clone());
        // In boxes: a connection at rest is small.
        let broken = if http2 {
            let ended = Box::pin(client.multiplexed(stream, settings, &mut stop)).await;
            ended.err().and_then(|error| complaint(http2::broken_rule(&error), &error))
        } else {
            let ended = client.kept_alive(stream, settings, &mut stop).await;
            ended.err().and_then(|error| complaint(broken_rule(&error), &error))
        };
        if let Some((rule, error)) = broken
            && (rule != Rule::HeadTimeout || client.begun.get())
        {
            self.complain(address, rule, &error);
        }
        let tunnel = client.tunnel.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(tunnel) = tunnel {
            tunnel.run(settings.timeouts.tunnel, stop).await;
        }
    }
}

/// What is told of a connection's end, where a rule stands behind it.
fn complaint(rule: Option<Rule>, error: &dyn Error) -> Option<(Rule, String)> {
    rule.map(|rule| (rule, Chain(error).to_string()))
}

/// The rule that a client broke, where its connection ended for that.
fn broken_rule(error: &hyper::Error) -> Option<Rule> {
    let io = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    if error.is_parse_too_large() {
        // hyper tells the two apart by their texts alone.
        let target = error.to_string().starts_with("URI");
        Some(if target { Rule::TargetTooLong } else { Rule::HeadTooLarge })
    } else if error.is_parse() {
        Some(Rule::Malformed)
    } else if error.is_timeout() {
        Some(Rule::HeadTimeout)
    } else {
        io.filter(|io| io.kind() == io::ErrorKind::TimedOut).map(|_| Rule::WriteTimeout)
    }
}

fn h1(settings: &Settings, timer: Waiting) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.half_close(true).timer(timer);
    // It runs from the opening of a connection and from the end of each exchange.
    builder.header_read_timeout(settings.timeouts.head);
    builder.max_buf_size(buffer(&settings.limits));
    if settings.limits.fields > HYPERS_FIELDS {
        builder.max_headers(settings.limits.fields);
    }
    builder
}

/// So much of a request hyper holds at one time: its whole head, which is no larger than what the
/// limits allow by far, or a piece of its body.
fn buffer(limits: &ListenLimits) -> usize {
    let head = limits.head.as_usize().saturating_add(limits.target.as_usize());
    head.saturating_add(BESIDE_LIMITS).clamp(LEAST_BUFFER, MOST_BUFFER)
}

/// What a head is made of beside its target and fields, generously.
const BESIDE_LIMITS: usize = 8 << 10;
const LEAST_BUFFER: usize = 128 << 10;
const MOST_BUFFER: usize = 408 << 10;

/// So many header fields hyper reads without further memory.
const HYPERS_FIELDS: usize = 100;

/// A connection with what it is driven by.
pub(super) struct Driven<'a, C> {
    pub connection: Pin<&'a mut C>,
    pub stop: &'a mut watch::Receiver<Stop>,
}

/// What the requests of one client's connection share.
pub(super) struct Client {
    pub(super) tap: Arc<Tap>,
    pub(super) peer: Peer,
    /// What the connection becomes once hyper is done with it.
    tunnel: Mutex<Option<Tunnel>>,
    /// The connection is to end at once.
    cut: Notify,
    /// The same, at a glance.
    is_cut: AtomicBool,
    /// What has passed on it.
    pub(super) begun: Begun,
    /// Its answers over HTTP/2 that wait for its windows.
    pub(super) unread: Unread,
}

/// Why a connection is not simply driven on.
enum Interrupt {
    /// It is to end at once.
    Cut,
    /// What has begun on it is to be the last.
    Finish,
}

/// How driving a connection has ended.
enum Met<E> {
    End(Result<(), E>),
    Interrupt(Interrupt),
    Rest,
}

impl Client {
    fn new(tap: Arc<Tap>, peer: Peer) -> Self {
        let (cut, is_cut) = (Notify::new(), AtomicBool::new(false));
        let (tunnel, begun, unread) = (Mutex::default(), Begun::default(), Unread::default());
        Self { tap, peer, tunnel, cut, is_cut, begun, unread }
    }

    /// The socket that an answer in this version is written to, where it has that for itself.
    pub(super) fn socket(&self, version: Version) -> Option<Begun> {
        (version < Version::HTTP_2).then(|| self.begun.clone())
    }

    /// Ends the connection, whatever is under way on it.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Relaxed);
        self.cut.notify_one();
    }

    /// Counts and tells that a rule held against it.
    pub(super) fn broke(&self, rule: Rule) {
        self.tap.complain(self.peer.address, rule, "");
    }

    /// Serves it over HTTP/1. Whenever it rests, hyper is let go of, with all that it has
    /// allocated.
    async fn kept_alive<S: Stream>(
        self: &Arc<Self>,
        mut stream: Patient<S>,
        settings: &Settings,
        stop: &mut watch::Receiver<Stop>,
    ) -> hyper::Result<()> {
        loop {
            stream = match Quiet::new(Box::pin(self.awake(stream, settings, stop))).await {
                ControlFlow::Continue(stream) => stream,
                ControlFlow::Break(ended) => return ended,
            };
            if !self.rest(&mut stream, settings, stop).await {
                // It is gone, or is to go.
                stream.shutdown().await.ok();
                return Ok(());
            }
        }
    }

    /// Serves it until it ends, or rests.
    async fn awake<S: Stream>(
        self: &Arc<Self>,
        stream: Patient<S>,
        settings: &Settings,
        stop: &mut watch::Receiver<Stop>,
    ) -> ControlFlow<hyper::Result<()>, Patient<S>> {
        let (alarms, head) = (self.tap.alarms(), settings.timeouts.head);
        let timer = Waiting { alarms, begun: self.begun.clone(), head };
        let io = TokioIo::new(stream);
        let mut connection =
            h1(settings, timer).serve_connection(io, service(self.clone())).with_upgrades();
        let driven = Driven { connection: Pin::new(&mut connection), stop };
        let ended = self.drive(driven, |it| it.graceful_shutdown()).await;
        let Some(parts) = connection.into_parts() else {
            return ControlFlow::Break(ended.unwrap_or(Ok(())));
        };
        if let Some(ended) = ended {
            let unread = self.begun.has_left() || !parts.read_buf.is_empty();
            let told = ended.as_ref().map_or_else(hyper::Error::is_parse, |()| true);
            if unread && told && !self.is_cut.load(Relaxed) && *stop.borrow() != Stop::Now {
                Box::pin(linger(parts.io.into_inner())).await;
            }
            return ControlFlow::Break(ended);
        }
        let mut stream = parts.io.into_inner();
        stream.unread(parts.read_buf);
        ControlFlow::Continue(stream)
    }

    /// Waits until it asks for something; false where it is not waited for any longer.
    async fn rest<S: Stream>(
        &self,
        stream: &mut Patient<S>,
        settings: &Settings,
        stop: &watch::Receiver<Stop>,
    ) -> bool {
        let until = clock::now() + settings.timeouts.head.saturating_sub(REST);
        tokio::select! {
            biased;
            more = stream.more() => more.unwrap_or(false),
            () = told_to_stop(stop.clone()) => false,
            () = self.tap.alarms().at(until) => false,
        }
    }

    /// Runs its connection to the end, or until it rests. When told to drain, lets it finish what
    /// has begun. hyper closes one on which nothing was read: that its client has made in advance,
    /// or will ask for something in this moment.
    pub(super) async fn drive<C, E>(
        &self,
        driven: Driven<'_, C>,
        finish: impl FnOnce(Pin<&mut C>),
    ) -> Option<Result<(), E>>
    where
        C: Future<Output = Result<(), E>>,
    {
        let Driven { mut connection, stop } = driven;
        let stopped = told_to_stop(stop.clone());
        let told = async {
            stopped.await;
            tokio::select! {
                biased;
                () = self.begun.first() => {}
                () = time::sleep(FIRST_WORD) => {}
            }
        };
        let interrupted = pin!(async {
            tokio::select! {
                biased;
                () = self.cut.notified() => Interrupt::Cut,
                () = told => Interrupt::Finish,
            }
        });
        let mut interrupted = Seldom::new(interrupted);
        let signalled = || self.is_cut.load(Relaxed) || stop.has_changed().unwrap_or(true);
        let met = poll_fn(|cx| {
            // First, so that it reads what has come already.
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(Met::End(ended));
            }
            if let Poll::Ready(interrupt) = interrupted.poll(cx, signalled()) {
                return Poll::Ready(Met::Interrupt(interrupt));
            }
            if self.begun.rests() { Poll::Ready(Met::Rest) } else { Poll::Pending }
        });
        match met.await {
            Met::End(ended) => return Some(ended),
            Met::Interrupt(Interrupt::Cut) => return Some(Ok(())),
            Met::Interrupt(Interrupt::Finish) => finish(connection.as_mut()),
            Met::Rest => return None,
        }
        let ended = tokio::select! {
            biased;
            ended = connection => ended,
            () = self.cut.notified() => Ok(()),
            _ = stop.wait_for(|stop| *stop == Stop::Now) => Ok(()),
        };
        Some(ended)
    }

    /// The connection is to become a tunnel.
    pub(super) fn tunnel(&self, tunnel: Tunnel) {
        *self.tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(tunnel);
    }
}

/// The service of one client's connection.
fn service(
    client: Arc<Client>,
) -> impl HttpService<Incoming, ResBody = LiveBody, Error = Infallible, Future: Send> {
    service_fn(move |request| Tap::forward(client.clone(), request))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, parse};
    use crate::model::{Answered, Disposition, Exchange};
    use crate::policy::{Marker, Plan};
    use crate::tap::{Admission, Captured, Sink};
    use crate::upstream::{Address, Connect, Connecting, Endpoint};
    use arc_swap::ArcSwap;
    use http::Method;
    use http::request::Parts;
    use std::net::Ipv4Addr;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};

    /// One that nothing is told to.
    struct Blind;

    impl Sink for Blind {
        fn admit(&self, _: &Parts, _: IpAddr) -> Admission {
            Admission::Pass
        }

        fn refused(&self, _: &Method, _: &str) {}
        fn settle(&self, _: &Exchange, _: &Plan, _: Disposition) {}
        fn offer(&self, _: Captured) {}
        fn answered(&self, _: Answered) {}
    }

    /// A primary that takes its time for each answer.
    #[derive(Debug)]
    struct Primary(Duration);

    const BODY: usize = 1 << 10;

    impl Connect for Primary {
        fn connect(&self) -> Connecting<'_> {
            let (near, mut far) = duplex(64 << 10);
            let time = self.0;
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while far.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                    time::sleep(time).await;
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {BODY}\r\n\r\n");
                    let answer = [head.as_bytes(), &[b'x'; BODY]].concat();
                    far.write_all(&answer).await.expect("the tap reads");
                }
            });
            Box::pin(async move { Ok(Box::new(near) as Box<_>) })
        }
    }

    /// A client with the tap's end of its connection.
    struct Terms {
        client: Arc<Client>,
        settings: Settings,
        stop: watch::Receiver<Stop>,
        _stop: watch::Sender<Stop>,
    }

    const WAIT: Duration = Duration::from_secs(10);

    impl Terms {
        /// Between a client, whose end it gives, and a primary.
        fn new(primary: Duration, buffer: usize) -> (Self, DuplexStream, Patient<DuplexStream>) {
            let (far, near) = duplex(buffer);
            let text = "primary: { url: http://a:1 }\nlisten: { timeouts: { head: 30s } }";
            let config: config::Config = parse(text, "shadow.yaml", &|_| None).expect("a config");
            let settings = Settings::new(&config, 7);
            let endpoint = Endpoint::from(Address::new("a", 1)).by(Arc::new(Primary(primary)));
            let shared = Arc::new(ArcSwap::from_pointee(settings.clone()));
            let marker = Marker::new("session", &[0; 32]);
            let tap = Tap::new(endpoint, Arc::new(Blind), shared, marker);
            let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
            let client = Arc::new(Client::new(tap, Peer::new(address, settings.trust(address))));
            let (told, stop) = watch::channel(Stop::No);
            let near = Patient::new(near, WAIT * 6, client.begun.clone());
            (Self { client, settings, stop, _stop: told }, far, near)
        }

        /// Serves until the connection rests; `None` where it does not for a good while.
        async fn awake(&mut self, near: Patient<DuplexStream>) -> Option<Patient<DuplexStream>> {
            let Self { client, settings, stop, .. } = self;
            match time::timeout(WAIT, client.awake(near, settings, stop)).await {
                Ok(ControlFlow::Continue(near)) => Some(near),
                Ok(ControlFlow::Break(ended)) => panic!("{ended:?}"),
                Err(_) => None,
            }
        }
    }

    const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

    async fn answer(far: &mut DuplexStream) {
        let mut answer = Vec::new();
        while !answer.ends_with(&[b'x'; BODY]) {
            assert_ne!(far.read_buf(&mut answer).await.expect("an answer"), 0);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_has_rested_serves_on() {
        let (mut terms, mut far, mut near) = Terms::new(Duration::ZERO, 64 << 10);
        for _ in 0..3 {
            far.write_all(GET).await.expect("room");
            near = terms.awake(near).await.expect("it rests");
            answer(&mut far).await;
            // A part of a request is waited for to its end.
            far.write_all(&GET[..9]).await.expect("room");
            assert!(terms.client.rest(&mut near, &terms.settings, &terms.stop).await);
            let rest = async {
                time::sleep(2 * REST).await;
                far.write_all(&GET[9..]).await.expect("room");
            };
            near = tokio::join!(terms.awake(near), rest).0.expect("it rests");
            answer(&mut far).await;
        }
        drop(far);
        assert!(!terms.client.rest(&mut near, &terms.settings, &terms.stop).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_does_not_rest_before_its_first_answer() {
        for sent in [&b""[..], &GET[..9]] {
            let (mut terms, mut far, near) = Terms::new(Duration::ZERO, 64 << 10);
            far.write_all(sent).await.expect("room");
            assert!(terms.awake(near).await.is_none(), "{}", String::from_utf8_lossy(sent));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_does_not_rest_while_an_exchange_is_under_way() {
        let upload = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf";
        let cases: [(&[u8], Duration, usize); 3] = [
            // The primary takes its time, the client has not sent all, or does not read.
            (GET, 2 * WAIT, 64 << 10),
            (upload, Duration::ZERO, 64 << 10),
            (GET, Duration::ZERO, 64),
        ];
        for (sent, primary, buffer) in cases {
            let (mut terms, mut far, near) = Terms::new(primary, buffer);
            far.write_all(sent).await.expect("room");
            assert!(terms.awake(near).await.is_none(), "{}", String::from_utf8_lossy(sent));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_of_a_request_that_came_with_the_one_before_is_kept() {
        let (mut terms, mut far, mut near) = Terms::new(Duration::ZERO, 64 << 10);
        far.write_all(&[GET, &GET[..9]].concat()).await.expect("room");
        near = terms.awake(near).await.expect("what came last was written");
        answer(&mut far).await;
        assert!(terms.client.rest(&mut near, &terms.settings, &terms.stop).await);
        let rest = async {
            time::sleep(2 * REST).await;
            far.write_all(&GET[9..]).await.expect("room");
        };
        tokio::join!(terms.awake(near), rest).0.expect("it rests");
        answer(&mut far).await;
    }
}
