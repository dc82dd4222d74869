//! Visitors' devices: tabs that share what the device remembers.

use std::collections::BTreeMap;

use firsthop_core::Private;
use firsthop_core::bot::{ask, claim};
use firsthop_core::conversation::Verdict;
use firsthop_core::hop::client::{Change, Client, Output, Transport};
use firsthop_core::id::{Derived, MessageId, VisitorId};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::visitor::{
    Answered, AskPerson, Reach, Said, SaidText, Submission, Submit, ToServer, ToVisitor,
};
use firsthop_core::protocol::{Answer, Code, Encoding, Hop, Remedy};

use crate::agenda::Happening;
use crate::dice::Dice;
use crate::knowledge::QUESTIONS;
use crate::mutation::Mutation;
use crate::network::Conn;
use crate::nodes::Node;
use crate::skew::Host;
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
            id: VisitorId::new(firsthop_core::Timestamp::from_millis(7), dice.bytes()),
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

/// A tab, open or closed.
#[derive(Debug)]
pub(crate) struct Tab {
    pub(crate) visitor: usize,
    pub(crate) client: Option<Client>,
    /// Counts how often it was opened: what was meant for an earlier life is lost.
    pub(crate) life: u64,
    pub(crate) conn: Option<u64>,
    pub(crate) pack: Option<PackHash>,
    /// How many events of its transcript were compared with the log.
    pub(crate) checked: usize,
    /// Tabs of one device share what it remembers; two devices share the visitor's token.
    pub(crate) device: usize,
}

impl World<'_> {
    pub(crate) fn add_tab(&mut self, visitor: usize) {
        let device = usize::from(self.dice.chance(300));
        self.tabs.push(Tab {
            device,
            visitor,
            client: None,
            life: 0,
            conn: None,
            pack: None,
            checked: 0,
        });
        if self.tabs.len() == 1 || self.dice.chance(700) {
            self.open_tab(self.tabs.len() - 1);
        }
    }

    pub(crate) fn open_tab(&mut self, tab: usize) {
        let (now, seed) = (self.clock(tab), self.dice.roll());
        let Tab {
            visitor, device, ..
        } = self.tabs[tab];
        self.may_upgrade(Host::Tab(tab));
        let store = self.visitors[visitor].stores[device].clone();
        let mut client = Client::new(now, seed, "simulation", store);
        client.connect(now);
        self.note(|| format!("tab {tab} opens"));
        self.tabs[tab].client = Some(client);
        self.tabs[tab].checked = 0;
        self.drive_tab(tab);
    }

    pub(crate) fn close_tab(&mut self, tab: usize) {
        self.note(|| format!("tab {tab} closes"));
        self.tabs[tab].client = None;
        self.tabs[tab].life += 1;
        self.tabs[tab].pack = None;
        self.drop_conn(tab);
    }

    /// The tab is done with its connection; the server hears of it sooner or later.
    fn drop_conn(&mut self, tab: usize) {
        if let Some(conn) = self.tabs[tab].conn.take() {
            let half_open = self.lost(100);
            if half_open {
                self.fault(Fault::SocketHalfOpen);
            }
            let wait = if half_open {
                self.dice.between(5_000, 60_000)
            } else {
                self.latency()
            };
            let last = self.conns.get(&conn).map_or(0, |conn| conn.up_until);
            self.at(last.max(self.now + wait), Happening::ClosedByTab { conn });
        }
    }

    pub(crate) fn tab_timeout(&mut self, tab: usize) {
        let now = self.clock(tab);
        if let Some(client) = &mut self.tabs[tab].client {
            client.handle_timeout(now);
        }
        self.drive_tab(tab);
    }

    pub(crate) fn connected(&mut self, tab: usize, conn: u64, fails: bool) {
        if self.tabs[tab].conn != Some(conn) {
            self.conns.remove(&conn);
            return;
        }
        let now = self.clock(tab);
        let visitor = self.tabs[tab].visitor;
        let refused = fails || !self.visitors[visitor].online;
        let up = !self.visitors[visitor].direct || self.node_is_up(self.node_of(conn));
        if refused || !up {
            self.conns.remove(&conn);
            self.tabs[tab].conn = None;
            if let Some(client) = &mut self.tabs[tab].client {
                client.handle_closed(now);
            }
        } else {
            self.server_connected(conn);
            if let Some(client) = &mut self.tabs[tab].client {
                client.handle_connected(now);
            }
        }
        self.drive_tab(tab);
    }

    pub(crate) fn arrive_down(&mut self, conn: u64, frames: Vec<ToVisitor>) {
        let Some(known) = self.conns.get_mut(&conn) else {
            return;
        };
        known.waiting = known.waiting.saturating_sub(1);
        let (tab, alive) = (known.tab, known.down);
        if !alive || self.tabs[tab].conn != Some(conn) {
            return;
        }
        if !matches!(frames[..], [ToVisitor::Ping(_)]) {
            self.note(|| {
                format!(
                    "tab {tab} hears {}",
                    kinds(frames.iter().map(ToVisitor::kind))
                )
            });
        }
        for frame in &frames {
            self.look_at_down(tab, frame);
        }
        let now = self.clock(tab);
        if let Some(client) = &mut self.tabs[tab].client {
            client.handle_frames(now, frames);
        }
        self.drive_tab(tab);
    }

    fn look_at_down(&mut self, tab: usize, frame: &ToVisitor) {
        match frame {
            ToVisitor::Refused(refused) => match refused.problem.remedy() {
                Remedy::RetryLater => self.reach(Reached::RefusedForNow),
                _ => self.reach(Reached::RefusedForGood),
            },
            ToVisitor::Link(link) => match link.origin {
                Reach::Away => self.reach(Reached::ToldAway),
                Reach::Up | Reach::Unknown(_) => self.reach(Reached::ToldUp),
            },
            ToVisitor::Answered(answered) => {
                self.reach(Reached::AnsweredByEdge);
                self.show(self.tabs[tab].visitor, &answered.answer);
            }
            ToVisitor::Error(problem) => self.violate(format!("tab {tab} was told {problem}")),
            _ => {}
        }
    }

    /// An answer is shown before the log holds it.
    fn show(&mut self, visitor: usize, answer: &Answer) {
        self.visitors[visitor]
            .shown
            .insert(answer.of, answer.clone());
    }

    /// The server closed the connection, or it was reset.
    pub(crate) fn closed_by_server(&mut self, conn: u64) {
        let Some(known) = self.conns.remove(&conn) else {
            return;
        };
        let tab = known.tab;
        self.server_lost(conn, known.visitor);
        if self.tabs[tab].conn != Some(conn) {
            return;
        }
        self.tabs[tab].conn = None;
        let now = self.clock(tab);
        if let Some(client) = &mut self.tabs[tab].client {
            client.handle_closed(now);
        }
        self.drive_tab(tab);
    }

    /// The tab's end of the connection is gone, and the server hears of it.
    pub(crate) fn closed_by_tab(&mut self, conn: u64) {
        if let Some(known) = self.conns.remove(&conn) {
            self.server_lost(conn, known.visitor);
        }
    }

    pub(crate) fn told(&mut self, tab: usize, life: u64, change: Change) {
        if self.tabs[tab].life != life {
            return;
        }
        let now = self.clock(tab);
        if let Some(client) = &mut self.tabs[tab].client {
            client.handle_change(now, change);
            self.tally.reach(Reached::SharedByTabs);
        }
        self.drive_tab(tab);
    }

    pub(crate) fn pack_fetched(&mut self, tab: usize, life: u64, hash: PackHash) {
        if self.tabs[tab].life == life {
            self.tabs[tab].pack = Some(hash);
        }
    }

    /// Does what the tab's machine wants done.
    pub(crate) fn drive_tab(&mut self, tab: usize) {
        // Now and then a tab dies before it is done with everything.
        let dies_after = self.lost(2).then(|| self.dice.below(4));
        let mut done = 0;
        while let Some(output) = self.tabs[tab].client.as_mut().and_then(Client::poll_output) {
            if dies_after.is_some_and(|after| done >= after) {
                self.fault(Fault::TabKilled);
                return self.close_tab(tab);
            }
            done += 1;
            match output {
                Output::Connect(transport) => self.tab_connects(tab, transport),
                Output::Disconnect => self.drop_conn(tab),
                Output::Admit => self.violate(format!("tab {tab} asks for admission")),
                Output::Send(frames) => self.tab_sends(tab, frames),
                Output::Save(change) => self.tab_saves(tab, &change),
                Output::Pack(hash) => {
                    let (wait, life) = (self.latency(), self.tabs[tab].life);
                    self.after(wait, Happening::PackFetched { tab, life, hash });
                }
                Output::Token(_) | Output::Typing(_) | Output::Changed => {}
            }
        }
        self.check_tab(tab);
    }

    fn tab_connects(&mut self, tab: usize, transport: Transport) {
        self.drop_conn(tab);
        if transport != Transport::Socket {
            self.reach(Reached::TransportChanged);
        }
        let conn = self.next_conn;
        self.next_conn += 1;
        let visitor = self.tabs[tab].visitor;
        let encoding = *self.dice.pick(Encoding::ALL);
        self.tabs[tab].conn = Some(conn);
        let node = if self.dice.chance(500) {
            Node::Second
        } else {
            Node::First
        };
        self.conns.insert(
            conn,
            Conn {
                tab,
                visitor,
                encoding,
                up: true,
                down: true,
                up_until: 0,
                down_until: 0,
                waiting: 0,
                node,
                reads_again: 0,
            },
        );
        let fails = self.lost(30);
        let wait = self.latency();
        self.after(wait, Happening::Connected { tab, conn, fails });
    }

    fn tab_sends(&mut self, tab: usize, frames: Vec<ToServer>) {
        let Some(conn) = self.tabs[tab].conn else {
            return;
        };
        if !matches!(frames[..], [ToServer::Ping(_)]) {
            self.note(|| {
                format!(
                    "tab {tab} sends {}",
                    kinds(frames.iter().map(ToServer::kind))
                )
            });
        }
        for frame in &frames {
            match frame {
                ToServer::CatchUp(_) => self.reach(Reached::CaughtUp),
                ToServer::Submit(submit) => self.check_submit(tab, submit),
                _ => {}
            }
        }
        self.send_up(conn, frames);
    }

    fn check_submit(&mut self, tab: usize, submit: &Submit) {
        if submit.messages.len() > firsthop_core::limits::SUBMISSIONS_PER_FRAME_MAX {
            self.violate(format!(
                "tab {tab} submits {} at once",
                submit.messages.len()
            ));
        }
        let visitor = self.tabs[tab].visitor;
        let log = &self.origin.conversations[visitor];
        if submit
            .messages
            .iter()
            .any(|message| log.places.contains_key(&message.id))
        {
            self.reach(Reached::Retransmitted);
        }
        if self.mutated(Mutation::DeviceAcksOnSend) {
            let ids = submit.messages.iter().map(|message| message.id).collect();
            let change = Change::Stored(Hop::Edge, ids);
            let device = self.tabs[tab].device;
            self.visitors[visitor].stores[device].push(change);
        }
    }

    fn tab_saves(&mut self, tab: usize, change: &Change) {
        let Tab {
            visitor, device, ..
        } = self.tabs[tab];
        match change {
            Change::Stored(by, ids) => self.promise(visitor, *by, ids),
            Change::Reset => self.violate(format!("tab {tab} forgets its log")),
            _ => {}
        }
        let forgets =
            matches!(change, Change::Written(_)) && self.mutated(Mutation::DeviceForgetsOutbox);
        if !forgets {
            self.visitors[visitor].stores[device].push(change.clone());
        }
        for other in 0..self.tabs.len() {
            let Tab {
                client,
                visitor: whose,
                device: of,
                ..
            } = &self.tabs[other];
            if other != tab && (*whose, *of) == (visitor, device) && client.is_some() {
                let life = self.tabs[other].life;
                // A channel between tabs keeps the order.
                let told = Happening::Told {
                    tab: other,
                    life,
                    change: Box::new(change.clone()),
                };
                self.after(3, told);
            }
        }
    }

    // ---- What visitors do -------------------------------------------------------------------

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
        if !client.bot_speaks() {
            return None;
        }
        match ask(&mut self.answerer, pack, Hop::Browser, id, said) {
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

pub(crate) fn kinds<'a>(kinds: impl Iterator<Item = &'a str>) -> String {
    kinds.collect::<Vec<_>>().join(", ")
}
