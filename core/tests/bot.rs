//! Claims and their verification: what a browser says that the bot said.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use firsthop_core::answer::Answerer;
use firsthop_core::bot::{ask, claim, screen, verify};
use firsthop_core::conversation::{Head, Speech, Verdict};
use firsthop_core::id::{Derived, MessageId};
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::visitor::{Claim, Said, SaidText, Submission};
use firsthop_core::protocol::{Content, Hop, Status};
use firsthop_core::{Private, Timestamp};
use support::{pack_of, shop};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const KNOWN: &str = "how do I cancel my order";

fn said(text: &str, claim: Option<Claim>) -> SaidText {
    SaidText {
        text: text.into(),
        lang: "en".into(),
        claim,
        page: Default::default(),
    }
}

fn submission(text: &str, claim: Option<Claim>) -> Submission {
    Submission {
        id: MessageId::new(NOW, [1; 10]),
        at: NOW,
        said: Said::Text(said(text, claim)),
    }
}

/// What an honest browser claims about `text`.
fn honest(pack: &Pack, text: &str) -> Claim {
    let id = MessageId::new(NOW, [1; 10]);
    match ask(
        &mut Answerer::new(),
        pack,
        Hop::Browser,
        id,
        &said(text, None),
    ) {
        Verdict::Answer(answer) => claim(&answer),
        other => panic!("not answered: {other:?}"),
    }
}

#[test]
fn an_honest_claim_is_verified_and_keeps_the_hop_that_made_it() {
    let pack = shop();
    let claimed = honest(&pack, KNOWN);
    let id = MessageId::new(NOW, [1; 10]);
    let answer = verify(
        &mut Answerer::new(),
        Some(&pack),
        &claimed,
        id,
        &said(KNOWN, None),
    )
    .unwrap();
    assert!(answer.source.verified);
    assert_eq!(answer.source.hop, Hop::Browser);
    assert_eq!(answer.source.entry.as_deref(), Some("order-cancel"));
}

#[test]
fn a_claim_with_any_member_changed_is_not_believed() {
    let pack = shop();
    let id = MessageId::new(NOW, [1; 10]);
    let good = honest(&pack, KNOWN);
    let forged = [
        Claim {
            text: "we owe you a million".into(),
            ..good.clone()
        },
        Claim {
            entries: vec!["shipping-time".into()],
            ..good.clone()
        },
        Claim {
            confidence: good.confidence.wrapping_sub(1),
            ..good.clone()
        },
        Claim {
            suggested: true,
            ..good.clone()
        },
        Claim {
            pack: PackHash([9; 32]),
            ..good
        },
    ];
    for claimed in forged {
        let refused = verify(
            &mut Answerer::new(),
            Some(&pack),
            &claimed,
            id,
            &said(KNOWN, None),
        )
        .unwrap_err();
        assert_eq!(refused.text, claimed.text, "agents see what was claimed");
    }
    let without_pack = verify(
        &mut Answerer::new(),
        None,
        &honest(&pack, KNOWN),
        id,
        &said(KNOWN, None),
    );
    assert!(without_pack.is_err());
}

#[test]
fn an_edge_answers_what_has_no_claim_and_passes_the_claim_up() {
    let pack = shop();
    let screened = screen(
        &mut Answerer::new(),
        Some(&pack),
        Speech::Free,
        submission(KNOWN, None),
    );
    let answered = screened.answered.unwrap();
    assert_eq!(answered.id, screened.submission.id.derive(Derived::Answer));
    assert_eq!(answered.answer.source.hop, Hop::Edge);
    let Said::Text(said) = screened.submission.said else {
        panic!()
    };
    assert_eq!(
        said.claim,
        Some(claim(&answered.answer)),
        "so that the origin gives the same"
    );
}

#[test]
fn an_edge_lets_an_honest_claim_stand_and_replaces_a_forged_one() {
    let pack = shop();
    let honest = honest(&pack, KNOWN);
    let kept = screen(
        &mut Answerer::new(),
        Some(&pack),
        Speech::Free,
        submission(KNOWN, Some(honest.clone())),
    );
    assert_eq!((kept.answered, kept.forged), (None, false));

    let forged = Claim {
        text: Private::from("free phones"),
        ..honest
    };
    let replaced = screen(
        &mut Answerer::new(),
        Some(&pack),
        Speech::Free,
        submission(KNOWN, Some(forged.clone())),
    );
    assert!(replaced.forged);
    assert_ne!(replaced.answered.unwrap().answer.text, "free phones");
    let Said::Text(said) = replaced.submission.said else {
        panic!()
    };
    assert_eq!(said.claim, Some(forged), "the agents are to see it");
}

#[test]
fn an_edge_leaves_claims_from_other_packs_to_the_origin_and_is_quiet_beside_an_agent() {
    let pack = shop();
    let other =
        pack_of(r#"{"id":"x","phrasings":["how do I cancel my order"],"answer":"old answer"}"#);
    let claimed = honest(&other, KNOWN);
    let screened = screen(
        &mut Answerer::new(),
        Some(&pack),
        Speech::Free,
        submission(KNOWN, Some(claimed)),
    );
    assert_eq!((screened.answered, screened.forged), (None, false));
    let quiet = screen(
        &mut Answerer::new(),
        Some(&pack),
        Speech::Silent,
        submission(KNOWN, None),
    );
    assert_eq!(quiet.answered, None);
}

#[test]
fn a_wrong_claim_is_kept_beside_the_question_and_the_bot_answers_once() {
    let pack = shop();
    let forged = Claim {
        text: Private::from("free phones"),
        ..honest(&pack, KNOWN)
    };
    let submission = submission(KNOWN, Some(forged.clone()));
    let text = said(KNOWN, Some(forged.clone()));
    let unverified = verify(
        &mut Answerer::new(),
        Some(&pack),
        &forged,
        submission.id,
        &text,
    )
    .unwrap_err();
    let verdict = ask(
        &mut Answerer::new(),
        &pack,
        Hop::Origin,
        submission.id,
        &text,
    );
    let mut head = Head::default();
    let events = head
        .visitor_says(&submission, verdict, Some(unverified), NOW)
        .unwrap();
    let [question, answer] = &events[..] else {
        panic!("{events:?}")
    };
    let Content::Text(question) = &question.content else {
        panic!()
    };
    assert_eq!(
        question.unverified.as_ref().map(|claim| &claim.text),
        Some(&forged.text)
    );
    let Content::Answer(answer) = &answer.content else {
        panic!()
    };
    assert_ne!(answer.text, "free phones");
    assert_eq!(head.status, Status::Pending);
}
