//! Bodies in passing: the request's to the primary, and the answer's to the client.

use crate::base::{clock, poll_piece};
use crate::model::{Answered, Fault};
use crate::policy::strip_markers;
use crate::tap::Sink;
use crate::tap::bound::Bound;
use crate::tap::capture::{Capture, Upload};
use crate::tap::forward::Line;
use crate::tap::headers::strip_trailers;
use crate::tap::incoming::FromClient;
use crate::tap::interim::Hold;
use crate::tap::known::is_padded;
use crate::tap::patient::Begun;
use crate::upstream::{Lease, classify, trim};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep_until, timeout};

/// Why a body ended before its end. A reset stream stands behind it with its code, which the
/// other side's stream is reset with.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("the connection that the body came on failed")]
    Connection(#[from] hyper::Error),
    #[error("the stream that the body came on failed")]
    Stream(#[from] h2::Error),
    #[error("the stream was cancelled before the end of its body")]
    Cancelled,
    #[error("the body is over `listen.limits.body`")]
    TooLarge,
    #[error("the exchange is over `listen.timeouts.total`")]
    TooLong,
}

/// A piece of a body in passing.
pub(super) type Piece = Result<Frame<Bytes>, BodyError>;

impl BodyError {
    /// Whether it was framed in a way that cannot be read.
    fn is_malformed(&self) -> bool {
        match self {
            Self::Connection(error) => classify(error) == Fault::Malformed,
            Self::Stream(error) => error.is_library() && error.is_reset(),
            Self::Cancelled | Self::TooLarge | Self::TooLong => false,
        }
    }
}

/// Whether no such trailers may be: what hyper takes for empty ones of HTTP/1 begins with a bare line
/// feed, and to another reader is the next request.
fn are_malformed(trailers: &HeaderMap, of_http1: bool) -> bool {
    match of_http1 {
        true => trailers.is_empty(),
        false => trailers.values().any(is_padded),
    }
}

/// Whether a body that gives no more has been cut off. hyper takes a stream that was cancelled
/// (RFC 9113 section 7) for one that has ended; HTTP/2 says the end of each.
fn is_cut_off(version: Version, body: &Incoming) -> bool {
    version == Version::HTTP_2 && !body.is_end_stream() && !is_whole(version, body)
}

/// Whether all has come that a body over HTTP/2 has said to have, though its end is yet to be said:
/// whoever passes it on may ask for no more.
fn is_whole(version: Version, body: &Incoming) -> bool {
    version == Version::HTTP_2 && body.size_hint().exact() == Some(0)
}

/// How long the rest of a body is waited for whose request has been answered already. It is read,
/// since a client may not listen before it has sent all of it.
pub struct Rest {
    patience: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Rest {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, timer: None }
    }

    /// Ready when nothing has come for too long.
    fn poll_over(&mut self, since: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let end = (since + self.patience).into();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        if timer.deadline() != end {
            timer.as_mut().reset(end);
        }
        timer.as_mut().poll(cx)
    }
}

/// The body of a request on its way to the primary. Most have none: those are small.
pub enum UpBody {
    Empty,
    Stream(Box<Streamed>),
}

/// A body that is watched, and captured where the exchange is.
pub struct Streamed {
    pub(super) body: FromClient,
    pub(super) upload: Arc<Upload>,
    /// Fields that do not pass, not as trailers either.
    pub(super) nominated: Vec<HeaderName>,
    /// Where its client waits to be told to send it.
    pub(super) hold: Option<Hold>,
    /// For the rest of it, when nobody needs that any more.
    pub(super) rest: Rest,
    /// The connection that it comes on.
    pub(super) begun: Begun,
}

impl Drop for Streamed {
    fn drop(&mut self) {
        if !self.upload.leave() {
            self.begun.leave();
        }
    }
}

impl Body for UpBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let Self::Stream(streamed) = self.get_mut() else { return Poll::Ready(None) };
        let Streamed { body, upload, nominated, hold, rest, .. } = &mut **streamed;
        if let Some(held) = hold {
            // It has not been asked for, and is not going to be.
            if upload.unneeded(cx).is_some() {
                return Poll::Ready(Some(Err(BodyError::Cancelled)));
            }
            ready!(held.as_mut().poll(cx));
            *hold = None;
        }
        let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) else {
            return match upload.wait(cx) {
                None => Poll::Pending,
                Some(since) => rest.poll_over(since, cx).map(|()| Some(Err(BodyError::Cancelled))),
            };
        };
        let now = clock::now();
        Poll::Ready(match frame {
            Some(Ok(mut frame)) => {
                let ends = body.is_end_stream() || body.is_whole();
                if let Some(chunk) = frame.data_ref()
                    && !upload.push(chunk, ends, now)
                {
                    return Poll::Ready(Some(Err(BodyError::TooLarge)));
                }
                if let Some(trailers) = frame.trailers_mut() {
                    if are_malformed(trailers, body.is_of_http1()) {
                        upload.malformed();
                        return Poll::Ready(Some(Err(BodyError::Cancelled)));
                    }
                    strip_markers(trailers);
                    strip_trailers(trailers, nominated);
                    upload.end(Some(trailers.clone()), now);
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                if error.is_malformed() {
                    upload.malformed();
                }
                Some(Err(error))
            }
            None if upload.is_complete() => None,
            None => {
                upload.end(None, now);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Stream(streamed) => streamed.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            // hyper would make a length of it that the client has not sent.
            Self::Empty => SizeHint::default(),
            Self::Stream(streamed) => streamed.body.size_hint(),
        }
    }
}

/// The body of an answer on its way to the client.
#[expect(clippy::large_enum_variant, reason = "nearly every answer is the large one")]
pub enum LiveBody {
    /// An answer of the tap's own.
    Fixed(Option<Bytes>),
    Stream(Passage),
}

impl LiveBody {
    pub(super) fn fixed(text: Bytes) -> Self {
        Self::Fixed(Some(text))
    }

    pub(super) fn none() -> Self {
        Self::Fixed(None)
    }
}

/// The primary's answer in passing, with all that ends when it does.
pub struct Passage {
    pub(super) body: Incoming,
    /// Of the connection that it comes on.
    pub(super) version: Version,
    /// The request's body, where it had one.
    pub(super) upload: Option<Arc<Upload>>,
    /// The time that is left, where that is bounded.
    pub(super) bound: Option<Bound>,
    /// Where its client's socket stands, over HTTP/1. While that is full none is read: what is not
    /// taken stays with the primary, not in the tap.
    pub(super) socket: Option<Begun>,
    /// Why it ends here, to be said once all that came before has been passed on.
    pub(super) broken: Option<BodyError>,
    pub(super) end: Option<Ending>,
}

/// What is to be done at the end of an answer.
pub struct Ending {
    pub(super) lease: Lease<UpBody>,
    pub(super) capture: Option<Capture>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) status: StatusCode,
    pub(super) received: Instant,
    /// When the request was sent to the primary.
    pub(super) sent: Instant,
    pub(super) added: Duration,
    /// Where there is an access log: its line, and where it goes.
    pub(super) access: Option<Line>,
}

impl Ending {
    fn answered(&mut self, fault: Option<Fault>, now: Instant) {
        let latency = now.saturating_duration_since(self.received);
        if let Some((log, mut access)) = self.access.take() {
            access.latency = latency;
            log.log(access);
        }
        self.sink.answered(Answered { status: self.status, fault, latency, added: self.added });
    }

    fn complete(mut self) {
        let now = clock::now();
        self.answered(None, now);
        self.lease.release(now);
        if let Some(capture) = self.capture {
            capture.complete(now.saturating_duration_since(self.sent));
        }
    }

    fn fault(mut self, fault: Fault) {
        let now = clock::now();
        self.answered(Some(fault), now);
        if let Some(capture) = self.capture {
            capture.fault(fault, now.saturating_duration_since(self.sent));
        }
    }
}

/// The end of an answer without content, in a frame of its own, is waited for for so long.
const END: Duration = Duration::from_secs(1);

impl Passage {
    /// Looks at what passes; it never changes it.
    fn observe(&mut self, frame: Option<&hyper::Result<Frame<Bytes>>>) {
        match frame {
            Some(Ok(frame)) => {
                if let Some((_, access)) = self.end.as_mut().and_then(|end| end.access.as_mut()) {
                    access.bytes += frame.data_ref().map_or(0, |chunk| chunk.len() as u64);
                }
                if let Some(capture) = self.end.as_mut().and_then(|end| end.capture.as_mut()) {
                    match (frame.data_ref(), frame.trailers_ref()) {
                        (Some(chunk), _) => capture.push(chunk),
                        (None, Some(trailers)) => capture.trailers(trailers),
                        (None, None) => {}
                    }
                }
                if frame.is_trailers() || self.body.is_end_stream() {
                    self.complete();
                }
            }
            Some(Err(error)) => self.fault(classify(error)),
            None => self.complete(),
        }
    }

    /// Whether an answer that gives no more has been cut off. One that came whole before the end
    /// of its request may cancel the rest of that (RFC 9113 section 8.1); where it has said no
    /// length, nothing tells the two apart.
    fn is_cut_off(&self) -> bool {
        let open = self.upload.as_ref().is_some_and(|upload| !upload.is_complete());
        let early = open && self.body.size_hint().exact().is_none();
        self.end.is_some() && !early && is_cut_off(self.version, &self.body)
    }

    fn complete(&mut self) {
        if let Some(end) = self.end.take() {
            end.complete();
            if let Some(upload) = &self.upload {
                upload.answered();
            }
        }
    }

    /// Waits for the end of an answer that ends with its head (RFC 9110 section 6.4.1); what else comes
    /// is not passed on.
    pub(super) async fn pass_over(mut self) {
        self.bound = None;
        let is_empty = |frame: &Frame<Bytes>| frame.data_ref().is_some_and(Bytes::is_empty);
        let over = async {
            while let Some(Ok(frame)) = self.body.frame().await
                && is_empty(&frame)
            {}
        };
        timeout(END, over).await.ok();
        self.complete();
    }

    /// The next piece. An error is held back until the next time: hyper drops what it has not
    /// written when it meets one, the head too.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        if let Some(error) = self.broken.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let piece = ready!(self.poll_passing(cx));
        let Some(Err(error)) = piece else { return Poll::Ready(piece) };
        self.broken = Some(error);
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_passing(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        if let Some(bound) = &mut self.bound
            && bound.poll_over(cx).is_ready()
        {
            return Poll::Ready(Some(Err(BodyError::TooLong)));
        }
        if self.socket.as_ref().is_some_and(Begun::is_full) {
            return Poll::Pending;
        }
        let mut frame = ready!(poll_piece(&mut self.body, cx));
        // Over HTTP/2, a connection may end before all that came on it is read.
        if matches!(frame, Some(Err(_))) && is_whole(self.version, &self.body) {
            frame = None;
        }
        if frame.is_none() && self.is_cut_off() {
            self.fault(Fault::Reset);
            return Poll::Ready(Some(Err(BodyError::Cancelled)));
        }
        self.observe(frame.as_ref());
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            strip_trailers(trailers, &[]);
            if self.version == Version::HTTP_2 {
                trim(trailers);
            }
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BodyError::from)))
    }

    fn fault(&mut self, fault: Fault) {
        if let Some(end) = self.end.take() {
            end.fault(fault);
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        if self.body.is_end_stream() || is_whole(self.version, &self.body) {
            self.complete();
        } else if let Some(mut end) = self.end.take() {
            // The client went away: its capture is settled as cut off by being dropped.
            end.answered(None, clock::now());
        }
    }
}

impl Body for LiveBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        match self.get_mut() {
            Self::Fixed(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Stream(passage) => passage.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Fixed(text) => text.is_none(),
            Self::Stream(passage) => passage.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Fixed(text) => {
                SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64))
            }
            Self::Stream(passage) => passage.body.size_hint(),
        }
    }
}
