//! Rules over requests and answers: edits of the candidate's copy, what is compared, and routes.
//!
//! A route's part is the general one with the route's own laid over, merged here once.
//!
//! This module never applies a rule.

use crate::config::checked::needles;
use crate::config::compared::{self, Listed};
use crate::config::forms;
use crate::config::keys::Shape;
use crate::config::matcher::PathPattern;
use crate::config::parts::{Compare, Matcher, Mirror, Protobuf, Replace, Rewrite, Route};
use crate::config::protobuf::protobuf;
use crate::config::section::{Named, Section};
use crate::config::setting::{Setting, Text, Wrong};
use crate::config::sheet::interpret;
use http::{HeaderName, HeaderValue};

/// What holds where a route says nothing.
type General<'a> = (&'a Mirror, &'a Rewrite, &'a Compare);

pub(super) fn routes(sections: &[Section<'_>], general: General<'_>) -> Vec<Route> {
    sections.iter().map(|section| route(section, general)).collect()
}

fn route(section: &Section<'_>, (mirror, request, compared): General<'_>) -> Route {
    let wanted = section.section("match");
    let path = wanted.given("path").map(|PathPattern(path)| path).unwrap_or_default();
    let own = rewrite(&section.section("isolation").section("request"));
    Route {
        matcher: Matcher { methods: wanted.list("method"), path },
        name: section.given("name"),
        mirror: mirrored(&section.section("mirror"), mirror),
        rewrite: rewritten(own, request),
        compare: also_compared(compare(&section.section("compare"), &compared.protobuf), compared),
    }
}

/// The general settings with a route's own laid over.
fn mirrored(section: &Section<'_>, general: &Mirror) -> Mirror {
    let always = if section.has("always") { needles(section) } else { general.always.clone() };
    let sticky = section.given("sticky").unwrap_or_else(|| general.sticky.clone());
    Mirror {
        enabled: section.given("enabled").unwrap_or(general.enabled),
        sample: section.given("sample").unwrap_or(general.sample),
        sticky,
        always,
        methods: section.given("methods").unwrap_or(general.methods),
        max_body: section.given("max_body").unwrap_or(general.max_body),
        ramp: general.ramp.clone(),
        ..*general
    }
}

/// The general edits, then a route's own; a header that both set has the route's value.
fn rewritten(own: Rewrite, general: &Rewrite) -> Rewrite {
    let mut all = general.clone();
    all.set.retain(|(name, _)| own.set.iter().all(|(other, _)| other != name));
    all.set.extend(own.set);
    all.remove.extend(own.remove);
    all.replace.extend(own.replace);
    all
}

/// The general rules, then a route's own; where they disagree on a header, the route's holds.
fn also_compared(own: Compare, general: &Compare) -> Compare {
    let mut all = general.clone();
    all.headers_also.retain(|name| !holds(&own.headers_ignore, name));
    all.headers_ignore.retain(|name| !holds(&own.headers_also, name));
    all.ignore.extend(own.ignore);
    all.only.extend(own.only);
    all.arrays.extend(own.arrays);
    all.numbers.extend(own.numbers);
    all.times.extend(own.times);
    all.normalise.extend(own.normalise);
    all.hosts.extend(own.hosts);
    all.null_equals_missing.extend(own.null_equals_missing);
    all.identifiers = own.identifiers.or(all.identifiers);
    all.headers_also.extend(own.headers_also);
    all.headers_ignore.extend(own.headers_ignore);
    all.protobuf = own.protobuf;
    all
}

/// The rules of a section; what is general counts only where a section is no list of rules.
pub(super) fn compare(section: &Section<'_>, general: &Protobuf) -> Compare {
    let headers = section.section("headers");
    let rules = Compare {
        ignore: section.listed("ignore"),
        only: section.listed("only"),
        arrays: compared::arrays(section),
        numbers: compared::numbers(section),
        times: compared::times(section),
        normalise: compared::normalisers(section),
        hosts: compared::hosts(section),
        null_equals_missing: section.listed("null_equals_missing"),
        identifiers: compared::identifiers(&section.section("identifiers")),
        headers_also: headers.listed("also"),
        headers_ignore: headers.listed("ignore"),
        protobuf: protobuf(&section.section("protobuf"), general),
    };
    let both = rules.headers_also.iter().find(|name| holds(&rules.headers_ignore, name));
    if let Some(name) = both {
        headers.report_at("also", format!("`{name}` stands under `ignore` too; keep one of them"));
    }
    rules
}

fn holds(names: &[Listed<HeaderName>], name: &HeaderName) -> bool {
    names.iter().any(|listed| listed.rule == *name)
}

pub(super) fn rewrite(section: &Section<'_>) -> Rewrite {
    let remove = section.list::<Editable>("remove").into_iter().map(|Editable(name)| name);
    let mut set: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for named in section.named("set").unwrap_or_default() {
        let Some((name, value)) = set_header(section, &named) else { continue };
        if set.iter().any(|(other, _)| *other == name) {
            section.report_named(&named, "is set above already; keep one of them");
        }
        set.push((name, value));
    }
    let replace = section.sections("replace");
    Rewrite {
        remove: remove.collect(),
        set,
        replace: replace.iter().filter_map(replacement).collect(),
    }
}

fn set_header(section: &Section<'_>, named: &Named<'_>) -> Option<(HeaderName, HeaderValue)> {
    let name = Text { value: named.name.into(), written: named.name.into() };
    let value = section.read(named);
    match interpret(&name, &Shape::Text(&forms::HEADER)) {
        Ok(Editable(name)) => Some((name, value.map(|SetValue(value)| value)?)),
        Err(problem) => {
            section.report_named(named, problem);
            None
        }
    }
}

fn replacement(section: &Section<'_>) -> Option<Replace> {
    let With(with) = section.given("with")?;
    if section.has("header") {
        let Editable(name) = section.given("header")?;
        return Some(Replace::Header { name, with: section.given("with")? });
    }
    if section.has("query") {
        return Some(Replace::Query { name: section.given("query")?, with });
    }
    if section.has("path") {
        return Some(Replace::Path { find: section.given("path")?, with });
    }
    if section.has("json") {
        return Some(Replace::Json { at: section.given("json")?, with });
    }
    Some(Replace::Form { name: section.given("form")?, with })
}

/// A header that an edit may touch.
struct Editable(HeaderName);

/// Fields that belong to one connection (RFC 9110, section 7.6.1) or to the framing of one
/// message: the proxy itself writes them.
const NOT_EDITABLE: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Setting for Editable {
    fn read(text: &Text) -> Result<Self, Wrong> {
        let name = HeaderName::read(text)?;
        if NOT_EDITABLE.contains(&name.as_str()) {
            let because = "belongs to the connection or the framing, not to rules; remove it here";
            return Err(Wrong::Because(because.into()));
        }
        Ok(Self(name))
    }
}

/// A header's value that may hold `{session}`.
struct SetValue(HeaderValue);

impl Setting for SetValue {
    fn read(text: &Text) -> Result<Self, Wrong> {
        if let Some(word) = placeholders(&text.value).find(|word| *word != "session") {
            let because = format!("holds {{{word}}}, which nothing fills in; known is {{session}}");
            return Err(Wrong::Because(because));
        }
        HeaderValue::read(text).map(Self)
    }
}

/// The words that stand in braces.
fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    words.map(|(word, _)| word).filter(|word| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// What stands in place of a value: taken as it is written.
struct With(String);

impl Setting for With {
    fn read(text: &Text) -> Result<Self, Wrong> {
        if text.value.contains("{session}") {
            let because = "holds {session}, which is filled in under `set` only; write a text";
            return Err(Wrong::Because(because.into()));
        }
        String::read(text).map(Self)
    }
}
