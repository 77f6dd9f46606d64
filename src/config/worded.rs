//! The rules of `compare` in words, for `shadow check`.
//!
//! This module never prints a value that came from a variable: no rule holds a secret.

use crate::base::show_duration;
use crate::config::compared::{HostRule, Listed, Normaliser, NumberRule, TimeRule};
use crate::config::describe::{beyond, list, named};
use crate::config::parts::{Compare, Identifiers};
use crate::model::Pattern;
use std::fmt::Display;

/// What is compared beside the usual, or in another way.
pub(super) fn compared(compare: &Compare) -> Vec<String> {
    let mut lines = named([
        ("also the headers", list(&compare.headers_also)),
        ("of bodies only", list(&compare.only)),
    ]);
    lines.extend(compare.numbers.iter().map(|rule| {
        let NumberRule { path, nearness } = &rule.rule;
        format!("numbers at {path} {nearness}")
    }));
    lines.extend(compare.times.iter().map(|rule| {
        let TimeRule { path, within } = &rule.rule;
        let at: String = path.iter().map(|path| format!(" at {path}")).collect();
        format!("times{at} within {}", show_duration(*within))
    }));
    lines.extend(compare.normalise.iter().map(|rule| {
        let Normaliser { path, find, with } = &rule.rule;
        format!("text at {path} with `{find}` replaced by `{with}`")
    }));
    lines.extend(compare.hosts.iter().map(|rule| {
        let HostRule { primary, candidate } = &rule.rule;
        format!("host {primary} is the candidate's {candidate}")
    }));
    if let Some(identifiers) = compare.identifiers {
        lines.push(named_identifiers(identifiers).to_owned());
    }
    lines
}

fn named_identifiers(identifiers: Identifiers) -> &'static str {
    match identifiers {
        Identifiers::Renamed => "identifiers up to renaming",
        Identifiers::Exact => "identifiers as any other value",
    }
}

/// What may differ.
pub(super) fn ignored(compare: &Compare) -> Vec<String> {
    named([
        ("values, within their class", list(&compare.ignore)),
        ("null for missing", list(&compare.null_equals_missing)),
        ("headers", list(&compare.headers_ignore)),
    ])
}

/// The rules that excuse something and may, by their form, reach more than one field.
pub(super) fn broad(compare: &Compare) -> Vec<String> {
    let Compare { ignore, numbers, times, normalise, null_equals_missing, .. } = compare;
    let mut lines = Vec::new();
    lines.extend(ignore.iter().filter_map(|rule| said(rule, &rule.rule)));
    lines.extend(numbers.iter().filter_map(|rule| said(rule, &rule.path)));
    lines.extend(times.iter().filter_map(|rule| said(rule, rule.path.as_ref()?)));
    lines.extend(normalise.iter().filter_map(|rule| said(rule, &rule.path)));
    lines.extend(null_equals_missing.iter().filter_map(|rule| said(rule, &rule.rule)));
    lines
}

fn said<T>(rule: &Listed<T>, path: &Pattern) -> Option<String> {
    let text =
        |path: &dyn Display| format!("{} {path} may reach more than one field", rule.origin.key);
    path.is_broad().then(|| text(path))
}

/// A route's rules without the general ones.
pub(super) fn own(route: &Compare, general: &Compare) -> Compare {
    Compare {
        ignore: beyond(route.ignore.clone(), &general.ignore),
        only: beyond(route.only.clone(), &general.only),
        numbers: beyond(route.numbers.clone(), &general.numbers),
        times: beyond(route.times.clone(), &general.times),
        normalise: beyond(route.normalise.clone(), &general.normalise),
        hosts: beyond(route.hosts.clone(), &general.hosts),
        null_equals_missing: beyond(
            route.null_equals_missing.clone(),
            &general.null_equals_missing,
        ),
        identifiers: route.identifiers.filter(|_| route.identifiers != general.identifiers),
        headers_also: beyond(route.headers_also.clone(), &general.headers_also),
        headers_ignore: beyond(route.headers_ignore.clone(), &general.headers_ignore),
    }
}
