//! The report for a pull request's comment: a short summary, the details folded.
//!
//! What came from traffic or from a user stands in code spans and fences only, where markdown
//! knows no links, mentions, HTML or emphasis.

use crate::base::{grouped, share};
use crate::model::{Finding, Status};
use crate::report::clean::{clean, cut, cut_pair, cut_start};
use crate::report::figures::{count, latency};
use crate::report::ledger::rows;
use crate::report::renames::words;
use crate::report::text::{change, times};
use crate::report::view::{by_endpoint, odd_rules, short, shown_value};
use crate::report::{Report, hint};
use crate::verdict::{Check, Verdict};

/// A comment may hold 65,536 characters; beyond this, nothing more is listed.
const BUDGET: usize = 50_000;

/// The longest name, place or value, in columns.
const NAME: usize = 100;
const VALUE: usize = 60;

/// The whole comment, its last line ended.
pub fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    push_summary(&mut out, report);
    push_gate(&mut out, report);
    if report.unexplained().next().is_some() {
        push_findings(&mut out, report);
    }
    if !report.endpoints.is_empty() {
        push_endpoints(&mut out, report);
        push_ledger(&mut out, report);
        push_rules(&mut out, report);
    }
    push_foot(&mut out, report);
    out
}

fn push_summary(out: &mut String, report: &Report<'_>) {
    let verdict = report.gate.verdict;
    let service = code(&report.info.service, NAME);
    let version = report.info.candidate_version.as_ref();
    let candidate =
        version.map_or_else(String::new, |text| format!(", candidate {}", code(text, NAME)));
    out.push_str(&format!(
        "### {} Shadow gate: {verdict} for {service}{candidate}\n\n",
        sign(verdict)
    ));
    out.push_str(&summary(report));
    out.push_str("\n\n");
    if let Some(assertion) = &report.info.assertion {
        let assertion = code(assertion, 400);
        out.push_str(&format!(
            "> **Asserted:** writes were mirrored on your word: {assertion}\n\n"
        ));
    }
    if let Some(filter) = filter(report) {
        out.push_str(&format!("> **Filtered:** {filter}\n\n"));
    }
}

/// One sentence or two for a reader who reads no further.
fn summary(report: &Report<'_>) -> String {
    let totals = report.totals;
    if totals.compared == 0 {
        return "Nothing was compared.".to_owned();
    }
    let compared = grouped(totals.compared);
    let covered = share(report.coverage.compared, report.coverage.chosen);
    let differ = match totals.diverged {
        0 => format!("None of {compared} compared answers differs"),
        some => {
            let part = share(some, totals.compared);
            format!("**{} of {compared}** compared answers differ ({part})", grouped(some))
        }
    };
    let found = match report.unexplained().count() {
        0 => "No finding is open.".to_owned(),
        some => format!("{} open: {}.", count(some, "finding"), report.severities()),
    };
    let names = words(&totals.renames);
    let names = names
        .map_or_else(String::new, |words| format!(" Identifiers that count as equal: {words}."));
    format!(
        "{differ}; {covered} of the requests chosen for mirroring were compared. {found}{names}"
    )
}

fn filter(report: &Report<'_>) -> Option<String> {
    let glob = report.filter.endpoint.as_ref();
    let glob = glob.map(|glob| format!("endpoints like {}", code(&glob.to_string(), NAME)));
    let since = report
        .filter
        .since
        .map(|at| format!("findings seen since {}", code(&at.to_string(), NAME)));
    let shown: Vec<_> = [glob, since].into_iter().flatten().collect();
    let out = report.left_out;
    let (endpoints, findings) = (count(out.endpoints, "endpoint"), count(out.findings, "finding"));
    let left = format!("{endpoints} and {findings} left out; the gate is over all of them");
    (!shown.is_empty()).then(|| format!("only {}; {left}", shown.join(" and ")))
}

fn push_gate(out: &mut String, report: &Report<'_>) {
    out.push_str("| check | verdict | reason |\n| :-- | :-- | :-- |\n");
    report.gate.checks.iter().for_each(|check| push_check(out, check));
    out.push('\n');
}

fn push_check(out: &mut String, check: &Check) {
    let name = match &check.endpoint {
        Some(endpoint) => format!("{} of {}", check.name, cell(endpoint, NAME)),
        None => check.name.to_string(),
    };
    let reason = cell(&check.reason, 400);
    out.push_str(&format!("| {name} | {} {} | {reason} |\n", sign(check.verdict), check.verdict));
}

fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => '🟢',
        Verdict::Inconclusive => '🟡',
        Verdict::Fail => '🔴',
    }
}

fn push_findings(out: &mut String, report: &Report<'_>) {
    let all: Vec<_> = report.unexplained().collect();
    out.push_str(&format!("<details><summary>{}</summary>\n\n", count(all.len(), "finding")));
    let mut listed = 0;
    for (endpoint, group) in by_endpoint(report.items()) {
        if out.len() > BUDGET {
            break;
        }
        out.push_str(&format!("**{}**\n\n", code(endpoint, NAME)));
        out.push_str("| severity | kind | place | count | primary | candidate | signature |\n");
        out.push_str("| :-- | :-- | :-- | --: | :-- | :-- | :-- |\n");
        for finding in group {
            if out.len() > BUDGET {
                break;
            }
            listed += push_item(out, finding, &report.members(finding));
        }
        out.push('\n');
    }
    if let Some(rest) = report.not_listed(listed) {
        out.push_str(&format!("Not listed: {rest}; `shadow report --format json` has them.\n\n"));
    }
    if let Some(blamed) = report.blamed() {
        out.push_str(&format!("Blame: {blamed}.\n\n"));
    }
    out.push_str("</details>\n\n");
}

/// A finding and what is read as one item with it; how many of them there was room for.
fn push_item(out: &mut String, lead: &Finding, members: &[&Finding]) -> usize {
    push_finding(out, lead, "");
    let mut listed = 1;
    for member in members {
        if out.len() > BUDGET {
            break;
        }
        push_finding(out, member, "+ ");
        listed += 1;
    }
    listed
}

/// A row; `sign` tells what is read as one item with the row above it.
fn push_finding(out: &mut String, finding: &Finding, sign: &str) {
    let Finding { severity, kind, .. } = finding;
    let bug = if finding.status == Status::Bug { " (known bug)" } else { "" };
    let place = cell(&cut_start(&clean(&finding.path), NAME), NAME);
    let (primary, candidate) = match finding.samples.values().next() {
        Some(sample) => {
            let primary = shown_value(sample.primary.as_deref());
            let candidate = shown_value(sample.candidate.as_deref());
            let (primary, candidate) = cut_pair(&primary, &candidate, VALUE);
            (cell(&primary, VALUE), cell(&candidate, VALUE))
        }
        None => (String::new(), String::new()),
    };
    let (count, signature) = (grouped(finding.count), short(finding.signature));
    out.push_str(&format!(
        "| {sign}{severity}{bug} | {kind} | {place} | {count} | {primary} | {candidate} | `{signature}` |\n"
    ));
}

fn push_endpoints(out: &mut String, report: &Report<'_>) {
    const LISTED: usize = 40;
    let all = report.endpoints.len();
    out.push_str(&format!("<details><summary>{}</summary>\n\n", count(all, "endpoint")));
    out.push_str(
        "| endpoint | seen | compared | equal | diverged | p95 primary | p95 candidate |\n",
    );
    out.push_str("| :-- | --: | --: | --: | --: | --: | --: |\n");
    for (name, stats) in report.worst_endpoints().into_iter().take(LISTED) {
        let counts = [stats.ledger.seen, stats.ledger.compared, stats.equal, stats.diverged];
        let [seen, compared, equal, diverged] = counts.map(grouped);
        let [primary, candidate] =
            [&stats.primary, &stats.candidate].map(|side| latency(side.quantile(0.95)));
        let name = cell(name, NAME);
        out.push_str(&format!(
            "| {name} | {seen} | {compared} | {equal} | {diverged} | {primary} | {candidate} |\n"
        ));
    }
    if all > LISTED {
        let more = all - LISTED;
        out.push_str(&format!("\n… and {more} more; `shadow report --format json` has them.\n"));
    }
    out.push_str("\n</details>\n\n");
}

fn push_ledger(out: &mut String, report: &Report<'_>) {
    let seen = grouped(report.ledger.seen);
    out.push_str(&format!("<details><summary>Where all {seen} requests went</summary>\n\n"));
    let mut text = String::new();
    for row in rows(&report.ledger) {
        let line = format!("{:<11}  {:>11}  {}", row.name, grouped(row.count), row.note);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for (bound, count) in report.overflow.iter().take(40) {
        text.push_str(&format!(
            "let go at a bound: {} {}\n",
            grouped(*count),
            cut(&clean(bound), NAME)
        ));
    }
    out.push_str(&fenced(&text));
    out.push_str("\n</details>\n\n");
}

/// The rules that matched nothing, and those that are broader than one field.
fn push_rules(out: &mut String, report: &Report<'_>) {
    let rules = odd_rules(report.rules);
    if rules.is_empty() || report.totals.compared == 0 {
        return;
    }
    out.push_str("<details><summary>Rules to look at</summary>\n\n");
    let lines: Vec<_> = rules.iter().map(|rule| cut(rule, 3 * NAME)).collect();
    out.push_str(&fenced(&format!("{}\n", lines.join("\n"))));
    out.push_str("\n</details>\n\n");
}

fn push_foot(out: &mut String, report: &Report<'_>) {
    let session = code(&report.info.id, NAME);
    out.push_str(&format!("Session {session}, started {}", times(report.info)));
    if let Some(change) = change(report.info) {
        out.push_str(&format!("; {}", code(&change, 3 * NAME)));
    }
    // Our own words: nothing in it comes from traffic.
    out.push_str(&format!(".\n\nNext: {}.\n", hint::next(report)));
}

/// A code span that holds the text whatever it is made of: its fence is longer than any run of
/// backticks within.
fn code(text: &str, limit: usize) -> String {
    let text = cut(&clean(text), limit);
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let touches = |edge: Option<char>| matches!(edge, Some('`' | ' '));
    let blank = if touches(text.chars().next()) || touches(text.chars().last()) { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// A code span within a cell of a table, where a bar would end the cell. An escaped bar is read as
/// a bar; behind a backslash readers disagree, so there it is spelt out.
fn cell(text: &str, limit: usize) -> String {
    code(text, limit).replace("\\|", "\\\\u{7c}").replace('|', "\\|")
}

/// A fenced block, its fence longer than any run of backticks within.
fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{text}{fence}\n")
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for char in text.chars() {
        run = if char == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Session;
    use crate::report::Filter;
    use crate::report::clean::is_hidden;
    use crate::report::fixtures::{
        HOSTILE, empty, equal_only, hostile, limits, rich, skipped_only,
    };
    use crate::verdict::gate;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    fn comment(session: &Session) -> String {
        render(&Report::new(session, &gate(&limits(), session), Filter::default()))
    }

    #[test]
    fn a_rich_session() {
        insta::assert_snapshot!(comment(&rich()));
    }

    #[test]
    fn sessions_with_little_in_them() {
        insta::assert_snapshot!("empty", comment(&empty()));
        insta::assert_snapshot!("skipped_only", comment(&skipped_only()));
        insta::assert_snapshot!("equal_only", comment(&equal_only()));
    }

    fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_GFM)
    }

    #[test]
    fn hostile_text_stays_within_code() {
        let text = comment(&hostile());
        assert!(!text.chars().any(|char| char != '\n' && is_hidden(char)));
        let mut found = 0;
        for event in events(&text) {
            match event {
                Event::Code(code) => found += usize::from(code.contains("canary")),
                Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link in {text}"),
                Event::Html(html) | Event::InlineHtml(html) => {
                    let ours = ["<details><summary>", "</details>"];
                    assert!(ours.iter().any(|tag| html.starts_with(tag)), "{html}");
                    assert!(!html.contains("canary"), "{html}");
                }
                Event::Text(text) if text.contains("let go at a bound") => found += 1,
                Event::Text(text) if text.contains("(line 1)") => found += 1,
                Event::Text(text) => assert!(!text.contains("canary"), "{text}"),
                _ => {}
            }
        }
        assert!(found > 3 * HOSTILE.len(), "{found} were printed at all");
    }

    #[test]
    fn no_cell_breaks_out_of_its_row() {
        let text = comment(&hostile());
        let (mut cells, mut heads) = (0, 0);
        for event in events(&text) {
            match event {
                Event::Start(Tag::TableHead | Tag::TableRow) => cells = 0,
                Event::Start(Tag::TableCell) => cells += 1,
                Event::End(pulldown_cmark::TagEnd::TableHead) => heads = cells,
                Event::End(pulldown_cmark::TagEnd::TableRow) => assert_eq!(cells, heads),
                _ => {}
            }
        }
        assert!(heads > 0);
        // A bar that is not escaped would be dropped with its cell: count what each row has.
        for row in text.lines().filter(|line| line.starts_with("| breaking")) {
            let escaped = row.matches("\\|").count();
            assert_eq!(row.matches('|').count() - escaped, 8, "{row}");
        }
    }

    #[test]
    fn a_comment_is_never_too_long_to_post() {
        let mut session = hostile();
        let findings: Vec<_> = session.findings.values().cloned().collect();
        for (number, finding) in findings.iter().cycle().take(2_000).enumerate() {
            let signature = crate::model::Signature((number as u128).to_be_bytes());
            let finding = Finding { signature, ..finding.clone() };
            session.findings.insert(signature, finding);
        }
        let text = comment(&session);
        assert!(text.chars().count() < 65_536, "{} characters", text.chars().count());
        assert!(text.contains("Not listed: 1"), "what is not listed is counted");
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(cell(text, 20), expected);
    }

    #[test]
    fn a_cell_holds_any_text() {
        check("a|b", "`a\\|b`");
        check("a\\|b", "`a\\\\u{7c}b`");
        check("``a`", "``` ``a` ```");
        check("a\n|", "`a\\n\\|`");
        check("  ", "(empty)");
        check("@team", "`@team`");
    }
}
