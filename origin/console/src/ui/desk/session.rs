//! Who is logged in: asking, entering, logging out.
//!
//! Invariant: a login that ends by itself leaves what the agent did where it was; logging out, or
//! somebody else, leaves nothing of it.

use firsthop_core::protocol::{AgentRef, Code, Problem, Remedy};
use leptos::prelude::*;

use super::Desk;
use crate::browser::{http, storage};
use crate::rest::Agent;
use crate::route::Route;
use crate::words::Word;

/// Whether somebody is logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) enum Session {
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

impl Desk {
    /// Asks the origin who is logged in.
    pub(in crate::ui) fn check_session(self) {
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
    pub(in crate::ui) fn log_out(self) {
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
}
