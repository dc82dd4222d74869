//! Questions that were handed off, in groups, and what becomes of a group.

use leptos::prelude::*;

use super::{Library, json};
use crate::knowledge::wire::{Failure, Item};
use crate::knowledge::work::{Group, Groups, Settle, Settled};
use crate::route::{Place, Route, encoded};

impl Library {
    /// Fetches the groups.
    pub(in crate::ui) fn load_groups(self) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        let sort = if self.newest.get_untracked() {
            "newest"
        } else {
            "frequent"
        };
        let path = format!("/groups?sort={sort}&limit=100");
        leptos::task::spawn_local(async move {
            let found = self.call::<Groups>("GET", &inbox, &path, None, None).await;
            if self.still(&inbox) {
                self.groups.set(found.into());
            }
        });
    }

    /// Fetches a group with all its questions.
    pub(in crate::ui) async fn group(self, inbox: &str, group: &str) -> Result<Group, Failure> {
        let path = format!("/groups/{}", encoded(group));
        self.call("GET", inbox, &path, None, None).await
    }

    /// Adds questions of a group to an entry, and shows it.
    pub(in crate::ui) async fn add_phrasings(
        self,
        group: &str,
        item: u64,
        phrasings: &[String],
    ) -> Result<Option<Item>, Failure> {
        let inbox = self.inbox_now().unwrap_or_default();
        let settled = self
            .settle(&inbox, group, &Settle::Phrasings { item, phrasings })
            .await?;
        self.after_settling(&inbox, settled.item.as_ref());
        Ok(settled.item)
    }

    /// Says that a group needs no answer.
    pub(in crate::ui) async fn dismiss(self, group: &str) -> Result<(), Failure> {
        let inbox = self.inbox_now().unwrap_or_default();
        self.settle(&inbox, group, &Settle::Dismiss).await?;
        self.after_settling(&inbox, None);
        self.go(Place::Questions(None));
        Ok(())
    }

    fn after_settling(self, inbox: &str, item: Option<&Item>) {
        self.desk.edit.set(None);
        self.refresh();
        self.list_from_start();
        self.load_groups();
        if let Some(item) = item {
            let place = Place::Item(item.item);
            self.desk
                .go(&Route::Knowledge(Some(inbox.to_owned()), place));
        }
    }

    /// Does something with a group of questions.
    pub(in crate::ui) async fn settle(
        self,
        inbox: &str,
        group: &str,
        act: &Settle<'_>,
    ) -> Result<Settled, Failure> {
        let path = format!("/groups/{}", encoded(group));
        self.call("POST", inbox, &path, json(act), None).await
    }
}
