//! When the answer to a POST of frames is complete.

use crate::support::visitor::{TestVisitor, hello, submit};
use crate::support::{FakeHost, START, UNKNOWN};
use firsthop_core::id::MessageId;
use firsthop_core::limits::FRAMES_PER_WIRE_MESSAGE_MAX;
use firsthop_core::protocol::visitor::{Events, Queue, Reach, Stored, ToVisitor, Typing, Welcome};
use firsthop_core::protocol::{
    Author, Code, Encoding, Event, Hop, Problem, Receipts, Seq, Text, VERSION, decode, encode,
};
use firsthop_edge::visitor::Exchange;

fn welcome() -> ToVisitor {
    let host = FakeHost::new();
    Welcome {
        version: VERSION,
        visitor: host.visitor_id(),
        hop: Hop::Edge,
        head: None,
        status: None,
        receipts: Receipts::default(),
        pack: None,
        origin: Reach::Up,
        now: START,
        cursor: Seq(0),
    }
    .into()
}

fn events(events: Vec<Event>) -> ToVisitor {
    let more = false;
    Events { events, more }.into()
}

fn event() -> Event {
    let host = FakeHost::new();
    let text = Text {
        text: "hello".into(),
        unverified: None,
    };
    Event {
        seq: Seq(1),
        prev: Seq(0),
        id: MessageId::new(START, host.dice()),
        at: START,
        author: Author::System,
        content: text.into(),
    }
}

#[test]
fn it_waits_for_the_welcome_and_for_what_became_of_each_message() {
    let host = FakeHost::new();
    let visitor = TestVisitor::new(&host);
    let message = visitor.message(UNKNOWN);
    let body = encode(Encoding::Json, &[hello(0), submit([message.clone()])]).unwrap();
    let mut exchange = Exchange::new(Encoding::Json, &body, false);
    exchange.push(
        Stored {
            by: Hop::Origin,
            ids: vec![message.id],
        }
        .into(),
    );
    assert!(!exchange.is_complete());
    exchange.push(welcome());
    assert!(exchange.is_complete());
    let answer = decode::<ToVisitor>(Encoding::Json, &exchange.finish().unwrap()).unwrap();
    assert_eq!(
        answer.iter().map(ToVisitor::kind).collect::<Vec<_>>(),
        ["stored", "welcome"]
    );
}

#[test]
fn a_long_poll_waits_for_news_which_what_comes_with_the_welcome_is_not() {
    let body = encode(Encoding::Postcard, &[hello(0)]).unwrap();
    let mut exchange = Exchange::new(Encoding::Postcard, &body, true);
    exchange.push(welcome());
    exchange.push(Queue { place: 2 }.into());
    exchange.pause();
    assert!(!exchange.is_complete());
    exchange.push(Typing { on: true }.into());
    assert!(exchange.is_complete());

    let mut behind = Exchange::new(Encoding::Postcard, &body, true);
    behind.push(welcome());
    behind.push(events(Vec::new()));
    assert!(!behind.is_complete());
    behind.push(events(vec![event()]));
    assert!(behind.is_complete());
}

#[test]
fn a_request_that_was_wrong_as_a_whole_is_answered_with_the_problem() {
    let mut exchange = Exchange::new(Encoding::Postcard, b"\xff", false);
    exchange.push(Problem::new(Code::MalformedFrame, "no frame").into());
    assert_eq!(exchange.finish().unwrap_err().code, Code::MalformedFrame);
}

#[test]
fn an_answer_never_holds_more_than_a_wire_message_may() {
    let body = encode(Encoding::Postcard, &[hello(0)]).unwrap();
    let mut exchange = Exchange::new(Encoding::Postcard, &body, true);
    for _ in 0..FRAMES_PER_WIRE_MESSAGE_MAX {
        exchange.push(welcome());
    }
    assert!(exchange.is_complete());
}
