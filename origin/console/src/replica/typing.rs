//! Who types: visitors, as the console shows it, and its agent, as the origin is told.
//!
//! In: frames, keystrokes, the time. Out: who types now, and what to tell. Invariant: nobody
//! types for longer than `TYPING_LAPSES_AFTER` without being heard, whatever gets lost.

use std::collections::BTreeMap;

use firsthop_core::Instant;
use firsthop_core::id::ConversationId;
use firsthop_core::limits::{TYPING_LAPSES_AFTER, TYPING_REPEATED_AFTER};
use firsthop_core::protocol::agent::ConversationTyping;
use firsthop_core::protocol::visitor::Typing;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct TypingBook {
    visitors: BTreeMap<ConversationId, Instant>,
    /// Where this console's agent types, when the origin was told last, and the last keystroke.
    agent: Option<(ConversationId, Instant, Instant)>,
}

impl TypingBook {
    pub(super) fn visitor_types(&self, conversation: ConversationId) -> bool {
        self.visitors.contains_key(&conversation)
    }

    pub(super) fn handle_visitor(&mut self, frame: ConversationTyping, now: Instant) {
        if frame.typing.on {
            self.visitors
                .insert(frame.conversation, now + TYPING_LAPSES_AFTER);
        } else {
            self.visitors.remove(&frame.conversation);
        }
    }

    /// A message ends typing, whether the frame that says so arrives or not.
    pub(super) fn handle_message(&mut self, conversation: ConversationId) {
        self.visitors.remove(&conversation);
    }

    pub(super) fn handle_disconnected(&mut self) {
        self.visitors.clear();
        self.agent = None;
    }

    /// The agent types, or has stopped; gives what the origin should be told.
    pub(super) fn handle_agent(
        &mut self,
        conversation: ConversationId,
        on: bool,
        now: Instant,
    ) -> Vec<ConversationTyping> {
        let mut tell = Vec::new();
        if let Some((elsewhere, ..)) = self
            .agent
            .filter(|(where_, ..)| !on || *where_ != conversation)
        {
            tell.push(typing(elsewhere, false));
            self.agent = None;
        }
        if on {
            match &mut self.agent {
                Some((_, told_at, typed_at)) if now.since(*told_at) < TYPING_REPEATED_AFTER => {
                    *typed_at = now;
                }
                _ => {
                    self.agent = Some((conversation, now, now));
                    tell.push(typing(conversation, true));
                }
            }
        }
        tell
    }

    /// Ends what has lapsed; gives what the origin should be told.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<ConversationTyping> {
        self.visitors.retain(|_, until| *until > now);
        let (conversation, ..) = self
            .agent
            .filter(|(.., typed_at)| *typed_at + TYPING_LAPSES_AFTER <= now)?;
        self.agent = None;
        Some(typing(conversation, false))
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let agent = self
            .agent
            .map(|(.., typed_at)| typed_at + TYPING_LAPSES_AFTER);
        self.visitors.values().copied().chain(agent).min()
    }
}

const fn typing(conversation: ConversationId, on: bool) -> ConversationTyping {
    ConversationTyping {
        conversation,
        typing: Typing { on },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::testing::conversation;
    use core::time::Duration;

    const START: Instant = Instant::from_millis(1_000);

    #[test]
    fn a_visitor_who_falls_silent_stops_typing() {
        let mut book = TypingBook::default();
        book.handle_visitor(typing(conversation(1), true), START);
        book.handle_timeout(START + Duration::from_secs(1));
        assert!(book.visitor_types(conversation(1)));
        book.handle_timeout(book.next_timeout().unwrap());
        assert!(!book.visitor_types(conversation(1)));
    }

    #[test]
    fn keystrokes_are_told_now_and_then_and_their_end_always() {
        let mut book = TypingBook::default();
        assert_eq!(
            book.handle_agent(conversation(1), true, START),
            [typing(conversation(1), true)]
        );
        assert!(
            book.handle_agent(conversation(1), true, START + Duration::from_secs(1))
                .is_empty()
        );
        let later = START + TYPING_REPEATED_AFTER;
        assert_eq!(
            book.handle_agent(conversation(1), true, later),
            [typing(conversation(1), true)]
        );
        let elsewhere = book.handle_agent(conversation(2), true, later);
        assert_eq!(
            elsewhere,
            [
                typing(conversation(1), false),
                typing(conversation(2), true)
            ]
        );
        assert_eq!(
            book.handle_timeout(later + TYPING_LAPSES_AFTER),
            Some(typing(conversation(2), false))
        );
        assert!(book.handle_agent(conversation(2), false, later).is_empty());
    }
}
