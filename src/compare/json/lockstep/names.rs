//! Under which keys two elements of an array are known to be the same thing.
//!
//! This module never takes one element for another because a value is missing on both sides.

use crate::compare::json::identity::{IDENTITIES, identity};
use crate::syntax::json::{Document, Shape, Tokens, Value};

/// Some of the keys, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Names(u16);

impl Names {
    pub(super) const ALL: Self = Self((1 << IDENTITIES) - 1);
    pub(super) const NONE: Self = Self(0);

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[inline]
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline]
    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The one that these characters are, if they are one.
    #[inline]
    pub(super) fn named(key: &[u8]) -> Self {
        identity(key).map_or(Self::NONE, |number| Self(1 << number))
    }

    /// Those that two objects hold once, with the same scalar, and where these stand on the
    /// primary's side, which begins at `base`; none for any other pair.
    pub(super) fn shared(x: &Document<'_>, y: &Document<'_>, base: usize) -> (Self, Values) {
        let (held_x, held_y) = (held(x), held(y));
        let (mut names, mut values) = (Self::NONE, Values::NONE);
        for (number, (one, other)) in held_x.iter().zip(&held_y).enumerate() {
            let (Some(one), Some(other)) = (one, other) else { continue };
            if x.raw(*one) == y.raw(*other) {
                let name = Self(1 << number);
                names = names.or(name);
                values.set(name, base + one.start());
            }
        }
        (names, values)
    }
}

/// Where in a text the value under each name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Values([u32; IDENTITIES]);

impl Values {
    /// Nowhere.
    pub(super) const NONE: Self = Self([u32::MAX; IDENTITIES]);

    /// Sets where the value under a name stands, after white space perhaps.
    #[inline]
    pub(super) fn set(&mut self, name: Names, at: usize) {
        if !name.is_empty()
            && let Some(value) = self.0.get_mut(name.0.trailing_zeros() as usize)
        {
            *value = u32::try_from(at).unwrap_or(u32::MAX);
        }
    }

    /// Under which of these names the scalars here are the same as others in the text.
    pub(super) fn repeated(&self, others: &Self, names: Names, text: &[u8]) -> Names {
        let at = |at: u32| scalar(text, at as usize);
        let pairs = self.0.iter().zip(&others.0).enumerate();
        let held = pairs.filter(|(number, _)| names.0 & 1 << number != 0);
        let same = held.filter(|(_, (one, other))| {
            at(**one).is_some_and(|scalar| at(**other) == Some(scalar))
        });
        Names(same.fold(0, |bits, (number, _)| bits | 1 << number))
    }
}

/// The scalar that stands here, after white space perhaps.
fn scalar(text: &[u8], at: usize) -> Option<&[u8]> {
    let mut tokens = Tokens::new(text, at);
    tokens.after_space()?;
    let start = tokens.at();
    tokens.scalar().ok()?;
    text.get(start..tokens.at())
}

/// The scalar under each name that is there once.
fn held(document: &Document<'_>) -> [Option<Value>; IDENTITIES] {
    let (mut held, mut seen) = ([None; IDENTITIES], 0_u16);
    for member in document.members(document.root()) {
        let Some(number) = identity(&member.key.canonical()) else { continue };
        let is_scalar = !matches!(document.shape(member.value), Shape::Array | Shape::Object);
        let is_first = seen & 1 << number == 0;
        seen |= 1 << number;
        if let Some(value) = held.get_mut(number) {
            *value = (is_first && is_scalar).then_some(member.value);
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
        let (names, values) = Names::shared(&document(x), &document(y), 0);
        let name = |name: &&str| Names::named(name.as_bytes());
        let expected = expected.iter().map(name).fold(Names::NONE, Names::or);
        assert_eq!(names, expected, "{x} {y}");
        assert_eq!(values.repeated(&values, Names::ALL, x.as_bytes()), expected, "{x} {y}");
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
    fn a_name_is_one_of_few() {
        let (id, email) = (Names::named(b"id"), Names::named(b"email"));
        assert_eq!([id, email].map(Names::is_empty), [false; 2]);
        assert_eq!(id.or(email).without(id), email);
        assert_eq!(Names::ALL.and(id), id);
        for other in [&b""[..], b"i", b"ids", b"ID", b"emails"] {
            assert_eq!(Names::named(other), Names::NONE);
        }
    }
}
