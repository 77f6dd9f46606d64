//! `shadow check`: every problem of a config, or what it means, with those of its rules that were of no
//! use in the last session or excused more than one field.

use crate::cli::args::Global;
use crate::cli::output::Output;
use crate::cli::{Exit, Failure, query, source};
use crate::config::describe;
use crate::report::{Palette, text};

pub(super) fn check(global: &Global) -> Result<Exit, Failure> {
    let output = Output::new(global.color);
    match source::load(&global.config) {
        Ok(config) => {
            let palette = if output.coloured() { Palette::coloured() } else { Palette::plain() };
            let used = query::rules_used(global, &config);
            output.data(&format!("{}{}", describe(&config), text::rules(&used, &palette)))?;
            Ok(Exit::Done)
        }
        Err(problems) => {
            output.say(&problems.to_string());
            let count = problems.list().len();
            let s = if count == 1 { "" } else { "s" };
            Err(Failure::usage(format!("{count} problem{s} in {}", problems.file())))
        }
    }
}
