//! The sessions of a store: `shadow session list`.

use crate::base::{grouped, share};
use crate::model::{Session, SessionInfo};
use crate::report::clean::{clean, cut};
use crate::report::layout::{Table, WIDTH};
use crate::report::palette::{Palette, paint};
use anstyle::Style;
use std::cmp::Reverse;

/// One session with the counts that its line shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    pub info: SessionInfo,
    pub compared: u64,
    pub diverged: u64,
}

impl From<&Session> for SessionSummary {
    fn from(session: &Session) -> Self {
        Self {
            info: session.info.clone(),
            compared: session.endpoints.values().map(|stats| stats.ledger.compared).sum(),
            diverged: session.endpoints.values().map(|stats| stats.diverged).sum(),
        }
    }
}

/// A line for each session under its service, the latest first.
pub fn sessions(all: &[SessionSummary], palette: &Palette) -> String {
    if all.is_empty() {
        return "No session is stored yet; `shadow run` begins one.\n".to_owned();
    }
    let mut all: Vec<_> = all.iter().collect();
    all.sort_by_key(|one| Reverse(one.info.started_at));
    let mut services: Vec<&str> = Vec::new();
    for one in &all {
        if !services.contains(&one.info.service.as_str()) {
            services.push(&one.info.service);
        }
    }
    let mut out = String::new();
    for service in services {
        let title = paint(palette.heading, &cut(&clean(service), WIDTH));
        out.push_str(&format!("{title}\n"));
        table(all.iter().copied().filter(|one| one.info.service == service), palette)
            .push_to(&mut out, palette);
        out.push('\n');
    }
    out.pop();
    if all.iter().any(|one| one.info.ended_at.is_none()) {
        out.push_str(&paint(palette.faint, "\n* not ended: running, or killed"));
        out.push('\n');
    }
    out
}

/// The sessions of one service.
fn table<'a>(all: impl Iterator<Item = &'a SessionSummary>, palette: &Palette) -> Table {
    let mut table = Table::new(&["version", "session", "started", "diverged", "of"]);
    for one in all {
        let version = one.info.candidate_version.as_deref().map_or_else(|| "-".to_owned(), clean);
        table.row(version, figures(one, palette));
    }
    table
}

fn figures(one: &SessionSummary, palette: &Palette) -> Vec<(String, Style)> {
    let plain = Style::new();
    let started = one.info.started_at.strftime("%b %d %H:%M");
    let mark = if one.info.ended_at.is_none() { '*' } else { ' ' };
    let (diverged, compared) = match one.compared {
        0 => (("-".to_owned(), palette.faint), ("-".to_owned(), palette.faint)),
        some => {
            let style = if one.diverged == 0 { palette.good } else { palette.bad };
            ((share(one.diverged, some), style), (grouped(some), plain))
        }
    };
    vec![
        (cut(&clean(&one.info.id), 36), palette.name),
        (format!("{started}{mark}"), plain),
        diverged,
        compared,
    ]
}
