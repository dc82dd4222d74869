//! Acknowledged messages a second: many visitors, each sending its next message as soon as the
//! last one is acknowledged. A message counts when `stored` is there, which comes after the
//! commit. The inbox has no knowledge, so that writing is measured and not answering; this
//! program runs on the same machine, so that the server has less than all of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::percentile::Latencies;
use crate::progress;
use crate::servers::{Programs, Servers, Via};
use crate::visitor::Visitor;

const STORED_WITHIN: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Visitors that send at the same time
    #[arg(long, default_value_t = 500)]
    visitors: usize,
    /// Messages of each: at most what a visitor may send in one burst
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=i64::from(firsthop_core::limits::VISITOR_SUBMISSIONS_BURST)))]
    messages: u32,
    /// The hop that visitors connect to
    #[arg(long, value_enum, default_value_t = Via::Origin)]
    via: Via,
}

pub(super) async fn measure(programs: &Programs, args: &Args) -> Result<Value> {
    let servers = Servers::start(programs, args.via).await?;
    progress(&format!("connecting {} visitors", args.visitors));
    let mut visitors = connect(servers.visitors().at, args.visitors).await?;
    progress("sending");
    let cpu_before = servers.origin().cpu_time()?;
    let began = Instant::now();
    let mut sending = JoinSet::new();
    for visitor in visitors.drain(..) {
        sending.spawn(send(visitor, args.messages));
    }
    let mut latencies = Latencies::default();
    let mut acknowledged = 0_u64;
    while let Some(done) = sending.join_next().await {
        let (_visitor, own) = done??;
        acknowledged += u64::from(args.messages);
        latencies.extend(&own);
    }
    let seconds = began.elapsed().as_secs_f64();
    let cpu = servers.origin().cpu_time()?.saturating_sub(cpu_before);
    Ok(json!({
        "bench": "ingest",
        "via": args.via.as_str(),
        "visitors": args.visitors,
        "messages": acknowledged,
        "messages_per_second": (acknowledged as f64 / seconds).round(),
        "latency_ms": latencies.report(),
        "origin_cpu_us_per_message": (cpu.as_secs_f64() * 1e7 / acknowledged as f64).round() / 10.0,
        "wall_seconds": (seconds * 100.0).round() / 100.0,
    }))
}

async fn connect(at: SocketAddr, count: usize) -> Result<Vec<Visitor>> {
    let mut connecting = JoinSet::new();
    for _ in 0..count {
        connecting.spawn(Visitor::connect(at, STORED_WITHIN));
    }
    let mut visitors = Vec::with_capacity(count);
    while let Some(visitor) = connecting.join_next().await {
        visitors.push(visitor??);
    }
    Ok(visitors)
}

/// Sends messages one after another. The visitor comes back with the latencies, so that the
/// closing of its socket is not part of what is measured.
async fn send(mut visitor: Visitor, messages: u32) -> Result<(Visitor, Latencies)> {
    let mut latencies = Latencies::default();
    for number in 0..messages {
        let sent = Instant::now();
        visitor.say(&format!(
            "Message {number} of a visitor who has a question to ask."
        ))?;
        let stored = visitor
            .drive_until(STORED_WITHIN, |visitor| !visitor.has_unsent())
            .await
            .context("while sending")?;
        if !stored {
            bail!("a message is not acknowledged after {STORED_WITHIN:?}");
        }
        latencies.add(sent.elapsed());
    }
    Ok((visitor, latencies))
}
