//! One copy: from the exchange to the candidate's outcome.

use crate::base::{Alarms, Charge, clock, poll_piece};
use crate::isolate;
use crate::mirror::arriving::Arriving;
use crate::model::{Exchange, Fault, Outcome, Payload, Reply};
use crate::policy::{MARKER, Plan};
use crate::upstream::{Again, Lease, Pool, classify, is_without_content};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Request, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// A body sent again from what was captured.
#[derive(Clone)]
pub(super) struct Replay {
    chunks: std::vec::IntoIter<Bytes>,
    trailers: Option<HeaderMap>,
    left: u64,
    /// Its length is said in advance.
    sized: bool,
    /// It comes in chunks, also where it has none.
    chunked: bool,
}

impl Replay {
    fn new(payload: &Payload, headers: &HeaderMap, trailers: Option<HeaderMap>) -> Self {
        let chunks: Vec<Bytes> = payload.chunks().cloned().collect();
        let sized = headers.contains_key(CONTENT_LENGTH);
        let chunked = !sized && headers.contains_key(TRANSFER_ENCODING);
        Self { chunks: chunks.into_iter(), trailers, left: payload.len() as u64, sized, chunked }
    }
}

impl Body for Replay {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = self.chunks.next().map(|chunk| {
            self.left -= chunk.len() as u64;
            Frame::data(chunk)
        });
        let frame = frame.or_else(|| self.trailers.take().map(Frame::trailers));
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0 && self.trailers.is_none() && !self.chunked
    }

    fn size_hint(&self) -> SizeHint {
        match self.sized || (self.left == 0 && !self.chunked) {
            true => SizeHint::with_exact(self.left),
            false => SizeHint::default(),
        }
    }
}

/// The candidate's copy of a request: rewritten, marked, and framed for its own length.
pub(super) fn copy(
    exchange: &Exchange,
    plan: &Plan,
    marker: &HeaderValue,
) -> Result<Request<Replay>, isolate::Unappliable> {
    let mut rewritten = isolate::rewrite(&plan.rewrite, &exchange.request)?;
    // A length that the primary was not told is not told to the candidate.
    if let Some(length) = rewritten.headers.get_mut(CONTENT_LENGTH) {
        *length = HeaderValue::from(rewritten.body.len());
    }
    rewritten.headers.insert(&MARKER, marker.clone());
    let body = Replay::new(&rewritten.body, &rewritten.headers, rewritten.trailers);
    let mut request = Request::new(body);
    *request.method_mut() = rewritten.method;
    *request.uri_mut() = rewritten.uri;
    *request.headers_mut() = rewritten.headers;
    Ok(request)
}

/// What the candidate answered, and how long it took.
pub(super) struct Answer {
    pub outcome: Outcome,
    pub latency: Duration,
    /// Its body is the primary's, byte by byte.
    pub same_body: bool,
}

/// The candidate's answer does not fit into the memory of the shadow side.
pub(super) struct OutOfMemory;

/// A copy on its way, and how to make it once more.
pub(super) struct Sending<'a, F> {
    pub pool: &'a Arc<Pool<Replay>>,
    pub alarms: &'a Alarms,
    pub plan: &'a Plan,
    /// The primary's body, which the answer's is likely to be like.
    pub like: &'a Payload,
    pub again: F,
    /// When it is sent.
    pub now: Instant,
}

/// Sends a copy and reads the answer to its end, within the plan's time and size.
pub(super) async fn send<F>(
    request: Request<Replay>,
    sending: Sending<'_, F>,
    charge: &mut Charge,
) -> Result<Answer, OutOfMemory>
where
    F: Fn() -> Option<Request<Replay>>,
{
    let now = sending.now;
    let mut alarm = sending.alarms.at(now + sending.plan.timeout);
    let mut asked = pin!(ask(request, sending, charge));
    let asked = poll_fn(|cx| match asked.as_mut().poll(cx) {
        Poll::Pending => Pin::new(&mut alarm).poll(cx).map(|()| Err(Fault::Timeout.into())),
        done => done,
    });
    let asked = asked.await;
    let done = clock::now();
    let (outcome, same_body) = match asked {
        Ok((reply, same, lease)) => {
            lease.release(done);
            (Outcome::Reply(reply), same)
        }
        Err(Failure::Fault(fault)) => (Outcome::Fault(fault), false),
        Err(Failure::Memory) => return Err(OutOfMemory),
    };
    Ok(Answer { outcome, latency: done.saturating_duration_since(now), same_body })
}

enum Failure {
    Fault(Fault),
    Memory,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A candidate that is closing a connection has not failed: a copy is sent once more on the same
/// grounds as a client's request is.
async fn ask<F>(
    request: Request<Replay>,
    Sending { pool, plan, like, again, now, .. }: Sending<'_, F>,
    charge: &mut Charge,
) -> Result<(Reply, bool, Lease<Replay>), Failure>
where
    F: Fn() -> Option<Request<Replay>>,
{
    let again = Again { replayable: request.method().is_idempotent(), request: again };
    let (response, lease) = pool.exchange(request, again, now).await?;
    let (head, mut body) = response.into_parts();
    let reply = read(head, &mut body, Room { max: plan.mirror.max_body.as_usize(), like, charge });
    let (reply, same) = reply.await?;
    Ok((reply, same, lease))
}

/// How much may be kept of a body, and what it is likely to be like.
struct Room<'a> {
    max: usize,
    like: &'a Payload,
    charge: &'a mut Charge,
}

async fn read(
    head: Parts,
    body: &mut Incoming,
    Room { max, like, charge }: Room<'_>,
) -> Result<(Reply, bool), Failure> {
    let (mut arriving, mut trailers) = (Arriving::new(like), None);
    let ends_with_head = is_without_content(head.status);
    while let Some(frame) = poll_fn(|cx| poll_piece(body, cx)).await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(_) if ends_with_head => break,
            Err(error) => return Err(classify(&error).into()),
        };
        match frame.into_data() {
            Ok(chunk) if arriving.len() + chunk.len() > max => return Err(Fault::TooLarge.into()),
            Ok(chunk) => match charge.grow(arriving.push(chunk)) {
                true => {}
                false => return Err(Failure::Memory),
            },
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    // hyper takes a stream that was cancelled for one that has ended; HTTP/2 says the end of each.
    let unsaid = !ends_with_head && trailers.is_none() && body.size_hint().exact() != Some(0);
    if head.version == Version::HTTP_2 && unsaid && !body.is_end_stream() {
        return Err(Fault::Reset.into());
    }
    let (same, body) = (arriving.is_same(), arriving.finish());
    Ok((Reply { status: head.status, headers: head.headers, body, trailers }, same))
}
