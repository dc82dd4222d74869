//! Changing a draft.
//!
//! Every change makes the draft's revision grow by one and gives it to the item that changed.
//! Invariant: whoever changes something names the revision that they saw; if it is no longer that
//! one, nothing happens ([`Edit::Overtaken`]).

use firsthop_core::Timestamp;
use firsthop_core::id::AgentId;
use serde_json::json;
use sqlx::{Connection, Row as _, SqliteConnection};

use super::{Line, SourceHash, revision};
use crate::store::rows::integer;
use crate::store::{Store, StoreError};

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit<T> {
    /// It was made.
    Done(T),
    /// Somebody else was quicker: nothing has changed.
    Overtaken,
    /// There is no such item.
    Missing,
    /// Another item of the kind has the name.
    NameTaken,
}

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// None is the command line.
    pub who: Option<AgentId>,
    /// Now.
    pub at: Timestamp,
}

impl Store {
    /// Adds an item; gives its number.
    pub async fn add_item(
        &self,
        inbox: &str,
        line: &Line,
        change: Change,
    ) -> Result<Edit<i64>, StoreError> {
        let mut settings = self.settings().await;
        let mut transaction = settings.begin_with("begin immediate").await?;
        let revision = next_revision(&mut transaction, inbox, change).await?;
        let row = sqlx::query(
            "update knowledge_draft set last_item = last_item + 1 where inbox = ?1 returning last_item",
        )
        .bind(inbox)
        .fetch_one(&mut *transaction)
        .await?;
        let item: i64 = row.try_get(0)?;
        let written = write_item(&mut transaction, (inbox, item), line, (revision, change)).await?;
        if !written {
            return Ok(Edit::NameTaken);
        }
        transaction.commit().await?;
        Ok(Edit::Done(item))
    }

    /// Changes the item that was seen at a revision.
    pub async fn put_item(
        &self,
        inbox: &str,
        (item, seen): (i64, i64),
        line: &Line,
        change: Change,
    ) -> Result<Edit<i64>, StoreError> {
        let mut settings = self.settings().await;
        let mut transaction = settings.begin_with("begin immediate").await?;
        let revision = match next_of_seen(&mut transaction, inbox, (item, seen), change).await? {
            Edit::Done(revision) => revision,
            failed => return Ok(failed),
        };
        let written = write_item(&mut transaction, (inbox, item), line, (revision, change)).await?;
        if !written {
            return Ok(Edit::NameTaken);
        }
        transaction.commit().await?;
        Ok(Edit::Done(item))
    }

    /// Removes the item that was seen at a revision; gives the draft's new one.
    pub async fn remove_item(
        &self,
        inbox: &str,
        (item, seen): (i64, i64),
        change: Change,
    ) -> Result<Edit<i64>, StoreError> {
        let mut settings = self.settings().await;
        let mut transaction = settings.begin_with("begin immediate").await?;
        let revision = match next_of_seen(&mut transaction, inbox, (item, seen), change).await? {
            Edit::Done(revision) => revision,
            failed => return Ok(failed),
        };
        sqlx::query("delete from knowledge_item where inbox = ?1 and item = ?2")
            .bind(inbox)
            .bind(item)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Edit::Done(revision))
    }

    /// Puts lines in the place of the whole draft that was seen at a revision; gives the new one.
    /// `source` is the published file that they are, if they are one.
    pub async fn replace_draft(
        &self,
        inbox: &str,
        seen: i64,
        (lines, source): (&[Line], Option<SourceHash>),
        change: Change,
    ) -> Result<Edit<i64>, StoreError> {
        let mut settings = self.settings().await;
        let mut transaction = settings.begin_with("begin immediate").await?;
        if revision(&mut transaction, inbox).await? != seen {
            return Ok(Edit::Overtaken);
        }
        let revision = replace(&mut transaction, inbox, lines, change).await?;
        if let Some(source) = source {
            is_source(&mut transaction, inbox, Some(source), revision).await?;
        }
        transaction.commit().await?;
        Ok(Edit::Done(revision))
    }
}

/// Makes the draft's revision grow, or makes the draft; gives the new revision.
async fn next_revision(
    connection: &mut SqliteConnection,
    inbox: &str,
    change: Change,
) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "insert into knowledge_draft (inbox, revision, last_item, changed_at, changed_by) values (?1, 1, 0, ?2, ?3) \
         on conflict (inbox) do update set revision = revision + 1, changed_at = excluded.changed_at, \
         changed_by = excluded.changed_by returning revision",
    )
    .bind(inbox)
    .bind(integer(change.at.as_millis()))
    .bind(change.who.map(|who| who.as_bytes().to_vec()))
    .fetch_one(connection)
    .await?;
    Ok(row.try_get(0)?)
}

/// The same for a change of the item that was seen at a revision.
async fn next_of_seen(
    connection: &mut SqliteConnection,
    inbox: &str,
    (item, seen): (i64, i64),
    change: Change,
) -> Result<Edit<i64>, StoreError> {
    let row = sqlx::query("select revision from knowledge_item where inbox = ?1 and item = ?2")
        .bind(inbox)
        .bind(item)
        .fetch_optional(&mut *connection)
        .await?;
    match row {
        None => Ok(Edit::Missing),
        Some(row) if row.try_get::<i64, _>(0)? != seen => Ok(Edit::Overtaken),
        Some(_) => next_revision(connection, inbox, change)
            .await
            .map(Edit::Done),
    }
}

/// Writes an item, a new one or in the place of the old; false if another one has its name.
async fn write_item(
    connection: &mut SqliteConnection,
    (inbox, item): (&str, i64),
    line: &Line,
    (revision, change): (i64, Change),
) -> Result<bool, StoreError> {
    let written = sqlx::query(
        "insert into knowledge_item (inbox, item, kind, name, revision, changed_at, changed_by, value) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
         on conflict (inbox, item) do update set kind = excluded.kind, name = excluded.name, \
         revision = excluded.revision, changed_at = excluded.changed_at, \
         changed_by = excluded.changed_by, value = excluded.value",
    )
    .bind(inbox)
    .bind(item)
    .bind(&line.kind)
    .bind(&line.name)
    .bind(revision)
    .bind(integer(change.at.as_millis()))
    .bind(change.who.map(|who| who.as_bytes().to_vec()))
    .bind(&line.value)
    .execute(connection)
    .await;
    match written {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Puts lines in the place of the whole draft, under new numbers; gives the new revision.
pub(in crate::store) async fn replace(
    connection: &mut SqliteConnection,
    inbox: &str,
    lines: &[Line],
    change: Change,
) -> Result<i64, StoreError> {
    let revision = next_revision(connection, inbox, change).await?;
    sqlx::query("delete from knowledge_item where inbox = ?1")
        .bind(inbox)
        .execute(&mut *connection)
        .await?;
    let rows: Vec<_> = lines
        .iter()
        .map(|line| json!([line.kind, line.name, line.value]))
        .collect();
    sqlx::query(
        "insert into knowledge_item (inbox, item, kind, name, revision, changed_at, changed_by, value) \
         select ?1, d.last_item + 1 + j.key, j.value ->> 0, j.value ->> 1, d.revision, d.changed_at, d.changed_by, j.value ->> 2 \
         from knowledge_draft d join json_each(?2) j where d.inbox = ?1",
    )
    .bind(inbox)
    .bind(json!(rows).to_string())
    .execute(&mut *connection)
    .await?;
    sqlx::query("update knowledge_draft set last_item = last_item + ?2 where inbox = ?1")
        .bind(inbox)
        .bind(integer(lines.len() as u64))
        .execute(&mut *connection)
        .await?;
    Ok(revision)
}

/// Notes which published file the draft is at a revision.
pub(in crate::store) async fn is_source(
    connection: &mut SqliteConnection,
    inbox: &str,
    source: Option<SourceHash>,
    revision: i64,
) -> Result<(), StoreError> {
    sqlx::query("update knowledge_draft set source = ?2, source_revision = ?3 where inbox = ?1")
        .bind(inbox)
        .bind(source.map(|hash| hash.to_vec()))
        .bind(revision)
        .execute(connection)
        .await?;
    Ok(())
}
