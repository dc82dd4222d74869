//! What happened in a run: faults by kind and states reached, so that a run in which nothing
//! happened is seen.

use std::collections::BTreeMap;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in reports.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}
pub(crate) use named;

named! {
    /// What can go wrong.
    Fault {
        /// A request of an edge never reaches the origin.
        RequestLost "request_lost",
        /// The origin's reply never reaches the edge.
        ReplyLost "reply_lost",
        /// A request is delivered twice.
        RequestTwice "request_twice",
        /// A request or its reply takes longer than the edge waits.
        RequestSlow "request_slow",
        /// A request or a push arrives after one that was sent later.
        Reordered "reordered",
        /// A push is lost.
        PushLost "push_lost",
        /// A push is delivered twice.
        PushTwice "push_twice",
        /// The reply to a push is lost.
        PushReplyLost "push_reply_lost",
        /// The edge can't reach the origin, but the origin can reach the edge.
        EdgeToOriginCut "edge_to_origin_cut",
        /// The origin can't reach the edge, but the edge can reach the origin.
        OriginToEdgeCut "origin_to_edge_cut",
        /// A socket carries nothing up any more, and nobody is told.
        SocketDeafUp "socket_deaf_up",
        /// A socket carries nothing down any more, and nobody is told.
        SocketDeafDown "socket_deaf_down",
        /// A socket is reset.
        SocketReset "socket_reset",
        /// The server does not notice that a socket has gone.
        SocketHalfOpen "socket_half_open",
        /// A visitor has no network for a while.
        VisitorOffline "visitor_offline",
        /// A tab is closed.
        TabClosed "tab_closed",
        /// A tab dies between two of the things it has to do.
        TabKilled "tab_killed",
        /// A page is loaded anew.
        TabReloaded "tab_reloaded",
        /// An edge's object loses its memory and keeps its sockets.
        EdgeHibernated "edge_hibernated",
        /// An edge's object loses memory and sockets.
        EdgeCrashed "edge_crashed",
        /// An edge dies while it writes: written or not, nobody knows.
        EdgeCrashedWriting "edge_crashed_writing",
        /// An edge's storage refuses writes for a while.
        EdgeStorageFailed "edge_storage_failed",
        /// An edge's storage is full: what is small may still fit.
        EdgeStorageFull "edge_storage_full",
        /// An edge dies before it gets rid of what the origin has.
        EdgeForgetLost "edge_forget_lost",
        /// The origin dies.
        OriginCrashed "origin_crashed",
        /// The origin dies while it commits: committed or not, nobody was told.
        OriginCrashedCommitting "origin_crashed_committing",
        /// The origin's store refuses commits for a while.
        OriginStorageFailed "origin_storage_failed",
        /// The origin's disk is full: a small commit may still fit.
        OriginStorageFull "origin_storage_full",
        /// The second node of the origin dies.
        SecondNodeCrashed "second_node_crashed",
        /// A hint from one node to the other is lost.
        HintLost "hint_lost",
        /// The origin is slow for a while.
        OriginSlow "origin_slow",
        /// The origin's wall clock jumps.
        ClockJumped "clock_jumped",
        /// An agent's command is lost.
        CommandLost "command_lost",
        /// An agent's command is delivered twice.
        CommandTwice "command_twice",
        /// An agent's connection is lost.
        AgentCutOff "agent_cut_off",
        /// A browser claims something that the bot never said.
        ClaimForged "claim_forged",
        /// A browser uses an id again, for something else.
        IdReused "id_reused",
        /// A host comes back as another version of the program.
        Upgraded "upgraded",
        /// A browser's wall clock is wrong by up to a year.
        WallClockWrong "wall_clock_wrong",
        /// A visitor does not read for a while.
        SlowReader "slow_reader",
        /// An agent's console stops, and its socket stays open.
        AgentFrozen "agent_frozen",
        /// A console's sign of life is lost.
        AnswerLost "answer_lost",
        /// Another pack becomes current in mid-conversation.
        PackChanged "pack_changed",
        /// A visitor writes more at once than may be under way.
        Flood "flood",
    }
}

named! {
    /// What a run should come through.
    Reached {
        /// The origin acknowledged a message.
        StoredAtOrigin "stored_at_origin",
        /// An edge acknowledged a message.
        StoredAtEdge "stored_at_edge",
        /// An edge drained what it had stored.
        Drained "drained",
        /// The browser answered.
        AnsweredByBrowser "answered_by_browser",
        /// The edge answered.
        AnsweredByEdge "answered_by_edge",
        /// The origin answered.
        AnsweredByOrigin "answered_by_origin",
        /// A claim was verified.
        ClaimVerified "claim_verified",
        /// A claim did not hold.
        ClaimRefused "claim_refused",
        /// A conversation waited for an agent.
        Queued "queued",
        /// An agent had a conversation.
        Assigned "assigned",
        /// A conversation was resolved.
        Resolved "resolved",
        /// A resolved conversation went on.
        Returned "returned",
        /// A private note stood in a log.
        Noted "noted",
        /// A visitor was told that the origin is away.
        ToldAway "told_away",
        /// A visitor was told that it is back.
        ToldUp "told_up",
        /// A replica saw a gap, or had more to fetch, and caught up.
        CaughtUp "caught_up",
        /// A message was refused for now.
        RefusedForNow "refused_for_now",
        /// A message was refused for good.
        RefusedForGood "refused_for_good",
        /// A message was submitted again.
        Retransmitted "retransmitted",
        /// A duplicate was recognised.
        Deduped "deduped",
        /// A tab showed what another had written.
        SharedByTabs "shared_by_tabs",
        /// A transport failed so often that the next one was tried.
        TransportChanged "transport_changed",
        /// The origin could not greet an edge's visitor, as its store failed.
        GreetingPutOff "greeting_put_off",
        /// The second node of the origin committed.
        SecondNodeCommitted "second_node_committed",
        /// A visitor who did not read was cut off.
        SlowReaderCut "slow_reader_cut",
        /// Something of a later version was read.
        ReadFromTomorrow "read_from_tomorrow",
        /// An event of a kind that only a later version knows stood in a log.
        EventOfTomorrow "event_of_tomorrow",
        /// A conversation stood in a status that only a later version knows.
        StatusOfTomorrow "status_of_tomorrow",
        /// A silent console's conversation went back to the queue.
        Lapsed "lapsed",
        /// More was written than a device keeps unsent.
        OutboxFull "outbox_full",
        /// Two agents wanted the same conversation.
        AlreadyAssigned "already_assigned",
    }
}

/// Counts of a run, or of many.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Things that happened, one after another.
    pub steps: u64,
    /// Messages that visitors and agents wrote.
    pub messages: u64,
    /// Events that were committed.
    pub events: u64,
    /// Faults by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// States by kind.
    pub reached: BTreeMap<&'static str, u64>,
    /// The longest time, in simulated milliseconds, that healing took.
    pub healing_ms_max: u64,
    /// What happened, if that was asked for.
    pub trace: String,
}

impl Tally {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.messages += other.messages;
        self.events += other.events;
        for (&name, count) in &other.faults {
            *self.faults.entry(name).or_default() += count;
        }
        for (&name, count) in &other.reached {
            *self.reached.entry(name).or_default() += count;
        }
        self.healing_ms_max = self.healing_ms_max.max(other.healing_ms_max);
    }

    /// Faults and states that never came up.
    pub fn missing(&self) -> Vec<&'static str> {
        let faults = Fault::ALL.iter().map(|fault| fault.as_str());
        let missing = faults.filter(|name| !self.faults.contains_key(name));
        let states = Reached::ALL.iter().map(|state| state.as_str());
        missing
            .chain(states.filter(|name| !self.reached.contains_key(name)))
            .collect()
    }

    pub(crate) fn fault(&mut self, fault: Fault) {
        *self.faults.entry(fault.as_str()).or_default() += 1;
    }

    pub(crate) fn reach(&mut self, state: Reached) {
        *self.reached.entry(state.as_str()).or_default() += 1;
    }

    /// The counts as one line of JSON, with `more` members (already JSON) in front.
    pub fn to_json(&self, more: &str) -> String {
        let object = |counts: &BTreeMap<&'static str, u64>| {
            let members: Vec<_> = counts
                .iter()
                .map(|(name, n)| format!("\"{name}\":{n}"))
                .collect();
            format!("{{{}}}", members.join(","))
        };
        format!(
            "{{{more}\"steps\":{},\"messages\":{},\"events\":{},\"healing_ms_max\":{},\"faults\":{},\"states\":{}}}",
            self.steps,
            self.messages,
            self.events,
            self.healing_ms_max,
            object(&self.faults),
            object(&self.reached),
        )
    }
}
