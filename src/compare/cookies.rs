//! `set-cookie` (RFC 6265): names and attributes count, a value counts by its class.
//!
//! A domain that is the primary's name of a host counts as the candidate's.
//!
//! This module never compares a value by more than its class.

use super::class::{Moment, Pair};
use super::hosts::Hosts;
use crate::model::Kind;
use std::collections::BTreeMap;

type Report<'r, 'a> = dyn FnMut(Kind, Option<&'a [u8]>, Option<&'a [u8]>) + 'r;

/// A cookie as a server sets it.
struct Cookie<'a> {
    line: &'a [u8],
    value: &'a [u8],
    /// In order of their names.
    attributes: Vec<Named<'a>>,
    /// The rule that gave the domain another name.
    mapped: Option<usize>,
}

/// An attribute by its lower-case name.
type Named<'a> = (Vec<u8>, Attribute<'a>);

/// What of an attribute counts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Attribute<'a> {
    Exact(&'a [u8]),
    /// Without regard to case.
    Word(Vec<u8>),
    /// `Expires`: it moves with the time of the answer.
    Lifetime,
    /// A time that is over: the cookie is deleted.
    Expired,
    /// `Max-Age`.
    Seconds(u64),
}

/// Pairs the cookies of both sides by name, and those of one name in their order. Gives the rules
/// for hosts by which cookies of one domain each are alike.
pub(super) fn compare<'a>(
    [x, y]: [&[&'a [u8]]; 2],
    hosts: &Hosts,
    mut report: impl FnMut(Kind, Option<&'a [u8]>, Option<&'a [u8]>),
) -> Vec<usize> {
    let (x, mut y) = (by_name(x, hosts), by_name(y, hosts));
    let mut used = Vec::new();
    for (key, one) in x {
        used.extend(pair(&one, y.remove(&key).as_ref(), &mut report));
    }
    for other in y.values() {
        report(Kind::HeaderExtra, None, Some(other.line));
    }
    used
}

fn pair<'a>(
    one: &Cookie<'a>,
    other: Option<&Cookie<'a>>,
    report: &mut Report<'_, 'a>,
) -> Option<usize> {
    let Some(other) = other else {
        report(Kind::HeaderMissing, Some(one.line), None);
        return None;
    };
    let alike = one.value == other.value || Pair::of_text(one.value, other.value).is_alike();
    if alike && same_attributes(one, other) {
        return one.mapped.or(other.mapped).filter(|_| one.mapped != other.mapped);
    }
    report(Kind::HeaderValue, Some(one.line), Some(other.line));
    None
}

/// `Max-Age` may count down: two answers lie so many seconds apart at most.
const APART: u64 = 10;

fn same_attributes(one: &Cookie<'_>, other: &Cookie<'_>) -> bool {
    let same = |(x, y): (&Named<'_>, &Named<'_>)| match (&x.1, &y.1) {
        (Attribute::Seconds(x), Attribute::Seconds(y)) => x.abs_diff(*y) <= APART,
        _ => x == y,
    };
    one.attributes.len() == other.attributes.len()
        && one.attributes.iter().zip(&other.attributes).all(same)
}

/// The cookies by name and by how many of that name came before.
fn by_name<'a>(lines: &[&'a [u8]], hosts: &Hosts) -> BTreeMap<(&'a [u8], usize), Cookie<'a>> {
    let mut seen = BTreeMap::new();
    let mut cookies = BTreeMap::new();
    for line in lines {
        let (name, cookie) = parse(line, hosts);
        let count = seen.entry(name).or_insert(0);
        cookies.insert((name, *count), cookie);
        *count += 1;
    }
    cookies
}

fn parse<'a>(line: &'a [u8], hosts: &Hosts) -> (&'a [u8], Cookie<'a>) {
    let mut parts = line.split(|&byte| byte == b';');
    let (name, value) = split(parts.next().unwrap_or_default());
    let mut attributes: Vec<_> = parts.map(attribute).collect();
    let mut mapped = None;
    for (name, value) in &mut attributes {
        if let (b"domain", Attribute::Word(domain)) = (name.as_slice(), value)
            && let Some((candidate, rule)) = hosts.name(domain)
        {
            (*domain, mapped) = (candidate, Some(rule));
        }
    }
    attributes.sort_unstable();
    (name, Cookie { line, value, attributes, mapped })
}

fn attribute(part: &[u8]) -> Named<'_> {
    let (name, value) = split(part);
    let name = name.to_ascii_lowercase();
    let kept = match name.as_slice() {
        b"expires" => lifetime(value),
        b"max-age" => age(value),
        b"samesite" => Attribute::Word(value.to_ascii_lowercase()),
        // A leading dot means nothing (RFC 6265, section 5.2.3).
        b"domain" => {
            let name = value.strip_prefix(b".").unwrap_or(value);
            Attribute::Word(name.to_ascii_lowercase())
        }
        _ => Attribute::Exact(value),
    };
    (name, kept)
}

/// `Expires` deletes the cookie where it lies long ago.
fn lifetime(value: &[u8]) -> Attribute<'_> {
    let dated: Vec<u8> = value.iter().map(|&byte| if byte == b'-' { b' ' } else { byte }).collect();
    match Moment::of_text(&dated) {
        Some(Moment::Http(at) | Moment::Instant(at)) if at < LONG_AGO => Attribute::Expired,
        Some(_) => Attribute::Lifetime,
        None => Attribute::Exact(value),
    }
}

/// The year 2001, in nanoseconds since 1970: no cookie is set to end before.
const LONG_AGO: i128 = 978_307_200_000_000_000;

fn age(value: &[u8]) -> Attribute<'_> {
    match str::from_utf8(value).map(str::parse::<u64>) {
        Ok(Ok(0)) => Attribute::Expired,
        Ok(Ok(seconds)) => Attribute::Seconds(seconds),
        _ if value.starts_with(b"-") => Attribute::Expired,
        _ => Attribute::Exact(value),
    }
}

fn split(part: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = part.splitn(2, |&byte| byte == b'=').map(<[u8]>::trim_ascii);
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}
