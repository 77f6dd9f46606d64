//! Bodies of several parts (RFC 2046, section 5.1; forms: RFC 7578).
//!
//! A form is an object of name to list of parts, any other body an array of parts. A part is an
//! object with its `filename`, the `headers` that say what it is, and one of `content` (read by
//! its own type), `text`, and `bytes` (a length and a hash).
//!
//! This module never reads a body that ends before its last boundary.

use super::json::quote_into;
use super::tree::unreadable;
use super::{Format, MediaType, Unreadable, percent_decode};
use std::collections::HashMap;

/// Reads what is in a part by its type; nothing where its type has no reader.
pub type Reader = fn(MediaType<'_>, &[u8]) -> Option<Result<Vec<u8>, Unreadable>>;

/// The longest boundary that there may be.
const MAX_BOUNDARY: usize = 70;

/// The parts as JSON.
pub fn to_json(
    bytes: &[u8],
    media: Option<MediaType<'_>>,
    reader: Reader,
) -> Result<Vec<u8>, Unreadable> {
    let media = media.ok_or(unreadable(0, "it has no media type"))?;
    let boundary = boundary(media).ok_or(unreadable(0, "its media type names no boundary"))?;
    let is_form = media.essence().eq_ignore_ascii_case("multipart/form-data");
    let mut parts = Parts { bytes, boundary, at: 0, is_last: false };
    // What stands before the first boundary is for those who cannot read this.
    parts.next().ok_or(unreadable(0, "its boundary is missing"))?;
    let mut groups = Groups::default();
    while !parts.is_last {
        let start = parts.at;
        let part = parts.next().ok_or(unreadable(start, "its last boundary is missing"))?;
        let part = Part::parse(part).map_err(|problem| unreadable(start, problem))?;
        let name = match &part.name {
            Some(name) if is_form => name.clone(),
            None if is_form => return Err(unreadable(start, "a part has no name")),
            _ => Vec::new(),
        };
        part.write(groups.of(name), reader);
    }
    Ok(groups.finish(is_form))
}

fn boundary(media: MediaType<'_>) -> Option<&[u8]> {
    let mut parameters = media.parameters();
    let (_, boundary) = parameters.find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?;
    Some(boundary.as_bytes()).filter(|bytes| (1..=MAX_BOUNDARY).contains(&bytes.len()))
}

/// What lies between boundaries, which stand at the beginning of a line.
struct Parts<'a> {
    bytes: &'a [u8],
    boundary: &'a [u8],
    at: usize,
    /// Whether the last boundary said that it is the last.
    is_last: bool,
}

impl<'a> Parts<'a> {
    /// What lies before the next boundary, without the line end that belongs to it.
    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        loop {
            let line_start = self.at;
            let rest = self.bytes.get(line_start..).filter(|rest| !rest.is_empty())?;
            let end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
            self.at += end;
            let Some(is_last) = self.is_boundary(rest.get(..end)?) else { continue };
            self.is_last = is_last;
            let part = self.bytes.get(start..line_start)?;
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            return Some(part.strip_suffix(b"\r").unwrap_or(part));
        }
    }

    /// Whether the line is a boundary, and the last.
    fn is_boundary(&self, line: &[u8]) -> Option<bool> {
        let tail = line.strip_prefix(b"--")?.strip_prefix(self.boundary)?;
        let padding = tail.strip_prefix(b"--");
        let is_blank = padding.unwrap_or(tail).trim_ascii().is_empty();
        (is_blank && (padding.is_some() || tail.ends_with(b"\n"))).then_some(padding.is_some())
    }
}

/// Lists of parts by name, in the order in which the names came.
#[derive(Default)]
struct Groups {
    places: HashMap<Vec<u8>, usize>,
    lists: Vec<(Vec<u8>, String)>,
}

impl Groups {
    /// The list for a name, ready for another element.
    fn of(&mut self, name: Vec<u8>) -> &mut String {
        let place = *self.places.entry(name.clone()).or_insert(self.lists.len());
        if place == self.lists.len() {
            self.lists.push((name, String::from("[")));
        } else if let Some((_, list)) = self.lists.get_mut(place) {
            list.push(',');
        }
        let at = place.min(self.lists.len().saturating_sub(1));
        &mut self.lists.get_mut(at).expect("it was pushed if it was not there").1
    }

    fn finish(self, is_form: bool) -> Vec<u8> {
        let mut out = String::new();
        for (name, list) in &self.lists {
            if is_form {
                out.push(if out.is_empty() { '{' } else { ',' });
                quote_into(&mut out, name);
                out.push(':');
            }
            out.push_str(list);
            out.push(']');
        }
        match (is_form, out.is_empty()) {
            (true, true) => out.push_str("{}"),
            (true, false) => out.push('}'),
            (false, true) => out.push_str("[]"),
            (false, false) => {}
        }
        out.into_bytes()
    }
}

struct Part<'a> {
    name: Option<Vec<u8>>,
    filename: Option<Vec<u8>>,
    media: Option<&'a str>,
    /// `content-…` but for those above and the length, by name in lower case.
    headers: Vec<(String, &'a [u8])>,
    body: &'a [u8],
}

impl<'a> Part<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let mut part = Self { name: None, filename: None, media: None, headers: vec![], body: &[] };
        let mut rest = bytes;
        while let Some((line, after)) = next_line(rest) {
            rest = after;
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|&byte| byte == b':');
            let colon = colon.ok_or("a header of a part has no colon")?;
            let (name, value) = line.split_at_checked(colon).unwrap_or_default();
            let name = str::from_utf8(name).map_err(|_| "a header of a part has an odd name")?;
            let value = value.strip_prefix(b":").unwrap_or_default().trim_ascii();
            part.header(&name.trim().to_ascii_lowercase(), value);
        }
        part.body = rest;
        part.headers.sort_unstable();
        Ok(part)
    }

    fn header(&mut self, name: &str, value: &'a [u8]) {
        match name {
            "content-disposition" => {
                for (name, value) in parameters(value) {
                    match name.to_ascii_lowercase().as_slice() {
                        b"name" => self.name = Some(value),
                        b"filename" => self.filename = Some(value),
                        b"filename*" => {
                            let text = value.splitn(3, |&byte| byte == b'\'').last();
                            self.filename = text.map(|text| percent_decode(text).into_owned());
                        }
                        _ => {}
                    }
                }
            }
            "content-type" if self.media.is_none() && str::from_utf8(value).is_ok() => {
                self.media = str::from_utf8(value).ok();
            }
            "content-length" => {}
            name if name.starts_with("content-") => self.headers.push((name.to_owned(), value)),
            _ => {}
        }
    }

    fn write(&self, out: &mut String, reader: Reader) {
        out.push('{');
        if let Some(filename) = &self.filename {
            out.push_str("\"filename\":");
            quote_into(out, filename);
            out.push(',');
        }
        out.push_str("\"headers\":{");
        let media = self.media.map(|media| ("content-type".to_owned(), media.as_bytes()));
        for (index, (name, value)) in media.iter().chain(&self.headers).enumerate() {
            if index > 0 {
                out.push(',');
            }
            quote_into(out, name.as_bytes());
            out.push(':');
            quote_into(out, value);
        }
        out.push_str("},");
        self.content(out, reader);
        out.push('}');
    }

    fn content(&self, out: &mut String, reader: Reader) {
        let media = self.media.map(MediaType::new);
        if let Some(Ok(json)) = media.and_then(|media| reader(media, self.body))
            && let Ok(json) = str::from_utf8(&json)
        {
            out.push_str("\"content\":");
            return out.push_str(json.trim());
        }
        let is_binary = media.and_then(MediaType::format) == Some(Format::Binary);
        if !is_binary && str::from_utf8(self.body).is_ok() {
            out.push_str("\"text\":");
            return quote_into(out, self.body);
        }
        let (length, hash) = (self.body.len(), blake3::hash(self.body));
        out.push_str(&format!("\"bytes\":{{\"length\":{length},\"blake3\":\"{hash}\"}}"));
    }
}

/// A line without its end, and what follows. The last line of a part may have no end.
fn next_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let (line, rest) = bytes.split_at_checked(end).filter(|_| !bytes.is_empty())?;
    let rest = rest.strip_prefix(b"\n").unwrap_or_default();
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// `form-data; name="a"; filename=b`: the parameters, quotes and backslashes undone.
fn parameters(value: &[u8]) -> Vec<(&[u8], Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.iter().position(|&byte| byte == b';') {
        rest = rest.get(at + 1..).unwrap_or_default().trim_ascii_start();
        let Some(end) = rest.iter().position(|byte| b"=;".contains(byte)) else { break };
        let (name, after) = rest.split_at_checked(end).unwrap_or_default();
        let Some(after) = after.strip_prefix(b"=") else { continue };
        let (value, after) = parameter_value(after.trim_ascii_start());
        found.push((name.trim_ascii(), value));
        rest = after;
    }
    found
}

fn parameter_value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let Some(inside) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|&byte| byte == b';').unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
        return (value.trim_ascii().to_vec(), rest);
    };
    let (mut value, mut rest) = (Vec::new(), inside);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after.split_first()) {
            (b'"', _) => break,
            (b'\\', Some((&escaped @ (b'"' | b'\\'), after))) => {
                value.push(escaped);
                rest = after;
            }
            _ => value.push(byte),
        }
    }
    (value, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::json::Document;
    use crate::syntax::records;
    use proptest::prelude::*;

    fn read(media: MediaType<'_>, body: &[u8]) -> Option<Result<Vec<u8>, Unreadable>> {
        (media.format() == Some(Format::Json)).then(|| records::one(body))
    }

    fn check(media: &str, text: &str, expected: Result<&str, &str>) {
        let found = to_json(text.as_bytes(), Some(MediaType::new(media)), read);
        let found = found.map_err(|error| error.problem);
        let found = found.map(|json| String::from_utf8(json).expect("JSON is UTF-8"));
        assert_eq!(found.as_deref().map_err(|problem| *problem), expected, "{text}");
    }

    const FORM: &str = "multipart/form-data; boundary=x";

    #[test]
    fn a_form_is_an_object_of_lists_of_parts() {
        check(
            FORM,
            "preamble\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\n\
             content-disposition: form-data; name=b; filename=\"q\\\";.txt\"\r\n\
             content-type: text/plain\r\n\r\n\r\n--x--not\r\n--xx\r\n--x  \r\n\
             Content-Disposition: form-data; name=\"a\"\r\n\r\n2\r\n--x--\r\nepilogue",
            Ok("{\"a\":[{\"headers\":{},\"text\":\"1\"},{\"headers\":{},\"text\":\"2\"}],\
                \"b\":[{\"filename\":\"q\\\";.txt\",\"headers\":{\"content-type\":\"text/plain\"},\
                \"text\":\"\\r\\n--x--not\\r\\n--xx\"}]}"),
        );
        check(FORM, "--x--", Ok("{}"));
    }

    #[test]
    fn any_other_body_is_an_array_of_parts_each_read_by_its_type() {
        check(
            "multipart/mixed; boundary=\"a b\"",
            "--a b\nContent-Type: application/json\nX-Other: 1\nContent-ID: <1>\n\n {\"k\":1} \n\
             --a b\nContent-Type: application/json\n\n{oops\n--a b\ncontent-type: image/png\n\nabc\n\
             --a b--",
            Ok(&format!(
                "[{{\"headers\":{{\"content-type\":\"application/json\",\"content-id\":\"<1>\"}},\
                 \"content\":{{\"k\":1}}}},\
                 {{\"headers\":{{\"content-type\":\"application/json\"}},\"text\":\"{{oops\"}},\
                 {{\"headers\":{{\"content-type\":\"image/png\"}},\
                 \"bytes\":{{\"length\":3,\"blake3\":\"{}\"}}}}]",
                blake3::hash(b"abc")
            )),
        );
    }

    #[test]
    fn what_is_cut_cannot_be_read() {
        check(FORM, "--x\r\n\r\n1\r\n", Err("its last boundary is missing"));
        check(FORM, "--x", Err("its boundary is missing"));
        check(FORM, "--x\n\n1\n--x--", Err("a part has no name"));
        check(FORM, "--x\noops\n\n1\n--x--", Err("a header of a part has no colon"));
        check("multipart/mixed", "--x--", Err("its media type names no boundary"));
        check("multipart/mixed; boundary=x", "--x--\n", Ok("[]"));
    }

    proptest! {
        #[test]
        fn every_part_comes_out(parts in prop::collection::vec("[ -,.-~\r\n]{0,20}", 0..6)) {
            let text: String = parts.iter().map(|part| format!("--y-z\r\n\r\n{part}\r\n")).collect();
            let media = MediaType::new("multipart/mixed; boundary=y-z");
            let text = format!("{text}--y-z--\r\n");
            let json = to_json(text.as_bytes(), Some(media), read).expect("whole");
            if !parts.is_empty() {
                let document = Document::parse(&json).expect("JSON");
                prop_assert_eq!(document.elements(document.root()).count(), parts.len());
                for part in &parts {
                    let mut quoted = String::from("\"text\":");
                    quote_into(&mut quoted, part.as_bytes());
                    prop_assert!(str::from_utf8(&json).expect("UTF-8").contains(&quoted));
                }
            }
        }
    }
}
