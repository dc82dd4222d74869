//! What goes wrong with the origin's disk: it is full, slow, or reports errors, each for a while.
//!
//! In: dice, how often each is wanted. Out: the toll. Invariant: when a function returns, the disk is
//! well again.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::dice::Dice;
use super::super::system::System;
use super::{Between, LOOK_EVERY, Toll, again, pause};
use crate::strace::{self, Interference, Whose};

/// Before the disk fills up, or falls ill; how long it stays full once something was refused.
const WELL: Between = Between {
    counted: (Duration::from_secs(2), Duration::from_secs(8)),
    timed: (Duration::from_secs(8), Duration::from_secs(40)),
};
const DISK_FULL: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(8));
/// A disk that refuses nothing after this long has room enough.
const DISK_REFUSES_WITHIN: Duration = Duration::from_secs(15);
/// How long a disk is slow, or reports errors; how long a sync takes then, in microseconds.
const DISK_ILL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
const SYNC_TAKES_US: (usize, usize) = (50_000, 1_500_000);

/// What else a disk may suffer from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Illness {
    /// Whatever it is to keep takes long.
    Slow,
    /// It reports errors when it is to keep something, always or now and then.
    Errors,
}

impl Illness {
    /// In the words of strace.
    fn roll(self, dice: &mut Dice) -> String {
        let (least, most) = SYNC_TAKES_US;
        match self {
            Self::Slow => format!("delay_enter={}", least + dice.below(most - least)),
            Self::Errors => format!("error=EIO:when=1+{}", 1 + dice.below(3)),
        }
    }
}

/// The origin's disk has no room for a while, and has some again.
pub(super) async fn fill(
    system: &System,
    mut dice: Dice,
    wanted: Option<u64>,
    mut over: watch::Receiver<bool>,
    toll: &Toll,
) -> Result<()> {
    let killed = |was: bool| {
        toll.kills_origin
            .fetch_add(u64::from(was), Ordering::Relaxed)
    };
    while again(WELL, &toll.disk_full, wanted, &mut dice, &mut over).await {
        let before = system.disk_failures().await;
        killed(system.fill_disk().await?);
        let began = Instant::now();
        let lasts = dice.between(DISK_FULL.0, DISK_FULL.1);
        let mut failed = 0;
        let mut since = None;
        loop {
            // A process that is killed meanwhile begins to count anew.
            let now = system.disk_failures().await;
            failed = failed.max(now.saturating_sub(before));
            if failed > 0 {
                since.get_or_insert_with(Instant::now);
            }
            let enough = since.map_or(began.elapsed() >= DISK_REFUSES_WITHIN, |since| {
                since.elapsed() >= lasts
            });
            if enough || !pause(LOOK_EVERY, &mut over).await {
                break;
            }
            // What became free meanwhile is taken, too.
            killed(system.fill_disk().await?);
        }
        toll.commits_failed.fetch_add(failed, Ordering::Relaxed);
        toll.disk_full
            .fetch_add(u64::from(failed > 0), Ordering::Relaxed);
        killed(system.clear_disk().await?);
    }
    Ok(())
}

/// The origin's disk is slow for a while, or reports errors.
pub(super) async fn sicken(
    system: &System,
    mut dice: Dice,
    illness: Illness,
    wanted: Option<u64>,
    mut over: watch::Receiver<bool>,
    toll: &Toll,
) -> Result<()> {
    let count = toll.illnesses(illness);
    let works = strace::works().await;
    while works && again(WELL, count, wanted, &mut dice, &mut over).await {
        let how = illness.roll(&mut dice);
        let lasts = dice.between(DISK_ILL.0, DISK_ILL.1);
        let Some(pid) = system.origin_pid() else {
            continue;
        };
        let before = system.disk_failures().await;
        if let Some(interference) = Interference::begin(pid, Whose::All, &how).await? {
            pause(lasts, &mut over).await;
            let failed = system.disk_failures().await > before;
            let lived = interference.end()?;
            let mattered = match illness {
                Illness::Slow => lived,
                Illness::Errors => failed,
            };
            count.fetch_add(u64::from(mattered), Ordering::Relaxed);
        }
    }
    Ok(())
}
