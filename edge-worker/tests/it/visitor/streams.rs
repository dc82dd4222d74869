//! Streams of events at the edge whose client is gone, or does not read: nobody says so, and what
//! they take is bounded.

use std::time::Duration;

use firsthop_core::hop::relay::SocketId;
use firsthop_core::limits::{
    EDGE_SOCKET_SILENT_LEAST, EDGE_SOCKET_SILENT_MAX, EDGE_SOCKET_UNHEARD_BYTES_MAX, PING_AFTER,
    TEXT_BYTES_MAX,
};
use firsthop_core::protocol::visitor::{Ping, ToServer};
use firsthop_edge::visitor::{Closing, Kind};

use crate::support::FakeHost;
use crate::support::visitor::{TestVisitor, hello};

/// A stream whose client has said hello.
fn stream(visitor: &mut TestVisitor<'_>) -> SocketId {
    let stream = visitor.open_as(Kind::Waiting);
    visitor.send(stream, &[hello(0)]);
    stream
}

/// A request beside the streams, as every client makes them that hears nothing.
fn request(visitor: &mut TestVisitor<'_>) {
    let request = visitor.open_as(Kind::Once);
    visitor.send(request, &[hello(0), ToServer::Ping(Ping { nonce: 1 })]);
    visitor.loses(request);
}

/// Time passes, of which the stream's own keep-alive tells the machine.
fn quiet(visitor: &mut TestVisitor<'_>, time: Duration) {
    visitor.host.wait(time);
    visitor.machine.close_silent(visitor.host.instant());
    visitor.drive();
}

#[test]
fn a_stream_whose_client_vanished_does_not_count_for_ever_and_one_that_pings_does() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let open = stream(&mut visitor);
    let mut waited = Duration::ZERO;
    while waited < 2 * EDGE_SOCKET_SILENT_MAX {
        quiet(&mut visitor, PING_AFTER);
        request(&mut visitor);
        waited += PING_AFTER;
    }
    assert_eq!(visitor.closed.get(&open), None);
    assert_eq!(visitor.machine.attached(), 1);

    quiet(&mut visitor, EDGE_SOCKET_SILENT_MAX);
    assert_eq!(visitor.closed.get(&open), Some(&Closing::Silent));
    assert_eq!(visitor.machine.attached(), 0);
    let told = host.origin.borrow_mut().attached.take();
    assert_eq!(told, Some(false), "agents see who is there");
}

#[test]
fn what_comes_on_a_socket_does_not_speak_for_a_stream() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    visitor.machine = std::mem::replace(&mut visitor.machine, TestVisitor::new(&host).machine)
        .silent_after(EDGE_SOCKET_SILENT_LEAST);
    let (open, socket) = (stream(&mut visitor), visitor.connect());
    host.wait(EDGE_SOCKET_SILENT_LEAST / 2);
    visitor.send(socket, &[ToServer::Ping(Ping { nonce: 1 })]);
    host.wait(EDGE_SOCKET_SILENT_LEAST / 2);
    visitor.send(socket, &[ToServer::Ping(Ping { nonce: 2 })]);
    assert_eq!(visitor.closed.get(&open), Some(&Closing::Silent));
    assert_eq!(visitor.closed.get(&socket), None);
}

#[test]
fn a_stream_that_is_sent_much_while_its_client_says_nothing_is_closed() {
    let host = FakeHost::new();
    let mut visitor = TestVisitor::new(&host);
    let (reads, does_not) = (
        stream(&mut visitor),
        (EDGE_SOCKET_UNHEARD_BYTES_MAX / TEXT_BYTES_MAX) as u64,
    );
    // Three times as much, and in between the client says what it has got.
    for seq in 1..=3 * does_not {
        visitor.push_long(seq);
        if seq % 64 == 0 {
            request(&mut visitor);
        }
    }
    assert_eq!(visitor.closed.get(&reads), None);
    request(&mut visitor);
    for seq in 1..=does_not {
        visitor.push_long(3 * does_not + seq);
    }
    assert_eq!(visitor.closed.get(&reads), Some(&Closing::TooSlow));
    assert_eq!(visitor.machine.attached(), 0);
}
