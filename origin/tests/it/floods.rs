//! Edges that send more than can be worked on, or that nobody knows: what they may take of the origin.

use firsthop::host;
use firsthop_core::id::EdgeId;
use firsthop_core::limits::{BATCH_BYTES_MAX, EDGE_HELD_BYTES_MAX};
use firsthop_core::sign::{Nonce, Purpose, Signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::{PATIENCE, TestOrigin, eventually};

/// Says that a batch comes, and sends none of it.
async fn announce(origin: &TestOrigin, signed: &Signed) -> TcpStream {
    let mut stream = TcpStream::connect(origin.address()).await.unwrap();
    let mut head = format!(
        "POST /v1/edge/batch HTTP/1.1\r\nhost: {}\r\ncontent-length: {BATCH_BYTES_MAX}\r\n",
        origin.address()
    );
    for (name, value) in signed.headers() {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"\r\n").await.unwrap();
    stream
}

#[tokio::test]
async fn an_edge_that_floods_is_told_so_while_another_is_served() {
    let origin = TestOrigin::start().await;
    let (flooding, other) = (origin.edge().await, origin.edge().await);
    let mut held = Vec::new();
    while held.len() * BATCH_BYTES_MAX < EDGE_HELD_BYTES_MAX {
        held.push(announce(&origin, &flooding.signed(vec![]).0).await);
    }
    eventually("the edge is told", async || {
        let answer = flooding.batch(vec![]).await;
        (answer.status != 200 && answer.code() == "overloaded").then_some(())
    })
    .await;
    assert_eq!(other.batch(vec![]).await.status, 200);
    drop(held);
    eventually("there is room again", async || {
        (flooding.batch(vec![]).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn nothing_is_read_of_an_edge_that_nobody_registered() {
    let origin = TestOrigin::start().await;
    let edge = origin.edge().await;
    let stranger = EdgeId::new(host::now(), [9; 10]);
    let nonce = Nonce(host::random());
    let request = "POST /v1/edge/batch";
    let signed = Signed::sign(
        &edge.key,
        Purpose::Batch,
        stranger,
        host::now(),
        nonce,
        request,
        b"",
    );
    let mut stream = announce(&origin, &signed).await;
    let mut answer = vec![0; 4096];
    let read = timeout(PATIENCE, stream.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(
        answer.starts_with("HTTP/1.1 401 ") && answer.contains("edge_unknown"),
        "{answer}"
    );
}
