//! Making and changing elements, briefly.
//!
//! Invariant: texts go in as text nodes and attributes as attributes; nothing is ever parsed as
//! markup. Not here: which elements.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Document, Element, Event, EventTarget};

const SVG: &str = "http://www.w3.org/2000/svg";

/// Makes elements.
#[derive(Clone)]
pub(crate) struct Dom(Document);

impl Dom {
    /// On the page's document.
    pub(crate) fn new(document: Document) -> Self {
        Self(document)
    }

    /// A new element with a class.
    pub(crate) fn element(&self, name: &str, class: &str) -> Element {
        // Only a name that is no name fails, and all of ours are written out here.
        let element = self.0.create_element(name).expect_throw("an element's name");
        element.set_class_name(class);
        element
    }

    /// A new element with a class and a text.
    pub(crate) fn text(&self, name: &str, class: &str, text: &str) -> Element {
        let element = self.element(name, class);
        element.set_text_content(Some(text));
        element
    }

    /// A new button that does `act` (see `view::Act`) when it is pressed.
    pub(crate) fn button(&self, class: &str, act: &str) -> Element {
        let button = self.element("button", class);
        set(&button, "type", "button");
        set(&button, "data-act", act);
        button
    }

    /// A new icon of 24 by 24 units, drawn in lines.
    pub(crate) fn icon(&self, path: &str) -> Element {
        let icon = self.0.create_element_ns(Some(SVG), "svg").expect_throw("an element's name");
        set(&icon, "viewBox", "0 0 24 24");
        set(&icon, "aria-hidden", "true");
        let line = self.0.create_element_ns(Some(SVG), "path").expect_throw("an element's name");
        set(&line, "d", path);
        append(&icon, &[&line]);
        icon
    }
}

/// Sets an attribute.
pub(crate) fn set(element: &Element, name: &str, value: &str) {
    // Only a name that is no name fails.
    let _ = element.set_attribute(name, value);
}

/// Sets or removes an attribute without a value.
pub(crate) fn toggle(element: &Element, name: &str, on: bool) {
    let _ = element.toggle_attribute_with_force(name, on);
}

/// Sets a text, unless it is that already: screen readers need not hear it again.
pub(crate) fn say(element: &Element, text: &str) {
    if element.text_content().as_deref() != Some(text) {
        element.set_text_content(Some(text));
    }
}

/// Puts children at the end.
pub(crate) fn append(parent: &Element, children: &[&Element]) {
    for child in children {
        // It fails only if a child were its own ancestor.
        let _ = parent.append_child(child);
    }
}

/// Hears events until it is dropped.
pub(crate) struct Listener {
    target: EventTarget,
    kind: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Hears events of one kind.
    pub(crate) fn new(target: &EventTarget, kind: &'static str, hear: impl FnMut(Event) + 'static) -> Self {
        let closure = Closure::<dyn FnMut(_)>::new(hear);
        let _ = target.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        Self { target: target.clone(), kind, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.kind, self.closure.as_ref().unchecked_ref());
    }
}
