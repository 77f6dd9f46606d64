//! The names that say which thing an element is, and arrays that are in step by them.
//!
//! This module never looks further than one element on each side.

use crate::compare::class::Pair;
use crate::compare::fuel::Fuel;
use crate::compare::json::identity::{self, IDENTITIES};
use crate::compare::rename::renamable;
use crate::syntax::json::{Decimal, Document, Shape, Text, Value};

/// An array's elements and the document that they stand in.
#[derive(Clone, Copy)]
pub(super) struct Listed<'s, 'a> {
    pub document: &'s Document<'a>,
    pub values: &'s [Value],
}

/// Whether two arrays are in step: both are equally long, and there is one of the [`IDENTITIES`]
/// under which, at every index where the texts of the elements differ, both are objects that hold an
/// equal scalar, which is another one than where they differed last: what stays the same from one
/// element to the next names none of them. Then the elements are paired by index, whatever else an
/// alignment would find.
///
/// A member that an object repeats holds nothing. Scalars are equal as they are everywhere: numbers
/// by value, strings by characters; they are others where they are written otherwise, on both sides.
///
/// Nothing where the fuel ran out.
///
/// This is a contract: whoever reads two texts side by side and never looks back may go on through
/// an array for as long as it holds.
pub(super) fn in_step(x: Listed<'_, '_>, y: Listed<'_, '_>, fuel: &mut Fuel) -> Option<bool> {
    if x.values.len() != y.values.len() {
        return Some(false);
    }
    let mut shared = [true; IDENTITIES];
    let mut last = [None; IDENTITIES];
    for (&one, &other) in x.values.iter().zip(y.values) {
        let (raw_x, raw_y) = (x.document.raw(one), y.document.raw(other));
        if raw_x.len() == raw_y.len() {
            fuel.bytes(raw_x.len())?;
        }
        if raw_x == raw_y {
            continue;
        }
        let (held_x, held_y) = (identities(x.document, one), identities(y.document, other));
        let held = held_x.into_iter().zip(held_y).map(|(one, other)| one.zip(other));
        for ((shared, last), held) in shared.iter_mut().zip(&mut last).zip(held) {
            let is_same = |(one, other)| same_scalar((x.document, one), (y.document, other));
            let written = held.map(|(one, other)| [x.document.raw(one), y.document.raw(other)]);
            *shared &= held.is_some_and(is_same) && !is_repeated(*last, written);
            *last = written;
        }
        if !shared.contains(&true) {
            return Some(false);
        }
    }
    Some(true)
}

/// Whether either side says again what it said last.
fn is_repeated(last: Option<[&[u8]; 2]>, now: Option<[&[u8]; 2]>) -> bool {
    last.zip(now).is_some_and(|([x, y], [again_x, again_y])| x == again_x || y == again_y)
}

/// Whether the first of the identities that both objects hold is not the same. Where identifiers
/// may have other names on the other side, one that somebody has made up says nothing.
pub(super) fn are_distinct<'a>(
    (document_x, x): (&Document<'a>, Value),
    (document_y, y): (&Document<'a>, Value),
    renames: bool,
) -> bool {
    let held = identities(document_x, x).into_iter().zip(identities(document_y, y));
    let mut both = held.filter_map(|(one, other)| one.zip(other));
    both.next().is_some_and(|(one, other)| {
        let pair = ((document_x, one), (document_y, other));
        let same = same_scalar(pair.0, pair.1);
        !same && (!renames || !may_be_renamed(pair.0, pair.1))
    })
}

/// Whether two strings are identifiers of one class.
fn may_be_renamed(
    (document_x, x): (&Document<'_>, Value),
    (document_y, y): (&Document<'_>, Value),
) -> bool {
    if [document_x.shape(x), document_y.shape(y)] != [Shape::String; 2] {
        return false;
    }
    let (x, y) = (document_x.string(x).canonical(), document_y.string(y).canonical());
    let pair = Pair::of_text(&x, &y);
    let fits = |text: &[u8]| renamable(None, pair.primary, text);
    pair.is_alike() && fits(&x) && fits(&y)
}

/// The scalars that an object holds under each of the [`IDENTITIES`].
fn identities(document: &Document<'_>, value: Value) -> [Option<Value>; IDENTITIES] {
    let (mut held, mut seen) = ([None; IDENTITIES], [false; IDENTITIES]);
    for member in document.members(value) {
        let Some(index) = identity(member.key) else { continue };
        let (Some(held), Some(seen)) = (held.get_mut(index), seen.get_mut(index)) else { continue };
        let is_scalar = !matches!(document.shape(member.value), Shape::Object | Shape::Array);
        *held = Some(member.value).filter(|_| is_scalar && !*seen);
        *seen = true;
    }
    held
}

/// Which of the [`IDENTITIES`] a key is.
pub(super) fn identity(key: Text<'_>) -> Option<usize> {
    let raw = key.raw();
    if raw.len() > 5 && !raw.contains(&b'\\') {
        return None;
    }
    let name = key.canonical();
    identity::identity(&name)
}

fn same_scalar(
    (document_x, x): (&Document<'_>, Value),
    (document_y, y): (&Document<'_>, Value),
) -> bool {
    let (raw_x, raw_y) = (document_x.raw(x), document_y.raw(y));
    match (document_x.shape(x), document_y.shape(y)) {
        (Shape::Number, Shape::Number) => Decimal::new(raw_x).same(&Decimal::new(raw_y)),
        (Shape::String, Shape::String) => document_x.string(x) == document_y.string(y),
        _ => raw_x == raw_y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(x: &str, y: &str, expected: bool) {
        let parsed = [x, y].map(|text| Document::parse(text.as_bytes()).expect(text));
        let [x_values, y_values] = parsed
            .each_ref()
            .map(|document| document.elements(document.root()).collect::<Vec<_>>());
        let [one, other] = &parsed;
        let (one, other) = (
            Listed { document: one, values: &x_values },
            Listed { document: other, values: &y_values },
        );
        let fuel = &mut Fuel::new();
        assert_eq!(in_step(one, other, fuel), Some(expected), "{x} {y}");
        assert_eq!(in_step(other, one, fuel), Some(expected), "{y} {x}");
    }

    #[test]
    fn arrays_are_in_step_while_all_that_differ_agree_on_one_name() {
        check("[]", "[]", true);
        check("[1,2]", "[1,2]", true);
        check("[1,2]", "[1,3]", false);
        check("[1]", "[1,2]", false);
        check(r#"[{"id":1,"a":1}]"#, r#"[{"id":1,"a":2}]"#, true);
        check(r#"[{"id":1,"a":1}]"#, r#"[{"a":2,"\u0069d":1.0}]"#, true);
        check(r#"[{"id":1}]"#, r#"[{"id":2}]"#, false);
        check(r#"[{"id":null,"a":1}]"#, r#"[{"id":null,"a":2}]"#, true);
        check(r#"[{"id":[1],"a":1}]"#, r#"[{"id":[1],"a":2}]"#, false);
        check(r#"[{"title":1,"a":1}]"#, r#"[{"title":1,"a":2}]"#, false);
    }

    #[test]
    fn what_stays_the_same_from_one_to_the_next_names_none() {
        let rows = |rows: &[(&str, u32)]| {
            let row = |(code, v): &(&str, u32)| format!(r#"{{"code":"{code}","v":{v}}}"#);
            format!("[{}]", rows.iter().map(row).collect::<Vec<_>>().join(","))
        };
        let x = rows(&[("EUR", 1), ("EUR", 2), ("EUR", 3)]);
        check(&x, &rows(&[("EUR", 2), ("EUR", 3), ("EUR", 4)]), false);
        check(&x, &rows(&[("EUR", 1), ("EUR", 2), ("EUR", 4)]), true);
        let x = rows(&[("EUR", 1), ("USD", 2), ("EUR", 3)]);
        check(&x, &rows(&[("EUR", 2), ("USD", 3), ("EUR", 4)]), true);
        check(&x, &rows(&[("EUR", 3), ("USD", 2), ("EUR", 1)]), false);
    }

    #[test]
    fn the_name_is_one_and_the_same_for_all() {
        let one = |id: u32, sku: u32, a: u32| format!(r#"{{"id":{id},"sku":{sku},"a":{a}}}"#);
        let array = |elements: &[String]| format!("[{}]", elements.join(","));
        let x = array(&[one(1, 1, 1), one(2, 2, 1), one(3, 3, 1)]);
        check(&x, &array(&[one(1, 1, 2), one(2, 9, 1), one(3, 3, 1)]), true);
        check(&x, &array(&[one(9, 1, 1), one(2, 9, 1), one(3, 3, 1)]), false);
        check(&x, &array(&[one(1, 1, 2), one(3, 3, 1), one(2, 2, 1)]), false);
    }

    #[test]
    fn a_repeated_member_holds_nothing() {
        check(r#"[{"id":1,"id":1,"a":1}]"#, r#"[{"id":1,"a":2}]"#, false);
        check(r#"[{"id":1,"id":1,"id":1,"a":1}]"#, r#"[{"id":1,"a":2}]"#, false);
    }
}
