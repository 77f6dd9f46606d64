//! One client's connection.

use crate::base::{Course, Frames, PREFACE};
use crate::config::ListenTimeouts;
use crate::model::Rule;
use crate::tap::client::{Client, Driven, Stream};
use crate::tap::connection::{FIRST_WORD, Stop};
use crate::tap::http2::heartbeat::gone;
use crate::tap::http2::stream::answer;
use crate::tap::patient::Patient;
use crate::tap::settings::Settings;
use bytes::Bytes;
use h2::server::{Builder, Connection, Handshake};
use h2::{PingPong, Reason};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

/// Streams of one client at one time.
const MOST_STREAMS: u32 = 256;

/// What a client may send on one stream before the primary has taken it, and on all of them: an
/// upload that the primary does not read leaves room for others (RFC 9113 section 5.2).
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * 32;

/// The next piece of an answer is asked for once less than this of what came before is yet to be
/// written: a client that opens its windows wide and reads nothing has no more than that and a piece.
const SEND_BUFFER: usize = 16 << 10;

fn builder(settings: &Settings) -> Builder {
    let mut builder = Builder::new();
    let head = u32::try_from(settings.limits.head.0).unwrap_or(u32::MAX);
    builder.max_concurrent_streams(MOST_STREAMS).max_header_list_size(head);
    builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
    builder.max_send_buffer_size(SEND_BUFFER);
    builder
}

/// The rule that a client broke, where its connection ended for that.
pub fn broken_rule(error: &h2::Error) -> Option<Rule> {
    match error.get_io().map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => Some(Rule::WriteTimeout),
        Some(io::ErrorKind::InvalidData) => Some(Rule::Malformed),
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
        let served = pin!(Served::new(self.clone(), stream, settings));
        let driven = Driven { connection: served, stop };
        self.drive(driven, |mut it| it.finish()).await.unwrap_or(Ok(()))
    }
}

/// A connection that is served: ready when it has ended.
struct Served<S: Stream> {
    client: Arc<Client>,
    timeouts: ListenTimeouts,
    course: Course,
    /// What has begun on it is to be the last. Once this is over, nothing else is waited for.
    finishing: Option<Pin<Box<Sleep>>>,
    state: State<S>,
}

enum State<S: Stream> {
    Opening {
        handshake: Handshake<Frames<Patient<S>>, Bytes>,
        late: Pin<Box<dyn Future<Output = ()> + Send>>,
    },
    Open(Open<S>),
}

/// One on which streams come.
struct Open<S: Stream> {
    streams: Streams<S>,
    course: Course,
    unbearable: Pin<Box<dyn Future<Output = Option<Rule>> + Send>>,
    /// It has been said that this is the end, which is to be written within that time.
    closing: Option<Pin<Box<Sleep>>>,
}

type Streams<S> = Connection<Frames<Patient<S>>, Bytes>;

/// How long is waited for a client to take that its connection ends.
const LAST_WORD: Duration = Duration::from_secs(1);

impl<S: Stream> Served<S> {
    fn new(client: Arc<Client>, stream: Patient<S>, settings: &Settings) -> Self {
        let frames = Frames::of_client(stream);
        let (course, timeouts) = (frames.course(), settings.timeouts);
        let begun = client.begun.clone();
        let late = Box::pin(async move { begun.late(PREFACE, timeouts.head).await });
        let state = State::Opening { handshake: builder(settings).handshake(frames), late };
        Self { client, timeouts, course, finishing: None, state }
    }

    /// Takes no more streams; ends with the last that has begun.
    fn finish(&mut self) {
        self.finishing = Some(Box::pin(sleep(FIRST_WORD)));
        if let State::Open(open) = &mut self.state {
            open.streams.graceful_shutdown();
        }
    }

    fn open(&self, mut streams: Streams<S>) -> Open<S> {
        if self.finishing.is_some() {
            streams.graceful_shutdown();
        }
        let pings = streams.ping_pong().expect("it is given once");
        let unbearable = unbearable(self.client.clone(), pings, self.course.clone(), self.timeouts);
        Open {
            streams,
            course: self.course.clone(),
            unbearable: Box::pin(unbearable),
            closing: None,
        }
    }

    /// Whether no stream that may still begin is waited for.
    fn poll_finished(&mut self, cx: &mut Context<'_>) -> bool {
        self.finishing.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready())
    }
}

impl<S: Stream> Open<S> {
    /// Has the streams answered that have come; ready at the end. Once `finished`, there is one as soon
    /// as no stream is left.
    fn poll(
        &mut self,
        client: &Arc<Client>,
        finished: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), h2::Error>> {
        while self.closing.is_none() {
            let accepted = self.streams.poll_accept(cx)?;
            (0..self.course.malformed()).for_each(|_| client.broke(Rule::Malformed));
            match accepted {
                Poll::Ready(Some((request, respond))) => {
                    self.course.take_up(respond.stream_id().as_u32());
                    // In a box: it is large, and is handed on from hand to hand before it runs.
                    tokio::spawn(Box::pin(answer(client.clone(), request, respond)));
                }
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => match self.unbearable.as_mut().poll(cx) {
                    Poll::Pending if !finished || self.streams.has_streams() => {
                        return Poll::Pending;
                    }
                    Poll::Pending | Poll::Ready(None) => self.close(Reason::NO_ERROR),
                    Poll::Ready(Some(rule)) => {
                        client.broke(rule);
                        self.close(reason(rule));
                    }
                },
            }
        }
        self.poll_closed(cx).map(Ok)
    }

    /// Says that this is the end, and why (RFC 9113 section 6.8).
    fn close(&mut self, reason: Reason) {
        self.streams.abrupt_shutdown(reason);
        self.closing = Some(Box::pin(sleep(LAST_WORD)));
    }

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match (self.streams.poll_closed(cx), &mut self.closing) {
            (Poll::Pending, Some(timer)) => timer.as_mut().poll(cx),
            _ => Poll::Ready(()),
        }
    }
}

/// Ready once a connection is to end for what its client does, or leaves; with the rule that stands
/// behind it. Told of before the connection is closed, as everything is.
async fn unbearable(
    client: Arc<Client>,
    pings: PingPong,
    course: Course,
    timeouts: ListenTimeouts,
) -> Option<Rule> {
    tokio::select! {
        biased;
        () = gone(pings, client.begun.clone(), client.tap.alarms(), timeouts.head) => None,
        () = course.late(timeouts.head) => Some(Rule::HeadTimeout),
        () = course.strayed() => Some(Rule::Malformed),
        // Where the socket takes what is written, and the client's windows are what is full.
        () = client.unread.late(timeouts.write, || course.updates()) => Some(Rule::WriteTimeout),
    }
}

/// What a client is told whose connection is unbearable. The one malformed thing that is not left to
/// h2 is DATA behind the end of its stream (RFC 9113 section 5.1).
fn reason(rule: Rule) -> Reason {
    match rule {
        Rule::Malformed => Reason::STREAM_CLOSED,
        _ => Reason::NO_ERROR,
    }
}

impl<S: Stream> Future for Served<S> {
    type Output = Result<(), h2::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            let finished = this.poll_finished(cx);
            match &mut this.state {
                State::Opening { handshake, late } => match Pin::new(handshake).poll(cx)? {
                    Poll::Ready(streams) => this.state = State::Open(this.open(streams)),
                    Poll::Pending if late.as_mut().poll(cx).is_ready() => {
                        this.client.broke(Rule::HeadTimeout);
                        return Poll::Ready(Ok(()));
                    }
                    Poll::Pending if finished => return Poll::Ready(Ok(())),
                    Poll::Pending => return Poll::Pending,
                },
                State::Open(open) => return open.poll(&this.client, finished, cx),
            }
        }
    }
}
