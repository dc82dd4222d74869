//! Reading a knowledge file: line by line (see `item`) or, where its name ends in `.csv`, row by
//! row (see `table`); then what only all of them together show.

use std::collections::BTreeMap;

use super::item::Reader;
use super::{BuiltIn, Knowledge, KnowledgeError, KnowledgeErrorCode as Code, Source};
use super::{encoding, table};
use crate::limits::{
    KNOWLEDGE_ERRORS_MAX, KNOWLEDGE_FILE_BYTES_MAX, PACK_ENTITIES_MAX, PACK_ENTRIES_MAX,
    PACK_LANGUAGES_MAX, PACK_PHRASINGS_MAX, PACK_RULES_MAX, PACK_SYNONYMS_MAX,
};

/// Reads a knowledge file. On failure gives every error of the file, up to
/// [`KNOWLEDGE_ERRORS_MAX`], in the order of the lines; at least one.
pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Knowledge, Vec<KnowledgeError>> {
    parse_all([(file_name, bytes)])
}

/// Reads knowledge that stands in several files, each given by its name and content: a rule in
/// one may name an entry of another. On failure gives the errors of every file, up to
/// [`KNOWLEDGE_ERRORS_MAX`] each; if none has any, what is wrong between them.
pub fn parse_all<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<Knowledge, Vec<KnowledgeError>> {
    let mut errors = Vec::new();
    let mut knowledge = Knowledge::default();
    let mut last = "";
    for (file_name, bytes) in files {
        let read = read(file_name, bytes).and_then(|part| knowledge.add(part));
        errors.extend(read.err().unwrap_or_default());
        last = file_name;
    }
    if errors.is_empty() && knowledge.entries.is_empty() && knowledge.rules.is_empty() {
        let mut reader = Reader::new(last);
        let message = "the knowledge has no entry and no rule".into();
        reader.error("", Code::Nothing, message);
        errors = reader.errors;
    }
    if errors.is_empty() {
        check_together(&knowledge).map(|()| knowledge)
    } else {
        Err(errors)
    }
}

/// Reads one file, without what only all of them together show.
fn read(file_name: &str, bytes: &[u8]) -> Result<Knowledge, Vec<KnowledgeError>> {
    let mut reader = Reader::new(file_name);
    if bytes.len() > KNOWLEDGE_FILE_BYTES_MAX {
        let mib = |bytes: usize| bytes.div_ceil(1024 * 1024);
        let (found, allowed) = (mib(bytes.len()), mib(KNOWLEDGE_FILE_BYTES_MAX));
        reader.error(
            "",
            Code::TooLarge,
            format!("the file has {found} MiB; at most {allowed} MiB are read"),
        );
        return Err(reader.errors);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut knowledge = Knowledge::default();
    if is_table(file_name) {
        table::read(&mut reader, bytes, &mut knowledge);
    } else {
        lines(&mut reader, bytes, &mut knowledge);
    }
    if !reader.errors.is_empty() {
        reader.errors.truncate(KNOWLEDGE_ERRORS_MAX);
        return Err(reader.errors);
    }
    knowledge.warnings = reader.warnings;
    Ok(knowledge)
}

fn is_table(file_name: &str) -> bool {
    let end = file_name.len().saturating_sub(4);
    file_name
        .get(end..)
        .is_some_and(|end| end.eq_ignore_ascii_case(".csv"))
}

fn lines(reader: &mut Reader<'_>, bytes: &[u8], knowledge: &mut Knowledge) {
    if let Some((message, at)) = encoding::whole(bytes) {
        let before = bytes.iter().take(at);
        reader.line = before.filter(|byte| **byte == b'\n').count() as u32 + 1;
        reader.error("", Code::NotUtf8, message);
        return;
    }
    for line in bytes.split(|byte| *byte == b'\n') {
        reader.line += 1;
        if reader.errors.len() >= KNOWLEDGE_ERRORS_MAX {
            return;
        }
        if let Some(object) = reader.object(line) {
            reader.item(object, knowledge);
        }
    }
}

fn already(id: &str, first: &Source) -> String {
    format!("`{id}` stands already in {}:{}", first.file, first.line)
}

/// What only all entries and rules together show.
pub(super) fn check_together(knowledge: &Knowledge) -> Result<(), Vec<KnowledgeError>> {
    let mut errors = Vec::new();
    let mut report = |source: &Source, field: &str, code, message| {
        if errors.len() < KNOWLEDGE_ERRORS_MAX {
            let (file, line) = (source.file.clone(), source.line);
            errors.push(KnowledgeError {
                file,
                line,
                field: field.into(),
                code,
                message,
            });
        }
    };
    let mut entries: BTreeMap<&str, &Source> = BTreeMap::new();
    for entry in &knowledge.entries {
        if let Some(first) = entries.insert(&entry.id, &entry.source) {
            let message = already(&entry.id, first);
            report(&entry.source, "id", Code::DuplicateId, message);
        }
    }
    let mut entities: BTreeMap<&str, &Source> = BTreeMap::new();
    for entity in &knowledge.entities {
        if let Some(first) = entities.insert(&entity.name, &entity.source) {
            let message = already(&entity.name, first);
            report(&entity.source, "entity", Code::DuplicateId, message);
        }
    }
    let mut rules: BTreeMap<&str, &Source> = BTreeMap::new();
    for rule in &knowledge.rules {
        if let Some(first) = rules.insert(&rule.id, &rule.source) {
            let message = already(&rule.id, first);
            report(&rule.source, "rule", Code::DuplicateId, message);
        }
        for entry in rule.entries() {
            if !entries.contains_key(entry.as_str()) {
                let field = rule.action.field();
                let message = format!("no entry has the id `{entry}`");
                report(&rule.source, field, Code::UnknownEntry, message);
            }
        }
        for (field, name) in rule.entities() {
            if BuiltIn::named(name).is_none() && !entities.contains_key(name) {
                let message = format!(
                    "no entity has the name `{name}`; every pack knows {}",
                    BuiltIn::names()
                );
                report(&rule.source, field, Code::UnknownEntity, message);
            }
        }
        if rule.open.is_some() && knowledge.settings.schedule.is_none() {
            let message = "the rule asks for business hours, but no settings say what they are: add a line `{\"settings\": {\"zone\": …, \"hours\": …}}`".into();
            report(&rule.source, "hours", Code::MissingField, message);
        }
    }
    let languages: std::collections::BTreeSet<&str> = knowledge
        .entries
        .iter()
        .flat_map(|entry| entry.titles.iter().chain(&entry.answers))
        .map(|text| text.lang.as_str())
        .collect();
    let phrasings = knowledge
        .entries
        .iter()
        .map(|entry| entry.phrasings.len())
        .sum();
    for (found, allowed, what) in [
        (knowledge.entries.len(), PACK_ENTRIES_MAX, "entries"),
        (knowledge.rules.len(), PACK_RULES_MAX / 2, "rules"),
        (phrasings, PACK_PHRASINGS_MAX, "phrasings"),
        (languages.len(), PACK_LANGUAGES_MAX, "languages"),
        (knowledge.entities.len(), PACK_ENTITIES_MAX, "entities"),
        (
            knowledge.synonyms.len(),
            PACK_SYNONYMS_MAX,
            "lists of synonyms",
        ),
    ] {
        if found > allowed {
            let last = knowledge
                .entries
                .last()
                .map(|entry| entry.source.file.clone());
            let source = Source {
                file: last.unwrap_or_default(),
                line: 0,
            };
            report(
                &source,
                "",
                Code::TooLarge,
                format!("{found} {what}; at most {allowed} are allowed"),
            );
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}
