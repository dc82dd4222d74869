//! What the launcher, or a site that bundles the widget itself, calls.
//!
//! In: options as a plain object. Out: a [`Widget`]. Types for TypeScript are in `types.d.ts`.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsError, JsValue};

use firsthop_core::id::MessageId;
use firsthop_core::protocol::{Author, Content, Event};

use crate::scene::inert;
use crate::shell::{Happening, Page, Queue, Shell};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// What a site can choose.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The address of the hop above, with a slash at its end.
    pub(crate) edge: String,
    /// The inbox's key.
    pub(crate) inbox: String,
    /// The visitor's language.
    pub(crate) lang: String,
    /// What the panel is called.
    pub(crate) title: Option<String>,
}

impl Options {
    fn read(options: &JsValue) -> Option<Self> {
        let text = |name: &str| get(options, name).as_string().filter(|text| !text.is_empty());
        let mut edge = text("edge")?;
        if !edge.ends_with('/') {
            edge.push('/');
        }
        Some(Self { edge, inbox: text("inbox")?, lang: text("lang").unwrap_or_default(), title: text("title") })
    }
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

/// A running widget.
#[wasm_bindgen(skip_typescript)]
pub struct Widget {
    queue: Queue,
}

/// Starts the widget in the element that `createHost` of `js/host.js` made: the launcher calls
/// it, and so does a site that bundles the widget.
///
/// # Errors
/// If the options lack something.
#[wasm_bindgen(skip_typescript)]
pub fn start(options: &JsValue) -> Result<Widget, JsError> {
    let read = Options::read(options).ok_or_else(|| JsError::new("Firsthop: `edge` and `inbox` are needed"))?;
    let window = web_sys::window().ok_or_else(|| JsError::new("Firsthop: there is no window"))?;
    let document = window.document().ok_or_else(|| JsError::new("Firsthop: there is no document"))?;
    let host = get(options, "host").dyn_into().map_err(|_| JsError::new("Firsthop: `host` is needed"))?;
    let emit = Emitter(get(options, "emit").dyn_into().ok());
    let (root, button) = (get(options, "root"), get(options, "button"));
    let page = Page { host, root, button, document, online: window.navigator().on_line() };
    let queue = Queue::default();
    queue.serve(Shell::new(read, emit, page, queue.clone()));
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
        self.queue.post(Happening::Compose(text.unwrap_or_default()));
    }

    /// Follows changed options.
    pub fn update(&self, options: &JsValue) {
        if let Some(options) = Options::read(options) {
            self.queue.post(Happening::Update(Box::new(options)));
        }
    }

    /// Who the visitor is, once the server has said so.
    #[wasm_bindgen(js_name = visitorId)]
    pub fn visitor_id(&self) -> Option<String> {
        self.queue.look(Shell::visitor_id)
    }

    /// Removes every element, connection and stored byte. Done when the promise is.
    pub fn shutdown(&self) -> Promise {
        self.queue.take().map_or_else(|| Promise::resolve(&JsValue::UNDEFINED), Shell::end)
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
        self.emit("messageSent", &object(&[("id", &id.to_string()), ("text", text)]));
    }

    /// A message came for the visitor.
    pub(crate) fn received(&self, event: &Event) {
        let (author, name) = match &event.author {
            Author::Agent(agent) => ("agent", agent.name.as_str()),
            Author::Visitor | Author::Bot | Author::System => ("bot", ""),
        };
        let text = match &event.content {
            Content::Text(text) => text.text.expose().as_str(),
            Content::Answer(answer) => answer.text.as_str(),
            Content::Status(_) | Content::Note(_) | Content::Unknown => return,
        };
        let id = event.id.to_string();
        self.emit("messageReceived", &object(&[("id", &id), ("author", author), ("name", &inert(name)), ("text", &inert(text))]));
    }

    /// Something for the site's developer, in the browser's console.
    #[expect(clippy::unused_self, reason = "one place for everything that leaves towards the site")]
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

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn warn(text: &str);
}
