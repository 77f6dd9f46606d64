//! A client's socket that gives up on a client which takes nothing of its answer, and that can be
//! waited on without a buffer.

use crate::base::poll_write_pieces;
use bytes::Bytes;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Writing fails once nothing could be written for so long. The timer exists only while the
/// socket's buffer is full.
pub(super) struct Patient<S> {
    stream: S,
    patience: Duration,
    blocked: Option<Pin<Box<Sleep>>>,
    begun: Begun,
    /// What was read, and is to be read again.
    ahead: Bytes,
}

/// So much is read at once while a connection rests.
const AHEAD: usize = 512;

/// Whether a client has sent something since it was last answered: where it has not, its
/// connection rests.
#[derive(Clone, Default)]
pub(super) struct Begun(Arc<Flags>);

#[derive(Default)]
struct Flags {
    begun: AtomicBool,
    /// How many bytes it has sent in all.
    read: AtomicUsize,
    /// Some of what was written may not have been passed on.
    unflushed: AtomicBool,
    /// hyper waits for the head of a request, and has done so for a while.
    waiting: AtomicBool,
    /// The client has yet to take what was written: no more can be.
    full: AtomicBool,
    /// A part of a request's body was not read.
    left: AtomicBool,
}

impl Begun {
    pub fn get(&self) -> bool {
        self.0.begun.load(Relaxed)
    }

    /// How many bytes the client has sent in all.
    pub fn bytes(&self) -> usize {
        self.0.read.load(Relaxed)
    }

    /// Waits until the client has sent something for the first time. To be polled in the task that
    /// reads: it is woken by what comes.
    pub async fn first(&self) {
        poll_fn(|_| match self.0.read.load(Relaxed) {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
    }

    /// Ready where fewer bytes than these have come by then; never otherwise. To be polled after
    /// what reads, in the same task.
    pub async fn late(&self, bytes: usize, by: Duration) {
        let mut timer = pin!(sleep(by));
        poll_fn(|cx| match self.0.read.load(Relaxed) >= bytes {
            true => Poll::Pending,
            false => timer.as_mut().poll(cx),
        })
        .await;
    }

    pub fn set_waiting(&self, waiting: bool) {
        self.0.waiting.store(waiting, Relaxed);
    }

    /// All that has begun has ended for a while, in both directions.
    pub fn rests(&self) -> bool {
        let Flags { begun, read, unflushed, waiting, .. } = &*self.0;
        let under_way = begun.load(Relaxed) || unflushed.load(Relaxed);
        waiting.load(Relaxed) && read.load(Relaxed) > 0 && !under_way
    }

    /// Whether nothing can be written at this moment. The task that writes is woken as that ends.
    pub fn is_full(&self) -> bool {
        self.0.full.load(Relaxed)
    }

    /// A part of a request's body is not read, and may be on its way.
    pub fn leave(&self) {
        self.0.left.store(true, Relaxed);
    }

    pub fn has_left(&self) -> bool {
        self.0.left.load(Relaxed)
    }

    fn read(&self, bytes: usize) {
        self.0.begun.store(true, Relaxed);
        // Nobody else writes it.
        self.0.read.store(self.0.read.load(Relaxed).saturating_add(bytes), Relaxed);
    }

    fn written(&self) {
        self.0.begun.store(false, Relaxed);
    }
}

impl<S> Patient<S> {
    pub fn new(stream: S, patience: Duration, begun: Begun) -> Self {
        Self { stream, patience, blocked: None, begun, ahead: Bytes::new() }
    }

    /// Gives back all that was read and not used.
    pub fn unread(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            // It would hold the buffer that it is the empty end of.
            return;
        }
        self.begun.read(0);
        self.ahead = bytes;
    }

    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.begun.0.unflushed.store(true, Relaxed);
        if written.is_ready() {
            if self.blocked.take().is_some() {
                // A body that waits for this is asked for more. And hyper (1.12) may forget to look
                // for what it has read already when the last of a message could only just be
                // written: it is made to look again.
                cx.waker().wake_by_ref();
                self.begun.0.full.store(false, Relaxed);
            }
            self.begun.written();
            return written;
        }
        self.begun.0.full.store(true, Relaxed);
        let patience = self.patience;
        let timer = self.blocked.get_or_insert_with(|| Box::pin(sleep(patience)));
        timer.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> Patient<S> {
    /// Waits until there is something to be read; false at the end.
    pub async fn more(&mut self) -> io::Result<bool> {
        if !self.ahead.is_empty() {
            return Ok(true);
        }
        let ahead = poll_fn(|cx| {
            // On the stack: while it waits, a connection has no buffer.
            let mut buffer = [0; AHEAD];
            let mut buffer = ReadBuf::new(&mut buffer);
            ready!(Pin::new(&mut *self).poll_read(cx, &mut buffer))?;
            Poll::Ready(Ok::<_, io::Error>(Bytes::copy_from_slice(buffer.filled())))
        });
        let ahead = ahead.await?;
        let more = !ahead.is_empty();
        self.unread(ahead);
        Ok(more)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.split_to(length));
            if self.ahead.is_empty() {
                self.ahead = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let length = buffer.filled().len() - before;
        if length > 0 {
            self.begun.read(length);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = poll_write_pieces(Pin::new(&mut self.stream), cx, slices);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if flushed.is_ready() {
            self.begun.0.unflushed.store(false, Relaxed);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Buf;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (_client, server) = duplex(16);
        let mut server = Patient::new(server, Duration::from_secs(5), Begun::default());
        let error = server.write_all(&[0; 17]).await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_a_little_now_and_then_is_served() {
        let (mut client, server) = duplex(16);
        let mut server = Patient::new(server, Duration::from_secs(5), Begun::default());
        let writing = tokio::spawn(async move { server.write_all(&[0; 32]).await });
        for _ in 0..32 {
            tokio::time::sleep(Duration::from_secs(4)).await;
            client.read_u8().await.expect("a byte");
        }
        writing.await.expect("no panic").expect("all is written");
    }

    #[tokio::test]
    async fn what_is_given_back_is_held_until_it_is_read_and_no_longer() {
        let (_far, near) = duplex(1);
        let mut near = Patient::new(near, Duration::from_secs(5), Begun::default());
        let held = Bytes::from(vec![7; 1 << 10]);
        near.unread(held.slice(..2));
        assert_eq!((near.read_u8().await.ok(), held.is_unique()), (Some(7), false));
        assert_eq!((near.read_u8().await.ok(), held.is_unique()), (Some(7), true));
        let mut rest = held.clone();
        rest.advance(1 << 10);
        near.unread(rest);
        assert!(held.is_unique());
    }
}
