//! The loop that drives the replica: events of the window, the socket and the timer go in, and what
//! it wants done is done.
//!
//! Invariant: after every change its outputs are carried out and the timer is set.

use core::time::Duration;

use firsthop_core::Instant;
use firsthop_core::id::ConversationId;
use firsthop_core::protocol::{Encoding, encode};
use leptos::prelude::*;

use super::Desk;
use crate::browser::socket::{Happened, Socket};
use crate::browser::{chime, clock, focus, storage};
use crate::replica::{Notice, Output, Replica};
use crate::route::Route;
use crate::words::Word;

const SOCKET_PATH: &str = "/v1/agent/socket";

impl Desk {
    /// Follows window, network and time, for as long as the page lives.
    pub(in crate::ui) fn attend(self) {
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

    /// Changes the replica, then does what it wants done.
    pub(in crate::ui) fn change(self, change: impl FnOnce(&mut Replica, Instant)) {
        let now = clock::now();
        self.replica.update_value(|replica| change(replica, now));
        self.carry_out();
        self.move_clock();
        self.version.update(|version| *version += 1);
    }

    /// Tells the origin whether the agent types: nothing that is shown depends on it, so that
    /// no keystroke redraws anything.
    pub(in crate::ui) fn set_typing(self, id: ConversationId, on: bool) {
        let now = clock::now();
        self.replica
            .update_value(|replica| replica.set_typing(id, on, now));
        self.carry_out();
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

    pub(super) fn follow_route(self) {
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
