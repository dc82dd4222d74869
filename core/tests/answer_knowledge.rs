//! A knowledge file is read, or every error in it is told with file, line and field.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use firsthop_core::knowledge::{self, KnowledgeErrorCode as Code};
use firsthop_core::limits;

const GOOD: &str = r#"{"id":"a","phrasings":["alpha"],"answer":"A"}"#;

/// Line, field and code of each error.
fn errors(text: impl AsRef<[u8]>) -> Vec<(u32, String, Code)> {
    let errors = knowledge::parse("faq.jsonl", text.as_ref()).unwrap_err();
    assert!(
        errors
            .iter()
            .all(|error| error.file == "faq.jsonl" && !error.message.is_empty())
    );
    errors
        .into_iter()
        .map(|error| (error.line, error.field, error.code))
        .collect()
}

#[test]
fn each_mistake_is_named_with_line_and_field() {
    for (line, field, code) in [
        ("{", "", Code::NotJson),
        ("[1]", "", Code::NotJson),
        (r#"{"id":"b","id":"c"}"#, "", Code::NotJson),
        (
            r#"{"phrasings":["x"],"answer":"y"}"#,
            "id",
            Code::MissingField,
        ),
        (
            r#"{"id":"b","answer":"y"}"#,
            "phrasings",
            Code::MissingField,
        ),
        (
            r#"{"id":"b","phrasings":["x"]}"#,
            "answer",
            Code::MissingField,
        ),
        (
            r#"{"id":"b","phrasings":[],"answer":"y"}"#,
            "phrasings",
            Code::Empty,
        ),
        (
            r#"{"id":"b","phrasings":[""," "],"answer":"y"}"#,
            "phrasings",
            Code::Empty,
        ),
        (
            r#"{"id":"b","phrasings":["x",7],"answer":"y"}"#,
            "phrasings[1]",
            Code::WrongType,
        ),
        (
            r#"{"id":"b","phrasings":"x","answer":"y"}"#,
            "phrasings",
            Code::WrongType,
        ),
        (
            r#"{"id":7,"phrasings":["x"],"answer":"y"}"#,
            "id",
            Code::WrongType,
        ),
        (
            r#"{"id":"","phrasings":["x"],"answer":"y"}"#,
            "id",
            Code::Empty,
        ),
        (
            r#"{"id":"a\nb","phrasings":["x"],"answer":"y"}"#,
            "id",
            Code::BadValue,
        ),
        (
            r#"{"id":"b","phrasings":["x"],"answer":{"en":""}}"#,
            "answer.en",
            Code::Empty,
        ),
        (
            r#"{"id":"b","phrasings":["x"],"answer":{}}"#,
            "answer",
            Code::Empty,
        ),
        (
            r#"{"id":"b","phrasings":["x"],"answer":{"e!":"y"}}"#,
            "answer.e!",
            Code::BadValue,
        ),
        (
            r#"{"id":"b","phrasings":["x"],"answer":"y","lang":"english please"}"#,
            "lang",
            Code::BadValue,
        ),
        (
            r#"{"id":"b","phrasings":["x"],"answer":"y","titel":"z"}"#,
            "titel",
            Code::UnknownField,
        ),
        (
            r#"{"id":"b","phrasings":["x"],"answer":"a\u0007b"}"#,
            "answer",
            Code::ControlCharacter,
        ),
        (
            r#"{"id":"a","phrasings":["x"],"answer":"y"}"#,
            "id",
            Code::DuplicateId,
        ),
        (
            r#"{"id":"b","phrasings":{"en":["x"],"z!":["y"]},"answer":"y"}"#,
            "phrasings.z!",
            Code::BadValue,
        ),
        (
            r#"{"id":"b","phrasings":{"en":["x",7]},"answer":"y"}"#,
            "phrasings.en[1]",
            Code::WrongType,
        ),
        (r#"{"rule":"r","answer":"a"}"#, "any", Code::MissingField),
        (
            r#"{"rule":"r","any":[{"near":["x"]}],"answer":"a"}"#,
            "any[0].near",
            Code::BadValue,
        ),
        (
            r#"{"rule":"r","any":[{"near":["x","y"],"within":1}],"answer":"a"}"#,
            "any[0].within",
            Code::BadValue,
        ),
        (
            r#"{"rule":"r","any":[{"near":["x","y"],"pattern":"z"}],"answer":"a"}"#,
            "any[0]",
            Code::BadValue,
        ),
        (
            r#"{"rule":"r","any":[{"near":["x","y"],"withn":2}],"answer":"a"}"#,
            "any[0].withn",
            Code::UnknownField,
        ),
        (
            r#"{"rule":"r","all":["x",{"pattern":"(a"}],"answer":"a"}"#,
            "all[1].pattern",
            Code::BadPattern,
        ),
        (
            r#"{"rule":"r","all":[{"pattern":"a*"}],"answer":"a"}"#,
            "all[0].pattern",
            Code::BadPattern,
        ),
        (
            r#"{"rule":"r","all":[{"pattern":"(a|b)*a(a|b){14}c"}],"answer":"a"}"#,
            "all[0].pattern",
            Code::BadPattern,
        ),
        (
            r#"{"rule":"r","none":[{"entity":"order_number"}],"answer":"a"}"#,
            "none",
            Code::UnknownEntity,
        ),
        (
            r#"{"rule":"r","any":["x"],"hours":"open","answer":"a"}"#,
            "hours",
            Code::MissingField,
        ),
        (
            r#"{"rule":"r","any":["x"],"hours":"night","answer":"a"}"#,
            "hours",
            Code::BadValue,
        ),
        (
            r#"{"rule":"r","page":"cart","answer":"a"}"#,
            "page",
            Code::BadValue,
        ),
        (
            r#"{"rule":"r","any":["x"],"suggest":["a","nowhere"]}"#,
            "suggest",
            Code::UnknownEntry,
        ),
        (
            r#"{"rule":"r","any":["x"],"suggest":["a","b","c","d"]}"#,
            "suggest",
            Code::TooLong,
        ),
        (
            r#"{"rule":"r","any":["x"],"label":7}"#,
            "label",
            Code::WrongType,
        ),
        (r#"{"entity":"thing"}"#, "pattern", Code::BadValue),
        (
            r#"{"entity":"phone","pattern":"\\d+"}"#,
            "entity",
            Code::BadValue,
        ),
        (
            r#"{"entity":"thing","pattern":"[a"}"#,
            "pattern",
            Code::BadPattern,
        ),
        (
            r#"{"entity":"thing","values":{"A":["!"]}}"#,
            "values.A[0]",
            Code::Empty,
        ),
        (
            r#"{"settings":{"hours":{"mon":"09:00-18:00"}}}"#,
            "settings.zone",
            Code::MissingField,
        ),
        (
            r#"{"settings":{"zone":"Mars/Olympus","hours":{"mon":"09:00-18:00"}}}"#,
            "settings.zone",
            Code::BadValue,
        ),
        (
            r#"{"settings":{"zone":"UTC","hours":{"monday":"09:00-18:00"}}}"#,
            "settings.hours.monday",
            Code::BadValue,
        ),
        (
            r#"{"settings":{"zone":"UTC","hours":{"mon":"nine to five"}}}"#,
            "settings.hours.mon",
            Code::BadValue,
        ),
        (
            r#"{"settings":{"colour":"red"}}"#,
            "settings.colour",
            Code::UnknownField,
        ),
        (r#"{"rule":"r","any":["x"]}"#, "answer", Code::MissingField),
        (
            r#"{"rule":"r","any":["x"],"answer":"a","hand_off":true}"#,
            "hand_off",
            Code::BadValue,
        ),
        (
            r#"{"rule":"r","any":["x"],"answer":"nowhere"}"#,
            "answer",
            Code::UnknownEntry,
        ),
        (
            r#"{"rule":"r","any":["!?"],"answer":"a"}"#,
            "any[0]",
            Code::Empty,
        ),
        (
            r#"{"rule":"r","any":["x"],"answer":"a","priority":1.5}"#,
            "priority",
            Code::BadValue,
        ),
        (r#"{"synonyms":["x"]}"#, "synonyms", Code::Empty),
        (r#"{"synonyms":"x"}"#, "synonyms", Code::WrongType),
        (
            r#"{"synonyms":["x","a b c d e f g h i"]}"#,
            "synonyms[1]",
            Code::TooLong,
        ),
        (
            r#"{"rule":"r","any":["x"],"hand_off":7}"#,
            "hand_off",
            Code::WrongType,
        ),
    ] {
        let found = errors(format!("{GOOD}\n\n{line}\n"));
        assert_eq!(found[0], (3, field.to_owned(), code), "{line}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_up_to_a_limit() {
    assert_eq!(errors(format!("{{\n{GOOD}\n{{\n")).len(), 2);
    let many = "{\n".repeat(5_000);
    assert_eq!(errors(many).len(), limits::KNOWLEDGE_ERRORS_MAX);
}

#[test]
fn text_that_is_not_utf8_is_named_by_line() {
    let mut file = format!("{GOOD}\n").into_bytes();
    file.extend(b"{\"id\":\"\xff\"}");
    assert_eq!(errors(file), [(2, String::new(), Code::NotUtf8)]);
}

#[test]
fn sizes_are_bounded() {
    assert_eq!(
        errors(vec![b' '; 100_000_000]),
        [(0, String::new(), Code::TooLarge)]
    );
    let long = format!(
        r#"{{"id":"b","phrasings":["x"],"answer":"{}"}}"#,
        "y".repeat(limits::KNOWLEDGE_LINE_BYTES_MAX)
    );
    assert_eq!(errors(long), [(1, String::new(), Code::TooLarge)]);
    for (field, line) in [
        (
            "answer",
            format!(
                r#"{{"id":"b","phrasings":["x"],"answer":"{}"}}"#,
                "y".repeat(limits::ANSWER_BYTES_MAX + 1)
            ),
        ),
        (
            "phrasings[0]",
            format!(
                r#"{{"id":"b","phrasings":["{}"],"answer":"y"}}"#,
                "x".repeat(limits::PHRASING_BYTES_MAX + 1)
            ),
        ),
        (
            "id",
            format!(
                r#"{{"id":"{}","phrasings":["x"],"answer":"y"}}"#,
                "b".repeat(limits::ENTRY_ID_BYTES_MAX + 1)
            ),
        ),
        (
            "any[0]",
            format!(
                r#"{{"rule":"b","any":["{}"],"hand_off":true}}"#,
                "x ".repeat(limits::RULE_TERM_TOKENS_MAX + 1)
            ),
        ),
    ] {
        assert_eq!(errors(line), [(1, field.to_owned(), Code::TooLong)]);
    }
    assert_eq!(errors(""), [(0, String::new(), Code::Nothing)]);
    assert_eq!(errors("[".repeat(100_000))[0].2, Code::NotJson);
}

#[test]
fn byte_order_mark_and_windows_line_ends_are_accepted() {
    let file = format!(
        "\u{feff}{GOOD}\r\n\r\n{}\r\n",
        GOOD.replace("\"a\"", "\"b\"")
    );
    let parsed = knowledge::parse("faq.jsonl", file.as_bytes()).unwrap();
    assert_eq!(parsed.entries.len(), 2);
    assert_eq!(parsed.entries[1].source.line, 3);
}

#[test]
fn languages_are_as_said_else_as_written() {
    let file = r#"{"id":"a","lang":"de","phrasings":["wie lange","多久","どのくらい"],"answer":{"en":"x","de":"y"}}"#;
    let parsed = knowledge::parse("faq.jsonl", file.as_bytes()).unwrap();
    let entry = &parsed.entries[0];
    let langs = |texts: &[knowledge::Localised]| {
        texts
            .iter()
            .map(|text| text.lang.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(langs(&entry.phrasings), ["de", "zh", "ja"]);
    assert_eq!(langs(&entry.answers), ["en", "de"], "in the editor's order");
    assert_eq!(
        entry.titles[0].text, "wie lange",
        "the first phrasing serves as title"
    );
}

#[test]
fn files_are_merged_and_their_ids_must_differ() {
    let mut first = knowledge::parse("one.jsonl", GOOD.as_bytes()).unwrap();
    let second = knowledge::parse("two.jsonl", GOOD.replace("\"a\"", "\"b\"").as_bytes()).unwrap();
    first.merge(second.clone()).unwrap();
    assert_eq!(first.entries.len(), 2);
    let errors = first.merge(second).unwrap_err();
    assert_eq!(
        (errors[0].file.as_str(), errors[0].line, errors[0].code),
        ("two.jsonl", 1, Code::DuplicateId)
    );
    assert!(
        errors[0].to_string().contains("two.jsonl:1: `id`:"),
        "{}",
        errors[0]
    );
}

#[test]
fn a_rule_may_name_an_entry_of_another_file() {
    let rule = r#"{"rule":"r","any":["x"],"answer":"a","hours":"open"}"#;
    let settings = r#"{"settings":{"zone":"+08:00","hours":{"mon":"09:00-18:00"}}}"#;
    let files = [
        ("rules.jsonl", rule.as_bytes()),
        ("settings.jsonl", settings.as_bytes()),
        ("faq.csv", b"id,phrasings,answer\na,alpha,A\n"),
    ];
    let all = knowledge::parse_all(files).unwrap();
    assert_eq!((all.entries.len(), all.rules.len()), (1, 1));
    let errors = knowledge::parse_all(files[..2].iter().copied()).unwrap_err();
    assert_eq!(
        (errors[0].file.as_str(), errors[0].code),
        ("rules.jsonl", Code::UnknownEntry)
    );
    let twice = [files[1], ("more.jsonl", settings.as_bytes()), files[2]];
    let errors = knowledge::parse_all(twice).unwrap_err();
    assert_eq!(
        (errors[0].file.as_str(), errors[0].line, errors[0].code),
        ("more.jsonl", 1, Code::DuplicateId)
    );
}

#[test]
fn phrasings_may_stand_by_language() {
    let file = r#"{"id":"a","phrasings":{"de":["wie lange"],"fr":["combien de temps"],"zh":["多久"]},"answer":{"de":"x"}}"#;
    let parsed = knowledge::parse("faq.jsonl", file.as_bytes()).unwrap();
    let langs: Vec<_> = parsed.entries[0]
        .phrasings
        .iter()
        .map(|it| it.lang.as_str())
        .collect();
    assert_eq!(langs, ["de", "fr", "zh"]);
}

#[test]
fn a_blank_phrasing_among_others_is_passed_over_with_a_warning() {
    let file = r#"{"id":"a","phrasings":["alpha","  ","beta"],"answer":"A"}"#;
    let parsed = knowledge::parse("faq.jsonl", file.as_bytes()).unwrap();
    assert_eq!(parsed.entries[0].phrasings.len(), 2);
    let warning = &parsed.warnings[0];
    assert_eq!(
        (warning.line, warning.field.as_str(), warning.code),
        (1, "phrasings[1]", Code::Empty)
    );
}
