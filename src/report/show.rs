//! One finding, its samples side by side: `shadow show`.

use crate::model::{Entities, Exemplar, Finding, Sample, SampleReply, Session, Signature};
use crate::report::body::{Excerpt, Lines, excerpt};
use crate::report::clean::{clean, cut, cut_pair, width};
use crate::report::company::Company;
use crate::report::figures::{count, span, when};
use crate::report::layout::{Labelled, WIDTH, end_line, left, wrap};
use crate::report::palette::{Palette, paint};
use crate::report::view::{short, shown_value};
use anstyle::Style;
use similar::ChangeTag;

/// Two columns with a margin and a gap of two.
const COLUMN: usize = (WIDTH - 4) / 2;

/// Of one value, in columns; more is cut.
const VALUE: usize = 512;

/// Of one diff.
const DIFF_LINES: usize = 24;

/// Of one request's body.
const BODY_LINES: usize = 8;

/// Findings that are read as one item with it; more are counted.
const OTHERS: usize = 8;

/// Of one request; more are counted.
const HEADERS: usize = 24;

/// Why a text does not lead to one finding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    #[error("`{0}` is no signature; give at least 4 of its hexadecimal digits")]
    Digits(String),
    #[error(
        "no finding of session {session} has the signature `{text}`; `shadow report` lists them"
    )]
    None { text: String, session: String },
    #[error("`{text}` begins the signatures of {} findings; give more digits", .all.len())]
    Several { text: String, all: Vec<Signature> },
}

/// The finding whose signature begins with the digits.
pub fn find<'a>(session: &'a Session, text: &str) -> Result<&'a Finding, FindError> {
    let digits = text.to_ascii_lowercase();
    if digits.len() < 4 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(FindError::Digits(clean(text)));
    }
    let fits = |finding: &&Finding| finding.signature.to_string().starts_with(&digits);
    let found: Vec<_> = session.findings.values().filter(fits).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(FindError::None { text: digits, session: clean(&session.info.id) }),
        several => Err(FindError::Several {
            text: digits,
            all: several.iter().map(|finding| finding.signature).collect(),
        }),
    }
}

/// The finding with all its samples, and what is read as one item with it; the last line ended.
pub fn show(session: &Session, finding: &Finding, palette: &Palette) -> String {
    let mut out = String::new();
    push_head(&mut out, finding, &Company::of(session, finding), palette);
    if finding.samples.is_empty() {
        out.push_str("\nNo sample of it was kept.\n");
        return out;
    }
    let total = finding.samples.len();
    for (number, sample) in finding.samples.values().enumerate() {
        let title = paint(palette.heading, &format!("Sample {} of {total}", number + 1));
        let about = format!("{}, request {}", when(sample.at), clean(&sample.request_id));
        let about = paint(palette.faint, &cut(&about, WIDTH - 18));
        out.push_str(&format!("\n{title}  {about}\n"));
        push_sample(&mut out, sample, palette);
    }
    let signature = short(finding.signature);
    let next = format!("`shadow show {signature} --curl` prints commands that send them again");
    out.push('\n');
    line(&mut out, ("Next: ", palette.heading), (&next, palette.name));
    out
}

fn push_head(out: &mut String, finding: &Finding, company: &Company<'_>, palette: &Palette) {
    let severity = paint(palette.severity(finding.severity), finding.severity.name());
    out.push_str(&format!("{severity}  {}\n", paint(palette.heading, finding.kind.name())));
    let answers = count(usize::try_from(finding.count).unwrap_or(usize::MAX), "answer");
    let paths = company.paths.map_or_else(String::new, |paths| format!(" on {}", about(paths)));
    let seen = format!("in {answers}{paths}, {}", span(finding.first_seen, finding.last_seen));
    let mut rows = vec![
        ("endpoint", clean(&finding.endpoint)),
        ("place", clean(&finding.path)),
        ("signature", finding.signature.to_string()),
        ("status", finding.status.name().to_owned()),
        ("seen", seen),
    ];
    rows.extend(company.smallest.map(|one| ("smallest", exemplar(one))));
    rows.extend(together(company));
    for (name, text) in rows {
        let text = cut(&text, VALUE);
        let label = format!("  {name:<9}  ");
        line(out, (&label, palette.faint), (&text, Style::new()));
    }
}

/// The others of its group, a row each.
fn together(company: &Company<'_>) -> Vec<(&'static str, String)> {
    let others = company.others.iter().take(OTHERS);
    let row = |other: &&Finding| {
        let (kind, place) = (other.kind.name(), clean(&other.path));
        format!("{}  {kind} {place}", short(other.signature))
    };
    let mut rows: Vec<_> = others.map(|other| ("", row(other))).collect();
    let more = company.others.len().saturating_sub(OTHERS);
    rows.extend((more > 0).then(|| ("", format!("… and {more} more"))));
    if let Some(first) = rows.first_mut() {
        first.0 = "with it";
    }
    rows
}

/// `12 paths`, `about 312 paths`.
fn about(paths: u64) -> String {
    let is_exact = paths < Entities::KEPT as u64;
    let text = count(usize::try_from(paths).unwrap_or(usize::MAX), "path");
    if is_exact { text } else { format!("about {text}") }
}

/// `312 bytes, GET /items/7, request 00c0ffee5eed0001-2a`.
fn exemplar(one: &Exemplar) -> String {
    let bytes = count(usize::try_from(one.bytes).unwrap_or(usize::MAX), "byte");
    format!("{bytes}, {}, request {}", clean(&one.target), one.id)
}

fn push_sample(out: &mut String, sample: &Sample, palette: &Palette) {
    push_request(out, sample, palette);
    out.push('\n');
    push_values(out, sample, palette);
    let bodies = (&sample.primary_reply.body, &sample.candidate_reply.body);
    if let (Some(primary), Some(candidate)) = bodies {
        let primary = Lines::of(primary, &sample.pointer);
        let candidate = Lines::of(candidate, &sample.pointer);
        let excerpt = excerpt(&primary, &candidate, (DIFF_LINES, WIDTH - 5));
        push_excerpt(out, &sample.pointer, &excerpt, palette);
    }
}

fn push_request(out: &mut String, sample: &Sample, palette: &Palette) {
    let request = &sample.request;
    let head = cut(&clean(&format!("{} {}", request.method, request.target)), VALUE);
    line(out, ("  ", Style::new()), (&head, palette.name));
    for (name, value) in request.headers.iter().take(HEADERS) {
        let header = cut(&clean(&format!("{name}: {value}")), WIDTH - 4);
        out.push_str(&format!("    {}\n", paint(palette.faint, &header)));
    }
    let more = request.headers.len().saturating_sub(HEADERS);
    if more > 0 {
        let more = format!("    … and {}\n", count(more, "more header"));
        out.push_str(&paint(palette.faint, &more));
    }
    let Some(body) = &request.body else { return };
    out.push('\n');
    let lines = Lines::of(body, "").lines;
    for text in lines.iter().take(BODY_LINES) {
        out.push_str(&format!("    {}", cut(&clean(text), WIDTH - 4)));
        end_line(out);
    }
    let more = lines.len().saturating_sub(BODY_LINES);
    if more > 0 {
        let more = format!("    … and {}\n", count(more, "more line"));
        out.push_str(&paint(palette.faint, &more));
    }
}

/// Both outcomes and both values: side by side where they are short, else one above the other.
fn push_values(out: &mut String, sample: &Sample, palette: &Palette) {
    let primary = shown_value(sample.primary.as_deref());
    let candidate = shown_value(sample.candidate.as_deref());
    let heads = [("primary", &sample.primary_reply), ("candidate", &sample.candidate_reply)]
        .map(|(side, reply)| format!("{side}  {}", outcome(reply)));
    let [primary_head, candidate_head] = heads.map(|head| cut(&head, COLUMN));
    if width(&primary) <= COLUMN && width(&candidate) <= COLUMN {
        let heads = format!("  {}  {candidate_head}", left(&primary_head, COLUMN));
        out.push_str(&format!("{}\n", paint(palette.heading, &heads)));
        let primary = paint(palette.bad, &left(&primary, COLUMN));
        out.push_str(&format!("  {primary}  {}\n", paint(palette.good, &candidate)));
        return;
    }
    let (primary, candidate) = cut_pair(&primary, &candidate, VALUE);
    let sides = [(primary_head, primary, palette.bad), (candidate_head, candidate, palette.good)];
    for (head, value, style) in sides {
        out.push_str(&format!("  {}\n", paint(palette.heading, &head)));
        for text in wrap(&value, WIDTH - 4) {
            out.push_str(&format!("    {}\n", paint(style, &text)));
        }
    }
}

fn outcome(reply: &SampleReply) -> String {
    clean(&reply.outcome)
}

fn push_excerpt(out: &mut String, pointer: &str, excerpt: &Excerpt, palette: &Palette) {
    if excerpt.lines.is_empty() {
        return;
    }
    let around = match excerpt.is_at_place {
        true => format!("bodies around {}", clean(pointer)),
        false => "bodies where they first differ".to_owned(),
    };
    let around = cut(&around, WIDTH - 2);
    out.push_str(&format!("\n  {}\n", paint(palette.faint, &around)));
    for text in &excerpt.lines {
        let (sign, style) = match text.tag {
            ChangeTag::Equal => (' ', palette.faint),
            ChangeTag::Delete => ('-', palette.bad),
            ChangeTag::Insert => ('+', palette.good),
        };
        out.push_str(&paint(style, &format!("    {sign}{}", text.text)));
        end_line(out);
    }
    if excerpt.more > 0 {
        let more = format!("    … and {}\n", count(excerpt.more, "more changed line"));
        out.push_str(&paint(palette.faint, &more));
    }
}

/// A label and a text that wraps beside it.
fn line(out: &mut String, (label, label_style): (&str, Style), (text, style): (&str, Style)) {
    let label_width = width(label);
    let label = paint(label_style, label);
    Labelled { label, label_width, text, style }.push_to(out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::rich;

    fn check(text: &str, expected: Result<&str, &str>) {
        let session = rich();
        let found = find(&session, text).map(|finding| finding.path.clone());
        let found = found.map_err(|error| error.to_string());
        assert_eq!(found, expected.map(Into::into).map_err(Into::into), "{text}");
    }

    #[test]
    fn a_finding_is_found_by_the_first_digits_of_its_signature() {
        check("01a66d2c7ddf7441dad6412116c9589f", Ok("$.items[*].name"));
        check("01A66D2C7DDF", Ok("$.items[*].name"));
        check("01a6", Ok("$.items[*].name"));
    }

    #[test]
    fn a_signature_that_leads_nowhere_says_what_to_do() {
        let short = "`01a` is no signature; give at least 4 of its hexadecimal digits";
        check("01a", Err(short));
        let odd = "`\\u{1b}[31m` is no signature; give at least 4 of its hexadecimal digits";
        check("\u{1b}[31m", Err(odd));
        let none = "no finding of session 019aa5c2-8f1e-7c3a-9a51-1f2e3d4c5b6a has the signature \
                    `01ffff`; `shadow report` lists them";
        check("01ffff", Err(none));
    }

    #[test]
    fn digits_that_begin_several_signatures_ask_for_more() {
        let mut session = rich();
        let finding = session.findings.values().next().expect("it has some").clone();
        for last in [1, 2] {
            let mut digits = [0; 16];
            digits[15] = last;
            session.findings.insert(
                Signature(digits),
                Finding { signature: Signature(digits), ..finding.clone() },
            );
        }
        let error = find(&session, "0000").expect_err("two begin with it");
        let expected = "`0000` begins the signatures of 2 findings; give more digits";
        assert_eq!(error.to_string(), expected);
    }
}
