//! A client on transports where every request carries its own hello, and gets its own welcome.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use core::time::Duration;

use firsthop_core::hop::client::{Client, Output, Transport};
use firsthop_core::id::{MessageId, VisitorId};
use firsthop_core::limits::{EDGE_SOCKET_SILENT_MAX, PING_AFTER};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::visitor::{
    Events, Reach, Refused, Said, SaidText, Stored, Submission, ToServer, ToVisitor, Typing,
    Welcome,
};
use firsthop_core::protocol::{
    Author, Code, Content, Event, Hop, Problem, Receipts, Seq, Status, Text, VERSION,
};
use firsthop_core::{Instant, Timestamp};

const NOW: Instant = Instant::from_millis(1_000);
const WALL: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn welcome(origin: Reach) -> ToVisitor {
    Welcome {
        version: VERSION,
        visitor: VisitorId::new(WALL, [1; 10]),
        hop: Hop::Edge,
        head: Some(Seq(1)),
        status: Some(Status::Assigned),
        receipts: Receipts::default(),
        pack: None,
        origin,
        now: WALL,
        cursor: Seq(0),
    }
    .into()
}

fn reply() -> ToVisitor {
    let text = Text {
        text: "hello".into(),
        unverified: None,
    };
    let event = Event {
        seq: Seq(1),
        prev: Seq(0),
        id: MessageId::new(WALL, [2; 10]),
        at: WALL,
        author: Author::System,
        content: Content::Text(text),
    };
    Events {
        events: vec![event],
        more: false,
    }
    .into()
}

fn outputs(client: &mut Client) -> Vec<Output> {
    core::iter::from_fn(|| client.poll_output()).collect()
}

fn requests(client: &mut Client) -> Vec<Vec<ToServer>> {
    let sends = outputs(client)
        .into_iter()
        .filter_map(|output| match output {
            Output::Send(frames) => Some(frames),
            _ => None,
        });
    sends.collect()
}

fn connected() -> Client {
    let mut client = Client::new(NOW, 1, "test", []);
    client.connect(NOW);
    client.handle_connected(NOW);
    outputs(&mut client);
    client
}

#[test]
fn a_welcome_to_every_request_leads_to_no_further_requests() {
    let mut client = connected();
    client.handle_frames(NOW, vec![welcome(Reach::Up), reply()]);
    client.see(Seq(1));
    let mut exchanges = 0;
    loop {
        let waiting = requests(&mut client).len();
        if waiting == 0 {
            break;
        }
        exchanges += waiting;
        assert!(exchanges < 10, "the client keeps asking");
        for _ in 0..waiting {
            client.handle_frames(NOW, vec![welcome(Reach::Up)]);
        }
    }
    assert!(exchanges > 0, "what was seen is told");
}

#[test]
fn what_was_seen_is_told_again_once_the_origin_is_back() {
    let mut client = connected();
    client.handle_frames(NOW, vec![welcome(Reach::Up), reply()]);
    client.see(Seq(1));
    requests(&mut client);
    client.handle_frames(NOW, vec![welcome(Reach::Away)]);
    assert_eq!(requests(&mut client), Vec::<Vec<ToServer>>::new());
    client.handle_frames(NOW, vec![welcome(Reach::Up)]);
    let told = requests(&mut client);
    assert!(matches!(told[..], [ref frames] if matches!(frames[..], [ToServer::Seen(_)])));
}

#[test]
fn a_visitor_without_a_network_stays_on_the_best_transport() {
    let mut client = Client::new(NOW, 1, "test", []);
    let mut now = NOW;
    for _ in 0..10 {
        client.connect(now);
        assert!(outputs(&mut client).contains(&Output::Connect(Transport::Socket)));
        client.handle_not_admitted(now);
        now = client.next_timeout().unwrap();
        client.handle_timeout(now);
        outputs(&mut client);
        client.handle_not_admitted(now);
    }
}

#[test]
fn a_socket_or_stream_is_pinged_also_while_frames_come() {
    for transport in [Transport::Socket, Transport::Stream] {
        let mut client = greeted_by(transport);
        let mut now = NOW;
        let mut pings = 0;
        while now < NOW + EDGE_SOCKET_SILENT_MAX {
            now = now + Duration::from_secs(1);
            client.handle_timeout(now);
            for frame in requests(&mut client).into_iter().flatten() {
                if let ToServer::Ping(ping) = frame {
                    pings += 1;
                    client.handle_frames(now, vec![ping.into()]);
                }
            }
            client.handle_frames(now, vec![Typing { on: true }.into()]);
        }
        assert_eq!(
            pings,
            EDGE_SOCKET_SILENT_MAX.as_secs() / PING_AFTER.as_secs()
        );
    }
}

#[test]
fn each_link_names_the_pack_anew() {
    let pack = PackHash([7; 32]);
    let named = |client: &mut Client, pack| {
        let ToVisitor::Welcome(welcome) = welcome(Reach::Up) else {
            unreachable!("it is one")
        };
        let pack = Some(pack);
        client.handle_frames(NOW, vec![Welcome { pack, ..welcome }.into()]);
        outputs(client).contains(&Output::Pack(PackHash([7; 32])))
    };
    let mut client = connected();
    assert!(named(&mut client, pack));
    assert!(!named(&mut client, pack), "every request has its welcome");
    assert_eq!(client.pack(), Some(pack));
    client.handle_closed(NOW);
    assert_eq!(client.pack(), None);
    client.connect(NOW);
    client.handle_connected(NOW);
    assert!(
        named(&mut client, pack),
        "it may not have been there to be fetched"
    );
}

#[test]
fn after_a_link_that_was_not_the_best_the_best_is_tried_again() {
    for fallback in [Transport::Stream, Transport::Poll] {
        let mut client = greeted_by(fallback);
        client.handle_closed(NOW);
        client.connect(NOW);
        assert!(outputs(&mut client).contains(&Output::Connect(Transport::Socket)));
        // Once: whatever lets no WebSocket through is mostly still there.
        client.handle_closed(NOW);
        client.connect(NOW);
        assert!(outputs(&mut client).contains(&Output::Connect(Transport::Stream)));
    }
}

fn say(client: &mut Client, number: u8) -> MessageId {
    let id = MessageId::new(WALL, [number; 10]);
    let said = Said::Text(SaidText {
        text: "hello".into(),
        lang: String::new(),
        claim: None,
        page: Default::default(),
    });
    let submission = Submission { id, at: WALL, said };
    client.say(NOW, submission, None).unwrap();
    id
}

/// The messages of each request that was sent.
fn submitted(client: &mut Client) -> Vec<Vec<MessageId>> {
    let mut submitted = Vec::new();
    for frame in requests(client).into_iter().flatten() {
        if let ToServer::Submit(submit) = frame {
            submitted.push(submit.messages.iter().map(|message| message.id).collect());
        }
    }
    submitted
}

/// A greeted client that has come to talk by `transport`, as those before it did not work.
fn greeted_by(transport: Transport) -> Client {
    let mut client = Client::new(NOW, 1, "test", []);
    client.connect(NOW);
    while !outputs(&mut client).contains(&Output::Connect(transport)) {
        client.handle_closed(NOW);
        client.connect(NOW);
    }
    client.handle_connected(NOW);
    client.handle_frames(NOW, vec![welcome(Reach::Up)]);
    outputs(&mut client);
    client
}

#[test]
fn only_one_request_carries_messages_at_a_time_so_that_none_overtakes_another() {
    for transport in [Transport::Socket, Transport::Stream, Transport::Poll] {
        let mut client = greeted_by(transport);
        let [one, two, three] = [3, 4, 5].map(|number| say(&mut client, number));
        assert_eq!(submitted(&mut client), [vec![one]], "{transport:?}");
        let (by, ids) = (Hop::Origin, vec![one]);
        client.handle_frames(NOW, vec![Stored { by, ids }.into()]);
        assert_eq!(submitted(&mut client), [vec![two, three]], "{transport:?}");
        // Nothing is heard: everything goes again, what waits behind it as well.
        let four = say(&mut client, 6);
        client.handle_timeout(client.next_timeout().unwrap());
        assert_eq!(
            submitted(&mut client),
            [vec![two, three, four]],
            "{transport:?}"
        );
    }
}

#[test]
fn what_follows_a_message_that_was_refused_for_now_waits_for_it() {
    let mut client = greeted_by(Transport::Socket);
    let [one, two] = [3, 4].map(|number| say(&mut client, number));
    assert_eq!(submitted(&mut client), [vec![one]]);
    let problem = Problem::new(Code::TooManyMessages, "").retry_after(Duration::from_secs(1));
    client.handle_frames(NOW, vec![Refused { id: one, problem }.into()]);
    assert_eq!(submitted(&mut client), Vec::<Vec<_>>::new(), "held off");
    client.handle_timeout(NOW + Duration::from_secs(1));
    assert_eq!(submitted(&mut client), [vec![one]]);
    let (by, ids) = (Hop::Origin, vec![one]);
    let now = NOW + Duration::from_secs(2);
    client.handle_frames(now, vec![Stored { by, ids }.into()]);
    assert_eq!(submitted(&mut client), [vec![two]]);
}
