//! What the draft would change for visitors.
//!
//! Invariant: a preview that is being made is asked about until it is done, or nobody looks.

use core::time::Duration;

use leptos::prelude::*;

use super::{Library, Loaded, json};
use crate::knowledge::wire::Failure;
use crate::knowledge::work::{AskFor, Preview, Report, What};

/// How often a preview that is being made is asked about.
const PREVIEW_EVERY: Duration = Duration::from_millis(400);

/// How many changes are shown at first, and more at a time.
const CHANGES_AT_ONCE: usize = 100;

impl Library {
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
