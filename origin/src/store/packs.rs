//! Knowledge packs: named by their hash, never changed, kept for ever.

use firsthop_core::Timestamp;
use firsthop_core::pack::PackHash;
use sqlx::{Connection, Row as _};

use super::rows::{bytes, integer};
use super::{Store, StoreError};

/// A pack to be published.
#[derive(Debug)]
pub struct NewPack {
    /// Its name.
    pub hash: PackHash,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// The same, compressed once for everybody.
    pub brotli: Vec<u8>,
    /// How many entries it has.
    pub entries: usize,
}

impl Store {
    /// Stores a pack, if it is new, and makes it the inbox's current one, all or nothing; false
    /// if there is no such inbox.
    pub async fn publish(
        &self,
        inbox: &str,
        pack: &NewPack,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let hash = pack.hash.0.as_slice();
        let now = integer(now.as_millis());
        let mut settings = self.settings().await;
        let mut transaction = settings.begin_with("begin immediate").await?;
        sqlx::query(
            "insert into pack (hash, bytes, brotli, entries, created_at) values (?1, ?2, ?3, ?4, ?5) \
             on conflict (hash) do nothing",
        )
        .bind(hash)
        .bind(&pack.bytes)
        .bind(&pack.brotli)
        .bind(integer(pack.entries as u64))
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        let done = sqlx::query("update inbox set pack = ?2 where key = ?1")
            .bind(inbox)
            .bind(hash)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        sqlx::query(
            "insert into publication (inbox, pack, published_at) values (?1, ?2, ?3) on conflict (inbox, pack) do nothing",
        )
        .bind(inbox)
        .bind(hash)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// A pack's bytes.
    pub async fn pack(&self, hash: PackHash) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("select bytes from pack where hash = ?1")
            .bind(hash.0.as_slice())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    /// A pack's bytes, compressed with brotli.
    pub async fn pack_brotli(&self, hash: PackHash) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("select brotli from pack where hash = ?1")
            .bind(hash.0.as_slice())
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    /// Every pack that each inbox ever had.
    pub async fn publications(&self) -> Result<Vec<(String, PackHash)>, StoreError> {
        let rows = sqlx::query("select inbox, pack from publication")
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, PackHash(bytes(row.try_get(1)?)?))))
            .collect()
    }
}
