//! Which requests a route is for.
//!
//! Main types: [`Matcher`], and [`PathPattern`] while it is read. Matching follows the path as the
//! client sent it: segment by segment, with its case, its percent-encoding and its final slash.
//!
//! This module never allocates while it matches.

use crate::config::parts::Matcher;
use crate::config::setting::{Setting, Text, Wrong};
use http::Method;

impl Matcher {
    /// Whether a request is for this route; `path` has no query. `{name}` fits one segment that
    /// is not empty, a final `**` any rest: `/orders/**` fits `/orders`, `/orders/` and all below.
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        let fits_method = self.methods.is_empty() || self.methods.contains(method);
        fits_method && fits(&self.path, path, |segment| !segment.is_empty())
    }

    /// Whether every request that fits `other` fits this one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let within = || other.methods.iter().all(|method| self.methods.contains(method));
        let methods = self.methods.is_empty() || (!other.methods.is_empty() && within());
        methods && fits(&self.path, &other.path, |segment| !segment.is_empty() && segment != "**")
    }
}

/// Walks both paths by segments; `one` says what `{name}` may stand for.
fn fits(pattern: &str, path: &str, one: impl Fn(&str) -> bool) -> bool {
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) | (Some("**"), _) => return true,
            (Some(name), Some(segment)) if name.starts_with('{') && one(segment) => {}
            (Some(literal), Some(segment)) if literal == segment => {}
            _ => return false,
        }
    }
}

/// The text of `match.path`, checked.
pub(super) struct PathPattern(pub String);

impl Setting for PathPattern {
    fn read(text: &Text) -> Result<Self, Wrong> {
        let because = |text: &str| Err(Wrong::Because(text.to_owned()));
        let mut segments = text.value.split('/').peekable();
        while let Some(segment) = segments.next() {
            if segment == "**" && segments.peek().is_none() {
                continue;
            }
            if segment.contains('*') {
                return because("holds a `*`; only `**` stands for more, as the last segment");
            }
            if segment.contains(['{', '}']) && !is_name(segment) {
                return because("holds a brace; write a whole segment as in /orders/{id}");
            }
        }
        Ok(Self(text.value.clone()))
    }
}

/// `{name}`.
fn is_name(segment: &str) -> bool {
    let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(methods: &[Method], path: &str) -> Matcher {
        Matcher { methods: methods.to_vec(), path: path.into() }
    }

    fn check(pattern: &str, path: &str, expected: bool) {
        let found = matcher(&[], pattern).matches(&Method::GET, path);
        assert_eq!(found, expected, "{pattern} on {path}");
    }

    #[test]
    fn a_name_fits_one_segment_that_is_not_empty() {
        check("/orders/{id}", "/orders/7", true);
        check("/orders/{id}", "/orders/", false);
        check("/orders/{id}", "/orders", false);
        check("/orders/{id}", "/orders/7/lines", false);
        check("/{shop}/orders", "/a/orders", true);
        check("/{shop}/orders", "//orders", false);
    }

    #[test]
    fn a_final_double_star_fits_any_rest() {
        for path in ["/", "/a", "/a/b/", "//"] {
            check("/**", path, true);
        }
        check("/orders/**", "/orders", true);
        check("/orders/**", "/orders/", true);
        check("/orders/**", "/orders/7/lines", true);
        check("/orders/**", "/ordersX", false);
        check("/**", "*", false);
    }

    #[test]
    fn literals_keep_case_encoding_and_final_slash() {
        check("/", "/", true);
        check("/a", "/a/", false);
        check("/a/", "/a/", true);
        check("/a", "/A", false);
        check("/a b", "/a%20b", false);
        check("/a", "", false);
    }

    #[test]
    fn methods_are_those_listed_or_any() {
        assert!(matcher(&[Method::GET], "/a").matches(&Method::GET, "/a"));
        assert!(!matcher(&[Method::GET], "/a").matches(&Method::HEAD, "/a"));
        assert!(matcher(&[], "/a").matches(&Method::DELETE, "/a"));
    }

    fn covers(one: &Matcher, other: &Matcher, expected: bool) {
        assert_eq!(one.covers(other), expected, "{one:?} over {other:?}");
    }

    #[test]
    fn a_route_covers_those_that_can_never_match_after_it() {
        let any = matcher(&[], "/**");
        let get = matcher(&[Method::GET], "/orders/{id}");
        covers(&any, &get, true);
        covers(&get, &any, false);
        covers(&get, &get, true);
        covers(&get, &matcher(&[Method::GET], "/orders/{other}"), true);
        covers(&get, &matcher(&[Method::GET], "/orders/7"), true);
        covers(&get, &matcher(&[Method::GET], "/orders/**"), false);
        covers(&get, &matcher(&[Method::GET, Method::PUT], "/orders/7"), false);
        covers(&matcher(&[Method::GET], "/**"), &any, false);
    }
}
