//! Which styles the parts of a text are printed in; the text is the same in all of them.

use crate::model::Severity;
use crate::verdict::Verdict;
use anstyle::{AnsiColor, Style};

/// The styles of a report, by what they say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Palette {
    pub heading: Style,
    /// What may be passed over.
    pub faint: Style,
    pub good: Style,
    pub bad: Style,
    /// Neither good nor bad: unproven, asserted, to be looked at.
    pub doubtful: Style,
    /// What is to be typed or looked up.
    pub name: Style,
}

impl Palette {
    /// No style at all: for pipes and files.
    pub fn plain() -> Self {
        Self::default()
    }

    /// For a terminal, from its own sixteen colours.
    pub fn coloured() -> Self {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        Self {
            heading: Style::new().bold(),
            faint: Style::new().dimmed(),
            good: colour(AnsiColor::Green),
            bad: colour(AnsiColor::Red),
            doubtful: colour(AnsiColor::Yellow),
            name: colour(AnsiColor::Cyan),
        }
    }

    pub(super) fn verdict(&self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Pass => self.good,
            Verdict::Inconclusive => self.doubtful,
            Verdict::Fail => self.bad,
        }
    }

    pub(super) fn severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Breaking => self.bad,
            Severity::Behavioural => self.doubtful,
            Severity::Additive => self.name,
            Severity::Info => self.faint,
        }
    }
}

/// The text in the style; the text alone where the style says nothing.
pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
