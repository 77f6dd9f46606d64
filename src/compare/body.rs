//! Which comparer a pair of bodies is given to.

use super::class::of_json;
use super::comparison::{Comparison, Sides};
use super::decode::{Body, Decoded, Undecodable, codings, media};
use super::graphql::Hints;
use super::reading::{Reading, format};
use super::terms::Terms;
use super::{binary, graphql, json, lines};
use crate::model::{Class, Kind, Path, Place, Reply, Severity};
use crate::syntax::json::Document;
use crate::syntax::{Format, MediaType};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// Compares two bodies; equal bytes are never looked into.
pub(super) fn bodies<'a>(
    (x, y): (&'a Reply, &'a Reply),
    decoded: &'a Decoded,
    terms: Terms<'_>,
    found: &mut Comparison<'a>,
) {
    let Some((body_x, body_y)) = decoded.bodies() else { return };
    let same_coding = codings(x).eq(codings(y));
    if !same_coding {
        let field =
            |reply: &'a Reply| reply.headers.get(CONTENT_ENCODING).map(|value| value.as_bytes());
        let place = || Place::Header(CONTENT_ENCODING.as_str().to_owned());
        found.add(Kind::Encoding, place, Sides::Text(field(x), field(y)));
    }
    let same_charset = body_x.charset == body_y.charset;
    if same_coding && same_charset && body_x.raw == body_y.raw {
        return;
    }
    match (body_x.content(), body_y.content()) {
        (Ok(content_x), Ok(content_y)) => {
            if !same_charset {
                charsets(body_x, body_y, found);
            }
            let media = [x, y].map(media);
            let contents = Contents { x: content_x, y: content_y, media };
            if content_x != content_y {
                differing(contents, decoded.reading(), terms, found);
            }
        }
        _ => undecodable(body_x, body_y, found),
    }
}

/// The same characters in other bytes: worth knowing, and no more.
fn charsets<'a>(x: &'a Body, y: &'a Body, found: &mut Comparison<'a>) {
    let place = || Place::Header(CONTENT_TYPE.as_str().to_owned());
    let name = |body: &'a Body| Some(body.charset.unwrap_or("UTF-8").as_bytes());
    found.add(Kind::Encoding, place, Sides::Known([name(x), name(y)], [Class::Text; 2]));
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

impl Contents<'_> {
    fn format(&self) -> Format {
        let [media_x, media_y] = self.media;
        format([(media_x, self.x), (media_y, self.y)])
    }

    /// Where the types differ and that was told already, a side that is not of the primary's is no
    /// news. Where a rule keeps the types from being told, it is.
    fn is_told(&self, found: &Comparison<'_>) -> bool {
        match self.media {
            [Some(x), Some(y)] => !x.same_essence(y) && !found.is_equal(),
            _ => false,
        }
    }
}

fn differing<'a>(
    contents: Contents<'a>,
    reading: Option<&'a Reading>,
    terms: Terms<'_>,
    found: &mut Comparison<'a>,
) {
    let Contents { x, y, .. } = contents;
    let format = contents.format();
    if reading.is_none() && (x.is_empty() || y.is_empty()) {
        let kind = if y.is_empty() { Kind::Missing } else { Kind::Extra };
        let values = [x, y].map(|side| Some(side).filter(|side| !side.is_empty()));
        let classes = values.map(|side| side.map_or(Class::Absent, |side| class(format, side)));
        return found.add(kind, root, Sides::Known(values, classes));
    }
    match (reading, format) {
        (Some(reading), _) => as_read(contents, reading, terms, found),
        (None, Format::Json) => as_json(contents, terms, found),
        (None, Format::Text) => lines::diff(x, y, Class::Text, found),
        (None, _) => binary::diff(x, y, found),
    }
}

/// What a body as a whole is, where its parts are not compared. Only what the names in it can be
/// found in is text: whoever shows it looks for secrets there.
fn class(format: Format, body: &[u8]) -> Class {
    let is_plain = matches!(format, Format::Json | Format::Xml | Format::Html | Format::Text);
    if is_plain && str::from_utf8(body).is_ok() { Class::Text } else { Class::Bytes }
}

fn as_json<'a>(contents: Contents<'a>, terms: Terms<'_>, found: &mut Comparison<'a>) {
    let Contents { x, y, .. } = contents;
    let (text_x, text_y) = without_marks(x, y);
    let start = found.divergences.len();
    match json::diff_texts(text_x, text_y, terms, found) {
        [true, true] => {
            let texts = [text_x, text_y];
            let [media, _] = contents.media;
            let hints = Hints { media, request: terms.request };
            graphql::weigh(found.divergences.iter_mut().skip(start), texts, hints);
            graphql::weigh(found.suspects.divergences(), texts, hints);
        }
        _ if contents.is_told(found) => {}
        // Not the text that it claims to be: whoever shows it cannot tell what is in it.
        [false, false] => lines::diff(x, y, Class::Bytes, found),
        [parsed_x, parsed_y] => {
            let classes = [(parsed_x, x), (parsed_y, y)].map(|(parsed, body)| {
                if parsed { of_json(body.trim_ascii()) } else { class(Format::Json, body) }
            });
            found.add(Kind::Unparsable, root, Sides::Known([Some(x), Some(y)], classes));
        }
    }
}

/// Two bodies that were read into JSON, or could not be.
fn as_read<'a>(
    contents: Contents<'a>,
    reading: &'a Reading,
    terms: Terms<'_>,
    found: &mut Comparison<'a>,
) {
    let Contents { x, y, .. } = contents;
    let is_read = match reading.texts() {
        [Some(x), Some(y)] => {
            if reading.misfits().contains(&true) {
                misfit(contents, reading.misfits(), found);
            }
            json::diff_texts(x, y, terms, found)
        }
        texts => texts.map(|text| text.is_some_and(|text| Document::parse(text).is_ok())),
    };
    match is_read {
        [true, true] => {}
        _ if contents.is_told(found) => {}
        [false, false] if contents.format() == Format::Binary => binary::diff(x, y, found),
        [false, false] => lines::diff(x, y, Class::Bytes, found),
        is_read => {
            let class = |is_read: bool| if is_read { Class::Object } else { Class::Bytes };
            let classes = is_read.map(class);
            found.add(Kind::Unparsable, root, Sides::Known([Some(x), Some(y)], classes));
        }
    }
}

/// Names the side that is not of the type that it should be of by its class, bytes. Where neither
/// is, the description is at fault, and what was compared without it is all that differs.
fn misfit<'a>(contents: Contents<'a>, misfits: [bool; 2], found: &mut Comparison<'a>) {
    let classes = misfits.map(|misfit| if misfit { Class::Bytes } else { Class::Object });
    let values = [Some(contents.x), Some(contents.y)];
    let mut divergence = Sides::Known(values, classes).divergence(Kind::Unparsable, root());
    if misfits == [true; 2] {
        divergence.severity = Severity::Info;
    }
    found.push(divergence);
}

/// Takes byte-order marks off, where both sides have one.
fn without_marks<'a>(x: &'a [u8], y: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let text = |body: &'a [u8]| body.strip_prefix(b"\xef\xbb\xbf");
    text(x).zip(text(y)).unwrap_or((x, y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Rules;
    use crate::compare::testing::{check, reply};
    use crate::compare::{Decoded, compare};
    use crate::model::Divergence;
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
        let decoded = Decoded::new(&good, &bomb);
        let found = compare(&good, &bomb, &decoded, &Rules::default());
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
    fn every_structured_format_is_compared_by_its_structure() {
        bodies("application/x-ndjson", b"1\n[2]\n", b"1\n[3]\n", &["value $/1/0 2 -> 3"]);
        bodies("application/json-seq", b"\x1e[1]\n", b"\x1e[1 ]\n", &[]);
        let form = "application/x-www-form-urlencoded";
        bodies(form, b"a=1&b=2", b"b=%32&a=3", &["value $/a/0 \"1\" -> \"3\""]);
        bodies("text/event-stream", b"data: 1\n\n", b"data: 2\r\r:c\n", &["value $/0/data 1 -> 2"]);
        let xml = "application/soap+xml";
        bodies(
            xml,
            b"<a><b c='1'/></a>",
            b"<a >\n<b c='2'></b></a>",
            &["value $/a/0/@c \"1\" -> \"2\""],
        );
        let kinds = |x: &[u8], y: &[u8]| {
            let (x, y) =
                (reply(200, &[("content-type", xml)], x), reply(200, &[("content-type", xml)], y));
            let decoded = Decoded::new(&x, &y);
            let found = compare(&x, &y, &decoded, &Rules::default());
            found.divergences.iter().map(|each| each.kind).collect::<Vec<_>>()
        };
        let (none, some): (&[u8], &[u8]) = (b"<a><l/></a>", b"<a><l><i/></l></a>");
        assert_eq!(kinds(none, some), [Kind::ArrayLength, Kind::Added]);
        assert_eq!(kinds(some, none), [Kind::ArrayLength, Kind::Removed]);
        bodies("text/html", b"<p>a</p>", b"<P >b", &["value $/0/p \"a\" -> \"b\""]);
        let part = |text: &str| {
            format!("--x\r\ncontent-disposition: form-data; name=\"n\"\r\n\r\n{text}\r\n--x--")
        };
        let (x, y) = (part("1"), part("2"));
        let multipart = "multipart/form-data; boundary=x";
        bodies(multipart, x.as_bytes(), y.as_bytes(), &["value $/n/0/text \"1\" -> \"2\""]);
    }

    #[test]
    fn what_its_format_cannot_read_is_unparsable_on_one_side_and_text_on_both() {
        bodies("application/xml", b"<a/>", b"<a>", &["unparsable $ <a/> -> <a>"]);
        bodies("application/xml", b"<a>", b"<b>", &["value $ <a> -> <b>"]);
        bodies("application/x-ndjson", b"1\n{", b"1\n[", &["value $ { -> ["]);
        bodies("multipart/mixed; boundary=x", b"--x--", b"--x", &["unparsable $ --x-- -> --x"]);
        let (x, y) = ([("content-type", "text/xml")], [("content-type", "text/plain")]);
        let (x, y) = (reply(200, &x, b"<a/>"), reply(200, &y, b"a"));
        let decoded = Decoded::new(&x, &y);
        assert_eq!(compare(&x, &y, &decoded, &Rules::default()).total, 1);
    }

    #[test]
    fn text_in_another_charset_is_the_same_text() {
        let wide: Vec<u8> = "\u{feff}[1]".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let charset = "encoding header:content-type UTF-16LE -> UTF-8";
        bodies("application/json", &wide, b"[1]", &[charset]);
        bodies("application/json", &wide, b"[2]", &[charset, "value $/0 1 -> 2"]);
        let latin = "text/plain; charset=iso-8859-1";
        bodies(latin, b"caf\xe9", b"caf\xe8", &["value $ café -> cafè"]);
        bodies("text/plain; charset=klingon", b"a", b"b", &["unparsable $ a -> b"]);
        bodies("text/plain; charset=utf-16le", b"a", b"b\0", &["unparsable $ a -> b"]);
    }

    #[test]
    fn errors_that_only_the_candidates_graphql_answer_has_are_breaking() {
        let severities = |x: &str, y: &str, media: &str| {
            let lines = [("content-type", media)];
            let (x, y) = (reply(200, &lines, x.as_bytes()), reply(200, &lines, y.as_bytes()));
            let decoded = Decoded::new(&x, &y);
            let found = compare(&x, &y, &decoded, &Rules::default());
            let of = |each: &Divergence<'_>| each.severity.name();
            found.divergences.iter().map(of).collect::<Vec<_>>().join(" ")
        };
        let by = |media: &str, x: &str, y: &str, expected: &str| {
            assert_eq!(severities(x, y, media), expected, "{media}: {y}");
        };
        let (plain, graphql) = ("application/json", "application/graphql-response+json");
        let failed = r#"{"data":{},"errors":[{"message":"no"}]}"#;
        by(plain, r#"{"data":{}}"#, failed, "breaking");
        by(plain, r#"{"data":{}}"#, r#"{"data":{},"errors":[{}]}"#, "additive");
        by(graphql, r#"{"data":{}}"#, r#"{"data":{},"errors":[{}]}"#, "breaking");
        by(graphql, r#"{"data":{}}"#, r#"{"data":{},"errors":[]}"#, "additive");
        by(graphql, r#"{"data":{},"x":1}"#, r#"{"data":{},"x":1,"errors":[{}]}"#, "additive");
        let traced = |data: u8, trace: &str| {
            format!(r#"{{"data":{{"a":{data}}},"extensions":{{"trace":{trace}}}}}"#)
        };
        by(graphql, &traced(1, "1"), &traced(2, "2"), "behavioural info");
        // Who else answers like that may mean something by it.
        by(plain, &traced(1, "1"), &traced(2, "2"), "behavioural behavioural");
        by(graphql, r#"{"data":{},"extensions":[1]}"#, r#"{"data":{},"extensions":2}"#, "breaking");
    }

    #[test]
    fn of_different_types_bodies_are_compared_if_both_can_be_read_as_the_primarys() {
        let (plain, hal) =
            ([("content-type", "application/json")], [("content-type", "application/hal+json")]);
        let html = [("content-type", "text/html")];
        let rules = Rules::default();
        check(
            &reply(200, &plain, b"[1]"),
            &reply(200, &hal, b"[2]"),
            &rules,
            &[
                "media_type header:content-type application/json -> application/hal+json",
                "value $/0 1 -> 2",
            ],
        );
        let (x, y) = (reply(200, &plain, b"[1]"), reply(200, &html, b"<p>"));
        let decoded = Decoded::new(&x, &y);
        assert_eq!(compare(&x, &y, &decoded, &rules).total, 1);
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
