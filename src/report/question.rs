//! What people ask of a session, answered alike by a running process and by a command that reads
//! the disk.

use crate::base::{UnitError, parse_duration};
use crate::model::{Finding, Session};
use crate::report::{
    Filter, FindError, Glob, Palette, Report, curl, find, json, markdown, show, text,
};
use crate::verdict::GateResult;
use jiff::Timestamp;

/// In which form an answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
    Markdown,
}

/// The words of a question as they were asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Only endpoints that fit this glob.
    pub endpoint: Option<String>,
    /// Only findings seen within this time.
    pub since: Option<String>,
    /// `text`, `json` or `markdown`; absent is JSON.
    pub format: Option<String>,
    /// `always` for coloured text.
    pub color: Option<String>,
}

/// Why a question cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    #[error("`{0}` is not a format; ask for text, json or markdown")]
    Format(String),
    #[error("--since: {0}")]
    Since(#[from] UnitError),
    #[error(transparent)]
    Find(#[from] FindError),
}

impl Words {
    /// The form that was asked for.
    pub fn format(&self) -> Result<Format, QuestionError> {
        match self.format.as_deref() {
            None | Some("json") => Ok(Format::Json),
            Some("text") => Ok(Format::Text),
            Some("markdown") => Ok(Format::Markdown),
            Some(other) => Err(QuestionError::Format(other.to_owned())),
        }
    }

    /// The report of a session.
    pub fn report(
        &self,
        session: &Session,
        gate: &GateResult,
        now: Timestamp,
    ) -> Result<String, QuestionError> {
        let since = self.since.as_deref().map(parse_duration).transpose()?;
        let since = since.map(|ago| now.checked_sub(ago).unwrap_or(Timestamp::MIN));
        let filter = Filter { endpoint: self.endpoint.clone().map(Glob::new), since };
        let report = Report::new(session, gate, filter);
        Ok(match self.format()? {
            Format::Json => json::render(&report),
            Format::Text => text::render(&report, &self.palette()),
            Format::Markdown => markdown::render(&report),
        })
    }

    /// The verdict on a session.
    pub fn gate(&self, gate: &GateResult) -> Result<String, QuestionError> {
        Ok(match self.format()? {
            Format::Json => json::gate(gate),
            Format::Text | Format::Markdown => text::gate(gate, &self.palette()),
        })
    }

    /// One finding of a session.
    pub fn finding(&self, session: &Session, signature: &str) -> Result<String, QuestionError> {
        let finding = find(session, signature)?;
        Ok(match self.format()? {
            Format::Json => json::finding(session, finding),
            Format::Text | Format::Markdown => show(session, finding, &self.palette()),
        })
    }

    /// The palette that was asked for.
    pub fn palette(&self) -> Palette {
        match self.color.as_deref() {
            Some("always") => Palette::coloured(),
            _ => Palette::plain(),
        }
    }
}

/// Commands that send the requests of a finding's samples to `base` again.
pub fn commands(session: &Session, signature: &str, base: &str) -> Result<String, QuestionError> {
    let finding: &Finding = find(session, signature)?;
    let commands: Vec<_> = finding.samples.values().map(|sample| curl(sample, base)).collect();
    Ok(commands.join("\n"))
}
