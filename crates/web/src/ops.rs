//! What operators ask: is it alive, is it ready?

use crate::App;
use axum::{Router, extract::State, routing::get};
use http::StatusCode;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready))
}

/// Ready means that the store answers.
async fn ready(State(app): State<App>) -> Result<&'static str, StatusCode> {
    app.directory.needs_setup().await.map(|_| "ready\n").map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}
