//! A connection that is read to its end though it cannot be written any more, and that can tell
//! when bytes came.
//!
//! This module never changes a byte, and never hides the end of a connection.

use crate::base::{clock, poll_write_pieces};
use crate::upstream::endpoint::Open;
use std::io;
use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

/// When the other side was last heard of.
pub(super) struct Arrivals {
    last: Mutex<Instant>,
    more: Notify,
}

impl Arrivals {
    fn new() -> Arc<Self> {
        Arc::new(Self { last: Mutex::new(clock::now()), more: Notify::new() })
    }

    /// Waits until something has come since this was last asked.
    pub async fn more(&self) {
        self.more.notified().await;
    }

    pub fn last(&self) -> Instant {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = clock::now();
        self.more.notify_one();
    }
}

/// A side that has answered early may hang up before it has read the whole request, and one that
/// says GOAWAY before the next. What it said is there all the same: once writing fails, what is
/// written is let go, and reading tells how the connection stands.
pub(super) struct Heard<S> {
    stream: S,
    hung_up: bool,
    /// Where somebody wants to know.
    arrivals: Option<Arc<Arrivals>>,
    /// It goes where the bytes go: into a tunnel too.
    _open: Open,
}

impl<S> Heard<S> {
    /// A connection that is counted as open until this is dropped.
    pub fn new(stream: S, open: Open) -> Self {
        Self { stream, hung_up: false, arrivals: None, _open: open }
    }

    /// The same, with what tells when bytes came.
    pub fn watched(stream: S, open: Open) -> (Self, Arc<Arrivals>) {
        let arrivals = Arrivals::new();
        (Self { arrivals: Some(arrivals.clone()), ..Self::new(stream, open) }, arrivals)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        if let Some(arrivals) = &self.arrivals {
            arrivals.note();
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> Heard<S> {
    /// Writes where somebody is there to read; `all` is what there is to be written.
    fn poll<T>(
        &mut self,
        all: T,
        write: impl FnOnce(Pin<&mut S>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.hung_up {
            return Poll::Ready(Ok(all));
        }
        let written = ready!(write(Pin::new(&mut self.stream)));
        Poll::Ready(written.or_else(|error| match error.kind() {
            BrokenPipe | ConnectionReset | ConnectionAborted | NotConnected => {
                self.hung_up = true;
                Ok(all)
            }
            _ => Err(error),
        }))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(bytes.len(), |stream| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = slices.iter().map(|slice| slice.len()).sum();
        self.poll(all, |stream| poll_write_pieces(stream, cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll((), |stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll((), |stream| stream.poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::{Address, Endpoint};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn endpoint() -> Endpoint {
        Address::new("localhost", 1).into()
    }

    #[tokio::test]
    async fn a_connection_is_open_until_nobody_has_it_any_more() {
        let endpoint = endpoint();
        let (near, _far) = duplex(1);
        let heard = Heard::new(near, endpoint.opened());
        assert_eq!(endpoint.open(), 1);
        drop(heard);
        assert_eq!(endpoint.open(), 0);
    }

    #[tokio::test]
    async fn what_was_said_before_hanging_up_is_heard() {
        let (near, mut far) = duplex(16);
        far.write_all(b"too large").await.expect("room for it");
        drop(far);
        let mut near = Heard::new(near, endpoint().opened());
        near.write_all(&[0; 100]).await.expect("let go");
        near.flush().await.expect("nothing to flush");
        let mut heard = String::new();
        near.read_to_string(&mut heard).await.expect("all that was said");
        assert_eq!(heard, "too large");
    }

    #[tokio::test]
    async fn arrivals_are_told_once() {
        let (mut far, near) = duplex(16);
        let (mut watched, arrivals) = Heard::watched(near, endpoint().opened());
        let before = arrivals.last();
        far.write_all(b"x").await.expect("room");
        watched.read_u8().await.expect("a byte");
        arrivals.more().await;
        assert!(arrivals.last() > before);
        assert!(
            tokio::task::unconstrained(async {
                tokio::select! { biased; () = arrivals.more() => false, () = async {} => true }
            })
            .await
        );
    }
}
