//! How a block of fields begins (RFC 7541 section 6). Pure.

/// The flags of a HEADERS frame by which something stands before its block (RFC 9113 section 6.2).
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;

/// So many bytes of a HEADERS frame tell how its block begins.
pub const OPENING: usize = 32;

/// Those of the static table that are pseudo-fields (RFC 7541 appendix A).
const PSEUDO: std::ops::RangeInclusive<u8> = 1..=14;

/// The first eight bits of a name that begins with a colon, as it is and as a Huffman code of seven
/// bits (RFC 7541 appendix B).
const COLON: u8 = b':';
const COLON_CODE: u8 = 0b101_1100;

/// Whether the first field in the payload of a HEADERS frame with these flags is a pseudo-field. One
/// whose name stands in the dynamic table is not found.
pub fn begins_with_pseudo(flags: u8, payload: &[u8]) -> bool {
    let before = usize::from(flags & PADDED != 0) + if flags & PRIORITY == 0 { 0 } else { 5 };
    let mut block = payload.get(before..).unwrap_or_default();
    while let [first @ 0x20..=0x3f, rest @ ..] = block {
        block = after_integer(*first, 0x1f, rest);
    }
    match block {
        [first @ 0x80..=0xff, ..] => PSEUDO.contains(&(first & 0x7f)),
        [0x40 | 0x10 | 0x00, name @ ..] => begins_with_colon(name),
        [first @ 0x40..=0x7f, ..] => PSEUDO.contains(&(first & 0x3f)),
        [first, ..] => PSEUDO.contains(&(first & 0x0f)),
        [] => false,
    }
}

/// A name: the length of it, which the highest bit says to be coded, and its bytes.
fn begins_with_colon(name: &[u8]) -> bool {
    let [length, rest @ ..] = name else { return false };
    match (length >> 7, after_integer(*length, 0x7f, rest)) {
        (_, []) => false,
        (0, [first, ..]) => *first == COLON,
        (_, [first, ..]) => first >> 1 == COLON_CODE,
    }
}

/// What follows an integer that began in the bits of `mask` (RFC 7541 section 5.1).
fn after_integer(first: u8, mask: u8, rest: &[u8]) -> &[u8] {
    if first & mask != mask {
        return rest;
    }
    let more = rest.iter().take_while(|byte| **byte >= 0x80).count();
    rest.get(more + 1..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn pseudo_fields_are_found_however_they_are_written() {
        for (flags, payload) in [
            (0, &[0x83][..]),
            (0, &[0x81]),
            (0, &[0x8e]),
            // :method, with a value of its own: indexed, not indexed, never indexed.
            (0, &[0x42, 1, b'X']),
            (0, &[0x02, 1, b'X']),
            (0, &[0x12, 1, b'X']),
            (0, b"\x40\x05:path\x01/"),
            (0, b"\x00\x05:path\x01/"),
            (0, b"\x10\x7f\x01:and more"),
            // ":path", coded.
            (0, &[0x40, 0x84, 0xb9, 0x58, 0xd3, 0x3f, 1, b'/']),
            // After changes of the table's size.
            (0, &[0x20, 0x3f, 0xe1, 0x1f, 0x84]),
            (PADDED, &[0, 0x84]),
            (PRIORITY, &[0, 0, 0, 0, 9, 0x84]),
            (PADDED | PRIORITY, &[0, 0, 0, 0, 0, 9, 0x84]),
        ] {
            assert!(begins_with_pseudo(flags, payload), "{flags} {payload:x?}");
        }
    }

    #[test]
    fn other_fields_are_not() {
        for (flags, payload) in [
            (0, &[][..]),
            (0, &[0x80]),
            (0, &[0x8f]),
            (0, &[0xbe]),
            (0, &[0xff, 0x01]),
            (0, &[0x4f, 1, b'x']),
            (0, &[0x7f, 0x01, 1, b'x']),
            (0, &[0x0f, 0x01, 1, b'x']),
            (0, &[0x1f, 0x01, 1, b'x']),
            (0, b"\x40\x03x:y\x01z"),
            (0, b"\x00\x00\x01z"),
            (0, &[0x40, 0x84, 0xf2, 0xb2, 0x4a, 0x84]),
            (0, &[0x3f, 0xff, 0xff]),
            (PADDED, &[0x84]),
            (PRIORITY, &[0x84, 0x84]),
        ] {
            assert!(!begins_with_pseudo(flags, payload), "{flags} {payload:x?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_many(flags: u8, payload in vec(any::<u8>(), 0..OPENING)) {
            begins_with_pseudo(flags, &payload);
        }
    }
}
