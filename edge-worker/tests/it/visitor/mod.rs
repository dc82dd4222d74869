//! One visitor at the edge: what is passed on, answered, kept while the origin is away, refused.

mod answering;
mod away;
mod refusing;
mod silence;
mod streams;
mod tabs;

use firsthop_core::id::MessageId;
use firsthop_core::protocol::visitor::ToVisitor;
use firsthop_core::protocol::{Code, Content, Event, Hop};

use crate::support::FakeHost;
use crate::support::origin::Mood;

fn mood(host: &FakeHost, mood: Mood) {
    host.origin.borrow_mut().mood = mood;
}

fn texts(log: &[Event]) -> Vec<String> {
    let text = |event: &Event| match &event.content {
        Content::Text(text) => Some(text.text.expose().clone()),
        _ => None,
    };
    log.iter().filter_map(text).collect()
}

fn stored_by(frames: &[ToVisitor], id: MessageId) -> Vec<Hop> {
    let by = |frame: &ToVisitor| match frame {
        ToVisitor::Stored(stored) if stored.ids.contains(&id) => Some(stored.by),
        _ => None,
    };
    frames.iter().filter_map(by).collect()
}

fn problems(frames: &[ToVisitor]) -> Vec<Code> {
    let code = |frame: &ToVisitor| match frame {
        ToVisitor::Error(problem) => Some(problem.code),
        ToVisitor::Refused(refused) => Some(refused.problem.code),
        _ => None,
    };
    frames.iter().filter_map(code).collect()
}
