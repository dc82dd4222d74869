//! Edges: signed batches in, signed pushes out.

use std::time::Duration;

use firsthop::host;
use firsthop_core::id::{EdgeId, VisitorId};
use firsthop_core::limits::{BATCH_BYTES_MAX, SIGNATURE_AGE_MAX};
use firsthop_core::protocol::edge::Uplink;
use firsthop_core::protocol::visitor::{CatchUp, Submission, Submit, ToServer, ToVisitor};
use firsthop_core::protocol::{Answer, Content, Event, Hop, Receipts, Seq};
use firsthop_core::sign::{Nonce, Purpose, Signed};
use firsthop_core::token::Key;
use firsthop_core::{Timestamp, protocol};

use crate::harness::{
    INBOX, KNOWLEDGE, TestEdge, TestOrigin, TestVisitor, claim_of, eventually, text,
};

fn somebody() -> VisitorId {
    VisitorId::new(host::now(), host::random())
}

fn hello(cursor: u64) -> ToServer {
    let hello = serde_json::json!({ "version": 1, "cursor": cursor, "lang": "en" });
    ToServer::Hello(serde_json::from_value(hello).unwrap())
}

fn submit(message: Submission) -> ToServer {
    Submit {
        messages: vec![message],
    }
    .into()
}

fn events(frames: &[ToVisitor]) -> Vec<Event> {
    frames
        .iter()
        .filter_map(|frame| match frame {
            ToVisitor::Events(events) => Some(events.events.clone()),
            _ => None,
        })
        .flatten()
        .collect()
}

async fn pushed_text(edge: &TestEdge, visitor: VisitorId, words: &str) {
    edge.gets(visitor, |frame| {
        events(std::slice::from_ref(frame))
            .iter()
            .any(|event| matches!(&event.content, Content::Text(text) if text.text.expose() == words))
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_answered_and_what_follows_is_pushed() {
    let origin = TestOrigin::with_knowledge().await;
    let mut agent = origin.agent().await;
    let edge = origin.edge().await;
    let visitor = somebody();
    let welcome = edge.passes(visitor, true, vec![hello(0)]).await;
    assert!(
        matches!(&welcome[..], [ToVisitor::Welcome(welcome)] if welcome.head == Some(Seq(0)) && welcome.pack.is_some())
    );
    let message = text("when are you open?");
    let id = message.id;
    let stored = edge.passes(visitor, true, vec![submit(message)]).await;
    assert!(stored.iter().any(|frame| matches!(frame, ToVisitor::Stored(stored) if stored.ids == [id] && stored.by == Hop::Origin)));
    edge.gets(visitor, |frame| {
        events(std::slice::from_ref(frame))
            .iter()
            .any(|event| matches!(event.content, Content::Answer(_)))
            .then_some(())
    })
    .await;
    agent.replies(visitor, "anything else?").await;
    pushed_text(&edge, visitor, "anything else?").await;
    agent
        .send(protocol::agent::Seen {
            conversation: visitor,
            receipts: Receipts {
                delivered: Seq(1),
                read: Seq(1),
            },
        })
        .await;
    edge.gets(visitor, |frame| {
        matches!(frame, ToVisitor::Receipts(_)).then_some(())
    })
    .await;
    let seqs: Vec<_> = events(&edge.pushed(visitor))
        .iter()
        .map(|event| event.seq.0)
        .collect();
    assert_eq!(
        seqs,
        (1..=seqs.len() as u64).collect::<Vec<_>>(),
        "in order, once"
    );
    // Another socket there catches up from its own cursor.
    let second = edge.passes(visitor, true, vec![hello(1)]).await;
    assert_eq!(events(&second).first().map(|event| event.seq), Some(Seq(2)));
    let asked = edge
        .passes(visitor, true, vec![CatchUp { after: Seq(2) }.into()])
        .await;
    assert_eq!(events(&asked).first().map(|event| event.seq), Some(Seq(3)));
}

#[tokio::test]
async fn agents_see_a_visitor_leave_an_edge() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let edge = origin.edge().await;
    let visitor = somebody();
    edge.passes(visitor, true, vec![hello(0), submit(text("anybody?"))])
        .await;
    agent.sees(visitor, |summary| summary.online).await;
    // One socket closed while another opened: the reply to the push says that somebody is there.
    edge.passes(visitor, false, Vec::new()).await;
    eventually("an empty push", async || {
        let pushes = edge.pushes();
        let mut downlinks = pushes.iter().flat_map(|push| &push.downlinks);
        downlinks
            .any(|downlink| downlink.visitor == visitor && downlink.frames.is_empty())
            .then_some(())
    })
    .await;
    agent.sees(visitor, |summary| summary.online).await;
    edge.set_sockets(Some(0));
    edge.passes(visitor, false, Vec::new()).await;
    agent.sees(visitor, |summary| !summary.online).await;
}

#[tokio::test]
async fn an_edges_own_answer_is_verified() {
    let origin = TestOrigin::with_knowledge().await;
    let pack = origin.app().settings().pack(INBOX).unwrap().hash();
    let edge = origin.edge().await;
    let visitor = somebody();
    edge.passes(visitor, true, vec![hello(0)]).await;
    let mut claim = claim_of(pack, "returns", 1000, "Within thirty days.");
    claim.hop = Hop::Edge;
    edge.passes(
        visitor,
        true,
        vec![submit(TestVisitor::claiming(
            "How do I return a parcel?",
            claim,
        ))],
    )
    .await;
    let answer: Answer = edge
        .gets(visitor, |frame| {
            events(std::slice::from_ref(frame))
                .into_iter()
                .find_map(|event| match event.content {
                    Content::Answer(answer) => Some(answer),
                    _ => None,
                })
        })
        .await;
    assert_eq!(
        (answer.source.hop, answer.source.verified),
        (Hop::Edge, true)
    );
}

#[tokio::test]
async fn many_visitors_share_a_batch_in_their_order() {
    let origin = TestOrigin::start().await;
    let edge = origin.edge().await;
    let visitors: Vec<_> = (0..20).map(|_| somebody()).collect();
    let uplinks: Vec<_> = visitors
        .iter()
        .chain(&visitors)
        .enumerate()
        .map(|(n, visitor)| {
            let frames = vec![submit(text(&format!("message {n}")))];
            Uplink {
                visitor: *visitor,
                inbox: INBOX.to_owned(),
                attached: false,
                frames,
            }
        })
        .collect();
    let answer = edge.batch(uplinks.clone()).await;
    let reply: protocol::edge::BatchReply = postcard::from_bytes(&answer.body).unwrap();
    let order: Vec<_> = reply
        .downlinks
        .iter()
        .map(|downlink| downlink.visitor)
        .collect();
    assert_eq!(
        order,
        uplinks
            .iter()
            .map(|uplink| uplink.visitor)
            .collect::<Vec<_>>()
    );
    for (n, visitor) in visitors.iter().enumerate() {
        let row = origin
            .app()
            .store
            .conversation(*visitor)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            row.preview.expose(),
            &format!("message {}", n + 20),
            "the second came second"
        );
    }
    // The whole batch once more, signed anew: nothing is stored twice.
    assert_eq!(edge.batch(uplinks).await.status, 200);
    for visitor in &visitors {
        let part = origin.app().store.events_after(
            *visitor,
            Seq(0),
            firsthop::store::conversations::Reader::Visitor,
        );
        let texts = part
            .await
            .unwrap()
            .events
            .iter()
            .filter(|e| matches!(e.content, Content::Text(_)))
            .count();
        assert_eq!(texts, 2);
    }
    assert!(edge.pushes().is_empty(), "nobody is attached");
}

#[tokio::test]
async fn signatures_that_do_not_hold_are_refused() {
    let origin = TestOrigin::start().await;
    let edge = origin.edge().await;
    let uplinks = || {
        vec![Uplink {
            visitor: somebody(),
            inbox: INBOX.to_owned(),
            attached: false,
            frames: vec![],
        }]
    };
    let (signed, body) = edge.signed(uplinks());
    assert_eq!(edge.post(&signed, body.clone()).await.status, 200);
    let replayed = edge.post(&signed, body.clone()).await;
    assert_eq!(
        (replayed.status, replayed.code().as_str()),
        (409, "signature_replayed")
    );
    let request = "POST /v1/edge/batch";
    let sign = |key: &Key, edge: EdgeId, purpose, at: Timestamp| {
        Signed::sign(
            key,
            purpose,
            edge,
            at,
            Nonce(host::random()),
            request,
            &body,
        )
    };
    let late = Timestamp::from_millis(
        host::now().as_millis() - u64::try_from(SIGNATURE_AGE_MAX.as_millis()).unwrap() - 1000,
    );
    let early = host::now() + SIGNATURE_AGE_MAX + Duration::from_secs(10);
    for (signed, status, code) in [
        (
            sign(&Key([1; 32]), edge.id, Purpose::Batch, host::now()),
            401,
            "signature_invalid",
        ),
        (
            sign(&edge.key, edge.id, Purpose::Push, host::now()),
            401,
            "signature_invalid",
        ),
        (
            sign(&edge.key, edge.id, Purpose::Batch, late),
            401,
            "signature_expired",
        ),
        (
            sign(&edge.key, edge.id, Purpose::Batch, early),
            401,
            "signature_expired",
        ),
        (
            sign(
                &edge.key,
                EdgeId::new(host::now(), [9; 10]),
                Purpose::Batch,
                host::now(),
            ),
            401,
            "edge_unknown",
        ),
    ] {
        let answer = edge.post(&signed, body.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
    }
    let (signed, mut body) = edge.signed(uplinks());
    *body.last_mut().unwrap() ^= 1;
    assert_eq!(edge.post(&signed, body).await.code(), "signature_invalid");
    assert_eq!(
        origin.http.post("/v1/edge/batch", &[], "").await.code(),
        "signature_invalid"
    );
    let too_large = vec![0; BATCH_BYTES_MAX + 1];
    let (signed, _) = edge.signed(uplinks());
    assert_eq!(
        edge.post(&signed, too_large).await.code(),
        "message_too_large"
    );
}

#[tokio::test]
async fn keys_rotate_without_a_gap_and_are_revoked_at_once() {
    let origin = TestOrigin::start().await;
    let mut edge = origin.edge().await;
    let visitor = somebody();
    edge.passes(visitor, true, vec![hello(0)]).await;
    let new = Key(host::random());
    assert!(origin.app().store.rotate_edge(edge.id, &new).await.unwrap());
    origin.app().refresh_settings().await.unwrap();
    edge.passes(visitor, true, vec![hello(0)]).await;
    edge.use_key(new);
    edge.passes(visitor, true, vec![hello(0)]).await;
    assert!(
        origin
            .app()
            .store
            .revoke_edge(edge.id, host::now())
            .await
            .unwrap()
    );
    origin.app().refresh_settings().await.unwrap();
    assert_eq!(edge.batch(vec![]).await.code(), "edge_unknown");
    assert_eq!(edge.inbox(INBOX).await.code(), "edge_unknown");
}

#[tokio::test]
async fn an_edge_learns_what_it_must_know_of_an_inbox() {
    let origin = TestOrigin::start().await;
    let edge = origin.edge().await;
    let inbox: protocol::edge::Inbox =
        serde_json::from_slice(&edge.inbox(INBOX).await.body).unwrap();
    assert_eq!(
        (inbox.allowed_origins, inbox.pack),
        (vec!["https://shop.example".to_owned()], None)
    );
    assert_eq!(edge.inbox("nope").await.code(), "inbox_unknown");
    let visitor = somebody();
    edge.passes(visitor, true, vec![hello(0)]).await;
    origin.publish(KNOWLEDGE).await;
    edge.gets(visitor, |frame| {
        matches!(frame, ToVisitor::Pack(_)).then_some(())
    })
    .await;
    eventually("the edge is told", async || {
        edge.pushes()
            .iter()
            .any(|push| push.changed_inboxes == [INBOX])
            .then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_edge_out_of_order_gets_everything_when_it_is_back() {
    let mut origin = TestOrigin::start().await;
    let edge = origin.edge().await;
    let visitor = somebody();
    edge.passes(visitor, true, vec![hello(0)]).await;
    edge.passes(visitor, true, vec![submit(text("hello"))])
        .await;
    pushed_text(&edge, visitor, "hello").await;
    edge.set_sockets(None);
    let mut agent = origin.agent().await;
    agent.replies(visitor, "one").await;
    agent.replies(visitor, "two").await;
    // Also if the origin stops in between: who is attached stands in its store.
    origin.restart().await;
    edge.set_sockets(Some(1));
    pushed_text(&edge, visitor, "two").await;
    let mut seqs: Vec<_> = events(&edge.pushed(visitor))
        .iter()
        .map(|event| event.seq.0)
        .collect();
    seqs.sort_unstable();
    seqs.dedup();
    assert_eq!(
        seqs,
        (1..=seqs.len() as u64).collect::<Vec<_>>(),
        "nothing is missing"
    );
}

#[tokio::test]
async fn greeting_one_device_takes_nothing_from_the_other() {
    let origin = TestOrigin::start().await;
    let edge = origin.edge().await;
    let visitor = somebody();
    edge.passes(visitor, true, vec![hello(0)]).await;
    edge.passes(visitor, true, vec![submit(text("hello"))])
        .await;
    pushed_text(&edge, visitor, "hello").await;
    edge.set_sockets(None);
    let mut agent = origin.agent().await;
    agent.replies(visitor, "one").await;
    // Another device is told all of it in its greeting, while the first one still waits.
    let greeted = edge.passes(visitor, true, vec![hello(0)]).await;
    assert!(events(&greeted).len() > 1, "{greeted:?}");
    edge.set_sockets(Some(2));
    pushed_text(&edge, visitor, "one").await;
}

#[tokio::test]
async fn a_visitor_who_left_the_edge_is_left_alone() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let edge = origin.edge().await;
    let visitor = somebody();
    edge.passes(visitor, true, vec![hello(0)]).await;
    edge.passes(visitor, true, vec![submit(text("bye"))]).await;
    pushed_text(&edge, visitor, "bye").await;
    agent.sees(visitor, |one| one.online).await;
    edge.set_sockets(Some(0));
    agent.replies(visitor, "are you there?").await;
    pushed_text(&edge, visitor, "are you there?").await;
    agent.sees(visitor, |one| !one.online).await;
    eventually("it is forgotten durably", async || {
        origin
            .app()
            .store
            .conversation(visitor)
            .await
            .unwrap()?
            .edges
            .is_empty()
            .then_some(())
    })
    .await;
    let pushes = edge.pushes().len();
    agent.replies(visitor, "well then").await;
    // Back again: everything since its cursor, in the reply.
    edge.set_sockets(Some(1));
    let back = edge.passes(visitor, true, vec![hello(0)]).await;
    let texts = events(&back)
        .iter()
        .filter(|event| matches!(event.content, Content::Text(_)))
        .count();
    assert_eq!((texts, edge.pushes().len()), (3, pushes));
}

#[tokio::test]
async fn an_edge_cannot_move_a_conversation_to_another_inbox() {
    let origin = TestOrigin::start().await;
    origin.add_inbox("other", &["*"]).await;
    let edge = origin.edge().await;
    let visitor = somebody();
    edge.passes(visitor, false, vec![submit(text("here"))])
        .await;
    let frames = vec![submit(text("there"))];
    let answer = edge
        .batch(vec![Uplink {
            visitor,
            inbox: "other".to_owned(),
            attached: false,
            frames,
        }])
        .await;
    let reply: protocol::edge::BatchReply = postcard::from_bytes(&answer.body).unwrap();
    let code = protocol::Code::ConversationUnknown;
    assert!(
        matches!(&reply.downlinks[0].frames[..], [ToVisitor::Refused(refused)] if refused.problem.code == code)
    );
}

#[tokio::test]
async fn what_is_said_elsewhere_reaches_the_edge_too() {
    let mut origin = TestOrigin::start().await;
    let edge = origin.edge().await;
    let mut phone = origin.visitor().await;
    let visitor = phone.id;
    edge.passes(visitor, true, vec![hello(0)]).await;
    phone.connect().await;
    phone.says("from my phone").await;
    pushed_text(&edge, visitor, "from my phone").await;
    origin.restart().await;
    let mut agent = origin.agent().await;
    agent.replies(visitor, "good to know").await;
    pushed_text(&edge, visitor, "good to know").await;
}

#[tokio::test]
async fn an_edge_is_known_as_soon_as_it_was_created() {
    let origin = TestOrigin::start().await;
    let edge = origin.new_edge().await;
    assert_eq!(edge.inbox(INBOX).await.status, 200);
    let welcome = edge.passes(somebody(), true, vec![hello(0)]).await;
    assert!(matches!(welcome[..], [ToVisitor::Welcome(_)]));
}
