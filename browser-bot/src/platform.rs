//! The browser's side, as `js/platform.js` gives it: storage, tabs, requests, connections, a timer.
//!
//! In: what the shell wants done. Out: [`Happening`]s. Not here: any decision.

use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use firsthop_core::hop::client::{Change, Transport};
use firsthop_core::limits::{DEVICE_RECORDS_MAX, PAGE_FIELD_BYTES_MAX};
use firsthop_core::pack::Pack;
use firsthop_core::protocol::visitor::{Hello, Page, ToServer};
use firsthop_core::protocol::{Encoding, Seq, decode, encode};
use firsthop_core::{Private, Timestamp};
use serde::{Deserialize, Serialize};

use crate::api::Given;
use crate::shell::{Happening, NotAdmitted, Queue, Remembered, Report};

#[wasm_bindgen(module = "/js/platform.js")]
extern "C" {
    /// `Platform` of `js/platform.js`, where its methods are described.
    type Platform;

    #[wasm_bindgen(constructor)]
    fn new(edge: &str, inbox: &str, given: &Given, report: &Function) -> Platform;
    #[wasm_bindgen(method)]
    fn page(this: &Platform, bytes: u32) -> Array;
    #[wasm_bindgen(method, getter)]
    fn visible(this: &Platform) -> bool;
    #[wasm_bindgen(method, getter)]
    fn online(this: &Platform) -> bool;
    #[wasm_bindgen(method, js_name = dayOf)]
    fn day_of(this: &Platform, millis: f64) -> f64;
    #[wasm_bindgen(method, js_name = setTimer)]
    fn set_timer(this: &Platform, millis: i32);
    #[wasm_bindgen(method)]
    fn tell(this: &Platform, bytes: Uint8Array);
    #[wasm_bindgen(method)]
    fn end(this: &Platform);
    #[wasm_bindgen(method, getter)]
    fn refused(this: &Platform) -> bool;
    #[wasm_bindgen(method)]
    fn recall(this: &Platform);
    #[wasm_bindgen(method)]
    fn append(this: &Platform, bytes: Uint8Array);
    #[wasm_bindgen(method)]
    fn compact(this: &Platform, bytes: Uint8Array);
    #[wasm_bindgen(method)]
    fn keep(this: &Platform, key: &str, value: &JsValue);
    #[wasm_bindgen(method)]
    fn forget(this: &Platform) -> Promise;
    #[wasm_bindgen(method)]
    fn learn(this: &Platform, name: Option<&str>);
    #[wasm_bindgen(method)]
    fn admit(this: &Platform, number: u32, token: Option<&str>);
    #[wasm_bindgen(method)]
    fn link(this: &Platform, number: u32, transport: u32, token: &str);
    #[wasm_bindgen(method)]
    fn send(this: &Platform, bytes: Uint8Array, introduced: Uint8Array);
    #[wasm_bindgen(method)]
    fn poll(this: &Platform, hello: Uint8Array);
    #[wasm_bindgen(method)]
    fn unlink(this: &Platform);
}

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

/// See the module; dropping it ends everything, and forgets nothing.
pub(crate) struct Browser {
    platform: Platform,
    _report: Closure<dyn FnMut(u32, JsValue, JsValue, JsValue)>,
}

impl Browser {
    /// The browser, which posts what happens to the queue.
    pub(crate) fn new(edge: &str, inbox: &str, given: &Given, queue: Queue) -> Self {
        let report = Closure::<dyn FnMut(_, _, _, _)>::new(
            move |what, a: JsValue, b: JsValue, c: JsValue| {
                if let Some(happening) = happening(what, &a, &b, &c) {
                    queue.post(happening);
                }
            },
        );
        let platform = Platform::new(edge, inbox, given, report.as_ref().unchecked_ref());
        platform.recall();
        platform.learn(None);
        Self {
            platform,
            _report: report,
        }
    }

    /// The page that the visitor looks at.
    pub(crate) fn page(&self) -> Page {
        let page = self.platform.page(PAGE_FIELD_BYTES_MAX as u32);
        let text = |place| Private::new(page.get(place).as_string().unwrap_or_default());
        Page {
            url: text(0),
            title: text(1),
        }
    }

    /// Whether the visitor can see the page.
    pub(crate) fn is_visible(&self) -> bool {
        self.platform.visible()
    }

    /// Whether the browser believes to have a network.
    pub(crate) fn is_online(&self) -> bool {
        self.platform.online()
    }

    /// The number of the day in the visitor's time zone.
    pub(crate) fn day_of(&self, at: Timestamp) -> i64 {
        self.platform.day_of(at.as_millis() as f64) as i64
    }

    /// Rings after so many milliseconds; `None` for never.
    pub(crate) fn ring_after(&self, millis: Option<u128>) {
        self.platform
            .set_timer(millis.map_or(-1, |millis| i32::try_from(millis).unwrap_or(i32::MAX)));
    }

    /// Tells all other tabs.
    pub(crate) fn tell(&self, news: &News) {
        self.platform.tell(bytes_of(news));
    }

    /// Whether the browser refused to keep something.
    pub(crate) fn is_refused(&self) -> bool {
        self.platform.refused()
    }

    /// Keeps changes.
    pub(crate) fn keep(&self, changes: &[Change]) {
        self.platform.append(bytes_of(changes));
    }

    /// Keeps these in the place of all that was recalled.
    pub(crate) fn compact(&self, changes: &[Change]) {
        self.platform.compact(bytes_of(changes));
    }

    /// Keeps how far the visitor has read.
    pub(crate) fn keep_read(&self, read: Seq) {
        // A place in a log of a visitor's lifetime is far below 2⁵³.
        self.platform
            .keep("read", &JsValue::from_f64(read.0 as f64));
    }

    /// Keeps the token.
    pub(crate) fn keep_token(&self, token: &str) {
        self.platform.keep("token", &token.into());
    }

    /// Forgets everything; done when the promise is.
    pub(crate) fn forget(&self) -> Promise {
        self.platform.forget()
    }

    /// Fetches the current pack, which is said to have this name.
    pub(crate) fn learn(&self, name: &str) {
        self.platform.learn(Some(name));
    }

    /// Asks for a token, or a newer one.
    pub(crate) fn admit(&self, number: u32, token: Option<&str>) {
        self.platform.admit(number, token);
    }

    /// Opens a connection instead of the one that there is.
    pub(crate) fn link(&self, number: u32, transport: Transport, token: &str) {
        self.platform.link(number, transport as u32, token);
    }

    /// Closes the connection.
    pub(crate) fn unlink(&self) {
        self.platform.unlink();
    }

    /// Sends frames; `hello` introduces them where each request stands for itself.
    pub(crate) fn send(&self, frames: &[ToServer], hello: Hello) {
        let alone = wire(frames);
        let introduced = match frames.first() {
            Some(ToServer::Hello(_)) => alone.clone(),
            _ => {
                let mut introduced = wire(&[hello.into()]);
                introduced.extend_from_slice(&alone);
                introduced
            }
        };
        self.platform.send(array(&alone), array(&introduced));
    }

    /// Asks for what is new, after [`Report::Polled`].
    pub(crate) fn poll(&self, hello: Hello) {
        self.platform.poll(array(&wire(&[hello.into()])));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.platform.end();
    }
}

/// A report of `js/platform.js`, by its number there.
fn happening(what: u32, a: &JsValue, b: &JsValue, c: &JsValue) -> Option<Happening> {
    let number = || a.as_f64().unwrap_or_default() as u32;
    Some(match what {
        0 => Happening::Recalled(remembered(a, b, c)),
        1 => Happening::Pack(Box::new(
            Pack::load(bytes(b)?, a.as_string()?.parse().ok()?).ok()?,
        )),
        2 => {
            let refusal = c
                .as_string()
                .map_or(NotAdmitted::Later, NotAdmitted::Misplaced);
            Happening::Admitted(number(), b.as_string().ok_or(refusal))
        }
        3 => Happening::Link(number(), Report::Open),
        4 => Happening::Link(
            number(),
            decode(Encoding::Postcard, &bytes(b)?).map_or(Report::Closed, Report::Frames),
        ),
        5 => Happening::Link(number(), Report::Polled),
        6 => Happening::Link(number(), Report::Closed),
        7 => Happening::Link(number(), Report::Denied),
        // A tab with another version of the widget may say what we don't understand.
        8 => Happening::News(postcard::from_bytes(&bytes(a)?).ok()?),
        9 => Happening::Network(a.is_truthy()),
        10 => Happening::Looked,
        _ => Happening::TimeOut,
    })
}

fn remembered(records: &JsValue, token: &JsValue, read: &JsValue) -> Remembered {
    let mut remembered = Remembered {
        token: token.as_string(),
        read: Seq(read.as_f64().unwrap_or_default() as u64),
        changes: Vec::new(),
        long: false,
    };
    let Some(records) = records.dyn_ref::<Array>() else {
        return remembered;
    };
    remembered.long = records.length() > DEVICE_RECORDS_MAX as u32;
    for record in records.iter() {
        match bytes(&record).and_then(|bytes| postcard::from_bytes::<Vec<Change>>(&bytes).ok()) {
            Some(changes) => remembered.changes.extend(changes),
            // Written by another version: the log is fetched again, and the record left to it.
            None => remembered.long = false,
        }
    }
    remembered
}

fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

fn array(bytes: &[u8]) -> Uint8Array {
    Uint8Array::from(bytes)
}

fn bytes_of<T: Serialize + ?Sized>(value: &T) -> Uint8Array {
    // Writing into memory does not fail.
    array(&postcard::to_allocvec(value).unwrap_or_default())
}

/// Frames as bytes. `Client` keeps within the limits, so this does not fail; if it did, nothing
/// would be sent, and the message would stay in the outbox.
fn wire(frames: &[ToServer]) -> Vec<u8> {
    encode(Encoding::Postcard, frames).unwrap_or_default()
}
