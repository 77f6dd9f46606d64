//! Long work shown on a terminal, and nothing when nobody watches.

use crate::cli::output::watched;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A bar for work of a known length.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(length: usize, what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length as u64), target());
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what);
        Self(bar)
    }

    pub(super) fn at(&self, position: usize) {
        self.0.set_position(position as u64);
    }

    pub(super) fn done(self) {
        self.0.finish_and_clear();
    }
}

/// A sign of life while something is waited for.
pub(super) struct Waiting(ProgressBar);

impl Waiting {
    pub(super) fn new(shown: bool, what: &'static str) -> Self {
        if !shown {
            return Self(ProgressBar::hidden());
        }
        let spinner = ProgressBar::with_draw_target(None, target());
        spinner.set_message(what);
        spinner.enable_steady_tick(Duration::from_millis(100));
        Self(spinner)
    }

    pub(super) fn done(self) {
        self.0.finish_and_clear();
    }
}

fn target() -> ProgressDrawTarget {
    if watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}
