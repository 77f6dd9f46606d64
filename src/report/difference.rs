//! What differs between two saved answers: `shadow diff`.

use crate::base::grouped;
use crate::compare::Comparison;
use crate::model::{Divergence, Renames, Severity};
use crate::report::clean::{clean, cut, cut_pair};
use crate::report::figures::count;
use crate::report::layout::{WIDTH, left};
use crate::report::palette::{Palette, paint};
use crate::report::renames::words;
use serde_json::{Value, json};

/// Columns of the indent before a pair of values.
const INDENT: usize = 4;

/// A line for each difference with its place, and the two values under it; then what else is to be
/// known, with the rules that matched nothing.
pub fn difference(found: &Comparison<'_>, idle: &[String], palette: &Palette) -> String {
    let Comparison { divergences, total, .. } = found;
    let notes = notes(found, idle, palette);
    if found.is_equal() {
        return format!("No difference.\n{notes}");
    }
    let mut out = String::new();
    for divergence in divergences {
        let severity = left(divergence.severity.name(), 12);
        let severity = paint(palette.severity(divergence.severity), &severity);
        let times = times(divergence.count);
        let room = WIDTH - 32 - times.chars().count();
        let place = paint(palette.name, &cut(&clean(&place(divergence)), room));
        let kind = left(divergence.kind.name(), 20);
        out.push_str(&format!("{severity}{kind}{place}{times}\n"));
        let (primary, candidate) = (shown(divergence.primary), shown(divergence.candidate));
        let (primary, candidate) = cut_pair(&primary, &candidate, WIDTH - INDENT - 4);
        let (primary, candidate) = (paint(palette.bad, &primary), paint(palette.good, &candidate));
        out.push_str(&format!("{}{primary} -> {candidate}\n", " ".repeat(INDENT)));
    }
    out.push_str(&format!("\n{}\n{notes}", totals(divergences, *total)));
    out
}

/// How many like it a difference stands for, where it is not one.
fn times(count: u64) -> String {
    if count > 1 { format!("  {}×", grouped(count)) } else { String::new() }
}

/// A sentence a line.
fn notes(found: &Comparison<'_>, idle: &[String], palette: &Palette) -> String {
    let names = words(&found.names.total);
    let names = names.map(|words| format!("Identifiers that count as equal: {words}."));
    let beyond = (found.names.beyond > 0).then(|| {
        let values = grouped(found.names.beyond);
        format!("Too much differs to know all identifiers: {values} compared as they are.")
    });
    let idle = idle.iter().map(|rule| format!("Matched nothing: {}.", clean(rule)));
    let notes = names.into_iter().chain(beyond).chain(idle);
    notes.map(|note| format!("{}\n", paint(palette.faint, &note))).collect()
}

fn totals(divergences: &[Divergence<'_>], total: u64) -> String {
    let of = |severity: Severity| {
        divergences.iter().filter(|divergence| divergence.severity == severity).count()
    };
    let words: Vec<_> = Severity::ALL
        .iter()
        .filter(|severity| of(**severity) > 0)
        .map(|severity| format!("{} {severity}", of(*severity)))
        .collect();
    let shown = divergences.len();
    let all = usize::try_from(total).unwrap_or(usize::MAX);
    let hidden = match all.saturating_sub(shown) {
        0 => String::new(),
        more => format!(", and {more} more that are not listed"),
    };
    format!("{}: {}{hidden}", count(all, "difference"), words.join(", "))
}

/// The exact place where there is one, so that it can be looked up; the pattern elsewhere.
fn place(divergence: &Divergence<'_>) -> String {
    match divergence.place.pointer() {
        pointer if pointer.is_empty() => divergence.place.pattern(),
        pointer => pointer,
    }
}

fn shown(value: Option<&[u8]>) -> String {
    value.map_or_else(|| "(absent)".to_owned(), |value| clean(&String::from_utf8_lossy(value)))
}

/// The same for programs.
pub fn difference_json(found: &Comparison<'_>, idle: &[String]) -> String {
    let side =
        |value: Option<&[u8]>| value.map(|value| String::from_utf8_lossy(value).into_owned());
    let each = |divergence: &Divergence<'_>| -> Value {
        json!({
            "kind": divergence.kind.name(),
            "severity": divergence.severity.name(),
            "path": divergence.place.pattern(),
            "pointer": divergence.place.pointer(),
            "primary": side(divergence.primary),
            "candidate": side(divergence.candidate),
            "count": divergence.count,
        })
    };
    let differences: Vec<_> = found.divergences.iter().map(each).collect();
    let all = json!({
        "equal": found.is_equal(),
        "total": found.total,
        "differences": differences,
        "renames": renames_json(found),
        "not_renamed": found.names.beyond,
        "idle_rules": idle,
    });
    format!("{all:#}\n")
}

/// Values that count as equal for being identifiers with other names, by the pattern of their
/// place.
fn renames_json(found: &Comparison<'_>) -> Value {
    let one = |renames: &Renames| {
        let Renames { renamed, opaque, offset, by } = renames;
        json!({ "renamed": renamed, "opaque": opaque, "offset": offset, "by": by })
    };
    let places = found.names.places().map(|(place, renames)| (place.pattern(), one(renames)));
    Value::Object(places.collect())
}
