//! From the command line to an exit code.

use crate::cli::args::{Command, SessionCommand, StoreCommand};
use crate::cli::output::Output;
use crate::cli::{Cli, Exit, Failure, check, demo, diff, query, run, switch, write};
use crate::telemetry;
use clap::Parser;
use std::panic::catch_unwind;
use std::process::ExitCode;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refused(&error),
    };
    let output = Output::new(cli.global.color);
    telemetry::report_panics();
    let ended = catch_unwind(|| command(&cli)).unwrap_or_else(|_| {
        let message = "this is a bug in shadow; please report it with the lines above".into();
        Err(Failure { exit: Exit::Bug, message })
    });
    let exit = ended.unwrap_or_else(|failure| {
        output.error(&failure.message);
        failure.exit
    });
    exit.into()
}

/// Help and the version are answers, everything else is a wrong command line.
fn refused(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell when stderr is closed.
    error.print().ok();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

fn command(cli: &Cli) -> Result<Exit, Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Run(args) => run::run(global, args),
        Command::Demo(args) => demo::demo(global, args),
        Command::Check => check::check(global),
        Command::Init(args) => write::init(global, args),
        Command::Schema(args) => write::schema(global, args),
        Command::Completions { shell } => write::completions(global, *shell),
        Command::Report(args) => query::report(global, args),
        Command::Show(args) => query::show(global, args),
        Command::Gate(args) => query::gate(global, args),
        Command::Session { command: SessionCommand::List { format } } => {
            query::sessions(global, *format)
        }
        Command::Store { command: StoreCommand::Info { format } } => query::store(global, *format),
        Command::Diff(args) => diff::diff(global, args),
        Command::Pause => switch::pause(global),
        Command::Resume => switch::resume(global),
        Command::Percent { percent } => switch::percent(global, percent),
    }
}
