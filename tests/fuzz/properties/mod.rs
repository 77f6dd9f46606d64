//! What holds for every parser of ours whatever it is given: one function a fuzz target, each of
//! which panics where its property does not hold. The fuzz targets feed them noise; the ordinary
//! tests feed them the seeds.
//!
//! This module never depends on time, chance or the network.

mod answers;
mod filters;
mod formats;
mod frames;
mod keeping;
mod lockstep;
mod passing;
mod syntax;
mod telling;

pub use answers::{coding, compare_answer, compare_json, endpoint};
pub use filters::filter;
pub use formats::{cbor, msgpack, protobuf};
pub use frames::frames;
pub use keeping::{controls, records, redact};
pub use lockstep::lockstep;
pub use passing::{config, head, rewrite};
pub use syntax::{formats, json, path, text, units};
pub use telling::{question, report};

/// Ends a part of an input that has several: the record separator of ASCII, which no JSON text,
/// field value or line of YAML may hold.
const END: u8 = 0x1e;

/// The parts of an input; where there is none left, they are empty.
struct Parts<'a>(Option<&'a [u8]>);

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self(Some(bytes))
    }

    fn next(&mut self) -> &'a [u8] {
        let Some(bytes) = self.0 else { return &[] };
        let end = bytes.iter().position(|&byte| byte == END);
        self.0 = end.map(|end| &bytes[end + 1..]);
        &bytes[..end.unwrap_or(bytes.len())]
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.next()).into_owned()
    }

    fn is_done(&self) -> bool {
        self.0.is_none()
    }
}

/// Header fields, one `name: value` a line; what HTTP does not allow is left out.
fn fields(lines: &[u8]) -> http::HeaderMap {
    let lines = lines.split(|&byte| byte == b'\n').take(64);
    let field = |line: &[u8]| {
        let colon = line.iter().position(|&byte| byte == b':')?;
        let name = http::HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = http::HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        Some((name, value))
    };
    let mut headers = http::HeaderMap::new();
    for (name, value) in lines.filter_map(field) {
        headers.append(name, value);
    }
    headers
}

/// Whether a text holds nothing but lines that show as they are: no control character, and none
/// that turns the direction of the text or has no width.
fn is_printable(text: &str) -> bool {
    let hidden = |char: char| {
        char.is_control()
            || ('\u{200b}'..='\u{200f}').contains(&char)
            || ('\u{2028}'..='\u{202e}').contains(&char)
            || ('\u{2060}'..='\u{206f}').contains(&char)
            || char == '\u{feff}'
    };
    !text.chars().any(|char| char != '\n' && hidden(char))
}
