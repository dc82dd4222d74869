//! What a message or an agent's act causes in a conversation.
//!
//! In: the conversation's [`Head`], what somebody wants, what the bot says to it, the time.
//! Out: the events that the log gains, in order and numbered, and the new head; or a
//! [`Problem`], and nothing has changed. Origin's writer calls this inside its transaction, and
//! nobody else gives out places in a log.
//!
//! Not here: who dedupes (the store, before calling), who delivers (`hop`), what the bot knows
//! (`answer`, by way of `bot`).

use serde::{Deserialize, Serialize};

use crate::id::{AgentId, Derived, MessageId};
use crate::limits::{
    CLAIM_TEXT_BYTES_MAX, PAGE_FIELD_BYTES_MAX, SUGGESTIONS_MAX, TEXT_BYTES_MAX, WORD_BYTES_MAX,
};
use crate::protocol::agent::{Act, Command};
use crate::protocol::visitor::{Reach, Said, Submission};
use crate::protocol::{
    AgentRef, Answer, Author, Code, Content, Event, Note, Problem, Reason, SUBMIT_BYTES_MAX, Seq,
    Status, StatusChange, Text, UnverifiedClaim, submission_bytes,
};
use crate::time::Timestamp;

/// All of a conversation's state that decides what comes next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Head {
    /// The last place.
    pub seq: Seq,
    /// The last place that the visitor may see.
    pub visible: Seq,
    /// Where the conversation stands.
    pub status: Status,
    /// Who has it, while it is `assigned`.
    pub assignee: Option<AgentRef>,
}

/// What the bot says to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// An answer, or suggestions: verified, or computed here.
    Answer(Box<Answer>),
    /// It recognises the wish for a person.
    HandOff,
    /// It does not know.
    Escalate,
    /// It was not asked.
    Quiet,
}

/// What the bot may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// Everything.
    Free,
    /// Only what it knows, and no small talk: who says 在吗 while waiting means the agent.
    Answers,
    /// Nothing.
    Silent,
}

impl Speech {
    /// What becomes of something that the bot would say.
    pub fn of(self, verdict: Verdict) -> Verdict {
        match (self, &verdict) {
            (Self::Silent, _) => Verdict::Quiet,
            (Self::Answers, Verdict::Answer(answer)) if answer.source.is_small_talk() => {
                Verdict::Quiet
            }
            _ => verdict,
        }
    }
}

/// What the bot may say: nothing while an agent has the conversation (or may have it, in a status
/// that this version does not know), unless the agent can't be reached.
pub const fn bot_speaks(status: Status, origin: Reach) -> Speech {
    match (status, origin) {
        (Status::Queued, _) => Speech::Answers,
        (Status::Assigned | Status::Unknown(_), reach) if !matches!(reach, Reach::Away) => {
            Speech::Silent
        }
        _ => Speech::Free,
    }
}

/// Checks what needs no state: every hop does, so that the first one tells.
///
/// # Errors
/// `id_invalid`, `text_empty`, `text_too_long` or `too_many_items`.
pub fn check(submission: &Submission) -> Result<(), Problem> {
    check_id(submission.id)?;
    match &submission.said {
        Said::Text(said) => {
            check_text(said.text.expose())?;
            if said.lang.len() > WORD_BYTES_MAX {
                return Err(too_long("the locale", said.lang.len(), WORD_BYTES_MAX));
            }
            let page = said.page.expose().len();
            if page > PAGE_FIELD_BYTES_MAX {
                return Err(too_long("the page's address", page, PAGE_FIELD_BYTES_MAX));
            }
            let Some(claim) = &said.claim else {
                return check_size(submission);
            };
            if claim.text.expose().len() > CLAIM_TEXT_BYTES_MAX {
                return Err(too_long(
                    "the claimed text",
                    claim.text.expose().len(),
                    CLAIM_TEXT_BYTES_MAX,
                ));
            }
            if claim.entries.len() > SUGGESTIONS_MAX {
                return Err(Problem::counted(
                    Code::TooManyItems,
                    "{} claimed entries; at most {} are allowed",
                    [claim.entries.len(), SUGGESTIONS_MAX],
                ));
            }
            match claim.entries.iter().map(String::len).max() {
                Some(longest) if longest > 4 * WORD_BYTES_MAX => Err(too_long(
                    "a claimed entry's id",
                    longest,
                    4 * WORD_BYTES_MAX,
                )),
                _ => check_size(submission),
            }
        }
        Said::Person(_) => Ok(()),
        Said::Unknown(_) => Err(Problem::new(
            Code::MalformedFrame,
            "a submission of a kind that this version does not know",
        )),
    }
}

/// A text of control characters takes six times its length in JSON: whoever reads the event that
/// follows must get it in one wire message, whatever encoding they chose.
fn check_size(submission: &Submission) -> Result<(), Problem> {
    let bytes = submission_bytes(submission);
    if bytes > SUBMIT_BYTES_MAX {
        return Err(too_long("the escaped message", bytes, SUBMIT_BYTES_MAX));
    }
    Ok(())
}

fn check_id(id: MessageId) -> Result<(), Problem> {
    // Derived ids (version 8) are ours to make: taking one from outside would let a client
    // occupy the id of an answer.
    if id.0.version() == 7 {
        return Ok(());
    }
    Err(Problem::new(
        Code::IdInvalid,
        "an id must be a version 7 UUID (RFC 9562)",
    ))
}

fn check_text(text: &str) -> Result<(), Problem> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(too_long("the text", text.len(), TEXT_BYTES_MAX));
    }
    if text.chars().all(char::is_whitespace) {
        return Err(Problem::new(Code::TextEmpty, "the text is empty"));
    }
    Ok(())
}

fn too_long(what: &str, bytes: usize, max: usize) -> Problem {
    Problem::counted(
        Code::TextTooLong,
        &[what, " has {} bytes; at most {} are allowed"].concat(),
        [bytes, max],
    )
}

/// Whether `event` is what `submission` led to: if not, its id was used for something else.
pub fn same_submission(event: &Event, submission: &Submission) -> bool {
    if event.author != Author::Visitor || event.id != submission.id {
        return false;
    }
    match (&event.content, &submission.said) {
        (Content::Text(stored), Said::Text(said)) => stored.text == said.text,
        (Content::Status(change), Said::Person(_)) => change.reason == Reason::Asked,
        _ => false,
    }
}

/// Whether `event` is what `command` led to: if not, its id was used for something else.
pub fn same_command(event: &Event, agent: &AgentRef, command: &Command) -> bool {
    if !matches!(&event.author, Author::Agent(author) if author.id == agent.id)
        || event.id != command.id
    {
        return false;
    }
    match (&event.content, &command.act) {
        (Content::Text(stored), Act::Reply(reply)) => stored.text == reply.text,
        (Content::Note(stored), Act::Note(note)) => stored == note,
        (Content::Status(change), act) => Some(change.reason) == reason_of(act),
        _ => false,
    }
}

const fn reason_of(act: &Act) -> Option<Reason> {
    match act {
        Act::Take(_) => Some(Reason::Taken),
        Act::Release(_) => Some(Reason::Released),
        Act::Resolve(_) => Some(Reason::Resolved),
        Act::Reopen(_) => Some(Reason::Reopened),
        Act::Reply(_) | Act::Note(_) | Act::Unknown(_) => None,
    }
}

impl Head {
    /// Takes a visitor's submission into the log. `unverified` is a claim that did not hold.
    ///
    /// # Errors
    /// Those of [`check`].
    pub fn visitor_says(
        &mut self,
        submission: &Submission,
        verdict: Verdict,
        unverified: Option<UnverifiedClaim>,
        now: Timestamp,
    ) -> Result<Vec<Event>, Problem> {
        check(submission)?;
        let mut log = Appender {
            head: self,
            events: Vec::new(),
            now,
        };
        let id = submission.id;
        match &submission.said {
            Said::Person(_) => {
                let status = if log.head.status == Status::Assigned {
                    Status::Assigned
                } else {
                    Status::Queued
                };
                log.change(id, Author::Visitor, status, Reason::Asked);
            }
            Said::Text(said) => {
                log.append(
                    id,
                    Author::Visitor,
                    Text {
                        text: said.text.clone(),
                        unverified,
                    },
                );
                let status_id = id.derive(Derived::Status);
                match verdict {
                    Verdict::Answer(answer) => {
                        log.append(id.derive(Derived::Answer), Author::Bot, *answer);
                        log.reopen(status_id);
                    }
                    Verdict::HandOff if !log.head.status.is_open() => {
                        log.change(status_id, Author::Bot, Status::Queued, Reason::Asked);
                    }
                    Verdict::Escalate if !log.head.status.is_open() => {
                        log.change(status_id, Author::Bot, Status::Queued, Reason::Unanswered);
                    }
                    Verdict::HandOff | Verdict::Escalate | Verdict::Quiet => log.reopen(status_id),
                }
            }
            Said::Unknown(_) => {}
        }
        Ok(log.events)
    }

    /// Takes into the log what the bot tells agents about the message `of`.
    pub fn bot_notes(&mut self, of: MessageId, note: Note, now: Timestamp) -> Vec<Event> {
        let mut log = Appender {
            head: self,
            events: Vec::new(),
            now,
        };
        log.append(of.derive(Derived::Note), Author::Bot, note);
        log.events
    }

    /// Takes an agent's command into the log.
    ///
    /// # Errors
    /// `id_invalid`, `text_empty`, `text_too_long`, `already_assigned` or `wrong_status`.
    pub fn agent_acts(
        &mut self,
        agent: &AgentRef,
        command: &Command,
        now: Timestamp,
    ) -> Result<Vec<Event>, Problem> {
        check_id(command.id)?;
        let author = Author::Agent(agent.clone());
        let mine = self
            .assignee
            .as_ref()
            .is_some_and(|assignee| assignee.id == agent.id);
        let mut log = Appender {
            head: self,
            events: Vec::new(),
            now,
        };
        match &command.act {
            Act::Reply(reply) => {
                check_text(reply.text.expose())?;
                if !mine {
                    log.refuse_if_taken()?;
                    log.assign(command.id.derive(Derived::Assignment), agent, Reason::Taken);
                }
                log.append(
                    command.id,
                    author,
                    Text {
                        text: reply.text.clone(),
                        unverified: None,
                    },
                );
            }
            Act::Note(note) => {
                check_text(note.text.expose())?;
                log.append(command.id, author, note.clone());
            }
            Act::Take(take) => {
                if mine {
                    return Err(wrong_status("you have the conversation already"));
                }
                if !take.over {
                    log.refuse_if_taken()?;
                }
                log.assign(command.id, agent, Reason::Taken);
            }
            Act::Release(_) => {
                if !mine {
                    return Err(wrong_status(
                        "only its assignee can give a conversation back to the queue",
                    ));
                }
                log.change(command.id, author, Status::Queued, Reason::Released);
            }
            Act::Resolve(_) => {
                if log.head.status == Status::Resolved {
                    return Err(wrong_status("the conversation is resolved already"));
                }
                if !mine {
                    log.refuse_if_taken()?;
                }
                log.change(command.id, author, Status::Resolved, Reason::Resolved);
            }
            Act::Reopen(_) => {
                if log.head.status != Status::Resolved {
                    return Err(wrong_status("the conversation is not resolved"));
                }
                log.assign(command.id, agent, Reason::Reopened);
            }
            Act::Unknown(_) => {
                return Err(Problem::new(
                    Code::MalformedFrame,
                    "an act that this version does not know",
                ));
            }
        }
        Ok(log.events)
    }
}

impl Head {
    /// The agent's lease has lapsed: what they have goes back to the queue, and the event tells the
    /// visitor. `id` is the event's, new. Nothing happens if somebody else has the conversation.
    pub fn agent_lapses(&mut self, agent: AgentId, id: MessageId, now: Timestamp) -> Option<Event> {
        let has_it = self.assignee.as_ref().is_some_and(|has| has.id == agent);
        if !has_it || self.status != Status::Assigned {
            return None;
        }
        let mut log = Appender {
            head: self,
            events: Vec::new(),
            now,
        };
        log.change(id, Author::System, Status::Queued, Reason::Lapsed);
        log.events.pop()
    }
}

fn wrong_status(message: &str) -> Problem {
    Problem::new(Code::WrongStatus, message)
}

/// Gives events their places.
struct Appender<'a> {
    head: &'a mut Head,
    events: Vec<Event>,
    now: Timestamp,
}

impl Appender<'_> {
    fn append(&mut self, id: MessageId, author: Author, content: impl Into<Content>) {
        let content = content.into();
        let seq = self.head.seq.next();
        let prev = self.head.visible;
        self.head.seq = seq;
        if !content.is_private() {
            self.head.visible = seq;
        }
        self.events.push(Event {
            seq,
            prev,
            id,
            at: self.now,
            author,
            content,
        });
    }

    fn change(&mut self, id: MessageId, author: Author, status: Status, reason: Reason) {
        if status != Status::Assigned {
            self.head.assignee = None;
        }
        self.head.status = status;
        let assignee = self.head.assignee.clone();
        self.append(
            id,
            author,
            StatusChange {
                status,
                reason,
                assignee,
            },
        );
    }

    /// The visitor has written: what was resolved goes on.
    fn reopen(&mut self, id: MessageId) {
        if self.head.status == Status::Resolved {
            self.change(id, Author::System, Status::Pending, Reason::Returned);
        }
    }

    fn assign(&mut self, id: MessageId, agent: &AgentRef, reason: Reason) {
        self.head.assignee = Some(agent.clone());
        self.change(id, Author::Agent(agent.clone()), Status::Assigned, reason);
    }

    fn refuse_if_taken(&self) -> Result<(), Problem> {
        match &self.head.assignee {
            Some(colleague) => Err(Problem::new(
                Code::AlreadyAssigned,
                format!("{} has the conversation", colleague.name),
            )),
            None => Ok(()),
        }
    }
}
