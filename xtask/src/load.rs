//! `cargo xtask replay …`, `cargo xtask bench …` and `cargo xtask chaos …`: build what they run, then
//! hand over to `tests/load`, which does the measuring and the breaking.

use anyhow::Result;

use crate::build::{self, Part};
use crate::run;
use crate::tools;
use crate::workspace::{dist, firsthop};

/// Runs `firsthop-load COMMAND ARGS` against what this checkout builds. It prints one JSON line
/// on stdout; xtask's own progress precedes it.
pub(crate) fn load(command: &str, args: &[String]) -> Result<()> {
    if command == "bench" && args.first().is_some_and(|what| what == "answer") {
        return answer(args);
    }
    let tools = build::parts(&Part::ALL)?;
    tools::offer_strace();
    run::show(
        run::cargo()
            .args([
                "run",
                "--quiet",
                "--release",
                "--package",
                "firsthop-load",
                "--",
            ])
            .arg(command)
            .args(args)
            .arg("--firsthop")
            .arg(firsthop())
            .arg("--workerd")
            .arg(&tools.workerd)
            .arg("--edge-dist")
            .arg(dist("edge"))
            // Paths in `args` mean what they mean where the user stands.
            .current_dir(std::env::current_dir()?),
    )
}

/// What a command of `firsthop-load` takes: to say that, nothing else has to be built.
pub(crate) fn help(command: &str, args: &[String]) -> Result<()> {
    run::show(
        run::cargo()
            .args(["run", "--quiet", "--package", "firsthop-load", "--"])
            .arg(command)
            .args(args),
    )
}

/// `bench answer` needs no server: only the answerer, natively and as wasm, Chromium, and what it
/// is compared with.
fn answer(args: &[String]) -> Result<()> {
    let minisearch = tools::ensure_minisearch()?;
    build::parts(&[Part::Answerer])?;
    run::show(
        run::cargo()
            .args([
                "run",
                "--quiet",
                "--release",
                "--package",
                "firsthop-load",
                "--",
                "bench",
            ])
            .args(args)
            .arg("--minisearch")
            .arg(minisearch)
            .arg("--answerer")
            .arg(dist("answerer"))
            .arg("--browser")
            .arg(tools::ensure_browser()?)
            .current_dir(std::env::current_dir()?),
    )
}
