//! An edge takes a visitor's messages in one order, whatever its storage does.
#![allow(clippy::unwrap_used, clippy::panic)]

use firsthop_core::answer::Answerer;
use firsthop_core::bot::screen;
use firsthop_core::conversation::Speech;
use firsthop_core::hop::relay::{Output, Relay, SocketId};
use firsthop_core::id::{MessageId, VisitorId};
use firsthop_core::protocol::visitor::{Said, SaidText, Submission, ToVisitor};
use firsthop_core::{Instant, Timestamp};

const NOW: Instant = Instant::from_millis(1_000);
const WALL: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn id(number: u8) -> MessageId {
    MessageId::new(WALL, [number; 10])
}

fn says(relay: &mut Relay, number: u8) {
    let said = Said::Text(SaidText {
        text: "hello".into(),
        lang: String::new(),
        claim: None,
        page: Default::default(),
    });
    let submission = Submission {
        id: id(number),
        at: WALL,
        said,
    };
    let screened = screen(&mut Answerer::new(), None, Speech::Silent, submission);
    relay.handle_submission(SocketId(1), screened);
}

fn outputs(relay: &mut Relay) -> Vec<Output> {
    core::iter::from_fn(|| relay.poll_output()).collect()
}

/// What is to be written.
fn writes(outputs: &[Output]) -> Vec<Vec<MessageId>> {
    let writes = outputs.iter().filter_map(|output| match output {
        Output::Persist(messages) => Some(messages.iter().map(|message| message.id).collect()),
        _ => None,
    });
    writes.collect()
}

fn refused(outputs: &[Output]) -> Vec<MessageId> {
    let refused = outputs.iter().filter_map(|output| match output {
        Output::Send(_, ToVisitor::Refused(refused)) => Some(refused.id),
        _ => None,
    });
    refused.collect()
}

/// The origin is away, the first message is being written, and two more have come.
fn writing() -> Relay {
    let visitor = VisitorId::new(WALL, [1; 10]);
    let mut relay = Relay::new(NOW, 1, visitor, []);
    says(&mut relay, 1);
    let request = outputs(&mut relay)
        .into_iter()
        .find_map(|output| match output {
            Output::Request(id, _) => Some(id),
            _ => None,
        });
    relay.handle_failure(WALL, NOW, request.unwrap());
    assert_eq!(writes(&outputs(&mut relay)), [[id(1)]]);
    says(&mut relay, 2);
    says(&mut relay, 3);
    assert_eq!(writes(&outputs(&mut relay)), Vec::<Vec<_>>::new());
    relay
}

#[test]
fn one_write_is_under_way_at_a_time() {
    let mut relay = writing();
    relay.handle_stored(NOW, &[id(1)]);
    assert_eq!(writes(&outputs(&mut relay)), [[id(2), id(3)]]);
}

#[test]
fn nothing_is_taken_after_a_message_that_could_not_be_written() {
    let mut relay = writing();
    relay.handle_not_stored(&[id(1)]);
    let outputs = outputs(&mut relay);
    assert_eq!(refused(&outputs), [id(1), id(2), id(3)]);
    assert_eq!(writes(&outputs), Vec::<Vec<_>>::new());
}
