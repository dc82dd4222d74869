//! `docs/knowledge.md` is true: every example can be built, and every error code is described.
#![cfg(feature = "compile")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use firsthop_core::knowledge::{self, BuiltIn, Knowledge, KnowledgeErrorCode};
use firsthop_core::pack::{BuildSettings, build};

const DOCUMENT: &str = include_str!("../../docs/knowledge.md");

/// The blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let mut blocks = Vec::new();
    for after in DOCUMENT.split(fence.as_str()).skip(1) {
        blocks.push(after.split("```").next().unwrap());
    }
    blocks
}

fn read(name: &str, text: &str) -> Knowledge {
    let read = knowledge::parse(name, text.as_bytes());
    read.unwrap_or_else(|errors| {
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}", told.join("\n"))
    })
}

#[test]
fn every_example_can_be_built() {
    let lines = blocks("jsonl");
    assert_eq!(lines.len(), 4);
    for text in lines {
        let knowledge = read("example.jsonl", text);
        build(&knowledge, &BuildSettings::default(), &mut |_| {}).unwrap();
    }
    let tables = blocks("csv");
    let knowledge = read("example.csv", tables[0]);
    assert_eq!(knowledge.entries.len(), 2);
    assert_eq!(knowledge.entries[0].phrasings.len(), 4);
}

#[test]
fn every_error_code_and_every_entity_is_described() {
    for code in KnowledgeErrorCode::ALL {
        let named = format!("`{}`", code.as_str());
        assert!(DOCUMENT.contains(&named), "{named} is not described");
    }
    for entity in BuiltIn::ALL {
        let named = format!("`{}`", entity.name());
        assert!(DOCUMENT.contains(&named), "{named} is not described");
    }
}
