//! Drafts of knowledge: what editors change before it is published, one for each inbox.
//!
//! Every change makes the draft's revision grow by one and gives it to the item that changed.
//! Who changes something names the revision that they saw: if it is no longer that one, nothing
//! happens ([`Edit::Overtaken`]). What an item says is not looked at here (`crate::knowledge`).

use firsthop_core::Timestamp;
use firsthop_core::id::AgentId;
use firsthop_core::protocol::AgentRef;
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row as _, SqliteConnection};

use super::rows::{bytes, integer, timestamp};
use super::{Store, StoreError};

/// The SHA-256 of a knowledge file's text.
pub type SourceHash = [u8; 32];

/// A draft, all but its items.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// Grows with every change; 0 if there has been none.
    pub revision: i64,
    /// How many items of which kind.
    pub counts: Vec<(String, u64)>,
    /// What the items' texts take.
    pub bytes: u64,
    /// When it last changed.
    pub changed_at: Option<Timestamp>,
    /// By whom; none is the command line.
    pub changed_by: Option<AgentRef>,
    /// The published file that it was at a revision.
    pub source: Option<(SourceHash, i64)>,
}

/// A line of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Names it for as long as it exists.
    pub item: i64,
    /// What it is.
    pub line: Line,
    /// The draft's revision when it last changed.
    pub revision: i64,
    /// When that was.
    pub changed_at: Timestamp,
    /// By whom; none is the command line.
    pub changed_by: Option<AgentRef>,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Entry, rule, and so on.
    pub kind: String,
    /// What it is called, uniquely within its kind, if it has a name.
    pub name: Option<String>,
    /// A JSON object, on one line.
    pub value: String,
}

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

/// Which items are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted<'a> {
    /// With this text in them, if it is not empty.
    pub text: &'a str,
    /// Of this kind.
    pub kind: Option<&'a str>,
    /// After this one.
    pub after: i64,
    /// So many at most.
    pub limit: i64,
}

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// None is the command line.
    pub who: Option<AgentId>,
    /// Now.
    pub at: Timestamp,
}

macro_rules! item_columns {
    ($rest:literal) => {
        concat!(
            "select i.item, i.kind, i.name, i.revision, i.changed_at, i.changed_by, a.name as changer, i.value \
             from knowledge_item i left join agent a on a.id = i.changed_by ",
            $rest
        )
    };
}

impl Store {
    /// An inbox's draft; an empty one if nobody has written any yet.
    pub async fn draft(&self, inbox: &str) -> Result<Draft, StoreError> {
        let mut connection = self.readers.acquire().await?;
        let row = sqlx::query(
            "select d.revision, d.changed_at, d.changed_by, a.name as changer, d.source, d.source_revision \
             from knowledge_draft d left join agent a on a.id = d.changed_by where d.inbox = ?1",
        )
        .bind(inbox)
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else {
            return Ok(Draft::default());
        };
        let counted = sqlx::query(
            "select kind, count(*), sum(length(cast(value as blob))) from knowledge_item where inbox = ?1 group by kind order by kind",
        )
        .bind(inbox)
        .fetch_all(&mut *connection)
        .await?;
        let mut draft = Draft {
            revision: row.try_get("revision")?,
            changed_at: Some(timestamp(row.try_get("changed_at")?)),
            changed_by: person(&row, "changed_by", "changer")?,
            ..Draft::default()
        };
        if let Some(hash) = row.try_get::<Option<Vec<u8>>, _>("source")? {
            draft.source = Some((bytes(&hash)?, row.try_get("source_revision")?));
        }
        for row in counted {
            draft.counts.push((row.try_get(0)?, number(&row, 1)?));
            draft.bytes += number(&row, 2)?;
        }
        Ok(draft)
    }

    /// All lines with their items' numbers, in their order, and the draft's revision.
    pub async fn draft_lines(&self, inbox: &str) -> Result<(i64, Vec<(i64, String)>), StoreError> {
        let rows = sqlx::query(
            "select d.revision, i.item, i.value from knowledge_draft d left join knowledge_item i on i.inbox = d.inbox \
             where d.inbox = ?1 order by i.item",
        )
        .bind(inbox)
        .fetch_all(&self.readers)
        .await?;
        let revision = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        let mut lines = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(item) = row.try_get::<Option<i64>, _>(1)? {
                lines.push((item, row.try_get(2)?));
            }
        }
        Ok((revision, lines))
    }

    /// Items, in their order; and how many there are in all, whatever the limit.
    pub async fn items(
        &self,
        inbox: &str,
        wanted: &Wanted<'_>,
    ) -> Result<(Vec<Item>, u64), StoreError> {
        // Lower-casing is SQLite's, which knows ASCII; Chinese has no case.
        let rows = sqlx::query(item_columns!(
            "where i.inbox = ?1 and i.item > ?2 and (?3 is null or i.kind = ?3) \
             and (?4 = '' or exists (select 1 from json_tree(i.value) t where t.type = 'text' \
             and instr(lower(t.atom), lower(?4)) > 0)) order by i.item limit ?5"
        ))
        .bind(inbox)
        .bind(wanted.after)
        .bind(wanted.kind)
        .bind(wanted.text)
        .bind(wanted.limit)
        .fetch_all(&self.readers)
        .await?;
        let total = sqlx::query(
            "select count(*) from knowledge_item i where i.inbox = ?1 and (?2 is null or i.kind = ?2) \
             and (?3 = '' or exists (select 1 from json_tree(i.value) t where t.type = 'text' \
             and instr(lower(t.atom), lower(?3)) > 0))",
        )
        .bind(inbox)
        .bind(wanted.kind)
        .bind(wanted.text)
        .fetch_one(&self.readers)
        .await?;
        let items = rows.iter().map(Item::read).collect::<Result<_, _>>()?;
        Ok((items, number(&total, 0)?))
    }

    /// One item.
    pub async fn item(&self, inbox: &str, item: i64) -> Result<Option<Item>, StoreError> {
        let row = sqlx::query(item_columns!("where i.inbox = ?1 and i.item = ?2"))
            .bind(inbox)
            .bind(item)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(Item::read).transpose()
    }

    /// The item of a kind that has a name.
    pub async fn item_named(
        &self,
        inbox: &str,
        kind: &str,
        name: &str,
    ) -> Result<Option<Item>, StoreError> {
        let row = sqlx::query(item_columns!(
            "where i.inbox = ?1 and i.kind = ?2 and i.name = ?3"
        ))
        .bind(inbox)
        .bind(kind)
        .bind(name)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(Item::read).transpose()
    }

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
        if let Some(failed) = check_seen(&mut transaction, inbox, item, seen).await? {
            return Ok(failed);
        }
        let revision = next_revision(&mut transaction, inbox, change).await?;
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
        if let Some(failed) = check_seen(&mut transaction, inbox, item, seen).await? {
            return Ok(failed);
        }
        let revision = next_revision(&mut transaction, inbox, change).await?;
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

impl Item {
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        Ok(Self {
            item: row.try_get("item")?,
            line: Line {
                kind: row.try_get("kind")?,
                name: row.try_get("name")?,
                value: row.try_get("value")?,
            },
            revision: row.try_get("revision")?,
            changed_at: timestamp(row.try_get("changed_at")?),
            changed_by: person(row, "changed_by", "changer")?,
        })
    }
}

/// Who is named by the two columns.
pub(super) fn person(
    row: &SqliteRow,
    id: &str,
    name: &str,
) -> Result<Option<AgentRef>, StoreError> {
    let Some(id) = row.try_get::<Option<Vec<u8>>, _>(id)? else {
        return Ok(None);
    };
    Ok(Some(AgentRef {
        id: AgentId::from_bytes(bytes(&id)?),
        name: row.try_get(name)?,
    }))
}

pub(super) fn number(row: &SqliteRow, column: usize) -> Result<u64, StoreError> {
    let number: Option<i64> = row.try_get(column)?;
    Ok(u64::try_from(number.unwrap_or_default()).unwrap_or_default())
}

/// The draft's revision; 0 if there is no draft.
pub(super) async fn revision(
    connection: &mut SqliteConnection,
    inbox: &str,
) -> Result<i64, StoreError> {
    let row = sqlx::query("select revision from knowledge_draft where inbox = ?1")
        .bind(inbox)
        .fetch_optional(connection)
        .await?;
    row.map_or(Ok(0), |row| Ok(row.try_get(0)?))
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

async fn check_seen(
    connection: &mut SqliteConnection,
    inbox: &str,
    item: i64,
    seen: i64,
) -> Result<Option<Edit<i64>>, StoreError> {
    let row = sqlx::query("select revision from knowledge_item where inbox = ?1 and item = ?2")
        .bind(inbox)
        .bind(item)
        .fetch_optional(connection)
        .await?;
    Ok(match row {
        None => Some(Edit::Missing),
        Some(row) if row.try_get::<i64, _>(0)? != seen => Some(Edit::Overtaken),
        Some(_) => None,
    })
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
pub(super) async fn replace(
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
pub(super) async fn is_source(
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
