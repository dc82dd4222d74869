//! Edges and their keys.

use firsthop_core::Timestamp;
use firsthop_core::id::EdgeId;
use firsthop_core::token::Key;
use sqlx::Row as _;

use super::rows::{bytes, integer};
use super::{Store, StoreError};

/// An edge's registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Which.
    pub id: EdgeId,
    /// For people.
    pub name: String,
    /// Where pushes go, without a slash at its end.
    pub url: String,
    /// What it signs with: the current key first, then the one before, if there is one.
    pub keys: Vec<Key>,
    /// Whether its keys have been revoked.
    pub revoked: bool,
}

impl Store {
    /// All edges, oldest first, revoked ones too.
    pub async fn edges(&self) -> Result<Vec<Edge>, StoreError> {
        let rows = sqlx::query(
            "select id, name, url, key_current, key_previous, revoked_at from edge order by id",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let mut keys = vec![Key(bytes(row.try_get("key_current")?)?)];
                if let Some(previous) = row.try_get::<Option<Vec<u8>>, _>("key_previous")? {
                    keys.push(Key(bytes(&previous)?));
                }
                Ok(Edge {
                    id: EdgeId::from_bytes(bytes(row.try_get("id")?)?),
                    name: row.try_get("name")?,
                    url: row.try_get("url")?,
                    keys,
                    revoked: row.try_get::<Option<i64>, _>("revoked_at")?.is_some(),
                })
            })
            .collect()
    }

    /// Registers an edge with its first key.
    pub async fn add_edge(
        &self,
        id: EdgeId,
        name: &str,
        url: &str,
        key: &Key,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "insert into edge (id, name, url, key_current, created_at) values (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(id.as_bytes().as_slice())
        .bind(name)
        .bind(url)
        .bind(key.0.as_slice())
        .bind(integer(now.as_millis()))
        .execute(&mut *self.settings().await)
        .await?;
        Ok(())
    }

    /// Gives an edge a new key; the one that it had stays valid until the next rotation. False if
    /// there is no such edge.
    pub async fn rotate_edge(&self, id: EdgeId, key: &Key) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "update edge set key_previous = key_current, key_current = ?2 where id = ?1",
        )
        .bind(id.as_bytes().as_slice())
        .bind(key.0.as_slice())
        .execute(&mut *self.settings().await)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Revokes an edge's keys. False if there is no such edge.
    pub async fn revoke_edge(&self, id: EdgeId, now: Timestamp) -> Result<bool, StoreError> {
        let done =
            sqlx::query("update edge set revoked_at = coalesce(revoked_at, ?2) where id = ?1")
                .bind(id.as_bytes().as_slice())
                .bind(integer(now.as_millis()))
                .execute(&mut *self.settings().await)
                .await?;
        Ok(done.rows_affected() == 1)
    }
}
