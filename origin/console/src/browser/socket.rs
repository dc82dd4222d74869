//! The WebSocket to the origin.
//!
//! In: bytes to send. Out: [`Happened`], through the callback. Invariant: once a [`Socket`] is
//! dropped its callback is not called again.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, MessageEvent, WebSocket};

use leptos::prelude::window;

/// What happened to a socket.
pub(crate) enum Happened {
    /// It is open.
    Opened,
    /// A message arrived.
    Heard(Vec<u8>),
    /// It closed, or never opened.
    Closed,
}

/// An open or opening socket.
pub(crate) struct Socket {
    socket: WebSocket,
    // Kept alive for as long as the browser may call them.
    _opened: Closure<dyn FnMut()>,
    _heard: Closure<dyn FnMut(MessageEvent)>,
    _closed: Closure<dyn FnMut()>,
}

impl Socket {
    /// Opens a socket to `path` of the page's own origin; `None` if the browser refuses to try.
    pub(crate) fn open(
        path: &str,
        protocol: &str,
        on: impl Fn(Happened) + Clone + 'static,
    ) -> Option<Self> {
        let origin = window().location().origin().ok()?;
        let socket = WebSocket::new_with_str(
            &format!("{}{path}", origin.replacen("http", "ws", 1)),
            protocol,
        )
        .ok()?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let opened = Closure::new({
            let on = on.clone();
            move || on(Happened::Opened)
        });
        let heard = Closure::new({
            let on = on.clone();
            move |event: MessageEvent| {
                // A text message is no frame of ours; as no bytes it ends the connection.
                let bytes = event.data().dyn_into::<js_sys::ArrayBuffer>();
                on(Happened::Heard(bytes.map_or_else(
                    |_| vec![0xff],
                    |buffer| js_sys::Uint8Array::new(&buffer).to_vec(),
                )));
            }
        });
        let closed = Closure::new(move || on(Happened::Closed));
        socket.set_onopen(Some(
            AsRef::<wasm_bindgen::JsValue>::as_ref(&opened).unchecked_ref(),
        ));
        socket.set_onmessage(Some(
            AsRef::<wasm_bindgen::JsValue>::as_ref(&heard).unchecked_ref(),
        ));
        socket.set_onclose(Some(
            AsRef::<wasm_bindgen::JsValue>::as_ref(&closed).unchecked_ref(),
        ));
        Some(Self {
            socket,
            _opened: opened,
            _heard: heard,
            _closed: closed,
        })
    }

    /// Sends a message. If the socket is no longer open its end will be reported, or already was.
    pub(crate) fn send(&self, bytes: &[u8]) {
        let _ = self.socket.send_with_u8_array(bytes);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}
