//! The other tabs of the same visitor: what one does, all show, also without a network.
//!
//! In and out: [`News`], over a `BroadcastChannel`. Where the browser has none, tabs still meet
//! in the log and in the store. Not here: what becomes of the news.

use firsthop_core::hop::client::Change;
use firsthop_core::protocol::Seq;
use js_sys::Uint8Array;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent};

/// What tabs tell each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum News {
    /// Something changed in the conversation.
    Changes(Vec<Change>),
    /// The visitor has read up to here.
    Read(Seq),
    /// The visitor was admitted, or the token renewed.
    Token(String),
    /// The site ended the widget: everything goes.
    Shutdown,
}

/// A seat among the tabs; dropping it gives it up.
pub(crate) struct Tabs {
    channel: Option<BroadcastChannel>,
    _listener: Closure<dyn FnMut(MessageEvent)>,
}

impl Tabs {
    /// Joins the tabs that use the same name.
    pub(crate) fn join(name: &str, mut hear: impl FnMut(News) + 'static) -> Self {
        let listener = Closure::<dyn FnMut(_)>::new(move |event: MessageEvent| {
            // A tab with another version of the widget may say what we don't understand.
            let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else { return };
            if let Ok(news) = postcard::from_bytes(&bytes.to_vec()) {
                hear(news);
            }
        });
        let channel = BroadcastChannel::new(name).ok();
        if let Some(channel) = &channel {
            channel.set_onmessage(Some(listener.as_ref().unchecked_ref()));
        }
        Self { channel, _listener: listener }
    }

    /// Tells all other tabs.
    pub(crate) fn tell(&self, news: &News) {
        if let (Some(channel), Ok(bytes)) = (&self.channel, postcard::to_allocvec(news)) {
            // It fails only once the channel is closed, when nobody is to hear it.
            let _ = channel.post_message(&Uint8Array::from(bytes.as_slice()));
        }
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        if let Some(channel) = &self.channel {
            channel.set_onmessage(None);
            channel.close();
        }
    }
}
