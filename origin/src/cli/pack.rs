//! `firsthop pack build|eval|explain`: packs as files, without a server.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use firsthop_core::answer::measure::{Case, Measured, parse_cases};
use firsthop_core::answer::{Answerer, Decision, Question};
use firsthop_core::knowledge::parse;
use firsthop_core::pack::{BuildSettings, Pack, PackHash, build};
use serde_json::json;

use super::inboxes::read_knowledge;
use super::{CliError, print_json};
use crate::knowledge::PublishError;

#[derive(Debug, Subcommand)]
pub(super) enum PackCommand {
    /// Builds a pack of a knowledge file.
    Build {
        /// FAQ entries and rules in JSON Lines.
        file: PathBuf,
        /// Where the pack goes.
        #[arg(long, short)]
        out: PathBuf,
    },
    /// Measures how well a pack answers; prints a JSON line.
    Eval {
        /// The pack.
        pack: PathBuf,
        /// JSON Lines: `{"q": question, "expect": entry or null, "also": [entries that count as right]}`.
        cases: PathBuf,
    },
    /// Says what a pack answers to a question, and how sure it is.
    Explain {
        /// The pack.
        pack: PathBuf,
        /// The question.
        question: String,
        /// The language of the visitor's page, such as zh-CN.
        #[arg(long)]
        lang: Option<String>,
    },
}

impl PackCommand {
    pub(super) fn run(self) -> Result<(), CliError> {
        match self {
            Self::Build { file, out } => {
                let text = read_knowledge(&file)?;
                let knowledge =
                    parse(&file.display().to_string(), &text).map_err(PublishError::Knowledge)?;
                let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {})
                    .map_err(|error| PublishError::Build(error.to_string()))?;
                std::fs::write(&out, &bytes)
                    .map_err(|error| CliError::Write(out.clone(), error))?;
                print_json(&json!({
                    "pack": report.hash,
                    "bytes": report.bytes,
                    "entries": report.entries,
                    "phrasings": report.phrasings,
                    "rules": report.rules,
                    "expected_coverage_per_mille": report.expected_coverage,
                    "expected_precision_per_mille": report.expected_precision,
                }));
            }
            Self::Eval { pack, cases } => {
                let text = std::fs::read_to_string(&cases)
                    .map_err(|error| CliError::Read(cases.clone(), error))?;
                let cases =
                    parse_cases(&cases.display().to_string(), &text).map_err(CliError::Problem)?;
                evaluate(&load(&pack)?, &cases);
            }
            Self::Explain {
                pack,
                question,
                lang,
            } => {
                explain(
                    &load(&pack)?,
                    &Question {
                        text: &question,
                        lang: lang.as_deref(),
                    },
                );
            }
        }
        Ok(())
    }
}

fn load(file: &Path) -> Result<Pack, CliError> {
    let bytes = std::fs::read(file).map_err(|error| CliError::Read(file.to_owned(), error))?;
    let hash = PackHash::of(&bytes);
    Pack::load(bytes, hash)
        .map_err(|error| CliError::Problem(format!("{}: {error}", file.display())))
}

fn evaluate(pack: &Pack, cases: &[Case]) {
    let mut answerer = Answerer::new();
    let mut measured = Measured::default();
    for case in cases {
        let decision = answerer.decide(pack, &Question::new(&case.q));
        measured.add(pack, &mut answerer, case, &decision);
    }
    print_json(&json!({
        "cases": measured.cases,
        "in_scope": measured.in_scope,
        "out_of_scope": measured.out_of_scope,
        "top1": measured.top1,
        "top3": measured.top3,
        "answered_right": measured.answered_right,
        "answered_wrong_in_scope": measured.answered_wrong_in_scope,
        "answered_out_of_scope": measured.answered_out_of_scope,
        "suggested": measured.suggested,
        "suggested_with_right": measured.suggested_with_right,
        "handed_off": measured.handed_off,
        "precision": measured.precision(),
        "coverage": measured.coverage(),
    }));
}

fn explain(pack: &Pack, question: &Question<'_>) {
    let mut answerer = Answerer::new();
    let matches = |found: &[firsthop_core::answer::Match]| -> serde_json::Value {
        found
            .iter()
            .filter_map(|found| {
                let entry = pack.entry(found.entry)?;
                Some(json!({
                    "entry": entry.id(),
                    "title": entry.title(question).text,
                    "confidence_per_mille": found.confidence,
                    "by": format!("{:?}", found.by).to_lowercase(),
                }))
            })
            .collect()
    };
    let (decision, found) = match answerer.decide(pack, question) {
        Decision::Answer(found) => ("answer", matches(&[found])),
        Decision::Suggest(found) => ("suggest", matches(&found)),
        Decision::HandOff => ("hand_off", json!([])),
        Decision::Escalate => ("escalate", json!([])),
    };
    let ranked = matches(&answerer.rank(pack, question));
    print_json(&json!({ "decision": decision, "found": found, "ranked_by_model": ranked }));
}
