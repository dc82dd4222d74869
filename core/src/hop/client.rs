//! A visitor's device: what was written here reaches the origin once, and the conversation's log
//! gets here in order.
//!
//! In: what the visitor does, frames, the fate of connections, what other tabs did. Out: frames,
//! connections, changes to be kept on the device and told to the other tabs. Invariants:
//!
//! * A message stays in the outbox until a hop above says that it is durable there, or that it
//!   will never be taken; then the visitor sees which.
//! * Everything that the device must remember leaves as a [`Change`], so that a tab which takes
//!   in the same changes ([`Client::handle_change`]) shows the same conversation.
//!
//! Tabs share one outbox: each sends what is in it when it connects. That is safe, as every hop
//! dedupes, and no tab need live for another's messages to go. At most one `submit` frame's worth
//! of messages is under way at a time, oldest first: acknowledgements let out the next.
//!
//! Not here: asking the bot (the shell does, and hands its answer in with the message), drawing
//! (`transcript` gives the lines), encodings, storage. Beside this file: the connection (`link`),
//! what is heard (`incoming`) and sent (`outbox`), what must be remembered (`remember`).

mod incoming;
mod link;
mod outbox;
mod output;
mod remember;

use core::time::Duration;
use std::collections::VecDeque;

use link::Link;
pub use output::{Change, Output, Transport, Written};

use super::Backoff;
use super::replica::Replica;
use super::transcript::Transcript;
use crate::conversation::{Speech, bot_speaks, check};
use crate::id::{MessageId, VisitorId};
use crate::limits::{
    PING_AFTER, PONG_WITHIN, RECONNECT_AFTER, RECONNECT_AFTER_MAX, RETRANSMIT_AFTER,
    VISITOR_OUTBOX_MAX,
};
use crate::pack::PackHash;
use crate::protocol::visitor::{Answered, Hello, Page, Ping, Reach, Submission, ToServer, Typing};
use crate::protocol::{Code, Problem, Receipts, Seq, Status, VERSION};
use crate::time::Instant;

/// See the module.
#[derive(Debug)]
pub struct Client {
    transcript: Transcript,
    replica: Replica,
    outbox: VecDeque<Submission>,
    link: Link,
    transport: Transport,
    transport_failures: u32,
    backoff: Backoff,
    visitor: Option<VisitorId>,
    reach: Reach,
    status: Status,
    queue_place: Option<u32>,
    pack: Option<PackHash>,
    seen: Receipts,
    /// Whether the hop above is still to be told of it on this link.
    seen_due: bool,
    lang: String,
    page: Option<Page>,
    program: String,
    /// So many of the outbox's first messages were sent on this connection.
    under_way: usize,
    /// The hop above can't take messages before `retransmit_at`.
    held_off: bool,
    /// Up to when the messages that were sent use up what a visitor may send, on the host's clock.
    paid_until_ms: u64,
    retransmit_after: Duration,
    retransmit_at: Option<Instant>,
    /// The place after which events were asked for, and when to ask again.
    asked_after: Option<Seq>,
    catch_up_at: Option<Instant>,
    /// When the link last gave the sign of life that was waited for.
    heard_at: Instant,
    pinged_at: Option<Instant>,
    nonce: u32,
    outputs: VecDeque<Output>,
}

impl Client {
    /// Starts with what the device remembers: the changes that were saved, in their order.
    /// `seed` is the host's randomness; `program` names it and its version.
    pub fn new(
        now: Instant,
        seed: u64,
        program: impl Into<String>,
        remembered: impl IntoIterator<Item = Change>,
    ) -> Self {
        let mut client = Self {
            transcript: Transcript::default(),
            replica: Replica::default(),
            outbox: VecDeque::new(),
            link: Link::Idle,
            transport: Transport::Socket,
            transport_failures: 0,
            backoff: Backoff::new(RECONNECT_AFTER, RECONNECT_AFTER_MAX, seed),
            visitor: None,
            reach: Reach::Up,
            status: Status::Pending,
            queue_place: None,
            pack: None,
            seen: Receipts::default(),
            seen_due: true,
            lang: String::new(),
            page: None,
            program: program.into(),
            under_way: 0,
            held_off: false,
            paid_until_ms: 0,
            retransmit_after: RETRANSMIT_AFTER,
            retransmit_at: None,
            asked_after: None,
            catch_up_at: None,
            heard_at: now,
            pinged_at: None,
            nonce: 0,
            outputs: VecDeque::new(),
        };
        for change in remembered {
            client.apply(change);
        }
        client
    }

    // ---- Getters ----------------------------------------------------------------------------

    /// The conversation as it is to be shown.
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// Where the conversation stands.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The place in the queue, while queued, as far as is known.
    pub const fn queue_place(&self) -> Option<u32> {
        self.queue_place
    }

    /// Whether a hop answers.
    pub const fn is_connected(&self) -> bool {
        matches!(self.link, Link::Up)
    }

    /// Whether the origin answers, as far as is known.
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// What the device's bot may say to what the visitor writes now.
    pub fn bot_speaks(&self) -> Speech {
        let agents = if self.is_connected() {
            self.reach
        } else {
            Reach::Away
        };
        bot_speaks(self.status, agents)
    }

    /// Who the visitor is, once admitted.
    pub const fn visitor(&self) -> Option<VisitorId> {
        self.visitor
    }

    /// The current pack, as the hop above said on this link.
    pub const fn pack(&self) -> Option<PackHash> {
        self.pack
    }

    /// How many messages wait to be stored.
    pub fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    /// Up to where the log is held.
    pub const fn cursor(&self) -> Seq {
        self.replica.cursor()
    }

    /// The `hello` of a request that carries its own: polling, and POST beside a stream.
    pub fn hello(&self) -> Hello {
        Hello {
            version: VERSION,
            cursor: self.replica.cursor(),
            lang: self.lang.clone(),
            page: self.page.clone(),
            client: self.program.clone(),
        }
    }

    // ---- Commands ---------------------------------------------------------------------------

    /// Sets what `hello` tells of the visitor's locale and page.
    pub fn set_context(&mut self, lang: impl Into<String>, page: Option<Page>) {
        self.lang = lang.into();
        self.page = page;
    }

    /// Takes a message of the visitor, with what the device's bot answered.
    ///
    /// # Errors
    /// Those of `conversation::check`, and `outbox_full`; then nothing has changed.
    pub fn say(
        &mut self,
        now: Instant,
        submission: Submission,
        answered: Option<Answered>,
    ) -> Result<(), Problem> {
        check(&submission)?;
        if self.outbox.len() >= VISITOR_OUTBOX_MAX {
            return Err(Problem::counted(
                Code::OutboxFull,
                "{} messages wait to be sent already",
                [VISITOR_OUTBOX_MAX],
            ));
        }
        self.save(Change::Written(Written {
            submission,
            answered,
        }));
        self.submit_or_connect(now);
        Ok(())
    }

    /// Sends a failed message again.
    pub fn retry(&mut self, now: Instant, id: MessageId) {
        if self.transcript.failed(id).is_some() {
            self.save(Change::Retried(id));
            self.submit_or_connect(now);
        }
    }

    /// Gives a failed message up.
    pub fn discard(&mut self, id: MessageId) {
        if self.transcript.failed(id).is_some() {
            self.save(Change::Discarded(id));
        }
    }

    /// Tells how far the visitor has got; `read` is what they have seen on the screen.
    pub fn see(&mut self, read: Seq) {
        let seen = self.seen.merge(Receipts {
            delivered: self.cursor(),
            read: read.min(self.cursor()),
        });
        if seen != self.seen {
            self.seen = seen;
            if self.link == Link::Up {
                self.transmit(vec![ToServer::Seen(seen)]);
            }
        }
    }

    /// Tells that the visitor types, or stopped.
    pub fn type_on(&mut self, on: bool) {
        if self.link == Link::Up {
            self.transmit(vec![Typing { on }.into()]);
        }
    }

    // ---- Inputs -----------------------------------------------------------------------------

    /// Another tab of the visitor saved this.
    pub fn handle_change(&mut self, now: Instant, change: Change) {
        let to_send = matches!(change, Change::Written(_) | Change::Retried(_));
        self.apply(change);
        if to_send && self.link == Link::Up {
            // The other tab sends it; should that tab be gone, we will.
            self.arm_retransmit(now);
        }
        self.changed();
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn next_timeout(&self) -> Option<Instant> {
        let link = match self.link {
            Link::Idle => None,
            Link::Waiting { until } => Some(until),
            Link::Opening | Link::Greeting => Some(self.heard_at + PONG_WITHIN),
            Link::Up => Some(
                self.pinged_at
                    .map_or(self.heard_at + PING_AFTER, |at| at + PONG_WITHIN),
            ),
        };
        let asked = [self.retransmit_at, self.catch_up_at]
            .into_iter()
            .flatten()
            .filter(|_| self.link == Link::Up);
        link.into_iter().chain(asked).min()
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.link {
            Link::Waiting { until } if until <= now => self.connect(now),
            Link::Opening | Link::Greeting if self.heard_at + PONG_WITHIN <= now => {
                self.drop_link(now)
            }
            Link::Up => match self.pinged_at {
                Some(at) if at + PONG_WITHIN <= now => self.drop_link(now),
                None if self.heard_at + PING_AFTER <= now => {
                    self.nonce = self.nonce.wrapping_add(1);
                    self.pinged_at = Some(now);
                    self.transmit(vec![Ping { nonce: self.nonce }.into()]);
                }
                _ => {}
            },
            _ => {}
        }
        if self.link != Link::Up {
            return;
        }
        if self.retransmit_at.is_some_and(|at| at <= now) {
            self.submit_again(now);
        }
        if self.catch_up_at.is_some_and(|at| at <= now) {
            self.catch_up(now);
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    // ---- Within -----------------------------------------------------------------------------

    fn transmit(&mut self, frames: Vec<ToServer>) {
        self.outputs.push_back(Output::Send(frames));
    }

    fn changed(&mut self) {
        if self.outputs.back() != Some(&Output::Changed) {
            self.outputs.push_back(Output::Changed);
        }
    }
}
