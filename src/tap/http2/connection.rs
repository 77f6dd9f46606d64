//! One client's connection.

use crate::base::{Frames, PREFACE};
use crate::model::Rule;
use crate::tap::client::{Client, Driven, Stream};
use crate::tap::connection::Stop;
use crate::tap::http2::heartbeat::gone;
use crate::tap::http2::stream::answer;
use crate::tap::patient::Patient;
use crate::tap::settings::Settings;
use bytes::Bytes;
use h2::Reason;
use h2::server::{Builder, Connection, Handshake};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::watch;

/// Streams of one client at one time.
const MOST_STREAMS: u32 = 256;

/// What a client may send on one stream before the primary has taken it, and on all of them: an
/// upload that the primary does not read leaves room for others (RFC 9113 section 5.2).
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * 32;

/// The next piece of an answer is asked for once less than this of what came before is yet to be
/// written: a client that opens its windows wide and reads nothing has no more than that and a piece.
const SEND_BUFFER: usize = 16 << 10;

/// So many streams may a client have reset by its own errors before its connection ends.
const MOST_ERRORS: usize = 1024;

fn builder(settings: &Settings) -> Builder {
    let mut builder = Builder::new();
    let head = u32::try_from(settings.limits.head.0).unwrap_or(u32::MAX);
    builder.max_concurrent_streams(MOST_STREAMS).max_header_list_size(head);
    builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
    builder.max_send_buffer_size(SEND_BUFFER).max_local_error_reset_streams(Some(MOST_ERRORS));
    builder
}

/// The rule that a client broke, where its connection ended for that.
pub fn broken_rule(error: &h2::Error) -> Option<Rule> {
    match error.get_io().map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => Some(Rule::WriteTimeout),
        Some(io::ErrorKind::QuotaExceeded) => Some(Rule::Flood),
        Some(_) => None,
        None if error.is_library() && error.reason() == Some(Reason::ENHANCE_YOUR_CALM) => {
            Some(Rule::Flood)
        }
        None => error.is_library().then_some(Rule::Malformed),
    }
}

impl Client {
    /// Serves it over HTTP/2.
    pub(in crate::tap) async fn multiplexed<S: Stream>(
        self: &Arc<Self>,
        stream: Patient<S>,
        settings: &Settings,
        stop: &mut watch::Receiver<Stop>,
    ) -> Result<(), h2::Error> {
        let state = State::Opening(builder(settings).handshake(Frames::of_client(stream)));
        let patience = settings.timeouts.head;
        let served = Served { client: self.clone(), patience, finishing: false, state };
        let driven = Driven { connection: pin!(served), stop };
        let driven = self.drive(driven, |mut it| it.finish());
        // Told of before the connection is closed, as everything is.
        let late = async {
            self.begun.late(PREFACE, settings.timeouts.head).await;
            self.broke(Rule::HeadTimeout);
        };
        // Where the socket takes what is written, and the client's windows are what is full.
        let unread = async {
            self.unread.late(settings.timeouts.write).await;
            self.broke(Rule::WriteTimeout);
        };
        tokio::select! {
            biased;
            ended = driven => ended.unwrap_or(Ok(())),
            () = late => Ok(()),
            () = unread => Ok(()),
        }
    }
}

/// A connection that is served: ready when it has ended.
struct Served<S: Stream> {
    client: Arc<Client>,
    /// How long a silent client is believed to be there.
    patience: Duration,
    /// What has begun on it is to be the last.
    finishing: bool,
    state: State<S>,
}

enum State<S: Stream> {
    Opening(Handshake<Frames<Patient<S>>, Bytes>),
    Open { streams: Streams<S>, gone: Pin<Box<dyn Future<Output = ()> + Send>> },
}

type Streams<S> = Connection<Frames<Patient<S>>, Bytes>;

impl<S: Stream> Served<S> {
    /// Takes no more streams; ends with the last that has begun.
    fn finish(&mut self) {
        self.finishing = true;
        if let State::Open { streams, .. } = &mut self.state {
            streams.graceful_shutdown();
        }
    }

    fn open(&self, mut streams: Streams<S>) -> State<S> {
        if self.finishing {
            streams.graceful_shutdown();
        }
        let pings = streams.ping_pong().expect("it is given once");
        let (begun, alarms) = (self.client.begun.clone(), self.client.tap.alarms());
        State::Open { streams, gone: Box::pin(gone(pings, begun, alarms, self.patience)) }
    }
}

impl<S: Stream> Future for Served<S> {
    type Output = Result<(), h2::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Opening(handshake) => {
                    let streams = ready!(Pin::new(handshake).poll(cx))?;
                    this.state = this.open(streams);
                }
                State::Open { streams, gone } => match streams.poll_accept(cx) {
                    Poll::Ready(Some(stream)) => {
                        let (request, respond) = stream?;
                        // In a box: it is large, and is handed on from hand to hand before it runs.
                        tokio::spawn(Box::pin(answer(this.client.clone(), request, respond)));
                    }
                    Poll::Ready(None) => return Poll::Ready(Ok(())),
                    Poll::Pending => return gone.as_mut().poll(cx).map(Ok),
                },
            }
        }
    }
}
