//! Those who do nothing unusual: visitors at either hop, each of whom writes something short again
//! and again. In: where the hops are. Out: how long each message took to be acknowledged.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;

use crate::percentile::Latencies;
use crate::visitor::Visitor;

/// Between a message's acknowledgement and the next one: nobody may write faster for long.
const PAUSE: Duration = Duration::from_millis(600);
/// Before that they are as good as lost.
const STORED_WITHIN: Duration = Duration::from_secs(60);

const HOPS: [&str; 2] = ["edge", "origin"];

type Shared = Arc<Mutex<Latencies>>;

/// See the module. Dropping them ends them.
pub(super) struct Others {
    latencies: [Shared; 2],
    tasks: Vec<JoinHandle<Result<()>>>,
}

impl Drop for Others {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Others {
    /// So many come to each hop.
    pub(super) async fn come(edge: SocketAddr, origin: SocketAddr, count: usize) -> Result<Self> {
        let latencies: [Shared; 2] = Default::default();
        let mut tasks = Vec::new();
        for (at, latencies) in [edge, origin].into_iter().zip(&latencies) {
            for _ in 0..count {
                let visitor = Visitor::connect(at, STORED_WITHIN).await?;
                tasks.push(tokio::spawn(write(visitor, Arc::clone(latencies))));
            }
        }
        Ok(Self { latencies, tasks })
    }

    /// Forgets what was measured.
    pub(super) fn begin(&self) {
        for latencies in &self.latencies {
            *lock(latencies) = Latencies::default();
        }
    }

    /// What was measured since [`Self::begin`], for each hop.
    pub(super) fn report(&self) -> Map<String, Value> {
        let hops = HOPS.into_iter().zip(&self.latencies);
        let hops = hops.map(|(hop, latencies)| (hop.to_owned(), lock(latencies).report()));
        let hops: Map<_, _> = hops.collect();
        Map::from_iter([("others_ack_ms".to_owned(), json!(hops))])
    }

    /// Somebody waited in vain.
    pub(super) fn check_alive(&self) -> Result<()> {
        if self.tasks.iter().any(JoinHandle::is_finished) {
            bail!("one of the others was not served within {STORED_WITHIN:?}");
        }
        Ok(())
    }
}

async fn write(mut visitor: Visitor, latencies: Shared) -> Result<()> {
    loop {
        visitor.drive_until(PAUSE, |_| false).await?;
        let began = Instant::now();
        visitor.say("Something short.")?;
        visitor
            .drive_until(STORED_WITHIN, |visitor| !visitor.has_unsent())
            .await?
            .then_some(())
            .context("a message is not acknowledged")?;
        lock(&latencies).add(began.elapsed());
    }
}

fn lock(latencies: &Shared) -> std::sync::MutexGuard<'_, Latencies> {
    latencies.lock().unwrap_or_else(PoisonError::into_inner)
}
