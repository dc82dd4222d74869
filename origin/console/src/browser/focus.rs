//! Where the keyboard is.

use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, MouseEvent};

/// Gives the focus to the element with that id, once what is being drawn is there.
pub(crate) fn soon(id: &'static str) {
    request_animation_frame(move || at(id));
}

/// Gives the focus to the element with that id.
pub(crate) fn at(id: &str) {
    let _ = found(id);
}

/// The same; whether there is one.
pub(crate) fn found(id: &str) -> bool {
    let element = document()
        .get_element_by_id(id)
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// Gives the focus, once it is drawn, to what has that id, or else to what has one that begins
/// with it: the first row of a list, the first language of a text.
pub(crate) fn first_of(id: String) {
    request_animation_frame(move || {
        let document = document();
        let found = document.get_element_by_id(&id).or_else(|| {
            let begins = format!("[id^='{}-']", id.replace('\'', ""));
            document.query_selector(&begins).ok().flatten()
        });
        if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}

/// Closes a menu.
pub(crate) fn hide_popover(id: &str) {
    if let Some(element) = document()
        .get_element_by_id(id)
        .and_then(|element| element.dyn_into::<HtmlElement>().ok())
    {
        let _ = element.hide_popover();
    }
}

/// The part after `#` of the link that was clicked, if it leads to a place in the console and
/// the click asks for nothing else, such as a new tab.
pub(crate) fn place_clicked(click: &MouseEvent) -> Option<String> {
    let modified = click.ctrl_key() || click.meta_key() || click.shift_key() || click.alt_key();
    if modified || click.button() != 0 || click.default_prevented() {
        return None;
    }
    let target: Element = click.target()?.dyn_into().ok()?;
    let link = target.closest("a[href^='#']").ok().flatten()?;
    link.get_attribute("href")
}

/// Whether the page is in front of the agent's eyes.
pub(crate) fn page_in_sight() -> bool {
    let document = document();
    document.visibility_state() == web_sys::VisibilityState::Visible
        && document.has_focus().unwrap_or(false)
}

/// Whether keys typed into `target` are text or belong to a control, and so are no shortcuts.
pub(crate) fn takes_keys(target: &Element) -> bool {
    matches!(
        target.tag_name().as_str(),
        "INPUT" | "TEXTAREA" | "SELECT" | "SUMMARY"
    ) || target.closest("dialog, [popover]").ok().flatten().is_some()
}

/// Moves the focus to the next (or previous) row of the list: from the row that has it, else
/// from the open conversation's, else to the first.
pub(crate) fn move_in_list(forwards: bool) {
    let document = document();
    let Ok(rows) = document.query_selector_all("#list a.row") else {
        return;
    };
    let rows: Vec<HtmlElement> = (0..rows.length())
        .filter_map(|index| rows.get(index)?.dyn_into().ok())
        .collect();
    let active = document.active_element();
    let at = rows
        .iter()
        .position(|row| Some(row.as_ref()) == active.as_ref())
        .or_else(|| {
            rows.iter()
                .position(|row| row.has_attribute("aria-current"))
        });
    let to = match (at, forwards) {
        (None, _) => 0,
        (Some(at), true) => (at + 1).min(rows.len().saturating_sub(1)),
        (Some(at), false) => at.saturating_sub(1),
    };
    if let Some(row) = rows.get(to) {
        let _ = row.focus();
    }
}
