//! The config's part, compiled.

use crate::config;
use crate::model::{Path, Pattern};
use http::HeaderName;

/// What is compared, and how strictly. Made once, shared by all comparisons.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    ignore: Vec<Pattern>,
    also: Vec<HeaderName>,
    without: Vec<HeaderName>,
}

/// How a header field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Not at all.
    Skip,
    /// Line by line, in order.
    Lines,
    /// As a set of comma-separated words, their case ignored.
    Words,
    /// As a media type.
    Media,
    /// Cookie by cookie: name, attributes, and the class of the value.
    Cookies,
    /// Presence and class.
    ByClass,
}

impl Rules {
    /// Compiles the checked config.
    pub fn new(config: &config::Compare) -> Self {
        Self {
            ignore: config.ignore.clone(),
            also: config.headers_also.clone(),
            without: config.headers_ignore.clone(),
        }
    }

    /// Whether the value at this place in a body may differ within its class.
    pub(super) fn ignores(&self, path: &Path) -> bool {
        self.ignore.iter().any(|pattern| pattern.matches(path))
    }

    /// What asking about a place so many steps deep costs, in units of fuel.
    pub(super) fn toll(&self, depth: usize) -> u64 {
        1 + (self.ignore.len() * depth) as u64 / 16
    }

    /// How a header is compared: the default set, what the config adds, less what it takes away.
    pub(super) fn header(&self, name: &HeaderName) -> Treatment {
        if self.without.contains(name) {
            return Treatment::Skip;
        }
        match name.as_str() {
            "content-type" => Treatment::Media,
            "set-cookie" => Treatment::Cookies,
            "etag" if !self.also.contains(name) => Treatment::ByClass,
            "location" | "www-authenticate" | "link" | "retry-after" => Treatment::Lines,
            "cache-control" | "vary" => Treatment::Words,
            word if word.starts_with("access-control-") => Treatment::Words,
            "allow" if self.also.contains(name) => Treatment::Words,
            _ if self.also.contains(name) => Treatment::Lines,
            _ => Treatment::Skip,
        }
    }

    /// How a trailer is compared: all are, but for those that differ between any two answers.
    pub(super) fn trailer(&self, name: &HeaderName) -> Treatment {
        let varies = matches!(
            name.as_str(),
            "date" | "age" | "server" | "via" | "x-request-id" | "traceparent" | "server-timing"
        );
        let skipped = self.without.contains(name) || (varies && !self.also.contains(name));
        if skipped { Treatment::Skip } else { Treatment::Lines }
    }
}
