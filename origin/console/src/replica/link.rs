//! The connection to the origin: when to connect, when to ask for a sign of life, when to give
//! it up.
//!
//! In: what the socket and the machine's network do, and the time. Out: [`Need`]s, which the
//! replica passes on. Invariant: while it is started there is always either a socket or a time
//! at which the next is opened; a socket that is silent is given up within `PING_AFTER` and
//! `PONG_WITHIN`. Not here: what travels (`super`).

use firsthop_core::Instant;
use firsthop_core::hop::Backoff;
use firsthop_core::limits::{PING_AFTER, PONG_WITHIN, RECONNECT_AFTER, RECONNECT_AFTER_MAX};

/// What the link wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Open a socket.
    Connect,
    /// Close it.
    Close,
    /// Ask for a sign of life.
    Ping,
}

/// Where the link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody is logged in.
    Stopped,
    /// A socket is being opened, or the greeting is not answered yet.
    Connecting { give_up_at: Instant },
    /// Frames flow.
    Up {
        heard_at: Instant,
        asked_at: Option<Instant>,
    },
    /// Until the next attempt.
    Waiting { until: Instant },
}

/// See the module.
#[derive(Debug)]
pub(super) struct Link {
    state: State,
    backoff: Backoff,
    was_up: bool,
}

impl Link {
    /// A link that does nothing until [`Self::start`]; `seed` spreads the reconnects of many
    /// consoles.
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            state: State::Stopped,
            backoff: Backoff::new(RECONNECT_AFTER, RECONNECT_AFTER_MAX, seed),
            was_up: false,
        }
    }

    pub(super) const fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    /// Whether it has been up since it was started.
    pub(super) const fn was_up(&self) -> bool {
        self.was_up
    }

    /// Whether the last attempt failed.
    pub(super) const fn failed(&self) -> bool {
        self.backoff.failures() > 0
    }

    /// When the next attempt is made, if none is under way.
    pub(super) const fn next_attempt(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            _ => None,
        }
    }

    pub(super) fn start(&mut self, now: Instant) -> Option<Need> {
        match self.state {
            State::Stopped | State::Waiting { .. } => {
                self.state = State::Connecting {
                    give_up_at: now + PONG_WITHIN,
                };
                Some(Need::Connect)
            }
            State::Connecting { .. } | State::Up { .. } => None,
        }
    }

    pub(super) fn stop(&mut self) -> Option<Need> {
        let had_socket = matches!(self.state, State::Connecting { .. } | State::Up { .. });
        self.state = State::Stopped;
        self.was_up = false;
        self.backoff.reset();
        had_socket.then_some(Need::Close)
    }

    /// The greeting was answered.
    pub(super) const fn handle_welcome(&mut self, now: Instant) {
        self.state = State::Up {
            heard_at: now,
            asked_at: None,
        };
        self.was_up = true;
        self.backoff.reset();
    }

    /// Something arrived.
    pub(super) const fn handle_heard(&mut self, now: Instant) {
        if let State::Up { .. } = self.state {
            self.state = State::Up {
                heard_at: now,
                asked_at: None,
            };
        }
    }

    /// The socket is closed, or never opened.
    pub(super) fn handle_closed(&mut self, now: Instant) {
        if matches!(self.state, State::Connecting { .. } | State::Up { .. }) {
            self.state = State::Waiting {
                until: now + self.backoff.fail(),
            };
        }
    }

    /// The server is about to stop: come again when it says, and not sooner.
    pub(super) fn handle_reconnect(
        &mut self,
        now: Instant,
        after: core::time::Duration,
    ) -> Option<Need> {
        if !matches!(self.state, State::Connecting { .. } | State::Up { .. }) {
            return None;
        }
        self.state = State::Waiting {
            until: now + after.min(RECONNECT_AFTER_MAX),
        };
        Some(Need::Close)
    }

    /// The machine lost its network: no need to wait for silence to show it.
    pub(super) fn handle_network_lost(&mut self, now: Instant) -> Option<Need> {
        match self.state {
            State::Up { .. } | State::Connecting { .. } => {
                self.handle_closed(now);
                Some(Need::Close)
            }
            State::Stopped | State::Waiting { .. } => None,
        }
    }

    /// The network is back, the page came to the front, or the agent asks for it: try at once.
    pub(super) fn handle_try_now(&mut self, now: Instant) -> Option<Need> {
        matches!(self.state, State::Waiting { .. })
            .then(|| self.start(now))
            .flatten()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Need> {
        match self.state {
            State::Waiting { until } if until <= now => self.start(now),
            State::Connecting { give_up_at } if give_up_at <= now => {
                self.handle_closed(now);
                Some(Need::Close)
            }
            State::Up {
                asked_at: Some(asked_at),
                ..
            } if asked_at + PONG_WITHIN <= now => {
                self.handle_closed(now);
                Some(Need::Close)
            }
            State::Up {
                heard_at,
                asked_at: None,
            } if heard_at + PING_AFTER <= now => {
                self.state = State::Up {
                    heard_at,
                    asked_at: Some(now),
                };
                Some(Need::Ping)
            }
            _ => None,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Stopped => None,
            State::Waiting { until } => Some(until),
            State::Connecting { give_up_at } => Some(give_up_at),
            State::Up {
                asked_at: Some(asked_at),
                ..
            } => Some(asked_at + PONG_WITHIN),
            State::Up {
                heard_at,
                asked_at: None,
            } => Some(heard_at + PING_AFTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    const START: Instant = Instant::from_millis(1_000);

    fn up() -> Link {
        let mut link = Link::new(3);
        assert_eq!(link.start(START), Some(Need::Connect));
        link.handle_welcome(START);
        link
    }

    #[test]
    fn a_silent_link_is_asked_and_then_given_up() {
        let mut link = up();
        let ask = link.next_timeout().unwrap();
        assert_eq!(ask, START + PING_AFTER);
        assert_eq!(link.handle_timeout(ask), Some(Need::Ping));
        assert_eq!(
            link.handle_timeout(link.next_timeout().unwrap()),
            Some(Need::Close)
        );
        assert!(!link.is_up() && link.next_attempt().is_some());
    }

    #[test]
    fn a_sign_of_life_keeps_it() {
        let mut link = up();
        let ask = link.next_timeout().unwrap();
        link.handle_timeout(ask);
        link.handle_heard(ask + Duration::from_millis(20));
        assert_eq!(link.handle_timeout(ask + PONG_WITHIN), None);
        assert!(link.is_up());
    }

    #[test]
    fn failures_are_followed_by_attempts_for_ever_with_growing_waits() {
        let mut link = up();
        let mut now = START;
        for _ in 0..20 {
            link.handle_closed(now);
            let at = link.next_timeout().unwrap();
            assert!(at.since(now) <= RECONNECT_AFTER_MAX);
            now = at;
            assert_eq!(link.handle_timeout(now), Some(Need::Connect));
        }
        link.handle_closed(now);
        assert!(link.next_timeout().unwrap().since(now) >= RECONNECT_AFTER_MAX / 2);
        assert_eq!(link.handle_try_now(now), Some(Need::Connect));
    }

    #[test]
    fn an_attempt_that_nobody_answers_ends() {
        let mut link = Link::new(1);
        link.start(START);
        assert_eq!(link.handle_timeout(START + PONG_WITHIN), Some(Need::Close));
        assert!(link.next_attempt().is_some());
    }

    #[test]
    fn a_server_that_stops_is_left_alone_for_as_long_as_it_says() {
        let mut link = up();
        let after = Duration::from_millis(2_345);
        assert_eq!(link.handle_reconnect(START, after), Some(Need::Close));
        link.handle_closed(START);
        assert_eq!(link.next_attempt(), Some(START + after));
    }

    #[test]
    fn a_stopped_link_stays_stopped() {
        let mut link = up();
        assert_eq!(link.stop(), Some(Need::Close));
        link.handle_closed(START);
        assert_eq!(
            (link.next_timeout(), link.handle_try_now(START)),
            (None, None)
        );
    }
}
