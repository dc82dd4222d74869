//! The scenario `origin-away`: the origin is gone for minutes while visitors come and go.
//!
//! Out, beside the report: how many questions the edge answered meanwhile, how many messages it
//! acknowledged, and how it brought them to the origin when that was back: how long it took, how
//! many batches, and how many at most within a second. The audit is that of every run.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::system::Who;
use super::{Run, SHOW_EVERY, round};
use crate::progress;

/// Before the origin goes: everybody has been greeted, and some have an agent.
const QUIET: Duration = Duration::from_secs(10);
/// How often it is counted how many batches came.
const SAMPLE_EVERY: Duration = Duration::from_millis(250);
const SAMPLES_PER_SECOND: usize = 4;
/// With the origin back, and people still talking: the drain is looked at for at most this long.
const DRAINS_WITHIN: Duration = Duration::from_secs(180);

const BATCHES: &str = "firsthop_edge_batches_total";

/// See the module.
pub(super) async fn happen(run: &mut Run) -> Result<Map<String, Value>> {
    let links = &run.system.links;
    // A third is there from the beginning; the others come while the origin is away.
    let early = run.args.visitors.div_ceil(3);
    for _ in 0..early {
        run.people.visitor_comes(links).await?;
    }
    tokio::time::sleep(QUIET).await;
    let away = Duration::try_from_secs_f64(run.args.severity.minutes * 60.0)?;
    let answered_before = answered(run);
    run.people.ledger.lock().set_quiet(false);
    progress("the origin goes away");
    run.system.kill(Who::Origin).await?;
    let began = Instant::now();
    let mut come = 0;
    let mut shown = Instant::now();
    while began.elapsed() < away {
        let late = run.args.visitors - early;
        // Over the first half of the time, so that the last comers have something to say.
        let due = began.elapsed().as_secs_f64() / (away.as_secs_f64() / 2.0);
        while come < late && (come as f64) < due * late as f64 {
            run.people.visitor_comes(&run.system.links).await?;
            come += 1;
        }
        run.people.check_alive()?;
        run.system.check_alive()?;
        if shown.elapsed() >= SHOW_EVERY {
            shown = Instant::now();
            run.show();
        }
        tokio::time::sleep(SAMPLE_EVERY).await;
    }
    let answered_meanwhile = answered(run) - answered_before;
    let stored = run.people.ledger.lock().acknowledged_by_edge.len();
    if stored == 0 || answered_meanwhile == 0 {
        bail!(
            "while the origin was away the edge stored {stored} messages and answered {answered_meanwhile}"
        );
    }
    progress(&format!(
        "the origin comes back; the edge has acknowledged {stored} messages and answered {answered_meanwhile} questions"
    ));
    // What is measured is the drain, not new messages.
    run.people.settle();
    run.system.restart(Who::Origin).await?;
    let drain = watch_drain(run).await?;
    Ok(Map::from_iter([
        ("away_s".to_owned(), round(away.as_secs_f64()).into()),
        ("answered_while_away".to_owned(), answered_meanwhile.into()),
        ("drain".to_owned(), drain),
    ]))
}

fn answered(run: &Run) -> usize {
    run.people.ledger.lock().answered.len()
}

/// Counts batches until everybody agrees with the store.
async fn watch_drain(run: &Run) -> Result<Value> {
    let began = Instant::now();
    let mut counts = vec![0];
    let mut shown = Instant::now();
    while began.elapsed() < DRAINS_WITHIN {
        tokio::time::sleep(SAMPLE_EVERY).await;
        counts.push(run.system.counter(BATCHES).await.unwrap_or_default());
        if shown.elapsed() >= SHOW_EVERY {
            shown = Instant::now();
            run.show();
        }
        let logs = super::store::logs(&run.system.database()).await?;
        if run.people.unsettled(&logs).is_none() {
            break;
        }
    }
    Ok(json!({
        "seconds": round(began.elapsed().as_secs_f64()),
        "batches": counts.last(),
        "batches_per_second_max": most_per_second(&counts),
    }))
}

/// The most that came within a second.
fn most_per_second(counts: &[u64]) -> u64 {
    counts
        .windows(SAMPLES_PER_SECOND + 1)
        .filter_map(|window| Some(window.last()?.saturating_sub(*window.first()?)))
        .max()
        .unwrap_or_else(|| counts.last().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_is_found() {
        assert_eq!(most_per_second(&[0, 1, 5, 5, 6, 6, 6]), 6);
        assert_eq!(most_per_second(&[0, 2]), 2);
        assert_eq!(most_per_second(&[0, 0, 0, 0, 10, 10, 10, 10, 15]), 10);
    }
}
