//! Text in any charset (the Encoding Standard's), as UTF-8.
//!
//! A byte-order mark tells first, then the media type, then an XML declaration. A mark of UTF-8
//! stays: it is text like any other, and whether it may stand there is the format's matter.
//!
//! This module never replaces what is malformed.

use super::Undecodable;
use super::coding::MAX_OUTPUT;
use crate::syntax::{Format, MediaType};
use bytes::Bytes;
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

/// The body as UTF-8, and the name of the charset that it was in, where that was another.
pub(super) fn decode(
    media: Option<MediaType<'_>>,
    body: &Bytes,
) -> Result<(Bytes, Option<&'static str>), Undecodable> {
    let Some((encoding, mark)) = charset(media, body)? else { return Ok((body.clone(), None)) };
    let bytes = body.get(mark..).unwrap_or_default();
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    let text = text.ok_or(Undecodable::Malformed)?;
    if text.len() > MAX_OUTPUT {
        return Err(Undecodable::TooLarge);
    }
    Ok((text.into_owned().into(), Some(encoding.name())))
}

/// The charset, if it is another than UTF-8, and the length of its mark.
fn charset(
    media: Option<MediaType<'_>>,
    body: &[u8],
) -> Result<Option<(&'static Encoding, usize)>, Undecodable> {
    let label = media.and_then(label);
    let format = media.and_then(MediaType::format);
    let is_text = format.map_or(label.is_some(), Format::is_text);
    if !is_text || body.is_empty() {
        return Ok(None);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        return Ok((encoding != UTF_8).then_some((encoding, mark)));
    }
    let declared = || (format == Some(Format::Xml)).then(|| declaration(body)).flatten();
    let Some(label) = label.map(str::as_bytes).or_else(declared) else { return Ok(None) };
    let encoding = match Encoding::for_label(label) {
        // Whoever declares it in bytes that can be read as ASCII cannot mean it.
        Some(encoding) if media.and_then(self::label).is_none() && is_wide(encoding) => UTF_8,
        Some(encoding) if encoding != REPLACEMENT => encoding,
        _ => return Err(Undecodable::UnknownCharset),
    };
    Ok((encoding != UTF_8).then_some((encoding, 0)))
}

fn is_wide(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

fn label(media: MediaType<'_>) -> Option<&str> {
    let mut charsets = media.parameters().filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
    charsets.next().map(|(_, charset)| charset).filter(|charset| !charset.is_empty())
}

/// What an XML declaration says of its encoding: `<?xml version="1.0" encoding="…"?>`.
fn declaration(body: &[u8]) -> Option<&[u8]> {
    let head = body.strip_prefix(b"<?xml")?;
    let end = head.iter().take(256).position(|&byte| byte == b'>')?;
    let head = head.get(..end)?;
    let name = b"encoding";
    let at = head.windows(name.len()).position(|window| window == name)? + name.len();
    let value = head.get(at..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    value.get(..value.iter().position(|byte| byte == quote)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{SHIFT_JIS, WINDOWS_1252};
    use proptest::prelude::*;

    fn check(media: &str, body: &[u8], expected: Result<(&str, Option<&str>), Undecodable>) {
        let media = Some(MediaType::new(media)).filter(|media| !media.essence().is_empty());
        let found = decode(media, &Bytes::copy_from_slice(body));
        let expected = expected.map(|(text, charset)| (Bytes::from(text.to_owned()), charset));
        assert_eq!(found, expected);
    }

    fn wide(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn a_charset_is_known_by_its_mark_its_label_or_its_declaration() {
        let (latin, name) = (Some("windows-1252"), Some("UTF-16LE"));
        check("text/plain; charset=ISO-8859-1", b"caf\xe9", Ok(("café", latin)));
        check("text/plain; charset=utf-8", b"plain", Ok(("plain", None)));
        check("text/plain", b"plain", Ok(("plain", None)));
        check("application/json", &wide("\u{feff}[1]", u16::to_le_bytes), Ok(("[1]", name)));
        let big = wide("\u{feff}[1]", u16::to_be_bytes);
        check("application/json; charset=utf-8", &big, Ok(("[1]", Some("UTF-16BE"))));
        check("text/csv; charset=UTF-16LE", &wide("a,b", u16::to_le_bytes), Ok(("a,b", name)));
        check("text/html", b"\xef\xbb\xbf<p>", Ok(("\u{feff}<p>", None)));
        let xml = b"<?xml version='1.0' encoding = 'latin1' ?><a>\xe9</a>";
        let text = "<?xml version='1.0' encoding = 'latin1' ?><a>é</a>";
        check("application/xml", xml, Ok((text, latin)));
        let false_xml = "<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>";
        check("text/xml", false_xml.as_bytes(), Ok((false_xml, None)));
        check("application/vnd.acme; charset=latin1", b"\xe9", Ok(("é", latin)));
    }

    #[test]
    fn what_is_no_text_is_left_alone() {
        check("image/png; charset=utf-16", b"abc", Ok(("abc", None)));
        let marked = Bytes::from_static(b"\xff\xfea\0");
        assert_eq!(decode(None, &marked), Ok((marked, None)));
    }

    #[test]
    fn what_cannot_be_decoded_says_why() {
        check("text/plain; charset=klingon", b"abc", Err(Undecodable::UnknownCharset));
        check("text/plain; charset=hz-gb-2312", b"abc", Err(Undecodable::UnknownCharset));
        check("text/plain; charset=shift_jis", b"\x81", Err(Undecodable::Malformed));
        check("application/json", b"\xff\xfe[\0\x31", Err(Undecodable::Malformed));
    }

    proptest! {
        #[test]
        fn text_survives_its_charset(text in "[ -~\u{3042}-\u{3090}]{1,40}", latin in "[ -~é]{1,40}") {
            let media = |name: &str| format!("text/plain; charset={name}");
            for (encoding, text) in [(SHIFT_JIS, &text), (WINDOWS_1252, &latin)] {
                let (bytes, _, lossy) = encoding.encode(text);
                prop_assume!(!lossy);
                let media = media(encoding.name());
                let found = decode(Some(MediaType::new(&media)), &Bytes::from(bytes.into_owned()));
                prop_assert_eq!(found.map(|(text, _)| text), Ok(Bytes::from(text.clone())));
            }
        }
    }
}
