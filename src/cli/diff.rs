//! `shadow diff`: compares two saved responses with the same engine and rules.

use crate::base::Chain;
use crate::cli::args::{Diff, DiffFormat, Global};
use crate::cli::output::Output;
use crate::cli::{Exit, Failure, saved, source};
use crate::compare::{
    Comparison, Decoded, Rules, Types, Undecodable, Unpatchable, Uses, compare, patch, selected,
};
use crate::config::Compare;
use crate::model::{Outcome, Severity};
use crate::report::{difference, difference_json};
use std::collections::HashSet;
use std::path::Path;

pub(super) fn diff(global: &Global, args: &Diff) -> Result<Exit, Failure> {
    let rules = rules(global, args.message.as_deref())?;
    let types = types(&rules, args)?;
    let [primary, candidate] = saved::read(args)?.map(Outcome::Reply);
    let decoded = Decoded::typed(&primary, &candidate, types);
    let comparison = compare(&primary, &candidate, &decoded, &rules);
    let idle = idle(&rules, [&primary, &candidate], types, &comparison);
    let output = Output::new(global.color);
    let palette = output.palette();
    output.data(&match args.format {
        DiffFormat::Text => difference(&comparison, &idle, &palette),
        DiffFormat::Json => difference_json(&comparison, &idle),
        DiffFormat::Patch => patched(args, &decoded)?,
    })?;
    let counts = |severity: Severity| severity != Severity::Info;
    let differs = comparison.divergences.iter().any(|divergence| counts(divergence.severity));
    Ok(if differs { Exit::Failed } else { Exit::Done })
}

/// The rules that select nothing in either answer: a misspelt path shows so.
fn idle(
    rules: &Rules,
    sides: [&Outcome; 2],
    types: Types<'_>,
    found: &Comparison<'_>,
) -> Vec<String> {
    let [x, y] = sides.map(|side| selected(side, types, rules));
    let uses = [&found.uses, &x, &y].into_iter().flat_map(Uses::iter);
    let used: HashSet<_> = uses.map(|used| used.rule).collect();
    let names = rules.names().iter().enumerate();
    let idle = names.filter(|(rule, _)| !used.contains(rule));
    idle.map(|(_, name)| format!("{} (line {}) {}", name.origin.key, name.origin.line, name.text))
        .collect()
}

/// The patch from the one body to the other, both without their encodings.
fn patched(args: &Diff, decoded: &Decoded) -> Result<String, Failure> {
    let body = |path: &Path, body: Option<Result<_, Undecodable>>| match body {
        Some(Ok(body)) => Ok(body),
        Some(Err(error)) => Err(Failure::usage(format!("{}: {error}", path.display()))),
        None => Ok(&[][..]),
    };
    let x = body(&args.primary, decoded.primary())?;
    let y = body(&args.candidate, decoded.candidate())?;
    patch(x, y).map_err(|error| {
        let path = match error {
            Unpatchable::First(_) => &args.primary,
            Unpatchable::Second(_) => &args.candidate,
        };
        let error = Chain(&error);
        Failure::usage(format!("no patch: {error} ({}); take another --format", path.display()))
    })
}

/// The rules of the config where there is one, else the built-in ones; protobuf is of this type.
fn rules(global: &Global, message: Option<&str>) -> Result<Rules, Failure> {
    let mut compare = match global.config.exists() {
        true => source::config(global)?.compare,
        false => Compare::default(),
    };
    if let Some(name) = message {
        let schema = compare.protobuf.schema.as_ref();
        if schema.and_then(|schema| schema.message(name)).is_none() {
            return Err(unknown("message", name));
        }
        compare.protobuf.message = Some(name.to_owned());
    }
    Ok(Rules::new(&compare))
}

/// The types of protobuf bodies: those that the method answers with, where one is named.
fn types<'r>(rules: &'r Rules, args: &Diff) -> Result<Types<'r>, Failure> {
    let Some(method) = &args.method else { return Ok(rules.types("")) };
    let types = rules.types(method);
    if types.is_answer() { Ok(types) } else { Err(unknown("method", method)) }
}

fn unknown(what: &str, name: &str) -> Failure {
    Failure::usage(format!(
        "the {what} `{name}` is in no descriptors; name a file that has it in the config, in \
         compare.protobuf.descriptors"
    ))
}
