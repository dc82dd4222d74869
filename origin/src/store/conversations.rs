//! Reading conversations and their logs, for replicas.

use firsthop_core::Timestamp;
use firsthop_core::id::{AgentId, ConversationId, EdgeId};
use firsthop_core::limits::{
    CONVERSATIONS_PER_FRAME_MAX, EVENTS_PER_FRAME_MAX, EVENTS_TEXT_BYTES_PER_FRAME_MAX,
};
use firsthop_core::protocol::agent::Revision;
use firsthop_core::protocol::{Event, Seq, Status};
use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::rows::{Row, bytes, conversation_columns, event, event_columns, integer, timestamp};
use super::{Store, StoreError};

/// Who reads a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The visitor: not the private notes.
    Visitor,
    /// An agent: everything.
    Agent,
}

/// Part of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// In order.
    pub events: Vec<Event>,
    /// Whether there is more after it.
    pub more: bool,
}

/// A visitor who has sockets at edges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtEdges {
    /// Who.
    pub visitor: ConversationId,
    /// The inbox's key.
    pub inbox: String,
    /// Where.
    pub edges: Vec<EdgeId>,
    /// The last place of the log that the visitor is known to hold.
    pub delivered: Seq,
    /// The last that there is to see.
    pub head: Seq,
}

const PAGE: i64 = CONVERSATIONS_PER_FRAME_MAX as i64;

impl Store {
    /// A conversation, if there is one.
    pub async fn conversation(&self, id: ConversationId) -> Result<Option<Row>, StoreError> {
        let row = sqlx::query(conversation_columns!("where c.id = ?1"))
            .bind(id.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(Row::read).transpose()
    }

    /// Agents who have a conversation that is not resolved.
    pub async fn agents_with_conversations(&self) -> Result<Vec<AgentId>, StoreError> {
        let rows =
            sqlx::query("select distinct assignee from conversation where status = 'assigned'")
                .fetch_all(&self.readers)
                .await?;
        rows.iter()
            .map(|row| Ok(AgentId::from_bytes(bytes(row.try_get(0)?)?)))
            .collect()
    }

    /// The conversations that an agent has, those that are not resolved.
    pub async fn conversations_of(
        &self,
        agent: AgentId,
    ) -> Result<Vec<ConversationId>, StoreError> {
        let rows = sqlx::query(
            "select id from conversation where status = 'assigned' and assignee = ?1 order by revision",
        )
        .bind(agent.as_bytes().as_slice())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| Ok(ConversationId::from_bytes(bytes(row.try_get(0)?)?)))
            .collect()
    }

    /// The log after a place: what fits into one frame.
    pub async fn events_after(
        &self,
        id: ConversationId,
        after: Seq,
        reader: Reader,
    ) -> Result<Part, StoreError> {
        let rows = sqlx::query(event_columns!(
            "where e.conversation = ?1 and e.seq > ?2 and e.private <= ?3 order by e.seq limit ?4"
        ))
        .bind(id.as_bytes().as_slice())
        .bind(integer(after.0))
        .bind(i64::from(reader == Reader::Agent))
        .bind(EVENTS_PER_FRAME_MAX as i64 + 1)
        .fetch_all(&self.readers)
        .await?;
        part(&rows, reader)
    }

    /// For several conversations at once: the log after a place, as the visitor may see it.
    pub async fn events_after_each(
        &self,
        cursors: &[(ConversationId, Seq)],
    ) -> Result<Vec<(ConversationId, Part)>, StoreError> {
        let rows = sqlx::query(event_columns!(
            "join json_each(?1) j on e.conversation = unhex(j.value ->> 0, '-') and e.seq > j.value ->> 1 \
             where e.private = 0 order by e.conversation, e.seq"
        ))
        .bind(json!(cursors).to_string())
        .fetch_all(&self.readers)
        .await?;
        let mut parts = Vec::new();
        for rows in rows
            .chunk_by(|a, b| a.get::<&[u8], _>("conversation") == b.get::<&[u8], _>("conversation"))
        {
            if let Some(first) = rows.first() {
                let id = ConversationId::from_bytes(bytes(first.try_get("conversation")?)?);
                parts.push((id, part(rows, Reader::Visitor)?));
            }
        }
        Ok(parts)
    }

    /// These conversations as they stand.
    pub async fn conversations(&self, ids: &[ConversationId]) -> Result<Vec<Row>, StoreError> {
        let mut connection = self.readers.acquire().await?;
        super::batch::load(&mut connection, ids).await
    }

    /// What changed after a revision, oldest change first; at most a frame's worth.
    pub async fn changed_since(&self, since: Revision) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query(conversation_columns!(
            "where c.revision > ?1 order by c.revision limit ?2"
        ))
        .bind(integer(since.0))
        .bind(PAGE);
        read(&query.fetch_all(&self.readers).await?)
    }

    /// Conversations that are not resolved and changed after a revision, oldest change first; at
    /// most a frame's worth.
    pub async fn unresolved_since(&self, since: Revision) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query(conversation_columns!(
            "where c.revision > ?1 and c.status <> 'resolved' order by c.revision limit ?2"
        ))
        .bind(integer(since.0))
        .bind(PAGE);
        read(&query.fetch_all(&self.readers).await?)
    }

    /// The newest of a status that changed before a revision, in the order of their revisions;
    /// at most a frame's worth.
    pub async fn newest_before(
        &self,
        before: Revision,
        status: Status,
    ) -> Result<Vec<Row>, StoreError> {
        let query = sqlx::query(conversation_columns!(
            "where c.revision < ?1 and c.status = ?2 order by c.revision desc limit ?3"
        ))
        .bind(integer(before.0))
        .bind(status.as_str())
        .bind(PAGE);
        let mut rows = read(&query.fetch_all(&self.readers).await?)?;
        rows.reverse();
        Ok(rows)
    }

    /// The account's last revision.
    pub async fn revision(&self) -> Result<Revision, StoreError> {
        let mut connection = self.readers.acquire().await?;
        super::batch::last_revision(&mut connection).await
    }

    /// Everybody who waits for a person.
    pub async fn waiting(&self) -> Result<Vec<(Timestamp, ConversationId)>, StoreError> {
        let rows = sqlx::query(
            "select waiting_since, id from conversation where waiting_since is not null",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok((
                    timestamp(row.try_get(0)?),
                    ConversationId::from_bytes(bytes(row.try_get(1)?)?),
                ))
            })
            .collect()
    }

    /// Every visitor who has sockets at edges.
    pub async fn at_edges(&self) -> Result<Vec<AtEdges>, StoreError> {
        let rows = sqlx::query(conversation_columns!("where c.edges <> '[]'"))
            .fetch_all(&self.readers)
            .await?;
        let at_edges = read(&rows)?.into_iter().map(|row| AtEdges {
            visitor: row.id,
            inbox: row.inbox,
            edges: row.edges,
            delivered: row.visitor.delivered,
            head: row.head.visible,
        });
        Ok(at_edges.collect())
    }
}

fn read(rows: &[SqliteRow]) -> Result<Vec<Row>, StoreError> {
    rows.iter().map(Row::read).collect()
}

/// As many events as fit into one frame, the first in any case.
fn part(rows: &[SqliteRow], reader: Reader) -> Result<Part, StoreError> {
    let mut events = Vec::with_capacity(rows.len().min(EVENTS_PER_FRAME_MAX));
    let mut bytes = 0;
    for row in rows {
        let (mut event, size) = event(row)?;
        bytes += size;
        if !events.is_empty()
            && (events.len() == EVENTS_PER_FRAME_MAX || bytes > EVENTS_TEXT_BYTES_PER_FRAME_MAX)
        {
            return Ok(Part { events, more: true });
        }
        if reader == Reader::Agent {
            event.prev = for_agents(event.seq);
        }
        events.push(event);
    }
    Ok(Part {
        events,
        more: false,
    })
}

/// Nothing is hidden from agents: the event before is the one with the number before.
#[must_use]
pub fn for_agents(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1))
}
