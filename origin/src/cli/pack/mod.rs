//! `firsthop pack …`: packs as files, without a server. One command, one module.
//!
//! Each prints one JSON line on standard output, whose members are a contract; progress and what
//! was passed over go to standard error.

mod build;
mod diff;
mod eval;
mod explain;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use firsthop_core::pack::{Pack, PackHash};

use super::CliError;

#[derive(Debug, Subcommand)]
pub(super) enum PackCommand {
    /// Builds a pack of knowledge files; prints a JSON line.
    Build {
        /// Knowledge in JSON Lines or CSV; may name several files.
        #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
        knowledge: Vec<PathBuf>,
        /// Where the pack goes.
        #[arg(long, short, value_name = "PACK")]
        out: PathBuf,
    },
    /// Measures how well a pack answers; prints a JSON line.
    Eval {
        /// The pack.
        #[arg(long, value_name = "PACK")]
        pack: PathBuf,
        /// JSON Lines: `{"q": question, "expect": entry or null, "also": [entries that count as right]}`.
        #[arg(long, value_name = "FILE")]
        cases: PathBuf,
        /// Also prints, for each of these precisions, the largest coverage that reaches it, as in
        /// 0.90,0.95,0.97,0.99.
        #[arg(long, value_delimiter = ',', value_name = "PRECISION,…")]
        sweep: Vec<String>,
    },
    /// Lists the questions that another pack would deal with in another way; a JSON line each,
    /// then one with the counts.
    Diff(diff::Diff),
    /// Says what a pack does with a question, and why.
    Explain(explain::Args),
}

impl PackCommand {
    pub(super) fn run(self) -> Result<(), CliError> {
        match self {
            Self::Build { knowledge, out } => build::run(&knowledge, &out),
            Self::Eval { pack, cases, sweep } => eval::run(&load(&pack)?, &cases, &sweep),
            Self::Diff(diff) => diff.run(),
            Self::Explain(args) => explain::run(&args),
        }
    }
}

fn load(file: &Path) -> Result<Pack, CliError> {
    let bytes = std::fs::read(file).map_err(|error| CliError::Read(file.to_owned(), error))?;
    let hash = PackHash::of(&bytes);
    Pack::load(bytes, hash)
        .map_err(|error| CliError::Problem(format!("{}: {error}", file.display())))
}

/// To so many places after the point: what is measured has no more.
fn rounded(value: f64, places: i32) -> f64 {
    let unit = 10f64.powi(places);
    (value * unit).round() / unit
}
