//! Learning from work: questions that the bot handed off, in groups of the same meaning, and what
//! an editor makes of a group.

use std::collections::BTreeSet;

use firsthop_core::protocol::Problem;
use leptos::prelude::*;

use super::Here;
use super::library::{Library, Loaded, library};
use crate::browser::{calendar, focus};
use crate::inert::{inert, inert_line};
use crate::knowledge::edit::Edit;
use crate::knowledge::wire::{Item, Items, Kind};
use crate::knowledge::work::{Asked, Group};
use crate::replica::list::View;
use crate::route::{Place, Route, encoded};
use crate::ui::dialogs::Confirm;
use crate::ui::icons::{self, icon};
use crate::words::Word;

/// See the module.
#[component]
pub(super) fn Groups(here: Here) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let open = Memo::new(move |_| {
        here.with(|(_, place)| match place {
            Place::Questions(group) => group.clone(),
            _ => None,
        })
    });
    view! {
        <div class="bench-panes">
            <GroupList open />
            <main class="bench-main" id="conversation" tabindex="-1" aria-label=move || desk.say(Word::TabQuestions)>
                {move || match open.get() {
                    None => view! {
                        <div class="empty">
                            <span class="empty-icon">{icon(icons::BUBBLE)}</span>
                            <h2>{move || desk.say(Word::PickGroup)}</h2>
                            <p>{move || desk.say(Word::PickGroupMore)}</p>
                        </div>
                    }.into_any(),
                    Some(group) => view! { <OneGroup group /> }.into_any(),
                }}
            </main>
        </div>
    }
}

#[component]
fn GroupList(open: Memo<Option<String>>) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let sort = move |newest: bool, word: Word| {
        view! {
            <button
                class="filter"
                aria-pressed=move || if library.newest.get() == newest { "true" } else { "false" }
                on:click=move |_| {
                    library.newest.set(newest);
                    library.load_groups();
                }
            >{move || desk.say(word)}</button>
        }
    };
    let ids = Memo::new(move |_| {
        library.groups.with(|groups| {
            groups.ready().map(|groups| {
                groups
                    .groups
                    .iter()
                    .map(|group| group.group.clone())
                    .collect::<Vec<_>>()
            })
        })
    });
    let summary = move || {
        library.groups.with(|groups| {
            groups
                .ready()
                .map(|groups| desk.lang.get().in_groups(groups.questions, groups.total))
        })
    };
    let failed = Memo::new(move |_| {
        library.groups.with(|groups| match groups {
            Loaded::Failed(problem) => Some(problem.clone()),
            _ => None,
        })
    });
    view! {
        <section class="list" aria-label=move || desk.say(Word::TabQuestions)>
            <div class="filters" role="group" aria-label=move || desk.say(Word::SortBy)>
                {sort(false, Word::MostAsked)}{sort(true, Word::Newest)}
                <span class="filters-note">{summary}</span>
            </div>
            <ul class="rows" id="list" role="list" tabindex="-1" aria-label=move || desk.say(Word::TabQuestions)>
                <For each=move || ids.get().unwrap_or_default() key=Clone::clone let:id>
                    <li>{row(library, open, id)}</li>
                </For>
            </ul>
            {move || (ids.with(Option::is_none) && failed.with(Option::is_none)).then(|| view! { <crate::ui::list::Skeleton /> })}
            {move || failed.get().map(|problem| view! {
                <p class="list-fault" role="alert">{move || desk.lang.get().problem(&problem)}
                    <button class="button small" on:click=move |_| library.load_groups()>{move || desk.say(Word::Retry)}</button>
                </p>
            })}
            {move || ids.with(|ids| ids.as_ref().is_some_and(Vec::is_empty)).then(|| view! {
                <div class="empty small">
                    <span class="empty-icon">{icon(icons::CHECK)}</span>
                    <h3>{move || desk.say(Word::NoQuestions)}</h3>
                    <p>{move || desk.say(Word::NoQuestionsMore)}</p>
                </div>
            })}
        </section>
    }
}

fn row(library: Library, open: Memo<Option<String>>, id: String) -> impl IntoView {
    let desk = library.desk;
    let group = {
        let id = id.clone();
        Memo::new(move |_| {
            library.groups.with(|groups| {
                let groups = &groups.ready()?.groups;
                groups.iter().find(|group| group.group == id).cloned()
            })
        })
    };
    let sample = move |place: usize| {
        group.with(|group| {
            group
                .as_ref()
                .and_then(|group| group.samples.get(place))
                .map(|text| inert_line(text))
        })
    };
    let fits = move || {
        group.with(|group| {
            let suggested = group.as_ref()?.suggested.as_ref()?;
            Some(desk.lang.get().perhaps(&inert_line(&suggested.title)))
        })
    };
    let current = {
        let id = id.clone();
        Memo::new(move |_| open.with(|open| open.as_ref() == Some(&id)))
    };
    view! {
        <a class="row item group-row" href=move || library.href(Place::Questions(Some(id.clone()))) aria-current=move || current.get().then_some("true")>
            <span class="group-count">{move || group.with(|group| group.as_ref().map(|group| group.count))}</span>
            <span class="row-name" dir="auto">{move || sample(0)}</span>
            <span class="row-preview" dir="auto">{move || sample(1)}</span>
            {move || fits().map(|text| view! { <span class="row-meta"><span class="chip">{text}</span></span> })}
        </a>
    }
}

#[component]
fn OneGroup(group: String) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let found = RwSignal::new(Loaded::<Group>::Loading);
    let id = StoredValue::new(group);
    if let Some(inbox) = library.inbox_now() {
        leptos::task::spawn_local(async move {
            let group = library.group(&inbox, &id.get_value()).await;
            found.set(group.into());
        });
    }
    move || {
        match found.get() {
        Loaded::Loading => view! { <p class="log-note" role="status"><span class="spinner" aria-hidden="true"></span>{move || desk.say(Word::Loading)}</p> }.into_any(),
        Loaded::Failed(_) => view! {
            <div class="empty" role="alert">
                <span class="empty-icon">{icon(icons::CHECK)}</span>
                <h2>{move || desk.say(Word::GroupGone)}</h2>
                <p>{move || desk.say(Word::GroupGoneMore)}</p>
                <a class="button" href=library.href(Place::Questions(None))>{move || desk.say(Word::BackToQuestions)}</a>
            </div>
        }.into_any(),
        Loaded::Ready(group) => view! { <Shown group /> }.into_any(),
    }
    }
}

#[component]
fn Shown(group: Group) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let (count, visitors, last_at) = (group.count, group.visitors, group.last_at);
    let id = StoredValue::new(group.group.clone());
    let suggested = group.suggested.clone();
    let questions = StoredValue::new(group.questions.clone());
    // The most typical wordings make the best phrasings; repeats say nothing new.
    let first: BTreeSet<usize> = (0..group.questions.len().min(12)).collect();
    let chosen = RwSignal::new(first);
    let picking = RwSignal::new(false);
    let dismissing = RwSignal::new(false);
    let problem = RwSignal::new(None::<Problem>);
    let phrasings = move || {
        questions.with_value(|questions| {
            chosen.with_untracked(|chosen| {
                let texts = chosen.iter().filter_map(|place| questions.get(*place));
                texts
                    .map(|asked| inert_line(&asked.text))
                    .collect::<Vec<_>>()
            })
        })
    };
    let make = move |_| {
        if let Some(inbox) = library.inbox_now() {
            let edit = Edit::of_group(&inbox, &id.get_value(), phrasings());
            desk.edit.set(Some(edit));
            library.go(Place::New(Kind::Entry));
        }
    };
    let add = move |item: u64| {
        let texts = phrasings();
        leptos::task::spawn_local(async move {
            match library.add_phrasings(&id.get_value(), item, &texts).await {
                Ok(_) => library.tell(desk.lang.get_untracked().added(texts.len())),
                Err(failure) => problem.set(Some(failure.problem)),
            }
        });
    };
    let dismiss = move || {
        leptos::task::spawn_local(async move {
            match library.dismiss(&id.get_value()).await {
                Ok(()) => library.tell(desk.lang.get_untracked().say(Word::Dismissed).to_owned()),
                Err(failure) => problem.set(Some(failure.problem)),
            }
        });
    };
    let title = group.samples.first().map(|text| inert_line(text));
    let none = Memo::new(move |_| chosen.with(BTreeSet::is_empty));
    let rows = group
        .questions
        .into_iter()
        .enumerate()
        .map(|(place, asked)| question(library, chosen, place, asked))
        .collect_view();
    view! {
        <header class="conversation-head edit-head">
            <a class="button icon-only back" href=library.href(Place::Questions(None)) aria-label=move || desk.say(Word::BackToQuestions)>{icon(icons::BACK)}</a>
            <span class="group-count">{count}</span>
            <div class="who">
                <h3 dir="auto">{title}</h3>
                <p>{move || desk.lang.get().group_facts(count, visitors, &calendar::brief(last_at, desk.now.get(), desk.lang.get()))}</p>
            </div>
            {move || library.may_edit().then(|| view! {
                <button id="group-dismiss" class="button" on:click=move |_| dismissing.set(true)>{move || desk.say(Word::Dismiss)}</button>
                <button id="group-add" class="button" aria-expanded=move || if picking.get() { "true" } else { "false" } disabled=move || none.get()
                    on:click=move |_| { picking.update(|on| *on = !*on); focus::first_of("pick-search".to_owned()); }
                >{move || desk.say(Word::AddToEntry)}</button>
                <button id="group-make" class="button primary" disabled=move || none.get() on:click=make>{move || desk.say(Word::MakeEntry)}</button>
            })}
        </header>
        <div class="form-scroll">
            <div class="edit-faults" role="alert">
                {move || problem.get().map(|problem| view! { <p>{icon(icons::WARNING)}<span>{desk.lang.get().problem(&problem)}</span></p> })}
            </div>
            {move || (picking.get() && library.may_edit()).then(|| view! { <Picker on_pick=add /> })}
            {suggested.map(|suggested| {
                let title = inert_line(&suggested.title);
                view! {
                    <section class="fits">
                        <p><span>{move || desk.say(Word::FitsBest)}</span>" "<a class="to-item" href=library.href(Place::Item(suggested.item)) dir="auto">{title}</a></p>
                        {move || library.may_edit().then(|| view! {
                            <button id="group-add-suggested" class="button small" disabled=move || none.get() on:click=move |_| add(suggested.item)>{move || desk.say(Word::AddThere)}</button>
                        })}
                    </section>
                }
            })}
            <p class="form-hint">{move || desk.say(Word::GroupHint)}</p>
            <ul class="asked-list">{rows}</ul>
        </div>
        <Confirm
            open=dismissing
            title=Word::DismissTitle
            lead=Signal::derive(move || desk.say(Word::DismissMore).to_owned())
            yes=Word::Dismiss
            on_yes=dismiss
        />
    }
}

fn question(
    library: Library,
    chosen: RwSignal<BTreeSet<usize>>,
    place: usize,
    asked: Asked,
) -> impl IntoView {
    let desk = library.desk;
    let conversation = asked
        .conversation
        .and_then(|id| id.parse().ok())
        .map(|id| Route::List(View::All, Some(id)).hash());
    let (at, count) = (asked.at, asked.count);
    view! {
        <li class="asked-row">
            <label>
                <input
                    type="checkbox"
                    disabled=move || !library.may_edit()
                    prop:checked=move || chosen.with(|chosen| chosen.contains(&place))
                    on:change=move |event| chosen.update(|chosen| {
                        if event_target_checked(&event) {
                            chosen.insert(place);
                        } else {
                            chosen.remove(&place);
                        }
                    })
                />
                <span class="text" dir="auto">{inert(&asked.text)}</span>
                {(count > 1).then(|| view! { <span class="times">"×"{count}</span> })}
            </label>
            <span class="asked-at">{move || calendar::brief(at, desk.now.get(), desk.lang.get())}</span>
            {conversation.map(|href| view! { <a class="to-item" href=href>{move || desk.say(Word::Conversation)}</a> })}
        </li>
    }
}

/// Finds the entry to add to.
#[component]
fn Picker(on_pick: impl Fn(u64) + Copy + Send + Sync + 'static) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let query = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Item>::new());
    let search = move || {
        let Some(inbox) = library.inbox_now() else {
            return;
        };
        let text = query.get_untracked();
        leptos::task::spawn_local(async move {
            let path = format!("/items?kind=entry&limit=20&q={}", encoded(text.trim()));
            let items = library
                .call::<Items>("GET", &inbox, &path, None, None)
                .await;
            if text == query.get_untracked() {
                found.set(items.map(|items| items.items).unwrap_or_default());
            }
        });
    };
    search();
    view! {
        <section class="picker" aria-label=move || desk.say(Word::AddToEntry)>
            <div class="search">
                {icon(icons::SEARCH)}
                <input
                    id="pick-search" type="search" autocomplete="off" dir="auto"
                    placeholder=move || desk.say(Word::SearchEntry)
                    aria-label=move || desk.say(Word::SearchEntry)
                    prop:value=query
                    on:input=move |event| {
                        query.set(event_target_value(&event));
                        search();
                    }
                />
            </div>
            <ul class="picks">
                {move || found.get().into_iter().map(|item| {
                    let number = item.item;
                    view! {
                        <li><button class="match" on:click=move |_| on_pick(number)>
                            <span class="match-title" dir="auto">{super::items::called(&item, desk.lang.get().tag())}</span>
                            <code>{item.name.as_deref().map(inert_line)}</code>
                        </button></li>
                    }
                }).collect_view()}
            </ul>
        </section>
    }
}
