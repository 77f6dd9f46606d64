//! The config's part, compiled.

use super::hosts::Hosts;
use super::places::{Effect, Places};
use super::types::Types;
use crate::config::{self, Identifiers, Listed, Origin, Protobuf};
use crate::model::Pattern;
use http::HeaderName;
use std::fmt::Display;

/// What is compared, and how strictly. Made once, shared by all comparisons.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// What holds at places of a body.
    pub(super) places: Places,
    pub(super) hosts: Hosts,
    identifiers: Identifiers,
    /// Headers with the numbers of their rules.
    also: Vec<(HeaderName, usize)>,
    without: Vec<(HeaderName, usize)>,
    names: Vec<Name>,
    protobuf: Protobuf,
}

/// What a rule is called in reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Where it stands in the config.
    pub origin: Origin,
    /// Its path, header or host.
    pub text: String,
}

/// How a header field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Not at all.
    Skip,
    /// Line by line, in order.
    Lines,
    /// Element by element, in order, however they are spread over lines.
    List,
    /// As a set of comma-separated words, their case ignored.
    Words,
    /// As a media type.
    Media,
    /// Cookie by cookie: name, attributes, and the class of the value.
    Cookies,
    /// Presence and class.
    ByClass,
    /// With the trailers: gRPC sends its status as a header where there is no message.
    Grpc,
}

impl Rules {
    /// Compiles the checked config.
    pub fn new(config: &config::Compare) -> Self {
        let mut rules = Self { protobuf: config.protobuf.clone(), ..Self::default() };
        let paths = |listed: &[Listed<Pattern>]| listed.to_vec();
        for rule in paths(&config.ignore) {
            rules.place(&rule, Some(&rule.rule), Effect::Ignore);
        }
        for rule in paths(&config.only) {
            rules.place(&rule, Some(&rule.rule), Effect::Only);
        }
        for rule in paths(&config.null_equals_missing) {
            rules.place(&rule, Some(&rule.rule), Effect::NullIsMissing);
        }
        for rule in &config.arrays {
            rules.place(rule, Some(&rule.path), Effect::Array(rule.rule.clone()));
        }
        for rule in &config.numbers {
            rules.place(rule, Some(&rule.path), Effect::Number(rule.nearness));
        }
        for rule in &config.times {
            rules.place(rule, rule.path.as_ref(), Effect::Time(rule.within.as_nanos()));
        }
        for rule in &config.normalise {
            let (find, with) = (rule.find.clone(), rule.with.clone());
            rules.place(rule, Some(&rule.path), Effect::Replace { find, with });
        }
        rules.hosts = Hosts::new(&config.hosts, rules.names.len());
        for rule in &config.hosts {
            rules.name(rule, &rule.primary);
        }
        rules.identifiers = config.identifiers.unwrap_or_default();
        rules.also = rules.headers(&config.headers_also);
        rules.without = rules.headers(&config.headers_ignore);
        rules
    }

    /// Under which the claims of a token are compared.
    pub(super) fn of_claims(within: u128) -> Self {
        let (places, identifiers) = (Places::of_claims(within), Identifiers::Exact);
        Self { places, identifiers, ..Self::default() }
    }

    /// Whether identifiers may have other names on the candidate's side.
    pub(super) fn renames(&self) -> bool {
        self.identifiers == Identifiers::Renamed
    }

    /// Of which types the protobuf bodies are that answer requests for this path.
    pub fn types(&self, path: &str) -> Types<'_> {
        Types::new(&self.protobuf, path)
    }

    /// What each rule is called; [`Use::rule`](super::Use::rule) is a place in this list.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    fn place<T>(&mut self, rule: &Listed<T>, path: Option<&Pattern>, effect: Effect) {
        let text = path.map_or("$..*", Pattern::as_str);
        let number = self.name(rule, &text);
        self.places.add(number, path.cloned(), effect);
    }

    fn headers(&mut self, listed: &[Listed<HeaderName>]) -> Vec<(HeaderName, usize)> {
        let numbered = |rule: &Listed<HeaderName>| (rule.rule.clone(), self.name(rule, &rule.rule));
        listed.iter().map(numbered).collect()
    }

    /// Notes what a rule is called, and gives its number.
    fn name<T>(&mut self, rule: &Listed<T>, text: &dyn Display) -> usize {
        self.names.push(Name { origin: rule.origin.clone(), text: text.to_string() });
        self.names.len() - 1
    }

    /// The headers that rules name, each with the number of its rule.
    pub(super) fn named_headers(&self) -> impl Iterator<Item = (&HeaderName, usize)> {
        self.without.iter().chain(&self.also).map(|(name, rule)| (name, *rule))
    }

    /// The rule that names a header.
    pub(super) fn header_rule(&self, name: &HeaderName) -> Option<usize> {
        let mut rules = self.without.iter().chain(&self.also);
        rules.find(|(other, _)| other == name).map(|(_, rule)| *rule)
    }

    /// How a header is compared: the default set, what the config adds, less what it takes away.
    pub(super) fn header(&self, name: &HeaderName) -> Treatment {
        if has(&self.without, name) {
            return Treatment::Skip;
        }
        match name.as_str() {
            "content-type" => Treatment::Media,
            "set-cookie" => Treatment::Cookies,
            "etag" if !has(&self.also, name) => Treatment::ByClass,
            "location" | "retry-after" => Treatment::Lines,
            "www-authenticate" | "link" => Treatment::List,
            "cache-control" | "vary" => Treatment::Words,
            "grpc-status" | "grpc-message" | "grpc-status-details-bin" => Treatment::Grpc,
            word if word.starts_with("access-control-") => Treatment::Words,
            "allow" if has(&self.also, name) => Treatment::Words,
            _ if has(&self.also, name) => Treatment::Lines,
            _ => Treatment::Skip,
        }
    }

    /// How a trailer is compared: all are, but for those that differ between any two answers.
    pub(super) fn trailer(&self, name: &HeaderName) -> Treatment {
        let varies = matches!(
            name.as_str(),
            "date" | "age" | "server" | "via" | "x-request-id" | "traceparent" | "server-timing"
        );
        let skipped = has(&self.without, name) || (varies && !has(&self.also, name));
        if skipped { Treatment::Skip } else { Treatment::Lines }
    }
}

fn has(names: &[(HeaderName, usize)], name: &HeaderName) -> bool {
    names.iter().any(|(other, _)| other == name)
}
