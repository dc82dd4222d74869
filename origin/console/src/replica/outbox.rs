//! What the agent did and the origin has not confirmed yet.
//!
//! In: commands, and what becomes of them. Out: the commands to send now, oldest first and one
//! at a time per conversation, so that a message that is refused for a moment is not overtaken
//! by the next. Invariant: a command leaves only when the origin has it (`done`, or its event),
//! or when the agent throws it away; sending it again bears the same id.
//! Not here: the socket (`link`), what a command causes (`firsthop_core::conversation`).

use core::time::Duration;

use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::limits::{RETRANSMIT_AFTER, RETRANSMIT_AFTER_MAX};
use firsthop_core::protocol::agent::{Act, Command, FromAgent};
use firsthop_core::protocol::{Encoding, Problem, Remedy, decode, encode};
use firsthop_core::{Instant, Timestamp};

/// One command on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is sent.
    pub command: Command,
    /// When the agent did it, by the local clock.
    pub at: Timestamp,
    /// How far it has got.
    pub state: State,
}

/// How far a command has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not sent on this connection, or to be sent again.
    Waiting {
        /// Not before.
        not_before: Instant,
        /// How long to wait for the answer when it is sent.
        patience: Duration,
    },
    /// Sent; if nothing is heard, it is sent again.
    Sent {
        /// When.
        again_at: Instant,
        /// How long was waited for the answer.
        patience: Duration,
    },
    /// The origin has it; its event is yet to come.
    Stored,
    /// The origin does not want it, and would not want it again as things are.
    Failed(Problem),
}

impl State {
    const fn fresh() -> Self {
        Self::Waiting {
            not_before: Instant::from_millis(0),
            patience: RETRANSMIT_AFTER,
        }
    }

    /// Whether the origin may still have to be told.
    pub const fn is_unsettled(&self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Sent { .. })
    }
}

/// Commands in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    items: Vec<Item>,
}

impl Outbox {
    /// Everything in it, oldest first.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What concerns one conversation, oldest first.
    pub fn of(&self, conversation: ConversationId) -> impl Iterator<Item = &Item> {
        self.items
            .iter()
            .filter(move |item| item.command.conversation == conversation)
    }

    /// How many the origin has not answered.
    pub fn unsettled(&self) -> usize {
        self.items
            .iter()
            .filter(|item| item.state.is_unsettled())
            .count()
    }

    /// Takes a command in. One whose id is here already changes nothing.
    pub fn push(&mut self, command: Command, at: Timestamp) {
        if self.position(command.id).is_none() {
            self.items.push(Item {
                command,
                at,
                state: State::fresh(),
            });
        }
    }

    /// What is to be sent at `now`; it counts as sent from then on.
    pub fn take_due(&mut self, now: Instant) -> Vec<Command> {
        let mut busy: Vec<ConversationId> = Vec::new();
        let mut due = Vec::new();
        for item in &mut self.items {
            let conversation = item.command.conversation;
            if !item.state.is_unsettled() || busy.contains(&conversation) {
                continue;
            }
            busy.push(conversation);
            let patience = match item.state {
                State::Waiting {
                    not_before,
                    patience,
                } if not_before <= now => patience,
                State::Sent { again_at, patience } if again_at <= now => {
                    (patience * 2).min(RETRANSMIT_AFTER_MAX)
                }
                _ => continue,
            };
            item.state = State::Sent {
                again_at: now + patience,
                patience,
            };
            due.push(item.command.clone());
        }
        due
    }

    /// When [`Self::take_due`] will have something, as far as is known.
    pub fn next_timeout(&self) -> Option<Instant> {
        let mut busy: Vec<ConversationId> = Vec::new();
        self.items
            .iter()
            .filter(|item| item.state.is_unsettled())
            .filter(|item| {
                let first = !busy.contains(&item.command.conversation);
                busy.push(item.command.conversation);
                first
            })
            .filter_map(|item| match item.state {
                State::Waiting { not_before, .. } => Some(not_before),
                State::Sent { again_at, .. } => Some(again_at),
                State::Stored | State::Failed(_) => None,
            })
            .min()
    }

    /// The connection is gone: whatever was sent and not answered is sent again on the next one.
    pub fn handle_disconnected(&mut self) {
        for item in &mut self.items {
            if item.state.is_unsettled() {
                item.state = State::fresh();
            }
        }
    }

    /// The origin has it. `awaited` says whether its event is about to come to this replica, so
    /// that the text need not vanish in between.
    pub fn handle_done(&mut self, id: MessageId, awaited: bool) {
        let Some(position) = self.position(id) else {
            return;
        };
        let item = &mut self.items[position];
        if awaited && matches!(item.command.act, Act::Reply(_) | Act::Note(_)) {
            item.state = State::Stored;
        } else {
            self.items.remove(position);
        }
    }

    /// The origin refused it.
    pub fn handle_refused(&mut self, id: MessageId, problem: Problem, now: Instant) {
        let Some(position) = self.position(id) else {
            return;
        };
        let item = &mut self.items[position];
        let patience = match item.state {
            State::Waiting { patience, .. } | State::Sent { patience, .. } => patience,
            State::Stored | State::Failed(_) => return,
        };
        item.state = match problem.remedy() {
            Remedy::Never => State::Failed(problem),
            Remedy::RetryLater | Remedy::Authenticate => {
                let wait = problem
                    .retry_after_ms
                    .map_or(patience, |ms| Duration::from_millis(ms.into()));
                State::Waiting {
                    not_before: now + wait,
                    patience: (patience * 2).min(RETRANSMIT_AFTER_MAX),
                }
            }
        };
    }

    /// Its event is in the log.
    pub fn handle_logged(&mut self, id: MessageId) {
        self.items.retain(|item| item.command.id != id);
    }

    /// This replica no longer follows `conversation`: what is stored need not be shown from here.
    pub fn handle_unfollowed(&mut self, conversation: ConversationId) {
        self.items.retain(|item| {
            item.command.conversation != conversation || item.state != State::Stored
        });
    }

    /// Tries a failed command again, as the newest, under its own id: the origin has nothing
    /// under it.
    pub fn retry(&mut self, id: MessageId) {
        let Some(position) = self.position(id) else {
            return;
        };
        if matches!(self.items[position].state, State::Failed(_)) {
            let mut item = self.items.remove(position);
            item.state = State::fresh();
            self.items.push(item);
        }
    }

    /// Throws a failed command away, and gives it back.
    pub fn discard(&mut self, id: MessageId) -> Option<Command> {
        let position = self.position(id)?;
        matches!(self.items[position].state, State::Failed(_))
            .then(|| self.items.remove(position).command)
    }

    /// What must survive a reload of the page: each command as a line of its time and its frame
    /// in hexadecimal digits. What failed is kept too, to be tried once more.
    pub fn save(&self) -> String {
        let mut text = String::new();
        for item in self.items.iter().filter(|item| item.state != State::Stored) {
            let frame = [FromAgent::from(item.command.clone())];
            if let Ok(bytes) = encode(Encoding::Postcard, &frame) {
                text.push_str(&item.at.as_millis().to_string());
                text.push(' ');
                text.extend(
                    bytes
                        .iter()
                        .flat_map(|byte| [byte >> 4, byte & 15])
                        .filter_map(|nibble| char::from_digit(nibble.into(), 16)),
                );
                text.push('\n');
            }
        }
        text
    }

    /// Takes in what [`Self::save`] wrote; lines that are something else are left out.
    pub fn restore(&mut self, text: &str) {
        for line in text.lines() {
            if let Some((command, at)) = restore_line(line) {
                self.push(command, at);
            }
        }
    }

    fn position(&self, id: MessageId) -> Option<usize> {
        self.items.iter().position(|item| item.command.id == id)
    }
}

fn restore_line(line: &str) -> Option<(Command, Timestamp)> {
    let (at, digits) = line.split_once(' ')?;
    let nibbles: Vec<u8> = digits
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|value| u8::try_from(value).ok())
        })
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = nibbles
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect();
    match decode(Encoding::Postcard, &bytes).ok()?.pop()? {
        FromAgent::Command(command) => Some((command, Timestamp::from_millis(at.parse().ok()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::testing::{conversation, id, reply};
    use firsthop_core::protocol::Code;

    const AT: Timestamp = Timestamp::from_millis(1_000);

    fn now(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn ids(commands: &[Command]) -> Vec<MessageId> {
        commands.iter().map(|command| command.id).collect()
    }

    #[test]
    fn one_command_at_a_time_per_conversation_in_order() {
        let mut outbox = Outbox::default();
        outbox.push(reply(1, 1, "a"), AT);
        outbox.push(reply(2, 1, "b"), AT);
        outbox.push(reply(3, 2, "c"), AT);
        assert_eq!(ids(&outbox.take_due(now(0))), [id(1), id(3)]);
        assert!(outbox.take_due(now(1)).is_empty());
        outbox.handle_done(id(1), false);
        assert_eq!(ids(&outbox.take_due(now(2))), [id(2)]);
    }

    #[test]
    fn unanswered_commands_are_sent_again_ever_more_slowly_with_the_same_id() {
        let mut outbox = Outbox::default();
        outbox.push(reply(1, 1, "a"), AT);
        outbox.take_due(now(0));
        let first = outbox.next_timeout().unwrap();
        assert_eq!(first, now(0) + RETRANSMIT_AFTER);
        assert_eq!(ids(&outbox.take_due(first)), [id(1)]);
        assert_eq!(outbox.next_timeout().unwrap(), first + RETRANSMIT_AFTER * 2);
    }

    #[test]
    fn a_new_connection_sends_at_once_what_the_old_one_left_unanswered() {
        let mut outbox = Outbox::default();
        outbox.push(reply(1, 1, "a"), AT);
        outbox.take_due(now(0));
        outbox.handle_disconnected();
        assert_eq!(ids(&outbox.take_due(now(1))), [id(1)]);
    }

    #[test]
    fn a_refusal_for_now_holds_the_later_ones_back_and_one_for_good_does_not() {
        let mut outbox = Outbox::default();
        outbox.push(reply(1, 1, "a"), AT);
        outbox.push(reply(2, 1, "b"), AT);
        outbox.take_due(now(0));
        let busy = Problem::new(Code::Overloaded, "later").retry_after(Duration::from_millis(700));
        outbox.handle_refused(id(1), busy, now(10));
        assert!(outbox.take_due(now(700)).is_empty());
        assert_eq!(outbox.next_timeout(), Some(now(710)));
        assert_eq!(ids(&outbox.take_due(now(710))), [id(1)]);
        outbox.handle_refused(
            id(1),
            Problem::new(Code::AlreadyAssigned, "Bo has it"),
            now(720),
        );
        assert_eq!(ids(&outbox.take_due(now(720))), [id(2)]);
        assert_eq!(outbox.unsettled(), 1);
        outbox.handle_done(id(2), false);
        outbox.retry(id(1));
        assert_eq!(ids(&outbox.take_due(now(730))), [id(1)]);
    }

    #[test]
    fn a_stored_reply_stays_in_sight_until_its_event_is_there() {
        let mut outbox = Outbox::default();
        outbox.push(reply(1, 1, "a"), AT);
        outbox.handle_done(id(1), true);
        assert_eq!(outbox.of(conversation(1)).count(), 1);
        assert_eq!(outbox.next_timeout(), None);
        outbox.handle_logged(id(1));
        assert_eq!(outbox.items().len(), 0);
    }

    #[test]
    fn only_failed_commands_can_be_thrown_away() {
        let mut outbox = Outbox::default();
        outbox.push(reply(1, 1, "a"), AT);
        assert_eq!(outbox.discard(id(1)), None);
        outbox.handle_refused(id(1), Problem::new(Code::AlreadyAssigned, ""), now(0));
        assert_eq!(outbox.discard(id(1)), Some(reply(1, 1, "a")));
    }

    #[test]
    fn what_is_unanswered_survives_a_reload() {
        let mut outbox = Outbox::default();
        outbox.push(reply(1, 1, "你好 🙂"), AT);
        outbox.push(reply(2, 1, "stored"), AT);
        outbox.handle_done(id(2), true);
        let mut restored = Outbox::default();
        restored.restore(&outbox.save());
        restored.restore("nonsense\n12 zz\n12 00\n");
        assert_eq!(
            restored.items(),
            [Item {
                command: reply(1, 1, "你好 🙂"),
                at: AT,
                state: State::fresh()
            }]
        );
    }
}
