//! Resets among the frames that are written. Pure.

use crate::base::frames::sieve::{HEAD, Head, RST_STREAM};

/// A RST_STREAM frame: a head and an error code (RFC 9113 section 6.4), in bytes.
const RESET: usize = HEAD + 4;

/// How far the frames have been written.
#[derive(Default)]
pub struct Resets {
    /// So many bytes belong to a frame that has been looked at.
    pass: usize,
    /// The start of one of which not all has been written.
    start: Vec<u8>,
}

impl Resets {
    /// Tells of the stream and the error code of each that more bytes complete.
    pub fn note(&mut self, mut bytes: &[u8], mut tell: impl FnMut(u32, u32)) {
        while !bytes.is_empty() {
            let (passed, rest) = bytes.split_at(self.pass.min(bytes.len()));
            self.pass -= passed.len();
            bytes = match self.start.is_empty() {
                true => self.look(rest, &mut tell),
                false => self.complete(rest, &mut tell),
            };
        }
    }

    /// Looks at the frame that bytes begin with; gives what follows its start.
    fn look<'a>(&mut self, bytes: &'a [u8], tell: &mut impl FnMut(u32, u32)) -> &'a [u8] {
        let Some((length, reset)) = read(bytes) else {
            self.start.extend_from_slice(bytes);
            return &[];
        };
        if let Some((stream, code)) = reset {
            tell(stream, code);
        }
        self.pass = length;
        bytes
    }

    /// The same of one that has begun.
    fn complete<'a>(&mut self, bytes: &'a [u8], tell: &mut impl FnMut(u32, u32)) -> &'a [u8] {
        let (more, rest) = bytes.split_at(1.min(bytes.len()));
        self.start.extend_from_slice(more);
        if let Some((length, reset)) = read(&self.start) {
            if let Some((stream, code)) = reset {
                tell(stream, code);
            }
            self.pass = length - self.start.len();
            self.start.clear();
        }
        rest
    }
}

type Reset = (u32, u32);

/// The length of the frame that bytes begin with, and what it resets; nothing where they do not tell.
fn read(bytes: &[u8]) -> Option<(usize, Option<Reset>)> {
    let head = Head::read(bytes)?;
    let length = HEAD + head.length;
    if head.kind != RST_STREAM || length != RESET {
        return Some((length, None));
    }
    let code = bytes.get(HEAD..)?.first_chunk()?;
    Some((length, Some((head.stream, u32::from_be_bytes(*code)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&length[1..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
    }

    proptest! {
        #[test]
        fn each_reset_is_told_of_however_the_frames_are_cut(
            frames in vec((0_u8..5, 0_u32..1 << 31, vec(any::<u8>(), 0..9)), 0..9),
            pieces in vec(1_usize..30, 1..80),
        ) {
            let (mut bytes, mut expected, mut told) = (Vec::new(), Vec::new(), Vec::new());
            for (kind, stream, payload) in &frames {
                bytes.extend(frame(*kind, *stream, payload));
                if let (RST_STREAM, Ok(code)) = (*kind, <[u8; 4]>::try_from(&payload[..])) {
                    expected.push((*stream, u32::from_be_bytes(code)));
                }
            }
            let mut resets = Resets::default();
            let mut rest = &bytes[..];
            for piece in pieces.iter().cycle() {
                let (some, more) = rest.split_at(rest.len().min(*piece));
                resets.note(some, |stream, code| told.push((stream, code)));
                rest = more;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(told, expected);
        }
    }
}
