//! A connection that tells when bytes came.
//!
//! Main types: [`Watched`] around the connection, [`Arrivals`] for those who watch it.
//!
//! This module never changes a byte, and never hides the end of a connection.

use crate::base::clock;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;
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

/// The connection.
pub(super) struct Watched<I> {
    io: I,
    arrivals: Arc<Arrivals>,
}

impl<I> Watched<I> {
    pub fn new(io: I) -> (Self, Arc<Arrivals>) {
        let arrivals = Arrivals::new();
        (Self { io, arrivals: arrivals.clone() }, arrivals)
    }
}

impl<I: Read + Unpin> Read for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buffer));
        self.arrivals.note();
        Poll::Ready(read)
    }
}

impl<I: Write + Unpin> Write for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn arrivals_are_told_once() {
        let (mut far, near) = duplex(16);
        let (watched, arrivals) = Watched::new(TokioIo::new(near));
        let mut watched = TokioIo::new(watched);
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
