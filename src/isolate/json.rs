//! Replacing values in JSON text, everything else byte for byte as it was.

use crate::model::{Filter, Pattern, Progress, Reach, Seg, Spent};
use crate::syntax::json::{Document, Inside, Invalid, Shape, Value, Way};

/// Deeper documents are refused.
const MAX_DEPTH: usize = 128;

/// What filters may spend on one document.
const FUEL: u64 = 2_000_000;

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
    let (mut selected, mut fuel) = (Vec::new(), FUEL);
    if at.reached(at.start()) == Reach::At {
        return Ok(vec![document.root()]);
    }
    let mut open: Vec<_> =
        Container::of(document, document.root(), at.start()).into_iter().collect();
    while let Some(container) = open.last_mut() {
        let Some((way, value)) = container.children.next() else {
            open.pop();
            continue;
        };
        let seg = match way {
            Way::Key(key) => Seg::Key(key.to_display()),
            Way::Index(index) => Seg::Index(index),
        };
        let invalid = |problem| Invalid { at: value.start(), problem };
        let mut passes = |filter: &Filter| filter.passes(document, value, &mut fuel);
        let progress = at.follow(container.progress, &seg, container.length, &mut passes);
        let progress = progress.map_err(|Spent| invalid("the filter takes too long"))?;
        if at.reached(progress) == Reach::At {
            selected.push(value);
            continue;
        }
        let inner = Container::of(document, value, progress);
        if inner.is_some() && open.len() >= MAX_DEPTH {
            return Err(invalid("it is nested too deep"));
        }
        open.extend(inner);
    }
    Ok(selected)
}

/// A container that is being looked through.
struct Container<'d, 'a> {
    children: Inside<'d, 'a>,
    /// How far the pattern has been followed to it.
    progress: Progress,
    /// The length, if it is an array.
    length: Option<usize>,
}

impl<'d, 'a> Container<'d, 'a> {
    fn of(document: &'d Document<'a>, value: Value, progress: Progress) -> Option<Self> {
        let children = document.inside(value)?;
        let is_array = matches!(children, Inside::Array(_));
        let length = is_array.then(|| document.elements(value).count());
        Some(Self { children, progress, length })
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
        check("[1,2,3]", "$[-1]", "9", Some("[1,2,9]"));
        check("[[1,2],[3]]", "$[*][::-2]", "9", Some("[[1,9],[9]]"));
    }

    #[test]
    fn filters_select_by_the_values_of_the_same_body() {
        let text = r#"{"live":"b","to":[{"k":"a","v":"x"},{"k":"b","v":"x"},{"k":"b"}]}"#;
        let edited = text.replace(r#""b","v":"x""#, r#""b","v":"y""#);
        check(text, "$.to[?@.k == $.live].v", "y", Some(&edited));
        check(text, "$.to[?@.k == 'c'].v", "y", None);
        let slow = format!("[{}0]", "0,".repeat(4_000));
        let at = "$[?count($..*) == 1]".parse().expect("a path");
        let refused = edit(slow.as_bytes(), &at, "y").expect_err("too much work");
        assert_eq!(refused.problem, "the filter takes too long");
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
