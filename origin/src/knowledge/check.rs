//! What is wrong with a draft or one of its items, said with the item.

use firsthop_core::knowledge::{KnowledgeError, KnowledgeErrorCode, parse};
use serde_json::{Value, json};

use super::lines::to_file;

/// How a draft is called in errors.
pub const DRAFT: &str = "draft";

/// A draft as a file, and which item stands in which line.
#[derive(Debug, Clone, Default)]
pub struct DraftFile {
    /// JSON Lines.
    pub text: Vec<u8>,
    /// The items' numbers, line by line.
    pub items: Vec<i64>,
}

impl DraftFile {
    /// Of items in their order.
    #[must_use]
    pub fn new(lines: &[(i64, String)]) -> Self {
        Self {
            text: to_file(lines.iter().map(|(_, value)| value.as_str())),
            items: lines.iter().map(|(item, _)| *item).collect(),
        }
    }

    /// The errors with their items, for the API.
    #[must_use]
    pub fn errors_to_json(&self, errors: &[KnowledgeError]) -> Value {
        let item = |error: &KnowledgeError| {
            let line = usize::try_from(error.line).ok()?.checked_sub(1)?;
            self.items.get(line).copied()
        };
        errors
            .iter()
            .map(|error| error_to_json(error, item(error)))
            .collect()
    }
}

/// Errors of a file, for the API.
#[must_use]
pub fn errors_to_json(errors: &[KnowledgeError]) -> Value {
    errors
        .iter()
        .map(|error| error_to_json(error, None))
        .collect()
}

fn error_to_json(error: &KnowledgeError, item: Option<i64>) -> Value {
    let KnowledgeError {
        file,
        line,
        field,
        code,
        message,
    } = error;
    json!({ "item": item, "file": file, "line": line, "field": field, "code": code.as_str(), "message": message })
}

/// What is wrong with a value that is to be written into a draft: with the value itself, with
/// how it fits to the others, or with how much there would be. What is wrong with the others is
/// not told: a draft may have errors until it is published. Takes as long as reading the draft.
#[must_use]
pub fn item(others: &[(i64, String)], value: &str) -> Vec<KnowledgeError> {
    let values = others.iter().map(|(_, value)| value.as_str());
    let text = to_file(values.chain([value]));
    let last = u32::try_from(others.len() + 1).unwrap_or(u32::MAX);
    let Err(errors) = parse(DRAFT, &text) else {
        return Vec::new();
    };
    let concern = errors.into_iter().filter(|error| {
        error.line == last || (error.line == 0 && error.code == KnowledgeErrorCode::TooLarge)
    });
    concern
        .map(|error| KnowledgeError {
            line: error.line.min(1),
            ..error
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(others: &[&str], value: &str) -> Vec<(u32, String, &'static str)> {
        let others: Vec<_> = (1..).zip(others.iter().map(ToString::to_string)).collect();
        item(&others, value)
            .into_iter()
            .map(|error| (error.line, error.field, error.code.as_str()))
            .collect()
    }

    #[test]
    fn an_item_is_checked_alone_and_against_the_rest() {
        let entry = r#"{"id":"a","phrasings":["alpha"],"answer":"A"}"#;
        let lost = r#"{"rule":"r","any":["x"],"answer":"gone"}"#;
        assert_eq!(codes(&[], entry), []);
        assert_eq!(codes(&[entry], entry), [(1, "id".into(), "duplicate_id")]);
        assert_eq!(
            codes(&[entry], lost),
            [(1, "answer".into(), "unknown_entry")]
        );
        // What is wrong elsewhere is not this item's fault.
        assert_eq!(codes(&[lost], entry), []);
        assert_eq!(
            codes(&[entry], r#"{"id":"b","phrasings":[],"answer":"B"}"#),
            [(1, "phrasings".into(), "empty")]
        );
        assert_eq!(codes(&[], "[1]"), [(1, String::new(), "not_json")]);
    }

    #[test]
    fn errors_of_a_draft_name_the_item() {
        let lines = [(7, r#"{"id":"a"}"#.to_owned())];
        let draft = DraftFile::new(&lines);
        let errors = parse(DRAFT, &draft.text).unwrap_err();
        assert_eq!(draft.errors_to_json(&errors)[0]["item"], 7);
    }
}
