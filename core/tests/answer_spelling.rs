//! Words with a slip in them, through the public interface.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use firsthop_core::answer::{Answerer, By, HeldBack, Question};
use support::{answered, pack_of};

#[test]
fn a_mistyped_word_is_read_as_what_was_meant() {
    let pack = pack_of(
        r#"{"id":"cancel","phrasings":["how do I cancel my order","cancel an order","I want to cancel"],"answer":"a"}
           {"id":"parcel","phrasings":["where is my parcel","track a parcel","has my parcel arrived"],"answer":"b"}
           {"id":"hours","phrasings":["when are you open","opening times","are you open on Sunday"],"answer":"c"}
           {"rule":"voucher","any":["vuocher"],"answer":"hours"}"#,
    );
    let mut answerer = Answerer::new();
    let mut ranked = |text: &str| answerer.rank(&pack, &Question::new(text))[0];
    for (mistyped, meant) in [
        ("please cancle this ordre", "please cancel this order"),
        ("were is the pacrel", "were is the parcel"),
        ("CANCLE ALL OREDRS", "CANCEL ALL OREDRS"),
    ] {
        assert_eq!(ranked(mistyped), ranked(meant), "{mistyped}");
    }
    // Rules, exact questions and names see what was typed.
    assert_eq!(
        answered(&pack, "a vuocher"),
        Some(("hours".into(), By::Rule))
    );
    assert_ne!(
        answered(&pack, "how do I cancle my order").map(|(_, by)| by),
        Some(By::Hot)
    );
    let held_back = |text: &str| {
        let explained = Answerer::new().explain(&pack, &Question::new(text));
        explained.held_back
    };
    assert!(!matches!(
        held_back("how do I cancle my order"),
        Some(HeldBack::Stranger(_))
    ));
}
