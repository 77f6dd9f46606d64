//! What was found out, over HTTP.

use crate::admin::AdminError;
use crate::base::clock;
use crate::control::Control;
use crate::report::{self, Format, QuestionError, SessionSummary, Words};
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// The query of every question.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    session: Option<String>,
    endpoint: Option<String>,
    since: Option<String>,
    format: Option<String>,
    color: Option<String>,
    /// For a finding: commands that send its requests to this URL again.
    curl: Option<String>,
}

impl Asked {
    fn words(self) -> (String, Words) {
        let Self { session, endpoint, since, format, color, .. } = self;
        let session = session.unwrap_or_else(|| "latest".to_owned());
        (session, Words { endpoint, since, format, color })
    }
}

impl From<QuestionError> for AdminError {
    fn from(error: QuestionError) -> Self {
        match error {
            QuestionError::Find(_) => Self::NotFound(error.to_string()),
            QuestionError::Format(_) | QuestionError::Since(_) => Self::Invalid(error.to_string()),
        }
    }
}

pub(super) async fn report(
    State(control): State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    let (selector, words) = asked.words();
    let format = words.format()?;
    let text = blocking(move || {
        let session = control.session(&selector)?;
        Ok(words.report(&session, &control.gate(&session), clock::wall())?)
    });
    Ok(answer(format, text.await?))
}

pub(super) async fn gate(
    State(control): State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    let (selector, words) = asked.words();
    let format = words.format()?;
    let text = blocking(move || {
        let session = control.session(&selector)?;
        Ok(words.gate(&control.gate(&session))?)
    });
    Ok(answer(format, text.await?))
}

pub(super) async fn findings(
    State(control): State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    let (selector, words) = asked.words();
    let text = blocking(move || {
        let session = control.session(&selector)?;
        let report = words.report(&session, &control.gate(&session), clock::wall())?;
        let report: serde_json::Value = serde_json::from_str(&report).unwrap_or_default();
        Ok(json!({ "findings": report.get("findings") }).to_string())
    });
    Ok(answer(Format::Json, text.await?))
}

pub(super) async fn finding(
    State(control): State<Arc<Control>>,
    Path(signature): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    let base = asked.curl.clone();
    let (selector, words) = asked.words();
    let format = if base.is_some() { Format::Text } else { words.format()? };
    let text = blocking(move || {
        let session = control.session(&selector)?;
        Ok(match base {
            Some(base) => report::commands(&session, &signature, &base)?,
            None => words.finding(&session, &signature)?,
        })
    });
    Ok(answer(format, text.await?))
}

pub(super) async fn sessions(
    State(control): State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    let (_, words) = asked.words();
    let format = words.format()?;
    let text = blocking(move || {
        let mut summaries = Vec::new();
        for info in control.sessions()? {
            summaries.push(SessionSummary::from(&control.session(&info.id)?));
        }
        Ok(match format {
            Format::Json => report::json::sessions(&summaries),
            Format::Text | Format::Markdown => report::sessions(&summaries, &words.palette()),
        })
    });
    Ok(answer(format, text.await?))
}

pub(super) async fn store(
    State(control): State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    let (_, words) = asked.words();
    let format = words.format()?;
    let text = blocking(move || {
        let info = control.store()?;
        let health = control.storing().health;
        let about = report::StoreAbout {
            path: info.path,
            format: info.format,
            size: info.size,
            sessions: info.sessions,
            unreadable: info.unreadable,
            corrupt: info.corrupt,
            health: Some(health.to_string()),
        };
        Ok(match format {
            Format::Json => about.json(),
            Format::Text | Format::Markdown => about.text(),
        })
    });
    Ok(answer(format, text.await?))
}

/// Reading a stored session waits for the disk, so it is done beside the API's own thread.
async fn blocking(
    work: impl FnOnce() -> Result<String, AdminError> + Send + 'static,
) -> Result<String, AdminError> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(AdminError::Broken(error.to_string())))
}

fn answer(format: Format, text: String) -> Response {
    let media = match format {
        Format::Json => "application/json",
        Format::Text => "text/plain; charset=utf-8",
        Format::Markdown => "text/markdown; charset=utf-8",
    };
    ([(CONTENT_TYPE, media)], text).into_response()
}
