//! Visitors who vanished without a word: their sockets are closed, and edges asked after them.

use std::time::Duration;

use firsthop_core::limits::SOCKETS_PER_VISITOR_MAX;
use firsthop_core::protocol::visitor::{Submit, ToServer};

use crate::harness::{TestOrigin, eventually, text};

async fn impatient() -> TestOrigin {
    TestOrigin::start_with(|config| config.visitor_silent_max = Duration::from_secs(1)).await
}

#[tokio::test]
async fn sockets_that_fell_silent_lock_nobody_out() {
    let origin = impatient().await;
    let visitor = origin.visitor().await;
    let mut silent = Vec::new();
    for _ in 0..SOCKETS_PER_VISITOR_MAX {
        // Nothing is read from it from now on, so that no question is answered either.
        let mut tab = visitor.other_tab();
        tab.connect().await;
        silent.push(tab);
    }
    assert!(origin.app().hub.is_online(visitor.id));
    eventually("the silent ones are given up", async || {
        (!origin.app().hub.is_online(visitor.id)).then_some(())
    })
    .await;
    let mut newcomer = visitor.other_tab();
    newcomer.connect().await;
    newcomer.says("is anybody there?").await;
}

#[tokio::test]
async fn a_socket_that_answers_is_kept_however_little_it_says() {
    let origin = impatient().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    for _ in 0..4 {
        visitor.is_asked().await;
    }
    visitor.says("still here").await;
}

#[tokio::test]
async fn an_edge_is_asked_after_a_visitor_who_has_been_quiet() {
    let origin = impatient().await;
    let mut agent = origin.agent().await;
    let edge = origin.edge().await;
    let visitor = origin.visitor().await.id;
    let hello: ToServer =
        serde_json::from_str(r#"{"type":"hello","version":1,"cursor":0,"lang":"en"}"#).unwrap();
    let messages = vec![text("anybody?")];
    edge.passes(visitor, true, vec![hello, Submit { messages }.into()])
        .await;
    agent.sees(visitor, |summary| summary.online).await;
    // The edge says that somebody is there, several times; then nobody, having told nobody.
    let asked = || {
        let pushes = edge.pushes();
        let downlinks = pushes.iter().flat_map(|push| &push.downlinks);
        downlinks
            .filter(|downlink| downlink.visitor == visitor && downlink.frames.is_empty())
            .count()
    };
    eventually("it was asked twice", async || (asked() >= 2).then_some(())).await;
    assert!(origin.app().hub.is_online(visitor));
    edge.set_sockets(Some(0));
    agent.sees(visitor, |summary| !summary.online).await;
}
