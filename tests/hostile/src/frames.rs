//! Frames of visitors, agents and edges, and what a device remembers.

use std::fmt::Debug;

use firsthop_core::conversation::{Head, Verdict, check};
use firsthop_core::hop::client::{Change, Client};
use firsthop_core::hop::gateway::{Gateway, Output, State};
use firsthop_core::hop::relay::{Relay, RequestId};
use firsthop_core::id::{AgentId, Uuid, VisitorId};
use firsthop_core::protocol::agent::{FromAgent, ToAgent};
use firsthop_core::protocol::edge::{Batch, BatchReply, Inbox, Push, PushReply};
use firsthop_core::protocol::visitor::{Said, ToServer, ToVisitor};
use firsthop_core::protocol::{
    AgentRef, Encoding, Receipts, SUBMIT_BYTES_MAX, Seq, Status, decode, encode, event_bytes,
    submission_bytes,
};
use firsthop_core::{Instant, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const START: Instant = Instant::from_millis(1_000);

fn visitor() -> VisitorId {
    VisitorId(Uuid([7; 16]))
}

/// Reads bytes in both encodings; what is read is written and read again.
fn read<F>(bytes: &[u8]) -> Vec<Vec<F>>
where
    F: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let mut all = Vec::new();
    for &encoding in Encoding::ALL {
        let Ok(frames) = decode::<F>(encoding, bytes) else {
            continue;
        };
        // What a later version added is kept in postcard only.
        let again =
            encode(Encoding::Postcard, &frames).map(|bytes| decode(Encoding::Postcard, &bytes));
        if let Ok(again) = again {
            assert_eq!(again.as_ref(), Ok(&frames));
        }
        if let Ok(json) = encode(Encoding::Json, &frames) {
            let read = decode::<F>(Encoding::Json, &json);
            assert!(read.is_ok(), "{read:?} of {frames:?}");
        }
        all.push(frames);
    }
    all
}

pub(crate) fn visitor_to_server(bytes: &[u8]) {
    for frames in read::<ToServer>(bytes) {
        let mut gateway = Gateway::new(visitor());
        let mut head = Head::default();
        for frame in frames {
            gateway.handle_frame(START, frame);
            while let Some(output) = gateway.poll_output() {
                match output {
                    Output::Greet(hello) => gateway.handle_state(NOW, &hello, &state()),
                    Output::Ingest(messages) => {
                        for message in messages {
                            assert!(check(&message).is_ok());
                            assert!(submission_bytes(&message) <= SUBMIT_BYTES_MAX);
                            let unknown = matches!(message.said, Said::Unknown(_));
                            let events = head.visitor_says(&message, Verdict::Escalate, None, NOW);
                            let events = events.expect("what was checked is taken");
                            assert!(!unknown && !events.is_empty());
                            assert!(events.iter().all(|e| event_bytes(e) <= SUBMIT_BYTES_MAX));
                        }
                    }
                    Output::Read(_) => gateway.handle_read(Vec::new(), false),
                    _ => {}
                }
            }
        }
    }
}

fn state() -> State {
    State {
        head: Seq(9),
        status: Status::Queued,
        receipts: Receipts::default(),
        pack: None,
        queue: Some(1),
    }
}

pub(crate) fn server_to_visitor(bytes: &[u8]) {
    for frames in read::<ToVisitor>(bytes) {
        let mut client = Client::new(START, 1, "hostile", []);
        client.connect(START);
        client.handle_connected(START);
        client.handle_frames(START, frames.clone());
        look_at(&mut client);

        let mut relay = Relay::new(START, 1, visitor(), []);
        relay.set_sockets(1);
        relay.handle_reply(
            Timestamp::from_millis(1),
            START,
            RequestId(0),
            frames.clone(),
        );
        relay.handle_push(frames);
        while relay.poll_output().is_some() {}
    }
}

/// Everything that a page would show, and the device keep.
fn look_at(client: &mut Client) {
    let lines = client.transcript().lines().len();
    assert!(lines < 100_000);
    let _ = (client.bot_speaks(), client.status(), client.queue_place());
    while client.poll_output().is_some() {}
    if let Some(at) = client.next_timeout() {
        client.handle_timeout(at);
    }
    while client.poll_output().is_some() {}
}

pub(crate) fn agent_to_server(bytes: &[u8]) {
    let agent = AgentRef {
        id: AgentId(Uuid([1; 16])),
        name: "Ada".to_owned(),
    };
    for frames in read::<FromAgent>(bytes) {
        let mut head = Head::default();
        for frame in frames {
            let FromAgent::Command(command) = frame else {
                continue;
            };
            let before = head.clone();
            match head.agent_acts(&agent, &command, NOW) {
                Ok(events) => assert!(!events.is_empty() && head.seq > before.seq),
                Err(_) => assert_eq!(head, before, "refused, and yet changed"),
            }
        }
    }
}

pub(crate) fn server_to_agent(bytes: &[u8]) {
    read::<ToAgent>(bytes);
}

pub(crate) fn edge(bytes: &[u8]) {
    fn again<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
        if let Ok(value) = postcard::from_bytes::<T>(bytes) {
            let written = postcard::to_allocvec(&value).expect("what was read can be written");
            assert_eq!(postcard::from_bytes::<T>(&written).as_ref(), Ok(&value));
        }
    }
    again::<Batch>(bytes);
    again::<BatchReply>(bytes);
    again::<Push>(bytes);
    again::<PushReply>(bytes);
    again::<Inbox>(bytes);
}

/// What another version of the widget may have left on the device.
pub(crate) fn device(bytes: &[u8]) {
    if let Ok(changes) = postcard::from_bytes::<Vec<Change>>(bytes) {
        let mut client = Client::new(START, 1, "hostile", changes.clone());
        client.connect(START);
        client.handle_connected(START);
        for change in changes {
            client.handle_change(START, change);
        }
        look_at(&mut client);
    }
}
