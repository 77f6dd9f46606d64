//! What holds for every comparison, whatever is compared.

#[allow(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a property that does not hold panics, and says why"
)]
#[path = "fuzz/properties/lockstep.rs"]
mod lockstep;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};
use shadowdiff::compare::{Comparison, Decoded, Rules, both_ways, compare, same};
use shadowdiff::config::{self, ArrayRule, Identifiers, Pairing};
use shadowdiff::model::{Kind, Outcome, Pattern, Place, Reply};
use std::iter;

const JSON: &str = "application/json";

fn reply(media: &str, body: &[u8]) -> Outcome {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_str(media).expect("a header value"));
    let body = Bytes::copy_from_slice(body).into();
    Outcome::Reply(Reply { status: StatusCode::OK, headers, body, trailers: None })
}

/// Compares and looks at what was found.
fn with<T>(x: &Outcome, y: &Outcome, look: impl FnOnce(Comparison<'_>) -> T) -> T {
    let rules = Rules::default();
    let decoded = Decoded::new(x, y);
    let found = compare(x, y, &decoded, &rules);
    assert!(found.is_equal() || !same(x, y, &rules), "the fast path calls equal what is not");
    assert_eq!(found.divergences.len() as u64, found.total.min(256));
    look(found)
}

fn total(x: &str, y: &str) -> u64 {
    with(&reply(JSON, x.as_bytes()), &reply(JSON, y.as_bytes()), |found| found.total)
}

/// The kinds found, each once, in order.
fn kinds(x: &str, y: &str) -> Vec<Kind> {
    with(&reply(JSON, x.as_bytes()), &reply(JSON, y.as_bytes()), |found| {
        let mut kinds: Vec<_> = found.divergences.iter().map(|each| each.kind).collect();
        kinds.dedup();
        kinds
    })
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        "[a-z0-9 \"\\\\/\u{1}é😀\n-]{0,12}".prop_map(Json::from),
    ]
}

fn key() -> impl Strategy<Value = String> {
    "[a-z0-9/~ é'\"\\\\.]{0,6}"
}

fn document() -> impl Strategy<Value = Json> {
    scalar().prop_recursive(5, 200, 12, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..12).prop_map(Json::from),
            btree_map(key(), inner, 0..12)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// Few keys and values, so that rules find something.
fn narrow_document() -> impl Strategy<Value = Json> {
    let scalar = prop_oneof![Just(Json::Null), (0..3).prop_map(Json::from), Just(Json::from("a"))];
    scalar.prop_recursive(4, 40, 5, |inner| {
        let key = prop_oneof![Just("a"), Just("b"), Just("c")].prop_map(str::to_owned);
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Json::from),
            btree_map(key, inner, 0..3)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn rule() -> impl Strategy<Value = Pattern> {
    let steps = prop_oneof![
        Just(".a"),
        Just("..b"),
        Just("[*]"),
        Just("[-1]"),
        Just("[::-2]"),
        Just("[?@.a == 1]"),
        Just("[?@.b || @ > 0]"),
        Just("[?@ == $.a]"),
        Just("[?count(@.*) == count($.*), 0]"),
        Just("..[?@[?@ == 'a']]"),
    ];
    let path = vec(steps, 1..4).prop_map(|steps| format!("${}", steps.concat()));
    path.prop_map(|path| path.parse().expect("a path"))
}

/// Draws how a document is written: order of keys, white space, escapes.
struct Style(u64);

impl Style {
    fn draw(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) as usize % below
    }

    fn space(&mut self) -> &'static str {
        match self.draw(6) {
            0 => " ",
            1 => "\n\t",
            2 => "\r\n          ",
            _ => "",
        }
    }

    fn string(&mut self, text: &str) -> String {
        let mut written = String::from("\"");
        for char in text.chars() {
            if char < ' ' || matches!(char, '"' | '\\') || self.draw(4) == 0 {
                let mut units = [0; 2];
                for unit in char.encode_utf16(&mut units) {
                    written.push_str(&format!("\\u{unit:04x}"));
                }
            } else {
                written.push(char);
            }
        }
        written + "\""
    }

    fn write(&mut self, value: &Json) -> String {
        let core = match value {
            Json::String(text) => self.string(text),
            Json::Array(elements) => {
                let elements: Vec<_> = elements.iter().map(|each| self.write(each)).collect();
                format!("[{}{}]", self.space(), elements.join(","))
            }
            Json::Object(members) => {
                let mut written: Vec<_> = members
                    .iter()
                    .map(|(key, value)| {
                        let key = self.string(key);
                        format!("{}{key}{}:{}", self.space(), self.space(), self.write(value))
                    })
                    .collect();
                for end in (1..written.len()).rev() {
                    let other = self.draw(end + 1);
                    written.swap(end, other);
                }
                format!("{{{}{}}}", self.space(), written.join(","))
            }
            other => other.to_string(),
        };
        format!("{}{core}{}", self.space(), self.space())
    }
}

/// The places of all values below this one.
fn places(value: &Json, at: &str, found: &mut Vec<String>) {
    let mut below = |step: &str, value: &Json| {
        let place = format!("{at}/{}", step.replace('~', "~0").replace('/', "~1"));
        found.push(place.clone());
        places(value, &place, found);
    };
    match value {
        Json::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, each)| below(&index.to_string(), each));
        }
        Json::Object(members) => members.iter().for_each(|(key, each)| below(key, each)),
        _ => {}
    }
}

/// The document with each element of an array under a name of its own: then it is clear which of
/// them an edit has struck.
fn named(value: Json) -> Json {
    match value {
        Json::Array(elements) => {
            let named = |(id, element)| json!({ "id": id, "v": named(element) });
            elements.into_iter().enumerate().map(named).collect()
        }
        Json::Object(members) => {
            members.into_iter().map(|(key, value)| (key, named(value))).collect()
        }
        scalar => scalar,
    }
}

/// Whether an edit here could make an element another one: at its name, or at all of it.
fn names_an_element(place: &str) -> bool {
    let last = place.rsplit('/').next().unwrap_or_default();
    last == "id" || last.bytes().all(|byte| byte.is_ascii_digit())
}

#[derive(Clone, Copy, Debug)]
enum Edit {
    Value,
    Type,
    Null,
    Remove,
    Add,
}

/// Makes one edit, if it can be made there: what should be found, and where.
fn plant(document: &mut Json, place: &str, edit: Edit) -> Option<(String, Kind)> {
    let (parent, last) = place.rsplit_once('/')?;
    let key = last.replace("~1", "/").replace("~0", "~");
    if matches!(edit, Edit::Remove) {
        let members = document.pointer_mut(parent)?.as_object_mut()?;
        members.remove(&key)?;
        return Some((place.to_owned(), Kind::Missing));
    }
    let target = document.pointer_mut(place)?;
    let (changed, kind) = match (edit, &mut *target) {
        (Edit::Add, Json::Object(members)) => {
            members.insert("planted member".to_owned(), Json::from(1));
            return Some((format!("{place}/planted member"), Kind::Extra));
        }
        (Edit::Value, Json::Bool(value)) => (Json::from(!*value), Kind::Value),
        (Edit::Value, Json::Number(value)) => (Json::from(value.as_i64()? + 1), Kind::Value),
        (Edit::Value, Json::String(value)) => (Json::from(format!("{value}!")), Kind::Value),
        (Edit::Null, value) if !value.is_null() => (Json::Null, Kind::Null),
        (Edit::Null, _) => (Json::from(1), Kind::Null),
        (Edit::Type, value) if value.is_string() => (Json::from(1), Kind::Type),
        (Edit::Type, value) if !value.is_null() => (Json::from("planted"), Kind::Type),
        _ => return None,
    };
    *target = changed;
    Some((place.to_owned(), kind))
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        Just(Edit::Value),
        Just(Edit::Type),
        Just(Edit::Null),
        Just(Edit::Remove),
        Just(Edit::Add)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_differs_from_itself_however_it_is_written(document in document(), seed in 1_u64..) {
        let mut style = Style(seed);
        prop_assert_eq!(total(&document.to_string(), &style.write(&document)), 0);
        prop_assert_eq!(total(&style.write(&document), &style.write(&document)), 0);
    }

    #[test]
    fn turning_the_sides_round_changes_no_count(x in document(), y in document()) {
        let (x, y) = (x.to_string(), y.to_string());
        prop_assert_eq!(total(&x, &y), total(&y, &x));
    }

    #[test]
    fn no_rule_tells_the_sides_apart(
        x in narrow_document(), y in narrow_document(), rule in rule(), only in any::<bool>(),
    ) {
        // An index is the primary's: where elements may have another partner, it tells the sides apart.
        let has_index = ["[-1]", "[::-2]", ", 0]"].iter().any(|index| rule.as_str().contains(index));
        let by_index = |path: &str| {
            let path = path.parse().expect("a path");
            ArrayRule { path, pairing: Pairing::Index, ordered: false }.into()
        };
        let arrays = if has_index { vec![by_index("$"), by_index("$..*")] } else { Vec::new() };
        let listed = vec![rule.into()];
        let config = match only {
            true => config::Compare { only: listed, arrays, ..Default::default() },
            false => config::Compare { ignore: listed, arrays, ..Default::default() },
        };
        let rules = Rules::new(&config);
        let count = |x: &Json, y: &Json| {
            let [x, y] = [x, y].map(|text| reply(JSON, text.to_string().as_bytes()));
            compare(&x, &y, &Decoded::new(&x, &y), &rules).total
        };
        prop_assert_eq!(count(&x, &y), count(&y, &x));
        prop_assert_eq!(count(&x, &x), 0);
    }

    #[test]
    fn equal_means_what_an_independent_reader_calls_equal(
        x in document(), at in any::<Index>(), edit in edit(), seed in 1_u64..,
    ) {
        let (mut y, mut found) = (x.clone(), Vec::new());
        places(&x, "", &mut found);
        if !found.is_empty() {
            let place: &String = at.get(&found);
            plant(&mut y, place, edit);
        }
        let mut style = Style(seed);
        let equal = total(&style.write(&x), &style.write(&y)) == 0;
        prop_assert_eq!(equal, x == y);
    }

    #[test]
    fn planted_edits_are_found_where_they_are_and_nothing_else_is(
        x in document(), edits in vec((any::<Index>(), edit()), 1..8), seed in 1_u64..,
    ) {
        let x = named(x);
        let (mut y, mut all, mut taken, mut planted) = (x.clone(), Vec::new(), Vec::new(), Vec::new());
        places(&x, "", &mut all);
        all.retain(|place| !names_an_element(place));
        prop_assume!(!all.is_empty());
        for (at, edit) in edits {
            let place = at.get(&all);
            let inside = |a: &str, b: &str| a == b || a.starts_with(&format!("{b}/"));
            if taken.iter().any(|other: &String| inside(other, place) || inside(place, other)) {
                continue;
            }
            if let Some(one) = plant(&mut y, place, edit) {
                planted.push(one);
                taken.push(place.clone());
            }
        }
        let mut style = Style(seed);
        let (x, y) = (style.write(&x), style.write(&y));
        let found = with(&reply(JSON, x.as_bytes()), &reply(JSON, y.as_bytes()), |found| {
            let mut places: Vec<_> = found.divergences.iter()
                .map(|each| (each.place.pointer(), each.kind)).collect();
            places.sort();
            places
        });
        planted.sort();
        prop_assert_eq!(found, planted);
    }

    #[test]
    fn no_bytes_make_it_panic(
        x in vec(any::<u8>(), 0..200), y in vec(any::<u8>(), 0..200), media in "[a-i/+;= ]{0,20}",
    ) {
        for media in [JSON, "text/plain", "image/png", &media] {
            let (one, other) = (reply(media, &x), reply(media, &y));
            let found = with(&one, &other, |found| found.total);
let parsed = |bytes: &[u8]| serde_json::from_slice::<Json>(bytes).ok();
            let alike = media == JSON && parsed(&x).is_some() && parsed(&x) == parsed(&y);
            prop_assert_eq!(found == 0, x == y || alike);
            prop_assert_eq!(found, with(&other, &one, |found| found.total));
        }
    }

    #[test]
    fn no_cut_or_changed_json_makes_it_panic(
        document in document(), at in any::<Index>(), byte in any::<u8>(),
    ) {
        let text = document.to_string().into_bytes();
        let at = at.index(text.len());
        let mut changed = text.clone();
        changed[at] = byte;
        for other in [&text[..at], &changed] {
            let (x, y) = (reply(JSON, &text), reply(JSON, other));
            let found = with(&x, &y, |found| found.total);
            let known = serde_json::from_slice::<Json>(other).ok();
            prop_assert_eq!(found == 0, known.as_ref() == Some(&document));
        }
    }
}

/// The places that no array is above.
fn outside_of_arrays(document: &Json) -> Vec<String> {
    let mut all = Vec::new();
    places(document, "", &mut all);
    let is_outside = |place: &String| {
        let mut above = place.match_indices('/').filter_map(|(end, _)| place.get(..end));
        above.all(|above| document.pointer(above).is_some_and(Json::is_object))
    };
    all.into_iter().filter(is_outside).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_path_finds_what_the_tree_diff_finds(bytes in vec(any::<u8>(), 0..600)) {
        lockstep::lockstep(&bytes);
    }

    #[test]
    fn the_fast_path_never_leaves_values_of_objects_to_the_tree_diff(
        x in btree_map(key(), document(), 1..6), edits in vec(any::<Index>(), 0..8),
    ) {
        let x = Json::Object(x.into_iter().collect());
        let (mut y, all) = (x.clone(), outside_of_arrays(&x));
        for at in edits {
            let place: &String = at.get(&all);
            plant(&mut y, place, Edit::Value);
        }
        let (x, y) = (x.to_string(), y.to_string());
        let exact = config::Compare { identifiers: Some(Identifiers::Exact), ..Default::default() };
        for rules in [Rules::default(), Rules::new(&exact)] {
            let (fast, slow) = both_ways(x.as_bytes(), y.as_bytes(), &rules);
            prop_assert!(fast.is_some());
            prop_assert_eq!(fast, slow);
        }
    }

    #[test]
    fn the_fast_path_pairs_elements_as_the_tree_diff_does(
        rows in vec((0..3_u8, 0..9_u8, any::<bool>()), 1..8), moved in vec(any::<Index>(), 8),
    ) {
        let row = |(code, value, named): &(u8, u8, bool)| match named {
            true => format!(r#"{{"code": "c{code}","v":[{value}],"w":{value}}}"#),
            false => format!(r#"{{"w":{value},"v":"{value}","name":"n{value}","code":"c{code}"}}"#),
        };
        let list = |rows: Vec<String>| format!(r#"{{"l":[{}]}}"#, rows.join(","));
        let x = list(rows.iter().map(row).collect());
        let y = list(moved.iter().take(rows.len()).map(|at| row(at.get(&rows))).collect());
        for (x, y) in [(&x, &y), (&y, &x)] {
            let (fast, slow) = both_ways(x.as_bytes(), y.as_bytes(), &Rules::default());
            prop_assert_eq!(fast, slow, "{} {}", x, y);
        }
    }

    #[test]
    fn the_fast_path_finds_the_identifiers_that_the_tree_diff_finds(
        rows in vec((0..6_usize, 0..5_usize, 0..5_usize, any::<bool>()), 1..12),
        before in prop_oneof![Just(""), Just("\\n"), Just("\\u0062"), Just("é")],
    ) {
        const THEIRS: [&str; 5] = ["c8", "8", "10012", "V-1c2-9b", "7d6c5b4a-3f2e-4d1c-8f10-5a7e0b8f2d3c"];
        const OURS: [&str; 5] = ["b7", "7", "10011", "U-1b2-9a", "0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d"];
        let row = |shape: usize, name: &str, text: &str, number: &str| match shape {
            0 => format!(r#"{{"id":"{name}","v":"{text}"}}"#),
            1 => format!(r#"{{"order_id" : {number} ,"v":{number}, "id":"{number}"}}"#),
            2 => format!(r#"{{"links":["/a/{name}","{text}"],"at":"{before}{name}{text}"}}"#),
            3 => format!(r#"{{"id":"{text}","{name}":"{name}"}}"#),
            4 => format!(r#"{{"note":"{before}{name}","id":"{text}"}}"#),
            _ => format!(r#"{{"a":{{"orderId":"{name}"}},"b":[{{"id":1,"c":"{text}"}}]}}"#),
        };
        let side = |theirs: bool| {
            let rows = rows.iter().enumerate().map(|(at, (shape, name, text, differs))| {
                let names = if theirs && *differs { THEIRS } else { OURS };
                let number = names[1 + name % 2];
                format!(r#""{at}":{}"#, row(*shape, names[*name], names[*text], number))
            });
            format!("{{{}}}", rows.collect::<Vec<_>>().join(","))
        };
        let (x, y) = (side(false), side(true));
        let ignored = |path: &str| {
            let ignore = vec![path.parse::<Pattern>().expect("a path").into()];
            Rules::new(&config::Compare { ignore, ..Default::default() })
        };
        for rules in [Rules::default(), ignored("$['1'].id"), ignored("$['2']")] {
            let (fast, slow) = both_ways(x.as_bytes(), y.as_bytes(), &rules);
            prop_assert!(fast.is_none() || fast == slow, "{} {}", x, y);
        }
    }
}

#[test]
fn nesting_a_million_deep_is_too_deep_and_no_harm() {
    let nested = |depth: usize, core: &str| "[".repeat(depth) + core + &"]".repeat(depth);
    assert_eq!(kinds(&nested(1_000_000, ""), &nested(1_000_000, "1")), [Kind::TooDeep]);
    assert_eq!(kinds(&nested(1_000_000, ""), &nested(1, "")), [Kind::ArrayLength, Kind::Removed]);
    let objects = r#"{"a":"#.repeat(100_000) + "1" + &"}".repeat(100_000);
    assert_eq!(kinds(&objects, &objects.replace('1', "2")), [Kind::TooDeep]);
}

#[test]
fn what_never_ends_is_unparsable() {
    for start in ["[", "{\"a\":", "\"", "[\"", "{\"", "[1,", "1e", "-", "tru", "\"\\", "\"\\u12"] {
        let repeated = start.repeat(100_000);
        assert_eq!(kinds("[1]", start), [Kind::Unparsable], "{start}");
        assert_eq!(kinds("[1]", &repeated), [Kind::Unparsable], "{start}");
        assert_eq!(kinds(&repeated, start), [Kind::Value], "{start}");
    }
}

#[test]
fn a_hundred_thousand_keys_are_paired_in_linear_time() {
    let object = |keys: &mut dyn Iterator<Item = usize>| {
        let members: Vec<_> = keys.map(|key| format!("\"k{key}\":{key}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let forward = object(&mut (0..100_000));
    assert_eq!(kinds(&forward, &object(&mut (0..100_000).rev())), []);
    assert_eq!(kinds(&forward, &object(&mut (100_000..200_000))), [Kind::Missing]);
    assert_eq!(total(&forward, &object(&mut (100_000..200_000))), 200_000);
}

#[test]
fn a_hundred_thousand_repeated_keys_are_one_divergence() {
    let object = |count: usize| format!("{{{}}}", vec!["\"k\":1"; count].join(","));
    assert_eq!(kinds(&object(100_000), &object(99_999)), [Kind::DuplicateKey]);
    assert_eq!(total(&object(100_000), &object(1)), 1);
    assert_eq!(total(&object(100_000), &object(100_000).replace(',', " ,")), 0);
}

#[test]
fn arrays_of_any_length_are_compared_in_linear_time() {
    let array = |from: usize, length: usize| {
        let elements: Vec<_> = (from..from + length).map(|each| each.to_string()).collect();
        format!("[{}]", elements.join(","))
    };
    assert_eq!(kinds(&array(0, 100_000), &array(1, 100_000)), [Kind::Removed, Kind::Added]);
    assert_eq!(kinds("[]", &array(0, 100_000)), [Kind::ArrayLength, Kind::Added]);
    // Longer ones are paired by index.
    assert_eq!(total(&array(0, 250_000), &array(1, 250_000)), 250_000);
}

#[test]
fn bodies_of_ten_megabytes_take_less_than_three_times_their_size() {
    let row = |id, value| {
        let text = "a row of a table that is rather long, with words of no great interest in it";
        format!(r#"{{"id":{id},"text":"{text}","value":{value}}}"#)
    };
    let table = |rows: &mut dyn Iterator<Item = (usize, usize)>| {
        let rows: Vec<_> = rows.map(|(id, value)| row(id, value)).collect();
        format!(r#"{{"rows":[{}]}}"#, rows.join(","))
    };
    let all = 95_000;
    let x = table(&mut (0..all).map(|id| (id, 1)));
    let others = [
        ("one value", table(&mut (0..all).map(|id| (id, 1 + usize::from(id == 7)))), 1),
        ("every value", table(&mut (0..all).map(|id| (id, 2))), all),
        ("white space", "  ".to_owned() + &x, 0),
        (
            "one more in front",
            table(&mut iter::once((all, 1)).chain((0..all).map(|id| (id, 1)))),
            2,
        ),
        ("reversed", table(&mut (0..all).rev().map(|id| (id, 1))), 1),
        ("reversed, every value", table(&mut (0..all).rev().map(|id| (id, 2))), all + 1),
        ("none shared", table(&mut (all..2 * all).map(|id| (id, id))), 2 * all),
        ("shuffled", table(&mut (0..all).map(|id| (id * 7_919 % all, id))), all),
    ];
    for (name, y, found) in others {
        let (x, y) = (reply(JSON, x.as_bytes()), reply(JSON, y.as_bytes()));
        let mut total = 0;
        let used = allocation_counter::measure(|| total = with(&x, &y, |found| found.total));
        assert_eq!(total, found as u64, "{name}");
        assert!(used.bytes_max < 3 * 10_000_000, "{name}: {} bytes", used.bytes_max);
    }
}

#[test]
fn numbers_of_any_size_are_compared_exactly() {
    let long = "9".repeat(1_000_000);
    assert_eq!(total(&long, &format!("{long}.0")), 0);
    assert_eq!(total(&long, &format!("{long}.1")), 1);
    assert_eq!(total("1e999999", "10e999998"), 0);
    assert_eq!(total("1e999999", "1e999998"), 1);
    assert_eq!(total(&format!("1e{long}"), &format!("1e{long}0")), 1);
}

#[test]
fn a_divergence_stands_where_its_pattern_says() {
    with(&reply(JSON, br#"{"a":[{"b":1}]}"#), &reply(JSON, br#"{"a":[{"b":2}]}"#), |found| {
        let [only] = &found.divergences[..] else { panic!("one divergence") };
        assert_eq!(only.place.pattern(), "$.a[*].b");
        assert!(matches!(&only.place, Place::Body(path) if path.pointer() == "/a/0/b"));
        assert_eq!(
            (only.primary, only.candidate, only.count),
            (Some(&b"1"[..]), Some(&b"2"[..]), 1)
        );
    });
}
