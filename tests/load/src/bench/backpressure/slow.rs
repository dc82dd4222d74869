//! A visitor who does not read, by a socket or by a stream of events, while an agent writes to them;
//! then reads on, to see what was held for them; then comes back, and has to get everything.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use firsthop_core::limits::SOCKET_WRITE_WITHIN;
use firsthop_core::protocol::visitor::{Hello, Submit, ToServer, ToVisitor};
use firsthop_core::protocol::{Encoding, Seq, VERSION, encode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::console;
use crate::http;
use crate::servers::Servers;
use crate::socket::{Socket, Window};
use crate::visitor::{Admission, Visitor, admit, message, said};

/// A message's text: the longest there is.
pub(super) const TEXT_BYTES: usize = firsthop_core::limits::TEXT_BYTES_MAX;
/// Each wait of the measurement itself.
const WITHIN: Duration = Duration::from_secs(180);
/// Reading on ends when nothing more comes for so long.
const NOTHING_MORE_AFTER: Duration = Duration::from_secs(5);

/// Somebody who takes nothing of what is written to them for `SOCKET_WRITE_WITHIN` is given up.
const GIVEN_UP_WITHIN: Duration = Duration::from_secs(SOCKET_WRITE_WITHIN.as_secs() + 30);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The origin's count of visitors' connections.
const VISITORS: &str = "firsthop_visitor_connections";

/// A text of that length.
pub(super) fn text() -> String {
    "All work and no play. ".repeat(TEXT_BYTES / 22)
}

/// How they hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Socket,
    Stream,
}

enum Ear {
    Socket(Box<Socket>),
    Stream(Incoming),
}

/// Somebody who has asked something.
pub(super) struct Slow {
    pub(super) admission: Admission,
    ear: Ear,
}

/// A visitor comes, asks something, and hears that it is stored.
pub(super) async fn come(at: SocketAddr, way: Way) -> Result<Slow> {
    let admission = admit(at, None).await?;
    let hello = Hello {
        version: VERSION,
        cursor: Seq(0),
        lang: "en".to_owned(),
        page: None,
        client: "firsthop-load".to_owned(),
    };
    let submit = Submit {
        messages: vec![message(said("Is anybody there?"))?],
    };
    let frames = [ToServer::Hello(hello), ToServer::Submit(submit)];
    let ear = match way {
        Way::Socket => {
            let mut socket =
                Socket::visitor(at, &admission.token, Encoding::Postcard, Window::Small).await?;
            for frame in frames {
                socket.send(&[frame]).await?;
            }
            loop {
                let frames = tokio::time::timeout(WITHIN, socket.receive::<ToVisitor>()).await??;
                let frames = frames.context("a new visitor is cut off")?;
                if frames
                    .iter()
                    .any(|frame| matches!(frame, ToVisitor::Stored(_)))
                {
                    break;
                }
            }
            Ear::Socket(Box::new(socket))
        }
        Way::Stream => {
            let body = Bytes::from(encode(Encoding::Json, &frames)?);
            let bearer = format!("Bearer {}", admission.token);
            let headers = [
                ("content-type", Encoding::Json.content_type()),
                ("authorization", bearer.as_str()),
            ];
            let response = http::post(at, "/v1/visitor/stream", &headers, body).await?;
            if response.status() != 200 {
                bail!("no stream: HTTP {}", response.status());
            }
            let mut body = response.into_body();
            let mut heard = Vec::new();
            while !contains(&heard, b"\"stored\"") {
                let frame = tokio::time::timeout(WITHIN, body.frame())
                    .await?
                    .context("a new visitor's stream ends")??;
                heard.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            }
            Ear::Stream(body)
        }
    };
    Ok(Slow { admission, ear })
}

fn contains(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}

/// See the module.
pub(super) async fn does_not_read(
    servers: &Servers,
    at: SocketAddr,
    way: Way,
    messages: usize,
) -> Result<Value> {
    let before = connections(servers, VISITORS).await?;
    let slow = come(at, way).await?;
    let ids = console::write(servers, slow.admission.visitor, messages).await?;
    // The edge tells nobody how many connections it has.
    let given_up = if at == servers.origin().at {
        Some(given_up_after(servers, VISITORS, before).await?)
    } else {
        None
    };
    let (held, cut) = read_on(slow.ear, messages * TEXT_BYTES).await;
    let mut back = Visitor::connect_as(at, slow.admission.token, WITHIN).await?;
    let caught_up = back
        .drive_until(WITHIN, |visitor| {
            ids.iter().rev().all(|id| visitor.arrival(*id).is_some())
        })
        .await?;
    if !caught_up {
        bail!("a visitor who did not read has not caught up after {WITHIN:?}");
    }
    Ok(json!({
        "held_mb": super::mb(held as u64),
        "given_up_after_s": given_up,
        "cut_off": cut,
        "caught_up": true,
    }))
}

/// How many connections of a kind the origin has.
pub(super) async fn connections(servers: &Servers, gauge: &str) -> Result<u64> {
    let answer = http::get(servers.origin().at, "/metrics").await?;
    let text = String::from_utf8(answer.body.to_vec())?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(gauge)?.strip_prefix(' '));
    Ok(value.context("a gauge that there is not")?.parse()?)
}

/// In so many seconds from now on the origin has given the slow one up.
pub(super) async fn given_up_after(servers: &Servers, gauge: &str, before: u64) -> Result<u64> {
    let began = Instant::now();
    while connections(servers, gauge).await? > before {
        if began.elapsed() > GIVEN_UP_WITHIN {
            bail!("the origin keeps somebody who has not read for {GIVEN_UP_WITHIN:?}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(began.elapsed().as_secs())
}

/// Reads until the end, or until everything is there. Gives the bytes of texts, roughly, and whether
/// it was cut off.
async fn read_on(ear: Ear, all: usize) -> (usize, bool) {
    let mut held = 0;
    match ear {
        Ear::Socket(mut socket) => {
            while held < all {
                let next = tokio::time::timeout(NOTHING_MORE_AFTER, socket.receive::<ToVisitor>());
                match next.await {
                    Err(_) => return (held, false),
                    Ok(Err(_) | Ok(None)) => return (held, true),
                    Ok(Ok(Some(frames))) => {
                        for frame in frames {
                            if let ToVisitor::Events(part) = frame {
                                held += part.events.len() * TEXT_BYTES;
                            }
                        }
                    }
                }
            }
        }
        Ear::Stream(mut body) => {
            while held < all {
                match tokio::time::timeout(NOTHING_MORE_AFTER, body.frame()).await {
                    Err(_) => return (held, false),
                    Ok(None | Some(Err(_))) => return (held, true),
                    Ok(Some(Ok(frame))) => {
                        held += frame.data_ref().map_or(0, Bytes::len);
                    }
                }
            }
        }
    }
    (held, false)
}
