//! Pushes of the origin: only its own, each once.

use std::time::Duration;

use crate::support::{EDGE_KEY, FakeHost};
use firsthop_core::limits::SIGNATURE_AGE_MAX;
use firsthop_core::protocol::VERSION;
use firsthop_core::protocol::edge::{Downlink, Push, PushReply};
use firsthop_core::protocol::visitor::{ToVisitor, Typing};
use firsthop_core::token::Key;
use firsthop_edge::front::Outcome;
use firsthop_edge::host::Host;

fn push(host: &FakeHost) -> Push {
    let frames = vec![ToVisitor::from(Typing { on: true })];
    let downlinks = vec![
        Downlink {
            visitor: host.visitor_id(),
            frames,
        },
        Downlink {
            visitor: host.visitor_id(),
            frames: Vec::new(),
        },
    ];
    Push {
        version: VERSION,
        downlinks,
        changed_inboxes: Vec::new(),
    }
}

#[test]
fn a_push_reaches_its_visitors_and_tells_how_many_sockets_they_have() {
    let host = FakeHost::new();
    let push = push(&host);
    let (head, body) = host.push_of(&push, &EDGE_KEY, host.now());
    let Outcome::Done(response) = host.answer(&head, &body) else {
        panic!("not answered")
    };
    assert_eq!(response.status, 200);
    let reply: PushReply = postcard::from_bytes(response.body.as_bytes()).unwrap();
    assert_eq!(reply.sockets, [1, 0]);
    assert_eq!(*host.pushed.borrow(), push.downlinks);
}

#[test]
fn a_push_of_anybody_else_changed_old_or_repeated_does_nothing() {
    let host = FakeHost::new();
    let good = push(&host);
    let (head, body) = host.push_of(&good, &Key([9; 32]), host.now());
    assert_eq!(host.problem(&head, &body), "signature_invalid");

    let (head, mut body) = host.push_of(&good, &EDGE_KEY, host.now());
    *body.last_mut().unwrap() ^= 1;
    assert_eq!(host.problem(&head, &body), "signature_invalid");

    let (head, body) = host.push_of(&good, &EDGE_KEY, host.now());
    host.wait(SIGNATURE_AGE_MAX + Duration::from_millis(1));
    assert_eq!(host.problem(&head, &body), "signature_expired");
    assert_eq!(*host.pushed.borrow(), []);

    let (head, body) = host.push_of(&good, &EDGE_KEY, host.now());
    assert_eq!(host.json(&head, &body).0, 200);
    let pushed = host.pushed.borrow().len();
    assert_eq!(host.problem(&head, &body), "signature_replayed");
    assert_eq!(host.pushed.borrow().len(), pushed);

    let bare = firsthop_edge::http::Head::new("POST", "/v1/edge/push", "");
    assert_eq!(host.problem(&bare, &body), "signature_invalid");
}

#[test]
fn a_push_of_another_version_or_form_is_refused() {
    let host = FakeHost::new();
    let (head, body) = host.push_of(
        &Push {
            version: 2,
            ..push(&host)
        },
        &EDGE_KEY,
        host.now(),
    );
    assert_eq!(host.problem(&head, &body), "unsupported_version");
}
