//! Requests to the hop above: `fetch`, without cookies, with a bearer's token if there is one.
//!
//! Out: the response, or which of two things went wrong. Not here: what is sent.

use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, RequestCache, RequestCredentials, RequestInit, Response};

/// Why there is no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// None came: no network, nobody there, or the request was given up.
    Unreachable,
    /// One came with this status, which is not a success.
    Status(u16),
}

/// A request in the making.
pub(crate) struct Request {
    init: RequestInit,
    headers: Object,
}

impl Request {
    /// A GET.
    pub(crate) fn get() -> Self {
        let init = RequestInit::new();
        init.set_credentials(RequestCredentials::Omit);
        Self { init, headers: Object::new() }
    }

    /// A POST of these bytes.
    pub(crate) fn post(content_type: &str, body: &[u8]) -> Self {
        let request = Self::get().header("content-type", content_type);
        request.init.set_method("POST");
        request.init.set_body(&Uint8Array::from(body));
        request
    }

    /// Adds a header.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        // Setting a property of a fresh plain object can't fail.
        let _ = Reflect::set(&self.headers, &name.into(), &value.into());
        self
    }

    /// Says who asks.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &["Bearer ", token].concat())
    }

    /// Says how to use the browser's cache.
    pub(crate) fn cache(self, cache: RequestCache) -> Self {
        self.init.set_cache(cache);
        self
    }

    /// Makes it possible to give the request up.
    pub(crate) fn signal(self, signal: Option<&AbortSignal>) -> Self {
        self.init.set_signal(signal);
        self
    }

    /// Sends it; any status is an answer.
    pub(crate) async fn send(self, url: &str) -> Result<Response, Fault> {
        self.init.set_headers(&self.headers);
        let window = web_sys::window().ok_or(Fault::Unreachable)?;
        let response = JsFuture::from(window.fetch_with_str_and_init(url, &self.init)).await;
        response.map(JsCast::unchecked_into).map_err(|_| Fault::Unreachable)
    }

    /// Sends it; only a success is an answer.
    pub(crate) async fn succeed(self, url: &str) -> Result<Response, Fault> {
        let response = self.send(url).await?;
        if response.ok() { Ok(response) } else { Err(Fault::Status(response.status())) }
    }
}

/// All bytes of a response.
pub(crate) async fn bytes(response: &Response) -> Result<Vec<u8>, Fault> {
    let buffer = response.array_buffer().map_err(|_| Fault::Unreachable)?;
    let buffer = JsFuture::from(buffer).await.map_err(|_| Fault::Unreachable)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// The response as a JSON value; `undefined` if it is none.
pub(crate) async fn json(response: &Response) -> JsValue {
    match response.json() {
        Ok(promise) => JsFuture::from(promise).await.unwrap_or_default(),
        Err(_) => JsValue::UNDEFINED,
    }
}

/// A member of a JSON object; `undefined` if there is none.
pub(crate) fn member(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap_or_default()
}

/// Gives requests up when it is dropped.
pub(crate) struct GiveUp(Option<AbortController>);

impl GiveUp {
    /// With a browser that can't, requests simply run to their end.
    pub(crate) fn new() -> Self {
        Self(AbortController::new().ok())
    }

    /// What requests watch.
    pub(crate) fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }
}

impl Drop for GiveUp {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}
