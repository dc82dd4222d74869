//! The list of an inbox's items: what is searched for, part by part.
//!
//! Invariant: an answer to anything but the last question is thrown away.

use core::time::Duration;

use firsthop_core::pack::SMALL_TALK;
use leptos::prelude::*;

use super::Library;
use crate::knowledge::wire::{Item, Items, Kind};
use crate::route::{Place, Route, encoded};
use crate::words::Word;

/// How many items are asked for at once.
const ITEMS_AT_ONCE: usize = 100;

/// How long the search waits for the next key.
const SEARCH_AFTER: Duration = Duration::from_millis(150);

impl Library {
    /// Lists what is searched for, once the editor has stopped typing.
    pub(in crate::ui) fn list_soon(self) {
        if let Some(search) = self.search.try_update_value(Option::take).flatten() {
            search.clear();
        }
        let search = set_timeout_with_handle(move || self.list_from_start(), SEARCH_AFTER);
        self.search.set_value(search.ok());
    }

    /// Lists what is searched for.
    pub(in crate::ui) fn list_from_start(self) {
        self.list_after(None);
    }

    /// Lists what comes after that.
    pub(in crate::ui) fn list_more(self) {
        let next = self
            .page
            .with_untracked(|page| page.next.filter(|_| !page.loading));
        if next.is_some() {
            self.list_after(next);
        }
    }

    fn list_after(self, after: Option<u64>) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        let asked = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        self.page.update(|page| page.loading = true);
        let mut path = format!("/items?limit={ITEMS_AT_ONCE}");
        let query = self.query.get_untracked();
        if !query.trim().is_empty() {
            path += &format!("&q={}", encoded(query.trim()));
        }
        if let Some(kind) = self.kind.get_untracked() {
            path += &format!("&kind={}", kind.as_str());
        }
        if let Some(after) = after {
            path += &format!("&after={after}");
        }
        leptos::task::spawn_local(async move {
            let found = self.call::<Items>("GET", &inbox, &path, None, None).await;
            // Somebody typed on, or went elsewhere.
            if asked != self.asked.try_get_value() || !self.still(&inbox) {
                return;
            }
            self.page.update(|page| {
                page.loading = false;
                match found {
                    Ok(found) => {
                        if after.is_none() {
                            page.items.clear();
                        }
                        page.items.extend(found.items);
                        page.total = found.total;
                        page.next = found.next;
                        page.loaded = true;
                        page.problem = None;
                    }
                    Err(failure) => page.problem = Some(failure.problem),
                }
            });
        });
    }

    /// Finds an entry by its id, and goes there. Replies to small talk are settings.
    pub(in crate::ui) fn go_to_entry(self, inbox: String, id: String) {
        if id.starts_with(SMALL_TALK) {
            return self.go_to_settings(inbox);
        }
        leptos::task::spawn_local(async move {
            let path = format!("/items?kind=entry&limit=100&name={0}&q={0}", encoded(&id));
            let found = self.call::<Items>("GET", &inbox, &path, None, None).await;
            let item = found.ok().and_then(|found| {
                let named = |item: &&Item| item.name.as_deref() == Some(id.as_str());
                found.items.iter().find(named).map(|item| item.item)
            });
            match item {
                Some(item) => self
                    .desk
                    .go(&Route::Knowledge(Some(inbox), Place::Item(item))),
                None => self.tell(
                    self.desk
                        .lang
                        .get_untracked()
                        .say(Word::EntryGone)
                        .to_owned(),
                ),
            }
        });
    }

    /// Goes to the settings, or begins them: there is one item of them.
    pub(in crate::ui) fn go_to_settings(self, inbox: String) {
        leptos::task::spawn_local(async move {
            let path = "/items?kind=settings&limit=1";
            let found = self.call::<Items>("GET", &inbox, path, None, None).await;
            let first = found
                .ok()
                .and_then(|found| found.items.first().map(|item| item.item));
            let place = first.map_or(Place::New(Kind::Settings), Place::Item);
            self.desk.go(&Route::Knowledge(Some(inbox), place));
        });
    }
}
