//! Which comparer a pair of bodies is given to.

use super::class::of_json;
use super::comparison::{Comparison, Sides};
use super::decode::{Body, Undecodable, codings};
use super::encoded::Texts;
use super::rules::Rules;
use super::{binary, json, lines};
use crate::model::{Class, Kind, Path, Place, Reply};
use crate::syntax::json::Document;
use crate::syntax::{Format, MediaType};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// Compares two bodies; equal bytes are never looked into.
pub(super) fn bodies<'a>(
    (x, y): (&'a Reply, &'a Reply),
    ((body_x, body_y), texts): ((&'a Body, &'a Body), Option<&'a Texts>),
    rules: &Rules,
    found: &mut Comparison<'a>,
) {
    let same_coding = codings(x).eq(codings(y));
    if !same_coding {
        let field =
            |reply: &'a Reply| reply.headers.get(CONTENT_ENCODING).map(|value| value.as_bytes());
        let place = || Place::Header(CONTENT_ENCODING.as_str().to_owned());
        found.add(Kind::Encoding, place, Sides::Text(field(x), field(y)));
    }
    if same_coding && body_x.raw == body_y.raw {
        return;
    }
    match (body_x.content(), body_y.content()) {
        (Ok(x), Ok(y)) if x == y => {}
        (Ok(content_x), Ok(content_y)) => {
            let pair = Contents { x: content_x, y: content_y, media: [x, y].map(media) };
            match texts {
                Some(texts) => as_texts(pair, texts, rules, found),
                None => contents(pair, rules, found),
            }
        }
        _ => undecodable(body_x, body_y, found),
    }
}

fn media(reply: &Reply) -> Option<MediaType<'_>> {
    let value = reply.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(MediaType::new(value))
}

fn root() -> Place {
    Place::Body(Path::default())
}

/// Names the side that cannot be decoded by its class, bytes.
fn undecodable<'a>(x: &'a Body, y: &'a Body, found: &mut Comparison<'a>) {
    let too_large = [x, y].map(|body| body.content() == Err(Undecodable::TooLarge));
    let kind = if too_large.contains(&true) { Kind::Truncated } else { Kind::Unparsable };
    let values = [x, y].map(|body| Some(body.content().unwrap_or(&body.raw)));
    let classes = [x, y].map(|body| if body.decoded.is_ok() { Class::Text } else { Class::Bytes });
    found.add(kind, root, Sides::Known(values, classes));
}

/// Two decoded bodies that differ.
#[derive(Clone, Copy)]
struct Contents<'a> {
    x: &'a [u8],
    y: &'a [u8],
    media: [Option<MediaType<'a>>; 2],
}

fn contents<'a>(contents: Contents<'a>, rules: &Rules, found: &mut Comparison<'a>) {
    let Contents { x, y, media } = contents;
    if x.is_empty() || y.is_empty() {
        let kind = if y.is_empty() { Kind::Missing } else { Kind::Extra };
        let values = [x, y].map(|side| Some(side).filter(|side| !side.is_empty()));
        let classes = values.map(|side| side.map_or(Class::Absent, class));
        return found.add(kind, root, Sides::Known(values, classes));
    }
    let [primary, _] = media;
    match primary.and_then(MediaType::format).unwrap_or_else(|| sniff(x, y)) {
        Format::Json => as_json(contents, rules, found),
        Format::JsonLines | Format::Form | Format::Text => lines::diff(x, y, Class::Text, found),
        Format::Multipart | Format::Binary => binary::diff(x, y, found),
    }
}

/// What a body as a whole is, where its parts are not compared.
fn class(body: &[u8]) -> Class {
    if str::from_utf8(body).is_ok() { Class::Text } else { Class::Bytes }
}

/// The format of bodies whose type does not say: JSON containers, text without NUL, or neither.
fn sniff(x: &[u8], y: &[u8]) -> Format {
    let container = |body: &[u8]| matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    let text = |body: &[u8]| str::from_utf8(body).is_ok() && !body.contains(&0);
    match [x, y] {
        sides if sides.iter().all(|side| container(side)) => Format::Json,
        sides if sides.iter().all(|side| text(side)) => Format::Text,
        _ => Format::Binary,
    }
}

impl Contents<'_> {
    /// Where the types differ, that was told already, and a side that cannot be read is no news.
    fn one_type(&self) -> bool {
        match self.media {
            [Some(x), Some(y)] => x.same_essence(y),
            _ => true,
        }
    }
}

/// Bodies of a binary format by the JSON text that they were read as.
fn as_texts<'a>(
    contents: Contents<'a>,
    texts: &'a Texts,
    rules: &Rules,
    found: &mut Comparison<'a>,
) {
    let Contents { x, y, .. } = contents;
    let documents = texts.each_ref().map(|text| Document::parse(text.as_deref().ok()?).ok());
    match documents {
        [Some(x), Some(y)] => json::diff(&x, &y, rules, found),
        _ if !contents.one_type() => {}
        [None, None] => binary::diff(x, y, found),
        _ => {
            let class = |text: &Result<Vec<u8>, _>| {
                text.as_ref().map_or(Class::Bytes, |text| of_json(text))
            };
            let classes = texts.each_ref().map(class);
            found.add(Kind::Unparsable, root, Sides::Known([Some(x), Some(y)], classes));
        }
    }
}

fn as_json<'a>(contents: Contents<'a>, rules: &Rules, found: &mut Comparison<'a>) {
    let Contents { x, y, .. } = contents;
    let (text_x, text_y) = without_marks(x, y);
    match (Document::parse(text_x), Document::parse(text_y)) {
        (Ok(x), Ok(y)) => json::diff(&x, &y, rules, found),
        _ if !contents.one_type() => {}
        // Not the text that it claims to be: whoever shows it cannot tell what is in it.
        (Err(_), Err(_)) => lines::diff(x, y, Class::Bytes, found),
        (parsed_x, parsed_y) => {
            let classes = [(parsed_x.is_ok(), x), (parsed_y.is_ok(), y)].map(|(parsed, body)| {
                if parsed { of_json(body.trim_ascii()) } else { class(body) }
            });
            found.add(Kind::Unparsable, root, Sides::Known([Some(x), Some(y)], classes));
        }
    }
}

/// Takes byte-order marks off, where both sides have one.
fn without_marks<'a>(x: &'a [u8], y: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let text = |body: &'a [u8]| body.strip_prefix(b"\xef\xbb\xbf");
    text(x).zip(text(y)).unwrap_or((x, y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::{check, reply};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    }

    fn bodies(media: &str, x: &[u8], y: &[u8], expected: &[&str]) {
        let lines = [("content-type", media)];
        check(&reply(200, &lines, x), &reply(200, &lines, y), &Rules::default(), expected);
    }

    #[test]
    fn the_encoding_alone_is_worth_knowing_and_no_more() {
        let x = reply(
            200,
            &[("content-type", "application/json"), ("content-encoding", "gzip")],
            &gzip(b"[1]"),
        );
        let y = reply(200, &[("content-type", "application/json")], b"[ 1 ]");
        check(&x, &y, &Rules::default(), &["encoding header:content-encoding gzip -> -"]);
    }

    #[test]
    fn a_body_that_cannot_be_decoded_is_never_equal() {
        let lines = [("content-type", "application/json"), ("content-encoding", "gzip")];
        let (good, bad) = (reply(200, &lines, &gzip(b"[1]")), reply(200, &lines, b"[1]"));
        check(&good, &bad, &Rules::default(), &["unparsable $ [1] -> [1]"]);
        check(&bad, &bad, &Rules::default(), &[]);
        let bomb = reply(200, &lines, &gzip(&vec![b' '; 1 << 20]));
        let decoded = crate::compare::Decoded::new(&good, &bomb);
        let found = crate::compare::compare(&good, &bomb, &decoded, &Rules::default());
        assert_eq!((found.total, found.divergences[0].kind), (1, Kind::Truncated));
    }

    #[test]
    fn text_that_should_be_json_is_unparsable_on_one_side_and_text_on_both() {
        bodies("application/json", b"[1]", b"[1", &["unparsable $ [1] -> [1"]);
        bodies("application/json", b"oops\n", b"ouch\n", &["value $ oops\n -> ouch\n"]);
        bodies("application/json", b"\xef\xbb\xbf[1]", b"\xef\xbb\xbf[ 1]", &[]);
        bodies(
            "application/json",
            b"[1]",
            b"\xef\xbb\xbf[1]",
            &["unparsable $ [1] -> \u{feff}[1]"],
        );
    }

    #[test]
    fn bodies_without_a_type_are_read_as_what_they_look_like() {
        let check = |x: &[u8], y: &[u8], expected: &[&str]| {
            check(&reply(200, &[], x), &reply(200, &[], y), &Rules::default(), expected);
        };
        check(b"{\"a\":1}", b" {\"a\":2}", &["value $/a 1 -> 2"]);
        check(b"one\n", b"two\n", &["value $ one\n -> two\n"]);
        check(b"a\0b", b"a\0c", &["value $ a\0b -> a\0c"]);
    }

    #[test]
    fn of_different_types_bodies_are_compared_if_both_can_be_read_as_the_primarys() {
        let (json, hal) =
            ([("content-type", "application/json")], [("content-type", "application/hal+json")]);
        let html = [("content-type", "text/html")];
        let rules = Rules::default();
        check(
            &reply(200, &json, b"[1]"),
            &reply(200, &hal, b"[2]"),
            &rules,
            &[
                "media_type header:content-type application/json -> application/hal+json",
                "value $/0 1 -> 2",
            ],
        );
        let (x, y) = (reply(200, &json, b"[1]"), reply(200, &html, b"<p>"));
        let decoded = crate::compare::Decoded::new(&x, &y);
        assert_eq!(crate::compare::compare(&x, &y, &decoded, &rules).total, 1);
    }

    #[test]
    fn binary_bodies_show_where_they_begin_to_differ() {
        let (mut x, mut y) = (vec![b'.'; 200], vec![b'.'; 200]);
        (x[100], y[100]) = (b'x', b'y');
        let window = |mark: &str| format!("{}{mark}{}", ".".repeat(16), ".".repeat(47));
        bodies("image/png", &x, &y, &[&format!("value $ {} -> {}", window("x"), window("y"))]);
        bodies("image/png", b"ab", b"abc", &["value $ ab -> abc"]);
    }
}
