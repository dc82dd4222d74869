//! Ingesting: from what somebody said to what is durable.
//!
//! In: submissions, commands, receipts. Out: a reply to each sender, after the commit, and the
//! commit to the hub. [`Ingest`] is the door, a bounded queue; `writer` is the one task behind
//! it; `batch` says what a batch of jobs does to conversations; `cache` remembers their heads.

mod batch;
mod cache;
mod writer;

use std::sync::Arc;

use firsthop_core::id::{AgentId, ConversationId, EdgeId, MessageId, VisitorId};
use firsthop_core::limits::INGEST_QUEUE_JOBS_MAX;
use firsthop_core::protocol::agent::Command;
use firsthop_core::protocol::{AgentRef, Code, Problem, Receipts};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::answerer::Judged;
use crate::deliver::attendance::Silence;
use crate::deliver::hub::{Hub, Profile};
use crate::host;
use crate::metrics::{Gauge, Metrics};
use crate::store::{Fault, Store, StoreError, unavailable};

/// What became of each of several messages.
pub type Results = Vec<(MessageId, Result<(), Problem>)>;

/// Something to be written.
#[derive(Debug)]
pub(crate) enum Job {
    Submit {
        visitor: VisitorId,
        inbox: String,
        said: Vec<Judged>,
        profile: Profile,
        edges: Vec<EdgeId>,
        reply: oneshot::Sender<Results>,
    },
    Command {
        agent: AgentRef,
        command: Command,
        reply: oneshot::Sender<Result<(), Problem>>,
    },
    VisitorSeen {
        visitor: VisitorId,
        receipts: Receipts,
    },
    AgentsSeen {
        conversation: ConversationId,
        receipts: Receipts,
    },
    Profile {
        visitor: VisitorId,
        profile: Profile,
    },
    Attach {
        edge: EdgeId,
        visitor: VisitorId,
        reply: oneshot::Sender<Result<(), Problem>>,
    },
    Detach {
        edge: EdgeId,
        visitors: Vec<VisitorId>,
    },
    /// Each with the id of the event that tells of it.
    Lapse {
        agent: AgentId,
        silence: Silence,
        conversations: Vec<(ConversationId, MessageId)>,
    },
    Probe {
        reply: oneshot::Sender<Result<(), Fault>>,
    },
}

/// The door to the writer.
#[derive(Debug, Clone)]
pub struct Ingest {
    jobs: mpsc::Sender<Job>,
    stop: Arc<Notify>,
    metrics: Arc<Metrics>,
}

impl Ingest {
    /// Starts the writer.
    ///
    /// # Errors
    /// If the database can't be written to at all.
    pub async fn start(
        store: Arc<Store>,
        hub: Arc<Hub>,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, JoinHandle<()>), StoreError> {
        let (jobs, queue) = mpsc::channel(INGEST_QUEUE_JOBS_MAX);
        let writer = writer::Writer::start(store, hub, Arc::clone(&metrics)).await?;
        let stop = Arc::new(Notify::new());
        let task = tokio::spawn(writer.run(queue, Arc::clone(&stop)));
        Ok((
            Self {
                jobs,
                stop,
                metrics,
            },
            task,
        ))
    }

    /// Closes the door: the writer commits what waits, and ends.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// Takes a visitor's messages in. `edges` hold sockets of the visitor.
    ///
    /// # Errors
    /// `overloaded` for all; what became of each otherwise stands in the results.
    pub async fn submit(
        &self,
        visitor: VisitorId,
        inbox: String,
        said: Vec<Judged>,
        profile: Profile,
        edges: Vec<EdgeId>,
    ) -> Result<Results, Problem> {
        let (reply, result) = oneshot::channel();
        self.queue(Job::Submit {
            visitor,
            inbox,
            said,
            profile,
            edges,
            reply,
        })?;
        result.await.map_err(|_| unavailable())
    }

    /// Does what an agent wants.
    ///
    /// # Errors
    /// Those of `Head::agent_acts`, `conversation_unknown`, `id_reused`, `overloaded` or
    /// `storage_unavailable`.
    pub async fn command(&self, agent: AgentRef, command: Command) -> Result<(), Problem> {
        let (reply, result) = oneshot::channel();
        self.queue(Job::Command {
            agent,
            command,
            reply,
        })?;
        result.await.map_err(|_| unavailable())?
    }

    /// Notes durably that a visitor with a conversation has sockets at an edge.
    ///
    /// # Errors
    /// `overloaded` or `storage_unavailable`.
    pub async fn attach(&self, edge: EdgeId, visitor: VisitorId) -> Result<(), Problem> {
        let (reply, result) = oneshot::channel();
        self.queue(Job::Attach {
            edge,
            visitor,
            reply,
        })?;
        result.await.map_err(|_| unavailable())?
    }

    /// Writes something without consequence, to see whether that works.
    ///
    /// # Errors
    /// What is wrong with the store; `Slow` if too much waits already.
    pub async fn probe(&self) -> Result<(), Fault> {
        let (reply, result) = oneshot::channel();
        self.queue(Job::Probe { reply }).map_err(|_| Fault::Slow)?;
        result.await.map_err(|_| Fault::Failing)?
    }

    /// Notes how far a visitor has got. Lost if the queue is full: the client says it again.
    pub fn visitor_has_seen(&self, visitor: VisitorId, receipts: Receipts) {
        self.queue_or_forget(Job::VisitorSeen { visitor, receipts });
    }

    /// Notes how far the agents have got. Lost if the queue is full: the console says it again.
    pub fn agents_have_seen(&self, conversation: ConversationId, receipts: Receipts) {
        self.queue_or_forget(Job::AgentsSeen {
            conversation,
            receipts,
        });
    }

    /// Notes what a visitor's client tells of itself. Lost if the queue is full.
    pub fn profile(&self, visitor: VisitorId, profile: Profile) {
        self.queue_or_forget(Job::Profile { visitor, profile });
    }

    /// Notes that visitors have no socket at an edge any more. Lost if the queue is full: the
    /// next push is answered the same.
    pub fn detach(&self, edge: EdgeId, visitors: Vec<VisitorId>) {
        if !visitors.is_empty() {
            self.queue_or_forget(Job::Detach { edge, visitors });
        }
    }

    /// Gives an agent's conversations back to the queue, those that are still theirs. Lost if the
    /// queue is full: the lease says it again.
    pub fn lapse(&self, agent: AgentId, silence: Silence, conversations: Vec<ConversationId>) {
        let (now, mut conversations) = (host::now(), conversations.into_iter().peekable());
        if conversations.peek().is_some() {
            let conversations = conversations
                .map(|conversation| (conversation, MessageId::new(now, host::random())))
                .collect();
            self.queue_or_forget(Job::Lapse {
                agent,
                silence,
                conversations,
            });
        }
    }

    fn queue(&self, job: Job) -> Result<(), Problem> {
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Problem::new(Code::Overloaded, "too much waits to be stored")
                    .retry_after(std::time::Duration::from_secs(1))
            }
            mpsc::error::TrySendError::Closed(_) => unavailable(),
        })?;
        self.metrics.add(Gauge::IngestQueue, 1);
        Ok(())
    }

    fn queue_or_forget(&self, job: Job) {
        if let Err(problem) = self.queue(job) {
            tracing::debug!(code = %problem.code, "a notice was not written");
        }
    }
}
