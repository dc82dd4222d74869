//! Memory for a connection on which nothing happens: what the server occupies with many greeted
//! visitors, less what it occupied before they came, for each. Shared and file-backed pages count
//! as the kernel counts them (VmRSS). What sockets take inside the kernel is not counted.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use firsthop_core::protocol::visitor::{Hello, ToVisitor};
use firsthop_core::protocol::{Encoding, Seq, VERSION};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::progress;
use crate::servers::{Programs, Server, Servers, Via};
use crate::socket::{Socket, Window};
use crate::visitor::admit;

/// Connections that are being made at the same time.
const OPENING_AT_ONCE: usize = 64;
const GREETED_WITHIN: Duration = Duration::from_secs(20);
/// The memory counts as settled once it has not moved by more than 1 % for this long…
const SETTLED_AFTER: Duration = Duration::from_secs(2);
/// …and is taken as it is after this long.
const SETTLES_WITHIN: Duration = Duration::from_secs(20);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Visitors, each with one socket
    #[arg(long, default_value_t = 5_000)]
    connections: usize,
    /// The hop that is measured
    #[arg(long, value_enum, default_value_t = Via::Origin)]
    via: Via,
}

pub(super) async fn measure(programs: &Programs, args: &Args) -> Result<Value> {
    let servers = Servers::start(programs, args.via).await?;
    let server = servers.visitors();
    // What the first connections make it allocate once and for all is not theirs.
    let _warm = open_many(server.at, OPENING_AT_ONCE).await?;
    let before = settled_memory(server).await?;
    let sockets = open_many(server.at, args.connections).await?;
    let after = settled_memory(server).await?;
    let count = sockets.len();
    let each = after.saturating_sub(before) / count as u64;
    Ok(json!({
        "bench": "idle",
        "via": args.via.as_str(),
        "connections": count,
        "memory_before_bytes": before,
        "memory_bytes": after,
        "bytes_per_connection": each,
    }))
}

async fn open_many(at: SocketAddr, count: usize) -> Result<Vec<Socket>> {
    let mut opening = JoinSet::new();
    let mut sockets = Vec::with_capacity(count);
    let mut begun = 0;
    while sockets.len() < count {
        while begun < count && opening.len() < OPENING_AT_ONCE {
            opening.spawn(open(at));
            begun += 1;
        }
        let socket = opening
            .join_next()
            .await
            .context("nothing is being opened")?;
        sockets.push(socket??);
        if sockets.len() % 1_000 == 0 {
            progress(&format!("{} of {count} connections", sockets.len()));
        }
    }
    Ok(sockets)
}

/// A visitor who says hello and then nothing.
async fn open(at: SocketAddr) -> Result<Socket> {
    let token = admit(at, None).await?.token;
    let mut socket = Socket::visitor(at, &token, Encoding::Postcard, Window::Usual).await?;
    let hello = Hello {
        version: VERSION,
        cursor: Seq(0),
        lang: "en".to_owned(),
        page: None,
        client: "firsthop-load".to_owned(),
    };
    socket
        .send(&[firsthop_core::protocol::visitor::ToServer::from(hello)])
        .await?;
    loop {
        let frames = tokio::time::timeout(GREETED_WITHIN, socket.receive::<ToVisitor>())
            .await
            .context("no welcome in time")??;
        match frames {
            Some(frames)
                if frames
                    .iter()
                    .any(|frame| matches!(frame, ToVisitor::Welcome(_))) =>
            {
                return Ok(socket);
            }
            Some(_) => {}
            None => bail!("the server closed a socket instead of greeting"),
        }
    }
}

async fn settled_memory(server: &Server) -> Result<u64> {
    let began = std::time::Instant::now();
    let mut last = server.memory_bytes()?;
    loop {
        tokio::time::sleep(SETTLED_AFTER).await;
        let now = server.memory_bytes()?;
        if now.abs_diff(last) * 100 <= last || began.elapsed() > SETTLES_WITHIN {
            return Ok(now);
        }
        last = now;
    }
}
