//! `firsthop pack diff`: what a new pack would change for visitors, question by question.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use firsthop_core::answer::Question;
use firsthop_core::answer::diff::{Changed, Comparison, Outcome};
use serde::Deserialize;
use serde_json::json;

use super::load;
use crate::cli::{CliError, print_json};

/// See the module.
#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The pack that visitors have.
    old: PathBuf,
    /// The pack that they may get.
    new: PathBuf,
    /// Questions, one a line: as they are, or as `{"q": question}`.
    #[arg(long)]
    questions: PathBuf,
    /// The language of the visitors' page, such as zh-CN.
    #[arg(long)]
    lang: Option<String>,
    /// For people, instead of JSON.
    #[arg(long)]
    text: bool,
}

#[derive(Deserialize)]
struct Asked {
    q: String,
}

impl Diff {
    /// Prints a line for every question that would be dealt with in another way, then a line
    /// with the counts.
    pub(super) fn run(&self) -> Result<(), CliError> {
        let (old, new) = (load(&self.old)?, load(&self.new)?);
        let text = std::fs::read_to_string(&self.questions)
            .map_err(|error| CliError::Read(self.questions.clone(), error))?;
        let questions = questions(&self.questions, &text)?;
        let mut comparison = Comparison::new(Some(&old), &new);
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        let mut changes = Vec::new();
        let began = Instant::now();
        for text in &questions {
            let lang = self.lang.as_deref();
            if let Some(changed) = comparison.of(&Question {
                text,
                lang,
                ..Question::default()
            }) {
                *counts.entry(changed.what).or_default() += 1;
                changes.push((text, changed));
            }
        }
        let took = began.elapsed();
        for (question, changed) in &changes {
            if self.text {
                println!("{}", for_people(question, changed));
            } else {
                let Changed {
                    what,
                    before,
                    after,
                } = changed;
                print_json(
                    &json!({ "question": question, "what": what, "before": before, "after": after }),
                );
            }
        }
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if self.text {
            println!(
                "{} of {} questions change, found in {milliseconds} ms",
                changes.len(),
                questions.len()
            );
        } else {
            let counts: BTreeMap<_, _> = counts
                .iter()
                .map(|(what, count)| (what.as_str(), count))
                .collect();
            print_json(&json!({
                "questions": questions.len(),
                "changed": changes.len(),
                "summary": counts,
                "milliseconds": milliseconds,
            }));
        }
        Ok(())
    }
}

fn questions(file: &Path, text: &str) -> Result<Vec<String>, CliError> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            if !line.trim_start().starts_with('{') {
                return Ok(line.to_owned());
            }
            let asked: Asked = serde_json::from_str(line).map_err(|error| {
                CliError::Problem(format!("{}:{}: {error}", file.display(), at + 1))
            })?;
            Ok(asked.q)
        })
        .collect()
}

fn for_people(question: &str, changed: &Changed) -> String {
    format!(
        "{question}\n    {}: {} → {}",
        changed.what.as_str().replace('_', " "),
        outcome(&changed.before),
        outcome(&changed.after)
    )
}

fn outcome(outcome: &Outcome) -> String {
    let ids = |entries: &[firsthop_core::answer::diff::Named]| {
        let ids: Vec<_> = entries.iter().map(|named| named.entry.as_str()).collect();
        ids.join(", ")
    };
    match outcome {
        Outcome::Answer { entries, text, .. } => format!("{} ({text})", ids(entries)),
        Outcome::Suggest { entries, .. } => format!("suggests {}", ids(entries)),
        Outcome::HandOff => "a person".to_owned(),
        Outcome::Escalate => "nothing".to_owned(),
    }
}
