//! Writing a few short pieces as one.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncWrite, ReadBuf};

/// Pieces of so many bytes in all are copied together: up to there the copy costs less than having
/// the kernel gather them.
const SHORT: usize = 8 << 10;

/// Writes what is in the pieces, or the beginning of it.
pub fn poll_write_pieces<S: AsyncWrite>(
    stream: Pin<&mut S>,
    cx: &mut Context<'_>,
    pieces: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    if let [one] = pieces {
        return stream.poll_write(cx, one);
    }
    if pieces.iter().map(|piece| piece.len()).sum::<usize>() > SHORT {
        return stream.poll_write_vectored(cx, pieces);
    }
    let mut space = [const { MaybeUninit::uninit() }; SHORT];
    let mut whole = ReadBuf::uninit(&mut space);
    for piece in pieces {
        whole.put_slice(piece);
    }
    stream.poll_write(cx, whole.filled())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::future::poll_fn;

    /// Takes no more than so many bytes at a time, and keeps what it took by call.
    struct Socket {
        room: usize,
        calls: Vec<(bool, Vec<u8>)>,
    }

    impl AsyncWrite for Socket {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(self.room);
            self.calls.push((false, bytes[..taken].to_vec()));
            Poll::Ready(Ok(taken))
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            pieces: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let all = pieces.iter().flat_map(|piece| piece.iter().copied());
            let bytes: Vec<u8> = all.take(self.room).collect();
            self.calls.push((true, bytes));
            Poll::Ready(Ok(self.calls.last().map_or(0, |(_, bytes)| bytes.len())))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn written(pieces: &[Vec<u8>], room: usize) -> (bool, Vec<u8>) {
        let mut socket = Socket { room, calls: Vec::new() };
        let slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let writing = poll_fn(|cx| poll_write_pieces(Pin::new(&mut socket), cx, &slices));
        let length = runtime.block_on(writing).expect("it takes all it has room for");
        let [call] = <[_; 1]>::try_from(socket.calls).expect("one call");
        assert_eq!(length, call.1.len());
        call
    }

    proptest! {
        #[test]
        fn the_beginning_of_all_pieces_is_written_in_one_call(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..SHORT), 0..5),
            room in 0..3 * SHORT,
        ) {
            let all = pieces.concat();
            let (gathered, bytes) = written(&pieces, room);
            prop_assert_eq!(&bytes[..], &all[..all.len().min(room)]);
            prop_assert_eq!(gathered, pieces.len() != 1 && all.len() > SHORT);
        }
    }

    #[test]
    fn what_just_fits_is_copied() {
        let halves = |extra: usize| [vec![1; SHORT / 2], vec![2; SHORT / 2 + extra]];
        assert_eq!(written(&halves(0), usize::MAX), (false, halves(0).concat()));
        assert_eq!(written(&halves(1), usize::MAX), (true, halves(1).concat()));
    }
}
