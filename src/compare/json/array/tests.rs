//! Arrays through the whole comparison, and the laws of their alignment.

use super::Keys;
use crate::compare::testing::{check, check_json, ignoring, json, shown};
use crate::compare::{Comparison, Decoded, Rules, Terms, compare};
use crate::config::{self, ArrayRule, Listed, Pairing};
use crate::model::{Divergence, Pattern, Severity};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

fn with<T>(x: &str, y: &str, terms: Terms<'_>, look: impl FnOnce(&Comparison<'_>) -> T) -> T {
    let (x, y) = (json(x), json(y));
    let decoded = Decoded::new(&x, &y);
    look(&compare(&x, &y, &decoded, terms))
}

fn plain<T>(x: &str, y: &str, look: impl FnOnce(&Comparison<'_>) -> T) -> T {
    with(x, y, (&Rules::default()).into(), look)
}

/// Each divergence as `KIND POINTER`, and its count where it stands for several.
fn told(x: &str, y: &str, rules: &Rules) -> Vec<String> {
    with(x, y, rules.into(), |found| {
        let line = |each: &Divergence<'_>| {
            let count = if each.count > 1 { format!(" x{}", each.count) } else { String::new() };
            format!("{} ${}{count}", each.kind, each.place.pointer())
        };
        found.divergences.iter().map(line).collect()
    })
}

/// Rules for one array.
fn ruled(path: &str, pairing: Pairing, ordered: bool) -> Rules {
    let rule = ArrayRule { path: path.parse().expect(path), pairing, ordered };
    Rules::new(&config::Compare { arrays: vec![rule.into()], ..Default::default() })
}

fn keyed(fields: &[&str]) -> Pairing {
    Pairing::Keyed(fields.iter().map(|field| (*field).to_owned()).collect())
}

/// The rules that a config says under `compare`.
fn said(text: &str) -> Rules {
    let text = format!("primary: {{ url: \"http://a:1\" }}\ncompare: {text}");
    Rules::new(&config::parse(&text, "shadow.yaml", &|_| None).expect(&text).compare)
}

fn array(elements: impl IntoIterator<Item = impl ToString>) -> String {
    let elements: Vec<_> = elements.into_iter().map(|each| each.to_string()).collect();
    format!("[{}]", elements.join(","))
}

#[test]
fn one_element_more_is_one_element_more_wherever_it_stands() {
    for at in [0, 1, 95, 189, 190] {
        let thing = |number: usize| format!(r#"{{"title":"t{number}","n":{}}}"#, number % 7);
        let x: Vec<_> = (0..190).map(thing).collect();
        let mut y = x.clone();
        y.insert(at, thing(1_000));
        let expected = ["array_length $".to_owned(), format!("added $/{at}")];
        assert_eq!(told(&array(&x), &array(&y), &Rules::default()), expected);
        let expected = ["array_length $".to_owned(), format!("removed $/{at}")];
        assert_eq!(told(&array(&y), &array(&x), &Rules::default()), expected);
    }
}

#[test]
fn another_order_is_one_difference() {
    let whole = |count| format!("reordered ${count}");
    assert_eq!(told("[1,2,3]", "[3,1,2]", &Rules::default()), [whole("")]);
    assert_eq!(told("[1,2,3,4]", "[4,3,2,1]", &Rules::default()), [whole(" x3")]);
    assert_eq!(told("[[1],{\"a\":1},2]", "[2,[ 1 ],{\"a\":1.0}]", &Rules::default()), [whole("")]);
    assert_eq!(told("[1,1,2,2]", "[2,1,2,1]", &Rules::default()), [whole(" x2")]);
}

#[test]
fn elements_are_joined_by_what_names_them() {
    let one = |id: u32, n: u32| format!(r#"{{"n":{n},"id":{id}}}"#);
    let x = array([one(1, 1), one(2, 2), one(3, 3), one(4, 4), one(5, 5), one(6, 6)]);
    let y = array([one(1, 9), one(6, 6), one(3, 3), one(7, 4), one(4, 8), one(5, 5)]);
    let expected = [
        "value $/0/n 1 -> 9",
        r#"removed $/1 {"n":2,"id":2} -> -"#,
        "value $/3/n 4 -> 8",
        r#"moved $/5 {"n":6,"id":6} -> {"n":6,"id":6}"#,
        r#"added $/3 - -> {"n":7,"id":7}"#,
    ];
    let y = y.replace(r#"{"n":4,"id":7}"#, r#"{"n":7,"id":7}"#);
    check_json(&x, &y, &expected);
}

#[test]
fn of_two_between_the_same_neighbours_that_are_equal_but_for_the_name_only_the_name_differs() {
    let one = |id: u32| format!(r#"{{"id":{id},"n":"n","m":"m"}}"#);
    let x = array([one(1), one(2), one(3), one(4)]);
    check_json(&x, &array([one(1), one(9), one(3), one(4)]), &["value $/1/id 2 -> 9"]);
    let expected = ["array_length $", "value $/1/id", "added $/4"];
    let y = array([one(1), one(9), one(3), one(4), one(5)]);
    assert_eq!(told(&x, &y, &Rules::default()), expected);
}

#[test]
fn a_name_that_several_have_is_told_and_joins_nothing() {
    let one = |id: u32, n: u32| format!(r#"{{"id":{id},"m":[{n}]}}"#);
    let x = array([one(1, 1), one(1, 2), one(3, 3)]);
    let y = array([one(1, 2), one(3, 3), one(1, 4), one(1, 5)]);
    let found = told(&x, &y, &Rules::default());
    assert!(found.contains(&"duplicate_identity $".to_owned()), "{found:?}");
    // Where another field names them, nobody needs to know.
    let one = |id: u32, sku: u32| format!(r#"{{"id":{id},"sku":{sku}}}"#);
    let x = array([one(1, 1), one(1, 2), one(3, 3)]);
    let y = array([one(1, 2), one(3, 3), one(1, 4)]);
    assert_eq!(told(&x, &y, &Rules::default()), ["removed $/0", "added $/2"]);
}

#[test]
fn a_changed_scalar_is_a_value_and_not_one_less_and_one_more() {
    check_json("[1,2,3,4,5]", "[1,9,3,8,5]", &["value $/1 2 -> 9", "value $/3 4 -> 8"]);
    check_json("[1,2,3]", "[1,null,3]", &["null $/1 2 -> null"]);
    check_json("[[1],[2],[3]]", "[[1],[9],[3]]", &["value $/1/0 2 -> 9"]);
    check_json("[1,2]", "[3,4]", &["value $/0 1 -> 3", "value $/1 2 -> 4"]);
}

#[test]
fn elements_without_a_name_are_paired_with_the_most_alike() {
    let one = |a: &str, b: u32, c: u32| format!(r#"{{"a":"{a}","b":{b},"c":{c}}}"#);
    let x = array([one("x", 1, 1), one("x", 2, 2), one("x", 2, 2)]);
    let y = array([one("z", 7, 7), one("x", 1, 8), one("x", 2, 2), one("x", 2, 2)]);
    let expected = ["array_length $", "value $/0/c", "added $/0"];
    assert_eq!(told(&x, &y, &Rules::default()), expected);
}

#[test]
fn in_sets_neither_order_nor_number_counts() {
    let set = ruled("$.a", Pairing::Set, false);
    let body = |text: &str| json(&format!(r#"{{"a":{text}}}"#));
    let with = |x: &str, y: &str, expected: &[&str]| check(&body(x), &body(y), &set, expected);
    with("[1,2,3]", "[3,2.0,1,1]", &[]);
    with(r#"[{"a":1,"b":2},1]"#, r#"[1,1,{"b":2,"a":1}]"#, &[]);
    with("[1,1,2]", "[2,3]", &["removed $/a/0 1 -> -", "added $/a/1 - -> 3"]);
    with("[1,2]", "[2]", &["array_length $/a [1,2] -> [2]", "removed $/a/0 1 -> -"]);
    let text = |text: &str| format!(r#"{{"a":{text}}}"#);
    assert_eq!(told(&text("[1,1,2]"), &text("[2,3]"), &set), ["removed $/a/0 x2", "added $/a/1"]);
}

#[test]
fn in_multisets_the_number_counts_and_the_order_does_not() {
    let rules = ruled("$", Pairing::Multiset, false);
    assert_eq!(told("[1,2,2]", "[2,1,2]", &rules), [""; 0]);
    let expected = ["array_length $", "removed $/2 x2", "added $/1 x3"];
    assert_eq!(told("[1,2,2,2]", "[2,3,3,3,1]", &rules), expected);
}

#[test]
fn a_rule_says_which_fields_name_an_element() {
    let one = |a: u32, b: u32, n: u32| format!(r#"{{"a":{a},"b":{b},"n":{n}}}"#);
    let rules = ruled("$", keyed(&["a", "b"]), false);
    let x = array([one(1, 1, 1), one(1, 2, 2), one(2, 1, 3)]);
    let y = array([one(2, 1, 3), one(1, 2, 9), one(1, 1, 1)]);
    let found = told(&x, &y, &rules);
    assert_eq!(found.iter().filter(|each| each.starts_with("moved")).count(), 2, "{found:?}");
    assert!(found.contains(&"value $/1/n".to_owned()));
    // Several of one name are paired in their order, and told.
    let x = array([one(1, 1, 1), one(1, 1, 2)]);
    let y = array([one(1, 1, 1), one(1, 1, 3)]);
    assert_eq!(told(&x, &y, &rules), ["value $/1/n"]);
    let y = array([one(1, 1, 4), one(1, 1, 3)]);
    assert_eq!(told(&x, &y, &rules), ["duplicate_identity $", "value $/0/n", "value $/1/n"]);
    // What lacks a name is known by all of it.
    assert_eq!(told("[1,{},2]", "[2,{},3]", &rules), ["removed $/0", "moved $/1", "added $/2"]);
    assert_eq!(told("[{\"a\":1}]", "[{\"a\":2}]", &rules), ["removed $/0", "added $/0"]);
}

#[test]
fn a_rule_may_pair_by_index_or_as_a_sequence() {
    let index = ruled("$", Pairing::Index, false);
    let expected = ["array_length $", "value $/0", "value $/1", "added $/2"];
    assert_eq!(told("[1,2]", "[0,1,2]", &index), expected);
    assert_eq!(told("[1,2]", "[2,1]", &index), ["value $/0", "value $/1"]);
    let sequence = ruled("$", Pairing::Lcs, false);
    let one = |id: u32, n: u32| format!(r#"{{"id":{id},"n":{n},"m":0,"o":0}}"#);
    let x = array([one(1, 1), one(2, 2), one(3, 3)]);
    let y = array([one(1, 1), one(9, 2), one(3, 3), one(4, 4)]);
    let expected = ["array_length $", "value $/1/id", "added $/3"];
    assert_eq!(told(&x, &y, &sequence), expected);
}

#[test]
fn that_an_element_has_moved_gates_where_the_order_counts() {
    let one = |id: u32, n: u32| format!(r#"{{"id":{id},"n":{n}}}"#);
    let x = array([one(1, 1), one(2, 2), one(3, 3), one(4, 4)]);
    let y = array([one(2, 2), one(3, 3), one(1, 1), one(4, 5)]);
    for (ordered, expected) in [(false, Severity::Info), (true, Severity::Behavioural)] {
        let rules = ruled("$", Pairing::Auto, ordered);
        with(&x, &y, (&rules).into(), |found| {
            assert_eq!(
                shown(&found.divergences)[0],
                "moved $/0 {\"id\":1,\"n\":1} -> {\"id\":1,\"n\":1}"
            );
            assert_eq!(found.divergences[0].severity, expected);
        });
    }
}

#[test]
fn what_is_ignored_does_not_keep_elements_from_being_found_again() {
    let one = |name: &str, at: u32| format!(r#"{{"title":"{name}","at":{at}}}"#);
    let x = array([one("a", 1), one("b", 2), one("c", 3)]);
    let y = array([one("z", 4), one("a", 5), one("b", 6), one("c", 7)]);
    let rules = ignoring(&["$[*].at"]);
    assert_eq!(told(&x, &y, &rules), ["array_length $", "added $/0"]);
    let shuffled = array([one("c", 7), one("a", 5), one("b", 6)]);
    assert_eq!(told(&x, &shuffled, &rules), ["reordered $"]);
    // Presence and class still count.
    let y = y.replace(r#""title":"b","at":6"#, r#""title":"b","at":"6""#);
    assert_eq!(told(&x, &y, &rules), ["array_length $", "type $/1/at", "added $/0"]);
    // A name that may differ is no name.
    let one = |id: u32, title: &str| format!(r#"{{"id":{id},"title":"{title}"}}"#);
    let (x, y) =
        (array([one(1, "a"), one(2, "b")]), array([one(2, "a"), one(1, "b"), one(3, "c")]));
    assert_eq!(told(&x, &y, &ignoring(&["$[*].id"])), ["array_length $", "added $/2"]);
}

#[test]
fn what_is_not_compared_decides_nothing() {
    let only: Vec<Listed<Pattern>> = vec!["$.a[*].n".parse::<Pattern>().expect("a pattern").into()];
    let rules = Rules::new(&config::Compare { only, ..Default::default() });
    assert_eq!(told(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, &rules), [""; 0]);
    let one = |id: u32, n: u32, m: u32| format!(r#"{{"id":{id},"n":{n},"m":{m}}}"#);
    let body = |elements: &[String]| format!(r#"{{"a":{}}}"#, array(elements));
    let x = body(&[one(1, 1, 1), one(2, 2, 1), one(3, 3, 1), one(4, 4, 1)]);
    let y = body(&[one(5, 1, 2), one(6, 2, 2), one(7, 3, 2), one(8, 4, 2)]);
    assert_eq!(told(&x, &y, &rules), [""; 0]);
    let y = body(&[one(1, 1, 2), one(3, 3, 2), one(4, 4, 2), one(2, 9, 2)]);
    assert_eq!(told(&x, &y, &rules), ["moved $/a/1", "value $/a/1/n"]);
}

#[test]
fn a_rule_for_an_array_counts_its_uses() {
    let uses = |x: &str, y: &str, pairing: Pairing| {
        let rules = ruled("$", pairing, false);
        with(x, y, (&rules).into(), |found| {
            found.uses.iter().map(|used| (used.matched, used.excused)).collect::<Vec<_>>()
        })
    };
    assert_eq!(uses("[1,2]", "[2,1]", Pairing::Set), [(1, 1)]);
    assert_eq!(uses("[1,2]", "[1,3]", Pairing::Multiset), [(1, 0)]);
    assert_eq!(uses("[1,2]", "[2,1]", Pairing::Index), [(1, 0)]);
}

#[test]
fn many_moves_are_told_as_one() {
    let one = |id: u32, n: u32| format!(r#"{{"id":{id},"n":{n}}}"#);
    let x = array((0..500).map(|id| one(id, id)));
    let y = array((0..500).rev().map(|id| one(id, id + u32::from(id == 250))));
    assert_eq!(told(&x, &y, &Rules::default()), ["moved $/0 x499", "value $/250/n"]);
}

#[test]
fn long_arrays_are_aligned_by_what_stands_once_in_them() {
    let line = |number: usize| format!("\"line {number}\"");
    let x: Vec<_> = (0..30_000).map(line).collect();
    let mut y = x.clone();
    y.remove(20_000);
    y.insert(10_000, line(30_001));
    y[5_000] = line(30_002);
    let expected = ["value $/5000", "removed $/20000", "added $/10000"];
    assert_eq!(told(&array(&x), &array(&y), &Rules::default()), expected);
}

#[test]
fn deep_arrays_take_no_more_than_the_fuel_there_is() {
    let nested = |core: &str| "[[1],".repeat(400) + core + &"]".repeat(400);
    let text = "a".repeat(1 << 20);
    plain(&nested(&format!("\"{text}1\"")), &nested(&format!("\"{text}2\"")), |found| {
        assert!(found.total > 0);
    });
}

/// What is done to an element.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edit {
    Keep,
    Remove,
    Change,
    /// One is put in before it.
    Insert,
}

fn edits(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        6 => Just(Edit::Keep), 1 => Just(Edit::Remove), 1 => Just(Edit::Change),
        1 => Just(Edit::Insert)
    ];
    // Most elements must stay: that they are the same array is what an alignment goes by.
    vec(edit, length).prop_map(|mut edits| {
        let mut room = edits.len() / 3;
        for edit in &mut edits {
            if matches!(edit, Edit::Remove | Edit::Insert) {
                *edit = if room > 0 { *edit } else { Edit::Keep };
                room = room.saturating_sub(1);
            }
        }
        edits
    })
}

/// Both arrays, and what should be told.
fn edited(
    edits: &[Edit],
    element: impl Fn(usize, bool) -> String,
    changed: &str,
) -> (Vec<String>, Vec<String>, Vec<String>) {
    let x: Vec<_> = (0..edits.len()).map(|number| element(number, false)).collect();
    let (mut y, mut expected) = (Vec::new(), Vec::new());
    for (index, edit) in edits.iter().enumerate() {
        match edit {
            Edit::Keep => y.push(element(index, false)),
            Edit::Remove => expected.push(format!("removed $/{index}")),
            Edit::Change => {
                expected.push(format!("value $/{index}{changed}"));
                y.push(element(index, true));
            }
            Edit::Insert => {
                expected.push(format!("added $/{}", y.len()));
                y.push(element(1_000 + index, false));
                y.push(element(index, false));
            }
        }
    }
    if x.len() != y.len() {
        expected.push("array_length $".to_owned());
    }
    expected.sort();
    (x, y, expected)
}

fn sorted(mut told: Vec<String>) -> Vec<String> {
    told.sort();
    told
}

/// Documents of few values, so that elements are repeated and much is alike.
fn documents() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (0..4).prop_map(|number: i32| number.to_string()),
        Just("null".to_owned()),
        prop_oneof![Just("\"a\"".to_owned()), Just("\"b\"".to_owned())],
    ];
    leaf.prop_recursive(4, 80, 10, |inner| {
        let member = (prop_oneof![Just("id"), Just("n"), Just("m")], inner.clone());
        prop_oneof![
            3 => vec(inner, 0..10).prop_map(array),
            1 => vec(member, 0..4).prop_map(|mut members| {
                members.sort_by_key(|member| member.0);
                members.dedup_by_key(|member| member.0);
                let members = members.iter().map(|(key, value)| format!("\"{key}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
    .boxed()
}

fn any_rule() -> impl Strategy<Value = Rules> {
    let pairing = prop_oneof![
        Just(Pairing::Auto),
        Just(Pairing::Index),
        Just(Pairing::Lcs),
        Just(Pairing::Set),
        Just(Pairing::Multiset),
        Just(keyed(&["id"])),
        Just(keyed(&["id", "n"])),
    ];
    let path = prop_oneof![Just("$"), Just("$[*]"), Just("$..[*]"), Just("$..n")];
    (path, pairing).prop_map(|(path, pairing)| ruled(path, pairing, false))
}

fn uuid(number: usize) -> String {
    format!("\"0b8f2d3c-5a7e-4f10-9c1d-{number:012x}\"")
}

#[test]
fn another_order_is_one_whatever_the_elements_are_called() {
    let list = |of: &[(usize, &str)]| {
        array(of.iter().map(|(id, name)| format!(r#"{{"id":{},"n":"{name}"}}"#, uuid(*id))))
    };
    let x = list(&[(1, "a"), (2, "b"), (3, "c")]);
    for y in [list(&[(9, "c"), (7, "a"), (8, "b")]), list(&[(3, "c"), (1, "a"), (2, "b")])] {
        assert_eq!(told(&x, &y, &Rules::default()), ["reordered $"], "{y}");
        assert_eq!(told(&x, &y, &ruled("$", Pairing::Lcs, false)), ["reordered $"], "{y}");
    }
    assert_eq!(told(&x, &list(&[(7, "a"), (8, "b"), (9, "c")]), &Rules::default()), [""; 0]);
    let linked = |of: &[(usize, usize)]| {
        let each = |(id, n): &(usize, usize)| {
            let id = uuid(*id);
            format!(r#"{{"id":{id},"n":{n},"self":"/x/{}"}}"#, id.trim_matches('"'))
        };
        array(of.iter().map(each))
    };
    let (x, y) = (linked(&[(1, 1), (2, 2)]), linked(&[(8, 2), (7, 1)]));
    assert_eq!(told(&x, &y, &Rules::default()), ["reordered $"]);
}

#[test]
fn identifiers_have_other_names_where_a_rule_says_how_elements_are_paired_too() {
    let list = |first: usize| {
        array((0..3).map(|number| format!(r#"{{"id":{},"n":{number}}}"#, uuid(first + number))))
    };
    for pairing in [keyed(&["id"]), keyed(&["id", "n"]), Pairing::Set, Pairing::Multiset] {
        let rules = ruled("$", pairing.clone(), false);
        let rules_of_n = keyed(&["id", "n"]);
        let expected: &[&str] = if pairing == rules_of_n {
            &["removed $/0", "removed $/1", "removed $/2"]
        } else {
            &[]
        };
        let found = told(&list(1), &list(7), &rules);
        assert_eq!(found.iter().take(3).collect::<Vec<_>>(), expected, "{pairing:?}");
        let changed = list(7).replace(r#""n":1"#, r#""n":5"#);
        assert!(!told(&list(1), &changed, &rules).is_empty(), "{pairing:?}");
    }
    // A name that nobody makes up is what it is.
    let named = |name: &str| format!(r#"[{{"id":"{name}","n":1}}]"#);
    let rules = ruled("$", keyed(&["id"]), false);
    assert_eq!(told(&named("tea"), &named("coffee"), &rules), ["removed $/0", "added $/0"]);
}

#[test]
fn elements_of_a_set_find_each_other_within_what_rules_let_pass() {
    let set = |rule: &str| said(&format!("{{ arrays: [{{ path: $, as: set }}], {rule} }}"));
    let abs = set("numbers: [{ path: \"$[*]\", abs: 0.01 }]");
    assert_eq!(told("[1,2]", "[2,1]", &abs), [""; 0]);
    assert_eq!(told("[1,2,3]", "[3.001,1.001,2]", &abs), [""; 0]);
    assert_eq!(told("[10,9,1]", "[9.001,1,10.001]", &abs), [""; 0]);
    assert_eq!(told("[1,2]", "[2,1.5]", &abs), ["value $/0"]);
    let text = set("normalise: [{ path: \"$[*]\", find: \"-[0-9]+$\", with: \"\" }]");
    assert_eq!(told(r#"["a-1","b-2"]"#, r#"["b-3","a-4"]"#, &text), [""; 0]);
    let times = set("times: { within: 5s }");
    let (one, other) = (r#""2026-01-01T00:00:00Z""#, r#""2026-02-01T00:00:00Z""#);
    assert_eq!(told(&array([one, other]), &array([other, one]), &times), [""; 0]);
    let named = set("numbers: [{ path: \"$..n\", abs: 0.01 }], ignore: [\"$..x\"]");
    for (x, y) in [
        (r#"[{"n":5},{"n":10}]"#, r#"[{"n":5.001},{"n":9.999}]"#),
        (r#"[{"n":1,"w":7},{"w":7,"n":2}]"#, r#"[{"n":2.001,"w":7},{"w":7,"n":1.001}]"#),
        (r#"[{"x":7,"n":1},{"x":7,"n":2}]"#, r#"[{"x":8,"n":2.001},{"x":9,"n":1.001}]"#),
    ] {
        assert_eq!(told(x, y, &named), [""; 0], "{y}");
    }
    assert_eq!(told(r#"["5","10"]"#, r#"["5.001","9.999"]"#, &abs), [""; 0]);
    assert_eq!(told("[1,1.005]", "[1.014,1.005]", &abs), [""; 0]);
    assert_eq!(told("[1,2]", "[2.001]", &abs), ["value $/0"]);
    assert_eq!(told("[1,2]", "[2.001,9]", &abs), ["value $/0"]);
    let (one, other) = (uuid(1), uuid(2));
    let (x, y) = (format!("[{one},{other}]"), format!("[{one}]"));
    assert_eq!(told(&x, &y, &abs), ["array_length $", "removed $/1"]);
    let zones = (r#""2024-01-01T12:00:01+02:00""#, r#""2024-01-01T11:30:01Z""#);
    let (x, y) = (
        array([r#""2024-01-01T10:00:00Z""#, r#""2024-01-01T11:30:00Z""#]),
        array([zones.0, zones.1]),
    );
    assert_eq!(told(&x, &y, &times), [""; 0]);
    let both = |n: &str, id: usize| format!(r#"{{"n":{n},"u":{}}}"#, uuid(id));
    let (x, y) = (array([both("1", 1), both("2", 2)]), array([both("2", 8), both("1", 7)]));
    assert_eq!(told(&x, &y, &named), [""; 0]);
    let (x, y) = (array([uuid(1), uuid(2), uuid(1)]), array([uuid(8), uuid(7), uuid(7)]));
    assert_eq!(told(&x, &y, &ruled("$", Pairing::Multiset, false)), [""; 0]);
    let price = set("numbers: [{ path: \"$[*].p\", abs: 0.01 }]");
    let (x, y) = (r#"[{"p":1.0},{"p":2.0}]"#, r#"[{"p":2.0},{"p":1.0}]"#);
    assert_eq!(told(x, y, &price), [""; 0]);
}

#[test]
fn another_order_is_one_within_what_rules_let_pass() {
    let abs = said("{ numbers: [{ path: \"$..*\", abs: 0.01 }] }");
    assert_eq!(told("[1,2]", "[2,1]", &abs), ["reordered $"]);
    let text = said("{ normalise: [{ path: \"$[*]\", find: \"-[0-9]+$\", with: \"\" }] }");
    let (x, y) = (r#"["a-1","b-1","c-1"]"#, r#"["x-2","a-2","b-2","c-2"]"#);
    assert_eq!(told(x, y, &text), ["array_length $", "added $/0"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_of_named_elements_are_told_as_what_they_are(edits in edits(3..40)) {
        let element = |number: usize, changed: bool| {
            let n = if changed { 500 + number } else { number };
            format!(r#"{{"id":{number},"n":{n},"title":"t"}}"#)
        };
        let (x, y, expected) = edited(&edits, element, "/n");
        prop_assert_eq!(sorted(told(&array(x), &array(y), &Rules::default())), expected);
    }

    #[test]
    fn edits_of_scalars_that_lie_apart_are_told_as_what_they_are(edits in edits(3..30)) {
        let apart: Vec<_> = edits.iter().flat_map(|edit| [*edit, Edit::Keep, Edit::Keep]).collect();
        let element = |number: usize, changed: bool| {
            format!("\"{}{number}\"", if changed { "changed" } else { "" })
        };
        let (x, y, expected) = edited(&apart, element, "");
        prop_assert_eq!(sorted(told(&array(x), &array(y), &Rules::default())), expected);
    }

    #[test]
    fn one_element_that_moves_is_told_as_moved(
        length in 5_usize..40, from in any::<Index>(), to in any::<Index>(), edit in any::<Index>(),
    ) {
        let element = |number: usize, n: usize| format!(r#"{{"id":{number},"n":{n}}}"#);
        let (from, to, edit) = (from.index(length), to.index(length), edit.index(length));
        prop_assume!(from.abs_diff(to) > 1 && edit != from);
        let x: Vec<_> = (0..length).map(|number| element(number, 0)).collect();
        let mut y = x.clone();
        let moved = y.remove(from);
        y.insert(to, moved);
        prop_assert_eq!(told(&array(&x), &array(&y), &Rules::default()), ["reordered $"]);
        y.iter_mut().filter(|each| **each == element(edit, 0)).for_each(|each| *each = element(edit, 7));
        let expected = sorted(vec![format!("moved $/{from}"), format!("value $/{edit}/n")]);
        prop_assert_eq!(sorted(told(&array(&x), &array(&y), &Rules::default())), expected);
    }

    #[test]
    fn a_shuffle_is_one_difference(
        (x, y) in vec(0..6, 2..30).prop_flat_map(|x: Vec<i32>| (Just(x.clone()), Just(x).prop_shuffle()))
    ) {
        let expected = if x == y { vec![] } else { vec!["reordered"] };
        let told = told(&array(x), &array(y), &Rules::default());
        let kinds: Vec<_> = told.iter().filter_map(|each| each.split(' ').next()).collect();
        prop_assert_eq!(kinds, expected);
    }

    #[test]
    fn turning_the_sides_round_turns_what_is_told(x in documents(), y in documents(), rules in any_rule()) {
        let kinds = |x: &str, y: &str| {
            let told = told(x, y, &rules);
            let kind = |each: &String| each.split(' ').next().map(str::to_owned);
            sorted(told.iter().filter_map(kind).collect())
        };
        let turned = kinds(&y, &x).into_iter().map(|kind| match kind.as_str() {
            "removed" => "added".to_owned(),
            "added" => "removed".to_owned(),
            "missing" => "extra".to_owned(),
            "extra" => "missing".to_owned(),
            _ => kind,
        });
        prop_assert_eq!(kinds(&x, &y), sorted(turned.collect()));
    }

    #[test]
    fn nothing_depends_on_the_key_of_the_hashes(
        x in documents(), y in documents(), rules in any_rule(), seed in any::<u64>(),
    ) {
        let keys = [Keys::new(seed), Keys::new(!seed)];
        let with = |keys: &Keys| {
            with(&x, &y, Terms { keys: Some(keys), ..Terms::from(&rules) }, |found| format!("{found:?}"))
        };
        prop_assert_eq!(with(&keys[0]), with(&keys[1]));
    }

    #[test]
    fn whatever_is_remembered_equal_is_equal_and_the_sides_count_alike(
        pairs in vec((documents(), documents()), 1..8),
    ) {
        let (rules, keys) = (Rules::default(), Keys::new(1));
        for (x, y) in &pairs {
            let terms = Terms { keys: Some(&keys), ..Terms::from(&rules) };
            let same = serde_json::from_str::<serde_json::Value>(x).ok()
                == serde_json::from_str::<serde_json::Value>(y).ok();
            prop_assert_eq!(with(x, y, terms, |found| found.total == 0), same);
            prop_assert_eq!(with(x, x, terms, |found| found.total), 0);
        }
    }
}

#[test]
fn however_much_has_moved_what_is_worse_is_told_too() {
    let item = |id: usize| format!(r#"{{"id":{id},"v":0}}"#);
    // Some elements move in each of several arrays, and one is new.
    let body = |ids: &dyn Fn(usize) -> usize, length: usize, last: u8| {
        let items: Vec<_> = (0..length).map(|at| item(ids(at))).collect();
        let array = items.join(",");
        let arrays: Vec<_> = (0..6).map(|number| format!(r#""a{number}":[{array}]"#)).collect();
        format!(r#"{{{},"z":{last}}}"#, arrays.join(","))
    };
    let x = body(&|at| at, 100, 1);
    let y = body(&|at| if at < 100 { at ^ 1 } else { at }, 101, 2);
    let found = told(&x, &y, &Rules::default());
    let moved = found.iter().filter(|line| line.starts_with("moved")).count();
    assert_eq!(
        (moved, found.last().map(String::as_str)),
        (Comparison::MAX_INFO, Some("value $/z"))
    );
}
