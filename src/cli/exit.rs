//! How a command ends.

use std::process::ExitCode;

/// The exit codes of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; the gate passed.
    Done = 0,
    /// The gate failed, or two responses differ.
    Failed = 1,
    /// A wrong command line, config or rule.
    Usage = 2,
    /// Too few samples, or too little coverage, to say.
    Inconclusive = 3,
    /// The proxy or the store cannot be reached, is locked or is corrupt.
    Unreachable = 4,
    /// A bug in this program.
    Bug = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command cannot do what it was asked to: one sentence with its mend.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub exit: Exit,
    pub message: String,
}

impl Failure {
    /// The user's command, config or rule is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    /// Something cannot be reached or used.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self { exit: Exit::Unreachable, message: message.into() }
    }
}
