//! Which inbox is shown, and how its draft stands.
//!
//! Invariant: what is shown stays while the origin is away.

use leptos::prelude::*;

use super::{Library, Loaded, Page};
use crate::browser::storage;
use crate::knowledge::wire::{Inboxes, State};
use crate::route::{Place, Route};

impl Library {
    /// Finds out which inboxes there are, and goes to one if the address names none.
    pub(in crate::ui) fn load_inboxes(self) {
        leptos::task::spawn_local(async move {
            self.fetch_inboxes().await;
            self.choose_inbox();
        });
    }

    /// Finds out which inboxes there are.
    pub(in crate::ui) async fn fetch_inboxes(self) {
        let found = self
            .request::<Inboxes>("GET", "/v1/inboxes", None, None)
            .await;
        // What is shown stays while the origin is away.
        if found.is_ok() || self.inboxes.with_untracked(|it| it.ready().is_none()) {
            self.inboxes.set(found.map(|found| found.inboxes).into());
        }
    }

    /// Goes to the inbox that was shown last, or to the first.
    pub(in crate::ui) fn choose_inbox(self) {
        let nowhere = self
            .desk
            .route
            .with_untracked(|route| matches!(route, Route::Knowledge(None, _)));
        let remembered = storage::choice("inbox");
        let inbox = self.inboxes.with_untracked(|inboxes| {
            let inboxes = inboxes.ready()?;
            let last = inboxes
                .iter()
                .find(|it| Some(&it.key) == remembered.as_ref());
            last.or(inboxes.first()).map(|inbox| inbox.key.clone())
        });
        if let (true, Some(inbox)) = (nowhere, inbox) {
            self.desk
                .go_instead(&Route::Knowledge(Some(inbox), Place::Items));
        }
    }

    /// Begins with an inbox.
    pub(in crate::ui) fn enter(self, inbox: &str) {
        storage::choose("inbox", inbox);
        self.state.set(Loaded::Loading);
        self.page.set(Page::default());
        self.preview.set(Loaded::Loading);
        self.versions.set(Loaded::Loading);
        self.groups.set(Loaded::Loading);
        self.refresh();
        self.list_from_start();
    }

    /// Asks how the draft stands; lists it anew if somebody changed it.
    pub(in crate::ui) fn refresh(self) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        leptos::task::spawn_local(async move {
            let found = self.call::<State>("GET", &inbox, "", None, None).await;
            if !self.still(&inbox) {
                return;
            }
            let before = self
                .state
                .with_untracked(|state| state.ready().map(|state| state.draft.revision));
            match found {
                Ok(state) => {
                    let moved = before.is_some_and(|before| before != state.draft.revision);
                    self.state.set(Loaded::Ready(state));
                    if moved {
                        self.list_from_start();
                    }
                }
                // What is shown stays while the origin is away.
                Err(failure) if before.is_none() => {
                    self.state.set(Loaded::Failed(failure.problem));
                }
                Err(_) => {}
            }
        });
    }
}
