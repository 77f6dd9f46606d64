//! `shadow.yaml`: text to raw types to checked parts, once, at the edge.
//!
//! [`Config`] is checked: whoever holds one need not check again. Each room is handed its own part.
//!
//! This module never opens a connection or starts anything.

mod parts;

pub use parts::{
    Admin, Compare, Config, Gate, Isolation, Listen, LogFormat, Matcher, Methods, Mirror, Needle,
    Redact, Replace, Rewrite, Route, Sticky, Store, Target, TargetUrl, Telemetry, Where,
};
