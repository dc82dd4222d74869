//! The origin is away: what is kept, answered and acknowledged meanwhile, and brought there once.

use firsthop_core::limits::EDGE_DRAIN_BATCH_MAX;
use firsthop_core::protocol::visitor::{CatchUp, Link, Reach, Submission, ToServer, ToVisitor};
use firsthop_core::protocol::{Code, Hop};

use super::{mood, problems, stored_by, texts};
use crate::support::origin::Mood;
use crate::support::visitor::{TestVisitor, submit};
use crate::support::{FakeHost, KNOWN, UNKNOWN, pack};

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
        assert!(got.contains(&ToVisitor::Link(Link {
            origin: Reach::Away
        })));
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
        assert!(got.contains(&ToVisitor::Link(Link { origin: Reach::Up })));
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
fn an_origin_that_can_not_write_is_as_good_as_away_to_those_who_come_back() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    mood(&host, Mood::Full);
    let socket = visitor.connect();
    let got = visitor.got(socket);
    assert!(
        got.iter().any(
            |frame| matches!(frame, ToVisitor::Welcome(welcome) if welcome.origin == Reach::Away)
        ),
        "{got:?}"
    );
    assert!(problems(&got).is_empty(), "{got:?}");
    // It answers, but what it could not do it still can't: nobody is told that it is back.
    visitor.wait_for_timer();
    assert_eq!(visitor.got(socket), []);
    let id = visitor.says(socket, UNKNOWN);
    assert_eq!(stored_by(&visitor.got(socket), id), [Hop::Edge]);
    visitor.wait_for_timer();
    assert_eq!(visitor.got(socket), []);

    mood(&host, Mood::Up);
    visitor.wait_for_timer();
    let got = visitor.got(socket);
    assert!(
        got.contains(&ToVisitor::Link(Link { origin: Reach::Up })),
        "{got:?}"
    );
    assert_eq!(texts(&host.origin.borrow().log(visitor.id)), [UNKNOWN]);
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
fn a_socket_that_was_told_that_the_origin_is_away_hears_when_it_is_back_also_from_a_new_memory() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let socket = visitor.connect();
    mood(&host, Mood::Away);
    visitor.send(
        socket,
        &[ToServer::CatchUp(CatchUp {
            after: Default::default(),
        })],
    );
    assert!(visitor.kinds(socket).contains(&"link"));
    mood(&host, Mood::Up);
    visitor.vanish();
    assert_eq!(visitor.kinds(socket), ["link"]);
}
