//! One stream: a request and its answer.

use crate::base::{Unread, clock};
use crate::tap::Tap;
use crate::tap::body::{BodyError, LiveBody};
use crate::tap::client::Client;
use crate::tap::http2::Received;
use crate::tap::interim::is_expected;
use crate::upstream::http2;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::header::{CONTENT_LENGTH, DATE, HeaderMap};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::Notify;

/// Answers a request on the stream that it came by.
pub(super) async fn answer(
    client: Arc<Client>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let (is_head, unread) = (request.method() == Method::HEAD, client.unread.clone());
    let wanted = is_wanted(&request).then(Arc::<Notify>::default);
    let answer = {
        let forward = Tap::forward(client, received(request, wanted.clone()));
        wait(pin!(forward), &mut respond, wanted).await
    };
    let Some(answer) = answer else { return };
    let passed = match begin(answer, is_head, &mut respond) {
        Ok(Some((mut body, mut stream))) => pass(&mut body, &mut stream, &unread).await,
        Ok(None) => Ok(()),
        Err(broken) => Err(broken),
    };
    if let Err(Broken(reason)) = passed {
        respond.send_reset(reason);
    }
}

/// Whether the client waits for a word before it sends a body.
fn is_wanted(request: &Request<RecvStream>) -> bool {
    !request.body().is_end_stream() && is_expected(request.headers())
}

fn received(request: Request<RecvStream>, wanted: Option<Arc<Notify>>) -> Request<Received> {
    let (head, stream) = request.into_parts();
    let body = Received::new(stream, &head.headers, wanted);
    Request::from_parts(head, body)
}

/// Waits for the answer, and tells the client to send its body where that is wanted; nothing where
/// the client has given up.
async fn wait(
    mut forward: Pin<&mut impl Future<Output = Result<Response<LiveBody>, Infallible>>>,
    respond: &mut SendResponse<Bytes>,
    mut wanted: Option<Arc<Notify>>,
) -> Option<Response<LiveBody>> {
    loop {
        tokio::select! {
            biased;
            Ok(answer) = &mut forward => return Some(answer),
            () = told(wanted.as_deref()) => {
                wanted = None;
                let mut go_on = Response::new(());
                *go_on.status_mut() = StatusCode::CONTINUE;
                // An error means that the stream has ended, which is seen next.
                respond.send_informational(go_on).ok();
            }
            _ = poll_fn(|cx| respond.poll_reset(cx)) => return None,
        }
    }
}

/// Ready when the client is to send its body.
async fn told(wanted: Option<&Notify>) {
    match wanted {
        Some(wanted) => wanted.notified().await,
        None => pending().await,
    }
}

/// Sends the head of an answer; gives its body, where there is one, with where that goes.
fn begin(
    answer: Response<LiveBody>,
    is_head: bool,
    respond: &mut SendResponse<Bytes>,
) -> Result<Option<(LiveBody, SendStream<Bytes>)>, Broken> {
    let (mut head, body) = answer.into_parts();
    complete(&mut head.headers, &body);
    let ends = is_head || body.is_end_stream();
    let stream = respond.send_response(Response::from_parts(head, ()), ends)?;
    Ok((!ends).then_some((body, stream)))
}

/// Adds what an answer lacks: its length, where that is known and not said, and the time (RFC 9110
/// section 6.6.1).
fn complete(headers: &mut HeaderMap, body: &LiveBody) {
    if !body.is_end_stream()
        && let Some(length) = body.size_hint().exact()
        && !headers.contains_key(CONTENT_LENGTH)
    {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    if !headers.contains_key(DATE) {
        let now = clock::wall().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        headers.insert(DATE, HeaderValue::try_from(now).expect("a date is a field value"));
    }
}

/// Why a stream is reset.
struct Broken(Reason);

impl From<BodyError> for Broken {
    /// With what the stream that the body came on was reset with.
    fn from(error: BodyError) -> Self {
        Self(http2(&error).and_then(h2::Error::reason).unwrap_or(Reason::INTERNAL_ERROR))
    }
}

impl From<h2::Error> for Broken {
    /// The stream has ended already.
    fn from(error: h2::Error) -> Self {
        Self(error.reason().unwrap_or(Reason::INTERNAL_ERROR))
    }
}

/// Passes on the body of an answer, until its end or the client's.
async fn pass(
    body: &mut LiveBody,
    to: &mut SendStream<Bytes>,
    unread: &Unread,
) -> Result<(), Broken> {
    loop {
        let piece = poll_fn(|cx| match to.poll_reset(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => Pin::new(&mut *body).poll_frame(cx).map(Some),
        });
        let Some(piece) = piece.await else { return Ok(()) };
        let Some(frame) = piece.transpose()? else {
            to.send_data(Bytes::new(), true)?;
            return Ok(());
        };
        match frame.into_data() {
            Ok(data) => {
                let last = body.is_end_stream();
                room(to, data.len(), unread).await?;
                to.send_data(data, last)?;
                if last {
                    return Ok(());
                }
            }
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    to.send_trailers(trailers)?;
                    return Ok(());
                }
            }
        }
    }
}

/// Waits until a piece of so many bytes may be sent: until some of it fits into the client's
/// windows. No more than one byte of the connection's is asked for, so that a stream that waits
/// keeps none of it from others.
async fn room(to: &mut SendStream<Bytes>, length: usize, unread: &Unread) -> Result<(), Broken> {
    if length == 0 {
        return Ok(());
    }
    to.reserve_capacity(1);
    if to.capacity() > 0 {
        return Ok(());
    }
    let _waits = unread.body();
    while to.capacity() == 0 {
        match poll_fn(|cx| to.poll_capacity(cx)).await {
            Some(more) => drop(more?),
            None => return Err(Broken(Reason::CANCEL)),
        }
    }
    Ok(())
}
