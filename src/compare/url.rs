//! Two URLs part by part (RFC 3986): for those that a rule has given the same host.
//!
//! Scheme and host have no case, a port may be its scheme's default, no path is `/`, and parameters
//! of different names may come in any order. All else counts as it is written.
//!
//! This module never resolves one URL against another.

use super::class::of_text;
use crate::model::Class;
use std::collections::BTreeMap;

/// Whether two texts are URLs that name the same.
pub(super) fn same(x: &[u8], y: &[u8]) -> bool {
    parts(x).zip(parts(y)).is_some_and(|(x, y)| x == y)
}

#[derive(PartialEq, Eq)]
struct Parts<'a> {
    scheme: Vec<u8>,
    user: Option<&'a [u8]>,
    host: Vec<u8>,
    path: &'a [u8],
    query: Option<Parameters<'a>>,
    fragment: Option<&'a [u8]>,
}

/// The values of each parameter in their order; one without `=` has none.
type Parameters<'a> = BTreeMap<&'a [u8], Vec<Option<&'a [u8]>>>;

fn parts(text: &[u8]) -> Option<Parts<'_>> {
    if of_text(text) != Class::Url {
        return None;
    }
    let (rest, fragment) = split(text, b'#');
    let (rest, query) = split(rest, b'?');
    let end = rest.windows(3).position(|window| window == b"://")?;
    let (scheme, rest) = (rest.get(..end)?.to_ascii_lowercase(), rest.get(end + 3..)?);
    let (authority, path) =
        rest.split_at(rest.iter().position(|&b| b == b'/').unwrap_or(rest.len()));
    let (user, host) = match authority.iter().rposition(|&byte| byte == b'@') {
        Some(at) => (authority.get(..at), authority.get(at + 1..)?),
        None => (None, authority),
    };
    let mut host = host.to_ascii_lowercase();
    let default: &[u8] = match scheme.as_slice() {
        b"http" | b"ws" => b":80",
        b"https" | b"wss" => b":443",
        _ => b":",
    };
    if host.ends_with(default) {
        host.truncate(host.len() - default.len());
    }
    let path = if path.is_empty() { b"/" } else { path };
    Some(Parts { scheme, user, host, path, query: query.map(parameters), fragment })
}

fn parameters(query: &[u8]) -> Parameters<'_> {
    let mut parameters = Parameters::new();
    for pair in query.split(|&byte| byte == b'&') {
        let (name, value) = split(pair, b'=');
        parameters.entry(name).or_default().push(value);
    }
    parameters
}

/// What stands before a byte, and behind it where it is there.
fn split(text: &[u8], by: u8) -> (&[u8], Option<&[u8]>) {
    let mut halves = text.splitn(2, |&byte| byte == by);
    (halves.next().unwrap_or_default(), halves.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(x: &str, y: &str, expected: bool) {
        assert_eq!(same(x.as_bytes(), y.as_bytes()), expected, "{x} {y}");
        assert_eq!(same(y.as_bytes(), x.as_bytes()), expected, "{y} {x}");
    }

    #[test]
    fn what_names_the_same_is_the_same() {
        check("https://a.test/x?a=1&b=2#f", "https://a.test/x?b=2&a=1#f", true);
        check("HTTPS://A.test", "https://a.test:443/", true);
        check("http://a.test:80/x", "http://a.test/x", true);
        check("https://a.test/?a=1&b&a=2", "https://a.test/?b&a=1&a=2", true);
    }

    #[test]
    fn every_part_counts() {
        let url = "https://u@a.test:1/x?a=1&a=2&b#f";
        for other in [
            "http://u@a.test:1/x?a=1&a=2&b#f",
            "https://v@a.test:1/x?a=1&a=2&b#f",
            "https://a.test:1/x?a=1&a=2&b#f",
            "https://u@b.test:1/x?a=1&a=2&b#f",
            "https://u@a.test:2/x?a=1&a=2&b#f",
            "https://u@a.test:1/X?a=1&a=2&b#f",
            "https://u@a.test:1/x/?a=1&a=2&b#f",
            "https://u@a.test:1/x?a=2&a=1&b#f",
            "https://u@a.test:1/x?a=1&a=2&b=#f",
            "https://u@a.test:1/x?a=1&b#f",
            "https://u@a.test:1/x#f",
            "https://u@a.test:1/x?a=1&a=2&b#",
            "https://u@a.test:1/x?a=1&a=2&b",
        ] {
            check(url, other, false);
        }
        check("https://a.test/?", "https://a.test/", false);
        check("a b", "a b", false);
    }
}
