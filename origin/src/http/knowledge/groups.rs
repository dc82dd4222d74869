//! Groups of questions that the bot could not answer: listed, and dealt with.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use firsthop_core::Timestamp;
use firsthop_core::json::{Fields, Json};
use firsthop_core::limits::{GROUP_QUESTIONS_TOLD_MAX, KNOWLEDGE_LINE_BYTES_MAX, PAGE_ITEMS_MAX};
use firsthop_core::protocol::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::super::problem::{Failure, json_response};
use super::super::request;
use super::asker::{Asker, Editor, Reader, stored};
use super::items::{ItemJson, add_line, put_line};
use super::written;
use crate::knowledge::groups::{Group, groups};
use crate::knowledge::lines::line;
use crate::store::drafts::{Item, Line};
use crate::store::questions::Place;

/// Groups in a list that does not say how many.
const GROUPS_DEFAULT: usize = 50;

/// What is done with a group's questions.
#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
enum Act {
    /// They become an entry of their own.
    Entry,
    /// They become phrasings of an entry.
    Phrasings,
    /// Nothing.
    Dismiss,
}

#[derive(Deserialize)]
struct Request {
    #[serde(flatten)]
    act: Act,
    /// Questions after this time stay open.
    #[serde(default)]
    until: Option<Timestamp>,
    #[serde(default)]
    item: Option<i64>,
    #[serde(default)]
    phrasings: Vec<String>,
}

/// Read by itself, as the text of a member is not kept beside flattened ones.
#[derive(Deserialize)]
struct WithValue {
    value: Box<RawValue>,
}

#[derive(Serialize)]
struct Settled<'a> {
    item: ItemJson<'a>,
    settled: u64,
}

/// `GET …/groups`.
pub(super) async fn list(asker: Reader) -> Result<Response, Failure> {
    let limit = asker
        .number("limit", GROUPS_DEFAULT)?
        .clamp(1, PAGE_ITEMS_MAX);
    let offset = asker.number("offset", 0)?;
    let mut groups = all(&asker).await?;
    let newest = |group: &Group| core::cmp::Reverse(group.span().1);
    match asker.word("sort").as_deref() {
        None | Some("frequent") => {
            groups.sort_by_key(|group| (core::cmp::Reverse(group.questions.len()), newest(group)));
        }
        Some("newest") => groups.sort_by_key(newest),
        Some(_) => {
            let message = "`sort` is `frequent` or `newest`";
            return Err(Problem::new(Code::InvalidInput, message).into());
        }
    }
    let total = groups.len();
    let questions: usize = groups.iter().map(|group| group.questions.len()).sum();
    let mut told = Vec::new();
    for group in groups.iter().skip(offset).take(limit) {
        told.push(to_json(&asker, group).await?);
    }
    let body = json!({ "groups": told, "total": total, "questions": questions });
    Ok(json_response(StatusCode::OK, &body))
}

/// `GET …/groups/{group}`.
pub(super) async fn one(asker: Reader) -> Result<Response, Failure> {
    let group = find(&asker, asker.part()).await?;
    let mut body = to_json(&asker, &group).await?;
    let wordings = group.wordings().into_iter().take(GROUP_QUESTIONS_TOLD_MAX);
    body["questions"] = wordings
        .map(|(asked, count)| {
            let (conversation, _) = asked.place;
            json!({ "text": asked.text.expose(), "at": asked.at, "conversation": conversation, "count": count })
        })
        .collect();
    Ok(json_response(StatusCode::OK, &body))
}

/// `POST …/groups/{group}`.
pub(super) async fn act(asker: Editor, body: Body) -> Result<Response, Failure> {
    let bytes = request::body(&asker.headers, body, 2 * KNOWLEDGE_LINE_BYTES_MAX).await?;
    let wanted: Request = serde_json::from_slice(&bytes).map_err(|_| {
        let message = "`act` must be `entry` with `value`, `phrasings` with `item` and `phrasings`, or `dismiss`";
        Problem::new(Code::InvalidInput, message)
    })?;
    let group = find(&asker, asker.part()).await?;
    let places = group.places(wanted.until);
    let (item, status) = match wanted.act {
        Act::Dismiss => {
            let settled = settle(&asker, &places).await?;
            let body = json!({ "settled": settled });
            return Ok(json_response(StatusCode::OK, &body));
        }
        Act::Entry => {
            let WithValue { value } = serde_json::from_slice(&bytes)
                .map_err(|_| Problem::new(Code::InvalidInput, "`value` is missing"))?;
            let line = line(value.get());
            if line.kind != "entry" {
                let message = "`value` must be an entry: an object with an `id`";
                return Err(Problem::new(Code::InvalidInput, message).into());
            }
            match add_line(&asker, line).await? {
                Ok(item) => (item, StatusCode::CREATED),
                Err(refused) => return Ok(refused),
            }
        }
        Act::Phrasings => {
            let number = wanted.item.unwrap_or_default();
            let item = asker.item(number).await?;
            let item = item.ok_or_else(no_entry)?;
            let seen = match request::text(&asker.headers, header::IF_MATCH) {
                Some(_) => asker.seen()?,
                None => item.revision,
            };
            let line = with_phrasings(&item, group.lang, &wanted.phrasings)?;
            match put_line(&asker, (number, seen), line).await? {
                Ok(()) => (number, StatusCode::OK),
                Err(refused) => return Ok(refused),
            }
        }
    };
    let settled = settle(&asker, &places).await?;
    let item = asker.item(item).await?;
    let item = item.ok_or_else(no_entry)?;
    let item = ItemJson::new(&item)?;
    written(status, &Settled { item, settled })
}

async fn settle(asker: &Asker, places: &[Place]) -> Result<u64, Problem> {
    let settled = asker.app.store.settle_questions(places).await;
    settled.map_err(stored)
}

async fn all(asker: &Asker) -> Result<Vec<Group>, Problem> {
    let pack = asker.app.settings().pack(&asker.inbox);
    groups(&asker.app.store, &asker.inbox, pack)
        .await
        .map_err(stored)
}

async fn find(asker: &Asker, id: &str) -> Result<Group, Problem> {
    let found = all(asker).await?.into_iter().find(|group| group.id == id);
    found.ok_or_else(|| Problem::new(Code::NotFound, "there is no such group of open questions"))
}

async fn to_json(asker: &Asker, group: &Group) -> Result<Value, Problem> {
    let suggested = match &group.suggested {
        None => None,
        Some((entry, confidence)) => {
            let named = asker
                .app
                .store
                .item_named(&asker.inbox, "entry", entry)
                .await;
            let title = asker
                .app
                .settings()
                .pack(&asker.inbox)
                .and_then(|pack| title(&pack, entry, group.samples().first()?));
            // An entry that the draft no longer has is no suggestion.
            named.map_err(stored)?.map(|item| {
                json!({ "item": item.item, "entry": entry, "title": title, "confidence_per_mille": confidence })
            })
        }
    };
    let (first_at, last_at) = group.span();
    Ok(json!({
        "group": group.id,
        "count": group.questions.len(),
        "visitors": group.visitors(),
        "first_at": first_at,
        "last_at": last_at,
        "lang": group.lang,
        "samples": group.samples(),
        "suggested": suggested,
    }))
}

fn title(pack: &firsthop_core::pack::Pack, entry: &str, question: &str) -> Option<String> {
    let entry = pack.entry(pack.find(entry)?)?;
    let question = firsthop_core::answer::Question::new(question);
    Some(entry.title(&question).text.to_owned())
}

/// The entry with those phrasings added that it does not have; to those in `lang`, if it has
/// them by language.
fn with_phrasings(item: &Item, lang: &str, added: &[String]) -> Result<Line, Problem> {
    let malformed = || Problem::new(Code::Internal, "an item in the store is no entry");
    if item.line.kind != "entry" || added.is_empty() {
        let message = "`item` must be an entry, and `phrasings` must not be empty";
        return Err(Problem::new(Code::InvalidInput, message));
    }
    let mut entry: Fields = match serde_json::from_str(&item.line.value) {
        Ok(Json::Object(fields)) => fields,
        _ => return Err(malformed()),
    };
    let field = entry.iter_mut().find(|(name, _)| name == "phrasings");
    let (_, phrasings) = field.ok_or_else(malformed)?;
    let lists: Vec<&Json> = match &*phrasings {
        Json::Object(by_language) => by_language.iter().map(|(_, list)| list).collect(),
        list => vec![list],
    };
    let mut known: BTreeSet<String> = lists
        .into_iter()
        .filter_map(Json::as_list)
        .flatten()
        .filter_map(Json::as_text)
        .map(plain)
        .collect();
    let list = match phrasings {
        Json::Object(by_language) => {
            let at = by_language.iter().position(|(name, _)| name == lang);
            let at = at.unwrap_or_else(|| {
                by_language.push((lang.to_owned(), Json::List(Vec::new())));
                by_language.len() - 1
            });
            &mut by_language[at].1
        }
        list => list,
    };
    let Json::List(list) = list else {
        return Err(malformed());
    };
    for phrasing in added {
        if known.insert(plain(phrasing)) {
            list.push(phrasing.trim().into());
        }
    }
    let written = serde_json::to_string(&Json::Object(entry)).map_err(|_| malformed())?;
    Ok(line(&written))
}

fn plain(phrasing: &str) -> String {
    phrasing.trim().to_lowercase()
}

fn no_entry() -> Problem {
    Problem::new(Code::NotFound, "the draft has no such entry")
}
