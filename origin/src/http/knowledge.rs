//! Inboxes for the console, and publishing of knowledge.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use firsthop_core::limits::KNOWLEDGE_FILE_BYTES_MAX;
use firsthop_core::protocol::{Code, Problem};
use serde_json::json;

use super::problem::{Failure, json_response};
use super::request;
use crate::accounts::logged_in;
use crate::app::App;
use crate::knowledge::{self, PublishError};
use crate::store::accounts::Role;

/// `GET /v1/inboxes`.
pub(super) async fn inboxes(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    logged_in(&app, &headers).await?;
    let settings = app.settings();
    let mut inboxes: Vec<_> = settings.inboxes().collect();
    inboxes.sort_by(|a, b| a.key.cmp(&b.key));
    let inboxes: Vec<_> = inboxes
        .into_iter()
        .map(|inbox| {
            let entries = settings.pack(&inbox.key).map(|pack| pack.len());
            json!({
                "key": inbox.key,
                "name": inbox.name,
                "allowed_origins": inbox.allowed_origins,
                "pack": inbox.pack,
                "entries": entries,
            })
        })
        .collect();
    Ok(json_response(
        StatusCode::OK,
        &json!({ "inboxes": inboxes }),
    ))
}

/// `POST /v1/inboxes/{key}/knowledge`.
pub(super) async fn publish(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    request::check_csrf(&app, &headers)?;
    let (agent, _) = logged_in(&app, &headers).await?;
    if agent.role != Role::Admin {
        return Err(Problem::new(Code::Forbidden, "only administrators publish knowledge").into());
    }
    app.settings().inbox(&key)?;
    let text = request::body(&headers, body, KNOWLEDGE_FILE_BYTES_MAX).await?;
    match knowledge::publish(&app.store, &key, "knowledge.jsonl", text.to_vec()).await {
        Ok(published) => {
            tracing::info!(inbox = key, pack = %published.pack, entries = published.entries, "knowledge was published");
            app.refresh_settings().await.map_err(Problem::from)?;
            Ok(json_response(StatusCode::OK, &published.to_json()))
        }
        Err(PublishError::Knowledge(errors)) => {
            let problem = Problem::new(
                Code::InvalidInput,
                format!("the knowledge has {} errors", errors.len()),
            );
            let body = json!({ "error": problem, "errors": knowledge::errors_to_json(&errors) });
            Ok(json_response(StatusCode::UNPROCESSABLE_ENTITY, &body))
        }
        Err(error) => {
            tracing::warn!(inbox = key, %error, "knowledge was not published");
            Ok(Failure(error.into()).into_response())
        }
    }
}
