//! The statements of a group commit: one for each table, whatever the size of the batch.
//!
//! Rows travel as a JSON array, which SQLite takes apart (`json_each`): the statement's text is
//! always the same, so it is prepared once.

use std::collections::HashMap;

use firsthop_core::Timestamp;
use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::protocol::Event;
use firsthop_core::protocol::agent::Revision;
use serde_json::json;
use sqlx::{Executor, Row as _, SqliteConnection};

use super::StoreError;
use super::rows::{Row, bytes, conversation_columns, event, event_columns, integer};

/// The last revision that was given out.
pub async fn last_revision(connection: &mut SqliteConnection) -> Result<Revision, StoreError> {
    let row = sqlx::query("select coalesce(max(revision), 0) from conversation")
        .fetch_one(connection)
        .await?;
    Ok(Revision(
        u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default(),
    ))
}

/// The conversations of these ids that exist.
pub async fn load(
    connection: &mut SqliteConnection,
    ids: &[ConversationId],
) -> Result<Vec<Row>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(conversation_columns!(
        "where c.id in (select unhex(value, '-') from json_each(?1))"
    ))
    .bind(json!(ids).to_string())
    .fetch_all(connection)
    .await?;
    rows.iter().map(Row::read).collect()
}

/// The events that bear these ids already.
pub async fn known(
    connection: &mut SqliteConnection,
    ids: &[(ConversationId, MessageId)],
) -> Result<HashMap<(ConversationId, MessageId), Event>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query(event_columns!(
        "join json_each(?1) j on e.conversation = unhex(j.value ->> 0, '-') and e.id = unhex(j.value ->> 1, '-')"
    ))
    .bind(json!(ids).to_string())
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let (event, _) = event(row)?;
            let conversation = ConversationId::from_bytes(bytes(row.try_get("conversation")?)?);
            Ok(((conversation, event.id), event))
        })
        .collect()
}

/// Begins a transaction that can write: whoever waits for the lock waits here.
pub async fn begin(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    connection.execute("begin immediate").await?;
    Ok(())
}

/// Ends it. Only after this is anything durable.
pub async fn commit(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    connection.execute("commit").await?;
    Ok(())
}

/// Writes conversations, new and changed.
pub async fn put_conversations<'a>(
    connection: &mut SqliteConnection,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = rows
        .map(|row| {
            json!([
                row.id,
                row.inbox,
                row.head.seq,
                row.head.visible,
                row.head.status,
                row.head.assignee.as_ref().map(|agent| agent.id),
                row.revision,
                row.waiting_since,
                row.last_at,
                row.preview,
                row.visitor.delivered,
                row.visitor.read,
                row.agents.delivered,
                row.agents.read,
                row.page.as_ref().map(|page| &page.url),
                row.page.as_ref().map(|page| &page.title),
                row.lang,
                json!(row.edges).to_string(),
            ])
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into conversation (id, inbox, seq, visible, status, assignee, revision, waiting_since, last_at, preview, \
         visitor_delivered, visitor_read, agents_delivered, agents_read, page_url, page_title, lang, edges) \
         select unhex(value ->> 0, '-'), value ->> 1, value ->> 2, value ->> 3, value ->> 4, unhex(value ->> 5, '-'), \
         value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, \
         value ->> 14, value ->> 15, value ->> 16, value ->> 17 from json_each(?1) where true \
         on conflict (id) do update set seq = excluded.seq, visible = excluded.visible, status = excluded.status, \
         assignee = excluded.assignee, revision = excluded.revision, waiting_since = excluded.waiting_since, \
         last_at = excluded.last_at, preview = excluded.preview, visitor_delivered = excluded.visitor_delivered, \
         visitor_read = excluded.visitor_read, agents_delivered = excluded.agents_delivered, \
         agents_read = excluded.agents_read, page_url = excluded.page_url, page_title = excluded.page_title, \
         lang = excluded.lang, edges = excluded.edges",
    )
    .bind(json!(rows).to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Appends events to their conversations' logs.
pub async fn append_events<'a>(
    connection: &mut SqliteConnection,
    events: impl Iterator<Item = (ConversationId, &'a Event)>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = events
        .map(|(conversation, event)| {
            json!([
                conversation,
                event.seq,
                event.id,
                event.prev,
                event.at,
                u8::from(event.content.is_private()),
                json!(event.author).to_string(),
                json!(event.content).to_string(),
            ])
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "insert into event (conversation, seq, id, prev, at, private, author, content) \
         select unhex(value ->> 0, '-'), value ->> 1, unhex(value ->> 2, '-'), value ->> 3, value ->> 4, value ->> 5, \
         value ->> 6, value ->> 7 from json_each(?1)",
    )
    .bind(json!(rows).to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes something without consequence.
pub async fn probe(connection: &mut SqliteConnection, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("update probe set at = ?1")
        .bind(integer(now.as_millis()))
        .execute(connection)
        .await?;
    Ok(())
}
