//! The console's copy of the truth, without IO.
//!
//! In: what the socket, the clock and the agent do. Out: [`Output`]s and what to show. The host
//! drives it so: after each `handle_…` and each command, poll [`Replica::poll_output`] until
//! `None`; then wait for an input or [`Replica::next_timeout`], whichever comes first.
//!
//! Invariants: the list is complete up to its revision, and each log up to its cursor, so that
//! after any disconnect exactly what is missing is asked for; whatever the agent did stays in
//! the outbox until the origin has it. Start reading at [`Replica::handle_message`], then `frames`
//! (what the origin says) and `acts` (what the agent does).
//! Not here: sockets, storage, the screen (`browser`, `ui`).

mod acts;
mod frames;
mod link;
pub mod list;
pub mod outbox;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod transcript;
mod typing;

use std::collections::{BTreeMap, VecDeque};

use firsthop_core::id::ConversationId;
use firsthop_core::protocol::agent::{FromAgent, Hello, Revision, Summary, ToAgent};
use firsthop_core::protocol::visitor::Ping;
use firsthop_core::protocol::{AgentRef, Encoding, VERSION, decode};
use firsthop_core::{Instant, Timestamp};

use link::{Link, Need};
use list::{Counts, List, View, is_mine};
use outbox::Outbox;
use transcript::{Entry, Transcript};
use typing::TypingBook;

/// The nonce of a ping whose answer only shows that the origin is there.
const SIGN_OF_LIFE: u32 = 0;
/// The nonce of the ping that goes with the hello.
const GREETING: u32 = 1;

/// What the host does for the replica.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a socket; report `handle_opened` or `handle_closed`.
    Connect,
    /// Close it, and forget it.
    Close,
    /// Send these frames in one message.
    Send(Vec<FromAgent>),
    /// The connection failed, which may mean that the login is over, as browsers don't tell:
    /// ask, and call `stop` if it is.
    CheckLogin,
    /// Draw the agent's attention.
    Notice(Notice),
}

/// What deserves the agent's attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// A visitor waits for a person.
    Waiting(ConversationId),
    /// A visitor wrote in a conversation that is this agent's.
    Message(ConversationId),
    /// A colleague took over a conversation that was this agent's.
    TakenOver(ConversationId),
}

/// Whether what is shown is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The first connection since the login is being made.
    Connecting,
    /// It is.
    Up,
    /// It is not; the next attempt is made at that time, or under way.
    Away(Option<Instant>),
}

/// From the hello to the answer to the ping that was sent with it: by then the origin has sent
/// all that it had to say about the list.
#[derive(Debug, Clone, Copy)]
struct Greeting {
    /// What the hello asked for.
    since: Revision,
    /// The furthest revision that was named since.
    reached: Revision,
}

/// See the module.
#[derive(Debug)]
pub struct Replica {
    link: Link,
    list: List,
    transcripts: BTreeMap<ConversationId, Transcript>,
    /// Which transcripts were looked at, the latest last.
    looked_at: Vec<ConversationId>,
    followed: Option<ConversationId>,
    /// Whether the followed conversation is in front of the agent's eyes.
    in_sight: bool,
    outbox: Outbox,
    typing: TypingBook,
    me: Option<AgentRef>,
    /// The greeting that is under way.
    greeting: Option<Greeting>,
    /// What the server's clock shows beyond the local one, in milliseconds.
    ahead_ms: i64,
    outputs: VecDeque<Output>,
}

impl Replica {
    /// A replica that knows nothing and waits for [`Self::start`]. `seed` is the host's
    /// randomness, to spread reconnects.
    pub fn new(seed: u64) -> Self {
        Self {
            link: Link::new(seed),
            list: List::default(),
            transcripts: BTreeMap::new(),
            looked_at: Vec::new(),
            followed: None,
            in_sight: false,
            outbox: Outbox::default(),
            typing: TypingBook::default(),
            me: None,
            greeting: None,
            ahead_ms: 0,
            outputs: VecDeque::new(),
        }
    }

    // ---- What to show ----

    /// Whether what is shown is current.
    pub fn reach(&self) -> Reach {
        match (
            self.link.is_up(),
            self.link.was_up() || self.list.is_loaded(),
        ) {
            (true, _) => Reach::Up,
            (false, true) => Reach::Away(self.link.next_attempt()),
            (false, false) if self.link.failed() => Reach::Away(self.link.next_attempt()),
            (false, false) => Reach::Connecting,
        }
    }

    /// The list of conversations.
    pub const fn list(&self) -> &List {
        &self.list
    }

    /// Who is logged in, once the origin has said so.
    pub const fn me(&self) -> Option<&AgentRef> {
        self.me.as_ref()
    }

    /// What `view` shows, in order.
    pub fn ids(&self, view: View) -> Vec<ConversationId> {
        self.list.ids(view, self.my_id())
    }

    /// How many conversations each view shows.
    pub fn counts(&self) -> Counts {
        self.list.counts(self.my_id())
    }

    /// Whether `summary` is assigned to the agent at this console.
    pub fn is_mine(&self, summary: &Summary) -> bool {
        is_mine(summary, self.my_id())
    }

    /// A conversation's log, if it was ever followed.
    pub fn transcript(&self, id: ConversationId) -> Option<&Transcript> {
        self.transcripts.get(&id)
    }

    /// The followed conversation.
    pub const fn followed(&self) -> Option<ConversationId> {
        self.followed
    }

    /// A conversation's entries, oldest first.
    pub fn entries(&self, id: ConversationId) -> Vec<Entry> {
        self.transcripts
            .get(&id)
            .map_or_else(Vec::new, |transcript| {
                transcript.entries(self.me(), self.outbox.of(id))
            })
    }

    /// What the agent did and the origin has not confirmed.
    pub const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Whether the visitor types.
    pub fn visitor_types(&self, id: ConversationId) -> bool {
        self.typing.visitor_types(id)
    }

    /// The server's clock, when the local one shows `local`.
    pub fn server_time(&self, local: Timestamp) -> Timestamp {
        Timestamp::from_millis(local.as_millis().saturating_add_signed(self.ahead_ms))
    }

    // ---- What happens outside ----

    /// Somebody is logged in: connect. Somebody else than before: begin anew.
    pub fn start(&mut self, me: AgentRef, now: Instant) {
        if self.me.as_ref().is_some_and(|before| before.id != me.id) {
            self.forget();
        }
        self.me = Some(me);
        let need = self.link.start(now);
        self.need(need);
    }

    /// Nobody is logged in any more; what was there stays, for the same agent's return.
    pub fn stop(&mut self) {
        let need = self.link.stop();
        self.disconnect();
        self.need(need);
    }

    /// Forgets everything: the agent logged out.
    pub fn forget(&mut self) {
        self.list = List::default();
        self.transcripts.clear();
        self.looked_at.clear();
        self.followed = None;
        self.outbox = Outbox::default();
        self.me = None;
    }

    /// Takes up what an earlier page of this console had not sent.
    pub fn restore_outbox(&mut self, saved: &str, now: Instant) {
        self.outbox.restore(saved);
        self.send_due(now);
    }

    /// The socket is open.
    pub fn handle_opened(&mut self) {
        let since = self.list.revision();
        self.greeting = Some(Greeting {
            since,
            reached: Revision(0),
        });
        let version = VERSION;
        self.send(Hello { version, since }.into());
        self.send(Ping { nonce: GREETING }.into());
    }

    /// The socket is closed, or did not open.
    pub fn handle_closed(&mut self, now: Instant) {
        if !self.link.is_up() {
            self.outputs.push_back(Output::CheckLogin);
        }
        self.disconnect();
        self.link.handle_closed(now);
    }

    /// The machine has lost its network.
    pub fn handle_network_lost(&mut self, now: Instant) {
        let need = self.link.handle_network_lost(now);
        self.disconnect();
        self.need(need);
    }

    /// The network is back, the page came to the front, or the agent asked for it.
    pub fn handle_try_now(&mut self, now: Instant) {
        let need = self.link.handle_try_now(now);
        self.need(need);
    }

    /// A wire message arrived; `local` is the local wall clock.
    pub fn handle_message(&mut self, bytes: &[u8], now: Instant, local: Timestamp) {
        self.link.handle_heard(now);
        let Ok(frames) = decode::<ToAgent>(Encoding::Postcard, bytes) else {
            // Whoever sends this does not speak our protocol, or no longer: begin again.
            self.give_up(now);
            return;
        };
        for frame in frames {
            self.handle_frame(frame, now, local);
        }
        self.send_due(now);
    }

    /// The time given by [`Self::next_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let was_up = self.link.is_up();
        let need = self.link.handle_timeout(now);
        if was_up && !self.link.is_up() {
            self.disconnect();
        }
        self.need(need);
        if let Some(typing) = self.typing.handle_timeout(now) {
            self.send(typing.into());
        }
        self.send_due(now);
    }

    /// When [`Self::handle_timeout`] is to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        let outbox = self
            .link
            .is_up()
            .then(|| self.outbox.next_timeout())
            .flatten();
        [self.link.next_timeout(), self.typing.next_timeout(), outbox]
            .into_iter()
            .flatten()
            .min()
    }

    /// What the host is to do next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    // ---- Within ----

    fn my_id(&self) -> Option<firsthop_core::id::AgentId> {
        self.me.as_ref().map(|me| me.id)
    }

    fn send_due(&mut self, now: Instant) {
        if self.link.is_up() {
            // One frame a message: two long replies would not fit into one.
            for command in self.outbox.take_due(now) {
                self.send(command.into());
            }
        }
    }

    fn send_up(&mut self, frame: FromAgent) {
        if self.link.is_up() {
            self.send(frame);
        }
    }

    fn send(&mut self, frame: FromAgent) {
        self.outputs.push_back(Output::Send(vec![frame]));
    }

    fn give_up(&mut self, now: Instant) {
        self.disconnect();
        self.link.handle_closed(now);
        self.outputs.push_back(Output::Close);
    }

    fn disconnect(&mut self) {
        self.greeting = None;
        self.outbox.handle_disconnected();
        self.typing.handle_disconnected();
        self.list.handle_disconnected();
        for transcript in self.transcripts.values_mut() {
            transcript.handle_disconnected();
        }
        // What was not taken up by the host was meant for the old socket.
        self.outputs
            .retain(|output| !matches!(output, Output::Send(_)));
    }

    fn need(&mut self, need: Option<Need>) {
        match need {
            None => {}
            Some(Need::Connect) => self.outputs.push_back(Output::Connect),
            Some(Need::Close) => self.outputs.push_back(Output::Close),
            Some(Need::Ping) => self.send(
                Ping {
                    nonce: SIGN_OF_LIFE,
                }
                .into(),
            ),
        }
    }
}
