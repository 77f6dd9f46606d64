//! The kill switch and the dial over HTTP.

use crate::admin::AdminError;
use crate::base::Percent;
use crate::control::{Change, Control, Saved};
use crate::model::Strain;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

/// What `PATCH /api/v1/mirror` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    enabled: Option<bool>,
    sample: Option<String>,
}

pub(super) async fn show(State(control): State<Arc<Control>>) -> Json<Value> {
    Json(state(&control))
}

pub(super) async fn change(
    State(control): State<Arc<Control>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Result<Json<Value>, AdminError> {
    let change = parse(&body)?;
    let saved = control.set_mirror(change);
    tracing::info!(%from, ?change, ?saved, "the mirror is switched");
    let mut answer = state(&control);
    if let (Saved::No(reason), Some(answer)) = (saved, answer.as_object_mut()) {
        answer.insert("warning".into(), json!(format!("a restart will forget this: {reason}")));
    }
    Ok(Json(answer))
}

fn parse(body: &[u8]) -> Result<Change, AdminError> {
    let hint = r#"send {"enabled": false} or {"sample": "10%"}"#;
    let patch: Patch = serde_json::from_slice(body)
        .map_err(|error| AdminError::Invalid(format!("{error}; {hint}")))?;
    let sample = patch.sample.map(|text| text.parse::<Percent>()).transpose();
    let sample = sample.map_err(|error| AdminError::Invalid(error.to_string()))?;
    Ok(Change { enabled: patch.enabled, sample })
}

fn state(control: &Control) -> Value {
    let state = control.mirror();
    json!({
        "enabled": state.enabled,
        "sample": state.sample.to_string(),
        "queued": state.queued,
        "backlog": state.backlog,
        "memory_bytes": state.memory,
        "in_flight": state.in_flight,
        "breaker": state.breaker.name(),
        "protecting": state.strain.map(Strain::name),
        "ramp_stage": state.stage,
    })
}
