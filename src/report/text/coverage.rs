//! Where every request went, and what came of those that were compared.

use crate::base::{grouped, share};
use crate::model::{RuleName, RuleUse};
use crate::report::Report;
use crate::report::clean::clean;
use crate::report::layout::{Labelled, right};
use crate::report::ledger::{Row, rows};
use crate::report::palette::{Palette, paint};
use crate::report::renames::words;
use crate::report::view::odd_rules;
use std::collections::BTreeMap;

/// The ledger: every row but the first adds up to the first.
pub(super) fn push(out: &mut String, report: &Report<'_>, palette: &Palette) {
    let coverage = &report.coverage;
    out.push_str(&format!("\n{}  ", paint(palette.heading, "Coverage")));
    if coverage.chosen > 0 {
        let (part, chosen) = (share(coverage.compared, coverage.chosen), grouped(coverage.chosen));
        let text = format!("{part} of the {chosen} requests chosen for mirroring were compared");
        out.push_str(&text);
    } else {
        out.push_str("no request was chosen for mirroring");
    }
    out.push('\n');
    push_rows(out, &rows(&report.ledger), palette);
}

/// What came of the compared ones: the rows add up to the number in the title.
pub(super) fn push_answers(out: &mut String, report: &Report<'_>, palette: &Palette) {
    let totals = report.totals;
    let title = paint(palette.heading, "Answers");
    out.push_str(&format!("\n{title}  {} compared\n", grouped(totals.compared)));
    let row = |name, count| Row { name, count, note: share(count, totals.compared) };
    let mut diverged = row("diverged", totals.diverged);
    if totals.worse > 0 {
        let worse = grouped(totals.worse);
        diverged.note =
            format!("{}, in {worse} the candidate failed and the primary did not", diverged.note);
    }
    let rows = [
        row("equal", totals.equal),
        diverged,
        row("noise", totals.noise),
        row("expected", totals.expected),
    ];
    let rows: Vec<_> = rows.into_iter().filter(|row| row.count > 0).collect();
    push_rows(out, &rows, palette);
    if let Some(words) = words(&totals.renames) {
        let text = format!("identifiers that count as equal: {words}");
        let label = "  ".to_owned();
        Labelled { label, label_width: 2, text: &text, style: palette.faint }.push_to(out);
    }
}

/// The rules that matched nothing, and those that are broader than one field; nothing where all are
/// as they should be.
pub fn rules(rules: &BTreeMap<RuleName, RuleUse>, palette: &Palette) -> String {
    let rules = odd_rules(rules);
    if rules.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", paint(palette.heading, "Rules to look at"));
    for text in &rules {
        let label = "  ".to_owned();
        Labelled { label, label_width: 2, text, style: palette.doubtful }.push_to(&mut out);
    }
    out
}

/// What a bound kept out of the store.
pub(super) fn push_overflow(out: &mut String, report: &Report<'_>, palette: &Palette) {
    let over = report.overflow.iter().filter(|(_, count)| **count > 0);
    let words: Vec<_> =
        over.map(|(bound, count)| format!("{} {}", grouped(*count), clean(bound))).collect();
    if words.is_empty() {
        return;
    }
    out.push('\n');
    Labelled {
        label: format!("{}  ", paint(palette.heading, "Let go at a bound")),
        label_width: 19,
        text: &words.join(", "),
        style: palette.doubtful,
    }
    .push_to(out);
}

fn push_rows(out: &mut String, rows: &[Row], palette: &Palette) {
    let counts = rows.iter().map(|row| grouped(row.count).len()).max().unwrap_or(0);
    for row in rows {
        let label = format!("  {:<11}  {}  ", row.name, right(&grouped(row.count), counts));
        let label_width = label.len();
        let row = Labelled { label, label_width, text: &row.note, style: palette.faint };
        row.push_to(out);
    }
}
