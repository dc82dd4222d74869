//! `firsthop pack build --knowledge FILE… --out PACK`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use firsthop_core::knowledge::parse_all;
use firsthop_core::pack::{BuildSettings, Progress, build};
use serde_json::json;

use super::rounded;
use crate::cli::inboxes::read_knowledge;
use crate::cli::{CliError, print_json};
use crate::knowledge::PublishError;
use crate::knowledge::building::compress;

pub(super) fn run(files: &[PathBuf], out: &Path) -> Result<(), CliError> {
    let mut texts = Vec::new();
    for file in files {
        texts.push((file.display().to_string(), read_knowledge(file)?));
    }
    let named = texts
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let knowledge = parse_all(named).map_err(PublishError::Knowledge)?;
    for warning in &knowledge.warnings {
        eprintln!("warning: {warning}");
    }
    let began = Instant::now();
    let mut shown = Shown::default();
    let settings = BuildSettings::default();
    let (bytes, report) = build(&knowledge, &settings, &mut |progress| shown.show(progress))
        .map_err(|error| PublishError::Build(error.to_string()))?;
    let train_seconds = began.elapsed().as_secs_f64();
    shown.end();
    let brotli_bytes = compress(&bytes)?.len();
    std::fs::write(out, &bytes).map_err(|error| CliError::Write(out.to_owned(), error))?;
    let share = |per_mille: u16| rounded(f64::from(per_mille) / 1000.0, 3);
    print_json(&json!({
        "pack": report.hash,
        "entries": report.entries,
        "phrasings": report.phrasings,
        "rules": report.rules,
        "bytes": report.bytes,
        "brotli_bytes": brotli_bytes,
        "train_seconds": rounded(train_seconds, 3),
        "threshold": share(report.answer_from),
        "expected_top1": share(report.expected_top1),
        "expected_coverage": share(report.expected_coverage),
        "expected_precision": share(report.expected_precision),
    }));
    Ok(())
}

/// How far the training is, on standard error: in place on a terminal, a line for each tenth
/// elsewhere.
#[derive(Default)]
struct Shown {
    tenths: usize,
    percent: usize,
}

impl Shown {
    fn show(&mut self, progress: Progress) {
        let percent = progress.done * 100 / progress.of.max(1);
        if percent == self.percent {
            return;
        }
        self.percent = percent;
        let mut to = std::io::stderr();
        // Progress that can't be shown is no reason not to build.
        if to.is_terminal() {
            let _ = write!(to, "\rtraining: {percent} %");
        } else if percent / 10 > self.tenths {
            self.tenths = percent / 10;
            let _ = writeln!(to, "training: {percent} %");
        }
    }

    fn end(&self) {
        if std::io::stderr().is_terminal() && self.percent > 0 {
            eprintln!();
        }
    }
}
