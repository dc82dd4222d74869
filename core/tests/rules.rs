//! Rules: each kind of condition and of action, through the public interface.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use firsthop_core::Timestamp;
use firsthop_core::answer::{Answerer, By, Decision, Question, Trace};
use firsthop_core::pack::Pack;
use support::pack_of;

const ENTRIES: &str = r#"{"id":"a","phrasings":["where is alpha"],"answer":"A"}
{"id":"b","phrasings":["where is beta"],"answer":"B"}
{"id":"c","phrasings":["where is gamma"],"answer":"C"}"#;

/// A pack of the entries and these lines.
fn rules(lines: &str) -> Pack {
    pack_of(&format!("{ENTRIES}\n{lines}"))
}

fn decide(pack: &Pack, question: &Question<'_>) -> Decision {
    Answerer::new().decide(pack, question)
}

/// Whether the pack's rule says something to the question.
fn applies(pack: &Pack, question: &Question<'_>) -> bool {
    match decide(pack, question) {
        Decision::Answer(found) => found.by == By::Rule,
        _ => false,
    }
}

fn check(rule: &str, yes: &[&str], no: &[&str]) {
    let pack = rules(rule);
    for text in yes {
        assert!(applies(&pack, &Question::new(text)), "{rule}: {text}");
    }
    for text in no {
        assert!(!applies(&pack, &Question::new(text)), "{rule}: {text}");
    }
}

#[test]
fn words_near_each_other_in_any_order_or_in_order() {
    check(
        r#"{"rule":"r","any":[{"near":["refund","gift card"],"within":5}],"answer":"a"}"#,
        &[
            "refund of a gift card please",
            "gift card, then refund",
            "I want a Refund (gift card)!",
        ],
        &[
            "refund the money that I paid with a gift card",
            "refund of a card as gift",
            "gift card",
        ],
    );
    check(
        r#"{"rule":"r","all":[{"near":["退","钱"],"within":4,"in_order":true}],"answer":"a"}"#,
        &["什么时候退我的钱", "退钱吧"],
        &["钱什么时候退", "退了货之后我的钱"],
    );
    check(
        r#"{"rule":"r","any":[{"near":["a","a b"],"within":4,"in_order":true}],"answer":"a"}"#,
        &["x a x a b", "a a b"],
        &["a b", "a b a"],
    );
}

#[test]
fn patterns_see_folded_text() {
    check(
        r#"{"rule":"r","any":[{"pattern":"FH-?\\d{6}\\b"}],"answer":"a"}"#,
        &["订单FH123456在哪", "my fh-123456?", "ＦＨ１２３４５６"],
        &["FH12345", "FH1234567", "FH 123456"],
    );
    check(
        r#"{"rule":"r","any":[{"pattern":"^(请问)?[多几]少钱.?$"}],"answer":"a"}"#,
        &["多少钱？", "请问几少钱"],
        &["这个多少钱", "多少钱一个"],
    );
    check(
        r#"{"rule":"r","all":[{"pattern":"(?i)CAFÉ"},"menu"],"none":[{"pattern":"\\d"}],"answer":"a"}"#,
        &["Cafe\u{301} menu", "the CAFÉ's menu"],
        &["cafe", "cafe menu 2"],
    );
}

#[test]
fn entities_are_conditions() {
    check(
        r#"{"entity":"order","pattern":["fh\\d{4}","od-[a-z]{2}\\d{2}"]}
           {"rule":"r","all":[{"entity":"order"}],"answer":"a"}"#,
        &["where is FH1234", "单号fh1234呢", "OD-ab12"],
        &["FH12345", "xfh1234", "od-ab1"],
    );
    check(
        r#"{"entity":"product","values":{"Moon Lamp":["月光灯","ml-200"],"Sun Lamp":["太阳灯"]}}
           {"rule":"r","all":[{"entity":"product"},"broken"],"answer":"a"}"#,
        &["my moon lamp is broken", "月光灯 broken", "broken ML-200"],
        &["my lamp is broken", "moon lamp"],
    );
    check(
        r#"{"rule":"r","all":[{"entity":"phone"}],"answer":"a"}"#,
        &["打我电话13800138000", "call +44 20 7946 0958 please"],
        &["订单1380013800012", "12345"],
    );
}

#[test]
fn language_page_and_hours_are_conditions() {
    let pack = rules(r#"{"rule":"r","any":["alpha","你好吗"],"lang":["zh","pt-BR"],"answer":"a"}"#);
    let asked = |text, lang| Question {
        text,
        lang: Some(lang),
        ..Question::default()
    };
    assert!(applies(&pack, &asked("你好吗", "en")));
    assert!(applies(&pack, &asked("alpha", "pt-BR")));
    assert!(applies(&pack, &asked("alpha", "pt_br-x")));
    assert!(!applies(&pack, &asked("alpha", "pt")));
    assert!(
        !applies(&pack, &asked("alpha", "zh-CN")),
        "it is in Latin letters"
    );

    let pack = rules(
        r#"{"rule":"r","page":["/cart*","https://shop.example/帮助/*"],"any":["alpha"],"answer":"a"}"#,
    );
    let on = |page| Question {
        text: "alpha now",
        page,
        ..Question::default()
    };
    for page in [
        "https://any.example/cart",
        "http://any.example:8080/cart/pay?step=2#x",
        "https://shop.example/帮助/a",
        "https://shop.example/%E5%B8%AE%E5%8A%A9/a?b",
    ] {
        assert!(applies(&pack, &on(page)), "{page}");
    }
    for page in [
        "",
        "https://any.example/",
        "https://any.example/x/cart",
        "https://other.example/帮助/a",
        "https://any.example/?next=https://shop.example/cart",
    ] {
        assert!(!applies(&pack, &on(page)), "{page}");
    }
    assert!(
        !applies(&pack, &Question::new("alpha now")),
        "an unknown page is none"
    );
}

#[test]
fn hours_are_those_of_the_business() {
    let settings = r#"{"settings":{"zone":"Europe/Berlin","hours":{"mon-fri":"09:00-18:00","sat":["10:00-12:00","13:00-14:00"]}}}"#;
    let when = |hours: &str| {
        rules(&format!(
            r#"{settings}
               {{"rule":"r","any":["alpha"],"hours":"{hours}","answer":"a"}}"#
        ))
    };
    let (open, closed) = (when("open"), when("closed"));
    let at = |seconds: u64| Question {
        text: "alpha now",
        at: Some(Timestamp::from_millis(seconds * 1000)),
        ..Question::default()
    };
    for (what, seconds, is_open) in [
        ("Monday 2026-07-06 09:00 CEST", 1_783_321_200, true),
        ("a minute before", 1_783_321_140, false),
        ("Monday 2026-01-05 09:00 CET", 1_767_600_000, true),
        ("an hour before", 1_767_596_400, false),
        ("Saturday 2026-07-11 12:30 CEST", 1_783_765_800, false),
        ("Saturday 2026-07-11 13:30 CEST", 1_783_769_400, true),
        ("Sunday 2026-07-12 10:00 CEST", 1_783_843_200, false),
        ("Friday 2026-07-10 17:59 CEST", 1_783_699_140, true),
    ] {
        assert_eq!(applies(&open, &at(seconds)), is_open, "{what}");
        assert_eq!(applies(&closed, &at(seconds)), !is_open, "{what}");
    }
    let unknown = Question::new("alpha now");
    assert!(!applies(&open, &unknown) && !applies(&closed, &unknown));
}

#[test]
fn actions_are_in_the_decision_or_the_trace() {
    let pack = rules(
        r#"{"rule":"team","any":["alpha"],"hand_off":"returns","label":["urgent","x"]}
           {"rule":"flow","any":["beta"],"flow":"track order","priority":2}
           {"rule":"pick","any":["gamma"],"suggest":["c","a"]}
           {"rule":"mark","any":["alpha","gamma","delta"],"label":"greek"}"#,
    );
    let mut answerer = Answerer::new();
    let mut trace = |text| answerer.trace(&pack, &Question::new(text));
    assert_eq!(
        trace("alpha now"),
        Trace {
            rule: Some("team"),
            team: Some("returns"),
            flow: None,
            labels: vec!["urgent", "x", "greek"]
        }
    );
    assert_eq!(trace("beta now").flow, Some("track order"));
    assert_eq!(trace("delta now").labels, ["greek"]);
    assert_eq!(trace("delta now").rule, None);
    assert_eq!(trace("nothing"), Trace::default());
    let says = |text| decide(&pack, &Question::new(text));
    assert_eq!(says("alpha now"), Decision::HandOff);
    assert_eq!(says("beta now"), Decision::Flow);
    assert_eq!(
        says("where is beta"),
        Decision::Flow,
        "a priority precedes what an entry says"
    );
    let Decision::Suggest(found) = says("gamma now") else {
        panic!("nothing is suggested");
    };
    let ids: Vec<_> = found
        .iter()
        .map(|found| pack.entry(found.entry).unwrap().id())
        .collect();
    assert_eq!(ids, ["c", "a"]);
    let Decision::Answer(found) = says("where is gamma") else {
        panic!("an entry says it word for word");
    };
    assert_eq!(found.by, By::Hot);
}

#[test]
fn a_pattern_takes_time_in_proportion_to_the_text() {
    // What makes a backtracking matcher take for ever.
    let pack = rules(
        r#"{"rule":"r","any":[{"pattern":"(a*)*(a|aa)*b"}],"answer":"a"}
           {"entity":"long","pattern":"(x+x+)+y"}
           {"rule":"s","any":[{"entity":"long"}],"answer":"b"}"#,
    );
    let mut answerer = Answerer::new();
    for text in ["a".repeat(4000), "x".repeat(4000), "x,".repeat(2000)] {
        assert!(!matches!(
            answerer.decide(&pack, &Question::new(&text)),
            Decision::Answer(_)
        ));
    }
}

#[test]
fn agents_are_told_what_rules_say_besides() {
    use firsthop_core::bot;
    use firsthop_core::conversation::Head;
    use firsthop_core::id::MessageId;
    use firsthop_core::protocol::visitor::SaidText;
    use firsthop_core::protocol::{Author, Content};

    let pack = rules(
        r#"{"rule":"team","any":["alpha"],"hand_off":"returns","label":["urgent","x y"]}
           {"rule":"flow","any":["beta"],"page":"/cart","flow":"track order"}"#,
    );
    let now = Timestamp::from_millis(1_800_000_000_000);
    let of = MessageId::new(now, [1; 10]);
    let said = |text: &str, page: &str| SaidText {
        text: text.into(),
        lang: String::new(),
        claim: None,
        page: page.into(),
    };
    let mut answerer = Answerer::new();
    let mut note = |text, page| bot::note(&mut answerer, &pack, of, &said(text, page));
    assert_eq!(note("gamma", ""), None);
    assert_eq!(note("beta", "https://shop.example/"), None);
    let flow = note("beta", "https://shop.example/cart").unwrap();
    assert_eq!(flow.text.expose(), "▶ track order");
    let team = note("alpha", "").unwrap();
    assert_eq!(team.text.expose(), "→ returns  #urgent  #x y");

    let mut head = Head::default();
    let events = head.bot_notes(of, team.clone(), now);
    assert_eq!(events.len(), 1);
    assert_eq!(
        (&events[0].author, &events[0].content),
        (&Author::Bot, &Content::Note(team))
    );
    assert_ne!(events[0].id, of);
    assert_eq!(
        head.visible,
        firsthop_core::protocol::Seq(0),
        "visitors do not see it"
    );
}
