//! The fields of one message, as they stand on the wire.

use crate::syntax::Unreadable;
use crate::syntax::input::Input;

/// Groups one within the other; no sender nests them like that, and each is walked through once
/// for each that it stands in.
const MAX_GROUPS: usize = 32;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire<'a> {
    Varint(u64),
    I64(u64),
    Len(&'a [u8]),
    /// The fields between the two tags of a group.
    Group(&'a [u8]),
    I32(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Field<'a> {
    pub number: u32,
    pub wire: Wire<'a>,
    /// Whether its numbers are written in as few bytes as they can be.
    pub minimal: bool,
}

/// The fields of a message in order.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a>(Input<'a>);

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self(Input::new(message))
    }

    fn field(&mut self) -> Result<Field<'a>, Unreadable> {
        let input = &mut self.0;
        let start = *input;
        let (number, kind, minimal) = tag(input)?;
        let (wire, minimal) = match kind {
            3 => (Wire::Group(group(input, number)?), minimal),
            4 => return Err(start.wrong("a group ends that has not begun")),
            _ => {
                let (wire, short) = scalar(input, kind)?;
                (wire, minimal && short)
            }
        };
        Ok(Field { number, wire, minimal })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Unreadable>;

    /// The next field; after an error the rest means nothing.
    fn next(&mut self) -> Option<Self::Item> {
        (self.0.left() > 0).then(|| self.field())
    }
}

/// A field's number, its wire type, and whether both are written in as few bytes as can be.
fn tag(input: &mut Input<'_>) -> Result<(u32, u8, bool), Unreadable> {
    let start = *input;
    let (tag, minimal) = varint(input)?;
    let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
    let number = number.ok_or(start.wrong("no field can have this number"))?;
    Ok((number, (tag & 7) as u8, minimal))
}

/// A value that is no group.
fn scalar<'a>(input: &mut Input<'a>, kind: u8) -> Result<(Wire<'a>, bool), Unreadable> {
    Ok(match kind {
        0 => {
            let (number, minimal) = varint(input)?;
            (Wire::Varint(number), minimal)
        }
        1 => (Wire::I64(u64::from_le_bytes(input.array()?)), true),
        2 => {
            let (length, minimal) = varint(input)?;
            (Wire::Len(input.take(length)?), minimal)
        }
        5 => (Wire::I32(u32::from_le_bytes(input.array()?)), true),
        _ => return Err(input.wrong("there is no such wire type")),
    })
}

/// What stands before the tag that ends a group.
fn group<'a>(input: &mut Input<'a>, number: u32) -> Result<&'a [u8], Unreadable> {
    let start = input.at();
    let mut open = vec![number];
    loop {
        let end = *input;
        let (number, kind, _) = tag(input)?;
        match kind {
            3 if open.len() >= MAX_GROUPS => return Err(end.wrong("too many groups in groups")),
            3 => open.push(number),
            4 if open.pop() != Some(number) => {
                return Err(end.wrong("a group ends that has not begun"));
            }
            4 if open.is_empty() => return Ok(end.since(start)),
            4 => {}
            _ => {
                scalar(input, kind)?;
            }
        }
    }
}

/// A number of up to 64 bits in base 128, the least significant first.
pub(super) fn varint(input: &mut Input<'_>) -> Result<(u64, bool), Unreadable> {
    let start = *input;
    let mut number = 0;
    for place in 0..10 {
        let byte = input.byte()?;
        let bits = u64::from(byte & 0x7f);
        if place == 9 && bits > 1 {
            break;
        }
        number |= bits << (7 * place);
        if byte & 0x80 == 0 {
            return Ok((number, place == 0 || bits != 0));
        }
    }
    Err(start.wrong("a number is wider than 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number, value, and whether it is minimal.
    type Expected<'a> = (u32, Wire<'a>, bool);

    fn check(message: &[u8], expected: Result<&[Expected<'_>], (usize, &'static str)>) {
        let found: Result<Vec<_>, _> = Fields::new(message).collect();
        let field = |&(number, wire, minimal): &_| Field { number, wire, minimal };
        let expected = expected
            .map(|fields| fields.iter().map(field).collect())
            .map_err(|(at, problem)| Unreadable { at, problem });
        assert_eq!(found, expected, "{message:x?}");
    }

    #[test]
    fn fields_are_read_by_their_wire_type() {
        check(b"\x08\x96\x01", Ok(&[(1, Wire::Varint(150), true)]));
        check(b"\x08\x81\x00", Ok(&[(1, Wire::Varint(1), false)]));
        check(b"\x88\x00\x01", Ok(&[(1, Wire::Varint(1), false)]));
        check(
            b"\x12\x02hi\x1d\x01\0\0\0",
            Ok(&[(2, Wire::Len(b"hi"), true), (3, Wire::I32(1), true)]),
        );
        check(b"\x21\x01\0\0\0\0\0\0\0", Ok(&[(4, Wire::I64(1), true)]));
        check(b"\x0b\x13\x14\x10\x01\x0c", Ok(&[(1, Wire::Group(b"\x13\x14\x10\x01"), true)]));
        let most = b"\xf8\xff\xff\xff\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        check(most, Ok(&[((1 << 29) - 1, Wire::Varint(u64::MAX), true)]));
    }

    #[test]
    fn what_is_no_message_says_where_and_why() {
        let (end, number) = ("the bytes end within a value", "no field can have this number");
        check(b"\x08", Err((1, end)));
        check(b"\x0a\x05hi", Err((2, end)));
        check(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", Err((10, end)));
        check(b"\x00\x01", Err((0, number)));
        check(b"\x80\x80\x80\x80\x10\x01", Err((0, number)));
        check(b"\x0e", Err((1, "there is no such wire type")));
        check(b"\x0c", Err((0, "a group ends that has not begun")));
        check(b"\x0b\x14", Err((1, "a group ends that has not begun")));
        check(b"\x0b\x08\x01", Err((3, end)));
        let wide = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
        check(wide, Err((1, "a number is wider than 64 bits")));
        check(&[0x0b; 1_000_000], Err((32, "too many groups in groups")));
    }
}
