//! Connections in memory: two bounded pipes, which can be ended in one direction, closed, or reset.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One direction of a connection.
struct Pipe {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// The writer has said that no more comes.
    ended: bool,
    /// The reader is gone.
    unread: bool,
    reset: bool,
    waiting: [Option<Waker>; 2],
}

const READER: usize = 0;
const WRITER: usize = 1;

impl Pipe {
    fn new(capacity: usize) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            bytes: VecDeque::new(),
            capacity,
            ended: false,
            unread: false,
            reset: false,
            waiting: [None, None],
        }))
    }

    fn wake(&mut self) {
        self.waiting.iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }

    fn wait<T>(&mut self, who: usize, cx: &Context<'_>) -> Poll<T> {
        self.waiting[who] = Some(cx.waker().clone());
        Poll::Pending
    }
}

fn lock(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().expect("nobody panics with it")
}

/// Where bytes come out. Dropping it fails the other side's writing.
pub struct ReadEnd(Arc<Mutex<Pipe>>);

/// Where bytes go in. Dropping it ends the other side's reading.
pub struct WriteEnd(Arc<Mutex<Pipe>>);

/// One end of a connection.
pub struct End {
    read: ReadEnd,
    write: WriteEnd,
}

/// Resets a connection from afar.
#[derive(Clone)]
pub struct Fuse([Arc<Mutex<Pipe>>; 2]);

/// A connection that holds so many bytes on the way in each direction.
pub fn connection(capacity: usize) -> (End, End) {
    let (one, other) = (Pipe::new(capacity), Pipe::new(capacity));
    let end = |read: &Arc<Mutex<Pipe>>, write: &Arc<Mutex<Pipe>>| End {
        read: ReadEnd(read.clone()),
        write: WriteEnd(write.clone()),
    };
    (end(&one, &other), end(&other, &one))
}

impl End {
    pub fn split(self) -> (ReadEnd, WriteEnd, Fuse) {
        let fuse = Fuse([self.read.0.clone(), self.write.0.clone()]);
        (self.read, self.write, fuse)
    }
}

impl Fuse {
    /// Ends the connection at once: what is on the way is lost, and both sides are told.
    pub fn reset(&self) {
        for pipe in &self.0 {
            let mut pipe = lock(pipe);
            pipe.reset = true;
            pipe.bytes.clear();
            pipe.wake();
        }
    }
}

impl Drop for ReadEnd {
    fn drop(&mut self) {
        let mut pipe = lock(&self.0);
        pipe.unread = true;
        pipe.wake();
    }
}

impl Drop for WriteEnd {
    fn drop(&mut self) {
        let mut pipe = lock(&self.0);
        pipe.ended = true;
        pipe.wake();
    }
}

impl AsyncRead for ReadEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut pipe = lock(&self.0);
        if pipe.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if pipe.bytes.is_empty() {
            return if pipe.ended { Poll::Ready(Ok(())) } else { pipe.wait(READER, cx) };
        }
        let (front, _) = pipe.bytes.as_slices();
        let length = front.len().min(into.remaining());
        into.put_slice(&front[..length]);
        pipe.bytes.drain(..length);
        pipe.wake();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for WriteEnd {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut pipe = lock(&self.0);
        if pipe.reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if pipe.unread || pipe.ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let length = bytes.len().min(pipe.capacity - pipe.bytes.len());
        if length == 0 && !bytes.is_empty() {
            return pipe.wait(WRITER, cx);
        }
        pipe.bytes.extend(&bytes[..length]);
        pipe.wake();
        Poll::Ready(Ok(length))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut written = 0;
        for slice in slices.iter().filter(|slice| !slice.is_empty()) {
            match self.as_mut().poll_write(cx, slice) {
                Poll::Ready(Ok(length)) => {
                    written += length;
                    if length < slice.len() {
                        break;
                    }
                }
                _ if written > 0 => break,
                other => return other,
            }
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut pipe = lock(&self.0);
        pipe.ended = true;
        pipe.wake();
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(cx, into)
    }
}

impl AsyncWrite for End {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_shutdown(cx)
    }
}
