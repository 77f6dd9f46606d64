//! Names and addresses of the network, and versions.

use core::net::IpAddr;

/// An address of either family.
pub(super) fn is_ip(text: &[u8]) -> bool {
    // Most texts are none at first sight.
    let is_divided = || text.iter().any(|byte| matches!(byte, b'.' | b':'));
    let parses = |text: &str| text.parse::<IpAddr>().is_ok();
    text.len() <= 45 && is_divided() && str::from_utf8(text).is_ok_and(parses)
}

/// Three labels or more, or any name with a port. Two labels are as often a file's name.
pub(super) fn is_host(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |&byte| byte == b':');
    let (name, port) = (parts.next().unwrap_or_default(), parts.next());
    let is_port =
        |port: &[u8]| (1..=5).contains(&port.len()) && port.iter().all(u8::is_ascii_digit);
    let labels = name.split(|&byte| byte == b'.');
    let lettered =
        labels.clone().next_back().is_some_and(|last| last.iter().all(u8::is_ascii_lowercase));
    name.len() <= 253
        && lettered
        && labels.clone().all(is_label)
        && port.map_or(labels.count() >= 3, is_port)
}

fn is_label(label: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    (1..=63).contains(&label.len()) && label.iter().all(fits)
}

/// A scheme, `://`, and something behind it without white space.
pub(super) fn is_url(text: &[u8]) -> bool {
    let Some(colon) = text.iter().position(|&byte| byte == b':') else { return false };
    let (scheme, rest) = text.split_at(colon);
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let rest = rest.strip_prefix(b"://").unwrap_or_default();
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(fits)
        && !rest.is_empty()
        && !rest.iter().any(u8::is_ascii_whitespace)
}

/// One `@`, something before it, and a name of two labels behind it.
pub(super) fn is_email(text: &[u8]) -> bool {
    let mut parts = text.split(|&byte| byte == b'@');
    let (local, domain) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let fits = |byte: &u8| byte.is_ascii_graphic() || !byte.is_ascii();
    parts.next().is_none()
        && !local.is_empty()
        && domain.contains(&b'.')
        && domain.split(|&byte| byte == b'.').all(|label| !label.is_empty())
        && text.iter().all(fits)
}

/// An entity tag as it stands in its header, quotes included.
pub(super) fn is_etag(text: &[u8]) -> bool {
    let quoted = text.strip_prefix(b"W/").unwrap_or(text);
    let inside = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    inside.is_some_and(|inside| {
        !inside.iter().any(|byte| *byte == b'"' || byte.is_ascii_whitespace())
    })
}

/// Three numbers, then perhaps `-` or `+` and more (semver.org, version 2); a leading `v` is let
/// through.
pub(super) fn is_semver(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"v").unwrap_or(text);
    if !text.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let core = text.split(|byte| matches!(byte, b'-' | b'+')).next().unwrap_or_default();
    let numbers = core.split(|&byte| byte == b'.');
    let number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    numbers.clone().count() == 3 && numbers.clone().all(number) && text.iter().all(fits)
}
