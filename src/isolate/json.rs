//! Replacing values in JSON text, everything else byte for byte as it was.

use crate::model::{Path, Pattern, Seg};
use crate::syntax::json::{Document, Elements, Invalid, Members, Shape, Value};

/// Deeper documents are refused: each value in them is held against the whole way to it.
const MAX_DEPTH: usize = 128;

/// The text with every value that the pattern selects replaced; `None` where it selects none.
/// Repeated keys are all replaced: which of them a server reads is its own affair.
pub(super) fn edit(text: &[u8], at: &Pattern, with: &str) -> Result<Option<Vec<u8>>, Invalid> {
    let document = Document::parse(text)?;
    let selected = select(&document, at)?;
    if selected.is_empty() {
        return Ok(None);
    }
    let mut edited = Vec::with_capacity(text.len() + with.len());
    let mut done = 0;
    for value in selected {
        edited.extend(text.get(done..value.start()).unwrap_or_default());
        edited.extend(replacement(&document, value, with).as_bytes());
        done = value.end();
    }
    edited.extend(text.get(done..).unwrap_or_default());
    Ok(Some(edited))
}

/// A number stays a number where the replacement is one; everything else becomes a string.
fn replacement(document: &Document<'_>, value: Value, with: &str) -> String {
    let is_number = |text: &str| {
        let document = Document::parse(text.as_bytes());
        document.is_ok_and(|document| document.shape(document.root()) == Shape::Number)
    };
    if document.shape(value) == Shape::Number && is_number(with) {
        return with.to_owned();
    }
    serde_json::Value::from(with).to_string()
}

/// The outermost values that the pattern selects, in document order.
fn select(document: &Document<'_>, at: &Pattern) -> Result<Vec<Value>, Invalid> {
    let mut selected = Vec::new();
    let mut path = Path::default();
    if at.matches(&path) {
        return Ok(vec![document.root()]);
    }
    let mut open: Vec<_> = Inside::of(document, document.root()).into_iter().collect();
    while let Some(inside) = open.last_mut() {
        let Some((seg, value)) = inside.next() else {
            open.pop();
            path.0.pop();
            continue;
        };
        path.0.push(seg);
        let hit = at.matches(&path);
        if hit {
            selected.push(value);
        }
        match Inside::of(document, value).filter(|_| !hit) {
            Some(_) if open.len() >= MAX_DEPTH => {
                return Err(Invalid { at: value.start(), problem: "it is nested too deep" });
            }
            Some(deeper) => open.push(deeper),
            None => drop(path.0.pop()),
        }
    }
    Ok(selected)
}

/// What is left to be looked at in one container.
enum Inside<'d, 'a> {
    Object(Members<'d, 'a>),
    Array(std::iter::Enumerate<Elements<'d, 'a>>),
}

impl<'d, 'a> Inside<'d, 'a> {
    fn of(document: &'d Document<'a>, value: Value) -> Option<Self> {
        match document.shape(value) {
            Shape::Object => Some(Self::Object(document.members(value))),
            Shape::Array => Some(Self::Array(document.elements(value).enumerate())),
            Shape::Null | Shape::Bool | Shape::Number | Shape::String => None,
        }
    }

    fn next(&mut self) -> Option<(Seg, Value)> {
        match self {
            Self::Object(members) => {
                let member = members.next()?;
                Some((Seg::Key(member.key.to_display()), member.value))
            }
            Self::Array(elements) => {
                let (index, value) = elements.next()?;
                Some((Seg::Index(index), value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, at: &str, with: &str, expected: Option<&str>) {
        let at = at.parse().expect("a path");
        let edited = edit(text.as_bytes(), &at, with).expect("JSON");
        let edited = edited.map(|edited| String::from_utf8(edited).expect("UTF-8"));
        assert_eq!(edited.as_deref(), expected, "{text}");
    }

    #[test]
    fn selected_values_are_replaced_and_nothing_else_changes() {
        check(r#"{ "a" : "x" , "b":1e400}"#, "$.a", "y", Some(r#"{ "a" : "y" , "b":1e400}"#));
        check(r#"{"a":{"b":[1,{"c":null}]}}"#, "$.a", "y", Some(r#"{"a":"y"}"#));
        check(r#"{"a":1,"\u0061":2}"#, "$.a", "y", Some(r#"{"a":"y","\u0061":"y"}"#));
        check(
            r#"[{"u":"x"},{"u":{"u":"x"}}]"#,
            "$..u",
            "y\"",
            Some(r#"[{"u":"y\""},{"u":"y\""}]"#),
        );
        check(r#"{"id":7}"#, "$.id", "9", Some(r#"{"id":9}"#));
        check(r#"{"id":"7"}"#, "$.id", "9", Some(r#"{"id":"9"}"#));
        check(r#"{"a":[]}"#, "$.b", "y", None);
        check("[1]", "$", "y", Some("\"y\""));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let at = "$.a".parse().expect("a path");
        for text in ["", "{", "{\"a\":}", "a=1", "{\"a\":1}x"] {
            assert!(edit(text.as_bytes(), &at, "y").is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        let at = "$..a".parse().expect("a path");
        let nested = |depth| format!("{}\"x\"{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(edit(nested(MAX_DEPTH).as_bytes(), &at, "y"), Ok(None));
        for depth in [MAX_DEPTH + 1, 200_000] {
            let refused = edit(nested(depth).as_bytes(), &at, "y").expect_err("too deep");
            assert_eq!(refused.at, MAX_DEPTH);
        }
    }
}
