//! One console's link: a replica of the list of conversations, and of the logs that it opened.
//!
//! In: the console's frames and the hub's deliveries. Out: frames for the console. The
//! invariants: the list's revisions go up, without a gap behind the last that was sent; each
//! opened log is sent in order, without a gap.

use std::collections::HashMap;
use std::sync::Arc;

use firsthop_core::hop::lease::ConsoleId;
use firsthop_core::id::ConversationId;
use firsthop_core::limits::{CONVERSATIONS_OPEN_MAX, CONVERSATIONS_PER_FRAME_MAX};
use firsthop_core::protocol::agent::{
    Command, ConversationEvents, ConversationReceipts, ConversationTyping, Conversations, Done,
    FromAgent, Hello, List, Open, Refused, Revision, Summary, ToAgent, Welcome,
};
use firsthop_core::protocol::visitor::Reconnect;
use firsthop_core::protocol::{AgentRef, Code, Problem, Seq, Status, VERSION};

use crate::app::App;
use crate::deliver::frames::{parts, summary_parts};
use crate::deliver::hub::{AgentDelivery, Commit};
use crate::host;
use crate::store::conversations::{Reader, for_agents};
use crate::store::{Row, StoreError};

/// See the module.
pub(super) struct AgentConnection {
    app: Arc<App>,
    agent: AgentRef,
    console: ConsoleId,
    /// Up to where the list has been sent; none before the greeting.
    listed: Option<Revision>,
    /// Up to where each opened log has been sent; none while the console has yet to ask for more.
    open: HashMap<ConversationId, Option<Seq>>,
    closed: bool,
}

impl AgentConnection {
    pub(super) fn new(app: Arc<App>, agent: AgentRef, console: ConsoleId) -> Self {
        Self {
            app,
            agent,
            console,
            listed: None,
            open: HashMap::new(),
            closed: false,
        }
    }

    /// Whether the link is to be closed once what was returned has been sent.
    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    pub(super) async fn handle_frames(&mut self, frames: Vec<FromAgent>) -> Vec<ToAgent> {
        let mut sent = Vec::new();
        for frame in frames {
            if let Err(problem) = self.handle_frame(frame, &mut sent).await {
                self.closed = true;
                sent.push(problem.into());
                break;
            }
        }
        sent
    }

    async fn handle_frame(
        &mut self,
        frame: FromAgent,
        sent: &mut Vec<ToAgent>,
    ) -> Result<(), Problem> {
        match frame {
            FromAgent::Hello(hello) => return self.greet(&hello, sent).await,
            FromAgent::Ping(ping) => {
                sent.push(ping.into());
                return Ok(());
            }
            _ if self.listed.is_none() => {
                let message = format!("`{}` before `hello`", frame.kind());
                return Err(Problem::new(Code::UnexpectedFrame, message));
            }
            FromAgent::Open(open) => self.open(open, sent).await?,
            FromAgent::Close(close) => {
                self.open.remove(&close.conversation);
            }
            FromAgent::Command(command) => self.command(command, sent).await,
            FromAgent::Seen(seen) => self
                .app
                .ingest
                .agents_have_seen(seen.conversation, seen.receipts),
            FromAgent::Typing(typing) => {
                let notice = firsthop_core::hop::gateway::Notice::Typing(typing.typing);
                self.app.hub.notify(typing.conversation, notice);
            }
            FromAgent::List(list) => self.list(&list, sent).await?,
            FromAgent::Here(here) => self.app.attendance.answered(self.console, here.nonce),
            FromAgent::Unknown(_) => {}
        }
        Ok(())
    }

    async fn greet(&mut self, hello: &Hello, sent: &mut Vec<ToAgent>) -> Result<(), Problem> {
        if hello.version == 0 || hello.version > VERSION {
            let message = format!(
                "protocol version {} is not spoken here; version {VERSION} is",
                hello.version
            );
            return Err(Problem::new(Code::UnsupportedVersion, message));
        }
        sent.push(
            Welcome {
                version: VERSION,
                agent: self.agent.clone(),
                now: host::now(),
            }
            .into(),
        );
        let store = Arc::clone(&self.app.store);
        let now = store.revision().await.map_err(logged)?;
        // A revision beyond ours is that of a console that saw another database.
        if hello.since == Revision(0) || hello.since > now {
            let resolved = store
                .newest_before(Revision(u64::MAX >> 1), Status::Resolved)
                .await
                .map_err(logged)?;
            self.tell(&resolved, Revision(0), Revision(0), sent);
            let mut after = Revision(0);
            loop {
                let rows = store.unresolved_since(after).await.map_err(logged)?;
                after = rows.last().map_or(after, |row| row.revision);
                let last = rows.len() < CONVERSATIONS_PER_FRAME_MAX;
                // Complete only once everything has been sent.
                let complete = if last { now } else { Revision(0) };
                self.tell(&rows, Revision(0), complete, sent);
                if last {
                    break;
                }
            }
        } else {
            let mut after = hello.since;
            loop {
                let rows = store.changed_since(after).await.map_err(logged)?;
                let before = after;
                after = rows.last().map_or(after.max(now), |row| row.revision);
                let last = rows.len() < CONVERSATIONS_PER_FRAME_MAX;
                let complete = if last { after.max(now) } else { after };
                self.tell(&rows, before, complete, sent);
                if last {
                    break;
                }
            }
        }
        self.listed = Some(now);
        Ok(())
    }

    async fn list(&self, list: &List, sent: &mut Vec<ToAgent>) -> Result<(), Problem> {
        let rows = self
            .app
            .store
            .newest_before(list.before, list.status)
            .await
            .map_err(logged)?;
        // Older ones say nothing about what is complete.
        let listed = self.listed.unwrap_or_default();
        self.tell(&rows, listed, listed, sent);
        Ok(())
    }

    async fn open(&mut self, open: Open, sent: &mut Vec<ToAgent>) -> Result<(), Problem> {
        if self.open.len() >= CONVERSATIONS_OPEN_MAX && !self.open.contains_key(&open.conversation)
        {
            let message =
                format!("{CONVERSATIONS_OPEN_MAX} conversations are open already; close one");
            return Err(Problem::new(Code::TooManyItems, message));
        }
        let row = self
            .app
            .store
            .conversation(open.conversation)
            .await
            .map_err(logged)?;
        let Some(row) = row else {
            sent.push(
                Problem::new(Code::ConversationUnknown, "there is no such conversation").into(),
            );
            return Ok(());
        };
        sent.push(
            ConversationReceipts {
                conversation: row.id,
                receipts: row.visitor,
            }
            .into(),
        );
        self.read_on(open.conversation, open.after, sent).await
    }

    /// Sends a frame's worth of an opened log.
    async fn read_on(
        &mut self,
        id: ConversationId,
        after: Seq,
        sent: &mut Vec<ToAgent>,
    ) -> Result<(), Problem> {
        let part = self
            .app
            .store
            .events_after(id, after, Reader::Agent)
            .await
            .map_err(logged)?;
        let up_to = part.events.last().map_or(after, |event| event.seq);
        self.open.insert(id, (!part.more).then_some(up_to));
        sent.push(
            ConversationEvents {
                conversation: id,
                events: part.events,
                more: part.more,
            }
            .into(),
        );
        Ok(())
    }

    async fn command(&self, command: Command, sent: &mut Vec<ToAgent>) {
        let id = command.id;
        sent.push(
            match self.app.ingest.command(self.agent.clone(), command).await {
                Ok(()) => Done { id }.into(),
                Err(problem) => Refused { id, problem }.into(),
            },
        );
    }

    pub(super) async fn handle_delivery(&mut self, delivery: AgentDelivery) -> Vec<ToAgent> {
        let mut sent = Vec::new();
        if self.listed.is_none() {
            // The greeting reads what was committed meanwhile.
            return sent;
        }
        match delivery {
            AgentDelivery::Commit(commit) => {
                if let Err(problem) = self.handle_commit(&commit, &mut sent).await {
                    self.closed = true;
                    sent.push(problem.into());
                }
            }
            AgentDelivery::Typing(conversation, typing) => {
                if self.open.contains_key(&conversation) {
                    sent.push(
                        ConversationTyping {
                            conversation,
                            typing,
                        }
                        .into(),
                    );
                }
            }
            AgentDelivery::Presence(rows) => {
                let listed = self.listed.unwrap_or_default();
                self.tell(&rows, listed, listed, &mut sent);
            }
            AgentDelivery::SessionsChanged => {}
            AgentDelivery::Drain => {
                sent.push(
                    Reconnect {
                        after_ms: self.app.drain.spread_ms(),
                    }
                    .into(),
                );
                self.closed = true;
            }
        }
        sent
    }

    async fn handle_commit(
        &mut self,
        commit: &Commit,
        sent: &mut Vec<ToAgent>,
    ) -> Result<(), Problem> {
        let id = commit.row.id;
        if commit.listed && Some(commit.row.revision) > self.listed {
            self.listed = Some(commit.row.revision);
            let (row, revision) = (std::slice::from_ref(&commit.row), commit.row.revision);
            self.tell(row, revision, revision, sent);
        }
        if let Some(Some(up_to)) = self.open.get(&id).copied() {
            let new: Vec<_> = commit
                .events
                .iter()
                .filter(|event| event.seq > up_to)
                .cloned()
                .collect();
            match new.first() {
                Some(first) if first.seq == up_to.next() => {
                    self.open.insert(id, new.last().map(|event| event.seq));
                    let new = new.into_iter().map(|mut event| {
                        event.prev = for_agents(event.seq);
                        event
                    });
                    for events in parts(new.collect()) {
                        sent.push(
                            ConversationEvents {
                                conversation: id,
                                events,
                                more: false,
                            }
                            .into(),
                        );
                    }
                }
                Some(_) => self.read_on(id, up_to, sent).await?,
                None => {}
            }
        }
        if commit.visitor_seen && self.open.contains_key(&id) {
            sent.push(
                ConversationReceipts {
                    conversation: id,
                    receipts: commit.row.visitor,
                }
                .into(),
            );
        }
        Ok(())
    }

    /// Tells of conversations, after which the list is complete up to `complete`: in several frames
    /// if their pages' addresses and titles are long, all but the last complete up to `before`.
    fn tell(&self, rows: &[Row], before: Revision, complete: Revision, sent: &mut Vec<ToAgent>) {
        let settings = self.app.settings();
        let summaries: Vec<Summary> = rows
            .iter()
            .map(|row| {
                row.summary(
                    settings.inbox_name(&row.inbox),
                    self.app.hub.is_online(row.id),
                )
            })
            .collect();
        let mut parts = summary_parts(summaries).peekable();
        loop {
            let conversations = parts.next().unwrap_or_default();
            let last = parts.peek().is_none();
            let revision = if last { complete } else { before };
            sent.push(
                Conversations {
                    conversations,
                    revision,
                }
                .into(),
            );
            if last {
                break;
            }
        }
    }
}

fn logged(error: StoreError) -> Problem {
    tracing::warn!(%error, "a console's question could not be read");
    error.into()
}
