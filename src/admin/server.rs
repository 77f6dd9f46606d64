//! The listener of the admin API and its routes.

use crate::admin::{access, connections, mirror, report};
use crate::base::Chain;
use crate::config;
use crate::control::{Control, ControlError};
use crate::store::StoreError;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

/// No request to the admin API is larger.
const LARGEST_BODY: usize = 64 * 1024;

/// Serves the admin API until the returned future is dropped.
pub async fn serve(listener: TcpListener, admin: config::Admin, control: Arc<Control>) {
    let guard = middleware::from_fn_with_state(Arc::new(admin), access::guard);
    let routes = Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/api/v1/report", get(report::report))
        .route("/api/v1/gate", get(report::gate))
        .route("/api/v1/findings", get(report::findings))
        .route("/api/v1/findings/{signature}", get(report::finding))
        .route("/api/v1/sessions", get(report::sessions))
        .route("/api/v1/store", get(report::store))
        .route("/api/v1/mirror", get(mirror::show).patch(mirror::change))
        .route("/api/v1/reload", post(reload))
        .fallback(|| async { (StatusCode::NOT_FOUND, "there is no such path\n") })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(guard)
        .with_state(control);
    connections::serve(listener, routes).await;
}

/// Ready while clients are answered, which is always; what else is amiss is told beside it.
async fn readyz(State(control): State<Arc<Control>>) -> Json<serde_json::Value> {
    let status = control.storing();
    let store = json!({
        "state": status.health.name(),
        "detail": status.health.to_string(),
        "flushes": status.flushes,
        "failures": status.failures,
    });
    Json(json!({ "status": "ready", "mirroring": control.mirror().enabled, "store": store }))
}

async fn metrics(State(control): State<Arc<Control>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], control.metrics())
}

async fn reload(
    State(control): State<Arc<Control>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
) -> Result<Json<serde_json::Value>, AdminError> {
    tracing::info!(%from, "a reload is asked for");
    control.reload()?;
    Ok(Json(json!({ "reloaded": true })))
}

/// An answer that says what went wrong.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    NotFound(String),
    #[error("the question could not be worked on: {0}")]
    Broken(String),
}

impl AdminError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Control(ControlError::Rejected(_) | ControlError::Restart(_))
            | Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Control(ControlError::NoStore(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Control(ControlError::Store(StoreError::NoSession { .. }))
            | Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Control(ControlError::Store(_)) | Self::Broken(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({ "error": Chain(&self).to_string() }))).into_response()
    }
}
