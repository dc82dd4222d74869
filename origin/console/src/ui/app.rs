//! The whole console: what is shown depends on whether somebody is logged in.

use leptos::prelude::*;

use super::account::{Login, Setup};
use super::desk::{Desk, Session, Theme};
use super::knowledge::{Library, Packs};
use super::workspace::Workspace;
use crate::route::Route;
use crate::words::Word;

/// The root.
#[component]
pub(super) fn App() -> impl IntoView {
    let desk = Desk::new();
    provide_context(desk);
    provide_context(Library::new(desk));
    provide_context(Packs::new());
    desk.attend();
    desk.check_session();

    Effect::new(move |_| {
        if let Some(root) = document().document_element() {
            // Attributes of <html> that style sheets and screen readers go by.
            let _ = root.set_attribute("lang", desk.lang.get().tag());
            let _ = match desk.theme.get() {
                Theme::Automatic => root.remove_attribute("data-theme"),
                theme => root.set_attribute("data-theme", theme.key()),
            };
        }
    });
    Effect::new(move |_| {
        let waiting = match desk.session.get() {
            Session::In(_) => desk.read(|replica| replica.counts().waiting),
            _ => 0,
        };
        document().set_title(&desk.lang.get().title(waiting));
    });

    let setup = Memo::new(move |_| match desk.route.get() {
        Route::Setup(token) => Some((token, true)),
        Route::Welcome(token) => Some((token, false)),
        Route::List(..) | Route::Knowledge(..) => None,
    });
    // Which agent it is matters; that the same one was found logged in again does not.
    let session = Memo::new(move |_| desk.session.get());
    move || match (setup.get(), session.get()) {
        (Some((token, first)), _) => view! { <Setup token first /> }.into_any(),
        (None, Session::Checking) => view! { <Splash /> }.into_any(),
        (None, Session::Unknown(_)) => view! { <Unreachable /> }.into_any(),
        (None, Session::Out { over }) => view! { <Login over /> }.into_any(),
        (None, Session::In(_)) => view! { <Workspace /> }.into_any(),
    }
}

#[component]
fn Splash() -> impl IntoView {
    let desk = super::desk::desk();
    view! {
        <main class="splash" aria-busy="true">
            <span class="mark" aria-hidden="true"></span>
            <p role="status">{move || desk.say(Word::Loading)}</p>
        </main>
    }
}

#[component]
fn Unreachable() -> impl IntoView {
    let desk = super::desk::desk();
    let again = move || {
        desk.session.set(Session::Checking);
        desk.check_session();
    };
    // Whoever left the page open need not press anything.
    let retry = set_timeout_with_handle(again, core::time::Duration::from_secs(10)).ok();
    on_cleanup(move || {
        if let Some(retry) = retry {
            retry.clear();
        }
    });
    view! {
        <main class="splash">
            <span class="mark" aria-hidden="true"></span>
            <p role="alert">{move || desk.say(Word::Unreachable)}</p>
            <button class="button primary" on:click=move |_| again()>{move || desk.say(Word::Retry)}</button>
        </main>
    }
}
