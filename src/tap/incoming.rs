//! The body of a request as its client sends it, over either version of HTTP.

use crate::base::poll_piece;
use crate::tap::body::{BodyError, Piece};
use crate::tap::http2::Received;
use bytes::Bytes;
use http_body::{Body, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that comes from a client.
pub enum FromClient {
    Http1(Incoming),
    Http2(Received),
}

impl FromClient {
    /// Whether all has come that it has said to have, though its end is yet to be said: whoever
    /// passes it on may ask for no more. Over HTTP/1 the two are one.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Http1(_) => false,
            Self::Http2(received) => received.is_whole(),
        }
    }

    /// Whether a reader of HTTP/1 may have taken a line feed for trailers.
    pub(super) fn is_of_http1(&self) -> bool {
        matches!(self, Self::Http1(_))
    }
}

impl From<Incoming> for FromClient {
    fn from(body: Incoming) -> Self {
        Self::Http1(body)
    }
}

impl From<Received> for FromClient {
    fn from(body: Received) -> Self {
        Self::Http2(body)
    }
}

impl Body for FromClient {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        match self.get_mut() {
            Self::Http1(body) => {
                poll_piece(body, cx).map(|frame| frame.map(|it| it.map_err(Into::into)))
            }
            Self::Http2(body) => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Http1(body) => body.is_end_stream(),
            Self::Http2(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Http1(body) => body.size_hint(),
            Self::Http2(body) => body.size_hint(),
        }
    }
}
