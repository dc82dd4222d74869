//! `firsthop pack build|explain`: packs as files, without a server.

use std::path::PathBuf;

use clap::Subcommand;
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
            Self::Explain {
                pack,
                question,
                lang,
            } => {
                let bytes =
                    std::fs::read(&pack).map_err(|error| CliError::Read(pack.clone(), error))?;
                let hash = PackHash::of(&bytes);
                let pack = Pack::load(bytes, hash)
                    .map_err(|error| CliError::Problem(error.to_string()))?;
                explain(
                    &pack,
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
