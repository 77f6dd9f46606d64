//! The rules of `compare` in words, for `shadow check`.
//!
//! This module never prints a value that came from a variable: no rule holds a secret.

use crate::base::show_duration;
use crate::config::compared::{
    ArrayRule, HostRule, Listed, Normaliser, NumberRule, Pairing, TimeRule,
};
use crate::config::describe::{beyond, list, named};
use crate::config::parts::{Compare, Identifiers, Protobuf};
use crate::model::Pattern;
use std::fmt::Display;

/// What is compared beside the usual, or in another way.
pub(super) fn compared(compare: &Compare) -> Vec<String> {
    let mut lines = named([
        ("also the headers", list(&compare.headers_also)),
        ("of bodies only", list(&compare.only)),
    ]);
    lines.extend(compare.arrays.iter().map(|rule| array(&rule.rule)));
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
    let Protobuf { schema, message } = &compare.protobuf;
    lines.extend(schema.as_ref().map(|schema| {
        let types = schema.size();
        let named = message.as_ref().map(|name| format!("protobuf as {name}"));
        named.unwrap_or_else(|| format!("protobuf by the {types} message types of its descriptors"))
    }));
    lines.extend(compare.identifiers.map(|identifiers| named_identifiers(identifiers).to_owned()));
    lines
}

fn array(ArrayRule { path, pairing, ordered }: &ArrayRule) -> String {
    let how = match pairing {
        Pairing::Auto => "as it is found out".to_owned(),
        Pairing::Index => "by index".to_owned(),
        Pairing::Lcs => "as a sequence".to_owned(),
        Pairing::Set => "as a set".to_owned(),
        Pairing::Multiset => "as a multiset".to_owned(),
        Pairing::Keyed(fields) => format!("by {}", fields.join(" and ")),
    };
    let order = if *ordered { ", in their order" } else { "" };
    format!("elements of {path} {how}{order}")
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
    let Compare { ignore, arrays, numbers, times, normalise, null_equals_missing, .. } = compare;
    let mut lines = Vec::new();
    lines.extend(ignore.iter().filter_map(|rule| said(rule, &rule.rule)));
    let any_order =
        |rule: &&Listed<ArrayRule>| matches!(rule.pairing, Pairing::Set | Pairing::Multiset);
    lines.extend(arrays.iter().filter(any_order).filter_map(|rule| said(rule, &rule.path)));
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
        arrays: beyond(route.arrays.clone(), &general.arrays),
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
        protobuf: match route.protobuf == general.protobuf {
            true => Protobuf::default(),
            false => route.protobuf.clone(),
        },
    }
}
