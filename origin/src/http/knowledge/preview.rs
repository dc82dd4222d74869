//! The preview of a draft: begun, watched, cancelled; and its pack, to be tried.

use axum::body::Body;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use firsthop_core::knowledge::parse;
use firsthop_core::limits::{GIVEN_QUESTIONS_BYTES_MAX, GIVEN_QUESTIONS_MAX, PAGE_ITEMS_MAX};
use firsthop_core::protocol::{Code, Problem};
use serde_json::json;

use super::super::problem::{Failure, json_response};
use super::super::request;
use super::asker::{Editor, Reader};
use super::{off_thread, wrong};
use crate::knowledge::check::{DRAFT, DraftFile};
use crate::knowledge::preview::{Part, Wanted};

/// Changes in an answer that does not say how many.
const CHANGES_DEFAULT: usize = 100;

/// `POST …/preview`.
pub(super) async fn begin(asker: Editor, body: Body) -> Result<Response, Failure> {
    let bytes = request::body(&asker.headers, body, GIVEN_QUESTIONS_BYTES_MAX).await?;
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
    let (revision, lines) = asker.lines().await?;
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
    let previews = &asker.app.workshop.previews;
    let preview = previews.begin(&asker.app, &asker.inbox, revision, &lines, wanted);
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
pub(super) async fn show(asker: Reader) -> Result<Response, Failure> {
    let Some(preview) = asker.app.workshop.previews.get(&asker.inbox) else {
        return Ok(json_response(StatusCode::OK, &json!({ "state": "none" })));
    };
    let what = asker.word("what");
    let part = Part {
        offset: asker.number("offset", 0)?,
        limit: asker
            .number("limit", CHANGES_DEFAULT)?
            .clamp(1, PAGE_ITEMS_MAX),
        what: what.as_deref(),
    };
    let draft = asker.draft().await?;
    Ok(json_response(
        StatusCode::OK,
        &preview.to_json(draft.revision, part),
    ))
}

/// `DELETE …/preview`.
pub(super) async fn cancel(asker: Editor) -> Result<Response, Failure> {
    asker.app.workshop.previews.cancel(&asker.inbox);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET …/preview/pack`.
pub(super) async fn pack(asker: Reader) -> Result<Response, Failure> {
    let preview = asker.app.workshop.previews.get(&asker.inbox);
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
