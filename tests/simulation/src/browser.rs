//! Visitors' browsers: tabs that share what the device remembers.

use firsthop_core::hop::client::{Change, Client, Output, Transport};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::visitor::{Reach, Submit, ToServer, ToVisitor};
use firsthop_core::protocol::{Answer, Encoding, Hop, Remedy};

use crate::agenda::Happening;
use crate::mutation::Mutation;
use crate::network::Conn;
use crate::nodes::Node;
use crate::skew::Host;
use crate::tally::{Fault, Reached};
use crate::world::World;

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
    pub(crate) fn show(&mut self, visitor: usize, answer: &Answer) {
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
}

pub(crate) fn kinds<'a>(kinds: impl Iterator<Item = &'a str>) -> String {
    kinds.collect::<Vec<_>>().join(", ")
}
