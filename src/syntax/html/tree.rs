//! From tags to a tree.
//!
//! This module never searches the open elements for one that is not there.

use super::tokens::{Attribute, Token, Tokens};
use crate::syntax::Unreadable;
use crate::syntax::tree::{Lists, Space, Writer, Written, alone, pair, unreadable};
use crate::syntax::unreadable::utf8;
use htmlize::unescape;
use std::collections::HashMap;

/// What stands for a value that is new with every page.
const FRESH: &str = "(new with every page)";

/// The page as JSON.
pub fn to_json(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    alone(bytes, read)
}

/// Both pages as JSON, an element without children alike to those that have some.
pub fn pair_to_json(sides: [&[u8]; 2]) -> [Result<Vec<u8>, Unreadable>; 2] {
    pair(sides, read)
}

fn read(bytes: &[u8], known: &Lists) -> Result<Written, Unreadable> {
    let text = utf8(bytes)?;
    let mut tokens = Tokens(text.strip_prefix('\u{feff}').unwrap_or(text));
    let out = Writer::list(bytes.len(), known);
    let mut page = Page { out, open: Vec::new(), counts: HashMap::new() };
    loop {
        let at = bytes.len() - tokens.0.len();
        let Some(token) = tokens.next() else { break };
        let opened = match token {
            Token::Open { name, attributes, self_closing } => {
                page.open(name, attributes, self_closing)
            }
            Token::Close(name) => {
                page.close(&name);
                Ok(None)
            }
            Token::Text(text) => {
                page.out.text(&unescape(text));
                Ok(None)
            }
        };
        if let Some(raw) = opened.map_err(|problem| unreadable(at, problem))? {
            let text = tokens.raw(&raw);
            let has_references = matches!(raw.as_str(), "title" | "textarea");
            page.out.text(&if has_references { unescape(text) } else { text.into() });
        }
    }
    Ok(page.out.finish(true))
}

struct Page<'l> {
    out: Writer<'l>,
    /// The names of the open elements.
    open: Vec<String>,
    /// How many of each name are open.
    counts: HashMap<String, usize>,
}

impl Page<'_> {
    /// Opens an element; names it where what follows is text up to its end tag.
    fn open(
        &mut self,
        name: String,
        mut attributes: Vec<Attribute>,
        self_closing: bool,
    ) -> Result<Option<String>, &'static str> {
        while self.open.last().is_some_and(|last| ends(last, &name)) {
            self.pop();
        }
        freshen(&mut attributes);
        let is_kept = |name: &str| matches!(name, "pre" | "textarea" | "script" | "style" | "xmp");
        let kept = is_kept(&name) || ["pre", "textarea"].iter().any(|name| self.has(name));
        let space = if kept { Space::Trim } else { Space::Collapse };
        self.out.open(&name, &attributes, space)?;
        let foreign =
            matches!(name.as_str(), "svg" | "math") || self.has("svg") || self.has("math");
        if is_void(&name) || self_closing && foreign {
            self.out.close();
            return Ok(None);
        }
        *self.counts.entry(name.clone()).or_default() += 1;
        self.open.push(name.clone());
        Ok((!foreign && is_raw(&name)).then_some(name))
    }

    fn has(&self, name: &str) -> bool {
        self.counts.get(name).is_some_and(|count| *count > 0)
    }

    /// Closes the innermost element of this name with all in it, if there is one.
    fn close(&mut self, name: &str) {
        if self.has(name) {
            while self.pop().is_some_and(|popped| popped != name) {}
        }
    }

    fn pop(&mut self) -> Option<String> {
        let name = self.open.pop()?;
        if let Some(count) = self.counts.get_mut(&name) {
            *count = count.saturating_sub(1);
        }
        self.out.close();
        Some(name)
    }
}

/// Nonces, and the values of fields that are named for CSRF tokens; whether there is one stays.
fn freshen(attributes: &mut [Attribute]) {
    let is_csrf = |value: &str| {
        let value = value.to_ascii_lowercase();
        ["csrf", "xsrf", "authenticity_token", "authenticity-token", "requestverificationtoken"]
            .iter()
            .any(|word| value.contains(word))
    };
    let named = attributes
        .iter()
        .any(|(name, value)| matches!(name.as_str(), "name" | "id") && is_csrf(value));
    for (name, value) in attributes {
        let holds = named && matches!(name.as_str(), "value" | "content");
        if !value.is_empty() && (holds || name == "nonce") {
            FRESH.clone_into(value);
        }
    }
}

fn is_void(name: &str) -> bool {
    const VOID: [&str; 14] = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr",
    ];
    VOID.contains(&name)
}

/// Elements whose content is text, whatever it looks like.
fn is_raw(name: &str) -> bool {
    const RAW: [&str; 8] =
        ["script", "style", "textarea", "title", "iframe", "xmp", "noembed", "noframes"];
    RAW.contains(&name)
}

/// Whether an open element ends where this one begins, its end tag being left out.
fn ends(open: &str, next: &str) -> bool {
    const BLOCKS: [&str; 34] = [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "search",
        "section",
        "table",
        "ul",
    ];
    match open {
        "p" => BLOCKS.contains(&next),
        "li" => next == "li",
        "dt" | "dd" => matches!(next, "dt" | "dd"),
        "option" => matches!(next, "option" | "optgroup"),
        "td" | "th" => matches!(next, "td" | "th" | "tr" | "tbody" | "thead" | "tfoot"),
        "tr" => matches!(next, "tr" | "tbody" | "thead" | "tfoot"),
        "thead" | "tbody" | "tfoot" => matches!(next, "tbody" | "thead" | "tfoot"),
        "head" => next == "body",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::json::Document;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let found = to_json(text.as_bytes()).expect("any text can be read");
        assert_eq!(String::from_utf8_lossy(&found), expected, "{text}");
    }

    /// Character references as the HTML standard reads them (section 13.2.5.72 to 80).
    #[test]
    fn a_character_is_one_however_it_is_written() {
        let same = |x: &str, y: &str| to_json(x.as_bytes()) == to_json(y.as_bytes());
        for (x, y) in [
            ("<p>&eacute; &#233; &#xE9;", "<p>\u{e9} \u{e9} \u{e9}"),
            ("<p>AT&amp;T", "<p>AT&T"),
            ("<a href='?a=1&amp;b=2&copy=3'>", "<a href='?a=1&b=2&amp;copy=3'>"),
            ("<p>&#128;&copy x", "<p>\u{20ac}\u{a9} x"),
            ("<title>&lt;</title>", "<title><</title>"),
            ("<p>&unknown;", "<p>&amp;unknown;"),
        ] {
            assert!(same(x, y), "{x} {y}");
        }
        for (x, y) in [
            ("<p>&amp;eacute;", "<p>&eacute;"),
            ("<p>&amp;lt;", "<p>&lt;"),
            ("<p>&nbsp;", "<p> "),
            ("<script>&lt;</script>", "<script><</script>"),
        ] {
            assert!(!same(x, y), "{x} {y}");
        }
    }

    #[test]
    fn a_page_is_a_list_of_elements_and_texts() {
        check(
            "<!DOCTYPE html><P Class=b ID='a' id=c>x\n  y<BR/>z</P><!-- c -->",
            r#"[{"@class":"b","@id":"a","p":["x y",{"br":""},"z"]}]"#,
        );
        check("a &lt; b < c", r#"["a < b < c"]"#);
        check(
            "<input disabled value=\"a&quot;b\">",
            r#"[{"@disabled":"","@value":"a\"b","input":""}]"#,
        );
        check("<pre> a\n  b </pre>", r#"[{"pre":"a\n  b"}]"#);
        check("", "[]");
    }

    #[test]
    fn what_is_left_out_is_added_and_what_is_stray_dropped() {
        check("<ul><li>a<li>b</ul>", r#"[{"ul":[{"li":"a"},{"li":"b"}]}]"#);
        check("<p>a<p>b<div>c", r#"[{"p":"a"},{"p":"b"},{"div":"c"}]"#);
        check("<tr><td>1<td>2<tr><td>3", r#"[{"tr":[{"td":"1"},{"td":"2"}]},{"tr":[{"td":"3"}]}]"#);
        check("<b><i>x</b>y</i>", r#"[{"b":[{"i":"x"}]},"y"]"#);
        check("<svg><path d=1 /><g/></svg>", r#"[{"svg":[{"@d":"1","path":""},{"g":""}]}]"#);
        check("<div/>x", r#"[{"div":"x"}]"#);
    }

    #[test]
    fn scripts_and_styles_are_text() {
        check("<script>if (a<b) \"</p>\"</SCRIPT >x", r#"[{"script":"if (a<b) \"</p>\""},"x"]"#);
        check("<title>a &amp; <b></title>", r#"[{"title":"a & <b>"}]"#);
        check("<style>&lt;", r#"[{"style":"&lt;"}]"#);
    }

    #[test]
    fn what_is_new_with_every_page_is_shown_to_be_there() {
        check("<script nonce=abc></script>", &format!(r#"[{{"@nonce":"{FRESH}","script":""}}]"#));
        check(
            "<input name=_csrf value=abc><input name=q value=abc>",
            &format!(
                r#"[{{"@name":"_csrf","@value":"{FRESH}","input":""}},{{"@name":"q","@value":"abc","input":""}}]"#
            ),
        );
        check(
            "<meta name=csrf-token content=''>",
            r#"[{"@content":"","@name":"csrf-token","meta":""}]"#,
        );
    }

    #[test]
    fn stray_tags_and_depth_take_bounded_time() {
        let stray = format!("{}{}", "<b>".repeat(9_000), "</i>".repeat(200_000));
        assert!(to_json(stray.as_bytes()).is_ok());
        let deep = to_json("<b>".repeat(20_000).as_bytes());
        assert_eq!(deep.map_err(|error| error.at), Err(30_000 - 3));
    }

    proptest! {
        #[test]
        fn any_text_becomes_json(text in "(<|>|/|</?[pbi]|<!--|-->|script|&amp|;|=|\"|'| |\n|é|[a-c]){0,40}") {
            let json = to_json(text.as_bytes()).expect("any text can be read");
            prop_assert!(Document::parse(&json).is_ok(), "{}", String::from_utf8_lossy(&json));
        }
    }
}
