//! What an agent wants done and the origin has not answered.
//!
//! In: commands, the origin's answers. Out: what is to be sent now. Invariant: as with a console,
//! one command of a conversation is under way at a time, and each is sent again until it is answered.

use std::time::Duration;

use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::limits::RETRANSMIT_AFTER;
use firsthop_core::protocol::agent::Command;
use tokio::time::Instant;

/// Commands of one conversation that may wait: what an agent decides, they decide by what they see.
const WAITING_MAX: usize = 2;

/// A command, and when it is to be sent again; none: at once.
struct Waiting {
    command: Command,
    again_at: Option<Instant>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Outbox(Vec<Waiting>);

impl Outbox {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether another command of a conversation has room.
    pub(super) fn has_room(&self, conversation: ConversationId) -> bool {
        let waiting = self
            .0
            .iter()
            .filter(|waiting| waiting.command.conversation == conversation);
        waiting.count() < WAITING_MAX
    }

    pub(super) fn push(&mut self, command: Command) {
        self.0.push(Waiting {
            command,
            again_at: None,
        });
    }

    /// The connection is a new one: what was sent on the last may not have arrived.
    pub(super) fn start_over(&mut self) {
        for waiting in &mut self.0 {
            waiting.again_at = None;
        }
    }

    /// The first command of each conversation, if it is due.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<Command> {
        let mut busy = Vec::new();
        let mut due = Vec::new();
        for waiting in &mut self.0 {
            let conversation = waiting.command.conversation;
            if busy.contains(&conversation) {
                continue;
            }
            busy.push(conversation);
            if waiting.again_at.is_none_or(|at| at <= now) {
                waiting.again_at = Some(now + RETRANSMIT_AFTER);
                due.push(waiting.command.clone());
            }
        }
        due
    }

    /// When something that was sent is to be sent again.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.0.iter().filter_map(|waiting| waiting.again_at).min()
    }

    /// It has been answered for good.
    pub(super) fn remove(&mut self, id: MessageId) {
        self.0.retain(|waiting| waiting.command.id != id);
    }

    /// It could not be done now.
    pub(super) fn put_off(&mut self, id: MessageId, until: Instant) {
        for waiting in &mut self.0 {
            if waiting.command.id == id {
                waiting.again_at = Some(until);
            }
        }
    }
}

/// How long to wait where the origin names no time.
pub(super) const PUT_OFF: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use firsthop_core::Timestamp;
    use firsthop_core::protocol::agent::Resolve;

    use super::*;

    fn command(conversation: u8, n: u8) -> Command {
        Command {
            id: MessageId::new(Timestamp::from_millis(1), [n; 10]),
            conversation: ConversationId::new(Timestamp::from_millis(1), [conversation; 10]),
            act: Resolve {}.into(),
        }
    }

    #[test]
    fn one_command_of_a_conversation_is_under_way_until_it_is_answered() {
        let mut outbox = Outbox::default();
        let now = Instant::now();
        for (conversation, n) in [(1, 1), (1, 2), (2, 3)] {
            outbox.push(command(conversation, n));
        }
        assert!(!outbox.has_room(command(1, 0).conversation));
        assert_eq!(outbox.take_due(now), [command(1, 1), command(2, 3)]);
        assert_eq!(outbox.take_due(now), [], "both are under way");
        outbox.remove(command(1, 1).id);
        assert_eq!(outbox.take_due(now), [command(1, 2)]);
        assert_eq!(outbox.next_due(), Some(now + RETRANSMIT_AFTER));
        assert_eq!(
            outbox.take_due(now + RETRANSMIT_AFTER),
            [command(1, 2), command(2, 3)],
            "nobody answered"
        );
        outbox.put_off(command(1, 2).id, now);
        assert_eq!(outbox.take_due(now), [command(1, 2)]);
        outbox.start_over();
        assert_eq!(outbox.take_due(now), [command(1, 2), command(2, 3)]);
        assert_eq!(outbox.len(), 2);
    }
}
