//! The connection and the token that it takes.
//!
//! Invariant: a report of a connection that was given up changes nothing, as each has a number.

use firsthop_core::Instant;
use firsthop_core::hop::client::Transport;
use firsthop_core::protocol::visitor::{Hello, ToServer};
use wasm_bindgen_futures::spawn_local;

use super::{Happening, Shell};
use crate::admission::{NotAdmitted, admit};
use crate::tabs::News;
use crate::transport::{Link, Report};

/// See the module.
#[derive(Default)]
pub(super) struct Connection {
    number: u32,
    link: Option<Link>,
    token: Option<String>,
    /// Whether the token worked when it was last used.
    trusted: bool,
    /// What is to be opened once a token is there.
    awaiting: Option<Transport>,
    /// Whether there ever was something to connect for.
    wanted: bool,
}

impl Connection {
    pub(super) const fn has_token(&self) -> bool {
        self.token.is_some()
    }

    pub(super) const fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// Uses a token that somebody else got; `None` changes nothing.
    pub(super) fn remember(&mut self, token: Option<String>) {
        if token.is_some() && token != self.token {
            self.token = token;
            self.trusted = true;
        }
    }

    /// Asks for another token before the next connection.
    pub(super) fn distrust(&mut self) {
        self.trusted = false;
        self.drop_link();
    }

    pub(super) fn drop_link(&mut self) {
        self.number = self.number.wrapping_add(1);
        self.link = None;
        self.awaiting = None;
    }

    pub(super) fn send(&self, frames: Vec<ToServer>, hello: Hello) {
        if let Some(link) = &self.link {
            link.send(frames, hello);
        }
    }
}

impl Shell {
    pub(super) fn connect(&mut self, transport: Transport) {
        self.connection.drop_link();
        self.connection.wanted = true;
        if self.connection.trusted && self.connection.has_token() {
            return self.open_link(transport);
        }
        self.connection.awaiting = Some(transport);
        let number = self.connection.number;
        let (edge, inbox) = (self.options.edge.clone(), self.options.inbox.clone());
        let (store, token, queue) = (self.store.clone(), self.connection.token.clone(), self.queue.clone());
        spawn_local(async move {
            queue.post(Happening::Admitted(number, admit(&edge, &inbox, &store, token).await));
        });
    }

    fn open_link(&mut self, transport: Transport) {
        let Some(token) = &self.connection.token else { return };
        let (number, queue) = (self.connection.number, self.queue.clone());
        let reports = std::rc::Rc::new(move |report| queue.post(Happening::Link(number, report)));
        self.connection.link = Some(Link::open(transport, &self.options.edge, token, reports));
    }

    pub(super) fn admitted(&mut self, now: Instant, number: u32, result: Result<String, NotAdmitted>) {
        match result {
            Ok(token) => {
                // Good for the next connection, even if this one was given up meanwhile.
                self.tabs.tell(&News::Token(token.clone()));
                self.connection.token = Some(token);
                self.connection.trusted = true;
                self.around.misplaced = false;
                if number == self.connection.number
                    && let Some(transport) = self.connection.awaiting.take()
                {
                    self.open_link(transport);
                }
            }
            Err(_) if number != self.connection.number => {}
            Err(why) => {
                if let NotAdmitted::Misplaced(why) = why
                    && !self.around.misplaced
                {
                    self.around.misplaced = true;
                    self.emit.warn(&why);
                }
                self.around.lost = true;
                self.client.handle_not_admitted(now);
            }
        }
    }

    pub(super) fn reported(&mut self, now: Instant, number: u32, report: Report) {
        if number != self.connection.number {
            return;
        }
        match report {
            Report::Open => self.client.handle_connected(now),
            Report::Frames(frames) => self.client.handle_frames(now, frames),
            Report::Polled => {
                if let Some(link) = &self.connection.link {
                    link.poll(self.client.hello());
                }
            }
            Report::Closed | Report::Denied => {
                // A socket can't say that its token was the reason: admission will.
                if !self.client.is_connected() || matches!(report, Report::Denied) {
                    self.connection.trusted = false;
                }
                self.connection.drop_link();
                self.around.lost = true;
                self.client.handle_closed(now);
            }
        }
    }

    /// The hop above sent a newer token.
    pub(super) fn renewed(&mut self, token: String) {
        self.tabs.tell(&News::Token(token.clone()));
        self.connection.token = Some(token.clone());
        let store = self.store.clone();
        spawn_local(async move { store.keep_token(token).await });
    }
}
