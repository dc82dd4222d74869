//! `cargo xtask …`: the project's own commands.
//!
//! In: a subcommand. Out: what it built, ran or measured, and a non-zero exit when it failed.
//! Invariant: every command first checks what it needs and installs what is missing from
//! crates.io, npm, rustup or the system's packages, or says exactly what to install.
//! Start reading at [`main`], then [`tools`], [`build`] and [`up`].
//! Not here: the tests and benchmarks themselves, which live under `tests/`.

// A command-line tool talks to its user by printing.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod build;
mod fuzz;
mod load;
mod package;
mod run;
mod sim;
mod test;
mod tools;
mod up;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask COMMAND

  up [--origin-port N] [--edge-port N] [--data DIR] [--fresh] [--no-build]
        build everything, start origin and edge with the demo shop, stop both on Ctrl-C;
        --fresh forgets earlier runs, --no-build starts what was built before
  build [answerer|widget|console|edge|origin]…
        build what is named (nothing named: everything) into target/dist and target/release
  test [fmt|clippy|unit|wasm|build|tidy|e2e|chaos]…
        run what is named (nothing named: the whole suite)
  replay --knowledge FILE --cases FILE [--visitors N] [--via edge|origin]
        send a file of questions through a fresh origin and edge; ends with one JSON line
  bench idle|ingest|answer|widget|backpressure
        measure; ends with one JSON line
  sim [--seeds N] [--seed S] [--steps M]
        simulate browsers, edges, origins and agents under every fault; ends with one JSON line;
        `sim --help` names the rest
  fuzz [--target T]… [--seconds N]
        libFuzzer on every decoder, N seconds each (60); ends with one JSON line
  chaos [--minutes N] [--seed S] [--kills-origin N] [--kills-edge N] [--stops N] [--disk-full N]
        [--disk-slow N] [--disk-errors N] [--visitors N] [--scenario storm|origin-away]
        break links, processes and the disk under visitors and agents, and compare what everybody
        was told with what the store holds; ends with one JSON line
  package
        build the widget as an npm package into target/package, with types
  tools [--check]
        install what building and testing need; with --check only say what is missing
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    match dispatch(&command, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, args: &[String]) -> Result<()> {
    let asks_for_help = args.iter().any(|arg| arg == "--help" || arg == "-h");
    match command {
        "replay" | "bench" | "chaos" if asks_for_help => load::help(command, args),
        "sim" => sim::sim(args),
        _ if asks_for_help => dispatch("help", &[]),
        "up" => up::up(args),
        "build" => build::build(args),
        "test" => test::test(args),
        "fuzz" => fuzz::fuzz(args),
        "replay" | "bench" | "chaos" => load::load(command, args),
        "package" => package::package(),
        "tools" => tools::command(args),
        "" | "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        unknown => bail!("there is no command `{unknown}`\n\n{HELP}"),
    }
}
