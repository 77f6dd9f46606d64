//! Patterns over endpoint names: `*` fits any run of characters, everything else itself.

use std::fmt;

/// `GET /items*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether the whole name fits.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
            return false;
        };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            // The leftmost fit leaves the most for the parts that follow.
            let Some((_, after)) = rest.split_once(part) else { return false };
            rest = after;
        }
        true
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(glob: &str, name: &str, expected: bool) {
        assert_eq!(Glob::new(glob).matches(name), expected, "{glob} on {name}");
    }

    #[test]
    fn a_star_fits_any_run_and_the_rest_fits_itself() {
        check("GET /items*", "GET /items", true);
        check("GET /items*", "GET /items/{int}", true);
        check("GET /items", "GET /items/{int}", false);
        check("*/items", "GET /items", true);
        check("*/items", "GET /items/{int}", false);
        check("* /items/*", "POST /items/{int}", true);
        check("*", "", true);
        check("", "", true);
        check("", "GET /", false);
        check("a*a", "a", false);
        check("a*a", "aa", true);
        check("*ab*ab", "xabyabab", true);
        check("a*b*c", "abbc", true);
        check("a*b*c", "acb", false);
        check("**", "anything", true);
        check("GET /items/{*}", "GET /items/{int}", true);
    }
}
