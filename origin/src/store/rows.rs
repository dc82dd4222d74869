//! A conversation and its events as rows.

use firsthop_core::conversation::Head;
use firsthop_core::id::{AgentId, ConversationId, EdgeId, MessageId};
use firsthop_core::limits::PREVIEW_CHARS_MAX;
use firsthop_core::protocol::agent::{Revision, Summary};
use firsthop_core::protocol::visitor::Page;
use firsthop_core::protocol::{AgentRef, Content, Event, Receipts, Seq, Status};
use firsthop_core::{Private, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::StoreError;

/// A conversation, all but its log.
#[derive(Debug, Clone)]
pub struct Row {
    /// The conversation, which bears the visitor's id.
    pub id: ConversationId,
    /// The inbox's key.
    pub inbox: String,
    /// What decides what comes next.
    pub head: Head,
    /// The account's revision at which it last changed.
    pub revision: Revision,
    /// Since when the visitor waits for a person, if they do.
    pub waiting_since: Option<Timestamp>,
    /// When the last message was written.
    pub last_at: Timestamp,
    /// Its beginning.
    pub preview: Private<String>,
    /// How far the visitor has got.
    pub visitor: Receipts,
    /// How far the agents have got.
    pub agents: Receipts,
    /// The page that the visitor last looked at.
    pub page: Option<Page>,
    /// The visitor's locale.
    pub lang: String,
    /// The edges that hold sockets of the visitor.
    pub edges: Vec<EdgeId>,
}

/// The columns that [`Row::read`] needs; `agent` is joined for the assignee's name.
macro_rules! conversation_columns {
    ($rest:literal) => {
        concat!(
            "select c.id, c.inbox, c.seq, c.visible, c.status, c.assignee, a.name as assignee_name, c.revision, \
             c.waiting_since, c.last_at, c.preview, c.visitor_delivered, c.visitor_read, c.agents_delivered, \
             c.agents_read, c.page_url, c.page_title, c.lang, c.edges \
             from conversation c left join agent a on a.id = c.assignee ",
            $rest
        )
    };
}
pub(super) use conversation_columns;

impl Row {
    /// A conversation without events.
    #[must_use]
    pub fn new(id: ConversationId, inbox: String) -> Self {
        Self {
            id,
            inbox,
            head: Head::default(),
            revision: Revision(0),
            waiting_since: None,
            last_at: Timestamp::default(),
            preview: Private::default(),
            visitor: Receipts::default(),
            agents: Receipts::default(),
            page: None,
            lang: String::new(),
            edges: Vec::new(),
        }
    }

    /// Notes what new events mean for what lists show.
    pub fn note(&mut self, events: &[Event]) {
        for event in events {
            match &event.content {
                Content::Text(text) => self.show(text.text.expose(), event.at),
                Content::Answer(answer) if !answer.text.is_empty() => {
                    self.show(&answer.text, event.at);
                }
                _ => {}
            }
        }
        self.waiting_since = match self.head.status {
            Status::Queued => self
                .waiting_since
                .or_else(|| events.last().map(|event| event.at)),
            _ => None,
        };
    }

    fn show(&mut self, text: &str, at: Timestamp) {
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.preview = Private::new(line.chars().take(PREVIEW_CHARS_MAX).collect());
        self.last_at = at;
    }

    /// What lists show. Whether the visitor is online, the hub knows.
    #[must_use]
    pub fn summary(&self, inbox_name: String, online: bool) -> Summary {
        Summary {
            id: self.id,
            revision: self.revision,
            inbox: inbox_name,
            status: self.head.status,
            assignee: self.head.assignee.clone(),
            head: self.head.seq,
            read: self.agents.read,
            preview: self.preview.clone(),
            last_at: self.last_at,
            waiting_since: self.waiting_since,
            page: self.page.clone(),
            lang: self.lang.clone(),
            online,
        }
    }

    pub(super) fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let assignee = match row.try_get::<Option<Vec<u8>>, _>("assignee")? {
            Some(id) => Some(AgentRef {
                id: AgentId::from_bytes(bytes(&id)?),
                name: row.try_get("assignee_name")?,
            }),
            None => None,
        };
        let page =
            row.try_get::<Option<String>, _>("page_url")?
                .map(|url| -> Result<Page, StoreError> {
                    let title: Option<String> = row.try_get("page_title")?;
                    Ok(Page {
                        url: url.into(),
                        title: title.unwrap_or_default().into(),
                    })
                });
        Ok(Self {
            id: ConversationId::from_bytes(bytes(row.try_get("id")?)?),
            inbox: row.try_get("inbox")?,
            head: Head {
                seq: Seq(number(row, "seq")?),
                visible: Seq(number(row, "visible")?),
                status: status(row.try_get("status")?)?,
                assignee,
            },
            revision: Revision(number(row, "revision")?),
            waiting_since: row
                .try_get::<Option<i64>, _>("waiting_since")?
                .map(timestamp),
            last_at: Timestamp::from_millis(number(row, "last_at")?),
            preview: row.try_get::<String, _>("preview")?.into(),
            visitor: Receipts {
                delivered: Seq(number(row, "visitor_delivered")?),
                read: Seq(number(row, "visitor_read")?),
            },
            agents: Receipts {
                delivered: Seq(number(row, "agents_delivered")?),
                read: Seq(number(row, "agents_read")?),
            },
            page: page.transpose()?,
            lang: row.try_get("lang")?,
            edges: serde_json::from_str(row.try_get("edges")?)
                .map_err(|_| StoreError::Malformed("conversation.edges"))?,
        })
    }
}

/// The columns that [`event`] needs.
macro_rules! event_columns {
    ($rest:literal) => {
        concat!(
            "select e.conversation, e.seq, e.id, e.prev, e.at, e.author, e.content from event e ",
            $rest
        )
    };
}
pub(super) use event_columns;

/// An event, and the bytes of its content as a measure of its size.
pub(super) fn event(row: &SqliteRow) -> Result<(Event, usize), StoreError> {
    let content: &str = row.try_get("content")?;
    let event = Event {
        seq: Seq(number(row, "seq")?),
        prev: Seq(number(row, "prev")?),
        id: MessageId::from_bytes(bytes(row.try_get("id")?)?),
        at: Timestamp::from_millis(number(row, "at")?),
        author: serde_json::from_str(row.try_get("author")?)
            .map_err(|_| StoreError::Malformed("event.author"))?,
        content: serde_json::from_str(content)
            .map_err(|_| StoreError::Malformed("event.content"))?,
    };
    Ok((event, content.len()))
}

pub(super) fn status(word: &str) -> Result<Status, StoreError> {
    [
        Status::Pending,
        Status::Queued,
        Status::Assigned,
        Status::Resolved,
    ]
    .into_iter()
    .find(|status| status.as_str() == word)
    .ok_or(StoreError::Malformed("conversation.status"))
}

/// Exactly `N` bytes: an id, a hash, a key.
pub(super) fn bytes<const N: usize>(bytes: &[u8]) -> Result<[u8; N], StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Malformed("an id or hash of the wrong length"))
}

pub(super) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(millis).unwrap_or_default())
}

/// SQLite's integers are signed; ours stay far below the limit.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn number(row: &SqliteRow, column: &str) -> Result<u64, StoreError> {
    u64::try_from(row.try_get::<i64, _>(column)?)
        .map_err(|_| StoreError::Malformed("a negative number"))
}
