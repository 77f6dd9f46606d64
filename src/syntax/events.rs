//! Server-sent events (the HTML standard, section 9.2.6), as an array of objects.
//!
//! Each block of lines that sets anything is an element with those of `event`, `data`, `id` and
//! `retry` that it sets; comments and unknown fields say nothing. Data that is JSON, but for a
//! string, is that JSON; all other data is a string. A block that the end of the text cuts off,
//! which a client drops, is marked as `"incomplete": true`.
//!
//! This module never drops what a client would act on.

use super::Unreadable;
use super::json::{Document, quote_into};
use super::unreadable::utf8;

/// The events in their order.
pub fn to_json(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let text = utf8(bytes)?;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut out, mut block) = (String::from("["), Block::default());
    while let Some((line, after)) = next_line(rest) {
        if line.is_empty() {
            block.write(&mut out, true);
            block = Block::default();
        } else {
            block.line(line);
        }
        rest = after;
    }
    // The last line has no end, and so is none.
    block.cut(rest);
    block.write(&mut out, false);
    out.push(']');
    Ok(out.into_bytes())
}

/// A line without its end, and what follows; nothing where no end is left.
fn next_line(text: &str) -> Option<(&str, &str)> {
    let (line, rest) = text.split_at_checked(text.find(['\n', '\r'])?)?;
    let after = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\r', '\n']));
    Some((line, after.unwrap_or_default()))
}

/// What the lines so far have set.
#[derive(Debug, Default)]
struct Block<'a> {
    event: Option<&'a str>,
    data: Option<String>,
    id: Option<&'a str>,
    retry: Option<&'a str>,
    /// A line without an end.
    rest: &'a str,
}

impl<'a> Block<'a> {
    fn line(&mut self, line: &'a str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => self.event = Some(value),
            "data" => {
                let data = self.data.get_or_insert_default();
                data.push_str(value);
                data.push('\n');
            }
            "id" if !value.contains('\0') => self.id = Some(value),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = Some(value);
            }
            _ => {}
        }
    }

    fn cut(&mut self, rest: &'a str) {
        self.rest = rest;
    }

    fn is_empty(&self) -> bool {
        let set = self.event.is_some() || self.data.is_some() || self.id.is_some();
        !set && self.retry.is_none() && self.rest.is_empty()
    }

    fn write(&self, out: &mut String, complete: bool) {
        if self.is_empty() {
            return;
        }
        if out.len() > 1 {
            out.push(',');
        }
        let start = out.len();
        let mut member = |name: &str, write: &mut dyn FnMut(&mut String)| {
            out.push(if out.len() == start { '{' } else { ',' });
            quote_into(out, name.as_bytes());
            out.push(':');
            write(out);
        };
        if let Some(event) = self.event {
            member("event", &mut |out| quote_into(out, event.as_bytes()));
        }
        if let Some(data) = &self.data {
            let data = data.strip_suffix('\n').unwrap_or(data);
            member("data", &mut |out| value(out, data));
        }
        if let Some(id) = self.id {
            member("id", &mut |out| quote_into(out, id.as_bytes()));
        }
        if let Some(retry) = self.retry {
            let digits = retry.trim_start_matches('0');
            member("retry", &mut |out| out.push_str(if digits.is_empty() { "0" } else { digits }));
        }
        if !complete {
            member("incomplete", &mut |out| out.push_str("true"));
        }
        if !self.rest.is_empty() {
            member("rest", &mut |out| quote_into(out, self.rest.as_bytes()));
        }
        out.push('}');
    }
}

/// A string of JSON stays the text that it is written as: else it could not be told from a plain
/// text with the same characters.
fn value(out: &mut String, data: &str) {
    let is_json = !data.trim_start().starts_with('"') && Document::parse(data.as_bytes()).is_ok();
    match is_json {
        true => out.push_str(data),
        false => quote_into(out, data.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let json = to_json(text.as_bytes()).expect("text");
        assert_eq!(String::from_utf8_lossy(&json), expected, "{text:?}");
        Document::parse(&json).expect("JSON");
    }

    #[test]
    fn a_block_is_an_event() {
        check("data: {\"a\":1}\n\n", r#"[{"data":{"a":1}}]"#);
        check("data: a\ndata:b\ndata\n\n", r#"[{"data":"a\nb\n"}]"#);
        check(
            "event: x\r\nid: 7\r\ndata:  y\r\rretry: 010\n\n",
            r#"[{"event":"x","data":" y","id":"7"},{"retry":10}]"#,
        );
        check("\u{feff}: comment\nother: 1\n\ndata: 1\n\n", r#"[{"data":1}]"#);
        check("retry: 1x\nid: a\0b\n\n", "[]");
        check("", "[]");
    }

    #[test]
    fn what_the_end_cuts_off_is_marked() {
        check("data: 1\n\ndata: 2\n", r#"[{"data":1},{"data":2,"incomplete":true}]"#);
        check("data: 1\n\ndat", r#"[{"data":1},{"incomplete":true,"rest":"dat"}]"#);
    }

    #[test]
    fn text_and_json_are_never_mixed_up() {
        check("data: \"x\"\n\ndata: x\n\n", r#"[{"data":"\"x\""},{"data":"x"}]"#);
        check("data: {\"a\n\n", r#"[{"data":"{\"a"}]"#);
    }

    proptest! {
        #[test]
        fn line_ends_are_all_alike(blocks in prop::collection::vec("(data|id|event): [a-z{}\"0-9]{0,6}", 0..6)) {
            let with = |end: &str| {
                let text: String = blocks.iter().map(|line| format!("{line}{end}{end}")).collect();
                to_json(text.as_bytes()).expect("text")
            };
            prop_assert_eq!(with("\n"), with("\r\n"));
            prop_assert_eq!(with("\n"), with("\r"));
            prop_assert!(Document::parse(&with("\n")).is_ok());
        }
    }
}
