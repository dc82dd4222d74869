//! Publishing the draft, and what was published.
//!
//! Invariant: what is published, taken back or thrown away is the draft that the editor saw.

use leptos::prelude::*;

use super::{Library, Loaded, json};
use crate::knowledge::wire::{Check, Failure};
use crate::knowledge::work::{Remark, Version, Versions};

impl Library {
    /// What is wrong with the draft.
    pub(in crate::ui) async fn check(self, inbox: &str) -> Result<Check, Failure> {
        self.call("GET", inbox, "/check", None, None).await
    }

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
}
