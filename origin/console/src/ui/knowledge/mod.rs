//! The knowledge editor: what the bot knows, and everything that is done with it.
//!
//! In: the origin's answers (through [`library::Library`]) and what the editor does. Out: DOM.
//! Invariant: as for all of `ui`; and what was typed is left behind only after asking.
//! Start reading at [`Bench`], then `library`. What is right or wrong in an item, the origin says.

mod conflict;
mod editor;
mod explained;
mod fields;
mod groups;
mod history;
mod items;
mod languages;
mod library;
mod lines;
mod preview;
mod reply;
mod rule;
mod trial;
mod values;

use core::time::Duration;

use leptos::prelude::*;

use super::desk::Desk;
use super::dialogs::Confirm;
use super::icons::{self, icon};
pub(super) use explained::Why;
pub(super) use library::Library;
use library::{Loaded, library};
pub(super) use trial::Packs;

use crate::inert::inert_line;
use crate::route::{Place, Route};
use crate::words::Word;

/// How often the draft is looked at for other editors' changes.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// How long it stays said what was done.
const SAID_FOR: Duration = Duration::from_secs(6);

/// See the module.
#[component]
pub(super) fn Bench() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let here = Memo::new(move |_| {
        desk.route.with(|route| match route {
            Route::Knowledge(inbox, place) => (inbox.clone(), place.clone()),
            _ => (None, Place::default()),
        })
    });
    library.load_inboxes();
    Effect::new(move |before: Option<(Option<String>, Place)>| {
        let (inbox, place) = here.get();
        if let Some(inbox) = &inbox {
            if before.is_none_or(|(before, _)| before.as_ref() != Some(inbox)) {
                library.enter(inbox);
                library.load_groups();
            }
            arrive(library, &place);
        } else {
            library.choose_inbox();
        }
        (inbox, place)
    });
    let looking = set_interval_with_handle(move || library.refresh(), LOOK_EVERY).ok();
    let shortcut = window_event_listener(leptos::ev::keydown, move |event| {
        let is_s = (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("s");
        if is_s && !event.alt_key() {
            event.prevent_default();
            if desk.is_dirty() && untrack(|| library.may_edit()) {
                library.save();
            }
        }
    });
    on_cleanup(move || {
        shortcut.remove();
        if let Some(looking) = looking {
            looking.clear();
        }
    });
    let failed = Memo::new(move |_| {
        let of_inboxes = library.inboxes.with(|inboxes| match inboxes {
            Loaded::Failed(problem) => Some(problem.clone()),
            _ => None,
        });
        of_inboxes.or_else(|| {
            library.state.with(|state| match state {
                Loaded::Failed(problem) => Some(problem.clone()),
                _ => None,
            })
        })
    });
    let none = Memo::new(move |_| {
        library
            .inboxes
            .with(|inboxes| inboxes.ready().is_some_and(Vec::is_empty))
    });
    let has_one = Memo::new(move |_| {
        here.with(|(_, place)| {
            matches!(
                place,
                Place::Item(_) | Place::New(_) | Place::Questions(Some(_))
            )
        })
    });
    view! {
        <section class="bench" class:has-one=move || has_one.get() aria-label=move || desk.say(Word::Knowledge)>
            <Head here />
            {move || if let Some(problem) = failed.get() {
                let again = move |_| {
                    library.load_inboxes();
                    if let Some(inbox) = library.inbox_now() {
                        library.enter(&inbox);
                    }
                };
                view! {
                    <div class="empty" role="alert">
                        <span class="empty-icon">{icon(icons::WARNING)}</span>
                        <h2>{move || desk.say(Word::NotLoaded)}</h2>
                        <p>{move || desk.lang.get().problem(&problem)}</p>
                        <button class="button" on:click=again>{move || desk.say(Word::Retry)}</button>
                    </div>
                }.into_any()
            } else if none.get() {
                view! {
                    <div class="empty">
                        <span class="empty-icon">{icon(icons::INBOX)}</span>
                        <h2>{move || desk.say(Word::NoInboxes)}</h2>
                        <p>{move || desk.say(Word::NoInboxesMore)}</p>
                    </div>
                }.into_any()
            } else {
                view! { <Body here /> }.into_any()
            }}
            <Leaving />
            <Said />
        </section>
    }
}

/// Fetches what a place shows.
fn arrive(library: Library, place: &Place) {
    match place {
        Place::Items => {}
        Place::Item(item) => library.open(*item),
        Place::New(kind) => library.open_new(*kind),
        Place::Questions(_) => library.load_groups(),
        Place::Publish => library.look_at_preview(false),
        Place::History => library.load_versions(),
    }
}

type Here = Memo<(Option<String>, Place)>;

#[component]
fn Body(here: Here) -> impl IntoView {
    // Only another kind of place is drawn anew.
    let part = Memo::new(move |_| here.with(|(_, place)| part(place)));
    move || match part.get() {
        Part::Items => view! { <items::Items here /> }.into_any(),
        Part::Questions => view! { <groups::Groups here /> }.into_any(),
        Part::Publish => view! { <preview::Publish /> }.into_any(),
        Part::History => view! { <history::History /> }.into_any(),
    }
}

/// The parts of the editor, as the tabs name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Items,
    Questions,
    Publish,
    History,
}

const fn part(place: &Place) -> Part {
    match place {
        Place::Items | Place::Item(_) | Place::New(_) => Part::Items,
        Place::Questions(_) => Part::Questions,
        Place::Publish => Part::Publish,
        Place::History => Part::History,
    }
}

#[component]
fn Head(here: Here) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let tab = move |which: Part, place: Place, word: Word| {
        let current = Memo::new(move |_| here.with(|(_, place)| part(place) == which));
        let href = move || library.href(place.clone());
        let badge = move || match which {
            Part::Questions => library
                .groups
                .with(|groups| groups.ready().map(|groups| groups.total))
                .filter(|total| *total > 0)
                .map(|total| view! { <span class="count urgent">{total}</span> }.into_any()),
            Part::Publish => library
                .state
                .with(|state| state.ready().is_some_and(|state| state.draft.differs))
                .then(|| {
                    view! {
                        <span class="dot" aria-hidden="true"></span>
                        <span class="unseen">{move || desk.say(Word::Unpublished)}</span>
                    }
                    .into_any()
                }),
            Part::Items | Part::History => None,
        };
        view! {
            <a class="bench-tab" href=href aria-current=move || current.get().then_some("page")>
                {move || desk.say(word)}{badge}
            </a>
        }
    };
    let standing = move || {
        let lang = desk.lang.get();
        library.state.with(|state| {
            let state = state.ready()?;
            Some(match &state.published {
                None => lang.say(Word::NeverPublished).to_owned(),
                Some(_) if state.draft.differs => lang.say(Word::Unpublished).to_owned(),
                Some(version) => lang.all_published(version.version),
            })
        })
    };
    let differs = Memo::new(move |_| {
        library
            .state
            .with(|state| state.ready().is_some_and(|state| state.draft.differs))
    });
    view! {
        <header class="bench-head">
            <h2>{move || desk.say(Word::Knowledge)}</h2>
            <InboxChoice />
            <nav class="bench-tabs" aria-label=move || desk.say(Word::Knowledge)>
                {tab(Part::Items, Place::Items, Word::TabItems)}
                {tab(Part::Questions, Place::Questions(None), Word::TabQuestions)}
                {tab(Part::Publish, Place::Publish, Word::TabPublish)}
                {tab(Part::History, Place::History, Word::TabHistory)}
            </nav>
            <p class="bench-standing" class:differs=move || differs.get()>{standing}</p>
        </header>
    }
}

/// Which inbox, where there are several.
#[component]
fn InboxChoice() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let current = Memo::new(move |_| library.inbox().unwrap_or_default());
    move || {
        let inboxes = library
            .inboxes
            .with(|inboxes| inboxes.ready().cloned().unwrap_or_default());
        (inboxes.len() > 1).then(|| {
            let options = inboxes
                .into_iter()
                .map(|inbox| {
                    let key = inbox.key.clone();
                    let chosen = move || current.with(|current| *current == key);
                    view! { <option value=inbox.key selected=chosen>{inert_line(&inbox.name)}</option> }
                })
                .collect_view();
            view! {
                <select
                    class="input of-inbox"
                    aria-label=move || desk.say(Word::Inbox)
                    prop:value=current
                    on:change=move |event| {
                        let inbox = event_target_value(&event);
                        desk.go(&Route::Knowledge(Some(inbox), Place::Items));
                    }
                >{options}</select>
            }
        })
    }
}

/// Asks before what was typed is left behind.
#[component]
fn Leaving() -> impl IntoView {
    let library = library();
    let desk: Desk = library.desk;
    let open = RwSignal::new(false);
    Effect::new(move |_| open.set(desk.leaving.with(Option::is_some)));
    Effect::new(move |before: Option<bool>| {
        // Closed in whichever way: the editor stays.
        let is = open.get();
        if before == Some(true) && !is {
            desk.leaving.set(None);
        }
        is
    });
    let discard = move || {
        if let Some(to) = desk.leaving.get_untracked() {
            desk.edit.set(None);
            desk.leaving.set(None);
            desk.go(&to);
        }
    };
    view! {
        <Confirm
            open
            title=Word::LeaveTitle
            lead=Signal::derive(move || desk.say(Word::LeaveMore).to_owned())
            no=Word::KeepEditing
            yes=Word::DiscardChanges
            on_yes=discard
        />
    }
}

/// What was done last, for a moment.
#[component]
fn Said() -> impl IntoView {
    let library = library();
    Effect::new(move |_| {
        if library.said.with(Option::is_some) {
            let over = set_timeout_with_handle(move || library.said.set(None), SAID_FOR).ok();
            on_cleanup(move || {
                if let Some(over) = over {
                    over.clear();
                }
            });
        }
    });
    view! {
        <div class="said" role="status">
            {move || library.said.get().map(|text| view! { <p>{icon(icons::CHECK)}{text}</p> })}
        </div>
    }
}
