//! Connections that carry many requests at one time: HTTP/2 towards one target.

use crate::base::{Frames, Unread, clock};
use crate::model::Fault;
use crate::upstream::endpoint::Open;
use crate::upstream::fault::classify;
use crate::upstream::heard::{Arrivals, Heard};
use crate::upstream::pool::Refusal;
use crate::upstream::retry::is_of_one_stream;
use crate::upstream::watched::Watched;
use bytes::Bytes;
use http::header::{CONNECTION, HOST, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;

/// Requests on one connection at one time, where the other side allows as many.
const MOST_STREAMS: usize = 100;

/// Connections of one worker to one target: more are opened as streams run out, so that no client
/// waits for what another one holds. Beyond them, requests wait for a stream to end; only one that
/// has been let down on them twice gets a connection of its own.
const MOST_CONNECTIONS: usize = 128;

/// What may be under way on one stream without having been read. All streams of a connection
/// together fit into its own window, so that none that is read slowly holds up the others. The window
/// is larger by far: h2 takes half of it for the most that frames of less than 256 bytes may lack of
/// that, all those together that have not been read, and ends the connection beyond it. All its
/// streams may stand still in the middle of small messages.
const STREAM_WINDOW: u32 = 128 << 10;
const CONNECTION_WINDOW: u32 = 256 << 20;

/// The fields of one head or of trailers, in bytes. h2 cuts what is over that, and far over it ends
/// the connection with all its streams: it is more than any server sends.
const MOST_FIELDS: u32 = 1 << 20;

/// A connection without a stream is closed after so many looks at it, one a second.
const MOST_RESTED: usize = 60;

/// The other side has not said yet how many streams it takes. Nothing is sent before: a request
/// that waits inside the connection for leave to be sent may be sent just as that ends, and nobody
/// could tell (RFC 9113 section 6.8).
const UNTOLD: usize = 0;

/// A request that is given up while not a byte has come for so long has met a dead connection.
const SILENCE: Duration = Duration::from_secs(1);

/// A connection on which all bodies have stood still for so long has no window left for another
/// (RFC 9113 section 5.2): a side that does not read one of them holds up the others.
const STUCK: Duration = Duration::from_millis(50);

/// The HTTP/2 connections of one worker to one target.
pub(super) struct Multiplex<B> {
    connections: Mutex<Vec<Arc<Connection<B>>>>,
    /// Held while a connection is made: requests that come at one time share it.
    pub opening: tokio::sync::Mutex<()>,
    /// The other side has chosen HTTP/1.1 the last time it was asked.
    pub declined: AtomicBool,
    /// There may be room for a stream where there was none.
    changed: Arc<Notify>,
    builder: http2::Builder<TokioExecutor>,
}

struct Connection<B> {
    sender: http2::SendRequest<Watched<B>>,
    streams: AtomicUsize,
    /// What the other side allows at one time.
    limit: Arc<AtomicUsize>,
    /// It failed, or takes no more: nothing new is sent on it.
    draining: AtomicBool,
    rested: AtomicUsize,
    arrivals: Arc<Arrivals>,
    /// Bodies that are on their way.
    unread: Unread,
    changed: Arc<Notify>,
}

/// One request's place on a connection.
pub(super) struct Stream<B> {
    connection: Arc<Connection<B>>,
    sender: http2::SendRequest<Watched<B>>,
    /// Since when an answer has been waited for.
    asked: Option<Instant>,
}

impl<B> Multiplex<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub fn new() -> Self {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_max_send_streams(UNTOLD)
            .max_header_list_size(MOST_FIELDS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        Self {
            connections: Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            declined: AtomicBool::new(false),
            changed: Arc::default(),
            builder,
        }
    }

    /// A place on a connection that is open, where there is one; for a request with a body, on one
    /// that takes bodies.
    pub fn take(&self, has_body: bool) -> Option<Stream<B>> {
        let mut connections = self.connections();
        connections.retain(|one| one.is_usable());
        let free = |one: &&Arc<Connection<B>>| one.streams.load(Relaxed) < one.most();
        let mut free = connections.iter().filter(free);
        free.find(|one| !has_body || !one.is_stuck()).map(Connection::stream)
    }

    /// Whether there may be one more connection.
    pub fn has_room(&self) -> bool {
        self.connections().len() < MOST_CONNECTIONS
    }

    /// Waits until there may be a place where there was none. For one at a time.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Begins to speak HTTP/2 on a connection; gives the first place on it.
    pub async fn begin<S>(&self, stream: S, open: Open) -> Result<Stream<B>, Fault>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (heard, arrivals) = Heard::watched(stream, open);
        let begun = self.builder.handshake(TokioIo::new(Frames::of_server(heard))).await;
        let (sender, mut driven) = begun.map_err(|error| classify(&error))?;
        while driven.current_max_send_streams() == UNTOLD {
            tokio::select! {
                ended = &mut driven => {
                    return Err(ended.map_or_else(|error| classify(&error), |()| Fault::Reset));
                }
                () = arrivals.more() => {}
            }
        }
        let limit = Arc::new(AtomicUsize::new(driven.current_max_send_streams()));
        let (told, changed) = (limit.clone(), self.changed.clone());
        // Its errors reach whoever waits for an answer; there is nobody else to tell.
        tokio::spawn(poll_fn(move |cx| {
            let ended = Pin::new(&mut driven).poll(cx).map(drop);
            let limit = driven.current_max_send_streams();
            if told.swap(limit, Relaxed) != limit || ended.is_ready() {
                changed.notify_one();
            }
            ended
        }));
        let connection = Arc::new(Connection {
            sender,
            streams: AtomicUsize::new(0),
            limit,
            draining: AtomicBool::new(false),
            rested: AtomicUsize::new(0),
            arrivals,
            unread: Unread::default(),
            changed: self.changed.clone(),
        });
        let stream = Connection::stream(&connection);
        self.connections().push(connection);
        Ok(stream)
    }

    /// Closes what has carried nothing for a minute. To be called each second.
    pub fn prune(&self) {
        self.connections().retain(|one| {
            let idle = one.streams.load(Relaxed) == 0;
            let rested = if idle { one.rested.fetch_add(1, Relaxed) } else { 0 };
            if !idle {
                one.rested.store(0, Relaxed);
            }
            one.is_usable() && rested < MOST_RESTED
        });
    }

    fn connections(&self) -> MutexGuard<'_, Vec<Arc<Connection<B>>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Connection<B> {
    fn stream(connection: &Arc<Self>) -> Stream<B> {
        connection.streams.fetch_add(1, Relaxed);
        Stream { connection: connection.clone(), sender: connection.sender.clone(), asked: None }
    }

    fn is_usable(&self) -> bool {
        !self.draining.load(Relaxed) && !self.sender.is_closed()
    }

    fn is_stuck(&self) -> bool {
        let since = self.unread.since();
        since.is_some_and(|since| clock::now().saturating_duration_since(since) >= STUCK)
    }

    /// How many streams it takes.
    fn most(&self) -> usize {
        self.limit.load(Relaxed).min(MOST_STREAMS)
    }
}

impl<B> Drop for Stream<B> {
    fn drop(&mut self) {
        let connection = &self.connection;
        if let Some(asked) = self.asked
            && clock::now().saturating_duration_since(asked.max(connection.arrivals.last()))
                >= SILENCE
        {
            connection.draining.store(true, Relaxed);
        }
        connection.streams.fetch_sub(1, Relaxed);
        connection.changed.notify_one();
    }
}

impl<B> Stream<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub async fn send(&mut self, request: Request<B>) -> Result<Response<Incoming>, Refusal<B>> {
        self.asked = Some(clock::now());
        let request = request.map(|body| Watched::new(body, &self.connection.unread));
        let sent = self.sender.try_send_request(request).await;
        self.asked = None;
        sent.map_err(|error| {
            if !is_of_one_stream(error.error()) {
                self.connection.draining.store(true, Relaxed);
            }
            Refusal::new(error, Watched::into_inner)
        })
    }
}

/// Gives a head the form of HTTP/2 (RFC 9113 section 8): an absolute target in place of Host, and
/// no field of a connection.
pub(super) fn to_http2<B>(request: &mut Request<B>, scheme: Scheme, host: &Authority) {
    request.headers_mut().remove(CONNECTION);
    request.headers_mut().remove(TRANSFER_ENCODING);
    *request.version_mut() = Version::HTTP_2;
    let named = request.headers_mut().remove(HOST);
    let named = named.and_then(|value| Authority::try_from(value.as_bytes()).ok());
    let target = request.uri().path_and_query().cloned();
    let target = target.unwrap_or_else(|| PathAndQuery::from_static("/"));
    let uri = Uri::builder().scheme(scheme).authority(named.unwrap_or_else(|| host.clone()));
    if let Ok(uri) = uri.path_and_query(target).build() {
        *request.uri_mut() = uri;
    }
}

/// Takes [`to_http2`] back, for a request that meets a connection of the older version after all.
pub(super) fn to_http1<B>(request: &mut Request<B>) {
    *request.version_mut() = Version::HTTP_11;
    let parts = request.uri().clone().into_parts();
    if let Some(authority) = parts.authority
        && let Ok(host) = HeaderValue::try_from(authority.as_str())
    {
        request.headers_mut().insert(HOST, host);
    }
    *request.uri_mut() = parts.path_and_query.map(Uri::from).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::TE;

    fn request() -> Request<()> {
        let request = Request::get("/a?b=%2F").header(HOST, "shop.test:81");
        let request = request.header(CONNECTION, "te").header(TE, "trailers");
        request.header(TRANSFER_ENCODING, "chunked").body(()).expect("a request")
    }

    #[test]
    fn a_head_of_http2_names_no_connection_and_no_host() {
        let mut request = request();
        to_http2(&mut request, Scheme::HTTPS, &Authority::from_static("target.test"));
        assert_eq!(request.uri(), "https://shop.test:81/a?b=%2F");
        let names: Vec<_> = request.headers().keys().collect();
        assert_eq!(names, [TE]);
        to_http1(&mut request);
        assert_eq!(
            (request.uri().to_string().as_str(), request.version()),
            ("/a?b=%2F", Version::HTTP_11)
        );
        assert_eq!(request.headers()[HOST], "shop.test:81");
    }

    #[test]
    fn the_target_stands_in_where_host_is_no_authority() {
        let mut request = request();
        request.headers_mut().remove(HOST);
        to_http2(&mut request, Scheme::HTTP, &Authority::from_static("target.test"));
        assert_eq!(request.uri(), "http://target.test/a?b=%2F");
    }

    #[test]
    fn all_streams_together_fit_into_the_window_of_their_connection_small_messages_too() {
        const MESSAGE: u64 = 25;
        let streams = MOST_STREAMS as u64;
        assert!(u64::from(CONNECTION_WINDOW) >= u64::from(STREAM_WINDOW) * streams);
        let lacking = u64::from(STREAM_WINDOW).div_ceil(MESSAGE) * (256 - MESSAGE) * streams;
        assert!(lacking <= u64::from(CONNECTION_WINDOW) / 2, "{lacking}");
    }
}
