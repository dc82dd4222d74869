//! The open conversation: who it is, what can be done with it, its entries, the composer.

use firsthop_core::id::ConversationId;
use firsthop_core::protocol::Status;
use firsthop_core::protocol::agent::{Act, Release, Reopen, Resolve, Take};
use leptos::prelude::*;

use super::composer::Composer;
use super::desk::{Desk, desk};
use super::dialogs::Confirm;
use super::entries::Entries;
use super::icons::{self, icon};
use super::list::avatar;
use crate::inert::inert_line;
use crate::replica::Reach;
use crate::replica::list::{Standing, View};
use crate::replica::outbox::State;
use crate::route::Route;
use crate::visitor_name;
use crate::words::Word;

/// See the module.
#[component]
pub(super) fn Conversation(id: ConversationId) -> impl IntoView {
    let desk = desk();
    let standing = Memo::new(move |_| {
        desk.summary(id)
            .map(|summary| Standing::of(&summary, desk.agent().map(|agent| agent.id)))
    });
    // A conversation that the list does not hold is unknown only once all has been asked.
    let unknown = Memo::new(move |_| {
        standing.get().is_none()
            && desk.read(|replica| {
                replica.list().is_loaded()
                    && replica.reach() == Reach::Up
                    && replica
                        .transcript(id)
                        .is_none_or(|transcript| transcript.is_empty())
            })
    });
    // What has become the agent's own has left the list of those who wait: its list goes along.
    Effect::new(move |_| {
        let strange = matches!(desk.view(), View::Waiting | View::Resolved);
        // The agent may be on the way elsewhere while this is still being drawn.
        let is_open = desk.open() == Some(id);
        if strange && is_open && standing.get() == Some(Standing::Mine) {
            desk.go_instead(&Route::List(View::Mine, Some(id)));
        }
    });
    let taking_over = RwSignal::new(false);
    let colleague = Signal::derive(move || match standing.get() {
        Some(Standing::Colleague(agent)) => inert_line(&agent.name),
        _ => String::new(),
    });
    view! {
        <Head id standing taking_over />
        <Mishaps id />
        {move || if unknown.get() {
            view! { <Unknown /> }.into_any()
        } else {
            view! {
                <Entries id />
                <Composer id standing taking_over />
            }.into_any()
        }}
        <Confirm
            open=taking_over
            title=Word::TakeOverTitle
            lead=Signal::derive(move || desk.lang.get().take_over_lead(&colleague.get()))
            yes=Word::TakeOver
            on_yes=move || desk.act(id, Take { over: true })
        />
    }
}

#[component]
fn Unknown() -> impl IntoView {
    let desk = desk();
    view! {
        <div class="empty">
            <span class="empty-icon">{icon(icons::INBOX)}</span>
            <h2>{move || desk.say(Word::NoSuchConversation)}</h2>
            <p>{move || desk.say(Word::NoSuchConversationMore)}</p>
        </div>
    }
}

#[component]
fn Head(
    id: ConversationId,
    standing: Memo<Option<Standing>>,
    taking_over: RwSignal<bool>,
) -> impl IntoView {
    let desk = desk();
    let summary = Memo::new(move |_| desk.summary(id));
    let online = Signal::derive(move || {
        summary.with(|summary| summary.as_ref().is_some_and(|summary| summary.online))
    });
    let state = move || {
        let lang = desk.lang.get();
        let about = match standing.get()? {
            Standing::Colleague(agent) => lang.with(&inert_line(&agent.name)),
            Standing::Mine => lang.say(Word::WithYou).to_owned(),
            Standing::Resolved => lang.status(Status::Resolved).to_owned(),
            Standing::Free => summary.with(|summary| {
                let summary = summary.as_ref()?;
                Some(
                    match summary
                        .waiting_since
                        .filter(|_| summary.status == Status::Queued)
                    {
                        Some(since) => lang.waits(desk.now.get().since(since)),
                        None => lang.status(summary.status).to_owned(),
                    },
                )
            })?,
        };
        Some(match desk.presence(online.get()) {
            Some(presence) => format!("{about} · {presence}"),
            None => about,
        })
    };
    view! {
        <header class="conversation-head">
            <a class="button icon-only back" href=move || Route::List(desk.view(), None).hash() aria-label=move || desk.say(Word::Back)>
                {icon(icons::BACK)}
            </a>
            {avatar(id, online)}
            <div class="who">
                <h2>{move || desk.lang.get().visitor(&visitor_name::tag(id))}</h2>
                <p>{state}</p>
            </div>
            <Actions id standing taking_over />
            <button
                class="button icon-only toggle-details"
                aria-expanded=move || if desk.details_open.get() { "true" } else { "false" }
                aria-controls="details"
                aria-label=move || desk.say(if desk.details_open.get() { Word::HideDetails } else { Word::ShowDetails })
                on:click=move |_| desk.details_open.update(|open| *open = !*open)
            >
                {icon(icons::INFO)}
            </button>
        </header>
    }
}

/// A button that does something with the conversation.
fn action(
    desk: Desk,
    id: ConversationId,
    key: &'static str,
    word: Word,
    primary: bool,
    act: impl Into<Act> + Copy + 'static,
) -> impl IntoView {
    let busy = Memo::new(move |_| desk.is_acting(id));
    view! {
        <button
            id=key
            class="button"
            class:primary=primary
            aria-disabled=move || busy.get().then_some("true")
            on:click=move |_| {
                if !busy.get_untracked() {
                    desk.act(id, act);
                }
            }
        >
            {move || desk.say(word)}
        </button>
    }
}

#[component]
fn Actions(
    id: ConversationId,
    standing: Memo<Option<Standing>>,
    taking_over: RwSignal<bool>,
) -> impl IntoView {
    let desk = desk();
    let busy = Memo::new(move |_| desk.is_acting(id));
    view! {
        <div class="actions" aria-busy=move || busy.get().then_some("true")>
            {move || busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
            {move || match standing.get() {
                None => ().into_any(),
                Some(Standing::Free) => view! {
                    {action(desk, id, "act-resolve", Word::Resolve, false, Resolve {})}
                    {action(desk, id, "act-take", Word::Take, true, Take { over: false })}
                }.into_any(),
                Some(Standing::Mine) => view! {
                    {action(desk, id, "act-release", Word::Release, false, Release {})}
                    {action(desk, id, "act-resolve", Word::Resolve, true, Resolve {})}
                }.into_any(),
                Some(Standing::Colleague(_)) => view! {
                    <button id="act-take" class="button" on:click=move |_| taking_over.set(true)>
                        {move || desk.say(Word::TakeOver)}
                    </button>
                }.into_any(),
                Some(Standing::Resolved) => action(desk, id, "act-reopen", Word::Reopen, true, Reopen {}).into_any(),
            }}
        </div>
    }
}

const fn act_name(act: &Act) -> Word {
    match act {
        Act::Take(take) => {
            if take.over {
                Word::TakeOver
            } else {
                Word::Take
            }
        }
        Act::Release(_) => Word::Release,
        Act::Resolve(_) => Word::Resolve,
        Act::Reopen(_) => Word::Reopen,
        Act::Reply(_) => Word::Reply,
        Act::Note(_) | Act::Unknown(_) => Word::Note,
    }
}

/// Acts that the origin refused. Refused messages are shown where they stand, among the entries.
#[component]
fn Mishaps(id: ConversationId) -> impl IntoView {
    let desk = desk();
    let mishaps =
        Memo::new(move |_| {
            desk.read(|replica| {
                let failed = replica.outbox().of(id).filter_map(|item| {
                    match (&item.state, &item.command.act) {
                        (_, Act::Reply(_) | Act::Note(_)) => None,
                        (State::Failed(problem), act) => {
                            Some((item.command.id, act_name(act), problem.clone()))
                        }
                        _ => None,
                    }
                });
                failed.collect::<Vec<_>>()
            })
        });
    view! {
        <div class="mishaps" aria-live="assertive">
            <For each=move || mishaps.get() key=|mishap| mishap.0 let:mishap>
                {
                    let (command, name, problem) = mishap;
                    view! {
                        <p class="mishap">
                            {icon(icons::WARNING)}
                            <span>
                                <strong>{move || desk.say(name)}</strong>
                                ": "
                                {move || desk.lang.get().problem(&problem)}
                            </span>
                            <button
                                class="button icon-only"
                                aria-label=move || desk.say(Word::Close)
                                on:click=move |_| desk.discard(command)
                            >
                                {icon(icons::CROSS)}
                            </button>
                        </p>
                    }
                }
            </For>
        </div>
    }
}
