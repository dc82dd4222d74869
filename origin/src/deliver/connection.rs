//! One visitor's link at the origin: a socket, a stream, a long poll, or an edge's batch.
//!
//! Drives `core::hop::gateway`: in go the visitor's frames and the hub's deliveries, out come
//! frames for the visitor. Encoding and transport are the caller's. Start reading at
//! [`Connection::handle_frames`].

use std::sync::Arc;

use firsthop_core::hop::gateway::{Gateway, Output, State};
use firsthop_core::id::{EdgeId, MessageId, VisitorId};
use firsthop_core::protocol::visitor::{Hello, Reconnect, Said, Submission, ToServer, ToVisitor};
use firsthop_core::protocol::{Hop, Problem, Seq};

use super::frames;
use super::hub::{Delivery, Profile};
use crate::app::App;
use crate::host;
use crate::store::conversations::Reader;

/// See the module.
pub struct Connection {
    app: Arc<App>,
    visitor: VisitorId,
    inbox: String,
    /// The edge that speaks for the visitor; none on a direct link.
    edge: Option<EdgeId>,
    gateway: Gateway,
    closed: bool,
}

impl Connection {
    /// A direct link of an admitted visitor, who has to say hello.
    #[must_use]
    pub fn direct(app: Arc<App>, visitor: VisitorId, inbox: String) -> Self {
        Self {
            app,
            visitor,
            inbox,
            edge: None,
            gateway: Gateway::new(visitor),
            closed: false,
        }
    }

    /// What an edge passes on of a visitor whom it has admitted, and attached if `attached`.
    #[must_use]
    pub fn by_edge(
        app: Arc<App>,
        edge: EdgeId,
        visitor: VisitorId,
        inbox: String,
        attached: bool,
    ) -> Self {
        if attached {
            app.hub.attach(edge, visitor, &inbox);
        } else {
            app.hub.pushes.doubt(edge, visitor);
        }
        // Where the log stands at each of the visitor's sockets, their own frames tell.
        let gateway = Gateway::of_edge(visitor, Seq(u64::MAX));
        Self {
            app,
            visitor,
            inbox,
            edge: Some(edge),
            gateway,
            closed: false,
        }
    }

    /// Whether the link is to be closed once what was returned has been sent.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Takes frames of the visitor.
    pub async fn handle_frames(&mut self, frames: Vec<ToServer>) -> Vec<ToVisitor> {
        let mut sent = Vec::new();
        for frame in frames {
            self.gateway.handle_frame(host::instant(), frame);
            self.work_off(&mut sent).await;
            if self.closed {
                break;
            }
        }
        sent
    }

    /// Takes what could not be read as frames.
    pub async fn handle_garbage(&mut self, problem: Problem) -> Vec<ToVisitor> {
        let mut sent = Vec::new();
        self.gateway.handle_garbage(problem);
        self.work_off(&mut sent).await;
        sent
    }

    /// Takes what the hub delivers.
    pub async fn handle_delivery(&mut self, delivery: Delivery) -> Vec<ToVisitor> {
        let mut sent = Vec::new();
        match delivery {
            Delivery::Commit(commit) => {
                let visible = commit
                    .events
                    .iter()
                    .filter(|event| !event.content.is_private())
                    .cloned();
                self.gateway.handle_published(visible.collect());
                if commit.agents_seen {
                    self.gateway
                        .handle_notice(firsthop_core::hop::gateway::Notice::Receipts(
                            commit.row.agents,
                        ));
                }
            }
            Delivery::Notice(notice) => self.gateway.handle_notice(*notice),
            Delivery::Drain => {
                sent.push(
                    Reconnect {
                        after_ms: self.app.drain.spread_ms(),
                    }
                    .into(),
                );
                self.closed = true;
            }
        }
        self.work_off(&mut sent).await;
        sent
    }

    /// Does what the gateway asks for until it asks for nothing.
    async fn work_off(&mut self, sent: &mut Vec<ToVisitor>) {
        while let Some(output) = self.gateway.poll_output() {
            match output {
                Output::Send(frame) => sent.extend(frames::split(frame)),
                Output::Greet(hello) => match self.greet(&hello).await {
                    Ok(state) => self.gateway.handle_state(host::now(), &hello, &state),
                    Err(problem) => self.gateway.handle_failure(problem),
                },
                Output::Ingest(submissions) => {
                    let results = self.ingest(submissions).await;
                    self.gateway.handle_ingested(results);
                }
                Output::Read(after) => {
                    match self
                        .app
                        .store
                        .events_after(self.visitor, after, Reader::Visitor)
                        .await
                    {
                        Ok(part) => self.gateway.handle_read(part.events, part.more),
                        Err(error) => {
                            tracing::warn!(%error, "a conversation could not be read");
                            self.gateway.handle_failure(error.into());
                        }
                    }
                }
                Output::Seen(receipts) => self.app.ingest.visitor_has_seen(self.visitor, receipts),
                Output::Typing(typing) => {
                    self.app
                        .hub
                        .tell_agents(&super::hub::AgentDelivery::Typing(self.visitor, typing));
                }
                Output::Close => self.closed = true,
            }
        }
    }

    async fn greet(&self, hello: &Hello) -> Result<State, Problem> {
        let settings = self.app.settings();
        let pack = settings.inbox(&self.inbox)?.pack;
        let profile = Profile {
            page: hello.page.clone(),
            lang: hello.lang.clone(),
        };
        self.app.hub.set_profile(self.visitor, profile.clone());
        let row = self
            .app
            .store
            .conversation(self.visitor)
            .await
            .inspect_err(|error| {
                tracing::warn!(%error, "a conversation could not be read");
            })?;
        let mut state = State {
            head: Seq(0),
            status: firsthop_core::protocol::Status::Pending,
            receipts: firsthop_core::protocol::Receipts::default(),
            pack,
            queue: self.app.hub.line.place(self.visitor),
        };
        if let Some(row) = row {
            state.head = row.head.visible;
            state.status = row.head.status;
            state.receipts = row.agents;
            if let Some(edge) = self.edge {
                // Before the edge is answered: what happens from now on must reach it, also if
                // this process dies.
                if !row.edges.contains(&edge) {
                    self.app.ingest.attach(edge, self.visitor).await?;
                }
                self.app.hub.pushes.greeted(edge, self.visitor, state.head);
            }
            let told = !(hello.page.is_none() && hello.lang.is_empty());
            if told && (row.page != profile.page || row.lang != profile.lang) {
                self.app.ingest.profile(self.visitor, profile);
            }
        }
        Ok(state)
    }

    async fn ingest(&self, submissions: Vec<Submission>) -> Vec<(MessageId, Result<(), Problem>)> {
        let settings = self.app.settings();
        let ids: Vec<_> = submissions.iter().map(|submission| submission.id).collect();
        if let Err(problem) = settings.inbox(&self.inbox) {
            return ids
                .into_iter()
                .map(|id| (id, Err(problem.clone())))
                .collect();
        }
        let mut judged = Vec::with_capacity(submissions.len());
        for mut submission in submissions {
            self.take_claim_for_what_it_is(&mut submission);
            judged.push(
                self.app
                    .bot
                    .judge(&self.app.store, &settings, &self.inbox, submission)
                    .await,
            );
        }
        let profile = self.app.hub.profile(self.visitor);
        let edges = self.app.hub.edges(self.visitor);
        match self
            .app
            .ingest
            .submit(self.visitor, self.inbox.clone(), judged, profile, edges)
            .await
        {
            Ok(results) => results,
            Err(problem) => ids
                .into_iter()
                .map(|id| (id, Err(problem.clone())))
                .collect(),
        }
    }

    /// On a direct link nobody but the browser can have answered, by way of an edge nobody else
    /// but the edge.
    fn take_claim_for_what_it_is(&self, submission: &mut Submission) {
        let Said::Text(said) = &mut submission.said else {
            return;
        };
        let Some(claim) = &mut said.claim else { return };
        claim.hop = match (self.edge, claim.hop) {
            (Some(_), Hop::Edge | Hop::Origin) => Hop::Edge,
            _ => Hop::Browser,
        };
    }
}
