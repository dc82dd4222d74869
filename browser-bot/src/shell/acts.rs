//! What the visitor's acts lead to.

use core::time::Duration;

use firsthop_core::id::MessageId;
use firsthop_core::protocol::visitor::{AskPerson, Said, SaidText, Submission};
use firsthop_core::{Instant, Private};

use super::Shell;
use crate::clock;
use crate::view::Act;

/// How often the other side is told that the visitor still types.
const TYPED_EVERY: Duration = Duration::from_secs(3);

impl Shell {
    pub(super) fn act(&mut self, now: Instant, act: Act) {
        match act {
            Act::Close => self.open(now, false),
            Act::Person => self.ask_person(now),
            Act::Send => {
                let text = self.view.written();
                let text = text.trim();
                if !text.is_empty() && self.say(now, text) {
                    self.view.write("");
                    self.typed(now, false);
                }
            }
            Act::Choose(title) => {
                self.say(now, &title);
            }
            Act::Retry(id) => self.client.retry(now, id),
            Act::Discard(id) => self.client.discard(id),
            Act::Latest => self.view.scroll_to_end(),
            Act::Typed(something) => {
                self.view.complain("");
                self.typed(now, something);
            }
            // What was out of sight may now have been read: `settle` looks.
            Act::Scrolled => {}
        }
    }

    pub(super) fn open(&mut self, now: Instant, wanted: bool) {
        if wanted == self.view.is_open() {
            return;
        }
        if wanted {
            self.view.show();
            if self.connection.is_wanted() {
                self.client.connect(now);
            }
            self.emit.plain("show");
        } else {
            self.view.hide();
            self.view.count(self.around.words, self.unread);
            self.emit.plain("hide");
        }
    }

    /// Says something for the visitor, with the device's answer if it has one. Whether it was
    /// taken; if not, the visitor is told why.
    fn say(&mut self, now: Instant, text: &str) -> bool {
        let at = clock::wall();
        let id = MessageId::new(at, clock::random());
        let lang = self.around.words.tag.to_owned();
        let mut said = SaidText {
            text: Private::from(text),
            lang,
            claim: None,
            page: self.browser.page().url,
        };
        // It may not have been there when it was named.
        self.learn();
        let speech = self.client.bot_speaks();
        let answered = self.knowledge.answer(id, &mut said, speech);
        match self.client.say(
            now,
            Submission {
                id,
                at,
                said: Said::Text(said),
            },
            answered,
        ) {
            Ok(()) => {
                self.view.complain("");
                self.emit.sent(id, text);
                true
            }
            Err(problem) => {
                self.view.complain(self.around.words.problem(problem.code));
                false
            }
        }
    }

    fn ask_person(&mut self, now: Instant) {
        self.view.scroll_to_end();
        if self.view.is_person_asked() {
            return;
        }
        let at = clock::wall();
        let submission = Submission {
            id: MessageId::new(at, clock::random()),
            at,
            said: Said::Person(AskPerson {}),
        };
        if let Err(problem) = self.client.say(now, submission, None) {
            self.view.complain(self.around.words.problem(problem.code));
        }
    }

    /// Tells the other side that the visitor types, not more often than need be.
    fn typed(&mut self, now: Instant, on: bool) {
        let told = self.typed_at.is_some_and(|at| now.since(at) < TYPED_EVERY);
        if on && !told {
            self.typed_at = Some(now);
            self.client.type_on(true);
        } else if !on && self.typed_at.take().is_some() {
            self.client.type_on(false);
        }
    }
}
