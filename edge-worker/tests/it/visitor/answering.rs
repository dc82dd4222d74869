//! Whose answer stands: the edge's, an honest browser's, or an agent's; and that the normal path
//! writes nothing.

use firsthop_core::answer::Answerer;
use firsthop_core::bot::{ask, claim};
use firsthop_core::conversation::Verdict;
use firsthop_core::protocol::visitor::{Claim, Reach, Said, Submission, ToVisitor};
use firsthop_core::protocol::{Content, Hop, Status};

use super::{stored_by, texts};
use crate::support::visitor::{TestVisitor, submit};
use crate::support::{FakeHost, KNOWN, UNKNOWN, pack};

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
