//! Several JSON texts in one body, read as an array of them: one a line (NDJSON, JSON lines), or
//! each behind a record separator (RFC 7464).
//!
//! Records keep their text, so that the array says what they say.
//!
//! This module never passes over a record that it cannot read.

use super::Unreadable;
use super::json::{Document, Invalid};

/// The record separator of ASCII.
const SEPARATOR: u8 = 0x1e;

impl From<Invalid> for Unreadable {
    fn from(Invalid { at, problem }: Invalid) -> Self {
        Self { at, problem }
    }
}

/// One JSON text, as it is.
pub fn one(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    Document::parse(bytes)?;
    Ok(bytes.to_vec())
}

/// A JSON text on each line; blank lines say nothing.
pub fn lines(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    array(bytes, bytes.split(|&byte| byte == b'\n'))
}

/// A JSON text behind each separator; two in a row say nothing.
pub fn sequence(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let mut records = bytes.split(|&byte| byte == SEPARATOR);
    if records.next().is_some_and(|before| !before.is_empty()) {
        return Err(Unreadable { at: 0, problem: "a record separator is missing" });
    }
    let mut cut = records.clone().filter(|record| {
        // A number or a word that nothing follows may have been cut.
        let last = record.last();
        last.is_some_and(|last| !last.is_ascii_whitespace() && !b"\"]}".contains(last))
    });
    if let Some(record) = cut.next() {
        return Err(Unreadable { at: offset(bytes, record), problem: "a record is cut" });
    }
    array(bytes, records)
}

fn array<'a>(
    whole: &'a [u8],
    records: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, Unreadable> {
    let mut out = Vec::with_capacity(whole.len() + 2);
    for record in records.filter(|record| !record.trim_ascii().is_empty()) {
        if let Err(Invalid { at, problem }) = Document::parse(record) {
            return Err(Unreadable { at: offset(whole, record) + at, problem });
        }
        out.push(if out.is_empty() { b'[' } else { b',' });
        out.extend_from_slice(record.trim_ascii());
    }
    if out.is_empty() {
        out.push(b'[');
    }
    out.push(b']');
    Ok(out)
}

/// Where a part of the bytes begins.
fn offset(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Reader = fn(&[u8]) -> Result<Vec<u8>, Unreadable>;

    fn check(reader: Reader, text: &str, expected: Result<&str, usize>) {
        let found = reader(text.as_bytes()).map_err(|error| error.at);
        assert_eq!(
            found.as_deref(),
            expected.map(str::as_bytes).as_ref().map(|text| *text),
            "{text}"
        );
    }

    #[test]
    fn a_line_is_a_record() {
        check(lines, "{\"a\":1}\n[2]\n", Ok("[{\"a\":1},[2]]"));
        check(lines, "\r\n1\r\n\n 2 \r\nnull", Ok("[1,2,null]"));
        check(lines, "\n", Ok("[]"));
        check(lines, "1\n{\n}", Err(3));
        check(lines, "1\n2 3\n", Err(4));
    }

    #[test]
    fn a_separator_begins_a_record() {
        check(sequence, "\u{1e}{\"a\":\n1}\n\u{1e}\u{1e}\"x\"\n", Ok("[{\"a\":\n1},\"x\"]"));
        check(sequence, "\u{1e}[1]", Ok("[[1]]"));
        check(sequence, "\u{1e}1\n", Ok("[1]"));
        check(sequence, "\u{1e}1", Err(1));
        check(sequence, "\u{1e}{\"a\"\n", Err(6));
        check(sequence, "[1]", Err(0));
    }

    proptest! {
        #[test]
        fn as_many_records_come_out_as_go_in(records in prop::collection::vec("\"[a-z]{0,5}\"|[1-9]|\\[\\]", 0..9)) {
            let expected = format!("[{}]", records.join(","));
            let text: String = records.iter().map(|record| format!("{record}\n")).collect();
            prop_assert_eq!(lines(text.as_bytes()), Ok(expected.clone().into_bytes()));
            let text: String = records.iter().map(|record| format!("\u{1e}{record}\n")).collect();
            prop_assert_eq!(sequence(text.as_bytes()), Ok(expected.into_bytes()));
        }
    }
}
