//! The command line, as clap reads it.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Answers every client from the primary, mirrors the request to a candidate, compares the two.
#[derive(Debug, Parser)]
#[command(name = "shadow", version, about, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The config file
    #[arg(short, long, global = true, env = "SHADOW_CONFIG", default_value = "shadow.yaml")]
    #[arg(value_name = "FILE", hide_env_values = true)]
    pub config: PathBuf,
    /// The admin API of a running process, like http://127.0.0.1:9900
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// A file that holds the token of the admin API
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// When to colour what is printed
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Say less: only warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the tap of a config
    Run(Run),
    /// See it work: an example service in two versions, traffic, report and gate
    Demo(Demo),
    /// Check a config, and print what it means
    Check,
    /// Write a commented config for two URLs
    Init(Init),
    /// Print a JSON Schema
    Schema(Schema),
    /// Print what differs in a session
    Report(Report),
    /// Print one finding with its samples
    Show(Show),
    /// Hold a session against its thresholds: exit 0 pass, 1 fail, 3 inconclusive
    Gate(Gate),
    /// Compare two saved responses: exit 0 equal, 1 different
    Diff(Diff),
    /// Stop mirroring in a running process, now and after restarts
    Pause,
    /// Start mirroring again
    Resume,
    /// Set the share of eligible requests that is mirrored
    Percent {
        /// From 0 to 100
        #[arg(value_name = "N")]
        percent: String,
    },
    /// The sessions of a store
    Session {
        #[command(subcommand)]
        command: SessionCommand,
    },
    /// The store itself
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Print a completion script for a shell
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub struct Run {
    /// Serve beside the process that listens there already; then end that one with SIGTERM
    #[arg(long)]
    pub takeover: bool,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Stay up afterwards, on the addresses of the config
    #[arg(long)]
    pub keep: bool,
}

#[derive(Debug, Args)]
pub struct Init {
    /// The live version
    #[arg(long, value_name = "URL")]
    pub primary: String,
    /// The version under test
    #[arg(long, value_name = "URL")]
    pub candidate: String,
    /// Replace the file if there is one
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct Schema {
    #[arg(value_enum)]
    pub what: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// Of shadow.yaml
    Config,
    /// Of `shadow report --format json`
    Report,
}

/// The session that is meant where none is named.
pub const LATEST: &str = "latest";

/// Which session is meant.
#[derive(Clone, Debug, Args)]
pub struct Session {
    /// A session's id, the start of one, or `latest`
    #[arg(long, value_name = "ID", default_value = LATEST)]
    pub session: String,
}

#[derive(Debug, Args)]
pub struct Report {
    #[command(flatten)]
    pub session: Session,
    /// Only endpoints that fit, like 'GET /items*'
    #[arg(long, value_name = "GLOB")]
    pub endpoint: Option<String>,
    /// Only findings seen within this time, like 1h
    #[arg(long, value_name = "DURATION")]
    pub since: Option<String>,
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
    /// Write to a file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Text,
    Json,
    Markdown,
}

#[derive(Debug, Args)]
pub struct Show {
    /// A finding's signature, or the start of one
    pub signature: String,
    #[command(flatten)]
    pub session: Session,
    /// Print commands that send the requests of its samples again
    #[arg(long)]
    pub curl: bool,
}

#[derive(Debug, Args)]
pub struct Gate {
    #[command(flatten)]
    pub session: Session,
    #[arg(long, value_enum, default_value_t = GateFormat::Text)]
    pub format: GateFormat,
    /// Wait this long for enough samples
    #[arg(long, value_name = "DURATION")]
    pub wait: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GateFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub struct Diff {
    /// The first response: a body, or headers and body as `curl -i` writes them
    pub primary: PathBuf,
    /// The second response
    pub candidate: PathBuf,
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub format: DiffFormat,
    /// The media type of bodies without a head, as application/xml; else the files' endings tell,
    /// or what is in them
    #[arg(long = "type", value_name = "MEDIA", conflicts_with_all = ["message", "method"])]
    pub media: Option<String>,
    /// The type of protobuf bodies, from the descriptors that the config names
    #[arg(long, value_name = "TYPE")]
    pub message: Option<String>,
    /// The gRPC method that they answer, as /package.Service/Method
    #[arg(long, value_name = "PATH", conflicts_with = "message")]
    pub method: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    Text,
    Json,
    /// A JSON Patch (RFC 6902) that makes the second body of the first, whatever the rules say
    Patch,
}

#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// List the sessions, newest first
    List {
        #[arg(long, value_enum, default_value_t = GateFormat::Text)]
        format: GateFormat,
    },
}

#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Where it is, how large, and who holds it
    Info {
        #[arg(long, value_enum, default_value_t = GateFormat::Text)]
        format: GateFormat,
    },
}
