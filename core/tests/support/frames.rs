//! One of every frame and of every kind of event: what the golden vectors hold.
#![allow(dead_code, reason = "each test uses a part")]

use firsthop_core::Timestamp;
use firsthop_core::id::{AgentId, MessageId, Uuid, VisitorId};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::agent::{self, Act, FromAgent, Revision, Summary, ToAgent};
use firsthop_core::protocol::edge::{Batch, BatchReply, Downlink, Push, PushReply, Uplink};
use firsthop_core::protocol::visitor::{
    Answered, AskPerson, CatchUp, Claim, Events, Hello, Link, Pack, Page, Ping, Queue, Reach,
    Reconnect, Refused, Said, SaidText, Stored, Submission, Submit, ToServer, ToVisitor, Token,
    Typing, Welcome,
};
use firsthop_core::protocol::{
    AgentRef, Answer, Author, Code, Content, Event, Hop, Note, Problem, Reason, Receipts, Seq,
    Source, Status, StatusChange, Suggestion, Text, UnverifiedClaim,
};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const PACK: PackHash = PackHash([0xab; 32]);

fn id(number: u8) -> MessageId {
    MessageId::new(NOW, [number; 10])
}

fn answer_id(number: u8) -> MessageId {
    id(number).derive(firsthop_core::id::Derived::Answer)
}

fn visitor() -> VisitorId {
    VisitorId::new(NOW, [0x77; 10])
}

fn ada() -> AgentRef {
    AgentRef {
        id: AgentId(Uuid([0x11; 16])),
        name: "Ada".to_owned(),
    }
}

fn receipts() -> Receipts {
    Receipts {
        delivered: Seq(7),
        read: Seq(5),
    }
}

fn page() -> Page {
    Page {
        url: "https://shop.example/kettle".into(),
        title: "水壶 · Kettle".into(),
    }
}

fn hello() -> Hello {
    Hello {
        version: 1,
        cursor: Seq(5),
        lang: "zh-CN".to_owned(),
        page: Some(page()),
        client: "firsthop-widget/0.1.0".to_owned(),
    }
}

fn said(number: u8, text: &str, claim: Option<Claim>) -> Submission {
    let said = SaidText {
        text: text.into(),
        lang: "en".to_owned(),
        claim,
        page: Default::default(),
    };
    Submission {
        id: id(number),
        at: NOW,
        said: Said::Text(said),
    }
}

fn claim() -> Claim {
    Claim {
        hop: Hop::Browser,
        pack: PACK,
        entries: vec!["ship-when".to_owned()],
        suggested: false,
        confidence: 934,
        text: "Three days.".into(),
    }
}

fn person() -> Submission {
    Submission {
        id: id(2),
        at: NOW,
        said: Said::Person(AskPerson {}),
    }
}

fn answer() -> Answer {
    Answer {
        of: id(1),
        text: "Three days.".to_owned(),
        source: Source {
            hop: Hop::Browser,
            pack: PACK,
            entry: Some("ship-when".to_owned()),
            confidence: 934,
            verified: true,
        },
        suggestions: Vec::new(),
    }
}

fn suggestions() -> Answer {
    let suggestion = Suggestion {
        entry: "pay".to_owned(),
        title: "Payment".to_owned(),
    };
    Answer {
        of: id(3),
        text: String::new(),
        source: Source {
            hop: Hop::Edge,
            pack: PACK,
            entry: None,
            confidence: 410,
            verified: true,
        },
        suggestions: vec![suggestion],
    }
}

fn event(seq: u64, prev: u64, id: MessageId, author: Author, content: impl Into<Content>) -> Event {
    Event {
        seq: Seq(seq),
        prev: Seq(prev),
        id,
        at: NOW,
        author,
        content: content.into(),
    }
}

fn text(text: &str) -> Text {
    Text {
        text: text.into(),
        unverified: None,
    }
}

/// Events of every kind that a visitor may see.
fn events() -> Vec<Event> {
    let unverified = Text {
        text: "is it free?".into(),
        unverified: Some(UnverifiedClaim {
            pack: PACK,
            text: "everything is free".into(),
        }),
    };
    let queued = StatusChange {
        status: Status::Queued,
        reason: Reason::Asked,
        assignee: None,
    };
    let taken = StatusChange {
        status: Status::Assigned,
        reason: Reason::Taken,
        assignee: Some(ada()),
    };
    vec![
        event(
            1,
            0,
            id(1),
            Author::Visitor,
            text("when will my order arrive?"),
        ),
        event(2, 1, answer_id(1), Author::Bot, answer()),
        event(3, 2, id(3), Author::Visitor, unverified),
        event(4, 3, answer_id(3), Author::Bot, suggestions()),
        event(5, 4, id(2), Author::Visitor, queued),
        event(7, 5, id(7), Author::Agent(ada()), taken),
        event(
            8,
            7,
            id(8),
            Author::Agent(ada()),
            text("Two left in stock."),
        ),
    ]
}

fn note() -> Event {
    event(
        6,
        5,
        id(6),
        Author::Agent(ada()),
        Note { text: "VIP".into() },
    )
}

fn resolved() -> Event {
    let change = StatusChange {
        status: Status::Resolved,
        reason: Reason::Resolved,
        assignee: None,
    };
    event(9, 8, id(9), Author::System, change)
}

fn problem() -> Problem {
    Problem::new(
        Code::TextTooLong,
        "the text has 9000 bytes; at most 8192 are allowed",
    )
}

fn welcome() -> Welcome {
    Welcome {
        version: 1,
        visitor: visitor(),
        hop: Hop::Edge,
        head: Some(Seq(8)),
        status: Some(Status::Assigned),
        receipts: receipts(),
        pack: Some(PACK),
        origin: Reach::Up,
        now: NOW,
        cursor: Seq(5),
    }
}

/// The frames of one direction, each with its name in the vectors.
pub(crate) type Named<F> = Vec<(&'static str, F)>;

pub(crate) fn to_server() -> Named<ToServer> {
    let seen = Receipts {
        delivered: Seq(8),
        read: Seq(8),
    };
    vec![
        ("hello", hello().into()),
        (
            "submit",
            Submit {
                messages: vec![said(1, "when will my order arrive?", None)],
            }
            .into(),
        ),
        (
            "submit with a claim, and a wish for a person",
            Submit {
                messages: vec![said(1, "when will it arrive?", Some(claim())), person()],
            }
            .into(),
        ),
        ("catch_up", CatchUp { after: Seq(5) }.into()),
        ("seen", ToServer::Seen(seen)),
        ("typing", Typing { on: true }.into()),
        ("ping", Ping { nonce: 7 }.into()),
    ]
}

pub(crate) fn to_visitor() -> Named<ToVisitor> {
    let away = Welcome {
        head: None,
        status: None,
        pack: None,
        origin: Reach::Away,
        ..welcome()
    };
    let refused = Refused {
        id: id(1),
        problem: problem(),
    };
    let slow = Problem::new(Code::TooManyMessages, "messages come faster than allowed");
    let slow = Problem {
        retry_after_ms: Some(500),
        ..slow
    };
    let token = Token {
        token: "c2FtcGxl.c2FtcGxl".into(),
        expires_at: NOW,
    };
    vec![
        ("welcome", welcome().into()),
        ("welcome while the origin is away", away.into()),
        (
            "stored",
            Stored {
                by: Hop::Origin,
                ids: vec![id(1), id(2)],
            }
            .into(),
        ),
        ("refused", refused.into()),
        (
            "refused for now",
            Refused {
                id: id(2),
                problem: slow,
            }
            .into(),
        ),
        (
            "events",
            Events {
                events: events(),
                more: false,
            }
            .into(),
        ),
        (
            "events that go on",
            Events {
                events: vec![resolved()],
                more: true,
            }
            .into(),
        ),
        (
            "answered",
            Answered {
                id: answer_id(1),
                answer: answer(),
            }
            .into(),
        ),
        ("receipts", receipts().into()),
        ("typing", Typing { on: false }.into()),
        ("queue", Queue { place: 2 }.into()),
        ("pack", Pack { hash: PACK }.into()),
        (
            "link",
            Link {
                origin: Reach::Away,
            }
            .into(),
        ),
        ("token", token.into()),
        ("reconnect", Reconnect { after_ms: 1_500 }.into()),
        ("error", problem().into()),
        ("pong", Ping { nonce: 7 }.into()),
    ]
}

pub(crate) fn from_agent() -> Named<FromAgent> {
    let conversation = visitor();
    let command = |act: Act| {
        agent::Command {
            id: id(20),
            conversation,
            act,
        }
        .into()
    };
    let reply = agent::Reply {
        text: "Two left in stock.".into(),
    };
    let seen = agent::Seen {
        conversation,
        receipts: receipts(),
    };
    let typing = agent::ConversationTyping {
        conversation,
        typing: Typing { on: true },
    };
    vec![
        (
            "hello",
            agent::Hello {
                version: 1,
                since: Revision(41),
            }
            .into(),
        ),
        (
            "open",
            agent::Open {
                conversation,
                after: Seq(5),
            }
            .into(),
        ),
        ("close", agent::Close { conversation }.into()),
        ("reply", command(reply.into())),
        ("note", command(Note { text: "VIP".into() }.into())),
        ("take", command(agent::Take { over: true }.into())),
        ("release", command(agent::Release {}.into())),
        ("resolve", command(agent::Resolve {}.into())),
        ("reopen", command(agent::Reopen {}.into())),
        ("seen", seen.into()),
        ("typing", typing.into()),
        ("ping", Ping { nonce: 7 }.into()),
        (
            "list",
            agent::List {
                before: Revision(41),
                status: Status::Resolved,
            }
            .into(),
        ),
        ("here", agent::Here { nonce: 70_000 }.into()),
    ]
}

pub(crate) fn to_agent() -> Named<ToAgent> {
    let conversation = visitor();
    let summary = Summary {
        id: conversation,
        revision: Revision(42),
        inbox: "Shop".to_owned(),
        status: Status::Queued,
        assignee: None,
        head: Seq(8),
        read: Seq(5),
        preview: "is it free?".into(),
        last_at: NOW,
        waiting_since: Some(NOW),
        page: Some(page()),
        lang: "zh-CN".to_owned(),
        online: true,
    };
    let mut log = events();
    log.insert(5, note());
    for (index, event) in log.iter_mut().enumerate() {
        event.prev = Seq(index as u64);
    }
    let typing = agent::ConversationTyping {
        conversation,
        typing: Typing { on: true },
    };
    let taken = Problem::new(Code::AlreadyAssigned, "Ada has the conversation");
    vec![
        (
            "welcome",
            agent::Welcome {
                version: 1,
                agent: ada(),
                now: NOW,
            }
            .into(),
        ),
        (
            "conversations",
            agent::Conversations {
                conversations: vec![summary],
                revision: Revision(42),
            }
            .into(),
        ),
        (
            "events",
            agent::ConversationEvents {
                conversation,
                events: log,
                more: false,
            }
            .into(),
        ),
        ("done", agent::Done { id: id(20) }.into()),
        (
            "refused",
            agent::Refused {
                id: id(20),
                problem: taken,
            }
            .into(),
        ),
        (
            "receipts",
            agent::ConversationReceipts {
                conversation,
                receipts: receipts(),
            }
            .into(),
        ),
        ("typing", typing.into()),
        ("reconnect", Reconnect { after_ms: 1_500 }.into()),
        ("error", problem().into()),
        ("pong", Ping { nonce: 7 }.into()),
        ("ask", agent::Ask { nonce: 70_000 }.into()),
    ]
}

pub(crate) fn batch() -> Batch {
    let frames = vec![
        hello().into(),
        Submit {
            messages: vec![person()],
        }
        .into(),
    ];
    let uplink = Uplink {
        visitor: visitor(),
        inbox: "demo".to_owned(),
        attached: true,
        frames,
    };
    Batch {
        version: 1,
        uplinks: vec![uplink],
    }
}

fn downlinks() -> Vec<Downlink> {
    let stored = Stored {
        by: Hop::Origin,
        ids: vec![id(2)],
    };
    vec![Downlink {
        visitor: visitor(),
        frames: vec![welcome().into(), stored.into()],
    }]
}

pub(crate) fn batch_reply() -> BatchReply {
    BatchReply {
        downlinks: downlinks(),
    }
}

pub(crate) fn push() -> Push {
    Push {
        version: 1,
        downlinks: downlinks(),
        changed_inboxes: vec!["demo".to_owned()],
    }
}

pub(crate) fn push_reply() -> PushReply {
    PushReply {
        sockets: vec![2, 0],
    }
}
