//! Connections to the hop above: WebSocket, server-sent events, long polling.
//!
//! In: frames to send. Out: [`Report`]s. The three look alike to the shell, so that `Client`
//! decides which one is used and when. Invariant: once a [`Link`] is dropped it reports nothing.
//! Not here: tokens (`admission`), which frames (`firsthop_core::hop::client`).

mod base64;
mod posts;
mod socket;
mod sse;

use std::rc::Rc;

use firsthop_core::hop::client::Transport;
use firsthop_core::protocol::visitor::{Hello, ToServer, ToVisitor};
use firsthop_core::protocol::{Encoding, decode, encode};

use posts::Posts;
use socket::Socket;

/// What happened on a connection.
pub(crate) enum Report {
    /// It is open.
    Open,
    /// Frames came.
    Frames(Vec<ToVisitor>),
    /// A poll was answered: time for the next one.
    Polled,
    /// It ended, or never began.
    Closed,
    /// The token does not do.
    Denied,
}

/// Where reports go.
pub(crate) type Reports = Rc<dyn Fn(Report)>;

/// A connection; dropping it ends it.
pub(crate) enum Link {
    Socket(Socket),
    Posts(Posts),
}

impl Link {
    /// Opens a connection.
    pub(crate) fn open(transport: Transport, edge: &str, token: &str, reports: Reports) -> Self {
        match transport {
            Transport::Socket => Self::Socket(Socket::open(edge, token, reports)),
            Transport::Stream => Self::Posts(Posts::open(true, edge, token, reports)),
            Transport::Poll => Self::Posts(Posts::open(false, edge, token, reports)),
        }
    }

    /// Sends frames. `hello` introduces them where each request stands for itself.
    pub(crate) fn send(&self, frames: Vec<ToServer>, hello: Hello) {
        match self {
            Self::Socket(socket) => socket.send(&wire(&frames)),
            Self::Posts(posts) => posts.send(frames, hello),
        }
    }

    /// Asks for what is new, after [`Report::Polled`].
    pub(crate) fn poll(&self, hello: Hello) {
        if let Self::Posts(posts) = self {
            posts.poll(hello);
        }
    }
}

/// Frames as bytes. `Client` keeps within the limits, so this does not fail; if it did, nothing
/// would be sent, and the message would stay in the outbox.
fn wire(frames: &[ToServer]) -> Vec<u8> {
    encode(Encoding::Postcard, frames).unwrap_or_default()
}

/// Bytes as a report: frames, or the end of a connection on which they make no sense.
fn received(bytes: &[u8]) -> Report {
    decode(Encoding::Postcard, bytes).map_or(Report::Closed, Report::Frames)
}
