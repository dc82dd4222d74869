//! Sockets that say nothing, or read nothing: they are closed, and lock nobody out.

use std::time::Duration;

use firsthop_core::limits::{
    EDGE_SOCKET_SILENT_MAX, EDGE_SOCKET_UNHEARD_BYTES_MAX, PING_AFTER, SOCKETS_PER_VISITOR_MAX,
    TEXT_BYTES_MAX, VISITOR_FRAME_REFILL,
};
use firsthop_core::protocol::visitor::{Ping, ToServer, ToVisitor};
use firsthop_edge::visitor::Closing;

use crate::support::FakeHost;
use crate::support::visitor::TestVisitor;

fn ping() -> ToServer {
    Ping { nonce: 1 }.into()
}

#[test]
fn a_socket_that_reads_nothing_is_closed_before_much_waits_for_it() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let (reads, sleeps) = (visitor.connect(), visitor.connect());
    let ping = ToServer::from(Ping { nonce: 1 });
    let pushes = 2 * EDGE_SOCKET_UNHEARD_BYTES_MAX / TEXT_BYTES_MAX;
    for seq in 1..=pushes as u64 {
        visitor.push_long(seq);
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
