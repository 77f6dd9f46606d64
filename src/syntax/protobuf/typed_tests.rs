//! What holds for protobuf with descriptors as JSON text. The descriptors are made here.

use super::schema::BadSchema;
use super::*;
use crate::syntax::json::Document;
use proptest::collection::vec;
use proptest::prelude::*;

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn int(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

fn len(number: u64, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [&varint(number << 3 | 2), &varint(bytes.len() as u64), bytes].concat()
}

/// A field of a descriptor: its type by number, or `.full.Name` with it; more may follow.
fn field(name: &str, number: u64, label: u64, kind: u64, of: &str, more: Vec<u8>) -> Vec<u8> {
    let of = if of.is_empty() { Vec::new() } else { len(6, of) };
    let head = [len(1, name), int(3, number), int(4, label), int(5, kind)].concat();
    len(2, [head, of, more].concat())
}

fn one(name: &str, number: u64, kind: u64, of: &str) -> Vec<u8> {
    field(name, number, 1, kind, of, Vec::new())
}

fn many(name: &str, number: u64, kind: u64, of: &str) -> Vec<u8> {
    field(name, number, 3, kind, of, Vec::new())
}

fn message(name: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    [len(1, name), parts.concat()].concat()
}

fn entry(name: &str, key: u64, value: u64, of: &str) -> Vec<u8> {
    let parts = [one("key", 1, key, ""), one("value", 2, value, of), len(7, int(7, 1))];
    len(3, message(name, &parts))
}

fn file(package: &str, syntax: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let head = [len(1, format!("{package}.proto")), len(2, package), len(12, syntax)].concat();
    len(1, [head, parts.concat()].concat())
}

fn well_known() -> Vec<u8> {
    let times =
        |name: &str| len(4, message(name, &[one("seconds", 1, 3, ""), one("nanos", 2, 5, "")]));
    let oneof = |name: &str, number, kind, of| field(name, number, 1, kind, of, int(9, 0));
    let value = [
        oneof("null_value", 1, 14, ".google.protobuf.NullValue"),
        oneof("number_value", 2, 1, ""),
        oneof("string_value", 3, 9, ""),
        oneof("bool_value", 4, 8, ""),
        oneof("struct_value", 5, 11, ".google.protobuf.Struct"),
        oneof("list_value", 6, 11, ".google.protobuf.ListValue"),
    ];
    let fields = [
        many("fields", 1, 11, ".google.protobuf.Struct.FieldsEntry"),
        entry("FieldsEntry", 9, 11, ".google.protobuf.Value"),
    ];
    file(
        "google.protobuf",
        "proto3",
        &[
            times("Timestamp"),
            times("Duration"),
            len(4, message("Int32Value", &[one("value", 1, 5, "")])),
            len(4, message("Any", &[one("type_url", 1, 9, ""), one("value", 2, 12, "")])),
            len(4, message("Value", &value)),
            len(4, message("Struct", &fields)),
            len(4, message("ListValue", &[many("values", 1, 11, ".google.protobuf.Value")])),
            len(5, message("NullValue", &[len(2, [len(1, "NULL_VALUE"), int(2, 0)].concat())])),
        ],
    )
}

fn schema() -> Schema {
    let known =
        |name: &str, number, of: &str| one(name, number, 11, &format!(".google.protobuf.{of}"));
    let state = |name: &str, number| len(2, [len(1, name), int(2, number)].concat());
    let parts = [
        one("id", 1, 5, ""),
        one("name", 2, 9, ""),
        many("counts", 3, 5, ""),
        many("prices", 4, 11, ".a.T.PricesEntry"),
        one("state", 5, 14, ".a.State"),
        field("text", 6, 1, 9, "", int(9, 0)),
        field("inner", 7, 1, 11, ".a.T", int(9, 0)),
        field("note", 8, 1, 5, "", [int(9, 1), int(17, 1)].concat()),
        many("items", 9, 11, ".a.T"),
        one("rate", 10, 1, ""),
        one("shift", 11, 17, ""),
        one("raw", 12, 12, ""),
        one("part", 13, 2, ""),
        many("by_id", 14, 11, ".a.T.ByIdEntry"),
        known("at", 15, "Timestamp"),
        known("any", 16, "Any"),
        known("json", 17, "Value"),
        known("wrapped", 18, "Int32Value"),
        known("took", 19, "Duration"),
        one("is_new", 20, 8, ""),
        one("tax", 21, 15, ""),
        entry("PricesEntry", 9, 4, ""),
        entry("ByIdEntry", 5, 11, ".a.T"),
    ];
    let method = [len(1, "Get"), len(2, ".a.T"), len(3, ".a.T")].concat();
    let a = file(
        "a",
        "proto3",
        &[
            len(4, message("T", &parts)),
            len(5, message("State", &[state("NONE", 0), state("OPEN", 1), state("LIVE", 1)])),
            len(6, [len(1, "Things"), len(2, method)].concat()),
        ],
    );
    let old = file(
        "old",
        "proto2",
        &[
            len(4, message("P", &[one("count", 1, 5, ""), one("box", 2, 10, ".old.P")])),
            len(7, [len(1, "more"), len(2, ".old.P"), int(3, 100), int(4, 1), int(5, 9)].concat()),
        ],
    );
    Schema::read(&[well_known(), a.clone(), old, a].concat()).expect("descriptors")
}

fn read_as(name: &str, message: &[u8]) -> Result<String, &'static str> {
    let schema = schema();
    let of = schema.message(name).expect(name);
    let [x, y] = typed_to_json([Messages::One(message); 2], of);
    assert_eq!(x, y);
    x.map_err(|error| error.problem).map(|json| {
        assert!(Document::parse(&json).is_ok(), "{}", String::from_utf8_lossy(&json));
        String::from_utf8(json).expect("UTF-8")
    })
}

fn check(message: &[Vec<u8>], expected: &str) {
    assert_eq!(read_as("a.T", &message.concat()).as_deref(), Ok(expected));
}

fn check_pair(x: &[Vec<u8>], y: &[Vec<u8>], expected: [&str; 2]) {
    let (schema, [x, y]) = (schema(), [x, y].map(<[_]>::concat));
    let of = schema.message(".a.T").expect("a type");
    let sides = typed_to_json([Messages::One(&x), Messages::One(&y)], of);
    let sides = sides.map(|side| String::from_utf8(side.expect("it fits")).expect("UTF-8"));
    assert_eq!(sides, expected);
}

#[test]
fn fields_have_names_and_values_have_types() {
    check(&[], "{}");
    check(&[int(1, u64::MAX), len(2, "¤a"), int(5, 1)], r#"{"id":-1,"name":"¤¤a","state":"OPEN"}"#);
    check(&[int(5, 7)], r#"{"state":"¤7"}"#);
    check(
        &[int(11, 3), len(12, b"\0\xff"), int(20, 2)],
        r#"{"shift":-2,"raw":"¤h'00ff'","is_new":true}"#,
    );
    let (rate, part) = (f64::to_le_bytes(0.5), f32::to_le_bytes(0.1));
    let fixed = [b"\x51".to_vec(), rate.to_vec(), b"\x6d".to_vec(), part.to_vec()];
    check(&fixed, r#"{"rate":0.5,"part":0.1}"#);
    check(&[b"\x6d\0\0\xc0\x7f".to_vec()], r#"{"part":"¤NaN"}"#);
    check(&[varint(21 << 3 | 5), vec![255; 4]], r#"{"tax":-1}"#);
}

#[test]
fn what_a_receiver_cannot_tell_makes_no_difference() {
    check(&[int(3, 1), len(3, [1, 2]), int(3, 3)], r#"{"counts":[1,1,2,3]}"#);
    check(&[int(1, 1), int(1, 2)], r#"{"id":2}"#);
    check(
        &[len(7, int(1, 1)), len(7, len(2, "a"))],
        r#"{"id":0,"name":"","inner":{"id":1,"name":"a"}}"#,
    );
    check(&[len(6, "a"), len(7, int(1, 1))], r#"{"id":0,"inner":{"id":1}}"#);
    check(&[len(7, int(1, 1)), len(6, "a")], r#"{"text":"a"}"#);
    check(&[len(7, int(1, 1)), len(6, "a"), len(7, int(8, 2))], r#"{"inner":{"note":2}}"#);
    let price = |key: &str, value| len(4, [int(2, value), len(1, key)].concat());
    check(&[price("b", 1), price("a", 2), price("b", 3)], r#"{"prices":{"a":2,"b":3}}"#);
    check(
        &[len(4, b""), len(14, int(1, 7))],
        r#"{"prices":{"":0},"by_id":{"7":{"prices":{},"by_id":{}}}}"#,
    );
}

#[test]
fn what_cannot_be_told_from_its_default_is_never_missing() {
    let (zero, none) =
        (r#"{"id":0,"counts":[],"prices":{}}"#, r#"{"id":5,"counts":[1],"prices":{"":0}}"#);
    check_pair(&[int(1, 5), int(3, 1), len(4, "")], &[], [none, zero]);
    check_pair(&[int(1, 0)], &[], [r#"{"id":0}"#; 2]);
    check_pair(&[int(8, 0)], &[], [r#"{"note":0}"#, "{}"]);
    check_pair(&[len(7, "")], &[len(6, "")], [r#"{"inner":{}}"#, r#"{"text":""}"#]);
    let items = [len(9, int(5, 1)), len(9, int(1, 1))];
    let both = r#"{"id":0,"state":"NONE","items":[{"id":0,"state":"OPEN","items":[]},{"id":1,"state":"NONE","items":[]}]}"#;
    check(&items, both);
}

#[test]
fn a_well_known_type_is_what_it_stands_for() {
    let time = |seconds: i64, nanos| [int(1, seconds.cast_unsigned()), int(2, nanos)].concat();
    check(&[len(15, time(0, 0))], r#"{"at":"1970-01-01T00:00:00Z"}"#);
    check(&[len(15, time(-1, 500_000_000))], r#"{"at":"1969-12-31T23:59:59.5Z"}"#);
    check(&[len(15, time(i64::MAX, 0))], r#"{"at":{"seconds":9223372036854775807,"nanos":0}}"#);
    check(
        &[len(15, [time(0, 0), int(9, 1)].concat())],
        r#"{"at":{"seconds":0,"nanos":0,"¤9":[1]}}"#,
    );
    check(&[len(19, time(1, 500_000_000))], r#"{"took":"1.5s"}"#);
    check(&[len(19, int(2, (-1_i64).cast_unsigned()))], r#"{"took":"-0.000000001s"}"#);
    check(&[len(18, int(1, 7))], r#"{"wrapped":7}"#);
    check_pair(&[len(18, "")], &[], [r#"{"wrapped":0}"#, "{}"]);
}

#[test]
fn json_in_a_message_is_that_json() {
    let number = |value: f64| [b"\x11".to_vec(), value.to_le_bytes().to_vec()].concat();
    let member = |key: &str, value: Vec<u8>| len(1, [len(1, key), len(2, value)].concat());
    let list = len(6, [len(1, int(1, 0)), len(1, int(4, 1)), len(1, "")].concat());
    let object = len(5, [member("a", number(1.5)), member("b", list)].concat());
    check(&[len(17, object)], r#"{"json":{"a":1.5,"b":[null,true,"¤unset"]}}"#);
    check(&[len(17, len(3, "x"))], r#"{"json":"x"}"#);
    let deep = (0..400).fold(int(4, 1), |inner, _| len(6, len(1, inner)));
    assert_eq!(read_as("a.T", &len(17, deep)), Err("messages are nested too deeply"));
}

#[test]
fn a_message_of_any_type_is_looked_up() {
    let any = |url: &str, value: Vec<u8>| len(16, [len(1, url), len(2, value)].concat());
    check(&[any("type.x/a.T", int(8, 1))], r#"{"any":{"@type":"type.x/a.T","note":1}}"#);
    check(&[any("x/none.T", vec![1])], r#"{"any":{"@type":"x/none.T","value":"¤h'01'"}}"#);
    let time = any("x/google.protobuf.Duration", int(1, 3));
    check(&[time], r#"{"any":{"@type":"x/google.protobuf.Duration","value":"3s"}}"#);
    let nested = |inner: Vec<u8>| [len(1, "x/google.protobuf.Any"), len(2, inner)].concat();
    let deep = (0..1_000).fold(Vec::new(), |inner, _| nested(inner));
    assert_eq!(read_as("a.T", &len(16, deep)), Err("messages are nested too deeply"));
}

#[test]
fn what_the_type_has_no_field_for_is_kept_by_its_number() {
    let fixed = [varint(93 << 3 | 5), vec![1, 0, 0, 0]].concat();
    let group = [varint(94 << 3 | 3), int(1, 1), varint(94 << 3 | 4)].concat();
    check(
        &[int(91, 1), len(92, "a"), len(92, [0, 255]), fixed, group],
        r#"{"¤91":[1],"¤92":["a","¤h'00ff'"],"¤93":["¤i32(0x00000001)"],"¤94":["¤group(h'0801')"]}"#,
    );
}

#[test]
fn a_group_is_a_message_and_an_extension_a_field() {
    let group = [varint(2 << 3 | 3), int(1, 0), varint(2 << 3 | 4)].concat();
    assert_eq!(read_as("old.P", &group).as_deref(), Ok(r#"{"box":{"count":0}}"#));
    assert_eq!(read_as("old.P", &len(2, int(1, 0))).as_deref(), Ok(r#"{"box":{"count":0}}"#));
    assert_eq!(read_as("old.P", &len(100, "a")).as_deref(), Ok(r#"{"[old.more]":"a"}"#));
}

#[test]
fn what_does_not_fit_its_type_says_why() {
    let check = |message: &[u8], problem| assert_eq!(read_as("a.T", message), Err(problem));
    let other = "a field is written as another type";
    check(&len(1, "a"), other);
    check(&int(2, 1), other);
    check(&int(7, 1), other);
    check(&[int(1, 1), len(1, ""), int(1, 1)].concat(), other);
    check(&len(2, [0xff]), "a string is not UTF-8");
    check(&len(3, [0x80]), "packed values are cut short");
    check(&len(4, int(3, 1)), "an entry of a map has more than a key and a value");
    check(b"\x08", "the bytes end within a value");
    let deep = (0..400).fold(Vec::new(), |inner, _| len(7, inner));
    check(&deep, "messages are nested too deeply");
    check(&int(3, 1).repeat((1 << 20) + 1), "a message has more than a million values");
}

#[test]
fn the_answer_of_a_method_is_found_by_the_end_of_a_path() {
    let schema = schema();
    for (path, found) in [
        ("/a.Things/Get", true),
        ("/twirp/a.Things/Get", true),
        ("a.Things/Get", true),
        ("/a.Things/Set", false),
        ("/Get", false),
        ("", false),
    ] {
        assert_eq!(schema.answer(path).is_some(), found, "{path}");
    }
}

#[test]
fn a_file_that_describes_too_little_says_so() {
    let read = |bytes: &[u8]| Schema::read(bytes).expect_err("too little");
    assert_eq!(read(b""), BadSchema::Empty);
    assert_eq!(read(b"primary: x"), BadSchema::Unreadable);
    let alone = file("a", "proto3", &[len(4, message("T", &[one("b", 1, 11, ".b.B")]))]);
    assert_eq!(read(&alone), BadSchema::Lacks("b.B".to_owned()));
}

#[test]
fn of_an_edition_the_features_tell_what_can_be_missing() {
    let feature = |number, presence| len(number, int(1, presence));
    let fields = |more| vec![field("n", 1, 1, 5, "", more)];
    let plain = message("Plain", &fields(Vec::new()));
    let told = message("Told", &fields(len(8, feature(21, 1))));
    let parts = [len(4, plain), len(4, told), len(8, feature(50, 2))];
    let schema = Schema::read(&file("e", "editions", &parts)).expect("descriptors");
    let read = |name: &str| {
        let of = schema.message(name).expect(name);
        let value = int(1, 1);
        let [_, other] = typed_to_json([Messages::One(&value), Messages::One(b"")], of);
        String::from_utf8(other.expect("it fits")).expect("UTF-8")
    };
    assert_eq!((read("e.Plain").as_str(), read("e.Told").as_str()), (r#"{"n":0}"#, "{}"));
}

fn fields() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let leaf = prop_oneof![
        (0..4_u64).prop_map(|value| int(1, value)),
        "[a-z]{0,3}".prop_map(|text| len(2, text)),
        vec(0..100_u8, 0..3).prop_map(|packed| len(3, packed)),
        (0..3_u64).prop_map(|value| int(5, value)),
        "[a-z]{0,2}".prop_map(|text| len(6, text)),
        (0..3_u64).prop_map(|value| int(77, value)),
        "[a-b]".prop_map(|key| len(4, [len(1, key), int(2, 1)].concat())),
    ];
    let nested = |inner: Vec<Vec<u8>>| len(9, inner.concat());
    vec(leaf.prop_recursive(3, 16, 4, move |inner| vec(inner, 0..4).prop_map(nested)), 0..6)
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes in vec(any::<u8>(), 0..60)) {
        Schema::read(&bytes).ok();
        read_as("a.T", &bytes).ok();
        read_as("google.protobuf.Value", &bytes).ok();
    }

    #[test]
    fn fields_of_different_numbers_may_come_in_any_order(all in fields()) {
        let mut sorted = all.clone();
        sorted.sort_by_key(|field| field[0] >> 3);
        prop_assert_eq!(read_as("a.T", &all.concat()), read_as("a.T", &sorted.concat()));
    }

    #[test]
    fn what_one_side_lacks_is_written_with_its_default((x, y) in (fields(), fields())) {
        let schema = schema();
        let of = schema.message("a.T").expect("a type");
        let (x, y) = (x.concat(), y.concat());
        let [one, other] = typed_to_json([Messages::One(&x), Messages::One(&y)], of);
        let [again, turned] = typed_to_json([Messages::One(&y), Messages::One(&x)], of);
        prop_assert_eq!([&one, &other], [&turned, &again]);
        let has = |text: &[u8], name: &str| String::from_utf8_lossy(text).contains(name);
        let (one, other) = (one.expect("it fits"), other.expect("it fits"));
        for name in ["\"id\":", "\"name\":", "\"counts\":", "\"state\":", "\"items\":", "\"prices\":"] {
            prop_assert_eq!(has(&one, name), has(&other, name));
        }
    }
}
