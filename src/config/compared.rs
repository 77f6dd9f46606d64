//! The rules of `compare` that say how a place is compared, each with where the file has it.
//!
//! Main types: [`Listed`] and [`Origin`], and one struct for each list.
//!
//! This module never compares anything.

use crate::config::parts::Identifiers;
use crate::config::section::Section;
use crate::model::Pattern;
use crate::syntax::json::Nearness;
use regex::Regex;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

/// A rule and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    pub rule: T,
    pub origin: Origin,
}

/// A place in the config file.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Dotted: `routes[1].compare.ignore[0]`.
    pub key: String,
    pub line: usize,
}

/// How numbers at a place are compared, in strings too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberRule {
    pub path: Pattern,
    pub nearness: Nearness,
}

/// How far times may lie apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeRule {
    /// Absent: wherever both sides have a time that is written as one. At a path, whole numbers
    /// are times since 1970 too.
    pub path: Option<Pattern>,
    pub within: Duration,
}

/// What is replaced in both sides' strings before they are compared.
#[derive(Clone, Debug)]
pub struct Normaliser {
    pub path: Pattern,
    pub find: Regex,
    /// `$1` stands for what the first group found.
    pub with: String,
}

/// A host that the candidate has another name for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRule {
    pub primary: String,
    pub candidate: String,
}

/// How the elements of an array are paired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayRule {
    pub path: Pattern,
    pub pairing: Pairing,
    /// Whether it matters that an element stands elsewhere.
    pub ordered: bool,
}

/// Which element of one array belongs to which of the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// What names the elements is found out; where nothing does, they are aligned.
    Auto,
    /// Those at one place.
    Index,
    /// Aligned as a sequence.
    Lcs,
    /// Each counts once, wherever it stands.
    Set,
    /// Each counts as often as it is there, wherever it stands.
    Multiset,
    /// Those that hold the same under all of these fields.
    Keyed(Vec<String>),
}

pub(super) fn arrays(section: &Section<'_>) -> Vec<Listed<ArrayRule>> {
    listed(section, "arrays", |section| {
        let (path, pairing) = (section.given("path"), pairing(section));
        let ordered = section.value("ordered");
        Some(ArrayRule { path: path?, pairing: pairing?, ordered })
    })
}

fn pairing(section: &Section<'_>) -> Option<Pairing> {
    let keys: Vec<String> = section.texts("key");
    let word = section.given::<String>("as").and_then(|word| match word.as_str() {
        "auto" => Some(Pairing::Auto),
        "index" => Some(Pairing::Index),
        "lcs" => Some(Pairing::Lcs),
        "set" => Some(Pairing::Set),
        "multiset" => Some(Pairing::Multiset),
        _ => None,
    });
    word.or_else(|| (!keys.is_empty()).then_some(Pairing::Keyed(keys)))
}

pub(super) fn numbers(section: &Section<'_>) -> Vec<Listed<NumberRule>> {
    listed(section, "numbers", |section| {
        let nearness = nearness(section);
        Some(NumberRule { path: section.given("path")?, nearness: nearness? })
    })
}

fn nearness(section: &Section<'_>) -> Option<Nearness> {
    let exact = section.given::<String>("as").and_then(|word| match word.as_str() {
        "decimal" => Some(Nearness::Decimal),
        "ieee754" => Some(Nearness::Ieee754),
        "lexical" => Some(Nearness::Lexical),
        _ => None,
    });
    let all = [
        exact,
        section.given("abs").map(Nearness::Abs),
        section.given("rel").map(Nearness::Rel),
        section.given("ulp").map(Nearness::Ulp),
        section.given("round").map(Nearness::Round),
    ];
    all.into_iter().flatten().next()
}

/// One section holds everywhere; several hold where their paths lead.
pub(super) fn times(section: &Section<'_>) -> Vec<Listed<TimeRule>> {
    listed(section, "times", |section| {
        let path = section.given("path");
        Some(TimeRule { path, within: section.given("within")? })
    })
}

pub(super) fn normalisers(section: &Section<'_>) -> Vec<Listed<Normaliser>> {
    listed(section, "normalise", |section| {
        let (path, find) = (section.given("path"), section.given("find"));
        let with = section.given("with");
        Some(Normaliser { path: path?, find: find?, with: with.unwrap_or_default() })
    })
}

pub(super) fn hosts(section: &Section<'_>) -> Vec<Listed<HostRule>> {
    let named = section.named("hosts").unwrap_or_default().into_iter();
    let host = |text: &str| {
        let plain = |char: char| !char.is_whitespace() && !"/?#@".contains(char);
        !text.is_empty() && text.chars().all(plain)
    };
    let rules = named.filter_map(|named| {
        if !host(named.name) {
            let wrong = "is not a host; write NAME or NAME:PORT, without a scheme or a path";
            section.report_named(&named, format!("`{}` {wrong}", named.name));
            return None;
        }
        let candidate: String = section.read_as("hosts", &named)?;
        let rule = HostRule {
            primary: named.name.to_ascii_lowercase(),
            candidate: candidate.to_ascii_lowercase(),
        };
        Some(Listed { rule, origin: named.spot.into() })
    });
    rules.collect()
}

pub(super) fn identifiers(section: &Section<'_>) -> Option<Identifiers> {
    section.given("rename").map(|rename| match rename {
        true => Identifiers::Renamed,
        false => Identifiers::Exact,
    })
}

/// The rules that a list of sections says.
fn listed<'a, T>(
    section: &Section<'a>,
    name: &str,
    read: impl Fn(&Section<'a>) -> Option<T>,
) -> Vec<Listed<T>> {
    let sections = section.sections(name);
    let rule =
        |section: &Section<'a>| Some(Listed { rule: read(section)?, origin: section.origin() });
    sections.iter().filter_map(rule).collect()
}

impl Normaliser {
    fn key(&self) -> (&Pattern, &str, &str) {
        (&self.path, self.find.as_str(), &self.with)
    }
}

impl PartialEq for Normaliser {
    fn eq(&self, other: &Self) -> bool {
        // A compiled expression is equal when its text is.
        self.key() == other.key()
    }
}

impl Eq for Normaliser {}

/// A rule that stands in no file.
impl<T> From<T> for Listed<T> {
    fn from(rule: T) -> Self {
        Self { rule, origin: Origin::default() }
    }
}

impl<T> Deref for Listed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.rule
    }
}

impl<T: fmt::Display> fmt::Display for Listed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(f)
    }
}
