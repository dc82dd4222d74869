//! A device's connection to the hop above: a WebSocket, a stream of events with posts beside it, or
//! long polls; in either encoding.
//!
//! It behaves as a browser's page does: every request stands for itself, nothing has a timeout of
//! its own (the client machine gives up a silent connection), and closing it drops everything that
//! is under way.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use firsthop_core::hop::client::Transport;
use firsthop_core::protocol::visitor::{Hello, ToServer, ToVisitor};
use firsthop_core::protocol::{Encoding, decode, encode};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use crate::http;
use crate::socket::{Socket, Window};
use crate::visitor::admit;

/// What happened on a connection.
pub(super) enum Report {
    /// Another token: use it from now on.
    Admitted(String),
    /// There is no token yet: try again later.
    NotAdmitted,
    /// It is open.
    Open,
    Frames(Vec<ToVisitor>),
    /// A poll was answered: time for the next one.
    Polled,
    /// It ended, or never began.
    Closed,
}

/// What goes up: frames, and a `hello` for where each request stands for itself.
enum Order {
    Send(Vec<ToServer>, Hello),
    Poll(Hello),
}

/// See the module. Dropping it closes it.
pub(super) struct Connection {
    reports: mpsc::UnboundedReceiver<Report>,
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    /// Opens a connection. With `admits`, the token is renewed first: it may have been the reason
    /// why the last one did not open, which a socket can't tell.
    pub(super) fn open(
        at: SocketAddr,
        mut token: String,
        admits: bool,
        transport: Transport,
        encoding: Encoding,
    ) -> Self {
        let (report, reports) = mpsc::unbounded_channel();
        let (orders, ordered) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            if admits {
                let Ok(admission) = admit(at, Some(&token)).await else {
                    let _ = report.send(Report::NotAdmitted);
                    return;
                };
                token = admission.token;
                let _ = report.send(Report::Admitted(token.clone()));
            }
            match transport {
                Transport::Socket => {
                    // However it ended, the connection is closed.
                    let _ = socket(at, &token, encoding, &report, ordered).await;
                    let _ = report.send(Report::Closed);
                }
                Transport::Stream | Transport::Poll => {
                    let posts = Posts {
                        at,
                        token,
                        encoding,
                        report,
                    };
                    posts.work(transport, ordered).await;
                }
            }
        });
        Self {
            reports,
            orders,
            task,
        }
    }

    /// The next report. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Report {
        self.reports.recv().await.unwrap_or(Report::Closed)
    }

    pub(super) fn send(&self, frames: Vec<ToServer>, hello: Hello) {
        // Fails only if it is closed, which has been reported.
        let _ = self.orders.send(Order::Send(frames, hello));
    }

    pub(super) fn poll(&self, hello: Hello) {
        let _ = self.orders.send(Order::Poll(hello));
    }
}

async fn socket(
    at: SocketAddr,
    token: &str,
    encoding: Encoding,
    report: &mpsc::UnboundedSender<Report>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Result<()> {
    let mut socket = Socket::visitor(at, token, encoding, Window::Usual).await?;
    report.send(Report::Open)?;
    loop {
        tokio::select! {
            received = socket.receive::<ToVisitor>() => match received? {
                Some(frames) => report.send(Report::Frames(frames))?,
                None => return Ok(()),
            },
            order = orders.recv() => match order {
                Some(Order::Send(frames, _)) => socket.send(&frames).await?,
                Some(Order::Poll(_)) => {}
                None => return Ok(()),
            }
        }
    }
}

/// Requests, each on a connection of its own.
#[derive(Clone)]
struct Posts {
    at: SocketAddr,
    token: String,
    encoding: Encoding,
    report: mpsc::UnboundedSender<Report>,
}

impl Posts {
    async fn work(self, transport: Transport, mut orders: mpsc::UnboundedReceiver<Order>) {
        // There is nothing to be opened before the first frames.
        let _ = self.report.send(Report::Open);
        let mut requests = JoinSet::new();
        let mut begun = false;
        loop {
            let order = tokio::select! {
                order = orders.recv() => order,
                Some(_) = requests.join_next() => continue,
            };
            let (posts, first) = (self.clone(), !begun);
            begun = true;
            match order {
                None => return,
                Some(Order::Poll(hello)) => {
                    requests
                        .spawn(async move { posts.exchange(vec![hello.into()], true, true).await });
                }
                Some(Order::Send(frames, _)) if first && transport == Transport::Stream => {
                    requests.spawn(async move { posts.stream(frames).await });
                }
                Some(Order::Send(frames, hello)) => {
                    let introduced = match frames.first() {
                        Some(ToServer::Hello(_)) => frames,
                        _ => std::iter::once(hello.into()).chain(frames).collect(),
                    };
                    requests.spawn(async move { posts.exchange(introduced, false, first).await });
                }
            }
        }
    }

    /// Frames in, frames out. After a poll that was answered comes the next.
    async fn exchange(self, frames: Vec<ToServer>, waits: bool, polls: bool) {
        let path = if waits { "frames?wait=1" } else { "frames" };
        let answered = async {
            let body = self
                .post(path, &frames)
                .await?
                .into_body()
                .collect()
                .await?;
            Ok::<_, anyhow::Error>(decode(self.encoding, &body.to_bytes())?)
        };
        let _ = match answered.await {
            Ok(frames) => {
                let _ = self.report.send(Report::Frames(frames));
                if !polls {
                    return;
                }
                self.report.send(Report::Polled)
            }
            Err(_) => self.report.send(Report::Closed),
        };
    }

    async fn stream(self, frames: Vec<ToServer>) {
        // However it ended, the connection is closed.
        let _ = self.read_events(&frames).await;
        let _ = self.report.send(Report::Closed);
    }

    async fn read_events(&self, frames: &[ToServer]) -> Result<()> {
        let mut body = self.post("stream", frames).await?.into_body();
        let mut events = Events::default();
        while let Some(part) = body.frame().await {
            let Ok(data) = part?.into_data() else {
                continue;
            };
            for event in events.read(&data)? {
                let bytes = match self.encoding {
                    Encoding::Json => event.into_bytes(),
                    Encoding::Postcard => BASE64_STANDARD.decode(event)?,
                };
                let frames = decode(self.encoding, &bytes)?;
                self.report.send(Report::Frames(frames))?;
            }
        }
        Ok(())
    }

    async fn post(&self, path: &str, frames: &[ToServer]) -> Result<Response<Incoming>> {
        let body = Bytes::from(encode(self.encoding, frames)?);
        let bearer = format!("Bearer {}", self.token);
        let headers = [
            ("content-type", self.encoding.content_type()),
            ("authorization", bearer.as_str()),
        ];
        let path = format!("/v1/visitor/{path}");
        let response = http::post(self.at, &path, &headers, body).await?;
        if response.status() != 200 {
            bail!("HTTP {}", response.status());
        }
        Ok(response)
    }
}

/// Reads the `data` of server-sent events (HTML, section 9.2), cut anywhere; comments give nothing.
#[derive(Default)]
struct Events(Vec<u8>);

impl Events {
    fn read(&mut self, part: &[u8]) -> Result<Vec<String>> {
        self.0.extend_from_slice(part);
        let mut events = Vec::new();
        while let Some(end) = self.0.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.0.drain(..end + 2).collect();
            let data: String = String::from_utf8(event)?
                .lines()
                .filter_map(|line| line.strip_prefix("data:").map(str::trim))
                .collect();
            if !data.is_empty() {
                events.push(data);
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let text = b": open\n\ndata: {\"a\":1}\n\n: keep-alive\n\ndata: b\n\n";
        for cut in 0..text.len() {
            let mut events = Events::default();
            let mut read = events.read(&text[..cut]).unwrap();
            read.extend(events.read(&text[cut..]).unwrap());
            assert_eq!(read, ["{\"a\":1}", "b"]);
        }
    }
}
