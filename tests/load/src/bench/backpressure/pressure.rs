//! An edge that floods, and a slow disk.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use firsthop_core::id::VisitorId;
use firsthop_core::limits::BATCH_BYTES_MAX;
use firsthop_core::protocol::VERSION;
use firsthop_core::protocol::edge::{Batch, BatchReply, Uplink};
use firsthop_core::protocol::visitor::{Submit, ToServer, ToVisitor};
use firsthop_core::sign::{Nonce, Purpose, Signed};
use firsthop_core::token::Key;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::slow::{TEXT_BYTES, text};
use crate::clock;
use crate::http;
use crate::servers::{EdgeKeys, INBOX, Servers};
use crate::strace::{Interference, Whose};
use crate::visitor::{message, said};

/// How long either lasts.
const LASTS: Duration = Duration::from_secs(10);
/// Batches that are on their way at the same time.
pub(super) const BATCHES_AT_ONCE: usize = 128;
/// Messages in each: as many of the longest as fit.
const MESSAGES: usize = BATCH_BYTES_MAX / (TEXT_BYTES + 512);
/// What a disk that is overloaded takes to keep something.
const SYNC_TAKES: Duration = Duration::from_millis(400);

/// Batches as large as they may be, one after another on many connections, signed by the edge that
/// the others talk to.
pub(super) async fn edge_floods(servers: &Servers) -> Result<Value> {
    let keys = servers.edge_keys().context("there is no edge")?.clone();
    let at = servers.origin().at;
    let until = Instant::now() + LASTS;
    let mut senders = JoinSet::new();
    for _ in 0..BATCHES_AT_ONCE {
        let keys = keys.clone();
        senders.spawn(async move {
            let (mut stored, mut refused) = (0_u64, 0_u64);
            let visitors = (0..MESSAGES)
                .map(|_| Ok(VisitorId::new(clock::wall(), clock::random()?)))
                .collect::<Result<Vec<_>>>()?;
            while Instant::now() < until {
                match send_batch(at, &keys, &visitors).await? {
                    Some(count) => stored += count,
                    None => refused += 1,
                }
            }
            anyhow::Ok((stored, refused))
        });
    }
    let (mut stored, mut refused) = (0, 0);
    while let Some(sent) = senders.join_next().await {
        let (more_stored, more_refused) = sent??;
        stored += more_stored;
        refused += more_refused;
    }
    Ok(json!({
        "stored_mb": super::mb(stored * TEXT_BYTES as u64),
        "batches_refused": refused,
    }))
}

/// How many of its messages are stored; none if the batch was refused.
async fn send_batch(
    at: SocketAddr,
    keys: &EdgeKeys,
    visitors: &[VisitorId],
) -> Result<Option<u64>> {
    let uplinks = visitors.iter().map(|&visitor| {
        let submit = Submit {
            messages: vec![message(said(text()))?],
        };
        Ok(Uplink {
            visitor,
            inbox: INBOX.to_owned(),
            attached: false,
            frames: vec![ToServer::Submit(submit)],
        })
    });
    let batch = Batch {
        version: VERSION,
        uplinks: uplinks.collect::<Result<_>>()?,
    };
    let body = postcard::to_allocvec(&batch)?;
    let path = "/v1/edge/batch";
    let key = Key::from_hex(&keys.key).context("an edge's key that is none")?;
    let signed = Signed::sign(
        &key,
        Purpose::Batch,
        keys.edge_id
            .parse()
            .ok()
            .context("an edge's id that is none")?,
        clock::wall(),
        Nonce(clock::random()?),
        &format!("POST {path}"),
        &body,
    );
    let headers = signed.headers();
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let answer = http::post(at, path, &headers, Bytes::from(body)).await?;
    if answer.status() != 200 {
        return Ok(None);
    }
    let reply: BatchReply = postcard::from_bytes(&answer.into_body().collect().await?.to_bytes())?;
    let stored = reply
        .downlinks
        .iter()
        .flat_map(|downlink| &downlink.frames)
        .map(|frame| match frame {
            ToVisitor::Stored(stored) => stored.ids.len() as u64,
            _ => 0,
        })
        .sum();
    Ok(Some(stored))
}

/// Every sync of the origin's store takes long (strace), while `meanwhile` happens.
pub(super) async fn slow_disk(
    servers: &Servers,
    meanwhile: impl Future<Output = Result<Value>>,
) -> Result<Value> {
    let how = format!("delay_enter={}", SYNC_TAKES.as_micros());
    let slow = Interference::begin(servers.origin().pid(), Whose::Stores, &how)
        .await?
        .context("the origin's store could not be slowed down: is strace permitted here?")?;
    let happened = meanwhile.await?;
    slow.end()?;
    let mut report = json!({ "sync_takes_ms": SYNC_TAKES.as_millis() as u64 });
    if let (Value::Object(report), Value::Object(happened)) = (&mut report, happened) {
        report.extend(happened);
    }
    Ok(report)
}

/// Nothing but time passes.
pub(super) async fn a_while() -> Result<Value> {
    tokio::time::sleep(LASTS).await;
    Ok(json!({}))
}
