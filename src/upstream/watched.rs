//! A connection that tells when bytes came, and lets them be read after writing has failed.
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

/// The connection. Where writing fails, what is written is let go: the reason for it, a GOAWAY as a
/// rule, lies among the bytes that came before, and their end follows.
pub(super) struct Watched<I> {
    io: I,
    arrivals: Arc<Arrivals>,
    broken: bool,
}

impl<I> Watched<I> {
    pub fn new(io: I) -> (Self, Arc<Arrivals>) {
        let arrivals = Arrivals::new();
        (Self { io, arrivals: arrivals.clone(), broken: false }, arrivals)
    }

    fn written(
        &mut self,
        length: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(ready!(written).unwrap_or_else(|_| {
            self.broken = true;
            length
        })))
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
        if self.broken {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.written(bytes.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        if self.broken {
            return Poll::Ready(Ok(length));
        }
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.written(length, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.broken && ready!(Pin::new(&mut self.io).poll_flush(cx)).is_err() {
            self.broken = true;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, join, sink};

    /// Takes nothing.
    struct Broken;

    impl tokio::io::AsyncWrite for Broken {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_came_before_writing_failed_is_still_read() {
        let (watched, _) = Watched::new(TokioIo::new(join(&b"why"[..], Broken)));
        let mut watched = TokioIo::new(watched);
        watched.write_all(b"lost").await.expect("it is let go");
        watched.flush().await.expect("it is let go");
        let mut came = String::new();
        watched.read_to_string(&mut came).await.expect("the bytes, and their end");
        assert_eq!(came, "why");
    }

    #[tokio::test]
    async fn arrivals_are_told_once() {
        let (mut far, near) = duplex(16);
        let (watched, arrivals) = Watched::new(TokioIo::new(join(near, sink())));
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
