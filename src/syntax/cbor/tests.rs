//! What holds for CBOR as JSON text, whatever is read.

use super::*;
use crate::syntax::Unreadable;
use crate::syntax::json::Document;
use proptest::collection::vec;
use proptest::prelude::*;

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |pair: &[u8]| {
        u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal")
    };
    digits.chunks(2).map(pair).collect()
}

fn check(hex: &str, expected: &str) {
    let json = to_json(&bytes(hex)).expect(hex);
    assert_eq!(str::from_utf8(&json), Ok(expected), "{hex}");
    Document::parse(&json).expect("JSON");
}

fn refused(hex: &str, at: usize, problem: &'static str) {
    assert_eq!(to_json(&bytes(hex)), Err(Unreadable { at, problem }), "{hex}");
}

#[test]
fn a_number_is_its_value_however_wide_it_is_written() {
    for one in ["01", "1801", "190001", "1a00000001", "1b0000000000000001", "c24101", "c2420001"] {
        check(one, "1");
    }
    for below in ["20", "3800", "390000", "c340", "c34100"] {
        check(below, "-1");
    }
    check("1bffffffffffffffff", "18446744073709551615");
    check("3bffffffffffffffff", "-18446744073709551616");
    check("c2 49 010000000000000000", "18446744073709551616");
    check("c3 49 010000000000000000", "-18446744073709551617");
    check("c3 41 ff", "-256");
    check("c2 5f 4101 4100 ff", "256");
    check("c2 01", r#"{"¤tag(2)":1}"#);
    for half in ["f93e00", "fa3fc00000", "fb3ff8000000000000"] {
        check(half, "1.5");
    }
    check("f98000", "-0.0");
    check("f97c00", "\"¤Infinity\"");
    for nan in ["f97e00", "fa7fc00000", "fb7ff8000000000000", "f9fe00"] {
        check(nan, "\"¤NaN\"");
    }
}

#[test]
fn a_big_number_beyond_all_use_stays_bytes() {
    let long = |zeros: usize, count: usize| {
        let length = u16::try_from(zeros + count).expect("short");
        [&[0xc2, 0x59], &length.to_be_bytes()[..], &vec![0; zeros], &vec![0xff; count]].concat()
    };
    let json = |bytes: &[u8]| String::from_utf8(to_json(bytes).expect("CBOR")).expect("UTF-8");
    assert!(json(&long(0, 256)).bytes().all(|byte| byte.is_ascii_digit()));
    assert!(json(&long(0, 257)).starts_with("{\"¤tag(2)\":\"¤h'ff"));
    assert_eq!(json(&long(9, 257)), json(&long(0, 257)));
}

#[test]
fn what_json_lacks_has_a_notation_of_its_own() {
    check("43 00ff10", r#""¤h'00ff10'""#);
    check("63 c2a435", r#""¤¤5""#);
    check("f7", r#""¤undefined""#);
    check("f0", r#""¤simple(16)""#);
    check("f8ff", r#""¤simple(255)""#);
    check("c1 1a514b67b0", r#"{"¤tag(1)":1363896240}"#);
    check("d9d9f7 80", r#"{"¤tag(55799)":[]}"#);
}

#[test]
fn a_key_that_is_no_text_is_written_in_diagnostic_notation() {
    check("a3 01 02 20 03 61 31 04", r#"{"¤1":2,"¤-1":3,"1":4}"#);
    check("a1 82 01 61 22 f6", r#"{"¤[1, \"\\\"\"]":null}"#);
    check("a1 a2 01 02 03 04 05", r#"{"¤{1: 2, 3: 4}":5}"#);
    check("a1 a1 a1 01 02 03 04", r#"{"¤{{1: 2}: 3}":4}"#);
    check("a2 f5 f6 41 00 f7", r#"{"¤true":null,"¤h'00'":"¤undefined"}"#);
    check("a1 c1 9f 01 ff a1 01 80", r#"{"¤1([1])":{"¤1":[]}}"#);
    check("a1 f97e00 a0", r#"{"¤NaN":{}}"#);
    check("a2 01 00 f93c00 00", r#"{"¤1":0,"¤1.0":0}"#);
}

#[test]
fn an_open_length_does_not_count() {
    check("9f 01 9f ff 82 02 03 ff", "[1,[],[2,3]]");
    check("bf 61 61 01 61 62 9f 02 ff ff", r#"{"a":1,"b":[2]}"#);
    check("7f 61 61 60 61 62 ff", "\"ab\"");
    check("5f 41 61 41 ff ff", "\"¤h'61ff'\"");
    check("bf ff", "{}");
    check("a2 61 61 01 61 61 02", r#"{"a":1,"a":2}"#);
}

#[test]
fn what_is_no_cbor_says_where_and_why() {
    let end = "the bytes end within a value";
    refused("", 0, end);
    refused("18", 1, end);
    refused("82 01", 0, end);
    refused("9b ffffffffffffffff", 0, end);
    refused("bb ffffffffffffffff", 0, end);
    refused("5b ffffffffffffffff", 9, end);
    refused("9f 01", 2, end);
    refused("01 02", 1, "more bytes after the value");
    refused("61 ff", 0, "text is not UTF-8");
    refused("7f 61 c3 61 a9 ff", 1, "text is not UTF-8");
    refused("7f 41 61 ff", 1, "a string holds a piece of another kind");
    refused("5f 5f ff ff", 1, "a string holds a piece of another kind");
    refused("1c", 1, "a head of a kind that is reserved");
    refused("fc", 0, "a head of a kind that is reserved");
    refused("f8 18", 0, "a simple value is written in a way that is reserved");
    refused("1f", 0, "a number or a tag has no open length");
    refused("df 00", 0, "a number or a tag has no open length");
    refused("ff", 0, "nothing of open length ends here");
    refused("81 ff", 1, "nothing of open length ends here");
    refused("bf 01 ff", 2, "a map ends between a key and its value");
}

#[test]
fn a_sequence_is_an_array_of_its_items() {
    let json = |hex: &str| sequence_to_json(&bytes(hex)).map(String::from_utf8);
    assert_eq!(json(""), Ok(Ok("[]".to_owned())));
    assert_eq!(json("01 80 9f ff"), Ok(Ok("[1,[],[]]".to_owned())));
    let (end, ends) = ("the bytes end within a value", "nothing of open length ends here");
    assert_eq!(json("01 81"), Err(Unreadable { at: 1, problem: end }));
    assert_eq!(json("9f"), Err(Unreadable { at: 1, problem: end }));
    assert_eq!(json("c1"), Err(Unreadable { at: 1, problem: end }));
    assert_eq!(json("01 ff 01"), Err(Unreadable { at: 2, problem: ends }));
}

#[test]
fn nesting_and_numbers_of_keys_are_bounded_by_the_bytes() {
    let deep = [vec![0x81; 1_000_000], vec![0x00]].concat();
    assert_eq!(to_json(&deep).map(|json| json.len()), Ok(2_000_001));
    let tags = [vec![0xc1; 1_000_000], vec![0x00]].concat();
    assert!(to_json(&tags).is_ok());
    let keys = [vec![0xa1; 1_000_000], vec![0x00; 1_000_001]].concat();
    assert!(to_json(&keys).is_ok());
    let deeper = vec![0x9f; 2_000_000];
    let problem = "it is nested more than a million levels deep";
    assert_eq!(to_json(&deeper), Err(Unreadable { at: 1 << 20, problem }));
    let wide = [vec![0xba, 0, 1, 0x86, 0xa0], vec![0x01; 200_000]].concat();
    assert!(to_json(&wide).is_ok());
    let words = [vec![0x9f], vec![0xf7; 8 << 20], vec![0xff]].concat();
    assert!(to_json(&words).is_err_and(|error| error.problem.contains("64 MiB")));
}

/// A value of CBOR; the order of a map's keys is kept.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Int(i128),
    Float(u64),
    Text(String),
    Bytes(Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Tag(u64, Box<Value>),
    Simple(u8),
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (-20_i128..20).prop_map(Value::Int),
        (-(1_i128 << 65)..1 << 65).prop_map(Value::Int),
        prop_oneof![Just(1.0), Just(0.0), any::<f64>()].prop_map(|number: f64| Value::Float(
            if number.is_nan() { 0 } else { number.to_bits() }
        )),
        "[¤h'a1(){}, \"\\\\]{0,4}".prop_map(Value::Text),
        vec(0_u8..3, 0..3).prop_map(Value::Bytes),
        prop_oneof![0_u8..20, 20_u8..24, Just(32), Just(255)].prop_map(Value::Simple),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            vec((inner.clone(), inner.clone()), 0..3).prop_map(Value::Map),
            (prop_oneof![Just(1_u64), 4..u64::MAX], inner)
                .prop_map(|(tag, value)| Value::Tag(tag, Box::new(value))),
        ]
    })
}

/// Writes a value; each bit of `style` chooses among the ways to write the next head.
struct Encoder {
    style: u64,
    out: Vec<u8>,
}

impl Encoder {
    fn choose(&mut self) -> bool {
        self.style = self.style.rotate_right(1);
        self.style & 1 == 1
    }

    fn head(&mut self, major: u8, number: u64) {
        let wide = self.choose();
        let (info, width) = match number {
            0..=23 if !wide => (u8::try_from(number).expect("small"), 0),
            0..=0xff if !wide => (24, 1),
            0..=0xffff if !wide => (25, 2),
            0..=0xffff_ffff if !wide => (26, 4),
            _ => (27, 8),
        };
        self.out.push(major << 5 | info);
        self.out.extend(&number.to_be_bytes()[8 - width..]);
    }

    fn string(&mut self, major: u8, bytes: &[u8]) {
        // In pieces, but never in the middle of a character.
        if self.choose() {
            self.out.push(major << 5 | 31);
            if !bytes.is_empty() {
                self.head(major, bytes.len() as u64);
                self.out.extend(bytes);
            }
            self.out.push(0xff);
        } else {
            self.head(major, bytes.len() as u64);
            self.out.extend(bytes);
        }
    }

    fn items<'v>(&mut self, major: u8, size: usize, items: impl Iterator<Item = &'v Value>) {
        let open = self.choose();
        if open {
            self.out.push(major << 5 | 31)
        } else {
            self.head(major, size as u64)
        }
        items.for_each(|item| self.value(item));
        if open {
            self.out.push(0xff);
        }
    }

    fn int(&mut self, number: i128) {
        let (major, magnitude) =
            if number < 0 { (1, (-1 - number) as u128) } else { (0, number as u128) };
        match u64::try_from(magnitude) {
            Ok(small) if self.choose() => self.head(major, small),
            _ => {
                self.out.push(0xc2 + major);
                self.string(2, &magnitude.to_be_bytes());
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Int(number) => self.int(*number),
            Value::Float(bits) => {
                let number = f64::from_bits(*bits);
                if f64::from(number as f32).to_bits() == *bits && self.choose() {
                    self.out.push(0xfa);
                    self.out.extend((number as f32).to_be_bytes());
                } else {
                    self.out.push(0xfb);
                    self.out.extend(bits.to_be_bytes());
                }
            }
            Value::Text(text) => self.string(3, text.as_bytes()),
            Value::Bytes(bytes) => self.string(2, bytes),
            Value::Array(items) => self.items(4, items.len(), items.iter()),
            Value::Map(entries) => {
                let items = entries.iter().flat_map(|(key, value)| [key, value]);
                self.items(5, entries.len(), items);
            }
            Value::Tag(tag, value) => {
                self.head(6, *tag);
                self.value(value);
            }
            Value::Simple(number) if *number < 24 => self.out.push(0xe0 | number),
            Value::Simple(number) => self.out.extend([0xf8, *number]),
        }
    }
}

fn encode(value: &Value, style: u64) -> Vec<u8> {
    let mut encoder = Encoder { style, out: Vec::new() };
    encoder.value(value);
    encoder.out
}

proptest! {
    #[test]
    fn how_a_value_is_written_does_not_count(value in value(), one: u64, other: u64) {
        let json = to_json(&encode(&value, one));
        prop_assert_eq!(&json, &to_json(&encode(&value, other)));
        let json = json.expect("CBOR");
        prop_assert!(Document::parse(&json).is_ok(), "{}", String::from_utf8_lossy(&json));
    }

    #[test]
    fn different_values_have_different_texts(one in value(), other in value()) {
        let same = to_json(&encode(&one, 0)) == to_json(&encode(&other, 0));
        prop_assert_eq!(same, one == other);
    }

    #[test]
    fn a_part_of_a_value_is_no_value(value in value(), style: u64, cut: prop::sample::Index) {
        let bytes = encode(&value, style);
        prop_assert!(to_json(&bytes[..cut.index(bytes.len())]).is_err());
    }

    #[test]
    fn noise_is_json_or_refused_within_its_bounds(bytes in vec(any::<u8>(), 0..64)) {
        match to_json(&bytes) {
            Ok(json) => prop_assert!(Document::parse(&json).is_ok()),
            Err(error) => prop_assert!(error.at <= bytes.len()),
        }
    }
}
