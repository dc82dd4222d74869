//! What each frame of the origin changes.
//!
//! In: one frame. Out: the replica's new state, and what it wants done because of it. Not here:
//! when frames come and what the agent does (`super`).

use core::time::Duration;
use std::collections::BTreeMap;

use firsthop_core::id::ConversationId;
use firsthop_core::protocol::agent::{
    ConversationEvents, Conversations, Here, Open, Seen, ToAgent,
};
use firsthop_core::protocol::{Author, Content, Remedy, Seq, Status};
use firsthop_core::{Instant, Timestamp};

use super::list::{List, is_mine};
use super::{GREETING, Notice, Output, Replica};

impl Replica {
    pub(super) fn handle_frame(&mut self, frame: ToAgent, now: Instant, local: Timestamp) {
        match frame {
            ToAgent::Welcome(welcome) => {
                self.link.handle_welcome(now);
                self.ahead_ms =
                    welcome.now.as_millis().cast_signed() - local.as_millis().cast_signed();
                self.me = Some(welcome.agent);
                if let Some(id) = self.followed {
                    let after = self.transcripts.entry(id).or_default().cursor();
                    self.send(
                        Open {
                            conversation: id,
                            after,
                        }
                        .into(),
                    );
                    self.report(id);
                }
            }
            ToAgent::Conversations(conversations) => self.handle_conversations(conversations),
            ToAgent::Events(events) => self.handle_events(events),
            ToAgent::Done(done) => {
                let followed = self.followed;
                let awaited = self.outbox.items().iter().any(|item| {
                    item.command.id == done.id && Some(item.command.conversation) == followed
                });
                self.outbox.handle_done(done.id, awaited);
            }
            ToAgent::Refused(refused) => {
                if refused.problem.remedy() == Remedy::Authenticate {
                    self.outputs.push_back(Output::CheckLogin);
                }
                self.outbox.handle_refused(refused.id, refused.problem, now);
            }
            ToAgent::Receipts(receipts) => {
                if let Some(transcript) = self.transcripts.get_mut(&receipts.conversation) {
                    transcript.handle_receipts(receipts.receipts);
                }
            }
            ToAgent::Typing(typing) => self.typing.handle_visitor(typing, now),
            ToAgent::Reconnect(reconnect) => {
                let need = self
                    .link
                    .handle_reconnect(now, Duration::from_millis(reconnect.after_ms.into()));
                self.disconnect();
                self.need(need);
            }
            ToAgent::Error(problem) if problem.remedy() == Remedy::Authenticate => {
                self.outputs.push_back(Output::CheckLogin);
            }
            // From the loop that draws, so that an answer means that the agent sees what comes.
            ToAgent::Ask(ask) => self.send(Here { nonce: ask.nonce }.into()),
            ToAgent::Ping(ping) if ping.nonce == GREETING => self.handle_greeted(now),
            ToAgent::Error(_) | ToAgent::Ping(_) | ToAgent::Unknown(_) => {}
        }
    }

    fn handle_greeted(&mut self, now: Instant) {
        let Some(greeting) = self.greeting.take() else {
            return;
        };
        if greeting.reached < greeting.since {
            // The origin has not got as far as this console: its database is another one.
            self.list = List::default();
            self.transcripts.clear();
            self.give_up(now);
            return;
        }
        self.list.handle_complete();
    }

    fn handle_conversations(&mut self, frame: Conversations) {
        if let Some(greeting) = &mut self.greeting {
            greeting.reached = greeting.reached.max(frame.revision);
        }
        // What stood there before the first frame deserves no bell.
        let known = self.list.is_loaded();
        let before: BTreeMap<ConversationId, (Status, bool)> = frame
            .conversations
            .iter()
            .filter_map(|summary| self.list.get(summary.id))
            .map(|summary| (summary.id, (summary.status, self.is_mine(summary))))
            .collect();
        let me = self.my_id();
        for id in self.list.handle(frame) {
            let Some(summary) = self.list.get(id).filter(|_| known) else {
                continue;
            };
            let (status, was_mine) = before
                .get(&id)
                .map_or((None, false), |(status, mine)| (Some(*status), *mine));
            if summary.status == Status::Queued && status != Some(Status::Queued) {
                self.outputs.push_back(Output::Notice(Notice::Waiting(id)));
            } else if was_mine && summary.status == Status::Assigned && !is_mine(summary, me) {
                self.outputs
                    .push_back(Output::Notice(Notice::TakenOver(id)));
            } else if is_mine(summary, me)
                && was_mine
                && self.list.is_unread(summary)
                && self.followed != Some(id)
            {
                self.outputs.push_back(Output::Notice(Notice::Message(id)));
            }
        }
    }

    fn handle_events(&mut self, frame: ConversationEvents) {
        let id = frame.conversation;
        let mine = self
            .list
            .get(id)
            .is_some_and(|summary| self.is_mine(summary));
        let Some(transcript) = self.transcripts.get_mut(&id) else {
            return;
        };
        let caught_up = transcript.is_complete();
        let more = frame.more;
        let mut ids = Vec::new();
        let mut wrote = false;
        for event in transcript.handle_events(frame.events, more) {
            ids.push(event.id);
            wrote |= event.author == Author::Visitor && matches!(event.content, Content::Text(_));
        }
        let ask = if more && !ids.is_empty() {
            Some(transcript.cursor())
        } else {
            transcript.ask_gap()
        };
        if wrote {
            self.typing.handle_message(id);
            if caught_up && mine && !self.in_sight {
                self.outputs.push_back(Output::Notice(Notice::Message(id)));
            }
        }
        for message in ids {
            self.outbox.handle_logged(message);
        }
        if let Some(after) = ask.filter(|_| self.followed == Some(id)) {
            self.send(
                Open {
                    conversation: id,
                    after,
                }
                .into(),
            );
        }
        self.report(id);
    }

    /// Tells how far the agent has got with `id`.
    pub(super) fn report(&mut self, id: ConversationId) {
        let shown = self.in_sight && self.followed == Some(id);
        let Some(transcript) = self
            .transcripts
            .get_mut(&id)
            .filter(|transcript| transcript.cursor() > Seq(0))
        else {
            return;
        };
        if shown {
            self.list.handle_shown(id, transcript.cursor());
        }
        if self.link.is_up()
            && let Some(receipts) = transcript.report(shown)
        {
            self.send(
                Seen {
                    conversation: id,
                    receipts,
                }
                .into(),
            );
        }
    }
}
