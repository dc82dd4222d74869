//! Agents: the list that updates live, taking, replying, resolving; catching up.

use firsthop::host;
use firsthop_core::hop::lease::AGENT_LAPSES_WITHIN;
use firsthop_core::id::{ConversationId, Derived, MessageId, VisitorId};
use firsthop_core::limits::{CONVERSATIONS_PER_FRAME_MAX, PAGE_FIELD_BYTES_MAX};
use firsthop_core::protocol::agent::{
    Command, ConversationTyping, Hello, List, Open, Release, Reopen, Reply, Resolve, Revision,
    Seen, Take, ToAgent,
};
use firsthop_core::protocol::edge::Uplink;
use firsthop_core::protocol::visitor::{Submit, ToServer, ToVisitor, Typing};
use firsthop_core::protocol::{Code, Content, Encoding, Reason, Receipts, Seq, Status, encode};
use serde_json::json;

use crate::harness::{INBOX, TestOrigin, TestVisitor, eventually, person, text};

async fn waiting_visitor(origin: &TestOrigin) -> TestVisitor {
    let mut visitor = origin.visitor().await;
    visitor.connect().await;
    visitor.submit(text("hello  there,\n\nI need help")).await;
    visitor.submit(person()).await;
    visitor
}

#[tokio::test]
async fn a_conversation_goes_from_the_queue_to_its_end() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = waiting_visitor(&origin).await;
    let id = visitor.id;
    let seen = agent.sees(id, |one| one.status == Status::Queued).await;
    assert_eq!(
        (seen.inbox.as_str(), seen.preview.expose().as_str()),
        ("The demo shop", "hello there, I need help")
    );
    assert!(seen.online && seen.head > seen.read);

    assert_eq!(agent.acts(id, Take::default()).await, Ok(()));
    let taken = agent.sees(id, |one| one.status == Status::Assigned).await;
    assert_eq!(
        taken.assignee.map(|agent| agent.name).as_deref(),
        Some("Ada")
    );
    agent.replies(id, "here I am").await;
    visitor.reads("here I am").await;

    assert_eq!(agent.acts(id, Resolve {}).await, Ok(()));
    assert_eq!(agent.acts(id, Resolve {}).await, Err(Code::WrongStatus));
    assert_eq!(agent.acts(id, Reopen {}).await, Ok(()));
    assert_eq!(agent.acts(id, Release {}).await, Ok(()));
    agent
        .sees(id, |one| {
            one.status == Status::Queued && one.assignee.is_none()
        })
        .await;
}

#[tokio::test]
async fn an_agent_who_falls_silent_loses_their_conversations_and_nobody_else_does() {
    let origin = TestOrigin::start().await;
    let (mut silent, mut alive) = (origin.agent().await, origin.colleague().await);
    let visitor = waiting_visitor(&origin).await;
    let other = waiting_visitor(&origin).await;
    assert_eq!(silent.acts(visitor.id, Take::default()).await, Ok(()));
    assert_eq!(alive.acts(other.id, Take::default()).await, Ok(()));
    // Its socket stays open, and goes on taking what is sent to it.
    let silence = tokio::spawn(async move { while silent.receive().await.is_some() {} });
    let back = alive.answers_until(|one| one.id == visitor.id && one.status == Status::Queued);
    tokio::time::timeout(AGENT_LAPSES_WITHIN * 2, back)
        .await
        .expect("the conversation goes back to the queue");
    let reason = eventually("the visitor is told", async || {
        let log = visitor.whole_log().await;
        log.iter().rev().find_map(|event| match &event.content {
            Content::Status(change) => Some(change.reason),
            _ => None,
        })
    })
    .await;
    assert_eq!(reason, Reason::Lapsed);
    let kept = origin.app().store.conversation(other.id).await.unwrap();
    assert_eq!(kept.unwrap().head.status, Status::Assigned);
    silence.abort();
}

#[tokio::test]
async fn while_an_agent_has_the_conversation_the_bot_keeps_quiet() {
    let origin = TestOrigin::with_knowledge().await;
    let mut agent = origin.agent().await;
    let mut visitor = waiting_visitor(&origin).await;
    assert_eq!(agent.acts(visitor.id, Take::default()).await, Ok(()));
    let question = visitor.says("when are you open?").await;
    visitor.reads("when are you open?").await;
    visitor.settle().await;
    assert!(
        visitor
            .log
            .iter()
            .all(|event| event.id != question.derive(Derived::Answer))
    );
    assert_eq!(agent.acts(visitor.id, Release {}).await, Ok(()));
    let question = visitor.says("when are you open?").await;
    visitor.answer_to(question).await;
}

#[tokio::test]
async fn a_colleagues_conversation_is_only_taken_over_on_purpose() {
    let origin = TestOrigin::start().await;
    let mut ada = origin.agent().await;
    let mut bob = origin.colleague().await;
    let visitor = waiting_visitor(&origin).await;
    let id = visitor.id;
    assert_eq!(ada.acts(id, Take::default()).await, Ok(()));
    assert_eq!(
        bob.acts(id, Take::default()).await,
        Err(Code::AlreadyAssigned)
    );
    assert_eq!(
        bob.acts(
            id,
            Reply {
                text: "me too".into()
            }
        )
        .await,
        Err(Code::AlreadyAssigned)
    );
    assert_eq!(bob.acts(id, Take { over: true }).await, Ok(()));
    ada.sees(id, |one| {
        one.assignee
            .as_ref()
            .is_some_and(|agent| agent.name == "Bob")
    })
    .await;
}

#[tokio::test]
async fn a_command_sent_again_takes_effect_once() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = waiting_visitor(&origin).await;
    let reply = |words: &str| Reply { text: words.into() }.into();
    let command = Command {
        id: MessageId::new(host::now(), host::random()),
        conversation: visitor.id,
        act: reply("once"),
    };
    assert_eq!(agent.commands(command.clone()).await, Ok(()));
    assert_eq!(agent.commands(command.clone()).await, Ok(()));
    let other = Command {
        act: reply("twice"),
        ..command
    };
    assert_eq!(agent.commands(other).await, Err(Code::IdReused));
    visitor.reads("once").await;
    let replies = visitor
        .transcript()
        .await
        .into_iter()
        .filter(|text| text.contains("once") || text.contains("twice"));
    assert_eq!(replies.collect::<Vec<_>>(), ["once"]);
}

#[tokio::test]
async fn a_console_that_comes_back_learns_what_it_missed() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let before = waiting_visitor(&origin).await;
    agent.sees(before.id, |one| one.head == Seq(3)).await;
    agent.disconnect();
    let meanwhile = waiting_visitor(&origin).await;
    agent.connect().await;
    agent
        .sees(meanwhile.id, |one| one.status == Status::Queued)
        .await;
    // The greeting, that is; who is online comes on its own.
    let listed = agent.inbox.iter().find_map(|frame| match frame {
        ToAgent::Conversations(list) => Some(
            list.conversations
                .iter()
                .map(|one| one.id)
                .collect::<Vec<_>>(),
        ),
        _ => None,
    });
    let listed = listed.unwrap();
    assert!(
        !listed.contains(&before.id),
        "what it knows does not come again"
    );
    agent.disconnect();
    agent.revision = Revision(0);
    agent.connect().await;
    agent.sees(before.id, |_| true).await;
    agent.sees(meanwhile.id, |_| true).await;
}

#[tokio::test]
async fn an_opened_log_is_followed_live_from_any_place() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = waiting_visitor(&origin).await;
    let id = visitor.id;
    agent
        .send(Open {
            conversation: id,
            after: Seq(1),
        })
        .await;
    visitor.says("one more thing").await;
    let said = |words: &'static str| {
        move |event: &firsthop_core::protocol::Event| match &event.content {
            Content::Text(text) if text.text.expose() == words => Some((event.prev, event.seq)),
            _ => None,
        }
    };
    let (prev, seq) = agent.event(id, said("one more thing")).await;
    assert_eq!(prev.next(), seq, "nothing is hidden from agents");
    let first: Vec<_> = agent
        .inbox
        .iter()
        .filter_map(|frame| match frame {
            ToAgent::Events(events) => Some(events.events.iter().map(|event| event.seq.0)),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(
        first,
        (2..2 + first.len() as u64).collect::<Vec<_>>(),
        "from the place on, in order, once"
    );
}

#[tokio::test]
async fn typing_and_reading_are_passed_on() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = waiting_visitor(&origin).await;
    let id = visitor.id;
    agent.open(id).await;
    agent.event(id, |_| Some(())).await;
    visitor.send(&[Typing { on: true }.into()]).await;
    agent
        .wait_for(|frame| {
            matches!(frame, ToAgent::Typing(t) if t.conversation == id && t.typing.on).then_some(())
        })
        .await;
    agent
        .send(ConversationTyping {
            conversation: id,
            typing: Typing { on: true },
        })
        .await;
    visitor
        .wait_for(|frame| matches!(frame, ToVisitor::Typing(Typing { on: true })).then_some(()))
        .await;
    let head = agent
        .sees(id, |one| one.status == Status::Queued)
        .await
        .head;
    agent
        .send(Seen {
            conversation: id,
            receipts: Receipts {
                delivered: head,
                read: head,
            },
        })
        .await;
    agent.sees(id, |one| one.read == head).await;
}

#[tokio::test]
async fn agents_see_who_is_there() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let mut visitor = waiting_visitor(&origin).await;
    agent.sees(visitor.id, |one| one.online).await;
    visitor.disconnect();
    agent.sees(visitor.id, |one| !one.online).await;
    visitor.connect().await;
    agent.sees(visitor.id, |one| one.online).await;
}

#[tokio::test]
async fn older_conversations_come_on_request() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let visitor = waiting_visitor(&origin).await;
    agent
        .sees(visitor.id, |one| one.status == Status::Queued)
        .await;
    assert_eq!(agent.acts(visitor.id, Resolve {}).await, Ok(()));
    agent.inbox.clear();
    agent
        .send(List {
            before: Revision(u64::from(u32::MAX)),
            status: Status::Resolved,
        })
        .await;
    agent
        .sees(visitor.id, |one| one.status == Status::Resolved)
        .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_answered_with_its_reason() {
    let origin = TestOrigin::start().await;
    let mut agent = origin.agent().await;
    let nobody = ConversationId::new(host::now(), host::random());
    assert_eq!(
        agent.acts(nobody, Take::default()).await,
        Err(Code::ConversationUnknown)
    );
    agent.open(nobody).await;
    agent
        .wait_for(|frame| {
            matches!(frame, ToAgent::Error(p) if p.code == Code::ConversationUnknown).then_some(())
        })
        .await;
    agent
        .send(Hello {
            version: 99,
            since: Revision(0),
        })
        .await;
    assert_eq!(agent.closed().await, Some(Code::UnsupportedVersion));
}

#[tokio::test]
async fn a_list_with_long_pages_comes_in_as_many_frames_as_hold_it() {
    let origin = TestOrigin::start().await;
    let edge = origin.edge().await;
    let hello: ToServer = serde_json::from_value(json!({
        "type": "hello", "version": 1, "cursor": 0, "lang": "en",
        "page": { "url": "/".repeat(PAGE_FIELD_BYTES_MAX), "title": "\"".repeat(PAGE_FIELD_BYTES_MAX) },
    }))
    .unwrap();
    let visitors: Vec<_> = (0..CONVERSATIONS_PER_FRAME_MAX)
        .map(|_| VisitorId::new(host::now(), host::random()))
        .collect();
    let uplinks = visitors.iter().map(|visitor| {
        let messages = vec![text("anybody?")];
        Uplink {
            visitor: *visitor,
            inbox: INBOX.to_owned(),
            attached: true,
            frames: vec![hello.clone(), Submit { messages }.into()],
        }
    });
    assert_eq!(edge.batch(uplinks.collect()).await.status, 200);
    let mut agent = origin.agent().await;
    for visitor in visitors {
        let summary = agent.sees(visitor, |_| true).await;
        assert_eq!(
            summary.page.unwrap().url.expose().len(),
            PAGE_FIELD_BYTES_MAX
        );
    }
    for frame in &agent.inbox {
        for encoding in Encoding::ALL {
            encode(*encoding, &[frame]).unwrap();
        }
    }
}
