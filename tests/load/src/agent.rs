//! The scripted agent: takes every conversation that waits, answers its last question, resolves
//! it. One connection, as one console has.
//!
//! In: the origin's frames. Out: commands, and notes of what was sent when. Invariant: a question
//! is answered once, with a text that names it, so that the visitor can tell whose answer came.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::limits::{CONVERSATIONS_OPEN_MAX, PING_AFTER};
use firsthop_core::protocol::agent::{
    Act, Close, Command, Conversations, FromAgent, Hello, Here, Open, Reply, Resolve, Revision,
    ToAgent,
};
use firsthop_core::protocol::visitor::Ping;
use firsthop_core::protocol::{Author, Content, Event, Seq, Status, VERSION};

use crate::clock;
use crate::socket::{Socket, Window};

/// Conversations that the agent has open at the same time; further ones wait.
const OPEN_AT_ONCE: usize = 32;
const _: () = assert!(OPEN_AT_ONCE <= CONVERSATIONS_OPEN_MAX);

/// The text with which the agent answers a question.
pub(crate) fn reply_to(question: MessageId) -> String {
    format!("An agent's answer to {question}")
}

/// What the agent did, for whoever audits it.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// When the answer to a question was sent, and the id of that answer.
    pub(crate) replies: HashMap<MessageId, (MessageId, Instant)>,
    /// Answers that the origin has acknowledged.
    pub(crate) acknowledged: HashSet<MessageId>,
    /// Commands that were refused, with the reason.
    pub(crate) refused: Vec<String>,
    /// Questions in the order in which the agent's log showed them, by conversation.
    pub(crate) seen: HashMap<ConversationId, Vec<MessageId>>,
}

impl Notes {
    /// How many questions stand more than once in a log that the agent was shown.
    pub(crate) fn questions_seen_twice(&self) -> u64 {
        let repeated = |seen: &Vec<MessageId>| {
            let distinct: HashSet<_> = seen.iter().collect();
            (seen.len() - distinct.len()) as u64
        };
        self.seen.values().map(repeated).sum()
    }
}

/// Notes that the agent and its audience share.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedNotes(Arc<Mutex<Notes>>);

impl SharedNotes {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A conversation as the agent holds it.
#[derive(Default)]
struct Opened {
    last: Seq,
    status: Status,
    /// The visitor's last message.
    question: Option<MessageId>,
    /// Whether it waits to be opened.
    waits: bool,
    open: bool,
    /// Whether the list has shown it as queued since it was opened.
    queued: bool,
    /// Whether a command about it is under way.
    busy: bool,
}

pub(crate) struct Agent {
    socket: Socket,
    notes: SharedNotes,
    opened: HashMap<ConversationId, Opened>,
    /// Those that wait to be opened, and how many are open.
    waiting: VecDeque<ConversationId>,
    following: usize,
    /// What each command under way was about.
    commands: HashMap<MessageId, (ConversationId, Doing)>,
}

#[derive(Clone, Copy)]
enum Doing {
    Replying,
    Resolving,
}

impl Agent {
    pub(crate) async fn connect(at: SocketAddr, cookie: &str, notes: SharedNotes) -> Result<Self> {
        let mut socket = Socket::agent(at, cookie, Window::Usual).await?;
        let hello = Hello {
            version: VERSION,
            since: Revision(0),
        };
        socket.send(&[FromAgent::Hello(hello)]).await?;
        Ok(Self {
            socket,
            notes,
            opened: HashMap::new(),
            waiting: VecDeque::new(),
            following: 0,
            commands: HashMap::new(),
        })
    }

    /// Works until the connection ends, which is an error.
    pub(crate) async fn work(mut self) -> Result<()> {
        loop {
            let frames = tokio::select! {
                frames = self.socket.receive::<ToAgent>() => {
                    frames?.context("the origin closed the agent's socket")?
                }
                () = tokio::time::sleep(PING_AFTER) => {
                    self.socket.send(&[FromAgent::Ping(Ping { nonce: 1 })]).await?;
                    continue;
                }
            };
            let mut out = Vec::new();
            for frame in frames {
                self.handle(frame, &mut out)?;
            }
            for frame in out {
                self.socket.send(&[frame]).await?;
            }
        }
    }

    fn handle(&mut self, frame: ToAgent, out: &mut Vec<FromAgent>) -> Result<()> {
        match frame {
            ToAgent::Conversations(list) => self.look_for_waiting(&list, out),
            ToAgent::Events(part) => {
                self.take_events(part.conversation, &part.events);
                if part.more {
                    self.read_on(part.conversation, out);
                } else {
                    self.answer(part.conversation, out)?;
                }
            }
            ToAgent::Done(done) => self.go_on(done.id, out)?,
            ToAgent::Refused(refused) => {
                self.notes.lock().refused.push(refused.problem.to_string());
                if let Some((conversation, _)) = self.commands.remove(&refused.id) {
                    self.finish(conversation, out);
                }
            }
            ToAgent::Ask(ask) => out.push(FromAgent::Here(Here { nonce: ask.nonce })),
            ToAgent::Error(problem) => bail!("the origin refused the agent's frame: {problem}"),
            ToAgent::Welcome(_)
            | ToAgent::Receipts(_)
            | ToAgent::Typing(_)
            | ToAgent::Reconnect(_)
            | ToAgent::Ping(_)
            | ToAgent::Unknown(_) => {}
        }
        Ok(())
    }

    fn look_for_waiting(&mut self, list: &Conversations, out: &mut Vec<FromAgent>) {
        for summary in &list.conversations {
            let opened = self.opened.entry(summary.id).or_default();
            opened.queued = summary.status == Status::Queued;
            if opened.queued && !opened.open && !opened.waits {
                opened.waits = true;
                self.waiting.push_back(summary.id);
            }
        }
        self.open_next(out);
    }

    fn open_next(&mut self, out: &mut Vec<FromAgent>) {
        while self.following < OPEN_AT_ONCE
            && let Some(conversation) = self.waiting.pop_front()
        {
            self.following += 1;
            let opened = self.opened.entry(conversation).or_default();
            (opened.waits, opened.open, opened.queued) = (false, true, false);
            self.read_on(conversation, out);
        }
    }

    /// Leaves a conversation alone. What was asked in it meanwhile, the list has shown.
    fn finish(&mut self, conversation: ConversationId, out: &mut Vec<FromAgent>) {
        out.push(FromAgent::Close(Close { conversation }));
        self.following -= 1;
        let opened = self.opened.entry(conversation).or_default();
        (opened.open, opened.busy) = (false, false);
        opened.waits = opened.queued;
        if opened.queued {
            self.waiting.push_back(conversation);
        }
        self.open_next(out);
    }

    fn read_on(&mut self, conversation: ConversationId, out: &mut Vec<FromAgent>) {
        let after = self.opened.entry(conversation).or_default().last;
        out.push(FromAgent::Open(Open {
            conversation,
            after,
        }));
    }

    fn take_events(&mut self, conversation: ConversationId, events: &[Event]) {
        let opened = self.opened.entry(conversation).or_default();
        for event in events {
            if event.seq <= opened.last {
                continue;
            }
            opened.last = event.seq;
            match &event.content {
                Content::Text(_) if event.author == Author::Visitor => {
                    opened.question = Some(event.id);
                    let mut notes = self.notes.lock();
                    notes.seen.entry(conversation).or_default().push(event.id);
                }
                Content::Status(change) => opened.status = change.status,
                _ => {}
            }
        }
    }

    /// Answers the last question, if the conversation waits for that.
    fn answer(&mut self, conversation: ConversationId, out: &mut Vec<FromAgent>) -> Result<()> {
        let opened = self.opened.entry(conversation).or_default();
        // What arrives once it has been closed was on its way already.
        if opened.busy || !opened.open {
            return Ok(());
        }
        let (Status::Queued, Some(question)) = (opened.status, opened.question) else {
            self.finish(conversation, out);
            return Ok(());
        };
        opened.busy = true;
        let id = clock::message_id()?;
        self.notes
            .lock()
            .replies
            .insert(question, (id, Instant::now()));
        let reply = Reply {
            text: reply_to(question).into(),
        };
        self.command(conversation, id, Act::Reply(reply), Doing::Replying, out);
        Ok(())
    }

    /// A command took effect: after the reply the conversation is resolved, then left alone.
    fn go_on(&mut self, id: MessageId, out: &mut Vec<FromAgent>) -> Result<()> {
        match self.commands.remove(&id) {
            Some((conversation, Doing::Replying)) => {
                self.notes.lock().acknowledged.insert(id);
                let id = clock::message_id()?;
                let act = Act::Resolve(Resolve {});
                self.command(conversation, id, act, Doing::Resolving, out);
            }
            Some((conversation, Doing::Resolving)) => self.finish(conversation, out),
            None => {}
        }
        Ok(())
    }

    fn command(
        &mut self,
        conversation: ConversationId,
        id: MessageId,
        act: Act,
        doing: Doing,
        out: &mut Vec<FromAgent>,
    ) {
        self.commands.insert(id, (conversation, doing));
        out.push(FromAgent::Command(Command {
            id,
            conversation,
            act,
        }));
    }
}
