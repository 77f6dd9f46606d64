//! What the report is about: service, version, session, times, filter, assertion.

use crate::model::SessionInfo;
use crate::report::Report;
use crate::report::clean::{clean, cut};
use crate::report::figures::{between, count, elapsed, when};
use crate::report::layout::{Labelled, WIDTH};
use crate::report::palette::{Palette, paint};
use anstyle::Style;

pub(super) fn push(out: &mut String, report: &Report<'_>, palette: &Palette) {
    out.push_str(&paint(palette.heading, &title(report.info)));
    out.push('\n');
    let mut line = |label: &str, text: String, style: Style| {
        let label = paint(palette.faint, &format!("  {label:<11}"));
        Labelled { label, label_width: 13, text: &text, style }.push_to(out);
    };
    line("session", clean(&report.info.id), Style::new());
    line("started", times(report.info), Style::new());
    if let Some(change) = change(report.info) {
        line("change", change, Style::new());
    }
    if let Some(filter) = filter(report) {
        line("showing", filter, palette.doubtful);
    }
    if let Some(assertion) = &report.info.assertion {
        line("asserted", asserted(assertion), palette.doubtful);
    }
}

fn title(info: &SessionInfo) -> String {
    let version = info.candidate_version.as_deref().map(clean);
    let candidate = version.map_or_else(String::new, |version| format!(", candidate {version}"));
    cut(&format!("{}{candidate}: shadow report", clean(&info.service)), WIDTH)
}

/// `2026-11-21 09:12:44 UTC, ended after 12m 5s`.
pub(in crate::report) fn times(info: &SessionInfo) -> String {
    let start = when(info.started_at);
    match info.ended_at {
        Some(end) => format!("{start}, ended after {}", elapsed(between(info.started_at, end))),
        None => format!("{start}, not ended"),
    }
}

/// `pull request 481, commit 9f3c2e1, by ada`.
pub(in crate::report) fn change(info: &SessionInfo) -> Option<String> {
    let parts =
        [("pull request", &info.pull_request), ("commit", &info.commit), ("by", &info.user)];
    let parts = parts
        .iter()
        .filter_map(|(word, value)| value.as_ref().map(|value| format!("{word} {}", clean(value))));
    let parts: Vec<_> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// What the filter shows, and how much it leaves out.
fn filter(report: &Report<'_>) -> Option<String> {
    let mut shown = Vec::new();
    if let Some(glob) = &report.filter.endpoint {
        shown.push(format!("only endpoints like {}", clean(&glob.to_string())));
    }
    if let Some(since) = report.filter.since {
        shown.push(format!("only findings seen since {}", when(since)));
    }
    if shown.is_empty() {
        return None;
    }
    let out = report.left_out;
    let left = format!(
        "{} and {} left out; the gate is over all",
        count(out.endpoints, "endpoint"),
        count(out.findings, "finding")
    );
    Some(format!("{}; {left}", shown.join(", ")))
}

fn asserted(assertion: &str) -> String {
    format!("writes were mirrored on your word: \"{}\"", clean(assertion))
}
