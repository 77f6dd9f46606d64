//! What holds for MessagePack as JSON text, whatever is read.

use super::*;
use crate::syntax::Unreadable;
use crate::syntax::json::Document;
use proptest::collection::vec;
use proptest::prelude::*;

fn check(bytes: &[u8], expected: &str) {
    let json = to_json(bytes).expect(expected);
    assert_eq!(str::from_utf8(&json), Ok(expected), "{bytes:x?}");
    Document::parse(&json).expect("JSON");
}

fn refused(bytes: &[u8], at: usize, problem: &'static str) {
    assert_eq!(to_json(bytes), Err(Unreadable { at, problem }), "{bytes:x?}");
}

#[test]
fn a_number_is_its_value_however_wide_it_is_written() {
    for one in [&[1][..], &[0xcc, 1], &[0xcd, 0, 1], &[0xce, 0, 0, 0, 1], &[0xd0, 1]] {
        check(one, "1");
    }
    for below in [&[0xff][..], &[0xd0, 0xff], &[0xd1, 0xff, 0xff], &[0xd2, 255, 255, 255, 255]] {
        check(below, "-1");
    }
    check(&[0xcf, 255, 255, 255, 255, 255, 255, 255, 255], "18446744073709551615");
    check(&[0xd3, 128, 0, 0, 0, 0, 0, 0, 0], "-9223372036854775808");
    check(&[0xca, 0x3f, 0xc0, 0, 0], "1.5");
    check(&[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], "1.5");
    check(&[0xca, 0x7f, 0xc0, 0, 0], "\"¤NaN\"");
}

#[test]
fn values_are_written_in_the_shared_notation() {
    check(&[0xc0], "null");
    check(&[0x92, 0xc2, 0xc3], "[false,true]");
    check(&[0xa2, b'h', b'i'], "\"hi\"");
    check(&[0xd9, 2, b'h', b'i'], "\"hi\"");
    check(&[0xa1, 0xff], "\"¤text h'ff'\"");
    check(&[0xc4, 2, 0, 255], "\"¤h'00ff'\"");
    check(&[0x82, 0xa1, b'a', 1, 2, 3], r#"{"a":1,"¤2":3}"#);
    check(&[0xde, 0, 1, 0xa1, b'a', 0xdc, 0, 0], r#"{"a":[]}"#);
    check(&[0xdf, 0, 0, 0, 0], "{}");
    check(&[0xd4, 5, 0xaa], r#"{"¤ext(5)":"¤h'aa'"}"#);
    check(&[0xc7, 1, 5, 0xaa], r#"{"¤ext(5)":"¤h'aa'"}"#);
    check(&[0x81, 0xd4, 5, 0xaa, 0x90], r#"{"¤ext(5)(h'aa')":[]}"#);
}

#[test]
fn a_timestamp_is_its_moment() {
    let moment = r#"{"¤timestamp":"1970-01-01T00:00:01Z"}"#;
    check(&[0xd6, 0xff, 0, 0, 0, 1], moment);
    check(&[0xd7, 0xff, 0, 0, 0, 0, 0, 0, 0, 1], moment);
    check(&[0xc7, 12, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], moment);
    check(
        &[0xc7, 12, 0xff, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 255, 255],
        r#"{"¤timestamp":"1969-12-31T23:59:59.000000001Z"}"#,
    );
    // More nanoseconds than a second has, and no length of a timestamp.
    check(&[0xd7, 0xff, 255, 255, 255, 255, 0, 0, 0, 1], r#"{"¤ext(-1)":"¤h'ffffffff00000001'"}"#);
    check(&[0xd4, 0xff, 0], r#"{"¤ext(-1)":"¤h'00'"}"#);
}

#[test]
fn what_is_no_messagepack_says_where_and_why() {
    let end = "the bytes end within a value";
    refused(&[], 0, end);
    refused(&[0xcd, 0], 1, end);
    refused(&[0x92, 1], 0, end);
    refused(&[0xdd, 255, 255, 255, 255], 0, end);
    refused(&[0xdf, 255, 255, 255, 255], 0, end);
    refused(&[0xc6, 255, 255, 255, 255], 5, end);
    refused(&[0xc1], 0, "a head that is never used");
    refused(&[1, 2], 1, "more bytes after the value");
}

#[test]
fn nesting_and_numbers_of_keys_are_bounded_by_the_bytes() {
    assert!(to_json(&[vec![0x91; 1_000_000], vec![0]].concat()).is_ok());
    assert!(to_json(&[vec![0x81; 1_000_000], vec![0; 1_000_001]].concat()).is_ok());
    let wide = [vec![0xdf, 0, 1, 0x86, 0xa0], vec![1; 200_000]].concat();
    assert!(to_json(&wide).is_ok());
}

/// A value of MessagePack.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Nil,
    Int(i128),
    Text(String),
    Bytes(Vec<u8>),
    Ext(i8, Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<i8>().prop_map(|number| Value::Int(number.into())),
        any::<i64>().prop_map(|number| Value::Int(number.into())),
        "[¤h'a1() {}]{0,4}".prop_map(Value::Text),
        vec(0_u8..3, 0..3).prop_map(Value::Bytes),
        (0_i8..3, vec(0_u8..3, 0..5)).prop_map(|(kind, bytes)| Value::Ext(kind, bytes)),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            vec((inner.clone(), inner), 0..3).prop_map(Value::Map),
        ]
    })
}

/// Writes a value, in the widest way or in one of the narrow ones.
fn encode(value: &Value, wide: bool, out: &mut Vec<u8>) {
    let length = |bytes: usize| u32::try_from(bytes).expect("short").to_be_bytes();
    match value {
        Value::Nil => out.push(0xc0),
        Value::Int(number) => match i8::try_from(*number) {
            Ok(small) if !wide && small >= -32 => out.extend(small.to_be_bytes()),
            Ok(small) if !wide => out.extend([0xd0, small.to_be_bytes()[0]]),
            _ => {
                out.push(0xd3);
                out.extend(i64::try_from(*number).expect("64 bits").to_be_bytes());
            }
        },
        Value::Text(text) if wide => {
            out.extend([&[0xdb], &length(text.len())[..], text.as_bytes()].concat());
        }
        Value::Text(text) => {
            let head = 0xa0 | u8::try_from(text.len()).expect("short");
            out.extend([&[head], text.as_bytes()].concat());
        }
        Value::Bytes(bytes) => out.extend([&[0xc6], &length(bytes.len())[..], bytes].concat()),
        Value::Ext(kind, bytes) if bytes.len() == 1 && !wide => {
            out.extend([0xd4, kind.to_be_bytes()[0], bytes[0]]);
        }
        Value::Ext(kind, bytes) => {
            out.extend([&[0xc9], &length(bytes.len())[..], &kind.to_be_bytes(), bytes].concat());
        }
        Value::Array(items) => {
            out.extend([&[0xdd], &length(items.len())[..]].concat());
            items.iter().for_each(|item| encode(item, wide, out));
        }
        Value::Map(entries) => {
            out.extend([&[0xdf], &length(entries.len())[..]].concat());
            for (key, value) in entries {
                encode(key, wide, out);
                encode(value, wide, out);
            }
        }
    }
}

fn bytes(value: &Value, wide: bool) -> Vec<u8> {
    let mut out = Vec::new();
    encode(value, wide, &mut out);
    out
}

proptest! {
    #[test]
    fn how_a_value_is_written_does_not_count(value in value()) {
        let json = to_json(&bytes(&value, true)).expect("MessagePack");
        prop_assert!(Document::parse(&json).is_ok(), "{}", String::from_utf8_lossy(&json));
        prop_assert_eq!(Ok(json), to_json(&bytes(&value, false)));
    }

    #[test]
    fn different_values_have_different_texts(one in value(), other in value()) {
        let same = to_json(&bytes(&one, true)) == to_json(&bytes(&other, true));
        prop_assert_eq!(same, one == other);
    }

    #[test]
    fn a_part_of_a_value_is_no_value(value in value(), wide: bool, cut: prop::sample::Index) {
        let bytes = bytes(&value, wide);
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
