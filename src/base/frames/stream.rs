//! The stream of bytes that frames come on.

use crate::base::frames::course::Course;
use crate::base::frames::requests::Requests;
use crate::base::frames::resets::Resets;
use crate::base::frames::sieve::{PREFACE, START, Sieve};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// So often is a connection read on that gives nothing but what is left out, before others have
/// their turn.
const MOST_READS: usize = 16;

/// So many turns do those have who have yet to take what came before the end.
const TURNS: usize = 8;

/// The connection, read frame by frame.
pub struct Frames<S> {
    stream: S,
    sieve: Sieve,
    /// What is written to a client.
    resets: Option<Resets>,
    /// The turns that are left once the end has come, and the error that it came by.
    turns: usize,
    failed: Option<io::Error>,
}

impl<S> Frames<S> {
    /// What comes from a client.
    pub fn of_client(stream: S) -> Self {
        Self::new(stream, Sieve::new(PREFACE, Some(Requests::default())), Some(Resets::default()))
    }

    /// What comes from a server.
    pub fn of_server(stream: S) -> Self {
        Self::new(stream, Sieve::new(0, None), None)
    }

    fn new(stream: S, sieve: Sieve, resets: Option<Resets>) -> Self {
        Self { stream, sieve, resets, turns: TURNS, failed: None }
    }

    /// What comes on it.
    pub fn course(&self) -> Course {
        self.sieve.course().clone()
    }

    /// So many bytes of these were written.
    fn written(&mut self, slices: &[IoSlice<'_>], mut count: usize) {
        let Some(resets) = &mut self.resets else { return };
        for slice in slices {
            let some = slice.get(..count.min(slice.len())).unwrap_or_default();
            count -= some.len();
            resets.note(some, |stream, code| self.sieve.course().reset(stream, code));
        }
    }

    /// The end: told once those have had their turn who have yet to take what came before it. h2 has
    /// a stream end in an error where its connection is gone, also one of which all has come.
    fn end(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        match self.turns.checked_sub(1) {
            None => Poll::Ready(self.failed.take().map_or(Ok(()), Err)),
            Some(left) => {
                self.turns = left;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

/// What one look at the connection has given.
enum Look {
    Bytes,
    /// What is left out, or a part of a frame's start.
    Nothing,
    End,
}

impl<S: AsyncRead + Unpin> Frames<S> {
    /// Gives of a start that came in parts what there is room for; false where there is none.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let given = self.sieve.take(buffer.remaining());
        buffer.put_slice(given);
        !given.is_empty()
    }

    fn poll_look(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<Look>> {
        if self.sieve.has_begun() {
            return self.poll_start(cx);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled_mut().get_mut(before..).unwrap_or_default();
        if read.is_empty() {
            return Poll::Ready(Ok(Look::End));
        }
        let kept = self.sieve.sift(read);
        buffer.set_filled(before + kept);
        Poll::Ready(Ok(if kept > 0 { Look::Bytes } else { Look::Nothing }))
    }

    /// Reads on where a frame has begun.
    fn poll_start(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Look>> {
        let mut more = [0; START];
        let missing = self.sieve.missing();
        let mut more = ReadBuf::new(more.get_mut(..missing).unwrap_or_default());
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut more))?;
        match more.filled() {
            [] => self.sieve.end(),
            more => self.sieve.complete(more),
        }
        Poll::Ready(Ok(Look::Nothing))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Frames<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.failed.is_some() {
            return this.end(cx);
        }
        for _ in 0..MOST_READS {
            if this.give(buffer) {
                return Poll::Ready(Ok(()));
            }
            match ready!(this.poll_look(cx, buffer)) {
                Ok(_) if this.sieve.is_refused() => {
                    let told = "the first frame is not SETTINGS";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, told)));
                }
                Ok(Look::Bytes) => return Poll::Ready(Ok(())),
                Ok(Look::Nothing) => {}
                Ok(Look::End) => return this.end(cx),
                Err(error) => {
                    this.failed = Some(error);
                    return this.end(cx);
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Frames<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.written(&[IoSlice::new(bytes)], count);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        self.written(slices, count);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::frames::field_block::{OPENING, begins_with_pseudo};
    use crate::base::frames::sieve::{
        ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, MOST_EMPTY, PUSH_PROMISE,
        RST_STREAM, SETTINGS, WINDOW_UPDATE,
    };
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::pin::pin;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::sleep;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&length[1..], &[kind, flags], &[0, 0, 0, 1], payload].concat()
    }

    /// A connection that gives pieces of so many bytes, and waits before each.
    struct Sliced {
        bytes: Vec<u8>,
        pieces: Vec<usize>,
        waited: bool,
    }

    impl AsyncRead for Sliced {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.waited = !self.waited;
            if self.waited {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let piece = self.pieces.pop().unwrap_or(usize::MAX);
            let length = piece.min(buffer.remaining()).min(self.bytes.len());
            buffer.put_slice(&self.bytes.drain(..length).collect::<Vec<_>>());
            Poll::Ready(Ok(()))
        }
    }

    /// What a client begins with.
    fn begun() -> Vec<u8> {
        [vec![b'p'; PREFACE], frame(SETTINGS, 0, b"")].concat()
    }

    /// All that is read of it, so many bytes at most at one time.
    fn read(bytes: &[u8], pieces: &[usize], most: usize) -> io::Result<Vec<u8>> {
        let sliced = Sliced { bytes: bytes.to_vec(), pieces: pieces.to_vec(), waited: false };
        let mut frames = Frames::of_client(sliced);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let (mut all, mut buffer) = (Vec::new(), vec![0; most]);
            while let length @ 1.. = frames.read(&mut buffer).await? {
                all.extend_from_slice(&buffer[..length]);
            }
            Ok(all)
        })
    }

    fn check(frames: &[(u8, u8, Vec<u8>)], cut: usize, pieces: &[usize], most: usize) {
        let (mut sent, mut passed) = (begun(), begun());
        let (mut in_block, mut open) = (false, false);
        for (kind, flags, payload) in frames {
            sent.extend_from_slice(&frame(*kind, *flags, payload));
            let empty = (*kind, flags & END_STREAM, payload.is_empty()) == (DATA, 0, true);
            let trailers = open && *kind == HEADERS && flags & END_STREAM != 0;
            let malformed = trailers && begins_with_pseudo(*flags, payload);
            if !empty || in_block {
                let flags = if malformed { flags & !END_STREAM } else { *flags };
                passed.extend_from_slice(&frame(*kind, flags, payload));
            }
            if matches!(*kind, HEADERS | PUSH_PROMISE | CONTINUATION) {
                in_block = flags & END_HEADERS == 0;
            }
            open = match *kind {
                DATA | HEADERS if flags & END_STREAM != 0 => false,
                RST_STREAM => false,
                HEADERS => true,
                _ => open,
            };
        }
        let rest = frame(HEADERS, END_HEADERS | END_STREAM, b"fields");
        sent.extend_from_slice(&rest[..cut]);
        passed.extend_from_slice(&rest[..cut]);
        assert_eq!(read(&sent, pieces, most).expect("no failure"), passed);
    }

    /// Some that begin with a pseudo-field, and some of which that is not told by a part.
    fn payload() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![Just(0x83), Just(0x3f), any::<u8>()], 0..OPENING + 9)
    }

    proptest! {
        #[test]
        fn all_passes_but_what_carries_nothing_however_it_is_cut(
            frames in vec((0_u8..11, prop_oneof![Just(0_u8), any::<u8>()], payload()), 0..12),
            cut in 0_usize..15,
            pieces in vec(1_usize..30, 0..80),
            most in 1_usize..40,
        ) {
            check(&frames, cut, &pieces, most);
        }
    }

    #[test]
    fn of_more_than_that_in_a_row_the_rest_passes() {
        let empty = frame(DATA, 0, b"");
        let sent = [begun(), empty.repeat(MOST_EMPTY + 2)].concat();
        let passed = [begun(), empty.repeat(2)].concat();
        assert_eq!(read(&sent, &[], 8192).expect("no failure"), passed);
    }

    #[test]
    fn a_side_begins_with_its_settings_or_is_not_read() {
        let (data, head) = (frame(DATA, 0, b""), frame(HEADERS, END_HEADERS, b"fields"));
        for first in [data, head, frame(SETTINGS, ACK, b"")] {
            for pieces in [&[][..], &[1; 64]] {
                let sent = [vec![b'p'; PREFACE], first.clone()].concat();
                let failure = read(&sent, pieces, 8192).expect_err("a failure");
                assert_eq!(failure.kind(), io::ErrorKind::InvalidData);
            }
        }
        assert!(read(&begun(), &[], 8192).is_ok());
    }

    /// What is written is read at once; a pair of the writer and what has come.
    fn course() -> (DuplexStream, Course) {
        let (far, near) = duplex(1024);
        let mut frames = Frames::of_server(near);
        let course = frames.course();
        tokio::spawn(async move { while frames.read_u8().await.is_ok() {} });
        (far, course)
    }

    const PATIENCE: Duration = Duration::from_secs(5);

    /// Whether a field block is late, asked again and again as a task that reads does.
    async fn is_late(course: &Course) -> bool {
        let mut late = pin!(course.late(PATIENCE));
        for _ in 0..8 {
            tokio::select! {
                biased;
                () = &mut late => return true,
                () = sleep(PATIENCE / 4) => {}
            }
        }
        false
    }

    #[tokio::test(start_paused = true)]
    async fn a_field_block_that_does_not_end_is_late_and_nothing_else_is() {
        let (begun, rest) =
            (frame(HEADERS, 0, b"fields"), frame(CONTINUATION, END_HEADERS, b"more"));
        let (mut far, course) = course();
        far.write_all(&frame(SETTINGS, 0, b"")).await.expect("room");
        assert!(!is_late(&course).await);
        far.write_all(&frame(DATA, 0, b"some")[..10]).await.expect("room");
        assert!(!is_late(&course).await);
        far.write_all(b"ome").await.expect("room");
        far.write_all(&begun).await.expect("room");
        assert!(is_late(&course).await);
        far.write_all(&rest[..11]).await.expect("room");
        assert!(is_late(&course).await);
        far.write_all(&rest[11..]).await.expect("room");
        assert!(!is_late(&course).await);
        far.write_all(&frame(HEADERS, END_HEADERS, b"fields")).await.expect("room");
        assert!(!is_late(&course).await);
        assert_eq!(course.updates(), 0);
        far.write_all(&frame(WINDOW_UPDATE, 0, &[0, 0, 0, 1])).await.expect("room");
        assert!(!is_late(&course).await);
        assert_eq!(course.updates(), 1);
    }

    #[test]
    fn thousands_of_empty_frames_are_passed_over() {
        let mut frames = vec![(DATA, 0, Vec::new()); 5000];
        frames.push((DATA, END_STREAM, Vec::new()));
        check(&frames, 0, &[], 8192);
    }
}
