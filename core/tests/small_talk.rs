//! Greetings, thanks and goodbyes: what asks nothing is replied to and never waits for a person.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use firsthop_core::answer::measure::{Measured, parse_cases};
use firsthop_core::answer::{Answerer, By, Decision, Question};
use firsthop_core::bot::{ask, claim, verify};
use firsthop_core::conversation::{Head, Speech, Verdict, bot_speaks};
use firsthop_core::id::MessageId;
use firsthop_core::knowledge::{KnowledgeErrorCode as Code, parse};
use firsthop_core::pack::{BuildSettings, Pack, build};
use firsthop_core::protocol::visitor::{Reach, Said, SaidText, Submission};
use firsthop_core::protocol::{Content, Hop, Status};
use firsthop_core::{Private, Timestamp};
use support::{SHOP, pack_of, shop};

/// Which entry answers, and how; of anything else, what it is.
fn decided(pack: &Pack, text: &str) -> String {
    match Answerer::new().decide(pack, &Question::new(text)) {
        Decision::Answer(found) => {
            let entry = pack.entry(found.entry).unwrap();
            let by = match found.by {
                By::Hot => "hot",
                By::Rule => "rule",
                By::Model => "model",
            };
            format!("{} by {by}", entry.id())
        }
        Decision::Suggest(_) => "suggest".into(),
        Decision::HandOff => "hand off".into(),
        Decision::Flow => "flow".into(),
        Decision::Escalate => "escalate".into(),
    }
}

fn reply(pack: &Pack, text: &str, lang: Option<&str>) -> String {
    let question = Question {
        lang,
        ..Question::new(text)
    };
    match Answerer::new().decide(pack, &question) {
        Decision::Answer(found) => {
            let entry = pack.entry(found.entry).unwrap();
            entry.answer(&question).text.to_owned()
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_is_only_small_talk_is_replied_to_however_it_is_typed() {
    let pack = shop();
    for (text, kind) in [
        ("hello", "hello"),
        ("Hi there!", "hello"),
        ("good morning 😀", "hello"),
        ("HELLO???", "hello"),
        ("你好", "hello"),
        ("您好～", "hello"),
        ("在吗", "hello"),
        ("亲，在吗？", "hello"),
        ("你好，我想咨询一下", "hello"),
        ("i have a question", "hello"),
        ("thanks", "thanks"),
        ("OK, thank you so much!", "thanks"),
        ("谢谢", "thanks"),
        ("謝謝", "thanks"),
        ("好的，谢谢亲！", "thanks"),
        ("thanks, bye", "goodbye"),
        ("再见👋", "goodbye"),
        ("ok", "ok"),
        ("好的。", "ok"),
        ("知道了", "ok"),
    ] {
        assert_eq!(
            decided(&pack, text),
            format!("starter/{kind} by hot"),
            "{text}"
        );
    }
}

#[test]
fn a_question_that_begins_politely_is_a_question() {
    let pack = shop();
    for text in [
        "hello, how do I cancel my order",
        "你好，怎么取消订单",
        "thanks, and how do I cancel my order?",
        "ok but my parcel is broken",
        "在吗 我的包裹坏了",
        "yes",
        "可以",
        "嗯",
        "👍",
        "?",
    ] {
        let decided = decided(&pack, text);
        assert!(!decided.starts_with("starter/"), "{text}: {decided}");
    }
    assert_eq!(decided(&pack, "有人吗"), "hand off", "asks for a person");
}

#[test]
fn the_reply_is_in_the_visitors_language() {
    let pack = shop();
    let (en, zh) = (
        "Hello! What would you like to know?",
        "您好！请问您想了解什么？",
    );
    assert_eq!(reply(&pack, "hi", None), en);
    assert_eq!(reply(&pack, "hi", Some("en")), en);
    assert_eq!(reply(&pack, "hi", Some("de")), en, "for want of a better");
    assert_eq!(reply(&pack, "在吗", Some("en")), zh);
    assert_eq!(reply(&pack, "hello", Some("zh-CN")), en);
}

#[test]
fn what_an_editor_wrote_comes_first() {
    let pack = pack_of(
        r#"{"id":"welcome","phrasings":["hello","where can I begin"],"answer":"Welcome."}
           {"id":"cards","phrasings":["I lost my card"],"answer":"Call us."}
           {"rule":"sir","exact":["thank you sir"],"answer":"cards"}
           {"rule":"night","any":["good night"],"hand_off":true}"#,
    );
    for (text, expected) in [
        ("hello", "welcome by hot"),
        // Whoever writes an answer to "hello" means every greeting.
        ("hi there", "welcome by hot"),
        ("在吗", "welcome by hot"),
        ("where can I begin", "welcome by hot"),
        ("thank you sir", "cards by rule"),
        ("thank you", "starter/thanks by hot"),
        ("good night", "hand off"),
        ("goodbye", "starter/goodbye by hot"),
    ] {
        assert_eq!(decided(&pack, text), expected, "{text}");
    }
    assert_eq!(pack.find("starter/hello"), None, "nobody would ever see it");

    // Each language is looked at by itself; two thirds of a kind are enough.
    let pack = pack_of(
        r#"{"id":"welcome-en","phrasings":["hello"],"answer":"Welcome."}
           {"id":"welcome-zh","phrasings":["你好","您好","在吗"],"answer":"欢迎。"}
           {"id":"presence","phrasings":["在不在"],"answer":"在。"}
           {"id":"bye","phrasings":["see you"],"answer":"So long."}
           {"id":"shut","phrasings":["good night"],"answer":"We are closed."}
           {"id":"one","phrasings":["okay"],"answer":"One."}
           {"id":"two","phrasings":["okay"],"answer":"Two."}"#,
    );
    for (text, expected) in [
        ("hi", "welcome-en by hot"),
        ("亲，在吗", "welcome-zh by hot"),
        ("在不在", "presence by hot"),
        ("thanks", "starter/thanks by hot"),
        ("good night", "shut by hot"),
    ] {
        assert_eq!(decided(&pack, text), expected, "{text}");
    }
    // Several entries have some, and none has most: they decide.
    for text in ["goodbye", "再见"] {
        let decided = decided(&pack, text);
        assert!(!decided.starts_with("starter/"), "{text}: {decided}");
    }
    assert!(
        !decided(&pack, "okay").starts_with("starter/"),
        "two entries have it: the model decides between them"
    );
}

#[test]
fn a_setting_words_the_replies_and_takes_them_away() {
    let entry = r#"{"id":"cards","phrasings":["I lost my card"],"answer":"Call us."}"#;
    let with = |settings: &str| pack_of(&format!("{entry}\n{settings}"));
    let pack = with(
        r#"{"settings":{"small_talk":{"hello":{"en":"Ahoy!","zh":"嗨！"},"thanks":"My pleasure.","ok":false,"goodbye":null}}}"#,
    );
    assert_eq!(reply(&pack, "hi", None), "Ahoy!");
    assert_eq!(reply(&pack, "在吗", None), "嗨！");
    assert_eq!(reply(&pack, "谢谢", None), "My pleasure.");
    assert_eq!(decided(&pack, "ok"), "escalate");
    assert_eq!(decided(&pack, "bye"), "starter/goodbye by hot");
    let pack = with(r#"{"settings":{"small_talk":false}}"#);
    for text in ["hello", "thanks", "bye", "ok"] {
        assert_eq!(decided(&pack, text), "escalate", "{text}");
    }
    assert_eq!(pack.len(), 1);
}

#[test]
fn a_setting_that_is_wrong_is_told_at_its_field() {
    let entry = r#"{"id":"cards","phrasings":["I lost my card"],"answer":"Call us."}"#;
    for (settings, field, code) in [
        ("true", "settings.small_talk", Code::WrongType),
        (
            r#"{"hallo":"x"}"#,
            "settings.small_talk.hallo",
            Code::UnknownField,
        ),
        (
            r#"{"hello":5}"#,
            "settings.small_talk.hello",
            Code::WrongType,
        ),
        (
            r#"{"hello":{"e":"x"}}"#,
            "settings.small_talk.hello.e",
            Code::BadValue,
        ),
    ] {
        let file = format!("{entry}\n{{\"settings\":{{\"small_talk\":{settings}}}}}");
        let errors = parse("faq.jsonl", file.as_bytes()).unwrap_err();
        let found = (errors[0].field.as_str(), errors[0].code, errors[0].line);
        assert_eq!((errors.len(), found), (1, (field, code, 2)), "{errors:?}");
    }
    let taken = r#"{"id":"starter/hello","phrasings":["hello"],"answer":"Hi."}"#;
    let errors = parse("faq.jsonl", taken.as_bytes()).unwrap_err();
    assert_eq!(
        (errors[0].field.as_str(), errors[0].code),
        ("id", Code::BadValue)
    );
}

/// Replies are not part of what is trained: the model finds, and suggests, only what was written.
#[test]
fn the_model_does_not_know_the_replies() {
    let written = |settings: &str| pack_of(&format!("{SHOP}\n{settings}"));
    let (without, with) = (written(r#"{"settings":{"small_talk":false}}"#), written(""));
    assert_eq!(with.len(), without.len() + 4);
    let mut answerer = Answerer::new();
    for text in SHOP
        .split('"')
        .chain(["hello sir I have a question and thanks"])
    {
        let text = format!("{text} 呢 please");
        let question = Question::new(&text);
        let mut named = |pack: &Pack| -> Vec<(String, u16)> {
            let ranked = answerer.rank(pack, &question);
            ranked
                .iter()
                .map(|found| {
                    let id = pack.entry(found.entry).unwrap().id().to_owned();
                    (id, found.confidence)
                })
                .collect()
        };
        assert_eq!(named(&with), named(&without), "{text}");
    }
    // Where there are fewer entries than are suggested, too.
    let small = pack_of(r#"{"id":"track","phrasings":["where is my parcel"],"answer":"There."}"#);
    let ranked = answerer.rank(&small, &Question::new("hello where is the parcel"));
    assert_eq!(ranked.len(), 1);
}

#[test]
fn only_what_was_written_counts_as_entries() {
    let knowledge = parse("faq.jsonl", SHOP.as_bytes()).unwrap();
    let written = knowledge.entries.len();
    let (_, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {}).unwrap();
    assert_eq!(report.entries, written);
}

/// To a question that no entry answers, small talk is neither an answer nor an error; in the place
/// of an answer it is an error.
#[test]
fn measuring_counts_replies_apart() {
    let pack = shop();
    let cases = parse_cases(
        "cases.jsonl",
        "{\"q\":\"hello\",\"expect\":null}\n{\"q\":\"谢谢\",\"expect\":\"order-cancel\"}\n"
            .as_bytes(),
    )
    .unwrap();
    let (mut measured, mut answerer) = (Measured::default(), Answerer::new());
    for case in &cases {
        let decision = answerer.decide(&pack, &Question::new(&case.q));
        measured.add(&pack, &mut answerer, case, &decision);
    }
    assert_eq!(measured.small_talk, 1);
    assert_eq!(measured.answered_out_of_scope, 0);
    assert_eq!(measured.answered_wrong_in_scope, 1);
}

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn submission(text: &str) -> Submission {
    Submission {
        id: MessageId::new(NOW, [7; 10]),
        at: NOW,
        said: Said::Text(SaidText {
            text: Private::from(text),
            lang: "en".into(),
            claim: None,
            page: Private::from(""),
        }),
    }
}

/// What the conversation's log gains when a visitor says this, and how it stands then.
fn said(pack: &Pack, status: Status, text: &str) -> (Vec<&'static str>, Status) {
    let mut head = Head {
        status,
        ..Head::default()
    };
    let submission = submission(text);
    let Said::Text(words) = &submission.said else {
        panic!("a text");
    };
    let own = ask(
        &mut Answerer::new(),
        pack,
        Hop::Origin,
        submission.id,
        words,
    );
    let verdict = bot_speaks(status, Reach::Up).of(own);
    let events = head.visitor_says(&submission, verdict, None, NOW).unwrap();
    let kinds = events.iter().map(|event| match &event.content {
        Content::Text(_) => "text",
        Content::Answer(_) => "answer",
        Content::Status(_) => "status",
        _ => "other",
    });
    (kinds.collect(), head.status)
}

#[test]
fn small_talk_queues_nobody_and_disturbs_nobody() {
    let pack = shop();
    assert_eq!(
        said(&pack, Status::Pending, "hello"),
        (vec!["text", "answer"], Status::Pending)
    );
    // Thanks for what an agent resolved do not put the visitor into the queue again.
    assert_eq!(
        said(&pack, Status::Resolved, "thanks"),
        (vec!["text", "answer", "status"], Status::Pending)
    );
    // Who waits, or talks to an agent, means the agent.
    for status in [Status::Queued, Status::Assigned] {
        assert_eq!(said(&pack, status, "在吗"), (vec!["text"], status));
    }
    // What it knows, the bot says to who waits, too.
    assert_eq!(
        said(&pack, Status::Queued, "how do I cancel my order"),
        (vec!["text", "answer"], Status::Queued)
    );
}

#[test]
fn a_reply_of_the_device_is_verified_above() {
    let pack = shop();
    let submission = submission("你好");
    let Said::Text(words) = &submission.said else {
        panic!("a text");
    };
    let mut answerer = Answerer::new();
    let Verdict::Answer(answer) = Speech::Free.of(ask(
        &mut answerer,
        &pack,
        Hop::Browser,
        submission.id,
        words,
    )) else {
        panic!("a reply");
    };
    assert!(answer.source.is_small_talk());
    let claimed = claim(&answer);
    let above = verify(&mut answerer, Some(&pack), &claimed, submission.id, words).unwrap();
    assert!(above.source.verified);
    assert_eq!(above.text, answer.text);
}

#[cfg(feature = "explain")]
#[test]
fn explaining_names_the_reply() {
    let pack = shop();
    let explained = Answerer::new().explain(&pack, &Question::new("hello"));
    let found: Vec<_> = explained.found.iter().map(|named| named.entry).collect();
    assert_eq!(found, ["starter/hello"]);
    assert!(
        explained
            .ranked
            .iter()
            .all(|named| !named.entry.starts_with("starter/")),
        "{:?}",
        explained.ranked
    );
}
