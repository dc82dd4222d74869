//! A visitor's connections at the edge, by number: WebSockets, which the platform keeps, and what
//! waits for frames in this object's memory.

use std::cell::RefCell;
use std::collections::BTreeMap;

use firsthop_core::hop::relay::SocketId;
use firsthop_core::limits::VISITOR_QUEUE_FRAMES_MAX;
use firsthop_core::protocol::visitor::ToVisitor;
use firsthop_core::protocol::{Encoding, encode};
use firsthop_edge::visitor::{Closing, Memo};
use futures_channel::mpsc::{Receiver, Sender, channel};
use worker::{State, WebSocket};

/// Tags of a WebSocket: its number, and how it wants its frames.
const NUMBER: &str = "n";
const JSON: &str = "json";
const POSTCARD: &str = "postcard";

/// See the module.
#[derive(Default)]
pub(crate) struct Sockets {
    waiting: RefCell<BTreeMap<SocketId, Sender<ToVisitor>>>,
}

/// What became of a frame.
#[derive(PartialEq, Eq)]
pub(crate) enum Sent {
    Yes,
    /// It waits for frames no more, or for too many of them.
    No,
}

impl Sockets {
    /// The tags that a new WebSocket gets.
    pub(crate) fn tags(id: SocketId, encoding: Encoding) -> [String; 2] {
        let form = if encoding == Encoding::Json {
            JSON
        } else {
            POSTCARD
        };
        [format!("{NUMBER}{}", id.0), form.to_owned()]
    }

    /// A WebSocket's number.
    pub(crate) fn number(state: &State, socket: &WebSocket) -> Option<SocketId> {
        let tags = state.get_tags(socket);
        tags.iter()
            .find_map(|tag| tag.strip_prefix(NUMBER)?.parse().ok())
            .map(SocketId)
    }

    /// What was remembered of a WebSocket.
    pub(crate) fn memo(socket: &WebSocket) -> Option<Memo> {
        let text = socket.deserialize_attachment::<String>().ok().flatten()?;
        Memo::from_text(&text)
    }

    /// The WebSockets that the platform kept, with what was remembered of each. One of which
    /// nothing is remembered is closed.
    pub(crate) fn kept(state: &State) -> Vec<(SocketId, Memo)> {
        let mut kept = Vec::new();
        for socket in state.get_websockets() {
            match (Self::number(state, &socket), Self::memo(&socket)) {
                (Some(number), Some(memo)) => kept.push((number, memo)),
                _ => close(&socket, Closing::Restarted),
            }
        }
        kept
    }

    /// A place for frames in memory.
    pub(crate) fn wait(&self, id: SocketId) -> Receiver<ToVisitor> {
        let (sender, receiver) = channel(VISITOR_QUEUE_FRAMES_MAX);
        self.waiting.borrow_mut().insert(id, sender);
        receiver
    }

    /// Nobody waits there any more.
    pub(crate) fn stop_waiting(&self, id: SocketId) {
        self.waiting.borrow_mut().remove(&id);
    }

    pub(crate) fn send(&self, state: &State, id: SocketId, frame: ToVisitor) -> Sent {
        if let Some(sender) = self.waiting.borrow_mut().get_mut(&id) {
            return if sender.try_send(frame).is_ok() {
                Sent::Yes
            } else {
                Sent::No
            };
        }
        for socket in Self::find(state, id) {
            let json = state.get_tags(&socket).iter().any(|tag| tag == JSON);
            let encoding = if json {
                Encoding::Json
            } else {
                Encoding::Postcard
            };
            let bytes = match encode(encoding, &[&frame]) {
                Ok(bytes) => bytes,
                Err(problem) => {
                    worker::console_error!("a frame for a visitor could not be written: {problem}");
                    return Sent::No;
                }
            };
            // A socket that is just closing takes nothing; that it is gone is told elsewhere.
            let _ = match String::from_utf8(bytes) {
                Ok(text) if json => socket.send_with_str(text),
                Ok(text) => socket.send_with_bytes(text.into_bytes()),
                Err(bytes) => socket.send_with_bytes(bytes.into_bytes()),
            };
        }
        Sent::Yes
    }

    pub(crate) fn remember(state: &State, id: SocketId, memo: &Memo) -> worker::Result<()> {
        Self::find(state, id)
            .iter()
            .try_for_each(|socket| socket.serialize_attachment(memo.to_text()))
    }

    pub(crate) fn close(&self, state: &State, id: SocketId, closing: Closing) {
        self.stop_waiting(id);
        for socket in Self::find(state, id) {
            close(&socket, closing);
            // The platform may keep it until the client has answered, which a silent one does not:
            // who wakes here must not take it for open.
            let _ = socket.serialize_attachment("");
        }
    }

    fn find(state: &State, id: SocketId) -> Vec<WebSocket> {
        state.get_websockets_with_tag(&format!("{NUMBER}{}", id.0))
    }
}

fn close(socket: &WebSocket, closing: Closing) {
    // One that is closed already stays so.
    let _ = socket.close(Some(closing.code()), Some(closing.reason()));
}
