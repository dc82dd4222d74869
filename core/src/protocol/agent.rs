//! Frames between an agent's console and the origin (`/v1/agent/socket`).
//!
//! The console is a replica: of the list of conversations by `revision`, which counts every
//! commit of the account, and of each opened conversation by `seq`.

use serde::{Deserialize, Serialize};

use super::event::{AgentRef, Event, Note, Receipts, Seq, Status};
use super::extensible::{extensible, growing};
use super::problem::Problem;
use super::visitor::{Page, Ping, Reconnect, Typing};
use crate::id::{ConversationId, MessageId};
use crate::private::Private;
use crate::time::Timestamp;

extensible! {
    /// From an agent's console.
    pub enum FromAgent {
        /// The first frame of a connection.
        1 "hello" Hello(Hello),
        /// Follow a conversation's log from a place on.
        2 "open" Open(Open),
        /// Stop following it.
        3 "close" Close(Close),
        /// Do something; answered by `done` or `refused` with the same id.
        4 "command" Command(Command),
        /// How far the agent has got with a conversation.
        5 "seen" Seen(Seen),
        /// The agent types, or stopped.
        6 "typing" Typing(ConversationTyping),
        /// Asks for a sign of life.
        7 "ping" Ping(Ping),
        /// Asks for older conversations.
        8 "list" List(List),
        /// The answer to `ask`.
        9 "here" Here(Here),
    }
}

extensible! {
    /// To an agent's console.
    pub enum ToAgent {
        /// The answer to `hello`.
        1 "welcome" Welcome(Welcome),
        /// Conversations as they stand now.
        2 "conversations" Conversations(Conversations),
        /// Part of a followed conversation's log.
        3 "events" Events(ConversationEvents),
        /// A command took effect, and is durable.
        4 "done" Done(Done),
        /// A command did not take effect.
        5 "refused" Refused(Refused),
        /// How far the visitor has got.
        6 "receipts" Receipts(ConversationReceipts),
        /// A visitor types, or stopped.
        7 "typing" Typing(ConversationTyping),
        /// The server is about to stop: connect again.
        8 "reconnect" Reconnect(Reconnect),
        /// Something that the console sent was wrong.
        9 "error" Error(Problem),
        /// The sign of life.
        10 "pong" Ping(Ping),
        /// Asks whether the console still handles what comes: an agent's lease hangs on it.
        11 "ask" Ask(Ask),
    }
}

growing!(Summary);

/// Counts the account's commits; a console's cursor over the list of conversations.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// The first frame of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol's version that the console speaks, `protocol::VERSION`.
    pub version: u16,
    /// What changed after this is sent; 0 for a console that knows nothing yet, which gets every
    /// conversation that is not resolved and the newest that are.
    pub since: Revision,
}

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that is spoken from now on.
    pub version: u16,
    /// Who is logged in.
    pub agent: AgentRef,
    /// The server's clock.
    pub now: Timestamp,
}

/// Follow a conversation's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The conversation.
    pub conversation: ConversationId,
    /// The last place that the console holds.
    pub after: Seq,
}

/// Stop following a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Close {
    /// The conversation.
    pub conversation: ConversationId,
}

/// Something to be done. Sending it again is safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Made by the console; becomes the id of the event that follows.
    pub id: MessageId,
    /// The conversation.
    pub conversation: ConversationId,
    /// What to do.
    pub act: Act,
}

extensible! {
    /// What an agent does with a conversation.
    pub enum Act {
        /// Send the visitor a message. Takes the conversation if nobody has it.
        1 "reply" Reply(Reply),
        /// Write a private note.
        2 "note" Note(Note),
        /// Take the conversation.
        3 "take" Take(Take),
        /// Give it back to the queue.
        4 "release" Release(Release),
        /// Resolve it.
        5 "resolve" Resolve(Resolve),
        /// Open it again, as one's own.
        6 "reopen" Reopen(Reopen),
    }
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// At most `TEXT_BYTES_MAX`, and not blank.
    pub text: Private<String>,
}

/// Take the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Take {
    /// Also if a colleague has it.
    #[serde(default)]
    pub over: bool,
}

/// Give the conversation back to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Release {}

/// Resolve the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resolve {}

/// Open the conversation again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reopen {}

/// How far the agent has got with a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The conversation.
    pub conversation: ConversationId,
    /// How far.
    pub receipts: Receipts,
}

/// Somebody types in a conversation, or stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationTyping {
    /// The conversation.
    pub conversation: ConversationId,
    /// Whether they do.
    pub typing: Typing,
}

/// Asks for older conversations, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    /// Only those whose last revision is before this.
    pub before: Revision,
    /// Only those of this status.
    pub status: Status,
}

/// Asks whether the console still handles what comes (`hop::lease`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Names the question; below 2^53, so that any JSON reader keeps it.
    pub nonce: u64,
}

/// The console does, as of `ask`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Here {
    /// The question's.
    pub nonce: u64,
}

/// Conversations as they stand now, in the order of their revisions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversations {
    /// At most `CONVERSATIONS_PER_FRAME_MAX`, and no more than fit into one wire message.
    pub conversations: Vec<Summary>,
    /// The console's list is complete up to this; its next `hello` names it.
    pub revision: Revision,
}

/// A conversation, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct Summary {
    /// The conversation.
    pub id: ConversationId,
    /// The account's revision at which it last changed.
    pub revision: Revision,
    /// The inbox's name.
    pub inbox: String,
    /// Where it stands.
    pub status: Status,
    /// Who has it.
    pub assignee: Option<AgentRef>,
    /// Its last place.
    pub head: Seq,
    /// How far agents have got with it: `head` beyond `read` means unread.
    pub read: Seq,
    /// The beginning of its last message, on one line: at most `PREVIEW_CHARS_MAX`.
    pub preview: Private<String>,
    /// When that was written.
    pub last_at: Timestamp,
    /// Since when the visitor waits for a person, if they do.
    pub waiting_since: Option<Timestamp>,
    /// The page that the visitor last looked at.
    pub page: Option<Page>,
    /// The visitor's locale.
    pub lang: String,
    /// Whether the visitor has a socket open.
    pub online: bool,
}

/// Part of a followed conversation's log, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationEvents {
    /// The conversation.
    pub conversation: ConversationId,
    /// At most `EVENTS_PER_FRAME_MAX`.
    pub events: Vec<Event>,
    /// Whether the log goes on: the console asks for the rest with `open`.
    pub more: bool,
}

/// A command took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The command.
    pub id: MessageId,
}

/// A command did not take effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The command.
    pub id: MessageId,
    /// Why.
    pub problem: Problem,
}

/// How far the visitor has got with what was sent to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationReceipts {
    /// The conversation.
    pub conversation: ConversationId,
    /// How far.
    pub receipts: Receipts,
}
