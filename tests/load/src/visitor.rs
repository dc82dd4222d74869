//! A visitor: `core`'s client machine over a real WebSocket.
//!
//! In: what the visitor writes. Out: the conversation as their device holds it, and when each
//! event first arrived. It reconnects by itself, as a browser does; it has no bot of its own, so
//! that the hops above answer.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use firsthop_core::Private;
use firsthop_core::hop::client::{Client, Output, Transport};
use firsthop_core::id::{MessageId, VisitorId};
use firsthop_core::protocol::visitor::{Said, SaidText, Submission, ToVisitor};
use firsthop_core::protocol::{Encoding, Event};
use serde::Deserialize;

use crate::clock;
use crate::http;
use crate::servers::INBOX;
use crate::socket::{Socket, Window};

/// Who somebody is, and what proves it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Admission {
    pub(crate) visitor: VisitorId,
    pub(crate) token: String,
}

/// Asks to be admitted: as somebody new, or again, with a token.
pub(crate) async fn admit(at: SocketAddr, token: Option<&str>) -> Result<Admission> {
    let body = serde_json::json!({ "inbox": INBOX, "token": token });
    let answer = http::post_json(at, "/v1/visitor/admission", &[], &body).await?;
    Ok(serde_json::from_slice(&answer.success()?.body)?)
}

/// What a visitor says in words, without an answer of a bot of their own.
pub(crate) fn said(text: impl Into<Private<String>>) -> Said {
    Said::Text(SaidText {
        text: text.into(),
        lang: "en".to_owned(),
        claim: None,
        page: Default::default(),
    })
}

/// That as a message of now, with an id of its own.
pub(crate) fn message(said: Said) -> Result<Submission> {
    Ok(Submission {
        id: clock::message_id()?,
        at: clock::wall(),
        said,
    })
}

pub(crate) struct Visitor {
    client: Client,
    at: SocketAddr,
    token: String,
    socket: Option<Socket>,
    /// When an event or an answer first arrived, by its id.
    arrived: HashMap<MessageId, Instant>,
    /// How often the connection was lost.
    pub(crate) reconnects: u32,
}

impl Visitor {
    /// Is admitted, connects and is greeted.
    pub(crate) async fn connect(at: SocketAddr, within: Duration) -> Result<Self> {
        let token = admit(at, None).await?.token;
        Self::connect_as(at, token, within).await
    }

    /// Connects somebody who was admitted before, from a device that knows nothing yet.
    pub(crate) async fn connect_as(
        at: SocketAddr,
        token: String,
        within: Duration,
    ) -> Result<Self> {
        let seed = u64::from_le_bytes(clock::random()?);
        let mut client = Client::new(clock::now(), seed, "firsthop-load", []);
        client.set_context("en", None);
        client.connect(clock::now());
        let mut visitor = Self {
            client,
            at,
            token,
            socket: None,
            arrived: HashMap::new(),
            reconnects: 0,
        };
        visitor
            .drive_until(within, |visitor| visitor.client.is_connected())
            .await?
            .then_some(visitor)
            .with_context(|| format!("a visitor is not greeted after {within:?}"))
    }

    /// Writes a message; it goes out while the visitor is driven.
    pub(crate) fn say(&mut self, text: &str) -> Result<MessageId> {
        let message = message(said(text))?;
        let id = message.id;
        self.client.say(clock::now(), message, None)?;
        Ok(id)
    }

    /// The log as far as the device holds it.
    pub(crate) fn log(&self) -> &[Event] {
        self.client.transcript().events()
    }

    /// When an event or an answer first arrived.
    pub(crate) fn arrival(&self, id: MessageId) -> Option<Instant> {
        self.arrived.get(&id).copied()
    }

    /// Whether a message still waits to be stored.
    pub(crate) fn has_unsent(&self) -> bool {
        self.client.outbox_len() > 0
    }

    /// Lives until `done`, or for `within`; returns whether it was done.
    pub(crate) async fn drive_until(
        &mut self,
        within: Duration,
        done: impl Fn(&Self) -> bool,
    ) -> Result<bool> {
        let until = tokio::time::Instant::now() + within;
        loop {
            self.obey().await;
            if done(self) {
                return Ok(true);
            }
            let timeout = self.client.next_timeout().map_or(until, clock::deadline);
            let received = match &mut self.socket {
                Some(socket) => tokio::select! {
                    received = socket.receive::<ToVisitor>() => Some(received),
                    () = tokio::time::sleep_until(timeout.min(until)) => None,
                },
                None => {
                    tokio::time::sleep_until(timeout.min(until)).await;
                    None
                }
            };
            match received {
                Some(Ok(Some(frames))) => {
                    self.note_arrivals(&frames);
                    self.client.handle_frames(clock::now(), frames);
                }
                Some(Ok(None) | Err(_)) => self.lose_connection(),
                None if tokio::time::Instant::now() >= until => return Ok(false),
                None => self.client.handle_timeout(clock::now()),
            }
        }
    }

    fn note_arrivals(&mut self, frames: &[ToVisitor]) {
        let now = Instant::now();
        for frame in frames {
            match frame {
                ToVisitor::Answered(answered) => {
                    self.arrived.entry(answered.id).or_insert(now);
                }
                ToVisitor::Events(events) => {
                    for event in &events.events {
                        self.arrived.entry(event.id).or_insert(now);
                    }
                }
                _ => {}
            }
        }
    }

    async fn obey(&mut self) {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Connect(Transport::Socket) => {
                    match Socket::visitor(self.at, &self.token, Encoding::Postcard, Window::Usual)
                        .await
                    {
                        Ok(socket) => {
                            self.socket = Some(socket);
                            self.client.handle_connected(clock::now());
                        }
                        Err(_) => self.client.handle_closed(clock::now()),
                    }
                }
                // Only sockets are measured here.
                Output::Connect(_) => self.client.handle_closed(clock::now()),
                Output::Disconnect => self.socket = None,
                Output::Admit => match admit(self.at, None).await {
                    Ok(admission) => self.token = admission.token,
                    Err(_) => self.client.handle_not_admitted(clock::now()),
                },
                Output::Send(frames) => {
                    if let Some(socket) = &mut self.socket
                        && socket.send(&frames).await.is_err()
                    {
                        self.lose_connection();
                    }
                }
                Output::Token(token) => self.token = token.token.into_exposed(),
                Output::Save(_) | Output::Pack(_) | Output::Typing(_) | Output::Changed => {}
            }
        }
    }

    fn lose_connection(&mut self) {
        self.reconnects += 1;
        self.socket = None;
        self.client.handle_closed(clock::now());
    }
}
