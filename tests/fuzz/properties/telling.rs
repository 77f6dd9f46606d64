//! What people ask, and what they are told.

use super::{Parts, is_printable};
use http::Method;
use jiff::Timestamp;
use shadowdiff::base::Percent;
use shadowdiff::compare::endpoint::template;
use shadowdiff::config::Gate;
use shadowdiff::model::{
    Disposition, EndpointStats, Exemplar, Finding, Kind, RequestId, Sample, SampleReply,
    SampleRequest, Session, SessionInfo, Severity, Signature, Status, Traces, Variant,
};
use shadowdiff::report::{
    self, Filter, Glob, Palette, Report, SessionSummary, Words, commands, curl, json, markdown,
    show, text,
};
use shadowdiff::verdict::gate;

const LIMITS: Gate = Gate {
    divergence: Percent::ZERO,
    errors: Percent::ZERO,
    min_samples: 1,
    min_coverage: Percent::ALL,
    endpoints: Vec::new(),
};

/// Every format prints every session: nothing that hides or steers reaches a terminal, JSON stays
/// JSON, and a comment can be posted.
pub(super) fn every_format(session: &Session) {
    let verdict = gate(&LIMITS, session);
    let shown = Report::new(session, &verdict, Filter::default());
    let plain = Palette::plain();
    let summary = SessionSummary::from(session);
    let mut texts = vec![
        text::render(&shown, &plain),
        text::gate(&verdict, &plain),
        markdown::render(&shown),
        report::sessions(&[summary], &plain),
    ];
    assert!(texts[2].chars().count() < 65_536, "a comment that nobody could post");
    let mut jsons = vec![json::render(&shown), json::gate(&verdict)];
    jsons.push(json::sessions(&[SessionSummary::from(session)]));
    for finding in session.findings.values() {
        texts.push(show(session, finding, &plain));
        jsons.push(json::finding(session, finding));
        for sample in finding.samples.values() {
            let command = curl(sample, "http://127.0.0.1:1");
            assert!(is_quoted(&command), "{command}");
            texts.push(command);
        }
    }
    for text in texts {
        assert!(is_printable(&text), "{text:?}");
    }
    for json in jsons {
        assert!(is_printable(&json), "{json:?}");
        serde_json::from_str::<serde_json::Value>(&json).expect("JSON");
    }
}

/// Whether a shell reads the text as comments and one command: no character that means something
/// to it stands outside quotes.
fn is_quoted(text: &str) -> bool {
    let comments = text.lines().take_while(|line| line.starts_with("# "));
    let length: usize = comments.map(|line| line.len() + 1).sum();
    let mut chars = text[length..].trim_end().chars();
    while let Some(char) = chars.next() {
        match char {
            '\'' => {
                if !chars.any(|char| char == '\'') {
                    return false;
                }
            }
            '$' => {
                if chars.next() != Some('\'') || !ends_special(&mut chars) {
                    return false;
                }
            }
            // A line that goes on, or one quote outside of quotes.
            '\\' => {
                if !matches!(chars.next(), Some('\n' | '\'')) {
                    return false;
                }
            }
            ' ' | '/' | ':' | '.' | '-' | '_' | ',' | '@' | '+' | '%' => {}
            other if other.is_ascii_alphanumeric() => {}
            _ => return false,
        }
    }
    true
}

/// Reads to the end of `$'…'`, in which a backslash escapes what follows.
fn ends_special(chars: &mut std::str::Chars<'_>) -> bool {
    while let Some(char) = chars.next() {
        match char {
            '\'' => return true,
            '\\' => drop(chars.next()),
            _ => {}
        }
    }
    false
}

/// A session in which every text is one of the parts, in turn.
pub fn report(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let mut texts = Vec::new();
    while !parts.is_done() && texts.len() < 40 {
        texts.push(parts.text());
    }
    every_format(&session(&texts));
}

fn session(texts: &[String]) -> Session {
    let mut turn = texts.iter().cycle();
    let mut text = || turn.next().cloned().unwrap_or_default();
    let mut session = Session::new(SessionInfo {
        id: text(),
        service: text(),
        candidate_version: Some(text()),
        user: Some(text()),
        pull_request: Some(text()),
        commit: Some(text()),
        started_at: Timestamp::UNIX_EPOCH,
        ended_at: None,
        assertion: Some(text()),
    });
    let mut stats = EndpointStats { diverged: 1, ..EndpointStats::default() };
    stats.ledger.seen = 1;
    stats.ledger.settle(Disposition::Compared);
    session.endpoints.insert(text(), stats);
    session.overflow.insert(text(), 1);
    for (number, &kind) in (0_u8..).zip(&[Kind::Value, Kind::Status, Kind::Missing]) {
        let finding = finding(Signature([number; 16]), kind, &mut text);
        session.findings.insert(finding.signature, finding);
    }
    // All three are of one endpoint or of none, and are read as one item or as three.
    let variant = variant(session.findings.keys().copied().collect(), &mut text);
    session.variants.insert(variant.signature, variant);
    session
}

fn variant(findings: Vec<Signature>, text: &mut dyn FnMut() -> String) -> Variant {
    let exemplar = Exemplar {
        id: RequestId { process: 1, number: 1 },
        rank: 1,
        at: Timestamp::UNIX_EPOCH,
        bytes: 1,
        target: text(),
    };
    let exemplars = [exemplar].into_iter().collect();
    Variant {
        signature: Signature([0x81; 16]),
        endpoint: text(),
        primary: text(),
        candidate: text(),
        severity: Severity::Breaking,
        findings,
        count: 1,
        first_seen: Timestamp::UNIX_EPOCH,
        last_seen: Timestamp::UNIX_EPOCH,
        traces: Traces { exemplars, ..Traces::default() },
    }
}

fn finding(signature: Signature, kind: Kind, text: &mut dyn FnMut() -> String) -> Finding {
    let mut answer =
        || SampleReply { outcome: text(), headers: vec![(text(), text())], body: Some(text()) };
    let (primary_reply, candidate_reply) = (answer(), answer());
    let request = SampleRequest {
        method: text(),
        target: text(),
        headers: vec![(text(), text()), (text(), text())],
        body: Some(text()),
    };
    let sample = Sample {
        request_id: text(),
        at: Timestamp::UNIX_EPOCH,
        pointer: text(),
        primary: Some(text()),
        candidate: Some(text()),
        request,
        primary_reply,
        candidate_reply,
    };
    Finding {
        signature,
        endpoint: text(),
        kind,
        path: text(),
        severity: kind.severity(),
        status: Status::Open,
        count: 1,
        first_seen: Timestamp::UNIX_EPOCH,
        last_seen: Timestamp::UNIX_EPOCH,
        samples: [(1, sample)].into(),
    }
}

/// Any question is answered or refused, and a glob fits what a plainer search says it fits. Parts:
/// endpoint, since, format, colour, signature, base URL, name.
pub fn question(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let mut given = || Some(parts.text()).filter(|text| !text.is_empty());
    let (endpoint, since, format, color) = (given(), given(), given(), given());
    let words = Words { endpoint: endpoint.clone(), since, format, color };
    let (signature, base, name) = (parts.text(), parts.text(), parts.text());
    let name = name.get(..name.floor_char_boundary(64)).unwrap_or_default();
    let session = session(&[template(&Method::GET, name)]);
    let verdict = gate(&LIMITS, &session);
    let answers = [
        words.report(&session, &verdict, Timestamp::UNIX_EPOCH),
        words.gate(&verdict),
        words.finding(&session, &signature),
        commands(&session, &signature, &base),
    ];
    let coloured = words.color.as_deref() == Some("always");
    let said = |answer: Result<String, _>| {
        answer.unwrap_or_else(|error: report::QuestionError| error.to_string())
    };
    let [report, gate, finding, _] = answers.map(said);
    // What was asked is quoted where it is refused: whoever asked reads it.
    let refused = words.format().is_err() || report.starts_with("--since");
    assert!(coloured || refused || [report, gate, finding].iter().all(|it| is_printable(it)));
    let pattern = endpoint.unwrap_or_default();
    let pattern = pattern.get(..pattern.floor_char_boundary(32)).unwrap_or_default();
    assert_eq!(Glob::new(pattern).matches(name), fits(pattern, name), "{pattern:?} on {name:?}");
}

/// The same as a glob by the textbook: a table of which beginnings fit each other.
fn fits(glob: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let mut row = vec![false; name.len() + 1];
    row[0] = true;
    for char in glob.chars() {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match char {
                '*' => row[at] || at > 0 && next[at - 1],
                _ => at > 0 && row[at - 1] && name[at - 1] == char,
            };
        }
        row = next;
    }
    row[name.len()]
}
