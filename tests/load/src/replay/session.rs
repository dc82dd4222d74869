//! One visitor's part of a replay: asks its questions one after the other, waits for each to be
//! answered, by the bot or by the agent, and looks at what its log says in the end.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use firsthop_core::id::{Derived, MessageId};
use firsthop_core::protocol::{Answer, Author, Content, Event, Hop, Status};

use super::cases::Case;
use super::tally::{Progress, Tally};
use crate::agent::{SharedNotes, reply_to};
use crate::visitor::Visitor;

/// How long a visitor waits for an outcome before the question counts as lost.
const OUTCOME_WITHIN: Duration = Duration::from_secs(60);

/// What became of a question, as the log shows it.
enum Outcome {
    Answered(Answer),
    HandedOff,
}

/// Asks `cases` as one visitor. What is measured is added to `tally`.
pub(super) async fn run(
    at: SocketAddr,
    cases: &[&Case],
    notes: &SharedNotes,
    progress: &Progress,
) -> Result<Tally> {
    let mut visitor = Visitor::connect(at, OUTCOME_WITHIN).await?;
    let mut tally = Tally::default();
    let mut asked = Vec::with_capacity(cases.len());
    for case in cases {
        let sent = Instant::now();
        let question = visitor.say(&case.q)?;
        asked.push(question);
        visitor
            .drive_until(OUTCOME_WITHIN, |visitor| {
                outcome(visitor.log(), question).is_some()
            })
            .await?;
        match outcome(visitor.log(), question) {
            Some(Outcome::Answered(answer)) => {
                if let Some(arrived) = visitor.arrival(question.derive(Derived::Answer)) {
                    tally.bot.add(arrived - sent);
                }
                judge(&mut tally, case, &answer);
            }
            Some(Outcome::HandedOff) => {
                tally.handed_off += 1;
                hear_agent(&mut visitor, question, notes, &mut tally).await?;
            }
            // The audit below counts it.
            None => {}
        }
        progress.asked();
    }
    // What is still under way arrives now, or is lost.
    visitor
        .drive_until(OUTCOME_WITHIN, |visitor| !visitor.has_unsent())
        .await?;
    audit(visitor.log(), &asked, notes, &mut tally);
    tally.questions += asked.len() as u64;
    tally.reconnects += u64::from(visitor.reconnects);
    Ok(tally)
}

/// What happened because of a question: the ids of events that follow from it tell.
fn outcome(log: &[Event], question: MessageId) -> Option<Outcome> {
    let (answer, status) = (
        question.derive(Derived::Answer),
        question.derive(Derived::Status),
    );
    log.iter().find_map(|event| match &event.content {
        Content::Answer(found) if event.id == answer => Some(Outcome::Answered(found.clone())),
        Content::Status(change) if event.id == status && change.status == Status::Queued => {
            Some(Outcome::HandedOff)
        }
        _ => None,
    })
}

fn judge(tally: &mut Tally, case: &Case, answer: &Answer) {
    match answer.source.hop {
        Hop::Browser => tally.by_browser += 1,
        Hop::Edge => tally.by_edge += 1,
        Hop::Origin | Hop::Unknown(_) => tally.by_origin += 1,
    }
    match &answer.source.entry {
        Some(entry) if case.accepts(entry) => tally.answered_right += 1,
        Some(_) => tally.answered_wrong += 1,
        None => {
            tally.suggested += 1;
            if answer
                .suggestions
                .iter()
                .any(|one| case.accepts(&one.entry))
            {
                tally.suggested_right += 1;
            }
        }
    }
}

/// Waits for the agent's answer, then until the conversation is resolved.
async fn hear_agent(
    visitor: &mut Visitor,
    question: MessageId,
    notes: &SharedNotes,
    tally: &mut Tally,
) -> Result<()> {
    let expected = reply_to(question);
    visitor
        .drive_until(OUTCOME_WITHIN, |visitor| {
            let mut after = visitor.log().iter().skip_while(|event| !is_reply(event, &expected));
            after.any(|event| {
                matches!(&event.content, Content::Status(change) if change.status == Status::Resolved)
            })
        })
        .await?;
    let sent = notes.lock().replies.get(&question).copied();
    if let Some((reply, sent)) = sent
        && let Some(arrived) = visitor.arrival(reply)
    {
        tally.agent.add(arrived.saturating_duration_since(sent));
    }
    Ok(())
}

fn is_reply(event: &Event, expected: &str) -> bool {
    matches!(&event.content, Content::Text(text)
        if text.text.expose() == expected && matches!(event.author, Author::Agent(_)))
}

/// Compares the log with what was asked and what the agent was told is durable.
pub(super) fn audit(log: &[Event], asked: &[MessageId], notes: &SharedNotes, tally: &mut Tally) {
    let mut places: HashMap<MessageId, Vec<usize>> = HashMap::new();
    for (place, event) in log.iter().enumerate() {
        places.entry(event.id).or_default().push(place);
        // Gapless and ascending, as far as the visitor may see.
        let before = place.checked_sub(1).and_then(|before| log.get(before));
        let follows = before.map_or(event.prev.0 == 0, |before| event.prev == before.seq);
        tally.out_of_order += u64::from(!follows);
    }
    tally.duplicated += places
        .values()
        .map(|places| places.len() as u64 - 1)
        .sum::<u64>();

    let first = |id: MessageId| places.get(&id).and_then(|places| places.first().copied());
    let mut last_question = None;
    let mut last_reply = None;
    let notes = notes.lock();
    for &question in asked {
        let place = first(question);
        tally.lost += u64::from(place.is_none() || outcome(log, question).is_none());
        tally.out_of_order += u64::from(place.is_some() && place < last_question);
        last_question = place.max(last_question);

        let reply = notes.replies.get(&question).map(|(id, _)| *id);
        if let Some(reply) = reply.filter(|reply| notes.acknowledged.contains(reply)) {
            let place = first(reply);
            tally.agent_answers_received += u64::from(place.is_some());
            tally.lost += u64::from(place.is_none());
            tally.out_of_order += u64::from(place.is_some() && place < last_reply);
            last_reply = place.max(last_reply);
        }
        let answers = log
            .iter()
            .filter(
                |event| matches!(&event.content, Content::Answer(answer) if answer.of == question),
            )
            .count() as u64;
        tally.duplicated += answers.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use firsthop_core::Timestamp;
    use firsthop_core::protocol::{Reason, Seq, StatusChange, Text};

    use super::*;

    fn id(n: u8) -> MessageId {
        MessageId::new(Timestamp::from_millis(u64::from(n)), [n; 10])
    }

    fn says(seq: u64, n: u8) -> Event {
        Event {
            seq: Seq(seq),
            prev: Seq(seq - 1),
            id: id(n),
            at: Timestamp::default(),
            author: Author::Visitor,
            content: Content::Text(Text {
                text: "?".into(),
                unverified: None,
            }),
        }
    }

    fn queued(seq: u64, n: u8) -> Event {
        Event {
            content: Content::Status(StatusChange {
                status: Status::Queued,
                reason: Reason::Unanswered,
                assignee: None,
            }),
            id: id(n).derive(Derived::Status),
            author: Author::Bot,
            ..says(seq, n)
        }
    }

    fn counts(log: &[Event], asked: &[MessageId]) -> (u64, u64, u64) {
        let mut tally = Tally::default();
        audit(log, asked, &SharedNotes::default(), &mut tally);
        (tally.lost, tally.duplicated, tally.out_of_order)
    }

    #[test]
    fn a_whole_log_passes() {
        let log = [says(1, 1), queued(2, 1), says(3, 2), queued(4, 2)];
        assert_eq!(counts(&log, &[id(1), id(2)]), (0, 0, 0));
    }

    #[test]
    fn what_is_missing_is_counted() {
        assert_eq!(
            counts(&[says(1, 1), queued(2, 1)], &[id(1), id(2)]),
            (1, 0, 0)
        );
        assert_eq!(counts(&[says(1, 1)], &[id(1)]), (1, 0, 0), "no outcome");
    }

    #[test]
    fn what_is_there_twice_is_counted() {
        let log = [says(1, 1), queued(2, 1), says(3, 1)];
        assert_eq!(counts(&log, &[id(1)]), (0, 1, 0));
    }

    #[test]
    fn what_stands_at_a_wrong_place_is_counted() {
        let log = [says(1, 2), queued(2, 2), says(3, 1), queued(4, 1)];
        assert_eq!(counts(&log, &[id(1), id(2)]), (0, 0, 1));
        let log = [says(2, 1), queued(3, 1)];
        assert_eq!(counts(&log, &[id(1)]), (0, 0, 1), "begins with a gap");
    }
}
