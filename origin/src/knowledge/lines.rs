//! A knowledge file as the items of a draft, one a line, and back.

use std::collections::{BTreeMap, BTreeSet};

use firsthop_core::knowledge::{Knowledge, Localised};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::store::drafts::{Line, SourceHash};

/// Names told of what a version changed; what goes beyond is counted.
const NAMES_MAX: usize = 100;

/// The members that name an object, by the kind that they make it.
const NAMED_BY: [(&str, &str); 4] = [
    ("rule", "rule"),
    ("entity", "entity"),
    ("settings", "settings"),
    ("id", "entry"),
];

/// What a line says; the text is one that `firsthop_core::knowledge::parse` accepts, or will be
/// told to be none.
#[must_use]
pub fn line(text: &str) -> Line {
    // Line ends stand between tokens only: within a text JSON escapes them.
    let value = text.trim().replace(['\n', '\r'], " ");
    let members: Map<String, Value> = serde_json::from_str(&value).unwrap_or_default();
    let named = NAMED_BY
        .iter()
        .find_map(|(member, kind)| Some((*kind, members.get(*member)?)));
    let (kind, name) = match named {
        // Lists of words have no name.
        _ if members.contains_key("synonyms") => ("synonyms", None),
        Some((kind, name)) => (kind, name.as_str().map(str::to_owned)),
        None => ("other", None),
    };
    Line {
        kind: kind.to_owned(),
        name,
        value,
    }
}

/// The lines of a file.
#[must_use]
pub fn of_file(text: &[u8]) -> Vec<Line> {
    let text = String::from_utf8_lossy(text);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = text.split('\n').filter(|text| !text.trim().is_empty());
    lines.map(line).collect()
}

/// A table's entries as lines: a draft has no other form.
#[must_use]
pub fn of_table(knowledge: &Knowledge) -> Vec<u8> {
    let by_language = |texts: &[Localised]| -> Map<String, Value> {
        let texts = texts.iter();
        texts
            .map(|text| (text.lang.clone(), json!(text.text)))
            .collect()
    };
    let lines = knowledge.entries.iter().map(|entry| {
        let mut phrasings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for Localised { lang, text } in &entry.phrasings {
            phrasings.entry(lang).or_default().push(text);
        }
        let mut line = json!({
            "id": entry.id,
            "title": by_language(&entry.titles),
            "phrasings": phrasings,
            "answer": by_language(&entry.answers),
        });
        if let Some(category) = &entry.category {
            line["category"] = json!(category);
        }
        line.to_string()
    });
    let lines: Vec<_> = lines.collect();
    to_file(lines.iter().map(String::as_str))
}

/// A file of lines.
#[must_use]
pub fn to_file<'a>(values: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut text = Vec::new();
    for value in values {
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    text
}

/// What a file is kept under.
#[must_use]
pub fn hash(text: &[u8]) -> SourceHash {
    Sha256::digest(text).into()
}

/// What is different between two files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Changes {
    /// Items that are new.
    pub added: usize,
    /// Items of the same kind and name that say something else.
    pub changed: usize,
    /// Items that are gone.
    pub removed: usize,
    /// The first of them.
    pub names: Vec<ChangedItem>,
}

/// An item that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedItem {
    /// `added`, `changed` or `removed`.
    pub what: &'static str,
    /// Entry, rule, and so on.
    pub kind: String,
    /// Its name, if it has one.
    pub name: Option<String>,
}

/// What identifies a line across files: its name, or what it says.
type Key<'a> = (&'a str, Option<&'a str>, &'a str);

fn keyed(lines: &[Line]) -> BTreeMap<Key<'_>, &Line> {
    let named = lines.iter().map(|line| {
        // Without a name, a line is another one when it says something else.
        let said = if line.name.is_some() {
            ""
        } else {
            line.value.as_str()
        };
        ((line.kind.as_str(), line.name.as_deref(), said), line)
    });
    named.collect()
}

/// What is different in `now` from `before`.
#[must_use]
pub fn changes(before: &[Line], now: &[Line]) -> Changes {
    let (before, now) = (keyed(before), keyed(now));
    let keys: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let mut changes = Changes::default();
    for key in keys {
        let what = match (before.get(key), now.get(key)) {
            (None, _) => {
                changes.added += 1;
                "added"
            }
            (_, None) => {
                changes.removed += 1;
                "removed"
            }
            (Some(was), Some(is)) if was.value != is.value => {
                changes.changed += 1;
                "changed"
            }
            _ => continue,
        };
        if changes.names.len() < NAMES_MAX {
            let (kind, name, _) = *key;
            changes.names.push(ChangedItem {
                what,
                kind: kind.to_owned(),
                name: name.map(str::to_owned),
            });
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use firsthop_core::knowledge::parse;

    use super::*;

    #[test]
    fn lines_tell_what_they_are_and_come_back_as_they_were_written() {
        let file = "\u{feff}{\"id\": \"a\", \"answer\": \"1\"}\r\n\n{\"rule\":\"r\",\"any\":[\"x\"]}\n{\"synonyms\":[\"a\",\"b\"]}\n{\"new\":1}";
        let lines = of_file(file.as_bytes());
        let kinds: Vec<_> = lines
            .iter()
            .map(|line| (line.kind.as_str(), line.name.as_deref()))
            .collect();
        assert_eq!(
            kinds,
            [
                ("entry", Some("a")),
                ("rule", Some("r")),
                ("synonyms", None),
                ("other", None)
            ]
        );
        let again = to_file(lines.iter().map(|line| line.value.as_str()));
        assert_eq!(of_file(&again), lines);
        assert_eq!(lines[0].value, r#"{"id": "a", "answer": "1"}"#);
    }

    #[test]
    fn an_object_over_several_lines_becomes_one() {
        let value = line("{\n \"id\": \"a\",\r\n \"answer\": \"1\\n2\"}").value;
        assert_eq!(value.lines().count(), 1);
        let read: Value = serde_json::from_str(&value).unwrap();
        assert_eq!(read["answer"], "1\n2");
    }

    #[test]
    fn a_table_becomes_lines_that_say_the_same() {
        let table =
            "id,title.en,phrasings,answer.en,answer.zh\nfee,Fee,\"how much\n运费多少\",Eight,8元\n";
        let table = parse("k.csv", table.as_bytes()).unwrap();
        let lines = parse("k.jsonl", &of_table(&table)).unwrap();
        let said = |knowledge: &Knowledge| {
            let entry = &knowledge.entries[0];
            let mut texts = [&entry.titles, &entry.phrasings, &entry.answers].map(Clone::clone);
            for texts in &mut texts {
                texts.sort_by(|a, b| (&a.lang, &a.text).cmp(&(&b.lang, &b.text)));
            }
            (entry.id.clone(), texts)
        };
        assert_eq!(said(&lines), said(&table));
    }

    #[test]
    fn changes_are_told_by_name() {
        let before = of_file(b"{\"id\":\"a\",\"answer\":\"1\"}\n{\"id\":\"b\",\"answer\":\"1\"}\n{\"synonyms\":[\"x\",\"y\"]}\n");
        let now = of_file(b"{\"id\":\"c\",\"answer\":\"1\"}\n{\"id\":\"b\",\"answer\":\"2\"}\n{\"synonyms\":[\"x\",\"y\"]}\n");
        let found = changes(&before, &now);
        assert_eq!((found.added, found.changed, found.removed), (1, 1, 1));
        let names: Vec<_> = found
            .names
            .iter()
            .map(|one| (one.what, one.name.as_deref()))
            .collect();
        assert_eq!(
            names,
            [
                ("removed", Some("a")),
                ("changed", Some("b")),
                ("added", Some("c"))
            ]
        );
        assert_eq!(changes(&now, &now), Changes::default());
    }
}
