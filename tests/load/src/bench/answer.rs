//! Time to answer one question: the same pack, the same questions, natively and as wasm in Node,
//! built with the profile that browsers get (without wasm-opt), and with MiniSearch, which web
//! developers would use instead. Fails if the first two differ in a single decision.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use firsthop_core::answer::measure::{Case, Measured, parse_cases};
use firsthop_core::answer::{Answerer, Question};
use firsthop_core::knowledge;
use firsthop_core::pack::{BuildSettings, Pack, build};
use serde_json::{Value, json};

use super::rival;
use crate::progress;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The knowledge that answers
    #[arg(long, default_value = "deploy/demo/knowledge.jsonl")]
    knowledge: PathBuf,
    /// The questions
    #[arg(long, default_value = "tests/load/cases/shop.jsonl")]
    cases: PathBuf,
    /// How often each question is asked
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// A node_modules directory with MiniSearch, to compare with
    #[arg(long)]
    minisearch: Option<PathBuf>,
    /// How many of the questions MiniSearch is asked, as it takes its time
    #[arg(long, default_value_t = 200)]
    compared: usize,
}

pub(super) fn measure(args: &Args) -> Result<Value> {
    let knowledge = knowledge::parse(
        &args.knowledge.display().to_string(),
        &std::fs::read(&args.knowledge)?,
    )
    .map_err(|errors| {
        anyhow::anyhow!(
            "{}",
            errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        )
    })?;
    progress("building the pack");
    let (bytes, report) = build(&knowledge, &BuildSettings::default(), &mut |_| {})?;
    let cases = parse_cases(
        &args.cases.display().to_string(),
        &std::fs::read(&args.cases)?,
    )
    .map_err(anyhow::Error::msg)?;
    let questions: Vec<String> = cases
        .iter()
        .map(|case| case.q.replace(['\n', '\r'], " "))
        .collect();

    progress("building the answerer as wasm");
    let wasm = build_wasm()?;
    let directory = tempfile::tempdir()?;
    let file = |name: &str| directory.path().join(name);
    std::fs::write(file("pack"), &bytes)?;
    std::fs::write(file("questions"), questions.join("\n"))?;

    progress("measuring");
    let pack = Pack::load(bytes, report.hash)?;
    let asked: Vec<&str> = questions.iter().map(String::as_str).collect();
    let native = firsthop_load::measure(&pack, &asked, args.rounds);
    let [mean, p50, p99, decisions] = run_wasm(
        &wasm,
        directory.path(),
        &[
            file("pack").into(),
            report.hash.to_string().into(),
            file("questions").into(),
            args.rounds.to_string().into(),
        ],
    )?;
    let digest = format!("{:016x}", native.decisions);
    if decisions != digest {
        bail!(
            "the answerer decides differently as wasm ({decisions}, natively {digest}): a defect, as every hop must say the same"
        );
    }
    let (mean, p50, p99): (f64, f64, f64) = (mean.parse()?, p50.parse()?, p99.parse()?);
    let mut line = json!({
        "bench": "answer",
        "entries": report.entries,
        "phrasings": report.phrasings,
        "pack_bytes": report.bytes,
        "questions": questions.len(),
        "native_us": { "mean": native.mean_us(), "p50": native.percentile_us(50), "p99": native.percentile_us(99) },
        "wasm_us": { "mean": mean, "p50": p50, "p99": p99 },
        "wasm_to_native_p50": (p50 / native.percentile_us(50) * 100.0).round() / 100.0,
        "native_digest": digest,
        "wasm_digest": decisions,
        "same_decisions": true,
    });
    if let Some(modules) = &args.minisearch {
        progress("asking MiniSearch");
        let rival = rival::measure(modules, directory.path(), &knowledge, &cases, args.compared)?;
        let places = |value: f64, unit: f64| (value * unit).round() / unit;
        line["top1"] = places(
            top1(&pack, cases.get(..args.compared).unwrap_or(&cases)),
            1e4,
        )
        .into();
        line["minisearch"] = json!({
            "questions": rival.questions,
            "top1": places(rival.top1, 1e4),
            "us_p50": places(rival.us_p50, 10.0),
        });
        line["times_minisearch"] = places(rival.us_p50 / p50, 1.0).into();
    }
    Ok(line)
}

/// The share of the questions that an entry answers for which it ranks first.
fn top1(pack: &Pack, cases: &[Case]) -> f64 {
    let (mut answerer, mut measured) = (Answerer::new(), Measured::default());
    for case in cases {
        let decision = answerer.decide(pack, &Question::new(&case.q));
        measured.add(pack, &mut answerer, case, &decision);
    }
    f64::from(measured.top1) / f64::from(measured.in_scope.max(1))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn build_wasm() -> Result<PathBuf> {
    const TARGET: &str = "wasm32-wasip1";
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--package",
            "firsthop-load",
            "--bin",
            "answer-speed",
        ])
        .args(["--target", TARGET, "--profile", "wasm"])
        .current_dir(root())
        .status()
        .context("could not start cargo")?;
    if !status.success() {
        bail!(
            "the answerer does not build for {TARGET}: `rustup target add {TARGET}` installs the target"
        );
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join(TARGET).join("wasm/answer-speed.wasm"))
}

fn run_wasm(wasm: &Path, directory: &Path, args: &[OsString]) -> Result<[String; 4]> {
    let output = Command::new("node")
        // Node crashes when its collector runs during one of the fast calls.
        .args(["--no-warnings", "--no-turbo-fast-api-calls"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("js/wasi.mjs"))
        .args([wasm, directory])
        .args(args)
        .output()
        .context("could not start node")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let words: Vec<String> = printed.split_whitespace().map(str::to_owned).collect();
    words.try_into().map_err(|_| {
        anyhow::anyhow!(
            "the wasm answerer failed: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}
