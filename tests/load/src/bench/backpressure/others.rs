//! Those who do nothing unusual, at either hop: visitors who write something short again and again,
//! visitors who come back with an empty device and read what they have said before, and visitors who
//! ask what the hop's bot knows. In: where the hops are. Out: how long each of these took.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use firsthop_core::id::Derived;
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;

use crate::percentile::Latencies;
use crate::visitor::{Visitor, admit};

/// Between a message's acknowledgement and the next one: nobody may write faster for long.
const PAUSE: Duration = Duration::from_millis(600);
/// Before that they are as good as lost.
const SERVED_WITHIN: Duration = Duration::from_secs(60);
/// A phrasing of an entry of the demo shop's, word for word.
const KNOWN: &str = "how do I place an order";

/// What is measured, by its name in the report.
#[derive(Debug, Clone, Copy)]
enum What {
    /// From writing to the acknowledgement.
    Ack,
    /// From coming back to having read everything.
    CatchUp,
    /// From asking to the bot's answer.
    Answer,
}

const WHATS: [(&str, What); 3] = [
    ("others_ack_ms", What::Ack),
    ("others_catch_up_ms", What::CatchUp),
    ("bot_answer_ms", What::Answer),
];

const HOPS: [&str; 2] = ["edge", "origin"];

type Shared = Arc<Mutex<Latencies>>;

/// See the module. Dropping them ends them.
pub(super) struct Others {
    latencies: [[Shared; HOPS.len()]; WHATS.len()],
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
    /// So many come to each hop to write, and one each for the rest.
    pub(super) async fn come(edge: SocketAddr, origin: SocketAddr, count: usize) -> Result<Self> {
        let mut others = Self {
            latencies: Default::default(),
            tasks: Vec::new(),
        };
        for (place, at) in [edge, origin].into_iter().enumerate() {
            for ((_, what), latencies) in WHATS.into_iter().zip(&others.latencies) {
                let count = match what {
                    What::Ack => count,
                    What::CatchUp | What::Answer => 1,
                };
                for _ in 0..count {
                    let token = admit(at, None).await?.token;
                    let visitor = Visitor::connect_as(at, token.clone(), SERVED_WITHIN).await?;
                    let latencies = Arc::clone(&latencies[place]);
                    others.tasks.push(match what {
                        What::Ack => tokio::spawn(write(visitor, latencies)),
                        What::CatchUp => tokio::spawn(come_back(visitor, at, token, latencies)),
                        What::Answer => tokio::spawn(ask(visitor, latencies)),
                    });
                }
            }
        }
        Ok(others)
    }

    /// Forgets what was measured.
    pub(super) fn begin(&self) {
        for latencies in self.latencies.iter().flatten() {
            *lock(latencies) = Latencies::default();
        }
    }

    /// What was measured since [`Self::begin`], for each hop.
    pub(super) fn report(&self) -> Map<String, Value> {
        let whats = WHATS.into_iter().zip(&self.latencies);
        whats
            .map(|((name, _), latencies)| {
                let hops = HOPS.into_iter().zip(latencies);
                let hops = hops.map(|(hop, latencies)| (hop.to_owned(), lock(latencies).report()));
                (name.to_owned(), json!(hops.collect::<Map<_, _>>()))
            })
            .collect()
    }

    /// Somebody waited in vain.
    pub(super) fn check_alive(&self) -> Result<()> {
        if self.tasks.iter().any(JoinHandle::is_finished) {
            bail!("one of the others was not served within {SERVED_WITHIN:?}");
        }
        Ok(())
    }
}

async fn write(mut visitor: Visitor, latencies: Shared) -> Result<()> {
    loop {
        visitor.drive_until(PAUSE, |_| false).await?;
        let began = Instant::now();
        say(&mut visitor).await?;
        lock(&latencies).add(began.elapsed());
    }
}

/// Says something, until it is acknowledged.
async fn say(visitor: &mut Visitor) -> Result<()> {
    visitor.say("Something short.")?;
    visitor
        .drive_until(SERVED_WITHIN, |visitor| !visitor.has_unsent())
        .await?
        .then_some(())
        .context("a message is not acknowledged")
}

async fn come_back(
    mut before: Visitor,
    at: SocketAddr,
    token: String,
    latencies: Shared,
) -> Result<()> {
    say(&mut before).await?;
    before
        .drive_until(SERVED_WITHIN, |visitor| !visitor.log().is_empty())
        .await?;
    drop(before);
    loop {
        tokio::time::sleep(PAUSE).await;
        let began = Instant::now();
        let mut visitor = Visitor::connect_as(at, token.clone(), SERVED_WITHIN).await?;
        visitor
            .drive_until(SERVED_WITHIN, |visitor| !visitor.log().is_empty())
            .await?
            .then_some(())
            .context("a log is not read")?;
        lock(&latencies).add(began.elapsed());
    }
}

async fn ask(mut visitor: Visitor, latencies: Shared) -> Result<()> {
    loop {
        visitor.drive_until(PAUSE, |_| false).await?;
        let began = Instant::now();
        let answer = visitor.say(KNOWN)?.derive(Derived::Answer);
        visitor
            .drive_until(SERVED_WITHIN, |visitor| visitor.arrival(answer).is_some())
            .await?
            .then_some(())
            .context("a question is not answered")?;
        lock(&latencies).add(began.elapsed());
        // One after another: an answer may come long before the question is stored.
        visitor
            .drive_until(SERVED_WITHIN, |visitor| !visitor.has_unsent())
            .await?;
    }
}

fn lock(latencies: &Shared) -> std::sync::MutexGuard<'_, Latencies> {
    latencies.lock().unwrap_or_else(PoisonError::into_inner)
}
