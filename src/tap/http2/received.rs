//! The body of a request over HTTP/2.

use crate::tap::body::{BodyError, Piece};
use bytes::Bytes;
use h2::{Reason, RecvStream};
use http::header::{CONTENT_LENGTH, HeaderMap};
use http_body::{Frame, SizeHint};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::Notify;

/// A body as its stream brings it, in DATA frames and then trailers (RFC 9113 section 8.1).
pub struct Received {
    stream: RecvStream,
    /// So many bytes are still to come, where that was said.
    left: Option<u64>,
    /// All DATA has come.
    trailing: bool,
    /// Its client waits to be told to send it.
    expected: Option<Arc<Notify>>,
}

impl Received {
    /// What follows a head on its stream. Where its client waits for that, it is told once the body
    /// is wanted (RFC 9110 section 10.1.1).
    pub fn new(stream: RecvStream, head: &HeaderMap, expected: Option<Arc<Notify>>) -> Self {
        let length = head.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let left = length.and_then(|length| length.parse().ok());
        Self { stream, left, trailing: false, expected }
    }

    /// Whether all has come that it has said to have.
    pub fn is_whole(&self) -> bool {
        self.left == Some(0)
    }

    pub fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    pub fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }

    /// The next piece. A client that waits is told to go on where none has come of its own accord.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let frame = self.poll_piece(cx);
        if let Some(expected) = self.expected.take()
            && frame.is_pending()
        {
            expected.notify_one();
        }
        frame
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        if !self.trailing {
            match ready!(self.stream.poll_data(cx)) {
                Some(Ok(data)) => return Poll::Ready(Some(Ok(self.data(data)))),
                Some(Err(error)) => return Poll::Ready(Some(Err(cut_off(error)))),
                None => self.trailing = true,
            }
        }
        Poll::Ready(match ready!(self.stream.poll_trailers(cx)) {
            Ok(Some(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Ok(None) if self.is_end_stream() || self.is_whole() => None,
            Ok(None) => Some(Err(BodyError::Cancelled)),
            Err(error) => Some(Err(cut_off(error))),
        })
    }

    /// Takes some; its client may send as much more (RFC 9113 section 5.2).
    fn data(&mut self, data: Bytes) -> Frame<Bytes> {
        // An error means that the stream has ended.
        self.stream.flow_control().release_capacity(data.len()).ok();
        self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
        Frame::data(data)
    }
}

/// Why it ends before its end. A client that wants no answer any more, and says that nothing is
/// wrong, has cancelled it all the same.
fn cut_off(error: h2::Error) -> BodyError {
    match error.reason() {
        Some(Reason::NO_ERROR) => BodyError::Cancelled,
        _ => BodyError::Stream(error),
    }
}
