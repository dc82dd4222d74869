//! Backpressure on the real servers: somebody does not read, floods, or a disk is slow. What do
//! origin and edge hold for them, how long do the others wait, and do they catch up?
//!
//! Visitors at the edge and visitors at the origin write, come back and ask all the time (`others`). Beside them, one
//! after another: a visitor who does not read, by a socket or a stream of events, at either hop
//! (`slow`); an agent's console that does not read (`console`); an edge that sends batches as fast as
//! it can, and a disk that takes long to keep anything, also both at once (`pressure`). Out: for each of these the others'
//! latencies beside those of the quiet time before it all, both servers' memory (VmRSS) before,
//! at most, and after, and what became of the slow one. It fails if a server held more than
//! [`HELD_MB_MAX`] for somebody, if the origin does not give the slow one up, or if the slow one
//! missed something in the end.

mod console;
mod others;
mod pressure;
mod slow;

use std::future::{Ready, ready};
use std::pin::pin;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use self::others::Others;
use self::slow::Way;
use crate::progress;
use crate::servers::{Account, Programs, Server, Servers, Via};

/// Each part lasts at least so long, so that enough is measured.
const PART_AT_LEAST: Duration = Duration::from_secs(10);
/// After a part, before the next one.
const BREATHER: Duration = Duration::from_secs(2);
const SAMPLE_EVERY: Duration = Duration::from_millis(100);
/// So much is written and read before anything is measured: more than the origin's store caches.
const CACHES_MB: usize = 24;
/// What a server may have grown by at most during a part, whatever it is asked to hold…
const HELD_MB_MAX: f64 = 64.0;
/// …and while an edge floods it: fewer megabytes than batches of one are on their way.
const FLOOD_HELD_MB_MAX: f64 = pressure::BATCHES_AT_ONCE as f64;

const FLOOD: &str = "edge_floods";
const FLOOD_ON_SLOW_DISK: &str = "edge_floods_on_a_slow_disk";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Visitors who write meanwhile, at each hop
    #[arg(long, default_value_t = 10)]
    others: usize,
    /// Messages of 8 KiB for somebody who does not read
    #[arg(long, default_value_t = 1_500)]
    messages: usize,
}

pub(super) async fn measure(programs: &Programs, args: &Args) -> Result<Value> {
    let servers = Servers::start(programs, Via::Edge).await?;
    servers.create_account(Account::BO)?;
    servers.publish_demo()?;
    servers.has_pack().await?;
    let (edge, origin) = (servers.visitors().at, servers.origin().at);
    let others = Others::come(edge, origin, args.others).await?;
    let bench = Bench { servers, others };
    let mut parts = Map::new();
    // Once for what is only ever allocated once: the store's caches above all.
    let warm = slow::does_not_read(&bench.servers, origin, Way::Stream, CACHES_MB * 128);
    bench.part("warming up", warm).await?;
    parts.insert("quiet".to_owned(), bench.part("quiet", quiet()).await?);
    for (name, at, way) in [
        ("visitor_socket_at_origin", origin, Way::Socket),
        ("visitor_stream_at_origin", origin, Way::Stream),
        ("visitor_socket_at_edge", edge, Way::Socket),
        ("visitor_stream_at_edge", edge, Way::Stream),
    ] {
        let slow = slow::does_not_read(&bench.servers, at, way, args.messages);
        parts.insert(name.to_owned(), bench.part(name, slow).await?);
    }
    let name = "console";
    let slow = console::does_not_read(&bench.servers, args.messages);
    parts.insert(name.to_owned(), bench.part(name, slow).await?);
    let flood = || pressure::edge_floods(&bench.servers);
    parts.insert(FLOOD.to_owned(), bench.part(FLOOD, flood()).await?);
    let name = "slow_disk";
    let slow = pressure::slow_disk(&bench.servers, pressure::a_while());
    parts.insert(name.to_owned(), bench.part(name, slow).await?);
    let slow = pressure::slow_disk(&bench.servers, flood());
    parts.insert(
        FLOOD_ON_SLOW_DISK.to_owned(),
        bench.part(FLOOD_ON_SLOW_DISK, slow).await?,
    );
    parts.insert(
        "quiet_again".to_owned(),
        bench.part("quiet again", quiet()).await?,
    );
    bench.others.check_alive()?;
    Ok(json!({
        "bench": "backpressure",
        "others_at_each_hop": args.others,
        "offered_mb": mb(args.messages as u64 * slow::TEXT_BYTES as u64),
        "parts": parts,
    }))
}

/// Nothing is wrong.
fn quiet() -> Ready<Result<Value>> {
    ready(Ok(json!({})))
}

struct Bench {
    servers: Servers,
    others: Others,
}

impl Bench {
    /// Has something happen, and looks at everybody else meanwhile.
    async fn part(
        &self,
        name: &str,
        happens: impl Future<Output = Result<Value>>,
    ) -> Result<Value> {
        progress(name);
        tokio::time::sleep(BREATHER).await;
        let servers = [self.servers.origin(), self.servers.visitors()];
        let before = memory(servers)?;
        let mut most = before;
        self.others.begin();
        let mut happens = pin!(async {
            let (happened, ()) = tokio::join!(happens, tokio::time::sleep(PART_AT_LEAST));
            happened
        });
        let mut sample = tokio::time::interval(SAMPLE_EVERY);
        let happened = loop {
            tokio::select! {
                happened = &mut happens => break happened?,
                _ = sample.tick() => {
                    let now = memory(servers)?;
                    most = [most[0].max(now[0]), most[1].max(now[1])];
                }
            }
        };
        let mut report = self.others.report();
        let after = memory(servers)?;
        for (place, server) in ["origin", "edge"].into_iter().enumerate() {
            let [before, most, after] = [before, most, after].map(|of| mb(of[place]));
            report.insert(
                format!("{server}_mb"),
                json!({ "before": before, "most": most, "after": after }),
            );
            let max = match name {
                FLOOD | FLOOD_ON_SLOW_DISK => FLOOD_HELD_MB_MAX,
                _ => HELD_MB_MAX,
            };
            if most - before > max {
                bail!("{name}: the {server} grew from {before} to {most} MB");
            }
        }
        if let Value::Object(happened) = happened {
            report.extend(happened);
        }
        progress(&Value::Object(report.clone()).to_string());
        Ok(Value::Object(report))
    }
}

fn memory(servers: [&Server; 2]) -> Result<[u64; 2]> {
    Ok([servers[0].memory_bytes()?, servers[1].memory_bytes()?])
}

fn mb(bytes: u64) -> f64 {
    (bytes as f64 / 1e5).round() / 10.0
}
