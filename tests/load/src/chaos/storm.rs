//! What goes wrong, and when: weather on every link, kills, stops, a disk that is full, slow or broken.
//!
//! In: dice, how many kills are wanted, how long it is to last. Out: a [`Toll`]. Invariant: when it
//! returns, every process runs, the disk has room and the weather is good on every link.

mod disk;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::watch;

use super::dice::Dice;
use super::proxy::{Proxy, Way, Ways, Weather};
use super::system::{System, Who};
use crate::strace;
use disk::Illness;

/// Between two spells of bad weather on a link, and how long one lasts.
const CALM: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(4));
const SPELL: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(6));
/// How long it takes until something happens again.
struct Between {
    /// When so many are wanted.
    counted: (Duration, Duration),
    /// When only the time is given.
    timed: (Duration, Duration),
}

/// Between two kills of a process.
const KILLS: Between = Between {
    counted: (Duration::from_millis(300), Duration::from_millis(2_500)),
    timed: (Duration::from_secs(3), Duration::from_secs(20)),
};
/// How long a killed process stays away.
const DOWN: (Duration, Duration) = (Duration::ZERO, Duration::from_millis(1_500));
/// One in so many kills leaves it away for longer: long enough for senders to notice.
const LONG_DOWN_OF: usize = 12;
const LONG_DOWN: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(9));
/// Between two stops (SIGSTOP); how long one lasts.
const STOPS: Between = Between {
    counted: (Duration::from_secs(1), Duration::from_secs(4)),
    timed: (Duration::from_secs(4), Duration::from_secs(15)),
};
const STOPPED: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(6));
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Whatever is wanted has happened after three times the time that was asked for and this, or the
/// run fails: servers no longer come back.
const OVERTIME_MAX: Duration = Duration::from_secs(300);

/// How often what was done to processes.
#[derive(Debug, Default)]
pub(super) struct Toll {
    pub(super) kills_origin: AtomicU64,
    pub(super) kills_edge: AtomicU64,
    pub(super) stops: AtomicU64,
    /// How often the disk was full so that something was refused.
    pub(super) disk_full: AtomicU64,
    /// Commits, and starts, that failed because of that.
    pub(super) commits_failed: AtomicU64,
    /// How often the disk was slow for a while, and nobody killed the origin meanwhile.
    pub(super) disk_slow: AtomicU64,
    /// How often it reported errors for a while, so that commits failed.
    pub(super) disk_errors: AtomicU64,
}

impl Toll {
    const fn illnesses(&self, illness: Illness) -> &AtomicU64 {
        match illness {
            Illness::Slow => &self.disk_slow,
            Illness::Errors => &self.disk_errors,
        }
    }

    const fn kills(&self, who: Who) -> &AtomicU64 {
        match who {
            Who::Origin => &self.kills_origin,
            Who::Edge => &self.kills_edge,
        }
    }
}

/// How bad it is to be: at least so long, and at least so many of each; where no number is given,
/// some now and then.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct Severity {
    /// How long it happens, at least
    #[arg(long, default_value_t = 3.0)]
    pub(super) minutes: f64,
    /// Goes on until the origin was killed so often
    #[arg(long)]
    kills_origin: Option<u64>,
    /// Goes on until the edge was killed so often
    #[arg(long)]
    kills_edge: Option<u64>,
    /// Goes on until one of them was stopped (SIGSTOP) so often
    #[arg(long)]
    stops: Option<u64>,
    /// Goes on until the origin's disk was full so often
    #[arg(long)]
    disk_full: Option<u64>,
    /// Goes on until the origin's disk was slow so often (strace)
    #[arg(long)]
    disk_slow: Option<u64>,
    /// Goes on until the origin's disk reported errors so often (strace)
    #[arg(long)]
    disk_errors: Option<u64>,
}

impl Severity {
    const fn kills(&self, who: Who) -> Option<u64> {
        match who {
            Who::Origin => self.kills_origin,
            Who::Edge => self.kills_edge,
        }
    }

    /// Whether everything that is wanted has happened.
    fn is_met_by(&self, toll: &Toll) -> bool {
        [
            (self.kills_origin, &toll.kills_origin),
            (self.kills_edge, &toll.kills_edge),
            (self.stops, &toll.stops),
            (self.disk_full, &toll.disk_full),
            (self.disk_slow, &toll.disk_slow),
            (self.disk_errors, &toll.disk_errors),
        ]
        .into_iter()
        .all(|(wanted, count)| !wanted.is_some_and(|wanted| is_below(count, wanted)))
    }

    /// Without what this machine can't do, whatever is wanted.
    pub(super) async fn possible(mut self) -> Self {
        if !strace::works().await {
            crate::progress("strace is missing or may not attach: no disk is slow or broken");
            (self.disk_slow, self.disk_errors) = (None, None);
        }
        self
    }
}

fn is_below(count: &AtomicU64, wanted: u64) -> bool {
    count.load(Ordering::Relaxed) < wanted
}

/// See the module.
pub(super) async fn rage(
    system: &System,
    mut dice: Dice,
    severity: Severity,
    toll: &Toll,
) -> Result<()> {
    let lasts = Duration::try_from_secs_f64(severity.minutes * 60.0)?;
    let over = watch::Sender::new(false);
    let ending = async {
        tokio::time::sleep(lasts).await;
        while !severity.is_met_by(toll) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        over.send_replace(true);
        anyhow::Ok(())
    };
    let [origin, edge] = [Who::Origin, Who::Edge].map(|who| {
        let wanted = severity.kills(who);
        kill_again_and_again(system, who, dice.fork(), wanted, over.subscribe(), toll)
    });
    let mut weather = dice.fork();
    let [a, b, c, d, e] = system.links.all().map(|proxy| {
        let dice = weather.fork();
        change_weather(proxy, dice, over.subscribe())
    });
    let [stops, disk, slow, errors] = [(); 4].map(|()| dice.fork());
    let all = async {
        tokio::try_join!(
            ending,
            origin,
            edge,
            async {
                tokio::join!(a, b, c, d, e);
                Ok(())
            },
            stop_now_and_then(system, stops, severity.stops, over.subscribe(), toll),
            disk::fill(system, disk, severity.disk_full, over.subscribe(), toll),
            disk::sicken(
                system,
                slow,
                Illness::Slow,
                severity.disk_slow,
                over.subscribe(),
                toll
            ),
            disk::sicken(
                system,
                errors,
                Illness::Errors,
                severity.disk_errors,
                over.subscribe(),
                toll
            ),
        )
    };
    tokio::time::timeout(3 * lasts + OVERTIME_MAX, all)
        .await
        .with_context(|| format!("not everything that was wanted came to pass: {toll:?}"))??;
    Ok(())
}

/// Waits, unless it is over.
async fn pause(how_long: Duration, over: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(how_long) => true,
        _ = over.wait_for(|over| *over) => false,
    }
}

/// Waits until something is to happen again; `false` if it has happened as often as is `wanted`, or
/// everything is over.
async fn again(
    between: Between,
    count: &AtomicU64,
    wanted: Option<u64>,
    dice: &mut Dice,
    over: &mut watch::Receiver<bool>,
) -> bool {
    let (least, most) = match wanted {
        Some(_) => between.counted,
        None => between.timed,
    };
    wanted.is_none_or(|wanted| is_below(count, wanted))
        && pause(dice.between(least, most), over).await
}

async fn kill_again_and_again(
    system: &System,
    who: Who,
    mut dice: Dice,
    wanted: Option<u64>,
    mut over: watch::Receiver<bool>,
    toll: &Toll,
) -> Result<()> {
    while again(KILLS, toll.kills(who), wanted, &mut dice, &mut over).await {
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
    Ok(())
}

async fn stop_now_and_then(
    system: &System,
    mut dice: Dice,
    wanted: Option<u64>,
    mut over: watch::Receiver<bool>,
    toll: &Toll,
) -> Result<()> {
    while again(STOPS, &toll.stops, wanted, &mut dice, &mut over).await {
        let who = *dice.pick(&[Who::Origin, Who::Edge]).unwrap_or(&Who::Origin);
        system
            .pause(who, dice.between(STOPPED.0, STOPPED.1))
            .await?;
        toll.stops.fetch_add(1, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_goes_on_until_everything_that_is_wanted_has_happened() {
        let severity = Severity {
            kills_origin: Some(2),
            disk_full: Some(1),
            ..Severity::default()
        };
        let toll = Toll::default();
        toll.kills_origin.store(2, Ordering::Relaxed);
        assert!(!severity.is_met_by(&toll), "the disk was never full");
        toll.disk_full.store(1, Ordering::Relaxed);
        assert!(severity.is_met_by(&toll));
        assert!(Severity::default().is_met_by(&Toll::default()));
    }
}
