//! The scalars of one document, in its order.
//!
//! This module never recurses, and never looks at a second document.

use super::task::Step;
use super::walk::MAX_DEPTH;
use crate::model::Path;
use crate::syntax::json::{Document, Elements, Members, Shape, Value};

/// A scalar, and the way to it.
pub(in crate::compare) struct Leaf<'l, 'a> {
    pub value: Value,
    steps: &'l [Step<'a>],
}

impl Leaf<'_, '_> {
    pub(in crate::compare) fn path(&self) -> Path {
        Path(self.steps.iter().map(|step| step.seg()).collect())
    }

    /// The key that it stands under itself; none for an element.
    pub(in crate::compare) fn key(&self) -> Option<String> {
        match self.steps.last()? {
            Step::Key(key) => Some(key.to_display()),
            Step::Index(_) => None,
        }
    }
}

enum Open<'d, 'a> {
    Object(Members<'d, 'a>),
    Array(Elements<'d, 'a>, usize),
}

impl<'a> Open<'_, 'a> {
    fn next(&mut self) -> Option<(Step<'a>, Value)> {
        match self {
            Self::Object(members) => {
                members.next().map(|member| (Step::Key(member.key), member.value))
            }
            Self::Array(elements, index) => {
                let value = elements.next()?;
                *index += 1;
                Some((Step::Index(*index - 1), value))
            }
        }
    }
}

/// Shows each scalar that lies in nothing that is left out. What lies deeper than differences are
/// looked for is not shown.
pub(in crate::compare) fn leaves<'a>(
    document: &Document<'a>,
    mut is_left_out: impl FnMut(Value) -> bool,
    mut show: impl FnMut(Leaf<'_, 'a>),
) {
    let (mut steps, mut open) = (Vec::new(), Vec::new());
    let mut next = Some(document.root());
    loop {
        if let Some(value) = next.take().filter(|value| !is_left_out(*value)) {
            match document.shape(value) {
                Shape::Object | Shape::Array if open.len() >= MAX_DEPTH => {}
                Shape::Object => open.push(Open::Object(document.members(value))),
                Shape::Array => open.push(Open::Array(document.elements(value), 0)),
                Shape::Null | Shape::Bool | Shape::Number | Shape::String => {
                    show(Leaf { value, steps: &steps });
                }
            }
        }
        // A step leads to each open container but the first, and to the child that was shown.
        let Some(container) = open.last_mut() else { return };
        let child = container.next();
        steps.truncate(open.len() - 1);
        match child {
            Some((step, value)) => {
                steps.push(step);
                next = Some(value);
            }
            None => drop(open.pop()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, left_out: &[&str], expected: &[&str]) {
        let document = Document::parse(text.as_bytes()).expect(text);
        let raw = |value| String::from_utf8_lossy(document.raw(value)).into_owned();
        let mut shown = Vec::new();
        let is_left_out = |value| left_out.contains(&raw(value).as_str());
        leaves(&document, is_left_out, |leaf| {
            let key = leaf.key().unwrap_or_default();
            shown.push(format!("{} {key} {}", leaf.path().pointer(), raw(leaf.value)));
        });
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn every_scalar_is_shown_with_its_place() {
        check("1", &[], &["  1"]);
        check("1", &["1"], &[]);
        check("[]", &[], &[]);
        let text = r#"{"a":[1,{"b":"x"},[]],"c":{},"d":[[2],null]}"#;
        let all = ["/a/0  1", "/a/1/b b \"x\"", "/d/0/0  2", "/d/1  null"];
        check(text, &[], &all);
        check(text, &["{\"b\":\"x\"}", "[2]"], &[all[0], all[3]]);
    }

    #[test]
    fn what_lies_too_deep_is_not_shown() {
        let nested = |depth: usize| "[".repeat(depth) + "1" + &"]".repeat(depth);
        let count = |text: &str| {
            let document = Document::parse(text.as_bytes()).expect("JSON");
            let mut count = 0;
            leaves(&document, |_| false, |_| count += 1);
            count
        };
        assert_eq!((count(&nested(MAX_DEPTH)), count(&nested(MAX_DEPTH + 1))), (1, 0));
    }
}
