//! The panel: draws a [`Scene`], and says what the visitor does.
//!
//! In: scenes. Out: [`Act`]s. Invariant: drawing the same scene twice changes nothing. Start
//! reading at [`View::new`]. Not here: what an act leads to (`shell`), the styles
//! (`style/widget.css`), the button (`js/host.js`).

mod dom;
mod log;
mod panel;

use std::rc::Rc;

use firsthop_core::id::MessageId;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, Event, EventTarget, HtmlElement, KeyboardEvent, ShadowRoot};

pub(crate) use dom::Listener;
use dom::{Dom, say, set, toggle};
use log::Log;
use panel::Panel;

use crate::i18n::{Words, fill};
use crate::scene::{Presence, Scene};

/// What the visitor does in the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Act {
    /// Closes the panel.
    Close,
    /// Asks for a person.
    Person,
    /// Sends what the composer holds.
    Send,
    /// Chooses a suggestion, by its title.
    Choose(String),
    /// Sends a failed message again.
    Retry(MessageId),
    /// Gives a failed message up.
    Discard(MessageId),
    /// Goes to the newest message.
    Latest,
    /// Types; whether there is something in the composer.
    Typed(bool),
    /// Has scrolled.
    Scrolled,
}

/// See the module.
pub(crate) struct View {
    button: HtmlElement,
    badge: Option<Element>,
    root: ShadowRoot,
    panel: Panel,
    log: Log,
    drawn: Option<Scene>,
    open: bool,
    _listeners: Vec<Listener>,
}

impl View {
    /// Builds the panel, closed, beside the launcher's button.
    pub(crate) fn new(document: &Document, root: ShadowRoot, button: HtmlElement, acts: Rc<dyn Fn(Act)>) -> Self {
        let dom = Dom::new(document.clone());
        let panel = Panel::build(&dom);
        panel::adopt_styles(&root);
        let _ = root.append_child(&panel.root);
        set(&button, "aria-controls", "panel");
        let badge = button.query_selector(".badge").ok().flatten();
        let listeners = listen(&panel, &acts);
        let log = Log::new(dom, panel.rows.clone());
        Self { button, badge, root, panel, log, drawn: None, open: false, _listeners: listeners }
    }

    /// Whether the panel is open.
    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }

    /// Draws a scene.
    pub(crate) fn draw(&mut self, scene: Scene) {
        if self.drawn.as_ref() == Some(&scene) {
            return;
        }
        let words = Words::of(scene.words);
        if self.drawn.as_ref().is_none_or(|drawn| drawn.words != scene.words) {
            self.panel.label(words);
            self.log.clear();
        }
        let panel = &self.panel;
        say(&panel.title, &scene.title);
        say(&panel.subtitle, &scene.subtitle);
        set(&panel.root, "data-presence", match scene.presence {
            Presence::Fine => "fine",
            Presence::Away => "away",
            Presence::Offline => "offline",
        });
        say(&panel.banner_text, scene.banner.as_deref().unwrap_or_default());
        toggle(&panel.banner, "hidden", scene.banner.is_none());
        say(&panel.person_text, if scene.person_asked { words.person_asked } else { words.person });
        set(&panel.person, "aria-pressed", if scene.person_asked { "true" } else { "false" });
        toggle(&panel.typing, "hidden", !scene.typing);
        // Who reads further up stays there, and is told that there is more.
        let at_end = panel.is_at_end();
        let news = self.log.draw(&scene.rows, words);
        if news || scene.typing {
            if at_end || self.log.ends_with_own() {
                panel.scroll_to_end();
            } else if news {
                toggle(&panel.latest, "hidden", false);
            }
        }
        self.drawn = Some(scene);
    }

    /// Opens the panel; the composer gets the focus.
    pub(crate) fn show(&mut self, words: &Words) {
        self.open = true;
        toggle(&self.panel.root, "hidden", false);
        set(&self.button, "aria-expanded", "true");
        set(&self.button, "aria-label", words.close);
        self.panel.scroll_to_end();
        let _ = self.panel.composer.focus();
    }

    /// Closes it; the focus goes back to the button, if it was in the panel.
    pub(crate) fn hide(&mut self, words: &Words, unread: usize) {
        let focused = self.root.active_element();
        let within = focused.is_some_and(|element| self.panel.root.contains(Some(&element)));
        self.open = false;
        toggle(&self.panel.root, "hidden", true);
        set(&self.button, "aria-expanded", "false");
        self.count(words, unread);
        if within {
            let _ = self.button.focus();
        }
    }

    /// Shows how many messages are unread.
    pub(crate) fn count(&self, words: &Words, unread: usize) {
        let number = if unread > 99 { "99+".to_owned() } else { unread.to_string() };
        if let Some(badge) = &self.badge {
            say(badge, &number);
            toggle(badge, "hidden", unread == 0 || self.open);
        }
        if !self.open {
            let label = if unread == 0 { words.open.to_owned() } else { fill(words.open_unread, &number) };
            set(&self.button, "aria-label", &label);
        }
    }

    /// Puts the button's label into another language while the panel is open.
    pub(crate) fn relabel(&self, words: &Words) {
        set(&self.button, "aria-label", words.close);
    }

    /// Whether the panel says that a person has been asked for.
    pub(crate) fn is_person_asked(&self) -> bool {
        self.drawn.as_ref().is_some_and(|scene| scene.person_asked)
    }

    /// What the composer holds.
    pub(crate) fn written(&self) -> String {
        self.panel.composer.value()
    }

    /// Puts a text into the composer.
    pub(crate) fn write(&self, text: &str) {
        self.panel.composer.set_value(text);
        self.panel.fit_composer();
    }

    /// Says below the composer why its text was not taken; nothing takes that back.
    pub(crate) fn complain(&self, why: &str) {
        say(&self.panel.complaint, why);
        toggle(&self.panel.complaint, "hidden", why.is_empty());
    }

    /// Whether the newest message is in sight.
    pub(crate) fn is_at_end(&self) -> bool {
        self.open && self.panel.is_at_end()
    }

    /// Goes to the newest message.
    pub(crate) fn scroll_to_end(&self) {
        self.panel.scroll_to_end();
    }

    /// What scrolling leads to: at the end, nothing is new.
    pub(crate) fn settle(&self) {
        if self.panel.is_at_end() {
            toggle(&self.panel.latest, "hidden", true);
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.panel.root.remove();
    }
}

fn listen(panel: &Panel, acts: &Rc<dyn Fn(Act)>) -> Vec<Listener> {
    let mut listeners = Vec::new();
    let mut on = |target: &EventTarget, kind, act: fn(&Event) -> Option<Act>| {
        let acts = Rc::clone(acts);
        listeners.push(Listener::new(target, kind, move |event| act(&event).into_iter().for_each(|act| acts(act))));
    };
    on(&panel.root, "click", pressed);
    on(&panel.root, "keydown", |event| {
        let escape = event.unchecked_ref::<KeyboardEvent>().key() == "Escape" && !event.unchecked_ref::<KeyboardEvent>().is_composing();
        escape.then(|| {
            event.stop_propagation();
            Act::Close
        })
    });
    on(&panel.composer, "keydown", entered);
    on(&panel.composer, "input", |event| {
        let composer = event.target()?.unchecked_into::<web_sys::HtmlTextAreaElement>();
        panel::fit(&composer);
        Some(Act::Typed(!composer.value().trim().is_empty()))
    });
    on(&panel.log, "scroll", |_| Some(Act::Scrolled));
    listeners
}

/// One listener serves every button: what a press means stands in `data-act` and `data-of`.
fn pressed(event: &Event) -> Option<Act> {
    let target: Element = event.target()?.dyn_into().ok()?;
    let button = target.closest("[data-act]").ok()??;
    let of = button.get_attribute("data-of").unwrap_or_default();
    Some(match button.get_attribute("data-act")?.as_str() {
        "close" => Act::Close,
        "person" => Act::Person,
        "send" => Act::Send,
        "choose" => Act::Choose(of),
        "retry" => Act::Retry(of.parse().ok()?),
        "discard" => Act::Discard(of.parse().ok()?),
        "latest" => Act::Latest,
        _ => return None,
    })
}

/// Enter sends; Shift and Enter begin a new line; while an input method composes (Chinese,
/// Japanese …), Enter belongs to it. Safari ends the composition first and then reports the key
/// with code 229.
fn entered(event: &Event) -> Option<Act> {
    let key = event.unchecked_ref::<KeyboardEvent>();
    if key.key() != "Enter" || key.shift_key() || key.is_composing() || key.key_code() == 229 {
        return None;
    }
    event.prevent_default();
    Some(Act::Send)
}
