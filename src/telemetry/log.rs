//! Log lines on stderr: text for people, JSON for machines.

use crate::telemetry::Name;
use metrics::counter;
use std::io::{IsTerminal, stderr};
use std::{panic, thread};
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

/// What libraries warn of, anybody at the other end of a connection can bring about, as often as they
/// like. A filter that names one is followed.
const LIBRARIES: &str = "h2=error,hyper=error,rustls=error";

/// Starts logging for the whole process; `json` of `None` means JSON unless stderr is a terminal.
pub fn init(filter: &str, json: Option<bool>) -> Result<(), LogError> {
    let explain = |source| LogError { filter: filter.to_owned(), source };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(format!("{LIBRARIES},{filter}")).map_err(explain)?)
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

/// Threads whose panics are caught and told by whoever waits for them.
const CAUGHT: [&str; 2] = ["shadow-judge", "shadow-store-io"];

/// Tells of panics as of everything else, on one line of the log; on the main thread, which the
/// user watches, with the usual words. Each is counted.
pub fn report_panics() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let thread = thread::current();
        counter!(Name::Panics.as_str(), "thread" => kind(thread.name())).increment(1);
        match thread.name() {
            Some("main") | None => usual(panic),
            Some(name) => {
                let place = panic.location().map(ToString::to_string);
                if CAUGHT.contains(&name) {
                    tracing::debug!(thread = name, place, "a panic that is dealt with");
                } else {
                    tracing::error!(thread = name, place, "a panic: a bug in shadow");
                }
            }
        }
    }));
}

/// What a thread is for, by its name: a closed set of labels.
fn kind(name: Option<&str>) -> &'static str {
    match name.unwrap_or_default() {
        "main" => "control",
        "shadow-judge" => "judge",
        "shadow-store" | "shadow-store-io" => "store",
        name if name.starts_with("shadow-live-") => "live",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_counts_under_what_it_is_for() {
        let check = |name, expected| assert_eq!(kind(name), expected, "{name:?}");
        check(Some("main"), "control");
        check(Some("shadow-live-12"), "live");
        check(Some("shadow-judge"), "judge");
        check(Some("shadow-store-io"), "store");
        check(Some("tokio-runtime-worker"), "other");
        check(None, "other");
    }
}
