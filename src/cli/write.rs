//! Commands that write a text: `init`, `schema`, `completions`.

use crate::cli::args::{Global, Init, Schema, SchemaOf};
use crate::cli::output::Output;
use crate::cli::{Cli, Exit, Failure};
use crate::{config, report};
use clap::CommandFactory;
use clap_complete::Shell;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

pub(super) fn init(global: &Global, args: &Init) -> Result<Exit, Failure> {
    let text = config::init(&args.primary, &args.candidate)
        .map_err(|problems| Failure::usage(problems.to_string()))?;
    let path = &global.config;
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    if args.force {
        options.truncate(true)
    } else {
        options.create_new(true)
    };
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!(
            "{} is there already; name another file with --config, or replace it with --force",
            path.display()
        )),
        _ => Failure::usage(format!("{} cannot be written: {error}", path.display())),
    })?;
    let path = path.display();
    let next = format!("wrote {path}; next: `shadow check -c {path}`, `shadow run -c {path}`");
    Output::new(global.color).say(&next);
    Ok(Exit::Done)
}

pub(super) fn schema(global: &Global, args: &Schema) -> Result<Exit, Failure> {
    let schema = match args.what {
        SchemaOf::Config => config::schema(),
        SchemaOf::Report => report::json::schema(),
    };
    Output::new(global.color).data(&format!("{schema:#}\n"))?;
    Ok(Exit::Done)
}

pub(super) fn completions(global: &Global, shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "shadow", &mut script);
    Output::new(global.color).data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
