//! Knowledge in CSV: what shops export, with its quotes, marks, delimiters and mistakes.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use firsthop_core::knowledge::{self, FaqEntry, KnowledgeErrorCode as Code};
use proptest::prelude::*;

fn entries(text: impl AsRef<[u8]>) -> Vec<FaqEntry> {
    let read = knowledge::parse("faq.csv", text.as_ref());
    read.unwrap_or_else(|errors| panic!("{errors:?}")).entries
}

/// Line, field and code of each error.
fn errors(text: impl AsRef<[u8]>) -> Vec<(u32, String, Code)> {
    let errors = knowledge::parse("faq.CSV", text.as_ref()).unwrap_err();
    let each = errors.into_iter();
    each.map(|error| (error.line, error.field, error.code))
        .collect()
}

fn phrasings(entry: &FaqEntry) -> Vec<(&str, &str)> {
    let each = entry.phrasings.iter();
    each.map(|it| (it.lang.as_str(), it.text.as_str()))
        .collect()
}

#[test]
fn a_table_says_what_lines_of_json_say() {
    let table = "\u{feff}id,title.zh,title.en,phrasings,phrasings.en,answer.zh,answer.en\r\n\
        fee,运费,Fee,\"运费多少\r\n邮费, 多少\",how much is shipping,\"满99\"\"包邮\"\"\",\"Free, from 99\"\r\n\
        ,,,几块钱运费,,,\r\n\
        \r\n\
        pay,,,怎么付款,,微信,\r\n";
    let read = entries(table);
    assert_eq!(read.len(), 2);
    assert_eq!(
        phrasings(&read[0]),
        [
            ("zh", "运费多少"),
            ("zh", "邮费, 多少"),
            ("zh", "几块钱运费"),
            ("en", "how much is shipping"),
        ]
    );
    let answers: Vec<_> = read[0].answers.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(answers, ["满99\"包邮\"", "Free, from 99"]);
    assert_eq!((read[0].source.line, read[1].source.line), (2, 6));
}

#[test]
fn semicolons_and_tabs_separate_too() {
    for separator in [";", "\t"] {
        let table = "id|phrasing|phrasing|answer\na|one, two|three|yes\n".replace('|', separator);
        assert_eq!(
            phrasings(&entries(table)[0]),
            [("en", "one, two"), ("en", "three")]
        );
    }
}

#[test]
fn each_mistake_is_named_with_its_row() {
    let good = "id,phrasings,answer\na,alpha,A\n";
    for (table, line, field, code) in [
        (format!("{good}b,beta\n"), 3, "", Code::NotCsv),
        (format!("{good}b,beta,B,more\n"), 3, "", Code::NotCsv),
        (
            format!("{good}\nb,\"beta,B\nc,gamma,C\n"),
            4,
            "",
            Code::NotCsv,
        ),
        (format!("{good}b,beta,\n"), 3, "answer", Code::MissingField),
        (format!("{good}a,beta,B\n"), 3, "id", Code::DuplicateId),
        (format!("{good},beta,B\n"), 3, "answer", Code::BadValue),
        (
            "id,phrasings,answer\n,beta,B\n".into(),
            2,
            "id",
            Code::MissingField,
        ),
        (
            "id,phrasings\na,b\n".into(),
            1,
            "answer",
            Code::MissingField,
        ),
        (
            "id,phrasings,answer,colour\na,b,c,d\n".into(),
            1,
            "colour",
            Code::UnknownField,
        ),
        (
            "id,id,phrasings,answer\na,a,b,c\n".into(),
            1,
            "id",
            Code::BadValue,
        ),
        (
            "id,phrasings,answer,answer.en\na,b,c,d\n".into(),
            1,
            "answer",
            Code::BadValue,
        ),
        (
            "id,phrasings,answer.e!\na,b,c\n".into(),
            2,
            "answer.e!",
            Code::BadValue,
        ),
        ("id,phrasings,answer\n".into(), 0, "", Code::Nothing),
        (String::new(), 0, "", Code::Nothing),
    ] {
        assert_eq!(
            errors(&table)[0],
            (line, field.to_owned(), code),
            "{table:?}"
        );
    }
}

#[test]
fn a_table_in_another_encoding_is_told_so() {
    let gbk = b"id,phrasings,answer\na,\xd4\xcb\xb7\xd1\xb6\xe0\xc9\xd9,\xb0\xcb\xd4\xaa\n";
    let told = knowledge::parse("faq.csv", gbk).unwrap_err();
    assert_eq!((told[0].line, told[0].code), (2, Code::NotUtf8));
    assert!(told[0].message.contains("GBK") && told[0].message.contains("UTF-8"));
    let wide: Vec<u8> = "id,phrasings,answer\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let told = knowledge::parse("faq.csv", &wide).unwrap_err();
    assert!(told[0].message.contains("UTF-16"), "{}", told[0]);
    let lines =
        b"{\"id\":\"a\",\"phrasings\":[\"\xd4\xcb\xb7\xd1\xb6\xe0\xc9\xd9\"],\"answer\":\"x\"}\n";
    let told = knowledge::parse("faq.jsonl", lines).unwrap_err();
    assert!(
        told.len() == 1 && told[0].message.contains("GBK"),
        "{told:?}"
    );
}

/// As spreadsheets write a cell.
fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(cells in proptest::collection::vec("[a-z\",;\n 中文]{0,12}[a-z中]", 1..8)) {
        let mut table = "id,answer,phrasings\n".to_owned();
        for (at, text) in cells.iter().enumerate() {
            table.push_str(&format!("e{at},{},{}\n", cell(text), cell(&text.replace('\n', " "))));
        }
        let read = entries(&table);
        prop_assert_eq!(read.len(), cells.len());
        for (entry, text) in read.iter().zip(&cells) {
            prop_assert_eq!(entry.answers[0].text.as_str(), text.trim());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), name in "a\\.(csv|jsonl)") {
        let read = knowledge::parse(&name, &bytes);
        prop_assert!(read.is_ok() || !read.unwrap_err().is_empty());
    }

    #[test]
    fn any_table_is_read_or_refused(text in "(id|phrasings|answer|,|\n|\"|;|a|中|\\.en){0,40}") {
        let table = format!("id,phrasings,answer\n{text}");
        if let Err(errors) = knowledge::parse("a.csv", table.as_bytes()) {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn any_rule_is_read_or_refused_and_can_be_built(pattern in "[a-z\\\\d(\\[\\])*+?{}0-9.|^$中]{0,12}", page in "/?[a-z*?#/:.]{0,12}") {
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let file = format!(
            "{{\"rule\":\"r\",\"any\":[{{\"pattern\":{}}}],\"page\":{},\"hand_off\":true}}",
            quoted(&pattern), quoted(&page)
        );
        if let Ok(knowledge) = knowledge::parse("a.jsonl", file.as_bytes()) {
            let (bytes, report) = firsthop_core::pack::build(&knowledge, &Default::default(), &mut |_| {}).unwrap();
            prop_assert!(firsthop_core::pack::Pack::load(bytes, report.hash).is_ok());
        }
    }
}
