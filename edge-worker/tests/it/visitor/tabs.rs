//! Several sockets of one visitor: what each hears, and what the origin hears of them.

use firsthop_core::protocol::visitor::Typing;

use super::mood;
use crate::support::origin::Mood;
use crate::support::visitor::{TestVisitor, hello};
use crate::support::{FakeHost, UNKNOWN};

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
