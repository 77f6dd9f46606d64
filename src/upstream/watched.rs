//! A request's body that is known to wait where its connection does not take it.

use crate::base::{Taking, Unread};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A body on its way to a side over HTTP/2.
pub(super) struct Watched<B> {
    body: B,
    /// Nothing where there is no body.
    taking: Option<Taking>,
}

impl<B: Body> Watched<B> {
    /// Counts it among those of its connection.
    pub fn new(body: B, unread: &Unread) -> Self {
        let taking = (!body.is_end_stream()).then(|| unread.body());
        Self { body, taking }
    }

    pub fn into_inner(self) -> B {
        self.body
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(taking) = &mut self.taking {
            taking.asked();
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(taking) = self.taking.as_mut().filter(|_| frame.is_some()) {
            taking.offered();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
