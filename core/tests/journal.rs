//! What a device remembers does not grow with every change for ever: few changes stand for many.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use firsthop_core::hop::client::{Change, Client, Output};
use firsthop_core::hop::transcript::{Body, Delivery};
use firsthop_core::id::{Derived, MessageId, VisitorId};
use firsthop_core::limits::DEVICE_EVENTS_MAX;
use firsthop_core::protocol::visitor::{
    Events, Reach, Refused, Said, SaidText, Stored, Submission, ToServer, ToVisitor, Welcome,
};
use firsthop_core::protocol::{
    Author, Code, Event, Hop, Problem, Receipts, Seq, Status, Text, VERSION,
};
use firsthop_core::{Instant, Timestamp};

const NOW: Instant = Instant::from_millis(1_000);
const WALL: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn id(number: u64) -> MessageId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    MessageId::new(WALL, random)
}

fn submission(number: u64) -> Submission {
    Submission {
        id: id(number),
        at: WALL,
        said: Said::Text(SaidText {
            text: format!("message {number}").into(),
            lang: "en".into(),
            claim: None,
            page: Default::default(),
        }),
    }
}

/// A device that remembers, as its store does.
struct Device {
    client: Client,
    journal: Vec<Change>,
    head: u64,
}

impl Device {
    fn new(journal: Vec<Change>) -> Self {
        let client = Client::new(NOW, 1, "test", journal.clone());
        let head = client.cursor().0;
        Self {
            client,
            journal,
            head,
        }
    }

    fn keep(&mut self) -> Vec<ToServer> {
        let mut sent = Vec::new();
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Save(change) => self.journal.push(change),
                Output::Send(frames) => sent.extend(frames),
                _ => {}
            }
        }
        sent
    }

    fn connect(&mut self) -> Vec<ToServer> {
        self.client.connect(NOW);
        self.client.handle_connected(NOW);
        let welcome = Welcome {
            version: VERSION,
            visitor: VisitorId::new(WALL, [1; 10]),
            hop: Hop::Origin,
            head: Some(Seq(self.head)),
            status: Some(Status::Assigned),
            receipts: Receipts::default(),
            pack: None,
            origin: Reach::Up,
            now: WALL,
            cursor: self.client.cursor(),
        };
        self.hear(welcome)
    }

    fn hear(&mut self, frame: impl Into<ToVisitor>) -> Vec<ToServer> {
        self.client.handle_frames(NOW, vec![frame.into()]);
        self.keep()
    }

    fn say(&mut self, number: u64) {
        self.client.say(NOW, submission(number), None).unwrap();
        self.keep();
    }

    fn log(&mut self, id: MessageId, author: Author) {
        self.head += 1;
        let text = Text {
            text: format!("event {}", self.head).into(),
            unverified: None,
        };
        let event = Event {
            seq: Seq(self.head),
            prev: Seq(self.head - 1),
            id,
            at: WALL,
            author,
            content: text.into(),
        };
        let (events, more) = (vec![event], false);
        self.hear(Events { events, more });
    }

    /// What is shown, one line each.
    fn shown(&self) -> Vec<String> {
        let lines = self.client.transcript().lines();
        let shown = lines.iter().map(|line| {
            let Body::Text(text) = line.body else {
                panic!("{line:?}")
            };
            format!("{:?} {} {text} {:?}", line.seq, line.id, line.delivery)
        });
        shown.collect()
    }
}

/// Much was said, some of it waits, was refused, or is stored below.
fn talked(messages: u64) -> Device {
    let mut device = Device::new(Vec::new());
    device.connect();
    for number in 1..=messages {
        device.say(number);
        let (by, ids) = (Hop::Origin, vec![id(number)]);
        device.hear(Stored { by, ids });
        device.log(id(number), Author::Visitor);
        device.log(id(number).derive(Derived::Answer), Author::Bot);
        let (delivered, read) = (Seq(device.head), Seq(device.head - 1));
        device.hear(Receipts { delivered, read });
    }
    for number in [9_001, 9_002, 9_003, 9_004] {
        device.say(number);
    }
    let problem = Problem::new(Code::TextTooLong, "too long");
    let id = id(9_002);
    device.hear(Refused { id, problem });
    let (by, ids) = (Hop::Edge, vec![self::id(9_003)]);
    device.hear(Stored { by, ids });
    device
}

#[test]
fn few_changes_stand_for_many_and_the_same_comes_of_them() {
    let mut device = talked(200);
    let snapshot = device.client.snapshot();
    assert!(
        device.journal.len() > 800 && snapshot.len() < 16,
        "{}",
        snapshot.len()
    );
    let mut again = Device::new(snapshot);
    assert_eq!(again.shown(), device.shown());
    assert_eq!(again.client.cursor(), device.client.cursor());
    assert_eq!(again.client.outbox_len(), 2);
    let states = again.client.transcript().lines();
    assert!(matches!(
        states.last().unwrap().delivery,
        Some(Delivery::Queued)
    ));

    // What waits is sent, in its order, and what was refused can be sent again.
    let sent = again.connect();
    let submitted = |frames: &[ToServer]| {
        let submits = frames.iter().filter_map(|frame| match frame {
            ToServer::Submit(submit) => Some(submit.messages.iter().map(|message| message.id)),
            _ => None,
        });
        submits.flatten().collect::<Vec<_>>()
    };
    assert_eq!(submitted(&sent), [id(9_001), id(9_004)]);
    assert!(again.client.transcript().failed(id(9_002)).is_some());
    // And the log goes on where it was.
    for device in [&mut again, &mut device] {
        device.log(id(9_001), Author::Visitor);
    }
    assert_eq!(again.shown(), device.shown());
}

#[test]
fn of_a_long_log_the_newest_events_are_kept() {
    let mut device = talked(DEVICE_EVENTS_MAX as u64);
    let mut again = Device::new(device.client.snapshot());
    let cut = device.shown().len() - again.shown().len();
    assert_eq!(cut, DEVICE_EVENTS_MAX);
    assert_eq!(again.shown(), device.shown()[cut..]);
    assert_eq!(again.client.cursor(), device.client.cursor());
    // Nothing is missing as far as the device knows: nobody sends it all again.
    let sent = again.connect();
    assert!(
        !sent
            .iter()
            .any(|frame| matches!(frame, ToServer::CatchUp(_))),
        "{sent:?}"
    );
    for device in [&mut again, &mut device] {
        device.log(id(9_001), Author::Visitor);
    }
    assert_eq!(again.shown(), device.shown()[cut..]);
    // And so on: it does not grow from one time to the next.
    let twice = Device::new(again.client.snapshot());
    assert_eq!(twice.client.transcript().events().len(), DEVICE_EVENTS_MAX);
}
