//! The template of one request: its path with the variable segments replaced by their classes.
//!
//! This module never looks at more than one request.

use crate::compare::class::of_text;
use crate::model::Class;
use crate::syntax::percent_decode;
use http::Method;

/// Segments beyond these are folded into `/**`.
const MAX_SEGMENTS: usize = 16;

/// A longer segment is a `{token}`, whatever is in it.
const MAX_SEGMENT: usize = 64;

/// A longer method is no method that anyone has heard of.
const MAX_METHOD: usize = 32;

/// Names the endpoint of a request: `GET /items/{int}`. The path is given as received, without its
/// query; escapes are undone only to see what a segment is. A trailing slash is dropped, case is
/// kept, and what a template's own marks are made of (`{`, `}`, `*`) and control characters are
/// percent-encoded, so that no request can forge a template.
pub fn template(method: &Method, path: &str) -> String {
    let mut text = String::with_capacity(method.as_str().len() + path.len() + 16);
    text.push_str(if method.as_str().len() > MAX_METHOD { "{token}" } else { method.as_str() });
    text.push(' ');
    let Some(rest) = path.strip_prefix('/') else {
        // `OPTIONS *` asks for the server as a whole.
        if path == "*" {
            text.push('*')
        } else {
            segment(&mut text, path, true)
        }
        return text;
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let mut segments = rest.split('/').enumerate().peekable();
    while let Some((index, part)) = segments.next() {
        if index == MAX_SEGMENTS {
            text.push_str("/**");
            break;
        }
        text.push('/');
        segment(&mut text, part, segments.peek().is_none());
    }
    text
}

fn segment(text: &mut String, part: &str, last: bool) {
    if part.len() > MAX_SEGMENT {
        return text.push_str("{token}");
    }
    let decoded = percent_decode(part.as_bytes());
    if let Some(extension) = file(&decoded).filter(|_| last) {
        text.push_str("{file}.");
        return text.extend(extension.iter().map(|byte| char::from(*byte)));
    }
    match variable(&decoded) {
        Some(class) => text.push_str(class),
        None => literal(text, part),
    }
}

fn literal(text: &mut String, part: &str) {
    for char in part.chars() {
        if char.is_control() || matches!(char, '{' | '}' | '*') {
            let mut bytes = [0; 4];
            for byte in char.encode_utf8(&mut bytes).bytes() {
                text.push_str(&format!("%{byte:02X}"));
            }
        } else {
            text.push(char);
        }
    }
}

/// The mark of a segment that differs from request to request.
fn variable(segment: &[u8]) -> Option<&'static str> {
    match of_text(segment) {
        Class::Int => Some("{int}"),
        Class::Uuid => Some("{uuid}"),
        Class::Ulid => Some("{ulid}"),
        Class::Hex | Class::ObjectId => Some("{hex}"),
        Class::Date | Class::Rfc3339 => Some("{date}"),
        Class::Email => Some("{email}"),
        Class::Jwt => Some("{token}"),
        _ => is_token(segment).then_some("{token}"),
    }
}

/// Whether a word names something, and is no value that differs from request to request.
pub(super) fn is_word(word: &str) -> bool {
    variable(word.as_bytes()).is_none()
}

/// The extension of a file whose name differs from request to request, or is of a sort that is
/// served from a directory of its like.
fn file(segment: &[u8]) -> Option<&[u8]> {
    const SERVED: [&[u8]; 24] = [
        b"css", b"js", b"mjs", b"map", b"png", b"jpg", b"jpeg", b"gif", b"webp", b"avif", b"svg",
        b"ico", b"woff", b"woff2", b"ttf", b"mp3", b"mp4", b"webm", b"pdf", b"zip", b"gz", b"csv",
        b"docx", b"xlsx",
    ];
    let dot = segment.iter().rposition(|&byte| byte == b'.')?;
    let (stem, extension) = (segment.get(..dot)?, segment.get(dot + 1..)?);
    let plain = (1..=5).contains(&extension.len())
        && extension.iter().all(u8::is_ascii_alphanumeric)
        && extension.iter().any(u8::is_ascii_alphabetic);
    let served = || SERVED.contains(&extension.to_ascii_lowercase().as_slice());
    (plain && !stem.is_empty() && (variable(stem).is_some() || served())).then_some(extension)
}

/// Sixteen characters or more that look drawn, not written: a word in which letters and digits are
/// mixed, or capitals strewn about, or digits for the most part.
fn is_token(segment: &[u8]) -> bool {
    let fits = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'=')
    };
    if segment.len() < 16 || !segment.iter().all(fits) {
        return false;
    }
    let count = |is: fn(&u8) -> bool| segment.iter().filter(|byte| is(byte)).count();
    let (digits, upper, lower) =
        (count(u8::is_ascii_digit), count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let strewn = upper * 10 >= segment.len() * 3 && lower * 10 >= segment.len() * 3;
    strewn
        || digits * 2 >= segment.len()
        || segment.split(|byte| !byte.is_ascii_alphanumeric()).any(is_mixed)
}

/// A word of eight or more in which digits stand between letters at two places or more: `v2`,
/// `item7` and `mp3player` are written, `9s6XKzkNRiz8i3` is drawn.
fn is_mixed(word: &[u8]) -> bool {
    let changes = word.windows(2).filter(|pair| match pair {
        [one, next] => one.is_ascii_digit() != next.is_ascii_digit(),
        _ => false,
    });
    word.len() >= 8 && changes.count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(path: &str, expected: &str) {
        assert_eq!(template(&Method::GET, path), format!("GET {expected}"), "{path}");
    }

    #[test]
    fn variable_segments_become_their_class() {
        check("/items/42", "/items/{int}");
        check("/items/-1/x", "/items/{int}/x");
        check("/u/0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d", "/u/{uuid}");
        check("/u/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/u/{ulid}");
        check("/c/deadbee1/x", "/c/{hex}/x");
        check("/o/507f1f77bcf86cd799439011", "/o/{hex}");
        check("/d/2026-02-28", "/d/{date}");
        check("/u/a.b%40example.com", "/u/{email}");
        check("/i/%34%32", "/i/{int}");
        check("/t/cus_9s6XKzkNRiz8i3", "/t/{token}");
        check("/t/AbCdEfGhIjKlMnOpQr", "/t/{token}");
        check("/t/2026-10-31-23-59-59-00", "/t/{token}");
    }

    #[test]
    fn words_stay_as_they_are() {
        for path in [
            "/v1/en-US/Items",
            "/v1.2/users/me",
            "/how-to-cook-pasta-in-2026",
            "/getUserAccountDetails",
            "/api/orders.json",
            "/deadbeef",
            "/a%20b",
            "/mp3player-with-radio",
            "/1.5/x",
            "/a//b",
        ] {
            check(path, path);
        }
    }

    #[test]
    fn files_keep_their_extension() {
        check("/static/app.9f8e7d6c5b.js", "/static/{file}.js");
        check("/img/Holiday%20Photo.JPG", "/img/{file}.JPG");
        check("/orders/123.json", "/orders/{file}.json");
        check("/img/logo.png/x", "/img/logo.png/x");
        check("/.well-known/x", "/.well-known/x");
    }

    #[test]
    fn the_edges_of_a_path_are_bounded_and_escaped() {
        check("/", "/");
        check("", "");
        check("/items/", "/items");
        check("*", "*");
        check("/{int}/**/a\u{7}b", "/%7Bint%7D/%2A%2A/a%07b");
        check(&format!("/{}", "é".repeat(33)), "/{token}");
        check(&format!("/{}", "é".repeat(32)), &format!("/{}", "é".repeat(32)));
        check(&"/a".repeat(16), &"/a".repeat(16));
        check(&"/a".repeat(17), &format!("{}/**", "/a".repeat(16)));
        let method = Method::from_bytes("X".repeat(33).as_bytes()).expect("a token");
        assert_eq!(template(&method, "/"), "{token} /");
    }

    proptest! {
        #[test]
        fn a_template_is_bounded_and_free_of_control_characters(path in any::<String>()) {
            let text = template(&Method::GET, &path);
            prop_assert!(!text.chars().any(char::is_control));
            prop_assert!(text.len() <= 4 + MAX_SEGMENTS * (3 * MAX_SEGMENT + 1) + 3);
        }

        #[test]
        fn ids_of_one_sort_share_a_template(a in 0_u64.., b in 0_u64..) {
            let template = |id: u64| template(&Method::GET, &format!("/items/{id}/parts"));
            prop_assert_eq!(template(a), template(b));
        }
    }
}
