//! Where output goes: data to stdout, everything for people to stderr.

use crate::cli::Failure;
use crate::cli::args::Color;
use crate::report::Palette;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use std::io::{self, ErrorKind, IsTerminal, Write, stderr, stdout};

/// The two streams, coloured as the user wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    choice: ColorChoice,
}

impl Output {
    pub(super) fn new(color: Color) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        Self { choice }
    }

    /// Whether data is to be coloured.
    pub(super) fn coloured(self) -> bool {
        match self.choice {
            ColorChoice::Auto => AutoStream::choice(&stdout()) != ColorChoice::Never,
            choice => choice != ColorChoice::Never,
        }
    }

    /// The colours that data is shown in.
    pub(super) fn palette(self) -> Palette {
        if self.coloured() { Palette::coloured() } else { Palette::plain() }
    }

    /// Writes data. A reader that has had enough (`| head`) is no error.
    pub(super) fn data(self, text: &str) -> Result<(), Failure> {
        let mut out = AutoStream::new(stdout(), self.choice);
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::usage(format!("stdout cannot be written to: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Says something to people.
    pub(super) fn say(self, text: &str) {
        self.line(&format!("{text}\n")).ok();
    }

    /// Says what went wrong.
    pub(super) fn error(self, message: &str) {
        let style = Style::new().fg_color(Some(AnsiColor::Red.into())).bold();
        self.line(&format!("{style}error{style:#}: {message}\n")).ok();
    }

    fn line(self, text: &str) -> io::Result<()> {
        AutoStream::new(stderr(), self.choice).write_all(text.as_bytes())
    }
}

/// Whether people are watching.
pub(super) fn watched() -> bool {
    stderr().is_terminal()
}
