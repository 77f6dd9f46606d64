//! What one scalar of the file can say: a text that became a value of some type.
//!
//! Main types: [`Text`], the trait [`Setting`] and [`Wrong`].
//!
//! This module never knows which key a value stands under.

use crate::base::{ByteSize, Percent, Rate, parse_duration};
use crate::config::parts::{LogFormat, Methods, Protocol, Sticky, TargetUrl, Where};
use crate::config::target::UrlError;
use crate::model::Pattern;
use crate::syntax::json::Bound;
use http::{HeaderName, HeaderValue, Method};
use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// A scalar with its variables expanded.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub value: String,
    /// As it stands in the file: what problems show, for a variable may hold a secret.
    pub written: String,
}

impl Text {
    /// Whether variables made it what it is.
    pub fn is_expanded(&self) -> bool {
        self.value != self.written
    }

    /// The text with what is wrong with it.
    pub fn is_wrong(&self, wrong: &str) -> String {
        let once = if self.is_expanded() { "once expanded, " } else { "" };
        format!("{once}`{}` {wrong}", self.written)
    }
}

/// Why a text does not say what its key needs.
#[derive(Debug)]
pub(super) enum Wrong {
    /// It does not have the form of its key.
    Form,
    /// This; the text is shown before it.
    Because(String),
    /// This; the text is not shown, for it holds a secret.
    Hidden(String),
}

/// A value that one scalar can say.
pub(super) trait Setting: Sized {
    fn read(text: &Text) -> Result<Self, Wrong>;
}

/// Reads by the type's own `FromStr`, which accepts the form of its keys and nothing else.
macro_rules! by_form {
    ($($kind:ty),+) => { $(
        impl Setting for $kind {
            fn read(text: &Text) -> Result<Self, Wrong> {
                text.value.parse().map_err(|_| Wrong::Form)
            }
        }
    )+ };
}

by_form!(
    bool, u32, u64, usize, Bound, Percent, Rate, SocketAddr, String, PathBuf, Method, HeaderName
);

impl Setting for ByteSize {
    fn read(text: &Text) -> Result<Self, Wrong> {
        match text.value.parse().map_err(|_| Wrong::Form)? {
            Self(0) => {
                Err(Wrong::Because("is no room at all; write one like 64KiB or 1MiB".into()))
            }
            size => Ok(size),
        }
    }
}

impl Setting for Duration {
    fn read(text: &Text) -> Result<Self, Wrong> {
        match parse_duration(&text.value).map_err(|_| Wrong::Form)? {
            Self::ZERO => Err(Wrong::Because("is no time at all; write one like 5s or 1h".into())),
            duration => Ok(duration),
        }
    }
}

impl Setting for TargetUrl {
    fn read(text: &Text) -> Result<Self, Wrong> {
        text.value.parse().map_err(|error| match error {
            UrlError::User => Wrong::Hidden(error.to_string()),
            _ => Wrong::Because(error.to_string()),
        })
    }
}

impl Setting for HeaderValue {
    fn read(text: &Text) -> Result<Self, Wrong> {
        let because = "cannot stand in a header; write visible characters, without line breaks";
        let mut value = Self::from_str(&text.value).map_err(|_| Wrong::Because(because.into()))?;
        // A variable may hold a secret: printing the value shows nothing of it.
        value.set_sensitive(text.is_expanded());
        Ok(value)
    }
}

impl Setting for Pattern {
    fn read(text: &Text) -> Result<Self, Wrong> {
        text.value.parse().map_err(|error| Wrong::Because(format!("is not a path: {error}")))
    }
}

/// A path for those who see single places, without the lengths and the values around them.
pub(super) struct ByPlace(pub Pattern);

impl Setting for ByPlace {
    fn read(text: &Text) -> Result<Self, Wrong> {
        let pattern = Pattern::read(text)?;
        let because = if pattern.counts_from_the_end() {
            "counts from the end, which redaction cannot: it sees single values too, without the \
             array around them; write an index from the start, or [*]"
        } else if pattern.has_filter() {
            "has a filter, which redaction cannot: it sees single values too, without the answer \
             around them; write [*] in its place"
        } else {
            return Ok(Self(pattern));
        };
        Err(Wrong::Because(because.into()))
    }
}

/// Compiled expressions stay below this many bytes.
const REGEX_SIZE: usize = 1 << 20;

impl Setting for Regex {
    fn read(text: &Text) -> Result<Self, Wrong> {
        RegexBuilder::new(&text.value).size_limit(REGEX_SIZE).build().map_err(|error| {
            // A syntax error draws the expression over several lines and ends with the reason.
            let drawn = error.to_string();
            let reason = drawn.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("error: ").trim_end_matches('.');
            Wrong::Because(format!("is not a regular expression ({reason}); mend it"))
        })
    }
}

impl Setting for IpNet {
    fn read(text: &Text) -> Result<Self, Wrong> {
        let single = |_| text.value.parse::<IpAddr>().map(Self::from);
        text.value.parse().or_else(single).map_err(|_| Wrong::Form)
    }
}

impl Setting for Sticky {
    fn read(text: &Text) -> Result<Self, Wrong> {
        let place = match text.value.split_once(':') {
            None if text.value == "none" => return Ok(Self::None),
            None if text.value == "client" => return Ok(Self::Client),
            None => return Err(Wrong::Form),
            Some(("header", name)) => Where::Header(name.parse().map_err(|_| Wrong::Form)?),
            Some(("cookie", name)) => Where::Cookie(name.into()),
            Some(("query", name)) => Where::Query(name.into()),
            Some(_) => return Err(Wrong::Form),
        };
        Ok(Self::Field(place))
    }
}

impl Setting for Methods {
    fn read(text: &Text) -> Result<Self, Wrong> {
        match text.value.as_str() {
            "safe" => Ok(Self::Safe),
            "all" => Ok(Self::All),
            _ => Err(Wrong::Form),
        }
    }
}

impl Setting for Protocol {
    fn read(text: &Text) -> Result<Self, Wrong> {
        match text.value.as_str() {
            "auto" => Ok(Self::Auto),
            "http1" => Ok(Self::Http1),
            "http2" => Ok(Self::Http2),
            _ => Err(Wrong::Form),
        }
    }
}

impl Setting for LogFormat {
    fn read(text: &Text) -> Result<Self, Wrong> {
        match text.value.as_str() {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(Wrong::Form),
        }
    }
}
