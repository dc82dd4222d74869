//! Drafts of knowledge: what editors change before it is published, one for each inbox.
//!
//! In: an inbox, and what is wanted of its draft. Out: the draft, its lines and its items. How they
//! change is in `changes`. What an item says is not looked at here (`crate::knowledge`).

mod changes;

use firsthop_core::Timestamp;
use firsthop_core::id::AgentId;
use firsthop_core::protocol::AgentRef;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

pub use changes::{Change, Edit};
pub(super) use changes::{is_source, replace};

use super::rows::{bytes, timestamp};
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
