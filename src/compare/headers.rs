//! Header and trailer fields, each as its treatment says.

use super::class::{Moment, Pair};
use super::comparison::{Comparison, Sides};
use super::cookies;
use super::elements::{elements, words};
use super::rules::{Rules, Treatment};
use super::url;
use super::uses::Uses;
use crate::model::{Class, Kind, Place, Severity};
use crate::syntax::MediaType;
use http::{HeaderMap, HeaderName};

/// What a reply says beside its body.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub headers: &'a HeaderMap,
    pub trailers: Option<&'a HeaderMap>,
}

/// Compares the header fields that the rules name, by name in alphabetical order.
pub(super) fn headers<'a>(x: Fields<'a>, y: Fields<'a>, rules: &Rules, found: &mut Comparison<'a>) {
    for name in worth_a_look([x.headers, y.headers], rules) {
        let [x, y] = [x, y].map(|side| lines(side.headers, name));
        let field = Field { name, header: true, rules, x, y };
        field.compare(rules.header(name), found);
    }
}

/// Compares the trailer fields. gRPC's status is one wherever it stands: an answer without a
/// message has it in its header.
pub(super) fn trailers<'a>(
    x: Fields<'a>,
    y: Fields<'a>,
    rules: &Rules,
    found: &mut Comparison<'a>,
) {
    let trailers = [x, y].into_iter().filter_map(|side| side.trailers);
    let mut names = names(trailers);
    let headers = [x, y].into_iter().flat_map(|side| side.headers.keys());
    let is_grpc = |name: &&HeaderName| {
        name.as_str().starts_with("grpc-") && rules.header(name) == Treatment::Grpc
    };
    names.extend(headers.filter(is_grpc));
    names.sort_unstable_by_key(|name| name.as_str());
    names.dedup();
    for name in names {
        let grpc = rules.header(name) == Treatment::Grpc;
        let [x, y] = [x, y].map(|side| {
            let own = side.trailers.map(|trailers| lines(trailers, name)).unwrap_or_default();
            if own.is_empty() && grpc { lines(side.headers, name) } else { own }
        });
        let field = Field { name, header: false, rules, x, y };
        match (name.as_str(), field.x.as_slice(), field.y.as_slice()) {
            ("grpc-status", [x], [y]) if grpc && x != y => status(x, y, found),
            _ => field.compare(rules.trailer(name), found),
        }
    }
}

/// Two statuses of gRPC: whether the call failed is what clients rely on.
fn status<'a>(x: &'a [u8], y: &'a [u8], found: &mut Comparison<'a>) {
    let sides = Sides::Known([Some(x), Some(y)], [Class::Int; 2]);
    let mut divergence = sides.divergence(Kind::Status, Place::Trailer("grpc-status".to_owned()));
    if (x == b"0") != (y == b"0") {
        divergence.severity = Severity::Breaking;
    }
    found.push(divergence);
}

/// The names of fields: all, or where both sides have the same ones in the same order, those of the
/// fields that differ or have a rule.
fn worth_a_look<'a>([x, y]: [&'a HeaderMap; 2], rules: &Rules) -> Vec<&'a HeaderName> {
    if x.len() != y.len() || x.iter().zip(y).any(|((name, _), (other, _))| name != other) {
        return names([x, y]);
    }
    let pairs = x
        .iter()
        .zip(y)
        .filter(|((name, value), (_, other))| value != other || rules.header_rule(name).is_some());
    let mut names: Vec<_> = pairs.map(|((name, _), _)| name).collect();
    names.sort_unstable_by_key(|name| name.as_str());
    names.dedup();
    names
}

fn names<'a>(maps: impl IntoIterator<Item = &'a HeaderMap>) -> Vec<&'a HeaderName> {
    let mut names: Vec<_> = maps.into_iter().flat_map(HeaderMap::keys).collect();
    names.sort_unstable_by_key(|name| name.as_str());
    names.dedup();
    names
}

fn lines<'a>(map: &'a HeaderMap, name: &HeaderName) -> Vec<&'a [u8]> {
    map.get_all(name).iter().map(|value| value.as_bytes()).collect()
}

/// The lines of one field on both sides.
struct Field<'a, 'n> {
    name: &'n HeaderName,
    /// A header, else a trailer.
    header: bool,
    rules: &'n Rules,
    x: Vec<&'a [u8]>,
    y: Vec<&'a [u8]>,
}

/// One line of each side, where there is one.
type Lines<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

impl<'a> Field<'a, '_> {
    fn compare(&self, treatment: Treatment, found: &mut Comparison<'a>) {
        self.count(treatment, found);
        if matches!(treatment, Treatment::Skip | Treatment::Grpc) || self.x == self.y {
            return;
        }
        if self.x.is_empty() || self.y.is_empty() {
            let kind = if self.y.is_empty() { Kind::HeaderMissing } else { Kind::HeaderExtra };
            return self.add(kind, self.first(), found);
        }
        match treatment {
            Treatment::Skip | Treatment::Grpc => {}
            Treatment::Lines => self.sequence(&self.x, &self.y, found),
            Treatment::List => self.sequence(&elements(&self.x), &elements(&self.y), found),
            Treatment::Words if words(&self.x) == words(&self.y) => {}
            Treatment::Words => self.differing_line(found),
            Treatment::Media => self.media(found),
            Treatment::Cookies => self.cookies(found),
            Treatment::ByClass => self.class(found),
        }
    }

    /// Counts the rule that names the field.
    fn count(&self, treatment: Treatment, found: &mut Comparison<'a>) {
        let Some(rule) = self.rules.header_rule(self.name) else { return };
        found.uses.matched(rule);
        if treatment == Treatment::Skip && self.x != self.y {
            found.uses.excused(rule, || self.place());
        }
    }

    fn place(&self) -> Place {
        let place = if self.header { Place::Header } else { Place::Trailer };
        place(self.name.as_str().to_owned())
    }

    /// One value after the other.
    fn sequence(&self, x: &[&'a [u8]], y: &[&'a [u8]], found: &mut Comparison<'a>) {
        let alike = |(x, y): (&&[u8], &&[u8])| self.is_alike(x, y, &mut found.uses);
        if x.len() != y.len() || !x.iter().zip(y).all(alike) {
            // Trailers link to nothing.
            let renames = self.rules.renames() && self.header;
            match self.first_difference().filter(|_| renames) {
                Some((one, other)) => {
                    let divergence =
                        Sides::Text(one, other).divergence(Kind::HeaderValue, self.place());
                    found.lines(x, y, divergence);
                }
                None => self.differing_line(found),
            }
        }
    }

    /// Whether two values are the same, but for hosts and times that the rules let pass.
    fn is_alike(&self, x: &[u8], y: &[u8], uses: &mut Uses) -> bool {
        if x == y {
            return true;
        }
        let [mapped_x, mapped_y] = [x, y].map(|side| self.rules.hosts.mapped(side));
        let text_x = mapped_x.as_ref().map_or(x, |(text, _)| text.as_slice());
        let text_y = mapped_y.as_ref().map_or(y, |(text, _)| text.as_slice());
        let any = mapped_x.is_some() || mapped_y.is_some();
        let mut rules = Vec::new();
        if text_x == text_y || (any && url::same(text_x, text_y)) {
            let mapped = [mapped_x, mapped_y].into_iter().flatten();
            rules.extend(mapped.flat_map(|(_, rules)| rules));
        } else if let Some((rule, within)) = self.rules.places.time_anywhere() {
            let drift = || Moment::of_text(x)?.drift(Moment::of_text(y)?);
            rules.extend(drift().filter(|drift| *drift <= within).map(|_| rule));
        }
        rules.sort_unstable();
        rules.dedup();
        for rule in &rules {
            uses.matched(*rule);
            uses.excused(*rule, || self.place());
        }
        !rules.is_empty()
    }

    fn add(&self, kind: Kind, (x, y): Lines<'a>, found: &mut Comparison<'a>) {
        found.add(kind, || self.place(), Sides::Text(x, y));
    }

    fn first(&self) -> Lines<'a> {
        (self.x.first().copied(), self.y.first().copied())
    }

    fn differing_line(&self, found: &mut Comparison<'a>) {
        if let Some(lines) = self.first_difference() {
            self.add(Kind::HeaderValue, lines, found);
        }
    }

    fn first_difference(&self) -> Option<Lines<'a>> {
        let longest = self.x.len().max(self.y.len());
        let mut pairs =
            (0..longest).map(|index| (self.x.get(index).copied(), self.y.get(index).copied()));
        pairs.find(|(x, y)| x != y)
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
        } else if self.x.get(1..) != self.y.get(1..) {
            // There should be one line (RFC 9110 section 8.3): of several, who knows which counts.
            self.differing_line(found);
        }
    }

    fn cookies(&self, found: &mut Comparison<'a>) {
        let report = |kind, x, y| self.add(kind, (x, y), found);
        let used = cookies::compare([&self.x, &self.y], &self.rules.hosts, report);
        for rule in used {
            found.uses.matched(rule);
            found.uses.excused(rule, || self.place());
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
    use crate::config::{self, HostRule, TimeRule};

    fn rules(also: &[&str], without: &[&str]) -> Rules {
        let name = |name: &&str| name.parse::<HeaderName>().expect("a name").into();
        let names = |names: &[&str]| names.iter().map(name).collect();
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
        one(name, "a=1; Max-Age=3600", "a=1; Max-Age=3595", &[]);
        one(
            name,
            "a=1; Max-Age=3600",
            "a=1; Max-Age=60",
            &["header_value header:set-cookie a=1; Max-Age=3600 -> a=1; Max-Age=60"],
        );
        let expires = |date: &str| format!("a=1; Expires={date} GMT");
        let (one_day, other_day, never) = (
            expires("Sun, 22 Nov 2026 08:49:37"),
            expires("Mon, 23-Nov-2026 08:49:37"),
            expires("Thu, 01 Jan 1970 00:00:00"),
        );
        one(name, &one_day, &other_day, &[]);
        let line = format!("header_value header:set-cookie {one_day} -> {never}");
        one(name, &one_day, &never, &[&line]);
        one(name, "a=1; SameSite=Lax; Domain=.A.test", "a=1; Domain=a.test; samesite=lax", &[]);
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
    fn a_list_is_the_same_however_it_is_spread_over_lines_and_its_order_counts() {
        let two = [("link", "</a,b>; rel=next"), ("link", "</c>; rel=last")];
        let one = [("link", "</a,b>; rel=next, </c>; rel=last")];
        let other = [("link", "</c>; rel=last, </a,b>; rel=next")];
        fields(&two, &one, &Rules::default(), &[]);
        let line = format!("header_value header:link {} -> {}", one[0].1, other[0].1);
        fields(&one, &other, &Rules::default(), &[&line]);
    }

    #[test]
    fn hosts_and_times_are_let_pass_where_the_rules_say_so() {
        let host = HostRule { primary: "a.test".into(), candidate: "b.test".into() };
        let time = TimeRule { path: None, within: std::time::Duration::from_secs(5) };
        let (hosts, times) = (vec![host.into()], vec![time.into()]);
        let rules = Rules::new(&config::Compare { hosts, times, ..Default::default() });
        let check = |name: &str, x: &str, y: &str, expected: &[&str]| {
            fields(&[(name, x)], &[(name, y)], &rules, expected);
        };
        check("location", "https://a.test/x", "https://b.test/x", &[]);
        check("location", "https://b.test/x", "https://a.test/x", &[]);
        let line = "header_value header:location https://a.test/x -> https://c.test/x";
        check("location", "https://a.test/x", "https://c.test/x", &[line]);
        check("location", "https://a.test/x?p=1&q=2", "https://b.test:443/x?q=2&p=1", &[]);
        let line = "header_value header:location https://a.test/x?p=1 -> https://b.test/x?p=2";
        check("location", "https://a.test/x?p=1", "https://b.test/x?p=2", &[line]);
        check("set-cookie", "a=1; Domain=.A.test; Path=/", "a=1; path=/; domain=b.test", &[]);
        let line = "header_value header:set-cookie a=1; Domain=a.test -> a=1; Domain=c.test";
        check("set-cookie", "a=1; Domain=a.test", "a=1; Domain=c.test", &[line]);
        let line = "header_value header:set-cookie a=1; Domain=a.test -> a=1";
        check("set-cookie", "a=1; Domain=a.test", "a=1", &[line]);
        let at = |time: &str| format!("Sun, 06 Nov 1994 {time} GMT");
        let (one, soon, late) = (at("08:49:37"), at("08:49:41"), at("08:49:43"));
        check("retry-after", &one, &soon, &[]);
        let line = format!("header_value header:retry-after {one} -> {late}");
        check("retry-after", &one, &late, &[&line]);
    }

    fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), value.parse().expect("a value"))
        };
        lines.iter().map(line).collect()
    }

    /// Compares trailers, each side's headers first.
    fn ends(x: [&HeaderMap; 2], y: [&HeaderMap; 2]) -> Vec<(Kind, String, Severity)> {
        let mut found = Comparison::default();
        let [x, y] = [x, y].map(|side| Fields { headers: side[0], trailers: Some(side[1]) });
        super::trailers(x, y, &Rules::default(), &mut found);
        let found = found.divergences.iter();
        found.map(|each| (each.kind, each.place.pattern(), each.severity)).collect()
    }

    #[test]
    fn trailers_are_compared_but_for_those_that_always_differ() {
        let none = HeaderMap::new();
        let x = map(&[("x-sum", "a"), ("server-timing", "1ms")]);
        let y = map(&[("x-sum", "b"), ("server-timing", "2ms")]);
        let place = || "trailer:x-sum".to_owned();
        let (value, missing) = (Kind::HeaderValue, Kind::HeaderMissing);
        assert_eq!(ends([&none, &x], [&none, &y]), [(value, place(), Severity::Behavioural)]);
        assert_eq!(ends([&none, &x], [&none, &none]), [(missing, place(), Severity::Behavioural)]);
    }

    #[test]
    fn the_status_of_grpc_is_one_wherever_it_stands() {
        let none = HeaderMap::new();
        let status = |code: &str| map(&[("grpc-status", code)]);
        let (ok, missing, internal) = (status("0"), status("5"), status("13"));
        assert_eq!(ends([&missing, &none], [&none, &missing]), []);
        let place = || "trailer:grpc-status".to_owned();
        let between = ends([&missing, &none], [&internal, &none]);
        assert_eq!(between, [(Kind::Status, place(), Severity::Behavioural)]);
        let failed = ends([&none, &ok], [&internal, &none]);
        assert_eq!(failed, [(Kind::Status, place(), Severity::Breaking)]);
    }
}
