//! The table of endpoints.

use crate::base::grouped;
use crate::report::Report;
use crate::report::clean::{clean, cut};
use crate::report::figures::latency;
use crate::report::layout::{Table, WIDTH, left, right};
use crate::report::palette::{Palette, paint};
use anstyle::Style;

/// More are counted, not listed.
const LISTED: usize = 40;

pub(super) fn push(out: &mut String, report: &Report<'_>, palette: &Palette) {
    let endpoints = report.worst_endpoints();
    out.push_str(&format!(
        "\n{}  {}\n",
        paint(palette.heading, "Endpoints"),
        paint(palette.faint, "primary and candidate: the 95th percentile of their latency")
    ));
    let mut table =
        Table::new(&["", "seen", "compared", "equal", "diverged", "primary", "candidate"]);
    for (name, stats) in endpoints.iter().take(LISTED) {
        let count = |number: u64, style: Style| match number {
            0 => ("-".to_owned(), palette.faint),
            some => (grouped(some), style),
        };
        let plain = Style::new();
        table.row(
            clean(name),
            vec![
                count(stats.ledger.seen, plain),
                count(stats.ledger.compared, plain),
                count(stats.equal, plain),
                count(stats.diverged, palette.bad),
                (latency(stats.primary.quantile(0.95)), plain),
                (latency(stats.candidate.quantile(0.95)), plain),
            ],
        );
    }
    table.push_to(out, palette);
    let more = endpoints.len().saturating_sub(LISTED);
    if more > 0 {
        let text = format!("  … and {more} more; `--endpoint GLOB` or `--format json` has them\n");
        out.push_str(&paint(palette.faint, &text));
    }
    push_slower(out, report, palette);
}

/// Endpoints whose latency is a finding by itself.
fn push_slower(out: &mut String, report: &Report<'_>, palette: &Palette) {
    let slower = report.slower();
    if slower.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", paint(palette.heading, "Slower")));
    for (name, primary, candidate) in slower.iter().take(LISTED) {
        let times = format!("{} -> {}", latency(*primary), latency(*candidate));
        let name = left(&cut(&clean(name), WIDTH - 24), WIDTH - 24);
        out.push_str(&format!("  {name}{}\n", paint(palette.doubtful, &right(&times, 22))));
    }
}
