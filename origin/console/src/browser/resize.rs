//! An element that changes its size.
//!
//! Invariant: once a [`Resizes`] is dropped its callback is not called again.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, ResizeObserver};

/// Watches an element.
pub(crate) struct Resizes {
    observer: ResizeObserver,
    // Kept alive for as long as the browser may call it.
    _resized: Closure<dyn FnMut()>,
}

impl Resizes {
    /// Calls `on` whenever the size of `element` has changed; `None` if the browser can't tell.
    pub(crate) fn of(element: &Element, on: impl Fn() + 'static) -> Option<Self> {
        let resized = Closure::<dyn FnMut()>::new(on);
        let callback = AsRef::<wasm_bindgen::JsValue>::as_ref(&resized).unchecked_ref();
        let observer = ResizeObserver::new(callback).ok()?;
        observer.observe(element);
        Some(Self {
            observer,
            _resized: resized,
        })
    }
}

impl Drop for Resizes {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
