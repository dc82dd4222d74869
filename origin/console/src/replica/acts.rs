//! What the agent does: following a conversation, replying, typing.
//!
//! Invariant: what was done is in the outbox before anything is sent, so that no lost connection
//! loses it.

use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::limits::CONSOLE_TRANSCRIPTS_MAX;
use firsthop_core::protocol::agent::{Act, Close, Command, Open};
use firsthop_core::{Instant, Timestamp};

use super::Replica;

impl Replica {
    /// Follows `id`, and nothing else.
    pub fn follow(&mut self, id: Option<ConversationId>) {
        if self.followed == id {
            return;
        }
        if let Some(before) = self.followed.take() {
            self.outbox.handle_unfollowed(before);
            self.send_up(
                Close {
                    conversation: before,
                }
                .into(),
            );
        }
        self.followed = id;
        if let Some(id) = id {
            self.looked_at.retain(|other| *other != id);
            self.looked_at.push(id);
            if self.looked_at.len() > CONSOLE_TRANSCRIPTS_MAX {
                let oldest = self.looked_at.remove(0);
                self.transcripts.remove(&oldest);
            }
            let after = self.transcripts.entry(id).or_default().cursor();
            self.send_up(
                Open {
                    conversation: id,
                    after,
                }
                .into(),
            );
            self.report(id);
        }
    }

    /// Whether the followed conversation is in front of the agent's eyes: its page is visible
    /// and has the focus.
    pub fn set_in_sight(&mut self, in_sight: bool) {
        self.in_sight = in_sight;
        if let Some(id) = self.followed {
            self.report(id);
        }
    }

    /// Does something; `local` is the local wall clock.
    pub fn act(&mut self, command: Command, now: Instant, local: Timestamp) {
        if matches!(command.act, Act::Reply(_)) {
            self.set_typing(command.conversation, false, now);
        }
        self.outbox.push(command, local);
        self.send_due(now);
    }

    /// Tries a failed command again.
    pub fn retry(&mut self, id: MessageId, now: Instant) {
        self.outbox.retry(id);
        self.send_due(now);
    }

    /// Throws a failed command away, and gives it back.
    pub fn discard(&mut self, id: MessageId) -> Option<Command> {
        self.outbox.discard(id)
    }

    /// The agent types, or has stopped.
    pub fn set_typing(&mut self, id: ConversationId, on: bool, now: Instant) {
        if self.link.is_up() {
            for frame in self.typing.handle_agent(id, on, now) {
                self.send(frame.into());
            }
        }
    }

    /// Asks for resolved conversations older than those at hand.
    pub fn ask_older(&mut self) {
        if self.link.is_up()
            && let Some(request) = self.list.ask_older()
        {
            self.send(request.into());
        }
    }
}
