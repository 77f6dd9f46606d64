//! Operations that all go by one path: what a request's body or query asks for.
//!
//! [`operation()`] names them: GraphQL by the operation's name, or by a hash of the document where it
//! has none; JSON-RPC 2.0 by the method. Several in one request are named together.
//! [`may_have_operation`] tells at a glance which requests are worth a look.
//!
//! This module never makes a name of what a client wrote freely: names are short words.

use super::{graphql, template};
use crate::model::{Payload, Request};
use crate::syntax::json::{Document, Shape, Value};
use crate::syntax::{Format, MediaType, percent_decode};
use http::Method;
use http::header::CONTENT_TYPE;
use memchr::memmem;
use std::collections::BTreeSet;

/// A longer word is no name.
const MAX_WORD: usize = 64;

/// Operations of one request that are named; the others are counted.
const NAMED: usize = 4;

/// Operations of one request that are looked at.
const MAX_BATCH: usize = 100;

/// What a request says beside its path.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub method: &'a Method,
    pub query: Option<&'a str>,
    /// Its `content-type`.
    pub media: Option<&'a str>,
}

impl<'a> Asked<'a> {
    /// What a request says.
    pub fn of(request: &'a Request) -> Self {
        let media = request.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Self { method: &request.method, query: request.uri.query(), media }
    }
}

/// Whether a request may be one that [`operation()`] names. Nothing is parsed.
pub fn may_have_operation(asked: Asked<'_>, body: &Payload) -> bool {
    match *asked.method {
        Method::GET => asked.query.is_some_and(|query| query.contains("query=")),
        Method::POST => match sort(asked.media) {
            Some(Sort::Json) => has_mark(body),
            Some(Sort::Document) => true,
            None => false,
        },
        _ => false,
    }
}

/// Whether a body has one of the keys that tell the two protocols, as they are written. One in
/// several pieces, which may cut a key apart, may have any.
fn has_mark(body: &Payload) -> bool {
    let mut chunks = body.chunks();
    match (chunks.next(), chunks.next()) {
        (Some(whole), None) => {
            let marks: [&[u8]; 2] = [b"\"query\"", b"\"jsonrpc\""];
            marks.into_iter().any(|mark| memmem::find(whole, mark).is_some())
        }
        (first, _) => first.is_some(),
    }
}

/// The operation that a request asks for; nothing where it speaks neither protocol.
pub fn operation(asked: Asked<'_>, body: &[u8]) -> Option<String> {
    if *asked.method == Method::GET {
        return by_query(asked.query?);
    }
    if *asked.method != Method::POST {
        return None;
    }
    match sort(asked.media)? {
        Sort::Document => graph(str::from_utf8(body).ok(), None),
        Sort::Json => {
            let document = Document::parse(body).ok()?;
            let root = document.root();
            match document.shape(root) {
                Shape::Object => one(&document, root),
                Shape::Array => several(&document, root),
                _ => None,
            }
        }
    }
}

/// What a body holds.
enum Sort {
    Json,
    /// A GraphQL document by itself.
    Document,
}

fn sort(media: Option<&str>) -> Option<Sort> {
    let media = MediaType::new(media?);
    if media.essence().eq_ignore_ascii_case("application/graphql") {
        return Some(Sort::Document);
    }
    (media.format() == Some(Format::Json)).then_some(Sort::Json)
}

fn by_query(query: &str) -> Option<String> {
    let value = |wanted: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(name, _)| *name == wanted)?;
        let spaced = value.replace('+', " ");
        String::from_utf8(percent_decode(spaced.as_bytes()).into_owned()).ok()
    };
    graph(Some(&value("query")?), value("operationName").as_deref())
}

/// The distinct operations of a request in order of their names.
fn several(document: &Document<'_>, root: Value) -> Option<String> {
    let mut names = BTreeSet::new();
    for (count, element) in document.elements(root).enumerate() {
        if count >= MAX_BATCH {
            break;
        }
        names.insert(one(document, element)?);
    }
    let more = names.len().saturating_sub(NAMED);
    let mut words: Vec<_> = names.into_iter().take(NAMED).collect();
    words.extend((more > 0).then(|| format!("+{more}")));
    (!words.is_empty()).then(|| format!("[{}]", words.join(", ")))
}

fn one(document: &Document<'_>, object: Value) -> Option<String> {
    let text = |wanted: &str| {
        let mut members = document.members(object);
        let value = members.find(|member| member.key.raw() == wanted.as_bytes())?.value;
        let is_text = document.shape(value) == Shape::String;
        is_text.then(|| document.string(value).to_display())
    };
    if text("jsonrpc").is_some_and(|version| version == "2.0") {
        return text("method").filter(|method| is_word(method));
    }
    let (query, name) = (text("query"), text("operationName"));
    query.and_then(|query| graph(Some(&query), name.as_deref()))
}

/// The operation of a GraphQL document; which of several is run, the request says.
fn graph(document: Option<&str>, named: Option<&str>) -> Option<String> {
    let found = graphql::operations(document?)?;
    let named = named.filter(|name| graphql::is_name(name));
    match named.or(found.name).filter(|name| name.len() <= MAX_WORD && template::is_word(name)) {
        Some(name) => Some(name.to_owned()),
        None => Some(format!("#{:08x}", found.hash >> 32)),
    }
}

/// A word as methods are called: `eth_call`, `tools/list`, `rpc.discover`.
fn is_word(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:$".contains(&byte);
    (1..=MAX_WORD).contains(&text.len()) && text.bytes().all(fits) && template::is_word(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn check(media: &str, body: &str, expected: Option<&str>) {
        let asked = Asked { method: &Method::POST, query: None, media: Some(media) };
        assert_eq!(operation(asked, body.as_bytes()).as_deref(), expected, "{body}");
        assert!(expected.is_none() || may_have_operation(asked, &payload(&[body])));
    }

    fn payload(chunks: &[&str]) -> Payload {
        let mut payload = Payload::default();
        chunks.iter().for_each(|chunk| payload.push(Bytes::copy_from_slice(chunk.as_bytes())));
        payload
    }

    #[test]
    fn a_body_without_the_keys_of_a_protocol_is_not_worth_a_look() {
        let media = Some("application/json");
        let asked = Asked { method: &Method::POST, query: None, media };
        let may = |chunks: &[&str]| may_have_operation(asked, &payload(chunks));
        assert!(!may(&[r#"{"note":"a query","jsonrpc_version":2}"#]));
        assert!(!may(&[]));
        assert!(may(&[r#"{"id":1,"jsonrpc":"2.0"}"#]));
        assert!(may(&[r#"{"id":1,"json"#, r#"rpc":"2.0"}"#]));
    }

    fn json(body: &str, expected: Option<&str>) {
        check("application/json; charset=utf-8", body, expected);
    }

    fn get(query: &str, expected: Option<&str>) {
        let asked = Asked { method: &Method::GET, query: Some(query), media: None };
        assert_eq!(operation(asked, b"").as_deref(), expected, "{query}");
        assert!(expected.is_none() || may_have_operation(asked, &Payload::default()));
    }

    #[test]
    fn graphql_is_named_by_its_operation() {
        json(r#"{"query":"query Items { a }","variables":{}}"#, Some("Items"));
        json(r#"{"query":"query A {a} query B {b}","operationName":"B"}"#, Some("B"));
        json(r#"{"query":"query \u0041 {a}","operationName":null}"#, Some("A"));
        check("application/graphql", "mutation Buy { buy }", Some("Buy"));
        get("query=query+Items%20%7Ba%7D&x=1", Some("Items"));
        get("operationName=B&query=query+A{a}query+B{b}", Some("B"));
    }

    #[test]
    fn a_document_without_a_name_is_named_by_what_it_asks() {
        let name = |body: &str| {
            let asked =
                Asked { method: &Method::POST, query: None, media: Some("application/json") };
            operation(asked, body.as_bytes()).expect(body)
        };
        let one = name(r#"{"query":"{ item(id: 7) { id } }"}"#);
        assert!(one.starts_with('#') && one.len() == 9, "{one}");
        assert_eq!(one, name(r#"{"query":"{item(id:8){id}}","operationName":"a b"}"#));
        assert_ne!(one, name(r#"{"query":"{item(id:8){name}}"}"#));
        let long = "x".repeat(MAX_WORD + 1);
        assert!(name(&format!(r#"{{"query":"query {long} {{a}}"}}"#)).starts_with('#'));
    }

    #[test]
    fn json_rpc_is_named_by_its_method() {
        json(r#"{"jsonrpc":"2.0","method":"tools/list","id":1}"#, Some("tools/list"));
        json(r#"{"jsonrpc":"2.0","method":"a b","id":1}"#, None);
        json(r#"{"jsonrpc":"2.0","method":""}"#, None);
        json(r#"{"jsonrpc":"2.0","method":"0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d"}"#, None);
        json(r#"{"jsonrpc":"1.0","method":"a"}"#, None);
        json(r#"{"jsonrpc":"2.0","result":1}"#, None);
    }

    #[test]
    fn several_operations_are_named_together() {
        let call = |name: &str| format!(r#"{{"jsonrpc":"2.0","method":"{name}","id":1}}"#);
        let batch = |names: &[&str]| {
            format!("[{}]", names.iter().map(|name| call(name)).collect::<Vec<_>>().join(","))
        };
        json(&batch(&["b", "a", "b"]), Some("[a, b]"));
        json(&batch(&["f", "e", "d", "c", "b", "a"]), Some("[a, b, c, d, +2]"));
        json("[]", None);
        json(&format!("[{},1]", call("a")), None);
        json(r#"[{"query":"query B {a}"},{"query":"query A {a}"}]"#, Some("[A, B]"));
    }

    #[test]
    fn what_speaks_no_protocol_has_no_operation() {
        json(r#"{"query":"red shoes"}"#, None);
        json(r#"{"query":{"match_all":{}}}"#, None);
        json("{", None);
        json("1", None);
        check("text/plain", r#"{"query":"{a}"}"#, None);
        check("application/graphql", "shoes", None);
        get("query=shoes", None);
        get("q=1", None);
        let asked = Asked { method: &Method::PUT, query: None, media: Some("application/json") };
        assert!(!may_have_operation(asked, &payload(&[r#"{"query":"{a}"}"#])));
        assert_eq!(operation(asked, br#"{"query":"{a}"}"#), None);
    }
}
