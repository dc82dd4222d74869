//! Golden vectors: what is on the wire today must be read, and written, alike for ever.
//!
//! `BLESS_VECTORS=1` writes `tests/vectors/v1` anew; a change of an existing line there is a
//! breaking change of the protocol.
#![cfg(feature = "json")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used
)]

#[path = "support/frames.rs"]
mod frames;

use std::collections::BTreeSet;
use std::fmt::Debug;

use firsthop_core::protocol::agent::{FromAgent, ToAgent};
use firsthop_core::protocol::visitor::{Reach, Said, ToServer, ToVisitor};
use firsthop_core::protocol::{Code, Content, Encoding, decode, encode};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

const TO_SERVER: &str = include_str!("../../tests/vectors/v1/visitor_to_server.json");
const TO_VISITOR: &str = include_str!("../../tests/vectors/v1/server_to_visitor.json");
const FROM_AGENT: &str = include_str!("../../tests/vectors/v1/agent_to_server.json");
const TO_AGENT: &str = include_str!("../../tests/vectors/v1/server_to_agent.json");
const EDGE: &str = include_str!("../../tests/vectors/v1/edge.json");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.bytes().collect();
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    digits
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

/// What a file holds, checked against the frames that it stands for.
fn check<F>(file: &str, text: &str, frames: frames::Named<F>)
where
    F: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let lines: Vec<_> = frames
        .iter()
        .map(|(name, frame)| {
            let frame = std::slice::from_ref(frame);
            let json = encode(Encoding::Json, frame).unwrap();
            let json: Value = serde_json::from_slice(&json).unwrap();
            json!({ "name": name, "json": json, "postcard": hex(&encode(Encoding::Postcard, frame).unwrap()) })
        })
        .collect();
    if bless(file, &lines) {
        return;
    }
    let golden: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(golden, lines, "{file}: what is written has changed");
    for (golden, (name, frame)) in golden.iter().zip(&frames) {
        let postcard = unhex(golden["postcard"].as_str().unwrap());
        let read: Vec<F> = decode(Encoding::Postcard, &postcard).unwrap();
        assert_eq!(
            &read,
            std::slice::from_ref(frame),
            "{file}: {name} in postcard"
        );
        let json = golden["json"].to_string();
        let read: Vec<F> = decode(Encoding::Json, json.as_bytes()).unwrap();
        assert_eq!(&read, std::slice::from_ref(frame), "{file}: {name} in JSON");
    }
    let kinds: BTreeSet<_> = lines
        .iter()
        .map(|line| line["json"]["type"].to_string())
        .collect();
    assert!(!kinds.contains("null"), "{file}: every frame says its type");
}

#[cfg(not(target_family = "wasm"))]
fn bless(file: &str, lines: &[Value]) -> bool {
    if std::env::var_os("BLESS_VECTORS").is_none() {
        return false;
    }
    let lines: Vec<_> = lines.iter().map(Value::to_string).collect();
    let path = format!("{}/../tests/vectors/v1/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    true
}

#[cfg(target_family = "wasm")]
fn bless(_file: &str, _lines: &[Value]) -> bool {
    false
}

#[test]
fn frames_of_version_1_are_read_and_written_as_ever() {
    check("visitor_to_server.json", TO_SERVER, frames::to_server());
    check("server_to_visitor.json", TO_VISITOR, frames::to_visitor());
    check("agent_to_server.json", FROM_AGENT, frames::from_agent());
    check("server_to_agent.json", TO_AGENT, frames::to_agent());
}

#[test]
fn batches_and_pushes_of_version_1_are_read_and_written_as_ever() {
    fn line<T>(name: &str, value: &T) -> Value
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug,
    {
        let bytes = postcard::to_allocvec(value).unwrap();
        assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), value);
        json!({ "name": name, "json": serde_json::to_value(value).unwrap(), "postcard": hex(&bytes) })
    }
    let lines = [
        line("batch", &frames::batch()),
        line("batch_reply", &frames::batch_reply()),
        line("push", &frames::push()),
        line("push_reply", &frames::push_reply()),
    ];
    if !bless("edge.json", &lines) {
        assert_eq!(serde_json::from_str::<Vec<Value>>(EDGE).unwrap(), lines);
    }
}

// ---- Yesterday's reader, tomorrow's writer --------------------------------------------------

/// The postcard of a variant: tag, length, payload. All numbers here are below 128.
fn variant(tag: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag, u8::try_from(payload.len()).unwrap()];
    bytes.extend(payload);
    bytes
}

#[test]
fn frames_that_a_later_version_adds_are_skipped() {
    let mut bytes = variant(99, b"from the future");
    bytes.extend(variant(8, &[2])); // queue
    let read: Vec<ToVisitor> = decode(Encoding::Postcard, &bytes).unwrap();
    assert!(
        matches!(read[..], [ToVisitor::Unknown(_), ToVisitor::Queue(queue)] if queue.place == 2)
    );

    let json = br#"[{"type":"hologram","beams":[1,2]},{"type":"queue","place":2}]"#;
    let read: Vec<ToVisitor> = decode(Encoding::Json, json).unwrap();
    assert!(
        matches!(read[..], [ToVisitor::Unknown(_), ToVisitor::Queue(queue)] if queue.place == 2)
    );
}

#[test]
fn members_that_a_later_version_appends_are_ignored() {
    let bytes = variant(10, &[1, 42, 43]); // link, and two bytes more
    let read: Vec<ToVisitor> = decode(Encoding::Postcard, &bytes).unwrap();
    assert!(matches!(read[..], [ToVisitor::Link(link)] if link.origin == Reach::Away));

    let json = br#"{"type":"link","origin":"away","since":7,"why":{"code":"storm"}}"#;
    let read: Vec<ToVisitor> = decode(Encoding::Json, json).unwrap();
    assert!(matches!(read[..], [ToVisitor::Link(link)] if link.origin == Reach::Away));
}

#[test]
fn everything_of_tomorrow_within_everything_of_today_is_survived() {
    fn with_more(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.values_mut().for_each(with_more);
                members.insert("later".to_owned(), json!({ "x": [1, null] }));
            }
            Value::Array(items) => items.iter_mut().for_each(with_more),
            _ => {}
        }
    }
    fn check<F>(text: &str)
    where
        F: DeserializeOwned + PartialEq + Debug,
    {
        for mut line in serde_json::from_str::<Vec<Value>>(text).unwrap() {
            let today: Vec<F> =
                decode(Encoding::Json, line["json"].to_string().as_bytes()).unwrap();
            with_more(&mut line["json"]);
            let tomorrow: Vec<F> =
                decode(Encoding::Json, line["json"].to_string().as_bytes()).unwrap();
            assert_eq!(today, tomorrow);
        }
    }
    check::<ToServer>(TO_SERVER);
    check::<ToVisitor>(TO_VISITOR);
    check::<FromAgent>(FROM_AGENT);
    check::<ToAgent>(TO_AGENT);
}

#[test]
fn events_submissions_and_codes_of_a_later_version_are_survived() {
    let json = br#"{"type":"events","events":[{"seq":1,"prev":0,"id":"01a3185c-5000-7777-8777-777777777777","at":1,"author":"visitor","content":{"type":"dance","steps":3}}]}"#;
    let read: Vec<ToVisitor> = decode(Encoding::Json, json).unwrap();
    let [ToVisitor::Events(events)] = &read[..] else {
        panic!("{read:?}")
    };
    assert!(matches!(events.events[0].content, Content::Unknown(_)));

    let json = br#"{"type":"submit","messages":[{"id":"01a3185c-5000-7777-8777-777777777777","said":{"type":"sing"}}]}"#;
    let read: Vec<ToServer> = decode(Encoding::Json, json).unwrap();
    let [ToServer::Submit(submit)] = &read[..] else {
        panic!("{read:?}")
    };
    assert!(matches!(submit.messages[0].said, Said::Unknown(_)));

    let json = br#"{"type":"error","code":"too_much_joy","message":"","retry_after_ms":null}"#;
    let read: Vec<ToVisitor> = decode(Encoding::Json, json).unwrap();
    assert!(
        matches!(&read[..], [ToVisitor::Error(problem)] if problem.code == Code::Other(u16::MAX))
    );
}
