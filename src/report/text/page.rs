//! The order of a report's sections, and the step that comes after reading it.

use crate::report::layout::Labelled;
use crate::report::palette::{Palette, paint};
use crate::report::text::{coverage, endpoints, findings, head, verdict};
use crate::report::{Report, hint};
use crate::verdict::GateResult;

/// The whole report, its last line ended.
pub fn render(report: &Report<'_>, palette: &Palette) -> String {
    let mut out = String::new();
    head::push(&mut out, report, palette);
    if report.ledger.seen > 0 {
        coverage::push(&mut out, report, palette);
    }
    if report.totals.compared > 0 {
        coverage::push_answers(&mut out, report, palette);
        endpoints::push(&mut out, report, palette);
        findings::push(&mut out, report, palette);
        findings::push_blame(&mut out, report, palette);
        out.push_str(&coverage::rules(report.rules, palette));
    }
    coverage::push_overflow(&mut out, report, palette);
    out.push('\n');
    verdict::push(&mut out, report.gate, palette);
    out.push('\n');
    Labelled {
        label: paint(palette.heading, "Next: "),
        label_width: 6,
        text: &hint::next(report),
        style: palette.name,
    }
    .push_to(&mut out);
    out
}

/// The verdict with each check's reason, for `shadow gate`.
pub fn gate(result: &GateResult, palette: &Palette) -> String {
    let mut out = String::new();
    verdict::push(&mut out, result, palette);
    out
}
