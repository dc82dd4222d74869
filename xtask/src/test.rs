//! `cargo xtask test`: everything that must hold, in the order in which it fails fastest.
//!
//! In: names of parts, or nothing for all. Out: one line per part, and an error that names the
//! parts that failed. A failed part does not stop the others.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::build::{self, Part, stamp};
use crate::load;
use crate::run;
use crate::tools;
use crate::workspace::{dist, firsthop, root};

type Check = fn() -> Result<()>;

const CHECKS: [(&str, Check); 8] = [
    ("fmt", fmt),
    ("clippy", clippy),
    ("unit", unit),
    ("wasm", wasm),
    ("build", build_all),
    ("tidy", tidy),
    ("e2e", end_to_end),
    ("chaos", chaos),
];

/// A short run under every fault: about a minute, always the same dice.
const SHORT_CHAOS: [&str; 18] = [
    "--minutes",
    "0.4",
    "--seed",
    "20261120",
    "--visitors",
    "9",
    "--kills-origin",
    "5",
    "--kills-edge",
    "3",
    "--stops",
    "2",
    "--disk-full",
    "1",
    "--disk-slow",
    "1",
    "--disk-errors",
    "1",
];

/// The crates that only ever run as wasm.
const WASM_CRATES: [&str; 4] = [
    "firsthop-answerer",
    "firsthop-browser-bot",
    "firsthop-console",
    "firsthop-edge-cloudflare",
];

/// `cargo xtask test [PART]…`.
pub(crate) fn test(args: &[String]) -> Result<()> {
    if let Some(unknown) = args
        .iter()
        .find(|arg| CHECKS.iter().all(|(name, _)| name != arg))
    {
        let names: Vec<&str> = CHECKS.iter().map(|(name, _)| *name).collect();
        bail!(
            "there is no test part `{unknown}`: name {}",
            names.join(", ")
        );
    }
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        if !args.is_empty() && !args.iter().any(|arg| arg == name) {
            continue;
        }
        println!("── {name}");
        let began = Instant::now();
        let result = check();
        let seconds = began.elapsed().as_secs();
        match result {
            Ok(()) => println!("── {name} passed ({seconds} s)"),
            Err(error) => {
                println!("── {name} FAILED ({seconds} s): {error:#}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

fn fmt() -> Result<()> {
    tools::ensure_components(&["rustfmt"])?;
    run::show(run::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    tools::ensure_components(&["clippy"])?;
    tools::ensure_targets(&["wasm32-unknown-unknown"])?;
    run::show(run::cargo().args(["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"]))?;
    let mut wasm = run::cargo();
    wasm.args(["clippy", "--quiet", "--target", "wasm32-unknown-unknown"]);
    for package in WASM_CRATES {
        wasm.args(["--package", package]);
    }
    run::show(wasm.args(["--", "-D", "warnings"]))
}

/// Every crate that can run natively, with doc tests: also what widget and console compute
/// before they touch a page. Then the widget's scripts.
fn unit() -> Result<()> {
    let mut tests = run::cargo();
    tests.args(["test", "--quiet", "--workspace"]);
    // The Worker only runs in workerd (`e2e`); xtask's tests are `tidy`.
    for package in ["firsthop-edge-cloudflare", "xtask"] {
        tests.args(["--exclude", package]);
    }
    run::show(&mut tests)?;
    let tools = tools::Build::ensure()?;
    let scripts = stories_below("browser-bot/js")?;
    run::show(
        run::node(&tools.node)
            .current_dir(root())
            .arg("--test")
            .args(scripts),
    )
}

/// `core`'s own tests as wasm, under Node's WASI: the same answers, bit for bit.
fn wasm() -> Result<()> {
    let tools = tools::Build::ensure()?;
    tools::ensure_targets(&["wasm32-wasip1", "wasm32-wasip2"])?;
    let runner = root().join("xtask/js/wasi-run.mjs");
    run::show(
        run::cargo()
            .args([
                "test",
                "--quiet",
                "--package",
                "firsthop-core",
                "--all-features",
            ])
            .args(["--target", "wasm32-wasip1"])
            .env(
                "CARGO_TARGET_WASM32_WASIP1_RUNNER",
                format!(
                    // Node's WASI crashes when the collector runs during one of its fast calls.
                    "{} --no-warnings --no-turbo-fast-api-calls {}",
                    tools.node.display(),
                    runner.display()
                ),
            ),
    )?;
    for target in ["wasm32-wasip2", "wasm32-unknown-unknown"] {
        run::show(
            run::cargo()
                .args([
                    "check",
                    "--quiet",
                    "--package",
                    "firsthop-core",
                    "--all-features",
                ])
                .args(["--target", target]),
        )?;
    }
    Ok(())
}

fn build_all() -> Result<()> {
    build::parts(&Part::ALL)?;
    build::check_budget()
}

/// xtask's own tests, and what must be true of the tree itself: `xtask/tests/tidy`.
fn tidy() -> Result<()> {
    run::show(run::cargo().args(["test", "--quiet", "--package", "xtask"]))
}

/// The stories of `tests/end_to_end` against the real origin, the real workerd and Chromium.
fn end_to_end() -> Result<()> {
    let tools = build::parts(&Part::ALL)?;
    let browser = tools::ensure_browser()?;
    tools::offer_strace();
    let stories = stories_below("tests/end_to_end")?;
    run::show(
        run::node(&tools.node)
            .current_dir(root())
            .arg("--test")
            .args(stories)
            .env("FIRSTHOP_BIN", firsthop())
            .env("FIRSTHOP_WORKERD", &tools.workerd)
            .env("FIRSTHOP_EDGE_DIST", dist("edge"))
            .env("ANSWERER_DIST", dist("answerer"))
            .env("CHROMIUM", browser),
    )
}

/// The real servers under faults (`tests/load/src/chaos`): fails if anything was lost, doubled, out
/// of order, or if somebody holds something else than the store.
fn chaos() -> Result<()> {
    load::load("chaos", &SHORT_CHAOS.map(str::to_owned))
}

/// The files of a directory that Node's test runner is to run.
fn stories_below(directory: &str) -> Result<Vec<PathBuf>> {
    let mut files = stamp::files_below(&root().join(directory))?;
    files.retain(|file| is_story(file));
    if files.is_empty() {
        bail!("there is no *.test.mjs in {directory}");
    }
    Ok(files)
}

fn is_story(file: &Path) -> bool {
    file.to_string_lossy().ends_with(".test.mjs")
        && !file
            .components()
            .any(|part| part.as_os_str() == "node_modules")
}
