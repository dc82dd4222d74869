//! `cargo xtask fuzz`: libFuzzer on every decoder, with the stable toolchain.
//!
//! In: targets and seconds. Out: one JSON line with executions and findings by target; findings
//! lie in `target/fuzz/artifacts`, what was learnt in `target/fuzz/corpus`. The functions, and the
//! ordinary test that runs them without libFuzzer, are in `tests/hostile`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, json};

use crate::run;
use crate::tools;
use crate::workspace::{root, target};

/// An input at which a target takes longer than this is a finding.
const INPUT_WITHIN: Duration = Duration::from_secs(20);
/// A little more than the largest wire message: what is larger is refused by its size alone.
const INPUT_BYTES_MAX: usize = 70_000;
const MEMORY_MB_MAX: usize = 2_000;

struct Arguments {
    targets: Vec<String>,
    seconds: u64,
}

/// `cargo xtask fuzz [--target T]… [--seconds N]`.
pub(crate) fn fuzz(args: &[String]) -> Result<()> {
    let arguments = arguments(args)?;
    let cargo_fuzz = tools::cargo_fuzz()?;
    run::show(
        Command::new(cargo_fuzz)
            .current_dir(root())
            // Without a sanitizer, since those need a nightly compiler; our code has no `unsafe`.
            .args(["fuzz", "build", "--fuzz-dir", "fuzz", "--sanitizer", "none"])
            .arg("--target-dir")
            .arg(scratch("build")),
    )?;
    let mut executions = Map::new();
    let mut findings = Map::new();
    for name in &arguments.targets {
        let (executed, found) = run_target(name, arguments.seconds)?;
        executions.insert(name.clone(), json!(executed));
        if found > 0 {
            findings.insert(name.clone(), json!(found));
        }
    }
    let failed = !findings.is_empty();
    println!(
        "{}",
        json!({ "seconds_each": arguments.seconds, "executions": executions, "findings": findings })
    );
    if failed {
        bail!("see {}", scratch("artifacts").display());
    }
    Ok(())
}

fn arguments(args: &[String]) -> Result<Arguments> {
    let known = targets()?;
    let mut parsed = Arguments {
        targets: Vec::new(),
        seconds: 60,
    };
    let mut args = args.iter();
    while let Some(name) = args.next() {
        let value = args
            .next()
            .with_context(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--target" if known.contains(value) => parsed.targets.push(value.clone()),
            "--target" => bail!("there is no target `{value}`: name {}", known.join(", ")),
            "--seconds" => parsed.seconds = value.parse().context("--seconds needs a number")?,
            _ => bail!("`{name}` is not known; --target T, --seconds N"),
        }
    }
    if parsed.targets.is_empty() {
        parsed.targets = known;
    }
    Ok(parsed)
}

/// Each target has a file.
fn targets() -> Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("fuzz/fuzz_targets"))?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Executions, and how many inputs upset the target.
fn run_target(name: &str, seconds: u64) -> Result<(u64, usize)> {
    let (learnt, artifacts) = (
        scratch("corpus").join(name),
        scratch("artifacts").join(name),
    );
    std::fs::create_dir_all(&learnt)?;
    std::fs::create_dir_all(&artifacts)?;
    let output = Command::new(binary(name)?)
        .current_dir(root())
        .arg(learnt)
        .arg(root().join("fuzz/corpus").join(name))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={}", INPUT_WITHIN.as_secs()))
        .arg(format!("-rss_limit_mb={MEMORY_MB_MAX}"))
        .arg("-print_final_stats=1")
        .stderr(Stdio::piped())
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let found = std::fs::read_dir(&artifacts)?.count();
    if !output.status.success() && found == 0 {
        bail!("{name} could not run:\n{log}");
    }
    if !output.status.success() {
        eprintln!("{log}");
    }
    Ok((executed(&log).unwrap_or(0), found))
}

fn executed(log: &str) -> Option<u64> {
    let line = log
        .lines()
        .find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    line.trim().parse().ok()
}

fn binary(name: &str) -> Result<PathBuf> {
    let version = run::capture(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not name its host")?;
    Ok(scratch("build").join(host).join("release").join(name))
}

fn scratch(part: impl AsRef<Path>) -> PathBuf {
    target().join("fuzz").join(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_are_read_from_the_log() {
        let log = "INFO: seed\nstat::number_of_executed_units: 1234\nstat::peak_rss_mb: 40\n";
        assert_eq!(executed(log), Some(1234));
        assert_eq!(executed(""), None);
    }

    #[test]
    fn only_targets_that_exist_are_taken() {
        let args =
            |args: &[&str]| arguments(&args.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>());
        assert!(args(&["--target", "nothing"]).is_err());
        assert!(args(&["--seconds"]).is_err());
        let all = args(&["--seconds", "5"]).unwrap();
        assert!(all.seconds == 5 && all.targets.len() > 8);
    }
}
