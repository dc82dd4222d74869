//! The origin: one store with group commit, a gateway for each connection and batch, pushes.

use std::collections::{BTreeMap, BTreeSet};

use firsthop_core::Timestamp;
use firsthop_core::bot::{ask, verify};
use firsthop_core::conversation::{Head, Verdict, bot_speaks, same_command, same_submission};
use firsthop_core::hop::gateway::{Gateway, Notice, Output, State};
use firsthop_core::hop::relay::RequestId;
use firsthop_core::id::{Derived, MessageId};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::agent::Command;
use firsthop_core::protocol::visitor::{
    Claim, Events, Reach, Said, SaidText, Submission, ToServer, ToVisitor,
};
use firsthop_core::protocol::{
    Answer, Code, Content, Event, Hop, Problem, Receipts, Seq, Status, UnverifiedClaim,
    events_that_fit,
};

use crate::console::agent_ref;
use crate::mutation::Mutation;
use crate::tally::{Fault, Reached};
use crate::world::{Happening, World};

/// What the store holds of a conversation.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    pub(crate) head: Head,
    pub(crate) log: Vec<Event>,
    /// Each event's place in `log`, by id.
    pub(crate) places: BTreeMap<MessageId, usize>,
    pub(crate) read_by_agents: Receipts,
    pub(crate) seen_by_visitor: Receipts,
    /// Whether the visitor has sockets at the edge, as far as is known.
    attached: bool,
    /// Up to where the edge had the log when that was noted: a restart begins there.
    attached_at: Seq,
}

impl Conversation {
    pub(crate) fn visible_after(&self, after: Seq) -> Vec<Event> {
        let visible = self.log.iter().filter(|event| !event.content.is_private());
        visible.filter(|event| event.seq > after).cloned().collect()
    }
}

/// Who waits for a write.
#[derive(Debug, Clone, Copy)]
enum Waiter {
    Conn(u64),
    Batch(u64),
    Agent { agent: usize, life: u64 },
}

#[derive(Debug)]
enum Work {
    Says(Submission),
    Acts { agent: usize, command: Command },
}

#[derive(Debug)]
struct Job {
    visitor: usize,
    work: Work,
    waiter: Waiter,
}

/// An edge's request under way.
#[derive(Debug)]
struct Batch {
    visitor: usize,
    life: u64,
    id: RequestId,
    gateway: Gateway,
    frames: Vec<ToVisitor>,
    waiting: usize,
}

/// What is known, in memory, of pushing to one visitor's edge.
#[derive(Debug, Default)]
struct Pushing {
    pushed: Seq,
    under_way: Option<(u64, Seq)>,
    receipts_told: Receipts,
    /// How often the visitor was attached, now and when the push under way left.
    attachments: u64,
    attachments_then: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) up: bool,
    /// Counts the process's lives.
    pub(crate) life: u64,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) pack: PackHash,
    pub(crate) storage_fails: bool,
    pub(crate) slow: bool,
    pub(crate) clock_ahead: u64,
    queue: Vec<Job>,
    committing: Vec<Job>,
    gateways: BTreeMap<u64, Gateway>,
    batches: BTreeMap<u64, Batch>,
    next_batch: u64,
    pushing: Vec<Pushing>,
    next_push: u64,
    /// What the last commit added, for the bug of not syncing it.
    last_commit: Vec<(usize, usize)>,
}

impl Origin {
    pub(crate) fn new(visitors: usize, pack: PackHash) -> Self {
        Self {
            up: true,
            life: 0,
            conversations: (0..visitors).map(|_| Conversation::default()).collect(),
            pack,
            storage_fails: false,
            slow: false,
            clock_ahead: 0,
            queue: Vec::new(),
            committing: Vec::new(),
            gateways: BTreeMap::new(),
            batches: BTreeMap::new(),
            next_batch: 0,
            pushing: (0..visitors).map(|_| Pushing::default()).collect(),
            next_push: 0,
            last_commit: Vec::new(),
        }
    }

    fn state(&self, visitor: usize) -> State {
        let conversation = &self.conversations[visitor];
        State {
            head: conversation.head.visible,
            status: conversation.head.status,
            receipts: conversation.read_by_agents,
            pack: Some(self.pack),
            queue: (conversation.head.status == Status::Queued).then_some(1),
        }
    }
}

impl World<'_> {
    // ---- Connections ------------------------------------------------------------------------

    pub(crate) fn server_connected(&mut self, conn: u64) {
        let Some(visitor) = self.conns.get(&conn).map(|conn| conn.visitor) else {
            return;
        };
        if self.visitors[visitor].direct {
            let gateway = Gateway::new(self.visitors[visitor].id);
            self.origin.gateways.insert(conn, gateway);
        } else {
            self.edge_connected(visitor, conn);
        }
    }

    pub(crate) fn server_lost(&mut self, conn: u64, visitor: usize) {
        self.origin.gateways.remove(&conn);
        self.edge_lost(visitor, conn);
    }

    pub(crate) fn arrive_up(&mut self, conn: u64, frames: Vec<ToServer>) {
        let Some(known) = self.conns.get(&conn).filter(|conn| conn.up) else {
            return;
        };
        let visitor = known.visitor;
        if !self.visitors[visitor].direct {
            return self.edge_takes(visitor, conn, frames);
        }
        let now = self.clock(200);
        if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
            for frame in frames {
                gateway.handle_frame(now, frame);
            }
        }
        self.drive_gateway(conn);
    }

    fn drive_gateway(&mut self, conn: u64) {
        let Some(visitor) = self.conns.get(&conn).map(|conn| conn.visitor) else {
            return;
        };
        while let Some(output) = self
            .origin
            .gateways
            .get_mut(&conn)
            .and_then(Gateway::poll_output)
        {
            let now = self.origin_wall();
            match output {
                Output::Send(frame) => self.send_down(conn, frame),
                Output::Greet(hello) => {
                    let state = self.origin.state(visitor);
                    if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
                        gateway.handle_state(now, &hello, &state);
                    }
                }
                Output::Ingest(messages) => {
                    for message in messages {
                        self.enqueue(visitor, Work::Says(message), Waiter::Conn(conn));
                    }
                }
                Output::Read(after) => {
                    let events = self.visible_after(visitor, after);
                    if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
                        gateway.handle_read(events, false);
                    }
                }
                Output::Seen(receipts) => self.visitor_saw(visitor, receipts),
                Output::Typing(_) => {}
                Output::Close => self.closed_by_server(conn),
            }
        }
    }

    fn visitor_saw(&mut self, visitor: usize, receipts: Receipts) {
        let conversation = &mut self.origin.conversations[visitor];
        let visible = conversation.head.visible;
        let clamped = Receipts {
            delivered: receipts.delivered.min(visible),
            read: receipts.read.min(visible),
        };
        conversation.seen_by_visitor = conversation.seen_by_visitor.merge(clamped);
    }

    pub(crate) fn origin_wall(&self) -> Timestamp {
        Timestamp::from_millis(self.wall().as_millis() + self.origin.clock_ahead)
    }

    // ---- Edges' requests --------------------------------------------------------------------

    pub(crate) fn take_request(
        &mut self,
        visitor: usize,
        life: u64,
        id: RequestId,
        attached: bool,
        frames: Vec<ToServer>,
    ) {
        if !self.origin.up {
            return;
        }
        let now = self.clock(200);
        if attached {
            self.attach(visitor, &frames);
        }
        let mut gateway = Gateway::of_edge(self.visitors[visitor].id, Seq(u64::MAX));
        for frame in frames {
            gateway.handle_frame(now, frame);
        }
        let number = self.origin.next_batch;
        self.origin.next_batch += 1;
        let batch = Batch {
            visitor,
            life,
            id,
            gateway,
            frames: Vec::new(),
            waiting: 0,
        };
        self.origin.batches.insert(number, batch);
        self.drive_batch(number);
        self.push(visitor);
    }

    fn attach(&mut self, visitor: usize, frames: &[ToServer]) {
        let greets = frames
            .iter()
            .any(|frame| matches!(frame, ToServer::Hello(_)));
        let one_for_all = self.mutated(Mutation::OriginGreetsOneForAll);
        let conversation = &mut self.origin.conversations[visitor];
        let pushing = &mut self.origin.pushing[visitor];
        pushing.attachments += 1;
        if greets && one_for_all {
            pushing.pushed = pushing.pushed.max(conversation.head.visible);
        }
        if !conversation.attached {
            conversation.attached = true;
            if greets {
                // The reply to this hello brings what is there; later things are pushed.
                conversation.attached_at = conversation.head.visible;
                pushing.pushed = conversation.head.visible;
            }
        }
    }

    fn drive_batch(&mut self, number: u64) {
        while let Some(batch) = self.origin.batches.get_mut(&number) {
            let visitor = batch.visitor;
            let Some(output) = batch.gateway.poll_output() else {
                break;
            };
            let state = self.origin.state(visitor);
            let now = self.origin_wall();
            match output {
                Output::Send(frame) => {
                    if let Some(batch) = self.origin.batches.get_mut(&number) {
                        batch.frames.push(frame);
                    }
                }
                Output::Greet(hello) => {
                    if let Some(batch) = self.origin.batches.get_mut(&number) {
                        batch.gateway.handle_state(now, &hello, &state);
                    }
                }
                Output::Ingest(messages) => {
                    if let Some(batch) = self.origin.batches.get_mut(&number) {
                        batch.waiting += messages.len();
                    }
                    for message in messages {
                        self.enqueue(visitor, Work::Says(message), Waiter::Batch(number));
                    }
                }
                Output::Read(after) => {
                    let events = self.visible_after(visitor, after);
                    if let Some(batch) = self.origin.batches.get_mut(&number) {
                        batch.gateway.handle_read(events, false);
                    }
                }
                Output::Seen(receipts) => self.visitor_saw(visitor, receipts),
                Output::Typing(_) => {}
                Output::Close => self.violate("the origin closes on an edge"),
            }
        }
        if self
            .origin
            .batches
            .get(&number)
            .is_some_and(|batch| batch.waiting == 0)
            && let Some(batch) = self.origin.batches.remove(&number)
        {
            self.reply(batch);
        }
    }

    fn reply(&mut self, batch: Batch) {
        let Batch {
            visitor,
            life,
            id,
            frames,
            ..
        } = batch;
        if !self.edges[visitor].down || self.lost(30) {
            return self.fault(Fault::ReplyLost);
        }
        let wait = self.latency() + if self.origin.slow { 2_500 } else { 0 };
        self.after(
            wait,
            Happening::Reply {
                visitor,
                life,
                id,
                frames,
            },
        );
    }

    // ---- The store --------------------------------------------------------------------------

    fn enqueue(&mut self, visitor: usize, work: Work, waiter: Waiter) {
        if self.mutated(Mutation::OriginAcksBeforeCommit)
            && let Work::Says(message) = &work
        {
            self.settle(waiter, message.id, Ok(()));
        }
        self.origin.queue.push(Job {
            visitor,
            work,
            waiter,
        });
        if self.origin.queue.len() == 1 {
            let life = self.origin.life;
            let wait = self.dice.between(1, 30) + if self.origin.slow { 1_500 } else { 0 };
            self.after(wait, Happening::Commit { life });
        }
    }

    /// Everything that waits goes into one transaction.
    pub(crate) fn commit(&mut self, life: u64) {
        if life != self.origin.life || self.origin.queue.is_empty() {
            return;
        }
        if !self.origin.committing.is_empty() {
            // The writer is busy.
            return self.after(2, Happening::Commit { life });
        }
        self.origin.committing = std::mem::take(&mut self.origin.queue);
        let wait = self.dice.between(2, 15);
        if self.lost(10) {
            self.after(1, Happening::OriginDies { life });
        }
        self.after(wait, Happening::Committed { life });
    }

    /// The transaction is on the disk, or failed as a whole.
    pub(crate) fn committed(&mut self, life: u64) {
        if life != self.origin.life {
            return;
        }
        let jobs = std::mem::take(&mut self.origin.committing);
        let storage_fails = self.origin.storage_fails;
        let before: Vec<_> = self
            .origin
            .conversations
            .iter()
            .map(|conversation| conversation.log.len())
            .collect();
        let mut results = Vec::new();
        for job in jobs {
            let id = job.work.id();
            let result = if storage_fails {
                Err(Problem::new(Code::StorageUnavailable, "the disk is full"))
            } else {
                self.apply(job.visitor, &job.work)
            };
            if let (Ok(()), Work::Says(message)) = (&result, &job.work) {
                self.check_acknowledged(job.visitor, message);
            }
            results.push((job.waiter, id, result));
        }
        self.origin.last_commit = before.iter().copied().enumerate().collect();
        for (waiter, id, result) in results {
            self.settle(waiter, id, result);
        }
        for (visitor, before) in before.into_iter().enumerate() {
            let after = self.origin.conversations[visitor].log.len();
            if after > before {
                self.check_commit(visitor, before);
                self.publish(visitor, before);
            }
        }
    }

    fn apply(&mut self, visitor: usize, work: &Work) -> Result<(), Problem> {
        let conversation = &self.origin.conversations[visitor];
        let known = conversation
            .places
            .get(&work.id())
            .map(|&at| &conversation.log[at]);
        if let Some(known) = known
            && !self.mutated(Mutation::OriginForgetsDedupe)
        {
            let same = match work {
                Work::Says(message) => same_submission(known, message),
                Work::Acts { agent, command } => same_command(known, &agent_ref(*agent), command),
            };
            self.tally.reach(Reached::Deduped);
            if same || self.mutated(Mutation::OriginIgnoresBody) {
                return Ok(());
            }
            return Err(Problem::new(
                Code::IdReused,
                "the id was used for something else",
            ));
        }
        let now = self.origin_wall();
        let mut head = self.origin.conversations[visitor].head.clone();
        let mut events = match work {
            Work::Says(message) => {
                let (verdict, unverified) = self.decide(head.status, message);
                head.visitor_says(message, verdict, unverified, now)?
            }
            Work::Acts { agent, command } => head.agent_acts(&agent_ref(*agent), command, now)?,
        };
        if self.mutated(Mutation::AnswerIdNotDerived) {
            for event in &mut events {
                if matches!(event.content, Content::Answer(_)) {
                    event.id = MessageId::new(now, self.dice.bytes());
                }
            }
        }
        let stale = self.mutated(Mutation::OriginNumbersTwice) && self.dice.chance(200);
        let conversation = &mut self.origin.conversations[visitor];
        if !stale {
            conversation.head = head;
        }
        for event in events {
            conversation.places.insert(event.id, conversation.log.len());
            conversation.log.push(event);
        }
        Ok(())
    }

    fn decide(
        &mut self,
        status: Status,
        message: &Submission,
    ) -> (Verdict, Option<UnverifiedClaim>) {
        let Said::Text(said) = &message.said else {
            return (Verdict::Quiet, None);
        };
        let mut unverified = None;
        if let Some(claim) = &said.claim {
            let pack = self.library.get(claim.pack);
            if self.mutated(Mutation::OriginTrustsClaims) {
                return (Verdict::Answer(Box::new(believed(message.id, claim))), None);
            }
            match verify(&mut self.answerer, pack, claim, message.id, said) {
                Ok(answer) => {
                    self.tally.reach(Reached::ClaimVerified);
                    return (Verdict::Answer(answer), None);
                }
                Err(claim) => {
                    self.tally.reach(Reached::ClaimRefused);
                    unverified = Some(claim);
                }
            }
        }
        (self.origin_asks(status, message.id, said), unverified)
    }

    fn origin_asks(&mut self, status: Status, id: MessageId, said: &SaidText) -> Verdict {
        if !bot_speaks(status, Reach::Up) {
            return Verdict::Quiet;
        }
        let Some(pack) = self.library.get(self.origin.pack) else {
            return Verdict::Escalate;
        };
        let verdict = ask(&mut self.answerer, pack, Hop::Origin, id, said);
        if matches!(verdict, Verdict::Answer(_)) {
            self.tally.reach(Reached::AnsweredByOrigin);
        }
        verdict
    }

    /// Tells whoever waits for a write.
    fn settle(&mut self, waiter: Waiter, id: MessageId, result: Result<(), Problem>) {
        if result.is_ok() {
            self.reach(Reached::StoredAtOrigin);
        }
        match waiter {
            Waiter::Conn(conn) => {
                if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
                    gateway.handle_ingested([(id, result)]);
                }
                self.drive_gateway(conn);
            }
            Waiter::Batch(number) => {
                if let Some(batch) = self.origin.batches.get_mut(&number) {
                    batch.gateway.handle_ingested([(id, result)]);
                    batch.waiting = batch.waiting.saturating_sub(1);
                }
                self.drive_batch(number);
            }
            Waiter::Agent { agent, life } => {
                if self.lost(30) {
                    return self.fault(Fault::CommandLost);
                }
                let wait = self.latency();
                self.after(
                    wait,
                    Happening::CommandResult {
                        agent,
                        life,
                        id,
                        result,
                    },
                );
            }
        }
    }

    pub(crate) fn take_command(&mut self, agent: usize, visitor: usize, command: Command) {
        if self.origin.up {
            let life = self.agents[agent].life;
            let work = Work::Acts { agent, command };
            self.enqueue(visitor, work, Waiter::Agent { agent, life });
        }
    }

    /// Everybody who follows the conversation hears what was committed.
    fn publish(&mut self, visitor: usize, before: usize) {
        let first = self.origin.conversations[visitor].log[before].seq;
        let new = self.visible_after(visitor, Seq(first.0 - 1));
        let conns: Vec<_> = self.origin.gateways.keys().copied().collect();
        for conn in conns {
            if self
                .conns
                .get(&conn)
                .is_some_and(|conn| conn.visitor == visitor)
            {
                if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
                    gateway.handle_published(new.clone());
                }
                self.drive_gateway(conn);
            }
        }
        self.push(visitor);
        let events = self.origin.conversations[visitor].log[before..].to_vec();
        self.tell_agents(visitor, &events);
    }

    pub(crate) fn receipts_changed(&mut self, visitor: usize) {
        let receipts = self.receipts(visitor);
        let conns: Vec<_> = self.origin.gateways.keys().copied().collect();
        for conn in conns {
            if self
                .conns
                .get(&conn)
                .is_some_and(|conn| conn.visitor == visitor)
            {
                if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
                    gateway.handle_notice(Notice::Receipts(receipts));
                }
                self.drive_gateway(conn);
            }
        }
        self.push(visitor);
    }

    // ---- Pushes -----------------------------------------------------------------------------

    /// Pushes what the edge does not have yet; one push at a time.
    fn push(&mut self, visitor: usize) {
        let receipts = self.receipts(visitor);
        let conversation = &self.origin.conversations[visitor];
        let pushing = &self.origin.pushing[visitor];
        if !self.origin.up || !conversation.attached || pushing.under_way.is_some() {
            return;
        }
        let mut events = self.visible_after(visitor, pushing.pushed);
        if events.is_empty() && pushing.receipts_told == receipts {
            return;
        }
        events.truncate(events_that_fit(&events));
        let up_to = events.last().map_or(pushing.pushed, |event| event.seq);
        let id = self.origin.next_push;
        self.origin.next_push += 1;
        let mut frames = vec![ToVisitor::Receipts(receipts)];
        if !events.is_empty() {
            frames.push(
                Events {
                    events,
                    more: false,
                }
                .into(),
            );
        }
        let assume = self.mutated(Mutation::OriginDoesNotRepush);
        let pushing = &mut self.origin.pushing[visitor];
        pushing.receipts_told = receipts;
        pushing.attachments_then = pushing.attachments;
        if assume {
            pushing.pushed = up_to;
        } else {
            pushing.under_way = Some((id, up_to));
            let wait = self.dice.between(1_000, 4_000);
            self.after(wait, Happening::PushOverdue { visitor, id });
        }
        if !self.edges[visitor].down || self.push_lost() {
            return self.fault(Fault::PushLost);
        }
        if self.push_lost() {
            self.fault(Fault::PushTwice);
            let (wait, frames) = (self.dice.between(1, 8_000), frames.clone());
            self.after(
                wait,
                Happening::Push {
                    visitor,
                    id,
                    frames,
                },
            );
        }
        let wait = self.latency();
        self.after(
            wait,
            Happening::Push {
                visitor,
                id,
                frames,
            },
        );
    }

    pub(crate) fn take_push_reply(&mut self, visitor: usize, id: u64, sockets: usize) {
        if !self.origin.up {
            return;
        }
        let late = self.mutated(Mutation::OriginDetachesLate);
        let pushing = &mut self.origin.pushing[visitor];
        let Some((_, up_to)) = pushing.under_way.filter(|(under_way, _)| *under_way == id) else {
            return;
        };
        pushing.under_way = None;
        if sockets > 0 {
            pushing.pushed = up_to;
        } else if late || pushing.attachments == pushing.attachments_then {
            self.origin.conversations[visitor].attached = false;
        }
        self.push(visitor);
    }

    pub(crate) fn push_overdue(&mut self, visitor: usize, id: u64) {
        let pushing = &mut self.origin.pushing[visitor];
        if self.origin.up
            && pushing
                .under_way
                .is_some_and(|(under_way, _)| under_way == id)
        {
            pushing.under_way = None;
            pushing.receipts_told = Receipts::default();
            self.push(visitor);
        }
    }

    // ---- What happens to the origin ---------------------------------------------------------

    pub(crate) fn crash_origin(&mut self) {
        self.fault(Fault::OriginCrashed);
        self.origin.up = false;
        self.origin.life += 1;
        self.origin.queue.clear();
        let committing = std::mem::take(&mut self.origin.committing);
        if !committing.is_empty() {
            self.fault(Fault::OriginCrashedCommitting);
            if self.dice.chance(500) && !self.origin.storage_fails {
                self.commit_unheard(committing);
            }
        }
        if self.mutated(Mutation::OriginSkipsFsync) {
            for (visitor, length) in std::mem::take(&mut self.origin.last_commit) {
                self.take_back(visitor, length);
            }
        }
        self.origin.batches.clear();
        for pushing in &mut self.origin.pushing {
            *pushing = Pushing::default();
        }
        let conns: Vec<_> = self.origin.gateways.keys().copied().collect();
        for conn in conns {
            self.closed_by_server(conn);
        }
        self.cut_agents_off();
        let wait = self.dice.between(200, 20_000);
        self.after(wait, Happening::Restarted);
    }

    /// The commit was on the disk, and nobody heard of it.
    fn commit_unheard(&mut self, jobs: Vec<Job>) {
        let before: Vec<_> = self
            .origin
            .conversations
            .iter()
            .map(|conversation| conversation.log.len())
            .collect();
        for job in jobs {
            let _unheard = self.apply(job.visitor, &job.work);
        }
        for (visitor, before) in before.into_iter().enumerate() {
            self.check_commit(visitor, before);
        }
    }

    fn take_back(&mut self, visitor: usize, length: usize) {
        let conversation = &mut self.origin.conversations[visitor];
        for event in conversation.log.drain(length..) {
            conversation.places.remove(&event.id);
        }
        let last = conversation.log.last();
        conversation.head.seq = last.map_or(Seq(0), |event| event.seq);
        let visible = conversation
            .log
            .iter()
            .rev()
            .find(|event| !event.content.is_private());
        conversation.head.visible = visible.map_or(Seq(0), |event| event.seq);
    }

    pub(crate) fn restart_origin(&mut self) {
        if self.origin.up {
            return;
        }
        self.note(|| "origin is back".to_owned());
        self.origin.up = true;
        for visitor in 0..self.visitors.len() {
            if self.mutated(Mutation::OriginForgetsAttached) {
                self.origin.conversations[visitor].attached = false;
            }
            self.origin.pushing[visitor].pushed = self.origin.conversations[visitor].attached_at;
            self.push(visitor);
        }
    }
}

impl Work {
    const fn id(&self) -> MessageId {
        match self {
            Self::Says(message) => message.id,
            Self::Acts { command, .. } => command.id,
        }
    }
}

/// What a claim says, taken at its word.
fn believed(of: MessageId, claim: &Claim) -> Answer {
    use firsthop_core::protocol::Source;
    let _ = of.derive(Derived::Answer);
    Answer {
        of,
        text: claim.text.expose().clone(),
        source: Source {
            hop: claim.hop,
            pack: claim.pack,
            entry: claim.entries.first().cloned(),
            confidence: claim.confidence,
            verified: true,
        },
        suggestions: Vec::new(),
    }
}

/// Everything that the log holds of ids, once each.
pub(crate) fn ids(log: &[Event]) -> BTreeSet<MessageId> {
    log.iter().map(|event| event.id).collect()
}
