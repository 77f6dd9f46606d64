//! The bundled requests: one JSON object a line.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, InvalidHeaderName, InvalidHeaderValue};
use http::method::InvalidMethod;
use http::uri::{InvalidUri, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

/// One request of the traffic.
#[derive(Clone, Debug)]
pub struct FixtureRequest {
    /// Requests of one flow are one client's, and are sent in order on one connection.
    pub flow: String,
    pub method: Method,
    pub target: PathAndQuery,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Why a line is not a request.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the traffic is not a request")]
struct FixtureError {
    line: usize,
    source: LineError,
}

#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("it is not JSON")]
    Json(#[from] serde_json::Error),
    #[error("`{0}` is missing or not a text")]
    Missing(&'static str),
    #[error("`method` is none")]
    Method(#[from] InvalidMethod),
    #[error("`target` is no path and query")]
    Target(#[from] InvalidUri),
    #[error("a header's name is none")]
    HeaderName(#[from] InvalidHeaderName),
    #[error("a header's value is none")]
    HeaderValue(#[from] InvalidHeaderValue),
}

/// The bundled traffic, in the order in which it was first sent.
pub fn load() -> Vec<FixtureRequest> {
    parse(include_str!("../../../fixtures/shop/requests.jsonl"))
        .expect("a test reads the bundled traffic, which never changes afterwards")
}

fn parse(lines: &str) -> Result<Vec<FixtureRequest>, FixtureError> {
    let numbered = lines.lines().enumerate();
    numbered
        .map(|(at, text)| request(text).map_err(|source| FixtureError { line: at + 1, source }))
        .collect()
}

fn request(text: &str) -> Result<FixtureRequest, LineError> {
    let line: Value = serde_json::from_str(text)?;
    let field = |name| line.get(name).and_then(Value::as_str).ok_or(LineError::Missing(name));
    let mut headers = HeaderMap::new();
    for (name, value) in line.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().ok_or(LineError::Missing("headers"))?;
        headers.append(name.parse::<HeaderName>()?, HeaderValue::from_str(value)?);
    }
    let body = match line.get("body") {
        None => Bytes::new(),
        // A text goes as it stands, so that a body can be wrong JSON.
        Some(Value::String(text)) => text.clone().into(),
        Some(body) => body.to_string().into(),
    };
    if !body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(FixtureRequest {
        flow: field("flow")?.to_owned(),
        method: field("method")?.parse()?,
        target: field("target")?.parse()?,
        headers,
        body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Chain;

    #[test]
    fn the_bundled_traffic_is_complete() {
        let requests = load();
        assert!(requests.len() >= 200, "{}", requests.len());
    }

    #[test]
    fn a_line_becomes_a_request() {
        let line = r#"{"flow":"a","method":"PUT","target":"/x?y=1","headers":{"Accept":"*/*"},"body":{"n":1}}"#;
        let [request] = &parse(line).expect("a good line")[..] else { panic!("one line") };
        assert_eq!((request.flow.as_str(), &request.method), ("a", &Method::PUT));
        assert_eq!((request.target.path(), request.target.query()), ("/x", Some("y=1")));
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(request.body, r#"{"n":1}"#);
    }

    #[test]
    fn a_bad_line_is_named() {
        for (line, expected) in [
            ("{", "it is not JSON"),
            (r#"{"flow":"a","target":"/"}"#, "`method` is missing or not a text"),
            (r#"{"flow":"a","method":"G T","target":"/"}"#, "`method` is none"),
            (r#"{"flow":"a","method":"GET","target":"/ x"}"#, "`target` is no path and query"),
        ] {
            let error =
                parse(&format!("{{\"flow\":\"a\",\"method\":\"GET\",\"target\":\"/\"}}\n{line}"));
            let text = Chain(&error.expect_err(line)).to_string();
            assert!(
                text.starts_with(&format!("line 2 of the traffic is not a request: {expected}")),
                "{text}"
            );
        }
    }
}
