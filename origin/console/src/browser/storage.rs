//! What outlives the page: choices and drafts for this browser, the outbox for this tab.
//!
//! Invariant: what an agent wrote leaves with the agent ([`forget`]).

use firsthop_core::id::{AgentId, ConversationId};
use leptos::prelude::window;
use web_sys::Storage;

const DRAFTS: &str = "firsthop.console.draft.";
const OUTBOX: &str = "firsthop.console.outbox.";

fn local() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn session() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

fn put(storage: Option<Storage>, key: &str, value: &str) {
    let Some(storage) = storage else { return };
    // A full or forbidden storage means that a reload forgets; nothing better can be done.
    let _ = if value.is_empty() {
        storage.remove_item(key)
    } else {
        storage.set_item(key, value)
    };
}

fn get(storage: Option<Storage>, key: &str) -> Option<String> {
    storage.and_then(|storage| storage.get_item(key).ok().flatten())
}

/// A choice of the agent's: `lang`, `theme`, `sound`.
pub(crate) fn choice(name: &str) -> Option<String> {
    get(local(), &format!("firsthop.console.{name}"))
}

/// Remembers a choice.
pub(crate) fn choose(name: &str, value: &str) {
    put(local(), &format!("firsthop.console.{name}"), value);
}

fn draft_key(agent: AgentId, conversation: ConversationId, kind: &str) -> String {
    format!("{DRAFTS}{agent}.{conversation}.{kind}")
}

/// What the agent was writing there; `kind` tells a reply from a note.
pub(crate) fn draft(agent: AgentId, conversation: ConversationId, kind: &str) -> String {
    get(local(), &draft_key(agent, conversation, kind)).unwrap_or_default()
}

/// Keeps what the agent is writing.
pub(crate) fn keep_draft(agent: AgentId, conversation: ConversationId, kind: &str, text: &str) {
    put(local(), &draft_key(agent, conversation, kind), text);
}

/// What this tab had not sent before it was reloaded.
pub(crate) fn outbox(agent: AgentId) -> String {
    get(session(), &format!("{OUTBOX}{agent}")).unwrap_or_default()
}

/// Keeps what this tab has not sent.
pub(crate) fn keep_outbox(agent: AgentId, saved: &str) {
    put(session(), &format!("{OUTBOX}{agent}"), saved);
}

/// Removes everything that the agent wrote.
pub(crate) fn forget(agent: AgentId) {
    for (storage, prefix) in [(local(), DRAFTS), (session(), OUTBOX)] {
        let Some(storage) = storage else { continue };
        let prefix = format!("{prefix}{agent}");
        let count = storage.length().unwrap_or(0);
        let keys: Vec<String> = (0..count)
            .filter_map(|index| storage.key(index).ok().flatten())
            .collect();
        for key in keys.iter().filter(|key| key.starts_with(&prefix)) {
            let _ = storage.remove_item(key);
        }
    }
}
