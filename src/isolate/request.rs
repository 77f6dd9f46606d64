//! Editing the candidate's copy of a request.

use crate::config::{Replace, Rewrite};
use crate::isolate::{body, target};
use crate::model::Request;
use http::HeaderMap;

/// Why a copy cannot be edited as the rules say, and so is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unappliable {
    #[error("the rewritten path is no path")]
    Path,
    #[error("the body cannot be read as JSON")]
    Json,
    #[error("the body cannot be read as a form")]
    Form,
}

/// The copy with every rule applied: removals, then settings, then replacements in their order.
pub fn rewrite(rules: &Rewrite, original: &Request) -> Result<Request, Unappliable> {
    let mut copy = Request {
        method: original.method.clone(),
        uri: original.uri.clone(),
        headers: roomy(&original.headers),
        body: original.body.clone(),
        trailers: original.trailers.clone(),
    };
    for name in &rules.remove {
        copy.headers.remove(name);
    }
    for (name, value) in &rules.set {
        copy.headers.insert(name, value.clone());
    }
    if let Some(trailers) = &mut copy.trailers {
        unsay(rules, trailers);
    }
    for rule in &rules.replace {
        replace(rule, &mut copy)?;
    }
    Ok(copy)
}

/// Removes from the trailers what the rules remove or decide: a server may read a field there that
/// it does not find in the head.
fn unsay(rules: &Rewrite, trailers: &mut HeaderMap) {
    let replaced = rules.replace.iter().filter_map(|rule| match rule {
        Replace::Header { name, .. } => Some(name),
        Replace::Query { .. }
        | Replace::Path { .. }
        | Replace::Json { .. }
        | Replace::Form { .. } => None,
    });
    let set = rules.set.iter().map(|(name, _)| name);
    for name in rules.remove.iter().chain(set).chain(replaced) {
        trailers.remove(name);
    }
}

/// The same fields, with room for those that copies are given: a clone would have to grow.
fn roomy(headers: &HeaderMap) -> HeaderMap {
    let mut copy = HeaderMap::with_capacity(headers.len() + MORE);
    for (name, value) in headers {
        copy.append(name, value.clone());
    }
    copy
}

/// The marker, and a field or two of the config's.
const MORE: usize = 3;

fn replace(rule: &Replace, copy: &mut Request) -> Result<(), Unappliable> {
    match rule {
        Replace::Header { name, with } => {
            if copy.headers.contains_key(name) {
                copy.headers.insert(name, with.clone());
            }
        }
        Replace::Query { name, with } => {
            if let Some(uri) = target::with_query(&copy.uri, name, with)? {
                copy.uri = uri;
            }
        }
        Replace::Path { find, with } => {
            if let Some(uri) = target::with_path(&copy.uri, find, with)? {
                copy.uri = uri;
            }
        }
        Replace::Json { at, with } => {
            if let Some(edited) = body::with_json(&copy.headers, &copy.body, at, with)? {
                copy.body = edited;
            }
        }
        Replace::Form { name, with } => {
            if let Some(edited) = body::with_form(&copy.headers, &copy.body, name, with)? {
                copy.body = edited;
            }
        }
    }
    Ok(())
}
