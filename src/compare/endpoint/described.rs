//! Endpoints by the operations that an API description lists.
//!
//! This module never makes up a name: a request that fits no operation has none here.

use crate::config::{Described, Operation};
use crate::syntax::percent_decode;
use http::Method;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Operations, ready to be looked up. Of several that fit, the one with the longest literal text
/// wins; between those, the one whose literal segments come first.
#[derive(Debug, Default)]
pub struct Operations {
    /// By method and number of segments; the best first.
    by_shape: HashMap<(Method, usize), Vec<Fitted>>,
}

/// One operation.
#[derive(Debug)]
struct Fitted {
    name: String,
    segments: Vec<Segment>,
}

/// The literal pieces of a segment, their escapes undone; between two of them, and nowhere else, is
/// a parameter. One piece alone: the segment is a literal.
#[derive(Debug)]
struct Segment(Vec<Vec<u8>>);

impl Operations {
    /// The operations of a description; of two that fit the same, the first is kept.
    pub fn new(described: &Described) -> Self {
        let mut by_shape: HashMap<_, Vec<Fitted>> = HashMap::new();
        for Operation { method, path } in &described.operations {
            let segments: Vec<_> = segments(path).map(Segment::new).collect();
            let shape = (method.clone(), segments.len());
            let name = format!("{method} {}", path.strip_suffix('/').unwrap_or(path));
            let name = if path == "/" { format!("{method} /") } else { name };
            by_shape.entry(shape).or_default().push(Fitted { name, segments });
        }
        for fitted in by_shape.values_mut() {
            fitted.sort_by_cached_key(Fitted::order);
        }
        Self { by_shape }
    }

    /// The name of the operation that a request is for.
    pub fn name(&self, method: &Method, path: &str) -> Option<&str> {
        if self.by_shape.is_empty() {
            return None;
        }
        let parts: Vec<_> = segments(path).map(|part| percent_decode(part.as_bytes())).collect();
        let candidates = self.by_shape.get(&(method.clone(), parts.len()))?;
        let fits = |fitted: &&Fitted| {
            fitted.segments.iter().zip(&parts).all(|(segment, part)| segment.fits(part))
        };
        candidates.iter().find(fits).map(|fitted| fitted.name.as_str())
    }
}

/// The segments of a path; a final slash makes no difference.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path).split('/')
}

impl Fitted {
    fn order(&self) -> impl Ord + use<> {
        let literal = self.segments.iter().flat_map(|segment| &segment.0).map(Vec::len).sum();
        let literal: usize = literal;
        let variable: Vec<_> = self.segments.iter().map(|segment| segment.0.len() > 1).collect();
        (Reverse(literal), variable, self.name.clone())
    }
}

impl Segment {
    fn new(text: &str) -> Self {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((literal, after)) = rest.split_once('{') {
            let Some((_, after)) = after.split_once('}') else { break };
            pieces.push(percent_decode(literal.as_bytes()).into_owned());
            rest = after;
        }
        pieces.push(percent_decode(rest.as_bytes()).into_owned());
        Self(pieces)
    }

    /// Whether a segment has all pieces in their order, at least one byte between any two.
    fn fits(&self, text: &[u8]) -> bool {
        let (first, rest) = match self.0.as_slice() {
            [] => return text.is_empty(),
            [literal] => return literal == text,
            [first, rest @ ..] => (first, rest),
        };
        let Some(mut text) = text.strip_prefix(first.as_slice()) else { return false };
        let Some((last, middle)) = rest.split_last() else { return false };
        for piece in middle {
            let Some(after) = text.get(1..) else { return false };
            let Some(at) = find(after, piece) else { return false };
            text = after.get(at + piece.len()..).unwrap_or_default();
        }
        text.len() > last.len() && text.ends_with(last)
    }
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    if piece.is_empty() {
        return Some(0);
    }
    text.windows(piece.len()).position(|window| window == piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operations(paths: &[&str]) -> Operations {
        let operation = |path: &&str| Operation { method: Method::GET, path: (*path).to_owned() };
        Operations::new(&Described { operations: paths.iter().map(operation).collect() })
    }

    fn check(paths: &[&str], path: &str, expected: Option<&str>) {
        let expected = expected.map(|path| format!("GET {path}"));
        let mut turned = paths.to_vec();
        turned.reverse();
        for paths in [paths, &turned] {
            let operations = operations(paths);
            assert_eq!(operations.name(&Method::GET, path), expected.as_deref(), "{path}");
        }
    }

    #[test]
    fn the_longest_literal_match_wins() {
        let paths = ["/users/{id}", "/users/me", "/{kind}/me", "/users/m{rest}", "/", "/a/"];
        check(&paths, "/users/7", Some("/users/{id}"));
        check(&paths, "/users/me", Some("/users/me"));
        check(&paths, "/users/max", Some("/users/m{rest}"));
        check(&paths, "/shops/me", Some("/{kind}/me"));
        check(&paths, "/", Some("/"));
        check(&paths, "/a", Some("/a"));
        check(&paths, "/users/7/", Some("/users/{id}"));
        check(&paths, "/users/%6De", Some("/users/me"));
        check(&paths, "/Users/7", None);
        check(&paths, "/users", None);
        check(&paths, "/users/7/x", None);
        check(&paths, "/users//", None);
    }

    #[test]
    fn a_segment_may_have_parameters_within() {
        let paths = ["/f/{name}.json", "/f/{a}-{b}:close", "/{x}{y}"];
        check(&paths, "/f/a.json", Some("/f/{name}.json"));
        check(&paths, "/f/.json", None);
        check(&paths, "/f/1-2:close", Some("/f/{a}-{b}:close"));
        check(&paths, "/f/-2:close", None);
        check(&paths, "/ab", Some("/{x}{y}"));
        check(&paths, "/a", None);
    }

    #[test]
    fn another_method_is_another_endpoint() {
        assert_eq!(operations(&["/a"]).name(&Method::POST, "/a"), None);
        assert_eq!(Operations::default().name(&Method::GET, "/a"), None);
    }
}
