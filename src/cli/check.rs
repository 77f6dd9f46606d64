//! `shadow check`: every problem of a config, or what it means, with those of its rules that matched
//! nothing in the last session or excused more than one field.

use crate::cli::args::Global;
use crate::cli::output::Output;
use crate::cli::{Exit, Failure, query, source};
use crate::config::describe;
use crate::report::text;

pub(super) fn check(global: &Global) -> Result<Exit, Failure> {
    let output = Output::new(global.color);
    match source::load(&global.config) {
        Ok(config) => {
            let rules = text::rules(&query::rules_used(global, &config), &output.palette());
            output.data(&format!("{}{rules}", describe(&config)))?;
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
