//! Visitors: what they write, and what was promised to them.

use std::collections::BTreeMap;

use firsthop_core::bot::{ask, claim};
use firsthop_core::conversation::Verdict;
use firsthop_core::hop::client::{Change, Client};
use firsthop_core::id::{Derived, MessageId, VisitorId};
use firsthop_core::protocol::visitor::{Answered, AskPerson, Said, SaidText, Submission, Submit};
use firsthop_core::protocol::{Answer, Code, Hop};
use firsthop_core::{Private, Timestamp};

use crate::dice::Dice;
use crate::knowledge::QUESTIONS;
use crate::mutation::Mutation;
use crate::tally::{Fault, Reached};
use crate::world::{World, YEAR_MS};

/// A visitor, and what was promised to them.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) id: VisitorId,
    /// Connects to the origin, without an edge.
    pub(crate) direct: bool,
    pub(crate) online: bool,
    /// How far the wall clock is ahead, plus a year.
    pub(crate) ahead: u64,
    /// What each of the visitor's devices remembers.
    pub(crate) stores: [Vec<Change>; 2],
    /// What was written, by id.
    pub(crate) wrote: BTreeMap<MessageId, Said>,
    /// The same in the order in which it was written, with the tab; what was tried again by hand
    /// after it had failed is no longer in it.
    pub(crate) order: Vec<(usize, MessageId)>,
    /// What some hop said that it has, and that the log does not hold yet.
    pub(crate) promised: BTreeMap<MessageId, Hop>,
    /// Answers that were shown before the log held them, by question.
    pub(crate) shown: BTreeMap<MessageId, Answer>,
}

impl Visitor {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        Self {
            id: VisitorId::new(Timestamp::from_millis(7), dice.bytes()),
            direct: dice.chance(250),
            online: true,
            ahead: YEAR_MS,
            stores: [Vec::new(), Vec::new()],
            wrote: BTreeMap::new(),
            order: Vec::new(),
            promised: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }
}

impl World<'_> {
    pub(crate) fn says_something(&mut self, tab: usize) {
        let text = *self.dice.pick(QUESTIONS);
        if self.dice.chance(80) {
            self.says(tab, Said::Person(AskPerson {}), None);
            return;
        }
        let mut said = SaidText {
            text: text.into(),
            lang: "en".to_owned(),
            claim: None,
            page: Default::default(),
        };
        let id = MessageId::new(self.wall_of(self.tabs[tab].visitor), self.dice.bytes());
        let answer = self.asks_device(tab, id, &said);
        let mut answered = None;
        if let Some(answer) = answer {
            self.reach(Reached::AnsweredByBrowser);
            said.claim = Some(claim(&answer));
            if self.dice.chance(100) {
                self.fault(Fault::ClaimForged);
                if let Some(claim) = &mut said.claim {
                    claim.text = Private::from("everything is free");
                }
            } else {
                self.show(self.tabs[tab].visitor, &answer);
                answered = Some(Answered {
                    id: id.derive(Derived::Answer),
                    answer: *answer,
                });
            }
        }
        self.says_as(tab, id, Said::Text(said), answered);
    }

    fn asks_device(&mut self, tab: usize, id: MessageId, said: &SaidText) -> Option<Box<Answer>> {
        let client = self.tabs[tab].client.as_ref()?;
        let pack = self.library.get(self.tabs[tab].pack?)?;
        let verdict = ask(&mut self.answerer, pack, Hop::Browser, id, said);
        match client.bot_speaks().of(verdict) {
            Verdict::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    pub(crate) fn says(&mut self, tab: usize, said: Said, answered: Option<Answered>) {
        let id = MessageId::new(self.wall_of(self.tabs[tab].visitor), self.dice.bytes());
        self.says_as(tab, id, said, answered);
    }

    fn says_as(&mut self, tab: usize, id: MessageId, said: Said, answered: Option<Answered>) {
        let submission = Submission {
            id,
            at: self.wall_of(self.tabs[tab].visitor),
            said: said.clone(),
        };
        let now = self.clock(tab);
        let Some(client) = &mut self.tabs[tab].client else {
            return;
        };
        match client.say(now, submission, answered) {
            Ok(()) => {
                self.note(|| format!("tab {tab} says {id}"));
                self.tally.messages += 1;
                let visitor = self.tabs[tab].visitor;
                self.visitors[visitor].wrote.insert(id, said);
                self.visitors[visitor].order.push((tab, id));
                // What a killed tab had not kept yet was never promised to be sent.
                self.drive_tab(tab);
                self.forget_unsaved(visitor, id);
            }
            Err(problem) if problem.code == Code::OutboxFull => self.reach(Reached::OutboxFull),
            Err(problem) => self.violate(format!("tab {tab} can't say anything: {problem}")),
        }
    }

    fn forget_unsaved(&mut self, visitor: usize, id: MessageId) {
        if self.mutated(Mutation::DeviceForgetsOutbox) {
            return;
        }
        let visitor = &mut self.visitors[visitor];
        let saved = visitor.stores.iter().flatten().any(
            |change| matches!(change, Change::Written(written) if written.submission.id == id),
        );
        if !saved {
            visitor.wrote.remove(&id);
        }
    }

    /// A faulty client uses an id again, for something else.
    pub(crate) fn reuses_id(&mut self, tab: usize) {
        let visitor = self.tabs[tab].visitor;
        let ids: Vec<_> = self.visitors[visitor].wrote.keys().copied().collect();
        let up = self.tabs[tab]
            .client
            .as_ref()
            .is_some_and(Client::is_connected);
        let Some(conn) = self.tabs[tab].conn.filter(|_| up && !ids.is_empty()) else {
            return;
        };
        let id = *self.dice.pick(&ids);
        // While it is under way itself, whichever comes first is the message.
        if !self.origin.conversations[visitor].places.contains_key(&id) {
            return;
        }
        self.fault(Fault::IdReused);
        let said = Said::Text(SaidText {
            text: "something else".into(),
            lang: String::new(),
            claim: None,
            page: Default::default(),
        });
        let messages = vec![Submission {
            id,
            at: self.wall(),
            said,
        }];
        self.send_up(conn, vec![Submit { messages }.into()]);
    }
}
