//! Frames over a WebSocket: one binary message, one wire message.

use firsthop_core::protocol::Encoding;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, Event, MessageEvent, WebSocket};

use super::{Report, Reports, received};

/// An open or opening socket.
pub(crate) struct Socket {
    socket: Option<WebSocket>,
    _listeners: [Closure<dyn FnMut(Event)>; 3],
}

impl Socket {
    pub(super) fn open(edge: &str, token: &str, reports: Reports) -> Self {
        let listener = |report: fn(&Event) -> Report| {
            let reports = Reports::clone(&reports);
            Closure::<dyn FnMut(_)>::new(move |event: Event| reports(report(&event)))
        };
        let listeners = [listener(|_| Report::Open), listener(message), listener(|_| Report::Closed)];
        // `https://…` becomes `wss://…`, `http://…` becomes `ws://…`.
        let url = ["ws", edge.strip_prefix("http").unwrap_or(edge), "v1/visitor/socket"].concat();
        let protocols = Array::of2(&Encoding::Postcard.subprotocol().into(), &["token.", token].concat().into());
        let socket = WebSocket::new_with_str_sequence(&url, &protocols).ok();
        match &socket {
            Some(socket) => {
                socket.set_binary_type(BinaryType::Arraybuffer);
                let [open, message, close] = &listeners;
                socket.set_onopen(Some(open.as_ref().unchecked_ref()));
                socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
                socket.set_onclose(Some(close.as_ref().unchecked_ref()));
            }
            // The page's policy forbids it.
            None => reports(Report::Closed),
        }
        Self { socket, _listeners: listeners }
    }

    pub(super) fn send(&self, bytes: &[u8]) {
        if let Some(socket) = &self.socket {
            // It fails while the socket is not open; that it closed is reported by itself.
            let _ = socket.send_with_u8_array(bytes);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(socket) = &self.socket {
            socket.set_onopen(None);
            socket.set_onmessage(None);
            socket.set_onclose(None);
            let _ = socket.close();
        }
    }
}

fn message(event: &Event) -> Report {
    let data = event.unchecked_ref::<MessageEvent>().data();
    match data.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => received(&Uint8Array::new(&buffer).to_vec()),
        Err(_) => Report::Closed,
    }
}
