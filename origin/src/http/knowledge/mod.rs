//! What the console's knowledge editor asks, `/v1/inboxes/{key}/knowledge…`: the draft and its
//! items here and in `items`, `preview`, what was published in `versions`, and what visitors
//! asked in vain in `groups`.
//!
//! Whoever is logged in may read; administrators and editors may change. Who changes something
//! says which revision they saw (`If-Match`), and is told `edited_meanwhile` with what is there
//! now if somebody else was quicker.

mod asker;
mod groups;
mod items;
mod preview;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use firsthop_core::knowledge::{KnowledgeError, parse};
use firsthop_core::limits::KNOWLEDGE_FILE_BYTES_MAX;
use firsthop_core::pack::Pack;
use firsthop_core::protocol::{Code, Problem};
use serde::Serialize;
use serde_json::{Value, json};

use self::asker::{Asker, Editor, Reader, stored};
use super::problem::{Failure, json_response};
use super::request;
use crate::accounts::logged_in;
use crate::app::App;
use crate::knowledge::PublishError;
use crate::knowledge::check::{DRAFT, DraftFile, errors_to_json};
use crate::knowledge::lines::{of_file, of_table};
use crate::knowledge::publishing::{File, file_of, publish_built};
use crate::store::drafts::{Draft, Edit};
use crate::store::versions::{How, Version};

/// How an uploaded file is called in errors.
const UPLOAD: &str = "knowledge.jsonl";

/// The same for a table.
const UPLOADED_TABLE: &str = "knowledge.csv";

/// An uploaded file as lines: a table is told by its content type.
fn uploaded(headers: &HeaderMap, text: Vec<u8>) -> Result<Vec<u8>, Vec<KnowledgeError>> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    if kind.to_ascii_lowercase().starts_with("text/csv") {
        parse(UPLOADED_TABLE, &text).map(|table| of_table(&table))
    } else {
        Ok(text)
    }
}

/// The routes below `/v1/inboxes`.
pub(super) fn routes() -> Router<Arc<App>> {
    let base = "/v1/inboxes/{key}/knowledge";
    let at = |rest: &str| format!("{base}{rest}");
    Router::new()
        .route("/v1/inboxes", get(inboxes))
        .route(base, get(draft).post(upload))
        .route(&at("/check"), get(check))
        .route(&at("/file"), get(download).put(replace))
        .route(&at("/discard"), post(discard))
        .route(&at("/items"), get(items::list).post(items::add))
        .route(
            &at("/items/{item}"),
            get(items::one)
                .merge(put(items::change))
                .delete(items::remove),
        )
        .route(
            &at("/preview"),
            get(preview::show)
                .post(preview::begin)
                .delete(preview::cancel),
        )
        .route(&at("/preview/pack"), get(preview::pack))
        .route(&at("/publish"), post(versions::publish))
        .route(&at("/versions"), get(versions::list))
        .route(&at("/versions/{version}"), get(versions::one))
        .route(&at("/versions/{version}/file"), get(versions::file))
        .route(
            &at("/versions/{version}/rollback"),
            post(versions::roll_back),
        )
        .route(&at("/groups"), get(groups::list))
        .route(&at("/groups/{group}"), get(groups::one).post(groups::act))
}

/// `GET /v1/inboxes`.
async fn inboxes(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failure> {
    logged_in(&app, &headers).await?;
    let settings = app.settings();
    let mut inboxes: Vec<_> = settings.inboxes().collect();
    inboxes.sort_by(|a, b| a.key.cmp(&b.key));
    let inboxes: Vec<_> = inboxes
        .into_iter()
        .map(|inbox| {
            let written = |pack: Arc<Pack>| {
                let entries = pack.entries();
                entries.filter(|(_, entry)| !entry.is_small_talk()).count()
            };
            let entries = settings.pack(&inbox.key).map(written);
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

/// `GET …/knowledge`.
async fn draft(asker: Reader) -> Result<Response, Failure> {
    let (draft, published) = (asker.draft().await?, asker.last_version().await?);
    let body = json!({
        "inbox": asker.inbox,
        "draft": draft_to_json(&draft, published.as_ref()),
        "published": published.as_ref().map(versions::to_json),
        "may_edit": asker.agent.role.edits_knowledge(),
    });
    Ok(json_response(StatusCode::OK, &body))
}

fn draft_to_json(draft: &Draft, published: Option<&Version>) -> Value {
    let counts: serde_json::Map<_, _> = draft
        .counts
        .iter()
        .map(|(kind, count)| (kind.clone(), json!(count)))
        .collect();
    let source = published.and_then(|published| published.source);
    let same = source.is_some_and(|source| draft.source == Some((source, draft.revision)));
    json!({
        "revision": draft.revision,
        "items": draft.counts.iter().map(|(_, count)| count).sum::<u64>(),
        "bytes": draft.bytes,
        "counts": counts,
        "changed_at": draft.changed_at,
        "changed_by": draft.changed_by,
        "differs": !same && (draft.revision > 0 || published.is_some()),
    })
}

/// The draft as it stands now, for who changed all of it, or could not.
async fn draft_now(asker: &Asker) -> Result<Value, Problem> {
    let (draft, published) = (asker.draft().await?, asker.last_version().await?);
    Ok(draft_to_json(&draft, published.as_ref()))
}

/// `POST …/knowledge`: a file becomes the draft and is published.
async fn upload(asker: Editor, body: Body) -> Result<Response, Failure> {
    let text = request::body(&asker.headers, body, KNOWLEDGE_FILE_BYTES_MAX).await?;
    let headers = asker.headers.clone();
    let text = match off_thread(move || uploaded(&headers, text.to_vec())).await? {
        Ok(text) => text,
        Err(errors) => return Ok(wrong(&errors, &errors_to_json(&errors))),
    };
    let file = File {
        inbox: &asker.inbox,
        name: UPLOAD,
        text,
        how: How::Upload,
        change: asker.change(),
    };
    let built = asker
        .app
        .workshop
        .build(UPLOAD, file.text.clone(), Arc::default())
        .await;
    let published = match built {
        Ok(built) => publish_built(&asker.app.store, &file, &built).await,
        Err(error) => Err(error),
    };
    match published {
        Ok(published) => {
            tracing::info!(inbox = asker.inbox, pack = %published.pack, entries = published.entries, version = published.version, "knowledge was published");
            asker.app.refresh_settings().await.map_err(Problem::from)?;
            Ok(json_response(StatusCode::OK, &published.to_json()))
        }
        Err(PublishError::Knowledge(errors)) => Ok(wrong(&errors, &errors_to_json(&errors))),
        Err(error) => {
            tracing::warn!(inbox = asker.inbox, %error, "knowledge was not published");
            Ok(Failure(error.into()).into_response())
        }
    }
}

/// `GET …/knowledge/check`.
async fn check(asker: Reader) -> Result<Response, Failure> {
    let (revision, lines) = asker.lines().await?;
    let (errors, warnings) = off_thread(move || {
        let draft = DraftFile::new(&lines);
        match parse(DRAFT, &draft.text) {
            Ok(knowledge) => (json!([]), draft.errors_to_json(&knowledge.warnings)),
            Err(errors) => (draft.errors_to_json(&errors), json!([])),
        }
    })
    .await?;
    let body = json!({ "revision": revision, "errors": errors, "warnings": warnings });
    Ok(json_response(StatusCode::OK, &body))
}

/// `GET …/knowledge/file`.
async fn download(asker: Reader) -> Result<Response, Failure> {
    let (_, lines) = asker.lines().await?;
    Ok(file_response(&asker.inbox, DraftFile::new(&lines).text))
}

fn file_response(key: &str, text: Vec<u8>) -> Response {
    // A key consists of letters, digits, `-` and `_`.
    let name = format!("attachment; filename=\"{key}.jsonl\"");
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, text).into_response()
}

/// `PUT …/knowledge/file`.
async fn replace(asker: Editor, body: Body) -> Result<Response, Failure> {
    let seen = asker.seen()?;
    let text = request::body(&asker.headers, body, KNOWLEDGE_FILE_BYTES_MAX).await?;
    let headers = asker.headers.clone();
    let read = off_thread(move || {
        let text = uploaded(&headers, text.to_vec())?;
        parse(UPLOAD, &text).map(|_| of_file(&text))
    });
    let read = read.await?;
    let lines = match read {
        Ok(lines) => lines,
        Err(errors) => return Ok(wrong(&errors, &errors_to_json(&errors))),
    };
    let change = asker.change();
    let edit = asker
        .app
        .store
        .replace_draft(&asker.inbox, seen, (&lines, None), change)
        .await;
    whole(&asker, edit.map_err(stored)?).await
}

/// `POST …/knowledge/discard`.
async fn discard(asker: Editor) -> Result<Response, Failure> {
    let seen = asker.seen()?;
    let published = asker.last_version().await?;
    let file = match &published {
        Some(version) => file_of(&asker.app.store, version)
            .await
            .map_err(Problem::from)?,
        None => None,
    };
    let file = file
        .ok_or_else(|| Problem::new(Code::NotFound, "no knowledge file has been published here"))?;
    let source = published.and_then(|published| published.source);
    let (lines, change) = (of_file(&file), asker.change());
    let edit = asker
        .app
        .store
        .replace_draft(&asker.inbox, seen, (&lines, source), change)
        .await;
    whole(&asker, edit.map_err(stored)?).await
}

/// What became of a change of the whole draft.
async fn whole(asker: &Asker, edit: Edit<i64>) -> Result<Response, Failure> {
    match edit {
        Edit::Done(_) => {
            let body = json!({ "draft": draft_now(asker).await? });
            Ok(json_response(StatusCode::OK, &body))
        }
        Edit::NameTaken => {
            let message = "two lines have the same name";
            Err(Problem::new(Code::InvalidInput, message).into())
        }
        Edit::Overtaken | Edit::Missing => overtaken(asker, None).await,
    }
}

/// Somebody else was quicker: what is there now.
async fn overtaken(asker: &Asker, item: Option<Value>) -> Result<Response, Failure> {
    let message = "somebody else has changed it in the meantime; look at it again";
    let problem = Problem::new(Code::EditedMeanwhile, message);
    let mut body = json!({ "error": problem, "draft": draft_now(asker).await? });
    if let Some(item) = item {
        body["item"] = item;
    }
    Ok(json_response(StatusCode::PRECONDITION_FAILED, &body))
}

/// Knowledge with errors, for people and with the errors for programs.
fn wrong(errors: &[KnowledgeError], told: &Value) -> Response {
    let message = format!("the knowledge has {} errors", errors.len());
    let problem = Problem::new(Code::InvalidInput, message);
    let body = json!({ "error": problem, "errors": told });
    json_response(StatusCode::UNPROCESSABLE_ENTITY, &body)
}

/// Work that would hold up others.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Problem::new(Code::Internal, "a fault of ours; the log says more"))
}

/// A response that is written member by member, so that JSON within it stays as it is.
fn written(status: StatusCode, body: &impl Serialize) -> Result<Response, Failure> {
    let text = serde_json::to_string(body)
        .map_err(|_| Problem::new(Code::Internal, "the answer could not be written"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((status, headers, text).into_response())
}
