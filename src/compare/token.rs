//! JSON Web Tokens (RFC 7519) by what they say: header and claims by structure, the claims of time
//! within a tolerance, the signature by its length.
//!
//! This module never verifies a signature.

use super::comparison::Comparison;
use super::json;
use super::rules::Rules;
use crate::syntax::json::Document;

/// A longer token is not looked into.
const MAX_TOKEN: usize = 64 << 10;

/// Whether two tokens say the same but for times up to so many nanoseconds apart.
pub(super) fn alike(x: &[u8], y: &[u8], within: u128) -> bool {
    let same = || {
        let ([head_x, claims_x, sign_x], [head_y, claims_y, sign_y]) = (parts(x)?, parts(y)?);
        let equal = |x: &[u8], y: &[u8], rules: &Rules| {
            let (x, y) = (decoded(x)?, decoded(y)?);
            let (x, y) = (Document::parse(&x).ok()?, Document::parse(&y).ok()?);
            let mut found = Comparison::default();
            json::diff(&x, &y, rules.into(), &mut found);
            Some(found.is_equal())
        };
        let heads = equal(head_x, head_y, &Rules::default())?;
        let claims = equal(claims_x, claims_y, &Rules::of_claims(within))?;
        Some(heads && claims && sign_x.len() == sign_y.len())
    };
    x.len().max(y.len()) <= MAX_TOKEN && same() == Some(true)
}

fn parts(token: &[u8]) -> Option<[&[u8]; 3]> {
    let mut parts = token.split(|&byte| byte == b'.');
    Some([parts.next()?, parts.next()?, parts.next()?])
}

/// The bytes that a text in base64url without padding (RFC 4648, section 5) stands for.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0xff_ffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(((bits >> held) & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_stands_for_bytes() {
        assert_eq!(decoded(b"eyJhIjoxfQ").as_deref(), Some(&b"{\"a\":1}"[..]));
        assert_eq!(decoded(b"-_8").as_deref(), Some(&[0xfb, 0xff][..]));
        assert_eq!(decoded(b"").as_deref(), Some(&b""[..]));
        assert_eq!(decoded(b"a b"), None);
    }

    #[test]
    fn tokens_are_alike_by_what_they_say() {
        // {"alg":"HS256"} and claims {"sub":"1","iat":…,"exp":…}.
        let head = "eyJhbGciOiJIUzI1NiJ9";
        let (one, later, other) = (
            "eyJzdWIiOiIxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9",
            "eyJzdWIiOiIxIiwiaWF0IjoxNzAwMDAwMDAyLCJleHAiOjE3MDAwMDM2MDJ9",
            "eyJzdWIiOiIyIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9",
        );
        let alike = |x: &str, y: &str, within: u128| {
            let (x, y) = (format!("{head}.{x}.c2ln"), format!("{head}.{y}.Z2lz"));
            super::alike(x.as_bytes(), y.as_bytes(), within * 1_000_000_000)
        };
        assert!(alike(one, one, 0) && alike(one, later, 2));
        assert!(!alike(one, later, 1));
        assert!(!alike(one, other, 1_000));
        assert!(!alike(one, "e30", 1_000) && !alike("x", "x", 1_000));
    }
}
