//! A visitor's object as a shell would run it, with its storage and its sockets' memos.

use std::collections::BTreeMap;

use firsthop_core::answer::Answerer;
use firsthop_core::hop::relay::SocketId;
use firsthop_core::id::{MessageId, VisitorId};
use firsthop_core::limits::TEXT_BYTES_MAX;
use firsthop_core::pack::Pack;
use firsthop_core::protocol::visitor::{
    Events, Hello, Said, SaidText, Submission, Submit, ToServer, ToVisitor,
};
use firsthop_core::protocol::{Author, Encoding, Event, Seq, Text, VERSION, encode};
use firsthop_edge::host::Host;
use firsthop_edge::link::uplink;
use firsthop_edge::visit::Visit;
use firsthop_edge::visitor::{Bot, Closing, Effect, Kind, Memo, Visitor};

use super::{FakeHost, pack, run};

pub(crate) struct TestVisitor<'a> {
    pub(crate) host: &'a FakeHost,
    pub(crate) machine: Visitor,
    pub(crate) id: VisitorId,
    pub(crate) stored: Vec<Submission>,
    pub(crate) storage_fails: bool,
    pub(crate) writes: usize,
    memos: BTreeMap<SocketId, Memo>,
    got: BTreeMap<SocketId, Vec<ToVisitor>>,
    pub(crate) closed: BTreeMap<SocketId, Closing>,
    pack: Pack,
    answerer: Answerer,
    sockets: u64,
}

impl<'a> TestVisitor<'a> {
    pub(crate) fn new(host: &'a FakeHost) -> Self {
        let id = host.visitor_id();
        Self {
            host,
            machine: Visitor::new(host.instant(), 1, id, "demo".into(), [], []),
            id,
            stored: Vec::new(),
            storage_fails: false,
            writes: 0,
            memos: BTreeMap::new(),
            got: BTreeMap::new(),
            closed: BTreeMap::new(),
            pack: pack(),
            answerer: Answerer::new(),
            sockets: 0,
        }
    }

    pub(crate) fn visit(&self) -> Visit {
        Visit {
            inbox: "demo".into(),
            visitor: self.id,
            issued_at: self.host.now(),
            json: false,
            wait: false,
        }
    }

    /// A socket that has said nothing.
    pub(crate) fn open(&mut self) -> SocketId {
        self.open_as(Kind::Socket)
    }

    /// A connection of some kind that has said nothing.
    pub(crate) fn open_as(&mut self, kind: Kind) -> SocketId {
        self.sockets += 1;
        let socket = SocketId(self.sockets);
        self.machine
            .open(self.host.instant(), socket, self.visit(), kind)
            .unwrap();
        self.drive();
        socket
    }

    /// A socket that has said hello.
    pub(crate) fn connect(&mut self) -> SocketId {
        let socket = self.open();
        self.send(socket, &[hello(0)]);
        socket
    }

    /// A socket is closed by its client.
    pub(crate) fn loses(&mut self, socket: SocketId) {
        self.memos.remove(&socket);
        self.machine.handle_closed(socket);
        self.drive();
    }

    /// The platform keeps a socket no longer.
    pub(crate) fn forget(&mut self, socket: SocketId) {
        self.memos.remove(&socket);
    }

    pub(crate) fn send(&mut self, socket: SocketId, frames: &[ToServer]) {
        self.send_bytes(socket, &encode(Encoding::Postcard, frames).unwrap());
    }

    pub(crate) fn send_bytes(&mut self, socket: SocketId, bytes: &[u8]) {
        let mut bot = Bot {
            answerer: &mut self.answerer,
            pack: Some(&self.pack),
        };
        self.machine
            .handle_message(self.host.instant(), socket, bytes, &mut bot);
        self.drive();
    }

    /// The origin pushes an event with the longest text, as number `seq` of the log.
    pub(crate) fn push_long(&mut self, seq: u64) {
        let text = Text {
            text: "x".repeat(TEXT_BYTES_MAX).into(),
            unverified: None,
        };
        let event = Event {
            seq: Seq(seq),
            prev: Seq(seq - 1),
            id: MessageId::new(self.host.now(), self.host.dice()),
            at: self.host.now(),
            author: Author::Bot,
            content: text.into(),
        };
        let events = Events {
            events: vec![event],
            more: false,
        };
        self.machine
            .handle_push(self.host.instant(), vec![events.into()]);
        self.drive();
    }

    /// Sends a message; gives its id.
    pub(crate) fn says(&mut self, socket: SocketId, text: &str) -> MessageId {
        let message = self.message(text);
        let id = message.id;
        self.send(socket, &[submit([message])]);
        id
    }

    pub(crate) fn message(&self, text: &str) -> Submission {
        let said = SaidText {
            text: text.into(),
            lang: "en".into(),
            claim: None,
            page: Default::default(),
        };
        Submission {
            id: MessageId::new(self.host.now(), self.host.dice()),
            at: self.host.now(),
            said: Said::Text(said),
        }
    }

    /// What a socket got since this was last asked.
    pub(crate) fn got(&mut self, socket: SocketId) -> Vec<ToVisitor> {
        self.got.remove(&socket).unwrap_or_default()
    }

    /// The kinds of what a socket got since this was last asked.
    pub(crate) fn kinds(&mut self, socket: SocketId) -> Vec<&'static str> {
        self.got(socket).iter().map(ToVisitor::kind).collect()
    }

    /// The memory vanishes; storage and sockets live on.
    pub(crate) fn vanish(&mut self) {
        let sockets: Vec<_> = self
            .memos
            .iter()
            .map(|(socket, memo)| (*socket, memo.clone()))
            .collect();
        let memos = sockets
            .iter()
            .map(|(socket, memo)| (*socket, Memo::from_text(&memo.to_text()).unwrap()));
        self.machine = Visitor::new(
            self.host.instant(),
            2,
            self.id,
            "demo".into(),
            self.stored.clone(),
            memos,
        );
        self.drive();
    }

    /// Lets time pass until the machine's timer has gone off.
    pub(crate) fn wait_for_timer(&mut self) {
        let due = self.machine.next_timeout().unwrap();
        self.host.wait(due.since(self.host.instant()));
        self.drive();
    }

    pub(crate) fn drive(&mut self) {
        loop {
            while let Some(effect) = self.machine.poll_effect() {
                self.carry_out(effect);
            }
            let now = self.host.instant();
            if self.machine.next_timeout().is_none_or(|at| at > now) {
                return;
            }
            self.machine.handle_timeout(now);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let now = self.host.instant();
        match effect {
            Effect::Send(socket, frame) => self.got.entry(socket).or_default().push(frame),
            Effect::Close(socket, closing) => {
                self.memos.remove(&socket);
                self.closed.insert(socket, closing);
            }
            Effect::Remember(socket, memo) => {
                self.memos.insert(socket, memo);
            }
            Effect::Request {
                id,
                attached,
                frames,
            } => match run(uplink(self.host, self.id, "demo", attached, frames)) {
                Ok(frames) => self.machine.handle_reply(self.host.now(), now, id, frames),
                Err(_) => self.machine.handle_failure(self.host.now(), now, id),
            },
            Effect::Persist(messages) => {
                let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
                if self.storage_fails {
                    return self.machine.handle_not_stored(&ids);
                }
                self.writes += 1;
                self.stored.extend(messages);
                self.machine.handle_stored(now, &ids);
            }
            Effect::Forget(ids) => self.stored.retain(|message| !ids.contains(&message.id)),
        }
    }
}

pub(crate) fn hello(cursor: u64) -> ToServer {
    let (lang, page, client) = ("en".into(), None, "test".into());
    Hello {
        version: VERSION,
        cursor: Seq(cursor),
        lang,
        page,
        client,
    }
    .into()
}

pub(crate) fn submit(messages: impl IntoIterator<Item = Submission>) -> ToServer {
    Submit {
        messages: messages.into_iter().collect(),
    }
    .into()
}
