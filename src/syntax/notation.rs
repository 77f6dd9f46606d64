//! What JSON lacks, written in JSON: one notation for CBOR, MessagePack and protobuf.
//!
//! | value | its JSON text |
//! | --- | --- |
//! | bytes | `"¤h'00ff'"` |
//! | no number, and beyond all numbers | `"¤NaN"`, `"¤Infinity"`, `"¤-Infinity"` |
//! | other simple values | `"¤undefined"`, `"¤simple(32)"` |
//! | a tag or an extension around a value | `{"¤tag(1)":0}`, `{"¤ext(5)":"¤h'00'"}` |
//! | a moment | `{"¤timestamp":"2026-01-01T00:00:00Z"}` |
//! | a key that is no text, and a field's number | `{"¤1":0}`, `{"¤h'00'":0}` |
//! | text that begins with the mark `¤` | the mark twice: `"¤¤ 5"` |
//!
//! What stands behind the mark follows the diagnostic notation of RFC 8949, section 8. Numbers
//! have no width: an integer is its digits, a float of any size has a point or an exponent and is
//! written with the fewest digits that name it among the doubles. The rendering is injective: two
//! values of one format have one text only if they are the same value.
//!
//! This module never reads a format.

use super::json::escape_into;
use std::fmt::Write;

/// Begins every string that stands for something which JSON lacks.
const MARK: char = '¤';

/// Appends text as a JSON string.
pub(super) fn text(out: &mut String, text: &str) {
    out.push('"');
    if text.starts_with(MARK) {
        out.push(MARK);
    }
    escape_into(out, text);
    out.push('"');
}

/// Appends what JSON lacks as a JSON string; the notation is escaped as text is.
pub(super) fn marked(out: &mut String, notation: &str) {
    out.push('"');
    out.push(MARK);
    escape_into(out, notation);
    out.push('"');
}

/// Appends bytes in diagnostic notation, without mark and quotes.
pub(super) fn hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
    out.reserve(bytes.len() * 2 + 3);
    out.push_str("h'");
    for byte in bytes {
        out.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    out.push('\'');
}

/// Appends bytes as a JSON string.
pub(super) fn bytes(out: &mut String, bytes: &[u8]) {
    out.push('"');
    out.push(MARK);
    hex(out, bytes);
    out.push('"');
}

/// A float in diagnostic notation; true if it is a JSON number too.
///
/// A whole number is written out, so that it equals the integer that it is and no other; only from
/// 2^128 on an exponent stands for the digits. Of a NaN the payload counts, not the sign (RFC 8949,
/// section 5.6.1).
pub(super) fn float(number: f64) -> (String, bool) {
    const WIDE: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;
    const PAYLOAD: u64 = (1 << 52) - 1;
    const QUIET: u64 = 1 << 51;
    let notation = if number.is_nan() {
        match number.to_bits() & PAYLOAD {
            QUIET => "NaN".to_owned(),
            payload => format!("NaN({payload:#015x})"),
        }
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if number.trunc() == number && number.abs() < WIDE {
        format!("{number:.1}")
    } else if number.abs() >= WIDE {
        format!("{number:e}")
    } else {
        format!("{number:?}")
    };
    (notation, number.is_finite())
}

/// Widens a float of 32 bits without touching the payload of a NaN.
pub(super) fn widen(bits: u32) -> f64 {
    let number = f32::from_bits(bits);
    if !number.is_nan() {
        return f64::from(number);
    }
    let payload = u64::from(bits & 0x007f_ffff) << 29;
    f64::from_bits(0x7ff0_0000_0000_0000 | payload)
}

/// Widens a float of 16 bits (IEEE 754 binary16).
pub(super) fn widen_half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), bits & 0x03ff);
    let magnitude = match exponent {
        0 => f64::from(fraction) * 2_f64.powi(-24),
        31 if fraction == 0 => f64::INFINITY,
        31 => f64::from_bits(0x7ff0_0000_0000_0000 | u64::from(fraction) << 42),
        _ => f64::from(fraction | 0x0400) * 2_f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// The digits of a whole number given by its bytes, the most significant first.
pub(super) fn decimal(bytes: &[u8]) -> String {
    const BASE: u64 = 1_000_000_000;
    // Groups of nine digits, the least significant first.
    let mut groups: Vec<u64> = Vec::new();
    for byte in bytes {
        let mut carry = u64::from(*byte);
        for group in &mut groups {
            let wide = *group * 256 + carry;
            (*group, carry) = (wide % BASE, wide / BASE);
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut digits = groups.pop().unwrap_or_default().to_string();
    for group in groups.iter().rev() {
        // Writing to a String cannot fail.
        write!(digits, "{group:09}").ok();
    }
    digits
}

/// The bytes that the content of a string stands for, where it is bytes in this notation.
pub fn bytes_of(content: &str) -> Option<Vec<u8>> {
    let digits = content.strip_prefix(MARK)?.strip_prefix("h'")?.strip_suffix('\'')?;
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8; 2]| {
        let [high, low] = *pair;
        u8::try_from(digit(high)? * 16 + digit(low)?).ok()
    };
    rest.is_empty().then(|| pairs.iter().map(byte).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::json::Decimal;
    use proptest::prelude::*;

    fn check(number: f64, expected: &str) {
        assert_eq!(float(number), (expected.to_owned(), number.is_finite()));
    }

    #[test]
    fn floats_are_written_with_the_fewest_digits_that_name_them() {
        check(0.1, "0.1");
        check(widen(0.1_f32.to_bits()), "0.10000000149011612");
        check(1.0, "1.0");
        check(-0.0, "-0.0");
        check(5e-324, "5e-324");
        check(1e23, "99999999999999991611392.0");
        check(1e300, "1e300");
        check(f64::NAN, "NaN");
        check(-f64::NAN, "NaN");
        check(f64::from_bits(0x7ff0_0000_0000_0001), "NaN(0x0000000000001)");
        check(f64::NEG_INFINITY, "-Infinity");
    }

    #[test]
    fn halves_and_singles_are_widened_exactly() {
        for (bits, expected) in [
            (0x0000, 0.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x0400, 0.000_061_035_156_25),
            (0x3c00, 1.0),
            (0x3e00, 1.5),
            (0xc400, -4.0),
            (0x7bff, 65504.0),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(widen_half(bits).to_bits(), f64::to_bits(expected), "{bits:#x}");
        }
        let nan = [widen_half(0x7e00), widen(0x7fc0_0000), f64::NAN];
        assert!(nan.iter().all(|nan| float(*nan).0 == "NaN"));
        let odd = [widen_half(0x7c01), widen(0x7f80_2000), f64::from_bits(0x7ff0_0400_0000_0000)];
        assert!(odd.iter().all(|nan| float(*nan).0 == "NaN(0x0040000000000)"), "{odd:?}");
    }

    #[test]
    fn text_and_notation_are_never_taken_for_each_other() {
        let mut out = String::new();
        for each in ["a\"b", "¤h'00'", "¤", ""] {
            text(&mut out, each);
        }
        bytes(&mut out, &[0, 0xff]);
        assert_eq!(out, "\"a\\\"b\"\"¤¤h'00'\"\"¤¤\"\"\"\"¤h'00ff'\"");
    }

    proptest! {
        #[test]
        fn digits_name_the_number(number: u128) {
            prop_assert_eq!(decimal(&number.to_be_bytes()), number.to_string());
        }

        #[test]
        fn different_floats_have_different_texts(one: u64, other: u64) {
            let [x, y] = [one, other].map(f64::from_bits);
            let (x_text, y_text) = (float(x).0, float(y).0);
            prop_assert!(x_text != y_text || x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan());
            if x.is_finite() {
                prop_assert_eq!(x_text.parse::<f64>().map(f64::to_bits), Ok(one));
            }
        }

        #[test]
        fn a_whole_float_is_equal_to_the_integer_that_it_is(number: i64) {
            let (text, whole) = (float(number as f64).0, format!("{:.0}", number as f64).parse::<i128>().expect("whole"));
            let same = |whole: i128| Decimal::new(text.as_bytes()).same(&Decimal::new(whole.to_string().as_bytes()));
            prop_assert!(same(whole) && !same(whole + 1));
        }

        #[test]
        fn bytes_are_found_again(raw: Vec<u8>) {
            let mut out = String::new();
            bytes(&mut out, &raw);
            prop_assert_eq!(bytes_of(out.trim_matches('"')), Some(raw));
        }
    }
}
