//! Admission: a visitor gets a token, or a newer one.
//!
//! In: the old token, if there is one. Out: the token to use from now on, or why there is none.
//! Invariant: two tabs that begin at the same time become one visitor, as one waits for the
//! other and then finds its token in the store. Not here: when to ask (`shell`).

use js_sys::{Function, JSON, Object, Promise, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use crate::http::{Request, json, member};
use crate::store::Store;

/// Why a visitor is not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    /// Trying again later may help.
    Later,
    /// This page may not use this inbox, or there is no such inbox: the server's words, for the
    /// site's developer.
    Misplaced(String),
}

/// Asks to be admitted. `token` is the one that this tab used last.
pub(crate) async fn admit(edge: &str, inbox: &str, store: &Store, token: Option<String>) -> Result<String, NotAdmitted> {
    let _lock = Lock::acquire(&["firsthop ", edge, " ", inbox].concat()).await;
    let newest = store.token().await.or(token);
    let admitted = match ask(edge, inbox, newest.as_deref()).await {
        // The old token does not do (any more): the server never makes somebody else of a
        // visitor unasked, so we ask.
        Err(Refusal::Token) if newest.is_some() => ask(edge, inbox, None).await,
        other => other,
    };
    match admitted {
        Ok(token) => {
            store.keep_token(token.clone()).await;
            Ok(token)
        }
        Err(Refusal::Token | Refusal::Later) => Err(NotAdmitted::Later),
        Err(Refusal::Misplaced(why)) => Err(NotAdmitted::Misplaced(why)),
    }
}

enum Refusal {
    Token,
    Later,
    Misplaced(String),
}

async fn ask(edge: &str, inbox: &str, token: Option<&str>) -> Result<String, Refusal> {
    let body = Object::new();
    for (name, value) in [("inbox", Some(inbox)), ("token", token)] {
        if let Some(value) = value {
            // Setting a property of a fresh plain object can't fail.
            let _ = Reflect::set(&body, &name.into(), &value.into());
        }
    }
    let body = JSON::stringify(&body).map(String::from).unwrap_or_default();
    let request = Request::post("application/json", body.as_bytes());
    let response = request.send(&[edge, "v1/visitor/admission"].concat()).await.map_err(|_| Refusal::Later)?;
    let answer = json(&response).await;
    match response.status() {
        200 => member(&answer, "token").as_string().ok_or(Refusal::Later),
        401 => Err(Refusal::Token),
        403 | 404 => Err(Refusal::Misplaced(member(&member(&answer, "error"), "message").as_string().unwrap_or_default())),
        _ => Err(Refusal::Later),
    }
}

/// A lock among the tabs, held until it is dropped. Where the browser has none, there is none.
struct Lock(Option<Function>);

impl Lock {
    async fn acquire(name: &str) -> Self {
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        let acquired = Promise::new(&mut |resolve, reject| {
            let held = held.clone();
            let work = Closure::once_into_js(move || {
                let _ = resolve.call0(&JsValue::UNDEFINED);
                held
            });
            if request_lock(name, &work).is_err() {
                let _ = reject.call0(&JsValue::UNDEFINED);
            }
        });
        Self(JsFuture::from(acquired).await.is_ok().then_some(release).flatten())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = &self.0 {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    fn request_lock(name: &str, work: &JsValue) -> Result<Promise, JsValue>;
}
