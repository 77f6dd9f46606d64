//! `shadow check`: every problem of a config, or what it means.

use crate::cli::args::Global;
use crate::cli::output::Output;
use crate::cli::{Exit, Failure, source};
use crate::config::describe;

pub(super) fn check(global: &Global) -> Result<Exit, Failure> {
    let output = Output::new(global.color);
    match source::load(&global.config) {
        Ok(config) => {
            output.data(&describe(&config))?;
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
