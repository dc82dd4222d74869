//! One visitor's connection at the origin: direct, or by way of an edge.
//!
//! In: frames of the visitor, and what the store and the hub answer. Out: frames to the visitor,
//! and what the store is asked. The invariant: events leave in the log's order without a gap,
//! and `stored` leaves only after the store has said so.
//!
//! Not here: tokens and page origins (checked before a gateway is made), encodings, the queue to
//! the socket and its bound.

use core::time::Duration;
use std::collections::VecDeque;

use crate::conversation::check;
use crate::id::{MessageId, VisitorId};
use crate::limit::Bucket;
use crate::limits::{
    PAGE_FIELD_BYTES_MAX, SUBMISSIONS_PER_FRAME_MAX, VISITOR_FRAME_REFILL, VISITOR_FRAMES_BURST,
    VISITOR_SUBMISSION_REFILL, VISITOR_SUBMISSIONS_BURST, WORD_BYTES_MAX,
};
use crate::pack::PackHash;
use crate::protocol::visitor::{
    Events, Hello, Pack, Queue, Reach, Refused, Stored, Submission, ToServer, ToVisitor, Typing,
    Welcome,
};
use crate::protocol::{Code, Event, Hop, Problem, Receipts, Seq, Status, VERSION, events_that_fit};
use crate::time::{Instant, Timestamp};

/// What the shell must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Give the visitor a frame.
    Send(ToVisitor),
    /// Read the conversation's state: [`Gateway::handle_state`].
    Greet(Hello),
    /// Commit these, in this order: [`Gateway::handle_ingested`].
    Ingest(Vec<Submission>),
    /// Read the log after a place: [`Gateway::handle_read`].
    Read(Seq),
    /// Note how far the visitor has got.
    Seen(Receipts),
    /// Tell the agents that the visitor types, or stopped.
    Typing(Typing),
    /// Close the connection: the problem has been sent.
    Close,
}

/// A conversation's state, as a greeting tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The last place that the visitor may see.
    pub head: Seq,
    /// Where the conversation stands.
    pub status: Status,
    /// How far the agents have got.
    pub receipts: Receipts,
    /// The inbox's current pack.
    pub pack: Option<PackHash>,
    /// The place in the queue, while queued.
    pub queue: Option<u32>,
}

/// See the module.
#[derive(Debug)]
pub struct Gateway {
    visitor: VisitorId,
    /// Up to where events have been sent; none before the greeting.
    sent: Option<Seq>,
    /// Whether a read is under way, at whose end what was published meanwhile is looked at.
    reading: bool,
    published_up_to: Seq,
    /// What was published when the read under way began: it finds at least that.
    read_up_to: Seq,
    submissions: Bucket,
    frames: Bucket,
    /// Whether the connection is to be closed: what still comes is not looked at.
    closed: bool,
    outputs: VecDeque<Output>,
}

impl Gateway {
    /// A connection that has said nothing yet.
    pub const fn new(visitor: VisitorId) -> Self {
        Self {
            visitor,
            sent: None,
            reading: false,
            published_up_to: Seq(0),
            read_up_to: Seq(0),
            submissions: Bucket::new(VISITOR_SUBMISSIONS_BURST, VISITOR_SUBMISSION_REFILL),
            frames: Bucket::new(VISITOR_FRAMES_BURST, VISITOR_FRAME_REFILL),
            closed: false,
            outputs: VecDeque::new(),
        }
    }

    /// A connection by way of an edge that greeted it before, and up to where the log was sent to
    /// it. The edge has checked the visitor's rate.
    pub fn of_edge(visitor: VisitorId, sent: Seq) -> Self {
        Self {
            sent: Some(sent),
            submissions: Bucket::new(u32::MAX, Duration::ZERO),
            frames: Bucket::new(u32::MAX, Duration::ZERO),
            ..Self::new(visitor)
        }
    }

    /// Up to where the log has been sent on this connection.
    pub fn sent(&self) -> Seq {
        self.sent.unwrap_or_default()
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes a frame of the visitor.
    pub fn handle_frame(&mut self, now: Instant, frame: ToServer) {
        if self.closed {
            return;
        }
        if let Err(wait) = self.frames.take(now, 1) {
            let problem = Problem::new(Code::TooManyMessages, "frames come faster than allowed")
                .retry_after(wait);
            return self.fail(problem);
        }
        match frame {
            ToServer::Hello(hello) => self.handle_hello(hello),
            ToServer::Unknown(_) => {}
            _ if self.sent.is_none() => {
                self.fail(Problem::new(
                    Code::UnexpectedFrame,
                    format!("`{}` before `hello`", frame.kind()),
                ));
            }
            ToServer::Submit(submit) => self.handle_submit(now, submit.messages),
            ToServer::CatchUp(catch_up) => {
                // The visitor says what it holds: more than we sent it can't be.
                self.sent = Some(catch_up.after.min(self.sent()));
                self.read();
            }
            ToServer::Seen(receipts) => {
                let read = receipts.read.min(self.sent());
                let seen = Receipts {
                    delivered: receipts.delivered.min(self.sent()).max(read),
                    read,
                };
                self.outputs.push_back(Output::Seen(seen));
            }
            ToServer::Typing(typing) => self.outputs.push_back(Output::Typing(typing)),
            ToServer::Ping(ping) => self.send(ToVisitor::Ping(ping)),
        }
    }

    /// Bytes that were no frame: the visitor is told, and the connection ends.
    pub fn handle_garbage(&mut self, problem: Problem) {
        self.fail(problem);
    }

    fn handle_hello(&mut self, hello: Hello) {
        if let Err(problem) = check_hello(&hello) {
            return self.fail(problem);
        }
        self.outputs.push_back(Output::Greet(hello));
    }

    /// The conversation's state, as asked for by [`Output::Greet`] with this `hello`.
    pub fn handle_state(&mut self, now: Timestamp, hello: &Hello, state: &State) {
        self.send(Welcome {
            version: VERSION,
            visitor: self.visitor,
            hop: Hop::Origin,
            head: Some(state.head),
            status: Some(state.status),
            receipts: state.receipts,
            pack: state.pack,
            origin: Reach::Up,
            now,
            cursor: hello.cursor,
        });
        if let Some(place) = state.queue {
            self.send(Queue { place });
        }
        // A cursor beyond our log is that of a client that saw another one (a restored backup):
        // it gets everything, and drops what it holds.
        self.sent = Some(if hello.cursor > state.head {
            Seq(0)
        } else {
            hello.cursor
        });
        self.published_up_to = self.published_up_to.max(state.head);
        // More may have been published since the state was read.
        if self.sent() < self.published_up_to {
            self.read();
        }
    }

    /// The state could not be read.
    pub fn handle_failure(&mut self, problem: Problem) {
        self.fail(problem);
    }

    fn handle_submit(&mut self, now: Instant, messages: Vec<Submission>) {
        if messages.len() > SUBMISSIONS_PER_FRAME_MAX {
            return self.fail(Problem::new(
                Code::TooManyItems,
                format!(
                    "{} messages in one `submit`; at most {SUBMISSIONS_PER_FRAME_MAX} are allowed",
                    messages.len()
                ),
            ));
        }
        let mut accepted = Vec::with_capacity(messages.len());
        for message in messages {
            let checked = check(&message).and_then(|()| {
                self.submissions.take(now, 1).map_err(|wait| {
                    Problem::new(Code::TooManyMessages, "messages come faster than allowed")
                        .retry_after(wait)
                })
            });
            match checked {
                Ok(()) => accepted.push(message),
                Err(problem) => self.send(Refused {
                    id: message.id,
                    problem,
                }),
            }
        }
        if !accepted.is_empty() {
            self.outputs.push_back(Output::Ingest(accepted));
        }
    }

    /// What became of what [`Output::Ingest`] named: durable, or refused.
    pub fn handle_ingested(
        &mut self,
        results: impl IntoIterator<Item = (MessageId, Result<(), Problem>)>,
    ) {
        let mut ids = Vec::new();
        let mut refused = Vec::new();
        for (id, result) in results {
            match result {
                Ok(()) => ids.push(id),
                Err(problem) => refused.push(Refused { id, problem }),
            }
        }
        if !ids.is_empty() {
            self.send(Stored {
                by: Hop::Origin,
                ids,
            });
        }
        for refused in refused {
            self.send(refused);
        }
    }

    /// Events were committed: those that the visitor may see, in order.
    pub fn handle_published(&mut self, events: Vec<Event>) {
        let Some(last) = events.last() else { return };
        self.published_up_to = self.published_up_to.max(last.seq);
        let Some(sent) = self.sent else { return };
        if self.reading {
            return;
        }
        let new: Vec<_> = events
            .into_iter()
            .filter(|event| event.seq > sent)
            .collect();
        match new.first() {
            // Exactly what follows: no read needed.
            Some(first) if first.prev <= sent => self.send_events(new, false),
            Some(_) => self.read(),
            None => {}
        }
    }

    /// The log after the place that [`Output::Read`] named.
    pub fn handle_read(&mut self, events: Vec<Event>, more: bool) {
        self.reading = false;
        let more = more || events_that_fit(&events) < events.len();
        // A read that found nothing and began after the last commit would find nothing again:
        // the log was cut (a restored backup, an erasure), and the visitor's next hello tells.
        let may_find = !events.is_empty() || self.read_up_to < self.published_up_to;
        if !events.is_empty() {
            self.send_events(events, more);
        }
        // With `more`, the visitor asks when it is ready: that is its backpressure.
        if !more && may_find && self.sent() < self.published_up_to {
            self.read();
        }
    }

    /// Sends as many of the events as one frame holds; the visitor asks for the rest.
    fn send_events(&mut self, mut events: Vec<Event>, more: bool) {
        let fit = events_that_fit(&events);
        let more = more || fit < events.len();
        events.truncate(fit);
        if let Some(last) = events.last() {
            self.sent = Some(last.seq);
        }
        self.send(Events { events, more });
    }

    /// Receipts, typing, the place in the queue, another pack: passed on to a greeted visitor.
    pub fn handle_notice(&mut self, notice: Notice) {
        if self.sent.is_none() {
            return;
        }
        self.send(match notice {
            Notice::Receipts(receipts) => ToVisitor::Receipts(receipts),
            Notice::Typing(typing) => ToVisitor::Typing(typing),
            Notice::Queue(place) => ToVisitor::Queue(Queue { place }),
            Notice::Pack(hash) => ToVisitor::Pack(Pack { hash }),
        });
    }

    fn read(&mut self) {
        if !self.reading {
            self.reading = true;
            self.read_up_to = self.published_up_to;
            self.outputs.push_back(Output::Read(self.sent()));
        }
    }

    fn send(&mut self, frame: impl Into<ToVisitor>) {
        self.outputs.push_back(Output::Send(frame.into()));
    }

    fn fail(&mut self, problem: Problem) {
        if self.closed {
            return;
        }
        self.closed = true;
        self.send(problem);
        self.outputs.push_back(Output::Close);
    }
}

/// Checks what needs no state of a `hello`: every hop does, so that the first one tells.
///
/// # Errors
/// `unsupported_version` or `text_too_long`.
pub fn check_hello(hello: &Hello) -> Result<(), Problem> {
    if hello.version == 0 || hello.version > VERSION {
        return Err(Problem::new(
            Code::UnsupportedVersion,
            format!(
                "protocol version {} is not spoken here; version {VERSION} is",
                hello.version
            ),
        ));
    }
    let fields = [
        ("client", hello.client.len(), WORD_BYTES_MAX),
        ("lang", hello.lang.len(), WORD_BYTES_MAX),
    ];
    let page = hello.page.as_ref().map_or((0, 0), |page| {
        (page.url.expose().len(), page.title.expose().len())
    });
    let page = [
        ("page.url", page.0, PAGE_FIELD_BYTES_MAX),
        ("page.title", page.1, PAGE_FIELD_BYTES_MAX),
    ];
    for (name, bytes, max) in fields.into_iter().chain(page) {
        if bytes > max {
            return Err(Problem::new(
                Code::TextTooLong,
                format!("`{name}` of hello has {bytes} bytes; at most {max} are allowed"),
            ));
        }
    }
    Ok(())
}

/// What happens in a conversation beside its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The agents got further.
    Receipts(Receipts),
    /// An agent types, or stopped.
    Typing(Typing),
    /// The place in the queue.
    Queue(u32),
    /// Another pack is current.
    Pack(PackHash),
}
