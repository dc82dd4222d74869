//! Requests to the origin.
//!
//! Not here: what the bodies mean (`rest`, `knowledge::wire`).

use firsthop_core::protocol::{Code, Problem};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestCache, RequestCredentials, RequestInit, Response};

use leptos::prelude::window;

use crate::rest::{Agent, Login, Setup, read_problem, read_session};

/// Who is logged in.
pub(crate) async fn session() -> Result<Agent, Problem> {
    read_session(&request("GET", "/v1/session", None).await?)
}

/// Logs in.
pub(crate) async fn log_in(login: Login<'_>) -> Result<(), Problem> {
    request("POST", "/v1/session", serde_json::to_string(&login).ok())
        .await
        .map(drop)
}

/// Logs out.
pub(crate) async fn log_out() -> Result<(), Problem> {
    request("DELETE", "/v1/session", None).await.map(drop)
}

/// Makes the first account.
pub(crate) async fn set_up(setup: Setup<'_>) -> Result<(), Problem> {
    request("POST", "/v1/setup", serde_json::to_string(&setup).ok())
        .await
        .map(drop)
}

async fn request(method: &str, path: &str, body: Option<String>) -> Result<String, Problem> {
    let reply = exchange(method, path, body, None).await?;
    if reply.is_good() {
        Ok(reply.body)
    } else {
        Err(read_problem(reply.status, &reply.body))
    }
}

/// An answer of the origin.
pub(crate) struct Reply {
    /// HTTP's status.
    pub(crate) status: u16,
    /// The body, as text.
    pub(crate) body: String,
}

impl Reply {
    /// Whether it did what was asked.
    pub(crate) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Asks the origin for something; `if_match` is the revision that is meant to be changed.
///
/// # Errors
/// `origin_unavailable` if there was no answer.
pub(crate) async fn exchange(
    method: &str,
    path: &str,
    body: Option<String>,
    if_match: Option<u64>,
) -> Result<Reply, Problem> {
    let response = fetch(method, path, body, if_match).await;
    let reply = async {
        let response = response?;
        let text = JsFuture::from(response.text()?).await?;
        Ok::<_, JsValue>(Reply {
            status: response.status(),
            body: text.as_string().unwrap_or_default(),
        })
    };
    reply
        .await
        .map_err(|_| Problem::new(Code::OriginUnavailable, "no answer"))
}

/// Fetches bytes.
pub(crate) async fn bytes(path: &str) -> Result<Vec<u8>, Problem> {
    let response = fetch("GET", path, None, None).await;
    let reply = async {
        let response = response?;
        if !response.ok() {
            let text = JsFuture::from(response.text()?).await?;
            let body = text.as_string().unwrap_or_default();
            return Ok(Err(read_problem(response.status(), &body)));
        }
        let buffer = JsFuture::from(response.array_buffer()?).await?;
        Ok::<_, JsValue>(Ok(js_sys::Uint8Array::new(&buffer).to_vec()))
    };
    reply
        .await
        .unwrap_or_else(|_| Err(Problem::new(Code::OriginUnavailable, "no answer")))
}

async fn fetch(
    method: &str,
    path: &str,
    body: Option<String>,
    if_match: Option<u64>,
) -> Result<Response, JsValue> {
    let init = RequestInit::new();
    init.set_method(method);
    init.set_credentials(RequestCredentials::SameOrigin);
    init.set_cache(RequestCache::NoStore);
    let headers = web_sys::Headers::new()?;
    // Another site's form can't set this header; the origin asks for it on every change.
    headers.set("x-firsthop-csrf", "1")?;
    if let Some(revision) = if_match {
        headers.set("if-match", &format!("\"{revision}\""))?;
    }
    if let Some(body) = body {
        headers.set("content-type", "application/json")?;
        init.set_body(&JsValue::from_str(&body));
    }
    init.set_headers(&headers);
    JsFuture::from(window().fetch_with_str_and_init(path, &init))
        .await?
        .dyn_into()
}
