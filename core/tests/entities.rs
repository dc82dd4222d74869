//! Entities: what is found in a question, and what it means.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use firsthop_core::answer::{Answerer, Question};
use firsthop_core::knowledge::BuiltIn;
use firsthop_core::limits;
use firsthop_core::pack::Pack;
use proptest::prelude::*;
use support::pack_of;

/// A pack that declares an entity and has nothing else to say.
fn pack(line: &str) -> Pack {
    pack_of(&format!(
        "{{\"id\":\"a\",\"phrasings\":[\"alpha\"],\"answer\":\"A\"}}\n{line}"
    ))
}

fn found(pack: &Pack, text: &str) -> Vec<(String, Option<String>)> {
    let found = Answerer::new().entities(pack, &Question::new(text));
    found.into_iter().map(|it| (it.text, it.value)).collect()
}

/// For each text, the entities in it: as typed, and what they mean.
fn check(name: &str, cases: &[(&str, &[(&str, &str)])]) {
    let pack = pack(&format!(r#"{{"entity":"{name}"}}"#));
    for (text, expected) in cases {
        let expected: Vec<_> = expected
            .iter()
            .map(|(text, value)| {
                let value = (!value.is_empty()).then(|| (*value).to_owned());
                ((*text).to_owned(), value)
            })
            .collect();
        assert_eq!(found(&pack, text), expected, "{name}: {text}");
    }
}

#[test]
fn phone_numbers_of_china_and_elsewhere() {
    check(
        "phone",
        &[
            (
                "我的手机13800138000,尽快",
                &[("13800138000", "13800138000")],
            ),
            (
                "＋86 138-0013-8000",
                &[("＋86 138-0013-8000", "+8613800138000")],
            ),
            ("座机010-62345678转2", &[("010-62345678", "01062345678")]),
            (
                "400-800-8820或者0755 26543210",
                &[
                    ("400-800-8820", "4008008820"),
                    ("0755 26543210", "075526543210"),
                ],
            ),
            (
                "call +1 (415) 555-0132 or (415) 555-0133",
                &[
                    ("+1 (415) 555-0132", "+14155550132"),
                    ("(415) 555-0133", "4155550133"),
                ],
            ),
            ("order 2026013800138000123 from 12/12/2025", &[]),
        ],
    );
}

#[test]
fn addresses_of_mail_and_of_pages() {
    check(
        "email",
        &[
            (
                "发到Ada.L+x@Mail.example.com吧",
                &[("Ada.L+x@Mail.example.com", "")],
            ),
            ("a@b and @handle, me@host", &[]),
        ],
    );
    check(
        "url",
        &[
            (
                "看https://shop.example/p?id=1#top。",
                &[("https://shop.example/p?id=1#top", "")],
            ),
            ("(see www.shop.example/a).", &[("www.shop.example/a", "")]),
            ("shop dot example", &[]),
        ],
    );
}

#[test]
fn days_of_the_calendar_and_from_today() {
    check(
        "date",
        &[
            ("2026-02-01下的单", &[("2026-02-01", "2026-02-01")]),
            (
                "2026年2月1日和3月15号",
                &[("2026年2月1日", "2026-02-01"), ("3月15号", "--03-15")],
            ),
            (
                "二零二六年十二月三十一日",
                &[("二零二六年十二月三十一日", "2026-12-31")],
            ),
            (
                "bought on 5th of March, 2026",
                &[("5th of March, 2026", "2026-03-05")],
            ),
            (
                "Mar 5 or 05/06/2026",
                &[("Mar 5", "--03-05"), ("05/06/2026", "")],
            ),
            ("2026-13-01 and 2.5 stars", &[]),
            ("2月30日", &[("2月30日", "")]),
        ],
    );
    check(
        "relative_date",
        &[
            ("明天或者大后天", &[("明天", "+1"), ("大后天", "+3")]),
            ("上周五买的,三天前发的", &[("上周五", ""), ("三天前", "-3")]),
            ("2周后", &[("2周后", "+14")]),
            (
                "yesterday, 3 days ago, next Monday",
                &[
                    ("yesterday", "-1"),
                    ("3 days ago", "-3"),
                    ("next Monday", ""),
                ],
            ),
            (
                "the day after tomorrow",
                &[("the day after tomorrow", "+2")],
            ),
        ],
    );
}

#[test]
fn amounts_and_numbers() {
    check(
        "money",
        &[
            (
                "￥1,299.00和三百五十块",
                &[("￥1,299.00", "1299 CNY"), ("三百五十块", "350 CNY")],
            ),
            ("1.5万元", &[("1.5万元", "15000 CNY")]),
            (
                "$20 or 30 euros",
                &[("$20", "20 USD"), ("30 euros", "30 EUR")],
            ),
            ("满99减20", &[]),
        ],
    );
    check(
        "quantity",
        &[
            ("买两台送一件", &[("两台", "2"), ("一件", "1")]),
            (
                "500ml, 3kg, 12 pieces",
                &[("500ml", "500"), ("3kg", "3"), ("12 pieces", "12")],
            ),
        ],
    );
    check(
        "number",
        &[
            ("三百五和3,500", &[("三百五", "350"), ("3,500", "3500")]),
            ("一下", &[]),
            ("iPhone15 Pro", &[]),
        ],
    );
}

#[test]
fn ones_own_entities() {
    let own = pack(r#"{"entity":"order_number","pattern":"FH\\d{4,12}"}"#);
    assert_eq!(
        found(&own, "单号ＦＨ１２３４ and fh99999"),
        [
            ("ＦＨ１２３４".to_owned(), None),
            ("fh99999".to_owned(), None)
        ]
    );
    let names =
        pack(r#"{"entity":"product","values":{"Moon Lamp":["月光灯","moon"],"Moon Lamp Pro":[]}}"#);
    assert_eq!(
        found(&names, "Moon-Lamp PRO, moon lamp 还是月光灯"),
        [
            ("moon lamp pro".to_owned(), Some("Moon Lamp Pro".to_owned())),
            ("moon lamp".to_owned(), Some("Moon Lamp".to_owned())),
            ("月光灯".to_owned(), Some("Moon Lamp".to_owned())),
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_gives_entities_that_stand_in_it(text in "\\PC{0,60}|[0-9 +()@.a-z:/¥元年月日天前一二十-]{0,60}") {
        let pack = every();
        let found = Answerer::new().entities(&pack, &Question::new(&text));
        prop_assert!(found.len() <= limits::QUESTION_ENTITIES_MAX);
        for it in found {
            prop_assert!(text.contains(&it.text), "{it:?} in {text:?}");
            prop_assert!(!it.text.is_empty());
        }
    }
}

fn every() -> Pack {
    let lines = BuiltIn::ALL
        .map(BuiltIn::name)
        .map(|name| format!(r#"{{"entity":"{name}"}}"#));
    pack(&lines.join("\n"))
}
