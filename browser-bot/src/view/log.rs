//! The conversation's rows, kept in step with a scene's: what has not changed is not touched, so
//! that screen readers hear only what is new.

use js_sys::{Date, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::Element;

use super::dom::{Dom, append, set};
use crate::i18n::Words;
use crate::scene::{Footer, Message, Row, Side};
use crate::text::{Piece, pieces};
use firsthop_core::Timestamp;
use firsthop_core::hop::transcript::Delivery;

const DEVICE: &str = "M13 3L6 13.5h5L10.5 21 18 10.5h-5.5z";
const WAIT: &str = "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.2l2.8 1.8";
const ONE: &str = "M5 12.8l4.3 4.2L19 7.5";
const TWO: &str = "M2.5 12.8l4 4.2L16 7.5M11 16.5l.6.5L21 7.5";
const WARN: &str = "M12 4L3 19.5h18zM12 10.5v4M12 17h.01";

/// See the module.
pub(super) struct Log {
    dom: Dom,
    parent: Element,
    drawn: Vec<(Row, Element)>,
}

impl Log {
    pub(super) fn new(dom: Dom, parent: Element) -> Self {
        Self { dom, parent, drawn: Vec::new() }
    }

    /// Forgets what was drawn, so that everything is drawn anew.
    pub(super) fn clear(&mut self) {
        for (_, element) in self.drawn.drain(..) {
            element.remove();
        }
    }

    /// Whether the newest message is the visitor's own.
    pub(super) fn ends_with_own(&self) -> bool {
        let newest = self.drawn.iter().rev().find_map(|(row, _)| match row {
            Row::Message(message) => Some(message),
            _ => None,
        });
        newest.is_some_and(|message| message.side == Side::Visitor)
    }

    /// Draws rows; says whether there are more than before.
    pub(super) fn draw(&mut self, rows: &[Row], words: &Words) -> bool {
        let before = self.drawn.len();
        let mut old = std::mem::take(&mut self.drawn);
        let mut next = self.parent.first_element_child();
        for row in rows {
            let known = old.iter().position(|(known, _)| is_same(known, row));
            let element = match known.map(|place| old.swap_remove(place)) {
                Some((known, element)) if known == *row => element,
                Some((_, element)) => {
                    let fresh = self.element(row, words);
                    // The row stays where it is; only what it holds is replaced.
                    if next.as_ref() == Some(&element) {
                        next = Some(fresh.clone());
                    }
                    let _ = element.replace_with_with_node_1(&fresh);
                    fresh
                }
                None => self.element(row, words),
            };
            if next.as_ref() == Some(&element) {
                next = element.next_element_sibling();
            } else {
                let _ = self.parent.insert_before(&element, next.as_deref());
            }
            self.drawn.push((row.clone(), element));
        }
        for (_, element) in old {
            element.remove();
        }
        self.drawn.len() > before
    }

    fn element(&self, row: &Row, words: &Words) -> Element {
        match row {
            Row::Greeting(text) => {
                let row = self.dom.element("div", "row bot first");
                append(&row, &[&self.bubble(text)]);
                row
            }
            Row::Day(at) => self.dom.text("div", "day", &day(*at, words.tag)),
            Row::Note(_, text) => {
                let note = self.dom.text("div", "note", text);
                set(&note, "dir", "auto");
                note
            }
            Row::Message(message) => self.message(message, words),
        }
    }

    fn message(&self, message: &Message, words: &Words) -> Element {
        let (side, name) = match &message.side {
            Side::Visitor => ("row own", words.you),
            Side::Bot => ("row bot", words.bot),
            Side::Agent(name) => ("row agent", name.as_str()),
        };
        let row = self.dom.element("div", side);
        set(&row, "data-id", &message.id.to_string());
        if message.first {
            let _ = row.class_list().add_1("first");
        }
        // Everybody hears who speaks; it is shown where it is not plain to see.
        let shown = message.first && matches!(message.side, Side::Agent(_));
        append(&row, &[&self.dom.text("span", if shown { "name" } else { "unseen" }, name)]);
        let bubble = self.bubble(&message.text);
        if message.at != Timestamp::default() {
            set(&bubble, "title", &time(message.at, words.tag));
        }
        append(&row, &[&bubble]);
        if !message.choices.is_empty() {
            let choices = self.dom.element("div", "choices");
            for title in &message.choices {
                let choice = self.dom.button("choice", "choose");
                choice.set_text_content(Some(title));
                set(&choice, "dir", "auto");
                set(&choice, "data-of", title);
                append(&choices, &[&choice]);
            }
            append(&row, &[&choices]);
        }
        self.footer(&row, message, words);
        row
    }

    /// A text, isolated from what surrounds it, with its web addresses as links.
    fn bubble(&self, text: &str) -> Element {
        let bubble = self.dom.element("div", "bubble");
        set(&bubble, "dir", "auto");
        for piece in pieces(text) {
            match piece {
                Piece::Plain(text) => {
                    let _ = bubble.append_with_str_1(text);
                }
                Piece::Link(address) => {
                    let link = self.dom.text("a", "", address);
                    set(&link, "href", address);
                    set(&link, "target", "_blank");
                    set(&link, "rel", "noopener noreferrer nofollow ugc");
                    append(&bubble, &[&link]);
                }
            }
        }
        bubble
    }

    fn footer(&self, row: &Element, message: &Message, words: &Words) {
        let (class, icon, text) = match &message.footer {
            Footer::None => return,
            Footer::Device(text) => ("meta device", DEVICE, *text),
            Footer::State(text, delivery) => match delivery {
                Delivery::Queued => ("meta queued", WAIT, *text),
                Delivery::Stored(_) => ("meta stored", ONE, *text),
                Delivery::Delivered => ("meta delivered", TWO, *text),
                Delivery::Read => ("meta read", TWO, *text),
                Delivery::Failed(_) => return,
            },
            Footer::Failed(why) => {
                let meta = self.meta("meta failed", WARN, words.failed);
                append(&meta, &[&self.dom.text("span", "", why)]);
                for (act, label) in [("retry", words.retry), ("discard", words.discard)] {
                    let button = self.dom.button("link", act);
                    button.set_text_content(Some(label));
                    set(&button, "data-of", &message.id.to_string());
                    append(&meta, &[&button]);
                }
                return append(row, &[&meta]);
            }
        };
        append(row, &[&self.meta(class, icon, text)]);
    }

    fn meta(&self, class: &str, icon: &str, text: &str) -> Element {
        let meta = self.dom.element("div", class);
        append(&meta, &[&self.dom.icon(icon), &self.dom.text("span", "", text)]);
        meta
    }
}

/// Whether two rows are the same one, perhaps changed.
fn is_same(a: &Row, b: &Row) -> bool {
    match (a, b) {
        (Row::Greeting(_), Row::Greeting(_)) => true,
        (Row::Day(a), Row::Day(b)) => a == b,
        (Row::Note(a, _), Row::Note(b, _)) => a == b,
        (Row::Message(a), Row::Message(b)) => a.id == b.id,
        _ => false,
    }
}

fn time(at: Timestamp, tag: &str) -> String {
    format_date(at, tag, &[("dateStyle", "medium"), ("timeStyle", "short")])
}

fn day(at: Timestamp, tag: &str) -> String {
    format_date(at, tag, &[("weekday", "long"), ("month", "long"), ("day", "numeric")])
}

fn format_date(at: Timestamp, tag: &str, options: &[(&str, &str)]) -> String {
    let wanted = Object::new();
    for (name, value) in options {
        let _ = Reflect::set(&wanted, &(*name).into(), &(*value).into());
    }
    Date::new(&JsValue::from_f64(at.as_millis() as f64)).to_locale_string(tag, &wanted).into()
}
