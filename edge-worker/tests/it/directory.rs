//! What the edge knows of inboxes and packs, and how long it trusts that.

use crate::support::origin::Mood;
use crate::support::{EDGE_KEY, FakeHost, inbox, pack_bytes, pack_signer, run};
use firsthop_core::limits::INBOX_FRESH_FOR;
use firsthop_core::pack::PackHash;
use firsthop_core::pack::signature::PackSigner;
use firsthop_core::protocol::edge::{Published, Push};
use firsthop_core::protocol::{VERSION, edge::Inbox};
use firsthop_edge::directory::{Ask, Told};
use firsthop_edge::host::{Front, Host};
use firsthop_edge::http::Head;

fn ask(host: &FakeHost) -> Result<Inbox, String> {
    match run(host.directory(Ask::Inbox("demo".into()))) {
        Ok(Told::Inbox(inbox)) => Ok(inbox),
        Ok(other) => panic!("{other:?}"),
        Err(problem) => Err(problem.code.to_string()),
    }
}

#[test]
fn an_inbox_is_asked_for_once_while_it_is_fresh_and_written_once_while_it_stays_the_same() {
    let host = FakeHost::new();
    assert_eq!(ask(&host), Ok(inbox()));
    assert_eq!(ask(&host), Ok(inbox()));
    let path = format!("GET /v1/packs/{}", pack_bytes().0);
    assert_eq!(
        host.origin.borrow().requests,
        ["GET /v1/edge/inboxes/demo".to_owned(), path]
    );
    let writes = host.writes.get();
    host.wait(INBOX_FRESH_FOR);
    assert_eq!(ask(&host), Ok(inbox()));
    assert_eq!(host.origin.borrow().requests.len(), 3);
    assert_eq!(
        host.writes.get(),
        writes,
        "nothing changed, nothing is written"
    );
}

#[test]
fn a_change_is_fetched_when_the_origin_says_so() {
    let host = FakeHost::new();
    ask(&host).unwrap();
    let newer = Inbox {
        name: "Better shop".into(),
        ..inbox()
    };
    host.origin.borrow_mut().inbox = Some(newer.clone());
    assert_eq!(ask(&host), Ok(inbox()), "still fresh");
    let push = Push {
        version: VERSION,
        downlinks: Vec::new(),
        changed_inboxes: vec!["demo".into()],
    };
    let (head, body) = host.push_of(&push, &EDGE_KEY, host.now());
    assert_eq!(host.json(&head, &body).0, 200);
    assert_eq!(ask(&host), Ok(newer));
}

#[test]
fn an_inbox_that_is_gone_is_forgotten_with_its_pack() {
    let host = FakeHost::new();
    ask(&host).unwrap();
    host.origin.borrow_mut().inbox = None;
    host.wait(INBOX_FRESH_FOR);
    assert_eq!(ask(&host), Err("inbox_unknown".into()));
    assert!(host.inboxes.borrow().is_empty() && host.packs.borrow().is_empty());
    let asked = host.origin.borrow().requests.len();
    assert_eq!(ask(&host), Err("inbox_unknown".into()));
    assert_eq!(
        host.origin.borrow().requests.len(),
        asked,
        "that nobody has that key is remembered"
    );
}

#[test]
fn a_pack_with_other_bytes_than_its_name_says_is_not_taken() {
    let host = FakeHost::new();
    ask(&host).unwrap();
    let wrong = PackHash([7; 32]);
    host.origin
        .borrow_mut()
        .packs
        .insert(wrong, b"something else".to_vec());
    host.origin.borrow_mut().inbox = Some(Inbox {
        pack: Some(wrong),
        published: Some(pack_signer().sign("demo", wrong, host.now())),
        ..inbox()
    });
    host.wait(INBOX_FRESH_FOR);
    assert_eq!(ask(&host), Ok(inbox()), "what was known goes on");
    assert!(!host.packs.borrow().contains_key(&wrong));
    let head = Head::new("GET", &format!("/v1/packs/{wrong}"), "");
    assert_eq!(host.problem(&head, b""), "origin_unavailable");
}

#[test]
fn packs_are_kept_for_ever_by_name_and_a_pointer_for_seconds() {
    let host = FakeHost::new();
    let (hash, bytes) = pack_bytes();
    let get = |path: &str| Head::new("GET", path, "").with("accept-encoding", "br");
    let done = |head: &Head| match host.answer(head, b"") {
        firsthop_edge::front::Outcome::Done(response) => response,
        other => panic!("{other:?}"),
    };
    let pack = done(&get(&format!("/v1/packs/{hash}")));
    assert_eq!(pack.body.as_bytes(), bytes);
    assert_eq!(pack.header("content-encoding"), None);
    let smaller = done(
        &Head::new("GET", &format!("/v1/packs/{hash}"), "").with("accept-encoding", "br, gzip"),
    );
    assert_eq!(smaller.header("content-encoding"), Some("gzip"));
    assert_eq!(
        smaller.body.as_bytes(),
        format!("gzip of {hash}").as_bytes()
    );
    assert!(pack.header("cache-control").unwrap().contains("immutable"));
    let pointer = done(&get("/v1/inboxes/demo/pack"));
    assert_eq!(pointer.header("cache-control"), Some("public, max-age=10"));
    let etag = pointer.header("etag").unwrap();
    assert_eq!(
        done(&get("/v1/inboxes/demo/pack").with("if-none-match", etag)).status,
        304
    );
    let nothing = Head::new("GET", &format!("/v1/packs/{}", PackHash([5; 32])), "");
    assert_eq!(host.problem(&nothing, b""), "not_found");
}

#[test]
fn an_origin_that_fails_is_as_good_as_away() {
    let host = FakeHost::new();
    ask(&host).unwrap();
    for mood in [Mood::Away, Mood::Failing, Mood::Mute] {
        host.wait(INBOX_FRESH_FOR);
        host.origin.borrow_mut().mood = mood;
        assert_eq!(ask(&host), Ok(inbox()), "{mood:?}");
    }
}

#[test]
fn an_origin_that_was_just_found_away_is_not_asked_by_every_visitor() {
    let host = FakeHost::new();
    host.origin.borrow_mut().mood = Mood::Away;
    for _ in 0..5 {
        assert_eq!(ask(&host), Err("origin_unavailable".into()));
    }
    assert_eq!(host.origin.borrow().requests.len(), 1);
    host.origin.borrow_mut().mood = Mood::Up;
    host.wait(INBOX_FRESH_FOR);
    assert_eq!(ask(&host), Ok(inbox()));
}

#[test]
fn a_pack_that_the_origin_did_not_sign_for_the_inbox_is_not_taken_and_the_old_one_stays() {
    let host = FakeHost::new();
    assert_eq!(ask(&host), Ok(inbox()));
    let other = b"another pack".to_vec();
    let other = (PackHash::of(&other), other);
    host.origin.borrow_mut().packs.insert(other.0, other.1);
    let (pack, later) = (other.0, host.now() + INBOX_FRESH_FOR);
    let foreign = PackSigner::new([4; 32]);
    for published in [
        None,
        // With the signature of the pack before, of another inbox, of another key.
        inbox().published,
        Some(pack_signer().sign("other", pack, later)),
        Some(foreign.sign("demo", pack, later)),
        // The key is named as the right one.
        Some(Published {
            key: pack_signer().key().to_hex(),
            ..foreign.sign("demo", pack, later)
        }),
    ] {
        host.origin.borrow_mut().inbox = Some(Inbox {
            name: "Better shop".into(),
            pack: Some(pack),
            published,
            ..inbox()
        });
        host.wait(INBOX_FRESH_FOR);
        // What else is new of the inbox is taken.
        let kept = Inbox {
            name: "Better shop".into(),
            ..inbox()
        };
        assert_eq!(ask(&host), Ok(kept));
    }
    // With the origin's own it is.
    let signed = Inbox {
        pack: Some(pack),
        published: Some(pack_signer().sign("demo", pack, later)),
        ..inbox()
    };
    host.origin.borrow_mut().inbox = Some(signed.clone());
    host.wait(INBOX_FRESH_FOR);
    assert_eq!(ask(&host), Ok(signed.clone()));
    // An earlier one no longer, though the origin once signed it; also after a restart.
    host.origin.borrow_mut().inbox = Some(inbox());
    host.restart();
    assert_eq!(ask(&host), Ok(signed));
}

#[test]
fn an_inbox_without_a_trusted_pack_is_served_without_a_bot() {
    let host = FakeHost::new();
    host.origin.borrow_mut().inbox = Some(Inbox {
        published: None,
        ..inbox()
    });
    let without = Inbox {
        pack: None,
        published: None,
        ..inbox()
    };
    assert_eq!(ask(&host), Ok(without));
    assert!(host.packs.borrow().is_empty());
}

#[test]
fn an_inbox_whose_pack_can_not_be_had_is_served_without_it_until_it_can() {
    let host = FakeHost::new();
    host.origin.borrow_mut().packs.clear();
    let bare = Inbox {
        pack: None,
        published: None,
        ..inbox()
    };
    assert_eq!(ask(&host), Ok(bare));
    assert!(host.packs.borrow().is_empty());
    let (hash, bytes) = pack_bytes();
    host.origin.borrow_mut().packs.insert(hash, bytes);
    host.wait(INBOX_FRESH_FOR);
    assert_eq!(ask(&host), Ok(inbox()));

    // A newer one that can't be had leaves the old one, and everything else is as told.
    let newer = Inbox {
        name: "Better shop".into(),
        pack: Some(PackHash([8; 32])),
        published: Some(pack_signer().sign("demo", PackHash([8; 32]), host.now())),
        ..inbox()
    };
    host.origin.borrow_mut().inbox = Some(newer.clone());
    host.wait(INBOX_FRESH_FOR);
    let (pack, published) = (inbox().pack, inbox().published);
    assert_eq!(
        ask(&host),
        Ok(Inbox {
            pack,
            published,
            ..newer
        })
    );
}
