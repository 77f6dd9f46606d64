//! Connections of HTTP/2, frame by frame.

use shadowdiff::base::{Frames, PREFACE};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, ReadBuf};

const HEAD: usize = 9;

/// What a side begins with: SETTINGS.
const BEGUN: &[u8; HEAD] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// So much of frames that carry nothing is not left out any more.
const FLOOD: usize = HEAD * 10_000;

/// A connection that gives so many bytes at one time.
struct Pieces<'a> {
    bytes: &'a [u8],
    piece: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = self.piece.min(buffer.remaining()).min(self.bytes.len());
        let (piece, rest) = self.bytes.split_at(length);
        buffer.put_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}

/// All that is read of it, so many bytes at most at one time.
fn read_all(mut frames: Frames<Pieces<'_>>, most: usize) -> Vec<u8> {
    let (mut all, mut space) = (Vec::new(), vec![0; most]);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        let mut buffer = ReadBuf::new(&mut space);
        match Pin::new(&mut frames).poll_read(&mut cx, &mut buffer) {
            Poll::Pending => {}
            Poll::Ready(read) => {
                read.expect("nothing fails");
                match buffer.filled() {
                    [] => return all,
                    some => all.extend_from_slice(some),
                }
            }
        }
    }
}

/// What is read of a server behind what it begins with.
fn read(bytes: &[u8], piece: usize, most: usize) -> Vec<u8> {
    let bytes = [BEGUN, bytes].concat();
    let all = read_all(Frames::of_server(Pieces { bytes: &bytes, piece }), most);
    all.strip_prefix(BEGUN).expect("it passes").to_vec()
}

/// The same of a client.
fn read_client(bytes: &[u8], piece: usize, most: usize) -> Vec<u8> {
    let begun = [&[b'p'; PREFACE], &BEGUN[..]].concat();
    let bytes = [&begun, bytes].concat();
    let all = read_all(Frames::of_client(Pieces { bytes: &bytes, piece }), most);
    all.strip_prefix(&begun[..]).expect("it passes").to_vec()
}

/// However a connection is cut, the same of it is read: all but whole frames that carry nothing. The
/// first byte says how it is cut.
pub fn frames(bytes: &[u8]) {
    let Some((&cut, bytes)) = bytes.split_first() else { return };
    let whole = read(bytes, usize::MAX, 8 << 10);
    let of_client = read_client(bytes, usize::MAX, 8 << 10);
    let cut = usize::from(cut);
    assert_eq!(read(bytes, cut % 13 + 1, cut / 13 + 1), whole);
    assert_eq!(read_client(bytes, cut % 13 + 1, cut / 13 + 1), of_client);
    assert_eq!(of_client.len(), whole.len());
    assert_eq!((bytes.len() - whole.len()) % HEAD, 0);
    // What is too much of nothing passes, and is less of it then.
    if bytes.len() < FLOOD {
        assert_eq!(read(&whole, usize::MAX, 8 << 10), whole, "there is nothing more to leave out");
    }
}
