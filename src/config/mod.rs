//! `shadow.yaml`: text to a tree of lines to checked parts, once, at the edge.
//!
//! [`Config`] is checked: whoever holds one need not check again. Each room is handed its own part.
//! [`load()`] reports all [`Problems`] of a file at once, each with its line, its key and its mend.
//! One table describes every key; reading, the [`schema()`], the file that [`init()`] writes and the
//! refusal of unknown keys follow it. [`describe()`] says in words what a config means, and
//! [`needs_restart`] which changes a running process cannot take up.
//!
//! This module never opens a connection or starts anything.

mod across;
mod checked;
mod compared;
mod describe;
mod described;
mod expand;
#[cfg(test)]
mod fixtures;
mod forms;
mod init;
mod keys;
mod load;
mod matcher;
mod openapi;
mod page;
mod parts;
mod problem;
mod protobuf;
mod reload;
mod rules;
mod schema;
mod secret;
mod section;
mod setting;
mod sheet;
mod syntax;
mod table;
mod target;
mod tls;
mod worded;
mod wrap;
mod yaml;

pub use compared::{
    ArrayRule, HostRule, Listed, Normaliser, NumberRule, Origin, Pairing, TimeRule,
};
pub use describe::describe;
pub use init::init;
pub use load::{load, parse};
pub use parts::{
    AccessFormat, Admin, Breaker, Compare, Config, Described, Gate, Identifiers, Isolation, Listen,
    ListenLimits, ListenTimeouts, LogFormat, Matcher, Methods, Mirror, Needle, Operation, Protect,
    Protobuf, Protocol, Redact, Replace, Rewrite, Route, Scheme, Stage, Sticky, Store, Target,
    TargetUrl, Telemetry, Where,
};
pub use problem::{Problem, Problems};
pub use reload::needs_restart;
pub use schema::schema;
pub use target::UrlError;
pub use tls::{ServerTls, Trust};
