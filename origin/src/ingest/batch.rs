//! What a batch of jobs does to conversations: in memory, before anything is written.
//!
//! In: the rows as they stand, the events whose ids the jobs use again, the jobs. Out: the rows
//! and events to be written, and what each sender will be told if they are. The invariant: a
//! job that is refused changes nothing.

mod touched;

use std::collections::HashMap;

use firsthop_core::Timestamp;
use firsthop_core::conversation::{same_command, same_submission};
use firsthop_core::id::{AgentId, ConversationId, EdgeId, MessageId};
use firsthop_core::protocol::agent::Revision;
use firsthop_core::protocol::{AgentRef, Code, Event, Problem, Receipts, Seq};
use tokio::sync::oneshot;

use self::touched::Touched;
use super::{Job, Results};
use crate::answerer::Judged;
use crate::deliver::hub::{Commit, Profile};
use crate::metrics::{Counter, Metrics};
use crate::store::questions::Place;
use crate::store::{Fault, Row, unavailable};

/// What a batch needs to know: the conversations that exist, and the events that bear its ids.
pub(super) type Read = (Vec<Row>, HashMap<(ConversationId, MessageId), Event>);

/// What a sender will be told.
enum Answer {
    Results(oneshot::Sender<Results>, Results),
    Done(oneshot::Sender<Result<(), Problem>>, Result<(), Problem>),
    Probed(oneshot::Sender<Result<(), Fault>>),
}

/// See the module.
pub(super) struct Batch {
    now: Timestamp,
    touched: HashMap<ConversationId, Touched>,
    known: HashMap<(ConversationId, MessageId), Event>,
    answers: Vec<Answer>,
    counts: Vec<(Counter, u64)>,
    /// Whether somebody wants to see a write, though there be nothing to write.
    pub(super) probed: bool,
}

/// The conversations and ids that jobs concern.
pub(super) fn concerns(jobs: &[Job]) -> (Vec<ConversationId>, Vec<(ConversationId, MessageId)>) {
    let mut conversations = Vec::new();
    let mut ids = Vec::new();
    for job in jobs {
        match job {
            Job::Submit { visitor, said, .. } => {
                conversations.push(*visitor);
                ids.extend(said.iter().map(|judged| (*visitor, judged.submission.id)));
            }
            Job::Command { command, .. } => {
                conversations.push(command.conversation);
                ids.push((command.conversation, command.id));
            }
            Job::VisitorSeen { visitor: id, .. }
            | Job::AgentsSeen {
                conversation: id, ..
            }
            | Job::Profile { visitor: id, .. }
            | Job::Attach { visitor: id, .. } => conversations.push(*id),
            Job::Detach { visitors, .. } => conversations.extend(visitors),
            Job::Lapse {
                conversations: lapsed,
                ..
            } => conversations.extend(lapsed.iter().map(|(id, _)| id)),
            Job::Probe { .. } => {}
        }
    }
    (conversations, ids)
}

impl Batch {
    /// A batch on conversations as they stand.
    pub(super) fn new(
        now: Timestamp,
        rows: impl IntoIterator<Item = Row>,
        known: HashMap<(ConversationId, MessageId), Event>,
    ) -> Self {
        let touched = rows
            .into_iter()
            .map(|row| (row.id, Touched::new(row, true)))
            .collect();
        Self {
            now,
            touched,
            known,
            answers: Vec::new(),
            counts: Vec::new(),
            probed: false,
        }
    }

    /// Applies a job.
    pub(super) fn apply(&mut self, job: Job) {
        match job {
            Job::Submit {
                visitor,
                inbox,
                said,
                profile,
                edges,
                reply,
            } => {
                let results = self.submit(visitor, &inbox, said, profile);
                for edge in edges {
                    self.attach(visitor, edge);
                }
                self.answers.push(Answer::Results(reply, results));
            }
            Job::Command {
                agent,
                command,
                reply,
            } => {
                let result = self.command(&agent, &command);
                self.answers.push(Answer::Done(reply, result));
            }
            Job::VisitorSeen { visitor, receipts } => {
                let Some(touched) = self.existing(visitor) else {
                    return;
                };
                let seen = touched
                    .row
                    .visitor
                    .merge(up_to(receipts, touched.row.head.visible));
                if seen != touched.row.visitor {
                    touched.row.visitor = seen;
                    touched.changed = true;
                    touched.visitor_seen = true;
                }
            }
            Job::AgentsSeen {
                conversation,
                receipts,
            } => {
                let Some(touched) = self.existing(conversation) else {
                    return;
                };
                let seen = touched
                    .row
                    .agents
                    .merge(up_to(receipts, touched.row.head.seq));
                if seen != touched.row.agents {
                    touched.row.agents = seen;
                    touched.changed = true;
                    touched.listed = true;
                    touched.agents_seen = true;
                }
            }
            Job::Profile { visitor, profile } => {
                let Some(touched) = self.existing(visitor) else {
                    return;
                };
                touched.set_profile(profile);
            }
            Job::Attach {
                edge,
                visitor,
                reply,
            } => {
                self.attach(visitor, edge);
                self.answers.push(Answer::Done(reply, Ok(())));
            }
            Job::Detach { edge, visitors } => {
                for visitor in visitors {
                    let Some(touched) = self.existing(visitor) else {
                        continue;
                    };
                    let before = touched.row.edges.len();
                    touched.row.edges.retain(|other| *other != edge);
                    touched.changed |= touched.row.edges.len() != before;
                }
            }
            Job::Lapse {
                agent,
                silence,
                conversations,
            } => {
                if !silence.lasts() {
                    return;
                }
                for (conversation, id) in conversations {
                    self.lapse(agent, conversation, id);
                }
            }
            Job::Probe { reply } => {
                self.probed = true;
                self.answers.push(Answer::Probed(reply));
            }
        }
    }

    fn attach(&mut self, visitor: ConversationId, edge: EdgeId) {
        if let Some(touched) = self.existing(visitor)
            && !touched.row.edges.contains(&edge)
        {
            touched.row.edges.push(edge);
            touched.changed = true;
        }
    }

    fn lapse(&mut self, agent: AgentId, conversation: ConversationId, id: MessageId) {
        let Some(touched) = self
            .touched
            .get_mut(&conversation)
            .filter(|touched| touched.exists)
        else {
            return;
        };
        let event = touched.row.head.agent_lapses(agent, id, self.now);
        touched.append(event.into_iter().collect(), &mut self.known);
    }

    fn existing(&mut self, id: ConversationId) -> Option<&mut Touched> {
        self.touched.get_mut(&id).filter(|touched| touched.exists)
    }

    fn submit(
        &mut self,
        visitor: ConversationId,
        inbox: &str,
        said: Vec<Judged>,
        profile: Profile,
    ) -> Results {
        let touched = self
            .touched
            .entry(visitor)
            .or_insert_with(|| Touched::new(Row::new(visitor, inbox.to_owned()), false));
        if touched.row.inbox != inbox {
            let problem = Problem::new(
                Code::ConversationUnknown,
                "the conversation belongs to another inbox",
            );
            return said
                .into_iter()
                .map(|judged| (judged.submission.id, Err(problem.clone())))
                .collect();
        }
        if !touched.exists {
            touched.set_profile(profile);
        }
        let mut results = Vec::with_capacity(said.len());
        for judged in said {
            let id = judged.submission.id;
            let result = match self.known.get(&(visitor, id)) {
                Some(event) if same_submission(event, &judged.submission) => Ok(Vec::new()),
                Some(_) => Err(id_reused()),
                None => touched.say(judged, self.now, &mut self.counts),
            };
            let result = result.map(|events| touched.append(events, &mut self.known));
            let counter = if result.is_ok() {
                Counter::MessagesStored
            } else {
                Counter::MessagesRefused
            };
            self.counts.push((counter, 1));
            results.push((id, result));
        }
        results
    }

    fn command(
        &mut self,
        agent: &AgentRef,
        command: &firsthop_core::protocol::agent::Command,
    ) -> Result<(), Problem> {
        let now = self.now;
        let id = command.conversation;
        let touched = self
            .touched
            .get_mut(&id)
            .filter(|touched| touched.exists)
            .ok_or_else(|| {
                Problem::new(Code::ConversationUnknown, "there is no such conversation")
            })?;
        match self.known.get(&(id, command.id)) {
            Some(event) if same_command(event, agent, command) => return Ok(()),
            Some(_) => return Err(id_reused()),
            None => {}
        }
        let events = touched.row.head.agent_acts(agent, command, now)?;
        touched.append(events, &mut self.known);
        Ok(())
    }

    /// Gives every conversation whose place in lists changed a revision of its own.
    pub(super) fn number(&mut self, last: Revision) -> Revision {
        let mut last = last;
        for touched in self.touched.values_mut().filter(|touched| touched.listed) {
            last = Revision(last.0 + 1);
            touched.row.revision = last;
        }
        last
    }

    /// The rows to be written.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.touched
            .values()
            .filter(|touched| touched.changed)
            .map(|touched| &touched.row)
    }

    /// The events to be written.
    pub(super) fn events(&self) -> impl Iterator<Item = (ConversationId, &Event)> {
        self.touched
            .values()
            .flat_map(|touched| touched.events.iter().map(|event| (touched.row.id, event)))
    }

    /// The messages to be noted as those that the bot could not answer.
    pub(super) fn unanswered(&self) -> Vec<(Place, &str, Timestamp)> {
        let touched = self.touched.values();
        touched
            .flat_map(|touched| {
                let (id, inbox) = (touched.row.id, touched.row.inbox.as_str());
                let places = touched.unanswered.iter();
                places.map(move |(seq, at)| ((id, *seq), inbox, *at))
            })
            .collect()
    }

    /// Whether there is anything to be written.
    pub(super) fn is_empty(&self) -> bool {
        !self.probed && self.rows().next().is_none()
    }

    /// It is durable: tells the senders, and gives what changed, in the order of revisions.
    pub(super) fn committed(self, metrics: &Metrics) -> (Vec<Commit>, impl FnOnce()) {
        for (counter, count) in self.counts {
            metrics.count(counter, count);
        }
        let mut commits: Vec<_> = self
            .touched
            .into_values()
            .filter(|touched| touched.changed)
            .map(|touched| Commit {
                row: touched.row,
                events: touched.events,
                listed: touched.listed,
                visitor_seen: touched.visitor_seen,
                agents_seen: touched.agents_seen,
            })
            .collect();
        commits.sort_by_key(|commit| commit.row.revision);
        let answers = self.answers;
        (commits, move || answers.into_iter().for_each(Answer::send))
    }

    /// It is not durable: every sender keeps what it sent.
    pub(super) fn failed(self, fault: Fault) {
        for answer in self.answers {
            answer.fail(fault);
        }
    }
}

impl Answer {
    /// A sender who has gone needs no answer.
    fn send(self) {
        match self {
            Self::Results(reply, results) => drop(reply.send(results)),
            Self::Done(reply, result) => drop(reply.send(result)),
            Self::Probed(reply) => drop(reply.send(Ok(()))),
        }
    }

    fn fail(self, fault: Fault) {
        match self {
            Self::Results(reply, results) => {
                drop(
                    reply.send(
                        results
                            .into_iter()
                            .map(|(id, _)| (id, Err(unavailable())))
                            .collect(),
                    ),
                );
            }
            Self::Done(reply, _) => drop(reply.send(Err(unavailable()))),
            Self::Probed(reply) => drop(reply.send(Err(fault))),
        }
    }
}

fn up_to(receipts: Receipts, max: Seq) -> Receipts {
    Receipts {
        delivered: receipts.delivered.min(max),
        read: receipts.read.min(max),
    }
}

fn id_reused() -> Problem {
    Problem::new(Code::IdReused, "the id was used before, for something else")
}
