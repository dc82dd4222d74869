//! Nothing that anybody types, and no damage to a pack, makes the answerer panic or lie.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use firsthop_core::answer::{Answerer, Decision, Question};
use firsthop_core::pack::{BuildSettings, PACK_VERSION, Pack, PackError, PackHash, build};
use firsthop_core::{knowledge, limits};
use proptest::prelude::*;
use support::{SHOP, shop};

fn shop_bytes() -> Vec<u8> {
    let parsed = knowledge::parse("shop", SHOP.as_bytes()).unwrap();
    build(&parsed, &BuildSettings::default(), &mut |_| {})
        .unwrap()
        .0
}

fn load(bytes: Vec<u8>) -> Result<Pack, PackError> {
    Pack::load(bytes, PackHash([0; 32]))
}

/// The same checksum as in the pack's header, to get behind it.
fn with_right_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let Some((head, content)) = bytes.split_at_mut_checked(18) else {
        return bytes;
    };
    let sum = content
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |state: u64, byte| {
            (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    head[6..10].copy_from_slice(&(content.len() as u32).to_le_bytes());
    head[10..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Uses everything that a loaded pack offers.
fn exercise(pack: &Pack) {
    let mut answerer = Answerer::new();
    for text in [
        "how do I cancel my order",
        "怎么取消订单了呢",
        "人工",
        "xyzzy",
    ] {
        let question = Question {
            text,
            lang: Some("zh"),
            ..Question::default()
        };
        let decision = answerer.decide(pack, &question);
        if let Decision::Answer(found) = decision {
            let entry = pack.entry(found.entry).unwrap();
            let _ = (
                entry.id(),
                entry.title(&question),
                entry.answer(&question).text.len(),
            );
        }
        answerer.rank(pack, &question);
    }
    for (_, entry) in pack.entries() {
        let _ = (
            pack.find(entry.id()),
            entry.titles().count(),
            entry.answers().count(),
        );
    }
}

#[test]
fn a_pack_cut_off_anywhere_is_refused() {
    let bytes = shop_bytes();
    for length in 0..bytes.len() {
        let error = load(bytes[..length].to_vec()).err().unwrap();
        assert_eq!(error, PackError::Truncated, "at {length}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(load(longer).err(), Some(PackError::Checksum));
}

#[test]
fn a_pack_with_any_bit_flipped_is_refused() {
    let bytes = shop_bytes();
    for at in (0..bytes.len()).filter(|at| *at < 600 || at % 41 == 0) {
        for bit in [0, 3, 7] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(load(flipped).is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn foreign_and_newer_files_are_named_as_such() {
    assert_eq!(load(Vec::new()).err(), Some(PackError::Truncated));
    assert_eq!(
        load(b"<!doctype html>".to_vec()).err(),
        Some(PackError::NotAPack)
    );
    let mut newer = shop_bytes();
    newer[4] += 1;
    let found = PACK_VERSION + 1;
    assert_eq!(load(newer).err(), Some(PackError::Version { found }));
    let mut older = shop_bytes();
    older[4] -= 1;
    let told = load(older).err().map(|error| error.to_string());
    let (found, read) = (PACK_VERSION - 1, PACK_VERSION);
    assert_eq!(
        told,
        Some(format!(
            "the pack has version {found}; this answerer reads version {read}"
        ))
    );
    assert!(matches!(
        load(vec![0; limits::PACK_BYTES_MAX + 1]).err(),
        Some(PackError::TooLarge { .. })
    ));
}

#[test]
fn hostile_text_is_read_without_a_panic_and_changes_nothing_for_the_next() {
    let pack = shop();
    let mut used = Answerer::new();
    let long = "z\u{300}a".repeat(40_000);
    for text in [
        "a",
        "\u{0}\u{1}\u{7f}",
        "😀👨‍👩‍👧‍👦🇨🇳",
        "שלום איך מבטלים",
        "مرحبا كيف ألغي الطلب",
        "\u{202e}redro ym lecnac",
        "Z̸̢̛a̵͝l̶̛g̷o̵",
        "\u{fffd}\u{fffd}cancel\u{fffd}",
        "ﬁ ① ㍿ ｱｲｳ ﾀﾞ 𝓗𝓮𝓵𝓵𝓸 Ⅷ",
        "''''''",
        "'",
        "don'",
        long.as_str(),
        "订订订订订订订",
        "1234567890123456789012345678901234567890",
    ] {
        used.decide(
            &pack,
            &Question {
                text,
                lang: Some(text),
                ..Question::default()
            },
        );
        used.rank(&pack, &Question::new(text));
    }
    let question = Question::new("please cancel the order I made");
    assert_eq!(
        used.decide(&pack, &question),
        Answerer::new().decide(&pack, &question)
    );
    assert_eq!(
        used.rank(&pack, &question),
        Answerer::new().rank(&pack, &question)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_text_is_decided_the_same_twice(text in any::<String>(), more in "[a-z取消订单怎么 ']{0,60}") {
        let pack = shared();
        for text in [text, more] {
            let question = Question::new(&text);
            let first = Answerer::new().decide(pack, &question);
            if let Decision::Suggest(found) = &first {
                prop_assert!((1..=limits::SUGGESTIONS_MAX).contains(&found.len()));
            }
            prop_assert_eq!(Answerer::new().decide(pack, &question), first);
        }
    }

    #[test]
    fn any_bytes_are_a_clear_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(load(bytes).is_err());
    }

    #[test]
    fn malicious_content_behind_a_right_checksum_does_no_harm(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        early in any::<bool>(),
    ) {
        let mut bytes = shared_bytes().to_vec();
        let length = if early { 2_500 } else { bytes.len() };
        for (at, value) in changes {
            bytes[18 + at.index(length - 18)] = value;
        }
        if let Ok(pack) = load(with_right_checksum(bytes)) {
            exercise(&pack);
        }
    }

    #[test]
    fn content_cut_off_behind_a_right_checksum_is_refused(at in any::<prop::sample::Index>()) {
        let bytes = shared_bytes();
        let cut = bytes[..18 + at.index(bytes.len() - 18)].to_vec();
        prop_assert!(load(with_right_checksum(cut)).is_err());
    }

    #[test]
    fn any_knowledge_file_is_read_or_refused(text in any::<String>(), line in r#"\{"(id|rule|title|answer|phrasings|any)":("a"|\[\]|\["b"\]|null|1|\{"zh":"x"\})(,"(answer|phrasings|hand_off|all)":("c"|\["d"\]|true))*\}"#) {
        for text in [text, line] {
            if let Ok(parsed) = knowledge::parse("fuzz", text.as_bytes()) {
                let (bytes, report) = build(&parsed, &BuildSettings::default(), &mut |_| {}).unwrap();
                prop_assert!(Pack::load(bytes, report.hash).is_ok());
            }
        }
    }
}

fn shared_bytes() -> &'static [u8] {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(shop_bytes)
}

fn shared() -> &'static Pack {
    static PACK: std::sync::OnceLock<Pack> = std::sync::OnceLock::new();
    PACK.get_or_init(|| load(shared_bytes().to_vec()).unwrap())
}
