//! Connections to one target, kept alive between requests.

use crate::base::Quiet;
use crate::model::Fault;
use crate::upstream::connect;
use crate::upstream::endpoint::{Endpoint, Open, Secure, Spoken};
use crate::upstream::heard::Heard;
use crate::upstream::multiplex::{Multiplex, Stream, to_http1, to_http2};
use crate::upstream::retry::{MOST_TRIES, Retry, retry};
use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use pin_project_lite::pin_project;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time;

/// Connections that rest longer are closed: just below the 5 s after which common servers close
/// theirs, so that a request seldom meets a connection that is being closed.
const IDLE: Duration = Duration::from_secs(4);

/// A connection that has rested for less than this is hardly being closed at this moment.
const WARM: Duration = Duration::from_secs(1);

/// What is left of a request's body may be sent for so long after its whole answer has come.
const LINGER: Duration = Duration::from_secs(30);

/// More idle connections than this are closed as they come back.
const MOST_IDLE: usize = 512;

/// So much of an answer, or of a body towards the other side, is held at one time: in one read comes
/// one of 64 KiB with its head. No head may be larger.
const MOST_BUFFERED: usize = 72 << 10;

/// The connections of one worker to one target. The lock is never contended: only its own
/// worker's thread takes it.
pub struct Pool<B> {
    endpoint: Endpoint,
    idle: Mutex<Vec<Idle<B>>>,
    builder: http1::Builder,
    /// Where HTTP/2 may be spoken.
    multiplex: Option<Box<Multiplex<B>>>,
}

struct Idle<B> {
    single: Single<B>,
    since: Instant,
}

/// A connection that carries one request at a time.
struct Single<B> {
    sender: http1::SendRequest<B>,
    driver: Driver,
}

/// What reads and writes a connection. Dropping it closes the connection at once, whatever that
/// waits for: left alone, it would wait for as long as the other side likes.
struct Driver(JoinHandle<()>);

impl Driver {
    /// The answer came before the end of the request's body: lets the rest be sent.
    fn linger(mut self) {
        tokio::spawn(async move { time::timeout(LINGER, &mut self.0).await.is_ok() });
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection on loan for one exchange.
pub struct Lease<B> {
    pool: Arc<Pool<B>>,
    sender: Sender<B>,
    /// It has carried an exchange before: the other side may be closing it at this moment.
    pub(super) reused: bool,
    /// It carries no exchange after this one.
    pub(super) last: bool,
}

enum Sender<B> {
    Http1(Single<B>),
    Http2(Stream<B>),
}

/// A request that got no answer.
pub(super) struct Refusal<B> {
    pub fault: Fault,
    /// The request, where not one byte of it was written: it is safe to send it again.
    pub unsent: Option<Request<B>>,
    /// Where something of it was.
    pub retry: Retry,
}

impl<B> Refusal<B> {
    /// What an error of a connection comes to, that sent the body in another form.
    pub fn new<S>(mut error: TrySendError<Request<S>>, body: impl FnOnce(S) -> B) -> Self {
        Self {
            unsent: error.take_message().map(|request| request.map(body)),
            fault: super::classify(error.error()),
            retry: retry(error.error()),
        }
    }
}

/// What a request needs of its connection.
#[derive(Clone, Copy)]
pub(super) struct Need {
    /// It may be sent twice.
    pub replayable: bool,
    pub has_body: bool,
}

impl<B> Pool<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// A pool without connections.
    pub fn new(endpoint: impl Into<Endpoint>) -> Arc<Self> {
        let endpoint = endpoint.into();
        let mut builder = http1::Builder::new();
        builder
            .max_buf_size(MOST_BUFFERED)
            .writev(true)
            .allow_spaces_after_header_name_in_responses(true);
        let multiplex = endpoint.may_multiplex().then(|| Box::new(Multiplex::new()));
        Arc::new(Self { endpoint, idle: Mutex::default(), builder, multiplex })
    }

    /// The connection used last, where one is open still. A request that must not be sent twice gets
    /// one that was in use a moment ago: the other side will hardly be closing that.
    pub(super) fn rested(self: &Arc<Self>, need: Need, now: Instant) -> Option<Lease<B>> {
        if let Some(multiplex) = &self.multiplex
            && let Some(stream) = multiplex.take(need.has_body)
        {
            return Some(self.lend(Sender::Http2(stream), true));
        }
        let single = self.take_idle(now, if need.replayable { IDLE } else { WARM })?;
        Some(self.lend(Sender::Http1(single), true))
    }

    /// A connection that is not known to have failed: a new one, or one of those that carry many
    /// requests.
    pub(super) async fn connect(self: &Arc<Self>, need: Need) -> Result<Lease<B>, Fault> {
        match &self.multiplex {
            Some(multiplex) => Box::pin(self.share(multiplex, need)).await,
            None => self.connect_anew().await,
        }
    }

    /// A connection for sending a request once more that was sent so often without harm. The last
    /// try has one of its own, the first stream of which even a side takes that takes no other.
    pub(super) async fn reconnect(
        self: &Arc<Self>,
        need: Need,
        tries: usize,
    ) -> Result<Lease<B>, Fault> {
        match tries + 1 < MOST_TRIES {
            true => self.connect(need).await,
            false => self.connect_anew().await,
        }
    }

    /// One of the connections that carry many. Requests that come at one time wait for one, which
    /// will carry them all, unless the other side is known to decline that.
    async fn share(
        self: &Arc<Self>,
        multiplex: &Multiplex<B>,
        need: Need,
    ) -> Result<Lease<B>, Fault> {
        let opening = match multiplex.declined.load(Relaxed) {
            true => None,
            false => Some(multiplex.opening.lock().await),
        };
        // It may have been declined while this request waited.
        let _opening = opening.filter(|_| !multiplex.declined.load(Relaxed));
        loop {
            let has_room = multiplex.has_room();
            if let Some(stream) = multiplex.take(need.has_body && has_room) {
                return Ok(self.lend(Sender::Http2(stream), true));
            }
            if has_room {
                return self.connect_anew().await;
            }
            multiplex.changed().await;
        }
    }

    async fn connect_anew(self: &Arc<Self>) -> Result<Lease<B>, Fault> {
        let stream = self.endpoint.way.connect().await?;
        let open = self.endpoint.opened();
        match (&self.endpoint.tls, &self.multiplex) {
            (None, None) => self.begin_http1(Heard::new(stream, open)).await,
            (None, Some(multiplex)) => {
                let stream = multiplex.begin(stream, open).await?;
                Ok(self.lend(Sender::Http2(stream), false))
            }
            (Some(secure), _) => Box::pin(self.begin_secured(stream, secure, open)).await,
        }
    }

    async fn begin_http1<S>(self: &Arc<Self>, stream: Heard<S>) -> Result<Lease<B>, Fault>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let begun = self.builder.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = begun.map_err(|_| Fault::Reset)?;
        // Its errors reach whoever waits for an answer; there is nobody else to tell.
        let driver = tokio::spawn(Quiet::new(async move {
            connection.with_upgrades().await.ok();
        }));
        Ok(self.lend(Sender::Http1(Single { sender, driver: Driver(driver) }), false))
    }

    async fn begin_secured(
        self: &Arc<Self>,
        stream: Box<dyn connect::Stream>,
        secure: &Secure,
        open: Open,
    ) -> Result<Lease<B>, Fault> {
        let (tls, spoken) = secure.handshake(stream, self.endpoint.protocol).await?;
        let Some(multiplex) = &self.multiplex else {
            return self.begin_http1(Heard::new(tls, open)).await;
        };
        multiplex.declined.store(spoken == Spoken::Http1, Relaxed);
        match spoken {
            Spoken::Http1 => self.begin_http1(Heard::new(tls, open)).await,
            Spoken::Http2 => {
                let stream = multiplex.begin(tls, open).await?;
                Ok(self.lend(Sender::Http2(stream), false))
            }
        }
    }

    fn lend(self: &Arc<Self>, sender: Sender<B>, reused: bool) -> Lease<B> {
        Lease { pool: self.clone(), sender, reused, last: false }
    }

    /// What a request that names no host is for.
    pub fn authority(&self) -> &Authority {
        &self.endpoint.authority
    }

    /// Whether HTTP/2 may be spoken.
    pub fn may_multiplex(&self) -> bool {
        self.multiplex.is_some()
    }

    /// Closes what has rested for too long.
    pub fn prune(&self, now: Instant) {
        let rested = |idle: &Idle<B>| now.saturating_duration_since(idle.since) > IDLE;
        self.idle().retain(|idle| !idle.single.sender.is_closed() && !rested(idle));
        if let Some(multiplex) = &self.multiplex {
            multiplex.prune();
        }
    }

    fn take_idle(&self, now: Instant, most: Duration) -> Option<Single<B>> {
        let mut idle = self.idle();
        // The last one has rested the least.
        while idle.last().is_some_and(|last| now.saturating_duration_since(last.since) <= most) {
            let single = idle.pop()?.single;
            if single.sender.is_ready() {
                return Some(single);
            }
        }
        None
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle<B>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Lease<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// Sends a request; gives the head of the answer, its body to be read. A head has the form of
    /// HTTP/1.1, whatever the connection speaks.
    pub(super) fn send<'a>(
        &'a mut self,
        mut request: Request<B>,
    ) -> impl Future<Output = Sent<B>> + Send + use<'a, B> {
        match &mut self.sender {
            Sender::Http1(Single { sender, .. }) => {
                if request.version() == Version::HTTP_2 {
                    to_http1(&mut request);
                }
                Sending::Http1 { answer: sender.try_send_request(request) }
            }
            Sender::Http2(stream) => {
                self.pool.target(&mut request);
                Sending::Http2 { answer: Box::pin(stream.send(request)) }
            }
        }
    }

    /// Whether the other side may end the connection, or refuse this request, at this moment.
    pub(super) fn may_be_closing(&self) -> bool {
        self.reused || matches!(self.sender, Sender::Http2(_))
    }

    /// Gives the connection back: the answer has been read to its end.
    pub fn release(self, now: Instant) {
        let Sender::Http1(single) = self.sender else { return };
        if self.last || single.sender.is_closed() {
            return;
        }
        if !single.sender.is_ready() {
            return single.driver.linger();
        }
        let mut idle = self.pool.idle();
        if idle.len() < MOST_IDLE {
            idle.push(Idle { single, since: now });
        }
    }
}

/// What a connection gives for a request.
type Sent<B> = Result<Response<Incoming>, Refusal<B>>;

pin_project! {
    /// A request under way. Not an `async` block: that would hold the request a second time.
    #[project = SendingProjected]
    enum Sending<'a, B, F> {
        Http1 { #[pin] answer: F },
        Http2 { answer: Pin<Box<dyn Future<Output = Sent<B>> + Send + 'a>> },
    }
}

impl<B, F> Future for Sending<'_, B, F>
where
    F: Future<Output = Result<Response<Incoming>, TrySendError<Request<B>>>>,
{
    type Output = Sent<B>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            SendingProjected::Http1 { answer } => {
                answer.poll(cx).map_err(|error| Refusal::new(error, |body| body))
            }
            SendingProjected::Http2 { answer } => answer.as_mut().poll(cx),
        }
    }
}

impl<B> Pool<B> {
    fn target(&self, request: &mut Request<B>) {
        if request.version() == Version::HTTP_2 {
            return;
        }
        let scheme = if self.endpoint.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        to_http2(request, scheme, &self.endpoint.authority);
    }
}
