//! A connection that is read to its end though it cannot be written any more.

use std::io;
use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A side that has answered early may hang up before it has read the whole request, and one that
/// says GOAWAY before the next. What it said is there all the same: once writing fails, what is
/// written is let go, and reading tells how the connection stands.
pub(super) struct Heard<S> {
    stream: S,
    hung_up: bool,
}

impl<S> Heard<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, hung_up: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
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
        self.poll(all, |stream| stream.poll_write_vectored(cx, slices))
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn what_was_said_before_hanging_up_is_heard() {
        let (near, mut far) = duplex(16);
        far.write_all(b"too large").await.expect("room for it");
        drop(far);
        let mut near = Heard::new(near);
        near.write_all(&[0; 100]).await.expect("let go");
        near.flush().await.expect("nothing to flush");
        let mut heard = String::new();
        near.read_to_string(&mut heard).await.expect("all that was said");
        assert_eq!(heard, "too large");
    }
}
