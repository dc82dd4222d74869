//! The agent's desk: what all views share, and what they do by it.
//!
//! In: the agent's acts; events of the socket, the timer and the window (`driving`). Out: signals
//! that views follow. Invariant: the replica is only touched through [`Desk::change`], which
//! afterwards carries out its outputs and sets the timer. Not here: what anything looks like.

mod driving;
mod session;

use firsthop_core::Timestamp;
use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::protocol::agent::{Act, Command, Summary};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

pub(super) use session::Session;

use crate::browser::socket::Socket;
use crate::browser::{chime, clock, storage};
use crate::knowledge::edit::Edit;
use crate::replica::list::View;
use crate::replica::{Reach, Replica};
use crate::rest::Agent;
use crate::route::{Place, Route};
use crate::words::{Lang, Word};

/// How the console looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the system does.
    Automatic,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    pub(super) const ALL: [Self; 3] = [Self::Automatic, Self::Light, Self::Dark];

    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Automatic => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn remembered() -> Self {
        let key = storage::choice("theme").unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|theme| theme.key() == key)
            .unwrap_or(Self::Automatic)
    }
}

/// See the module. It is a handle: copies are the same desk.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    replica: StoredValue<Replica>,
    version: RwSignal<u64>,
    socket: StoredValue<Option<Socket>, LocalStorage>,
    timer: StoredValue<Option<TimeoutHandle>, LocalStorage>,
    saved_outbox: StoredValue<String>,
    /// Who is logged in.
    pub(super) session: RwSignal<Session>,
    /// Where the agent is.
    pub(super) route: RwSignal<Route>,
    /// The language of the console.
    pub(super) lang: RwSignal<Lang>,
    /// How it looks.
    pub(super) theme: RwSignal<Theme>,
    /// Whether it makes a sound.
    pub(super) sound: RwSignal<bool>,
    /// The server's clock, moved on every few seconds.
    pub(super) now: RwSignal<Timestamp>,
    /// What is read out to those who don't see the screen.
    pub(super) announcement: RwSignal<Option<Word>>,
    /// A text that was not sent, on its way back into the composer; whether it is a note.
    pub(super) put_back: RwSignal<Option<(bool, String)>>,
    /// The item of the knowledge that is edited. It lies here so that a login that ends, or a look
    /// elsewhere, loses nothing that was typed.
    pub(super) edit: RwSignal<Option<Edit>>,
    /// Where the agent wants to go, while asked whether to leave the edit behind.
    pub(super) leaving: RwSignal<Option<Route>>,
    /// Whether the details are shown where there is no room for them beside the conversation.
    pub(super) details_open: RwSignal<bool>,
}

impl Desk {
    /// A desk at which nobody sits yet.
    pub(super) fn new() -> Self {
        let languages: Vec<String> = window()
            .navigator()
            .languages()
            .iter()
            .filter_map(|tag| tag.as_string())
            .collect();
        let remembered = storage::choice("lang");
        let wanted = remembered.iter().chain(&languages).map(String::as_str);
        Self {
            replica: StoredValue::new(Replica::new(u64::from_le_bytes(clock::random()))),
            version: RwSignal::new(0),
            socket: StoredValue::new_local(None),
            timer: StoredValue::new_local(None),
            saved_outbox: StoredValue::new(String::new()),
            session: RwSignal::new(Session::Checking),
            route: RwSignal::new(Route::parse(&location().hash().unwrap_or_default())),
            lang: RwSignal::new(Lang::choose(wanted)),
            theme: RwSignal::new(Theme::remembered()),
            sound: RwSignal::new(storage::choice("sound").as_deref() == Some("on")),
            now: RwSignal::new(clock::local()),
            announcement: RwSignal::new(None),
            put_back: RwSignal::new(None),
            edit: RwSignal::new(None),
            leaving: RwSignal::new(None),
            details_open: RwSignal::new(false),
        }
    }

    // ---- For views ----

    /// Reads the replica; whoever follows this is told when it changes.
    pub(super) fn read<T>(self, read: impl FnOnce(&Replica) -> T) -> T {
        self.version.track();
        self.replica.with_value(read)
    }

    /// A text in the console's language, following it.
    pub(super) fn say(self, word: Word) -> &'static str {
        self.lang.get().say(word)
    }

    /// The part of the list that is shown.
    pub(super) fn view(self) -> View {
        self.route.with(|route| match route {
            Route::List(view, _) => *view,
            Route::Setup(_) | Route::Welcome(_) | Route::Knowledge(..) => View::default(),
        })
    }

    /// The conversation that is open.
    pub(super) fn open(self) -> Option<ConversationId> {
        self.route.with(|route| match route {
            Route::List(_, open) => *open,
            Route::Setup(_) | Route::Welcome(_) | Route::Knowledge(..) => None,
        })
    }

    /// A conversation, as the list has it.
    pub(super) fn summary(self, id: ConversationId) -> Option<Summary> {
        self.read(|replica| replica.list().get(id).cloned())
    }

    /// Whether the console is connected, and what it shows current.
    pub(super) fn is_up(self) -> bool {
        self.read(|replica| replica.reach()) == Reach::Up
    }

    /// Whether a visitor is online; nothing while the console is not.
    pub(super) fn presence(self, online: bool) -> Option<&'static str> {
        self.is_up()
            .then(|| self.say(if online { Word::Online } else { Word::Away }))
    }

    /// Whether an act on that conversation is under way.
    pub(super) fn is_acting(self, id: ConversationId) -> bool {
        self.read(|replica| {
            replica.outbox().of(id).any(|item| {
                item.state.is_unsettled()
                    && !matches!(item.command.act, Act::Reply(_) | Act::Note(_))
            })
        })
    }

    /// Who is logged in.
    pub(super) fn agent(self) -> Option<Agent> {
        self.session.with(|session| match session {
            Session::In(agent) => Some(agent.clone()),
            _ => None,
        })
    }

    /// The same, without following it: for handlers.
    pub(super) fn agent_now(self) -> Option<Agent> {
        untrack(|| self.agent())
    }

    // ---- What the agent does ----

    /// Whether the knowledge's item that is edited has changes that are not saved.
    pub(super) fn is_dirty(self) -> bool {
        self.edit
            .with(|edit| edit.as_ref().is_some_and(Edit::is_dirty))
    }

    /// Whether going there loses nothing; else the agent is asked.
    fn may_leave(self, to: &Route) -> bool {
        let loses = self.edit.with_untracked(|edit| {
            edit.as_ref().is_some_and(|edit| {
                let place = edit.item.map_or(Place::New(edit.kind), Place::Item);
                edit.is_dirty() && *to != Route::Knowledge(Some(edit.inbox.clone()), place)
            })
        });
        if loses {
            self.leaving.set(Some(to.clone()));
        }
        !loses
    }

    /// Goes somewhere: by the address, so that Back works, and at once, so that a key or a click
    /// that follows finds what it is meant for.
    pub(super) fn go(self, route: &Route) {
        if !self.may_leave(route) {
            return;
        }
        // A browser that can't set the hash could not have loaded the page by it.
        let _ = location().set_hash(&route.hash());
        self.arrive(route.clone());
    }

    /// Goes somewhere in place of where the agent is: Back does not return here.
    pub(super) fn go_instead(self, route: &Route) {
        let _ = location().replace(&route.hash());
        self.arrive(route.clone());
    }

    fn arrive(self, route: Route) {
        if self.route.with_untracked(|before| *before != route) {
            self.route.set(route);
            self.follow_route();
        }
    }

    /// Does something with a conversation.
    pub(super) fn act(self, conversation: ConversationId, act: impl Into<Act>) {
        let command = Command {
            id: clock::message_id(),
            conversation,
            act: act.into(),
        };
        self.change(|replica, now| replica.act(command, now, clock::local()));
    }

    /// Tries a failed command again.
    pub(super) fn retry(self, id: MessageId) {
        self.change(|replica, now| replica.retry(id, now));
    }

    /// Throws a failed command away.
    pub(super) fn discard(self, id: MessageId) {
        self.change(|replica, _| drop(replica.discard(id)));
    }

    /// Switches the language, and remembers it.
    pub(super) fn set_lang(self, lang: Lang) {
        storage::choose("lang", lang.tag());
        self.lang.set(lang);
    }

    /// Switches the looks, and remembers them.
    pub(super) fn set_theme(self, theme: Theme) {
        storage::choose("theme", theme.key());
        self.theme.set(theme);
    }

    /// Switches the sound, and remembers it.
    pub(super) fn set_sound(self, on: bool) {
        storage::choose("sound", if on { "on" } else { "" });
        self.sound.set(on);
        if on {
            chime::play();
        }
    }
}

/// The desk of this page.
pub(super) fn desk() -> Desk {
    expect_context::<Desk>()
}
