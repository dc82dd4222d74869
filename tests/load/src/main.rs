//! `firsthop-load`: replays real questions through a running system, measures it, and breaks it.
//!
//! In: files of knowledge and questions, where the built programs are. Out: progress on stderr,
//! one JSON line on stdout. Every run starts its own servers on free ports, in a directory that
//! is gone afterwards. `cargo xtask replay`, `cargo xtask bench` and `cargo xtask chaos` build what
//! it needs and call it. Start reading at `replay/mod.rs` or `chaos/mod.rs`.

mod agent;
mod bench;
mod chaos;
mod clock;
mod disk;
mod http;
mod percentile;
mod replay;
mod servers;
mod socket;
mod strace;
mod visitor;

use std::io::Write;

use anyhow::Result;
use clap::{Parser, Subcommand};

use servers::Programs;

#[derive(Parser)]
#[command(
    name = "firsthop-load",
    about = "Replays questions through a running Firsthop, measures it, and breaks it"
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
    /// Breaks everything at random, and looks whether anything got lost
    Chaos(chaos::Args),
    /// Measures one thing
    #[command(subcommand)]
    Bench(bench::Bench),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    if let Command::Chaos(_) = cli.command {
        disk::live_apart()?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let report = runtime.block_on(async {
        match cli.command {
            Command::Replay(args) => replay::replay(&cli.programs, args).await,
            Command::Chaos(args) => chaos::chaos(cli.programs, args).await,
            Command::Bench(bench) => bench::bench(&cli.programs, bench).await,
        }
    })?;
    print(&report)
}

/// Prints the report: one JSON line on stdout.
fn print(report: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

/// Prints a line of progress on stderr. Nobody reading it is no reason to stop.
fn progress(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
