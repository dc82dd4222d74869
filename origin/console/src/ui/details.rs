//! What is known of the visitor and the conversation.

use firsthop_core::Timestamp;
use firsthop_core::id::ConversationId;
use firsthop_core::protocol::Status;
use firsthop_core::protocol::agent::Summary;
use leptos::prelude::*;

use super::desk::{Desk, desk};
use super::icons::{self, icon};
use super::list::avatar;
use crate::browser::calendar;
use crate::inert::{inert_line, link_target};
use crate::visitor_name;
use crate::words::Word;

/// See the module.
#[component]
pub(super) fn Details(id: ConversationId) -> impl IntoView {
    let desk = desk();
    let summary = Memo::new(move |_| desk.summary(id));
    let online = Signal::derive(move || {
        summary.with(|summary| summary.as_ref().is_some_and(|summary| summary.online))
    });
    view! {
        <aside class="details" id="details" aria-label=move || desk.say(Word::Details)>
            <header class="pane-head">
                <h2>{move || desk.say(Word::Details)}</h2>
                <button class="button icon-only close-details" on:click=move |_| desk.details_open.set(false) aria-label=move || desk.say(Word::Close)>
                    {icon(icons::CROSS)}
                </button>
            </header>
            <div class="card-visitor">
                {avatar(id, online)}
                <h3>{move || desk.lang.get().visitor(&visitor_name::tag(id))}</h3>
                <p>{move || desk.presence(online.get())}</p>
            </div>
            {move || summary.get().map(|summary| facts(desk, &summary))}
        </aside>
    }
}

fn facts(desk: Desk, summary: &Summary) -> impl IntoView + use<> {
    let moment = move |at: Timestamp| calendar::moment(at, desk.lang.get());
    let status = summary.status;
    let assignee = summary
        .assignee
        .as_ref()
        .map(|agent| inert_line(&agent.name));
    let lang_tag = inert_line(&summary.lang);
    let waiting = summary.waiting_since.filter(|_| status == Status::Queued);
    let last = summary.last_at;
    let first = first_contact(summary.id);
    let page = summary.page.as_ref().map(|page| {
        let (url, title) = (page.url.expose(), inert_line(page.title.expose()));
        let address = inert_line(url);
        let text = if title.is_empty() { address.clone() } else { title };
        match link_target(url) {
            Some(target) => view! {
                <a href=target.to_owned() target="_blank" rel="noopener noreferrer" dir="auto">{text}</a>
                <span class="address">{address}</span>
            }.into_any(),
            None => view! { <span dir="auto">{text}</span> }.into_any(),
        }
    });
    let reference = summary.id.to_string();
    view! {
        <dl class="facts">
            <div><dt>{move || desk.say(Word::Page)}</dt><dd>{page.unwrap_or_else(|| view! { {move || desk.say(Word::PageUnknown)} }.into_any())}</dd></div>
            <div><dt>{move || desk.say(Word::Language)}</dt><dd>{move || language(&lang_tag, desk)}</dd></div>
            <div><dt>{move || desk.say(Word::Inbox)}</dt><dd>{inert_line(&summary.inbox)}</dd></div>
            <div><dt>{move || desk.say(Word::Status)}</dt><dd>{move || desk.lang.get().status(status)}</dd></div>
            <div><dt>{move || desk.say(Word::Assignee)}</dt><dd>{move || assignee.clone().unwrap_or_else(|| desk.say(Word::Nobody).to_owned())}</dd></div>
            {waiting.map(|since| view! { <div><dt>{move || desk.say(Word::WaitingSince)}</dt><dd>{move || moment(since)}</dd></div> })}
            <div><dt>{move || desk.say(Word::LastMessage)}</dt><dd>{move || moment(last)}</dd></div>
            {first.map(|first| view! { <div><dt>{move || desk.say(Word::FirstContact)}</dt><dd>{move || moment(first)}</dd></div> })}
            <div><dt>{move || desk.say(Word::Reference)}</dt><dd><code>{reference}</code></dd></div>
        </dl>
    }
}

fn language(tag: &str, desk: Desk) -> String {
    if tag.is_empty() {
        return desk.say(Word::PageUnknown).to_owned();
    }
    let name = calendar::language(tag, desk.lang.get());
    if name == tag {
        name
    } else {
        format!("{name} ({tag})")
    }
}

/// When the visitor was admitted, which a version 7 UUID tells.
fn first_contact(id: ConversationId) -> Option<Timestamp> {
    let [a, b, c, d, e, f, ..] = *id.as_bytes();
    (id.0.version() == 7)
        .then(|| Timestamp::from_millis(u64::from_be_bytes([0, 0, a, b, c, d, e, f])))
}
