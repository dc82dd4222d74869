//! Whatever a visitor's side sends: a clear error, nothing lost, nobody else disturbed.

use firsthop::host;
use firsthop_core::Timestamp;
use firsthop_core::id::VisitorId;
use firsthop_core::limits::{
    ADMISSIONS_BURST, TEXT_BYTES_MAX, VISITOR_SUBMISSIONS_BURST, WIRE_MESSAGE_BYTES_MAX,
};
use firsthop_core::protocol::visitor::{Submit, ToServer, ToVisitor, Typing};
use firsthop_core::protocol::{Code, Encoding, Seq, encode};
use firsthop_core::token::{self, Claims, Key};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::{INBOX, Sent, TestOrigin, eventually, text};

#[tokio::test]
async fn bytes_that_are_no_frames_end_only_their_own_connection() {
    let origin = TestOrigin::start().await;
    let mut bystander = origin.visitor().await;
    bystander.connect().await;
    let mut sender = origin.visitor().await;
    sender.connect().await;
    sender.says("before").await;
    let whole = encode(
        Encoding::Postcard,
        &[ToServer::from(Submit {
            messages: vec![text("cut")],
        })],
    )
    .unwrap();
    let nested = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let deep = format!(
        r#"{{"type":"hello","version":1,"cursor":0,"page":{}1{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let random: Vec<u8> = (0..400).flat_map(|_| host::random::<16>()).collect();
    let cases: Vec<(Encoding, Message, Code)> = vec![
        (
            Encoding::Postcard,
            Message::binary(whole[..whole.len() - 1].to_vec()),
            Code::MalformedFrame,
        ),
        (
            Encoding::Postcard,
            Message::binary(random),
            Code::MalformedFrame,
        ),
        (
            Encoding::Postcard,
            Message::binary(vec![0xff; 64]),
            Code::MalformedFrame,
        ),
        (
            Encoding::Postcard,
            Message::binary(vec![0; WIRE_MESSAGE_BYTES_MAX + 1]),
            Code::MessageTooLarge,
        ),
        (Encoding::Json, Message::text(nested), Code::MalformedFrame),
        (Encoding::Json, Message::text(deep), Code::MalformedFrame),
        (
            Encoding::Json,
            Message::text("{\"type\":\"hello\""),
            Code::MalformedFrame,
        ),
        (
            Encoding::Json,
            Message::binary(vec![b'"', 0xc3, 0x28, b'"']),
            Code::MalformedFrame,
        ),
        (
            Encoding::Json,
            Message::text(" ".repeat(WIRE_MESSAGE_BYTES_MAX + 1)),
            Code::MessageTooLarge,
        ),
        (
            Encoding::Json,
            Message::text(format!("[{}]", ["{\"type\":\"x\"}"; 129].join(","))),
            Code::TooManyItems,
        ),
    ];
    for (number, (encoding, message, expected)) in cases.into_iter().enumerate() {
        let mut attacker = sender.other_tab();
        attacker.encoding = encoding;
        attacker.connect().await;
        attacker.send_raw(message).await;
        assert_eq!(attacker.closed().await, Some(expected), "case {number}");
    }
    bystander.says("still here").await;
    sender.says("after").await;
    assert_eq!(sender.transcript().await, ["before", "after"]);
}

#[tokio::test]
async fn frames_of_a_later_version_are_skipped() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.encoding = Encoding::Json;
    visitor.connect().await;
    visitor
        .send_raw(Message::text(
            r#"[{"type":"teleport","to":"mars"},{"type":"ping","nonce":7}]"#,
        ))
        .await;
    visitor
        .wait_for(|frame| matches!(frame, ToVisitor::Ping(ping) if ping.nonce == 7).then_some(()))
        .await;
}

#[tokio::test]
async fn frames_out_of_their_place_are_refused() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.open().await;
    visitor
        .send(&[Submit {
            messages: vec![text("too early")],
        }
        .into()])
        .await;
    assert_eq!(visitor.closed().await, Some(Code::UnexpectedFrame));
    assert!(visitor.transcript().await.is_empty());
    let mut visitor = origin.visitor().await;
    visitor.open().await;
    let hello = firsthop_core::protocol::visitor::Hello {
        version: 77,
        ..visitor.hello()
    };
    visitor.send(&[hello.into()]).await;
    assert_eq!(visitor.closed().await, Some(Code::UnsupportedVersion));
}

fn refused(result: Result<impl Sized, Error>) -> (u16, String) {
    match result {
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            (
                response.status().as_u16(),
                body["error"]["code"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was let in"),
    }
}

#[tokio::test]
async fn tokens_that_do_not_hold_admit_nobody() {
    let origin = TestOrigin::start().await;
    let visitor = origin.visitor().await;
    let key = &origin.app().token_key;
    let id = VisitorId::new(host::now(), host::random());
    let forged = token::sign(&Key([9; 32]), &Claims::new(INBOX, id, host::now()));
    let expired = token::sign(key, &Claims::new(INBOX, id, Timestamp::from_millis(1)));
    let foreign = token::sign(key, &Claims::new("elsewhere", id, host::now()));
    for (token, status, code) in [
        (forged.as_str(), 401, "token_invalid"),
        (expired.as_str(), 401, "token_expired"),
        (foreign.as_str(), 404, "inbox_unknown"),
        ("not.a-token", 401, "token_invalid"),
    ] {
        let protocols = format!("firsthop.v1.postcard, token.{token}");
        assert_eq!(
            refused(visitor.try_open(&protocols, "https://shop.example").await),
            (status, code.to_owned())
        );
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let answer = origin.http.post("/v1/visitor/frames", &headers, "[]").await;
        assert_eq!((answer.status, answer.code()), (status, code.to_owned()));
        let body = json!({ "inbox": INBOX, "token": token }).to_string();
        let answer = origin.http.post("/v1/visitor/admission", &[], body).await;
        assert_eq!(answer.status, 401, "nobody silently becomes somebody new");
    }
    assert_eq!(
        refused(
            visitor
                .try_open("firsthop.v1.json", "https://shop.example")
                .await
        ),
        (401, "token_missing".into())
    );
}

#[tokio::test]
async fn unknown_versions_and_pages_of_other_sites_are_refused() {
    let origin = TestOrigin::start().await;
    let visitor = origin.visitor().await;
    let token = format!("token.{}", visitor.token);
    for protocols in [
        format!("firsthop.v9.postcard, {token}"),
        token.clone(),
        String::new(),
    ] {
        let (status, code) = refused(visitor.try_open(&protocols, "https://shop.example").await);
        assert_eq!((status, code.as_str()), (400, "unsupported_version"));
    }
    let protocols = format!("firsthop.v1.postcard, {token}");
    for page in [
        "https://evil.example",
        "http://shop.example",
        "null",
        "https://shop.example.evil.example",
    ] {
        assert_eq!(
            refused(visitor.try_open(&protocols, page).await),
            (403, "origin_not_allowed".to_owned())
        );
        let body = json!({ "inbox": INBOX }).to_string();
        let answer = origin
            .http
            .post("/v1/visitor/admission", &[("origin", page)], body)
            .await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "origin_not_allowed")
        );
    }
    let answer = origin
        .http
        .post(
            "/v1/visitor/admission",
            &[],
            json!({ "inbox": "nope" }).to_string(),
        )
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (404, "inbox_unknown")
    );
    for body in ["", "{", "[]", "{\"inbox\":7}"] {
        let answer = origin.http.post("/v1/visitor/admission", &[], body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "invalid_input"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn nobody_reads_anothers_conversation() {
    let origin = TestOrigin::start().await;
    let mut ada = origin.visitor().await;
    ada.connect().await;
    ada.says("a secret").await;
    // The only name for a conversation is the token: there is no frame that asks for another's.
    let eve = origin.visitor().await;
    assert!(eve.whole_log().await.is_empty());
    let mut parts = ada.token.split('.').map(str::to_owned).collect::<Vec<_>>();
    parts[1] = eve.token.split('.').nth(1).unwrap().to_owned();
    let mut mixed = eve.other_tab();
    mixed.token = parts.join(".");
    let protocols = format!("firsthop.v1.postcard, token.{}", mixed.token);
    assert_eq!(
        refused(mixed.try_open(&protocols, "https://shop.example").await),
        (401, "token_invalid".to_owned())
    );
}

#[tokio::test]
async fn single_messages_are_refused_without_harm_to_others() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    assert_eq!(
        visitor.submit(text(" \n\t ")).await,
        Sent::Refused(Code::TextEmpty)
    );
    assert_eq!(
        visitor.submit(text(&"x".repeat(TEXT_BYTES_MAX + 1))).await,
        Sent::Refused(Code::TextTooLong)
    );
    assert_eq!(
        visitor.submit(text(&"x".repeat(TEXT_BYTES_MAX))).await,
        Sent::Stored
    );
    let mut odd = text("odd");
    odd.id = firsthop_core::id::MessageId(firsthop_core::id::Uuid([0x11; 16]));
    assert_eq!(visitor.submit(odd).await, Sent::Refused(Code::IdInvalid));
    let derived = text("derived");
    let derived = firsthop_core::protocol::visitor::Submission {
        id: derived.id.derive(firsthop_core::id::Derived::Answer),
        ..derived
    };
    assert_eq!(
        visitor.submit(derived).await,
        Sent::Refused(Code::IdInvalid)
    );
    visitor.says("fine").await;
}

#[tokio::test]
async fn markup_and_control_characters_are_kept_as_they_are() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.encoding = Encoding::Json;
    visitor.connect().await;
    let texts = [
        "<script>alert(1)</script>",
        "\u{202e}txt.exe",
        "a\u{0}b\u{7}",
        "{\"type\":\"hello\"}",
        "'); drop table event; --",
    ];
    for words in texts {
        visitor.says(words).await;
    }
    assert_eq!(visitor.transcript().await, texts);
}

#[tokio::test]
async fn too_many_messages_are_refused_and_may_come_later() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    let mut refused = 0;
    for n in 0..VISITOR_SUBMISSIONS_BURST + 10 {
        match visitor.submit(text(&format!("message {n}"))).await {
            Sent::Stored => {}
            Sent::Refused(code) => {
                assert_eq!(code, Code::TooManyMessages);
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    let stored = visitor
        .whole_log()
        .await
        .iter()
        .filter(|e| e.author == firsthop_core::protocol::Author::Visitor)
        .count();
    assert_eq!(stored, (VISITOR_SUBMISSIONS_BURST + 10) as usize - refused);
    // Frames of any kind, much faster: the connection ends.
    let typing = vec![ToServer::from(Typing { on: true }); 128];
    for _ in 0..8 {
        visitor.send(&typing).await;
    }
    assert_eq!(visitor.closed().await, Some(Code::TooManyMessages));
}

#[tokio::test]
async fn a_cursor_from_another_world_gets_everything() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("hello").await;
    let mut restored = visitor.other_tab();
    restored.open().await;
    let hello = firsthop_core::protocol::visitor::Hello {
        cursor: Seq(u64::MAX),
        ..restored.hello()
    };
    restored.send(&[hello.into()]).await;
    restored.reads("hello").await;
}

#[tokio::test]
async fn sockets_of_one_visitor_are_bounded() {
    let origin = TestOrigin::start().await;
    let visitor = origin.visitor().await;
    let mut tabs = Vec::new();
    for _ in 0..firsthop_core::limits::SOCKETS_PER_VISITOR_MAX {
        let mut tab = visitor.other_tab();
        tab.connect().await;
        tabs.push(tab);
    }
    let protocols = format!("firsthop.v1.postcard, token.{}", visitor.token);
    let (status, code) = refused(visitor.try_open(&protocols, "https://shop.example").await);
    assert_eq!((status, code.as_str()), (429, "too_many_sockets"));
    let mut other = origin.visitor().await;
    other.connect().await;
}

#[tokio::test]
async fn paths_and_methods_that_are_none_say_so() {
    let origin = TestOrigin::start().await;
    let answer = origin.http.get("/v1/nothing", &[]).await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    let answer = origin.http.post("/healthz", &[], "").await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn a_token_that_is_no_longer_new_is_renewed_on_the_socket() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    let fresh = visitor.token.clone();
    let now = host::now();
    let issued_at = Timestamp::from_millis(now.as_millis() - 25 * 3600 * 1000);
    let expires_at = Timestamp::from_millis(now.as_millis() + 60_000);
    let claims = Claims {
        issued_at,
        expires_at,
        ..Claims::new(INBOX, visitor.id, now)
    };
    visitor.token = token::sign(&origin.app().token_key, &claims);
    visitor.connect().await;
    let renewed = visitor
        .wait_for(|frame| match frame {
            ToVisitor::Token(token) => Some(token.clone()),
            _ => None,
        })
        .await;
    assert!(renewed.expires_at > expires_at);
    visitor.token = renewed.token.into_exposed();
    visitor.connect().await;
    visitor.token = fresh;
    visitor.inbox.clear();
    visitor.connect().await;
    visitor.settle().await;
    assert!(
        !visitor
            .inbox
            .iter()
            .any(|frame| matches!(frame, ToVisitor::Token(_)))
    );
}

#[tokio::test]
async fn one_address_makes_only_so_many_new_visitors() {
    let origin = TestOrigin::start().await;
    let ask = async |address: &str| {
        let headers = [
            ("origin", "https://shop.example"),
            ("x-forwarded-for", address),
        ];
        let body = serde_json::json!({ "inbox": "demo" }).to_string();
        let answer = origin
            .http
            .post("/v1/visitor/admission", &headers, body)
            .await;
        (answer.status, answer)
    };
    for _ in 0..ADMISSIONS_BURST {
        ask("203.0.113.7").await;
    }
    // It may have been granted some again meanwhile.
    let refused = eventually("the address is refused", async || {
        let (status, answer) = ask("203.0.113.7").await;
        (status != 200).then_some(answer)
    })
    .await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (429, "too_many_messages")
    );
    assert_eq!(ask("203.0.113.8").await.0, 200);
}
