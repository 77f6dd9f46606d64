//! Finding the config, the environment, and whoever runs.

use crate::base::Chain;
use crate::cli::Failure;
use crate::cli::args::Global;
use crate::config::{self, Config, LogFormat, Problems};
use crate::telemetry;
use std::env;
use std::path::Path;

/// The config of this command.
pub(super) fn config(global: &Global) -> Result<Config, Failure> {
    load(&global.config).map_err(|problems| Failure::usage(problems.to_string()))
}

/// Reads a config with the environment of the process.
pub(super) fn load(path: &Path) -> Result<Config, Problems> {
    config::load(path, &|name| env::var(name).ok())
}

/// Starts logging as the config, the environment and the command line say; the last wins.
pub(super) fn logging(config: &Config, global: &Global) -> Result<(), Failure> {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "warn".to_owned(),
        (_, true) => "debug".to_owned(),
        _ => env::var("SHADOW_LOG").unwrap_or_else(|_| config.telemetry.log_level.clone()),
    };
    let json = match config.telemetry.log_format {
        LogFormat::Auto => None,
        LogFormat::Text => Some(false),
        LogFormat::Json => Some(true),
    };
    telemetry::init_log(&level, json).map_err(|error| Failure::usage(Chain(&error).to_string()))
}

/// An environment variable that is set to something.
pub(super) fn set(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
}
