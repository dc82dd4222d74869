//! What is going to happen: messages on their way, timers of shells, what chance has in store.

use firsthop_core::hop::client::Change;
use firsthop_core::hop::relay::RequestId;
use firsthop_core::id::MessageId;
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::agent::Command;
use firsthop_core::protocol::visitor::{Submission, ToServer, ToVisitor};
use firsthop_core::protocol::{Event, Problem, Seq};

use crate::nodes::Node;

/// Something that is going to happen.
#[derive(Debug)]
pub(crate) enum Happening {
    // Visitors.
    Connected {
        tab: usize,
        conn: u64,
        fails: bool,
    },
    Up {
        conn: u64,
        frames: Vec<ToServer>,
    },
    Down {
        conn: u64,
        frames: Vec<ToVisitor>,
    },
    ClosedByTab {
        conn: u64,
    },
    Cut {
        conn: u64,
    },
    Told {
        tab: usize,
        life: u64,
        change: Box<Change>,
    },
    PackFetched {
        tab: usize,
        life: u64,
        hash: PackHash,
    },
    BackOnline {
        visitor: usize,
    },
    // Edges.
    Request {
        visitor: usize,
        life: u64,
        id: RequestId,
        attached: bool,
        frames: Vec<ToServer>,
    },
    Reply {
        visitor: usize,
        life: u64,
        id: RequestId,
        frames: Vec<ToVisitor>,
    },
    GivenUp {
        visitor: usize,
        life: u64,
        id: RequestId,
    },
    Written {
        visitor: usize,
        life: u64,
        messages: Vec<Submission>,
    },
    Alarm {
        visitor: usize,
        at: u64,
    },
    EdgePack {
        visitor: usize,
        hash: PackHash,
    },
    EdgeStorageHealed {
        visitor: usize,
    },
    LinkHealed {
        visitor: usize,
        up: bool,
    },
    // The origin.
    Commit {
        life: u64,
    },
    Committed {
        life: u64,
    },
    Push {
        visitor: usize,
        id: u64,
        frames: Vec<ToVisitor>,
    },
    PushReply {
        visitor: usize,
        id: u64,
        sockets: usize,
    },
    PushOverdue {
        visitor: usize,
        id: u64,
    },
    Restarted,
    SecondCommits {
        life: u64,
    },
    SecondRestarts,
    Hint {
        node: Node,
        visitor: usize,
    },
    OriginStorageHealed,
    OriginFast,
    // Agents.
    Command {
        agent: usize,
        visitor: usize,
        command: Command,
    },
    CommandResult {
        agent: usize,
        life: u64,
        id: MessageId,
        result: Result<(), Problem>,
    },
    CommandOverdue {
        agent: usize,
        id: MessageId,
    },
    Open {
        agent: usize,
        life: u64,
        visitor: usize,
        after: Seq,
    },
    AgentEvents {
        agent: usize,
        life: u64,
        visitor: usize,
        events: Vec<Event>,
        more: bool,
    },
    AgentBack {
        agent: usize,
    },
    Asked {
        agent: usize,
        life: u64,
        nonce: u64,
    },
    LeaseAnswered {
        agent: usize,
        life: u64,
        nonce: u64,
    },
    AgentThaws {
        agent: usize,
    },
    Watch,
    // Chance.
    Reload {
        tab: usize,
    },
    OpenTab {
        tab: usize,
    },
    EdgeDies {
        visitor: usize,
        life: u64,
    },
    OriginDies {
        life: u64,
    },
    Act,
    Break,
}
