//! What the shell watches on the page, and its timer.

use core::time::Duration;

use js_sys::Date;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, EventTarget, Window};

use firsthop_core::Timestamp;

use super::{Happening, Queue};
use crate::view::Listener;

const DAY_MS: f64 = 24.0 * 3600.0 * 1000.0;

/// Hears of the network and of the page coming to the front.
pub(super) fn listen(window: &Window, document: &Document, queue: &Queue) -> Vec<Listener> {
    let on = |target: &EventTarget, kind, happening: fn() -> Happening| {
        let queue = queue.clone();
        Listener::new(target, kind, move |_| queue.post(happening()))
    };
    vec![
        on(window, "online", || Happening::Network(true)),
        on(window, "offline", || Happening::Network(false)),
        on(document, "visibilitychange", || Happening::Looked),
    ]
}

/// The number of the day in the visitor's time zone.
pub(super) fn day_of(at: Timestamp) -> i64 {
    let millis = at.as_millis() as f64;
    let offset_minutes = Date::new(&JsValue::from_f64(millis)).get_timezone_offset();
    ((millis - offset_minutes * 60_000.0) / DAY_MS).floor() as i64
}

/// One timer that can be set anew; dropping it stops it.
pub(super) struct Timer {
    window: Window,
    handle: Option<i32>,
    ring: Closure<dyn FnMut()>,
}

impl Timer {
    pub(super) fn new(window: Window, queue: Queue) -> Self {
        Self { window, handle: None, ring: Closure::new(move || queue.post(Happening::TimeOut)) }
    }

    /// Goes off after this long; or not at all.
    pub(super) fn set(&mut self, after: Option<Duration>) {
        self.stop();
        let Some(after) = after else { return };
        let millis = i32::try_from(after.as_millis()).unwrap_or(i32::MAX);
        let ring = self.ring.as_ref().unchecked_ref();
        self.handle = self.window.set_timeout_with_callback_and_timeout_and_arguments_0(ring, millis).ok();
    }

    fn stop(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.window.clear_timeout_with_handle(handle);
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.stop();
    }
}
