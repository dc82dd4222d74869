//! What the bot says to a kind of small talk: what every pack says, other words, or nothing.

use firsthop_core::json::Json;
use leptos::prelude::*;

use super::fields::{change, of_doc};
use super::languages::Texts;
use super::library::library;
use crate::knowledge::doc::Doc;
use crate::knowledge::schema::SMALL_TALK;
use crate::words::Word;

/// A switch, and the reply while it is on.
#[component]
pub(super) fn Reply(name: &'static str, label: Word) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let silent = of_doc(library, move |doc| is_silent(doc, name));
    let switch = move |on: bool| {
        change(library, name, |doc| {
            // What holds for all kinds is told for each, so that one can be told otherwise.
            if doc.get(SMALL_TALK) == Some(&Json::Bool(false)) {
                doc.put(SMALL_TALK, None);
                for kind in crate::knowledge::schema::small_talk() {
                    doc.put(kind, Some(Json::Bool(false)));
                }
            }
            doc.put(name, (!on).then_some(Json::Bool(false)));
        });
    };
    view! {
        <label class="switch reply-switch">
            <input
                type="checkbox"
                role="switch"
                id=format!("switch-{}", name.rsplit('.').next().unwrap_or(name))
                disabled=move || !library.may_edit()
                prop:checked=move || !silent.get()
                on:change=move |event| switch(event_target_checked(&event))
            />
            <span>{move || desk.say(Word::BotReplies)}</span>
        </label>
        {move || (!silent.get()).then(|| view! { <Texts name label long=false /> })}
    }
}

fn is_silent(doc: &Doc, name: &str) -> bool {
    [SMALL_TALK, name]
        .iter()
        .any(|path| doc.get(path) == Some(&Json::Bool(false)))
}
