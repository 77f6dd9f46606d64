//! What a person reads, from sessions of every sort.

use crate::model::{Finding, Kind, Session, Signature};
use crate::report::clean::{is_hidden, width};
use crate::report::fixtures::{
    at, empty, equal_only, hostile, limits, rich, skipped_only, statistics,
};
use crate::report::layout::WIDTH;
use crate::report::{Filter, Glob, Palette, Report, SessionSummary, curl, sessions, show, text};
use crate::verdict::gate;

fn report(session: &Session, filter: Filter, palette: &Palette) -> String {
    let verdict = gate(&limits(), session);
    text::render(&Report::new(session, &verdict, filter), palette)
}

fn plain(session: &Session) -> String {
    report(session, Filter::default(), &Palette::plain())
}

#[test]
fn a_rich_session() {
    insta::assert_snapshot!("rich", plain(&rich()));
}

#[test]
fn sessions_with_little_in_them_say_what_to_do() {
    insta::assert_snapshot!("empty", plain(&empty()));
    insta::assert_snapshot!("skipped_only", plain(&skipped_only()));
    insta::assert_snapshot!("equal_only", plain(&equal_only()));
}

#[test]
fn a_filter_is_said_in_the_header() {
    let filter = Filter { endpoint: Some(Glob::new("GET /items*")), since: Some(at(60)) };
    insta::assert_snapshot!("filtered", report(&rich(), filter, &Palette::plain()));
    let nothing = Filter { endpoint: Some(Glob::new("PUT *")), since: None };
    insta::assert_snapshot!("filtered_to_nothing", report(&rich(), nothing, &Palette::plain()));
}

#[test]
fn more_than_can_be_listed_is_counted() {
    let mut session = empty();
    for number in 0..60 {
        session.endpoints.insert(format!("GET /{number}"), statistics(10, 0, (1, 1)));
    }
    let text = plain(&session);
    assert!(
        text.contains("… and 20 more; `--endpoint GLOB` or `--format json` has them"),
        "{text}"
    );
    let mut session = rich();
    let finding = session.findings.values().next().expect("it has some").clone();
    for number in 0..120_u128 {
        let signature = Signature(number.to_be_bytes());
        session.findings.insert(signature, Finding { signature, ..finding.clone() });
    }
    let text = plain(&session);
    assert!(text.contains("Not listed: 30 more, 1 noise, 1 expected"), "{text}");
}

#[test]
fn a_finding_with_its_samples() {
    let session = rich();
    for (name, kind) in [
        ("value", "$.items[*].price"),
        ("long", "$.customer"),
        ("missing", "$.items[*].name"),
        ("fault", "outcome"),
    ] {
        let finding = session.findings.values().find(|finding| finding.path.starts_with(kind));
        let mut finding = finding.expect(kind).clone();
        while finding.samples.len() > 1 {
            finding.samples.pop_last();
        }
        insta::assert_snapshot!(
            format!("show_{name}"),
            show(&session, &finding, &Palette::plain())
        );
    }
}

#[test]
fn a_finding_without_samples_says_so() {
    let session = rich();
    let mut finding = session.findings.values().next().expect("it has some").clone();
    finding.samples.clear();
    assert!(show(&session, &finding, &Palette::plain()).ends_with("\nNo sample of it was kept.\n"));
    let mut session = rich();
    session.findings = [(finding.signature, finding)].into();
    assert!(plain(&session).contains("(no sample was kept)"));
}

#[test]
fn where_no_finding_is_listed_the_report_says_why() {
    let check = |session: &Session, filter, expected: &str| {
        let text = report(session, filter, &Palette::plain());
        assert!(text.contains(&format!("\nFindings  {expected}\n")), "{text}");
    };
    let mut session = rich();
    let late = Filter { endpoint: None, since: Some(at(481)) };
    check(&session, late, "none that the filter shows");
    session.findings.retain(|_, finding| finding.kind == Kind::TimeDrift);
    check(&session, Filter::default(), "none is open");
    session.findings.clear();
    check(&session, Filter::default(), "none was kept of the 612 that diverged");
}

#[test]
fn the_gate_alone() {
    let verdict = gate(&limits(), &rich());
    insta::assert_snapshot!("gate", text::gate(&verdict, &Palette::plain()));
}

#[test]
fn the_list_of_sessions() {
    let mut first = SessionSummary::from(&rich());
    let running = SessionSummary::from(&empty());
    let mut equal = SessionSummary::from(&equal_only());
    equal.info.started_at = at(90_000);
    equal.info.candidate_version = Some("v2.3.1-rc.4".into());
    let all = [first.clone(), running.clone(), equal];
    insta::assert_snapshot!("sessions", sessions(&all, &Palette::plain()));
    first.info.service = "payments".into();
    insta::assert_snapshot!("sessions_of_two", sessions(&[first, running], &Palette::plain()));
    insta::assert_snapshot!("sessions_none", sessions(&[], &Palette::plain()));
}

/// Everything that is printed for a terminal in 80 columns, from one session.
fn everything(session: &Session, palette: &Palette) -> Vec<String> {
    let verdict = gate(&limits(), session);
    let glob = Filter { endpoint: Some(Glob::new("*\u{1b}*")), since: None };
    let mut texts = vec![
        report(session, Filter::default(), palette),
        report(session, glob, palette),
        text::gate(&verdict, palette),
        sessions(&[SessionSummary::from(session), SessionSummary::from(&rich())], palette),
    ];
    texts.extend(session.findings.values().map(|finding| show(session, finding, palette)));
    texts
}

#[test]
fn no_hidden_character_of_hostile_text_survives() {
    let texts = everything(&hostile(), &Palette::plain());
    for text in &texts {
        let hidden = text.chars().find(|char| *char != '\n' && is_hidden(*char));
        assert_eq!(hidden, None, "{text}");
    }
    let canaries: usize = texts.iter().map(|text| text.matches("canary").count()).sum();
    assert!(canaries > 500, "only {canaries} were printed at all");
}

#[test]
fn no_line_is_wider_than_eighty_columns() {
    for session in [hostile(), rich(), empty(), skipped_only(), equal_only()] {
        for text in everything(&session, &Palette::plain()) {
            for line in text.lines() {
                assert!(width(line) <= WIDTH, "{} columns: {line}", width(line));
            }
        }
    }
}

#[test]
fn no_line_ends_in_blanks() {
    for text in everything(&rich(), &Palette::plain()) {
        assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
    }
}

#[test]
fn a_command_to_send_a_hostile_request_again_is_safe_to_print() {
    for finding in hostile().findings.values() {
        let sample = finding.samples.values().next().expect("one");
        let text = curl(sample, "http://127.0.0.1:1");
        assert!(!text.chars().any(|char| char != '\n' && is_hidden(char)), "{text}");
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let styles = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("valid");
    for session in [rich(), empty(), skipped_only(), equal_only(), hostile()] {
        let plain = everything(&session, &Palette::plain());
        let coloured = everything(&session, &Palette::coloured());
        for (plain, coloured) in plain.iter().zip(&coloured) {
            let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect();
            let (plain, bare): (Vec<String>, Vec<String>) =
                (lines(plain), lines(&styles.replace_all(coloured, "")));
            assert_eq!(plain, bare);
        }
    }
    assert!(report(&rich(), Filter::default(), &Palette::coloured()).contains("\u{1b}[31m"));
}
