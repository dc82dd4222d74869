//! The console once somebody is logged in: navigation; list, conversation and details, or the
//! knowledge; and what lies over them.

use firsthop_core::id::ConversationId;
use leptos::prelude::*;

use super::conversation::Conversation;
use super::desk::desk;
use super::details::Details;
use super::dialogs::Help;
use super::icons::{self, icon};
use super::keys;
use super::knowledge::Bench;
use super::list::List;
use super::nav::Nav;
use crate::browser::{clock, focus};
use crate::replica::Reach;
use crate::route::Route;
use crate::words::Word;

/// See the module.
#[component]
pub(super) fn Workspace() -> impl IntoView {
    let desk = desk();
    let help = RwSignal::new(false);
    keys::listen(desk, help);
    let open = Memo::new(move |_| desk.open());
    let knows = Memo::new(move |_| {
        desk.route
            .with(|route| matches!(route, Route::Knowledge(..)))
    });
    // Who is online is not known while the console is not.
    let stale = Memo::new(move |_| !desk.is_up());
    view! {
        <div
            class="workspace"
            class:has-open=move || open.get().is_some()
            class:knows=move || knows.get()
            class:stale=move || stale.get()
            class:details-open=move || desk.details_open.get()
        >
            <header class="unseen"><h1>{move || desk.lang.get().title(0)}</h1></header>
            <div class="skips">
                <button class="skip" on:click=|_| focus::at("list")>{move || desk.say(Word::SkipToList)}</button>
                <button class="skip" on:click=|_| focus::at("conversation")>{move || desk.say(Word::SkipToConversation)}</button>
            </div>
            <Nav help />
            <Banner />
            {move || if knows.get() {
                view! { <Bench /> }.into_any()
            } else {
                view! { <Inbox open /> }.into_any()
            }}
            <Help open=help />
            <p class="unseen" aria-live="polite" aria-atomic="true">
                {move || desk.announcement.get().map(|word| desk.say(word))}
            </p>
        </div>
    }
}

/// The shared inbox: list, conversation, details.
#[component]
fn Inbox(open: Memo<Option<ConversationId>>) -> impl IntoView {
    let desk = desk();
    view! {
        <List />
        <main class="conversation" id="conversation" tabindex="-1" aria-label=move || desk.say(Word::Conversation)>
            {move || match open.get() {
                None => view! { <Nothing /> }.into_any(),
                Some(id) => view! { <Conversation id /> }.into_any(),
            }}
        </main>
        {move || open.get().map(|id| view! { <Details id /> })}
    }
}

#[component]
fn Nothing() -> impl IntoView {
    let desk = desk();
    view! {
        <div class="empty">
            <span class="empty-icon">{icon(icons::INBOX)}</span>
            <h2>{move || desk.say(Word::NoConversation)}</h2>
            <p>{move || desk.say(Word::NoConversationMore)}</p>
        </div>
    }
}

/// Says that what is shown may be out of date, and for how long nothing will be tried.
#[component]
fn Banner() -> impl IntoView {
    let desk = desk();
    let away = Memo::new(move |_| match desk.read(|replica| replica.reach()) {
        Reach::Away(until) => Some(until),
        Reach::Connecting | Reach::Up => None,
    });
    let is_away = Memo::new(move |_| away.get().is_some());
    // A countdown only runs while there is something to count.
    let second = RwSignal::new(());
    Effect::new(move |_| {
        if is_away.get() {
            let ticking = set_interval_with_handle(
                move || second.set(()),
                core::time::Duration::from_secs(1),
            )
            .ok();
            on_cleanup(move || {
                if let Some(ticking) = ticking {
                    ticking.clear();
                }
            });
        }
    });
    Effect::new(move |was: Option<bool>| {
        let is = is_away.get();
        match was {
            Some(true) if !is => desk.announcement.set(Some(Word::BackOnline)),
            Some(false) | None if is => desk.announcement.set(Some(Word::Offline)),
            _ => {}
        }
        is
    });
    let attempt = move || {
        second.track();
        match away.get().flatten() {
            Some(at) => desk.lang.get().next_attempt(at.since(clock::now())),
            None => desk.say(Word::Trying).to_owned(),
        }
    };
    let unsent = move || {
        let count = desk.read(|replica| replica.outbox().unsettled());
        (count > 0).then(|| desk.lang.get().unsent(count))
    };
    move || {
        is_away.get().then(|| {
            view! {
                <section class="banner" aria-label=move || desk.say(Word::Offline)>
                    {icon(icons::CLOUD_OFF)}
                    <p>{move || desk.say(Word::OfflineMore)}</p>
                    {move || unsent().map(|text| view! { <span class="pill">{text}</span> })}
                    <span class="attempt">{attempt}</span>
                    <button class="button small" on:click=move |_| desk.change(crate::replica::Replica::handle_try_now)>
                        {move || desk.say(Word::TryNow)}
                    </button>
                </section>
            }
        })
    }
}
