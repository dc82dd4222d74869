//! An edge that floods, and a slow store.

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
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};
use tokio::task::JoinSet;

use super::slow::{TEXT_BYTES, text};
use crate::clock;
use crate::http;
use crate::servers::{EdgeKeys, INBOX, Servers};
use crate::visitor::{message, said};

/// How long either lasts.
const LASTS: Duration = Duration::from_secs(10);
/// Batches that are on their way at the same time.
pub(super) const BATCHES_AT_ONCE: usize = 128;
/// Messages in each: as many of the longest as fit.
const MESSAGES: usize = BATCH_BYTES_MAX / (TEXT_BYTES + 512);
/// A commit takes so long…
const HELD: Duration = Duration::from_millis(400);
/// …and so much time is left between two such.
const FREE: Duration = Duration::from_millis(20);

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

/// Another process holds the store's lock nearly all the time, so that each commit waits for it, as
/// it would for a slow disk.
pub(super) async fn slow_store(servers: &Servers) -> Result<Value> {
    let options = SqliteConnectOptions::new()
        .filename(servers.database())
        .busy_timeout(LASTS);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let began = Instant::now();
    let mut times = 0_u64;
    while began.elapsed() < LASTS {
        sqlx::query("begin immediate")
            .execute(&mut connection)
            .await?;
        tokio::time::sleep(HELD).await;
        sqlx::query("rollback").execute(&mut connection).await?;
        tokio::time::sleep(FREE).await;
        times += 1;
    }
    connection.close().await?;
    Ok(json!({ "times_locked": times, "locked_ms": HELD.as_millis() as u64 }))
}
