//! What an answerer has asked questions of once, it answers again without allocating anything.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use allocation_counter::measure;
use firsthop_core::Timestamp;
use firsthop_core::answer::{Answerer, Question};
use support::{SHOP, pack_of};

const RULES: &str = r#"
{"rule":"pattern","any":[{"pattern":"model \\d+"}],"answer":"invoice","lang":"en"}
{"rule":"several","any":["gift","card"],"suggest":["invoice","pay-methods"]}
{"rule":"closed","any":["phone"],"hours":"closed","hand_off":true}
{"settings":{"zone":"Asia/Shanghai","hours":{"mon-fri":"09:00-18:00"}}}
"#;

#[test]
fn after_the_first_questions_nothing_is_allocated() {
    let pack = pack_of(&format!("{SHOP}\n{RULES}"));
    let long = "怎么取消订单 and please cancel my order ".repeat(200);
    let texts = [
        "how do I cancel my order",
        "please could you cancel what I ordered yesterday",
        "我想把订单取消掉",
        "what is the capital of France",
        "I want to talk to a human",
        "model 300 or the gift card",
        "phone",
        "发票",
        "",
        &long,
    ];
    let questions = texts.map(|text| Question {
        text,
        lang: Some("en-GB"),
        page: "https://shop.example/lamps",
        at: Some(Timestamp::from_millis(1_800_000_000_000)),
    });
    let mut answerer = Answerer::new();
    let first = questions.map(|question| answerer.decide(&pack, &question));
    let mut second = first;
    let counted = measure(|| {
        second = questions.map(|question| answerer.decide(&pack, &question));
    });
    assert_eq!(first, second);
    assert_eq!(counted.count_total, 0, "{counted:?}");
    let fresh = measure(|| {
        Answerer::new().decide(&pack, questions.first().unwrap());
    });
    assert_ne!(fresh.count_total, 0, "allocations are counted");
}
