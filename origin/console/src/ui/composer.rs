//! Where replies and notes are written.
//!
//! Invariant: what was written is kept, per conversation and kind, until it is sent; a key that
//! belongs to an input method never sends.

use firsthop_core::id::ConversationId;
use firsthop_core::limits::TEXT_BYTES_MAX;
use firsthop_core::protocol::Note;
use firsthop_core::protocol::agent::{Reopen, Reply};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::desk::desk;
use super::icons::{self, icon};
use crate::browser::{focus, storage};
use crate::replica::list::Standing;
use crate::words::Word;

/// What is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reply,
    Note,
}

impl Kind {
    const fn key(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Note => "note",
        }
    }
}

/// See the module.
#[component]
pub(super) fn Composer(
    id: ConversationId,
    standing: Memo<Option<Standing>>,
    taking_over: RwSignal<bool>,
) -> impl IntoView {
    let desk = desk();
    let me = desk.agent_now().map(|agent| agent.id);
    let kind = RwSignal::new(Kind::Reply);
    let draft = move |kind: Kind| {
        me.map(|me| storage::draft(me, id, kind.key()))
            .unwrap_or_default()
    };
    let text = RwSignal::new(draft(Kind::Reply));
    let keep = move |value: String| {
        if let Some(me) = me {
            storage::keep_draft(me, id, kind.get_untracked().key(), &value);
        }
        text.set(value);
    };
    let switch = move |to: Kind| {
        kind.set(to);
        text.set(draft(to));
        focus::soon("composer");
    };
    let blank = Memo::new(move |_| text.with(|text| text.trim().is_empty()));
    let bytes = Memo::new(move |_| text.with(String::len));
    let too_long = Memo::new(move |_| bytes.get() > TEXT_BYTES_MAX);
    let send = move || {
        if blank.get_untracked() || too_long.get_untracked() {
            return;
        }
        let body = text.get_untracked().trim().to_owned();
        match kind.get_untracked() {
            Kind::Reply => desk.act(id, Reply { text: body.into() }),
            Kind::Note => desk.act(id, Note { text: body.into() }),
        }
        keep(String::new());
        focus::at("composer");
    };
    let typed = move |value: String| {
        let types = kind.get_untracked() == Kind::Reply && !value.trim().is_empty();
        keep(value);
        desk.set_typing(id, types);
    };
    let press = move |event: KeyboardEvent| {
        // 229: a key that an input method has taken, in browsers that say so no other way.
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        match event.key().as_str() {
            "Enter" if !event.shift_key() && !event.alt_key() => {
                event.prevent_default();
                send();
            }
            "Escape" => focus::at("conversation"),
            _ => {}
        }
    };
    Effect::new(move |_| {
        if let Some((is_note, value)) = desk.put_back.get() {
            desk.put_back.set(None);
            kind.set(if is_note { Kind::Note } else { Kind::Reply });
            keep(value);
        }
    });
    on_cleanup(move || desk.set_typing(id, false));

    // Nobody replies past a colleague, or to what is resolved; notes always can be written.
    let barred = Memo::new(move |_| match (kind.get(), standing.get()) {
        (Kind::Reply, Some(Standing::Colleague(_))) => Some(Word::OfColleague),
        (Kind::Reply, Some(Standing::Resolved)) => Some(Word::ReopenToReply),
        _ => None,
    });
    let hint = move || {
        if too_long.get() {
            return desk.lang.get().over_limit(bytes.get(), TEXT_BYTES_MAX);
        }
        let word = match (kind.get(), standing.get()) {
            _ if !desk.is_up() => Word::Held,
            (Kind::Reply, Some(Standing::Free)) => Word::TakesHint,
            _ => Word::SendHint,
        };
        desk.say(word).to_owned()
    };
    let tab = move |which: Kind, key: &'static str, word: Word| {
        view! {
            <button
                id=key
                class="tab"
                aria-pressed=move || if kind.get() == which { "true" } else { "false" }
                on:click=move |_| switch(which)
            >
                {(which == Kind::Note).then(|| icon(icons::LOCK))}
                {move || desk.say(word)}
            </button>
        }
    };
    view! {
        <section class="composer" class:note=move || kind.get() == Kind::Note>
            <div class="tabs">
                {tab(Kind::Reply, "mode-reply", Word::Reply)}
                {tab(Kind::Note, "mode-note", Word::Note)}
            </div>
            {move || match barred.get() {
                Some(word) => view! {
                    <div class="barred">
                        <p>{move || desk.say(word)}</p>
                        {if word == Word::OfColleague {
                            view! { <button class="button" on:click=move |_| taking_over.set(true)>{move || desk.say(Word::TakeOver)}</button> }.into_any()
                        } else {
                            view! { <button class="button" on:click=move |_| desk.act(id, Reopen {})>{move || desk.say(Word::Reopen)}</button> }.into_any()
                        }}
                    </div>
                }.into_any(),
                None => view! {
                    <div class="write">
                        <textarea
                            id="composer"
                            rows="2"
                            dir="auto"
                            aria-label=move || desk.say(if kind.get() == Kind::Note { Word::NotePlaceholder } else { Word::ReplyPlaceholder })
                            placeholder=move || desk.say(if kind.get() == Kind::Note { Word::NotePlaceholder } else { Word::ReplyPlaceholder })
                            aria-describedby="composer-hint"
                            prop:value=move || text.get()
                            on:input=move |event| typed(event_target_value(&event))
                            on:keydown=press
                        ></textarea>
                        <div class="write-foot">
                            <p class="hint" id="composer-hint" class:wrong=move || too_long.get()>{hint}</p>
                            <button
                                class="button primary send"
                                aria-disabled=move || (blank.get() || too_long.get()).then_some("true")
                                on:click=move |_| send()
                            >
                                {icon(icons::SEND)}
                                {move || desk.say(if kind.get() == Kind::Note { Word::AddNote } else { Word::Send })}
                            </button>
                        </div>
                    </div>
                }.into_any(),
            }}
        </section>
    }
}
