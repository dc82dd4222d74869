//! What the knowledge views share: which inbox, its items, the one that is edited, and the
//! requests that fetch and change them, each kind in a module of its own.
//!
//! Invariant: an answer that comes after the editor has gone elsewhere changes nothing there.
//! The edit itself lies at the [`Desk`], which asks before it is left. Not here: the packs to try
//! (`trial`).

mod inboxes;
mod item;
mod list;
mod preview;
mod publishing;
mod questions;

use firsthop_core::protocol::{Problem, Remedy};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::browser::http;
use crate::knowledge::wire::{Failure, Inbox, Item, Kind, State};
use crate::knowledge::work::{Groups, Preview, Version, What};
use crate::route::{Place, Route, encoded};
use crate::ui::desk::Desk;

/// Something that is fetched.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::ui) enum Loaded<T> {
    /// Not yet.
    #[default]
    Loading,
    /// It is there.
    Ready(T),
    /// It could not be.
    Failed(Problem),
}

impl<T> Loaded<T> {
    pub(in crate::ui) fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            _ => None,
        }
    }
}

impl<T> From<Result<T, Failure>> for Loaded<T> {
    fn from(result: Result<T, Failure>) -> Self {
        match result {
            Ok(value) => Self::Ready(value),
            Err(failure) => Self::Failed(failure.problem),
        }
    }
}

/// The part of the list that was fetched.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::ui) struct Page {
    pub(in crate::ui) items: Vec<Item>,
    pub(in crate::ui) total: u64,
    pub(in crate::ui) next: Option<u64>,
    pub(in crate::ui) loading: bool,
    pub(in crate::ui) loaded: bool,
    pub(in crate::ui) problem: Option<Problem>,
}

/// See the module. It is a handle: copies are the same library.
#[derive(Clone, Copy)]
pub(in crate::ui) struct Library {
    pub(in crate::ui) desk: Desk,
    /// All inboxes.
    pub(in crate::ui) inboxes: RwSignal<Loaded<Vec<Inbox>>>,
    /// Draft and published version of the inbox that is shown.
    pub(in crate::ui) state: RwSignal<Loaded<State>>,
    /// Its items, as far as they are listed.
    pub(in crate::ui) page: RwSignal<Page>,
    /// What is searched for.
    pub(in crate::ui) query: RwSignal<String>,
    /// The kind that is listed.
    pub(in crate::ui) kind: RwSignal<Option<Kind>>,
    /// Whether the item to be edited is there.
    pub(in crate::ui) opened: RwSignal<Loaded<()>>,
    /// Whether a change is on its way.
    pub(in crate::ui) saving: RwSignal<bool>,
    /// Why the last change did not work, where no field is to blame.
    pub(in crate::ui) refused: RwSignal<Option<Problem>>,
    /// What was done last.
    pub(in crate::ui) said: RwSignal<Option<String>>,
    /// What the draft would change.
    pub(in crate::ui) preview: RwSignal<Loaded<Preview>>,
    /// Of which kind of changes.
    pub(in crate::ui) what: RwSignal<Option<What>>,
    /// What was published, and before which version the rest begins.
    pub(in crate::ui) versions: RwSignal<Loaded<(Vec<Version>, Option<u64>)>>,
    /// Questions that were handed off.
    pub(in crate::ui) groups: RwSignal<Loaded<Groups>>,
    /// Whether those asked most come first, or the newest.
    pub(in crate::ui) newest: RwSignal<bool>,
    search: StoredValue<Option<TimeoutHandle>, LocalStorage>,
    asked: StoredValue<u64>,
}

impl Library {
    /// An empty one.
    pub(in crate::ui) fn new(desk: Desk) -> Self {
        Self {
            desk,
            inboxes: RwSignal::default(),
            state: RwSignal::default(),
            page: RwSignal::default(),
            query: RwSignal::default(),
            kind: RwSignal::new(None),
            opened: RwSignal::default(),
            saving: RwSignal::new(false),
            refused: RwSignal::new(None),
            said: RwSignal::new(None),
            preview: RwSignal::default(),
            what: RwSignal::new(None),
            versions: RwSignal::default(),
            groups: RwSignal::default(),
            newest: RwSignal::new(false),
            search: StoredValue::new_local(None),
            asked: StoredValue::new(0),
        }
    }

    /// The inbox whose knowledge is shown.
    pub(in crate::ui) fn inbox(self) -> Option<String> {
        self.desk.route.with(|route| match route {
            Route::Knowledge(inbox, _) => inbox.clone(),
            _ => None,
        })
    }

    /// The same, without following it.
    pub(in crate::ui) fn inbox_now(self) -> Option<String> {
        untrack(|| self.inbox())
    }

    /// Whether whoever is logged in may change it.
    pub(in crate::ui) fn may_edit(self) -> bool {
        self.state
            .with(|state| state.ready().is_some_and(|state| state.may_edit))
    }

    /// Goes somewhere in the inbox's knowledge.
    pub(in crate::ui) fn go(self, place: Place) {
        self.desk.go(&Route::Knowledge(self.inbox_now(), place));
    }

    /// Where a place of this inbox is.
    pub(in crate::ui) fn href(self, place: Place) -> String {
        Route::Knowledge(self.inbox(), place).hash()
    }

    /// Says what was done, to everybody.
    pub(in crate::ui) fn tell(self, text: String) {
        self.said.set(Some(text));
    }

    // ---- Requests ----

    /// Asks the origin for something below the inbox's knowledge.
    pub(in crate::ui) async fn call<T: DeserializeOwned>(
        self,
        method: &str,
        inbox: &str,
        path: &str,
        body: Option<String>,
        if_match: Option<u64>,
    ) -> Result<T, Failure> {
        let path = format!("/v1/inboxes/{}/knowledge{path}", encoded(inbox));
        self.request(method, &path, body, if_match).await
    }

    async fn request<T: DeserializeOwned>(
        self,
        method: &str,
        path: &str,
        body: Option<String>,
        if_match: Option<u64>,
    ) -> Result<T, Failure> {
        let reply = http::exchange(method, path, body, if_match).await?;
        if reply.is_good() {
            // Some answers have no body.
            let body = if reply.body.is_empty() {
                "null"
            } else {
                &reply.body
            };
            return serde_json::from_str(body).map_err(|_| Failure::not_understood());
        }
        let failure = Failure::read(reply.status, &reply.body);
        if failure.problem.code.remedy() == Remedy::Authenticate {
            self.desk.check_session();
        }
        Err(failure)
    }

    /// Does something if the editor is still where it was asked for.
    pub(in crate::ui) fn still(self, inbox: &str) -> bool {
        self.inbox_now().as_deref() == Some(inbox)
    }
}

/// A body to send.
pub(in crate::ui) fn json(body: &impl Serialize) -> Option<String> {
    serde_json::to_string(body).ok()
}

/// The library of this page.
pub(in crate::ui) fn library() -> Library {
    expect_context::<Library>()
}
