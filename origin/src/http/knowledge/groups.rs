//! Groups of questions that the bot could not answer: listed, and dealt with.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use firsthop_core::Timestamp;
use firsthop_core::limits::{GROUP_QUESTIONS_TOLD_MAX, KNOWLEDGE_LINE_BYTES_MAX, PAGE_ITEMS_MAX};
use firsthop_core::protocol::{Code, Problem};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::problem::{Failure, json_response};
use super::super::request;
use super::items::{ItemJson, add_line, put_line};
use super::{editor, if_match, number, reader, stored, word, written};
use crate::app::App;
use crate::knowledge::groups::{Group, groups};
use crate::knowledge::lines::line;
use crate::store::drafts::{Item, Line};

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
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    reader(&app, &headers, &key).await?;
    let query = query.as_deref();
    let limit = number(query, "limit", GROUPS_DEFAULT)?.clamp(1, PAGE_ITEMS_MAX);
    let offset = number(query, "offset", 0)?;
    let mut groups = all(&app, &key).await?;
    let newest = |group: &Group| core::cmp::Reverse(group.span().1);
    match word(query, "sort").as_deref() {
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
        told.push(to_json(&app, &key, group).await?);
    }
    let body = json!({ "groups": told, "total": total, "questions": questions });
    Ok(json_response(StatusCode::OK, &body))
}

/// `GET …/groups/{group}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path((key, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    reader(&app, &headers, &key).await?;
    let group = find(&app, &key, &id).await?;
    let mut body = to_json(&app, &key, &group).await?;
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
pub(super) async fn act(
    State(app): State<Arc<App>>,
    Path((key, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let agent = editor(&app, &headers, &key).await?;
    let bytes = request::body(&headers, body, 2 * KNOWLEDGE_LINE_BYTES_MAX).await?;
    let wanted: Request = serde_json::from_slice(&bytes).map_err(|_| {
        let message = "`act` must be `entry` with `value`, `phrasings` with `item` and `phrasings`, or `dismiss`";
        Problem::new(Code::InvalidInput, message)
    })?;
    let group = find(&app, &key, &id).await?;
    let places = group.places(wanted.until);
    let (item, status) = match wanted.act {
        Act::Dismiss => {
            let settled = app.store.settle_questions(&places).await.map_err(stored)?;
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
            match add_line(&app, &key, &agent, line).await? {
                Ok(item) => (item, StatusCode::CREATED),
                Err(refused) => return Ok(refused),
            }
        }
        Act::Phrasings => {
            let number = wanted.item.unwrap_or_default();
            let item = app.store.item(&key, number).await.map_err(stored)?;
            let item = item.ok_or_else(no_entry)?;
            let seen = match request::text(&headers, header::IF_MATCH) {
                Some(_) => if_match(&headers)?,
                None => item.revision,
            };
            let line = with_phrasings(&item, group.lang, &wanted.phrasings)?;
            match put_line(&app, &key, &agent, (number, seen), line).await? {
                Ok(()) => (number, StatusCode::OK),
                Err(refused) => return Ok(refused),
            }
        }
    };
    let settled = app.store.settle_questions(&places).await.map_err(stored)?;
    let item = app.store.item(&key, item).await.map_err(stored)?;
    let item = item.ok_or_else(no_entry)?;
    let item = ItemJson::new(&item)?;
    written(status, &Settled { item, settled })
}

async fn all(app: &App, key: &str) -> Result<Vec<Group>, Problem> {
    let pack = app.settings().pack(key);
    groups(&app.store, key, pack).await.map_err(stored)
}

async fn find(app: &App, key: &str, id: &str) -> Result<Group, Problem> {
    let found = all(app, key)
        .await?
        .into_iter()
        .find(|group| group.id == id);
    found.ok_or_else(|| Problem::new(Code::NotFound, "there is no such group of open questions"))
}

async fn to_json(app: &App, key: &str, group: &Group) -> Result<Value, Problem> {
    let suggested = match &group.suggested {
        None => None,
        Some((entry, confidence)) => {
            let named = app.store.item_named(key, "entry", entry).await;
            let title = app
                .settings()
                .pack(key)
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
    let malformed = || Problem::new(Code::Internal, "an item in the store is no JSON object");
    // Members keep their order: only the list is written anew.
    let members: Members = serde_json::from_str(&item.line.value).map_err(|_| malformed())?;
    if item.line.kind != "entry" || added.is_empty() {
        let message = "`item` must be an entry, and `phrasings` must not be empty";
        return Err(Problem::new(Code::InvalidInput, message));
    }
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut value = String::from("{");
    for (at, (name, text)) in members.0.iter().enumerate() {
        if at > 0 {
            value.push_str(", ");
        }
        value.push_str(&json!(name).to_string());
        value.push_str(": ");
        if name != "phrasings" {
            value.push_str(text.get());
            continue;
        }
        let mut phrasings: Value = serde_json::from_str(text.get()).map_err(|_| malformed())?;
        let lists: Vec<_> = match &phrasings {
            Value::Object(by_language) => by_language.values().collect(),
            list => vec![list],
        };
        let texts = lists.into_iter().filter_map(Value::as_array).flatten();
        known.extend(texts.filter_map(Value::as_str).map(plain));
        let list = match &mut phrasings {
            Value::Object(by_language) => by_language.entry(lang).or_insert_with(|| json!([])),
            list => list,
        };
        let list = list.as_array_mut().ok_or_else(malformed)?;
        for phrasing in added {
            if known.insert(plain(phrasing)) {
                list.push(json!(phrasing.trim()));
            }
        }
        value.push_str(&json!(phrasings).to_string());
    }
    value.push('}');
    Ok(line(&value))
}

fn plain(phrasing: &str) -> String {
    phrasing.trim().to_lowercase()
}

/// An object's members in their order, each as it was written.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> serde::de::Visitor<'de> for Read {
            type Value = Members;
            fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

fn no_entry() -> Problem {
    Problem::new(Code::NotFound, "the draft has no such entry")
}
