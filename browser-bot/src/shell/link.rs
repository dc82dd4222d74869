//! The connection and the token that it takes.
//!
//! Invariant: a report of a connection that was given up changes nothing, as each has a number.

use firsthop_core::Instant;
use firsthop_core::hop::client::Transport;
use firsthop_core::protocol::visitor::ToVisitor;

use super::Shell;
use crate::platform::News;

/// What happened on a connection.
pub(crate) enum Report {
    /// It is open.
    Open,
    /// Frames came.
    Frames(Vec<ToVisitor>),
    /// A poll was answered: time for the next one.
    Polled,
    /// It ended, or never began.
    Closed,
    /// The token does not do.
    Denied,
}

/// Why a visitor is not admitted.
pub(crate) enum NotAdmitted {
    /// Trying again later may help.
    Later,
    /// This page may not use this inbox, or there is no such inbox: the server's words, for the
    /// site's developer.
    Misplaced(String),
}

/// See the module.
#[derive(Default)]
pub(super) struct Connection {
    number: u32,
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
    pub(super) const fn distrust(&mut self) {
        self.trusted = false;
    }
}

impl Shell {
    pub(super) fn connect(&mut self, transport: Transport) {
        self.unlink();
        let connection = &mut self.connection;
        connection.wanted = true;
        match &connection.token {
            Some(token) if connection.trusted => {
                self.browser.link(connection.number, transport, token);
            }
            token => {
                self.browser.admit(connection.number, token.as_deref());
                connection.awaiting = Some(transport);
            }
        }
    }

    /// Gives the connection up, and what was to become one.
    pub(super) fn unlink(&mut self) {
        self.connection.number = self.connection.number.wrapping_add(1);
        self.connection.awaiting = None;
        self.browser.unlink();
    }

    pub(super) fn admitted(
        &mut self,
        now: Instant,
        number: u32,
        result: Result<String, NotAdmitted>,
    ) {
        let current = number == self.connection.number;
        match result {
            Ok(token) => {
                // Good for the next connection, even if this one was given up meanwhile.
                self.browser.tell(&News::Token(token.clone()));
                self.around.misplaced = false;
                if current && let Some(transport) = self.connection.awaiting.take() {
                    self.browser.link(number, transport, &token);
                }
                self.connection.token = Some(token);
                self.connection.trusted = true;
            }
            Err(_) if !current => {}
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
            Report::Polled => self.browser.poll(self.client.hello()),
            Report::Closed | Report::Denied => {
                // A socket can't say that its token was the reason: admission will.
                if !self.client.is_connected() || matches!(report, Report::Denied) {
                    self.connection.distrust();
                }
                self.unlink();
                self.around.lost = true;
                self.client.handle_closed(now);
            }
        }
    }

    /// The hop above sent a newer token.
    pub(super) fn renewed(&mut self, token: String) {
        self.browser.tell(&News::Token(token.clone()));
        self.browser.keep_token(&token);
        self.connection.token = Some(token);
    }
}
