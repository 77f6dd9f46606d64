//! Binary formats, read as JSON text.

use super::Parts;
use shadowdiff::syntax::json::Document;
use shadowdiff::syntax::protobuf::{Message, Messages, Schema, pair_to_json, typed_to_json};
use shadowdiff::syntax::{Unreadable, cbor as concise, grpc, msgpack as packed};

/// What is read is JSON; what is not says where, within the bytes.
fn read(bytes: &[u8], read: &Result<Vec<u8>, Unreadable>) -> bool {
    match read {
        Ok(json) => assert!(Document::parse(json).is_ok(), "{}", String::from_utf8_lossy(json)),
        Err(error) => assert!(error.at <= bytes.len(), "{error}"),
    }
    read.is_ok()
}

/// What is one value is also a sequence of one, and no part of it is a value.
pub fn cbor(bytes: &[u8]) {
    if read(bytes, &concise::to_json(bytes)) {
        let (one, all) = (concise::to_json(bytes), concise::sequence_to_json(bytes));
        let listed = one.map(|json| [b"[", &json[..], b"]"].concat());
        assert_eq!(listed, all);
        let shorter = &bytes[..bytes.len() - 1];
        assert!(concise::to_json(shorter).is_err(), "a part of a value is no value");
    }
    read(bytes, &concise::sequence_to_json(bytes));
}

/// What is a value is none without its last byte.
pub fn msgpack(bytes: &[u8]) {
    if read(bytes, &packed::to_json(bytes)) {
        let shorter = &bytes[..bytes.len() - 1];
        assert!(packed::to_json(shorter).is_err(), "a part of a value is no value");
    }
}

/// The descriptors of a small service.
const DESCRIPTORS: &[u8] = include_bytes!("../../../fixtures/config/protobuf/shop.pb");

/// With a type, too, the order of the sides makes no difference, and a side that fits alone fits.
fn typed([x, y]: [&[u8]; 2]) {
    let schema = Schema::read(DESCRIPTORS).expect("descriptors");
    let of = schema.message("shop.v1.Order").expect("a type");
    let sides = typed_to_json([Messages::One(x), Messages::One(y)], of);
    let [turned_y, turned_x] = typed_to_json([Messages::One(y), Messages::One(x)], of);
    assert_eq!(sides, [turned_x, turned_y]);
    for (bytes, side) in [x, y].into_iter().zip(&sides) {
        let [alone, _] = typed_to_json([Messages::One(bytes); 2], of);
        assert_eq!(read(bytes, &alone), read(bytes, side));
    }
}

/// Two messages are read alike whichever comes first. Each part: a side.
pub fn protobuf(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let (x, y) = (parts.next(), parts.0.unwrap_or_default());
    let sides = pair_to_json([Messages::One(x), Messages::One(y)]);
    let [turned_y, turned_x] = pair_to_json([Messages::One(y), Messages::One(x)]);
    assert_eq!(sides, [turned_x, turned_y]);
    let [read_x, read_y] = sides;
    read(x, &read_x);
    read(y, &read_y);
    typed([x, y]);
    Schema::read(bytes).ok();
    let Ok(frames) = grpc::frames(bytes) else { return };
    let messages: Vec<_> =
        frames.iter().map(|frame| Message { at: frame.at, bytes: frame.bytes }).collect();
    let covered: usize = frames.iter().map(|frame| frame.bytes.len() + 5).sum();
    assert_eq!(covered, bytes.len(), "frames cover the body");
    pair_to_json([Messages::Stream(&messages), Messages::Stream(&[])]).into_iter().for_each(
        |side| {
            read(bytes, &side);
        },
    );
}
