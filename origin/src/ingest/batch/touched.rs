//! One conversation that a batch concerns: what was said in it, and what of it is to be written.
//!
//! Invariant: what is refused changes nothing.

use std::collections::HashMap;

use firsthop_core::Timestamp;
use firsthop_core::conversation::{Verdict, bot_speaks};
use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::protocol::visitor::Reach;
use firsthop_core::protocol::{Event, Hop, Problem, Seq};

use crate::answerer::Judged;
use crate::deliver::hub::Profile;
use crate::metrics::Counter;
use crate::store::Row;

/// A conversation that the batch concerns.
pub(super) struct Touched {
    pub(super) row: Row,
    pub(super) events: Vec<Event>,
    /// Those of the events that the bot could not answer.
    pub(super) unanswered: Vec<(Seq, Timestamp)>,
    /// Whether it is in the store, or was brought about by this batch.
    pub(super) exists: bool,
    pub(super) changed: bool,
    pub(super) listed: bool,
    pub(super) visitor_seen: bool,
    pub(super) agents_seen: bool,
}

impl Touched {
    pub(super) fn new(row: Row, exists: bool) -> Self {
        let events = Vec::new();
        Self {
            row,
            events,
            unanswered: Vec::new(),
            exists,
            changed: false,
            listed: false,
            visitor_seen: false,
            agents_seen: false,
        }
    }

    pub(super) fn set_profile(&mut self, profile: Profile) {
        if profile.page.is_some() && profile.page != self.row.page {
            self.row.page = profile.page;
            self.changed |= self.exists;
            self.listed |= self.exists;
        }
        if !profile.lang.is_empty() && profile.lang != self.row.lang {
            self.row.lang = profile.lang;
            self.changed |= self.exists;
            self.listed |= self.exists;
        }
    }

    pub(super) fn say(
        &mut self,
        judged: Judged,
        now: Timestamp,
        counts: &mut Vec<(Counter, u64)>,
    ) -> Result<Vec<Event>, Problem> {
        let Judged {
            submission,
            claimed,
            own,
            note,
        } = judged;
        let own = bot_speaks(self.row.head.status, Reach::Up).of(own);
        let (verdict, unverified) = match claimed {
            Some(Ok(answer)) => {
                counts.push((Counter::ClaimsVerified, 1));
                (Verdict::Answer(answer), None)
            }
            Some(Err(unverified)) => {
                counts.push((Counter::ClaimsForged, 1));
                (own, Some(unverified))
            }
            None => (own, None),
        };
        if matches!(&verdict, Verdict::Answer(answer) if answer.source.hop == Hop::Origin) {
            counts.push((Counter::OriginAnswers, 1));
        }
        let escalates = verdict == Verdict::Escalate;
        let head = &mut self.row.head;
        let mut events = head.visitor_says(&submission, verdict, unverified, now)?;
        if let Some(note) = note {
            events.extend(head.bot_notes(submission.id, note, now));
        }
        if let Some(asked) = events.first().filter(|_| escalates) {
            self.unanswered.push((asked.seq, asked.at));
        }
        Ok(events)
    }

    pub(super) fn append(
        &mut self,
        events: Vec<Event>,
        known: &mut HashMap<(ConversationId, MessageId), Event>,
    ) {
        if events.is_empty() {
            return;
        }
        self.row.note(&events);
        for event in &events {
            known.insert((self.row.id, event.id), event.clone());
        }
        self.events.extend(events);
        self.exists = true;
        self.changed = true;
        self.listed = true;
    }
}
