//! JSON Web Tokens (RFC 7519) by what they say: header and claims by structure, the claims of time
//! within a tolerance, the signature by its length.
//!
//! This module never verifies a signature.

use super::comparison::Comparison;
use super::json;
use super::rename::{random, renamable};
use super::rules::Rules;
use crate::model::{Divergence, Kind, Place, Seg};
use crate::syntax::json::Document;

/// A longer token is not looked into.
const MAX_TOKEN: usize = 64 << 10;

/// Claims that are new with every token (RFC 7519, section 4.1.7, and OpenID Connect).
const FRESH: [&str; 6] = ["jti", "nonce", "sid", "at_hash", "c_hash", "s_hash"];

/// Whether two tokens say the same but for times up to so many nanoseconds apart.
pub(super) fn alike(x: &[u8], y: &[u8], within: u128) -> bool {
    differ_in(x, y, within, |found| found.is_equal())
}

/// Whether one was made of the other's claims once more: at another time, with another name of its
/// own, and with other random identifiers.
pub(super) fn are_made_anew(x: &[u8], y: &[u8]) -> bool {
    differ_in(x, y, u128::MAX, |found| {
        found.total == found.divergences.len() as u64 && found.divergences.iter().all(is_anew)
    })
}

/// Whether a claim that differs is an identifier that is drawn anew: a random one, or one that is
/// meant to be new.
fn is_anew(claim: &Divergence<'_>) -> bool {
    let is_fresh = match &claim.place {
        Place::Body(path) => match path.0.as_slice() {
            [Seg::Key(key)] => FRESH.contains(&key.as_str()),
            _ => false,
        },
        Place::Outcome | Place::Status | Place::Header(_) | Place::Trailer(_) => false,
    };
    let class = claim.primary_class;
    let is_drawn = |side: Option<&[u8]>| {
        let text = side.unwrap_or_default();
        let inside = text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
        let text = inside.unwrap_or(text);
        random(text).is_some() || is_fresh && renamable(Some("id"), class, text)
    };
    let one_class = class == claim.candidate_class;
    claim.kind == Kind::Value && one_class && is_drawn(claim.primary) && is_drawn(claim.candidate)
}

/// Whether two tokens have one header and signatures of one length, and claims between which only
/// this is found.
fn differ_in(x: &[u8], y: &[u8], within: u128, only: impl FnOnce(&Comparison<'_>) -> bool) -> bool {
    let rules = Rules::of_claims(within);
    let same = || {
        let ([head_x, claims_x, sign_x], [head_y, claims_y, sign_y]) = (parts(x)?, parts(y)?);
        let heads = between(head_x, head_y, &rules, |found| found.is_equal())?;
        let claims = between(claims_x, claims_y, &rules, only)?;
        Some(heads && claims && sign_x.len() == sign_y.len())
    };
    x.len().max(y.len()) <= MAX_TOKEN && same() == Some(true)
}

/// What is thought of the differences between two parts that are JSON.
fn between<T>(
    x: &[u8],
    y: &[u8],
    rules: &Rules,
    look: impl FnOnce(&Comparison<'_>) -> T,
) -> Option<T> {
    let (x, y) = (decoded(x)?, decoded(y)?);
    let (x, y) = (Document::parse(&x).ok()?, Document::parse(&y).ok()?);
    let mut found = Comparison::default();
    json::diff(&x, &y, rules.into(), &mut found);
    Some(look(&found))
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

    #[test]
    fn a_token_is_made_anew_of_the_same_claims() {
        let token = |head: &str, claims: &str| {
            format!("{}.{}.c2ln", encoded(head.as_bytes()), encoded(claims.as_bytes()))
        };
        let anew = |x: &str, y: &str| are_made_anew(x.as_bytes(), y.as_bytes());
        let (uuid, other) =
            ("0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d", "1b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d");
        let head = r#"{"alg":"HS256"}"#;
        let claims = |sub: &str, jti: &str, exp: u64, role: &str| {
            format!(r#"{{"sub":"{sub}","jti":"{jti}","exp":{exp},"role":"{role}"}}"#)
        };
        let (now, nil) = (1_700_000_000, "00000000-0000-0000-0000-000000000000");
        let one = token(head, &claims(uuid, "deadbeef1", now, "user"));
        assert!(anew(&one, &token(head, &claims(other, "deadbeef2", now + 5_000, "user"))));
        for (sub, jti, role) in [
            (uuid, "deadbeef1", "admin"),
            ("someone", "deadbeef1", "user"),
            (nil, "deadbeef1", "user"),
            (uuid, "hello", "user"),
            (uuid, "", "user"),
        ] {
            assert!(!anew(&one, &token(head, &claims(sub, jti, now, role))), "{sub} {jti} {role}");
        }
        let none = r#"{"alg":"none"}"#;
        assert!(!anew(&one, &token(none, &claims(uuid, "deadbeef1", now, "user"))));
    }

    /// In base64url.
    fn encoded(bytes: &[u8]) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut out = String::new();
        for three in bytes.chunks(3) {
            let bits = (0..3).fold(0_usize, |bits, at| {
                bits << 8 | usize::from(three.get(at).copied().unwrap_or(0))
            });
            let digits = [18, 12, 6, 0].map(|shift| char::from(letters[bits >> shift & 63]));
            out.extend(&digits[..=three.len()]);
        }
        out
    }
}
