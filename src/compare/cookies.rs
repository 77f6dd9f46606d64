//! `set-cookie` (RFC 6265): names and attributes count, a value counts by its class.

use super::class::Pair;
use crate::model::Kind;
use std::collections::BTreeMap;

type Report<'r, 'a> = dyn FnMut(Kind, Option<&'a [u8]>, Option<&'a [u8]>) + 'r;

/// A cookie as a server sets it.
struct Cookie<'a> {
    line: &'a [u8],
    value: &'a [u8],
    /// In order of their names.
    attributes: Vec<(Vec<u8>, Attribute<'a>)>,
}

/// What of an attribute counts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Attribute<'a> {
    Exact(&'a [u8]),
    /// `Expires` and a positive `Max-Age` move with the time of the answer.
    Lifetime,
}

/// Pairs the cookies of both sides by name, and those of one name in their order.
pub(super) fn compare<'a>(
    x: &[&'a [u8]],
    y: &[&'a [u8]],
    mut report: impl FnMut(Kind, Option<&'a [u8]>, Option<&'a [u8]>),
) {
    let (x, mut y) = (by_name(x), by_name(y));
    for (key, one) in x {
        pair(&one, y.remove(&key).as_ref(), &mut report);
    }
    for other in y.values() {
        report(Kind::HeaderExtra, None, Some(other.line));
    }
}

fn pair<'a>(one: &Cookie<'a>, other: Option<&Cookie<'a>>, report: &mut Report<'_, 'a>) {
    let Some(other) = other else { return report(Kind::HeaderMissing, Some(one.line), None) };
    let alike = one.value == other.value || Pair::of_text(one.value, other.value).is_alike();
    if !alike || one.attributes != other.attributes {
        report(Kind::HeaderValue, Some(one.line), Some(other.line));
    }
}

/// The cookies by name and by how many of that name came before.
fn by_name<'a>(lines: &[&'a [u8]]) -> BTreeMap<(&'a [u8], usize), Cookie<'a>> {
    let mut seen = BTreeMap::new();
    let mut cookies = BTreeMap::new();
    for line in lines {
        let (name, cookie) = parse(line);
        let count = seen.entry(name).or_insert(0);
        cookies.insert((name, *count), cookie);
        *count += 1;
    }
    cookies
}

fn parse(line: &[u8]) -> (&[u8], Cookie<'_>) {
    let mut parts = line.split(|&byte| byte == b';');
    let (name, value) = split(parts.next().unwrap_or_default());
    let mut attributes: Vec<_> = parts.map(attribute).collect();
    attributes.sort_unstable();
    (name, Cookie { line, value, attributes })
}

fn attribute(part: &[u8]) -> (Vec<u8>, Attribute<'_>) {
    let (name, value) = split(part);
    let name = name.to_ascii_lowercase();
    let moves = match name.as_slice() {
        b"expires" => true,
        b"max-age" => !value.starts_with(b"-") && value != b"0",
        _ => false,
    };
    (name, if moves { Attribute::Lifetime } else { Attribute::Exact(value) })
}

fn split(part: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = part.splitn(2, |&byte| byte == b'=').map(<[u8]>::trim_ascii);
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}
