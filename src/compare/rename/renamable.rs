//! Which values are identifiers: a service may make them up, so that another one makes up others.
//!
//! This module never looks at more than one value.

use crate::compare::class::of_text;
use crate::model::Class;
use std::borrow::Cow;

/// Longer values are compared as they are.
const LONGEST: usize = 8 << 10;

/// A text that is an identifier is of so many bytes.
const OPAQUE: std::ops::RangeInclusive<usize> = 8..=128;

/// Letters beside digits: a text with fewer of such borders may be a word with a number.
const BORDERS: usize = 3;

/// Shorter numbers name different things at different keys: each table counts from one.
const SHORT: usize = 6;

/// Whether a value can be an identifier: by its class and, where the class alone does not say so,
/// by the key that it stands under and by its text (a string's characters, a number's digits).
///
/// Whatever hashes elements so that renamed ones still find each other takes the class in place of
/// such a value.
pub(in crate::compare) fn renamable(key: Option<&str>, class: Class, text: &[u8]) -> bool {
    text.len() <= LONGEST
        && match class {
            Class::Uuid => !is_reserved(text),
            Class::Ulid | Class::ObjectId | Class::Hex | Class::Base64 | Class::Jwt => true,
            Class::Int => key.is_some_and(is_id_key),
            Class::Text => is_opaque(text),
            Class::Absent
            | Class::Null
            | Class::Bool
            | Class::Decimal
            | Class::Empty
            | Class::Rfc3339
            | Class::HttpDate
            | Class::Date
            | Class::Epoch
            | Class::Duration
            | Class::Ip
            | Class::Host
            | Class::Url
            | Class::Email
            | Class::Etag
            | Class::Semver
            | Class::Object
            | Class::Array
            | Class::Bytes => false,
        }
}

/// Classes whose values nobody chooses: one that is seen only once may have another name too.
pub(super) fn is_random(class: Class) -> bool {
    matches!(class, Class::Uuid | Class::Ulid | Class::ObjectId | Class::Jwt)
}

/// Whether it is a number that each table may have one of.
pub(super) fn is_short_number(text: &[u8]) -> bool {
    text.len() < SHORT && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
}

/// Of an ObjectId, a ULID and a UUID.
const RANDOM_LENGTHS: [usize; 3] = [24, 26, 36];

/// Whether a word is an identifier that nobody chooses, by itself.
pub(in crate::compare) fn random(word: &[u8]) -> Option<Class> {
    let class = RANDOM_LENGTHS.contains(&word.len()).then(|| of_text(word))?;
    let fits = class != Class::Jwt && is_random(class) && renamable(None, class, word);
    fits.then_some(class)
}

/// A text with its class in place of each random identifier that is a word of it.
pub(in crate::compare) fn masked(text: &[u8]) -> Cow<'_, [u8]> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let runs = || text.chunk_by(|one, next| is_word(one) == is_word(next));
    if !runs().any(|run| random(run).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    for run in runs() {
        match random(run) {
            Some(class) => out.extend([0, class as u8]),
            None => out.extend_from_slice(run),
        }
    }
    Cow::Owned(out)
}

/// The nil and the max UUID stand for none and for all (RFC 9562, sections 5.9 and 5.10).
fn is_reserved(uuid: &[u8]) -> bool {
    let is_all = |digit: u8| uuid.iter().all(|byte| matches!(byte, b'-') || *byte | 0x20 == digit);
    is_all(b'0') || is_all(b'f')
}

/// `id`, `order_id`, `orderId`.
fn is_id_key(key: &str) -> bool {
    key == "id" || key.ends_with("_id") || key.ends_with("Id")
}

/// One word of letters and digits that are mixed as in no word of a language.
fn is_opaque(text: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_border = |pair: &[u8]| {
        let [one, next] = pair else { return false };
        (one.is_ascii_digit() && next.is_ascii_alphabetic())
            || (one.is_ascii_alphabetic() && next.is_ascii_digit())
    };
    OPAQUE.contains(&text.len())
        && text.iter().all(fits)
        && text.windows(2).filter(|pair| is_border(pair)).count() >= BORDERS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::class::of_text;

    fn check(key: &str, text: &str, expected: bool) {
        let class = of_text(text.as_bytes());
        assert_eq!(renamable(Some(key), class, text.as_bytes()), expected, "{key}: {text}");
    }

    #[test]
    fn random_words_of_a_text_are_masked() {
        let (one, other) =
            ("0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d", "1b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d");
        let masked = |text: String| masked(text.as_bytes()).into_owned();
        let link = |id: &str| format!("https://h/x/{id}?a=1&b={id}");
        assert_eq!(masked(link(one)), masked(link(other)));
        assert_ne!(masked(link(one)), masked(link(one).replace("a=1", "a=2")));
        assert_eq!(masked("/plain/path-1".into()), b"/plain/path-1");
    }

    #[test]
    fn identifiers_are_told_by_class_key_and_text() {
        for id in [
            "0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "507f1f77bcf86cd799439011",
            "deadbee1",
            "c2VjcmV0IHZhbHVlMQ==",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP",
            "cus_N8fZ2kQ1",
        ] {
            check("name", id, true);
        }
        for reserved in ["0", "f", "F"] {
            let text = ["8", "4", "4", "4", "12"].map(|n| reserved.repeat(n.parse().expect("ok")));
            check("id", &text.join("-"), false);
        }
        for key in ["id", "order_id", "orderId"] {
            check(key, "17", true);
        }
        for key in ["count", "paid", "ids", "id_type"] {
            check(key, "17", false);
        }
        for text in [
            "shipped",
            "version-2",
            "order-2024",
            "p95",
            "some words",
            "1.5",
            "2026-01-01",
            "/a1b2/c3d4",
        ] {
            check("id", text, false);
        }
        check("id", &"z1".repeat(65), false);
    }
}
