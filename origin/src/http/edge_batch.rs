//! What edges ask: batches of visitors' frames, and what they must know of an inbox.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firsthop_core::id::{EdgeId, VisitorId};
use firsthop_core::limits::BATCH_BYTES_MAX;
use firsthop_core::protocol::edge::{Batch, BatchReply, Downlink, Uplink};
use firsthop_core::protocol::{Code, Problem, VERSION};
use firsthop_core::sign::{Purpose, Signed};
use futures_util::future::join_all;
use serde_json::json;

use super::problem::{Failure, json_response};
use super::request;
use crate::app::App;
use crate::deliver::connection::Connection;
use crate::host;
use crate::metrics::Counter;

/// Who says to have signed the request: a registered edge.
async fn announced(app: &App, headers: &HeaderMap) -> Result<Signed, Problem> {
    let signed = Signed::from_headers(|name| request::text(headers, name))?;
    if app.settings().edge(signed.edge).is_err() {
        // It may have been created just now, by a command beside this server.
        app.refresh_settings().await?;
    }
    app.settings().edge(signed.edge)?;
    Ok(signed)
}

/// Who signed the request, if that holds and is new.
fn verified(app: &App, signed: &Signed, request: &str, body: &[u8]) -> Result<EdgeId, Problem> {
    let settings = app.settings();
    let edge = settings.edge(signed.edge)?;
    signed.verify(&edge.keys, Purpose::Batch, request, body, host::now())?;
    app.nonces
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .note(signed, host::now())?;
    Ok(edge.id)
}

/// `POST /v1/edge/batch`.
pub(super) async fn take(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let told = |problem: &Problem| refused(&app, &headers, problem);
    let signed = announced(&app, &headers).await.inspect_err(told)?;
    let bytes =
        request::announced(&headers).map_or(BATCH_BYTES_MAX, |bytes| bytes.min(BATCH_BYTES_MAX));
    let _room = app.edge_work.room(signed.edge, bytes).await?;
    let body = request::body(&headers, body, BATCH_BYTES_MAX).await?;
    let edge = verified(&app, &signed, "POST /v1/edge/batch", &body).inspect_err(told)?;
    let _guard = app.drain.enter()?;
    let _turn = app.edge_work.turn(edge, body.len()).await?;
    let batch: Batch = postcard::from_bytes(&body).map_err(|error| {
        Problem::new(
            Code::MalformedFrame,
            format!("the body is no batch: {error}"),
        )
    })?;
    if batch.version == 0 || batch.version > VERSION {
        let message = format!(
            "batch version {} is not spoken here; version {VERSION} is",
            batch.version
        );
        return Err(Problem::new(Code::UnsupportedVersion, message).into());
    }
    app.metrics.count(Counter::Batches, 1);
    let reply = BatchReply {
        downlinks: answer(&app, edge, batch.uplinks).await,
    };
    let bytes = postcard::to_allocvec(&reply).map_err(|error| {
        Problem::new(
            Code::Internal,
            format!("the reply could not be written: {error}"),
        )
    })?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}

/// Visitors side by side, so that they share a commit; each visitor's uplinks one after another.
async fn answer(app: &Arc<App>, edge: EdgeId, uplinks: Vec<Uplink>) -> Vec<Downlink> {
    let mut by_visitor: HashMap<VisitorId, Vec<(usize, Uplink)>> = HashMap::new();
    for (place, uplink) in uplinks.into_iter().enumerate() {
        by_visitor
            .entry(uplink.visitor)
            .or_default()
            .push((place, uplink));
    }
    let answers = by_visitor.into_values().map(|uplinks| async {
        let mut downlinks = Vec::with_capacity(uplinks.len());
        for (place, uplink) in uplinks {
            let Uplink {
                visitor,
                inbox,
                attached,
                frames,
            } = uplink;
            let mut connection =
                Connection::by_edge(Arc::clone(app), edge, visitor, inbox, attached);
            let frames = connection.handle_frames(frames).await;
            downlinks.push((place, Downlink { visitor, frames }));
        }
        downlinks
    });
    let mut downlinks: Vec<_> = join_all(answers).await.into_iter().flatten().collect();
    downlinks.sort_by_key(|(place, _)| *place);
    downlinks
        .into_iter()
        .map(|(_, downlink)| downlink)
        .collect()
}

/// `GET /v1/edge/inboxes/{key}`.
pub(super) async fn inbox(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let request = format!("{} /v1/edge/inboxes/{key}", Method::GET);
    announced(&app, &headers)
        .await
        .and_then(|signed| verified(&app, &signed, &request, b""))
        .inspect_err(|problem| refused(&app, &headers, problem))?;
    let settings = app.settings();
    Ok(json_response(StatusCode::OK, &json!(settings.inbox(&key)?)))
}

fn refused(app: &App, headers: &HeaderMap, problem: &Problem) {
    app.metrics.count(Counter::BatchesRefused, 1);
    let edge = request::text(headers, firsthop_core::sign::header::EDGE).unwrap_or_default();
    let edge: String = edge.chars().take(36).collect();
    tracing::warn!(%edge, code = %problem.code, message = problem.message, "an edge's request was refused");
}
