//! `docs/protocol.md` says what the code does.
#![cfg(feature = "json")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::string_slice
)]

#[path = "support/frames.rs"]
mod frames;

use std::collections::BTreeSet;

use firsthop_core::limits;
use firsthop_core::protocol::visitor::{ToServer, ToVisitor};
use firsthop_core::protocol::{Code, Encoding, Remedy, decode};
use serde_json::Value;

const DOC: &str = include_str!("../../docs/protocol.md");
const TO_SERVER: &str = include_str!("../../tests/vectors/v1/visitor_to_server.json");
const TO_VISITOR: &str = include_str!("../../tests/vectors/v1/server_to_visitor.json");

/// The fenced blocks that begin with ```` ```json `kind` ````.
fn examples(kind: &str) -> Vec<&'static str> {
    let fence = format!("```json {kind}\n");
    let blocks = DOC.split(fence.as_str()).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

/// The cells of the table rows that have `columns` of them.
fn rows(section: &str, columns: usize) -> Vec<Vec<&'static str>> {
    let from = DOC.find(section).expect("the section is there");
    let section = DOC[from + section.len()..].split("\n## ").next().unwrap();
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect();
    let rows = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(cells);
    rows.skip(2)
        .filter(|row: &Vec<_>| row.len() == columns)
        .collect()
}

fn golden(vectors: &str) -> Vec<Value> {
    let vectors: Vec<Value> = serde_json::from_str(vectors).unwrap();
    vectors
        .into_iter()
        .map(|vector| vector["json"].clone())
        .collect()
}

#[test]
fn every_example_is_a_golden_vector_and_every_frame_has_one() {
    let check = |kind: &str, vectors: &str| {
        let golden = golden(vectors);
        let shown: Vec<Value> = examples(kind)
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
        for example in &shown {
            assert!(golden.contains(example), "no golden vector: {example}");
        }
        let kinds = |frames: &[Value]| -> BTreeSet<String> {
            frames
                .iter()
                .map(|frame| frame["type"].to_string())
                .collect()
        };
        assert_eq!(kinds(&shown), kinds(&golden));
    };
    check("to-server", TO_SERVER);
    check("to-visitor", TO_VISITOR);
    for example in examples("to-server") {
        assert_eq!(
            decode::<ToServer>(Encoding::Json, example.as_bytes())
                .unwrap()
                .len(),
            1
        );
    }
    for example in examples("to-visitor") {
        assert_eq!(
            decode::<ToVisitor>(Encoding::Json, example.as_bytes())
                .unwrap()
                .len(),
            1
        );
    }
}

#[test]
fn every_frame_has_a_heading() {
    let sent: Vec<_> = frames::to_server()
        .iter()
        .map(|(_, frame)| frame.kind())
        .collect();
    let got: Vec<_> = frames::to_visitor()
        .iter()
        .map(|(_, frame)| frame.kind())
        .collect();
    for kind in sent.iter().chain(&got) {
        assert!(
            DOC.contains(&format!("\n### `{kind}`\n")),
            "`{kind}` is not described"
        );
    }
}

#[test]
fn the_table_of_errors_is_that_of_the_code() {
    let table: Vec<_> = rows("## 8. Errors", 4)
        .into_iter()
        .map(|row| {
            (
                row[0].trim_matches('`').to_owned(),
                row[1].to_owned(),
                row[2].to_owned(),
            )
        })
        .collect();
    let remedy = |code: Code| match code.remedy() {
        Remedy::RetryLater => "retry later",
        Remedy::Authenticate => "be admitted again",
        Remedy::Never => "never",
    };
    let code: Vec<_> = Code::ALL
        .iter()
        .map(|&code| {
            (
                code.to_string(),
                code.http_status().to_string(),
                remedy(code).to_owned(),
            )
        })
        .collect();
    assert_eq!(table, code);
}

#[test]
fn the_table_of_limits_is_that_of_the_code() {
    let millis = |duration: core::time::Duration| duration.as_millis() as usize;
    for row in rows("## 9. Limits", 3) {
        let value = match row[2].trim_matches('`') {
            "WIRE_MESSAGE_BYTES_MAX" => limits::WIRE_MESSAGE_BYTES_MAX,
            "FRAMES_PER_WIRE_MESSAGE_MAX" => limits::FRAMES_PER_WIRE_MESSAGE_MAX,
            "TEXT_BYTES_MAX" => limits::TEXT_BYTES_MAX,
            "SUBMISSIONS_PER_FRAME_MAX" => limits::SUBMISSIONS_PER_FRAME_MAX,
            "EVENTS_PER_FRAME_MAX" => limits::EVENTS_PER_FRAME_MAX,
            "PAGE_FIELD_BYTES_MAX" => limits::PAGE_FIELD_BYTES_MAX,
            "WORD_BYTES_MAX" => limits::WORD_BYTES_MAX,
            "INBOX_KEY_BYTES_MAX" => limits::INBOX_KEY_BYTES_MAX,
            "TOKEN_BYTES_MAX" => limits::TOKEN_BYTES_MAX,
            "SOCKETS_PER_VISITOR_MAX" => limits::SOCKETS_PER_VISITOR_MAX,
            "VISITOR_SUBMISSIONS_BURST" => limits::VISITOR_SUBMISSIONS_BURST as usize,
            "VISITOR_SUBMISSION_REFILL" => millis(limits::VISITOR_SUBMISSION_REFILL),
            "VISITOR_FRAMES_BURST" => limits::VISITOR_FRAMES_BURST as usize,
            "VISITOR_FRAME_REFILL" => millis(limits::VISITOR_FRAME_REFILL),
            "LONG_POLL_HOLD" => millis(limits::LONG_POLL_HOLD),
            "TOKEN_LIFETIME" => limits::TOKEN_LIFETIME.as_secs() as usize / 86_400,
            other => panic!("{other} is not a limit"),
        };
        assert_eq!(row[1], value.to_string(), "{}", row[2]);
    }
}

#[test]
fn the_times_in_the_text_are_those_of_the_code() {
    use core::time::Duration;
    let seconds = Duration::from_secs;
    // What section 7 tells a client to do, it tells in these numbers.
    assert_eq!(
        (limits::PING_AFTER, limits::PONG_WITHIN),
        (seconds(25), seconds(10))
    );
    assert_eq!(
        (limits::EDGE_SOCKET_SILENT_MAX, limits::VISITOR_SILENT_MAX),
        (seconds(150), seconds(60))
    );
    assert_eq!(
        (
            limits::EDGE_SOCKET_SILENT_LEAST,
            limits::EDGE_SOCKET_SILENT_MOST
        ),
        (seconds(40), seconds(3600))
    );
    assert_eq!(limits::EDGE_SOCKET_UNHEARD_BYTES_MAX, 1024 * 1024);
    assert_eq!(
        (limits::RETRANSMIT_AFTER, limits::RETRANSMIT_AFTER_MAX),
        (seconds(4), seconds(60))
    );
    assert_eq!(limits::RECONNECT_AFTER, Duration::from_millis(500));
    assert_eq!(limits::RECONNECT_AFTER_MAX, seconds(30));
    assert_eq!(limits::TRANSPORT_FAILURES_MAX, 2);
    assert_eq!(limits::TYPING_LAPSES_AFTER, seconds(6));
    assert_eq!(limits::STREAM_KEEP_ALIVE, seconds(15));
}
