//! `GET /v1/agent/socket`: a console's WebSocket.
//!
//! Invariant: a console's frames are worked off in their order; but whether it is there is asked and
//! heard also while one of them waits for a slow disk.

use std::collections::VecDeque;
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use firsthop_core::limits::{HELLO_WITHIN, SESSION_CHECK_EVERY};
use firsthop_core::protocol::agent::{Ask, FromAgent, ToAgent};
use firsthop_core::protocol::{Code, Encoding, Problem, decode};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::agent_connection::AgentConnection;
use super::problem::Failure;
use super::request;
use super::serve::Place;
use super::socket::{Protocols, payload, prepared, send};
use crate::accounts::logged_in;
use crate::app::App;
use crate::deliver::attendance::{Attendance, Seat};
use crate::deliver::hub::AgentDelivery;
use crate::host;
use crate::metrics::{Counter, Gauge};
use crate::store::accounts::SecretHash;

/// Deliveries that are looked at before what they led to is sent.
const DELIVERIES_AT_ONCE: usize = 64;
/// Messages of a console that are read while one before them is worked on; then its socket is left alone.
const EARLY_MESSAGES_MAX: usize = 16;

/// What stood in a message.
type Read = Result<Vec<FromAgent>, Problem>;

pub(super) async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(place): Extension<Place>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    request::check_same_site(&app, &headers)?;
    let encoding = Protocols::read(&headers).encoding()?;
    let (agent, session) = logged_in(&app, &headers).await?;
    let upgrade = upgrade.map_err(|_| {
        Problem::new(
            Code::InvalidInput,
            "this address takes WebSocket upgrades only",
        )
    })?;
    let guard = app.drain.enter()?;
    Ok(
        prepared(upgrade, encoding).on_upgrade(move |socket| async move {
            let agent = agent.as_ref();
            let seat = Attendance::sit(&app.attendance, agent.id);
            let connection = AgentConnection::new(Arc::clone(&app), agent, seat.console);
            app.metrics.add(Gauge::AgentConnections, 1);
            let link = Link {
                app: Arc::clone(&app),
                session,
                encoding,
                connection,
                seat,
                early: VecDeque::new(),
            };
            // Subscribed before anything is read: nothing can fall between.
            let deliveries = app.hub.subscribe_agent();
            link.run(socket, deliveries).await;
            app.metrics.add(Gauge::AgentConnections, -1);
            drop((guard, place));
        }),
    )
}

struct Link {
    app: Arc<App>,
    session: SecretHash,
    encoding: Encoding,
    connection: AgentConnection,
    seat: Seat,
    /// Messages that were read while one before them was worked on.
    early: VecDeque<Read>,
}

impl Link {
    async fn run(mut self, mut socket: WebSocket, mut deliveries: mpsc::Receiver<AgentDelivery>) {
        let first = tokio::time::timeout(HELLO_WITHIN, socket.recv()).await;
        let Ok(Some(Ok(first))) = first else { return };
        let mut goes_on = self.take(&mut socket, first).await;
        let mut check_at = Instant::now() + SESSION_CHECK_EVERY;
        let mut taken = Vec::new();
        while goes_on {
            goes_on = tokio::select! {
                () = ready(()), if !self.early.is_empty() => match self.early.pop_front() {
                    Some(read) => self.work(&mut socket, read).await,
                    None => true,
                },
                message = socket.recv(), if self.early.is_empty() => match message {
                    Some(Ok(message)) => self.take(&mut socket, message).await,
                    Some(Err(_)) | None => return,
                },
                count = deliveries.recv_many(&mut taken, DELIVERIES_AT_ONCE) => {
                    count > 0 && self.pass_on(&mut socket, &mut taken, &mut check_at).await
                }
                Some(nonce) = self.seat.asked() => {
                    send(&mut socket, self.encoding, &[ToAgent::Ask(Ask { nonce })]).await
                }
                () = sleep_until(check_at) => {
                    check_at = Instant::now() + SESSION_CHECK_EVERY;
                    self.still_logged_in(&mut socket).await
                }
            };
        }
        drop(socket.send(Message::Close(None)).await);
    }

    async fn pass_on(
        &mut self,
        socket: &mut WebSocket,
        taken: &mut Vec<AgentDelivery>,
        check_at: &mut Instant,
    ) -> bool {
        let mut frames = Vec::new();
        for delivery in taken.drain(..) {
            if matches!(delivery, AgentDelivery::SessionsChanged) {
                *check_at = Instant::now();
            }
            frames.extend(self.connection.handle_delivery(delivery).await);
        }
        send(socket, self.encoding, &frames).await && !self.connection.is_closed()
    }

    async fn take(&mut self, socket: &mut WebSocket, message: Message) -> bool {
        if let Message::Close(_) = message {
            return false;
        }
        match payload(message) {
            Some(bytes) => self.work(socket, decode(self.encoding, &bytes)).await,
            None => true,
        }
    }

    async fn work(&mut self, socket: &mut WebSocket, read: Read) -> bool {
        match read {
            Ok(frames) => match self.answers(socket, frames).await {
                Some(frames) => {
                    send(socket, self.encoding, &frames).await && !self.connection.is_closed()
                }
                None => false,
            },
            Err(problem) => {
                self.app.metrics.count(Counter::FramesMalformed, 1);
                send(socket, self.encoding, &[ToAgent::Error(problem)]).await;
                false
            }
        }
    }

    /// What the console is to be told; none if it has gone meanwhile. While that takes its time, it is
    /// asked whether it is there, and heard: the store may be silent, the agent is not.
    async fn answers(
        &mut self,
        socket: &mut WebSocket,
        frames: Vec<FromAgent>,
    ) -> Option<Vec<ToAgent>> {
        let (encoding, console) = (self.encoding, self.seat.console);
        let mut answers = pin!(self.connection.handle_frames(frames));
        loop {
            tokio::select! {
                biased;
                answers = &mut answers => return Some(answers),
                Some(nonce) = self.seat.asked() => {
                    if !send(socket, encoding, &[ToAgent::Ask(Ask { nonce })]).await {
                        return None;
                    }
                }
                message = socket.recv(), if self.early.len() < EARLY_MESSAGES_MAX => {
                    let message = message?.ok()?;
                    if let Message::Close(_) = message {
                        return None;
                    }
                    let Some(bytes) = payload(message) else { continue };
                    let mut read: Read = decode(encoding, &bytes);
                    if let Ok(frames) = &mut read {
                        frames.retain(|frame| match frame {
                            FromAgent::Here(here) => {
                                self.app.attendance.answered(console, here.nonce);
                                false
                            }
                            _ => true,
                        });
                        if frames.is_empty() {
                            continue;
                        }
                    }
                    self.early.push_back(read);
                }
            }
        }
    }

    /// A login that has ended ends its sockets. While the store can't tell, they stay.
    async fn still_logged_in(&self, socket: &mut WebSocket) -> bool {
        if !matches!(
            self.app.store.session(&self.session, host::now()).await,
            Ok(None)
        ) {
            return true;
        }
        let problem = Problem::new(Code::LoginRequired, "the login has ended");
        send(socket, self.encoding, &[ToAgent::Error(problem)]).await;
        false
    }
}
