//! The origin's store: what waits goes into one transaction, and is told when that is on the disk.

use firsthop_core::Timestamp;
use firsthop_core::bot::{ask, verify};
use firsthop_core::conversation::{Head, Verdict, bot_speaks, same_command, same_submission};
use firsthop_core::hop::gateway::Notice;
use firsthop_core::id::MessageId;
use firsthop_core::protocol::agent::Command;
use firsthop_core::protocol::visitor::{Reach, Said, SaidText, Submission};
use firsthop_core::protocol::{
    Author, Code, Content, Event, Hop, Problem, Reason, Status, StatusChange, Unread,
    UnverifiedClaim,
};

use crate::agenda::Happening;
use crate::console::agent_ref;
use crate::mutation::Mutation;
use crate::nodes::Node;
use crate::tally::{Fault, Reached};
use crate::world::World;

use crate::origin::{Job, Waiter, Work, believed};

/// What a later origin's log may hold: a message of a kind, or a status, that is not known today.
fn tomorrow(head: &mut Head, agent: usize, id: MessageId, parks: bool, at: Timestamp) -> Event {
    let (seq, prev) = (head.seq.next(), head.visible);
    (head.seq, head.visible) = (seq, seq);
    let content = if parks {
        head.status = Status::Unknown(17);
        head.assignee = None;
        Content::Status(StatusChange {
            status: head.status,
            reason: Reason::Unknown(23),
            assignee: None,
        })
    } else {
        Content::Unknown(Unread::new(40, b"kettle.jpg".to_vec()))
    };
    Event {
        seq,
        prev,
        id,
        at,
        author: Author::Agent(agent_ref(agent)),
        content,
    }
}

impl World<'_> {
    pub(crate) fn enqueue(&mut self, visitor: usize, work: Work, waiter: Waiter) {
        if self.mutated(Mutation::OriginAcksBeforeCommit)
            && let Work::Says(message) = &work
        {
            self.settle(waiter, message.id, Ok(()));
        }
        let job = Job {
            visitor,
            work,
            waiter,
        };
        let Some(job) = self.second_takes(job) else {
            return;
        };
        self.origin.queue.push(job);
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
        self.write(jobs, Node::First);
    }

    /// Whether the store can commit so many jobs: all of them, or none.
    pub(crate) fn store_takes(&mut self, jobs: usize) -> bool {
        if self.origin.storage_fails {
            return false;
        }
        match &mut self.origin.storage_room {
            None => true,
            Some(room) if *room >= jobs => {
                *room -= jobs;
                true
            }
            Some(_) => {
                self.fault(Fault::OriginStorageFull);
                false
            }
        }
    }

    /// One transaction of a node, and who hears of it.
    pub(crate) fn write(&mut self, mut jobs: Vec<Job>, node: Node) {
        if self.mutated(Mutation::OriginTurnsAround) {
            jobs.reverse();
        }
        let takes = self.store_takes(jobs.len());
        let before: Vec<_> = self
            .origin
            .conversations
            .iter()
            .map(|conversation| conversation.log.len())
            .collect();
        let mut results = Vec::new();
        for job in jobs {
            let id = job.work.id();
            let result = if !takes {
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
                self.committed_at(node, visitor);
            }
        }
    }

    pub(crate) fn apply(&mut self, visitor: usize, work: &Work) -> Result<(), Problem> {
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
                Work::Lapses { .. } | Work::Tomorrow { .. } => true,
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
            Work::Lapses { agent, beat, .. } if self.origin.beats[*agent] != *beat => Vec::new(),
            Work::Lapses { agent, id, .. } => {
                let lapsed = head.agent_lapses(agent_ref(*agent).id, *id, now);
                if lapsed.is_some() {
                    self.check_lapse(*agent);
                }
                lapsed.into_iter().collect()
            }
            Work::Tomorrow { agent, id, parks } => {
                vec![tomorrow(&mut head, *agent, *id, *parks, now)]
            }
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

    pub(crate) fn decide(
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

    pub(crate) fn origin_asks(
        &mut self,
        status: Status,
        id: MessageId,
        said: &SaidText,
    ) -> Verdict {
        let verdict = match self.library.get(self.origin.pack) {
            Some(pack) => ask(&mut self.answerer, pack, Hop::Origin, id, said),
            None => Verdict::Escalate,
        };
        let verdict = bot_speaks(status, Reach::Up).of(verdict);
        if matches!(verdict, Verdict::Answer(_)) {
            self.tally.reach(Reached::AnsweredByOrigin);
        }
        verdict
    }

    /// Tells whoever waits for a write.
    pub(crate) fn settle(&mut self, waiter: Waiter, id: MessageId, result: Result<(), Problem>) {
        if result.is_ok() {
            self.reach(Reached::StoredAtOrigin);
        }
        match waiter {
            Waiter::Nobody => {}
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
    pub(crate) fn publish(&mut self, node: Node, visitor: usize, before: usize) {
        let new = self.visible_after(visitor, self.place_before(visitor, before));
        let conns: Vec<_> = self.origin.gateways.keys().copied().collect();
        for conn in conns {
            if self
                .conns
                .get(&conn)
                .is_some_and(|conn| (conn.visitor, conn.node) == (visitor, node))
            {
                if let Some(gateway) = self.origin.gateways.get_mut(&conn) {
                    gateway.handle_published(new.clone());
                }
                self.drive_gateway(conn);
            }
        }
        if node == Node::Second {
            return;
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
}
