//! The list of conversations, as of a revision of the account.
//!
//! In: summaries, in any order, any number of times. Out: what each view shows, sorted, and how
//! many. Invariant: a summary is only replaced by one of a later revision, or of the same with
//! newer transient members (who is online). Not here: the logs (`transcript`).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use firsthop_core::id::{AgentId, ConversationId};
use firsthop_core::limits::CONVERSATIONS_PER_FRAME_MAX;
use firsthop_core::protocol::agent::{Conversations, List as ListRequest, Revision, Summary};
use firsthop_core::protocol::{AgentRef, Seq, Status};

/// What part of the list is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum View {
    /// Queued: somebody waits for a person.
    #[default]
    Waiting,
    /// Assigned to the agent at this console.
    Mine,
    /// Everything that is not resolved, those with the bot included.
    All,
    /// Resolved.
    Resolved,
}

impl View {
    /// Every view, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Mine, Self::All, Self::Resolved];

    /// Whether `summary` belongs here, for the agent `me`.
    pub fn shows(self, summary: &Summary, me: Option<AgentId>) -> bool {
        match self {
            Self::Waiting => summary.status == Status::Queued,
            Self::Mine => is_mine(summary, me),
            Self::All => summary.status != Status::Resolved,
            Self::Resolved => summary.status == Status::Resolved,
        }
    }
}

/// Whether `summary` is assigned to the agent `me`.
pub fn is_mine(summary: &Summary, me: Option<AgentId>) -> bool {
    summary.status == Status::Assigned
        && me.is_some()
        && summary.assignee.as_ref().map(|agent| agent.id) == me
}

/// What a conversation is to the agent at this console, which is what its buttons depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has it.
    Free,
    /// This agent has it.
    Mine,
    /// Somebody else has it.
    Colleague(AgentRef),
    /// It is resolved.
    Resolved,
}

impl Standing {
    /// What `summary` is to the agent `me`.
    pub fn of(summary: &Summary, me: Option<AgentId>) -> Self {
        match (summary.status, &summary.assignee) {
            (Status::Resolved, _) => Self::Resolved,
            (Status::Assigned, Some(assignee)) if Some(assignee.id) != me => {
                Self::Colleague(assignee.clone())
            }
            (Status::Assigned, Some(_)) => Self::Mine,
            (Status::Pending | Status::Queued | Status::Assigned | Status::Unknown(_), _) => {
                Self::Free
            }
        }
    }
}

/// How many conversations each view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// In [`View::Waiting`].
    pub waiting: usize,
    /// In [`View::Mine`].
    pub mine: usize,
    /// Of those, how many hold something that no agent has seen.
    pub mine_unread: usize,
    /// In [`View::All`].
    pub all: usize,
    /// In [`View::Resolved`], as far as they were fetched.
    pub resolved: usize,
    /// Whether there may be more resolved ones at the origin.
    pub resolved_more: bool,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct List {
    revision: Revision,
    loaded: bool,
    conversations: BTreeMap<ConversationId, Summary>,
    /// How far this agent has just got, ahead of what the origin knows.
    shown: BTreeMap<ConversationId, Seq>,
    asked: Option<ListRequest>,
    exhausted: bool,
}

impl List {
    /// Up to which revision the list is complete.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// Whether the list was complete at some time: until then it is being loaded.
    pub const fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// One conversation.
    pub fn get(&self, id: ConversationId) -> Option<&Summary> {
        self.conversations.get(&id)
    }

    /// Whether it holds something that no agent has seen, and that somebody should see: what
    /// visitors ask the bot is nobody's duty.
    pub fn is_unread(&self, summary: &Summary) -> bool {
        let read = self
            .shown
            .get(&summary.id)
            .map_or(summary.read, |shown| summary.read.max(*shown));
        summary.status.is_open() && summary.head > read
    }

    /// Takes in what the origin says; gives the ids of those that changed.
    pub fn handle(&mut self, frame: Conversations) -> Vec<ConversationId> {
        let answers = self.asked.is_some_and(|asked| {
            frame
                .conversations
                .iter()
                .all(|summary| summary.status == asked.status && summary.revision < asked.before)
        });
        if answers {
            self.asked = None;
            self.exhausted = frame.conversations.is_empty();
        }
        self.revision = self.revision.max(frame.revision);
        let mut changed = Vec::new();
        for summary in frame.conversations {
            let id = summary.id;
            match self.conversations.get(&id) {
                Some(known) if known.revision > summary.revision || *known == summary => {}
                _ => {
                    self.conversations.insert(id, summary);
                    changed.push(id);
                }
            }
        }
        changed
    }

    /// Everything that the origin had to say at the greeting has arrived.
    pub const fn handle_complete(&mut self) {
        self.loaded = true;
    }

    /// The connection is gone, and with it what was asked for.
    pub const fn handle_disconnected(&mut self) {
        self.asked = None;
    }

    /// The agent has seen the log up to `seq`.
    pub fn handle_shown(&mut self, id: ConversationId, seq: Seq) {
        let shown = self.shown.entry(id).or_default();
        *shown = seq.max(*shown);
    }

    /// Asks for resolved conversations older than those at hand.
    pub fn ask_older(&mut self) -> Option<ListRequest> {
        if self.asked.is_some() || self.exhausted {
            return None;
        }
        let resolved = self
            .conversations
            .values()
            .filter(|summary| summary.status == Status::Resolved);
        let before = resolved
            .map(|summary| summary.revision)
            .min()
            .unwrap_or(self.revision);
        let request = ListRequest {
            before,
            status: Status::Resolved,
        };
        self.asked = Some(request);
        Some(request)
    }

    /// Whether older ones are on their way.
    pub const fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// What `view` shows to the agent `me`, in its order: who waits longest comes first,
    /// otherwise what changed last.
    pub fn ids(&self, view: View, me: Option<AgentId>) -> Vec<ConversationId> {
        let mut found: Vec<&Summary> = self
            .conversations
            .values()
            .filter(|summary| view.shows(summary, me))
            .collect();
        match view {
            View::Waiting => found.sort_by_key(|summary| {
                (summary.waiting_since.unwrap_or(summary.last_at), summary.id)
            }),
            View::Mine | View::All | View::Resolved => {
                found.sort_by_key(|summary| (Reverse(summary.last_at), summary.id));
            }
        }
        found.into_iter().map(|summary| summary.id).collect()
    }

    /// How many each view shows.
    pub fn counts(&self, me: Option<AgentId>) -> Counts {
        let mut counts = Counts::default();
        for summary in self.conversations.values() {
            counts.waiting += usize::from(View::Waiting.shows(summary, me));
            counts.all += usize::from(View::All.shows(summary, me));
            counts.resolved += usize::from(View::Resolved.shows(summary, me));
            if is_mine(summary, me) {
                counts.mine += 1;
                counts.mine_unread += usize::from(self.is_unread(summary));
            }
        }
        // A greeting that had less than a frame's worth of them had them all.
        counts.resolved_more = !self.exhausted && counts.resolved >= CONVERSATIONS_PER_FRAME_MAX;
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::testing::{ada, bo, conversation, summary};
    use firsthop_core::Timestamp;

    fn frame(revision: u64, conversations: Vec<Summary>) -> Conversations {
        Conversations {
            conversations,
            revision: Revision(revision),
        }
    }

    #[test]
    fn views_hold_what_belongs_to_them_in_their_order() {
        let mut list = List::default();
        let mut late = summary(1, 5, Status::Queued);
        late.waiting_since = Some(Timestamp::from_millis(900));
        let mut early = summary(2, 6, Status::Queued);
        early.waiting_since = Some(Timestamp::from_millis(100));
        let mut mine = summary(3, 7, Status::Assigned);
        mine.assignee = Some(ada());
        let mut theirs = summary(4, 8, Status::Assigned);
        theirs.assignee = Some(bo());
        let bot = summary(5, 9, Status::Pending);
        let done = summary(6, 10, Status::Resolved);
        list.handle(frame(10, vec![late, early, mine, theirs, bot, done]));
        let me = Some(ada().id);
        assert_eq!(
            list.ids(View::Waiting, me),
            [conversation(2), conversation(1)]
        );
        assert_eq!(list.ids(View::Mine, me), [conversation(3)]);
        assert_eq!(list.ids(View::All, me).len(), 5);
        assert_eq!(list.ids(View::Resolved, me), [conversation(6)]);
        let counts = list.counts(me);
        assert_eq!(
            (counts.waiting, counts.mine, counts.all, counts.resolved),
            (2, 1, 5, 1)
        );
        assert_eq!(list.revision(), Revision(10));
    }

    #[test]
    fn an_older_summary_never_replaces_a_newer_one() {
        let mut list = List::default();
        list.handle(frame(9, vec![summary(1, 9, Status::Assigned)]));
        assert!(
            list.handle(frame(9, vec![summary(1, 4, Status::Queued)]))
                .is_empty()
        );
        assert_eq!(list.get(conversation(1)).unwrap().status, Status::Assigned);
        assert_eq!(list.revision(), Revision(9));
    }

    #[test]
    fn going_offline_arrives_without_a_new_revision() {
        let mut list = List::default();
        let mut online = summary(1, 9, Status::Queued);
        online.online = true;
        list.handle(frame(9, vec![online.clone()]));
        online.online = false;
        assert_eq!(list.handle(frame(9, vec![online])), [conversation(1)]);
    }

    #[test]
    fn seen_here_is_read_before_the_origin_says_so() {
        let mut list = List::default();
        list.handle(frame(
            9,
            vec![
                summary(1, 9, Status::Queued),
                summary(2, 9, Status::Pending),
            ],
        ));
        let unread = |list: &List, n| list.is_unread(list.get(conversation(n)).unwrap());
        assert!(unread(&list, 1));
        assert!(!unread(&list, 2), "what the bot is asked is nobody's duty");
        list.handle_shown(conversation(1), summary(1, 9, Status::Queued).head);
        assert!(!unread(&list, 1));
    }

    #[test]
    fn older_conversations_are_asked_for_until_there_are_none() {
        let mut list = List::default();
        list.handle(frame(
            9,
            vec![
                summary(1, 7, Status::Resolved),
                summary(2, 9, Status::Resolved),
            ],
        ));
        assert_eq!(
            list.ask_older().map(|request| request.before),
            Some(Revision(7))
        );
        assert_eq!(list.ask_older(), None, "one request at a time");
        list.handle(frame(11, vec![summary(3, 11, Status::Queued)]));
        assert!(list.is_asking(), "a live change is no answer");
        list.handle(frame(11, vec![summary(4, 3, Status::Resolved)]));
        assert_eq!(
            list.ask_older().map(|request| request.before),
            Some(Revision(3))
        );
        list.handle(frame(11, vec![]));
        assert_eq!(list.ask_older(), None);
        assert!(!list.counts(None).resolved_more);
    }
}
