//! Bodies of binary formats as JSON text: CBOR, MessagePack, protobuf, gRPC.
//!
//! Protobuf is read by its type where that is known and both sides fit it. Where one does not, both
//! are read by wire, and it is said which one it was.
//!
//! This module never reads one side of a protobuf body without the other.

use super::decode::undo;
use super::types::Types;
use crate::syntax::protobuf::{Message, Messages, Type, pair_to_json, typed_to_json};
use crate::syntax::{MediaType, Unreadable, cbor, grpc, msgpack};
use bytes::Bytes;

/// All messages of a body together are not decoded to more than this.
const MAX_DECODED: usize = 16 << 20;

/// Both sides as JSON text, or why not.
pub(super) type Texts = [Result<Vec<u8>, Unreadable>; 2];

/// The texts, and which sides do not fit the type that they should be of.
pub(super) type Fitted = (Texts, [bool; 2]);

/// One side's body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoded<'a> {
    /// Not empty, but where [`may_be_empty`] says so.
    pub body: &'a [u8],
    /// How its messages are compressed, as `grpc-encoding` says.
    pub coding: &'a [u8],
}

#[derive(Clone, Copy)]
enum Binary {
    Cbor,
    CborSequence,
    MessagePack,
    Protobuf,
    Grpc,
}

/// Reads both bodies by the primary's type; nothing if it is of no binary format that is read here.
pub(super) fn binary_reading(
    media: MediaType<'_>,
    sides: [Encoded<'_>; 2],
    types: Types<'_>,
) -> Option<Fitted> {
    let bodies = sides.map(|side| side.body);
    let fitting = |texts: Texts| (texts, [false; 2]);
    Some(match format(media)? {
        Binary::Cbor => fitting(bodies.map(cbor::to_json)),
        Binary::CborSequence => fitting(bodies.map(cbor::sequence_to_json)),
        Binary::MessagePack => fitting(bodies.map(msgpack::to_json)),
        Binary::Protobuf => messages(bodies.map(Messages::One), types.of(media)),
        Binary::Grpc => streams(sides, types.of_call(media)),
    })
}

/// Whether an empty body stands for something: it is a message of protobuf without fields.
pub(super) fn may_be_empty(media: MediaType<'_>) -> bool {
    matches!(format(media), Some(Binary::Protobuf))
}

/// Reads messages by their type, and without it where that does not work.
fn messages(sides: [Messages<'_>; 2], of: Option<Type<'_>>) -> Fitted {
    let Some(of) = of else { return (pair_to_json(sides), [false; 2]) };
    let typed = typed_to_json(sides, of);
    let misfits = typed.each_ref().map(Result::is_err);
    if misfits == [false; 2] { (typed, misfits) } else { (pair_to_json(sides), misfits) }
}

fn format(media: MediaType<'_>) -> Option<Binary> {
    let essence = media.essence().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    match (kind, subtype) {
        (_, "cbor") => Some(Binary::Cbor),
        (_, "cbor-seq") => Some(Binary::CborSequence),
        (_, "msgpack" | "x-msgpack" | "vnd.msgpack") => Some(Binary::MessagePack),
        ("application", "grpc" | "grpc+proto") => Some(Binary::Grpc),
        (_, "protobuf" | "x-protobuf" | "vnd.google.protobuf") => Some(Binary::Protobuf),
        // What Connect calls it, which names its methods as gRPC does.
        ("application", "proto") => Some(Binary::Protobuf),
        _ if subtype.ends_with("+cbor") => Some(Binary::Cbor),
        _ if subtype.ends_with("+cbor-seq") => Some(Binary::CborSequence),
        _ if subtype.ends_with("+msgpack") => Some(Binary::MessagePack),
        _ => None,
    }
}

/// A message of a stream, decompressed.
struct Plain {
    at: usize,
    bytes: Bytes,
}

fn streams(sides: [Encoded<'_>; 2], of: Option<Type<'_>>) -> Fitted {
    let plain = sides.map(plain);
    let message = |plain: &Plain| (plain.at, plain.bytes.clone());
    let kept: [Vec<_>; 2] =
        plain.each_ref().map(|side| side.iter().flatten().map(message).collect());
    let listed: [Vec<_>; 2] = kept
        .each_ref()
        .map(|side| side.iter().map(|(at, bytes)| Message { at: *at, bytes }).collect());
    let (texts, misfits) = messages(listed.each_ref().map(|side| Messages::Stream(side)), of);
    let [x, y] = plain.map(|side| side.map(|_| ()));
    let [text_x, text_y] = texts;
    ([x.and(text_x), y.and(text_y)], misfits)
}

/// The messages of a body, each without its compression.
fn plain(side: Encoded<'_>) -> Result<Vec<Plain>, Unreadable> {
    let mut decoded = 0;
    let plain = |frame: grpc::Frame<'_>| {
        let wrong = |problem| Unreadable { at: frame.at, problem };
        if !frame.compressed {
            return Ok(Plain { at: frame.at, bytes: Bytes::copy_from_slice(frame.bytes) });
        }
        let bytes = undo(side.coding, frame.bytes)
            .map_err(|_| wrong("a message is not compressed as grpc-encoding says"))?;
        decoded += bytes.len();
        if decoded > MAX_DECODED {
            return Err(wrong("the messages are over 16 MiB without their compression"));
        }
        Ok(Plain { at: frame.at, bytes })
    };
    grpc::frames(side.body)?.into_iter().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use crate::compare::testing::{check, reply};
    use crate::compare::{Decoded, Rules, compare};
    use crate::model::{Class, Kind, Outcome};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderMap;
    use std::io::Write;

    fn bodies(media: &str, x: &[u8], y: &[u8], expected: &[&str]) {
        let lines = [("content-type", media)];
        check(&reply(200, &lines, x), &reply(200, &lines, y), &Rules::default(), expected);
    }

    #[test]
    fn each_binary_format_is_compared_by_its_values() {
        for media in ["application/cbor", "application/senml+cbor"] {
            bodies(media, b"\xa1\x61a\x01", b"\xa1\x61a\x18\x02", &["value $/a 1 -> 2"]);
            bodies(media, b"\xa1\x61a\x01", b"\xbf\x61a\x18\x01\xff", &[]);
            bodies(media, b"\x61a", b"\x41a", &["value $ \"a\" -> \"¤h'61'\""]);
        }
        bodies("application/cbor-seq", b"\x01\x02", b"\x01\x03", &["value $/1 2 -> 3"]);
        for media in ["application/msgpack", "application/x-msgpack", "application/vnd.msgpack"] {
            bodies(media, b"\x81\xa1a\x01", b"\x81\xa1a\x02", &["value $/a 1 -> 2"]);
            bodies(media, b"\x81\xa1a\x01", b"\xde\0\x01\xd9\x01a\xcc\x01", &[]);
        }
        for media in
            ["application/protobuf", "application/x-protobuf", "application/vnd.google.protobuf"]
        {
            bodies(
                media,
                b"\x08\x01\x12\x01a",
                b"\x12\x01b\x08\x01",
                &["value $/¤2/0 \"a\" -> \"b\""],
            );
            bodies(media, b"\x08\x01", b"", &["missing $/¤1 [1] -> -"]);
        }
    }

    #[test]
    fn a_key_that_is_repeated_is_told() {
        let twice = b"\xa2\x61a\x01\x61a\x02";
        bodies("application/cbor", twice, b"\xa1\x61a\x02", &["duplicate_key $/a 2 -> 2"]);
    }

    #[test]
    fn a_side_that_cannot_be_read_is_unparsable_and_two_are_bytes() {
        for (media, good) in [
            ("application/cbor", &b"\x01"[..]),
            ("application/msgpack", b"\x01"),
            ("application/protobuf", b"\x08\x01"),
            ("application/grpc", b"\0\0\0\0\x00"),
        ] {
            let lines = [("content-type", media)];
            let (x, y) = (reply(200, &lines, good), reply(200, &lines, b"\xc1\xff"));
            let decoded = Decoded::new(&x, &y);
            let found = compare(&x, &y, &decoded, &Rules::default());
            let kinds: Vec<_> = found.divergences.iter().map(|each| each.kind).collect();
            assert_eq!(kinds, [Kind::Unparsable], "{media}");
            assert_eq!(found.divergences[0].candidate_class, Class::Bytes);
            assert_ne!(found.divergences[0].primary_class, Class::Bytes);
            let other = reply(200, &lines, b"\xc1\xff\xff");
            let decoded = Decoded::new(&y, &other);
            let found = compare(&y, &other, &decoded, &Rules::default());
            assert_eq!((found.total, found.divergences[0].kind), (1, Kind::Value), "{media}");
        }
    }

    fn frame(compressed: bool, message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).expect("short").to_be_bytes();
        [&[u8::from(compressed)], &length[..], message].concat()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    }

    /// What a unary gRPC call is answered.
    fn unary(coding: &str, body: &[u8], status: &str) -> Outcome {
        let lines = [("content-type", "application/grpc"), ("grpc-encoding", coding)];
        let Outcome::Reply(mut reply) = reply(200, &lines, body) else { unreachable!("a reply") };
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", status.parse().expect("a value"));
        reply.trailers = Some(trailers);
        Outcome::Reply(reply)
    }

    #[test]
    fn a_grpc_answer_is_its_messages_and_its_status() {
        let rules = Rules::default();
        let (one, two) = (b"\x0a\x04name\x10\x01", b"\x10\x02\x0a\x04name");
        let x = unary("identity", &frame(false, one), "0");
        check(&x, &unary("identity", &frame(false, two), "0"), &rules, &["value $/0/¤2/0 1 -> 2"]);
        check(&x, &unary("gzip", &frame(true, &gzip(one)), "0"), &rules, &[]);
        check(
            &x,
            &unary("gzip", &frame(false, one), "5"),
            &rules,
            &["status trailer:grpc-status 0 -> 5"],
        );
        let twice = [frame(false, one), frame(false, one)].concat();
        let y = unary("identity", &twice, "0");
        let decoded = Decoded::new(&x, &y);
        let found = compare(&x, &y, &decoded, &rules);
        let kinds: Vec<_> = found.divergences.iter().map(|each| each.kind).collect();
        assert_eq!(kinds, [Kind::ArrayLength, Kind::Added]);
    }

    #[test]
    fn messages_that_cannot_be_decompressed_are_unparsable() {
        let x = unary("identity", &frame(false, b"\x08\x01"), "0");
        let bomb = frame(true, &gzip(&vec![0; 64 << 10])).repeat(300);
        for body in [frame(true, b"plain"), bomb] {
            let y = unary("gzip", &body, "0");
            let decoded = Decoded::new(&x, &y);
            let found = compare(&x, &y, &decoded, &Rules::default());
            assert_eq!((found.total, found.divergences[0].kind), (1, Kind::Unparsable));
        }
    }
}
