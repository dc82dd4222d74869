//! A visitor's messages: stored once, in order, and answered by the bot at most once.

use firsthop::store::conversations::Reader;
use firsthop_core::id::Derived;
use firsthop_core::protocol::agent::{Act, Resolve};
use firsthop_core::protocol::visitor::{Submit, ToVisitor};
use firsthop_core::protocol::{Author, Code, Content, Hop, Note, Receipts, Seq, Status};

use crate::harness::{Sent, TestOrigin, TestVisitor, claim_of, eventually, person, text};

#[tokio::test]
async fn what_is_acknowledged_is_in_the_store() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    let id = visitor.says("hello").await;
    let log = origin
        .app()
        .store
        .events_after(visitor.id, Seq(0), Reader::Visitor)
        .await
        .unwrap();
    assert_eq!(
        log.events.first().map(|event| (event.seq, event.id)),
        Some((Seq(1), id))
    );
}

#[tokio::test]
async fn the_bot_answers_what_it_knows() {
    let origin = TestOrigin::with_knowledge().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    let known = visitor.says("when are you open?").await;
    let answer = visitor.answer_to(known).await;
    assert_eq!(
        (answer.text.as_str(), answer.source.hop),
        ("From nine to five.", Hop::Origin)
    );
    assert_eq!(
        (answer.source.entry.as_deref(), answer.source.verified),
        (Some("hours"), true)
    );
}

#[tokio::test]
async fn what_nobody_knows_goes_to_the_queue() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    let unknown = visitor.says("when are you open?").await;
    let status = visitor
        .event(|event| match &event.content {
            Content::Status(change) if event.id == unknown.derive(Derived::Status) => {
                Some(change.status)
            }
            _ => None,
        })
        .await;
    assert_eq!(status, Status::Queued);
    let place = visitor
        .wait_for(|frame| match frame {
            ToVisitor::Queue(queue) => Some(queue.place),
            _ => None,
        })
        .await;
    assert_eq!(place, 1);
}

#[tokio::test]
async fn a_message_sent_again_is_stored_once_and_answered_once() {
    let origin = TestOrigin::with_knowledge().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    let message = text("when are you open?");
    for _ in 0..3 {
        assert_eq!(visitor.submit(message.clone()).await, Sent::Stored);
    }
    visitor
        .send(&[Submit {
            messages: vec![message.clone(), message],
        }
        .into()])
        .await;
    visitor.settle().await;
    assert_eq!(
        visitor.transcript().await,
        ["when are you open?", "From nine to five."]
    );
}

#[tokio::test]
async fn an_id_that_is_used_for_something_else_is_refused() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    let first = text("one thing");
    let id = first.id;
    assert_eq!(visitor.submit(first).await, Sent::Stored);
    let second = firsthop_core::protocol::visitor::Submission {
        id,
        ..text("another")
    };
    assert_eq!(visitor.submit(second).await, Sent::Refused(Code::IdReused));
    let third = firsthop_core::protocol::visitor::Submission { id, ..person() };
    assert_eq!(visitor.submit(third).await, Sent::Refused(Code::IdReused));
    assert_eq!(visitor.transcript().await, ["one thing"]);
}

#[tokio::test]
async fn another_visitors_ids_are_nobodys_business() {
    let origin = TestOrigin::start().await;
    let (mut one, mut other) = (origin.visitor().await, origin.visitor().await);
    one.connect().await;
    other.connect().await;
    let message = text("mine");
    assert_eq!(one.submit(message.clone()).await, Sent::Stored);
    let same_id = firsthop_core::protocol::visitor::Submission {
        id: message.id,
        ..text("yours")
    };
    assert_eq!(other.submit(same_id).await, Sent::Stored);
    assert_eq!(
        (one.transcript().await, other.transcript().await),
        (vec!["mine".into()], vec!["yours".into()])
    );
}

#[tokio::test]
async fn a_client_resumes_from_its_cursor() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("are you there?").await;
    visitor.reads("are you there?").await;
    visitor.settle().await;
    let held = visitor.log.len();
    visitor.disconnect();
    agent.replies(visitor.id, "yes").await;
    agent.replies(visitor.id, "what is it?").await;
    visitor.connect().await;
    visitor.reads("what is it?").await;
    // The harness fails on gaps and skips what it holds: nothing came again.
    let events: usize = visitor
        .inbox
        .iter()
        .map(|frame| match frame {
            ToVisitor::Events(events) => events.events.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(events, visitor.log.len(), "each event came once");
    assert!(visitor.log.len() >= held + 3);
}

#[tokio::test]
async fn a_long_log_comes_in_frames_on_request() {
    let origin = TestOrigin::start().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    for n in 0..35 {
        assert_eq!(
            visitor
                .submit(text(&format!("{n} {}", "x".repeat(2000))))
                .await,
            Sent::Stored
        );
    }
    let log = visitor.whole_log().await;
    let seqs: Vec<_> = log.iter().map(|event| event.seq.0).collect();
    assert_eq!(seqs, (1..=log.len() as u64).collect::<Vec<_>>());
    assert_eq!(
        log.iter()
            .filter(|event| event.author == Author::Visitor)
            .count(),
        35
    );
}

#[tokio::test]
async fn a_visitor_does_not_get_notes_and_sees_no_gap() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("hello").await;
    assert_eq!(
        agent
            .acts(
                visitor.id,
                Act::Note(Note {
                    text: "a nuisance".into()
                })
            )
            .await,
        Ok(())
    );
    agent.replies(visitor.id, "hello, how can I help?").await;
    visitor.reads("hello, how can I help?").await;
    assert_eq!(
        visitor.transcript().await,
        ["hello", "hello, how can I help?"]
    );
    assert!(visitor.log.iter().all(|event| !event.content.is_private()));
    agent.open(visitor.id).await;
    agent
        .event(visitor.id, |event| event.content.is_private().then_some(()))
        .await;
}

#[tokio::test]
async fn every_tab_sees_the_same() {
    let origin = TestOrigin::start().await;
    let mut tab = origin.visitor().await;
    let mut other = tab.other_tab();
    tab.connect().await;
    other.connect().await;
    tab.says("from here").await;
    other.reads("from here").await;
    other.says("from there").await;
    tab.reads("from there").await;
    tab.settle().await;
    other.settle().await;
    assert_eq!(tab.log, other.log);
}

#[tokio::test]
async fn a_right_claim_is_believed_also_of_an_old_pack() {
    let origin = TestOrigin::with_knowledge().await;
    let old = origin.app().settings().pack("demo").unwrap().hash();
    origin.publish(r#"{"id":"hours","title":"Hours","phrasings":["When are you open?"],"answer":"From ten to four."}"#).await;
    let new = origin.app().settings().pack("demo").unwrap().hash();
    assert_ne!(old, new);
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    for (pack, words) in [(old, "From nine to five."), (new, "From ten to four.")] {
        let message =
            TestVisitor::claiming("when are you open?", claim_of(pack, "hours", 1000, words));
        let id = message.id;
        assert_eq!(visitor.submit(message).await, Sent::Stored);
        let answer = visitor.answer_to(id).await;
        assert_eq!(
            (
                answer.text.as_str(),
                answer.source.hop,
                answer.source.verified
            ),
            (words, Hop::Browser, true)
        );
    }
}

#[tokio::test]
async fn a_forged_claim_is_shown_as_unverified_and_changes_nothing() {
    let origin = TestOrigin::with_knowledge().await;
    let pack = origin.app().settings().pack("demo").unwrap().hash();
    let mut agent = origin.agent().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    let foreign = firsthop_core::pack::PackHash([7; 32]);
    for claim in [
        claim_of(pack, "hours", 1000, "We give you a refund of 1000 euros."),
        claim_of(pack, "returns", 1000, "Within thirty days."),
        claim_of(foreign, "hours", 1000, "From nine to five."),
    ] {
        let message = TestVisitor::claiming("when are you open?", claim.clone());
        let id = message.id;
        assert_eq!(visitor.submit(message).await, Sent::Stored);
        // The origin answers as if nothing had been claimed.
        let answer = visitor.answer_to(id).await;
        assert_eq!(
            (answer.text.as_str(), answer.source.hop),
            ("From nine to five.", Hop::Origin)
        );
        agent.open(visitor.id).await;
        let shown = agent
            .event(visitor.id, |event| match &event.content {
                Content::Text(text) if event.id == id => text.unverified.clone(),
                _ => None,
            })
            .await;
        assert_eq!((shown.pack, shown.text), (claim.pack, claim.text));
    }
}

#[tokio::test]
async fn a_pack_of_another_inbox_proves_nothing() {
    let origin = TestOrigin::with_knowledge().await;
    let pack = origin.app().settings().pack("demo").unwrap().hash();
    origin.add_inbox("other", &["*"]).await;
    let mut visitor = TestVisitor::admitted(origin.http.clone(), origin.address(), "other").await;
    visitor.connect().await;
    let message = TestVisitor::claiming(
        "when are you open?",
        claim_of(pack, "hours", 1000, "From nine to five."),
    );
    assert_eq!(visitor.submit(message).await, Sent::Stored);
    visitor.settle().await;
    let log = visitor.whole_log().await;
    assert!(matches!(&log[0].content, Content::Text(text) if text.unverified.is_some()));
    assert!(
        !log.iter()
            .any(|event| matches!(event.content, Content::Answer(_)))
    );
}

#[tokio::test]
async fn a_visitor_who_returns_after_the_end_reopens_the_conversation() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    assert_eq!(visitor.submit(person()).await, Sent::Stored);
    agent
        .sees(visitor.id, |one| {
            one.status == Status::Queued && one.waiting_since.is_some()
        })
        .await;
    assert_eq!(agent.acts(visitor.id, Resolve {}).await, Ok(()));
    agent
        .sees(visitor.id, |one| {
            one.status == Status::Resolved && one.waiting_since.is_none()
        })
        .await;
    visitor.says("one more thing").await;
    agent
        .sees(visitor.id, |one| {
            one.status == Status::Queued && one.waiting_since.is_some()
        })
        .await;
}

#[tokio::test]
async fn receipts_travel_both_ways_and_never_back() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.says("hello").await;
    agent.open(visitor.id).await;
    let head = agent.sees(visitor.id, |one| one.head >= Seq(1)).await.head;
    let far = Receipts {
        delivered: Seq(9_999),
        read: head,
    };
    agent
        .send(firsthop_core::protocol::agent::Seen {
            conversation: visitor.id,
            receipts: far,
        })
        .await;
    let got = visitor
        .wait_for(|frame| match frame {
            ToVisitor::Receipts(receipts) => Some(*receipts),
            _ => None,
        })
        .await;
    assert_eq!(
        got,
        Receipts {
            delivered: head,
            read: head
        },
        "nobody is further than the log"
    );
    visitor.settle().await;
    let cursor = visitor.cursor;
    visitor
        .send(&[Receipts {
            delivered: cursor,
            read: cursor,
        }
        .into()])
        .await;
    agent
        .wait_for(|frame| match frame {
            firsthop_core::protocol::agent::ToAgent::Receipts(seen)
                if seen.receipts.read == cursor =>
            {
                Some(())
            }
            _ => None,
        })
        .await;
    visitor
        .send(&[Receipts {
            delivered: Seq(0),
            read: Seq(0),
        }
        .into()])
        .await;
    visitor.settle().await;
    let row = origin
        .app()
        .store
        .conversation(visitor.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.visitor.read, cursor);
    eventually("everything is read", async || {
        (origin
            .app()
            .store
            .conversation(visitor.id)
            .await
            .unwrap()?
            .agents
            .read
            == head)
            .then_some(())
    })
    .await;
}
