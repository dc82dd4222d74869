//! Frames into wire messages, none over its limit.

use firsthop_core::limits::{
    CONVERSATIONS_PER_FRAME_MAX, EVENTS_PER_FRAME_MAX, EVENTS_TEXT_BYTES_PER_FRAME_MAX,
    FRAMES_PER_WIRE_MESSAGE_MAX, SUMMARY_BYTES_PER_FRAME_MAX,
};
use firsthop_core::protocol::agent::Summary;
use firsthop_core::protocol::visitor::{Events, ToVisitor};
use firsthop_core::protocol::{Content, Encoding, Event, Problem, encode};
use serde::Serialize;

/// Events in parts that each fit into one frame, in order.
pub fn parts(events: Vec<Event>) -> impl Iterator<Item = Vec<Event>> {
    let mut events = events.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = events.next()?;
        let mut bytes = text_bytes(&first);
        let mut part = vec![first];
        while part.len() < EVENTS_PER_FRAME_MAX {
            let next = events
                .next_if(|event| bytes + text_bytes(event) <= EVENTS_TEXT_BYTES_PER_FRAME_MAX);
            let Some(event) = next else { break };
            bytes += text_bytes(&event);
            part.push(event);
        }
        Some(part)
    })
}

/// Summaries in parts that each fit into one frame, in order.
pub fn summary_parts(summaries: Vec<Summary>) -> impl Iterator<Item = Vec<Summary>> {
    let mut summaries = summaries.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = summaries.next()?;
        let mut bytes = json_bytes(&first);
        let mut part = vec![first];
        while part.len() < CONVERSATIONS_PER_FRAME_MAX {
            let Some(next) = summaries.next_if(|summary| {
                bytes += json_bytes(summary);
                bytes <= SUMMARY_BYTES_PER_FRAME_MAX
            }) else {
                break;
            };
            part.push(next);
        }
        Some(part)
    })
}

/// What a summary takes in JSON, which is never less than in postcard.
fn json_bytes(summary: &Summary) -> usize {
    serde_json::to_vec(summary).map_or(SUMMARY_BYTES_PER_FRAME_MAX, |json| json.len() + 1)
}

fn text_bytes(event: &Event) -> usize {
    match &event.content {
        Content::Text(text) => {
            text.text.expose().len()
                + text
                    .unverified
                    .as_ref()
                    .map_or(0, |claim| claim.text.expose().len())
        }
        Content::Answer(answer) => {
            answer.text.len()
                + answer
                    .suggestions
                    .iter()
                    .map(|s| s.title.len() + s.entry.len())
                    .sum::<usize>()
        }
        Content::Note(note) => note.text.expose().len(),
        Content::Status(_) | Content::Unknown(_) => 0,
    }
}

/// The same frame, or several with as many events as fit into one.
pub fn split(frame: ToVisitor) -> impl Iterator<Item = ToVisitor> {
    let (events, more, other) = match frame {
        ToVisitor::Events(events) => (events.events, events.more, None),
        other => (Vec::new(), false, Some(other)),
    };
    let mut parts = parts(events).peekable();
    let parts = std::iter::from_fn(move || {
        let events = parts.next()?;
        let last = parts.peek().is_none();
        Some(ToVisitor::from(Events {
            events,
            more: more && last,
        }))
    });
    other.into_iter().chain(parts)
}

/// As few wire messages as hold the frames, in order.
///
/// # Errors
/// If a single frame does not fit into one.
pub fn encode_all<F: Serialize>(encoding: Encoding, frames: &[F]) -> Result<Vec<Vec<u8>>, Problem> {
    match frames {
        [] => return Ok(Vec::new()),
        frames if frames.len() <= FRAMES_PER_WIRE_MESSAGE_MAX => match encode(encoding, frames) {
            Ok(message) => return Ok(vec![message]),
            Err(problem) if frames.len() == 1 => return Err(problem),
            Err(_) => {}
        },
        _ => {}
    }
    let (front, back) = frames.split_at(frames.len() / 2);
    let mut messages = encode_all(encoding, front)?;
    messages.extend(encode_all(encoding, back)?);
    Ok(messages)
}

/// One wire message with as many frames as fit, from the first on: for a response, whose reader
/// asks again from where it got to.
pub fn encode_first<F: Serialize>(encoding: Encoding, frames: &[F]) -> Result<Vec<u8>, Problem> {
    let mut frames = &frames[..frames.len().min(FRAMES_PER_WIRE_MESSAGE_MAX)];
    loop {
        match encode(encoding, frames) {
            Err(_) if frames.len() > 1 => frames = &frames[..frames.len() / 2],
            encoded => return encoded,
        }
    }
}

#[cfg(test)]
mod tests {
    use firsthop_core::Timestamp;
    use firsthop_core::id::MessageId;
    use firsthop_core::limits::{TEXT_BYTES_MAX, WIRE_MESSAGE_BYTES_MAX};
    use firsthop_core::protocol::visitor::Ping;
    use firsthop_core::protocol::{Author, Seq, Text, decode};

    use super::*;

    fn event(seq: u64, bytes: usize) -> Event {
        let text = Text {
            text: "x".repeat(bytes).into(),
            unverified: None,
        };
        let at = Timestamp::from_millis(seq);
        Event {
            seq: Seq(seq),
            prev: Seq(seq - 1),
            id: MessageId::new(at, [0; 10]),
            at,
            author: Author::Visitor,
            content: text.into(),
        }
    }

    #[test]
    fn events_are_cut_by_number_and_by_size_and_stay_in_order() {
        for (count, bytes, expected) in [
            (65, 1, 2),
            (6, TEXT_BYTES_MAX, 2),
            (1, TEXT_BYTES_MAX, 1),
            (0, 0, 0),
        ] {
            let events: Vec<_> = (1..=count).map(|seq| event(seq, bytes)).collect();
            let parts: Vec<_> = parts(events.clone()).collect();
            assert_eq!(parts.len(), expected);
            assert_eq!(parts.concat(), events);
        }
        let frame = ToVisitor::from(Events {
            events: (1..=65).map(|seq| event(seq, 1)).collect(),
            more: true,
        });
        let more: Vec<_> = split(frame)
            .map(|frame| matches!(frame, ToVisitor::Events(Events { more: true, .. })))
            .collect();
        assert_eq!(more, [false, true]);
    }

    #[test]
    fn wire_messages_stay_within_their_limits() {
        let frames: Vec<_> = (1..=20)
            .map(|seq| {
                ToVisitor::from(Events {
                    events: vec![event(seq, TEXT_BYTES_MAX)],
                    more: false,
                })
            })
            .chain((0..200).map(|nonce| Ping { nonce }.into()))
            .collect();
        for encoding in Encoding::ALL {
            let messages = encode_all(*encoding, &frames).unwrap();
            assert!(
                messages
                    .iter()
                    .all(|message| message.len() <= WIRE_MESSAGE_BYTES_MAX)
            );
            let read: Vec<ToVisitor> = messages
                .iter()
                .flat_map(|message| decode(*encoding, message).unwrap())
                .collect();
            assert_eq!(read, frames);
            let first: Vec<ToVisitor> =
                decode(*encoding, &encode_first(*encoding, &frames).unwrap()).unwrap();
            assert!(!first.is_empty() && frames.starts_with(&first));
        }
    }
}
