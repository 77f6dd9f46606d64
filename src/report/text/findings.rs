//! The findings, by endpoint, each with one sample.

use crate::base::grouped;
use crate::model::{Finding, Sample, Status};
use crate::report::clean::{clean, cut, cut_pair, cut_start, width};
use crate::report::layout::{Labelled, WIDTH, left};
use crate::report::palette::{Palette, paint};
use crate::report::view::{by_endpoint, shown_value};
use crate::report::{Report, short};
use anstyle::Style;

/// More are counted, not listed.
const LISTED: usize = 100;

/// Columns of a short signature.
const SIGNATURE: usize = 12;

/// Of those that are told under another; more are counted.
const MEMBERS: usize = 8;

/// Where the kind begins: a margin and the longest severity.
const KIND: usize = 2 + 11 + 2;

pub(super) fn push(out: &mut String, report: &Report<'_>, palette: &Palette) {
    let listed: Vec<_> = report.items().take(LISTED).collect();
    let led: Vec<_> = listed.iter().map(|item| report.members(item)).collect();
    let title = paint(palette.heading, "Findings");
    if listed.is_empty() {
        out.push_str(&format!("\n{title}  {}\n", nothing(report)));
    } else {
        out.push_str(&format!("\n{title}  {}\n", report.severities()));
    }
    let all = || listed.iter().chain(led.iter().flat_map(|led| led.iter().take(MEMBERS)));
    let kinds = all().map(|finding| finding.kind.name().len()).max().unwrap_or(0);
    for (endpoint, group) in by_endpoint(listed.iter().copied()) {
        let endpoint = cut(&clean(endpoint), WIDTH);
        out.push_str(&format!("\n{}\n", paint(palette.name, &endpoint)));
        for finding in group {
            push_finding(out, finding, kinds, palette);
            push_members(out, &report.members(finding), kinds, palette);
        }
    }
    push_rest(out, report, listed.len() + led.iter().map(Vec::len).sum::<usize>(), palette);
}

/// What is read as one item with the finding above it, a line each.
fn push_members(out: &mut String, members: &[&Finding], kinds: usize, palette: &Palette) {
    for member in members.iter().take(MEMBERS) {
        let severity = left(member.severity.name(), KIND - 4);
        let severity = paint(palette.severity(member.severity), &severity);
        let kind = left(member.kind.name(), kinds);
        let place = format!("{}{}", mark(member), clean(&member.path));
        let count = format!("{}×", grouped(member.count));
        let room = WIDTH.saturating_sub(KIND + kinds + 2 + 2 + width(&count) + 2 + SIGNATURE);
        let place = left(&cut_start(&place, room), room);
        let signature = paint(palette.faint, &short(member.signature));
        out.push_str(&format!("+ {severity}  {kind}  {place}  {count}  {signature}\n"));
    }
    let more = members.len().saturating_sub(MEMBERS);
    if more > 0 {
        let text = format!("+ {more} more; `shadow show` names them");
        out.push_str(&format!("{}\n", paint(palette.faint, &text)));
    }
}

/// The findings that are behind nearly all that diverged.
pub(super) fn push_blame(out: &mut String, report: &Report<'_>, palette: &Palette) {
    let Some(text) = report.blamed() else { return };
    let label = format!("\n{}  ", paint(palette.heading, "Blame"));
    Labelled { label, label_width: 7, text: &text, style: Style::new() }.push_to(out);
}

/// Two lines: severity, kind, place and count; a sample and the signature.
fn push_finding(out: &mut String, finding: &Finding, kinds: usize, palette: &Palette) {
    let severity = left(finding.severity.name(), KIND - 4);
    let severity = paint(palette.severity(finding.severity), &severity);
    let kind = left(finding.kind.name(), kinds);
    let count = format!("{}×", grouped(finding.count));
    let (mark, place) = (mark(finding), clean(&finding.path));
    let room = WIDTH.saturating_sub(KIND + kinds + 2 + 2 + width(&count));
    if width(mark) + width(&place) <= room {
        let place = left(&format!("{mark}{place}"), room);
        out.push_str(&format!("  {severity}  {kind}  {place}  {count}\n"));
    } else {
        let blanks = left(mark, room);
        let place = cut_start(&place, WIDTH - KIND);
        out.push_str(&format!("  {severity}  {kind}  {blanks}  {count}\n"));
        out.push_str(&format!("{}{place}\n", left("", KIND)));
    }
    let signature = paint(palette.faint, &short(finding.signature));
    let room = WIDTH - KIND - 2 - SIGNATURE;
    let sample = finding.samples.values().next();
    let sample = sample.map_or_else(|| "(no sample was kept)".to_owned(), |one| pair(one, room));
    out.push_str(&format!("{}{}  {signature}\n", left("", KIND), left(&sample, room)));
}

fn mark(finding: &Finding) -> &'static str {
    if finding.status == Status::Bug { "[bug] " } else { "" }
}

/// `9.99 -> 10.99`, cut to the columns: a short side leaves its room to the long one.
fn pair(sample: &Sample, room: usize) -> String {
    const ARROW: &str = " -> ";
    let (primary, candidate) =
        (shown_value(sample.primary.as_deref()), shown_value(sample.candidate.as_deref()));
    let room = room - ARROW.len();
    if width(&primary) + width(&candidate) <= room {
        return format!("{primary}{ARROW}{candidate}");
    }
    let half = room / 2;
    let limit = half.max(room.saturating_sub(width(&primary).min(width(&candidate))));
    let (primary, candidate) = match (width(&primary) <= half, width(&candidate) <= half) {
        (false, false) => cut_pair(&primary, &candidate, half),
        _ => (cut(&primary, limit), cut(&candidate, limit)),
    };
    format!("{primary}{ARROW}{candidate}")
}

/// Why no finding is listed.
fn nothing(report: &Report<'_>) -> String {
    let (compared, diverged) = (report.totals.compared, report.totals.diverged);
    match (diverged, report.findings.len(), report.left_out.findings) {
        (_, 1.., _) => "none is open".to_owned(),
        (_, 0, 1..) => "none that the filter shows".to_owned(),
        (0, 0, 0) => format!("none; both answers agree in all {} compared", grouped(compared)),
        (_, 0, 0) => format!("none was kept of the {} that diverged", grouped(diverged)),
    }
}

/// What the signs mean, what is not listed above, and where it is.
fn push_rest(out: &mut String, report: &Report<'_>, listed: usize, palette: &Palette) {
    if report.items().count() < report.unexplained().count() {
        let text = "+ is found together with the one above: most likely one cause";
        out.push_str(&format!("\n{}\n", paint(palette.faint, text)));
    }
    if let Some(rest) = report.not_listed(listed) {
        let text = format!("Not listed: {rest}; `--format json` has them");
        out.push_str(&format!("\n{}\n", paint(palette.faint, &text)));
    }
}
