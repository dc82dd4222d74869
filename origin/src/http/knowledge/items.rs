//! A draft's items: listed and searched, read, added, changed, removed.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use firsthop_core::Timestamp;
use firsthop_core::limits::{
    KNOWLEDGE_LINE_BYTES_MAX, PAGE_ITEMS_BYTES_MAX, PAGE_ITEMS_MAX, SEARCH_BYTES_MAX,
};
use firsthop_core::protocol::{AgentRef, Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::super::problem::{Failure, json_response};
use super::super::request;
use super::asker::{Asker, Editor, Reader, stored};
use super::{errors_to_json, off_thread, overtaken, written, wrong};
use crate::knowledge::check;
use crate::knowledge::lines::line;
use crate::store::drafts::{Edit, Item, Line, Wanted};

/// What is around an item's value in a request.
const ENVELOPE_BYTES: usize = 1024;

/// Items in a list that does not say how many.
const ITEMS_DEFAULT: usize = 100;

/// An item as the API tells it.
#[derive(Serialize)]
pub(super) struct ItemJson<'a> {
    item: i64,
    kind: &'a str,
    name: Option<&'a str>,
    revision: i64,
    changed_at: Timestamp,
    changed_by: Option<&'a AgentRef>,
    /// As it was written, the order of its members too.
    value: &'a RawValue,
}

impl<'a> ItemJson<'a> {
    pub(super) fn new(item: &'a Item) -> Result<Self, Problem> {
        let value = serde_json::from_str(&item.line.value)
            .map_err(|_| Problem::new(Code::Internal, "an item in the store is no JSON"))?;
        Ok(Self {
            item: item.item,
            kind: &item.line.kind,
            name: item.line.name.as_deref(),
            revision: item.revision,
            changed_at: item.changed_at,
            changed_by: item.changed_by.as_ref(),
            value,
        })
    }
}

#[derive(Serialize)]
struct List<'a> {
    revision: i64,
    total: u64,
    items: Vec<ItemJson<'a>>,
    next: Option<i64>,
}

#[derive(Deserialize)]
struct Written {
    value: Box<RawValue>,
}

/// `GET …/items`.
pub(super) async fn list(asker: Reader) -> Result<Response, Failure> {
    let limit = asker
        .number("limit", ITEMS_DEFAULT)?
        .clamp(1, PAGE_ITEMS_MAX);
    let text = asker.word("q").unwrap_or_default();
    if text.len() > SEARCH_BYTES_MAX {
        let message = format!(
            "`q` has {} bytes; at most {SEARCH_BYTES_MAX} are allowed",
            text.len()
        );
        return Err(Problem::new(Code::TextTooLong, message).into());
    }
    let kind = asker.word("kind");
    let wanted = Wanted {
        text: text.trim(),
        kind: kind.as_deref(),
        after: i64::try_from(asker.number("after", 0)?).unwrap_or(i64::MAX),
        limit: i64::try_from(limit + 1).unwrap_or(i64::MAX),
    };
    let draft = asker.draft().await?;
    let (mut items, total) = asker
        .app
        .store
        .items(&asker.inbox, &wanted)
        .await
        .map_err(stored)?;
    let mut bytes = 0;
    let fits = items
        .iter()
        .take(limit)
        .take_while(|item| {
            let first = bytes == 0;
            bytes += item.line.value.len();
            first || bytes <= PAGE_ITEMS_BYTES_MAX
        })
        .count();
    let more = items.len() > fits;
    items.truncate(fits);
    let list = List {
        revision: draft.revision,
        total,
        next: items.last().filter(|_| more).map(|last| last.item),
        items: items.iter().map(ItemJson::new).collect::<Result<_, _>>()?,
    };
    written(StatusCode::OK, &list)
}

/// `GET …/items/{item}`.
pub(super) async fn one(asker: Reader) -> Result<Response, Failure> {
    told(&asker, number_of(asker.part())?, StatusCode::OK).await
}

/// `POST …/items`.
pub(super) async fn add(asker: Editor, body: Body) -> Result<Response, Failure> {
    let line = read(&asker.headers, body).await?;
    match add_line(&asker, line).await? {
        Ok(item) => told(&asker, item, StatusCode::CREATED).await,
        Err(refused) => Ok(refused),
    }
}

/// Adds an item; gives its number, or what is wrong with it.
pub(super) async fn add_line(asker: &Asker, line: Line) -> Result<Result<i64, Response>, Failure> {
    if let Some(refused) = refused(asker, None, &line.value).await? {
        return Ok(Err(refused));
    }
    let edit = asker
        .app
        .store
        .add_item(&asker.inbox, &line, asker.change())
        .await;
    match edit.map_err(stored)? {
        Edit::Done(item) => Ok(Ok(item)),
        Edit::NameTaken => Err(name_taken().into()),
        Edit::Overtaken | Edit::Missing => Ok(Err(overtaken(asker, None).await?)),
    }
}

/// `PUT …/items/{item}`.
pub(super) async fn change(asker: Editor, body: Body) -> Result<Response, Failure> {
    let seen = asker.seen()?;
    let item = number_of(asker.part())?;
    let line = read(&asker.headers, body).await?;
    match put_line(&asker, (item, seen), line).await? {
        Ok(()) => told(&asker, item, StatusCode::OK).await,
        Err(refused) => Ok(refused),
    }
}

/// Changes the item that was seen at a revision; gives what is wrong with it, if anything is.
pub(super) async fn put_line(
    asker: &Asker,
    (item, seen): (i64, i64),
    line: Line,
) -> Result<Result<(), Response>, Failure> {
    if let Some(refused) = refused(asker, Some(item), &line.value).await? {
        return Ok(Err(refused));
    }
    let change = asker.change();
    let edit = asker
        .app
        .store
        .put_item(&asker.inbox, (item, seen), &line, change)
        .await;
    match edit.map_err(stored)? {
        Edit::Done(_) => Ok(Ok(())),
        Edit::NameTaken => Err(name_taken().into()),
        Edit::Overtaken => Ok(Err(item_overtaken(asker, item).await?)),
        Edit::Missing => Err(no_item().into()),
    }
}

/// `DELETE …/items/{item}`.
pub(super) async fn remove(asker: Editor) -> Result<Response, Failure> {
    let seen = asker.seen()?;
    let item = number_of(asker.part())?;
    let change = asker.change();
    let edit = asker
        .app
        .store
        .remove_item(&asker.inbox, (item, seen), change)
        .await;
    match edit.map_err(stored)? {
        Edit::Done(revision) => Ok(json_response(
            StatusCode::OK,
            &json!({ "revision": revision }),
        )),
        Edit::Overtaken => item_overtaken(&asker, item).await,
        Edit::Missing | Edit::NameTaken => Err(no_item().into()),
    }
}

async fn told(asker: &Asker, item: i64, status: StatusCode) -> Result<Response, Failure> {
    let item = asker.item(item).await?;
    let item = item.ok_or_else(no_item)?;
    written(status, &ItemJson::new(&item)?)
}

async fn item_overtaken(asker: &Asker, item: i64) -> Result<Response, Failure> {
    let now = asker.item(item).await?;
    let now = now.as_ref().map(ItemJson::new).transpose()?;
    overtaken(asker, now.map(|now| json!(now))).await
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Line, Problem> {
    let max = KNOWLEDGE_LINE_BYTES_MAX + ENVELOPE_BYTES;
    let bytes = request::body(headers, body, max).await?;
    let written: Written = serde_json::from_slice(&bytes).map_err(|_| {
        let message = "the body must be a JSON object with the member `value`";
        Problem::new(Code::InvalidInput, message)
    })?;
    Ok(line(written.value.get()))
}

/// What is wrong with a value in the place of an item, or as a new one.
async fn refused(
    asker: &Asker,
    item: Option<i64>,
    value: &str,
) -> Result<Option<Response>, Problem> {
    let (_, mut others) = asker.lines().await?;
    others.retain(|(other, _)| Some(*other) != item);
    let value = value.to_owned();
    let errors = off_thread(move || check::item(&others, &value)).await?;
    Ok((!errors.is_empty()).then(|| wrong(&errors, &errors_to_json(&errors))))
}

fn number_of(item: &str) -> Result<i64, Problem> {
    item.parse().map_err(|_| no_item())
}

fn no_item() -> Problem {
    Problem::new(Code::NotFound, "the draft has no such item")
}

fn name_taken() -> Problem {
    Problem::new(Code::InvalidInput, "another item of this kind has the name")
}
