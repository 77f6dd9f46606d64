//! Answers and findings in a few words, for the tests of this room.

use super::{Decoded, Rules, compare, same};
use crate::config;
use crate::model::{Divergence, Outcome, Pattern, Place, Reply};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};

/// A reply with these header lines.
pub(super) fn reply(status: u16, lines: &[(&str, &str)], body: &[u8]) -> Outcome {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name: HeaderName = name.parse().expect("a header name");
        headers.append(name, value.parse().expect("a header value"));
    }
    let status = StatusCode::from_u16(status).expect("a status");
    Outcome::Reply(Reply {
        status,
        headers,
        body: Bytes::copy_from_slice(body).into(),
        trailers: None,
    })
}

/// A reply with a JSON body.
pub(super) fn json(body: &str) -> Outcome {
    reply(200, &[("content-type", "application/json")], body.as_bytes())
}

/// Rules that ignore these places.
pub(super) fn ignoring(patterns: &[&str]) -> Rules {
    let ignore =
        patterns.iter().map(|text| text.parse::<Pattern>().expect("a pattern").into()).collect();
    Rules::new(&config::Compare { ignore, ..Default::default() })
}

/// Each divergence as `KIND PLACE PRIMARY -> CANDIDATE`, `-` for what is absent.
pub(super) fn shown(divergences: &[Divergence<'_>]) -> Vec<String> {
    let text = |side: Option<&[u8]>| {
        side.map_or("-".to_owned(), |side| String::from_utf8_lossy(side).into_owned())
    };
    let line = |each: &Divergence<'_>| {
        let place = match &each.place {
            Place::Body(path) => format!("${}", path.pointer()),
            other => other.pattern(),
        };
        let (primary, candidate) = (text(each.primary), text(each.candidate));
        format!("{} {place} {primary} -> {candidate}", each.kind)
    };
    divergences.iter().map(line).collect()
}

/// Compares, both ways round, and looks at what was found one way.
pub(super) fn check(primary: &Outcome, candidate: &Outcome, rules: &Rules, expected: &[&str]) {
    let decoded = Decoded::new(primary, candidate);
    let found = compare(primary, candidate, &decoded, rules);
    assert_eq!(shown(&found.divergences), expected);
    let turned = Decoded::new(candidate, primary);
    assert_eq!(compare(candidate, primary, &turned, rules).total, found.total);
    assert!(found.is_equal() || !same(primary, candidate, rules));
}

/// Compares two JSON bodies under no rules.
pub(super) fn check_json(primary: &str, candidate: &str, expected: &[&str]) {
    check(&json(primary), &json(candidate), &Rules::default(), expected);
}
