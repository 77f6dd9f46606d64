//! The candidate's body while it comes in: as long as it is the same as the primary's, byte by
//! byte, it is not kept. Equal answers, which most are, hold the memory of one.
//!
//! This module never looks further than the next byte: what counts as equal is decided elsewhere.

use crate::model::Payload;
use bytes::Bytes;

/// A body as far as it has come.
pub(super) struct Arriving<'a> {
    original: &'a Payload,
    /// How many bytes were the same as the original's; none once one was not.
    same: Option<Position<'a>>,
    kept: Payload,
    len: usize,
}

/// A place in the original.
struct Position<'a> {
    rest: &'a [u8],
    /// The number of the next chunk.
    next: usize,
}

impl<'a> Arriving<'a> {
    /// Nothing has come of a body that is likely to be like the original.
    pub fn new(original: &'a Payload) -> Self {
        let same = Some(Position { rest: &[], next: 0 });
        Self { original, same, kept: Payload::default(), len: 0 }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Takes the next chunk; says how many bytes of it have to be kept.
    pub fn push(&mut self, chunk: Bytes) -> usize {
        let before = self.len;
        self.len += chunk.len();
        let original = self.original;
        if self.same.as_mut().is_some_and(|position| position.follow(original, &chunk)) {
            return 0;
        }
        if self.same.take().is_some() {
            self.kept = original.prefix(before);
        }
        let more = chunk.len();
        self.kept.push(chunk);
        more
    }

    /// Whether all that has come is the whole original.
    pub fn is_same(&self) -> bool {
        self.same.is_some() && self.len == self.original.len()
    }

    /// The body, once all of it has come.
    pub fn finish(self) -> Payload {
        match self.same {
            Some(_) => self.original.prefix(self.len),
            None => self.kept,
        }
    }
}

impl<'a> Position<'a> {
    /// Goes on by as many bytes as the chunk has, where they are the same.
    fn follow(&mut self, original: &'a Payload, chunk: &[u8]) -> bool {
        let mut chunk = chunk;
        while !chunk.is_empty() {
            if self.rest.is_empty() {
                let Some(chunk) = original.chunk(self.next) else { return false };
                (self.rest, self.next) = (chunk, self.next + 1);
            }
            let common = chunk.len().min(self.rest.len());
            let ((ours, left), (theirs, rest)) =
                (chunk.split_at(common), self.rest.split_at(common));
            if ours != theirs {
                return false;
            }
            (chunk, self.rest) = (left, rest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{Strategy, any, proptest};
    use proptest::{collection, prop_assert_eq};

    fn payload(chunks: &[Vec<u8>]) -> Payload {
        let mut payload = Payload::default();
        chunks.iter().for_each(|chunk| payload.push(Bytes::from(chunk.clone())));
        payload
    }

    /// What arrives in these chunks, and how much of it had to be kept.
    fn arrive(original: &Payload, chunks: &[&[u8]]) -> (Payload, usize) {
        let mut arriving = Arriving::new(original);
        let kept = chunks.iter().map(|chunk| arriving.push(Bytes::copy_from_slice(chunk))).sum();
        (arriving.finish(), kept)
    }

    #[test]
    fn a_body_that_is_the_same_is_not_kept_however_it_is_cut() {
        let original = payload(&[b"one ".to_vec(), b"two".to_vec()]);
        for chunks in [&[&b"one two"[..]][..], &[b"o", b"ne t", b"wo"], &[b"", b"one two"]] {
            let (body, kept) = arrive(&original, chunks);
            assert_eq!((body.joined().as_ref(), kept), (&b"one two"[..], 0));
        }
    }

    #[test]
    fn from_the_first_other_byte_on_everything_is_kept() {
        let original = payload(&[b"one ".to_vec(), b"two".to_vec()]);
        for (chunks, whole, bytes) in [
            (&[&b"one t"[..], b"en"][..], &b"one ten"[..], 2),
            (&[b"one two", b"!"], b"one two!", 1),
            (&[b"six"], b"six", 3),
            (&[b"one"], b"one", 0),
            (&[], b"", 0),
        ] {
            let (body, kept) = arrive(&original, chunks);
            assert_eq!((body.joined().as_ref(), kept), (whole, bytes));
        }
    }

    fn chunks() -> impl Strategy<Value = Vec<Vec<u8>>> {
        collection::vec(collection::vec(any::<bool>().prop_map(u8::from), 0..4), 0..6)
    }

    proptest! {
        #[test]
        fn what_arrives_is_what_was_sent(original in chunks(), sent in chunks()) {
            let slices: Vec<&[u8]> = sent.iter().map(Vec::as_slice).collect();
            let (body, _) = arrive(&payload(&original), &slices);
            prop_assert_eq!(body.joined().to_vec(), sent.concat());
            prop_assert_eq!(body.len(), sent.concat().len());
        }
    }
}
