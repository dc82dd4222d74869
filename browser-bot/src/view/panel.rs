//! The panel's fixed parts: header, log, banner, composer.

use js_sys::Array;
use wasm_bindgen::JsCast;
use web_sys::{CssStyleSheet, Element, HtmlElement, HtmlTextAreaElement, ShadowRoot};

use super::dom::{Dom, append, set, toggle};
use crate::i18n::Words;

const STYLE: &str = include_str!("../../style/widget.css");

const MARK: &str = "M4.5 16c.9-5.8 4-8.5 7.5-8.5s6.6 2.7 7.5 8.5M12 15.5h.01";
const PERSON: &str = "M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 19.5c.6-3.3 3.4-5 7-5s6.4 1.7 7 5";
const CLOSE: &str = "M6.5 10l5.5 5.5 5.5-5.5";
const SEND: &str = "M12 19V5.5M6 11l6-6 6 6";
const DOWN: &str = "M12 5v13.5M6.5 13l5.5 5.5 5.5-5.5";
const INFO: &str = "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 11v5M12 8h.01";

/// Scrolled so near to the end counts as at the end, in CSS pixels.
const END_WITHIN_PX: i32 = 48;

/// The elements that change.
pub(super) struct Panel {
    pub(super) root: HtmlElement,
    pub(super) title: Element,
    pub(super) subtitle: Element,
    pub(super) person: Element,
    pub(super) person_text: Element,
    close: Element,
    pub(super) log: Element,
    pub(super) rows: Element,
    pub(super) typing: Element,
    pub(super) latest: Element,
    latest_text: Element,
    pub(super) banner: Element,
    pub(super) banner_text: Element,
    pub(super) composer: HtmlTextAreaElement,
    pub(super) complaint: Element,
    send: Element,
}

impl Panel {
    pub(super) fn build(dom: &Dom) -> Self {
        let root: HtmlElement = dom.element("section", "panel").unchecked_into();
        set(&root, "id", "panel");
        set(&root, "role", "dialog");
        set(&root, "aria-labelledby", "title");
        toggle(&root, "hidden", true);

        let header = dom.element("header", "header");
        let mark = dom.element("span", "mark");
        append(&mark, &[&dom.icon(MARK)]);
        let titles = dom.element("div", "titles");
        let title = dom.element("h2", "title");
        set(&title, "id", "title");
        let subtitle = dom.element("p", "subtitle");
        append(&titles, &[&title, &subtitle]);
        let person = dom.button("person", "person");
        let person_text = dom.element("span", "");
        append(&person, &[&dom.icon(PERSON), &person_text]);
        let close = dom.button("plain close", "close");
        append(&close, &[&dom.icon(CLOSE)]);
        append(&header, &[&mark, &titles, &close]);

        let log = dom.element("div", "log");
        set(&log, "role", "region");
        set(&log, "tabindex", "0");
        let rows = dom.element("div", "rows");
        set(&rows, "role", "log");
        set(&rows, "aria-live", "polite");
        let typing = dom.element("div", "bubble typing");
        set(&typing, "role", "status");
        append(&typing, &[&dom.element("i", ""), &dom.element("i", ""), &dom.element("i", "")]);
        toggle(&typing, "hidden", true);
        append(&log, &[&rows, &typing]);

        let latest = dom.button("latest", "latest");
        let latest_text = dom.element("span", "");
        append(&latest, &[&dom.icon(DOWN), &latest_text]);
        toggle(&latest, "hidden", true);

        let banner = dom.element("div", "banner");
        set(&banner, "role", "status");
        let banner_text = dom.element("span", "");
        append(&banner, &[&dom.icon(INFO), &banner_text]);

        let form = dom.element("div", "form");
        let composer: HtmlTextAreaElement = dom.element("textarea", "composer").unchecked_into();
        set(&composer, "rows", "1");
        set(&composer, "dir", "auto");
        set(&composer, "enterkeyhint", "send");
        set(&composer, "aria-describedby", "complaint");
        let send = dom.button("send", "send");
        append(&send, &[&dom.icon(SEND)]);
        append(&form, &[&composer, &send]);
        let complaint = dom.element("p", "complaint");
        set(&complaint, "id", "complaint");
        set(&complaint, "role", "alert");
        toggle(&complaint, "hidden", true);

        let foot = dom.element("footer", "foot");
        append(&foot, &[&latest, &banner, &form, &complaint, &person]);
        append(&root, &[&header, &log, &foot]);
        Self {
            root, title, subtitle, person, person_text, close, log, rows, typing, latest, latest_text, banner, banner_text,
            composer, complaint, send,
        }
    }

    /// Puts in the words that don't depend on the conversation.
    pub(super) fn label(&self, words: &Words) {
        set(&self.close, "aria-label", words.close);
        set(&self.send, "aria-label", words.send);
        set(&self.log, "aria-label", words.log);
        set(&self.typing, "aria-label", words.typing);
        set(&self.composer, "placeholder", words.placeholder);
        set(&self.composer, "aria-label", words.placeholder);
        self.latest_text.set_text_content(Some(words.latest));
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.log.scroll_height() - self.log.scroll_top() - self.log.client_height() <= END_WITHIN_PX
    }

    pub(super) fn scroll_to_end(&self) {
        self.log.set_scroll_top(self.log.scroll_height());
        toggle(&self.latest, "hidden", true);
    }

    pub(super) fn fit_composer(&self) {
        fit(&self.composer);
    }
}

/// Makes the composer as high as its text; the styles set the limits.
pub(super) fn fit(composer: &HtmlTextAreaElement) {
    let style = composer.style();
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &[composer.scroll_height().to_string().as_str(), "px"].concat());
}

/// Adds the panel's styles to the root's. As a constructed style sheet, so that a page whose
/// policy forbids inline styles shows it too.
pub(super) fn adopt_styles(root: &ShadowRoot) {
    let Ok(sheet) = CssStyleSheet::new() else { return };
    let _ = sheet.replace_sync(STYLE);
    let sheets = Array::from(&root.adopted_style_sheets());
    sheets.push(&sheet);
    root.set_adopted_style_sheets(&sheets);
}
