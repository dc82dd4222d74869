//! An agent who answers, notes, takes, releases and resolves, with an outbox.
//!
//! In: the origin's frames, the phase of the run, dice. Out: commands, each sent again until the
//! origin has answered it; in the end every conversation's log as the agent holds it. Invariant:
//! like a console, it has one command of a conversation under way at a time, and asks again from
//! what it holds.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};
use firsthop_core::hop::Backoff;
use firsthop_core::id::{AgentId, ConversationId};
use firsthop_core::limits::{
    PING_AFTER, PONG_WITHIN, RECONNECT_AFTER, RECONNECT_AFTER_MAX, RETRANSMIT_AFTER,
};
use firsthop_core::protocol::agent::{
    Act, Command, FromAgent, Hello, Here, Open, Release, Reply, Resolve, Revision, Summary, Take,
    ToAgent,
};
use firsthop_core::protocol::visitor::Ping;
use firsthop_core::protocol::{Event, Hop, Note, Problem, Remedy, Seq, Status, VERSION};
use tokio::sync::watch;
use tokio::time::Instant;

use super::dice::Dice;
use super::ledger::{Said, SharedLedger, Speaker};
use super::{Phase, words};
use crate::clock;
use crate::socket::Socket;

/// Between two acts of an agent.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(800));

/// A conversation as the agent holds it.
#[derive(Debug, Clone, Default)]
pub(super) struct Followed {
    pub(super) events: Vec<Event>,
    status: Status,
    assignee: Option<AgentId>,
    /// Events that did not follow those before them.
    pub(super) gaps: u64,
}

impl Followed {
    fn last(&self) -> Seq {
        self.events.last().map_or(Seq(0), |event| event.seq)
    }
}

/// Where an agent stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) connected: bool,
    pub(super) unsent: usize,
    pub(super) heads: BTreeMap<ConversationId, Seq>,
}

/// What an agent holds in the end.
pub(super) struct Held {
    pub(super) number: usize,
    pub(super) logs: HashMap<ConversationId, Followed>,
}

/// A command that the origin has not answered, and when it is to be sent again.
struct Waiting {
    command: Command,
    again_at: Option<Instant>,
}

/// See the module.
pub(super) struct Agent {
    number: usize,
    at: SocketAddr,
    cookie: String,
    dice: Dice,
    ledger: SharedLedger,
    standing: watch::Sender<Standing>,
    socket: Option<Socket>,
    backoff: Backoff,
    me: Option<AgentId>,
    since: Revision,
    logs: HashMap<ConversationId, Followed>,
    outbox: Vec<Waiting>,
}

impl Agent {
    pub(super) fn new(
        number: usize,
        at: SocketAddr,
        cookie: String,
        mut dice: Dice,
        ledger: SharedLedger,
        standing: watch::Sender<Standing>,
    ) -> Self {
        let backoff = Backoff::new(RECONNECT_AFTER, RECONNECT_AFTER_MAX, dice.roll());
        Self {
            number,
            at,
            cookie,
            dice,
            ledger,
            standing,
            socket: None,
            backoff,
            me: None,
            since: Revision(0),
            logs: HashMap::new(),
            outbox: Vec::new(),
        }
    }

    /// Works until the run is over.
    pub(super) async fn live(mut self, mut phase: watch::Receiver<Phase>) -> Result<Held> {
        while *phase.borrow() != Phase::Over {
            let worked = self.work(&mut phase).await;
            self.socket = None;
            self.me = None;
            self.tell_standing();
            if let Err(Ended::Wrong(problem)) = worked {
                bail!(
                    "the origin does not understand agent {}: {problem}",
                    self.number
                );
            }
            let wait = self.backoff.fail();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = phase.wait_for(|phase| *phase == Phase::Over) => {}
            }
        }
        Ok(Held {
            number: self.number,
            logs: self.logs,
        })
    }

    /// One connection.
    async fn work(&mut self, phase: &mut watch::Receiver<Phase>) -> Result<(), Ended> {
        let opening = Socket::agent(self.at, &self.cookie);
        let socket = tokio::time::timeout(PONG_WITHIN, opening).await??;
        self.socket = Some(socket);
        for waiting in &mut self.outbox {
            waiting.again_at = None;
        }
        let hello = Hello {
            version: VERSION,
            since: self.since,
        };
        self.send(vec![hello.into()]).await?;
        let mut heard_at = Instant::now();
        let mut asked = false;
        let mut next_act = self.act_later();
        loop {
            self.send_due().await?;
            self.tell_standing();
            let now = *phase.borrow_and_update();
            if now == Phase::Over {
                return Ok(());
            }
            let silent = if asked {
                PING_AFTER + PONG_WITHIN
            } else {
                PING_AFTER
            };
            let greeted = self.me.is_some();
            let silence = heard_at + if greeted { silent } else { PONG_WITHIN };
            let again = self
                .outbox
                .iter()
                .filter_map(|waiting| waiting.again_at)
                .min();
            let Some(socket) = &mut self.socket else {
                return Ok(());
            };
            tokio::select! {
                changed = phase.changed() => changed.map_err(|_| Ended::Lost)?,
                received = socket.receive::<ToAgent>() => {
                    (heard_at, asked) = (Instant::now(), false);
                    for frame in received?.ok_or(Ended::Lost)? {
                        self.handle(frame).await?;
                    }
                }
                () = tokio::time::sleep_until(silence) => {
                    if asked || !greeted {
                        return Err(Ended::Lost);
                    }
                    asked = true;
                    self.send(vec![Ping { nonce: 1 }.into()]).await?;
                }
                () = sleep_until(again) => {}
                () = tokio::time::sleep_until(next_act), if greeted && now == Phase::Busy => {
                    self.act()?;
                    next_act = self.act_later();
                }
            }
        }
    }

    fn act_later(&mut self) -> Instant {
        Instant::now() + self.dice.between(PAUSE.0, PAUSE.1)
    }

    async fn send(&mut self, frames: Vec<FromAgent>) -> Result<(), Ended> {
        let socket = self.socket.as_mut().ok_or(Ended::Lost)?;
        // One who does not read is as good as gone.
        tokio::time::timeout(PONG_WITHIN, socket.send(&frames)).await??;
        Ok(())
    }

    /// Sends the first command of each conversation that is due.
    async fn send_due(&mut self) -> Result<(), Ended> {
        if self.me.is_none() {
            return Ok(());
        }
        let now = Instant::now();
        let mut busy = Vec::new();
        let mut due = Vec::new();
        for waiting in &mut self.outbox {
            let conversation = waiting.command.conversation;
            if busy.contains(&conversation) {
                continue;
            }
            busy.push(conversation);
            if waiting.again_at.is_none_or(|at| at <= now) {
                waiting.again_at = Some(now + RETRANSMIT_AFTER);
                due.push(waiting.command.clone().into());
            }
        }
        for frame in due {
            self.send(vec![frame]).await?;
        }
        Ok(())
    }

    async fn handle(&mut self, frame: ToAgent) -> Result<(), Ended> {
        match frame {
            ToAgent::Welcome(welcome) => {
                self.me = Some(welcome.agent.id);
                self.backoff.reset();
                // What the logs did meanwhile, following them anew tells.
                let followed: Vec<_> = self.logs.keys().copied().collect();
                for conversation in followed {
                    self.follow(conversation).await?;
                }
            }
            ToAgent::Conversations(list) => {
                self.since = self.since.max(list.revision);
                for summary in &list.conversations {
                    self.note(summary).await?;
                }
            }
            ToAgent::Events(part) => {
                let log = self.logs.entry(part.conversation).or_default();
                for event in part.events {
                    if event.seq <= log.last() {
                        continue;
                    }
                    log.gaps += u64::from(event.seq != log.last().next());
                    log.events.push(event);
                }
                if part.more {
                    self.follow(part.conversation).await?;
                }
            }
            ToAgent::Done(done) => {
                self.outbox.retain(|waiting| waiting.command.id != done.id);
                let me = Speaker::Agent(self.number);
                self.ledger.lock().acknowledge(done.id, me, Hop::Origin);
            }
            ToAgent::Refused(refused) => {
                self.ledger.lock().refuse(refused.id, &refused.problem);
                if refused.problem.remedy() == Remedy::Never {
                    self.outbox
                        .retain(|waiting| waiting.command.id != refused.id);
                } else if let Some(waiting) = self
                    .outbox
                    .iter_mut()
                    .find(|waiting| waiting.command.id == refused.id)
                {
                    let ms = refused.problem.retry_after_ms.unwrap_or(1000);
                    waiting.again_at = Some(Instant::now() + Duration::from_millis(ms.into()));
                }
            }
            ToAgent::Ask(ask) => {
                self.send(vec![Here { nonce: ask.nonce }.into()]).await?;
            }
            ToAgent::Error(problem) if problem.remedy() == Remedy::Never => {
                return Err(Ended::Wrong(problem));
            }
            ToAgent::Error(_) | ToAgent::Reconnect(_) => return Err(Ended::Lost),
            ToAgent::Receipts(_) | ToAgent::Typing(_) | ToAgent::Ping(_) | ToAgent::Unknown(_) => {}
        }
        Ok(())
    }

    async fn note(&mut self, summary: &Summary) -> Result<(), Ended> {
        let new = !self.logs.contains_key(&summary.id);
        let log = self.logs.entry(summary.id).or_default();
        log.status = summary.status;
        log.assignee = summary.assignee.as_ref().map(|assignee| assignee.id);
        if new {
            self.follow(summary.id).await?;
        }
        Ok(())
    }

    async fn follow(&mut self, conversation: ConversationId) -> Result<(), Ended> {
        let after = self.logs.get(&conversation).map_or(Seq(0), Followed::last);
        let open = Open {
            conversation,
            after,
        };
        self.send(vec![open.into()]).await
    }

    /// Something that an agent does.
    fn act(&mut self) -> Result<(), Ended> {
        let mut known: Vec<_> = self.logs.keys().copied().collect();
        known.sort_unstable();
        let Some(&conversation) = self.dice.pick(&known) else {
            return Ok(());
        };
        if self
            .outbox
            .iter()
            .filter(|waiting| waiting.command.conversation == conversation)
            .count()
            > 3
        {
            return Ok(());
        }
        let id = clock::message_id().map_err(|_| Ended::Lost)?;
        let log = self.logs.entry(conversation).or_default();
        let mine = log.assignee.is_some() && log.assignee == self.me;
        let (what, text) = match (log.status, self.dice.below(100)) {
            (_, 0..20) => ("note", Some(words::of_agent("note", id))),
            (Status::Queued, 20..30) => ("take", None),
            (Status::Queued, _) => ("reply", Some(words::of_agent("reply", id))),
            (Status::Assigned, 20..60) if mine => ("reply", Some(words::of_agent("reply", id))),
            (Status::Assigned, 60..75) if mine => ("release", None),
            (Status::Assigned, _) if mine => ("resolve", None),
            // A colleague has it: that is to be refused, unless they just gave it back.
            (Status::Assigned, 20..30) => ("reply", Some(words::of_agent("reply", id))),
            _ => return Ok(()),
        };
        let act: Act = match (what, &text) {
            ("note", Some(text)) => Note {
                text: text.as_str().into(),
            }
            .into(),
            (_, Some(text)) => Reply {
                text: text.as_str().into(),
            }
            .into(),
            ("take", None) => Take { over: false }.into(),
            ("release", None) => Release {}.into(),
            (_, None) => Resolve {}.into(),
        };
        let said = Said {
            conversation,
            by: Speaker::Agent(self.number),
            text,
        };
        self.ledger.lock().say(id, said);
        let command = Command {
            id,
            conversation,
            act,
        };
        self.outbox.push(Waiting {
            command,
            again_at: None,
        });
        Ok(())
    }

    fn tell_standing(&self) {
        let heads = self.logs.iter().map(|(id, log)| (*id, log.last()));
        self.standing.send_replace(Standing {
            connected: self.me.is_some(),
            unsent: self.outbox.len(),
            heads: heads.collect(),
        });
    }
}

/// Why a connection ended.
enum Ended {
    /// It broke, or was given up.
    Lost,
    /// We did something that is never right.
    Wrong(Problem),
}

impl From<anyhow::Error> for Ended {
    fn from(_: anyhow::Error) -> Self {
        Self::Lost
    }
}

impl From<tokio::time::error::Elapsed> for Ended {
    fn from(_: tokio::time::error::Elapsed) -> Self {
        Self::Lost
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
