//! What the shop answers, before it is written as HTTP, and why it refuses.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// An answer whose moment (its id, its time) is not filled in yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub content: Content,
    pub pace: Pace,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Empty,
    /// An object; `request_id` and `generated_at` join it when it is written.
    Json(Value),
    /// An RFC 9457 problem document.
    Problem(Value),
    File {
        media_type: &'static str,
        bytes: Bytes,
    },
}

/// When an answer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    AtOnce,
    After(Duration),
    /// Only the client or the end of the service ends it.
    Never,
}

impl Answer {
    /// An answer without content.
    pub fn empty(status: StatusCode) -> Self {
        Self::new(status, Content::Empty)
    }

    /// 200 with a JSON object that anybody may keep for a minute.
    pub fn public(body: Value) -> Self {
        Self::new(StatusCode::OK, Content::Json(body)).with(CACHE_CONTROL, "public, max-age=60")
    }

    /// A JSON object for one person.
    pub fn private(status: StatusCode, body: Value) -> Self {
        Self::new(status, Content::Json(body)).with(CACHE_CONTROL, "private, no-store")
    }

    /// 200 with a file that anybody may keep for a day.
    pub fn file(media_type: &'static str, bytes: Bytes) -> Self {
        Self::new(StatusCode::OK, Content::File { media_type, bytes })
            .with(CACHE_CONTROL, "public, max-age=86400")
    }

    fn new(status: StatusCode, content: Content) -> Self {
        Self { status, headers: HeaderMap::new(), content, pace: Pace::AtOnce }
    }

    /// Adds a header field whose value the shop itself has put together.
    pub fn with(mut self, name: HeaderName, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("the shop's own values are visible ASCII");
        self.headers.append(name, value);
        self
    }

    /// The JSON at an RFC 6901 pointer.
    pub fn find_mut(&mut self, pointer: &str) -> Option<&mut Value> {
        match &mut self.content {
            Content::Json(body) => body.pointer_mut(pointer),
            Content::Empty | Content::Problem(_) | Content::File { .. } => None,
        }
    }
}

/// Why the shop refuses a request; the text is for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    BadRequest(String),
    Unauthorised,
    NotFound(String),
    /// With the methods that are allowed there.
    MethodNotAllowed(&'static str),
    TooLarge,
    Unprocessable(String),
    /// Only version 2 has it.
    Internal,
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn detail(&self) -> &str {
        match self {
            Self::BadRequest(detail) | Self::NotFound(detail) | Self::Unprocessable(detail) => {
                detail
            }
            Self::Unauthorised => "send `Authorization: Bearer` with a token of the shop",
            Self::MethodNotAllowed(_) => "the `Allow` header names the methods that work here",
            Self::TooLarge => "a request body has at most 64 KiB",
            Self::Internal => "something went wrong on our side",
        }
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let status = problem.status();
        let document = json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": problem.detail(),
        });
        let answer = Self::new(status, Content::Problem(document)).with(CACHE_CONTROL, "no-store");
        match problem {
            Problem::Unauthorised => answer.with(WWW_AUTHENTICATE, "Bearer realm=\"shop\""),
            Problem::MethodNotAllowed(allowed) => answer.with(ALLOW, allowed),
            _ => answer,
        }
    }
}
