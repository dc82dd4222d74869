//! How large things can get on the wire, so that what is put into one frame fits into one wire
//! message in either encoding.

use super::author::Author;
use super::event::{Answer, Content, Event};
use super::visitor::{Said, Submission};
use crate::limits::{
    EVENTS_PER_FRAME_MAX, PAGE_FIELD_BYTES_MAX, WIRE_MESSAGE_BYTES_MAX, WORD_BYTES_MAX,
};

/// Ids, numbers and names of members: more than any one event or submission needs of them.
const ENVELOPE_BYTES: usize = 640;

/// What a `hello` takes, its texts escaped once: a request carries one beside what it submits.
const HELLO_BYTES: usize = ENVELOPE_BYTES + 2 * (2 * PAGE_FIELD_BYTES_MAX + 2 * WORD_BYTES_MAX);

/// So many bytes, as [`submission_bytes`] counts them, one `submit` frame may hold, and so one
/// submission: the event that follows from it is no larger.
pub const SUBMIT_BYTES_MAX: usize = WIRE_MESSAGE_BYTES_MAX - HELLO_BYTES;

/// The bytes that a text takes in JSON, which is never less than in postcard.
fn json_bytes(text: &str) -> usize {
    text.chars()
        .map(|char| match char {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\0'..='\u{1f}' => 6,
            _ => char.len_utf8(),
        })
        .sum()
}

/// At least as many bytes as `submission` takes in a frame.
pub fn submission_bytes(submission: &Submission) -> usize {
    let Said::Text(said) = &submission.said else {
        return ENVELOPE_BYTES;
    };
    let claim = said.claim.as_ref().map_or(0, |claim| {
        let entries: usize = claim
            .entries
            .iter()
            .map(|entry| json_bytes(entry) + 3)
            .sum();
        json_bytes(claim.text.expose()) + entries
    });
    let texts = [said.text.expose(), &said.lang, said.page.expose()];
    ENVELOPE_BYTES + texts.map(|text| json_bytes(text)).iter().sum::<usize>() + claim
}

/// At least as many bytes as `event` takes in a frame.
pub fn event_bytes(event: &Event) -> usize {
    let author = match &event.author {
        Author::Agent(agent) => json_bytes(&agent.name),
        Author::Unknown(unread) => unread.bytes(),
        Author::Visitor | Author::Bot | Author::System => 0,
    };
    let content = match &event.content {
        Content::Text(text) => {
            let unverified = text.unverified.as_ref();
            json_bytes(text.text.expose())
                + unverified.map_or(0, |claim| json_bytes(claim.text.expose()))
        }
        Content::Answer(answer) => answer_bytes(answer),
        Content::Status(change) => change
            .assignee
            .as_ref()
            .map_or(0, |agent| json_bytes(&agent.name)),
        Content::Note(note) => json_bytes(note.text.expose()),
        Content::Unknown(unread) => unread.bytes(),
    };
    ENVELOPE_BYTES + author + content
}

/// How many of `events`, from the first on, one `events` frame may hold: at least one.
pub fn events_that_fit(events: &[Event]) -> usize {
    let mut bytes = ENVELOPE_BYTES;
    let fit = events
        .iter()
        .take(EVENTS_PER_FRAME_MAX)
        .take_while(|event| {
            bytes += event_bytes(event);
            bytes <= WIRE_MESSAGE_BYTES_MAX
        })
        .count();
    fit.max(1).min(events.len())
}

fn answer_bytes(answer: &Answer) -> usize {
    let suggestions: usize = answer
        .suggestions
        .iter()
        .map(|suggestion| json_bytes(&suggestion.entry) + json_bytes(&suggestion.title) + 32)
        .sum();
    let entry = answer.source.entry.as_deref().map_or(0, json_bytes);
    json_bytes(&answer.text) + entry + suggestions
}
