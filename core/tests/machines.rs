//! The machines under any order of anything: replicas give the log, nothing panics, statuses and
//! assignees agree, rates hold.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/frames.rs"]
mod frames;

use core::time::Duration;

use firsthop_core::bot::Screened;
use firsthop_core::conversation::{Head, Verdict};
use firsthop_core::hop::client::{Change, Client, Output as ClientOutput};
use firsthop_core::hop::gateway::{Gateway, Output as GatewayOutput, State};
use firsthop_core::hop::relay::{Output as RelayOutput, Relay, RequestId, SocketId};
use firsthop_core::hop::replica::Replica;
use firsthop_core::id::{AgentId, MessageId, Uuid, VisitorId};
use firsthop_core::limit::Bucket;
use firsthop_core::protocol::agent::{Act, Command, Release, Reopen, Reply, Resolve, Take};
use firsthop_core::protocol::visitor::{
    AskPerson, Said, SaidText, Submission, ToServer, ToVisitor,
};
use firsthop_core::protocol::{
    AgentRef, Author, Content, Event, Note, Receipts, Seq, Status, Text, Unread,
};
use firsthop_core::{Instant, Timestamp};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn visitor() -> VisitorId {
    VisitorId::new(NOW, [1; 10])
}

fn id(number: u16) -> MessageId {
    let [high, low] = number.to_be_bytes();
    MessageId::new(NOW, [0, high, 0, low, 0, 0, 0, 0, 0, 0])
}

fn submission(number: u16, said: Said) -> Submission {
    Submission {
        id: id(number),
        at: NOW,
        said,
    }
}

fn text(number: u16) -> Submission {
    let said = SaidText {
        text: format!("text {number}").into(),
        lang: String::new(),
        claim: None,
        page: Default::default(),
    };
    submission(number, Said::Text(said))
}

/// A log as a visitor sees it: where `hidden` says so, a private note lies before an event.
fn visible_log(hidden: &[bool]) -> Vec<Event> {
    let mut prev = Seq(0);
    let mut seq = Seq(0);
    let mut log = Vec::new();
    for (number, hidden) in hidden.iter().enumerate() {
        seq = if *hidden {
            seq.next().next()
        } else {
            seq.next()
        };
        let content = Text {
            text: "x".into(),
            unverified: None,
        }
        .into();
        let id = id(u16::try_from(number).unwrap());
        log.push(Event {
            seq,
            prev,
            id,
            at: NOW,
            author: Author::Visitor,
            content,
        });
        prev = seq;
    }
    log
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_replica_gives_the_log_whatever_comes_when(
        hidden in prop::collection::vec(any::<bool>(), 1..40),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
    ) {
        let log = visible_log(&hidden);
        let mut replica = Replica::default();
        let mut copy = Vec::new();
        for index in order {
            copy.extend(replica.handle_events([log[index.index(log.len())].clone()]));
            prop_assert_eq!(&copy[..], &log[..copy.len()], "always a beginning of the log");
            prop_assert_eq!(replica.cursor(), copy.last().map_or(Seq(0), |event: &Event| event.seq));
        }
        copy.extend(replica.handle_events(log.clone()));
        prop_assert_eq!(copy, log);
        prop_assert!(!replica.has_gap());
    }

    #[test]
    fn statuses_seqs_and_assignees_always_agree(steps in prop::collection::vec((0u8..13, 0u8..3), 1..60)) {
        let mut head = Head::default();
        let mut log: Vec<Event> = Vec::new();
        for (number, (what, agent)) in steps.into_iter().enumerate() {
            let number = u16::try_from(number).unwrap();
            let before = head.clone();
            let agent = AgentRef { id: AgentId(Uuid([agent; 16])), name: format!("agent {agent}") };
            let act = |act: Act| Command { id: id(number), conversation: visitor(), act };
            let person = submission(number, Said::Person(AskPerson {}));
            let result = match what {
                0 => head.visitor_says(&text(number), Verdict::Quiet, None, NOW),
                1 => head.visitor_says(&text(number), Verdict::HandOff, None, NOW),
                2 => head.visitor_says(&text(number), Verdict::Escalate, None, NOW),
                3 => head.visitor_says(&person, Verdict::Quiet, None, NOW),
                4 => head.visitor_says(&submission(number, Said::Unknown(Unread::default())), Verdict::Quiet, None, NOW),
                5 => head.agent_acts(&agent, &act(Reply { text: "yes".into() }.into()), NOW),
                6 => head.agent_acts(&agent, &act(Note { text: "hm".into() }.into()), NOW),
                7 => head.agent_acts(&agent, &act(Take { over: false }.into()), NOW),
                8 => head.agent_acts(&agent, &act(Take { over: true }.into()), NOW),
                9 => head.agent_acts(&agent, &act(Release {}.into()), NOW),
                10 => head.agent_acts(&agent, &act(Resolve {}.into()), NOW),
                11 => head.agent_acts(&agent, &act(Reopen {}.into()), NOW),
                _ => head.agent_acts(&agent, &act(Act::Unknown(Unread::default())), NOW),
            };
            match result {
                Err(_) => prop_assert_eq!(&head, &before, "a problem changes nothing"),
                Ok(events) => {
                    prop_assert!(!events.is_empty());
                    log.extend(events);
                }
            }
            if what <= 2 {
                prop_assert_ne!(head.status, Status::Resolved, "a message after the end begins anew");
            }
            prop_assert_eq!(head.assignee.is_some(), head.status == Status::Assigned);
            prop_assert_eq!(head.seq.0, log.len() as u64);
            let told = log.iter().rev().find_map(|event| match &event.content {
                Content::Status(change) => Some((change.status, change.assignee.clone())),
                _ => None,
            });
            prop_assert_eq!(told.unwrap_or_default(), (head.status, head.assignee.clone()));
        }
        let visible: Vec<_> = log.iter().filter(|event| !event.content.is_private()).cloned().collect();
        prop_assert_eq!(Replica::default().handle_events(visible.clone()), visible);
        let mut ids: Vec<_> = log.iter().map(|event| event.id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), log.len());
    }

    #[test]
    fn a_bucket_never_grants_more_than_its_rate(
        takes in prop::collection::vec((0u64..3_000, 1u32..6), 1..100),
        burst in 1u32..10,
    ) {
        let mut bucket = Bucket::new(burst, Duration::from_secs(1));
        let (mut now, mut granted) = (0, 0);
        for (wait, count) in takes {
            now += wait;
            match bucket.take(Instant::from_millis(now), count) {
                Ok(()) => granted += u64::from(count),
                Err(wait) if count <= burst => {
                    let later = Instant::from_millis(now) + wait;
                    let mut copy = bucket;
                    prop_assert_eq!(copy.take(later, count), Ok(()), "it says when");
                }
                Err(_) => {}
            }
            prop_assert!(granted <= u64::from(burst) + now / 1_000);
        }
    }

    #[test]
    fn a_client_survives_anything_and_shows_no_message_twice(
        inputs in prop::collection::vec((0u8..14, any::<u16>(), 0u64..40_000), 1..120),
    ) {
        let mut now = 1_000;
        let mut client = Client::new(Instant::from_millis(now), 7, "test", []);
        let mut other = Client::new(Instant::from_millis(now), 8, "test", []);
        let mut saved = Vec::new();
        let vectors = frames::to_visitor();
        for (what, number, wait) in inputs {
            now += wait;
            let at = Instant::from_millis(now);
            let message = id(number % 20);
            match what {
                0 => { let _ = client.say(at, text(number % 20), None); }
                1 => client.connect(at),
                2 => client.handle_connected(at),
                3 => client.handle_closed(at),
                4 => client.disconnect(),
                5 => client.handle_timeout(at),
                6 => client.retry(at, message),
                7 => client.discard(message),
                8 => client.see(Seq(number.into())),
                9 => client.handle_change(at, Change::Retried(message)),
                10 => client.handle_not_admitted(at),
                _ => {
                    let frame = vectors[usize::from(number) % vectors.len()].1.clone();
                    client.handle_frames(at, vec![frame]);
                }
            }
            while let Some(output) = client.poll_output() {
                match output {
                    ClientOutput::Save(change) => {
                        other.handle_change(at, change.clone());
                        saved.push(change);
                    }
                    ClientOutput::Send(frames) => prop_assert!(!frames.is_empty()),
                    _ => {}
                }
            }
            while other.poll_output().is_some() {}
            if what != 5 && let Some(due) = client.next_timeout() {
                client.handle_timeout(due.max(at));
                now = now.max(due.as_millis());
            }
            let lines = client.transcript().lines();
            let mut ids: Vec<_> = lines.iter().map(|line| line.id).collect();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), lines.len(), "a message is shown once");
        }
        while let Some(output) = client.poll_output() {
            if let ClientOutput::Save(change) = output {
                other.handle_change(Instant::from_millis(now), change.clone());
                saved.push(change);
            }
        }
        // What was saved makes the same client again; `Retried` from outside was never saved.
        let again = Client::new(Instant::from_millis(now), 9, "test", saved);
        prop_assert_eq!(again.transcript().events(), client.transcript().events());
        prop_assert_eq!(other.transcript().events(), client.transcript().events());
        prop_assert_eq!(again.cursor(), client.cursor());
    }

    #[test]
    fn a_relay_survives_anything_and_acknowledges_only_what_is_stored(
        inputs in prop::collection::vec((0u8..9, any::<u16>(), 0u64..5_000), 1..150),
    ) {
        let mut now = 1_000;
        let mut relay = Relay::new(Instant::from_millis(now), 3, visitor(), [text(900)]);
        relay.set_sockets(1);
        let mut stored = vec![id(900)];
        let mut at_origin = Vec::new();
        let mut writing: Vec<Vec<Submission>> = Vec::new();
        let mut requests: Vec<(RequestId, Vec<ToServer>)> = Vec::new();
        let vectors = frames::to_server();
        for (what, number, wait) in inputs {
            now += wait;
            let at = Instant::from_millis(now);
            match what {
                0 | 1 => {
                    let submission = text(number % 40);
                    relay.handle_submission(SocketId(1), Screened { submission, answered: None, forged: false });
                }
                2 => relay.handle_frame(SocketId(1), vectors[usize::from(number) % vectors.len()].1.clone()),
                3 if !requests.is_empty() => {
                    let (request, frames) = requests.remove(usize::from(number) % requests.len());
                    let ids: Vec<_> = submitted(&frames);
                    at_origin.extend(&ids);
                    let stored = firsthop_core::protocol::visitor::Stored { by: firsthop_core::protocol::Hop::Origin, ids };
                    relay.handle_reply(NOW, at, request, vec![stored.into()]);
                }
                4 if !requests.is_empty() => {
                    let (request, _) = requests.remove(usize::from(number) % requests.len());
                    relay.handle_failure(NOW, at, request);
                }
                5 if !writing.is_empty() => {
                    let written = writing.remove(0);
                    let ids: Vec<_> = written.iter().map(|message| message.id).collect();
                    stored.extend(&ids);
                    relay.handle_stored(at, &ids);
                }
                6 if !writing.is_empty() => {
                    let ids: Vec<_> = writing.remove(0).iter().map(|message| message.id).collect();
                    relay.handle_not_stored(&ids);
                }
                7 => relay.handle_reply(NOW, at, RequestId(number.into()), vec![frames::to_visitor()[usize::from(number) % 5].1.clone()]),
                _ => relay.handle_timeout(at),
            }
            while let Some(output) = relay.poll_output() {
                match output {
                    RelayOutput::Persist(messages) => writing.push(messages),
                    RelayOutput::Request(id, frames) => requests.push((id, frames)),
                    RelayOutput::Forget(ids) => stored.retain(|id| !ids.contains(id)),
                    RelayOutput::Send(_, ToVisitor::Stored(frame)) if frame.by == firsthop_core::protocol::Hop::Edge => {
                        prop_assert!(frame.ids.iter().all(|id| stored.contains(id) || at_origin.contains(id)));
                    }
                    RelayOutput::Send(..) => {}
                }
            }
            prop_assert!(relay.stored() == 0 || relay.next_timeout().is_some(), "an alarm stands for what is stored");
        }
    }

    #[test]
    fn a_gateway_survives_anything_and_sends_the_log_in_order(
        inputs in prop::collection::vec((0u8..7, any::<u16>(), 0u64..500), 1..150),
    ) {
        let log = visible_log(&[false; 60]);
        let mut published = 0;
        let mut now = 1_000;
        let mut gateway = Gateway::new(visitor());
        let mut cursor = Replica::default();
        let vectors = frames::to_server();
        let mut closed = false;
        for (what, number, wait) in inputs {
            now += wait;
            let at = Instant::from_millis(now);
            let more = (published + usize::from(number % 5)).min(log.len());
            match what {
                0 | 1 => gateway.handle_frame(at, vectors[usize::from(number) % vectors.len()].1.clone()),
                2 => {
                    let new = log[published..more].to_vec();
                    published = more;
                    gateway.handle_published(new);
                }
                3 => gateway.handle_ingested([(id(number), Ok(()))]),
                _ => {}
            }
            while let Some(output) = gateway.poll_output() {
                match output {
                    GatewayOutput::Greet(hello) => {
                        let hello = firsthop_core::protocol::visitor::Hello { cursor: cursor.cursor(), ..hello };
                        let head = log[..published].last().map_or(Seq(0), |event| event.seq);
                        let state = State { head, status: Status::Pending, receipts: Receipts::default(), pack: None, queue: Some(1) };
                        gateway.handle_state(NOW, &hello, &state);
                    }
                    GatewayOutput::Read(after) => {
                        let events = log[..published].iter().filter(|event| event.seq > after).take(7).cloned().collect();
                        let more = log[..published].iter().filter(|event| event.seq > after).count() > 7;
                        gateway.handle_read(events, more);
                    }
                    GatewayOutput::Send(ToVisitor::Events(events)) => {
                        prop_assert!(!events.events.is_empty());
                        cursor.handle_events(events.events);
                        prop_assert!(!cursor.has_gap(), "events leave in order");
                    }
                    GatewayOutput::Close => closed = true,
                    _ => {}
                }
            }
            if closed {
                gateway.handle_frame(at, vectors[0].1.clone());
                prop_assert!(gateway.poll_output().is_none(), "after the end nothing is looked at");
                break;
            }
        }
    }
}

fn submitted(frames: &[ToServer]) -> Vec<MessageId> {
    let submits = frames.iter().filter_map(|frame| match frame {
        ToServer::Submit(submit) => Some(&submit.messages),
        _ => None,
    });
    submits.flatten().map(|message| message.id).collect()
}

#[test]
fn a_log_that_is_shorter_than_was_said_does_not_keep_the_origin_reading() {
    let mut gateway = Gateway::new(visitor());
    let hello = firsthop_core::protocol::visitor::Hello {
        version: 1,
        cursor: Seq(0),
        lang: String::new(),
        page: Default::default(),
        client: String::new(),
    };
    gateway.handle_frame(Instant::from_millis(0), hello.clone().into());
    let state = State {
        head: Seq(9),
        status: Status::Pending,
        receipts: Receipts::default(),
        pack: None,
        queue: None,
    };
    gateway.handle_state(NOW, &hello, &state);
    let mut reads = 0;
    while let Some(output) = gateway.poll_output() {
        if let GatewayOutput::Read(_) = output {
            reads += 1;
            assert!(reads < 3, "it reads again and again");
            gateway.handle_read(Vec::new(), false);
        }
    }
    assert_eq!(reads, 1);
}
