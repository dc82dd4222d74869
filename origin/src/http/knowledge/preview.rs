//! The preview of a draft: begun, watched, cancelled; and its pack, to be tried.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firsthop_core::knowledge::parse;
use firsthop_core::limits::{GIVEN_QUESTIONS_BYTES_MAX, GIVEN_QUESTIONS_MAX, PAGE_ITEMS_MAX};
use firsthop_core::protocol::{Code, Problem};
use serde_json::json;

use super::super::problem::{Failure, json_response};
use super::super::request;
use super::{editor, number, off_thread, reader, stored, word, wrong};
use crate::app::App;
use crate::knowledge::check::{DRAFT, DraftFile};
use crate::knowledge::preview::{Part, Wanted};

/// Changes in an answer that does not say how many.
const CHANGES_DEFAULT: usize = 100;

/// `POST …/preview`.
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    editor(&app, &headers, &key).await?;
    let bytes = request::body(&headers, body, GIVEN_QUESTIONS_BYTES_MAX).await?;
    let given = if bytes.trim_ascii().is_empty() {
        b"{}"
    } else {
        &bytes[..]
    };
    let wanted: Wanted = serde_json::from_slice(given).map_err(|_| {
        let message = "the body must be a JSON object with `questions`, `recent` and `phrasings`, each of them optional";
        Problem::new(Code::InvalidInput, message)
    })?;
    if wanted.questions.len() > GIVEN_QUESTIONS_MAX {
        let message = format!(
            "{} questions; at most {GIVEN_QUESTIONS_MAX} are allowed",
            wanted.questions.len()
        );
        return Err(Problem::new(Code::TooManyItems, message).into());
    }
    let (revision, lines) = app.store.draft_lines(&key).await.map_err(stored)?;
    let (lines, errors) = off_thread(move || {
        let draft = DraftFile::new(&lines);
        let errors = parse(DRAFT, &draft.text).err();
        let told = errors.map(|errors| (draft.errors_to_json(&errors), errors));
        (lines, told)
    })
    .await?;
    if let Some((told, errors)) = errors {
        return Ok(wrong(&errors, &told));
    }
    let previews = &app.workshop.previews;
    let preview = previews.begin(&app, &key, revision, &lines, wanted);
    let part = Part {
        offset: 0,
        limit: CHANGES_DEFAULT,
        what: None,
    };
    Ok(json_response(
        StatusCode::ACCEPTED,
        &preview.to_json(revision, part),
    ))
}

/// `GET …/preview`.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    reader(&app, &headers, &key).await?;
    let Some(preview) = app.workshop.previews.get(&key) else {
        return Ok(json_response(StatusCode::OK, &json!({ "state": "none" })));
    };
    let query = query.as_deref();
    let what = word(query, "what");
    let part = Part {
        offset: number(query, "offset", 0)?,
        limit: number(query, "limit", CHANGES_DEFAULT)?.clamp(1, PAGE_ITEMS_MAX),
        what: what.as_deref(),
    };
    let draft = app.store.draft(&key).await.map_err(stored)?;
    Ok(json_response(
        StatusCode::OK,
        &preview.to_json(draft.revision, part),
    ))
}

/// `DELETE …/preview`.
pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    editor(&app, &headers, &key).await?;
    app.workshop.previews.cancel(&key);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET …/preview/pack`.
pub(super) async fn pack(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    reader(&app, &headers, &key).await?;
    let preview = app.workshop.previews.get(&key);
    let built = preview
        .and_then(|preview| preview.pack())
        .ok_or_else(|| Problem::new(Code::NotFound, "no preview of the draft has been made"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (
            HeaderName::from_static("x-firsthop-pack"),
            built.pack.hash.to_string(),
        ),
    ];
    Ok((headers, built.pack.bytes.clone()).into_response())
}
