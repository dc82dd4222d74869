//! What the knowledge views share: which inbox, its items, the one that is edited, and the
//! requests that fetch and change them.
//!
//! Invariant: an answer that comes after the editor has gone elsewhere changes nothing there.
//! The edit itself lies at the [`Desk`], which asks before it is left. Not here: publishing and
//! questions that were handed off (`publishing`), the packs to try (`trial`).

use core::time::Duration;

use firsthop_core::protocol::{Code, Problem, Remedy};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::browser::{clock, focus, http, storage};
use crate::knowledge::edit::Edit;
use crate::knowledge::schema::input_id;
use crate::knowledge::wire::{Failure, Inbox, Inboxes, Item, Items, Kind, State, Write};
use crate::knowledge::work::{Groups, Preview, Settle, Settled, Version, What};
use crate::route::{Place, Route, encoded};
use crate::ui::desk::Desk;
use crate::words::Word;

/// How many items are asked for at once.
const ITEMS_AT_ONCE: usize = 100;

/// How long the search waits for the next key.
const SEARCH_AFTER: Duration = Duration::from_millis(150);

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

    // ---- The inbox ----

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

    // ---- The list ----

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

    /// Finds an entry by its id, and goes there.
    pub(in crate::ui) fn go_to_entry(self, inbox: String, id: String) {
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

    // ---- The item that is edited ----

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

/// A body to send.
pub(in crate::ui) fn json(body: &impl Serialize) -> Option<String> {
    serde_json::to_string(body).ok()
}

/// The library of this page.
pub(in crate::ui) fn library() -> Library {
    expect_context::<Library>()
}
