//! A conversation's entries, and where they are scrolled to.
//!
//! Invariant: who reads at the end stays at the end when something new arrives, and when the room
//! for it changes; who reads further up is not moved, and is told.

use std::collections::BTreeMap;
use std::sync::Arc;

use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::limits::CONSOLE_ENTRIES_SHOWN;
use leptos::html;
use leptos::prelude::*;

use super::desk::desk;
use super::entry::entry;
use super::icons::{self, icon};
use crate::browser::calendar;
use crate::browser::resize::Resizes;
use crate::replica::transcript::{Line, lines};
use crate::words::Word;

/// How near to the end still counts as there, in pixels.
const NEAR_END_PX: i32 = 96;

type Lines = Arc<BTreeMap<MessageId, Line>>;

/// See the module.
#[component]
pub(super) fn Entries(id: ConversationId) -> impl IntoView {
    let desk = desk();
    let shown = RwSignal::new(CONSOLE_ENTRIES_SHOWN);
    let all = Memo::new(move |_| lines(desk.read(|replica| replica.entries(id)), calendar::day));
    let hidden = Memo::new(move |_| all.with(Vec::len).saturating_sub(shown.get()));
    let ids = Memo::new(move |_| {
        all.with(|lines| {
            lines
                .iter()
                .skip(hidden.get())
                .map(|line| line.entry.id)
                .collect::<Vec<_>>()
        })
    });
    let by_id = Memo::new(move |_| {
        let lines: Lines = Arc::new(all.with(|lines| {
            lines
                .iter()
                .map(|line| (line.entry.id, line.clone()))
                .collect()
        }));
        lines
    });
    let complete = Memo::new(move |_| {
        desk.read(|replica| {
            replica
                .transcript(id)
                .is_some_and(|transcript| transcript.is_complete())
        })
    });
    // Offline there is nothing to wait for: what is here is shown as it is.
    let loading = Memo::new(move |_| !complete.get() && desk.is_up());
    let empty = Memo::new(move |_| complete.get() && ids.with(Vec::is_empty));
    let types = Memo::new(move |_| desk.read(|replica| replica.visitor_types(id)));

    let log = NodeRef::<html::Div>::new();
    let at_end = RwSignal::new(true);
    let news = RwSignal::new(false);
    let to_end = move || {
        request_animation_frame(move || {
            if let Some(log) = log.get_untracked() {
                log.set_scroll_top(log.scroll_height());
            }
        });
    };
    Effect::new(move |before: Option<usize>| {
        let count = all.with(Vec::len);
        types.track();
        if at_end.get_untracked() {
            to_end();
        } else if before.is_some_and(|before| count > before) {
            news.set(true);
        }
        count
    });
    // A banner, a longer reply or a phone's keyboard takes room from the log's end.
    let watch = StoredValue::new_local(None);
    log.on_load(move |log| {
        watch.set_value(Resizes::of(&log, move || {
            if at_end.get_untracked() {
                to_end();
            }
        }));
    });
    let scrolled = move |_| {
        if let Some(log) = log.get_untracked() {
            let end = log.scroll_height() - log.scroll_top() - log.client_height() < NEAR_END_PX;
            at_end.set(end);
            if end {
                news.set(false);
            }
        }
    };
    view! {
        <div class="log-frame">
            <div
                class="log"
                role="log"
                tabindex="0"
                node_ref=log
                on:scroll=scrolled
                aria-label=move || desk.say(Word::Conversation)
                // What was there before is not read out; what arrives is.
                aria-live=move || if complete.get() { "polite" } else { "off" }
                aria-busy=move || loading.get().then_some("true")
            >
                {move || loading.get().then(|| view! {
                    <p class="log-note" role="status"><span class="spinner" aria-hidden="true"></span>{move || desk.say(Word::LoadingMessages)}</p>
                })}
                {move || (hidden.get() > 0).then(|| view! {
                    <button class="button quiet earlier" on:click=move |_| shown.update(|shown| *shown += CONSOLE_ENTRIES_SHOWN)>
                        {move || desk.say(Word::Earlier)}
                    </button>
                })}
                {move || empty.get().then(|| view! { <p class="log-note">{move || desk.say(Word::NoMessages)}</p> })}
                <For each=move || ids.get() key=|id| *id let:message>
                    {
                        let line = Memo::new(move |_| by_id.with(|lines| lines.get(&message).cloned()));
                        // A line is only drawn while it is in the log; its kind never changes.
                        let first = line.get_untracked();
                        first.map(|first| entry(desk, id, first, line))
                    }
                </For>
                {move || types.get().then(|| view! {
                    <p class="types"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>{move || desk.say(Word::VisitorTypes)}</p>
                })}
            </div>
            {move || news.get().then(|| view! {
                <button class="button news" on:click=move |_| to_end()>
                    {icon(icons::DOWN)}
                    {move || desk.say(Word::NewMessages)}
                </button>
            })}
        </div>
    }
}
