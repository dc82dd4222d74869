//! What visitors, agents and misfortune do next.

use firsthop_core::hop::client::Client;
use firsthop_core::hop::transcript::Delivery;
use firsthop_core::protocol::agent::{Act, Reply};

use crate::agenda::Happening;
use crate::console::agent_ref;
use crate::tally::Fault;
use crate::world::{World, YEAR_MS};

impl World<'_> {
    /// Somebody does something.
    pub(crate) fn act(&mut self) {
        if self.healed {
            return;
        }
        if self.dice.chance(300) {
            let agent = self.dice.below(self.agents.len());
            return self.agent_acts(agent);
        }
        let tab = self.dice.below(self.tabs.len());
        if self.tabs[tab].client.is_none() {
            if self.dice.chance(300) {
                self.open_tab(tab);
            }
            return;
        }
        match self.dice.below(40) {
            0..=24 => self.says_something(tab),
            25..=28 => self.sees(tab),
            29 | 30 => self.retries(tab),
            31 => self.reuses_id(tab),
            32 => {
                let other = self.dice.below(self.tabs.len());
                if self.tabs[other].client.is_none() {
                    self.open_tab(other);
                }
            }
            33 if self.dice.chance(150) => {
                self.fault(Fault::Flood);
                for _ in 0..self.dice.between(20, 240) {
                    self.says_something(tab);
                }
            }
            _ => {}
        }
    }

    fn sees(&mut self, tab: usize) {
        if let Some(client) = &mut self.tabs[tab].client {
            let cursor = client.cursor();
            client.see(cursor);
        }
        self.drive_tab(tab);
    }

    fn retries(&mut self, tab: usize) {
        let now = self.clock(tab);
        if let Some(client) = &mut self.tabs[tab].client {
            let failed = client.transcript().lines().into_iter().find_map(|line| {
                matches!(line.delivery, Some(Delivery::Failed(_))).then_some(line.id)
            });
            if let Some(id) = failed {
                client.retry(now, id);
                let visitor = self.tabs[tab].visitor;
                let order = &mut self.visitors[visitor].order;
                order.retain(|(_, other)| *other != id);
            }
        }
        self.drive_tab(tab);
    }

    /// Something breaks.
    pub(crate) fn break_something(&mut self) {
        let visitor = self.dice.below(self.visitors.len());
        let tab = self.dice.below(self.tabs.len());
        let wait = self.dice.between(500, 15_000);
        match self.dice.below(25) {
            0 if self.edges[visitor].up => {
                self.fault(Fault::EdgeToOriginCut);
                self.edges[visitor].up = false;
                self.after(wait, Happening::LinkHealed { visitor, up: true });
            }
            1 if self.edges[visitor].down => {
                self.fault(Fault::OriginToEdgeCut);
                self.edges[visitor].down = false;
                self.after(wait, Happening::LinkHealed { visitor, up: false });
            }
            2 => self.deafen(tab, true),
            3 => self.deafen(tab, false),
            4 => {
                if let Some(conn) = self.tabs[tab].conn {
                    self.fault(Fault::SocketReset);
                    self.closed_by_server(conn);
                }
            }
            5 => self.goes_offline(visitor, wait),
            6 if self.tabs[tab].client.is_some() => {
                self.fault(Fault::TabClosed);
                self.close_tab(tab);
            }
            7 if self.tabs[tab].client.is_some() => {
                self.fault(Fault::TabReloaded);
                self.reload(tab);
            }
            8 | 9 if self.edges[visitor].relay.is_some() => self.hibernate(visitor),
            10 => self.crash_edge(visitor),
            11 if !self.edges[visitor].storage_fails => {
                self.fault(Fault::EdgeStorageFailed);
                self.edges[visitor].storage_fails = true;
                self.after(wait, Happening::EdgeStorageHealed { visitor });
            }
            12 if self.origin.up => self.crash_origin(),
            13 if !self.origin.storage_fails => {
                self.fault(Fault::OriginStorageFailed);
                self.origin.storage_fails = true;
                self.after(wait, Happening::OriginStorageHealed);
            }
            23 if self.edges[visitor].storage_room.is_none() => {
                // So full that little more fits.
                let room = self.edges[visitor].storage.len() + self.dice.below(3);
                self.edges[visitor].storage_room = Some(room);
                self.after(wait, Happening::EdgeStorageHealed { visitor });
            }
            24 if self.origin.storage_room.is_none() => {
                self.origin.storage_room = Some(self.dice.below(6));
                self.after(wait, Happening::OriginStorageHealed);
            }
            14 if !self.origin.slow => {
                self.fault(Fault::OriginSlow);
                self.origin.slow = true;
                self.after(wait, Happening::OriginFast);
            }
            15 => {
                self.fault(Fault::ClockJumped);
                self.origin.clock_ahead = self.dice.between(0, 40_000_000_000);
            }
            16 => {
                self.fault(Fault::AgentCutOff);
                let agent = self.dice.below(self.agents.len());
                self.cut_agent_off(agent);
            }
            17 => self.changes_pack(),
            18 => {
                let agent = self.dice.below(self.agents.len());
                if !self.agents[agent].frozen {
                    self.freeze(agent);
                    let wait = self.dice.between(2_000, 100_000);
                    self.after(wait, Happening::AgentThaws { agent });
                }
            }
            19 => {
                self.fault(Fault::WallClockWrong);
                self.visitors[visitor].ahead = self.dice.between(0, 2 * YEAR_MS);
            }
            22 => self.crash_second(),
            20 | 21 => self.stops_reading(tab, wait),
            _ => {}
        }
    }

    /// An agent writes to everybody once more.
    pub(crate) fn say_last_words(&mut self) {
        self.last_words = true;
        for visitor in 0..self.visitors.len() {
            let assignee = self.origin.conversations[visitor].head.assignee.clone();
            let agent = usize::from(assignee == Some(agent_ref(1)));
            self.agent_commands(agent, visitor, Act::Reply(Reply { text: "bye".into() }));
        }
    }

    /// Some pages are loaded anew just while they should hear something.
    pub(crate) fn reload_some(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.dice.chance(500) {
                let wait = self.dice.between(1, 150);
                self.after(wait, Happening::Reload { tab });
            }
        }
    }

    /// The origin stops and starts while nobody says anything: nobody need notice.
    pub(crate) fn restart_quietly(&mut self) {
        if self.dice.chance(300) {
            self.crash_origin();
        }
    }

    pub(crate) fn reload(&mut self, tab: usize) {
        self.close_tab(tab);
        let wait = self.dice.between(1, 200);
        self.after(wait, Happening::OpenTab { tab });
    }

    fn deafen(&mut self, tab: usize, up: bool) {
        let Some(conn) = self.tabs[tab]
            .conn
            .and_then(|conn| self.conns.get_mut(&conn))
        else {
            return;
        };
        *(if up { &mut conn.up } else { &mut conn.down }) = false;
        self.fault(if up {
            Fault::SocketDeafUp
        } else {
            Fault::SocketDeafDown
        });
    }

    fn stops_reading(&mut self, tab: usize, wait: u64) {
        let until = self.now + wait;
        if let Some(conn) = self.tabs[tab]
            .conn
            .and_then(|conn| self.conns.get_mut(&conn))
        {
            conn.reads_again = until;
            self.fault(Fault::SlowReader);
        }
    }

    fn goes_offline(&mut self, visitor: usize, wait: u64) {
        if !self.visitors[visitor].online {
            return;
        }
        self.fault(Fault::VisitorOffline);
        self.visitors[visitor].online = false;
        for conn in self
            .conns
            .values_mut()
            .filter(|conn| conn.visitor == visitor)
        {
            (conn.up, conn.down) = (false, false);
        }
        self.after(wait, Happening::BackOnline { visitor });
    }

    fn changes_pack(&mut self) {
        self.fault(Fault::PackChanged);
        self.origin.pack = self.library.hash(self.dice.below(2));
        for visitor in 0..self.edges.len() {
            let (wait, hash) = (self.dice.between(1, 5_000), self.origin.pack);
            self.after(wait, Happening::EdgePack { visitor, hash });
        }
    }

    /// Nothing breaks any more; what is broken is mended, and everybody comes back.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
        self.note(|| "HEALED".to_owned());
        self.origin.storage_heals();
        self.origin.slow = false;
        self.restart_origin();
        self.restart_second();
        self.thaw_all();
        for edge in &mut self.edges {
            edge.storage_heals();
            (edge.up, edge.down) = (true, true);
        }
        for visitor in &mut self.visitors {
            visitor.online = true;
        }
    }

    /// Some visitors are gone when everything heals: what edges stored for them must not wait.
    pub(crate) fn some_leave(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.dice.chance(500) {
                self.close_tab(tab);
            }
        }
    }

    /// Every tab is open and tries to connect.
    pub(crate) fn all_return(&mut self) {
        for tab in 0..self.tabs.len() {
            if self.tabs[tab].client.is_none() {
                self.open_tab(tab);
            }
            let now = self.clock(tab);
            if let Some(client) = self.tabs[tab]
                .client
                .as_mut()
                .filter(|client| !client.is_connected())
            {
                Client::connect(client, now);
            }
            self.drive_tab(tab);
        }
    }
}
