//! Under which keys two elements of an array are known to be the same thing.
//!
//! This module never takes one element for another because a value is missing on both sides.

use crate::syntax::json::{Document, Shape, Text};

/// The keys that tell elements apart, the best first.
const NAMES: [&[u8]; 11] =
    [b"id", b"_id", b"uuid", b"guid", b"key", b"code", b"sku", b"slug", b"name", b"href", b"email"];

/// The longest of them.
const LONGEST: usize = 5;

/// Some of the keys, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Names(u16);

impl Names {
    pub(super) const ALL: Self = Self((1 << NAMES.len()) - 1);

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn without(self, key: Text<'_>) -> Self {
        number(key).map_or(self, |number| Self(self.0 & !(1 << number)))
    }

    /// Those that an object holds once, with a scalar; none for any other value.
    pub(super) fn of(document: &Document<'_>) -> Self {
        let held = held(document);
        let bits = held.iter().enumerate().filter(|(_, value)| value.is_some());
        Self(bits.fold(0, |bits, (number, _)| bits | 1 << number))
    }

    /// Those that two objects hold once, with the same scalar; none for any other pair.
    pub(super) fn shared(x: &Document<'_>, y: &Document<'_>) -> Self {
        let (held_x, held_y) = (held(x), held(y));
        let pairs = held_x.iter().zip(&held_y).enumerate();
        let same = pairs.filter(|(_, (x, y))| x.is_some() && x == y);
        Self(same.fold(0, |bits, (number, _)| bits | 1 << number))
    }
}

fn number(key: Text<'_>) -> Option<usize> {
    let key = key.canonical();
    if key.len() > LONGEST {
        return None;
    }
    NAMES.iter().position(|name| *name == &*key)
}

/// The scalar under each name that is there once.
fn held<'a>(document: &Document<'a>) -> [Option<&'a [u8]>; NAMES.len()] {
    let (mut held, mut seen) = ([None; NAMES.len()], 0_u16);
    for member in document.members(document.root()) {
        let Some(number) = number(member.key) else { continue };
        let is_scalar = !matches!(document.shape(member.value), Shape::Array | Shape::Object);
        let is_first = seen & 1 << number == 0;
        seen |= 1 << number;
        if let Some(value) = held.get_mut(number) {
            *value = (is_first && is_scalar).then(|| document.raw(member.value));
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document<'_> {
        Document::parse(text.as_bytes()).expect(text)
    }

    fn check(x: &str, y: &str, expected: &[&str]) {
        let names = Names::shared(&document(x), &document(y));
        let shown: Vec<_> = (0..NAMES.len()).filter(|number| names.0 & 1 << number != 0).collect();
        let wanted = |name: &&str| NAMES.iter().position(|each| *each == name.as_bytes());
        let expected: Vec<_> = expected.iter().filter_map(wanted).collect();
        assert_eq!(shown, expected, "{x} {y}");
        assert_eq!(Names::of(&document(x)).and(names), names);
    }

    #[test]
    fn two_objects_share_the_names_under_which_they_hold_the_same_scalar() {
        check(r#"{"id":1,"name":"a"}"#, r#"{"name":"a","id":2}"#, &["name"]);
        check(r#"{"\u0069d":1,"email":null}"#, r#"{"id":1,"email":null}"#, &["id", "email"]);
        check(r#"{"id":[1],"identity":1}"#, r#"{"id":[1],"identity":1}"#, &[]);
        check(r#"{"id":1,"id":1}"#, r#"{"id":1}"#, &[]);
        check(r#"{"id":1,"id":1,"id":1}"#, r#"{"id":1}"#, &[]);
        check(r#"{"a":1}"#, r#"{"a":1}"#, &[]);
        check("[1]", "[1]", &[]);
        check("1", "1", &[]);
    }

    #[test]
    fn a_name_can_be_taken_away() {
        let names = Names::of(&document(r#"{"id":1,"sku":"a"}"#));
        let rest = names.without(Text::new(b"id")).without(Text::new(b"other"));
        assert_eq!(rest, Names::of(&document(r#"{"sku":2}"#)));
        assert!(rest.without(Text::new(b"sku")).is_empty());
    }
}
