//! A device that comes back after hours with a full outbox sends it at the pace that it may.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use core::time::Duration;

use firsthop_core::hop::client::{Change, Client, Output, Written};
use firsthop_core::hop::gateway::{Gateway, Output as Asked, State};
use firsthop_core::id::{MessageId, VisitorId};
use firsthop_core::limits::{
    CLIENT_SUBMISSIONS_BURST, VISITOR_OUTBOX_MAX, VISITOR_SUBMISSION_REFILL,
};
use firsthop_core::protocol::visitor::{Said, SaidText, Submission, ToServer, ToVisitor};
use firsthop_core::protocol::{Code, Receipts, Seq, Status};
use firsthop_core::{Instant, Timestamp};

const NOW: Instant = Instant::from_millis(1_000);
const WALL: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn written(number: usize) -> Change {
    let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
    let said = Said::Text(SaidText {
        text: format!("text {number}").into(),
        lang: String::new(),
        claim: None,
        page: Default::default(),
    });
    let id = MessageId::new(WALL, [0, high, 0, low, 0, 0, 0, 0, 0, 0]);
    let submission = Submission { id, at: WALL, said };
    Change::Written(Written {
        submission,
        answered: None,
    })
}

/// An origin's side of a visitor's socket, whose store takes everything at once.
struct Origin {
    gateway: Gateway,
    stored: Vec<MessageId>,
    refusals: usize,
}

impl Origin {
    fn new() -> Self {
        Self {
            gateway: Gateway::new(VisitorId::new(WALL, [1; 10])),
            stored: Vec::new(),
            refusals: 0,
        }
    }

    fn answer(&mut self, now: Instant, frames: Vec<ToServer>) -> Vec<ToVisitor> {
        let mut sent = Vec::new();
        for frame in frames {
            self.gateway.handle_frame(now, frame);
            while let Some(output) = self.gateway.poll_output() {
                match output {
                    Asked::Send(frame) => sent.push(frame),
                    Asked::Greet(hello) => {
                        let state = State {
                            head: Seq(0),
                            status: Status::Pending,
                            receipts: Receipts::default(),
                            pack: None,
                            queue: None,
                        };
                        self.gateway.handle_state(WALL, &hello, &state);
                    }
                    Asked::Ingest(messages) => {
                        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
                        self.stored.extend(&ids);
                        let results = ids.into_iter().map(|id| (id, Ok(())));
                        self.gateway.handle_ingested(results);
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        let refused = sent.iter().filter(|frame| {
            matches!(frame, ToVisitor::Refused(refused) if refused.problem.code == Code::TooManyMessages)
        });
        self.refusals += refused.count();
        sent
    }
}

/// Lets time pass until nothing waits; gives how long that took.
fn run(client: &mut Client, origin: &mut Origin) -> Duration {
    let mut now = NOW;
    client.connect(now);
    while client.outbox_len() > 0 {
        match client.poll_output() {
            Some(Output::Connect(_)) => client.handle_connected(now),
            Some(Output::Send(frames)) => {
                let frames = origin.answer(now, frames);
                client.handle_frames(now, frames);
            }
            Some(_) => {}
            None => {
                now = client.next_timeout().unwrap();
                client.handle_timeout(now);
            }
        }
    }
    now.since(NOW)
}

#[test]
fn a_full_outbox_goes_up_without_a_refusal_as_fast_as_it_may() {
    let mut client = Client::new(NOW, 1, "test", (0..VISITOR_OUTBOX_MAX).map(written));
    let mut origin = Origin::new();
    let took = run(&mut client, &mut origin);
    assert_eq!(origin.refusals, 0);
    assert_eq!(
        origin.stored.len(),
        VISITOR_OUTBOX_MAX,
        "each was sent once"
    );
    assert!(origin.stored.is_sorted());
    let rest = u32::try_from(VISITOR_OUTBOX_MAX).unwrap() - CLIENT_SUBMISSIONS_BURST;
    assert_eq!(took, VISITOR_SUBMISSION_REFILL * rest);
}

#[test]
fn who_shares_the_bucket_with_others_is_refused_once_and_then_keeps_the_pace() {
    let mut origin = Origin::new();
    let mut first = Client::new(NOW, 1, "test", (0..40).map(written));
    // Another tab has just used up the bucket.
    run(&mut first, &mut origin);
    let mut second = Client::new(NOW, 2, "test", (40..80).map(written));
    run(&mut second, &mut origin);
    assert_eq!(origin.stored.len(), 80);
    assert!(
        origin.refusals <= 16,
        "{} refusals, more than of one frame",
        origin.refusals
    );
}
