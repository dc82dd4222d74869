//! What breaks a rule: frames out of place or of no form, too many, too fast.

use std::time::Duration;

use firsthop_core::hop::relay::SocketId;
use firsthop_core::limits::{
    FRAMES_PER_WIRE_MESSAGE_MAX, SOCKETS_PER_VISITOR_MAX, VISITOR_SUBMISSIONS_BURST,
    WIRE_MESSAGE_BYTES_MAX,
};
use firsthop_core::protocol::visitor::{Hello, Ping, ToServer, ToVisitor};
use firsthop_core::protocol::{Code, Encoding, Hop, encode};
use firsthop_edge::visitor::{Closing, Kind};

use super::{problems, stored_by};
use crate::support::visitor::{TestVisitor, hello};
use crate::support::{FakeHost, UNKNOWN};

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
    let early = encode(Encoding::Postcard, &[ToServer::Ping(Ping { nonce: 1 })]).unwrap();
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
    let newer = Hello {
        version: 9,
        ..hello
    };
    let newer = encode(Encoding::Postcard, &[ToServer::Hello(newer)]).unwrap();
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
