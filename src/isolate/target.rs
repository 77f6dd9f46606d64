//! Editing the path and the query of a copy. Names and paths are compared as a server would read
//! them, so that no other spelling of a value slips through.

use crate::isolate::Unappliable;
use crate::syntax::percent_decode;
use http::Uri;
use http::uri::PathAndQuery;
use regex::Regex;
use std::borrow::Cow;

/// The target with every value of a query parameter replaced; `None` where it has none.
pub(super) fn with_query(uri: &Uri, name: &str, with: &str) -> Result<Option<Uri>, Unappliable> {
    match uri.query().and_then(|query| replace_pair(query, name, with)) {
        Some(query) => target(uri.path(), Some(&query)).map(Some),
        None => Ok(None),
    }
}

/// The target with whatever the expression finds in the path replaced; `None` where it finds
/// nothing. Percent-encoded letters, digits and `-._~` are read as themselves: RFC 3986 section
/// 6.2.2.2 makes both spellings one path.
pub(super) fn with_path(uri: &Uri, find: &Regex, with: &str) -> Result<Option<Uri>, Unappliable> {
    let path = plain(uri.path());
    match find.replace_all(&path, with) {
        Cow::Borrowed(_) => Ok(None),
        Cow::Owned(replaced) => target(&replaced, uri.query()).map(Some),
    }
}

/// The urlencoded pairs with every value of one name replaced; `None` where there is none.
pub(super) fn replace_pair(pairs: &str, name: &str, with: &str) -> Option<String> {
    let mut found = false;
    let mut edited = String::with_capacity(pairs.len() + with.len());
    for (number, pair) in pairs.split('&').enumerate() {
        if number > 0 {
            edited.push('&');
        }
        let key = pair.split_once('=').map_or(pair, |(key, _)| key);
        if decoded(key).eq_ignore_ascii_case(name.as_bytes()) {
            found = true;
            edited.push_str(key);
            edited.push('=');
            encode(with, &mut edited);
        } else {
            edited.push_str(pair);
        }
    }
    found.then_some(edited)
}

fn target(path: &str, query: Option<&str>) -> Result<Uri, Unappliable> {
    let text = match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let target = PathAndQuery::try_from(text).map_err(|_| Unappliable::Path)?;
    // A `?` or `#` that the rule brought in would cut the path short.
    let whole = target.path() == path && path.starts_with('/');
    whole.then(|| Uri::from(target)).ok_or(Unappliable::Path)
}

/// The bytes that the name of an urlencoded pair stands for.
fn decoded(name: &str) -> Vec<u8> {
    percent_decode(name.replace('+', " ").as_bytes()).into_owned()
}

/// The path with needless percent-encoding taken off. A `%` that begins no byte is written as one:
/// beside what is taken off it might begin one.
fn plain(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut chars = path.chars();
    while let Some(char) = chars.next() {
        let escaped = (char == '%').then(|| escape(chars.as_str().as_bytes())).flatten();
        match escaped {
            Some(value) if unreserved(value) => {
                out.push(char::from(value));
                chars.nth(1);
            }
            None if char == '%' => out.push_str("%25"),
            _ => out.push(char),
        }
    }
    out
}

/// The byte that two hexadecimal digits stand for.
fn escape(digits: &[u8]) -> Option<u8> {
    let (&high, &low) = (digits.first()?, digits.get(1)?);
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect(text)
    }

    #[test]
    fn a_query_parameter_is_replaced_however_it_is_spelled() {
        let check = |target: &str, expected: Option<&str>| {
            let edited = with_query(&uri(target), "tenant", "sha dow");
            assert_eq!(edited, Ok(expected.map(uri)), "{target}");
        };
        check("/a?tenant=live", Some("/a?tenant=sha%20dow"));
        check("/a?x=1&ten%61nt=live&y", Some("/a?x=1&ten%61nt=sha%20dow&y"));
        check("/a?Tenant=live", Some("/a?Tenant=sha%20dow"));
        check("/a?tenant", Some("/a?tenant=sha%20dow"));
        check("/a?tenant=1&tenant=2", Some("/a?tenant=sha%20dow&tenant=sha%20dow"));
        check("/a?tenants=live&%zz", None);
        check("/a", None);
    }

    #[test]
    fn a_path_is_replaced_however_it_is_spelled() {
        let find = Regex::new("^/tenants/[^/]+").expect("an expression");
        let check = |target: &str, with: &str, expected: Result<Option<&str>, Unappliable>| {
            let edited = with_path(&uri(target), &find, with);
            assert_eq!(edited, expected.map(|text| text.map(uri)), "{target}");
        };
        check("/tenants/7/a?b=c", "/tenants/shadow", Ok(Some("/tenants/shadow/a?b=c")));
        check("/%74enants/7", "/tenants/shadow", Ok(Some("/tenants/shadow")));
        check("/%74enants/7/%%374", "/tenants/shadow", Ok(Some("/tenants/shadow/%2574")));
        check("/users/7", "/tenants/shadow", Ok(None));
        check("/tenants/7", "/a b", Err(Unappliable::Path));
        check("/tenants/7", "/a?b", Err(Unappliable::Path));
        check("/tenants/7", "x", Err(Unappliable::Path));
    }
}
