//! Questions with known answers: `{"q": question, "expect": entry id or null, "also": [ids]}`, one
//! a line. Null means that no entry answers it, so that answering it is an error.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    /// What the visitor types.
    pub(crate) q: String,
    expect: Option<String>,
    #[serde(default)]
    also: Vec<String>,
}

impl Case {
    /// Whether the entry is a right answer.
    pub(crate) fn accepts(&self, entry: &str) -> bool {
        self.expect.as_deref() == Some(entry) || self.also.iter().any(|other| other == entry)
    }
}

pub(crate) fn read(file: &Path) -> Result<Vec<Case>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("could not read {}", file.display()))?;
    let cases = parse(&text).with_context(|| file.display().to_string())?;
    if cases.is_empty() {
        bail!("{} holds no question", file.display());
    }
    Ok(cases)
}

fn parse(text: &str) -> Result<Vec<Case>> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| serde_json::from_str(line).with_context(|| format!("line {}", at + 1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_and_further_entries_are_right_and_nothing_else() {
        let cases = parse(
            "{\"q\":\"a\",\"expect\":\"x\",\"also\":[\"y\"]}\n\n{\"q\":\"b\",\"expect\":null}\n",
        )
        .unwrap();
        assert_eq!(cases.len(), 2);
        assert!(cases[0].accepts("x") && cases[0].accepts("y") && !cases[0].accepts("z"));
        assert!(!cases[1].accepts("x"));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = parse("{\"q\":\"a\",\"expect\":null}\n{\"q\":1}\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2");
    }
}
