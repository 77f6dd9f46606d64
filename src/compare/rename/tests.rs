//! What holds for two answers whose identifiers have other names.
//!
//! This module never compares single functions of this room; those have tests of their own.

use super::{Flows, Known, Learned, Offsets};
use crate::compare::testing::{ignoring, json, reply, shown};
use crate::compare::{Comparison, Decoded, Rules, Terms, compare};
use crate::config::{self, ArrayRule, Pairing};
use crate::model::{Divergence, Kind, Outcome, Pattern, Payload, Request};
use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json as doc};
use std::collections::BTreeMap;

const U1: &str = "0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d";
const U2: &str = "11111111-5a7e-4f10-9c1d-2e3f4a5b6c7d";
const V1: &str = "7d6c5b4a-3f2e-4d1c-8f10-5a7e0b8f2d3c";
const V2: &str = "99999999-3f2e-4d1c-8f10-5a7e0b8f2d3c";

/// The texts with the identifiers above for `U1` and the like.
fn text(short: &str) -> String {
    let names = [("U1", U1), ("U2", U2), ("V1", V1), ("V2", V2)];
    names.iter().fold(short.to_owned(), |text, (name, id)| text.replace(name, id))
}

fn with<T>(
    (x, y): (&Outcome, &Outcome),
    terms: Terms<'_>,
    look: impl FnOnce(&Comparison<'_>) -> T,
) -> T {
    let decoded = Decoded::new(x, y);
    look(&compare(x, y, &decoded, terms))
}

fn places(found: &Comparison<'_>) -> Vec<String> {
    let place = |each: &Divergence<'_>| {
        let pointer = each.place.pointer();
        let place = if pointer.is_empty() { each.place.pattern() } else { pointer };
        format!("{} {place}", each.kind)
    };
    found.divergences.iter().map(place).collect()
}

/// What is found, and what was renamed, opaque or at an offset.
fn told(found: &Comparison<'_>) -> (Vec<String>, [u64; 3]) {
    let total = found.names.total;
    assert_eq!(found.total, found.divergences.len() as u64);
    (places(found), [total.renamed, total.opaque, total.offset])
}

/// Both ways round, since no verdict may tell the sides apart.
fn check(x: &str, y: &str, expected: &[&str], names: [u64; 3]) {
    let (rules, x, y) = (Rules::default(), json(&text(x)), json(&text(y)));
    for pair in [(&x, &y), (&y, &x)] {
        let found = with(pair, Terms::from(&rules), told);
        let expected: Vec<_> = expected.iter().map(|line| (*line).to_owned()).collect();
        assert_eq!(found, (expected, names), "{x:?} {y:?}");
    }
}

#[test]
fn what_is_not_compared_agrees_with_nothing() {
    // Of a key that one side repeats, the last is compared.
    check(
        r#"{"a":"U1","a":"V1","b":"U1","c":"U1"}"#,
        r#"{"a":"V1","b":"V1","c":"V1"}"#,
        &["duplicate_key /a"],
        [2, 0, 0],
    );
}

#[test]
fn an_identifier_that_stands_in_links_alone_has_one_other_name_too() {
    check(r#"{"a":"/x/U1","b":"/y/U1"}"#, r#"{"a":"/x/V1","b":"/y/V1"}"#, &[], [2, 0, 0]);
    check(r#"{"a":"/x/U1/z"}"#, r#"{"a":"/x/V1/z"}"#, &[], [0, 1, 0]);
    check(
        r#"{"id":"U1","href":"/x/U1"}"#,
        r#"{"id":"V1","href":"/x/V2"}"#,
        &["reference_broken /href"],
        [0, 1, 0],
    );
    let two = r#"{"a":"/x/U1","b":"/y/U1","c":"/z/U1"}"#;
    let broken = r#"{"a":"/x/V1","b":"/y/V1","c":"/z/V2"}"#;
    check(two, broken, &["reference_broken /c"], [2, 0, 0]);
    check(
        r#"{"a":"/x/U1","b":"/y/U1","c":"/z/U1"}"#,
        r#"{"a":"/x/V1","b":"/y/V1","c":"/z/U1"}"#,
        &["reference_broken /c"],
        [2, 0, 0],
    );
    // What else differs is no matter of names.
    check(r#"{"a":"/x/U1"}"#, r#"{"a":"/y/V1"}"#, &["value /a"], [0, 0, 0]);
    check(r#"{"a":"/x/one"}"#, r#"{"a":"/x/two"}"#, &["value /a"], [0, 0, 0]);
}

#[test]
fn an_identifier_that_has_one_other_name_throughout_is_renamed() {
    check(
        r#"{"id":"U1","parent":{"id":"U2"},"lines":[{"order":"U1","of":"U2"}]}"#,
        r#"{"id":"V1","parent":{"id":"V2"},"lines":[{"order":"V1","of":"V2"}]}"#,
        &[],
        [4, 0, 0],
    );
    check(r#"{"id":17,"order_id":17}"#, r#"{"id":9,"order_id":9}"#, &[], [2, 0, 0]);
    check(r#"["deadbee1","deadbee1"]"#, r#"["12345678","12345678"]"#, &[], [2, 0, 0]);
    let turned = r#"{"a":"U2","b":"U1","c":["U2"],"d":["U1"]}"#;
    check(r#"{"a":"U1","b":"U2","c":["U1"],"d":["U2"]}"#, turned, &[], [4, 0, 0]);
    // What both sides know is in another order, not under other names.
    check(r#"["U1","U2","U1","U2"]"#, r#"["U2","U1","U2","U1"]"#, &["reordered $"], [0, 0, 0]);
}

#[test]
fn one_that_is_seen_once_is_opaque_if_nobody_can_have_chosen_it() {
    check(r#"{"id":"U1"}"#, r#"{"id":"V1"}"#, &[], [0, 1, 0]);
    for (x, y) in
        [("17", "9"), ("\"deadbee1\"", "\"beefdea2\""), ("\"cus_N8fZ2kQ1\"", "\"cus_a1B2c3D4\"")]
    {
        let body = |id: &str| format!(r#"{{"id":{id}}}"#);
        check(&body(x), &body(y), &["value /id"], [0, 0, 0]);
    }
}

#[test]
fn what_names_two_things_or_is_named_twice_breaks_a_reference() {
    check(
        r#"{"id":"U1","a":"U1","b":"U1"}"#,
        r#"{"id":"V1","a":"V2","b":"V1"}"#,
        &["reference_broken /a"],
        [2, 0, 0],
    );
    check(
        r#"{"id":"U1","a":"U2","b":"U1"}"#,
        r#"{"id":"V1","a":"V1","b":"V1"}"#,
        &["reference_broken /a"],
        [2, 0, 0],
    );
}

#[test]
fn what_is_renamed_here_and_the_same_there_breaks_a_reference() {
    check(
        r#"{"id":"U1","a":{"z":1,"of":["U1"]},"b":"U1","c":1}"#,
        r#"{"id":"V1","a":{"z":1,"of":["U1"]},"b":"V1","c":2}"#,
        &["reference_broken /a/of/0", "value /c"],
        [2, 0, 0],
    );
    check(
        r#"{"a":"U1","b":"U1","id":"U1"}"#,
        r#"{"a":"U1","b":"U1","id":"V1"}"#,
        &["reference_broken /id"],
        [0, 0, 0],
    );
    check(
        r#"{"id":"U1","href":"/x/U1/y","own":"U1"}"#,
        r#"{"id":"V1","href":"/x/U1/y","own":"V1"}"#,
        &["reference_broken /href"],
        [2, 0, 0],
    );
}

#[test]
fn what_is_missing_or_ignored_is_no_place_where_both_sides_are_the_same() {
    let rules = ignoring(&["$.meta"]);
    let found = |x: &str, y: &str| {
        let (x, y) = (json(&text(x)), json(&text(y)));
        with((&x, &y), Terms::from(&rules), told)
    };
    let x = r#"{"id":"U1","a":"U1","gone":"U1","meta":{"id":"U1"}}"#;
    let y = r#"{"id":"V1","a":"V1","meta":{"id":"V2"}}"#;
    assert_eq!(found(x, y), (vec!["missing /gone".to_owned()], [2, 0, 0]));
    assert_eq!(found(y, x), (vec!["extra /gone".to_owned()], [2, 0, 0]));
}

#[test]
fn what_differs_in_one_record_hides_nothing_in_the_next() {
    let rules = Rules::default();
    let body = |first: &str, id: &str| {
        let second = format!(r#"{{"same":"U1","id":"{id}"}}"#);
        let records = format!("{{\"v\":{first}}}\n{}\n", text(&second));
        reply(200, &[("content-type", "application/x-ndjson")], records.as_bytes())
    };
    let words = format!("\"{}\"", "many words ".repeat(9));
    let found = with((&body(&words, "U1"), &body("true", "V1")), Terms::from(&rules), told);
    let broken = ["type /0/v", "reference_broken /1/id"];
    assert_eq!(found, (broken.map(str::to_owned).to_vec(), [0; 3]));
}

#[test]
fn what_does_not_count_breaks_no_reference() {
    let (x, y) =
        (text(r#"{"id":"U1","a":"U1","m":["U1"]}"#), text(r#"{"id":"V1","a":"V1","m":["U1"]}"#));
    for (ignore, only) in [(&["$.m"][..], &[][..]), (&["$.m[*]"], &[]), (&[], &["$.id", "$.a"])] {
        let patterns = |texts: &[&str]| {
            texts.iter().map(|text| text.parse::<Pattern>().expect("a pattern").into()).collect()
        };
        let (ignore, only) = (patterns(ignore), patterns(only));
        let rules = Rules::new(&config::Compare { ignore, only, ..Default::default() });
        let found = with((&json(&x), &json(&y)), Terms::from(&rules), told);
        assert_eq!(found, (vec![], [2, 0, 0]));
    }
}

#[test]
fn short_numbers_of_several_tables_are_no_references_of_each_other() {
    let (x, y) = (r#"{"id":1,"category_id":1}"#, r#"{"id":2,"category_id":1}"#);
    check(x, y, &["value /id"], [0, 0, 0]);
    check(
        r#"[{"user_id":1,"order_id":1},{"user_id":1,"order_id":1}]"#,
        r#"[{"user_id":5,"order_id":7},{"user_id":5,"order_id":7}]"#,
        &[],
        [4, 0, 0],
    );
}

#[test]
fn identifiers_within_other_texts_are_replaced_before_those_are_compared() {
    check(
        r#"{"id":"U1","self":"/orders/U1?full=1"}"#,
        r#"{"id":"V1","self":"/orders/V1?full=1"}"#,
        &[],
        [2, 0, 0],
    );
    check(
        r#"{"id":"U1","self":"/orders/U1?full=1"}"#,
        r#"{"id":"V1","self":"/orders/V1?full=2"}"#,
        &["value /self"],
        [0, 1, 0],
    );
    check(
        r#"{"id":17,"self":"/17"}"#,
        r#"{"id":19,"self":"/19"}"#,
        &["value /id", "value /self"],
        [0, 0, 0],
    );
    check(
        r#"{"id":1234567,"self":"/1234567"}"#,
        r#"{"id":7654321,"self":"/7654321"}"#,
        &[],
        [2, 0, 0],
    );
}

#[test]
fn links_in_headers_are_read_with_the_names_of_the_body() {
    let answer = |id: &str, link: &str| {
        let location = text(&format!("/orders/{link}"));
        let lines = [("content-type", "application/json"), ("location", location.as_str())];
        reply(201, &lines, text(&format!(r#"{{"id":"{id}"}}"#)).as_bytes())
    };
    let rules = Rules::default();
    let found = |x: &Outcome, y: &Outcome| with((x, y), Terms::from(&rules), told);
    assert_eq!(found(&answer("U1", "U1"), &answer("V1", "V1")), (vec![], [2, 0, 0]));
    let other = found(&answer("U1", "U1"), &answer("V1", "V2"));
    assert_eq!(other, (vec!["header_value header:location".to_owned()], [0, 1, 0]));
}

#[test]
fn what_is_no_difference_in_value_within_one_class_is_never_taken_away() {
    for (x, y, kind) in [
        ("\"U1\"", "null", "null /b"),
        ("\"U1\"", "17", "type /b"),
        ("\"U1\"", "\"\"", "value /b"),
        ("\"U1\"", "\"deadbee1\"", "value /b"),
        ("\"U1\"", "\"2026-01-01\"", "value /b"),
        ("1.5", "2.5", "value /b"),
        ("\"shipped\"", "\"pending\"", "value /b"),
        ("true", "false", "value /b"),
    ] {
        let body = |b: &str| format!(r#"{{"a":{b},"b":{b}}}"#);
        let first = kind.replace("/b", "/a");
        check(&body(x), &body(y), &[&first, kind], [0, 0, 0]);
    }
}

#[test]
fn where_the_config_says_so_identifiers_are_as_any_other_value() {
    let identifiers = Some(config::Identifiers::Exact);
    let rules = Rules::new(&config::Compare { identifiers, ..Default::default() });
    let (x, y) = (json(&text(r#"["U1","U1"]"#)), json(&text(r#"["V1","V1"]"#)));
    let found = with((&x, &y), Terms::from(&rules), told);
    assert_eq!(found, (vec!["value /0".to_owned(), "value /1".to_owned()], [0; 3]));
}

fn request(target: &str, body: &str) -> Request {
    Request {
        method: Method::POST,
        uri: text(target).parse().expect("a target"),
        headers: HeaderMap::new(),
        body: Payload::from(Bytes::from(text(body))),
        trailers: None,
    }
}

#[test]
fn what_the_request_names_has_no_other_name() {
    let rules = Rules::default();
    let (x, y) = (json(&text(r#"{"id":"U1","a":"U1"}"#)), json(&text(r#"{"id":"V1","a":"V1"}"#)));
    let found = |target: &str, body: &str| {
        let request = request(target, body);
        let terms = Terms { request: Some(&request), ..Terms::from(&rules) };
        with((&x, &y), terms, told).0
    };
    let both = ["value /id", "value /a"].map(str::to_owned).to_vec();
    assert_eq!(found("/orders/U1", ""), both);
    assert_eq!(found("/orders?id=V1", ""), both);
    assert_eq!(found("/orders", r#"{"order":"U1"}"#), both);
    assert_eq!(found("/orders/U2", "x"), Vec::<String>::new());
}

/// Compares answers one after the other in one flow, at one endpoint.
fn session(trials: &[(&str, &str, &str)]) -> Vec<(Vec<String>, [u64; 3])> {
    let (mut flows, mut offsets) = (Flows::default(), Offsets::default());
    let rules = Rules::default();
    let trial = |(target, x, y): &(&str, &str, &str)| {
        let known = Known::new(flows.known(1), offsets.known("GET /"), Timestamp::UNIX_EPOCH);
        let (x, y, request) = (json(&text(x)), json(&text(y)), request(target, ""));
        let terms = Terms { request: Some(&request), known: Some(&known), ..Terms::from(&rules) };
        let (told, learned): (_, Learned) =
            with((&x, &y), terms, |found| (told(found), found.learned.clone()));
        flows.learn(1, Timestamp::UNIX_EPOCH, &learned);
        offsets.learn("GET /", &learned);
        told
    };
    trials.iter().map(trial).collect()
}

#[test]
fn what_one_exchange_has_shown_holds_for_the_next_ones_of_its_flow() {
    let found = session(&[
        ("/orders", r#"{"id":1001}"#, r#"{"id":7}"#),
        ("/orders/1001", r#"{"id":1001}"#, r#"{"id":7}"#),
        ("/orders", r#"[{"id":1001,"link":"U1"}]"#, r#"[{"id":7,"link":"V1"}]"#),
        ("/orders/U1", r#"{"self":"/U1"}"#, r#"{"self":"/V1"}"#),
        ("/orders", r#"["U1"]"#, r#"["V1"]"#),
        ("/orders", r#"["U1"]"#, r#"["V2"]"#),
    ]);
    let expected: [(&[&str], _); 6] = [
        (&["value /id"], [0, 0, 0]),
        (&[], [1, 0, 0]),
        (&[], [1, 1, 0]),
        (&[], [1, 0, 0]),
        (&[], [1, 0, 0]),
        (&["reference_broken /0"], [0, 0, 0]),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(lines, names)| (lines.iter().map(|line| (*line).to_owned()).collect(), *names))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn numbers_that_are_always_higher_by_the_same_are_at_an_offset() {
    let bodies: Vec<_> = (0..10)
        .map(|n| (format!(r#"{{"n":{n}}}"#), format!(r#"{{"n":{}}}"#, n + 100 + n / 9)))
        .collect();
    let trials: Vec<_> = bodies.iter().map(|(x, y)| ("/", x.as_str(), y.as_str())).collect();
    let found: Vec<_> =
        session(&trials).iter().map(|(told, names)| (told.len(), names[2])).collect();
    assert_eq!(found[..8], [(1, 0); 8]);
    assert_eq!(found[8..], [(0, 1), (1, 0)]);
}

#[test]
fn more_values_than_are_looked_at_are_counted_and_count_as_they_are() {
    let array = |id: &str| format!("[{}]", vec![format!("\"{id}\""); 16_390].join(","));
    let (x, y) = (json(&array(U1)), json(&array(V1)));
    let rules = Rules::default();
    with((&x, &y), Terms::from(&rules), |found| {
        assert_eq!((found.total, found.names.beyond, found.names.total.renamed), (6, 6, 16_384));
    });
}

#[test]
fn divergences_stay_in_their_order_and_the_first_ones_are_recorded() {
    check(
        r#"{"a":1,"name":"x","id":17,"b":[1,2],"text":"y","z":1}"#,
        r#"{"a":2,"name":"w","id":18,"b":[1,3],"text":"v","z":2}"#,
        &["value /a", "value /name", "value /id", "value /b/1", "value /text", "value /z"],
        [0, 0, 0],
    );
    let rules = Rules::default();
    let array =
        |id: &str, last: u8| format!("[{}\"{id}\",{last}]", format!("\"{id}\",").repeat(400));
    let (x, y) = (json(&array(U1, 1)), json(&array(V1, 2)));
    assert_eq!(with((&x, &y), Terms::from(&rules), places), ["value /401"]);
    let (x, y) = (json(&array("x", 1)), json(&array("y", 2)));
    with((&x, &y), Terms::from(&rules), |found| {
        assert_eq!((found.divergences.len(), found.total), (256, 402));
        assert!(shown(&found.divergences)[255].starts_with("value $/255 "));
    });
}

/// Identifiers of one sort, as many as are asked for.
fn name(sort: usize, number: usize, side: &str) -> Json {
    let hash = blake3::hash(format!("{sort} {number} {side}").as_bytes()).to_hex();
    let digits = |range: std::ops::Range<usize>| hash.get(range).unwrap_or_default().to_owned();
    match sort {
        0 => Json::from(format!(
            "{}-{}-4{}-8{}-{}",
            digits(0..8),
            digits(8..12),
            digits(12..15),
            digits(15..18),
            digits(18..30)
        )),
        1 => Json::from(digits(0..24)),
        2 => Json::from(format!("cus_{}1a2b3c", digits(0..10))),
        3 => Json::from(u64::from_str_radix(&digits(0..10), 16).unwrap_or(0) + 1_000_000),
        _ => Json::from(format!("1{}f", digits(0..20))),
    }
}

/// A document in which each identifier is seen twice at least; `twist` may replace one occurrence.
fn orders(shape: &[(usize, Vec<usize>)], side: &str, twist: Option<&(usize, Json)>) -> Json {
    let mut count = 0;
    let mut of = |sort: usize, number: usize| {
        count += 1;
        match twist {
            Some((at, other)) if *at == count - 1 => other.clone(),
            _ => name(sort, number, side),
        }
    };
    let order = |(number, (sort, lines)): (usize, &(usize, Vec<usize>))| {
        let id = of(*sort, number);
        let again = of(*sort, number);
        let lines: Vec<_> = lines
            .iter()
            .map(|line| doc!({ "order_id": of(*sort, number), "count": line, "note": "as it is" }))
            .collect();
        doc!({ "id": id, "total": number, "lines": lines, "ref": { "id": again } })
    };
    Json::from(shape.iter().enumerate().map(order).collect::<Vec<_>>())
}

fn shape() -> impl Strategy<Value = Vec<(usize, Vec<usize>)>> {
    vec((0..5_usize, vec(0..9_usize, 1..4)), 1..8)
}

fn found(x: &Json, y: &Json) -> (Vec<String>, [u64; 3]) {
    found_by(x, y, &Rules::default())
}

fn found_by(x: &Json, y: &Json, rules: &Rules) -> (Vec<String>, [u64; 3]) {
    let (x, y) = (json(&x.to_string()), json(&y.to_string()));
    with((&x, &y), Terms::from(rules), told)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_renaming_of_all_identifiers_is_no_difference(shape in shape()) {
        let (told, names) = found(&orders(&shape, "x", None), &orders(&shape, "y", None));
        prop_assert_eq!(told, Vec::<String>::new());
        let places: usize = shape.iter().map(|(_, lines)| lines.len() + 2).sum();
        prop_assert_eq!(names, [places as u64, 0, 0]);
    }

    #[test]
    fn one_broken_reference_is_found_where_it_is(
        shape in shape(), at in any::<prop::sample::Index>(), same in any::<bool>(),
    ) {
        let places: usize = shape.iter().map(|(_, lines)| lines.len() + 2).sum();
        let at = at.index(places);
        let (mut seen, mut broken) = (0, None);
        for (number, (sort, lines)) in shape.iter().enumerate() {
            let within = at.checked_sub(seen);
            seen += lines.len() + 2;
            if let Some(within) = within.filter(|_| at < seen) {
                let place = match within {
                    0 => format!("/{number}/id"),
                    1 => format!("/{number}/ref/id"),
                    line => format!("/{number}/lines/{}/order_id", line - 2),
                };
                broken = Some((place, name(*sort, number, if same { "x" } else { "z" })));
            }
        }
        let (place, other) = broken.expect("it lies in one of them");
        // By index: an order that keeps its name while all others lose theirs may be another one.
        let index = |path: &str| {
            let path = path.parse().expect("a path");
            ArrayRule { path, pairing: Pairing::Index, ordered: false }.into()
        };
        let arrays = vec![index("$"), index("$[*].lines")];
        let rules = Rules::new(&config::Compare { arrays, ..Default::default() });
        let (x, y) = (orders(&shape, "x", None), orders(&shape, "y", Some(&(at, other))));
        let (told, names) = found_by(&x, &y, &rules);
        prop_assert_eq!(told, vec![format!("{} {place}", Kind::ReferenceBroken)]);
        prop_assert_eq!(names, [places as u64 - 1, 0, 0]);
    }

    #[test]
    fn renaming_hides_nothing_that_is_missing_or_extra_or_another_type_or_value(
        shape in shape(), at in any::<prop::sample::Index>(), edit in 0..5_usize,
    ) {
        let number = at.index(shape.len());
        let (x, mut y) = (orders(&shape, "x", None), orders(&shape, "y", None));
        let order = y.get_mut(number).and_then(Json::as_object_mut).expect("an order");
        let expected = match edit {
            0 => { order.remove("total"); vec!["missing /N/total"] }
            1 => { order.insert("more".into(), Json::from(U1)); vec!["extra /N/more"] }
            2 => { order.insert("id".into(), Json::Null); vec!["null /N/id"] }
            3 => { order.insert("total".into(), Json::from(99)); vec!["value /N/total"] }
            _ => {
                let lines = order.get_mut("lines").and_then(Json::as_array_mut).expect("lines");
                lines.push(Json::from(1));
                vec!["array_length /N/lines", "added"]
            }
        };
        let (told, _) = found(&x, &y);
        prop_assert_eq!(told.len(), expected.len());
        for (told, expected) in told.iter().zip(expected) {
            let expected = expected.replace('N', &number.to_string());
            prop_assert!(told.starts_with(&expected), "{} {}", told, expected);
        }
    }

    #[test]
    fn sides_can_change_places(texts in vec(("[a-c]", 0..4_usize, 0..4_usize), 1..12)) {
        let body = |side: usize| {
            let member = |(index, (key, u, v)): (usize, &(String, usize, usize))| {
                let id = name(0, if side == 0 { *u } else { *v }, "x");
                (format!("{key}{index}"), id)
            };
            doc!(texts.iter().enumerate().map(member).collect::<BTreeMap<_, _>>())
        };
        let (one, other) = (found(&body(0), &body(1)), found(&body(1), &body(0)));
        prop_assert_eq!(one, other);
    }
}
