//! The order in which the recognisers are asked.

use super::{identifiers, names, times};
use crate::model::Class;
use crate::syntax::json::Text;

/// The class of a JSON value by its raw text. A number is an int where it is written without point
/// and exponent, else a decimal; what a string says is asked of [`of_text`].
pub fn of_json(raw: &[u8]) -> Class {
    match raw.first() {
        None => Class::Absent,
        Some(b'{') => Class::Object,
        Some(b'[') => Class::Array,
        Some(b't' | b'f') => Class::Bool,
        Some(b'n') => Class::Null,
        Some(b'"') => of_text(&Text::new(inside(raw)).canonical()),
        Some(_) if raw.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => Class::Decimal,
        Some(_) => Class::Int,
    }
}

fn inside(raw: &[u8]) -> &[u8] {
    raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default()
}

type Recogniser = fn(&[u8]) -> bool;

/// The class of a string's or a header's content. The first that fits wins: what is told by its
/// punctuation comes before what is told by its alphabet.
pub fn of_text(text: &[u8]) -> Class {
    const RECOGNISERS: [(Recogniser, Class); 17] = [
        (<[u8]>::is_empty, Class::Empty),
        (identifiers::is_int, Class::Int),
        (identifiers::is_decimal, Class::Decimal),
        (identifiers::is_uuid, Class::Uuid),
        (identifiers::is_ulid, Class::Ulid),
        (identifiers::is_object_id, Class::ObjectId),
        (times::is_date, Class::Date),
        (times::is_date_time, Class::Rfc3339),
        (times::is_http_date, Class::HttpDate),
        (times::is_duration, Class::Duration),
        (names::is_ip, Class::Ip),
        (names::is_semver, Class::Semver),
        (identifiers::is_hex, Class::Hex),
        (identifiers::is_jwt, Class::Jwt),
        (names::is_url, Class::Url),
        (names::is_email, Class::Email),
        (names::is_etag, Class::Etag),
    ];
    let early = RECOGNISERS.iter().find(|(fits, _)| fits(text)).map(|(_, class)| *class);
    early.unwrap_or_else(|| match text {
        host if names::is_host(host) => Class::Host,
        blob if identifiers::is_base64(blob) => Class::Base64,
        _ => Class::Text,
    })
}

/// The classes of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub primary: Class,
    pub candidate: Class,
    /// Digests of two lengths are made by two algorithms.
    two_digests: bool,
}

impl Pair {
    /// Of two JSON values. Identifiers of the same length whose classes differ by chance (eight
    /// hexadecimal digits of which none happens to be a letter) both count as the wider class.
    pub fn of_json(primary: &[u8], candidate: &[u8]) -> Self {
        let classes = Self::of(of_json(primary), of_json(candidate));
        match (primary.first(), candidate.first()) {
            (Some(b'"'), Some(b'"')) => classes.widened(inside(primary), inside(candidate)),
            _ => classes,
        }
    }

    /// Of two texts, in the same way.
    pub fn of_text(primary: &[u8], candidate: &[u8]) -> Self {
        let classes = Self::of(of_text(primary), of_text(candidate));
        classes.widened(primary, candidate)
    }

    fn of(primary: Class, candidate: Class) -> Self {
        Self { primary, candidate, two_digests: false }
    }

    /// Whether one class covers both: int and decimal are one here, digests of two lengths are two.
    pub fn is_alike(self) -> bool {
        if self.two_digests {
            return false;
        }
        let number = |class| if class == Class::Decimal { Class::Int } else { class };
        number(self.primary) == number(self.candidate)
    }

    fn widened(self, primary: &[u8], candidate: &[u8]) -> Self {
        let same_form =
            primary.len() == candidate.len() && is_token(primary) && is_token(candidate);
        match (same_form, width(self.primary), width(self.candidate)) {
            (true, Some(one), Some(other)) => {
                let class = if one > other { self.primary } else { self.candidate };
                Self::of(class, class)
            }
            _ => {
                let digest =
                    |text: &[u8], class| class == Class::Hex && DIGESTS.contains(&text.len());
                let digests = digest(primary, self.primary) && digest(candidate, self.candidate);
                Self { two_digests: digests && primary.len() != candidate.len(), ..self }
            }
        }
    }
}

/// The lengths of MD5, SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 in hexadecimal.
const DIGESTS: [usize; 6] = [32, 40, 56, 64, 96, 128];

/// How much an identifier's class covers; nothing for a class that chance does not change.
fn width(class: Class) -> Option<u8> {
    match class {
        Class::Int => Some(0),
        Class::ObjectId => Some(1),
        Class::Hex => Some(2),
        Class::Ulid => Some(3),
        Class::Base64 => Some(4),
        Class::Text => Some(5),
        _ => None,
    }
}

/// One word of eight letters and digits at least, as identifiers are written.
fn is_token(text: &[u8]) -> bool {
    let fits = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+' | b'/' | b'=')
    };
    text.len() >= 8 && text.iter().all(fits) && text.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Class::*;

    fn check(class: Class, texts: &[&str]) {
        for text in texts {
            assert_eq!(of_text(text.as_bytes()), class, "{text}");
        }
    }

    #[test]
    fn identifiers_are_told_by_their_alphabet_and_length() {
        check(Empty, &[""]);
        check(Int, &["0", "-12", "00123", "1700000000", "12345678901234567890123456"]);
        check(Decimal, &["0.5", "-12.50"]);
        check(
            Uuid,
            &["0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d", "0B8F2D3C-5A7E-4F10-9C1D-2E3F4A5B6C7D"],
        );
        check(Ulid, &["01ARZ3NDEKTSV4RRFFQ69G5FAV"]);
        check(ObjectId, &["507f1f77bcf86cd799439011"]);
        check(Hex, &["deadbee1", "DEADBEE1", "d41d8cd98f00b204e9800998ecf8427e"]);
        check(Base64, &["c2VjcmV0IHZhbHVlMQ==", "dQw4w9WgXcQabcDEF123", "a-B_c1d2e3f4g5h6"]);
        check(
            Jwt,
            &[
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP",
                "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
            ],
        );
        check(
            Text,
            &["deadbeef", "hello", "hello world", "a", "facade", "-", "1,000", "0x1f", "12:30"],
        );
    }

    #[test]
    fn times_are_told_by_their_form_and_their_ranges() {
        check(Date, &["2026-02-28", "1999-12-31"]);
        check(
            Rfc3339,
            &[
                "2026-02-28T23:59:60Z",
                "2026-02-28t01:02:03.123456789+05:30",
                "2026-02-28 01:02:03",
                "2026-02-28T01:02:03-0800",
            ],
        );
        check(HttpDate, &["Sun, 06 Nov 1994 08:49:37 GMT"]);
        check(Duration, &["PT5M", "P1Y2M3DT4H5M6.5S", "1h30m", "250ms", "3.5s"]);
        check(
            Text,
            &[
                "2026-13-01",
                "2026-02-32",
                "2026-2-3",
                "P",
                "PT",
                "PT5",
                "1h30",
                "5 s",
                "2026-02-28T25:00:00Z",
            ],
        );
    }

    #[test]
    fn names_of_the_network_are_told_by_their_punctuation() {
        check(Ip, &["127.0.0.1", "::1", "2001:db8::1"]);
        check(Host, &["www.example.com", "api.example.co.uk:8080", "localhost:8080"]);
        check(Url, &["https://example.com/a?b#c", "redis://:x@h:1/0", "urn+x://a"]);
        check(Email, &["a.b+c@example.com"]);
        check(Etag, &["\"abc\"", "W/\"abc\"", "\"\""]);
        check(Semver, &["1.2.3", "v1.2.3-rc.1+build.5"]);
        check(
            Text,
            &[
                "report.pdf",
                "example.com",
                "a@b",
                "@",
                "1.2.3.4.5",
                "http://",
                "://x",
                "a b@c.de",
                "W/abc",
                "1..2",
                "x:y",
            ],
        );
    }

    #[test]
    fn a_json_value_is_told_by_its_first_byte_and_its_content() {
        for (raw, class) in [
            ("1", Int),
            ("1.0", Decimal),
            ("-1E5", Decimal),
            ("1700000000", Int),
            ("\"1\"", Int),
            ("\"\"", Empty),
            ("\"\\u0031\"", Int),
            ("null", Null),
            ("true", Bool),
            ("{}", Object),
            ("[1.5]", Array),
            ("", Absent),
        ] {
            assert_eq!(of_json(raw.as_bytes()), class, "{raw}");
        }
    }

    #[test]
    fn identifiers_of_one_length_share_the_wider_class() {
        let pair = |a: &str, b: &str| {
            let (one, other) = (
                Pair::of_json(a.as_bytes(), b.as_bytes()),
                Pair::of_json(b.as_bytes(), a.as_bytes()),
            );
            assert_eq!((one.primary, one.candidate), (other.candidate, other.primary));
            (one.primary, one.candidate)
        };
        assert_eq!(pair("\"12345678\"", "\"1234567a\""), (Hex, Hex));
        assert_eq!(pair("\"a1b2c3d4\"", "\"zzzzzzz1\""), (Text, Text));
        assert_eq!(pair("\"1234567\"", "\"1234567a\""), (Int, Hex));
        assert_eq!(pair("\"12345678\"", "\"pending!\""), (Int, Text));
        assert_eq!(pair("\"12345678\"", "\"cancelled\""), (Int, Text));
        assert_eq!(pair("1", "1.5"), (Int, Decimal));
        assert!(Pair::of_json(b"1", b"1.5").is_alike());
        assert!(!Pair::of_json(b"\"\"", b"\"x\"").is_alike());
        let (md5, sha1, short) = ("0a".repeat(16), "0a".repeat(20), "0a".repeat(5));
        assert!(!Pair::of_text(md5.as_bytes(), sha1.as_bytes()).is_alike());
        assert!(Pair::of_text(md5.as_bytes(), short.as_bytes()).is_alike());
    }
}
