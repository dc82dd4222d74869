//! The panel, as `js/view.js` gives it: draws a [`Scene`], and says what the visitor does.
//!
//! In: scenes. Out: [`Act`]s. Not here: what an act leads to (`shell`), what is shown (`scene`).

use js_sys::{Array, Function};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

use firsthop_core::id::MessageId;

use crate::i18n::{Words, fill};
use crate::scene::{Footer, Message, Presence, Row, Scene, Side};
use firsthop_core::hop::transcript::Delivery;

#[wasm_bindgen(module = "/js/view.js")]
extern "C" {
    /// `View` of `js/view.js`, where its methods are described.
    #[wasm_bindgen(js_name = View)]
    type Panel;

    #[wasm_bindgen(constructor, js_class = View)]
    fn new(root: &JsValue, launcher: &JsValue, act: &Function) -> Panel;
    #[wasm_bindgen(method, variadic)]
    fn label(this: &Panel, words: &Array);
    #[wasm_bindgen(method, variadic)]
    fn draw(this: &Panel, scene: &Array);
    #[wasm_bindgen(method)]
    fn show(this: &Panel);
    #[wasm_bindgen(method)]
    fn hide(this: &Panel);
    #[wasm_bindgen(method)]
    fn count(this: &Panel, number: &str, label: &str);
    #[wasm_bindgen(method, getter)]
    fn written(this: &Panel) -> String;
    #[wasm_bindgen(method)]
    fn write(this: &Panel, text: &str);
    #[wasm_bindgen(method)]
    fn complain(this: &Panel, why: &str);
    #[wasm_bindgen(method, getter, js_name = atEnd)]
    fn at_end(this: &Panel) -> bool;
    #[wasm_bindgen(method, js_name = toEnd)]
    fn to_end(this: &Panel);
    #[wasm_bindgen(method)]
    fn remove(this: &Panel);
}

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

/// See the module; dropping it removes the panel.
pub(crate) struct View {
    panel: Panel,
    /// The language that the panel is labelled in.
    tag: &'static str,
    person_asked: bool,
    open: bool,
    _act: Closure<dyn FnMut(String, String)>,
}

impl View {
    /// Builds the panel, closed, beside the launcher's button.
    pub(crate) fn new(root: &JsValue, launcher: &JsValue, acts: impl Fn(Act) + 'static) -> Self {
        let act = Closure::<dyn FnMut(_, _)>::new(move |what: String, of: String| {
            if let Some(act) = act(&what, of) {
                acts(act);
            }
        });
        let panel = Panel::new(root, launcher, act.as_ref().unchecked_ref());
        Self {
            panel,
            tag: "",
            person_asked: false,
            open: false,
            _act: act,
        }
    }

    /// Whether the panel is open.
    pub(crate) const fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the panel says that a person has been asked for.
    pub(crate) const fn is_person_asked(&self) -> bool {
        self.person_asked
    }

    /// Draws a scene.
    pub(crate) fn draw(&mut self, scene: &Scene) {
        let words = scene.words;
        if self.tag != words.tag {
            self.tag = words.tag;
            let labels = [
                words.tag,
                words.close,
                words.send,
                words.log,
                words.typing,
                words.placeholder,
                words.latest,
                words.you,
                words.bot,
                words.failed,
                words.retry,
                words.discard,
            ];
            self.panel
                .label(&labels.into_iter().map(JsValue::from_str).collect());
        }
        let presence = match scene.presence {
            Presence::Fine => "fine",
            Presence::Away => "away",
            Presence::Offline => "offline",
        };
        let person = if scene.person_asked {
            words.person_asked
        } else {
            words.person
        };
        let rows: Array = scene.rows.iter().map(row).collect();
        let parts: [JsValue; 8] = [
            scene.title.as_str().into(),
            scene.subtitle.as_str().into(),
            presence.into(),
            scene.banner.as_deref().into(),
            person.into(),
            scene.person_asked.into(),
            scene.typing.into(),
            rows.into(),
        ];
        self.panel.draw(&parts.iter().collect());
        self.person_asked = scene.person_asked;
    }

    /// Opens the panel; the composer gets the focus.
    pub(crate) fn show(&mut self) {
        self.open = true;
        self.panel.show();
    }

    /// Closes it; the focus goes back to the button, if it was in the panel.
    pub(crate) fn hide(&mut self) {
        self.open = false;
        self.panel.hide();
    }

    /// Shows how many messages are unread, while the panel is closed.
    pub(crate) fn count(&self, words: &Words, unread: usize) {
        let number = if unread > 99 {
            "99+".to_owned()
        } else {
            unread.to_string()
        };
        let label = if unread == 0 {
            words.open.to_owned()
        } else {
            fill(words.open_unread, &number)
        };
        self.panel.count(&number, &label);
    }

    /// What the composer holds.
    pub(crate) fn written(&self) -> String {
        self.panel.written()
    }

    /// Puts a text into the composer.
    pub(crate) fn write(&self, text: &str) {
        self.panel.write(text);
    }

    /// Says below the composer why its text was not taken; an empty text takes that back.
    pub(crate) fn complain(&self, why: &str) {
        self.panel.complain(why);
    }

    /// Whether the newest message is in sight.
    pub(crate) fn is_at_end(&self) -> bool {
        self.panel.at_end()
    }

    /// Goes to the newest message.
    pub(crate) fn scroll_to_end(&self) {
        self.panel.to_end();
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.panel.remove();
    }
}

/// What a press, a key or the like means, by its name in `js/view.js`.
fn act(what: &str, of: String) -> Option<Act> {
    Some(match what {
        "close" => Act::Close,
        "person" => Act::Person,
        "send" => Act::Send,
        "choose" => Act::Choose(of),
        "retry" => Act::Retry(of.parse().ok()?),
        "discard" => Act::Discard(of.parse().ok()?),
        "latest" => Act::Latest,
        "typed" => Act::Typed(!of.is_empty()),
        "scrolled" => Act::Scrolled,
        _ => return None,
    })
}

/// A row as `js/view.js` takes it: texts, in the order of its `row`.
fn row(row: &Row) -> Array {
    let texts = |texts: &[&str]| texts.iter().map(|text| JsValue::from_str(text)).collect();
    match row {
        Row::Greeting(text) => texts(&["bot", "", text, "", "first", "", "", ""]),
        Row::Day(at) => texts(&[
            "day",
            &at.as_millis().to_string(),
            "",
            &at.as_millis().to_string(),
        ]),
        Row::Note(id, text) => texts(&["note", &id.to_string(), text]),
        Row::Message(message) => {
            let (side, name) = match &message.side {
                Side::Visitor => ("own", ""),
                Side::Bot => ("bot", ""),
                Side::Agent(name) => ("agent", name.as_str()),
            };
            let (below, words) = below(message);
            let first = if message.first { "first" } else { "" };
            let (id, at) = (message.id.to_string(), message.at.as_millis().to_string());
            let row: Array = texts(&[side, &id, &message.text, &at, first, name, below, words]);
            for title in &message.choices {
                row.push(&title.into());
            }
            row
        }
    }
}

fn below(message: &Message) -> (&'static str, &'static str) {
    match &message.footer {
        Footer::None => ("", ""),
        Footer::Device(words) => ("device", words),
        Footer::Failed(why) => ("failed", why),
        Footer::State(words, delivery) => match delivery {
            Delivery::Queued => ("queued", words),
            Delivery::Stored(_) => ("stored", words),
            Delivery::Delivered => ("delivered", words),
            Delivery::Read => ("read", words),
            Delivery::Failed(_) => ("failed", words),
        },
    }
}
