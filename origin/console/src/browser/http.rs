//! Requests to the origin.

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
    let (status, body) = exchange(method, path, body)
        .await
        .map_err(|_| Problem::new(Code::OriginUnavailable, "no answer"))?;
    if (200..300).contains(&status) {
        Ok(body)
    } else {
        Err(read_problem(status, &body))
    }
}

async fn exchange(
    method: &str,
    path: &str,
    body: Option<String>,
) -> Result<(u16, String), JsValue> {
    let init = RequestInit::new();
    init.set_method(method);
    init.set_credentials(RequestCredentials::SameOrigin);
    init.set_cache(RequestCache::NoStore);
    let headers = web_sys::Headers::new()?;
    // Another site's form can't set this header; the origin asks for it on every change.
    headers.set("x-firsthop-csrf", "1")?;
    if let Some(body) = body {
        headers.set("content-type", "application/json")?;
        init.set_body(&JsValue::from_str(&body));
    }
    init.set_headers(&headers);
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(path, &init))
        .await?
        .dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok((response.status(), text.as_string().unwrap_or_default()))
}
