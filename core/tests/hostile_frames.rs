//! Any bytes in either encoding give frames or a problem; limits hold to the byte.
#![cfg(feature = "json")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/frames.rs"]
mod frames;

use firsthop_core::Timestamp;
use firsthop_core::conversation::check;
use firsthop_core::id::{Derived, MessageId};
use firsthop_core::limits::{
    CLAIM_TEXT_BYTES_MAX, EVENTS_PER_FRAME_MAX, FRAMES_PER_WIRE_MESSAGE_MAX, PAGE_FIELD_BYTES_MAX,
    SUGGESTIONS_MAX, TEXT_BYTES_MAX, WIRE_MESSAGE_BYTES_MAX, WORD_BYTES_MAX,
};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::agent::{FromAgent, ToAgent};
use firsthop_core::protocol::visitor::{
    Claim, Events, Hello, Page, Ping, Said, SaidText, Submission, Submit, ToServer, ToVisitor,
};
use firsthop_core::protocol::{
    Author, Code, Content, Encoding, Event, Hop, Note, Seq, Text, UnverifiedClaim, decode, encode,
    event_bytes, events_that_fit, submission_bytes,
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn read_as_everything(bytes: &[u8]) {
    for &encoding in Encoding::ALL {
        let _ = decode::<ToServer>(encoding, bytes);
        let _ = decode::<ToVisitor>(encoding, bytes);
        let _ = decode::<FromAgent>(encoding, bytes);
        let _ = decode::<ToAgent>(encoding, bytes);
    }
    let _ = postcard::from_bytes::<firsthop_core::protocol::edge::Batch>(bytes);
    let _ = postcard::from_bytes::<firsthop_core::protocol::edge::Push>(bytes);
}

fn all_vectors() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for &encoding in Encoding::ALL {
        all.extend(
            frames::to_server()
                .iter()
                .map(|(_, frame)| encode(encoding, std::slice::from_ref(frame)).unwrap()),
        );
        all.extend(
            frames::to_visitor()
                .iter()
                .map(|(_, frame)| encode(encoding, std::slice::from_ref(frame)).unwrap()),
        );
        all.extend(
            frames::from_agent()
                .iter()
                .map(|(_, frame)| encode(encoding, std::slice::from_ref(frame)).unwrap()),
        );
        all.extend(
            frames::to_agent()
                .iter()
                .map(|(_, frame)| encode(encoding, std::slice::from_ref(frame)).unwrap()),
        );
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn damaged_frames_never_panic(
        pick in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let all = all_vectors();
        let mut bytes = all[pick.index(all.len())].clone();
        let index = at.index(bytes.len());
        bytes[index] = byte;
        read_as_everything(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        read_as_everything(&bytes);
    }

    #[test]
    fn what_is_written_is_read(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}", number in any::<u8>(), nonce in any::<u32>()) {
        let said = SaidText { text: text.as_str().into(), lang: text.chars().take(9).collect(), claim: None, page: Default::default() };
        let message = Submission { id: MessageId::new(NOW, [number; 10]), at: NOW, said: Said::Text(said) };
        let sent: Vec<ToServer> = vec![Submit { messages: vec![message] }.into(), Ping { nonce }.into()];
        for &encoding in Encoding::ALL {
            let bytes = encode(encoding, &sent).unwrap();
            prop_assert_eq!(&decode::<ToServer>(encoding, &bytes).unwrap(), &sent);
        }
    }

    #[test]
    fn sizes_are_never_underestimated(text in "\\PC{0,300}|[\\x00-\\x7f]{0,300}") {
        let said = SaidText { text: text.as_str().into(), lang: String::new(), claim: None, page: Default::default() };
        let message = Submission { id: MessageId::new(NOW, [1; 10]), at: NOW, said: Said::Text(said) };
        let estimate = submission_bytes(&message);
        let frame: ToServer = Submit { messages: vec![message] }.into();
        let event = event(1, Note { text: text.as_str().into() });
        let event_estimate = event_bytes(&event);
        let events: ToVisitor = Events { events: vec![event], more: true }.into();
        for &encoding in Encoding::ALL {
            prop_assert!(encode(encoding, std::slice::from_ref(&frame)).unwrap().len() <= estimate);
            prop_assert!(encode(encoding, std::slice::from_ref(&events)).unwrap().len() <= event_estimate);
        }
    }
}

fn event(seq: u64, content: impl Into<Content>) -> Event {
    let id = MessageId::new(NOW, [3; 10]);
    Event {
        seq: Seq(seq),
        prev: Seq(seq - 1),
        id,
        at: NOW,
        author: Author::Visitor,
        content: content.into(),
    }
}

#[test]
fn sizes_of_all_golden_events_are_never_underestimated() {
    for (_, frame) in frames::to_visitor() {
        let ToVisitor::Events(events) = frame else {
            continue;
        };
        for event in events.events {
            let estimate = event_bytes(&event);
            let frame: ToVisitor = Events {
                events: vec![event],
                more: true,
            }
            .into();
            for &encoding in Encoding::ALL {
                let bytes = encode(encoding, std::slice::from_ref(&frame)).unwrap();
                assert!(bytes.len() <= estimate, "{} > {estimate}", bytes.len());
            }
        }
    }
}

#[test]
fn as_many_events_go_into_a_frame_as_fit_and_never_none() {
    let long = |seq| {
        event(
            seq,
            Note {
                text: "\"".repeat(TEXT_BYTES_MAX).into(),
            },
        )
    };
    let short = |seq| event(seq, Note { text: "x".into() });
    let many: Vec<_> = (1..=200).map(short).collect();
    assert_eq!(events_that_fit(&many), EVENTS_PER_FRAME_MAX);
    let longs: Vec<_> = (1..=200).map(long).collect();
    let fit = events_that_fit(&longs);
    assert!((1..8).contains(&fit));
    let frame: ToVisitor = Events {
        events: longs[..fit].to_vec(),
        more: true,
    }
    .into();
    for &encoding in Encoding::ALL {
        assert!(encode(encoding, std::slice::from_ref(&frame)).is_ok());
    }
    assert_eq!(events_that_fit(&[]), 0);
}

#[test]
fn one_byte_or_one_frame_too_many_is_refused_by_name() {
    for &encoding in Encoding::ALL {
        let refused =
            decode::<ToServer>(encoding, &vec![b' '; WIRE_MESSAGE_BYTES_MAX + 1]).unwrap_err();
        assert_eq!(refused.code, Code::MessageTooLarge);
        let ping: ToServer = Ping { nonce: 1 }.into();
        let most = vec![ping.clone(); FRAMES_PER_WIRE_MESSAGE_MAX];
        let bytes = encode(encoding, &most).unwrap();
        assert_eq!(decode::<ToServer>(encoding, &bytes).unwrap(), most);
        let bytes = encode(encoding, &vec![ping; FRAMES_PER_WIRE_MESSAGE_MAX + 1]).unwrap();
        assert_eq!(
            decode::<ToServer>(encoding, &bytes).unwrap_err().code,
            Code::TooManyItems
        );
    }
    let json = format!(
        r#"{{"type":"ping","nonce":1{}}}"#,
        " ".repeat(WIRE_MESSAGE_BYTES_MAX - 25)
    );
    assert_eq!(json.len(), WIRE_MESSAGE_BYTES_MAX);
    assert!(decode::<ToServer>(Encoding::Json, json.as_bytes()).is_ok());
    let json = format!("{json} ");
    assert_eq!(
        decode::<ToServer>(Encoding::Json, json.as_bytes())
            .unwrap_err()
            .code,
        Code::MessageTooLarge
    );
}

#[test]
fn deep_nesting_and_broken_text_are_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(9_000), close.repeat(9_000));
        let inside = format!(r#"{{"type":"ping","nonce":1,"later":{deep}}}"#);
        for json in [deep, inside] {
            let refused = decode::<ToServer>(Encoding::Json, json.as_bytes()).unwrap_err();
            assert_eq!(refused.code, Code::MalformedFrame);
        }
    }
    let not_utf8 = b"{\"type\":\"submit\",\"messages\":[{\"id\":\"01a3185c-5000-7777-8777-777777777777\",\"said\":{\"type\":\"text\",\"text\":\"\xff\xfe\"}}]}";
    assert_eq!(
        decode::<ToServer>(Encoding::Json, not_utf8)
            .unwrap_err()
            .code,
        Code::MalformedFrame
    );
    // In postcard: a text (length 2) that is no UTF-8, in `said` of a `submit`.
    let said = [&[2, 0xff, 0xfe][..], &[0, 0]].concat();
    let mut message = [7; 16].to_vec();
    message.extend([0, 1, said.len() as u8]);
    message.extend(&said);
    let mut payload = vec![1, message.len() as u8];
    payload.extend(&message);
    let mut frame = vec![2, payload.len() as u8];
    frame.extend(&payload);
    assert_eq!(
        decode::<ToServer>(Encoding::Postcard, &frame)
            .unwrap_err()
            .code,
        Code::MalformedFrame
    );
}

#[test]
fn a_length_that_lies_is_refused() {
    for lie in [
        [2, 0xff, 0xff, 0xff, 0xff, 0x0f].as_slice(),
        &[2, 5, 0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff; 40],
    ] {
        assert_eq!(
            decode::<ToServer>(Encoding::Postcard, lie)
                .unwrap_err()
                .code,
            Code::MalformedFrame
        );
    }
}

#[test]
fn problems_name_the_place_and_never_quote_the_visitor() {
    let broken = decode::<ToServer>(Encoding::Json, br#"{"type":"ping","nonce":}"#).unwrap_err();
    assert!(broken.message.contains("line 1, column 24"), "{broken}");
    let json = br#"{"type":"submit","messages":[{"id":"my card is 4111","said":{}}]}"#;
    let refused = decode::<ToServer>(Encoding::Json, json).unwrap_err();
    assert!(!refused.message.contains("4111"), "{refused}");
    assert!(!refused.message.contains("line 0"), "{refused}");
}

#[test]
fn a_submission_is_checked_to_the_byte() {
    let with = |id: MessageId, text: String| {
        let said = SaidText {
            text: text.into(),
            lang: String::new(),
            claim: None,
            page: Default::default(),
        };
        check(&Submission {
            id,
            at: NOW,
            said: Said::Text(said),
        })
    };
    let id = MessageId::new(NOW, [5; 10]);
    assert!(with(id, "x".repeat(TEXT_BYTES_MAX)).is_ok());
    assert_eq!(
        with(id, "x".repeat(TEXT_BYTES_MAX + 1)).unwrap_err().code,
        Code::TextTooLong
    );
    assert_eq!(
        with(id, " \n\t\u{3000}".to_owned()).unwrap_err().code,
        Code::TextEmpty
    );
    let derived = id.derive(Derived::Answer);
    assert_eq!(
        with(derived, "x".to_owned()).unwrap_err().code,
        Code::IdInvalid
    );
}

#[test]
fn what_is_taken_fits_into_one_wire_message_however_its_text_is_escaped() {
    let claim = |text: String| Claim {
        hop: Hop::Browser,
        pack: PackHash([7; 32]),
        entries: vec!["e".repeat(4 * WORD_BYTES_MAX); SUGGESTIONS_MAX],
        suggested: true,
        confidence: 1000,
        text: text.into(),
    };
    let page = Page {
        url: "u".repeat(PAGE_FIELD_BYTES_MAX).into(),
        title: "\"".repeat(PAGE_FIELD_BYTES_MAX).into(),
    };
    let hello = Hello {
        version: 1,
        cursor: Seq(u64::MAX),
        lang: "\"".repeat(WORD_BYTES_MAX),
        page: Some(page),
        client: "\"".repeat(WORD_BYTES_MAX),
    };
    let mut refused = 0;
    for (char, claimed) in [
        ("x", "x"),
        ("\u{1}", "x"),
        ("x", "\u{1}"),
        ("\u{1}", "\u{1}"),
    ] {
        let text = char.repeat(TEXT_BYTES_MAX);
        let said = SaidText {
            text: text.into(),
            lang: "l".repeat(WORD_BYTES_MAX),
            claim: Some(claim(claimed.repeat(CLAIM_TEXT_BYTES_MAX))),
            page: "u".repeat(PAGE_FIELD_BYTES_MAX).into(),
        };
        let message = Submission {
            id: MessageId::new(NOW, [5; 10]),
            at: NOW,
            said: Said::Text(said),
        };
        if let Err(problem) = check(&message) {
            assert_eq!(problem.code, Code::TextTooLong);
            refused += 1;
            continue;
        }
        let Said::Text(said) = &message.said else {
            unreachable!()
        };
        let event = event(
            u64::MAX,
            Text {
                text: said.text.clone(),
                unverified: said.claim.clone().map(|claim| UnverifiedClaim {
                    pack: claim.pack,
                    text: claim.text,
                }),
            },
        );
        let up: [ToServer; 2] = [
            hello.clone().into(),
            Submit {
                messages: vec![message],
            }
            .into(),
        ];
        let down: ToVisitor = Events {
            events: vec![event],
            more: true,
        }
        .into();
        for &encoding in Encoding::ALL {
            assert!(encode(encoding, &up).is_ok());
            assert!(encode(encoding, std::slice::from_ref(&down)).is_ok());
        }
    }
    assert_eq!(refused, 1, "only both at their worst are too much");
}
