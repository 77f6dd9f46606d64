//! A session as people and programs read it: one file per output format, all of them printing the
//! same [`Report`].
//!
//! Whatever came from traffic is hostile: every format but JSON shows it through one filter that
//! lets no control, format or invisible character pass, and JSON escapes them.
//!
//! This module never reads a store, a clock or a setting, and never writes: it returns text.

mod about;
mod body;
mod clean;
mod company;
mod curl;
mod difference;
mod figures;
mod glob;
mod hint;
pub mod json;
mod layout;
mod ledger;
pub mod markdown;
mod palette;
mod question;
mod renames;
mod sessions;
mod show;
pub mod text;
mod view;

#[cfg(test)]
mod fixtures;

pub use about::StoreAbout;
pub use curl::curl;
pub use difference::{difference, difference_json};
pub use glob::Glob;
pub use ledger::sentence;
pub use palette::Palette;
pub use question::{Format, QuestionError, Words, commands};
pub use sessions::{SessionSummary, sessions};
pub use show::{FindError, find, show};
pub use view::{Filter, LeftOut, Report, Totals, short};
