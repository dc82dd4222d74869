//! Inboxes, and the revision that says whether any setting has changed.

use firsthop_core::Timestamp;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::edge::Inbox;
use serde_json::json;
use sqlx::Row as _;

use super::rows::{bytes, integer};
use super::{Store, StoreError};

impl Store {
    /// Counts changes of inboxes and edges, by any process.
    pub async fn settings_revision(&self) -> Result<i64, StoreError> {
        let row = sqlx::query("select revision from settings")
            .fetch_one(&self.readers)
            .await?;
        Ok(row.try_get(0)?)
    }

    /// All inboxes, by key; nothing is signed yet.
    pub async fn inboxes(&self) -> Result<Vec<Inbox>, StoreError> {
        let rows = sqlx::query("select key, name, allowed_origins, pack from inbox order by key")
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                let pack = row.try_get::<Option<Vec<u8>>, _>("pack")?;
                Ok(Inbox {
                    key: row.try_get("key")?,
                    name: row.try_get("name")?,
                    allowed_origins: serde_json::from_str(row.try_get("allowed_origins")?)
                        .map_err(|_| StoreError::Malformed("inbox.allowed_origins"))?,
                    pack: pack.map(|hash| bytes(&hash).map(PackHash)).transpose()?,
                    published: None,
                })
            })
            .collect()
    }

    /// Makes an inbox; false if the key is taken.
    pub async fn add_inbox(&self, inbox: &Inbox, now: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "insert into inbox (key, name, allowed_origins, created_at) values (?1, ?2, ?3, ?4) \
             on conflict (key) do nothing",
        )
        .bind(&inbox.key)
        .bind(&inbox.name)
        .bind(json!(inbox.allowed_origins).to_string())
        .bind(integer(now.as_millis()))
        .execute(&mut *self.settings().await)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}
