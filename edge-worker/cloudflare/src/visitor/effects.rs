//! Carrying out what the machine wants: frames, requests to the origin, writes, being woken.
//!
//! Invariant: while the outbox holds something, an alarm is set, which survives whatever happens to
//! the memory.

use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use firsthop_core::Instant;
use firsthop_core::hop::relay::{RequestId, SocketId};
use firsthop_core::limits::{DRAIN_AFTER, ORIGIN_REPLY_WITHIN};
use firsthop_core::protocol::visitor::{Reach, Submission, ToServer, ToVisitor};
use firsthop_edge::host::Host;
use firsthop_edge::link::uplink;
use firsthop_edge::visitor::Effect;
use wasm_bindgen_futures::spawn_local;
use worker::Delay;

use super::Object;
use super::outbox::Owner;
use super::sockets::{Sent, Sockets};

/// When an object with messages in its outbox is woken at the latest, should it vanish while it
/// waits for the origin.
const BACKSTOP: Duration = Duration::from_secs(2 * ORIGIN_REPLY_WITHIN.as_secs() + 4);

impl Object {
    pub(super) fn carry_out(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Send(id, frame) => {
                let welcome = matches!(frame, ToVisitor::Welcome(_));
                if self.sockets.send(&self.state, id, frame) == Sent::No {
                    self.with(|machine| machine.handle_full(id));
                } else if welcome {
                    self.renew(id);
                }
            }
            Effect::Close(id, closing) => self.sockets.close(&self.state, id, closing),
            Effect::Remember(id, memo) => {
                if let Err(error) = Sockets::remember(&self.state, id, &memo) {
                    self.host
                        .warn(&format!("a socket's state could not be kept: {error}"));
                }
            }
            Effect::Request {
                id,
                attached,
                frames,
            } => spawn_local(Rc::clone(self).request(id, attached, frames)),
            Effect::Persist(messages) => self.persist(messages),
            Effect::Forget(ids) => {
                if let Err(error) = self.outbox.forget(&self.state, &ids) {
                    // They go to the origin again, which knows them.
                    self.host
                        .warn(&format!("sent messages could not be removed: {error}"));
                }
            }
        }
    }

    fn renew(&self, id: SocketId) {
        let now = self.host.now();
        self.with(|machine| {
            if let Some(token) = machine
                .visit(id)
                .and_then(|visit| visit.renewed(self.host.config(), now))
            {
                machine.renew(id, now, token);
            }
        });
    }

    async fn request(self: Rc<Self>, id: RequestId, attached: bool, frames: Vec<ToServer>) {
        let Some((visitor, inbox)) =
            self.with(|machine| (machine.id(), machine.inbox().to_owned()))
        else {
            return;
        };
        let reply = uplink(&self.host, visitor, &inbox, attached, frames).await;
        let now = self.now();
        self.with(|machine| match reply {
            Ok(frames) => machine.handle_reply(self.host.now(), now, id, frames),
            Err(away) => {
                // Told once, not with every try.
                if machine.reach() == Reach::Up {
                    self.host.warn(&away.to_string());
                }
                machine.handle_failure(self.host.now(), now, id);
            }
        });
        self.drive();
    }

    /// Writes messages down, with an alarm that brings them to the origin whatever happens.
    fn persist(self: &Rc<Self>, messages: Vec<Submission>) {
        let object = Rc::clone(self);
        let Some(owner) = self.with(|machine| Owner {
            visitor: machine.id(),
            inbox: machine.inbox().to_owned(),
        }) else {
            return;
        };
        let kept = self.outbox.keep(&self.state, &owner, &messages);
        self.set_alarm(self.now() + DRAIN_AFTER);
        spawn_local(async move {
            let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
            let synced = match kept {
                Ok(()) => object.state.storage().sync().await,
                Err(error) => Err(error),
            };
            let now = object.now();
            object.with(|machine| match synced {
                Ok(()) => machine.handle_stored(now, &ids),
                Err(error) => {
                    object
                        .host
                        .warn(&format!("messages could not be stored: {error}"));
                    machine.handle_not_stored(&ids);
                }
            });
            object.drive();
        });
    }

    /// Makes sure that somebody wakes the machine in time: an alarm, which survives a crash, as
    /// long as the outbox holds something; else a timer in memory.
    pub(super) fn arm(self: &Rc<Self>, now: Instant, due: Option<Instant>) {
        if self.with(|machine| machine.stored()).unwrap_or_default() > 0 {
            let at = due.unwrap_or(now + BACKSTOP);
            if self.alarm_at.get().is_none_or(|set| set > at || set <= now) {
                self.set_alarm(at);
            }
            return;
        }
        let Some(at) = due.filter(|at| {
            self.timer_at
                .get()
                .is_none_or(|set| set > *at || set <= now)
        }) else {
            return;
        };
        self.timer_at.set(Some(at));
        let object = Rc::clone(self);
        spawn_local(async move {
            Delay::from(at.since(now)).await;
            if object.timer_at.get() == Some(at) {
                object.timer_at.set(None);
                object.drive();
            }
        });
    }

    /// Sets the alarm. That it is set becomes durable with the writes around it.
    fn set_alarm(self: &Rc<Self>, at: Instant) {
        self.alarm_at.set(Some(at));
        let object = Rc::clone(self);
        let wait = at.since(self.now());
        let mut set = Box::pin(async move {
            if let Err(error) = object.state.storage().set_alarm(wait).await {
                object.alarm_at.set(None);
                object.host.warn(&format!("no alarm could be set: {error}"));
            }
        });
        // The call is made now, in one commit with the writes before it; its end is waited for later.
        if set
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
        {
            spawn_local(set);
        }
    }
}
