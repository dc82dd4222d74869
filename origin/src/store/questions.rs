//! What visitors asked: the messages that the bot could not answer, and the newest of all.
//!
//! A question is a place in a conversation's log; the text stands there and nowhere else.

use firsthop_core::id::ConversationId;
use firsthop_core::protocol::{Author, Content, Seq};
use firsthop_core::{Private, Timestamp};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::rows::{bytes, event, event_columns, integer};
use super::{Store, StoreError};

/// The place of a message in a log.
pub type Place = (ConversationId, Seq);

/// A message that the bot could not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Where it stands.
    pub place: Place,
    /// When it was asked.
    pub at: Timestamp,
    /// What was asked.
    pub text: Private<String>,
}

/// Notes messages that the bot could not answer; their events have been written.
pub async fn note(
    connection: &mut SqliteConnection,
    asked: &[(Place, &str, Timestamp)],
) -> Result<(), StoreError> {
    if asked.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = asked
        .iter()
        .map(|((conversation, seq), inbox, at)| json!([conversation, seq, inbox, at]))
        .collect();
    sqlx::query(
        "insert into question (conversation, seq, inbox, at) \
         select unhex(value ->> 0, '-'), value ->> 1, value ->> 2, value ->> 3 from json_each(?1)",
    )
    .bind(json!(rows).to_string())
    .execute(connection)
    .await?;
    Ok(())
}

impl Store {
    /// The newest messages that the bot could not answer and nobody has dealt with, newest first.
    pub async fn open_questions(
        &self,
        inbox: &str,
        limit: usize,
    ) -> Result<Vec<Asked>, StoreError> {
        let rows = sqlx::query(event_columns!(
            "join (select conversation, seq from question where inbox = ?1 order by at desc, conversation, seq limit ?2) q \
             on q.conversation = e.conversation and q.seq = e.seq order by e.at desc, e.conversation, e.seq"
        ))
        .bind(inbox)
        .bind(integer(limit as u64))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .filter_map(|row| asked(row).transpose())
            .collect()
    }

    /// What visitors of an inbox said, from the conversations that changed last on.
    pub async fn recent_questions(
        &self,
        inbox: &str,
        limit: usize,
    ) -> Result<Vec<Private<String>>, StoreError> {
        let rows = sqlx::query(event_columns!(
            "join (select id, revision from conversation where inbox = ?1 order by revision desc limit ?2) c \
             on c.id = e.conversation where e.author = ?3 and e.content ->> 'type' = 'text' \
             order by c.revision desc, e.seq desc limit ?2"
        ))
        .bind(inbox)
        .bind(integer(limit as u64))
        .bind(json!(Author::Visitor).to_string())
        .fetch_all(&self.readers)
        .await?;
        let asked = rows.iter().filter_map(|row| asked(row).transpose());
        asked.map(|asked| Ok(asked?.text)).collect()
    }

    /// Takes questions off the list; gives how many were on it.
    pub async fn settle_questions(&self, places: &[Place]) -> Result<u64, StoreError> {
        let done = sqlx::query(
            "delete from question where (conversation, seq) in \
             (select unhex(value ->> 0, '-'), value ->> 1 from json_each(?1))",
        )
        .bind(json!(places).to_string())
        .execute(&mut *self.settings().await)
        .await?;
        Ok(done.rows_affected())
    }
}

fn asked(row: &SqliteRow) -> Result<Option<Asked>, StoreError> {
    let (event, _) = event(row)?;
    let Content::Text(said) = event.content else {
        return Ok(None);
    };
    let conversation = ConversationId::from_bytes(bytes(row.try_get("conversation")?)?);
    Ok(Some(Asked {
        place: (conversation, event.seq),
        at: event.at,
        text: said.text,
    }))
}
