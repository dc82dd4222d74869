//! The agent's desk: what all views share, and the loop that drives the replica.
//!
//! In: events of the socket, the timer, the window, and the agent's acts. Out: signals that
//! views follow. Invariant: the replica is only touched through [`Desk::change`], which
//! afterwards carries out its outputs and sets the timer. Not here: what anything looks like.

use core::time::Duration;

use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::protocol::agent::{Act, Command, Summary};
use firsthop_core::protocol::{AgentRef, Code, Encoding, Problem, Remedy, encode};
use firsthop_core::{Instant, Timestamp};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

use crate::browser::socket::{Happened, Socket};
use crate::browser::{chime, clock, focus, http, storage};
use crate::knowledge::edit::Edit;
use crate::replica::list::View;
use crate::replica::{Notice, Output, Reach, Replica};
use crate::rest::Agent;
use crate::route::{Place, Route};
use crate::words::{Lang, Word};

const SOCKET_PATH: &str = "/v1/agent/socket";

/// Whether somebody is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Session {
    /// The origin is being asked.
    Checking,
    /// The origin could not be asked.
    Unknown(Problem),
    /// Nobody is; whether somebody was until just now.
    Out {
        /// The login ended by itself.
        over: bool,
    },
    /// Somebody is.
    In(Agent),
}

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

    /// Changes the replica, then does what it wants done.
    pub(super) fn change(self, change: impl FnOnce(&mut Replica, Instant)) {
        let now = clock::now();
        self.replica.update_value(|replica| change(replica, now));
        self.carry_out();
        self.move_clock();
        self.version.update(|version| *version += 1);
    }

    /// Tells the origin whether the agent types: nothing that is shown depends on it, so that
    /// no keystroke redraws anything.
    pub(super) fn set_typing(self, id: ConversationId, on: bool) {
        let now = clock::now();
        self.replica
            .update_value(|replica| replica.set_typing(id, on, now));
        self.carry_out();
    }

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

    // ---- Logging in and out ----

    /// Asks the origin who is logged in.
    pub(super) fn check_session(self) {
        leptos::task::spawn_local(async move {
            match http::session().await {
                Ok(agent) => self.enter(agent),
                Err(problem) if problem.remedy() == Remedy::Authenticate => {
                    let over = matches!(self.session.get_untracked(), Session::In(_));
                    self.change(|replica, _| replica.stop());
                    self.session.set(Session::Out { over });
                }
                // Whoever is logged in stays so while the origin is away.
                Err(_) if matches!(self.session.get_untracked(), Session::In(_)) => {}
                Err(problem) => self.session.set(Session::Unknown(problem)),
            }
        });
    }

    fn enter(self, agent: Agent) {
        let me = AgentRef::from(agent.clone());
        let before = self
            .replica
            .with_value(|replica| replica.me().map(|me| me.id));
        if before.is_some_and(|before| before != me.id) {
            self.edit.set(None);
        }
        let saved = storage::outbox(me.id);
        self.session.set(Session::In(agent));
        self.change(|replica, now| {
            replica.start(me, now);
            replica.restore_outbox(&saved, now);
        });
        self.follow_route();
    }

    /// Logs out, and leaves nothing of the agent's behind.
    pub(super) fn log_out(self) {
        leptos::task::spawn_local(async move {
            match http::log_out().await {
                Err(problem) if problem.code == Code::OriginUnavailable => {
                    // Saying "logged out" would be a lie: the cookie still works.
                    self.announcement.set(Some(Word::Unreachable));
                    return;
                }
                Ok(()) | Err(_) => {}
            }
            if let Some(agent) = self.agent_now() {
                storage::forget(agent.id);
            }
            self.edit.set(None);
            self.session.set(Session::Out { over: false });
            self.change(|replica, _| {
                replica.stop();
                replica.forget();
            });
            self.go(&Route::default());
        });
    }

    // ---- The loop ----

    /// Follows window, network and time, for as long as the page lives.
    pub(super) fn attend(self) {
        window_event_listener(leptos::ev::hashchange, move |_| {
            let to = Route::parse(&location().hash().unwrap_or_default());
            let here = self.route.get_untracked();
            if to == here || self.may_leave(&to) {
                self.arrive(to);
            } else {
                let _ = location().set_hash(&here.hash());
            }
        });
        // The browser tells of a new address only after events that were waiting by then.
        window_event_listener(leptos::ev::click, move |event| {
            if let Some(hash) = focus::place_clicked(&event) {
                event.prevent_default();
                self.go(&Route::parse(&hash));
            }
        });
        window_event_listener(leptos::ev::online, move |_| {
            self.change(Replica::handle_try_now);
        });
        window_event_listener(leptos::ev::offline, move |_| {
            self.change(Replica::handle_network_lost);
        });
        for event in ["focus", "blur", "visibilitychange"] {
            window_event_listener_untyped(event, move |_| self.look());
        }
        window_event_listener(leptos::ev::beforeunload, move |event| {
            if self
                .replica
                .with_value(|replica| replica.outbox().unsettled() > 0)
                || untrack(|| self.is_dirty())
            {
                event.prevent_default();
            }
        });
        set_interval(move || self.move_clock(), Duration::from_secs(10));
    }

    fn look(self) {
        let in_sight = focus::page_in_sight();
        self.change(|replica, now| {
            replica.set_in_sight(in_sight);
            if in_sight {
                replica.handle_try_now(now);
            }
        });
    }

    fn move_clock(self) {
        let now = self
            .replica
            .with_value(|replica| replica.server_time(clock::local()));
        let shown = self.now.get_untracked();
        // Finer steps would only redraw what looks the same.
        if now.since(shown).max(shown.since(now)) >= Duration::from_secs(1) {
            self.now.set(now);
        }
    }

    fn follow_route(self) {
        let open = self.route.with_untracked(|route| match route {
            Route::List(_, open) => *open,
            Route::Setup(_) | Route::Welcome(_) | Route::Knowledge(..) => None,
        });
        let in_sight = focus::page_in_sight();
        self.change(|replica, _| {
            replica.follow(open);
            replica.set_in_sight(in_sight);
        });
    }

    fn carry_out(self) {
        while let Some(output) = self
            .replica
            .try_update_value(Replica::poll_output)
            .flatten()
        {
            match output {
                Output::Connect => self.connect(),
                Output::Close => self.socket.set_value(None),
                Output::Send(frames) => self.socket.with_value(|socket| {
                    if let (Some(socket), Ok(bytes)) = (socket, encode(Encoding::Postcard, &frames))
                    {
                        socket.send(&bytes);
                    }
                }),
                Output::CheckLogin => self.check_session(),
                Output::Notice(notice) => self.notice(notice),
            }
        }
        self.keep_outbox();
        self.set_timer();
    }

    fn connect(self) {
        let socket = Socket::open(
            SOCKET_PATH,
            Encoding::Postcard.subprotocol(),
            move |happened| match happened {
                Happened::Opened => self.change(|replica, _| replica.handle_opened()),
                Happened::Heard(bytes) => {
                    self.change(|replica, now| replica.handle_message(&bytes, now, clock::local()));
                }
                Happened::Closed => self.change(Replica::handle_closed),
            },
        );
        let refused = socket.is_none();
        self.socket.set_value(socket);
        if refused {
            let now = clock::now();
            self.replica
                .update_value(|replica| replica.handle_closed(now));
        }
    }

    fn set_timer(self) {
        if let Some(timer) = self.timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        let at = self.replica.with_value(Replica::next_timeout);
        let timer = at.and_then(|at| {
            // Browsers round their clocks down; a timer that comes too early would be set again.
            let wait = at.since(clock::now()) + Duration::from_millis(1);
            set_timeout_with_handle(move || self.change(Replica::handle_timeout), wait).ok()
        });
        self.timer.set_value(timer);
    }

    fn keep_outbox(self) {
        let Some(me) = self
            .replica
            .with_value(|replica| replica.me().map(|me| me.id))
        else {
            return;
        };
        let saved = self.replica.with_value(|replica| replica.outbox().save());
        if self.saved_outbox.with_value(|before| *before != saved) {
            storage::keep_outbox(me, &saved);
            self.saved_outbox.set_value(saved);
        }
    }

    fn notice(self, notice: Notice) {
        self.announcement.set(Some(match notice {
            Notice::Waiting(_) => Word::NewWaiting,
            Notice::Message(_) => Word::NewMessage,
            Notice::TakenOver(_) => Word::TakenOver,
        }));
        if self.sound.get_untracked() {
            chime::play();
        }
    }
}

/// The desk of this page.
pub(super) fn desk() -> Desk {
    expect_context::<Desk>()
}
