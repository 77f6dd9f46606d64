//! Texts of one value: JSON, media types, escapes, units, paths.

use super::Parts;
use serde_json::value::RawValue;
use shadowdiff::base::{ByteSize, Percent, Rate, parse_duration, show_duration};
use shadowdiff::model::{Path, Pattern, Seg, Signature};
use shadowdiff::syntax::json::{Decimal, Document, Shape, Value};
use shadowdiff::syntax::{
    MediaType, Unreadable, events, form, html, multipart, percent_decode, records, xml,
};
use std::str::from_utf8;
use std::time::Duration;

/// What is JSON is what an independent reader calls JSON, every value in it is one itself, and a
/// text has no more values than bytes.
pub fn json(bytes: &[u8]) {
    let document = Document::parse(bytes);
    let (opening, text) = (|byte: &&u8| matches!(byte, b'[' | b'{'), from_utf8(bytes));
    // The independent reader uses the stack, and so has a limit.
    if text.is_ok() && bytes.iter().filter(opening).count() < 100 {
        let theirs = serde_json::from_slice::<&RawValue>(bytes);
        assert_eq!(document.is_ok(), theirs.is_ok(), "one of the two reads it: {theirs:?}");
    }
    let Ok(document) = document else { return };
    assert!(text.is_ok(), "JSON is UTF-8");
    let mut open = vec![document.root()];
    let mut values = 0;
    while let Some(value) = open.pop() {
        values += 1;
        assert!(values <= bytes.len(), "more values than bytes");
        let inside = document.members(value).map(|member| {
            assert!(member.key.to_display().len() <= member.key.raw().len());
            member.value
        });
        open.extend(inside.chain(document.elements(value)));
        one(&document, value);
    }
}

fn one(document: &Document<'_>, value: Value) {
    let raw = document.raw(value);
    match document.shape(value) {
        Shape::Number => {
            let number = Decimal::new(raw);
            assert!(number.same(&number));
            let doubled = [raw, if raw.contains(&b'e') { b"" } else { b"e0" }].concat();
            if !raw.contains(&b'E') {
                assert!(number.same(&Decimal::new(&doubled)), "one number, written twice");
            }
        }
        Shape::String => {
            // A lone surrogate is no text for the independent reader.
            if let Ok(theirs) = serde_json::from_slice::<String>(raw) {
                assert_eq!(document.string(value).canonical(), theirs.as_bytes());
                assert_eq!(document.string(value).to_display(), theirs);
            }
        }
        Shape::Null | Shape::Bool => assert!(matches!(raw, b"null" | b"true" | b"false")),
        Shape::Array | Shape::Object => assert!(raw.len() >= 2),
    }
}

/// A media type has an essence that stands in it, and decoding takes nothing away but escapes.
pub fn text(bytes: &[u8]) {
    if let Ok(text) = from_utf8(bytes) {
        let media = MediaType::new(text);
        assert!(text.contains(media.essence()) && media.same_essence(media));
        assert!(
            media.parameters().all(|(name, value)| !name.is_empty() && value.len() < text.len())
        );
        let (format, upper) = (media.format(), text.to_ascii_uppercase());
        assert_eq!(MediaType::new(&upper).format(), format);
    }
    let decoded = percent_decode(bytes);
    let escapes = (bytes.len() - decoded.len()) / 2;
    assert!(escapes <= bytes.iter().filter(|&&byte| byte == b'%').count());
    let written: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
    assert_eq!(&*percent_decode(written.as_bytes()), bytes);
}

/// Whatever a reader of a format can read becomes JSON, no larger than in proportion, and what it
/// cannot read it places within the text.
pub fn formats(bytes: &[u8]) {
    let media = Some(MediaType::new("multipart/form-data; boundary=x"));
    let mixed = Some(MediaType::new("multipart/mixed; boundary=x"));
    let part: multipart::Reader = |_, body| Some(records::one(body));
    for read in [
        records::lines(bytes),
        records::sequence(bytes),
        form::to_json(bytes),
        events::to_json(bytes),
        xml::to_json(bytes),
        html::to_json(bytes),
        multipart::to_json(bytes, media, part),
        multipart::to_json(bytes, mixed, part),
    ] {
        match read {
            Ok(json) => {
                let size = json.len();
                assert!(
                    Document::parse(&json).is_ok(),
                    "no JSON: {}",
                    from_utf8(&json).unwrap_or("?")
                );
                assert!(size <= (64 << 10) + 16 * bytes.len(), "{size} bytes of {}", bytes.len());
            }
            Err(Unreadable { at, problem }) => {
                assert!(at <= bytes.len() && !problem.is_empty(), "{problem} at {at}");
            }
        }
    }
    if from_utf8(bytes).is_ok() {
        let page = html::to_json(bytes);
        assert!(page.is_ok() || bytes.len() > 10_000, "{page:?}");
    }
}

/// A unit that is read is within its range, and reads back as it prints.
pub fn units(bytes: &[u8]) {
    let Ok(text) = from_utf8(bytes) else { return };
    if let Ok(percent) = text.parse::<Percent>() {
        assert!((0.0..=1.0).contains(&percent.ratio()));
        assert_eq!(percent.to_string().parse(), Ok(percent));
    }
    if let Ok(size) = text.parse::<ByteSize>() {
        let shown = size.to_string();
        let near = shown.parse::<ByteSize>().expect("a size reads back");
        assert!(near.0.abs_diff(size.0) <= size.0 / 10, "{shown} for {}", size.0);
    }
    if let Ok(rate) = text.parse::<Rate>() {
        assert!(rate.per_second.is_finite() && rate.per_second > 0.0, "{rate}");
    }
    if let Ok(duration) = parse_duration(text) {
        assert!(duration <= Duration::from_secs(10_000_000_000));
        let shown = show_duration(duration);
        let again = parse_duration(&shown).expect("a duration reads back");
        assert!(duration.abs_diff(again) <= Duration::from_micros(2), "{shown} for {duration:?}");
    }
    if let Ok(signature) = text.parse::<Signature>() {
        assert_eq!(signature.to_string(), text.to_ascii_lowercase());
    }
}

/// A pattern has a normal spelling, and the pattern of a place selects the place. First part: a
/// pattern;
/// each further one: a step.
pub fn path(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let pattern = parts.text().parse::<Pattern>();
    let mut place = Path::default();
    while !parts.is_done() && place.0.len() < Pattern::MAX_STEPS {
        let step = parts.text();
        place.0.push(match step.strip_prefix('*') {
            Some(data) => Seg::AnyKey(data.to_owned()),
            // A document has less than 4 GiB, and so fewer elements.
            None => match step.parse::<u32>() {
                Ok(index) => Seg::Index(index as usize),
                Err(_) => Seg::Key(step),
            },
        });
    }
    if let Ok(pattern) = pattern {
        let normal = pattern.normalised().parse::<Pattern>().expect("our own spelling");
        assert_eq!(normal.normalised(), pattern.normalised());
        assert_eq!(normal.reach(&place.0, &[]), pattern.reach(&place.0, &[]));
        assert_eq!(pattern.to_string().parse::<Pattern>().as_ref(), Ok(&pattern));
    }
    let own = place.pattern().parse::<Pattern>().expect("our own pattern");
    assert!(own.matches(&place), "{own} does not select {}", place.pointer());
    if !place.0.is_empty() {
        let exact = place.pointer().parse::<Pattern>().expect("our own pointer");
        assert!(exact.matches(&place), "{exact} does not select its place");
    }
}
