//! Values that are no messages, by their types.
//!
//! This module never takes bytes for a value of another wire type than its type is written in.

use super::descriptor::low;
use super::schema::{Enum, Kind, Schema};
use super::wire::{Wire, varint};
use crate::syntax::input::Input;
use crate::syntax::notation;
use std::str::from_utf8;

/// Why a value does not fit its type.
pub(super) type Misfit = &'static str;

const OTHER: Misfit = "a field is written as another type";

/// Appends one value as JSON: a number without its width, an enum's name, text, or bytes.
pub(super) fn write(
    out: &mut String,
    schema: &Schema,
    kind: Kind,
    wire: Wire<'_>,
) -> Result<(), Misfit> {
    match (kind, wire) {
        (Kind::Double, Wire::I64(bits)) => float(out, f64::from_bits(bits)),
        (Kind::Float, Wire::I32(bits)) => single(out, bits),
        (Kind::Fixed64, Wire::I64(bits)) => out.push_str(&bits.to_string()),
        (Kind::Sfixed64, Wire::I64(bits)) => out.push_str(&signed(bits).to_string()),
        (Kind::Fixed32, Wire::I32(bits)) => out.push_str(&bits.to_string()),
        (Kind::Sfixed32, Wire::I32(bits)) => out.push_str(&bits.cast_signed().to_string()),
        (Kind::Int64, Wire::Varint(number)) => out.push_str(&signed(number).to_string()),
        (Kind::Uint64, Wire::Varint(number)) => out.push_str(&number.to_string()),
        (Kind::Int32, Wire::Varint(number)) => out.push_str(&low(number).to_string()),
        (Kind::Uint32, Wire::Varint(number)) => {
            out.push_str(&low(number).cast_unsigned().to_string());
        }
        (Kind::Sint64, Wire::Varint(number)) => out.push_str(&zigzag(number).to_string()),
        (Kind::Sint32, Wire::Varint(number)) => {
            out.push_str(&zigzag(low(number).cast_unsigned().into()).to_string());
        }
        (Kind::Bool, Wire::Varint(number)) => {
            out.push_str(if number == 0 { "false" } else { "true" });
        }
        (Kind::Enum(of), Wire::Varint(number)) => name(out, schema.enums.get(of), low(number)),
        (Kind::String, Wire::Len(bytes)) => {
            let text = from_utf8(bytes).map_err(|_| "a string is not UTF-8")?;
            notation::text(out, text);
        }
        (Kind::Bytes, Wire::Len(bytes)) => notation::bytes(out, bytes),
        _ => return Err(OTHER),
    }
    Ok(())
}

/// What a field holds that is not there.
pub(super) fn default(kind: Kind) -> Wire<'static> {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Wire::I64(0),
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Wire::I32(0),
        Kind::String | Kind::Bytes | Kind::Message(_) => Wire::Len(b""),
        _ => Wire::Varint(0),
    }
}

/// Appends the values of a list: each by itself, or any number of them packed.
pub(super) fn unpack<'a>(
    values: &mut Vec<Wire<'a>>,
    kind: Kind,
    wire: Wire<'a>,
) -> Result<(), Misfit> {
    let (Wire::Len(bytes), false) = (wire, matches!(kind, Kind::String | Kind::Bytes)) else {
        values.push(wire);
        return Ok(());
    };
    const CUT: Misfit = "packed values are cut short";
    let mut input = Input::new(bytes);
    while input.left() > 0 {
        values.push(match default(kind) {
            Wire::I64(_) => Wire::I64(u64::from_le_bytes(input.array().map_err(|_| CUT)?)),
            Wire::I32(_) => Wire::I32(u32::from_le_bytes(input.array().map_err(|_| CUT)?)),
            _ => Wire::Varint(varint(&mut input).map_err(|_| CUT)?.0),
        });
    }
    Ok(())
}

/// A value that its enum does not name is its number, as a word like any other.
fn name(out: &mut String, of: Option<&Enum>, number: i32) {
    match of.and_then(|names| names.0.get(&number)) {
        Some(name) => notation::text(out, name),
        None => notation::marked(out, &number.to_string()),
    }
}

pub(super) fn float(out: &mut String, number: f64) {
    match notation::float(number) {
        (digits, true) => out.push_str(&digits),
        (word, false) => notation::marked(out, &word),
    }
}

/// The fewest digits that name it among the floats of its width.
fn single(out: &mut String, bits: u32) {
    let number = f32::from_bits(bits);
    match number.is_finite() {
        true => out.push_str(&format!("{number:?}")),
        false => float(out, notation::widen(bits)),
    }
}

fn signed(bits: u64) -> i64 {
    bits.cast_signed()
}

/// Whole numbers of both signs, the small ones first: 0, -1, 1, -2.
fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}
