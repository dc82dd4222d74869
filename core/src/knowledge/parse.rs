//! Reading a knowledge file: line by line (see `item`), then what only all lines together show.

use std::collections::BTreeMap;

use super::item::Reader;
use super::{Knowledge, KnowledgeError, KnowledgeErrorCode as Code, RuleAction, Source};
use crate::limits::{
    KNOWLEDGE_ERRORS_MAX, KNOWLEDGE_FILE_BYTES_MAX, PACK_ENTRIES_MAX, PACK_LANGUAGES_MAX,
    PACK_PHRASINGS_MAX, PACK_RULES_MAX, PACK_SYNONYMS_MAX,
};

/// Reads a knowledge file. On failure gives every error of the file, up to
/// [`KNOWLEDGE_ERRORS_MAX`], in the order of the lines; at least one.
pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Knowledge, Vec<KnowledgeError>> {
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
    for line in bytes.split(|byte| *byte == b'\n') {
        reader.line += 1;
        if reader.errors.len() >= KNOWLEDGE_ERRORS_MAX {
            return Err(reader.errors);
        }
        if let Some(object) = reader.object(line) {
            reader.item(object, &mut knowledge);
        }
    }
    reader.line = 0;
    if reader.errors.is_empty() && knowledge == Knowledge::default() {
        reader.error(
            "",
            Code::Nothing,
            "the file has no entry and no rule".into(),
        );
    }
    if !reader.errors.is_empty() {
        return Err(reader.errors);
    }
    check_together(&knowledge)?;
    knowledge.warnings = reader.warnings;
    Ok(knowledge)
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
            let message = format!(
                "`{}` is already the id of {}:{}",
                entry.id, first.file, first.line
            );
            report(&entry.source, "id", Code::DuplicateId, message);
        }
    }
    let mut rules: BTreeMap<&str, &Source> = BTreeMap::new();
    for rule in &knowledge.rules {
        if let Some(first) = rules.insert(&rule.id, &rule.source) {
            let message = format!(
                "`{}` is already the id of {}:{}",
                rule.id, first.file, first.line
            );
            report(&rule.source, "rule", Code::DuplicateId, message);
        }
        if let RuleAction::Answer(entry) = &rule.action
            && !entries.contains_key(entry.as_str())
        {
            report(
                &rule.source,
                "answer",
                Code::UnknownEntry,
                format!("no entry has the id `{entry}`"),
            );
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
