//! What the tests of this module build conversations from.

use firsthop_core::Timestamp;
use firsthop_core::id::{AgentId, ConversationId, MessageId};
use firsthop_core::protocol::agent::{Act, Command, Reply, Revision, Summary};
use firsthop_core::protocol::{AgentRef, Author, Content, Event, Seq, Status, Text};

const AT: Timestamp = Timestamp::from_millis(1_000);

pub(crate) fn id(n: u8) -> MessageId {
    MessageId::new(AT, [n; 10])
}

pub(crate) fn conversation(n: u8) -> ConversationId {
    ConversationId::new(AT, [n; 10])
}

pub(crate) fn ada() -> AgentRef {
    AgentRef {
        id: AgentId::new(AT, [1; 10]),
        name: "Ada".to_owned(),
    }
}

pub(crate) fn bo() -> AgentRef {
    AgentRef {
        id: AgentId::new(AT, [2; 10]),
        name: "Bo".to_owned(),
    }
}

pub(crate) fn reply(n: u8, to: u8, text: &str) -> Command {
    Command {
        id: id(n),
        conversation: conversation(to),
        act: Act::Reply(Reply { text: text.into() }),
    }
}

pub(crate) fn summary(n: u8, revision: u64, status: Status) -> Summary {
    Summary {
        id: conversation(n),
        revision: Revision(revision),
        inbox: "Demo".to_owned(),
        status,
        assignee: None,
        head: Seq(3),
        read: Seq(1),
        preview: "hello".into(),
        last_at: AT,
        waiting_since: None,
        page: None,
        lang: "en".to_owned(),
        online: false,
    }
}

/// The event at `seq`, whose id is that of the `seq`th message.
pub(crate) fn event(seq: u64, (author, content): (Author, Content)) -> Event {
    Event {
        seq: Seq(seq),
        prev: Seq(seq - 1),
        id: id(u8::try_from(seq).unwrap_or(255)),
        at: AT,
        author,
        content,
    }
}

pub(crate) fn from_visitor(text: &str) -> (Author, Content) {
    (
        Author::Visitor,
        Content::Text(Text {
            text: text.into(),
            unverified: None,
        }),
    )
}

pub(crate) fn from_agent(text: &str) -> (Author, Content) {
    (
        Author::Agent(ada()),
        Content::Text(Text {
            text: text.into(),
            unverified: None,
        }),
    )
}
