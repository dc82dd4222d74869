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
//! (`transcript` gives the lines), encodings, storage.

mod outbox;
mod output;
mod remember;

use core::time::Duration;
use std::collections::VecDeque;

use super::Backoff;
use outbox::AHEAD_MS_MAX;
pub use output::{Change, Output, Transport, Written};

use super::replica::Replica;
use super::transcript::Transcript;
use crate::conversation::{bot_speaks, check};
use crate::id::{MessageId, VisitorId};
use crate::limits::{
    PING_AFTER, PONG_WITHIN, RECONNECT_AFTER, RECONNECT_AFTER_MAX, RETRANSMIT_AFTER,
    TRANSPORT_FAILURES_MAX, VISITOR_OUTBOX_MAX,
};
use crate::pack::PackHash;
use crate::protocol::visitor::{
    Answered, Hello, Page, Ping, Reach, Submission, ToServer, ToVisitor, Typing, Welcome,
};
use crate::protocol::{Code, Problem, Receipts, Remedy, Seq, Status, VERSION};
use crate::time::Instant;

/// What the connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Nothing; not wanted before the visitor does something.
    Idle,
    /// Waiting to try again.
    Waiting { until: Instant },
    /// Being opened.
    Opening,
    /// Open; `hello` is not answered yet.
    Greeting,
    /// Open and greeted.
    Up,
}

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

    /// Whether the device is to ask its bot about what the visitor writes now.
    pub fn bot_speaks(&self) -> bool {
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

    /// The current pack, as the hop above said.
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
            return Err(Problem::new(
                Code::OutboxFull,
                format!("{VISITOR_OUTBOX_MAX} messages wait to be sent already"),
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

    /// Connects now, if it is not connected: the visitor came, or the network is back.
    pub fn connect(&mut self, now: Instant) {
        if matches!(self.link, Link::Idle | Link::Waiting { .. }) {
            self.heard_at = now;
            self.link = Link::Opening;
            self.outputs.push_back(Output::Connect(self.transport));
        }
    }

    /// Disconnects, and stays so until something is to be sent.
    pub fn disconnect(&mut self) {
        self.unlink(Link::Idle);
        self.outputs.push_back(Output::Disconnect);
    }

    // ---- Inputs -----------------------------------------------------------------------------

    /// The connection is open.
    pub fn handle_connected(&mut self, now: Instant) {
        if self.link != Link::Opening {
            return;
        }
        self.link = Link::Greeting;
        self.seen_due = true;
        self.heard_at = now;
        self.pinged_at = None;
        let hello = self.hello();
        self.transmit(vec![hello.into()]);
    }

    /// The connection could not be opened, or ended.
    pub fn handle_closed(&mut self, now: Instant) {
        if matches!(self.link, Link::Idle | Link::Waiting { .. }) {
            return;
        }
        if self.link != Link::Up {
            // It never worked: perhaps something on the way does not let it through.
            self.transport_failures = self.transport_failures.saturating_add(1);
            if self.transport_failures >= TRANSPORT_FAILURES_MAX {
                self.transport_failures = 0;
                self.transport = self.transport.next();
            }
        }
        self.wait_after_failure(now);
    }

    /// The shell could not get a usable token: it will try again, as after any failure.
    pub fn handle_not_admitted(&mut self, now: Instant) {
        self.wait_after_failure(now);
        // That was not the transport's fault.
        self.transport_failures = 0;
    }

    fn wait_after_failure(&mut self, now: Instant) {
        if matches!(self.link, Link::Idle | Link::Waiting { .. }) {
            return;
        }
        let until = now + self.backoff.fail();
        self.unlink(Link::Waiting { until });
    }

    /// Frames have come.
    pub fn handle_frames(&mut self, now: Instant, frames: Vec<ToVisitor>) {
        // A socket is pinged also while frames come: an edge closes one that says nothing.
        if self.pinged_at.take().is_some() || self.transport != Transport::Socket {
            self.heard_at = now;
        }
        let was_under_way = self.under_way;
        for frame in frames {
            self.handle_frame(now, frame);
        }
        if self.outbox.is_empty() {
            self.retransmit_at = None;
            self.held_off = false;
            self.retransmit_after = RETRANSMIT_AFTER;
        } else if was_under_way > 0 && self.under_way == 0 && !self.held_off {
            // What was under way has arrived: the next.
            self.retransmit_at = None;
            self.retransmit_after = RETRANSMIT_AFTER;
            self.submit(now);
        }
    }

    fn handle_frame(&mut self, now: Instant, frame: ToVisitor) {
        match frame {
            ToVisitor::Welcome(welcome) => self.handle_welcome(now, &welcome),
            ToVisitor::Stored(mut stored) => {
                // Every tab hears it: what is known already need not be told to the others.
                stored
                    .ids
                    .retain(|id| self.transcript.would_store(*id, stored.by));
                if !stored.ids.is_empty() {
                    self.save(Change::Stored(stored.by, stored.ids));
                }
            }
            ToVisitor::Refused(refused) => self.handle_refused(now, refused.id, refused.problem),
            ToVisitor::Events(events) => {
                self.save_events(events.events);
                if !events.more && !self.replica.has_gap() {
                    self.asked_after = None;
                    self.catch_up_at = None;
                } else if self.asked_after != Some(self.cursor()) {
                    self.catch_up(now);
                }
            }
            ToVisitor::Answered(answered) => {
                if self.transcript.would_answer(&answered) {
                    self.save(Change::Answered(Box::new(answered)));
                }
            }
            ToVisitor::Receipts(receipts) => self.save_receipts(receipts),
            ToVisitor::Typing(typing) => self.outputs.push_back(Output::Typing(typing)),
            ToVisitor::Queue(queue) => {
                self.queue_place = Some(queue.place);
                self.changed();
            }
            ToVisitor::Pack(pack) => self.set_pack(pack.hash),
            ToVisitor::Link(link) => {
                let came_back = self.reach == Reach::Away && link.origin != Reach::Away;
                self.reach = link.origin;
                if came_back {
                    self.seen_due = true;
                    // What the origin knows, we have not heard while it was away.
                    let hello = self.hello();
                    self.transmit(vec![hello.into()]);
                    if self.held_off {
                        self.submit_again(now);
                    }
                }
                self.changed();
            }
            ToVisitor::Token(token) => self.outputs.push_back(Output::Token(token)),
            ToVisitor::Reconnect(reconnect) => {
                self.outputs.push_back(Output::Disconnect);
                let until = now + Duration::from_millis(reconnect.after_ms.into());
                self.unlink(Link::Waiting { until });
            }
            ToVisitor::Error(problem) => {
                if problem.remedy() == Remedy::Authenticate {
                    self.outputs.push_back(Output::Admit);
                }
            }
            ToVisitor::Ping(_) | ToVisitor::Unknown(_) => {}
        }
    }

    fn handle_welcome(&mut self, now: Instant, welcome: &Welcome) {
        let greeted = self.link == Link::Up;
        self.link = Link::Up;
        self.transport_failures = 0;
        self.backoff.reset();
        self.visitor = Some(welcome.visitor);
        // What was told to an edge while the origin was away, the origin has not heard.
        self.seen_due |= self.reach != welcome.origin;
        self.reach = welcome.origin;
        // While this was on its way, another tab may have seen the log go on.
        let current = welcome.head.is_none_or(|head| head >= self.cursor());
        if let Some(status) = welcome.status.filter(|_| current) {
            self.set_status(status);
        }
        // Compared with the cursor that was told, as another tab may have got further since.
        if welcome.head.is_some_and(|head| head < welcome.cursor) {
            self.save(Change::Reset);
        }
        self.save_receipts(welcome.receipts);
        if let Some(hash) = welcome.pack {
            self.set_pack(hash);
        }
        // Once for each link, as every request that carries its own hello gets a welcome.
        if self.seen_due && self.reach != Reach::Away && self.seen != Receipts::default() {
            self.seen_due = false;
            self.transmit(vec![ToServer::Seen(self.seen)]);
        }
        if !greeted {
            self.submit_again(now);
        }
        self.changed();
    }

    fn handle_refused(&mut self, now: Instant, id: MessageId, problem: Problem) {
        let waits = self.outbox.iter().any(|message| message.id == id);
        match problem.remedy() {
            // Also of a message that an edge stored: the origin may refuse it later.
            Remedy::Never if self.transcript.waits(id) => self.save(Change::Failed(id, problem)),
            Remedy::Authenticate if waits => self.outputs.push_back(Output::Admit),
            Remedy::RetryLater if waits => {
                let wait = problem
                    .retry_after_ms
                    .map_or(self.retransmit_after, |ms| Duration::from_millis(ms.into()));
                let again = now + wait;
                self.retransmit_at = Some(again);
                self.held_off = true;
                // Others may send, too: there is room for one now, and then one at a time.
                self.paid_until_ms = again.as_millis().saturating_add(AHEAD_MS_MAX);
            }
            _ => {}
        }
    }

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

    /// The connection is dead, though nobody has said so.
    fn drop_link(&mut self, now: Instant) {
        self.outputs.push_back(Output::Disconnect);
        self.handle_closed(now);
    }

    /// Nothing is under way any more.
    fn unlink(&mut self, link: Link) {
        if self.link == Link::Up && self.transport != Transport::Socket {
            // What was in a WebSocket's way may be gone: it gets one try.
            self.transport = Transport::Socket;
            self.transport_failures = TRANSPORT_FAILURES_MAX - 1;
        }
        self.link = link;
        self.retransmit_at = None;
        self.asked_after = None;
        self.catch_up_at = None;
        self.pinged_at = None;
        self.under_way = 0;
        self.held_off = false;
        self.changed();
    }

    fn set_status(&mut self, status: Status) {
        self.status = status;
        if status != Status::Queued {
            self.queue_place = None;
        }
    }

    fn set_pack(&mut self, hash: PackHash) {
        if self.pack != Some(hash) {
            self.pack = Some(hash);
            self.outputs.push_back(Output::Pack(hash));
        }
    }

    fn transmit(&mut self, frames: Vec<ToServer>) {
        self.outputs.push_back(Output::Send(frames));
    }

    fn changed(&mut self) {
        if self.outputs.back() != Some(&Output::Changed) {
            self.outputs.push_back(Output::Changed);
        }
    }
}
