//! `firsthop-load`: replays real questions through a running system, and measures it.
//!
//! In: files of knowledge and questions, where the built programs are. Out: progress on stderr,
//! one JSON line on stdout. Every run starts its own servers on free ports, in a directory that
//! is gone afterwards. `cargo xtask replay` and `cargo xtask bench` build what it needs and call
//! it. Start reading at `replay/mod.rs`.

mod agent;
mod bench;
mod clock;
mod http;
mod percentile;
mod replay;
mod servers;
mod socket;
mod visitor;

use std::io::Write;

use anyhow::Result;
use clap::{Parser, Subcommand};

use servers::Programs;

#[derive(Parser)]
#[command(
    name = "firsthop-load",
    about = "Replays questions through a running Firsthop, and measures it"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    programs: Programs,
}

#[derive(Subcommand)]
enum Command {
    /// Sends every question of a file through a fresh system, with a scripted agent
    Replay(replay::Args),
    /// Measures one thing
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let report = runtime.block_on(async {
        match cli.command {
            Command::Replay(args) => replay::replay(&cli.programs, args).await,
            Command::Bench(bench) => bench::bench(&cli.programs, bench).await,
        }
    })?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

/// Prints a line of progress on stderr. Nobody reading it is no reason to stop.
fn progress(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
