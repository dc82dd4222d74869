//! Requests about the whole draft: what it would change, publishing it, what was published, and
//! the questions that were handed off.
//!
//! Invariant: a preview that is being made is asked about until it is done, or nobody looks.

use core::time::Duration;

use leptos::prelude::*;

use super::library::{Library, Loaded, json};
use crate::knowledge::wire::{Check, Failure, Item};
use crate::knowledge::work::{
    AskFor, Group, Groups, Preview, Remark, Report, Settle, Version, Versions, What,
};
use crate::route::{Place, Route, encoded};

/// How often a preview that is being made is asked about.
const PREVIEW_EVERY: Duration = Duration::from_millis(400);

/// How many changes are shown at first, and more at a time.
pub(super) const CHANGES_AT_ONCE: usize = 100;

impl Library {
    // ---- The preview ----

    /// Asks for a preview of the draft as it is now.
    pub(in crate::ui) fn begin_preview(self) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        self.preview.set(Loaded::Loading);
        leptos::task::spawn_local(async move {
            let begun = self
                .call::<Preview>("POST", &inbox, "/preview", json(&AskFor::default()), None)
                .await;
            self.previewed(inbox, begun);
        });
    }

    /// Asks how the preview stands. `begin`: makes one if the draft's is missing or out of date.
    pub(in crate::ui) fn look_at_preview(self, begin: bool) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        let path = changes_path(self.what.get_untracked(), 0);
        leptos::task::spawn_local(async move {
            let found = self.call::<Preview>("GET", &inbox, &path, None, None).await;
            let needed = match &found {
                Ok(Preview::None | Preview::Cancelled) => true,
                Ok(Preview::Done(report)) => report.stale,
                _ => false,
            };
            if begin && needed && self.still(&inbox) {
                self.begin_preview();
            } else {
                self.previewed(inbox, found);
            }
        });
    }

    fn previewed(self, inbox: String, found: Result<Preview, Failure>) {
        if !self.still(&inbox) {
            return;
        }
        let goes_on = matches!(found, Ok(Preview::Building(_) | Preview::Comparing(_)));
        match found {
            // What stops it is told in detail by the check.
            Err(failure) if !failure.faults.is_empty() => {
                self.preview.set(Loaded::Ready(Preview::None));
            }
            found => self.preview.set(found.into()),
        }
        if goes_on {
            set_timeout(
                move || {
                    if self.still(&inbox) {
                        self.look_at_preview(false);
                    }
                },
                PREVIEW_EVERY,
            );
        }
    }

    /// Shows more of the changes.
    pub(in crate::ui) fn more_changes(self) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        let shown = self
            .preview
            .with_untracked(|preview| match preview.ready() {
                Some(Preview::Done(report)) => report.changes.len(),
                _ => 0,
            });
        let path = changes_path(self.what.get_untracked(), shown);
        leptos::task::spawn_local(async move {
            let found = self.call::<Preview>("GET", &inbox, &path, None, None).await;
            let Ok(Preview::Done(more)) = found else {
                return;
            };
            self.preview.update(|preview| {
                if let Loaded::Ready(Preview::Done(report)) = preview
                    && report.pack == more.pack
                    && report.changes.len() == shown
                {
                    report.changes.extend(more.changes);
                }
            });
        });
    }

    /// Stops it.
    pub(in crate::ui) fn cancel_preview(self) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        self.preview.set(Loaded::Ready(Preview::Cancelled));
        leptos::task::spawn_local(async move {
            let _ = self
                .call::<serde_json::Value>("DELETE", &inbox, "/preview", None, None)
                .await;
        });
    }

    /// What is wrong with the draft.
    pub(in crate::ui) async fn check(self, inbox: &str) -> Result<Check, Failure> {
        self.call("GET", inbox, "/check", None, None).await
    }

    // ---- Publishing ----

    /// Publishes the draft.
    pub(in crate::ui) async fn publish(self, note: &str) -> Result<Version, Failure> {
        let inbox = self.inbox_now().unwrap_or_default();
        let revision = self.revision();
        let published = self
            .call("POST", &inbox, "/publish", json(&Remark { note }), revision)
            .await;
        self.after_publishing();
        published
    }

    /// Publishes an older version again.
    pub(in crate::ui) async fn roll_back(
        self,
        version: u64,
        note: &str,
    ) -> Result<Version, Failure> {
        let inbox = self.inbox_now().unwrap_or_default();
        let path = format!("/versions/{version}/rollback");
        let rolled = self
            .call(
                "POST",
                &inbox,
                &path,
                json(&Remark { note }),
                self.revision(),
            )
            .await;
        self.after_publishing();
        rolled
    }

    /// Makes the draft what is published again.
    pub(in crate::ui) async fn discard_draft(self) -> Result<serde_json::Value, Failure> {
        let inbox = self.inbox_now().unwrap_or_default();
        let body = Some("{}".to_owned());
        let discarded = self
            .call("POST", &inbox, "/discard", body, self.revision())
            .await;
        self.after_publishing();
        discarded
    }

    fn after_publishing(self) {
        // The item that is edited may be another one now.
        self.desk.edit.set(None);
        self.refresh();
        self.list_from_start();
        self.load_versions();
    }

    fn revision(self) -> Option<u64> {
        self.state
            .with_untracked(|state| state.ready().map(|state| state.draft.revision))
    }

    // ---- History ----

    /// Fetches what was published last.
    pub(in crate::ui) fn load_versions(self) {
        self.versions_before(None);
    }

    /// Fetches what was published before that.
    pub(in crate::ui) fn more_versions(self) {
        let next = self
            .versions
            .with_untracked(|versions| versions.ready().and_then(|(_, next)| *next));
        if next.is_some() {
            self.versions_before(next);
        }
    }

    fn versions_before(self, before: Option<u64>) {
        let Some(inbox) = self.inbox_now() else {
            return;
        };
        let before_part = before.map_or_else(String::new, |before| format!("&before={before}"));
        let path = format!("/versions?limit=50{before_part}");
        leptos::task::spawn_local(async move {
            let found = self
                .call::<Versions>("GET", &inbox, &path, None, None)
                .await;
            if !self.still(&inbox) {
                return;
            }
            self.versions.update(|versions| match (found, before) {
                (Ok(found), Some(_)) => {
                    if let Loaded::Ready((shown, next)) = versions {
                        shown.extend(found.versions);
                        *next = found.next;
                    }
                }
                (Ok(found), None) => *versions = Loaded::Ready((found.versions, found.next)),
                (Err(failure), _) => *versions = Loaded::Failed(failure.problem),
            });
        });
    }

    // ---- Questions that were handed off ----

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

    /// The report of a preview that is done.
    pub(in crate::ui) fn report(self) -> Option<Report> {
        self.preview.with(|preview| match preview.ready() {
            Some(Preview::Done(report)) => Some((**report).clone()),
            _ => None,
        })
    }
}

fn changes_path(what: Option<What>, offset: usize) -> String {
    let what = what.map_or_else(String::new, |what| format!("&what={}", what.as_str()));
    format!("/preview?limit={CHANGES_AT_ONCE}&offset={offset}{what}")
}
