//! The navigation: the parts of the list with their counts, the knowledge, the connection, and
//! the settings.

use leptos::prelude::*;

use super::desk::{Desk, Theme, desk};
use super::dialogs::Confirm;
use super::icons::{self, Icon, icon};
use crate::replica::Reach;
use crate::replica::list::{Counts, View};
use crate::route::{Place, Route};
use crate::words::Word;

/// See the module.
#[component]
pub(super) fn Nav(help: RwSignal<bool>) -> impl IntoView {
    let desk = desk();
    let counts = Memo::new(move |_| desk.read(|replica| replica.counts()));
    let knows = Memo::new(move |_| {
        desk.route
            .with(|route| matches!(route, Route::Knowledge(..)))
    });
    let items = View::ALL
        .into_iter()
        .map(|view| {
            let current = Memo::new(move |_| {
                desk.route
                    .with(|route| matches!(route, Route::List(shown, _) if *shown == view))
            });
            view! {
                <li>
                    <a
                        class="nav-item"
                        href=Route::List(view, None).hash()
                        aria-current=move || current.get().then_some("page")
                    >
                        {icon(picture(view))}
                        <span class="nav-name">{move || desk.lang.get().view(view)}</span>
                        {move || count(view, counts.get()).map(|text| view! {
                            <span class="count" class:more={view == View::Resolved} class:urgent={view == View::Waiting}>{text}</span>
                        })}
                        {move || (view == View::Mine && counts.get().mine_unread > 0).then(|| view! {
                            <span class="dot" aria-hidden="true"></span>
                            <span class="unseen">{move || desk.say(Word::Unread)}</span>
                        })}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <nav class="nav" aria-label=move || desk.say(Word::Views)>
            <p class="brand"><span class="mark" aria-hidden="true"></span><span class="brand-name">"Firsthop"</span></p>
            <ul class="nav-items">
                {items}
                <li class="nav-knowledge">
                    <a
                        class="nav-item"
                        href=Route::Knowledge(None, Place::default()).hash()
                        aria-current=move || knows.get().then_some("page")
                    >
                        {icon(icons::BOOK)}
                        <span class="nav-name">{move || desk.say(Word::Knowledge)}</span>
                    </a>
                </li>
            </ul>
            <Link />
            <Settings help />
        </nav>
    }
}

const fn picture(view: View) -> Icon {
    match view {
        View::Waiting => icons::CLOCK,
        View::Mine => icons::PERSON,
        View::All => icons::STACK,
        View::Resolved => icons::DONE,
    }
}

fn count(view: View, counts: Counts) -> Option<String> {
    let (count, more) = match view {
        View::Waiting => (counts.waiting, false),
        View::Mine => (counts.mine, false),
        View::All => (counts.all, false),
        View::Resolved => (counts.resolved, counts.resolved_more),
    };
    (count > 0).then(|| format!("{count}{}", if more { "+" } else { "" }))
}

/// Whether the console is connected.
#[component]
fn Link() -> impl IntoView {
    let desk = desk();
    let state = Memo::new(move |_| match desk.read(|replica| replica.reach()) {
        Reach::Connecting => ("connecting", Word::Connecting),
        Reach::Up => ("up", Word::Connected),
        Reach::Away(_) => ("away", Word::Offline),
    });
    view! {
        <p class="link" data-state=move || state.get().0>
            <span class="link-dot" aria-hidden="true"></span>
            <span class="link-text">{move || desk.say(state.get().1)}</span>
        </p>
    }
}

/// The agent's own corner.
#[component]
fn Settings(help: RwSignal<bool>) -> impl IntoView {
    let desk = desk();
    let leaving = RwSignal::new(false);
    let agent = Memo::new(move |_| desk.agent());
    let name = move || agent.get().map(|agent| agent.name).unwrap_or_default();
    let initial = move || name().chars().next().map(|c| c.to_uppercase().to_string());
    let log_out = move |_| {
        if desk.read(|replica| replica.outbox().unsettled()) > 0 || desk.is_dirty() {
            leaving.set(true);
        } else {
            desk.log_out();
        }
    };
    view! {
        <button class="me" popovertarget="settings">
            <span class="initial" aria-hidden="true">{initial}</span>
            <span class="me-name">{name}</span>
            <span class="unseen">{move || desk.say(Word::Settings)}</span>
            {icon(icons::SETTINGS)}
        </button>
        <div class="popover" id="settings" popover="auto">
            <p class="popover-head">
                <strong>{name}</strong>
                <span>{move || agent.get().map(|agent| agent.email)}</span>
            </p>
            <Looks />
            <label class="switch">
                <span>{move || desk.say(Word::Sound)}</span>
                <input
                    type="checkbox"
                    role="switch"
                    prop:checked=move || desk.sound.get()
                    on:change=move |event| desk.set_sound(event_target_checked(&event))
                />
            </label>
            <button class="menu-item" on:click=move |_| desk.set_lang(desk.lang.get_untracked().other())>
                {icon(icons::GLOBE)}
                <span lang=move || desk.lang.get().other().tag()>{move || desk.say(Word::SwitchLanguage)}</span>
            </button>
            <button class="menu-item" popovertarget="settings" popovertargetaction="hide" on:click=move |_| help.set(true)>
                {icon(icons::KEYBOARD)}
                <span>{move || desk.say(Word::Keyboard)}</span>
                <kbd>"?"</kbd>
            </button>
            <button class="menu-item" popovertarget="settings" popovertargetaction="hide" on:click=log_out>
                {icon(icons::EXIT)}
                <span>{move || desk.say(Word::LogOut)}</span>
            </button>
        </div>
        <Confirm
            open=leaving
            title=Word::LogOutTitle
            lead=Signal::derive(move || desk.say(Word::LogOutMore).to_owned())
            yes=Word::LogOut
            on_yes=move || desk.log_out()
        />
    }
}

/// Automatic, light or dark.
#[component]
fn Looks() -> impl IntoView {
    let desk = desk();
    view! {
        <fieldset class="segments">
            <legend>{move || desk.say(Word::Appearance)}</legend>
            {Theme::ALL.into_iter().map(|theme| look(desk, theme)).collect_view()}
        </fieldset>
    }
}

fn look(desk: Desk, theme: Theme) -> impl IntoView {
    let word = match theme {
        Theme::Automatic => Word::Automatic,
        Theme::Light => Word::Light,
        Theme::Dark => Word::Dark,
    };
    view! {
        <label>
            <input
                type="radio"
                name="theme"
                value=theme.key()
                prop:checked=move || desk.theme.get() == theme
                on:change=move |_| desk.set_theme(theme)
            />
            <span>{move || desk.say(word)}</span>
        </label>
    }
}
