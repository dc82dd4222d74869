//! Version 1 lives with later versions of itself: today's reader with tomorrow's writer, and
//! tomorrow's reader with today's writer, in both encodings.
//!
//! `support/tomorrow.rs` writes what a later version may write; `tests/vectors/future` holds it,
//! with what version 1 takes it for, for readers in other languages (`BLESS_VECTORS=1` writes it
//! anew).
#![cfg(feature = "json")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/tomorrow.rs"]
mod tomorrow;

use std::fmt::Debug;

use firsthop_core::bot::Screened;
use firsthop_core::conversation::Speech;
use firsthop_core::hop::client::{Client, Output};
use firsthop_core::hop::gateway::{Gateway, Output as GatewayOutput, State};
use firsthop_core::hop::relay::{Output as RelayOutput, Relay, SocketId, To};
use firsthop_core::hop::transcript::Delivery;
use firsthop_core::id::{MessageId, VisitorId};
use firsthop_core::protocol::agent::{FromAgent, ToAgent};
use firsthop_core::protocol::edge::{Batch, Push};
use firsthop_core::protocol::visitor::{
    AskPerson, Link, Reach, Said, Submission, ToServer, ToVisitor,
};
use firsthop_core::protocol::{
    Code, Content, Encoding, Receipts, Remedy, Seq, Status, appended, decode, encode,
};
use firsthop_core::{Instant, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const START: Instant = Instant::from_millis(1_000);

fn visitor() -> VisitorId {
    VisitorId::new(NOW, [0x77; 10])
}

fn read<F: DeserializeOwned>(frames: &[tomorrow::Frame], encoding: Encoding) -> Vec<F> {
    let read = |frame: &tomorrow::Frame| {
        let bytes = match encoding {
            Encoding::Postcard => frame.postcard.clone(),
            Encoding::Json => frame.json.to_string().into_bytes(),
        };
        let mut frames: Vec<F> = decode(encoding, &bytes)
            .unwrap_or_else(|problem| panic!("{} in {encoding:?}: {problem}", frame.name));
        assert_eq!(frames.len(), 1, "{}", frame.name);
        frames.remove(0)
    };
    frames.iter().map(read).collect()
}

fn as_json<F: Serialize>(frame: &F) -> Value {
    let bytes = encode(Encoding::Json, std::slice::from_ref(frame)).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn check<F>(file: &str, golden: &str, frames: &[tomorrow::Frame])
where
    F: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let lines: Vec<_> = frames
        .iter()
        .map(|frame| {
            let hex: String = frame.postcard.iter().map(|b| format!("{b:02x}")).collect();
            json!({ "name": frame.name, "postcard": hex, "json": frame.json, "read_as": frame.read_as })
        })
        .collect();
    if !bless(file, &lines) {
        let golden: Vec<Value> = serde_json::from_str(golden).unwrap();
        assert_eq!(golden, lines, "{file}");
    }
    for &encoding in Encoding::ALL {
        for (frame, read) in frames.iter().zip(read::<F>(frames, encoding)) {
            assert_eq!(
                as_json(&read),
                frame.read_as,
                "{} in {encoding:?}",
                frame.name
            );
            // What is passed on in postcard is passed on whole.
            let passed_on = encode(Encoding::Postcard, std::slice::from_ref(&read)).unwrap();
            let again: Vec<F> = decode(Encoding::Postcard, &passed_on).unwrap();
            assert_eq!(again, [read], "{} in {encoding:?}", frame.name);
        }
    }
}

#[cfg(not(target_family = "wasm"))]
fn bless(file: &str, lines: &[Value]) -> bool {
    if std::env::var_os("BLESS_VECTORS").is_none() {
        return false;
    }
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    let root = env!("CARGO_MANIFEST_DIR");
    let path = format!("{root}/../tests/vectors/future/{file}");
    std::fs::write(path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    true
}

#[cfg(target_family = "wasm")]
fn bless(_file: &str, _lines: &[Value]) -> bool {
    false
}

#[test]
fn what_a_later_version_writes_is_read_as_far_as_it_is_known() {
    macro_rules! golden {
        ($frames:ty, $file:literal, $of:expr) => {
            let text = include_str!(concat!("../../tests/vectors/future/", $file));
            check::<$frames>($file, text, &$of);
        };
    }
    golden!(ToVisitor, "server_to_visitor.json", tomorrow::to_visitor());
    golden!(ToServer, "visitor_to_server.json", tomorrow::to_server());
    golden!(ToAgent, "server_to_agent.json", tomorrow::to_agent());
    golden!(FromAgent, "agent_to_server.json", tomorrow::from_agent());
}

#[test]
fn batches_and_pushes_of_a_later_version_are_read() {
    let [batch, push] = tomorrow::batch_and_push();
    let batch: Batch = postcard::from_bytes(&batch).unwrap();
    let frames = read::<ToServer>(&tomorrow::to_server(), Encoding::Postcard);
    assert_eq!(batch.uplinks[0].frames, frames);
    let push: Push = postcard::from_bytes(&push).unwrap();
    let frames = read::<ToVisitor>(&tomorrow::to_visitor(), Encoding::Postcard);
    assert_eq!(push.downlinks[0].frames, frames);
    assert_eq!(push.changed_inboxes, ["demo"]);
}

/// A struct of tomorrow, which today ends after `origin`.
#[derive(Debug, Deserialize, PartialEq, Eq)]
struct LinkOfTomorrow {
    origin: Reach,
    #[serde(default, deserialize_with = "appended")]
    since: u64,
    #[serde(default, deserialize_with = "appended")]
    why: Option<String>,
}

#[test]
fn a_later_reader_takes_what_today_does_not_write_for_its_default() {
    let link: ToVisitor = Link {
        origin: Reach::Away,
    }
    .into();
    let today = LinkOfTomorrow {
        origin: Reach::Away,
        since: 0,
        why: None,
    };
    let json = as_json(&link).to_string();
    assert_eq!(
        serde_json::from_str::<LinkOfTomorrow>(&json).unwrap(),
        today
    );
    let bytes = encode(Encoding::Postcard, &[link]).unwrap();
    // After the tag and the length.
    let read: LinkOfTomorrow = postcard::from_bytes(&bytes[2..]).unwrap();
    assert_eq!(read, today);
    let read: LinkOfTomorrow = postcard::from_bytes(&[1, 7, 1, 2, b'o', b'k']).unwrap();
    assert_eq!((read.since, read.why.as_deref()), (7, Some("ok")));
    let wrong = r#"{"origin":"up","since":"yesterday"}"#;
    assert!(serde_json::from_str::<LinkOfTomorrow>(wrong).is_err());
}

#[test]
fn a_client_of_today_lives_with_a_server_of_tomorrow() {
    for &encoding in Encoding::ALL {
        let mut client = Client::new(START, 1, "today", []);
        client.connect(START);
        client.handle_connected(START);
        let frames = read::<ToVisitor>(&tomorrow::to_visitor(), encoding);
        client.handle_frames(START, frames);
        assert!(client.is_connected());
        assert_eq!(client.cursor(), Seq(4));
        assert_eq!(client.transcript().events().len(), 4);
        assert!(matches!(client.status(), Status::Unknown(_)));
        let speech = client.bot_speaks();
        assert_eq!(speech, Speech::Silent, "an agent may have the conversation");
        let message = Submission {
            id: MessageId::new(NOW, [9; 10]),
            at: NOW,
            said: Said::Person(AskPerson {}),
        };
        let id = message.id;
        client.say(START, message, None).unwrap();
        let mut submitted = 0;
        while let Some(output) = client.poll_output() {
            assert!(!matches!(output, Output::Disconnect | Output::Admit));
            let Output::Send(frames) = output else {
                continue;
            };
            let submits = frames.iter().filter(|f| matches!(f, ToServer::Submit(_)));
            submitted += submits.count();
        }
        assert_eq!(submitted, 1);
        // Refused by a code that nobody knows, with advice: it is kept.
        let refused = json!({ "type": "refused", "id": id, "problem": { "code": "door_closed", "message": "", "retry_after_ms": 500 } });
        let refused = decode(Encoding::Json, refused.to_string().as_bytes()).unwrap();
        client.handle_frames(START, refused);
        assert_eq!(client.outbox_len(), 1);
        // Stored by a hop that nobody knows: it is durable above, and leaves the outbox.
        let stored = json!({ "type": "stored", "by": "satellite", "ids": [id] });
        let stored = decode(Encoding::Json, stored.to_string().as_bytes()).unwrap();
        client.handle_frames(START, stored);
        assert_eq!(client.outbox_len(), 0);
        let lines = client.transcript().lines();
        let delivery = lines.iter().find(|line| line.id == id).unwrap();
        assert!(matches!(delivery.delivery, Some(Delivery::Stored(_))));
    }
}

#[test]
fn an_origin_of_today_serves_a_client_of_tomorrow() {
    for &encoding in Encoding::ALL {
        let mut gateway = Gateway::new(visitor());
        let mut outputs = Vec::new();
        for frame in read::<ToServer>(&tomorrow::to_server(), encoding) {
            gateway.handle_frame(START, frame);
            while let Some(output) = gateway.poll_output() {
                if let GatewayOutput::Greet(hello) = &output {
                    let state = State {
                        head: Seq(5),
                        status: Status::Pending,
                        receipts: Receipts::default(),
                        pack: None,
                        queue: None,
                    };
                    gateway.handle_state(NOW, hello, &state);
                }
                outputs.push(output);
            }
        }
        assert!(!outputs.contains(&GatewayOutput::Close), "{outputs:?}");
        let refused = outputs.iter().find_map(|output| match output {
            GatewayOutput::Send(ToVisitor::Refused(refused)) => Some(refused),
            _ => None,
        });
        let refused = refused.unwrap();
        assert_eq!(refused.id.to_string(), tomorrow::OTHER_ID);
        assert_eq!(refused.problem.code, Code::MalformedFrame);
        assert_eq!(refused.problem.remedy(), Remedy::Never);
        let taken = outputs.iter().find_map(|output| match output {
            GatewayOutput::Ingest(messages) => Some(messages),
            _ => None,
        });
        let taken: Vec<_> = taken.unwrap().iter().map(|m| m.id.to_string()).collect();
        assert_eq!(taken, [tomorrow::ID]);
    }
}

#[test]
fn an_edge_of_today_passes_on_what_only_its_neighbours_know() {
    let frames = read::<ToVisitor>(&tomorrow::to_visitor(), Encoding::Postcard);
    let mut relay = Relay::new(START, 1, visitor(), []);
    relay.set_sockets(1);
    relay.handle_push(frames.clone());
    let mut sent = Vec::new();
    while let Some(output) = relay.poll_output() {
        if let RelayOutput::Send(To::All, frame) = output {
            sent.push(frame);
        }
    }
    // Of a refusal for now the visitor does not hear, as the edge may store the message yet.
    let expected: Vec<_> = frames
        .into_iter()
        .filter(|frame| !matches!(frame, ToVisitor::Refused(_)))
        .collect();
    assert_eq!(sent, expected);
    let bytes = encode(Encoding::Postcard, &sent).unwrap();
    let arrived: Vec<ToVisitor> = decode(Encoding::Postcard, &bytes).unwrap();
    assert_eq!(arrived, expected);
    let kept = |frame: &ToVisitor| match frame {
        ToVisitor::Events(events) => events
            .events
            .iter()
            .any(|event| matches!(&event.content, Content::Unknown(unread) if unread.bytes() > 10)),
        _ => false,
    };
    assert!(arrived.iter().any(kept), "the attachment is still whole");

    // What a client of tomorrow says in a way that today's edge can't check goes nowhere.
    for frame in read::<ToServer>(&tomorrow::to_server(), Encoding::Postcard) {
        match frame {
            ToServer::Submit(submit) => {
                let screened = Screened {
                    submission: submit.messages[0].clone(),
                    answered: None,
                    forged: false,
                };
                relay.handle_submission(SocketId(1), screened);
            }
            frame => relay.handle_frame(SocketId(1), frame),
        }
    }
    let mut asked = Vec::new();
    while let Some(output) = relay.poll_output() {
        if let RelayOutput::Request(_, frames) = output {
            asked.extend(frames.iter().map(ToServer::kind));
        }
    }
    assert_eq!(asked, ["hello", "submit"]);
}
