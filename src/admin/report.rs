//! What was found out, over HTTP.

use crate::admin::AdminError;
use crate::base::clock;
use crate::control::Control;
use crate::report::{self, Format, QuestionError, SessionSummary, StoreAbout, Words};
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
    control: State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    tell(control, asked, |control, selector, words| {
        let session = control.session(selector)?;
        Ok(words.report(&session, &control.gate(&session), clock::wall())?)
    })
    .await
}

pub(super) async fn gate(
    control: State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    tell(control, asked, |control, selector, words| {
        let session = control.session(selector)?;
        Ok(words.gate(&control.gate(&session))?)
    })
    .await
}

pub(super) async fn findings(
    control: State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    let asked = Asked { format: None, ..asked };
    tell(control, asked, |control, selector, words| {
        let session = control.session(selector)?;
        let report = words.report(&session, &control.gate(&session), clock::wall())?;
        let report: serde_json::Value = serde_json::from_str(&report).unwrap_or_default();
        Ok(json!({ "findings": report.get("findings") }).to_string())
    })
    .await
}

pub(super) async fn finding(
    control: State<Arc<Control>>,
    Path(signature): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    let base = asked.curl.clone();
    let format = base.as_ref().map(|_| "text".to_owned()).or(asked.format);
    let asked = Asked { format, ..asked };
    tell(control, asked, move |control, selector, words| {
        let session = control.session(selector)?;
        Ok(match &base {
            Some(base) => report::commands(&session, &signature, base)?,
            None => words.finding(&session, &signature)?,
        })
    })
    .await
}

pub(super) async fn sessions(
    control: State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    tell(control, asked, |control, _, words| {
        let mut all = Vec::new();
        for info in control.sessions()? {
            all.push(SessionSummary::from(&control.session(&info.id)?));
        }
        Ok(match words.format()? {
            Format::Json => report::json::sessions(&all),
            Format::Text | Format::Markdown => report::sessions(&all, &words.palette()),
        })
    })
    .await
}

pub(super) async fn store(
    control: State<Arc<Control>>,
    Query(asked): Query<Asked>,
) -> Result<Response, AdminError> {
    tell(control, asked, |control, _, words| {
        let health = Some(control.storing().health);
        let about = StoreAbout { info: control.store()?, health };
        Ok(match words.format()? {
            Format::Json => about.json(),
            Format::Text | Format::Markdown => about.text(),
        })
    })
    .await
}

/// Answers a question. Reading a stored session waits for the disk, so that this is done beside
/// the API's own thread.
async fn tell<F>(
    State(control): State<Arc<Control>>,
    asked: Asked,
    work: F,
) -> Result<Response, AdminError>
where
    F: FnOnce(&Control, &str, &Words) -> Result<String, AdminError> + Send + 'static,
{
    let (selector, words) = asked.words();
    let media = match words.format()? {
        Format::Json => "application/json",
        Format::Text => "text/plain; charset=utf-8",
        Format::Markdown => "text/markdown; charset=utf-8",
    };
    let done = spawn_blocking(move || work(&control, &selector, &words)).await;
    let text = done.unwrap_or_else(|error| Err(AdminError::Broken(error.to_string())))?;
    Ok(([(CONTENT_TYPE, media)], text).into_response())
}
