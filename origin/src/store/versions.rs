//! What was published, version by version. Nothing of it ever changes.
//!
//! The invariant: an inbox's current pack is that of its last version, and both change in one
//! transaction, together with the draft if publishing concerns it.

use firsthop_core::Timestamp;
use firsthop_core::id::AgentId;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::AgentRef;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row as _, SqliteConnection};

use super::drafts::{self, Change, Edit, Line, SourceHash, number, person};
use super::packs::NewPack;
use super::rows::{bytes, integer, timestamp};
use super::{Store, StoreError};

/// What a version's pack was made of, and how it came to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The draft, by the console.
    Editor,
    /// A file, by the API.
    Upload,
    /// A file, by the command line.
    Command,
    /// An earlier version, brought back.
    Rollback,
}

impl How {
    const ALL: [Self; 4] = [Self::Editor, Self::Upload, Self::Command, Self::Rollback];

    /// The word for it in the API and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Editor => "editor",
            Self::Upload => "upload",
            Self::Command => "command",
            Self::Rollback => "rollback",
        }
    }
}

/// A version that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number: 1 for the inbox's first.
    pub version: i64,
    /// The pack.
    pub pack: PackHash,
    /// When.
    pub published_at: Timestamp,
    /// By whom; none is the command line.
    pub published_by: Option<AgentRef>,
    /// How.
    pub how: How,
    /// The version that was brought back.
    pub restored: Option<i64>,
    /// What the publisher says about it.
    pub note: String,
    /// The knowledge file, if it was kept.
    pub source: Option<SourceHash>,
    /// Lines of the knowledge file.
    pub items: u64,
    /// Rules, those that every pack starts from included.
    pub rules: u64,
    /// Entries of the pack.
    pub entries: u64,
    /// The pack's size.
    pub bytes: u64,
    /// The pack's size as it is sent.
    pub brotli_bytes: u64,
    /// What is different from the version before: JSON.
    pub changes: String,
    /// Whether it is the inbox's last.
    pub current: bool,
}

/// A knowledge file to be kept.
#[derive(Debug, Clone)]
pub struct NewSource {
    /// The SHA-256 of its text.
    pub hash: SourceHash,
    /// The text, compressed.
    pub brotli: Vec<u8>,
}

/// The pack of a new version.
#[derive(Debug)]
pub enum PackOf<'a> {
    /// Just built.
    New(&'a NewPack),
    /// Was published before.
    Old(PackHash),
}

/// What publishing does to the draft.
#[derive(Debug)]
pub enum DraftThen<'a> {
    /// It is what is published, at this revision.
    Published(i64),
    /// It becomes what is published; it must be at this revision, if one is named.
    Replaced(Option<i64>, &'a [Line]),
    /// It stays what it is, at this revision.
    Untouched(i64),
}

/// A version to be published.
#[derive(Debug)]
pub struct NewVersion<'a> {
    /// The inbox's key.
    pub inbox: &'a str,
    /// The pack.
    pub pack: PackOf<'a>,
    /// Who and when.
    pub change: Change,
    /// How.
    pub how: How,
    /// The version that is brought back.
    pub restored: Option<i64>,
    /// What the publisher says about it.
    pub note: &'a str,
    /// The knowledge file, if there is one.
    pub source: Option<&'a NewSource>,
    /// Lines of the knowledge file.
    pub items: usize,
    /// Rules of the pack.
    pub rules: usize,
    /// What is different from the version before: JSON.
    pub changes: &'a str,
    /// The last version, of which `changes` speaks: 0 if there is none.
    pub after: i64,
    /// What happens to the draft.
    pub draft: DraftThen<'a>,
}

macro_rules! version_columns {
    ($rest:literal) => {
        concat!(
            "select v.version, v.pack, v.published_at, v.published_by, a.name as publisher, v.how, v.restored, v.note, \
             v.source, v.items, v.rules, p.entries, length(p.bytes), length(p.brotli), v.changes, \
             v.version = (select max(version) from knowledge_version where inbox = v.inbox) as current \
             from knowledge_version v join pack p on p.hash = v.pack left join agent a on a.id = v.published_by ",
            $rest
        )
    };
}

impl Store {
    /// Publishes a version, all or nothing; gives its number. [`Edit::Missing`] means that there
    /// is no such inbox, [`Edit::Overtaken`] that the draft or the last version is another.
    pub async fn publish(&self, new: &NewVersion<'_>) -> Result<Edit<i64>, StoreError> {
        let mut settings = self.settings().await;
        let mut transaction = settings.begin_with("begin immediate").await?;
        let hash = match new.pack {
            PackOf::New(pack) => {
                add_pack(&mut transaction, pack, new.change.at).await?;
                pack.hash
            }
            PackOf::Old(hash) => hash,
        };
        let done = sqlx::query("update inbox set pack = ?2 where key = ?1")
            .bind(new.inbox)
            .bind(hash.0.as_slice())
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(Edit::Missing);
        }
        let (last, last_at) = last(&mut transaction, new.inbox).await?;
        if last != new.after {
            return Ok(Edit::Overtaken);
        }
        if let Some(source) = new.source {
            sqlx::query("insert into knowledge_source (hash, brotli) values (?1, ?2) on conflict (hash) do nothing")
                .bind(source.hash.as_slice())
                .bind(&source.brotli)
                .execute(&mut *transaction)
                .await?;
        }
        if !settle_draft(&mut transaction, new).await? {
            return Ok(Edit::Overtaken);
        }
        let version = new.after + 1;
        // Later than the one before, also when the clock was put back: who carries an earlier
        // version's signature must not be believed.
        let at = integer(new.change.at.as_millis()).max(last_at + 1);
        sqlx::query(
            "insert into publication (inbox, pack, published_at) values (?1, ?2, ?3) on conflict (inbox, pack) do nothing",
        )
        .bind(new.inbox)
        .bind(hash.0.as_slice())
        .bind(at)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "insert into knowledge_version (inbox, version, pack, published_at, published_by, how, restored, note, source, \
             items, rules, changes) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )
        .bind(new.inbox)
        .bind(version)
        .bind(hash.0.as_slice())
        .bind(at)
        .bind(new.change.who.map(|who: AgentId| who.as_bytes().to_vec()))
        .bind(new.how.as_str())
        .bind(new.restored)
        .bind(new.note)
        .bind(new.source.map(|source| source.hash.to_vec()))
        .bind(integer(new.items as u64))
        .bind(integer(new.rules as u64))
        .bind(new.changes)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Edit::Done(version))
    }

    /// Versions before one, newest first.
    pub async fn versions(
        &self,
        inbox: &str,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Version>, StoreError> {
        let rows = sqlx::query(version_columns!(
            "where v.inbox = ?1 and v.version < ?2 order by v.version desc limit ?3"
        ))
        .bind(inbox)
        .bind(before)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(Version::read).collect()
    }

    /// One version.
    pub async fn version(&self, inbox: &str, version: i64) -> Result<Option<Version>, StoreError> {
        let row = sqlx::query(version_columns!("where v.inbox = ?1 and v.version = ?2"))
            .bind(inbox)
            .bind(version)
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(Version::read).transpose()
    }

    /// The last version.
    pub async fn last_version(&self, inbox: &str) -> Result<Option<Version>, StoreError> {
        Ok(self.versions(inbox, i64::MAX, 1).await?.pop())
    }

    /// Since when every inbox that has a pack has had it.
    pub async fn published_since(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let rows =
            sqlx::query("select inbox, max(published_at) from knowledge_version group by inbox")
                .fetch_all(&self.readers)
                .await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, timestamp(row.try_get(1)?))))
            .collect()
    }

    /// A knowledge file that was published, compressed with brotli.
    pub async fn source(&self, hash: &SourceHash) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("select brotli from knowledge_source where hash = ?1")
            .bind(hash.as_slice())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }
}

impl Version {
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let how: &str = row.try_get("how")?;
        let source = row.try_get::<Option<Vec<u8>>, _>("source")?;
        Ok(Self {
            version: row.try_get("version")?,
            pack: PackHash(bytes(row.try_get("pack")?)?),
            published_at: timestamp(row.try_get("published_at")?),
            published_by: person(row, "published_by", "publisher")?,
            how: How::ALL
                .into_iter()
                .find(|known| known.as_str() == how)
                .ok_or(StoreError::Malformed("knowledge_version.how"))?,
            restored: row.try_get("restored")?,
            note: row.try_get("note")?,
            source: source.map(|hash| bytes(&hash)).transpose()?,
            items: number(row, 9)?,
            rules: number(row, 10)?,
            entries: number(row, 11)?,
            bytes: number(row, 12)?,
            brotli_bytes: number(row, 13)?,
            changes: row.try_get("changes")?,
            current: row.try_get("current")?,
        })
    }
}

async fn add_pack(
    connection: &mut SqliteConnection,
    pack: &NewPack,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into pack (hash, bytes, brotli, entries, created_at) values (?1, ?2, ?3, ?4, ?5) \
         on conflict (hash) do nothing",
    )
    .bind(pack.hash.0.as_slice())
    .bind(&pack.bytes)
    .bind(&pack.brotli)
    .bind(integer(pack.entries as u64))
    .bind(integer(now.as_millis()))
    .execute(connection)
    .await?;
    Ok(())
}

/// The number of the last version, and when it was published; zeros if there is none.
async fn last(connection: &mut SqliteConnection, inbox: &str) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query(
        "select coalesce(max(version), 0), coalesce(max(published_at), 0) from knowledge_version where inbox = ?1",
    )
    .bind(inbox)
    .fetch_one(connection)
    .await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// Whether the draft was at the revision that was named, and now is what it is to be.
async fn settle_draft(
    connection: &mut SqliteConnection,
    new: &NewVersion<'_>,
) -> Result<bool, StoreError> {
    let is = drafts::revision(connection, new.inbox).await?;
    let published = match new.draft {
        DraftThen::Published(seen) if seen == is => is,
        DraftThen::Replaced(seen, lines) if seen.is_none_or(|seen| seen == is) => {
            drafts::replace(connection, new.inbox, lines, new.change).await?
        }
        DraftThen::Untouched(seen) if seen == is => return Ok(true),
        _ => return Ok(false),
    };
    let source = new.source.map(|source| source.hash);
    drafts::is_source(connection, new.inbox, source, published).await?;
    Ok(true)
}
