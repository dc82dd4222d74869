//! What goes wrong, and when: weather on every link, kills, stops, a full disk.
//!
//! In: dice, how many kills are wanted, how long it is to last. Out: a [`Toll`]. Invariant: when it
//! returns, every process runs, the disk has room and the weather is good on every link.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;
use tokio::time::Instant;

use super::dice::Dice;
use super::proxy::{Proxy, Way, Ways, Weather};
use super::system::{System, Who};

/// Between two spells of bad weather on a link, and how long one lasts.
const CALM: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(4));
const SPELL: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(6));
/// Between two kills of a process when so many are wanted…
const KILL_WHEN_COUNTED: (Duration, Duration) =
    (Duration::from_millis(300), Duration::from_millis(2_500));
/// …and when only the time is given.
const KILL_WHEN_TIMED: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(20));
/// How long a killed process stays away.
const DOWN: (Duration, Duration) = (Duration::ZERO, Duration::from_millis(1_500));
/// One in so many kills leaves it away for longer: long enough for senders to notice.
const LONG_DOWN_OF: usize = 12;
const LONG_DOWN: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(9));
/// Between two stops (SIGSTOP), and how long one lasts.
const BETWEEN_STOPS: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(15));
const STOPPED: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(6));
/// Before the disk fills up, and how long it stays full once something was refused.
const DISK_OK: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(40));
const DISK_FULL: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(8));
/// A disk that refuses nothing after this long has room enough.
const DISK_REFUSES_WITHIN: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(200);

const COMMIT_FAILURES: &str = "firsthop_commit_failures_total";

/// How often what was done to processes.
#[derive(Debug, Default)]
pub(super) struct Toll {
    pub(super) kills_origin: AtomicU64,
    pub(super) kills_edge: AtomicU64,
    pub(super) stops: AtomicU64,
    pub(super) disk_full: AtomicU64,
    /// Commits that failed because of that.
    pub(super) commits_failed: AtomicU64,
}

impl Toll {
    const fn kills(&self, who: Who) -> &AtomicU64 {
        match who {
            Who::Origin => &self.kills_origin,
            Who::Edge => &self.kills_edge,
        }
    }
}

/// How bad it is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Severity {
    /// At least this long.
    pub(super) lasts: Duration,
    /// At least so many kills of each; none: some now and then.
    pub(super) kills_origin: Option<u64>,
    pub(super) kills_edge: Option<u64>,
}

/// See the module.
pub(super) async fn rage(
    system: &System,
    mut dice: Dice,
    severity: Severity,
    toll: &Toll,
) -> Result<()> {
    let until = Instant::now() + severity.lasts;
    let over = watch::Sender::new(false);
    let [origin, edge] = [Who::Origin, Who::Edge].map(|who| {
        let wanted = match who {
            Who::Origin => severity.kills_origin,
            Who::Edge => severity.kills_edge,
        };
        kill_again_and_again(system, who, dice.fork(), wanted, until, toll)
    });
    let killing = async {
        tokio::try_join!(origin, edge, async {
            tokio::time::sleep_until(until).await;
            Ok(())
        })?;
        over.send_replace(true);
        anyhow::Ok(())
    };
    let mut weather = dice.fork();
    let [a, b, c, d, e] = system.links.all().map(|proxy| {
        let dice = weather.fork();
        change_weather(proxy, dice, over.subscribe())
    });
    let (stops, disk) = (dice.fork(), dice.fork());
    tokio::try_join!(
        killing,
        async {
            tokio::join!(a, b, c, d, e);
            Ok(())
        },
        stop_now_and_then(system, stops, over.subscribe(), toll),
        fill_disk(system, disk, over.subscribe(), toll),
    )?;
    Ok(())
}

/// Waits, unless it is over.
async fn pause(how_long: Duration, over: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(how_long) => true,
        _ = over.wait_for(|over| *over) => false,
    }
}

async fn kill_again_and_again(
    system: &System,
    who: Who,
    mut dice: Dice,
    wanted: Option<u64>,
    until: Instant,
    toll: &Toll,
) -> Result<()> {
    let between = match wanted {
        Some(_) => KILL_WHEN_COUNTED,
        None => KILL_WHEN_TIMED,
    };
    loop {
        let wait = dice.between(between.0, between.1);
        let done = match wanted {
            Some(wanted) => toll.kills(who).load(Ordering::Relaxed) >= wanted,
            None => Instant::now() + wait >= until,
        };
        if done {
            return Ok(());
        }
        tokio::time::sleep(wait).await;
        let down = if dice.below(LONG_DOWN_OF) == 0 {
            LONG_DOWN
        } else {
            DOWN
        };
        system
            .kill_and_restart(who, dice.between(down.0, down.1))
            .await?;
        toll.kills(who).fetch_add(1, Ordering::Relaxed);
    }
}

async fn stop_now_and_then(
    system: &System,
    mut dice: Dice,
    mut over: watch::Receiver<bool>,
    toll: &Toll,
) -> Result<()> {
    while pause(dice.between(BETWEEN_STOPS.0, BETWEEN_STOPS.1), &mut over).await {
        let who = *dice.pick(&[Who::Origin, Who::Edge]).unwrap_or(&Who::Origin);
        system
            .pause(who, dice.between(STOPPED.0, STOPPED.1))
            .await?;
        toll.stops.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// The database may not grow for a while, and may again.
async fn fill_disk(
    system: &System,
    mut dice: Dice,
    mut over: watch::Receiver<bool>,
    toll: &Toll,
) -> Result<()> {
    while pause(dice.between(DISK_OK.0, DISK_OK.1), &mut over).await {
        system.set_disk_full(true).await?;
        toll.kills_origin.fetch_add(1, Ordering::Relaxed);
        toll.disk_full.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let mut failed = 0;
        // A process that is killed meanwhile begins to count anew.
        while failed == 0 && began.elapsed() < DISK_REFUSES_WITHIN {
            failed = system.counter(COMMIT_FAILURES).await.unwrap_or(0);
            if !pause(LOOK_EVERY, &mut over).await {
                break;
            }
        }
        pause(dice.between(DISK_FULL.0, DISK_FULL.1), &mut over).await;
        failed = system
            .counter(COMMIT_FAILURES)
            .await
            .unwrap_or(0)
            .max(failed);
        toll.commits_failed.fetch_add(failed, Ordering::Relaxed);
        system.set_disk_full(false).await?;
        toll.kills_origin.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

async fn change_weather(proxy: &Proxy, mut dice: Dice, mut over: watch::Receiver<bool>) {
    while pause(dice.between(CALM.0, CALM.1), &mut over).await {
        match dice.below(10) {
            0 => proxy.cut(),
            1 => {
                let ways = [Ways::BOTH, Ways::only(Way::Up), Ways::only(Way::Down)];
                proxy.silence(*dice.pick(&ways).unwrap_or(&Ways::BOTH));
            }
            _ => {
                proxy.set_weather(some_weather(&mut dice));
                pause(dice.between(SPELL.0, SPELL.1), &mut over).await;
                proxy.set_weather(Weather::default());
            }
        }
    }
}

fn some_weather(dice: &mut Dice) -> Weather {
    let good = Weather::default();
    let millis = |dice: &mut Dice, most: u64| {
        dice.between(Duration::from_millis(1), Duration::from_millis(most))
    };
    match dice.below(7) {
        0 => Weather {
            latency: millis(dice, 400),
            jitter: millis(dice, 400),
            ..good
        },
        1 => Weather {
            bytes_per_second: Some(2_000 + u32::try_from(dice.below(30_000)).unwrap_or(0)),
            latency: millis(dice, 50),
            ..good
        },
        2 => Weather {
            stalls_per_mille: 200,
            stall: millis(dice, 4_000),
            ..good
        },
        3 => Weather {
            resets_per_mille: 150,
            refusals_per_mille: 300,
            jitter: millis(dice, 100),
            ..good
        },
        4 => Weather {
            half_open_per_mille: 300,
            ..good
        },
        5 => Weather {
            partitioned: Ways::only(*dice.pick(&[Way::Up, Way::Down]).unwrap_or(&Way::Up)),
            ..good
        },
        _ => Weather {
            partitioned: Ways::BOTH,
            ..good
        },
    }
}
