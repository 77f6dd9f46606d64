//! A JSON Patch (RFC 6902) from one document to another.
//!
//! [`patch`] lists operations which, applied in their order, make the second document of the first.
//! Whatever is written differently is replaced, `1.0` by `1` too; only white space, the order of
//! keys and escapes in strings are left as they are.
//!
//! This module knows no rules, and never recurses.

use super::ends::ends;
use super::json::{MAX_DEPTH, Places, kept};
use crate::syntax::json::{Document, Invalid, Member, Shape, Text, Value};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::str::from_utf8;
use xxhash_rust::xxh3::xxh3_64;

/// Longer runs of elements, on both sides together, are paired by their places.
const MOST_ALIGNED: usize = 20_000;

/// Why there is no patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpatchable {
    #[error("the first body is not JSON")]
    First(#[source] Invalid),
    #[error("the second body is not JSON")]
    Second(#[source] Invalid),
}

/// The patch that makes `y` of `x`, an operation a line.
pub fn patch(x: &[u8], y: &[u8]) -> Result<String, Unpatchable> {
    let x = Document::parse(x).map_err(Unpatchable::First)?;
    let y = Document::parse(y).map_err(Unpatchable::Second)?;
    let mut patcher = Patcher { x: &x, y: &y, steps: Vec::new(), operations: Vec::new() };
    patcher.visit("", x.root(), y.root());
    while let Some(step) = patcher.steps.pop() {
        patcher.perform(step);
    }
    Ok(match patcher.operations.is_empty() {
        true => "[]\n".to_owned(),
        false => format!("[\n  {}\n]\n", patcher.operations.join(",\n  ")),
    })
}

struct Patcher<'d, 'a> {
    x: &'d Document<'a>,
    y: &'d Document<'a>,
    /// What is left to do, the next at the end. Of an array its last elements come first: whatever
    /// is done to them, the places before them stay where they are.
    steps: Vec<Step>,
    operations: Vec<String>,
}

/// What is done at a place, which is written as a JSON Pointer within a JSON string.
struct Step {
    place: String,
    deed: Deed,
}

enum Deed {
    Visit(Value, Value),
    Remove,
    Add(Value),
}

impl<'a> Patcher<'_, 'a> {
    fn perform(&mut self, Step { place, deed }: Step) {
        match deed {
            Deed::Visit(x, y) => self.visit(&place, x, y),
            Deed::Remove => self.operations.push(format!(r#"{{"op":"remove","path":"{place}"}}"#)),
            Deed::Add(y) => self.operate("add", &place, y),
        }
    }

    fn operate(&mut self, operation: &str, place: &str, value: Value) {
        let value = text(self.y.raw(value));
        self.operations.push(format!(r#"{{"op":"{operation}","path":"{place}","value":{value}}}"#));
    }

    fn visit(&mut self, place: &str, x: Value, y: Value) {
        if self.x.raw(x) == self.y.raw(y) {
            return;
        }
        let deep = place.bytes().filter(|&byte| byte == b'/').count() >= MAX_DEPTH;
        let done = match (self.x.shape(x), self.y.shape(y)) {
            _ if deep => false,
            (Shape::Object, Shape::Object) => self.members(place, x, y),
            (Shape::Array, Shape::Array) => self.elements(place, x, y),
            (Shape::String, Shape::String) => self.x.string(x) == self.y.string(y),
            _ => false,
        };
        if !done {
            self.operate("replace", place, y);
        }
    }

    /// Says false where a key is repeated: no pointer tells one of those from the other.
    fn members(&mut self, place: &str, x: Value, y: Value) -> bool {
        let xs: Vec<Member<'a>> = self.x.members(x).collect();
        let ys: Vec<Member<'a>> = self.y.members(y).collect();
        let known: HashSet<Text<'a>> = xs.iter().map(|member| member.key).collect();
        let mut left: HashMap<Text<'a>, Value> =
            ys.iter().map(|member| (member.key, member.value)).collect();
        if known.len() < xs.len() || left.len() < ys.len() {
            return false;
        }
        let mut steps = Vec::new();
        for Member { key, value } in xs {
            let deed = match left.remove(&key) {
                Some(y) => Deed::Visit(value, y),
                None => Deed::Remove,
            };
            steps.push(Step { place: below(place, key), deed });
        }
        for Member { key, value } in ys {
            if left.contains_key(&key) {
                steps.push(Step { place: below(place, key), deed: Deed::Add(value) });
            }
        }
        self.steps.extend(steps.into_iter().rev());
        true
    }

    /// Says false where one operation does for all.
    fn elements(&mut self, place: &str, x: Value, y: Value) -> bool {
        let xs: Vec<Value> = self.x.elements(x).collect();
        let ys: Vec<Value> = self.y.elements(y).collect();
        if (xs.is_empty() || ys.is_empty()) && xs.len() + ys.len() > 1 {
            return false;
        }
        let hash = |document: &Document<'a>, value: &Value| xxh3_64(document.raw(*value));
        let hashes_x: Vec<u64> = xs.iter().map(|value| hash(self.x, value)).collect();
        let hashes_y: Vec<u64> = ys.iter().map(|value| hash(self.y, value)).collect();
        for op in align(&hashes_x, &hashes_y) {
            let (old, new) = (op.old_range(), op.new_range());
            let both = old.len().min(new.len());
            let at = |index: usize| format!("{place}/{index}");
            for (index, partner) in old.clone().zip(new.clone()) {
                if let (Some(&x), Some(&y)) = (xs.get(index), ys.get(partner)) {
                    self.steps.push(Step { place: at(index), deed: Deed::Visit(x, y) });
                }
            }
            for index in old.clone().skip(both) {
                self.steps.push(Step { place: at(index), deed: Deed::Remove });
            }
            // Put in at one place, the last of them first.
            for &y in new.skip(both).filter_map(|index| ys.get(index)) {
                self.steps.push(Step { place: at(old.end), deed: Deed::Add(y) });
            }
        }
        true
    }
}

/// Pairs what stands nowhere else on its side, in an order that both sides have, and what lies
/// between two such pairs as closely as its length allows.
fn align(xs: &[u64], ys: &[u64]) -> Vec<DiffOp> {
    if xs.len() + ys.len() <= MOST_ALIGNED {
        return capture_diff_slices(Algorithm::Histogram, xs, ys);
    }
    let (head, tail) = ends(xs, ys);
    let end = (xs.len() - tail, ys.len() - tail);
    let (middle_x, middle_y) = (xs.get(head..end.0), ys.get(head..end.1));
    let anchors = anchors(middle_x.unwrap_or_default(), middle_y.unwrap_or_default()).into_iter();
    let mut ops = Vec::new();
    let mut from = (head, head);
    for (x, y) in anchors.map(|(x, y)| (x + head, y + head)).chain([end]) {
        gap(xs, ys, (from.0..x, from.1..y), &mut ops);
        from = (x + 1, y + 1);
    }
    ops
}

/// The places of elements that both sides have once, in rising order on both.
fn anchors(xs: &[u64], ys: &[u64]) -> Vec<(usize, usize)> {
    let (of_x, of_y) = (Places::of(xs), Places::of(ys));
    let once = |(x, hash): (usize, &u64)| {
        of_x.only(*hash)?;
        Some((x, of_y.only(*hash)?))
    };
    let both: Vec<_> = xs.iter().enumerate().filter_map(once).collect();
    let places: Vec<_> = both.iter().map(|(_, y)| *y).collect();
    both.into_iter().zip(kept(&places)).filter(|(_, kept)| *kept).map(|(pair, _)| pair).collect()
}

/// What is to be done between two pairs.
fn gap(xs: &[u64], ys: &[u64], (old, new): (Range<usize>, Range<usize>), ops: &mut Vec<DiffOp>) {
    let [old_index, new_index] = [old.start, new.start];
    let [old_len, new_len] = [old.len(), new.len()];
    if old_len + new_len > MOST_ALIGNED {
        return ops.push(DiffOp::Replace { old_index, old_len, new_index, new_len });
    }
    if let (Some(xs), Some(ys)) = (xs.get(old), ys.get(new))
        && old_len + new_len > 0
    {
        let within = capture_diff_slices(Algorithm::Histogram, xs, ys).into_iter();
        ops.extend(within.map(|op| moved(op, (old_index, new_index))));
    }
}

/// The same, so much further on.
fn moved(op: DiffOp, by: (usize, usize)) -> DiffOp {
    let (old, new) = (op.old_range(), op.new_range());
    let (old_index, new_index) = (old.start + by.0, new.start + by.1);
    DiffOp::Replace { old_index, old_len: old.len(), new_index, new_len: new.len() }
}

/// The place of a member: its key as it was written, with the escapes of RFC 6901 section 3.
fn below(place: &str, key: Text<'_>) -> String {
    let mut rest = text(key.raw());
    let mut path = format!("{place}/");
    while let Some(at) = rest.find(['~', '/', '\\']) {
        let (plain, special) = rest.split_at(at);
        path.push_str(plain);
        let escape = ["~", "/", "\\/", "\\u007e", "\\u007E", "\\u002f", "\\u002F"]
            .into_iter()
            .find(|escape| special.starts_with(escape));
        // Any other escape is two characters at least, which stay as they are.
        let length = escape.map_or(2, str::len);
        match escape {
            Some("~" | "\\u007e" | "\\u007E") => path.push_str("~0"),
            Some(_) => path.push_str("~1"),
            None => path.push_str(special.get(..length).unwrap_or_default()),
        }
        rest = special.get(length..).unwrap_or_default();
    }
    path + rest
}

/// The text of a validated document.
fn text(raw: &[u8]) -> &str {
    from_utf8(raw).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof, proptest};
    use serde_json::{Map, Value as Json, from_str, json};

    fn check(x: &str, y: &str, expected: &[&str]) {
        let text = patch(x.as_bytes(), y.as_bytes()).expect("two documents");
        let operations: Vec<Json> = from_str(&text).expect("an array");
        let expected: Vec<Json> =
            expected.iter().map(|each| from_str(each).expect("an operation")).collect();
        assert_eq!(operations, expected, "{text}");
        assert_eq!(applied(from_str(x).expect("JSON"), &text), from_str::<Json>(y).expect("JSON"));
    }

    /// What a reader of RFC 6902 makes of a document.
    fn applied(mut document: Json, patch: &str) -> Json {
        for operation in from_str::<Vec<Json>>(patch).expect("an array") {
            let path = operation["path"].as_str().expect("a pointer");
            let value = operation.get("value").cloned();
            match (operation["op"].as_str().expect("a word"), value) {
                ("replace", Some(value)) => {
                    *document.pointer_mut(path).expect("a place that is there") = value;
                }
                ("add", Some(value)) => add(&mut document, path, value),
                ("remove", None) => remove(&mut document, path),
                other => panic!("{other:?} is no operation"),
            }
        }
        document
    }

    fn split(path: &str) -> (&str, String) {
        let (parent, key) = path.rsplit_once('/').expect("not the root");
        (parent, key.replace("~1", "/").replace("~0", "~"))
    }

    fn add(document: &mut Json, path: &str, value: Json) {
        let (parent, key) = split(path);
        match document.pointer_mut(parent).expect("a container") {
            Json::Object(members) => assert_eq!(members.insert(key, value), None),
            Json::Array(elements) => elements.insert(key.parse().expect("an index"), value),
            other => panic!("{other} holds nothing"),
        }
    }

    fn remove(document: &mut Json, path: &str) {
        let (parent, key) = split(path);
        match document.pointer_mut(parent).expect("a container") {
            Json::Object(members) => assert!(members.shift_remove(&key).is_some()),
            Json::Array(elements) => drop(elements.remove(key.parse().expect("an index"))),
            other => panic!("{other} holds nothing"),
        }
    }

    #[test]
    fn equal_documents_need_no_operation() {
        check(r#"{"a":[1,{"b":"é"}]}"#, " { \"a\" : [ 1 , {\"b\":\"\\u00e9\"} ] } ", &[]);
        check(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, &[]);
    }

    #[test]
    fn few_changes_of_a_long_array_are_few_operations() {
        let list = |numbers: &mut dyn Iterator<Item = usize>| {
            format!("[{}]", numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(","))
        };
        let x = list(&mut (0..15_000));
        let count = |y: &str| {
            let text = patch(x.as_bytes(), y.as_bytes()).expect("two documents");
            assert_eq!(
                applied(from_str(&x).expect("JSON"), &text),
                from_str::<Json>(y).expect("JSON")
            );
            text.lines().count() - 2
        };
        assert_eq!(count(&list(&mut (0..15_001).map(|number| (number + 15_000) % 15_001))), 1);
        assert_eq!(count(&list(&mut (1..15_000))), 1);
        assert_eq!(count(&list(&mut (0..15_000).filter(|number| number % 100 != 7))), 150);
        assert_eq!(count("[]"), 1);
        let thrice =
            |left_out: usize| list(&mut (0..30_000).filter(|at| *at != left_out).map(|at| at / 3));
        let text = patch(thrice(usize::MAX).as_bytes(), thrice(15_000).as_bytes());
        assert_eq!(text.expect("two documents").lines().count(), 3);
    }

    #[test]
    fn each_difference_is_one_operation_where_it_is() {
        check("1", "2", &[r#"{"op":"replace","path":"","value":2}"#]);
        check("1.0", "1", &[r#"{"op":"replace","path":"","value":1}"#]);
        check(
            r#"{"a":1,"b":{"c":[true]}}"#,
            r#"{"b":{"c":[false]},"d":null}"#,
            &[
                r#"{"op":"remove","path":"/a"}"#,
                r#"{"op":"replace","path":"/b/c/0","value":false}"#,
                r#"{"op":"add","path":"/d","value":null}"#,
            ],
        );
    }

    #[test]
    fn one_element_more_or_less_is_one_operation() {
        check("[1,2,3]", "[0,1,2,3]", &[r#"{"op":"add","path":"/0","value":0}"#]);
        check("[1,2,3]", "[1,2,3,4]", &[r#"{"op":"add","path":"/3","value":4}"#]);
        check("[1,2,3]", "[1,3]", &[r#"{"op":"remove","path":"/1"}"#]);
        check(
            r#"[{"id":1,"n":1},{"id":2,"n":1}]"#,
            r#"[{"id":1,"n":1},{"id":2,"n":2}]"#,
            &[r#"{"op":"replace","path":"/1/n","value":2}"#],
        );
    }

    #[test]
    fn a_key_is_escaped_as_a_pointer_within_a_string() {
        check(
            r#"{"a/b~c":1,"\u007e\/\u002F":1,"q\"\\":1,"\n":1}"#,
            r#"{"a/b~c":2,"\u007e\/\u002F":2,"q\"\\":2,"\n":2}"#,
            &[
                r#"{"op":"replace","path":"/a~1b~0c","value":2}"#,
                r#"{"op":"replace","path":"/~0~1~1","value":2}"#,
                r#"{"op":"replace","path":"/q\"\\","value":2}"#,
                r#"{"op":"replace","path":"/\n","value":2}"#,
            ],
        );
    }

    #[test]
    fn an_object_that_repeats_a_key_is_replaced_whole() {
        let text = patch(br#"{"o":{"a":1,"a":2}}"#, br#"{"o":{"a":3}}"#);
        let expected = "[\n  {\"op\":\"replace\",\"path\":\"/o\",\"value\":{\"a\":3}}\n]\n";
        assert_eq!(text.as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_too_deep_is_replaced_whole_and_no_depth_is_too_much() {
        let nested = |core: &str| "[".repeat(100_000) + core + &"]".repeat(100_000);
        let text = patch(nested("1").as_bytes(), nested("2").as_bytes()).expect("two documents");
        assert_eq!(text.matches("\"op\"").count(), 1);
    }

    #[test]
    fn what_is_no_json_is_named() {
        assert!(matches!(patch(b"{", b"1"), Err(Unpatchable::First(_))));
        assert!(matches!(patch(b"1", b"<p>"), Err(Unpatchable::Second(_))));
    }

    /// Few values and keys, so that two documents have much in common.
    fn documents() -> BoxedStrategy<Json> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Json::from),
            (0..3).prop_map(Json::from),
            prop_oneof![Just("a"), Just("~/"), Just("")].prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            let keys = prop_oneof![Just("a"), Just("b"), Just("/~1"), Just("~0"), Just("")];
            prop_oneof![
                vec(inner.clone(), 0..6).prop_map(Json::from),
                btree_map(keys.prop_map(str::to_owned), inner, 0..4)
                    .prop_map(|members| Json::Object(Map::from_iter(members))),
            ]
        })
        .boxed()
    }

    proptest! {
        #[test]
        fn a_patch_makes_the_second_document_of_the_first(x in documents(), y in documents()) {
            let text = patch(x.to_string().as_bytes(), y.to_string().as_bytes()).expect("two");
            assert_eq!(applied(x, &text), y);
        }

        #[test]
        fn one_element_put_in_is_one_operation(
            elements in vec(0..100_000, 0..60), at in 0_usize..60,
        ) {
            let mut more = elements.clone();
            more.insert(at.min(elements.len()), 100_001);
            let (x, y) = (json!(elements).to_string(), json!(more).to_string());
            let text = patch(x.as_bytes(), y.as_bytes()).expect("two");
            assert_eq!(text.matches("\"op\"").count(), 1, "{text}");
        }
    }
}
