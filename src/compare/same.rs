//! The fast path: whether two answers are equal as they came.

use super::rules::{Rules, Treatment};
use crate::model::{Outcome, Reply};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Whether status, compared headers, trailers and body bytes are the same. Nothing is allocated or
/// parsed; where this holds, [`compare`](super::compare) would find nothing.
pub fn same(primary: &Outcome, candidate: &Outcome, rules: &Rules) -> bool {
    match (primary, candidate) {
        (Outcome::Reply(x), Outcome::Reply(y)) => replies(x, y, rules),
        (Outcome::Fault(x), Outcome::Fault(y)) => x == y,
        (Outcome::Reply(_), Outcome::Fault(_)) | (Outcome::Fault(_), Outcome::Reply(_)) => false,
    }
}

fn replies(x: &Reply, y: &Reply, rules: &Rules) -> bool {
    // The bytes are read by these two, whatever else they count for.
    let header = |name: &HeaderName| {
        [CONTENT_ENCODING, CONTENT_TYPE].contains(name) || rules.header(name) != Treatment::Skip
    };
    let trailer = |name: &HeaderName| rules.trailer(name) != Treatment::Skip;
    x.status == y.status
        && x.body.len() == y.body.len()
        && fields(&x.headers, &y.headers, header)
        && match (&x.trailers, &y.trailers) {
            (None, None) => true,
            (Some(x), Some(y)) => fields(x, y, trailer),
            (Some(only), None) | (None, Some(only)) => !only.keys().any(trailer),
        }
        && x.body == y.body
}

type Field<'a> = (&'a HeaderName, &'a HeaderValue);

/// Whether the fields that count are the same: first in the order in which they came, which costs
/// no look-up, then by name.
fn fields(x: &HeaderMap, y: &HeaderMap, counts: impl Fn(&HeaderName) -> bool) -> bool {
    if in_order(x.iter(), y.iter(), &counts) {
        return true;
    }
    let same = |name: &HeaderName| x.get_all(name).iter().eq(y.get_all(name).iter());
    let mut names = x.keys().chain(y.keys());
    names.all(|name| !counts(name) || same(name))
}

/// Whether the fields that count come in the same order. Which ones do is asked only where the two
/// differ: a candidate's answer still has the fields of its connection, which are passed over.
fn in_order<'a>(
    mut xs: impl Iterator<Item = Field<'a>>,
    mut ys: impl Iterator<Item = Field<'a>>,
    counts: &impl Fn(&HeaderName) -> bool,
) -> bool {
    let (mut x, mut y) = (xs.next(), ys.next());
    loop {
        match (x, y) {
            (None, None) => return true,
            (one, other) if one == other => (x, y) = (xs.next(), ys.next()),
            (Some((name, _)), _) if !counts(name) => x = xs.next(),
            (_, Some((name, _))) if !counts(name) => y = ys.next(),
            (Some(_), _) | (None, Some(_)) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::{json, reply};
    use crate::model::Fault;

    fn check(x: &Outcome, y: &Outcome, expected: bool) {
        let rules = Rules::default();
        assert_eq!(same(x, y, &rules), expected);
        assert_eq!(same(y, x, &rules), expected);
    }

    #[test]
    fn answers_are_the_same_when_all_that_counts_is() {
        let lines = [("vary", "a"), ("set-cookie", "a=1"), ("vary", "b"), ("date", "1")];
        let other = [("set-cookie", "a=1"), ("date", "2"), ("vary", "a"), ("vary", "b")];
        let one = reply(200, &lines, b"x");
        check(&one, &reply(200, &other, b"x"), true);
        check(&one, &reply(201, &other, b"x"), false);
        check(&one, &reply(200, &other, b"y"), false);
        check(&one, &reply(200, &other[1..], b"x"), false);
        check(&one, &reply(200, &[other[0], other[3], other[2]], b"x"), false);
        check(&json("[1]"), &json("[ 1]"), false);
        let hop = [("connection", "keep-alive"), lines[0], lines[1], lines[2], ("x-served", "b")];
        check(&one, &reply(200, &hop, b"x"), true);
        check(&one, &reply(200, &hop[..3], b"x"), false);
        let gzip = [("content-encoding", "gzip")];
        check(&reply(200, &gzip, b"x"), &reply(200, &[], b"x"), false);
        check(&Outcome::Fault(Fault::Reset), &Outcome::Fault(Fault::Reset), true);
        check(&Outcome::Fault(Fault::Reset), &Outcome::Fault(Fault::Dns), false);
        check(&Outcome::Fault(Fault::Reset), &one, false);
    }

    #[test]
    fn fields_in_one_order_are_found_so_among_those_that_do_not_count() {
        let counts = |name: &HeaderName| name != "connection" && name != "date";
        for (x, y, expected) in [
            (&["etag=1", "date=1", "vary=a"][..], &["connection=x", "etag=1", "vary=a"][..], true),
            (&["date=1"], &[], true),
            (&["etag=1", "vary=a"], &["vary=a", "etag=1"], false),
            (&["etag=1"], &["etag=2"], false),
            (&["etag=1"], &["etag=1", "vary=a"], false),
        ] {
            let map = |fields: &[&str]| -> HeaderMap {
                let field = |line: &&str| {
                    let (name, value) = line.split_once('=').expect("a field");
                    (name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"))
                };
                fields.iter().map(field).collect()
            };
            let (x, y) = (map(x), map(y));
            assert_eq!(in_order(x.iter(), y.iter(), &counts), expected, "{x:?} {y:?}");
            assert_eq!(in_order(y.iter(), x.iter(), &counts), expected, "{y:?} {x:?}");
        }
    }

    #[test]
    fn trailers_count_where_there_are_any() {
        let with = |trailers: Option<&str>| {
            let Outcome::Reply(mut reply) = json("[1]") else { unreachable!("a reply") };
            reply.trailers = trailers.map(|status| {
                let mut map = HeaderMap::new();
                map.insert("grpc-status", status.parse().expect("a value"));
                map
            });
            Outcome::Reply(reply)
        };
        check(&with(Some("0")), &with(Some("0")), true);
        check(&with(Some("0")), &with(Some("1")), false);
        check(&with(Some("0")), &with(None), false);
        check(&with(None), &with(None), true);
    }
}
