//! One visitor at the edge: what is passed on, answered, kept while the origin is away, refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::time::Duration;

use firsthop_core::answer::Answerer;
use firsthop_core::bot::{ask, claim};
use firsthop_core::conversation::Verdict;
use firsthop_core::hop::relay::SocketId;
use firsthop_core::id::MessageId;
use firsthop_core::limits::{
    EDGE_DRAIN_BATCH_MAX, EDGE_SOCKET_SILENT_MAX, EDGE_SOCKET_UNHEARD_BYTES_MAX,
    FRAMES_PER_WIRE_MESSAGE_MAX, PING_AFTER, SOCKETS_PER_VISITOR_MAX, TEXT_BYTES_MAX,
    VISITOR_FRAME_REFILL, VISITOR_SUBMISSIONS_BURST, WIRE_MESSAGE_BYTES_MAX,
};
use firsthop_core::protocol::visitor::{
    Claim, Events, Ping, Reach, Said, Submission, ToServer, ToVisitor, Typing,
};
use firsthop_core::protocol::{Author, Code, Content, Event, Hop, Seq, Status, Text};
use firsthop_edge::host::Host;
use firsthop_edge::visitor::{Closing, Kind};
use support::origin::Mood;
use support::visitor::{TestVisitor, hello, submit};
use support::{FakeHost, KNOWN, UNKNOWN, pack};

#[test]
fn the_origin_hears_when_nobody_is_left() {
    let host = FakeHost::new();
    let attached = || host.origin.borrow_mut().attached.take();
    let mut visitor = TestVisitor::new(&host);
    let (first, second) = (visitor.connect(), visitor.connect());
    assert_eq!(attached(), Some(true));
    visitor.loses(first);
    assert_eq!(attached(), None, "one is left");
    visitor.loses(second);
    assert_eq!(attached(), Some(false));

    // While the memory was gone, the last socket went: its closing is all that is heard of it.
    let third = visitor.connect();
    attached();
    visitor.forget(third);
    visitor.vanish();
    visitor.loses(third);
    assert_eq!(attached(), Some(false));

    mood(&host, Mood::Away);
    let fourth = visitor.connect();
    visitor.loses(fourth);
    assert_eq!(
        attached(),
        None,
        "an origin that is away is not asked for this"
    );
}

fn mood(host: &FakeHost, mood: Mood) {
    host.origin.borrow_mut().mood = mood;
}

fn texts(log: &[Event]) -> Vec<String> {
    let text = |event: &Event| match &event.content {
        Content::Text(text) => Some(text.text.expose().clone()),
        _ => None,
    };
    log.iter().filter_map(text).collect()
}

fn stored_by(frames: &[ToVisitor], id: MessageId) -> Vec<Hop> {
    let by = |frame: &ToVisitor| match frame {
        ToVisitor::Stored(stored) if stored.ids.contains(&id) => Some(stored.by),
        _ => None,
    };
    frames.iter().filter_map(by).collect()
}

fn problems(frames: &[ToVisitor]) -> Vec<Code> {
    let code = |frame: &ToVisitor| match frame {
        ToVisitor::Error(problem) => Some(problem.code),
        ToVisitor::Refused(refused) => Some(refused.problem.code),
        _ => None,
    };
    frames.iter().filter_map(code).collect()
}

fn with_claim(message: Submission, claimed: Claim) -> Submission {
    let Said::Text(mut said) = message.said else {
        panic!("no text")
    };
    said.claim = Some(claimed);
    Submission {
        said: said.into(),
        ..message
    }
}

/// What an honest browser claims.
fn honest(message: &Submission) -> Claim {
    let Said::Text(said) = &message.said else {
        panic!("no text")
    };
    match ask(
        &mut Answerer::new(),
        &pack(),
        Hop::Browser,
        message.id,
        said,
    ) {
        Verdict::Answer(answer) => claim(&answer),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_normal_path_asks_the_origin_and_writes_nothing() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    match &visitor.got(socket)[0] {
        ToVisitor::Welcome(welcome) => {
            assert_eq!((welcome.hop, welcome.origin), (Hop::Edge, Reach::Up));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(host.origin.borrow().attached, Some(true));
    let id = visitor.says(socket, UNKNOWN);
    assert_eq!(stored_by(&visitor.got(socket), id), [Hop::Origin]);
    assert_eq!(texts(&host.origin.borrow().log(visitor.id)), [UNKNOWN]);
    assert_eq!(visitor.writes, 0);
}

#[test]
fn the_edge_answers_what_its_pack_knows_before_the_origin_says_anything() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    visitor.got(socket);
    visitor.says(socket, KNOWN);
    let got = visitor.got(socket);
    let ToVisitor::Answered(answered) = &got[0] else {
        panic!("{got:?}")
    };
    assert_eq!(answered.answer.text, "Cancel it in the order details.");
    let log = host.origin.borrow().log(visitor.id);
    let Content::Answer(answer) = &log[1].content else {
        panic!("{log:?}")
    };
    assert_eq!(
        (answer.source.hop, answer.source.verified, log[1].id),
        (Hop::Edge, true, answered.id)
    );
}

#[test]
fn an_honest_claim_goes_up_as_it_came_whatever_hop_it_names() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    visitor.got(socket);
    let message = visitor.message(KNOWN);
    let claimed = Claim {
        hop: Hop::Origin,
        ..honest(&message)
    };
    visitor.send(socket, &[submit([with_claim(message, claimed)])]);
    assert!(
        !visitor.kinds(socket).contains(&"answered"),
        "the browser's own answer stands"
    );
    let log = host.origin.borrow().log(visitor.id);
    let Content::Answer(answer) = &log[1].content else {
        panic!("{log:?}")
    };
    assert_eq!(
        (answer.source.hop, answer.source.verified),
        (Hop::Browser, true)
    );
}

#[test]
fn a_forged_claim_is_shown_as_unverified_and_the_visitor_gets_the_right_answer() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    visitor.got(socket);
    let message = visitor.message(KNOWN);
    let forged = Claim {
        text: "everything is free today".into(),
        ..honest(&message)
    };
    visitor.send(socket, &[submit([with_claim(message, forged)])]);
    let got = visitor.got(socket);
    let ToVisitor::Answered(answered) = &got[0] else {
        panic!("{got:?}")
    };
    assert_eq!(answered.answer.text, "Cancel it in the order details.");
    let log = host.origin.borrow().log(visitor.id);
    let Content::Text(text) = &log[0].content else {
        panic!("{log:?}")
    };
    assert_eq!(
        text.unverified.as_ref().unwrap().text.expose(),
        "everything is free today"
    );
    let Content::Answer(answer) = &log[1].content else {
        panic!("{log:?}")
    };
    assert_eq!(
        answer.source.hop,
        Hop::Origin,
        "nothing follows from the claim"
    );
}

#[test]
fn while_the_origin_is_away_messages_are_kept_and_then_brought_there_once_and_in_order() {
    for away in [Mood::Away, Mood::Failing, Mood::Mute] {
        let host = FakeHost::new();
        let mut visitor = TestVisitor::new(&host);
        let socket = visitor.connect();
        visitor.got(socket);
        mood(&host, away);
        let sent: Vec<_> = (0..EDGE_DRAIN_BATCH_MAX + 3)
            .map(|number| format!("{UNKNOWN} {number}"))
            .collect();
        let ids: Vec<_> = sent.iter().map(|text| visitor.says(socket, text)).collect();
        let got = visitor.got(socket);
        assert!(
            got.contains(&ToVisitor::Link(firsthop_core::protocol::visitor::Link {
                origin: Reach::Away
            }))
        );
        for id in &ids {
            assert_eq!(stored_by(&got, *id), [Hop::Edge], "{away:?}");
        }
        assert_eq!(visitor.stored.len(), sent.len());
        visitor.wait_for_timer();
        assert_eq!(visitor.stored.len(), sent.len(), "still away");

        mood(&host, Mood::Up);
        visitor.wait_for_timer();
        assert_eq!(
            texts(&host.origin.borrow().log(visitor.id)),
            sent,
            "{away:?}"
        );
        assert_eq!(visitor.stored, [], "{away:?}");
        let got = visitor.got(socket);
        assert!(
            got.contains(&ToVisitor::Link(firsthop_core::protocol::visitor::Link {
                origin: Reach::Up
            }))
        );
        assert_eq!(visitor.machine.next_timeout(), None);
    }
}

#[test]
fn while_the_origin_is_away_the_edge_still_answers_and_greets() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    mood(&host, Mood::Away);
    let socket = visitor.connect();
    let got = visitor.got(socket);
    let welcome = got.iter().find_map(|frame| match frame {
        ToVisitor::Welcome(welcome) => Some(welcome),
        _ => None,
    });
    let welcome = welcome.unwrap_or_else(|| panic!("{got:?}"));
    assert_eq!(
        (welcome.origin, welcome.pack),
        (Reach::Away, Some(pack().hash()))
    );
    visitor.says(socket, KNOWN);
    assert!(visitor.kinds(socket).contains(&"answered"));
}

#[test]
fn what_was_acknowledged_survives_the_memory_and_is_brought_to_the_origin_without_any_socket() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    mood(&host, Mood::Away);
    visitor.says(socket, UNKNOWN);
    visitor.machine.handle_closed(socket);
    assert_eq!(visitor.stored.len(), 1);
    mood(&host, Mood::Up);
    visitor.vanish();
    assert_eq!(texts(&host.origin.borrow().log(visitor.id)), [UNKNOWN]);
    assert_eq!(visitor.stored, []);
}

#[test]
fn a_message_sent_again_is_taken_once_wherever_it_is() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    let passed = visitor.message(UNKNOWN);
    visitor.send(socket, &[submit([passed.clone()])]);
    visitor.send(socket, &[submit([passed.clone()])]);
    mood(&host, Mood::Away);
    let kept = visitor.message(UNKNOWN);
    visitor.send(socket, &[submit([kept.clone()])]);
    visitor.send(socket, &[submit([kept.clone(), passed.clone()])]);
    visitor.vanish();
    visitor.send(socket, &[submit([kept.clone()])]);
    mood(&host, Mood::Up);
    visitor.wait_for_timer();
    let log = host.origin.borrow().log(visitor.id);
    let times = |id| log.iter().filter(|event| event.id == id).count();
    assert_eq!((times(passed.id), times(kept.id)), (1, 1));
    visitor.got(socket);
    let reused = Submission {
        id: passed.id,
        ..visitor.message("something else")
    };
    visitor.send(socket, &[submit([reused])]);
    assert_eq!(problems(&visitor.got(socket)), [Code::IdReused]);
}

#[test]
fn a_message_that_can_be_stored_nowhere_is_refused_and_not_acknowledged() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    visitor.got(socket);
    mood(&host, Mood::Away);
    visitor.storage_fails = true;
    let id = visitor.says(socket, UNKNOWN);
    let got = visitor.got(socket);
    assert_eq!(
        (stored_by(&got, id), problems(&got)),
        (vec![], vec![Code::StorageUnavailable])
    );
}

#[test]
fn sockets_live_on_when_the_memory_vanishes_and_the_bot_still_keeps_out_of_an_agents_way() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    host.origin.borrow_mut().head_mut(visitor.id).status = Status::Assigned;
    let socket = visitor.connect();
    visitor.got(socket);
    visitor.says(socket, KNOWN);
    assert!(!visitor.kinds(socket).contains(&"answered"));
    visitor.vanish();
    let id = visitor.says(socket, KNOWN);
    let got = visitor.got(socket);
    assert_eq!(stored_by(&got, id), [Hop::Origin]);
    assert!(
        !got.iter().any(|frame| frame.kind() == "answered"),
        "{got:?}"
    );
    assert_eq!(visitor.machine.attached(), 1);
}

#[test]
fn a_socket_that_was_told_that_the_origin_is_away_hears_when_it_is_back_also_from_a_new_memory() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    mood(&host, Mood::Away);
    visitor.send(
        socket,
        &[ToServer::CatchUp(
            firsthop_core::protocol::visitor::CatchUp {
                after: Default::default(),
            },
        )],
    );
    assert!(visitor.kinds(socket).contains(&"link"));
    mood(&host, Mood::Up);
    visitor.vanish();
    assert_eq!(visitor.kinds(socket), ["link"]);
}

#[test]
fn a_socket_that_reads_nothing_is_closed_before_much_waits_for_it() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let (reads, sleeps) = (visitor.connect(), visitor.connect());
    let ping = ToServer::from(Ping { nonce: 1 });
    let text = Text {
        text: "x".repeat(TEXT_BYTES_MAX).into(),
        unverified: None,
    };
    let pushes = 2 * EDGE_SOCKET_UNHEARD_BYTES_MAX / TEXT_BYTES_MAX;
    for seq in 1..=pushes as u64 {
        let event = Event {
            seq: Seq(seq),
            prev: Seq(seq - 1),
            id: MessageId::new(host.now(), host.dice()),
            at: host.now(),
            author: Author::Bot,
            content: text.clone().into(),
        };
        let events = Events {
            events: vec![event],
            more: false,
        };
        visitor
            .machine
            .handle_push(host.instant(), vec![events.into()]);
        visitor.drive();
        host.wait(VISITOR_FRAME_REFILL);
        visitor.send(reads, std::slice::from_ref(&ping));
    }
    let got = |frames: Vec<ToVisitor>| {
        let events = frames.iter().map(|frame| match frame {
            ToVisitor::Events(part) => part.events.len(),
            _ => 0,
        });
        events.sum::<usize>()
    };
    assert_eq!(visitor.closed.get(&sleeps), Some(&Closing::TooSlow));
    let waits = got(visitor.got(sleeps)) * TEXT_BYTES_MAX;
    assert!(waits > EDGE_SOCKET_UNHEARD_BYTES_MAX / 2 && waits <= EDGE_SOCKET_UNHEARD_BYTES_MAX);
    assert_eq!(visitor.closed.get(&reads), None);
    assert_eq!(got(visitor.got(reads)), pushes, "nobody else notices");
}

#[test]
fn nothing_reaches_a_socket_before_its_welcome() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let (talks, silent) = (visitor.connect(), visitor.open());
    visitor
        .machine
        .handle_push(host.instant(), vec![Typing { on: true }.into()]);
    visitor.drive();
    assert!(visitor.kinds(talks).contains(&"typing"));
    assert_eq!(visitor.kinds(silent), Vec::<&str>::new());
    visitor.send(silent, &[hello(0)]);
    assert_eq!(visitor.kinds(silent)[0], "welcome");
}

#[test]
fn every_tab_sees_what_one_of_them_wrote() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let (one, other) = (visitor.connect(), visitor.connect());
    visitor.got(other);
    visitor.says(one, UNKNOWN);
    assert_eq!(visitor.kinds(other), ["stored", "events"]);
}

#[test]
fn a_frame_out_of_its_place_or_of_no_form_closes_its_socket_and_disturbs_no_other() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let other = visitor.connect();
    let refused = |visitor: &mut TestVisitor<'_>, bytes: &[u8]| {
        let socket = visitor.open();
        visitor.send_bytes(socket, bytes);
        (
            problems(&visitor.got(socket)),
            visitor.closed.get(&socket).copied(),
        )
    };
    let early = firsthop_core::protocol::encode(
        firsthop_core::protocol::Encoding::Postcard,
        &[ToServer::Ping(Ping { nonce: 1 })],
    )
    .unwrap();
    assert_eq!(
        refused(&mut visitor, &early),
        (vec![Code::UnexpectedFrame], Some(Closing::Refused))
    );
    let large = vec![0; WIRE_MESSAGE_BYTES_MAX + 1];
    assert_eq!(
        refused(&mut visitor, &large),
        (vec![Code::MessageTooLarge], Some(Closing::TooLarge))
    );
    assert_eq!(
        refused(&mut visitor, &[0xff; 7]),
        (vec![Code::MalformedFrame], Some(Closing::Refused))
    );
    let many = early.repeat(FRAMES_PER_WIRE_MESSAGE_MAX + 1);
    assert_eq!(
        refused(&mut visitor, &many),
        (vec![Code::TooManyItems], Some(Closing::Refused))
    );
    let ToServer::Hello(hello) = hello(0) else {
        panic!()
    };
    let newer = firsthop_core::protocol::visitor::Hello {
        version: 9,
        ..hello
    };
    let newer = firsthop_core::protocol::encode(
        firsthop_core::protocol::Encoding::Postcard,
        &[ToServer::Hello(newer)],
    )
    .unwrap();
    assert_eq!(
        refused(&mut visitor, &newer),
        (vec![Code::UnsupportedVersion], Some(Closing::Refused))
    );
    visitor.got(other);
    visitor.says(other, UNKNOWN);
    assert_eq!(visitor.kinds(other), ["stored", "events"]);
}

#[test]
fn random_bytes_harm_nobody() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let mut state = 7u64;
    for _ in 0..2_000 {
        let socket = visitor.connect();
        let mut bytes = Vec::new();
        for _ in 0..state % 61 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bytes.push(u8::try_from(state >> 56).unwrap());
        }
        state = state.wrapping_add(1);
        visitor.send_bytes(socket, &bytes);
        visitor.machine.handle_closed(socket);
        host.wait(Duration::from_secs(1));
    }
    assert_eq!(visitor.machine.attached(), 0);
}

#[test]
fn messages_faster_than_allowed_are_refused_with_a_time_and_later_ones_pass() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    visitor.got(socket);
    for _ in 0..VISITOR_SUBMISSIONS_BURST {
        visitor.says(socket, UNKNOWN);
    }
    assert_eq!(problems(&visitor.got(socket)), []);
    visitor.says(socket, UNKNOWN);
    let got = visitor.got(socket);
    assert_eq!(problems(&got), [Code::TooManyMessages]);
    let ToVisitor::Refused(refused) = &got[0] else {
        panic!("{got:?}")
    };
    let wait = refused.problem.retry_after_ms.unwrap();
    host.wait(Duration::from_millis(u64::from(wait)));
    let id = visitor.says(socket, UNKNOWN);
    assert_eq!(stored_by(&visitor.got(socket), id), [Hop::Origin]);
}

#[test]
fn a_socket_too_many_is_not_opened() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    for _ in 0..SOCKETS_PER_VISITOR_MAX {
        visitor.connect();
    }
    let visit = visitor.visit();
    let refused = visitor
        .machine
        .open(host.instant(), SocketId(999), visit, Kind::Socket)
        .unwrap_err();
    assert_eq!(refused.code, Code::TooManySockets);
}

fn ping() -> ToServer {
    Ping { nonce: 1 }.into()
}

#[test]
fn sockets_that_fell_silent_lock_nobody_out() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let lives = visitor.connect();
    let silent: Vec<_> = (1..SOCKETS_PER_VISITOR_MAX)
        .map(|_| visitor.connect())
        .collect();
    // A client pings; in between the memory vanishes, as it does at an edge.
    let mut waited = Duration::ZERO;
    while waited < EDGE_SOCKET_SILENT_MAX {
        host.wait(PING_AFTER);
        waited += PING_AFTER;
        visitor.vanish();
        visitor.send(lives, &[ping()]);
    }
    assert!(silent.iter().all(|socket| {
        visitor
            .closed
            .get(socket)
            .is_some_and(|closing| *closing == Closing::Silent)
    }));
    assert_eq!(visitor.closed.get(&lives), None);
    assert_eq!(visitor.machine.attached(), 1);
    let newcomer = visitor.connect();
    assert!(visitor.kinds(newcomer).contains(&"welcome"));
}

#[test]
fn a_newcomer_finds_room_when_all_have_fallen_silent() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    for _ in 0..SOCKETS_PER_VISITOR_MAX {
        visitor.connect();
    }
    host.wait(EDGE_SOCKET_SILENT_MAX);
    let newcomer = visitor.connect();
    assert!(visitor.kinds(newcomer).contains(&"welcome"));
    assert_eq!(visitor.machine.attached(), 1);
}

#[test]
fn the_origin_that_asks_hears_that_a_silent_visitor_is_gone() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    host.wait(PING_AFTER);
    visitor.machine.handle_push(host.instant(), Vec::new());
    assert_eq!(visitor.machine.attached(), 1);
    host.wait(EDGE_SOCKET_SILENT_MAX);
    visitor.vanish();
    visitor.machine.handle_push(host.instant(), Vec::new());
    visitor.drive();
    assert_eq!(visitor.machine.attached(), 0);
    assert_eq!(visitor.closed.get(&socket), Some(&Closing::Silent));
    assert_eq!(host.origin.borrow_mut().attached.take(), Some(false));
}
