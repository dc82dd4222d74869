//! The item that is edited: fetched, saved, deleted.
//!
//! Invariant: nobody's change is overwritten unseen; who was overtaken is shown both.

use firsthop_core::protocol::Code;
use leptos::prelude::*;

use super::{Library, Loaded};
use crate::browser::{clock, focus};
use crate::knowledge::edit::Edit;
use crate::knowledge::schema::input_id;
use crate::knowledge::wire::{Failure, Item, Kind, Write};
use crate::knowledge::work::Settle;
use crate::route::{Place, Route};
use crate::words::Word;

impl Library {
    /// Fetches an item for editing, unless it is being edited.
    pub(in crate::ui) fn open(self, number: u64) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        let is_open = self.desk.edit.with_untracked(|edit| {
            edit.as_ref()
                .is_some_and(|edit| edit.inbox == inbox && edit.item == Some(number))
        });
        self.refused.set(None);
        if is_open {
            self.opened.set(Loaded::Ready(()));
            return;
        }
        self.desk.edit.set(None);
        self.opened.set(Loaded::Loading);
        let place = Route::Knowledge(Some(inbox.clone()), Place::Item(number));
        leptos::task::spawn_local(async move {
            let path = format!("/items/{number}");
            let found = self.call::<Item>("GET", &inbox, &path, None, None).await;
            if self.desk.route.with_untracked(|route| *route != place) {
                return;
            }
            match found {
                Ok(item) => {
                    self.desk.edit.set(Some(Edit::of(&inbox, &item)));
                    self.opened.set(Loaded::Ready(()));
                }
                Err(failure) => self.opened.set(Loaded::Failed(failure.problem)),
            }
        });
    }

    /// Begins a new item, unless one of that kind is being written.
    pub(in crate::ui) fn open_new(self, kind: Kind) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        self.refused.set(None);
        self.opened.set(Loaded::Ready(()));
        let is_open = self.desk.edit.with_untracked(|edit| {
            edit.as_ref()
                .is_some_and(|edit| edit.inbox == inbox && edit.item.is_none() && edit.kind == kind)
        });
        if !is_open {
            self.desk.edit.set(Some(Edit::new(&inbox, kind)));
        }
    }

    /// Sends the item as it is now.
    pub(in crate::ui) fn save(self) {
        let sent = self.desk.edit.try_update(|edit| {
            let edit = edit.as_mut()?;
            let [a, b, c]: [u8; 3] = clock::random();
            let value = edit.tidy(&format!("entry-{a:02x}{b:02x}{c:02x}"));
            Some((edit.clone(), value))
        });
        let Some((edit, value)) = sent.flatten().filter(|_| !self.saving.get_untracked()) else {
            return;
        };
        self.saving.set(true);
        self.refused.set(None);
        leptos::task::spawn_local(async move {
            let body = serde_json::to_string(&Write { value: &value }).ok();
            let (inbox, revision) = (edit.inbox.as_str(), Some(edit.revision));
            let outcome = match (edit.item, &edit.group) {
                (Some(item), _) => {
                    let path = format!("/items/{item}");
                    self.call::<Item>("PUT", inbox, &path, body, revision).await
                }
                (None, None) => self.call("POST", inbox, "/items", body, None).await,
                (None, Some(group)) => self
                    .settle(inbox, group, &Settle::Entry { value: &value })
                    .await
                    .and_then(|settled| settled.item.ok_or_else(Failure::not_understood)),
            };
            self.saving.set(false);
            self.saved(&edit, outcome);
        });
    }

    fn saved(self, sent: &Edit, outcome: Result<Item, Failure>) {
        let is_it = self.desk.edit.with_untracked(|edit| {
            edit.as_ref()
                .is_some_and(|edit| edit.inbox == sent.inbox && edit.item == sent.item)
        });
        let lang = self.desk.lang.get_untracked();
        match outcome {
            Ok(item) => {
                let number = item.item;
                if is_it {
                    self.change_edit(|edit| edit.handle_stored(&item));
                }
                self.tell(lang.say(Word::Saved).to_owned());
                self.refresh();
                self.list_from_start();
                if sent.group.is_some() {
                    self.groups.set(Loaded::Loading);
                }
                if is_it && sent.item.is_none() {
                    self.desk.go_instead(&Route::Knowledge(
                        Some(sent.inbox.clone()),
                        Place::Item(number),
                    ));
                }
            }
            Err(_) if !is_it => {}
            Err(failure) if failure.overtaken => self.overtaken(sent),
            Err(failure) if sent.item.is_some() && failure.problem.code == Code::NotFound => {
                self.change_edit(|edit| edit.handle_overtaken(None));
                focus::soon("conflict");
            }
            Err(failure) => {
                if let Some(fault) = failure.faults.first() {
                    focus::first_of(input_id(&fault.field));
                } else {
                    self.refused.set(Some(failure.problem));
                }
                self.change_edit(|edit| edit.faults = failure.faults);
            }
        }
    }

    /// Fetches what somebody else saved first, and shows both.
    fn overtaken(self, sent: &Edit) {
        let (inbox, Some(number)) = (sent.inbox.clone(), sent.item) else {
            return;
        };
        leptos::task::spawn_local(async move {
            let path = format!("/items/{number}");
            let theirs = self.call::<Item>("GET", &inbox, &path, None, None).await;
            match theirs {
                Ok(theirs) => self.change_edit(|edit| edit.handle_overtaken(Some(theirs))),
                Err(failure) if failure.problem.code == Code::NotFound => {
                    self.change_edit(|edit| edit.handle_overtaken(None));
                }
                Err(failure) => self.refused.set(Some(failure.problem)),
            }
            focus::soon("conflict");
        });
    }

    /// Changes the edit, if there is one.
    pub(in crate::ui) fn change_edit(self, change: impl FnOnce(&mut Edit)) {
        self.desk.edit.update(|edit| {
            if let Some(edit) = edit {
                change(edit);
            }
        });
    }

    /// Deletes the item.
    pub(in crate::ui) fn delete(self) {
        let Some(edit) = self.desk.edit.get_untracked() else {
            return;
        };
        let Some(item) = edit.item else { return };
        self.saving.set(true);
        leptos::task::spawn_local(async move {
            let path = format!("/items/{item}");
            let gone = self
                .call::<serde_json::Value>("DELETE", &edit.inbox, &path, None, Some(edit.revision))
                .await;
            self.saving.set(false);
            match gone {
                Ok(_) => {
                    self.desk.edit.set(None);
                    self.tell(self.desk.lang.get_untracked().say(Word::Deleted).to_owned());
                    self.refresh();
                    self.list_from_start();
                    self.go(Place::Items);
                }
                Err(failure) if failure.overtaken => self.overtaken(&edit),
                Err(failure) => self.refused.set(Some(failure.problem)),
            }
        });
    }
}
