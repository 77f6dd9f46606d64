//! The gate's verdict, each check with its reason.

use crate::report::clean::clean;
use crate::report::layout::Labelled;
use crate::report::palette::{Palette, paint};
use crate::verdict::{Check, GateResult};
use anstyle::Style;

pub(super) fn push(out: &mut String, result: &GateResult, palette: &Palette) {
    let verdict = paint(palette.verdict(result.verdict), result.verdict.name());
    out.push_str(&format!("{}  {verdict}\n", paint(palette.heading, "Gate")));
    for check in &result.checks {
        push_check(out, check, palette);
    }
}

fn push_check(out: &mut String, check: &Check, palette: &Palette) {
    let verdict = paint(palette.verdict(check.verdict), &format!("{:<12}", check.verdict));
    let text = match &check.endpoint {
        Some(endpoint) => clean(&format!("{endpoint}: {}", check.reason)),
        None => clean(&check.reason),
    };
    let label = format!("  {verdict}  {:<10}  ", check.name);
    Labelled { label, label_width: 28, text: &text, style: Style::new() }.push_to(out);
}
