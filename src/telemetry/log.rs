//! Log lines on stderr: text for people, JSON for machines.

use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// The level or filter cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("`{filter}` is not a log filter; write a level like info, or target=level pairs")]
pub struct LogError {
    filter: String,
    #[source]
    source: ParseError,
}

/// Starts logging for the whole process; `json` of `None` means JSON unless stderr is a terminal.
pub fn init(filter: &str, json: Option<bool>) -> Result<(), LogError> {
    let explain = |source| LogError { filter: filter.to_owned(), source };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter).map_err(explain)?)
        .with_writer(stderr);
    let started = if json.unwrap_or_else(|| !stderr().is_terminal()) {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.with_ansi(stderr().is_terminal()).with_target(false).try_init()
    };
    // A second call, in one process with another command, keeps the first subscriber.
    started.ok();
    Ok(())
}
