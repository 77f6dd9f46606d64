//! From heads and their arguments to the items of the shared notation.
//!
//! This module never reads beyond what is there.

use crate::syntax::builder::{Builder, Container, Item, Problem};
use crate::syntax::input::Input;
use crate::syntax::{Unreadable, notation};
use std::borrow::Cow;
use std::str::from_utf8;

/// A longer big number stays the bytes that it is written in.
const MAX_NUMBER: usize = 256;

/// One data item and nothing behind it.
pub fn to_json(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut reader = Reader { input: Input::new(bytes), builder: Builder::default() };
    while !reader.builder.is_done() {
        reader.item()?;
    }
    match reader.input.left() {
        0 => Ok(reader.builder.into_json()),
        _ => Err(reader.input.wrong("more bytes after the value")),
    }
}

/// A CBOR sequence (RFC 8742) as an array of its items.
pub fn sequence_to_json(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut reader = Reader { input: Input::new(bytes), builder: Builder::default() };
    let outside = |problem| Unreadable { at: bytes.len(), problem };
    reader.builder.open(Container::Array, None).map_err(outside)?;
    while reader.input.left() > 0 && !reader.builder.is_done() {
        reader.item()?;
    }
    if reader.builder.is_done() {
        return Err(reader.input.wrong("nothing of open length ends here"));
    }
    reader.builder.end().map_err(|_| outside("the bytes end within a value"))?;
    match reader.builder.is_done() {
        true => Ok(reader.builder.into_json()),
        false => Err(outside("the bytes end within a value")),
    }
}

/// What the head of an item tells.
#[derive(Clone, Copy)]
enum Argument {
    Value(u64),
    /// The length is open: a break ends it.
    Open,
}

struct Reader<'a> {
    input: Input<'a>,
    builder: Builder,
}

impl<'a> Reader<'a> {
    /// Reads the next head and, of a string, its content.
    fn item(&mut self) -> Result<(), Unreadable> {
        let start = self.input;
        let (major, info) = self.head()?;
        if major == 7 {
            return self.simple(start, info);
        }
        let argument = self.argument(info)?;
        let told = match (major, argument) {
            (0, Argument::Value(number)) => self.builder.item(Item::Int(number.into())),
            (1, Argument::Value(number)) => self.builder.item(Item::Int(-1 - i128::from(number))),
            (2, _) => {
                let bytes = self.string(major, argument)?;
                self.builder.item(Item::Bytes(&bytes))
            }
            (3, _) => {
                let bytes = self.string(major, argument)?;
                let text = from_utf8(&bytes).map_err(|_| start.wrong("text is not UTF-8"))?;
                self.builder.item(Item::Text(text))
            }
            (4, Argument::Value(size)) => self.open(Container::Array, size, 1),
            (5, Argument::Value(size)) => self.open(Container::Map, size, 2),
            (4, Argument::Open) => self.builder.open(Container::Array, None),
            (5, Argument::Open) => self.builder.open(Container::Map, None),
            (6, Argument::Value(tag)) => self.tag(tag)?,
            _ => Err("a number or a tag has no open length"),
        };
        told.map_err(|problem| start.wrong(problem))
    }

    fn head(&mut self) -> Result<(u8, u8), Unreadable> {
        let byte = self.input.byte()?;
        Ok((byte >> 5, byte & 0x1f))
    }

    fn argument(&mut self, info: u8) -> Result<Argument, Unreadable> {
        Ok(Argument::Value(match info {
            0..=23 => info.into(),
            24 => self.input.byte()?.into(),
            25 => u16::from_be_bytes(self.input.array()?).into(),
            26 => u32::from_be_bytes(self.input.array()?).into(),
            27 => u64::from_be_bytes(self.input.array()?),
            31 => return Ok(Argument::Open),
            _ => return Err(self.input.wrong("a head of a kind that is reserved")),
        }))
    }

    /// Floats, `true` and its like, and the end of what has an open length.
    fn simple(&mut self, start: Input<'_>, info: u8) -> Result<(), Unreadable> {
        let word;
        let item = match info {
            20 | 21 => Item::Bool(info == 21),
            22 => Item::Null,
            23 => Item::Word("undefined"),
            0..=19 | 24 => {
                let number = if info == 24 { self.input.byte()? } else { info };
                if info == 24 && number < 32 {
                    return Err(start.wrong("a simple value is written in a way that is reserved"));
                }
                word = format!("simple({number})");
                Item::Word(&word)
            }
            25 => Item::Float(notation::widen_half(u16::from_be_bytes(self.input.array()?))),
            26 => Item::Float(notation::widen(u32::from_be_bytes(self.input.array()?))),
            27 => Item::Float(f64::from_be_bytes(self.input.array()?)),
            31 => return self.builder.end().map_err(|problem| start.wrong(problem)),
            _ => return Err(start.wrong("a head of a kind that is reserved")),
        };
        self.builder.item(item).map_err(|problem| start.wrong(problem))
    }

    /// Each item takes a byte at least: a size that cannot be is refused before it is waited for.
    fn open(&mut self, container: Container, size: u64, each: u64) -> Result<(), Problem> {
        let items = size.checked_mul(each).filter(|items| *items <= self.input.left() as u64);
        self.builder.open(container, Some(items.ok_or("the bytes end within a value")?))
    }

    /// The content of a string, in one piece or in several of the same kind.
    fn string(&mut self, major: u8, argument: Argument) -> Result<Cow<'a, [u8]>, Unreadable> {
        if let Argument::Value(length) = argument {
            return Ok(Cow::Borrowed(self.input.take(length)?));
        }
        let mut whole = Vec::new();
        loop {
            let start = self.input;
            let (chunk, info) = self.head()?;
            if (chunk, info) == (7, 31) {
                return Ok(Cow::Owned(whole));
            }
            let piece = match self.argument(info)? {
                Argument::Value(length) if chunk == major => self.input.take(length)?,
                _ => return Err(start.wrong("a string holds a piece of another kind")),
            };
            if major == 3 && from_utf8(piece).is_err() {
                return Err(start.wrong("text is not UTF-8"));
            }
            whole.extend_from_slice(piece);
        }
    }

    /// Opens a tag, or reads the number that a big number is (RFC 8949, section 3.4.3).
    fn tag(&mut self, tag: u64) -> Result<Result<(), Problem>, Unreadable> {
        let bytes_follow = self.input.peek().is_some_and(|byte| byte >> 5 == 2);
        if !matches!(tag, 2 | 3) || !bytes_follow {
            return Ok(self.builder.open(Container::Tag(tag), Some(1)));
        }
        let (major, info) = self.head()?;
        let argument = self.argument(info)?;
        let bytes = self.string(major, argument)?.into_owned();
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let bytes = bytes.get(zeros..).unwrap_or_default();
        if bytes.len() > MAX_NUMBER {
            let opened = self.builder.open(Container::Tag(tag), Some(1));
            return Ok(opened.and_then(|()| self.builder.item(Item::Bytes(bytes))));
        }
        let number = if tag == 2 { notation::decimal(bytes) } else { below_zero(bytes) };
        Ok(self.builder.item(Item::Digits(&number)))
    }
}

/// The digits of -1 less a number.
fn below_zero(bytes: &[u8]) -> String {
    let mut next = [&[0], bytes].concat();
    for byte in next.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    format!("-{}", notation::decimal(&next))
}
