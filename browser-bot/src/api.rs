//! What the launcher, or a site that bundles the widget itself, calls.
//!
//! In: options as a plain object. Out: a [`Widget`]. Types for TypeScript are in `types.d.ts`.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

use firsthop_core::id::MessageId;
use firsthop_core::protocol::{Author, Content, Event};

use crate::scene::inert;
use crate::shell::{Happening, Queue, Shell};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

#[wasm_bindgen]
extern "C" {
    /// The options, as `types.d.ts` describes them.
    pub type Given;

    #[wasm_bindgen(method, getter)]
    fn edge(this: &Given) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn inbox(this: &Given) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = lang)]
    fn chosen_lang(this: &Given) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = title)]
    fn chosen_title(this: &Given) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn host(this: &Given) -> Host;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn root(this: &Given) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn button(this: &Given) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn emit(this: &Given) -> Option<Function>;

    /// The element that the launcher added to the page.
    pub(crate) type Host;

    #[wasm_bindgen(method)]
    pub(crate) fn remove(this: &Host);

    #[wasm_bindgen(js_namespace = console)]
    fn warn(text: &str);
}

impl Given {
    /// The visitor's language.
    pub(crate) fn lang(&self) -> String {
        self.chosen_lang().unwrap_or_default()
    }

    /// What the panel is called.
    pub(crate) fn title(&self) -> Option<String> {
        self.chosen_title().filter(|title| !title.is_empty())
    }
}

/// A running widget.
#[wasm_bindgen(skip_typescript)]
#[derive(Clone)]
pub struct Widget {
    queue: Queue,
}

/// Starts the widget in the element that `createHost` of `js/host.js` made.
///
/// # Errors
/// If the options name no server or no inbox.
#[wasm_bindgen(skip_typescript)]
pub fn start(given: Given) -> Result<Widget, JsError> {
    let (Some(mut edge), Some(inbox)) = (given.edge(), given.inbox()) else {
        return Err(JsError::new("Firsthop: `edge` and `inbox` are needed"));
    };
    if !edge.ends_with('/') {
        edge.push('/');
    }
    let emit = Emitter(given.emit());
    let queue = Queue::default();
    queue.serve(Shell::new(given, emit, &edge, &inbox, queue.clone()));
    Ok(Widget { queue })
}

#[wasm_bindgen]
impl Widget {
    /// Opens the panel, or closes it.
    pub fn toggle(&self) {
        self.queue.post(Happening::Toggle);
    }

    /// Opens the panel.
    pub fn show(&self) {
        self.queue.post(Happening::Open(true));
    }

    /// Closes the panel.
    pub fn hide(&self) {
        self.queue.post(Happening::Open(false));
    }

    /// Opens the panel with a text in the composer.
    pub fn compose(&self, text: Option<String>) {
        self.queue
            .post(Happening::Compose(text.unwrap_or_default()));
    }

    /// Follows changed options.
    pub fn update(&self, given: Given) {
        self.queue.post(Happening::Update(given));
    }

    /// Who the visitor is, once the server has said so.
    #[wasm_bindgen(js_name = visitorId)]
    pub fn visitor_id(&self) -> Option<String> {
        self.queue.look(Shell::visitor_id)
    }

    /// Removes every element, connection and stored byte. Done when the promise is.
    pub fn shutdown(&self) -> Promise {
        self.queue
            .take()
            .map_or_else(|| Promise::resolve(&JsValue::UNDEFINED), Shell::end)
    }
}

/// Tells the site's script what happens: `emit(name, detail)`.
pub(crate) struct Emitter(Option<Function>);

impl Emitter {
    /// An event without a detail.
    pub(crate) fn plain(&self, name: &str) {
        self.emit(name, &JsValue::UNDEFINED);
    }

    /// How many messages are unread.
    pub(crate) fn unread(&self, count: usize) {
        self.emit("unreadCountChange", &JsValue::from_f64(count as f64));
    }

    /// The visitor's message was taken into the outbox.
    pub(crate) fn sent(&self, id: MessageId, text: &str) {
        self.emit(
            "messageSent",
            &object(&[("id", &id.to_string()), ("text", text)]),
        );
    }

    /// A message came for the visitor.
    pub(crate) fn received(&self, event: &Event) {
        let (author, name) = match &event.author {
            Author::Agent(agent) => ("agent", agent.name.as_str()),
            Author::Visitor | Author::Bot | Author::System | Author::Unknown(_) => ("bot", ""),
        };
        let text = match &event.content {
            Content::Text(text) => text.text.expose().as_str(),
            Content::Answer(answer) => answer.text.as_str(),
            Content::Status(_) | Content::Note(_) | Content::Unknown(_) => return,
        };
        let id = event.id.to_string();
        self.emit(
            "messageReceived",
            &object(&[
                ("id", &id),
                ("author", author),
                ("name", &inert(name)),
                ("text", &inert(text)),
            ]),
        );
    }

    /// Something for the site's developer, in the browser's console.
    #[expect(
        clippy::unused_self,
        reason = "one place for everything that leaves towards the site"
    )]
    pub(crate) fn warn(&self, text: &str) {
        warn(&["Firsthop: ", text].concat());
    }

    fn emit(&self, name: &str, detail: &JsValue) {
        if let Some(emit) = &self.0 {
            // A fault of the site's is the site's.
            let _ = emit.call2(&JsValue::UNDEFINED, &name.into(), detail);
        }
    }
}

fn object(members: &[(&str, &str)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        let _ = Reflect::set(&object, &(*name).into(), &(*value).into());
    }
    object.into()
}
