//! The well-known types, written as what they stand for.
//!
//! | type | its JSON text |
//! | --- | --- |
//! | `Timestamp` | RFC 3339: `"2026-01-01T00:00:00Z"` |
//! | `Duration` | seconds: `"1.5s"` |
//! | `Int32Value` and the like | the value alone |
//! | `Struct`, `Value`, `ListValue` | the JSON that they hold |
//! | `Any` | its fields, behind the type: `{"@type":"…/shop.Order","id":1}` |
//!
//! One that holds more than it should (a time out of the calendar, a field that nobody knows) is
//! written as any other message.
//!
//! This module never opens a message itself: it says which is next.

use super::scalar::{self, Misfit};
use super::schema::{Kind, Known};
use super::typed::{Entry, Frame, Writer, piece};
use super::wire::Wire;
use crate::syntax::notation;
use jiff::Timestamp;
use std::str::from_utf8;

/// The fields of a message that are left to be written; nothing where it is written, or next.
type Left<'s, 'a> = Option<Vec<Entry<'s, 'a>>>;

/// Writes a message that means more than its fields, where it does.
pub(super) fn write<'s, 'a>(
    writer: &mut Writer<'_, 's, 'a>,
    known: Known,
    of: usize,
    entries: Vec<Entry<'s, 'a>>,
) -> Result<Left<'s, 'a>, Misfit> {
    if known == Known::No || entries.iter().any(|entry| entry.field.is_none()) {
        return Ok(Some(entries));
    }
    match known {
        Known::No => Ok(Some(entries)),
        Known::Timestamp => Ok(text(writer, moment(&entries), entries)),
        Known::Duration => Ok(text(writer, duration(&entries), entries)),
        Known::Wrapper | Known::Struct | Known::ListValue => only(writer, of, entries),
        Known::Value => value(writer, entries),
        Known::Any => any(writer, &entries),
    }
}

fn text<'s, 'a>(
    writer: &mut Writer<'_, 's, 'a>,
    text: Option<String>,
    entries: Vec<Entry<'s, 'a>>,
) -> Left<'s, 'a> {
    match text {
        Some(text) => {
            notation::text(&mut writer.out, &text);
            None
        }
        None => Some(entries),
    }
}

/// The last value of a field that is a whole number; zero where it is not there.
fn whole(entries: &[Entry<'_, '_>], number: u32) -> Option<i64> {
    match entries.iter().find(|entry| entry.number == number) {
        None => Some(0),
        Some(entry) => match entry.values.last() {
            None => Some(0),
            Some(Wire::Varint(value)) => Some(value.cast_signed()),
            Some(_) => None,
        },
    }
}

fn moment(entries: &[Entry<'_, '_>]) -> Option<String> {
    /// The first moment of the year 1.
    const FIRST: i64 = -62_135_596_800;
    let (seconds, nanos) = (whole(entries, 1)?, whole(entries, 2)?);
    let nanos = i32::try_from(nanos).ok().filter(|nanos| (0..1_000_000_000).contains(nanos))?;
    let whole = Timestamp::from_second(seconds).ok().filter(|_| seconds >= FIRST)?;
    let moment = whole.checked_add(jiff::SignedDuration::new(0, nanos)).ok()?;
    Some(moment.to_string())
}

fn duration(entries: &[Entry<'_, '_>]) -> Option<String> {
    /// Ten thousand years.
    const MOST: u64 = 315_576_000_000;
    let (seconds, nanos) = (whole(entries, 1)?, whole(entries, 2)?);
    let one_sign = (seconds >= 0 && nanos >= 0) || (seconds <= 0 && nanos <= 0);
    if !one_sign || seconds.unsigned_abs() > MOST || nanos.unsigned_abs() >= 1_000_000_000 {
        return None;
    }
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    let digits = format!("{:09}", nanos.unsigned_abs());
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    Some(format!("{sign}{}{point}{digits}s", seconds.unsigned_abs()))
}

/// A message that is the only field it has.
fn only<'s, 'a>(
    writer: &mut Writer<'_, 's, 'a>,
    of: usize,
    entries: Vec<Entry<'s, 'a>>,
) -> Result<Left<'s, 'a>, Misfit> {
    let field = writer.schema.messages.get(of).and_then(|message| message.fields.get(&1));
    let Some(field) = field else { return Ok(Some(entries)) };
    let values = entries.into_iter().flat_map(|entry| entry.values).collect();
    writer.values(field, values)?;
    Ok(None)
}

/// A value of JSON; which sort it is, is a `oneof`.
fn value<'s, 'a>(
    writer: &mut Writer<'_, 's, 'a>,
    entries: Vec<Entry<'s, 'a>>,
) -> Result<Left<'s, 'a>, Misfit> {
    let mut entries = entries.into_iter();
    match entries.next() {
        None => notation::marked(&mut writer.out, "unset"),
        Some(Entry { number: 1, .. }) => writer.out.push_str("null"),
        Some(Entry { field: Some(field), values, .. }) => writer.values(field, values)?,
        Some(entry) => return Ok(Some(vec![entry])),
    }
    Ok(None)
}

/// A message of any type, which its name tells; one that nobody knows is its bytes.
fn any<'s, 'a>(
    writer: &mut Writer<'_, 's, 'a>,
    entries: &[Entry<'s, 'a>],
) -> Result<Left<'s, 'a>, Misfit> {
    let last = |number: u32| {
        let entry = entries.iter().find(|entry| entry.number == number);
        entry.and_then(|entry| entry.values.last()).copied().unwrap_or(Wire::Len(b""))
    };
    let url = from_utf8(piece(last(1))?).map_err(|_| "a string is not UTF-8")?;
    let bytes = last(2);
    writer.out.push_str("{\"@type\":");
    notation::text(&mut writer.out, url);
    let name = url.rsplit('/').next().unwrap_or(url);
    let Some(of) = writer.schema.message(name).map(|of| of.message) else {
        writer.out.push_str(",\"value\":");
        scalar::write(&mut writer.out, writer.schema, Kind::Bytes, bytes)?;
        writer.out.push('}');
        return Ok(None);
    };
    let pieces = vec![piece(bytes)?];
    let known = writer.schema.messages.get(of).map_or(Known::No, |message| message.known);
    if known == Known::No {
        let entries = writer.entries(of, &pieces)?.into_iter();
        writer.open.push(Frame::Fields { entries, any: true });
    } else {
        writer.out.push_str(",\"value\":");
        writer.open.extend([Frame::Close('}'), Frame::One { of, pieces }]);
    }
    Ok(None)
}
