//! What web developers would use in a browser, on the same knowledge and questions: MiniSearch.
//!
//! In: where npm put it. Out: how often the right entry ranks first, and how long a question
//! takes. Each title and phrasing is a document, as that serves it best.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use firsthop_core::answer::measure::Case;
use firsthop_core::knowledge::Knowledge;
use serde::Deserialize;
use serde_json::{Value, json};

/// How it did.
pub(super) struct Rival {
    /// Of the questions that an entry answers, how many have it first; none if there are none.
    pub(super) top1: f64,
    /// The median time of a question.
    pub(super) us_p50: f64,
    /// Questions that were asked.
    pub(super) questions: usize,
}

#[derive(Deserialize)]
struct Said {
    entries: Vec<Option<String>>,
    times: Vec<f64>,
}

/// Asks the first `count` of the cases.
pub(super) fn measure(
    modules: &Path,
    scratch: &Path,
    knowledge: &Knowledge,
    cases: &[Case],
    count: usize,
) -> Result<Rival> {
    let documents: Vec<Value> = knowledge
        .entries
        .iter()
        .flat_map(|entry| {
            let texts = entry.titles.iter().chain(&entry.phrasings);
            texts.map(|text| json!({ "entry": entry.id, "text": text.text }))
        })
        .collect();
    let asked = cases.get(..count).unwrap_or(cases);
    let questions: Vec<&str> = asked.iter().map(|case| case.q.as_str()).collect();
    let input = scratch.join("rival.json");
    let content = json!({ "documents": documents, "questions": questions });
    std::fs::write(&input, content.to_string())?;
    let output = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("js/minisearch.mjs"))
        .args([modules, &input])
        .output()
        .context("could not start node")?;
    if !output.status.success() {
        bail!(
            "MiniSearch failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let mut said: Said = serde_json::from_slice(&output.stdout)?;
    said.times.sort_by(f64::total_cmp);
    let in_scope = asked.iter().filter(|case| !case.expect.is_empty()).count();
    let right = asked.iter().zip(&said.entries).filter(|(case, entry)| {
        let mut right = case.expect.iter().chain(&case.also);
        entry
            .as_ref()
            .is_some_and(|entry| right.any(|id| id == entry))
    });
    Ok(Rival {
        top1: right.count() as f64 / in_scope.max(1) as f64,
        us_p50: said
            .times
            .get(said.times.len() / 2)
            .copied()
            .unwrap_or_default(),
        questions: asked.len(),
    })
}
