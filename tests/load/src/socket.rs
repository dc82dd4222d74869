//! A WebSocket of frames, with buffers so small that thousands fit into this process.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use firsthop_core::protocol::{Encoding, decode, encode};
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::{COOKIE, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

const READ_BUFFER_BYTES: usize = 2048;

/// What the kernel keeps of what came and was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    /// As much as it likes.
    Usual,
    /// A few kilobytes, so that somebody who does not read is felt at once.
    Small,
}

const SMALL_WINDOW_BYTES: u32 = 4096;

pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
    encoding: Encoding,
}

impl Socket {
    /// A visitor's socket.
    pub(crate) async fn visitor(
        at: SocketAddr,
        token: &str,
        encoding: Encoding,
        window: Window,
    ) -> Result<Self> {
        let protocols = format!("{}, token.{token}", encoding.subprotocol());
        let headers = [(SEC_WEBSOCKET_PROTOCOL, protocols)];
        Self::open(at, "/v1/visitor/socket", &headers, encoding, window).await
    }

    /// An agent's socket.
    pub(crate) async fn agent(at: SocketAddr, cookie: &str, window: Window) -> Result<Self> {
        let headers = [
            (
                SEC_WEBSOCKET_PROTOCOL,
                Encoding::Postcard.subprotocol().to_owned(),
            ),
            (COOKIE, cookie.to_owned()),
            (ORIGIN, format!("http://{at}")),
        ];
        Self::open(at, "/v1/agent/socket", &headers, Encoding::Postcard, window).await
    }

    async fn open(
        at: SocketAddr,
        path: &str,
        headers: &[(HeaderName, String)],
        encoding: Encoding,
        window: Window,
    ) -> Result<Self> {
        let mut request = format!("ws://{at}{path}").into_client_request()?;
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_str(value)?);
        }
        let socket = TcpSocket::new_v4()?;
        if window == Window::Small {
            socket.set_recv_buffer_size(SMALL_WINDOW_BYTES)?;
        }
        let stream = socket
            .connect(at)
            .await
            .with_context(|| format!("could not connect to {at}"))?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0);
        let (stream, _) = client_async_with_config(request, stream, Some(config))
            .await
            .with_context(|| format!("no WebSocket at {at}{path}"))?;
        Ok(Self { stream, encoding })
    }

    pub(crate) async fn send<F: Serialize>(&mut self, frames: &[F]) -> Result<()> {
        let bytes = encode(self.encoding, frames)?;
        let message = match self.encoding {
            Encoding::Postcard => Message::Binary(Bytes::from(bytes)),
            Encoding::Json => Message::text(String::from_utf8(bytes)?),
        };
        self.stream.send(message).await?;
        Ok(())
    }

    /// The next wire message's frames; `None` once the other side has closed. May be dropped
    /// while it waits: nothing is lost.
    pub(crate) async fn receive<F: DeserializeOwned>(&mut self) -> Result<Option<Vec<F>>> {
        loop {
            match (self.stream.next().await, self.encoding) {
                (None, _) => return Ok(None),
                (Some(Ok(Message::Binary(bytes))), Encoding::Postcard) => {
                    return Ok(Some(decode(self.encoding, &bytes)?));
                }
                (Some(Ok(Message::Text(text))), Encoding::Json) => {
                    return Ok(Some(decode(self.encoding, text.as_bytes())?));
                }
                (Some(Ok(Message::Binary(_) | Message::Text(_))), _) => {
                    bail!("a message of another encoding than was agreed on")
                }
                (Some(Ok(Message::Close(_))), _) => return Ok(None),
                (Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))), _) => {}
                (Some(Err(error)), _) => return Err(error.into()),
            }
        }
    }
}
