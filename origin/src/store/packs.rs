//! Knowledge packs: named by their hash, never changed, kept for ever.

use firsthop_core::pack::PackHash;
use sqlx::Row as _;

use super::rows::bytes;
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
