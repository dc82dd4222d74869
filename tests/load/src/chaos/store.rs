//! What the disks hold: the origin's log, and what an edge has yet to pass on. Read straight from
//! the files of servers that were killed, past every program of ours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use firsthop_core::Timestamp;
use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::protocol::{Event, Seq};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{Connection, Row, SqliteConnection};

/// Every conversation's log, in the order of its numbers.
pub(super) type Logs = BTreeMap<ConversationId, Vec<Event>>;

async fn open(file: &Path) -> Result<SqliteConnection> {
    // Not read-only: what a killed process left in its journal is to be read too.
    let options = SqliteConnectOptions::new().filename(file);
    SqliteConnection::connect_with(&options)
        .await
        .with_context(|| format!("could not open {}", file.display()))
}

/// Reads the origin's database.
pub(super) async fn logs(database: &Path) -> Result<Logs> {
    let mut connection = open(database).await?;
    let rows = sqlx::query(
        "select conversation, seq, id, prev, at, author, content from event order by conversation, seq",
    )
    .fetch_all(&mut connection)
    .await?;
    let mut logs = Logs::new();
    for row in &rows {
        let conversation = ConversationId::from_bytes(bytes(row, "conversation")?);
        logs.entry(conversation).or_default().push(event(row)?);
    }
    connection.close().await?;
    Ok(logs)
}

/// Whether SQLite finds its own file sound.
pub(super) async fn check_integrity(database: &Path) -> Result<()> {
    let mut connection = open(database).await?;
    let found: String = sqlx::query_scalar("pragma integrity_check")
        .fetch_one(&mut connection)
        .await?;
    if found != "ok" {
        bail!("the origin's database is damaged: {found}");
    }
    Ok(connection.close().await?)
}

/// How many messages an edge that was killed still holds for the origin.
pub(super) async fn held_by_edge(state: &Path) -> Result<u64> {
    let mut held = 0;
    for file in databases(state)? {
        let mut connection = open(&file).await?;
        let table: Option<i64> = sqlx::query_scalar(
            "select 1 from sqlite_master where type = 'table' and name = 'outbox'",
        )
        .fetch_optional(&mut connection)
        .await?;
        if table.is_some() {
            let rows: i64 = sqlx::query_scalar("select count(*) from outbox")
                .fetch_one(&mut connection)
                .await?;
            held += u64::try_from(rows)?;
        }
        connection.close().await?;
    }
    Ok(held)
}

fn databases(state: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![state.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "sqlite")
            {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn event(row: &SqliteRow) -> Result<Event> {
    Ok(Event {
        seq: Seq(number(row, "seq")?),
        prev: Seq(number(row, "prev")?),
        id: MessageId::from_bytes(bytes(row, "id")?),
        at: Timestamp::from_millis(number(row, "at")?),
        author: serde_json::from_str(row.try_get("author")?)?,
        content: serde_json::from_str(row.try_get("content")?)?,
    })
}

fn bytes(row: &SqliteRow, column: &str) -> Result<[u8; 16]> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes
        .try_into()
        .with_context(|| format!("{column} is no id"))
}

fn number(row: &SqliteRow, column: &str) -> Result<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?)?)
}
