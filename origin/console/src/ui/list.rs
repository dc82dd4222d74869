//! The list of conversations.

use firsthop_core::Timestamp;
use firsthop_core::id::ConversationId;
use firsthop_core::protocol::Status;
use leptos::prelude::*;

use super::desk::{Desk, desk};
use super::icons::{self, icon};
use crate::browser::calendar;
use crate::inert::inert_line;
use crate::replica::Replica;
use crate::replica::list::View;
use crate::route::Route;
use crate::visitor_name;
use crate::words::{Lang, Word};

/// What a row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    preview: String,
    last_at: Timestamp,
    status: Status,
    waiting_since: Option<Timestamp>,
    assignee: Option<String>,
    mine: bool,
    inbox: String,
    unread: bool,
    online: bool,
    types: bool,
}

impl Row {
    fn of(replica: &Replica, id: ConversationId) -> Option<Self> {
        let summary = replica.list().get(id)?;
        Some(Self {
            preview: inert_line(summary.preview.expose()),
            last_at: summary.last_at,
            status: summary.status,
            waiting_since: summary
                .waiting_since
                .filter(|_| summary.status == Status::Queued),
            assignee: summary
                .assignee
                .as_ref()
                .map(|agent| inert_line(&agent.name)),
            mine: replica.is_mine(summary),
            inbox: inert_line(&summary.inbox),
            unread: replica.list().is_unread(summary),
            online: summary.online,
            types: replica.visitor_types(id),
        })
    }
}

/// See the module.
#[component]
pub(super) fn List() -> impl IntoView {
    let desk = desk();
    let view = Memo::new(move |_| desk.view());
    let ids = Memo::new(move |_| desk.read(|replica| replica.ids(view.get())));
    let loaded = Memo::new(move |_| desk.read(|replica| replica.list().is_loaded()));
    let empty = Memo::new(move |_| ids.with(Vec::is_empty));
    let older = Memo::new(move |_| {
        view.get() == View::Resolved && desk.read(|replica| replica.counts().resolved_more)
    });
    view! {
        <section class="list" aria-labelledby="list-title" aria-busy=move || (!loaded.get()).then_some("true")>
            <header class="pane-head">
                <h2 id="list-title">{move || desk.lang.get().view(view.get())}</h2>
                <span class="pane-count">{move || ids.with(Vec::len)}</span>
            </header>
            <ul class="rows" id="list" role="list" tabindex="-1" aria-label=move || desk.say(Word::Conversations)>
                <For each=move || ids.get() key=|id| *id let:id>
                    <li>{row(desk, view, id)}</li>
                </For>
            </ul>
            {move || (!loaded.get() && empty.get()).then(|| view! { <Skeleton /> })}
            {move || (loaded.get() && empty.get()).then(|| view! { <Empty view=view.get() /> })}
            {move || (loaded.get() && older.get()).then(|| view! { <Older /> })}
        </section>
    }
}

fn row(desk: Desk, view: Memo<View>, id: ConversationId) -> impl IntoView {
    let current = Memo::new(move |_| desk.open() == Some(id));
    let row = Memo::new(move |_| desk.read(|replica| Row::of(replica, id)));
    let unread = move || row.with(|row| row.as_ref().is_some_and(|row| row.unread));
    let name = move || desk.lang.get().visitor(&visitor_name::tag(id));
    view! {
        <a
            class="row"
            class:unread=unread
            href=move || Route::List(view.get(), Some(id)).hash()
            aria-current=move || current.get().then_some("true")
            on:click=move |_| crate::browser::focus::soon("conversation")
        >
            {avatar(id, Signal::derive(move || row.with(|row| row.as_ref().is_some_and(|row| row.online))))}
            <span class="row-name">{name}</span>
            <time class="row-time">
                {move || row.with(|row| row.as_ref().map(|row| calendar::brief(row.last_at, desk.now.get(), desk.lang.get())))}
            </time>
            <span class="row-preview" dir="auto">
                {move || row.with(|row| row.as_ref().map(|row| if row.types {
                    desk.say(Word::VisitorTypes).to_owned()
                } else {
                    row.preview.clone()
                }))}
            </span>
            <span class="row-meta">
                {move || row.get().map(|row| meta(&row, desk.now.get(), desk.lang.get()))}
            </span>
            {move || unread().then(|| view! {
                <span class="dot" aria-hidden="true"></span>
                <span class="unseen">{move || desk.say(Word::Unread)}</span>
            })}
        </a>
    }
}

/// A visitor's picture: a colour, and whether they are online.
pub(super) fn avatar(id: ConversationId, online: Signal<bool>) -> impl IntoView {
    let desk = desk();
    view! {
        <span class="avatar" data-hue=visitor_name::hue(id).to_string()>
            {icon(icons::PERSON)}
            {move || online.get().then(|| view! {
                <span class="online" aria-hidden="true"></span>
                <span class="unseen">{move || desk.say(Word::Online)}</span>
            })}
        </span>
    }
}

fn meta(row: &Row, now: Timestamp, lang: Lang) -> impl IntoView + use<> {
    let (class, text) = match (row.status, row.waiting_since) {
        (Status::Queued, Some(since)) => {
            let waited = now.since(since);
            (
                if waited.as_secs() >= 300 {
                    "chip late"
                } else {
                    "chip waits"
                },
                lang.waits(waited),
            )
        }
        (Status::Queued, None) => ("chip waits", lang.status(row.status).to_owned()),
        (Status::Assigned, _) if row.mine => ("chip mine", lang.say(Word::You).to_owned()),
        (Status::Assigned, _) => ("chip", row.assignee.clone().unwrap_or_default()),
        (Status::Pending, _) => ("chip bot", lang.status(row.status).to_owned()),
        (Status::Resolved | Status::Unknown(_), _) => ("chip", lang.status(row.status).to_owned()),
    };
    view! {
        <span class=class>{text}</span>
        <span class="row-inbox">{row.inbox.clone()}</span>
    }
}

/// What will be a list, while it is loaded.
#[component]
pub(super) fn Skeleton() -> impl IntoView {
    let desk = desk();
    view! {
        <p class="unseen" role="status">{move || desk.say(Word::Loading)}</p>
        <div class="skeleton" aria-hidden="true">
            {(0..6).map(|_| view! { <div class="bone"><i></i><b></b><b></b></div> }).collect_view()}
        </div>
    }
}

#[component]
fn Empty(view: View) -> impl IntoView {
    let desk = desk();
    let (title, more, picture) = match view {
        View::Waiting => (Word::EmptyWaiting, Word::EmptyWaitingMore, icons::CHECK),
        View::Mine => (Word::EmptyMine, Word::EmptyMineMore, icons::PERSON),
        View::All => (Word::EmptyAll, Word::EmptyAllMore, icons::STACK),
        View::Resolved => (Word::EmptyResolved, Word::EmptyResolvedMore, icons::DONE),
    };
    view! {
        <div class="empty small">
            <span class="empty-icon">{icon(picture)}</span>
            <h3>{move || desk.say(title)}</h3>
            <p>{move || desk.say(more)}</p>
        </div>
    }
}

#[component]
fn Older() -> impl IntoView {
    let desk = desk();
    let asking = Memo::new(move |_| desk.read(|replica| replica.list().is_asking()));
    let offline = Memo::new(move |_| !desk.is_up());
    view! {
        <button
            class="button quiet older"
            disabled=move || asking.get() || offline.get()
            on:click=move |_| desk.change(|replica, _| replica.ask_older())
        >
            {move || desk.say(if asking.get() { Word::Loading } else { Word::Older })}
        </button>
    }
}
