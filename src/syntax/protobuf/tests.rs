//! What holds for protobuf without descriptors as JSON text, whatever is read.

use super::*;
use crate::syntax::Unreadable;
use crate::syntax::json::Document;
use proptest::collection::vec;
use proptest::prelude::*;

fn pair(x: &[u8], y: &[u8]) -> [Result<String, Unreadable>; 2] {
    pair_to_json([Messages::One(x), Messages::One(y)]).map(|side| {
        side.map(|json| {
            Document::parse(&json).expect("JSON");
            String::from_utf8(json).expect("UTF-8")
        })
    })
}

fn check(message: &[u8], expected: &str) {
    let [x, y] = pair(message, message);
    assert_eq!(x.as_deref(), Ok(expected), "{}", message.escape_ascii());
    assert_eq!(x, y);
}

fn check_pair(x: &[u8], y: &[u8], expected: [&str; 2]) {
    let expected = expected.map(|json| Ok(json.to_owned()));
    assert_eq!(pair(x, y), expected);
    let [x, y] = pair(y, x);
    assert_eq!([y, x], expected, "the guess depends on the order of the sides");
}

#[test]
fn a_message_is_an_object_of_its_fields_numbers() {
    check(b"", "{}");
    check(b"\x08\x96\x01", r#"{"¤1":[150]}"#);
    check(b"\x08\x01\x10\x02\x08\x03", r#"{"¤1":[1,3],"¤2":[2]}"#);
    check(b"\x12\x02hi", r#"{"¤2":["hi"]}"#);
    check(b"\x1a\x03\x08\x96\x01", r#"{"¤3":[{"¤1":[150]}]}"#);
    check(b"\x12\x02\x00\xff", r#"{"¤2":["¤h'00ff'"]}"#);
    check(b"\x12\x03\xc2\xa45", r#"{"¤2":["¤¤5"]}"#);
    check(b"\x12\x00", r#"{"¤2":[""]}"#);
    check(b"\x0b\x10\x01\x1b\x1c\x0c", r#"{"¤1":[{"¤group":{"¤2":[1],"¤3":[{"¤group":{}}]}}]}"#);
}

#[test]
fn what_has_a_fixed_width_is_shown_as_a_float_where_it_looks_like_one() {
    check(b"\x0d\x00\x00\xc0\x3f", r#"{"¤1":["¤i32(1.5)"]}"#);
    check(b"\x0d\x01\x00\x00\x00", r#"{"¤1":["¤i32(0x00000001)"]}"#);
    check(b"\x0d\x00\x00\xc0\x7f", r#"{"¤1":["¤i32(0x7fc00000)"]}"#);
    check(b"\x09\x00\x00\x00\x00\x00\x00\xf8\x3f", r#"{"¤1":["¤i64(1.5)"]}"#);
    check(b"\x09\x01\x00\x00\x00\x00\x00\x00\x00", r#"{"¤1":["¤i64(0x0000000000000001)"]}"#);
}

#[test]
fn text_without_control_characters_is_text_and_all_else_a_message_if_it_can_be() {
    check(b"\x12\x0280", r#"{"¤2":["80"]}"#);
    check(b"\x12\x06\x0a\x04name", r#"{"¤2":[{"¤1":["name"]}]}"#);
    check(b"\x12\x0csome\ntext\r\n!", r#"{"¤2":["some\ntext\r\n!"]}"#);
    // Fields in another order, and a number wider than it need be: bytes, not a message.
    check(b"\x12\x04\x10\x01\x08\x01", r#"{"¤2":["\u0010\u0001\u0008\u0001"]}"#);
    check(b"\x12\x03\x08\x81\x00", r#"{"¤2":["¤h'088100'"]}"#);
}

#[test]
fn both_sides_are_read_by_one_guess() {
    check_pair(
        b"\x12\x02\x08\x01",
        b"\x12\x02\xff\xff",
        [r#"{"¤2":["¤h'0801'"]}"#, r#"{"¤2":["¤h'ffff'"]}"#],
    );
    check_pair(
        b"\x12\x02\x08\x01",
        b"\x12\x01a",
        [r#"{"¤2":["\u0008\u0001"]}"#, r#"{"¤2":["a"]}"#],
    );
    check_pair(b"\x12\x02\x08\x01", b"\x12\x00", [r#"{"¤2":[{"¤1":[1]}]}"#, r#"{"¤2":[{}]}"#]);
    check_pair(
        b"\x12\x02\x08\x01\x12\x02\x08\x02",
        b"\x12\x02\x08\x01",
        [r#"{"¤2":[{"¤1":[1]},{"¤1":[2]}]}"#, r#"{"¤2":[{"¤1":[1]}]}"#],
    );
    // The same number elsewhere is another field.
    check_pair(
        b"\x0a\x04\x12\x02\x08\x01\x12\x01a",
        b"\x12\x01b",
        [r#"{"¤1":[{"¤2":[{"¤1":[1]}]}],"¤2":["a"]}"#, r#"{"¤2":["b"]}"#],
    );
}

#[test]
fn a_side_that_is_no_message_does_not_keep_the_other_from_being_read() {
    let [x, y] = pair(b"\x08\x01", b"\x08");
    assert_eq!(x.as_deref(), Ok(r#"{"¤1":[1]}"#));
    assert_eq!(y, Err(Unreadable { at: 1, problem: "the bytes end within a value" }));
    let groups = pair(b"\x0b\x00\x0c", b"");
    assert!(groups[0].is_err() && groups[1].is_ok());
    let stream = [Message { at: 5, bytes: b"\x08\x01" }, Message { at: 12, bytes: b"\x08" }];
    let [x, y] = pair_to_json([Messages::Stream(&stream[..1]), Messages::Stream(&stream)]);
    assert_eq!(x.as_deref(), Ok("[{\"¤1\":[1]}]".as_bytes()));
    assert_eq!(y, Err(Unreadable { at: 13, problem: "the bytes end within a value" }));
}

#[test]
fn nesting_and_numbers_of_fields_are_bounded() {
    let mut nested = b"\x08\x01".to_vec();
    for _ in 0..300 {
        let length = nested.len();
        let head = match length {
            0..=127 => vec![0x0a, length as u8],
            _ => vec![0x0a, (length & 127) as u8 | 128, (length >> 7) as u8],
        };
        nested = [head, nested].concat();
    }
    let [x, _] = pair(&nested, b"");
    let json = x.expect("a message");
    assert_eq!(json.matches('{').count(), 100);
    let many = b"\x08\x01".repeat(1 << 20);
    assert!(pair(&many, b"")[0].is_ok());
    let problem = "more than a million fields";
    let error = Err(Unreadable { at: 0, problem });
    assert_eq!(pair(&many, b"\x08\x01"), [error.clone(), error]);
    let mut keys = Vec::new();
    for number in 16_u32..100_016 {
        let tag = number << 3;
        keys.extend([(tag & 127) as u8 | 128, (tag >> 7 & 127) as u8 | 128, (tag >> 14) as u8, 0]);
    }
    assert!(pair(&keys, &keys)[0].is_ok());
}

/// A field as a sender knows it.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Varint(u64),
    I64(u64),
    I32(u32),
    Bytes(Vec<u8>),
    Message(Vec<(u32, Value)>),
}

fn message() -> impl Strategy<Value = Vec<(u32, Value)>> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::Varint),
        any::<u64>().prop_map(Value::I64),
        any::<f64>().prop_map(|number| Value::I64(number.to_bits())),
        any::<f32>().prop_map(|number| Value::I32(number.to_bits())),
        any::<u32>().prop_map(Value::I32),
        "[a-z\n\u{8}¤h']{0,6}".prop_map(|text| Value::Bytes(text.into_bytes())),
        vec(0_u8..20, 0..6).prop_map(Value::Bytes),
    ];
    let value = leaf
        .prop_recursive(4, 20, 4, |inner| vec((1_u32..5, inner), 0..4).prop_map(Value::Message));
    vec((1_u32..6, value), 0..5).prop_map(|mut fields| {
        fields.sort_by_key(|(number, _)| *number);
        fields
    })
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 128 {
        out.push((number & 127) as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

/// As senders write it: fields in order of their numbers.
fn encode(fields: &[(u32, Value)]) -> Vec<u8> {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by_key(|(number, _)| *number);
    let mut out = Vec::new();
    for (number, value) in fields {
        let mut tag = |kind: u64| varint(&mut out, u64::from(*number) << 3 | kind);
        match value {
            Value::Varint(value) => {
                tag(0);
                varint(&mut out, *value);
            }
            Value::I64(value) => {
                tag(1);
                out.extend(value.to_le_bytes());
            }
            Value::I32(value) => {
                tag(5);
                out.extend(value.to_le_bytes());
            }
            Value::Bytes(bytes) => {
                tag(2);
                varint(&mut out, bytes.len() as u64);
                out.extend(bytes);
            }
            Value::Message(inner) => {
                tag(2);
                let inner = encode(inner);
                varint(&mut out, inner.len() as u64);
                out.extend(inner);
            }
        }
    }
    out
}

proptest! {
    #[test]
    fn messages_are_equal_in_text_only_if_they_are_equal(one in message(), other in message()) {
        let (x, y) = (encode(&one), encode(&other));
        let [left, right] = pair(&x, &y);
        prop_assert_eq!(left.expect("a message") == right.expect("a message"), x == y);
    }

    #[test]
    fn the_outermost_fields_may_come_in_any_order(fields in message(), turn in 0_usize..5) {
        let pieces: Vec<_> = fields.iter().map(|field| encode(std::slice::from_ref(field))).collect();
        let plain = pieces.concat();
        // Turned by whole numbers, so that those of one number keep their order.
        let start = turn.min(pieces.len());
        let (head, tail) = fields.split_at(start);
        let broken = head.last().zip(tail.first()).is_some_and(|(one, other)| one.0 == other.0);
        prop_assume!(!broken);
        let turned = [&pieces[start..], &pieces[..start]].concat().concat();
        let [x, y] = pair(&plain, &turned);
        prop_assert_eq!(x, y);
    }

    #[test]
    fn the_sides_can_change_places(one in vec(0_u8..40, 0..24), other in vec(0_u8..40, 0..24)) {
        let [x, y] = pair(&one, &other);
        let [turned_y, turned_x] = pair(&other, &one);
        prop_assert_eq!((x, y), (turned_x, turned_y));
    }

    #[test]
    fn a_part_of_a_message_never_panics(fields in message(), cut: prop::sample::Index) {
        let bytes = encode(&fields);
        let part = &bytes[..cut.index(bytes.len() + 1)];
        let [whole, cut] = pair(&bytes, part);
        prop_assert!(whole.is_ok());
        prop_assert!(cut.is_ok() || part.len() < bytes.len());
    }
}
