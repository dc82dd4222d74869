//! An origin and an edge behind proxies: killed, stopped, filled up and restarted on the same
//! data, while those who talk to them keep their addresses.
//!
//! Each start takes a port of its own, as the one before may have been taken meanwhile; the proxies
//! know where the servers are. Invariant: a process is killed, stopped and started by one task at a
//! time, and none outlives this.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::dice::Dice;
use super::proxy::{Proxy, Struck};
use crate::disk::Disk;
use crate::http;
use crate::servers::{
    Account, DEMO_KNOWLEDGE, EDGE_STATE, EdgeKeys, Firsthop, INBOX, LOOK_EVERY, Programs, Server,
    edge_command, free_address, origin_command,
};

/// A machine may be busy with much else.
const READY_WITHIN: Duration = Duration::from_secs(60);
const COMMIT_FAILURES: &str = "firsthop_commit_failures_total";
/// Starts of one server before the run gives up: another process may have taken its port.
const STARTS_MAX: u32 = 5;
/// Where no disk can be filled: what the database may grow to meanwhile, less than it holds by then.
const FULL_MEGABYTES: u32 = 1;

/// So many editions of the knowledge are published: together they are larger than that.
const EDITIONS: u32 = 4;

/// The origin's directory on its disk.
const ORIGIN: &str = "origin";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Origin,
    Edge,
}

/// The links between everybody.
pub(super) struct Links {
    pub(super) visitors_to_edge: Proxy,
    pub(super) visitors_to_origin: Proxy,
    pub(super) agents_to_origin: Proxy,
    pub(super) edge_to_origin: Proxy,
    pub(super) origin_to_edge: Proxy,
}

impl Links {
    pub(super) fn all(&self) -> [&Proxy; 5] {
        [
            &self.visitors_to_edge,
            &self.visitors_to_origin,
            &self.agents_to_origin,
            &self.edge_to_origin,
            &self.origin_to_edge,
        ]
    }
}

/// See the module.
pub(super) struct System {
    // Dropped in this order: the processes end before their directory goes.
    origin: Mutex<Option<Server>>,
    edge: Mutex<Option<Server>>,
    /// Whether the origin's disk has no room.
    full: AtomicBool,
    /// How often the origin could not start because of that.
    starts_refused: AtomicU64,
    pub(super) links: Links,
    programs: Programs,
    firsthop: Firsthop,
    keys: EdgeKeys,
    /// The origin's; none where nothing may be mounted.
    disk: Option<Disk>,
    directory: TempDir,
}

impl System {
    /// Starts everything: an inbox with the demo shop's knowledge, agents, an edge.
    pub(super) async fn start(
        programs: Programs,
        dice: &mut Dice,
        struck: &Arc<Struck>,
    ) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("firsthop-chaos-")
            .tempdir()?;
        let mounted = directory.path().join("disk");
        std::fs::create_dir(&mounted)?;
        let disk = Disk::mount(&mounted)?;
        let firsthop = Firsthop {
            program: programs.firsthop.clone(),
            data: mounted.join(ORIGIN),
        };
        for account in Account::ALL {
            firsthop.create_account(account)?;
        }
        firsthop.create_inbox()?;
        let knowledge = directory.path().join("knowledge.jsonl");
        for edition in 0..EDITIONS {
            let title = "\"title\": \"";
            let edited = DEMO_KNOWLEDGE.replacen(title, &format!("{title}{edition} "), 1);
            std::fs::write(&knowledge, edited)?;
            firsthop.publish(&knowledge)?;
        }

        let nowhere = free_address()?;
        let mut proxy = || Proxy::start(nowhere, dice.fork(), Arc::clone(struck));
        let links = Links {
            visitors_to_edge: proxy().await?,
            visitors_to_origin: proxy().await?,
            agents_to_origin: proxy().await?,
            edge_to_origin: proxy().await?,
            origin_to_edge: proxy().await?,
        };
        let keys = firsthop.create_edge(&format!("http://{}", links.origin_to_edge.at))?;
        let system = Self {
            origin: Mutex::default(),
            edge: Mutex::default(),
            full: AtomicBool::default(),
            starts_refused: AtomicU64::default(),
            links,
            programs,
            firsthop,
            keys,
            disk,
            directory,
        };
        system.restart(Who::Origin).await?;
        system.restart(Who::Edge).await?;
        system.edge_knows_the_pack().await?;
        Ok(system)
    }

    const fn slot(&self, who: Who) -> &Mutex<Option<Server>> {
        match who {
            Who::Origin => &self.origin,
            Who::Edge => &self.edge,
        }
    }

    /// Kills it if it runs, leaves it so for `down`, starts it on the same data, and waits until it
    /// answers.
    pub(super) async fn kill_and_restart(&self, who: Who, down: Duration) -> Result<()> {
        let mut slot = self.slot(who).lock().await;
        self.end(who, &mut slot)?;
        tokio::time::sleep(down).await;
        *slot = Some(self.started(who).await?);
        Ok(())
    }

    /// Kills it and leaves it so.
    pub(super) async fn kill(&self, who: Who) -> Result<()> {
        let mut slot = self.slot(who).lock().await;
        self.end(who, &mut slot)
    }

    /// Starts it, unless it runs.
    pub(super) async fn restart(&self, who: Who) -> Result<()> {
        let mut slot = self.slot(who).lock().await;
        if slot.is_none() {
            *slot = Some(self.started(who).await?);
        }
        Ok(())
    }

    /// Stops it for a while.
    pub(super) async fn pause(&self, who: Who, how_long: Duration) -> Result<()> {
        let slot = self.slot(who).lock().await;
        if let Some(server) = &*slot {
            server.pause()?;
            tokio::time::sleep(how_long).await;
            server.resume()?;
        }
        Ok(())
    }

    /// What a full disk is here.
    pub(super) const fn disk(&self) -> &'static str {
        match self.disk {
            Some(_) => "a tmpfs that is filled",
            None => "a store that may not grow, as nothing may be mounted here",
        }
    }

    /// Takes all the room that the origin's disk has left. Where that is not possible its store may not
    /// grow any more, for which it has to be killed; tells whether it was.
    pub(super) async fn fill_disk(&self) -> Result<bool> {
        let was_full = self.full.swap(true, Ordering::Relaxed);
        match &self.disk {
            Some(disk) => disk.fill()?,
            None if was_full => {}
            None => {
                self.kill_and_restart(Who::Origin, Duration::ZERO).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives it back; tells whether the origin was killed for that.
    pub(super) async fn clear_disk(&self) -> Result<bool> {
        self.full.store(false, Ordering::Relaxed);
        match &self.disk {
            Some(disk) => disk.clear()?,
            None => self.kill_and_restart(Who::Origin, Duration::ZERO).await?,
        }
        Ok(self.disk.is_none())
    }

    /// How often something of the origin failed for its disk since it was started: commits, and
    /// starts themselves.
    pub(super) async fn disk_failures(&self) -> u64 {
        let commits = self.counter(COMMIT_FAILURES).await.unwrap_or(0);
        commits + self.starts_refused.load(Ordering::Relaxed)
    }

    /// The origin's process, if it runs and nobody restarts it.
    pub(super) fn origin_pid(&self) -> Option<u32> {
        let slot = self.origin.try_lock().ok()?;
        slot.as_ref().map(Server::pid)
    }

    /// One of the origin's counters; `None` while it does not answer, or is restarted.
    pub(super) async fn counter(&self, name: &str) -> Option<u64> {
        let at = self.origin.try_lock().ok()?.as_ref()?.at;
        let answer = http::get(at, "/metrics").await.ok()?;
        let text = String::from_utf8(answer.body.to_vec()).ok()?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        value.trim().parse().ok()
    }

    /// A server that ended though nobody killed it.
    pub(super) fn check_alive(&self) -> Result<()> {
        for who in [Who::Origin, Who::Edge] {
            // While it is being restarted, whoever does that sees what becomes of it.
            if let Ok(mut slot) = self.slot(who).try_lock()
                && let Some(server) = &mut *slot
                && server.has_ended()?
            {
                bail!(
                    "{} ended by itself; it said:\n{}",
                    server.name,
                    server.said()
                );
            }
        }
        Ok(())
    }

    /// The origin's database.
    pub(super) fn database(&self) -> PathBuf {
        self.firsthop.database()
    }

    /// Where the edge keeps what it has acknowledged.
    pub(super) fn edge_state(&self) -> PathBuf {
        self.directory.path().join(EDGE_STATE)
    }

    /// Leaves the directory with the servers' data and logs where it is, for whoever looks for a
    /// cause; says where.
    pub(super) fn keep(self) -> PathBuf {
        let Self {
            disk, directory, ..
        } = self;
        let directory = directory.keep();
        if let Some(disk) = disk
            && let Err(error) = disk.rescue(ORIGIN, &directory.join("origin-data"))
        {
            crate::progress(&format!("the origin's data could not be kept: {error:#}"));
        }
        directory
    }

    fn log(&self, who: Who) -> PathBuf {
        self.directory.path().join(match who {
            Who::Origin => "origin.log",
            Who::Edge => "edge.log",
        })
    }

    fn end(&self, who: Who, slot: &mut Option<Server>) -> Result<()> {
        if let Some(server) = slot {
            if server.has_ended()? {
                bail!("{who:?} ended by itself; it said:\n{}", server.said());
            }
            server.kill()?;
        }
        *slot = None;
        Ok(())
    }

    async fn started(&self, who: Who) -> Result<Server> {
        let mut tries = 0;
        loop {
            tries += 1;
            let at = free_address()?;
            let mut server = self.start_at(who, at)?;
            match server.is_ready("/healthz", READY_WITHIN).await {
                Ok(()) => {
                    self.point_proxies(who, at);
                    return Ok(server);
                }
                // It is started again and again, as whatever looks after servers does.
                Err(_) if who == Who::Origin && self.full.load(Ordering::Relaxed) => {
                    tries -= 1;
                    self.starts_refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                Err(error) if tries == STARTS_MAX => return Err(error),
                Err(_) => {}
            }
        }
    }

    fn start_at(&self, who: Who, at: SocketAddr) -> Result<Server> {
        let links = &self.links;
        match who {
            Who::Origin => {
                let mut command = origin_command(&self.firsthop, at);
                if self.disk.is_none() && self.full.load(Ordering::Relaxed) {
                    command.env("FIRSTHOP_STORE_MEGABYTES_MAX", FULL_MEGABYTES.to_string());
                }
                Server::start("the origin", at, command, &self.log(who))
            }
            Who::Edge => {
                let origin = links.edge_to_origin.at;
                let command = edge_command(
                    &self.programs,
                    &self.keys,
                    at,
                    origin,
                    self.directory.path(),
                )?;
                Server::start("the edge", at, command, &self.log(who))
            }
        }
    }

    fn point_proxies(&self, who: Who, at: SocketAddr) {
        let links = &self.links;
        match who {
            Who::Origin => {
                for proxy in [
                    &links.visitors_to_origin,
                    &links.agents_to_origin,
                    &links.edge_to_origin,
                ] {
                    proxy.set_target(at);
                }
            }
            Who::Edge => {
                links.visitors_to_edge.set_target(at);
                links.origin_to_edge.set_target(at);
            }
        }
    }

    async fn edge_knows_the_pack(&self) -> Result<()> {
        let path = format!("/v1/inboxes/{INBOX}/pack");
        let began = std::time::Instant::now();
        loop {
            let answer = http::get(self.links.visitors_to_edge.at, &path).await?;
            let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if told["pack"].is_string() {
                return Ok(());
            }
            if began.elapsed() > READY_WITHIN {
                bail!("the edge knows no pack after {READY_WITHIN:?}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
