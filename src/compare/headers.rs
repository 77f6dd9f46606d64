//! Header and trailer fields, each as its treatment says.

use super::class::Pair;
use super::comparison::{Comparison, Sides};
use super::cookies;
use super::rules::{Rules, Treatment};
use crate::model::{Kind, Place};
use crate::syntax::MediaType;
use http::{HeaderMap, HeaderName};
use std::collections::BTreeSet;

/// Compares the header fields that the rules name, by name in alphabetical order.
pub(super) fn headers<'a>(
    x: &'a HeaderMap,
    y: &'a HeaderMap,
    rules: &Rules,
    found: &mut Comparison<'a>,
) {
    for name in names(Some(x), Some(y)) {
        let treatment = rules.header(name);
        let field = Field { name, header: true, x: lines(Some(x), name), y: lines(Some(y), name) };
        field.compare(treatment, found);
    }
}

/// Compares the trailer fields.
pub(super) fn trailers<'a>(
    x: Option<&'a HeaderMap>,
    y: Option<&'a HeaderMap>,
    rules: &Rules,
    found: &mut Comparison<'a>,
) {
    for name in names(x, y) {
        let treatment = rules.trailer(name);
        let field = Field { name, header: false, x: lines(x, name), y: lines(y, name) };
        field.compare(treatment, found);
    }
}

fn names<'a>(x: Option<&'a HeaderMap>, y: Option<&'a HeaderMap>) -> Vec<&'a HeaderName> {
    let keys = [x, y].into_iter().flatten().flat_map(HeaderMap::keys);
    let mut names: Vec<_> = keys.collect();
    names.sort_unstable_by_key(|name| name.as_str());
    names.dedup();
    names
}

fn lines<'a>(map: Option<&'a HeaderMap>, name: &HeaderName) -> Vec<&'a [u8]> {
    let values = map.into_iter().flat_map(|map| map.get_all(name));
    values.map(|value| value.as_bytes()).collect()
}

/// The lines of one field on both sides.
struct Field<'a, 'n> {
    name: &'n HeaderName,
    /// A header, else a trailer.
    header: bool,
    x: Vec<&'a [u8]>,
    y: Vec<&'a [u8]>,
}

/// One line of each side, where there is one.
type Lines<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

impl<'a> Field<'a, '_> {
    fn compare(&self, treatment: Treatment, found: &mut Comparison<'a>) {
        if treatment == Treatment::Skip || self.x == self.y {
            return;
        }
        if self.x.is_empty() || self.y.is_empty() {
            let kind = if self.y.is_empty() { Kind::HeaderMissing } else { Kind::HeaderExtra };
            return self.add(kind, self.first(), found);
        }
        match treatment {
            Treatment::Skip => {}
            Treatment::Lines => self.differing_line(found),
            Treatment::Words if words(&self.x) == words(&self.y) => {}
            Treatment::Words => self.differing_line(found),
            Treatment::Media => self.media(found),
            Treatment::Cookies => cookies::compare(&self.x, &self.y, |kind, x, y| {
                self.add(kind, (x, y), found);
            }),
            Treatment::ByClass => self.class(found),
        }
    }

    fn add(&self, kind: Kind, (x, y): Lines<'a>, found: &mut Comparison<'a>) {
        let place = if self.header { Place::Header } else { Place::Trailer };
        found.add(kind, || place(self.name.as_str().to_owned()), Sides::Text(x, y));
    }

    fn first(&self) -> Lines<'a> {
        (self.x.first().copied(), self.y.first().copied())
    }

    fn differing_line(&self, found: &mut Comparison<'a>) {
        let longest = self.x.len().max(self.y.len());
        let pairs =
            (0..longest).map(|index| (self.x.get(index).copied(), self.y.get(index).copied()));
        if let Some((x, y)) = pairs.into_iter().find(|(x, y)| x != y) {
            self.add(Kind::HeaderValue, (x, y), found);
        }
    }

    fn media(&self, found: &mut Comparison<'a>) {
        let texts =
            [&self.x, &self.y].map(|lines| str::from_utf8(lines.first().unwrap_or(&&[][..])));
        let [Ok(x), Ok(y)] = texts else { return self.differing_line(found) };
        let (x, y) = (MediaType::new(x), MediaType::new(y));
        if !x.same_essence(y) {
            self.add(Kind::MediaType, self.first(), found);
        } else if parameters(x) != parameters(y) {
            self.add(Kind::HeaderValue, self.first(), found);
        }
    }

    fn class(&self, found: &mut Comparison<'a>) {
        let mut pairs = self.x.iter().zip(&self.y);
        let alike = pairs.all(|(x, y)| Pair::of_text(x, y).is_alike());
        if !alike || self.x.len() != self.y.len() {
            self.differing_line(found);
        }
    }
}

fn words(lines: &[&[u8]]) -> BTreeSet<Vec<u8>> {
    let words = lines.iter().flat_map(|line| line.split(|&byte| byte == b','));
    let words = words.map(|word| word.trim_ascii().to_ascii_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

/// The parameters in order of their names. A boundary is drawn for each answer; a charset has no
/// case.
fn parameters(media: MediaType<'_>) -> Vec<(String, String)> {
    let mut parameters: Vec<_> = media
        .parameters()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, _)| name != "boundary")
        .map(|(name, value)| match name.as_str() {
            "charset" => (name, value.to_ascii_lowercase()),
            _ => (name, value.to_owned()),
        })
        .collect();
    parameters.sort_unstable();
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::{check, reply};
    use crate::config;

    fn rules(also: &[&str], without: &[&str]) -> Rules {
        let names =
            |names: &[&str]| names.iter().map(|name| name.parse().expect("a name")).collect();
        let (headers_also, headers_ignore) = (names(also), names(without));
        Rules::new(&config::Compare { headers_also, headers_ignore, ..Default::default() })
    }

    fn fields(x: &[(&str, &str)], y: &[(&str, &str)], rules: &Rules, expected: &[&str]) {
        check(&reply(200, x, b""), &reply(200, y, b""), rules, expected);
    }

    fn one(name: &str, x: &str, y: &str, expected: &[&str]) {
        fields(&[(name, x)], &[(name, y)], &Rules::default(), expected);
    }

    #[test]
    fn only_headers_of_the_contract_are_compared() {
        one("date", "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT", &[]);
        one("x-other", "1", "2", &[]);
        one("location", "/a", "/b", &["header_value header:location /a -> /b"]);
        one(
            "access-control-allow-origin",
            "*",
            "null",
            &["header_value header:access-control-allow-origin * -> null"],
        );
    }

    #[test]
    fn the_config_adds_headers_and_takes_them_away() {
        let (x, y) =
            ([("x-other", "1"), ("location", "/a")], [("x-other", "2"), ("location", "/b")]);
        let rules = rules(&["x-other"], &["location"]);
        fields(&x, &y, &rules, &["header_value header:x-other 1 -> 2"]);
    }

    #[test]
    fn a_field_on_one_side_only_is_missing_or_extra() {
        let rules = Rules::default();
        fields(&[("vary", "accept")], &[], &rules, &["header_missing header:vary accept -> -"]);
        fields(&[], &[("vary", "accept")], &rules, &["header_extra header:vary - -> accept"]);
    }

    #[test]
    fn a_list_of_words_is_a_set() {
        one("vary", "Accept, accept-encoding", "accept-encoding,accept", &[]);
        fields(
            &[("vary", "accept"), ("vary", "origin")],
            &[("vary", "origin, accept")],
            &Rules::default(),
            &[],
        );
        one(
            "cache-control",
            "no-store",
            "no-cache",
            &["header_value header:cache-control no-store -> no-cache"],
        );
    }

    #[test]
    fn an_etag_counts_by_its_class() {
        one("etag", "\"a\"", "W/\"b\"", &[]);
        fields(
            &[("etag", "\"a\"")],
            &[("etag", "\"b\"")],
            &rules(&["etag"], &[]),
            &["header_value header:etag \"a\" -> \"b\""],
        );
    }

    #[test]
    fn media_types_differ_by_essence_and_by_parameters() {
        one("content-type", "text/html; charset=UTF-8", "Text/HTML;charset=\"utf-8\"", &[]);
        one("content-type", "multipart/mixed; boundary=a", "multipart/mixed; boundary=b", &[]);
        one(
            "content-type",
            "text/html",
            "text/plain",
            &["media_type header:content-type text/html -> text/plain"],
        );
        one(
            "content-type",
            "text/html",
            "text/html; charset=utf-8",
            &["header_value header:content-type text/html -> text/html; charset=utf-8"],
        );
    }

    #[test]
    fn a_cookie_counts_by_name_attributes_and_class() {
        let name = "set-cookie";
        one(name, "sid=a1b2c3d4; Path=/; HttpOnly", "sid=e5f6a7b8; httponly; path=/", &[]);
        one(name, "sid=a1b2c3d4; Max-Age=60", "sid=a1b2c3d4; Max-Age=59", &[]);
        one(
            name,
            "a=1; Max-Age=60",
            "a=1; Max-Age=0",
            &["header_value header:set-cookie a=1; Max-Age=60 -> a=1; Max-Age=0"],
        );
        one(name, "a=1; Secure", "a=1", &["header_value header:set-cookie a=1; Secure -> a=1"]);
        one(name, "a=1", "a=", &["header_value header:set-cookie a=1 -> a="]);
        fields(
            &[(name, "a=1"), (name, "b=1")],
            &[(name, "b=2"), (name, "c=1")],
            &Rules::default(),
            &[
                "header_missing header:set-cookie a=1 -> -",
                "header_extra header:set-cookie - -> c=1",
            ],
        );
    }

    #[test]
    fn trailers_are_compared_but_for_those_that_always_differ() {
        let with = |status: &str, timing: &str| {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", status.parse().expect("a value"));
            trailers.insert("server-timing", timing.parse().expect("a value"));
            trailers
        };
        let mut found = Comparison::default();
        let (x, y) = (with("0", "1ms"), with("13", "2ms"));
        super::trailers(Some(&x), Some(&y), &Rules::default(), &mut found);
        super::trailers(Some(&x), None, &Rules::default(), &mut found);
        let places: Vec<_> =
            found.divergences.iter().map(|each| (each.kind, each.place.pattern())).collect();
        let place = || "trailer:grpc-status".to_owned();
        assert_eq!(places, [(Kind::HeaderValue, place()), (Kind::HeaderMissing, place())]);
    }
}
