//! An agent who answers, notes, takes, releases, resolves and reopens, with an outbox.
//!
//! In: the origin's frames, the phase of the run, dice. Out: commands, each sent again until the
//! origin has answered it (`outbox`); in the end every conversation's log as the agent holds it
//! (`desk`, which also says what to do next). Invariant: like a console, it asks again from what it
//! holds.

mod desk;
mod outbox;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};
use firsthop_core::hop::Backoff;
use firsthop_core::id::{AgentId, ConversationId};
use firsthop_core::limits::{PING_AFTER, PONG_WITHIN, RECONNECT_AFTER, RECONNECT_AFTER_MAX};
use firsthop_core::protocol::agent::{Command, FromAgent, Hello, Here, Open, Revision, ToAgent};
use firsthop_core::protocol::visitor::Ping;
use firsthop_core::protocol::{Hop, Problem, Remedy, Seq, VERSION};
use tokio::sync::watch;
use tokio::time::Instant;

use self::desk::Desk;
pub(super) use self::desk::Followed;
use self::outbox::{Outbox, PUT_OFF};
use super::Phase;
use super::dice::Dice;
use super::ledger::{Said, SharedLedger, Speaker};
use crate::clock;
use crate::socket::{Socket, Window};

/// Between two acts of an agent.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(350));

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
    desk: Desk,
    outbox: Outbox,
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
            desk: Desk::default(),
            outbox: Outbox::default(),
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
            logs: self.desk.logs,
        })
    }

    /// One connection.
    async fn work(&mut self, phase: &mut watch::Receiver<Phase>) -> Result<(), Ended> {
        let opening = Socket::agent(self.at, &self.cookie, Window::Usual);
        let socket = tokio::time::timeout(PONG_WITHIN, opening).await??;
        self.socket = Some(socket);
        self.outbox.start_over();
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
            let again = self.outbox.next_due();
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
        for command in self.outbox.take_due(Instant::now()) {
            self.send(vec![command.into()]).await?;
        }
        Ok(())
    }

    async fn handle(&mut self, frame: ToAgent) -> Result<(), Ended> {
        match frame {
            ToAgent::Welcome(welcome) => {
                self.me = Some(welcome.agent.id);
                self.backoff.reset();
                // What the logs did meanwhile, following them anew tells.
                let followed: Vec<_> = self.desk.logs.keys().copied().collect();
                for conversation in followed {
                    self.follow(conversation).await?;
                }
            }
            ToAgent::Conversations(list) => {
                self.since = self.since.max(list.revision);
                for summary in &list.conversations {
                    if self.desk.note(summary) {
                        self.follow(summary.id).await?;
                    }
                }
            }
            ToAgent::Events(part) => {
                self.desk.take(part.conversation, part.events);
                if part.more {
                    self.follow(part.conversation).await?;
                }
            }
            ToAgent::Done(done) => {
                self.outbox.remove(done.id);
                let me = Speaker::Agent(self.number);
                self.ledger.lock().acknowledge(done.id, me, Hop::Origin);
            }
            ToAgent::Refused(refused) => {
                self.ledger.lock().refuse(refused.id, &refused.problem);
                if refused.problem.remedy() == Remedy::Never {
                    self.outbox.remove(refused.id);
                } else {
                    let ms = refused.problem.retry_after_ms;
                    let wait = ms.map_or(PUT_OFF, |ms| Duration::from_millis(ms.into()));
                    self.outbox.put_off(refused.id, Instant::now() + wait);
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

    async fn follow(&mut self, conversation: ConversationId) -> Result<(), Ended> {
        let after = self.desk.last(conversation);
        let open = Open {
            conversation,
            after,
        };
        self.send(vec![open.into()]).await
    }

    /// Something that an agent does.
    fn act(&mut self) -> Result<(), Ended> {
        let Some(conversation) = self.desk.pick(&mut self.dice) else {
            return Ok(());
        };
        if !self.outbox.has_room(conversation) {
            return Ok(());
        }
        let id = clock::message_id().map_err(|_| Ended::Lost)?;
        let (act, meant) = self.desk.decide(&mut self.dice, self.me, conversation, id);
        let said = Said {
            conversation,
            by: Speaker::Agent(self.number),
            meant,
        };
        self.ledger.lock().say(id, said);
        self.outbox.push(Command {
            id,
            conversation,
            act,
        });
        Ok(())
    }

    fn tell_standing(&self) {
        self.standing.send_replace(Standing {
            connected: self.me.is_some(),
            unsent: self.outbox.len(),
            heads: self.desk.heads(),
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
