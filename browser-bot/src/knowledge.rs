//! The knowledge pack: fetched by name, checked, and asked on the device.
//!
//! In: an inbox, or the name of a pack. Out: a pack whose bytes are what its name says. Packs
//! stay in the browser's HTTP cache (they are immutable), so that a page which loads without a
//! network can answer too. Not here: how a question is answered (`firsthop_core::answer`).

use firsthop_core::answer::Answerer;
use firsthop_core::bot;
use firsthop_core::conversation::Verdict;
use firsthop_core::id::{Derived, MessageId};
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::Hop;
use firsthop_core::protocol::visitor::{Answered, SaidText};
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::RequestCache;

use crate::http::{Fault, Request, bytes, json, member};

/// The device's bot.
#[derive(Default)]
pub(crate) struct Knowledge {
    pack: Option<Pack>,
    answerer: Answerer,
}

impl Knowledge {
    /// Whether it knows anything.
    pub(crate) const fn is_loaded(&self) -> bool {
        self.pack.is_some()
    }

    /// The name of the pack that it answers from.
    pub(crate) fn hash(&self) -> Option<PackHash> {
        self.pack.as_ref().map(Pack::hash)
    }

    /// Answers from this pack from now on.
    pub(crate) fn set(&mut self, pack: Pack) {
        self.pack = Some(pack);
    }

    /// Answers a question, and puts the claim for the hops above into it; or stays silent.
    pub(crate) fn answer(&mut self, id: MessageId, said: &mut SaidText) -> Option<Answered> {
        let pack = self.pack.as_ref()?;
        let Verdict::Answer(answer) = bot::ask(&mut self.answerer, pack, Hop::Browser, id, said) else { return None };
        said.claim = Some(bot::claim(&answer));
        Some(Answered { id: id.derive(Derived::Answer), answer: *answer })
    }
}

/// The name of the inbox's current pack. Without a network it is the one that was current when
/// the browser last asked.
pub(crate) async fn current(edge: &str, inbox: &str) -> Option<PackHash> {
    let url = [edge, "v1/inboxes/", &String::from(js_sys::encode_uri_component(inbox)), "/pack"].concat();
    let response = match Request::get().succeed(&url).await {
        Err(Fault::Unreachable) => Request::get().cache(RequestCache::ForceCache).succeed(&url).await,
        answered => answered,
    };
    member(&json(&response.ok()?).await, "pack").as_string()?.parse().ok()
}

/// Fetches a pack. `None` if it can't be had, or is not what its name says.
pub(crate) async fn fetch(edge: &str, hash: PackHash) -> Option<Pack> {
    let url = [edge, "v1/packs/", &hash.to_string()].concat();
    let response = Request::get().cache(RequestCache::ForceCache).succeed(&url).await.ok()?;
    let bytes = bytes(&response).await.ok()?;
    if !is_named(&bytes, hash).await {
        return None;
    }
    Pack::load(bytes, hash).ok()
}

/// Whether SHA-256 of the bytes is the name. Pages without TLS have no WebCrypto: there, nothing
/// on the page is safe from whoever sits on the line, and the pack's own checksum must do.
async fn is_named(bytes: &[u8], hash: PackHash) -> bool {
    let Some(subtle) = web_sys::window().and_then(|window| window.crypto().ok()).map(|crypto| crypto.subtle()) else { return true };
    if subtle.is_undefined() {
        return true;
    }
    let digest: Result<Promise, _> = subtle.digest_with_str_and_js_u8_array("SHA-256", &Uint8Array::from(bytes));
    let Ok(digest) = digest else { return false };
    match JsFuture::from(digest.unchecked_into::<Promise>()).await {
        Ok(digest) => Uint8Array::new(&digest).to_vec() == hash.0,
        Err(_) => false,
    }
}
