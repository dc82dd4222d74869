//! The list of items, with its search, beside the one that is edited and a place to try questions.

use leptos::prelude::*;

use super::Here;
use super::editor::Editor;
use super::library::{Library, library};
use super::trial::Trial;
use crate::inert::inert_line;
use crate::knowledge::edit::{headline, subline};
use crate::knowledge::wire::{Item, Kind};
use crate::route::Place;
use crate::ui::icons::{self, Icon, icon};
use crate::words::Word;

/// What a kind is called, one and several of it.
pub(super) const fn kind_words(kind: Kind) -> (Word, Word) {
    match kind {
        Kind::Entry => (Word::Entry, Word::Entries),
        Kind::Rule => (Word::Rule, Word::Rules),
        Kind::Synonyms => (Word::SynonymList, Word::Synonyms),
        Kind::Entity => (Word::Entity, Word::Entities),
        Kind::Settings | Kind::Other => (Word::BotSettings, Word::BotSettings),
    }
}

/// What stands for a kind.
pub(super) const fn kind_icon(kind: Kind) -> Icon {
    match kind {
        Kind::Entry => icons::BUBBLE,
        Kind::Rule => icons::RULE,
        Kind::Synonyms => icons::SAME,
        Kind::Entity => icons::TAG,
        Kind::Settings | Kind::Other => icons::SETTINGS,
    }
}

/// See the module.
#[component]
pub(super) fn Items(here: Here) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let trying = RwSignal::new(false);
    let place = Memo::new(move |_| here.with(|(_, place)| place.clone()));
    view! {
        <div class="bench-panes" class:trying=move || trying.get()>
            <ItemList place />
            <main class="bench-main" id="conversation" tabindex="-1" aria-label=move || desk.say(Word::Knowledge)>
                {move || match place.get() {
                    Place::Item(_) | Place::New(_) => view! { <Editor trying /> }.into_any(),
                    _ => view! { <Nothing trying /> }.into_any(),
                }}
            </main>
            <Trial open=trying />
        </div>
    }
}

#[component]
fn Nothing(trying: RwSignal<bool>) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    view! {
        <div class="empty">
            <span class="empty-icon">{icon(icons::BOOK)}</span>
            <h2>{move || desk.say(Word::NothingOpen)}</h2>
            <p>{move || desk.say(if library.may_edit() { Word::NothingOpenMore } else { Word::ReadOnlyMore })}</p>
            <p class="empty-buttons">
                {move || library.may_edit().then(|| view! {
                    <a class="button primary" href=library.href(Place::New(Kind::Entry))>{icon(icons::PLUS)}{move || desk.say(Word::NewEntry)}</a>
                })}
                <button class="button try-toggle" on:click=move |_| trying.set(true)>{move || desk.say(Word::TryQuestion)}</button>
            </p>
        </div>
    }
}

#[component]
fn ItemList(place: Memo<Place>) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let page = library.page;
    let numbers = Memo::new(move |_| {
        page.with(|page| page.items.iter().map(|item| item.item).collect::<Vec<_>>())
    });
    let searching = Memo::new(move |_| {
        library.query.with(|query| !query.trim().is_empty()) || library.kind.get().is_some()
    });
    let loaded = Memo::new(move |_| page.with(|page| page.loaded));
    let empty = Memo::new(move |_| loaded.get() && numbers.with(Vec::is_empty));
    let more = Memo::new(move |_| page.with(|page| page.next.is_some()));
    let problem = Memo::new(move |_| page.with(|page| page.problem.clone()));
    view! {
        <section class="list" aria-label=move || desk.say(Word::TabItems) aria-busy=move || page.with(|page| page.loading).then_some("true")>
            <div class="finder">
                <div class="search">
                    {icon(icons::SEARCH)}
                    <input
                        id="search" type="search" autocomplete="off" dir="auto"
                        placeholder=move || desk.say(Word::Search)
                        aria-label=move || desk.say(Word::Search)
                        prop:value=library.query
                        on:input=move |event| {
                            library.query.set(event_target_value(&event));
                            library.list_soon();
                        }
                        on:keydown=move |event| if event.key() == "ArrowDown" {
                            event.prevent_default();
                            crate::browser::focus::move_in_list(true);
                        }
                    />
                </div>
                <New />
            </div>
            <div class="filters" role="group" aria-label=move || desk.say(Word::KindOfItem)>
                {filter(library, None)}
                {Kind::ALL.into_iter().map(|kind| filter(library, Some(kind))).collect_view()}
            </div>
            <p class="unseen" role="status">{move || loaded.get().then(|| desk.lang.get().found(page.with(|page| page.total)))}</p>
            <ul class="rows" id="list" role="list" tabindex="-1" aria-label=move || desk.say(Word::TabItems)>
                <For each=move || numbers.get() key=|number| *number let:number>
                    <li>{row(library, place, number)}</li>
                </For>
            </ul>
            {move || problem.get().map(|problem| view! {
                <p class="list-fault" role="alert">{move || desk.lang.get().problem(&problem)}
                    <button class="button small" on:click=move |_| library.list_from_start()>{move || desk.say(Word::Retry)}</button>
                </p>
            })}
            {move || (!loaded.get() && problem.with(Option::is_none)).then(|| view! { <crate::ui::list::Skeleton /> })}
            {move || empty.get().then(|| view! {
                <div class="empty small">
                    <span class="empty-icon">{icon(if searching.get() { icons::SEARCH } else { icons::BOOK })}</span>
                    <h3>{move || desk.say(if searching.get() { Word::NothingFound } else { Word::NoItems })}</h3>
                    <p>{move || desk.say(if searching.get() { Word::NothingFoundMore } else { Word::NoItemsMore })}</p>
                </div>
            })}
            {move || more.get().then(|| view! {
                <button class="button quiet older" disabled=move || page.with(|page| page.loading) on:click=move |_| library.list_more()>
                    {move || desk.say(Word::ShowMore)}
                </button>
            })}
        </section>
    }
}

fn filter(library: Library, kind: Option<Kind>) -> impl IntoView {
    let desk = library.desk;
    let count = move || {
        library.state.with(|state| {
            let counts = state.ready()?.draft.counts;
            Some(match kind? {
                Kind::Entry => counts.entry,
                Kind::Rule => counts.rule,
                Kind::Synonyms => counts.synonyms,
                Kind::Entity => counts.entity,
                Kind::Settings => counts.settings,
                Kind::Other => counts.other,
            })
        })
    };
    let word = kind.map_or(Word::AllItems, |kind| kind_words(kind).1);
    // What the draft has none of is not offered.
    let shown = Memo::new(move |_| {
        kind.is_none() || library.kind.get() == kind || count().is_some_and(|count| count > 0)
    });
    view! {
        <button
            class="filter"
            hidden=move || !shown.get()
            aria-pressed=move || if library.kind.get() == kind { "true" } else { "false" }
            on:click=move |_| {
                library.kind.set(kind);
                library.list_from_start();
            }
        >
            {move || desk.say(word)}
            {move || count().filter(|count| *count > 0).map(|count| view! { <span class="pane-count">{count}</span> })}
        </button>
    }
}

/// Begins an item: an entry, or from the menu another kind.
#[component]
fn New() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let choose = move |kind: Kind| {
        let press = move |event: leptos::ev::MouseEvent| {
            crate::browser::focus::hide_popover("new-kinds");
            if kind == Kind::Settings
                && let Some(inbox) = library.inbox_now()
            {
                event.prevent_default();
                library.go_to_settings(inbox);
            }
        };
        view! {
            <a class="menu-item" href=move || library.href(Place::New(kind)) on:click=press>
                {icon(kind_icon(kind))}<span>{move || desk.say(kind_words(kind).0)}</span>
            </a>
        }
    };
    move || {
        library.may_edit().then(|| {
            view! {
                <div class="new">
                    <a class="button primary" id="new-entry" href=move || library.href(Place::New(Kind::Entry))>
                        {icon(icons::PLUS)}{move || desk.say(Word::NewEntry)}
                    </a>
                    <button class="button primary icon-like" popovertarget="new-kinds" aria-label=move || desk.say(Word::NewOther)>{icon(icons::CHEVRON)}</button>
                    <div class="popover anchored" id="new-kinds" popover="auto">
                        {Kind::ALL.into_iter().map(choose).collect_view()}
                    </div>
                </div>
            }
        })
    }
}

fn row(library: Library, place: Memo<Place>, number: u64) -> impl IntoView {
    let desk = library.desk;
    let item = Memo::new(move |_| {
        library
            .page
            .with(|page| page.items.iter().find(|item| item.item == number).cloned())
    });
    let current = Memo::new(move |_| place.with(|place| *place == Place::Item(number)));
    let changed = Memo::new(move |_| current.get() && desk.is_dirty());
    let kind = move || item.with(|item| item.as_ref().map_or(Kind::Other, |item| item.kind));
    let title = move || {
        item.with(|item| {
            let title = item
                .as_ref()
                .map(|item| called(item, desk.lang.get().tag()));
            title.filter(|title| !title.is_empty())
        })
        .unwrap_or_else(|| desk.say(kind_words(kind()).0).to_owned())
    };
    let below = move || {
        item.with(|item| {
            item.as_ref()
                .map(|item| inert_line(&subline(item.kind, &item.value)))
        })
    };
    let category = move || {
        item.with(|item| {
            let doc = crate::knowledge::doc::Doc::of(item.as_ref()?.value.clone());
            Some(inert_line(&doc.text("category"))).filter(|text| !text.is_empty())
        })
    };
    view! {
        <a
            class="row item"
            href=move || library.href(Place::Item(number))
            aria-current=move || current.get().then_some("true")
        >
            <span class="item-kind" data-kind=move || kind().as_str()>{move || icon(kind_icon(kind()))}</span>
            <span class="row-name" dir="auto">{title}</span>
            {move || category().map(|category| view! { <span class="chip item-category">{category}</span> })}
            <span class="row-preview" dir="auto">{below}</span>
            {move || changed.get().then(|| view! {
                <span class="dot" aria-hidden="true"></span>
                <span class="unseen">{move || desk.say(Word::Unsaved)}</span>
            })}
        </a>
    }
}

/// What a row calls an item.
pub(super) fn called(item: &Item, lang: &str) -> String {
    inert_line(&headline(item.kind, &item.value, lang))
}
