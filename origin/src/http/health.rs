//! For operators: is it alive, is it ready, what does it do.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use firsthop_core::protocol::{Code, Problem};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::problem::{Failure, json_response};
use super::request;
use crate::app::App;
use crate::metrics::Counter;
use crate::store::Fault;

/// How long the store has to show that it can write.
const PROBE_WITHIN: Duration = Duration::from_secs(5);

/// The process runs.
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// It can take messages: something has just been committed. Else it says what is wrong.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let draining = app.drain.is_draining();
    let probed = tokio::time::timeout(PROBE_WITHIN, app.ingest.probe()).await;
    let mut body = match probed.unwrap_or(Err(Fault::Slow)) {
        Ok(()) => json!({ "store": "ok" }),
        Err(fault) => json!({ "store": "unavailable", "why": fault.word() }),
    };
    let status = if body["store"] == "ok" && !draining {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    body["draining"] = draining.into();
    json_response(status, &body)
}

/// In Prometheus' text format, for whoever may know how busy the shop is.
pub(super) async fn metrics(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let config = &app.config;
    let allowed = match &config.metrics_token {
        Some(token) => request::bearer(&headers).is_some_and(|given| same(given, token.expose())),
        None => {
            config.listen.ip().is_loopback()
                && !PROXY_HEADERS.iter().any(|name| headers.contains_key(*name))
        }
    };
    if !allowed {
        let message = "`/metrics` needs `Authorization: Bearer` with the setting `metrics.token`";
        return Err(Problem::new(Code::TokenMissing, message).into());
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], app.metrics.render()).into_response())
}

/// What proxies add to requests that they pass on.
const PROXY_HEADERS: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// Compares secrets: their hashes, so that the time it takes tells nothing of them.
fn same(given: &str, secret: &str) -> bool {
    Sha256::digest(given) == Sha256::digest(secret)
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
