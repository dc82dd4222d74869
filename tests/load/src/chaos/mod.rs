//! `chaos`: the real origin and the real edge under faults, with visitors and agents, and an audit
//! of everything that anybody was told.
//!
//! In: how long, how many kills, a seed. Out: progress on stderr, one JSON line; an error if
//! anything was lost, doubled, out of order, or if somebody holds something else than the store.
//! The seed fixes the faults and the acts, in their order; when they strike depends on the machine.
//!
//! `system` has the processes, `proxy` the links between them, `storm` breaks both; `people` are
//! those who talk (`device`, `agent`), `ledger` what they said and heard, `store` what the disks
//! hold, `audit` compares. `origin_away` is a scenario of its own.

mod agent;
mod audit;
mod device;
mod dice;
mod ledger;
mod origin_away;
mod people;
mod proxy;
mod store;
mod storm;
mod system;
mod transport;
mod words;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use firsthop_core::limits::CONVERSATIONS_OPEN_MAX;
use serde_json::{Map, Value, json};

use crate::clock;
use crate::progress;
use crate::servers::Programs;
use audit::Kind;
use dice::Dice;
use ledger::Speaker;
use people::People;
use proxy::{Struck, Weather};
use storm::{Severity, Toll};
use system::{System, Who};

/// Before the faults begin: latencies without them.
const QUIET: Duration = Duration::from_secs(10);
const SHOW_EVERY: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Scenario {
    /// Everything goes wrong, everywhere, at random.
    Storm,
    /// The origin is away for all the time; nothing else is wrong.
    OriginAway,
}

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What happens
    #[arg(long, value_enum, default_value_t = Scenario::Storm)]
    scenario: Scenario,
    #[command(flatten)]
    severity: Severity,
    /// Rolls the same faults and acts again; without it, a new one
    #[arg(long)]
    seed: Option<u64>,
    /// Visitors, some with two devices; each agent follows all of them
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=CONVERSATIONS_OPEN_MAX as u64))]
    visitors: u64,
    /// How long everybody may take to agree once the faults have ended, in seconds
    #[arg(long, default_value_t = 300)]
    settles_within: u64,
}

/// What people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// They talk.
    Busy,
    /// They say nothing new.
    Settling,
    /// They leave.
    Over,
}

/// Everything that a scenario needs.
struct Run {
    args: Args,
    seed: u64,
    dice: Dice,
    struck: Arc<Struck>,
    toll: Toll,
    system: System,
    people: People,
    began: Instant,
}

pub(crate) async fn chaos(programs: Programs, args: Args) -> Result<String> {
    let seed = match args.seed {
        Some(seed) => seed,
        // So small that it is easily typed again.
        None => u64::from(u32::from_le_bytes(clock::random()?)),
    };
    let mut dice = Dice::new(seed);
    let struck = Arc::new(Struck::default());
    progress(&format!("seed {seed}: starting an origin and an edge"));
    let system = System::start(programs, &mut dice, &struck).await?;
    let mut people = People::new(dice.fork());
    people.ledger.lock().set_quiet(true);
    people.agents_come(&system.links).await?;
    let scenario = args.scenario;
    let mut run = Run {
        args,
        seed,
        dice,
        struck,
        toll: Toll::default(),
        system,
        people,
        began: Instant::now(),
    };
    let extra = match scenario {
        Scenario::Storm => {
            for _ in 0..run.args.visitors {
                run.people.visitor_comes(&run.system.links).await?;
            }
            let dice = run.dice.fork();
            run.storm(dice).await?;
            Map::new()
        }
        Scenario::OriginAway => origin_away::happen(&mut run).await?,
    };
    run.end(extra).await
}

impl Run {
    /// A quiet time, then faults.
    async fn storm(&self, dice: Dice) -> Result<()> {
        let severity = self.args.severity.possible().await;
        let raging = async {
            tokio::time::sleep(QUIET).await;
            self.people.ledger.lock().set_quiet(false);
            storm::rage(&self.system, dice, severity, &self.toll).await
        };
        let mut show = tokio::time::interval(SHOW_EVERY);
        tokio::pin!(raging);
        loop {
            tokio::select! {
                raged = &mut raging => return raged,
                _ = show.tick() => self.show(),
            }
        }
    }

    /// The faults have ended: everybody is to agree, and then is asked what they hold.
    async fn end(mut self, extra: Map<String, Value>) -> Result<String> {
        for proxy in self.system.links.all() {
            proxy.set_weather(Weather::default());
        }
        let minutes = self.began.elapsed().as_secs_f64() / 60.0;
        self.people.settle();
        progress("no more faults: waiting until everybody agrees");
        let began = Instant::now();
        let unsettled = self
            .unsettled_after(Duration::from_secs(self.args.settles_within))
            .await?;
        let settled_seconds = began.elapsed().as_secs_f64();
        // Killed once more: what counts is what the disks hold.
        self.system.kill(Who::Edge).await?;
        self.system.kill(Who::Origin).await?;
        let (connections, ledger) = (self.people.report(), self.people.ledger.clone());
        let held = self.people.leave().await?;
        let database = self.system.database();
        store::check_integrity(&database).await?;
        let logs = store::logs(&database).await?;
        let held_by_edge = store::held_by_edge(&self.system.edge_state()).await?;

        let mut ledger = ledger.lock();
        let mut findings = audit::audit(&logs, &ledger, &held);
        if let Some(unsettled) = unsettled {
            findings.add(Kind::Diverged, format!("no agreement in time: {unsettled}"));
        }
        for _ in 0..held_by_edge {
            findings.add(Kind::Unanswered, "a message still waits at the edge");
        }
        let mut report = json!({
            "command": "chaos",
            "scenario": clap::ValueEnum::to_possible_value(&self.args.scenario)
                .map(|value| value.get_name().to_owned()),
            "minutes": round(minutes),
            "seed": self.seed,
            "visitors": connections,
            "reloads": held.devices.iter().map(|device| device.reloads).sum::<u64>(),
            "agents": held.agents.len(),
            "messages": audit::count(&ledger, |by| matches!(by, Speaker::Device(_))),
            "commands": audit::count(&ledger, |by| matches!(by, Speaker::Agent(_))),
            "acknowledged": ledger.acknowledged.len(),
            "acknowledged_by_edge": ledger.acknowledged_by_edge.len(),
            "refused": ledger.refused.len(),
            "put_off": ledger.put_off,
            "stored": logs.values().map(Vec::len).sum::<usize>(),
            "kills_origin": self.toll.kills_origin.load(Ordering::Relaxed),
            "kills_edge": self.toll.kills_edge.load(Ordering::Relaxed),
            "stops": self.toll.stops.load(Ordering::Relaxed),
            "disk_full": self.toll.disk_full.load(Ordering::Relaxed),
            "commits_failed": self.toll.commits_failed.load(Ordering::Relaxed),
            "disk": self.system.disk(),
            "disk_slow": self.toll.disk_slow.load(Ordering::Relaxed),
            "disk_errors": self.toll.disk_errors.load(Ordering::Relaxed),
            "faults": self.struck.report(),
            "agreed_after_s": round(settled_seconds),
            "ack_ms": { "quiet": ledger.in_quiet.report(), "faults": ledger.in_faults.report() },
        });
        if let Some(members) = report.as_object_mut() {
            members.extend(extra);
            for kind in Kind::ALL {
                members.insert(kind.name().to_owned(), findings.of(*kind).into());
            }
        }
        for line in findings.lines() {
            progress(line);
        }
        if Kind::ALL.iter().all(|kind| findings.of(*kind) == 0) {
            return Ok(report.to_string());
        }
        crate::print(&report.to_string())?;
        bail!(
            "not everything arrived once and in order, see above; data and logs are kept in {}",
            self.system.keep().display()
        )
    }

    /// Waits until everybody agrees with the store; what keeps them from it, if they do not.
    async fn unsettled_after(&mut self, within: Duration) -> Result<Option<String>> {
        let (began, mut shown) = (Instant::now(), Instant::now());
        loop {
            self.people.check_alive()?;
            self.system.check_alive()?;
            let logs = store::logs(&self.system.database()).await?;
            let Some(unsettled) = self.people.unsettled(&logs) else {
                return Ok(None);
            };
            if began.elapsed() > within {
                return Ok(Some(unsettled));
            }
            if shown.elapsed() > SHOW_EVERY {
                shown = Instant::now();
                progress(&unsettled);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// A line of where everything stands.
    fn show(&self) {
        let ledger = self.people.ledger.lock();
        let (connected, devices) = self.people.connected();
        progress(&format!(
            "{:>4.0} s: {} said, {} acknowledged ({} by the edge), {} wait; {connected} of {devices} devices connected; \
             {} kills of the origin, {} of the edge, {} stops, {} commits failed",
            self.began.elapsed().as_secs_f64(),
            ledger.said.len(),
            ledger.acknowledged.len(),
            ledger.acknowledged_by_edge.len(),
            ledger.unsettled(),
            self.toll.kills_origin.load(Ordering::Relaxed),
            self.toll.kills_edge.load(Ordering::Relaxed),
            self.toll.stops.load(Ordering::Relaxed),
            self.toll.commits_failed.load(Ordering::Relaxed),
        ));
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
