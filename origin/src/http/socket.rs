//! `GET /v1/visitor/socket`: a visitor's WebSocket.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use firsthop_core::limits::{
    HELLO_WITHIN, SOCKET_WRITE_WITHIN, TOKEN_RENEW_AFTER, WIRE_MESSAGE_BYTES_MAX,
};
use firsthop_core::protocol::visitor::{ToServer, ToVisitor, Token};
use firsthop_core::protocol::{Code, Encoding, Problem, decode};
use firsthop_core::token::{self, Claims};
use serde::Serialize;
use tokio::time::Instant;

use super::problem::Failure;
use super::request;
use super::serve::Place;
use crate::app::App;
use crate::deliver::connection::Connection;
use crate::deliver::frames::encode_all;
use crate::deliver::hub::Subscription;
use crate::host;
use crate::metrics::Counter;

/// What is kept for each connection is mostly its buffers; hardly any message is longer.
const READ_BUFFER_BYTES: usize = 2 * 1024;

pub(super) async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(place): Extension<Place>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let protocols = Protocols::read(&headers);
    let encoding = protocols.encoding()?;
    let claims = request::admitted(
        &app,
        &headers,
        protocols.token().or_else(|| request::bearer(&headers)),
    )?;
    let upgrade = upgrade.map_err(|_| {
        Problem::new(
            Code::InvalidInput,
            "this address takes WebSocket upgrades only",
        )
    })?;
    let guard = app.drain.enter()?;
    let subscription = app.hub.subscribe(claims.visitor, &claims.inbox)?;
    Ok(
        prepared(upgrade, encoding).on_upgrade(move |socket| async move {
            let link = Link {
                encoding,
                connection: Connection::direct(
                    Arc::clone(&app),
                    claims.visitor,
                    claims.inbox.clone(),
                ),
                app,
            };
            link.run(socket, subscription, &claims).await;
            drop((guard, place));
        }),
    )
}

/// The lean settings that all our sockets have.
pub(super) fn prepared(mut upgrade: WebSocketUpgrade, encoding: Encoding) -> WebSocketUpgrade {
    upgrade.set_selected_protocol(HeaderValue::from_static(encoding.subprotocol()));
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * WIRE_MESSAGE_BYTES_MAX)
        .max_message_size(WIRE_MESSAGE_BYTES_MAX)
        .max_frame_size(WIRE_MESSAGE_BYTES_MAX)
}

/// The subprotocols that a client offers; a browser can send its token in no other way.
pub(super) struct Protocols<'a>(Vec<&'a str>);

impl<'a> Protocols<'a> {
    pub(super) fn read(headers: &'a HeaderMap) -> Self {
        let offered = headers
            .get_all(header::SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .filter_map(|value| value.to_str().ok());
        Self(
            offered
                .flat_map(|value| value.split(','))
                .map(str::trim)
                .collect(),
        )
    }

    /// The first that we speak.
    pub(super) fn encoding(&self) -> Result<Encoding, Problem> {
        self.0
            .iter()
            .find_map(|name| Encoding::from_subprotocol(name))
            .ok_or_else(|| {
                let known: Vec<_> = Encoding::ALL
                    .iter()
                    .map(|encoding| encoding.subprotocol())
                    .collect();
                let message = format!("offer the WebSocket subprotocol {}", known.join(" or "));
                Problem::new(Code::UnsupportedVersion, message)
            })
    }

    fn token(&self) -> Option<&'a str> {
        self.0.iter().find_map(|name| name.strip_prefix("token."))
    }
}

/// A message of a socket, as bytes; none if it is no message.
pub(super) fn payload(message: Message) -> Option<Bytes> {
    match message {
        Message::Text(text) => Some(text.into()),
        Message::Binary(bytes) => Some(bytes),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => None,
    }
}

/// Sends frames; false once that is no longer possible.
pub(super) async fn send<F: Serialize>(
    socket: &mut WebSocket,
    encoding: Encoding,
    frames: &[F],
) -> bool {
    let messages = match encode_all(encoding, frames) {
        Ok(messages) => messages,
        Err(problem) => {
            tracing::error!(%problem, "a frame could not be sent");
            return false;
        }
    };
    for message in messages {
        let message = match encoding {
            Encoding::Postcard => Message::Binary(message.into()),
            Encoding::Json => match String::from_utf8(message) {
                Ok(text) => Message::Text(text.into()),
                Err(_) => return false,
            },
        };
        if !write(socket, message).await {
            return false;
        }
    }
    true
}

/// Writes a message; false if the other side does not take it.
async fn write(socket: &mut WebSocket, message: Message) -> bool {
    let written = tokio::time::timeout(SOCKET_WRITE_WITHIN, socket.send(message)).await;
    matches!(written, Ok(Ok(())))
}

/// How long nothing has come from a client.
struct Silence {
    max: Duration,
    since: Instant,
    /// Whether a sign of life has been asked for.
    asked: bool,
}

impl Silence {
    fn new(max: Duration) -> Self {
        Self {
            max,
            since: Instant::now(),
            asked: false,
        }
    }

    fn end(&mut self) {
        self.since = Instant::now();
        self.asked = false;
    }

    /// When to ask, or to give the client up.
    fn due(&self) -> Instant {
        self.since + if self.asked { self.max } else { self.max / 2 }
    }
}

struct Link {
    app: Arc<App>,
    encoding: Encoding,
    connection: Connection,
}

impl Link {
    async fn run(mut self, mut socket: WebSocket, mut subscription: Subscription, claims: &Claims) {
        let first = tokio::time::timeout(HELLO_WITHIN, socket.recv()).await;
        let Ok(Some(Ok(first))) = first else { return };
        if !self.take(&mut socket, first).await {
            return self.close(socket).await;
        }
        if let Some(token) = self.renewed(claims)
            && !send(&mut socket, self.encoding, &[ToVisitor::from(token)]).await
        {
            return;
        }
        let mut silence = Silence::new(self.app.config.visitor_silent_max);
        loop {
            // Reading and writing take turns: a client that does not read is not read from, and
            // its queue in the hub overflows.
            let goes_on = tokio::select! {
                message = socket.recv() => match message {
                    Some(Ok(message)) => {
                        silence.end();
                        self.take(&mut socket, message).await
                    }
                    Some(Err(error)) => {
                        Box::pin(self.complain(&mut socket, &error)).await;
                        false
                    }
                    None => return,
                },
                delivery = subscription.next() => match delivery {
                    Some(delivery) => {
                        let frames = Box::pin(self.connection.handle_delivery(delivery)).await;
                        send(&mut socket, self.encoding, &frames).await && !self.connection.is_closed()
                    }
                    None => false,
                },
                () = tokio::time::sleep_until(silence.due()) => {
                    if silence.asked {
                        // Nobody is there to be told.
                        return;
                    }
                    silence.asked = true;
                    write(&mut socket, Message::Ping(Bytes::new())).await
                }
            };
            if !goes_on {
                break;
            }
        }
        drop(subscription);
        self.close(socket).await;
    }

    /// Takes a message; false once the link is to be closed.
    async fn take(&mut self, socket: &mut WebSocket, message: Message) -> bool {
        if let Message::Close(_) = message {
            return false;
        }
        let Some(bytes) = payload(message) else {
            return true;
        };
        let frames = match decode::<ToServer>(self.encoding, &bytes) {
            Ok(frames) => Box::pin(self.connection.handle_frames(frames)).await,
            Err(problem) => {
                self.app.metrics.count(Counter::FramesMalformed, 1);
                Box::pin(self.connection.handle_garbage(problem)).await
            }
        };
        send(socket, self.encoding, &frames).await && !self.connection.is_closed()
    }

    /// Tells a client what was wrong with what was no message at all, if it still listens.
    async fn complain(&mut self, socket: &mut WebSocket, error: &axum::Error) {
        let text = error.to_string();
        let problem = if text.contains("too long") || text.contains("Space limit") {
            let message = format!("a message may have at most {WIRE_MESSAGE_BYTES_MAX} bytes");
            Problem::new(Code::MessageTooLarge, message)
        } else if text.contains("UTF-8") || text.contains("utf-8") {
            Problem::new(Code::MalformedFrame, "a text message must be UTF-8")
        } else {
            return;
        };
        self.app.metrics.count(Counter::FramesMalformed, 1);
        let frames = self.connection.handle_garbage(problem).await;
        send(socket, self.encoding, &frames).await;
    }

    /// A new token, if the one that was shown is no longer new.
    fn renewed(&self, claims: &Claims) -> Option<Token> {
        let now = host::now();
        if now.since(claims.issued_at) < TOKEN_RENEW_AFTER {
            return None;
        }
        let claims = Claims::new(claims.inbox.as_str(), claims.visitor, now);
        Some(Token {
            token: token::sign(&self.app.token_key, &claims).into(),
            expires_at: claims.expires_at,
        })
    }

    async fn close(self, mut socket: WebSocket) {
        // The client may be gone: there is nobody to tell then.
        write(&mut socket, Message::Close(None)).await;
    }
}
