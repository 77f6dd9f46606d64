//! From heads and their arguments to the items of the shared notation.
//!
//! This module never reads beyond what is there.

use crate::syntax::builder::{Builder, Container, Item, Problem};
use crate::syntax::input::Input;
use crate::syntax::{Unreadable, notation};
use jiff::Timestamp;
use std::str::from_utf8;

/// One value and nothing behind it.
pub fn to_json(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut reader = Reader { input: Input::new(bytes), builder: Builder::default() };
    while !reader.builder.is_done() {
        let start = reader.input;
        reader.value()?.map_err(|problem| start.wrong(problem))?;
    }
    match reader.input.left() {
        0 => Ok(reader.builder.into_json()),
        _ => Err(reader.input.wrong("more bytes after the value")),
    }
}

struct Reader<'a> {
    input: Input<'a>,
    builder: Builder,
}

/// What the outer error says is wrong where the bytes end; the inner, at the start of the value.
type Told = Result<Result<(), Problem>, Unreadable>;

impl Reader<'_> {
    fn value(&mut self) -> Told {
        let head = self.input.byte()?;
        let item = match head {
            0xc0 => Item::Null,
            0xc1 => return Ok(Err("a head that is never used")),
            0xc2 | 0xc3 => Item::Bool(head == 0xc3),
            0x00..=0x7f => Item::Int(head.into()),
            0xe0..=0xff => Item::Int(i8::from_be_bytes([head]).into()),
            0xca => Item::Float(notation::widen(u32::from_be_bytes(self.input.array()?))),
            0xcb => Item::Float(f64::from_be_bytes(self.input.array()?)),
            0xcc..=0xcf => Item::Int(self.unsigned(head - 0xcc)?.into()),
            0xd0 => Item::Int(i8::from_be_bytes(self.input.array()?).into()),
            0xd1 => Item::Int(i16::from_be_bytes(self.input.array()?).into()),
            0xd2 => Item::Int(i32::from_be_bytes(self.input.array()?).into()),
            0xd3 => Item::Int(i64::from_be_bytes(self.input.array()?).into()),
            _ => return self.sized(head),
        };
        Ok(self.builder.item(item))
    }

    /// A number of 1, 2, 4 or 8 bytes.
    fn unsigned(&mut self, width: u8) -> Result<u64, Unreadable> {
        Ok(match width {
            0 => self.input.byte()?.into(),
            1 => u16::from_be_bytes(self.input.array()?).into(),
            2 => u32::from_be_bytes(self.input.array()?).into(),
            _ => u64::from_be_bytes(self.input.array()?),
        })
    }

    fn sized(&mut self, head: u8) -> Told {
        match head {
            0x80..=0x8f => Ok(self.open(Container::Map, u64::from(head & 15) * 2)),
            0x90..=0x9f => Ok(self.open(Container::Array, (head & 15).into())),
            0xa0..=0xbf => self.text((head & 31).into()),
            0xc4..=0xc6 => {
                let length = self.unsigned(head - 0xc4)?;
                let bytes = self.input.take(length)?;
                Ok(self.builder.item(Item::Bytes(bytes)))
            }
            0xc7..=0xc9 => {
                let length = self.unsigned(head - 0xc7)?;
                self.extension(length)
            }
            0xd4..=0xd8 => self.extension(1 << (head - 0xd4)),
            0xd9..=0xdb => {
                let length = self.unsigned(head - 0xd9)?;
                self.text(length)
            }
            0xdc | 0xdd => {
                let size = self.unsigned(head - 0xdc + 1)?;
                Ok(self.open(Container::Array, size))
            }
            _ => {
                let size = self.unsigned(head - 0xde + 1)?;
                Ok(self.open(Container::Map, size * 2))
            }
        }
    }

    /// Each item takes a byte at least: a size that cannot be is refused before it is waited for.
    fn open(&mut self, container: Container, items: u64) -> Result<(), Problem> {
        if items > self.input.left() as u64 {
            return Err("the bytes end within a value");
        }
        self.builder.open(container, Some(items))
    }

    fn text(&mut self, length: u64) -> Told {
        let bytes = self.input.take(length)?;
        Ok(match from_utf8(bytes) {
            Ok(text) => self.builder.item(Item::Text(text)),
            Err(_) => {
                let mut word = "text ".to_owned();
                notation::hex(&mut word, bytes);
                self.builder.item(Item::Word(&word))
            }
        })
    }

    fn extension(&mut self, length: u64) -> Told {
        let kind = i8::from_be_bytes(self.input.array()?);
        let bytes = self.input.take(length)?;
        let moment = if kind == -1 { timestamp(bytes) } else { None };
        Ok(match moment {
            Some(moment) => {
                let opened = self.builder.open(Container::Timestamp, Some(1));
                opened.and_then(|()| self.builder.item(Item::Text(&moment)))
            }
            None => {
                let opened = self.builder.open(Container::Ext(kind), Some(1));
                opened.and_then(|()| self.builder.item(Item::Bytes(bytes)))
            }
        })
    }
}

/// The moment that the extension of type -1 stands for; nothing where it is none of our calendar.
fn timestamp(bytes: &[u8]) -> Option<String> {
    let (seconds, nanoseconds) = match bytes.len() {
        4 => (i64::from(u32::from_be_bytes(bytes.try_into().ok()?)), 0),
        8 => {
            let both = u64::from_be_bytes(bytes.try_into().ok()?);
            (i64::try_from(both & 0x3_ffff_ffff).ok()?, u32::try_from(both >> 34).ok()?)
        }
        _ => {
            let (nanoseconds, seconds) = bytes.split_first_chunk::<4>()?;
            (i64::from_be_bytes(seconds.try_into().ok()?), u32::from_be_bytes(*nanoseconds))
        }
    };
    let nanoseconds = i32::try_from(nanoseconds).ok().filter(|below| *below < 1_000_000_000)?;
    let whole = Timestamp::from_second(seconds).ok()?;
    let moment = whole.checked_add(jiff::SignedDuration::new(0, nanoseconds)).ok()?;
    Some(moment.to_string())
}
