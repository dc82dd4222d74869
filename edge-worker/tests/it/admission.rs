//! Who is let in: tokens, page origins, inboxes, also while the origin is away.

use std::time::Duration;

use crate::support::origin::Mood;
use crate::support::{FakeHost, SHOP, TOKEN_KEY, pack_bytes};
use firsthop_core::limits::{ADMISSION_REFILL, ADMISSIONS_BURST, INBOX_FRESH_FOR, TOKEN_LIFETIME};
use firsthop_core::token::{Claims, Key, sign, verify};
use firsthop_edge::front::{Outcome, Way};
use firsthop_edge::host::Host;
use firsthop_edge::http::Head;

fn admission() -> Head {
    Head::new("POST", "/v1/visitor/admission", "").with("origin", SHOP)
}

fn ask(inbox: &str, token: Option<&str>) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({"inbox": inbox, "token": token})).unwrap()
}

#[test]
fn a_visitor_is_admitted_and_stays_the_same() {
    let host = FakeHost::new();
    let (status, first) = host.json(&admission(), &ask("demo", None));
    assert_eq!(status, 200, "{first}");
    assert_eq!(first["inbox"]["name"], "Demo shop");
    assert_eq!(first["inbox"]["pack"], pack_bytes().0.to_string());
    let token = first["token"].as_str().unwrap();
    let claims = verify(&TOKEN_KEY, token, host.now()).unwrap();
    assert_eq!(claims.visitor.to_string(), first["visitor"]);

    host.wait(Duration::from_secs(3600));
    let (_, again) = host.json(&admission(), &ask("demo", Some(token)));
    assert_eq!(again["visitor"], first["visitor"]);
    assert_ne!(again["token"], first["token"]);
    let (_, other) = host.json(&admission(), &ask("demo", None));
    assert_ne!(other["visitor"], first["visitor"]);
}

#[test]
fn what_is_wrong_with_an_admission_is_said() {
    let host = FakeHost::new();
    assert_eq!(
        host.problem(&admission(), &ask("nobody", None)),
        "inbox_unknown"
    );
    assert_eq!(
        host.problem(&admission(), &ask("../demo", None)),
        "inbox_unknown"
    );
    assert_eq!(host.problem(&admission(), b"{\"inbox\":"), "invalid_input");
    assert_eq!(host.problem(&admission(), b"\xff"), "invalid_input");
    let page = Head::new("POST", "/v1/visitor/admission", "")
        .with("origin", "https://shop.example.evil.test");
    assert_eq!(
        host.problem(&page, &ask("demo", None)),
        "origin_not_allowed"
    );
}

#[test]
fn an_old_token_that_does_not_hold_makes_nobody_new() {
    let host = FakeHost::new();
    let visitor = host.visitor_id();
    let forged = sign(&Key([8; 32]), &Claims::new("demo", visitor, host.now()));
    assert_eq!(
        host.problem(&admission(), &ask("demo", Some(&forged))),
        "token_invalid"
    );
    let foreign = sign(&TOKEN_KEY, &Claims::new("other", visitor, host.now()));
    assert_eq!(
        host.problem(&admission(), &ask("demo", Some(&foreign))),
        "token_invalid"
    );
    let old = host.token(visitor);
    host.wait(TOKEN_LIFETIME);
    assert_eq!(
        host.problem(&admission(), &ask("demo", Some(&old))),
        "token_expired"
    );
}

#[test]
fn the_edge_admits_on_its_own_while_the_origin_is_away_also_after_a_restart() {
    let host = FakeHost::new();
    host.origin.borrow_mut().mood = Mood::Away;
    assert_eq!(
        host.problem(&admission(), &ask("demo", None)),
        "origin_unavailable"
    );
    host.wait(INBOX_FRESH_FOR);
    host.origin.borrow_mut().mood = Mood::Up;
    assert_eq!(host.json(&admission(), &ask("demo", None)).0, 200);

    host.origin.borrow_mut().mood = Mood::Away;
    host.wait(INBOX_FRESH_FOR);
    host.restart();
    assert_eq!(host.json(&admission(), &ask("demo", None)).0, 200);
    let pack = Head::new("GET", &format!("/v1/packs/{}", pack_bytes().0), "");
    assert_eq!(host.json(&pack, b"").0, 200);
}

fn socket(token: &str) -> Head {
    Head::new("GET", "/v1/visitor/socket", "")
        .with("upgrade", "websocket")
        .with("origin", SHOP)
        .with(
            "sec-websocket-protocol",
            format!("firsthop.v9.xml, firsthop.v1.json, token.{token}"),
        )
}

#[test]
fn a_socket_is_let_in_with_a_token_a_known_version_and_an_allowed_page() {
    let host = FakeHost::new();
    let visitor = host.visitor_id();
    let token = host.token(visitor);
    match host.answer(&socket(&token), b"") {
        Outcome::Visit(Way::Socket, visit) => {
            assert_eq!((visit.visitor, visit.json), (visitor, true));
        }
        other => panic!("{other:?}"),
    }
    let bare = Head::new("GET", "/v1/visitor/socket", "").with("upgrade", "websocket");
    assert_eq!(host.problem(&bare, b""), "unsupported_version");
    assert_eq!(
        host.problem(
            &bare
                .clone()
                .with("sec-websocket-protocol", "firsthop.v1.postcard"),
            b""
        ),
        "token_missing"
    );
    assert_eq!(host.problem(&socket("a.b"), b""), "token_invalid");
    let elsewhere = bare
        .with(
            "sec-websocket-protocol",
            format!("firsthop.v1.postcard, token.{token}"),
        )
        .with("origin", "https://elsewhere.example");
    assert_eq!(host.problem(&elsewhere, b""), "origin_not_allowed");
    host.wait(TOKEN_LIFETIME);
    assert_eq!(host.problem(&socket(&token), b""), "token_expired");
}

#[test]
fn a_post_is_let_in_likewise() {
    let host = FakeHost::new();
    let bearer = format!("Bearer {}", host.token(host.visitor_id()));
    let post = |query: &str| {
        Head::new("POST", "/v1/visitor/frames", query)
            .with("content-type", "application/json; charset=utf-8")
    };
    match host.answer(&post("wait=1").with("authorization", bearer.clone()), b"[]") {
        Outcome::Visit(Way::Frames, visit) => assert!(visit.wait && visit.json),
        other => panic!("{other:?}"),
    }
    assert_eq!(host.problem(&post(""), b"[]"), "token_missing");
    let xml = Head::new("POST", "/v1/visitor/frames", "")
        .with("content-type", "text/xml")
        .with("authorization", bearer);
    assert_eq!(host.problem(&xml, b""), "unsupported_version");
}

#[test]
fn one_address_makes_only_so_many_new_visitors() {
    let host = FakeHost::new();
    let from = |address| admission().with("cf-connecting-ip", address);
    let (_, first) = host.json(&from("203.0.113.7"), &ask("demo", None));
    for _ in 1..ADMISSIONS_BURST {
        assert_eq!(host.json(&from("203.0.113.7"), &ask("demo", None)).0, 200);
    }
    let (status, refused) = host.json(&from("203.0.113.7"), &ask("demo", None));
    assert_eq!(
        (status, &refused["error"]["code"]),
        (429, &"too_many_messages".into())
    );
    assert!(refused["error"]["retry_after_ms"].as_u64().is_some());
    // Who is a visitor already stays one; others are not concerned; time heals.
    let token = first["token"].as_str();
    assert_eq!(host.json(&from("203.0.113.7"), &ask("demo", token)).0, 200);
    assert_eq!(host.json(&from("203.0.113.8"), &ask("demo", None)).0, 200);
    host.wait(ADMISSION_REFILL);
    assert_eq!(host.json(&from("203.0.113.7"), &ask("demo", None)).0, 200);
}
