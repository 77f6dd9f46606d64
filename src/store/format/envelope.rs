//! Records as bytes: a header with version, encoding, length and checksum, the payload
//! (compressed where it is long), and all of it cut into pieces that the database likes.
//!
//! ```text
//! version 1 | encoding 1 | payload length 4 | xxh3-64 of key, version, encoding, payload 8 | payload
//! ```
//! Numbers are little-endian. Piece `n` lies at the record's key followed by `n` as two big-endian
//! bytes. Pieces beyond the record's length are what is left of a longer, older one.
//!
//! This module never knows what a record says.

use std::io;
use xxhash_rust::xxh3::Xxh3;

/// The version of the header and of the record types together.
const VERSION: u8 = 1;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const HEADER: usize = 14;

/// Longer payloads are compressed.
const COMPRESS_OVER: usize = 1024;
/// The longest value of the database: longer ones spill into files of their own, which leak.
pub(in crate::store) const PIECE: usize = 4096;
/// Pieces of the longest record that can be taken away.
const MAX_ERASED: u16 = 4;
/// No record is longer than this when it is unpacked: a sample has at most some 80 KiB of text.
const MAX_PAYLOAD: usize = 4 << 20;

/// Why bytes are not a record.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum EnvelopeError {
    #[error("it is cut off")]
    Short,
    #[error("its version {0} is not {VERSION}")]
    Version(u8),
    #[error("its encoding {0} is not known")]
    Encoding(u8),
    #[error("its checksum does not fit")]
    Checksum,
    #[error("it cannot be unpacked")]
    Unpack(#[from] io::Error),
}

/// A record's pieces, each with its key.
pub(in crate::store) fn seal(key: &[u8], payload: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let packed = (payload.len() > COMPRESS_OVER).then(|| zstd::bulk::compress(payload, 1).ok());
    let (encoding, payload) = match packed.flatten() {
        Some(packed) => (ZSTD, packed),
        None => (PLAIN, payload.to_vec()),
    };
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut record = vec![VERSION, encoding];
    record.extend(length.to_le_bytes());
    record.extend(checksum(key, encoding, &payload).to_le_bytes());
    record.extend(payload);
    (0u16..)
        .zip(record.chunks(PIECE))
        .map(|(n, piece)| (piece_key(key, n), piece.to_vec()))
        .collect()
}

/// What takes away the pieces of a short record: one that fits into [`MAX_ERASED`] of them.
pub(in crate::store) fn erase(key: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    (0..MAX_ERASED).map(|number| (piece_key(key, number), Vec::new())).collect()
}

/// The payload of a record whose pieces were joined in their order.
pub(in crate::store) fn open(key: &[u8], record: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let (header, rest) = record.split_first_chunk::<HEADER>().ok_or(EnvelopeError::Short)?;
    let [version, encoding, l0, l1, l2, l3, sum @ ..] = *header;
    if version != VERSION {
        return Err(EnvelopeError::Version(version));
    }
    let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    let payload = rest.get(..length).ok_or(EnvelopeError::Short)?;
    if checksum(key, encoding, payload) != u64::from_le_bytes(sum) {
        return Err(EnvelopeError::Checksum);
    }
    match encoding {
        PLAIN => Ok(payload.to_vec()),
        ZSTD => Ok(zstd::bulk::decompress(payload, MAX_PAYLOAD)?),
        other => Err(EnvelopeError::Encoding(other)),
    }
}

/// The record's key in the key of one of its pieces, and which piece it is.
pub(in crate::store) fn split_key(piece_key: &[u8]) -> Option<(&[u8], u16)> {
    let (key, number) = piece_key.split_last_chunk::<2>()?;
    Some((key, u16::from_be_bytes(*number)))
}

fn piece_key(key: &[u8], number: u16) -> Vec<u8> {
    [key, &number.to_be_bytes()].concat()
}

/// The key belongs to it, so that a record found under another key is not taken for its own.
fn checksum(key: &[u8], encoding: u8, payload: &[u8]) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(key);
    hash.update(&[VERSION, encoding]);
    hash.update(payload);
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn join(pieces: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        pieces.iter().flat_map(|(_, piece)| piece.clone()).collect()
    }

    #[test]
    fn a_short_record_has_these_bytes() {
        let pieces = seal(b"k", b"payload");
        let expected = b"\x01\x00\x07\x00\x00\x00\xbe\xa7\xb9\x45\x5e\xf3\x6e\x4epayload";
        assert_eq!(pieces, [(b"k\0\0".to_vec(), expected.to_vec())]);
    }

    #[test]
    fn a_long_record_is_compressed_and_cut() {
        assert_eq!(seal(b"k", &[b'x'; 100_000]).len(), 1);
        let noise: Vec<u8> =
            (0..100_000u32).map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[0]).collect();
        let pieces = seal(b"k", &noise);
        assert!(pieces.len() > 20 && pieces.iter().all(|(_, piece)| piece.len() <= PIECE));
        assert_eq!(split_key(&pieces[3].0), Some((&b"k"[..], 3)));
        assert_eq!(open(b"k", &join(&pieces)).ok(), Some(noise));
    }

    #[test]
    fn what_an_older_longer_record_left_behind_is_not_read() {
        let mut record = join(&seal(b"k", b"new"));
        record.extend(b"old");
        assert_eq!(open(b"k", &record).ok(), Some(b"new".to_vec()));
    }

    #[test]
    fn a_record_is_refused_under_another_key_or_version() {
        let mut record = join(&seal(b"k", b"payload"));
        assert!(matches!(open(b"j", &record), Err(EnvelopeError::Checksum)));
        record[0] = 2;
        assert!(matches!(open(b"k", &record), Err(EnvelopeError::Version(2))));
    }

    proptest! {
        #[test]
        fn a_record_with_a_wrong_byte_is_refused(
            payload in proptest::collection::vec(any::<u8>(), 0..3000),
            place in any::<prop::sample::Index>(),
            flip in 1u8..,
        ) {
            let mut record = join(&seal(b"key", &payload));
            prop_assert_eq!(open(b"key", &record).ok(), Some(payload));
            let place = place.index(record.len());
            record[place] ^= flip;
            prop_assert!(open(b"key", &record).is_err());
        }

        #[test]
        fn any_bytes_are_a_record_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            open(b"key", &bytes).ok();
        }
    }
}
