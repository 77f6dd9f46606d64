//! The way through what the pass has noted, by the walk of the tree diff.
//!
//! This module never visits a place that the tree diff would not have come to.

use super::plan::{Entry, Plan, What};
use super::scan::scan;
use crate::compare::comparison::Comparison;
use crate::compare::json::walk::Walk;
use crate::compare::terms::Terms;

/// Lists what differs between two texts as the tree diff would; says false, and leaves all as it
/// was, where the tree diff has to do it.
pub(in crate::compare::json) fn in_lockstep<'a>(
    x: &'a [u8],
    y: &'a [u8],
    terms: Terms<'_>,
    found: &mut Comparison<'a>,
) -> bool {
    if terms.rules.places.needs_documents() {
        return false;
    }
    let Some((document, plan)) = scan(x, y) else { return false };
    let before = found.mark();
    let is_done = follow(&plan, terms, found).is_some();
    match is_done {
        true => found.suspects.search(&document, &terms.rules.places),
        false => found.rewind(before),
    }
    is_done
}

/// Visits each place in turn; gives nothing once the fuel is used up.
fn follow<'a>(plan: &Plan<'a>, terms: Terms<'_>, found: &mut Comparison<'a>) -> Option<()> {
    let mut entries = plan.entries().iter();
    let Some(first) = entries.clone().find_map(Entry::pair) else { return Some(()) };
    let mut walk = Walk::new([&first.x, &first.y], terms, found);
    // Below a place that is not looked into.
    let mut closed = None;
    entries.try_for_each(|entry| {
        if closed.is_some_and(|depth| entry.depth > depth) {
            return Some(());
        }
        closed = None;
        let is_compared = walk.step(entry.depth, entry.step)?;
        let is_open = match &entry.what {
            What::Followed { length } if is_compared => walk.opens(*length),
            What::Pair(pair) if is_compared => {
                walk.pair([&pair.x, &pair.y], entry.place.start)?;
                return Some(());
            }
            What::Followed { .. } | What::Pair(_) => false,
        };
        if !is_open {
            walk.end(entry.place.clone());
        }
        closed = (!is_open).then_some(entry.depth);
        Some(())
    })
}

#[cfg(test)]
mod tests {
    use super::super::plan::Pair;
    use super::*;
    use crate::compare::Rules;
    use crate::compare::json::both_ways;
    use crate::compare::testing::{ignoring, shown};
    use crate::syntax::json::Document;

    /// How many pairs the pass notes, or nothing where it gives up; either way round, and with the
    /// same result as the tree diff.
    fn check(x: &str, y: &str, expected: Option<usize>) {
        for (x, y) in [(x, y), (y, x)] {
            let plan = scan(x.as_bytes(), y.as_bytes()).map(|(_, plan)| plan);
            let pairs = |plan: Plan<'_>| plan.entries().iter().filter_map(Entry::pair).count();
            assert_eq!(plan.map(pairs), expected, "{x} {y}");
            let (fast, slow) = both_ways(x.as_bytes(), y.as_bytes(), &Rules::default());
            assert_eq!(fast.is_some(), expected.is_some(), "{x} {y}");
            assert!(fast.is_none_or(|fast| Some(fast) == slow), "{x} {y}");
        }
    }

    #[test]
    fn a_scalar_that_differs_is_one_pair() {
        check(r#"{"a":{"b":1,"c":[2]},"d":4}"#, r#"{"a":{"b":1,"c":[2]},"d":5}"#, Some(1));
        check(r#"{"a":{"b":1,"c":[2]}}"#, r#"{"a":{"b":"1","c":[2]}}"#, Some(1));
        check(r#"{"a":{"b":{"c":1}}}"#, r#"{"a":{"b":null}}"#, Some(1));
        check(r#"{"a":true,"b":"x"}"#, r#"{"a":false,"b":"xy"}"#, Some(2));
        check(r#"{"a":1,"b":[]}"#, r#"{"a":12,"b":{}}"#, Some(2));
    }

    #[test]
    fn white_space_around_all_is_passed_over_and_within_left_to_the_tree_diff() {
        check(" {\"a\":1} ", "{\"a\":1}\n", Some(0));
        check("{\"o\":{\"a\": 1,\"b\":[ \"x\"]}}", "{\"o\":{\"a\":1,\"b\":[\"x\"]}}", Some(1));
        check("{\"o\":[ 1,2]}", "{\"o\":[12]}", Some(1));
        check("{\"a\":1 ,\"b\":2}", "{\"a\":1,\"b\":2}", None);
        check("{\"o\":{\"a\":1 ,\"b\":2}}", "{\"o\":{\"a\":1,\"b\":2}}", Some(1));
    }

    #[test]
    fn keys_that_differ_leave_their_object_to_the_tree_diff() {
        check(r#"{"o":{"a":1,"b":2},"p":1}"#, r#"{"o":{"b":2,"a":1},"p":2}"#, Some(2));
        check(r#"{"o":{"a":1,"b":{"c":1}}}"#, r#"{"o":{"a":2,"b":{}}}"#, Some(2));
        check(r#"{"o":{"a":1,"b":2}}"#, r#"{"o":{"a":2,"c":2}}"#, Some(1));
        check(r#"{"a":1}"#, r#"{"b":1}"#, None);
    }

    #[test]
    fn keys_repeated_alike_are_paired_in_their_order() {
        check(r#"{"a":1,"b":0,"a":2}"#, r#"{"a":3,"b":0,"a":4}"#, Some(2));
        check(r#"{"a":1,"\u0061":2}"#, r#"{"a":1,"\u0061":3}"#, Some(1));
        check(r#"{"o":{"a":1,"a":2}}"#, r#"{"o":{"a":1}}"#, Some(1));
    }

    #[test]
    fn an_array_stays_while_all_that_differs_is_known_to_be_the_same_thing() {
        let list = |rows: [&str; 3]| format!(r#"{{"list":[{}]}}"#, rows.join(","));
        let (one, two) = (r#"{"code":1,"name":"a","v":1}"#, r#"{"code":2,"name":"b","v":1}"#);
        let with = |x: [&str; 2], y: [&str; 2], expected| {
            let rows = |rows: [&str; 2]| list([rows[0], "{}", rows[1]]);
            check(&rows(x), &rows(y), expected);
        };
        let changed = |row: &str, from: &str, to: &str| row.replace(from, to);
        with([one, two], [&changed(one, "\"v\":1", "\"v\":2"), two], Some(1));
        with([one, two], [&changed(one, "\"code\":1", "\"code\":7"), two], Some(1));
        let renamed = changed(two, "\"b\"", "\"c\"");
        // Both elements keep their code; then one keeps its name only, and the other its code only.
        with([one, two], [&changed(one, "\"v\":1", "\"v\":2"), &renamed], Some(2));
        with([one, two], [&changed(one, "\"code\":1", "\"code\":7"), &renamed], Some(1));
        // A member more, which the tree diff has to find, in an element that keeps its code.
        with([one, two], [one, r#"{"code":2,"name":"b","more":1,"v":1}"#], Some(1));
    }

    #[test]
    fn a_name_that_stays_the_same_keeps_no_array_in_step() {
        let rows = |rows: &str| format!(r#"{{"l":[{rows}]}}"#);
        let (one, two) = (r#"{"code": "EUR","v":1},7,"#, r#"{"v":1,"code":"EUR"}"#);
        let changed = |row: &str| row.replace("\"v\":1", "\"v\":2");
        let x = rows(&[one, two].concat());
        // Pairs within the elements while one differs, the array once both do.
        noted(&x, &rows(&[&changed(one), two].concat()), &["1"]);
        noted(&x, &rows(&[one, &changed(two)].concat()), &["1"]);
        noted(
            &x,
            &rows(&[changed(one), changed(two)].concat()),
            &[x.strip_prefix("{\"l\":").and_then(|x| x.strip_suffix("}")).expect("a list")],
        );
        let other = two.replace("EUR", "USD");
        let x = rows(&[one, &other].concat());
        noted(&x, &rows(&[changed(one), changed(&other)].concat()), &["1", "1"]);
    }

    #[test]
    fn an_array_out_of_step_is_left_to_the_tree_diff() {
        check(r#"{"a":[1,2,3]}"#, r#"{"a":[1,3,3]}"#, Some(1));
        check(r#"{"a":[1,2],"b":1}"#, r#"{"a":[1,2,3],"b":2}"#, Some(2));
        check(r#"{"a":[[[1]],2]}"#, r#"{"a":[[[2]],3]}"#, Some(1));
        check(r#"{"a":[{"b":1}]}"#, r#"{"a":[{"b":2}]}"#, Some(1));
        check(r#"{"a":[{"id":[1],"b":1}]}"#, r#"{"a":[{"id":[1],"b":2}]}"#, Some(1));
        check(r#"{"a":[{"id":1,"id":1,"b":1}]}"#, r#"{"a":[{"id":1,"id":1,"b":2}]}"#, Some(1));
        check("[1]", "[2]", None);
        check("[]", "[1]", None);
    }

    /// What the pass notes on the primary's side.
    fn noted(x: &str, y: &str, expected: &[&str]) {
        let (document, plan) = scan(x.as_bytes(), y.as_bytes()).expect("JSON on both sides");
        let parsed = Document::parse(x.as_bytes());
        assert_eq!(format!("{document:?}"), format!("{:?}", parsed.expect("JSON")));
        let text = |pair: &Pair<'_>| pair.x.text().to_vec();
        let found: Vec<_> = plan.entries().iter().filter_map(Entry::pair).map(text).collect();
        assert_eq!(found, expected.iter().map(|text| text.as_bytes()).collect::<Vec<_>>());
    }

    #[test]
    fn an_element_is_known_by_a_name_that_it_holds_once_as_it_is_called() {
        let with = |element: &str, noted_is: Option<&str>| {
            let x = format!(r#"{{"l":[{element}]}}"#);
            let list = format!("[{element}]");
            noted(&x, &x.replace(":7", ":8"), &[noted_is.unwrap_or(&list)]);
        };
        with(r#"{"id":1,"v":7}"#, Some("7"));
        with(r#"{"v":7,"email":null}"#, Some("7"));
        with(r#"{"v":{"id":7},"sku":""}"#, Some("7"));
        with(r#"{"v":7,"\u0069d":1}"#, None);
        with(r#"{"id":1,"v":7,"\u0069d":1}"#, None);
        with(r#"{"id":1,"id":1,"v":7}"#, None);
        with(r#"{"id":7,"v":1}"#, None);
        with(r#"{"id":{},"v":7}"#, None);
        with(r#"{"name":{"id":7}}"#, None);
        with(r#"{"v":7}"#, None);
    }

    #[test]
    fn what_is_not_json_on_one_side_ends_the_pass() {
        for broken in ["{\"a\":1", "{\"a\":}", "{\"a\":1}}", "{\"a\":tru}", "{\"a\":01}", "", "["] {
            check("{\"a\":1}", broken, None);
            check(broken, broken, None);
        }
        check("{\"a\":[{\"b\":1}]}", "{\"a\":[{\"c\":1]]}", None);
        check("{\"a\":\"\u{1}\"}", "{\"a\":1}", None);
    }

    #[test]
    fn beyond_its_bounds_the_pass_gives_up() {
        let nested = |core: &str, depth: usize| "{\"a\":".repeat(depth) + core + &"}".repeat(depth);
        check(&nested("1", 512), &nested("2", 512), Some(1));
        check(&nested("1", 513), &nested("2", 513), None);
        let many = |value: &str, count: usize| {
            let member = |number: usize| format!("\"{number}\":[{value}]");
            format!("{{{}}}", (0..count).map(member).collect::<Vec<_>>().join(","))
        };
        check(&many("1", 64), &many("2", 64), Some(64));
        check(&many("1", 65), &many("2", 65), None);
        let long = |value: &str| format!("{{\"a\":[{}]}}", vec![value; 10_000].join(","));
        check(&long("1"), &long("2"), None);
    }

    #[test]
    fn rules_hold_on_the_way_to_a_difference() {
        let x = br#"{"list":[{"id":1,"at":1,"v":{"w":1}},{"id":2,"v":1}],"gone":{"a":1}}"#;
        let y = br#"{"list":[{"id":1,"at":2,"v":{"w":2}},{"id":2,"v":2}],"gone":{"a":2}}"#;
        let with = |ignored: &[&str], expected: &[&str]| {
            let (fast, slow) = both_ways(x, y, &ignoring(ignored));
            let fast = fast.expect("in step");
            assert_eq!(shown(&fast.divergences), expected);
            assert_eq!(Some(fast), slow);
        };
        let all =
            ["value $/list/0/at 1 -> 2", "value $/list/0/v/w 1 -> 2", "value $/list/1/v 1 -> 2"];
        with(&["$.gone"], &all);
        with(&["$.gone", "$.list[*].v"], &all[..1]);
        with(&["$.gone", "$.list[-2].at"], &all[1..]);
        with(&["$.gone", "$.list"], &[]);
    }
}
