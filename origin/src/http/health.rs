//! For operators: is it alive, is it ready, what does it do.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::problem::json_response;
use crate::app::App;
use crate::metrics::Counter;

/// How long the store has to show that it can write.
const PROBE_WITHIN: Duration = Duration::from_secs(5);

/// The process runs.
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// It can take messages: something has just been committed.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let draining = app.drain.is_draining();
    let stores = matches!(
        tokio::time::timeout(PROBE_WITHIN, app.ingest.probe()).await,
        Ok(Ok(()))
    );
    let status = if stores && !draining {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let word = |good: bool, yes: &'static str, no: &'static str| if good { yes } else { no };
    let body = json!({ "store": word(stores, "ok", "unavailable"), "draining": draining });
    json_response(status, &body)
}

/// In Prometheus' text format.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        app.metrics.render(),
    )
        .into_response()
}

/// Counts every request.
pub(super) async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    app.metrics.count(Counter::Requests, 1);
    let mut response = next.run(request).await;
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        app.metrics.count(Counter::RequestFaults, 1);
    }
    let nosniff = axum::http::HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}
