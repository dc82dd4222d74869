//! `GET /v1/inboxes/{key}/pack` (which is current) and `GET /v1/packs/{hash}` (its bytes).

use std::io::Write;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::{Code, Problem};
use serde_json::json;

use super::assets::{IMMUTABLE, accepts};
use super::problem::Failure;
use super::request;
use crate::app::App;

pub(super) async fn current(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    request::check_page(&app, &headers, &key)?;
    let settings = app.settings();
    let inbox = settings.inbox(&key)?;
    let etag = format!("\"{}\"", inbox.pointer_tag());
    let common = [
        (header::CACHE_CONTROL, "public, max-age=10".to_owned()),
        (header::ETAG, etag.clone()),
    ];
    if request::text(&headers, header::IF_NONE_MATCH) == Some(&etag) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    let content_type = [(header::CONTENT_TYPE, "application/json")];
    Ok((common, content_type, json!(inbox.pointer()).to_string()).into_response())
}

pub(super) async fn pack(
    State(app): State<Arc<App>>,
    Path(hash): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let not_found = || Problem::new(Code::NotFound, "there is no pack of that hash");
    let hash: PackHash = hash.parse().map_err(|_| not_found())?;
    let read = |error| {
        tracing::warn!(%error, "a pack could not be read");
        Problem::from(error)
    };
    let (encoding, bytes) = if accepts(&headers, "br") {
        ("br", app.store.pack_brotli(hash).await.map_err(read)?)
    } else if accepts(&headers, "gzip") {
        let plain = app.store.pack(hash).await.map_err(read)?;
        ("gzip", plain.and_then(|plain| gzip(&plain).ok()))
    } else {
        ("identity", app.store.pack(hash).await.map_err(read)?)
    };
    let bytes = bytes.ok_or_else(not_found)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_ENCODING, encoding),
        (header::CACHE_CONTROL, IMMUTABLE),
        (header::VARY, "accept-encoding"),
    ];
    let mut response = (headers, bytes).into_response();
    if encoding == "identity" {
        response.headers_mut().remove(header::CONTENT_ENCODING);
    }
    Ok(response)
}

/// For the few who can't take brotli.
fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}
