//! Publishing the draft, what was published, and going back to it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use firsthop_core::limits::{PAGE_ITEMS_MAX, VERSION_NOTE_BYTES_MAX};
use firsthop_core::protocol::{Code, Problem};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::problem::{Failure, json_response};
use super::super::request;
use super::asker::{Asker, Editor, Reader, stored};
use super::{file_response, overtaken, wrong};
use crate::knowledge::PublishError;
use crate::knowledge::check::{DRAFT, DraftFile};
use crate::knowledge::publishing::{self, OfDraft, file_of, publish_draft};
use crate::store::versions::Version;

/// Versions in a list that does not say how many.
const VERSIONS_DEFAULT: usize = 50;

#[derive(Deserialize, Default)]
struct Said {
    #[serde(default)]
    note: String,
}

/// A version as the API tells it.
pub(super) fn to_json(version: &Version) -> Value {
    let changes: Value = serde_json::from_str(&version.changes).unwrap_or_default();
    json!({
        "version": version.version,
        "pack": version.pack,
        "published_at": version.published_at,
        "published_by": version.published_by,
        "how": version.how.as_str(),
        "of": version.restored,
        "note": version.note,
        "current": version.current,
        "entries": version.entries,
        "rules": version.rules,
        "items": version.items,
        "bytes": version.bytes,
        "brotli_bytes": version.brotli_bytes,
        "has_source": version.source.is_some(),
        "changes": changes,
    })
}

/// `POST …/publish`.
pub(super) async fn publish(asker: Editor, body: Body) -> Result<Response, Failure> {
    let seen = asker.seen()?;
    let note = note(&asker.headers, body).await?;
    let (revision, lines) = asker.lines().await?;
    if revision != seen {
        return overtaken(&asker, None).await;
    }
    let file = DraftFile::new(&lines);
    let preview = asker.app.workshop.previews.get(&asker.inbox);
    let built = match preview.and_then(|preview| preview.built(revision)) {
        Some(built) => Ok(built),
        None => {
            let build = asker
                .app
                .workshop
                .build(DRAFT, file.text.clone(), Arc::default());
            build.await.map(Arc::new)
        }
    };
    let draft = OfDraft {
        inbox: &asker.inbox,
        seen,
        change: asker.change(),
        note: &note,
    };
    let published = match built {
        Ok(built) => publish_draft(&asker.app.store, &draft, &lines, &built).await,
        Err(error) => Err(error),
    };
    match published {
        Err(PublishError::Knowledge(errors)) => Ok(wrong(&errors, &file.errors_to_json(&errors))),
        published => told(&asker, published).await,
    }
}

/// `POST …/versions/{version}/rollback`.
pub(super) async fn roll_back(asker: Editor, body: Body) -> Result<Response, Failure> {
    let seen = asker.seen()?;
    let note = note(&asker.headers, body).await?;
    let draft = OfDraft {
        inbox: &asker.inbox,
        seen,
        change: asker.change(),
        note: &note,
    };
    let version = number_of(asker.part())?;
    let published = publishing::roll_back(&asker.app.store, &draft, version).await;
    told(&asker, published).await
}

/// Tells whom it concerns, and who asked.
async fn told(asker: &Asker, published: Result<i64, PublishError>) -> Result<Response, Failure> {
    let version = match published {
        Ok(version) => version,
        Err(PublishError::Overtaken) => return overtaken(asker, None).await,
        Err(error) => {
            tracing::warn!(inbox = &asker.inbox, %error, "knowledge was not published");
            return Err(Problem::from(error).into());
        }
    };
    asker.app.workshop.previews.cancel(&asker.inbox);
    asker.app.refresh_settings().await.map_err(Problem::from)?;
    let version = asker.version(version).await?.ok_or_else(no_version)?;
    tracing::info!(inbox = &asker.inbox, pack = %version.pack, version = version.version, how = version.how.as_str(), "knowledge was published");
    Ok(json_response(StatusCode::OK, &to_json(&version)))
}

/// `GET …/versions`.
pub(super) async fn list(asker: Reader) -> Result<Response, Failure> {
    let limit = asker
        .number("limit", VERSIONS_DEFAULT)?
        .clamp(1, PAGE_ITEMS_MAX);
    let before = i64::try_from(asker.number("before", usize::MAX)?).unwrap_or(i64::MAX);
    let more = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut versions = asker
        .app
        .store
        .versions(&asker.inbox, before, more)
        .await
        .map_err(stored)?;
    let is_more = versions.len() > limit;
    versions.truncate(limit);
    let next = versions.last().filter(|_| is_more);
    let body = json!({
        "versions": versions.iter().map(to_json).collect::<Vec<_>>(),
        "next": next.map(|last| last.version),
    });
    Ok(json_response(StatusCode::OK, &body))
}

/// `GET …/versions/{version}`.
pub(super) async fn one(asker: Reader) -> Result<Response, Failure> {
    let version = find(&asker, asker.part()).await?;
    Ok(json_response(StatusCode::OK, &to_json(&version)))
}

/// `GET …/versions/{version}/file`.
pub(super) async fn file(asker: Reader) -> Result<Response, Failure> {
    let version = find(&asker, asker.part()).await?;
    let text = file_of(&asker.app.store, &version)
        .await
        .map_err(Problem::from)?;
    let text = text.ok_or_else(|| {
        let message = "the knowledge file of this version was not kept";
        Problem::new(Code::NotFound, message)
    })?;
    Ok(file_response(&asker.inbox, text))
}

async fn find(asker: &Asker, version: &str) -> Result<Version, Problem> {
    let version = asker.version(number_of(version)?).await?;
    version.ok_or_else(no_version)
}

async fn note(headers: &HeaderMap, body: Body) -> Result<String, Problem> {
    let bytes = request::body(headers, body, VERSION_NOTE_BYTES_MAX * 8).await?;
    if bytes.trim_ascii().is_empty() {
        return Ok(String::new());
    }
    let Said { note } = serde_json::from_slice(&bytes).map_err(|_| {
        let message = "the body must be a JSON object with `note`, a text";
        Problem::new(Code::InvalidInput, message)
    })?;
    if note.len() > VERSION_NOTE_BYTES_MAX {
        let message = format!(
            "`note` has {} bytes; at most {VERSION_NOTE_BYTES_MAX} are allowed",
            note.len()
        );
        return Err(Problem::new(Code::TextTooLong, message));
    }
    Ok(note)
}

fn number_of(version: &str) -> Result<i64, Problem> {
    version.parse().map_err(|_| no_version())
}

fn no_version() -> Problem {
    Problem::new(Code::NotFound, "there is no such version")
}
