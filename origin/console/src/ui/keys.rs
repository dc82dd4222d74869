//! The keyboard: one listener for the page.
//!
//! Shortcuts press the buttons on the screen, so that whatever a button does not offer no key
//! does either. Keys with a modifier, in a text field or a dialog, or of an input method, are
//! left alone.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::desk::Desk;
use crate::browser::focus;
use crate::replica::list::View;
use crate::route::{Place, Route};

/// Begins to listen; ends with the view that called it.
pub(super) fn listen(desk: Desk, help: RwSignal<bool>) {
    let listener =
        window_event_listener(leptos::ev::keydown, move |event| press(desk, help, &event));
    on_cleanup(move || listener.remove());
}

fn press(desk: Desk, help: RwSignal<bool>, event: &KeyboardEvent) {
    let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    if modified || event.is_composing() || target.as_ref().is_some_and(focus::takes_keys) {
        return;
    }
    let done = match event.key().as_str() {
        "j" => move_focus(true),
        "k" => move_focus(false),
        "ArrowDown" | "ArrowUp" if in_list(target.as_ref()) => {
            move_focus(event.key() == "ArrowDown")
        }
        "r" => click("mode-reply"),
        "n" => click("mode-note") || click("new-entry"),
        "/" => focus::found("search"),
        "t" => click("act-take"),
        "e" => click("act-resolve") || click("act-reopen"),
        "?" => {
            help.set(true);
            true
        }
        "Escape" => {
            let was_open = desk.details_open.get_untracked();
            desk.details_open.set(false);
            was_open
        }
        "1" => go(desk, View::Waiting),
        "2" => go(desk, View::Mine),
        "3" => go(desk, View::All),
        "4" => go(desk, View::Resolved),
        "5" => {
            desk.go(&Route::Knowledge(None, Place::default()));
            true
        }
        _ => false,
    };
    if done {
        event.prevent_default();
    }
}

fn move_focus(forwards: bool) -> bool {
    focus::move_in_list(forwards);
    true
}

/// Arrows scroll wherever they are not meant for the list.
fn in_list(target: Option<&Element>) -> bool {
    target.is_some_and(|target| {
        target.tag_name() == "BODY" || target.closest(".list").ok().flatten().is_some()
    })
}

fn click(id: &str) -> bool {
    let button = document()
        .get_element_by_id(id)
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    button.as_ref().inspect(|button| button.click()).is_some()
}

fn go(desk: Desk, view: View) -> bool {
    desk.go(&Route::List(view, None));
    true
}
